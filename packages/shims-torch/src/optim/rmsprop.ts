import { rmsprop } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import { isAmount, type Params, requireSetting } from "./optimizer.js";

export interface RMSpropSettings {
  lr: number;
  alpha: number;
  eps: number;
  weight_decay: number;
  momentum: number;
  centered: boolean;
  capturable: false;
  foreach: null;
  maximize: boolean;
  differentiable: false;
}

const settings = {
  lr: number.or(1e-2),
  alpha: number.or(0.99),
  eps: number.or(1e-8),
  weight_decay: number.or(0),
  momentum: number.or(0),
  centered: bool.or(false),
  capturable: only(false),
  foreach: only(null, false),
  maximize: bool.or(false),
  differentiable: only(false),
} as const;
const read = signature("torch.optim.RMSprop", { params: required, ...settings });

const spec: OptimizerSpec<RMSpropSettings> = {
  state: { square_avg: "v", momentum_buffer: "velocity", grad_avg: "mean" },
  numbers: counted,
  kinds: signature("torch.optim.RMSprop.param_groups", settings),
  check: (group, op) => {
    const { momentum, alpha } = group;
    checks.lr(group, op);
    checks.eps(group, op);
    requireSetting(op, "momentum", isAmount(momentum), "momentum value", momentum);
    checks.weight_decay(group, op);
    requireSetting(op, "alpha", isAmount(alpha), "alpha value", alpha);
  },
  toCore: ({ lr, alpha, eps, weight_decay, momentum, centered, maximize }) => ({
    lr,
    rho: alpha,
    eps,
    weightDecay: weight_decay,
    momentum,
    centered,
    maximize,
  }),
  make: flat(rmsprop),
};

/** RMSprop: lr 1e-2, alpha 0.99, eps 1e-8 added to the root; the rate is outside the velocity. */
export class RMSprop extends FusedOptimizer<RMSpropSettings> {
  constructor(
    ...args: [
      params: Params<RMSpropSettings>,
      ...Args<
        [
          lr: number,
          alpha: number,
          eps: number,
          weight_decay: number,
          momentum: number,
          centered: boolean,
          capturable: false,
          foreach: null,
          maximize: boolean,
          differentiable: false,
        ],
        RMSpropSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<RMSpropSettings>, defaults as unknown as RMSpropSettings);
  }

  protected override get spec() {
    return spec;
  }
}
