import { radam } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface RAdamSettings {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  decoupled_weight_decay: boolean;
  foreach: null;
  maximize: boolean;
  capturable: false;
  differentiable: false;
}

const settings = {
  lr: number.or(1e-3),
  betas: listOf(number, 2).or([0.9, 0.999]),
  eps: number.or(1e-8),
  weight_decay: number.or(0),
  decoupled_weight_decay: bool.or(false),
  "*": null,
  foreach: only(null, false),
  maximize: bool.or(false),
  capturable: only(false),
  differentiable: only(false),
} as const;
const read = signature("torch.optim.RAdam", { params: required, ...settings });

const spec: OptimizerSpec<RAdamSettings> = {
  state: { exp_avg: "m", exp_avg_sq: "v" },
  numbers: counted,
  kinds: signature("torch.optim.RAdam.param_groups", settings),
  check: (group, op) => {
    for (const check of [checks.lr, checks.eps, checks.betas, checks.weight_decay]) check(group, op);
  },
  toCore: ({ lr, betas, eps, weight_decay, decoupled_weight_decay, maximize }) => ({
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    weightDecay: weight_decay,
    decayMode: decoupled_weight_decay ? "decoupled" : "l2",
    maximize,
  }),
  make: flat(radam),
};

/** Rectified Adam: lr 1e-3, betas 0.9 and 0.999, eps 1e-8 added before the bias correction. */
export class RAdam extends FusedOptimizer<RAdamSettings> {
  constructor(
    ...args: [
      params: Params<RAdamSettings>,
      ...Args<
        [
          lr: number,
          betas: readonly [number, number],
          eps: number,
          weight_decay: number,
          decoupled_weight_decay: boolean,
        ],
        RAdamSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<RAdamSettings>, defaults as unknown as RAdamSettings);
  }

  protected override get spec() {
    return spec;
  }
}
