// The optimizers that are rows of the core's table, with Keras' defaults and arithmetic.

import {
  type AdafactorSettings,
  adadelta,
  adagrad,
  adam,
  adamax,
  Adafactor as CoreAdafactor,
  Lamb as CoreLamb,
  type Tensor as CoreTensor,
  type DecayOptions,
  FlatOptimizer,
  ftrl,
  type LambSettings,
  lion,
  nadam,
  type OptimizerRow,
  type OptimizerSettings,
  rmsprop,
  scheduleFreeAdamw,
  sgd,
} from "@facet/autograd";
import { type Args, type Kind, number, signature } from "@facet/dialect";
import { type Makes, withoutNew } from "../callable.js";
import { atLeastZero, fraction } from "../kinds.js";
import {
  baseOf,
  belowOne,
  type CoreOptimizer,
  last,
  type Made,
  Optimizer,
  type OptimizerArguments,
  positiveAmount,
  rate,
  weightDecay,
} from "./optimizer.js";
import type { ScheduleBase } from "./schedules.js";

// biome-ignore lint/suspicious/noExplicitAny: settings are contravariant in the functions of a row, so no narrower type holds every row.
type AnyRow = OptimizerRow<any, any>;
type Fields = Record<string, number | boolean>;

interface Definition<F extends object> {
  readonly learning_rate: number;
  /** Arguments between learning_rate and weight_decay, in Keras' order; each becomes a property that may be set between steps. */
  readonly rules: Readonly<Record<keyof F & string, unknown>>;
  readonly row: AnyRow;
  /** The core's class, where it is not one of the table's. */
  readonly make?: (parameters: readonly CoreTensor[], settings: object, options: DecayOptions) => CoreOptimizer;
  /** Elements of the state of a weight, where it is not that of the row. */
  readonly stateOf?: (shape: readonly number[]) => number;
  readonly toCore: (fields: F) => object;
  /** Elements of variables besides the state of every weight, iterations and learning rate. */
  readonly more?: number;
}

/** A class of an optimizer: what it takes, and which row of the core's table computes it. */
function optimizer<F extends object, P extends readonly unknown[]>(
  className: string,
  { learning_rate, rules, row, make, stateOf, toCore, more = 0 }: Definition<F>,
): Makes<
  Args<[learning_rate: number | ScheduleBase, ...P, weight_decay: number | null], OptimizerArguments & F>,
  Optimizer & F
> {
  const names = Object.keys(rules);
  const read = signature(`keras.optimizers.${className}`, {
    learning_rate: rate(learning_rate),
    ...(rules as Record<string, Kind<unknown>>),
    weight_decay: weightDecay.or(null),
    ...last,
  });
  class TableOptimizer extends Optimizer {
    static override readonly className = className;

    constructor(...args: unknown[]) {
      const given = read(args) as unknown as OptimizerArguments & Fields;
      super(baseOf(given));
      for (const name of names) (this as unknown as Fields)[name] = given[name] as number | boolean;
    }

    protected override settings(): Record<string, unknown> {
      const own = this as unknown as Fields;
      const fields = Object.fromEntries(names.map((name) => [name, own[name]]));
      return { decayMode: "keras", ...toCore(fields as F) };
    }

    protected override get slots(): number {
      if (stateOf) return 0;
      const settings = { ...this.settings(), lr: this.learning_rate };
      return row.states(row.switches(settings)).length;
    }

    override get variableCount(): number {
      const own = stateOf ? this.weights.reduce((total, { shape }) => total + stateOf(shape), 0) : 0;
      return super.variableCount + own + more;
    }

    protected override make(parameters: readonly CoreTensor[], { decays }: Made): CoreOptimizer {
      const settings = { ...this.settings(), lr: this.learning_rate, weightDecay: this.weight_decay ?? 0 };
      const options = { decays };
      return (
        make?.(parameters, settings, options) ??
        new FlatOptimizer(row, parameters, settings as OptimizerSettings, options)
      );
    }
  }
  return withoutNew(TableOptimizer) as unknown as ReturnType<typeof optimizer<F, P>>;
}

const betas = { beta_1: belowOne.or(0.9), beta_2: belowOne.or(0.999), epsilon: atLeastZero.or(1e-7) };
type Betas = { beta_1: number; beta_2: number; epsilon: number };
type BetaPositions = [beta_1: number, beta_2: number, epsilon: number];
const moments = ({ beta_1, beta_2, epsilon }: Betas) => ({ beta1: beta_1, beta2: beta_2, eps: epsilon });

/** Learning rate 0.01; with momentum, velocity = momentum velocity - learning_rate g. */
export const SGD = optimizer<{ momentum: number; nesterov: boolean }, [momentum: number, nesterov: boolean]>("SGD", {
  learning_rate: 0.01,
  rules: { momentum: fraction.or(0), nesterov: false },
  row: sgd,
  toCore: ({ momentum, nesterov }) => ({ momentum, nesterov, velocityMode: "keras" }),
});
export type SGD = InstanceType<typeof SGD>;

type RMSpropFields = { rho: number; momentum: number; epsilon: number; centered: boolean };
/** Epsilon 1e-7 is added under the root, and the learning rate is inside the momentum. */
export const RMSprop = optimizer<RMSpropFields, [rho: number, momentum: number, epsilon: number, centered: boolean]>(
  "RMSprop",
  {
    learning_rate: 0.001,
    rules: { rho: fraction.or(0.9), momentum: fraction.or(0), epsilon: atLeastZero.or(1e-7), centered: false },
    row: rmsprop,
    toCore: ({ rho, momentum, epsilon, centered }) => ({
      rho,
      momentum,
      eps: epsilon,
      centered,
      epsMode: "inside",
      velocityMode: "keras",
    }),
  },
);
export type RMSprop = InstanceType<typeof RMSprop>;

/** The sum of squares begins with 0.1; epsilon 1e-7 is added under the root. */
export const Adagrad = optimizer<
  { initial_accumulator_value: number; epsilon: number },
  [initial_accumulator_value: number, epsilon: number]
>("Adagrad", {
  learning_rate: 0.001,
  rules: { initial_accumulator_value: atLeastZero.or(0.1), epsilon: atLeastZero.or(1e-7) },
  row: adagrad,
  toCore: ({ initial_accumulator_value, epsilon }) => ({
    initialAccumulator: initial_accumulator_value,
    eps: epsilon,
    epsMode: "inside",
  }),
});
export type Adagrad = InstanceType<typeof Adagrad>;

/** rho 0.95, epsilon 1e-7 under both roots. */
export const Adadelta = optimizer<{ rho: number; epsilon: number }, [rho: number, epsilon: number]>("Adadelta", {
  learning_rate: 0.001,
  rules: { rho: fraction.or(0.95), epsilon: atLeastZero.or(1e-7) },
  row: adadelta,
  toCore: ({ rho, epsilon }) => ({ rho, eps: epsilon }),
});
export type Adadelta = InstanceType<typeof Adadelta>;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);
type AdafactorFields = {
  beta_2_decay: number;
  epsilon_1: number;
  epsilon_2: number;
  clip_threshold: number;
  relative_step: boolean;
};
/**
 * The rate of a step is min(learning_rate, 1 / sqrt(step)) times the size of the weight, at least epsilon_2. As in Keras,
 * relative_step changes nothing where the learning rate is a number.
 */
export const Adafactor = optimizer<
  AdafactorFields,
  [beta_2_decay: number, epsilon_1: number, epsilon_2: number, clip_threshold: number, relative_step: boolean]
>("Adafactor", {
  learning_rate: 0.001,
  rules: {
    beta_2_decay: number.where("a number of 0 or less", (value) => value <= 0).or(-0.8),
    epsilon_1: atLeastZero.or(1e-30),
    epsilon_2: atLeastZero.or(1e-3),
    clip_threshold: positiveAmount.or(1),
    relative_step: true,
  },
  row: sgd,
  make: (parameters, settings, options) => new CoreAdafactor(parameters, settings as AdafactorSettings, options),
  // Both factors and what they make; places for factors of those that have none.
  stateOf: (shape) =>
    sizeOf(shape) + (shape.length < 2 ? 2 : sizeOf(shape.slice(0, -1)) + sizeOf(shape.toSpliced(-2, 1))),
  toCore: ({ beta_2_decay, epsilon_1, epsilon_2, clip_threshold }) => ({
    beta2Decay: beta_2_decay,
    eps1: epsilon_1,
    epsMode: "added",
    eps2: epsilon_2,
    clipThreshold: clip_threshold,
  }),
});
export type Adafactor = InstanceType<typeof Adafactor>;

/** AdamW without a schedule: weights lie between a fast sequence and its average, which `warmup_steps` begin slowly. */
export const ScheduleFreeAdamW = optimizer<
  Betas & { warmup_steps: number },
  [beta_1: number, beta_2: number, epsilon: number, warmup_steps: number]
>("ScheduleFreeAdamW", {
  learning_rate: 0.0025,
  rules: {
    beta_1: number.where("a number above 0 and at most 1", (value) => value > 0 && value <= 1).or(0.9),
    beta_2: belowOne.or(0.999),
    epsilon: atLeastZero.or(1e-8),
    warmup_steps: atLeastZero.or(0),
  },
  row: scheduleFreeAdamw,
  toCore: (fields) => ({ ...moments(fields), warmupSteps: fields.warmup_steps }),
});
export type ScheduleFreeAdamW = InstanceType<typeof ScheduleFreeAdamW>;

/** Adam by the largest gradient so far; epsilon 1e-7 is added to it. */
export const Adamax = optimizer<Betas, BetaPositions>("Adamax", {
  learning_rate: 0.001,
  rules: betas,
  row: adamax,
  toCore: (fields) => ({ ...moments(fields), epsMode: "keras" }),
});
export type Adamax = InstanceType<typeof Adamax>;

/** Adam with Nesterov's momentum, which grows from step to step; epsilon 1e-7 is added after the bias correction. */
export const Nadam = optimizer<Betas, BetaPositions>("Nadam", {
  learning_rate: 0.001,
  rules: betas,
  row: nadam,
  toCore: (fields) => ({ ...moments(fields), momentumDecay: 1 }),
  // The product of the momenta.
  more: 1,
});
export type Nadam = InstanceType<typeof Nadam>;

type FtrlFields = {
  learning_rate_power: number;
  initial_accumulator_value: number;
  l1_regularization_strength: number;
  l2_regularization_strength: number;
  l2_shrinkage_regularization_strength: number;
  beta: number;
};
/** Follow the regularised leader. */
export const Ftrl = optimizer<
  FtrlFields,
  [
    learning_rate_power: number,
    initial_accumulator_value: number,
    l1_regularization_strength: number,
    l2_regularization_strength: number,
    l2_shrinkage_regularization_strength: number,
    beta: number,
  ]
>("Ftrl", {
  learning_rate: 0.001,
  rules: {
    learning_rate_power: number.where("a number of 0 or less", (value) => value <= 0).or(-0.5),
    initial_accumulator_value: atLeastZero.or(0.1),
    l1_regularization_strength: atLeastZero.or(0),
    l2_regularization_strength: atLeastZero.or(0),
    l2_shrinkage_regularization_strength: atLeastZero.or(0),
    beta: atLeastZero.or(0),
  },
  row: ftrl,
  toCore: (fields) => ({
    lrPower: fields.learning_rate_power,
    initialAccumulator: fields.initial_accumulator_value,
    l1: fields.l1_regularization_strength,
    l2: fields.l2_regularization_strength,
    l2Shrinkage: fields.l2_shrinkage_regularization_strength,
    beta: fields.beta,
  }),
});
export type Ftrl = InstanceType<typeof Ftrl>;

const aboveZero = number.where("a number above 0 and at most 1", (value) => value > 0 && value <= 1);
/** Steps of one size, by the sign of an average. */
export const Lion = optimizer<{ beta_1: number; beta_2: number }, [beta_1: number, beta_2: number]>("Lion", {
  learning_rate: 0.001,
  rules: { beta_1: aboveZero.or(0.9), beta_2: fraction.or(0.99) },
  row: lion,
  toCore: ({ beta_1, beta_2 }) => ({ beta1: beta_1, beta2: beta_2 }),
});
export type Lion = InstanceType<typeof Lion>;

/** Adam, the step of each weight scaled to the norm of the weight; epsilon 1e-7 is added after the bias correction. */
export const Lamb = optimizer<Betas, BetaPositions>("Lamb", {
  learning_rate: 0.001,
  rules: betas,
  row: adam,
  make: (parameters, settings, options) => new TrustAdam(parameters, settings as LambSettings, options),
  toCore: moments,
});
export type Lamb = InstanceType<typeof Lamb>;

/** Takes Keras' decay off the weights before the step. */
class TrustAdam extends CoreLamb {
  override step(...[gradients, changes, handling]: Parameters<CoreLamb["step"]>): void {
    const own = (): Partial<LambSettings & { step: number }> => {
      const { weightDecay = 0, ...rest } = (changes?.() ?? {}) as { weightDecay?: number };
      // The decay that rows share would act on the direction.
      const none = { weightDecay: 0 };
      return { ...rest, ...none, trustDecay: weightDecay, trustDecayMode: "keras" };
    };
    super.step(gradients, own, handling);
  }
}
