// Adam and AdamW: the core's, with Keras' defaults and arithmetic.

import { type AdamSettings, adam, type Tensor as CoreTensor, FlatOptimizer } from "@facet/autograd";
import { type Args, mapping, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import {
  baseOf,
  type CoreOptimizer,
  last,
  type Made,
  Optimizer,
  type OptimizerArguments,
  rate,
  weightDecay,
} from "./optimizer.js";
import type { ScheduleBase } from "./schedules.js";

export interface AdamArguments extends OptimizerArguments {
  beta_1: number;
  beta_2: number;
  epsilon: number;
  amsgrad: boolean;
  /** What Keras has not: `epsilon: "torch"` adds epsilon after the bias correction, as PyTorch and optax do. */
  facet: { epsilon?: "keras" | "torch" };
}

const adamRules = { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };
/** By keyword only, as what the original has not. */
const facetKind = mapping<AdamArguments["facet"]>('an object { epsilon: "keras" or "torch" }').where(
  'an object { epsilon: "keras" or "torch" }',
  (given) =>
    Object.entries(given).every(([key, value]) => key === "epsilon" && (value === "keras" || value === "torch")),
);
const facet = { "*": null, facet: facetKind.or({}) } as const;

type AdamPositions = [
  learning_rate: number | ScheduleBase,
  beta_1: number,
  beta_2: number,
  epsilon: number,
  amsgrad: boolean,
  weight_decay: number | null,
];
type AdamWPositions = [
  learning_rate: number | ScheduleBase,
  weight_decay: number | null,
  beta_1: number,
  beta_2: number,
  epsilon: number,
  amsgrad: boolean,
];

/** What Adam's classes read, in one form. */
type AdamGiven = { [K in keyof AdamArguments]: AdamArguments[K] };

class AdamOptimizer extends Optimizer {
  static override readonly className: string = "Adam";
  /** Decay rates of both moments, epsilon: may be set between steps. */
  beta_1: number;
  beta_2: number;
  epsilon: number;
  /** Whether the largest second moment so far counts; may be set between steps. */
  amsgrad: boolean;
  readonly #epsilonMode: "keras" | "torch";

  constructor(...args: Args<AdamPositions, AdamArguments>) {
    const given = new.target.read(args);
    super(baseOf(given));
    this.beta_1 = given.beta_1;
    this.beta_2 = given.beta_2;
    this.epsilon = given.epsilon;
    this.amsgrad = given.amsgrad;
    this.#epsilonMode = given.facet.epsilon ?? "keras";
  }

  static read(args: readonly unknown[]): AdamGiven {
    return readAdam(args) as AdamGiven;
  }

  protected override get slots(): number {
    return this.amsgrad ? 3 : 2;
  }

  protected override settings(): Record<string, unknown> {
    return { beta1: this.beta_1, beta2: this.beta_2, eps: this.epsilon, amsgrad: this.amsgrad };
  }

  protected override make(parameters: readonly CoreTensor[], { decays }: Made): CoreOptimizer {
    const settings = {
      ...this.settings(),
      lr: this.learning_rate,
      weightDecay: this.weight_decay ?? 0,
      epsMode: this.#epsilonMode,
      // Keras decays weights before the step, not through the gradient, in Adam too.
      decayMode: "keras",
    };
    return new FlatOptimizer(adam, parameters, settings as unknown as AdamSettings, { decays });
  }
}

const readAdam = signature("keras.optimizers.Adam", {
  learning_rate: rate(0.001),
  ...adamRules,
  weight_decay: weightDecay.or(null),
  ...last,
  ...facet,
});
const readAdamW = signature("keras.optimizers.AdamW", {
  learning_rate: rate(0.001),
  weight_decay: weightDecay.or(0.004),
  ...adamRules,
  ...last,
  ...facet,
});

class AdamWOptimizer extends AdamOptimizer {
  static override readonly className = "AdamW";

  static override read(args: readonly unknown[]): AdamGiven {
    return readAdamW(args) as AdamGiven;
  }
}

/** Adam with epsilon 1e-7 added before the bias correction: larger in effect by 1 / sqrt(1 - beta_2^t) than PyTorch's. */
export const Adam = withoutNew(AdamOptimizer);
export type Adam = AdamOptimizer;
/** Adam with weight_decay 0.004: w -= w decay learning_rate before the step. */
export const AdamW = withoutNew(AdamWOptimizer) as unknown as Makes<
  Args<AdamWPositions, AdamArguments>,
  AdamWOptimizer
>;
export type AdamW = AdamWOptimizer;
