import { Adam as CoreAdam } from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, signature } from "@facet/dialect";
import type { Tensor } from "../tensor.js";
import { type Engine, FusedOptimizer } from "./fused.js";
import { isAmount, type Params, requireSetting } from "./optimizer.js";

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
const kinds = signature("torch.optim.Adam.param_groups", settings);

/** Adam: lr 1e-3, betas 0.9 and 0.999, eps 1e-8 added after the bias correction, weight_decay 0 added to the gradient. */
export class Adam extends FusedOptimizer<AdamSettings> {
  constructor(...args: AdamArgs<AdamSettings>) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdamSettings>, defaults as unknown as AdamSettings);
  }

  protected override get stateNames() {
    return { exp_avg: "m", exp_avg_sq: "v", max_exp_avg_sq: "vmax" };
  }
  protected override get countsSteps() {
    return true;
  }
  protected override get kinds() {
    return kinds;
  }

  protected override check(group: AdamSettings): void {
    super.check(group);
    const { lr, betas, eps, weight_decay } = group;
    const op = this.constructor.name;
    requireSetting(op, "lr", isAmount(lr), "learning rate", lr);
    requireSetting(op, "eps", isAmount(eps), "epsilon value", eps);
    for (const [i, beta] of betas.entries())
      requireSetting(
        op,
        "betas",
        isAmount(beta) && beta < 1,
        `beta parameter at index ${i}`,
        beta,
        "0 or more and below 1",
      );
    requireSetting(op, "weight_decay", isAmount(weight_decay), "weight_decay value", weight_decay);
  }

  protected override engine(parameters: Tensor["core"][], group: AdamSettings): CoreAdam {
    return new CoreAdam(parameters, toCore(group));
  }

  protected override update(
    engine: Engine,
    gradients: readonly (Tensor["core"] | undefined)[],
    group: AdamSettings,
  ): void {
    (engine as CoreAdam).step(gradients, () => toCore(group), group.amsgrad);
  }
}

/** AdamW: as Adam, with weight_decay 0.01 taken off the parameters themselves. */
export class AdamW extends Adam {
  constructor(...args: AdamArgs<Omit<AdamSettings, "decoupled_weight_decay">>) {
    const { params, ...defaults } = readAdamW(args);
    super(params as Params<AdamSettings>, { ...(defaults as unknown as AdamSettings), decoupled_weight_decay: true });
  }
}

function toCore({ lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay }: AdamSettings) {
  return {
    lr,
    beta1: betas[0],
    beta2: betas[1],
    eps,
    epsMode: "torch",
    weightDecay: weight_decay,
    decayMode: decoupled_weight_decay ? "decoupled" : "l2",
    amsgrad,
    maximize,
  } as const;
}
