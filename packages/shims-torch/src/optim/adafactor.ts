import {
  ArgumentError,
  Adafactor as CoreAdafactor,
  type AdafactorSettings as CoreSettings,
  factoredShapes,
  lastAxes,
} from "@facet/autograd";
import { type Args, bool, listOf, number, only, required, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { counted, FusedOptimizer, type OptimizerSpec } from "./fused.js";
import type { Params } from "./optimizer.js";

export interface AdafactorSettings {
  lr: number;
  beta2_decay: number;
  eps: readonly [number | null, number];
  d: number;
  weight_decay: number;
  foreach: null;
  maximize: boolean;
}

const settings = {
  lr: number.or(1e-2),
  beta2_decay: number.or(-0.8),
  eps: listOf(number.orNone, 2).or([null, 1e-3]),
  d: number.or(1),
  weight_decay: number.or(0),
  "*": null,
  foreach: only(null, false),
  maximize: bool.or(false),
} as const;
const read = signature("torch.optim.Adafactor", { params: required, ...settings });

/** Bounds with PyTorch's sentences. */
function bounded(op: string, argument: string, what: string, value: number, bound: ">= 0" | "<= 0" | ">= 1"): void {
  const ok = bound === ">= 0" ? value >= 0 : bound === "<= 0" ? value <= 0 : value >= 1;
  if (ok) return;
  const given = show(value);
  complain(ArgumentError, `${what} should be ${bound} but is: ${given}`, { op, argument, expected: bound, given });
}

const CORE_STATE = { row_var: "row", col_var: "column", variance: "variance" } as const;

const spec: OptimizerSpec<AdafactorSettings> = {
  state: CORE_STATE,
  shapeOf: (name, shape) =>
    factoredShapes(shape, lastAxes(shape))[CORE_STATE[name as keyof typeof CORE_STATE]] as number[],
  numbers: counted,
  kinds: signature("torch.optim.Adafactor.param_groups", settings),
  check: ({ lr, beta2_decay, eps, d, weight_decay }, op) => {
    bounded(op, "lr", "Learning rate", lr, ">= 0");
    bounded(op, "beta2_decay", "beta2_decay", beta2_decay, "<= 0");
    if (eps[0] !== null) bounded(op, "eps", "epsilon1", eps[0], ">= 0");
    bounded(op, "eps", "epsilon2", eps[1], ">= 0");
    bounded(op, "d", "Clipping threshold d", d, ">= 1");
    bounded(op, "weight_decay", "weight_decay", weight_decay, ">= 0");
  },
  toCore: ({ lr, beta2_decay, eps, d, weight_decay, maximize }) => ({
    lr,
    beta2Decay: beta2_decay,
    ...(eps[0] !== null && { eps1: eps[0] }),
    eps2: eps[1],
    clipThreshold: d,
    weightDecay: weight_decay,
    maximize,
  }),
  make: (parameters, given) => new CoreAdafactor(parameters, given as CoreSettings),
};

/**
 * Adafactor: lr 1e-2 is the largest rate, min(lr, 1 / sqrt(step)) times the size of the parameter the rate of a step; of matrices row
 * and column means of squares are kept. eps[0] null is float32's own.
 */
export class Adafactor extends FusedOptimizer<AdafactorSettings> {
  constructor(
    ...args: [
      params: Params<AdafactorSettings>,
      ...Args<
        [lr: number, beta2_decay: number, eps: readonly [number | null, number], d: number, weight_decay: number],
        AdafactorSettings
      >,
    ]
  ) {
    const { params, ...defaults } = read(args);
    super(params as Params<AdafactorSettings>, defaults as unknown as AdafactorSettings);
  }

  protected override get spec() {
    return spec;
  }
}
