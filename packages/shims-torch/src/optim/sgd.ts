import { ArgumentError, sgd } from "@facet/autograd";
import { type Args, bool, number, only, required, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { checks, FusedOptimizer, flat, type OptimizerSpec } from "./fused.js";
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

const spec: OptimizerSpec<SgdSettings> = {
  state: { momentum_buffer: "velocity" },
  numbers: {},
  kinds: signature("torch.optim.SGD.param_groups", settings),
  check: (group, op) => {
    const { momentum, dampening } = group;
    checks.lr(group, op);
    requireSetting(op, "momentum", isAmount(momentum), "momentum value", momentum);
    checks.weight_decay(group, op);
    requireSetting(op, "dampening", typeof dampening === "number", "dampening value", dampening, "a number");
  },
  toCore: ({ lr, momentum, dampening, weight_decay, nesterov, maximize }) => ({
    lr,
    momentum,
    dampening,
    nesterov,
    maximize,
    weightDecay: weight_decay,
  }),
  make: flat(sgd),
};

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

  protected override get spec() {
    return spec;
  }
}
