import { ArgumentError, Sgd as CoreSgd } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { type Engine, FusedOptimizer } from "./fused.js";
import { isAmount, type Params, requireSetting } from "./optimizer.js";

export interface SgdSettings {
  lr: number;
  momentum: number;
  dampening: number;
  weight_decay: number;
  nesterov: boolean;
  maximize: boolean;
  foreach: null;
  differentiable: false;
  fused: null;
}

const settings = {
  lr: number.or(1e-3),
  momentum: number.or(0),
  dampening: number.or(0),
  weight_decay: number.or(0),
  nesterov: bool.or(false),
  "*": null,
  maximize: bool.or(false),
  foreach: only(null, false),
  differentiable: only(false),
  fused: only(null, false),
} as const;
const read = signature("torch.optim.SGD", { params: required, ...settings });
const kinds = signature("torch.optim.SGD.param_groups", settings);

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

const refuseNesterov = (): never =>
  complain(ArgumentError, "Nesterov momentum requires a momentum and zero dampening", {
    op: "SGD",
    argument: "nesterov",
    expected: "false without momentum or with dampening",
    given: "true",
  });

/** Gradient descent: lr 1e-3; velocity v = momentum v + (1 - dampening) g, and p -= lr v. */
export class SGD extends FusedOptimizer<SgdSettings> {
  constructor(
    ...args: [
      params: Params<SgdSettings>,
      ...Args<[lr: number, momentum: number, dampening: number, weight_decay: number, nesterov: boolean], SgdSettings>,
    ]
  ) {
    const { params, ...defaults } = read(args);
    // Of groups that set it themselves PyTorch does not ask this, nor later.
    if (defaults.nesterov && (defaults.momentum <= 0 || defaults.dampening !== 0)) refuseNesterov();
    super(params as Params<SgdSettings>, defaults as unknown as SgdSettings);
  }

  protected override get stateNames() {
    return { momentum_buffer: "velocity" };
  }
  protected override get countsSteps() {
    return false;
  }
  protected override get kinds() {
    return kinds;
  }

  protected override check(group: SgdSettings): void {
    super.check(group);
    const { lr, momentum, dampening, weight_decay } = group;
    requireSetting("SGD", "lr", isAmount(lr), "learning rate", lr);
    requireSetting("SGD", "momentum", isAmount(momentum), "momentum value", momentum);
    requireSetting("SGD", "weight_decay", isAmount(weight_decay), "weight_decay value", weight_decay);
    requireSetting("SGD", "dampening", typeof dampening === "number", "dampening value", dampening, "a number");
  }

  protected override engine(parameters: Tensor["core"][], group: SgdSettings): CoreSgd {
    return new CoreSgd(parameters, toCore(group));
  }

  protected override update(
    engine: Engine,
    gradients: readonly (Tensor["core"] | undefined)[],
    group: SgdSettings,
  ): void {
    (engine as CoreSgd).step(gradients, () => toCore(group));
  }
}
