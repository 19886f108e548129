import { adagrad } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import { isAmount, type Params, requireSetting } from "./optimizer.js";

export interface AdagradSettings {
  lr: number;
  lr_decay: number;
  weight_decay: number;
  initial_accumulator_value: number;
  eps: number;
  foreach: null;
  maximize: boolean;
  differentiable: false;
  fused: null;
}

const settings = {
  lr: number.or(1e-2),
  lr_decay: number.or(0),
  weight_decay: number.or(0),
  initial_accumulator_value: number.or(0),
  eps: number.or(1e-10),
  foreach: only(null, false),
  "*": null,
  maximize: bool.or(false),
  differentiable: only(false),
  fused: only(null, false),
} as const;
const read = signature("torch.optim.Adagrad", { params: required, ...settings });

const spec: OptimizerSpec<AdagradSettings> = {
  state: { sum: "sum" },
  numbers: counted,
  kinds: signature("torch.optim.Adagrad.param_groups", settings),
  check: (group, op) => {
    checks.lr(group, op);
    requireSetting(op, "lr_decay", isAmount(group.lr_decay), "lr_decay value", group.lr_decay);
    checks.weight_decay(group, op);
    const initial = group.initial_accumulator_value;
    requireSetting(op, "initial_accumulator_value", isAmount(initial), "initial_accumulator_value value", initial);
    checks.eps(group, op);
  },
  toCore: ({ lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize }) => ({
    lr,
    lrDecay: lr_decay,
    weightDecay: weight_decay,
    initialAccumulator: initial_accumulator_value,
    eps,
    maximize,
  }),
  make: flat(adagrad),
};

/** Adagrad: lr 1e-2, divided by 1 + (step - 1) lr_decay; eps 1e-10 added to the root of the sum of squares. */
export class Adagrad extends FusedOptimizer<AdagradSettings> {
  constructor(
    ...args: [
      params: Params<AdagradSettings>,
      ...Args<
        [
          lr: number,
          lr_decay: number,
          weight_decay: number,
          initial_accumulator_value: number,
          eps: number,
          foreach: null,
        ],
        AdagradSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdagradSettings>, defaults as unknown as AdagradSettings);
  }

  protected override get spec() {
    return spec;
  }
}
