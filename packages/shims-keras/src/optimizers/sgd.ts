// SGD: the core's, with Keras' defaults and arithmetic.
import { Sgd as CoreSgd, type Tensor as CoreTensor, type SgdSettings } from "@facet/autograd";
import { type Args, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { fraction } from "../kinds.js";
import { type CoreOptimizer, last, Optimizer, type OptimizerArguments, rate, weightDecay } from "./optimizer.js";

export interface SgdArguments extends OptimizerArguments {
  momentum: number;
  nesterov: boolean;
}

const readSgd = signature("keras.optimizers.SGD", {
  learning_rate: rate(0.01),
  momentum: fraction.or(0),
  nesterov: false,
  weight_decay: weightDecay.or(null),
  ...last,
});

class SgdOptimizer extends Optimizer {
  static override readonly className = "SGD";
  /** Share of the velocity that stays; may be set between steps. */
  momentum: number;
  /** May be set between steps. */
  nesterov: boolean;

  constructor(
    ...args: Args<
      [learning_rate: number, momentum: number, nesterov: boolean, weight_decay: number | null],
      SgdArguments
    >
  ) {
    const given = readSgd(args);
    super({ learning_rate: given.learning_rate, weight_decay: given.weight_decay, name: given.name });
    this.momentum = given.momentum;
    this.nesterov = given.nesterov;
  }

  protected override get slots(): number {
    return this.momentum > 0 ? 1 : 0;
  }

  protected override settings(): Record<string, unknown> {
    return { momentum: this.momentum, nesterov: this.nesterov };
  }

  protected override make(parameters: readonly CoreTensor[]): CoreOptimizer {
    const settings = {
      ...this.settings(),
      lr: this.learning_rate,
      weightDecay: this.weight_decay ?? 0,
      velocityMode: "keras",
      decayMode: "keras",
    };
    return new CoreSgd(parameters, settings as unknown as SgdSettings);
  }
}

/** Learning rate 0.01; with momentum, velocity = momentum velocity - learning_rate g. */
export const SGD = withoutNew(SgdOptimizer);
export type SGD = SgdOptimizer;
