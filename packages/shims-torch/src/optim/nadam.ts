import { momentumProduct, nadam } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import { isAmount, type Params, requireSetting } from "./optimizer.js";

export interface NAdamSettings {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  momentum_decay: number;
  decoupled_weight_decay: boolean;
  foreach: null;
  maximize: boolean;
  capturable: false;
  differentiable: false;
}

const settings = {
  lr: number.or(2e-3),
  betas: listOf(number, 2).or([0.9, 0.999]),
  eps: number.or(1e-8),
  weight_decay: number.or(0),
  momentum_decay: number.or(4e-3),
  decoupled_weight_decay: bool.or(false),
  "*": null,
  foreach: only(null, false),
  maximize: bool.or(false),
  capturable: only(false),
  differentiable: only(false),
} as const;
const read = signature("torch.optim.NAdam", { params: required, ...settings });

const spec: OptimizerSpec<NAdamSettings> = {
  state: { exp_avg: "m", exp_avg_sq: "v" },
  numbers: {
    ...counted,
    mu_product: (step, { betas, momentum_decay }) => momentumProduct(betas[0], momentum_decay, step),
  },
  kinds: signature("torch.optim.NAdam.param_groups", settings),
  check: (group, op) => {
    for (const check of [checks.lr, checks.eps, checks.betas, checks.weight_decay]) check(group, op);
    const { momentum_decay } = group;
    requireSetting(op, "momentum_decay", isAmount(momentum_decay), "momentum_decay value", momentum_decay);
  },
  toCore: ({ lr, betas, eps, weight_decay, momentum_decay, decoupled_weight_decay, maximize }) => ({
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    momentumDecay: momentum_decay,
    weightDecay: weight_decay,
    decayMode: decoupled_weight_decay ? "decoupled" : "l2",
    maximize,
  }),
  make: flat(nadam),
};

/** Adam with Nesterov's momentum: lr 2e-3, betas 0.9 and 0.999, momentum_decay 4e-3. */
export class NAdam extends FusedOptimizer<NAdamSettings> {
  constructor(
    ...args: [
      params: Params<NAdamSettings>,
      ...Args<
        [
          lr: number,
          betas: readonly [number, number],
          eps: number,
          weight_decay: number,
          momentum_decay: number,
          decoupled_weight_decay: boolean,
        ],
        NAdamSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<NAdamSettings>, defaults as unknown as NAdamSettings);
  }

  protected override get spec() {
    return spec;
  }
}
