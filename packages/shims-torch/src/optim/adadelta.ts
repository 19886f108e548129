import { adadelta } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import { type Params, requireSetting } from "./optimizer.js";

export interface AdadeltaSettings {
  lr: number;
  rho: number;
  eps: number;
  weight_decay: number;
  foreach: null;
  capturable: false;
  maximize: boolean;
  differentiable: false;
}

const settings = {
  lr: number.or(1),
  rho: number.or(0.9),
  eps: number.or(1e-6),
  weight_decay: number.or(0),
  foreach: only(null, false),
  "*": null,
  capturable: only(false),
  maximize: bool.or(false),
  differentiable: only(false),
} as const;
const read = signature("torch.optim.Adadelta", { params: required, ...settings });

const spec: OptimizerSpec<AdadeltaSettings> = {
  state: { square_avg: "v", acc_delta: "moves" },
  numbers: counted,
  kinds: signature("torch.optim.Adadelta.param_groups", settings),
  check: (group, op) => {
    checks.lr(group, op);
    requireSetting(op, "rho", group.rho >= 0 && group.rho <= 1, "rho value", group.rho, "0 to 1");
    checks.eps(group, op);
    checks.weight_decay(group, op);
  },
  toCore: ({ lr, rho, eps, weight_decay, maximize }) => ({ lr, rho, eps, weightDecay: weight_decay, maximize }),
  make: flat(adadelta),
};

/** Adadelta: lr 1, rho 0.9, eps 1e-6 under both roots. */
export class Adadelta extends FusedOptimizer<AdadeltaSettings> {
  constructor(
    ...args: [
      params: Params<AdadeltaSettings>,
      ...Args<[lr: number, rho: number, eps: number, weight_decay: number, foreach: null], AdadeltaSettings>,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdadeltaSettings>, defaults as unknown as AdadeltaSettings);
  }

  protected override get spec() {
    return spec;
  }
}
