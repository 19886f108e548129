import { adamax } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface AdamaxSettings {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  foreach: null;
  maximize: boolean;
  differentiable: false;
  capturable: false;
}

const settings = {
  lr: number.or(2e-3),
  betas: listOf(number, 2).or([0.9, 0.999]),
  eps: number.or(1e-8),
  weight_decay: number.or(0),
  foreach: only(null, false),
  "*": null,
  maximize: bool.or(false),
  differentiable: only(false),
  capturable: only(false),
} as const;
const read = signature("torch.optim.Adamax", { params: required, ...settings });

const spec: OptimizerSpec<AdamaxSettings> = {
  state: { exp_avg: "m", exp_inf: "u" },
  numbers: counted,
  kinds: signature("torch.optim.Adamax.param_groups", settings),
  check: (group, op) => {
    for (const check of [checks.lr, checks.eps, checks.betas, checks.weight_decay]) check(group, op);
  },
  toCore: ({ lr, betas, eps, weight_decay, maximize }) => ({
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    weightDecay: weight_decay,
    maximize,
  }),
  make: flat(adamax),
};

/** Adamax: lr 2e-3, betas 0.9 and 0.999, eps 1e-8 added to the size of each gradient. */
export class Adamax extends FusedOptimizer<AdamaxSettings> {
  constructor(
    ...args: [
      params: Params<AdamaxSettings>,
      ...Args<
        [lr: number, betas: readonly [number, number], eps: number, weight_decay: number, foreach: null],
        AdamaxSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdamaxSettings>, defaults as unknown as AdamaxSettings);
  }

  protected override get spec() {
    return spec;
  }
}
