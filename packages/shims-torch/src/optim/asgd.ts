import { asgd } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { checks, counted, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface ASGDSettings {
  lr: number;
  lambd: number;
  alpha: number;
  t0: number;
  weight_decay: number;
  foreach: null;
  maximize: boolean;
  differentiable: false;
  capturable: false;
}

const settings = {
  lr: number.or(1e-2),
  lambd: number.or(1e-4),
  alpha: number.or(0.75),
  t0: number.or(1e6),
  weight_decay: number.or(0),
  foreach: only(null, false),
  maximize: bool.or(false),
  differentiable: only(false),
  capturable: only(false),
} as const;
const read = signature("torch.optim.ASGD", { params: required, ...settings });

const spec: OptimizerSpec<ASGDSettings> = {
  state: { ax: "ax" },
  numbers: {
    ...counted,
    eta: (step, { lr, lambd, alpha }) => lr / (1 + lambd * lr * step) ** alpha,
    mu: (step, { t0 }) => 1 / Math.max(1, step - t0),
  },
  kinds: signature("torch.optim.ASGD.param_groups", settings),
  check: (group, op) => {
    checks.lr(group, op);
    checks.weight_decay(group, op);
  },
  toCore: ({ lr, lambd, alpha, t0, weight_decay, maximize }) => ({
    lr,
    lambd,
    alpha,
    t0,
    weightDecay: weight_decay,
    maximize,
  }),
  make: flat(asgd),
};

/** Averaged gradient descent: lr 1e-2, lambd 1e-4; `state.get(parameter).ax` is the average, which begins after t0 (1e6) steps. */
export class ASGD extends FusedOptimizer<ASGDSettings> {
  constructor(
    ...args: [
      params: Params<ASGDSettings>,
      ...Args<
        [
          lr: number,
          lambd: number,
          alpha: number,
          t0: number,
          weight_decay: number,
          foreach: null,
          maximize: boolean,
          differentiable: false,
          capturable: false,
        ],
        ASGDSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<ASGDSettings>, defaults as unknown as ASGDSettings);
  }

  protected override get spec() {
    return spec;
  }
}
