import { adam } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface AdamSettings {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  amsgrad: boolean;
  maximize: boolean;
  foreach: null;
  capturable: false;
  differentiable: false;
  fused: null;
  /** Takes the decay off the parameters themselves, as AdamW does. */
  decoupled_weight_decay: boolean;
}
type AdamArgs<S> = [
  params: Params<AdamSettings>,
  ...Args<[lr: number, betas: readonly [number, number], eps: number, weight_decay: number, amsgrad: boolean], S>,
];

const common = (weight_decay: number) =>
  ({
    lr: number.or(1e-3),
    betas: listOf(number, 2).or([0.9, 0.999]),
    eps: number.or(1e-8),
    weight_decay: number.or(weight_decay),
    amsgrad: bool.or(false),
    "*": null,
    maximize: bool.or(false),
    foreach: only(null, false),
    capturable: only(false),
    differentiable: only(false),
    fused: only(null, false),
  }) as const;
const settings = { ...common(0), decoupled_weight_decay: bool.or(false) } as const;
const read = signature("torch.optim.Adam", { params: required, ...settings });
const readAdamW = signature("torch.optim.AdamW", { params: required, ...common(0.01) });

const spec: OptimizerSpec<AdamSettings> = {
  state: { exp_avg: "m", exp_avg_sq: "v", max_exp_avg_sq: "vmax" },
  numbers: counted,
  kinds: signature("torch.optim.Adam.param_groups", settings),
  check: (group, op) => {
    for (const check of [checks.lr, checks.eps, checks.betas, checks.weight_decay]) check(group, op);
  },
  toCore: ({ lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay }) => ({
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    weightDecay: weight_decay,
    decayMode: decoupled_weight_decay ? "decoupled" : "l2",
    amsgrad,
    maximize,
  }),
  make: flat(adam),
};

/** Adam: lr 1e-3, betas 0.9 and 0.999, eps 1e-8 added after the bias correction, weight_decay 0 added to the gradient. */
export class Adam extends FusedOptimizer<AdamSettings> {
  constructor(...args: AdamArgs<AdamSettings>) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdamSettings>, defaults as unknown as AdamSettings);
  }

  protected override get spec() {
    return spec;
  }
}

/** AdamW: as Adam, with weight_decay 0.01 taken off the parameters themselves. */
export class AdamW extends Adam {
  constructor(...args: AdamArgs<Omit<AdamSettings, "decoupled_weight_decay">>) {
    const { params, ...defaults } = readAdamW(args);
    super(params as Params<AdamSettings>, { ...(defaults as unknown as AdamSettings), decoupled_weight_decay: true });
  }
}
