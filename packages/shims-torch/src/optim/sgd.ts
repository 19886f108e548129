import { ArgumentError, type Adam as CoreAdam, Sgd as CoreSgd } from "@facet/autograd";
import { complain } from "../errors.js";
import { type Args, only, required, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import { Optimizer, type Params, requireSetting } from "./optimizer.js";

export interface SgdSettings {
  lr: number;
  momentum: number;
  dampening: number;
  weight_decay: number;
  nesterov: boolean;
  maximize: boolean;
  foreach: null;
  differentiable: boolean;
  fused: null;
}

const read = signature<SgdSettings & { params: Params<SgdSettings> }>("SGD", {
  params: required,
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weight_decay: 0,
  nesterov: false,
  maximize: false,
  foreach: only(null),
  differentiable: only(false),
  fused: only(null),
});

function toCore({ lr, momentum, dampening, weight_decay, nesterov, maximize }: SgdSettings) {
  return {
    lr,
    momentum,
    dampening,
    nesterov,
    maximize,
    velocityMode: "torch",
    weightDecay: weight_decay,
    decayMode: "l2",
  } as const;
}

/** Gradient descent: lr 1e-3; velocity v = momentum v + (1 - dampening) g, and p -= lr v. */
export class SGD extends Optimizer<SgdSettings> {
  protected readonly stateNames = { momentum_buffer: "velocity" };

  constructor(
    ...args: [
      params: Params<SgdSettings>,
      ...Args<[lr: number, momentum: number, dampening: number, weight_decay: number, nesterov: boolean], SgdSettings>,
    ]
  ) {
    const { params, ...settings } = read(args);
    super(settings);
    this.takeIn(params);
  }

  protected check({ lr, momentum, dampening, weight_decay, nesterov }: SgdSettings): void {
    requireSetting("SGD", "lr", lr >= 0, "learning rate", lr);
    requireSetting("SGD", "momentum", momentum >= 0, "momentum value", momentum);
    requireSetting("SGD", "weight_decay", weight_decay >= 0, "weight_decay value", weight_decay);
    if (nesterov && (momentum <= 0 || dampening !== 0))
      complain(ArgumentError, "Nesterov momentum requires a momentum and zero dampening", {
        op: "SGD",
        argument: "nesterov",
        expected: "false without momentum or with dampening",
        given: "true",
      });
  }

  protected engine(params: Tensor[], settings: SgdSettings): CoreSgd {
    return new CoreSgd(
      params.map((parameter) => parameter.core),
      toCore(settings),
    );
  }

  protected update(
    engine: CoreAdam | CoreSgd,
    gradients: readonly (Tensor["core"] | undefined)[],
    settings: SgdSettings,
  ): void {
    (engine as CoreSgd).step(gradients, () => toCore(settings));
  }
}
