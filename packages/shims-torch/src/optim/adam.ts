import { Adam as CoreAdam, type Sgd as CoreSgd } from "@facet/autograd";
import { type Args, only, required, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import { Optimizer, type Params, requireSetting } from "./optimizer.js";

export interface AdamSettings {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weight_decay: number;
  amsgrad: boolean;
  maximize: boolean;
  foreach: null;
  capturable: boolean;
  differentiable: boolean;
  fused: null;
}
type Arguments = AdamSettings & { params: Params<AdamSettings> };
export type AdamArgs = [
  params: Params<AdamSettings>,
  ...Args<
    [lr: number, betas: readonly [number, number], eps: number, weight_decay: number, amsgrad: boolean],
    AdamSettings
  >,
];

const reader = (fn: string, weight_decay: number) =>
  signature<Arguments>(fn, {
    params: required,
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay,
    amsgrad: false,
    foreach: only(null),
    maximize: false,
    capturable: only(false),
    differentiable: only(false),
    fused: only(null),
  });

abstract class AdamBase extends Optimizer<AdamSettings> {
  protected readonly stateNames = { exp_avg: "m", exp_avg_sq: "v", max_exp_avg_sq: "vmax" };
  protected abstract readonly decayMode: "l2" | "decoupled";

  protected check({ lr, betas, eps, weight_decay }: AdamSettings): void {
    const op = this.constructor.name;
    requireSetting(op, "lr", lr >= 0, "learning rate", lr);
    requireSetting(op, "eps", eps >= 0, "epsilon value", eps);
    for (const [i, beta] of betas.entries())
      requireSetting(op, "betas", beta >= 0 && beta < 1, `beta parameter at index ${i}`, beta, "0 or more and below 1");
    requireSetting(op, "weight_decay", weight_decay >= 0, "weight_decay value", weight_decay);
  }

  #settings({ lr, betas, eps, weight_decay, amsgrad, maximize }: AdamSettings) {
    const [beta1, beta2] = betas;
    const { decayMode } = this;
    return {
      lr,
      beta1,
      beta2,
      eps,
      epsMode: "torch",
      weightDecay: weight_decay,
      decayMode,
      amsgrad,
      maximize,
    } as const;
  }

  protected engine(params: Tensor[], settings: AdamSettings): CoreAdam {
    return new CoreAdam(
      params.map((parameter) => parameter.core),
      this.#settings(settings),
    );
  }

  protected update(
    engine: CoreAdam | CoreSgd,
    gradients: readonly (Tensor["core"] | undefined)[],
    settings: AdamSettings,
  ): void {
    (engine as CoreAdam).step(gradients, () => this.#settings(settings));
  }
}

/** Adam: lr 1e-3, betas 0.9 and 0.999, eps 1e-8 added after the bias correction, weight_decay 0 added to the gradient. */
export class Adam extends AdamBase {
  protected readonly decayMode = "l2";
  constructor(...args: AdamArgs) {
    const { params, ...settings } = reader("Adam", 0)(args);
    super(settings);
    this.takeIn(params);
  }
}

/** AdamW: as Adam, with weight_decay 0.01 taken off the parameters themselves. */
export class AdamW extends AdamBase {
  protected readonly decayMode = "decoupled";
  constructor(...args: AdamArgs) {
    const { params, ...settings } = reader("AdamW", 0.01)(args);
    super(settings);
    this.takeIn(params);
  }
}
