// Optimizers of optax that are rows of the core's table: each as a direction, scale_by_..., and with a learning rate.
import * as core from "@facet/autograd";
import { bool, define, func, number, only } from "@facet/dialect";
import { type Given, tree as treeKind } from "../arguments.js";
import { hostNumber } from "../traced_number.js";
import type { GradientTransformation } from "./base.js";
import { type ScalarOrSchedule, scalar, scalarOrSchedule } from "./schedules.js";
import {
  adamDirection,
  chained,
  decayed,
  direction,
  type Mask,
  maskKind,
  mu_dtype,
  ofParameters,
  rated,
  rowTransform,
} from "./transforms.js";

type Options = Readonly<Record<string, unknown>>;
type Transform = (learning_rate: ScalarOrSchedule, options: Options) => GradientTransformation;
type Rated = { learning_rate: ScalarOrSchedule };

/** Numbers of this run, under the core's names. */
const numbersOf = (options: Options, names: Readonly<Record<string, string>>): Record<string, number> =>
  Object.fromEntries(Object.entries(names).map(([own, name]) => [name, hostNumber(options[own] as number)]));

/** A direction under its public name. */
const scaleBy = (
  name: string,
  parameters: object,
  transform: Transform,
): ((...args: never[]) => GradientTransformation) =>
  define(
    `optax.scale_by_${name}`,
    parameters as never,
    ((options: Options) => direction(transform(1, options))) as never,
  );

const betas = { b1: scalar.or(0.9), b2: scalar.or(0.999), eps: scalar.or(1e-8) } as const;
type Betas = [b1: number, b2: number, eps: number];
type BetasNamed = { b1: number; b2: number; eps: number };
const BETAS = { b1: "beta1", b2: "beta2", eps: "eps" } as const;
const MOMENTS = { m: "mu", v: "nu" } as const;

const adamaxStep: Transform = (learning_rate, options) =>
  rowTransform("adamax", core.adamax, { m: "mu", u: "nu" }, learning_rate, () => numbersOf(options, BETAS));

/** Adam by the largest gradient; eps is added to the size of each. */
export const adamax: (
  ...args: Given<[learning_rate: ScalarOrSchedule], Betas, Rated & BetasNamed>
) => GradientTransformation = define(
  "optax.adamax",
  { learning_rate: scalarOrSchedule, ...betas },
  ({ learning_rate, ...options }) => adamaxStep(learning_rate, options),
);
/** Adamax' direction before any learning rate. */
export const scale_by_adamax = scaleBy("adamax", betas, adamaxStep) as (
  ...args: Given<[], Betas, BetasNamed>
) => GradientTransformation;

type DecayNamed = { weight_decay: ScalarOrSchedule; mask: Mask };
/** Adamax with decoupled weight decay (default 1e-4) of the parameters that `mask` marks. `update` needs the parameters. */
export const adamaxw: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...Betas, weight_decay: ScalarOrSchedule, mask: Mask],
    Rated & BetasNamed & DecayNamed
  >
) => GradientTransformation = define(
  "optax.adamaxw",
  { learning_rate: scalarOrSchedule, ...betas, weight_decay: scalarOrSchedule.or(1e-4), mask: maskKind },
  ({ learning_rate, weight_decay, mask, ...options }) =>
    chained([direction(adamaxStep(1, options)), decayed(weight_decay, mask), rated(learning_rate, true)]),
);

const amsgradStep: Transform = (learning_rate, options) =>
  rowTransform("amsgrad", core.adam, { ...MOMENTS, vmax: "nu_max" }, learning_rate, () => ({
    ...numbersOf(options, { ...BETAS, eps_root: "epsRoot" }),
    amsgrad: true,
    epsMode: "root",
  }));
const amsgradRules = {
  ...betas,
  eps_root: scalar.or(0),
  mu_dtype,
  bias_correction_mu: only(true),
  bias_correction_nu: only(true),
} as const;
type AmsgradRest = [
  ...Betas,
  eps_root: number,
  mu_dtype: "float32" | null,
  bias_correction_mu: true,
  bias_correction_nu: true,
];
type AmsgradNamed = BetasNamed & {
  eps_root: number;
  mu_dtype: "float32" | null;
  bias_correction_mu: true;
  bias_correction_nu: true;
};
/** Adam over the largest second moment so far, bias-corrected before it is compared. */
export const amsgrad: (
  ...args: Given<[learning_rate: ScalarOrSchedule], AmsgradRest, Rated & AmsgradNamed>
) => GradientTransformation = define(
  "optax.amsgrad",
  { learning_rate: scalarOrSchedule, ...amsgradRules },
  ({ learning_rate, ...options }) => amsgradStep(learning_rate, options),
);
/** AMSGrad's direction before any learning rate. */
export const scale_by_amsgrad = scaleBy("amsgrad", amsgradRules, amsgradStep) as (
  ...args: Given<[], AmsgradRest, AmsgradNamed>
) => GradientTransformation;

const radamStep: Transform = (learning_rate, options) =>
  rowTransform("radam", core.radam, MOMENTS, learning_rate, () => ({
    ...numbersOf(options, { ...BETAS, eps_root: "epsRoot", threshold: "threshold" }),
    epsMode: "root",
  }));
const radamRules = {
  ...betas,
  eps_root: scalar.or(0),
  threshold: scalar.or(5),
  "*": null,
  nesterov: only(false),
} as const;
type RadamRest = [...Betas, eps_root: number, threshold: number];
type RadamNamed = BetasNamed & { eps_root: number; threshold: number; nesterov: false };
/** Rectified Adam: the variance counts from a length of the average of `threshold` on. */
export const radam: (
  ...args: Given<[learning_rate: ScalarOrSchedule], RadamRest, Rated & RadamNamed>
) => GradientTransformation = define(
  "optax.radam",
  { learning_rate: scalarOrSchedule, ...radamRules },
  ({ learning_rate, ...options }) => radamStep(learning_rate, options),
);
/** RAdam's direction before any learning rate. */
export const scale_by_radam = scaleBy("radam", radamRules, radamStep) as (
  ...args: Given<[], RadamRest, RadamNamed>
) => GradientTransformation;

const rssStep: Transform = (learning_rate, options) =>
  rowTransform("adagrad", core.adagrad, { sum: "sum_of_squares" }, learning_rate, () => ({
    ...numbersOf(options, { initial_accumulator_value: "initialAccumulator", eps: "eps" }),
    epsMode: "inside",
  }));
const rssRules = { initial_accumulator_value: scalar.or(0.1), eps: scalar.or(1e-7) } as const;
type RssRest = [initial_accumulator_value: number, eps: number];
type RssNamed = { initial_accumulator_value: number; eps: number };
/** Adagrad: the sum of squares begins with 0.1, eps is added under the root. */
export const adagrad: (
  ...args: Given<[learning_rate: ScalarOrSchedule], RssRest, Rated & RssNamed>
) => GradientTransformation = define(
  "optax.adagrad",
  { learning_rate: scalarOrSchedule, ...rssRules },
  ({ learning_rate, ...options }) => rssStep(learning_rate, options),
);
/** Adagrad's direction before any learning rate. */
export const scale_by_rss = scaleBy("rss", rssRules, rssStep) as (
  ...args: Given<[], RssRest, RssNamed>
) => GradientTransformation;

const adadeltaStep: Transform = (learning_rate, options) =>
  rowTransform("adadelta", core.adadelta, { v: "e_g", moves: "e_x" }, learning_rate, () =>
    numbersOf(options, { rho: "rho", eps: "eps" }),
  );
const adadeltaRules = { rho: scalar.or(0.9), eps: scalar.or(1e-6) } as const;
/** Adadelta; without a learning rate its direction. */
export const adadelta: (
  ...args: Given<
    [],
    [
      learning_rate: ScalarOrSchedule | null,
      rho: number,
      eps: number,
      weight_decay: ScalarOrSchedule,
      weight_decay_mask: Mask,
    ],
    { learning_rate: ScalarOrSchedule | null; rho: number; eps: number } & {
      weight_decay: ScalarOrSchedule;
      weight_decay_mask: Mask;
    }
  >
) => GradientTransformation = define(
  "optax.adadelta",
  {
    learning_rate: scalarOrSchedule.or(null),
    ...adadeltaRules,
    weight_decay: scalarOrSchedule.or(0),
    weight_decay_mask: maskKind,
  },
  ({ learning_rate, weight_decay, weight_decay_mask, ...options }) =>
    chained([
      ...(weight_decay === 0 ? [] : [decayed(weight_decay, weight_decay_mask)]),
      // Without a rate optax leaves the sign as it is.
      learning_rate === null ? direction(adadeltaStep(1, options)) : adadeltaStep(learning_rate, options),
    ]),
);
/** Adadelta's direction before any learning rate. */
export const scale_by_adadelta = scaleBy("adadelta", adadeltaRules, adadeltaStep) as (
  ...args: Given<[], [rho: number, eps: number], { rho: number; eps: number }>
) => GradientTransformation;

const lionStep: Transform = (learning_rate, options) =>
  rowTransform("lion", core.lion, { m: "mu" }, learning_rate, () => numbersOf(options, { b1: "beta1", b2: "beta2" }));
const lionRules = { b1: scalar.or(0.9), b2: scalar.or(0.99), mu_dtype } as const;
type LionRest = [b1: number, b2: number, mu_dtype: "float32" | null];
type LionNamed = { b1: number; b2: number; mu_dtype: "float32" | null };
/** Steps by the sign of an average, with decoupled weight decay (default 1e-3). `update` needs the parameters. */
export const lion: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...LionRest, weight_decay: ScalarOrSchedule, mask: Mask],
    Rated & LionNamed & DecayNamed
  >
) => GradientTransformation = define(
  "optax.lion",
  { learning_rate: scalarOrSchedule, ...lionRules, weight_decay: scalarOrSchedule.or(1e-3), mask: maskKind },
  ({ learning_rate, weight_decay, mask, ...options }) =>
    chained([direction(lionStep(1, options)), decayed(weight_decay, mask), rated(learning_rate, true)]),
);
/** Lion's direction before any learning rate. */
export const scale_by_lion = scaleBy(
  "lion",
  { ...lionRules, "*": null, mode: only("hard"), smooth_beta: only(1) },
  lionStep,
) as (...args: Given<[], LionRest, LionNamed & { mode: "hard"; smooth_beta: 1 }>) => GradientTransformation;

/** A row of RMSprop without velocity, or with one of steps, the rate in them. */
const rmsStep =
  (fn: string, centered: boolean): Transform =>
  (learning_rate, options) => {
    const momentum = options.momentum ?? null;
    const states = {
      v: "nu",
      ...(centered && { mean: "mu" }),
      ...(momentum !== null && hostNumber(momentum as number) !== 0 && { velocity: "trace" }),
    };
    return rowTransform(fn, core.rmsprop, states, learning_rate, () => ({
      ...numbersOf(options, { decay: "rho", eps: "eps", initial_scale: "initialScale" }),
      epsMode: options.eps_in_sqrt ? "inside" : "outside",
      biasCorrection: options.bias_correction === true,
      centered,
      momentum: momentum === null ? 0 : hostNumber(momentum as number),
      nesterov: options.nesterov === true,
      velocityMode: "keras",
    }));
  };
const rmsRules = {
  decay: scalar.or(0.9),
  eps: scalar.or(1e-8),
  initial_scale: scalar.or(0),
  eps_in_sqrt: bool.or(true),
} as const;
type RmsRest = [decay: number, eps: number, initial_scale: number, eps_in_sqrt: boolean];
type RmsNamed = { decay: number; eps: number; initial_scale: number; eps_in_sqrt: boolean; bias_correction: boolean };
type RmspropNamed = RmsNamed & { centered: boolean; momentum: number | null; nesterov: boolean };
/** RMSprop: eps under the root; with `momentum` along a velocity of steps. */
export const rmsprop: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...RmsRest, centered: boolean, momentum: number | null, nesterov: boolean, bias_correction: boolean],
    Rated & RmspropNamed
  >
) => GradientTransformation = define(
  "optax.rmsprop",
  {
    learning_rate: scalarOrSchedule,
    ...rmsRules,
    centered: bool.or(false),
    momentum: scalar.or(null),
    nesterov: bool.or(false),
    bias_correction: bool.or(false),
  },
  ({ learning_rate, centered, ...options }) => rmsStep("rmsprop", centered)(learning_rate, options),
);
const scaleByRules = { ...rmsRules, bias_correction: bool.or(false) } as const;
type ScaleByRms = (...args: Given<[], [...RmsRest, bias_correction: boolean], RmsNamed>) => GradientTransformation;
/** RMSprop's direction before any learning rate. */
export const scale_by_rms = scaleBy("rms", scaleByRules, rmsStep("scale_by_rms", false)) as ScaleByRms;
/** The same over the deviation of gradients. */
export const scale_by_stddev = scaleBy("stddev", scaleByRules, rmsStep("scale_by_stddev", true)) as ScaleByRms;

const rpropStates = { size: "step_sizes", previous: "prev_updates" } as const;
const rpropRules = {
  learning_rate: scalar,
  eta_minus: scalar.or(0.5),
  eta_plus: scalar.or(1.2),
  min_step_size: scalar.or(1e-6),
  max_step_size: scalar.or(50),
} as const;
type RpropRest = [eta_minus: number, eta_plus: number, min_step_size: number, max_step_size: number];
type RpropNamed = {
  learning_rate: number;
  eta_minus: number;
  eta_plus: number;
  min_step_size: number;
  max_step_size: number;
};
const rpropStep = ({ learning_rate, ...options }: Options): GradientTransformation =>
  rowTransform(
    "rprop",
    core.rprop,
    rpropStates,
    1,
    () => ({
      ...numbersOf(options, {
        eta_minus: "etaMinus",
        eta_plus: "etaPlus",
        min_step_size: "minStep",
        max_step_size: "maxStep",
      }),
      lagging: true,
    }),
    learning_rate as number,
  );
/** Steps by signs of gradients, of sizes that begin with the learning rate. As in optax, each update is the step of the call before. */
export const rprop: (...args: Given<[learning_rate: number], RpropRest, RpropNamed>) => GradientTransformation = define(
  "optax.rprop",
  rpropRules,
  rpropStep,
);
/** Rprop's direction. */
export const scale_by_rprop: (
  ...args: Given<[learning_rate: number], RpropRest, RpropNamed>
) => GradientTransformation = define("optax.scale_by_rprop", rpropRules, (options) => direction(rpropStep(options)));

const traceRules = { decay: scalar, nesterov: bool.or(false), accumulator_dtype: only(null, "float32") } as const;
const traced = (decay: number, nesterov: boolean): GradientTransformation =>
  direction(
    rowTransform("trace", core.sgd, { velocity: "trace" }, 1, () => ({ momentum: hostNumber(decay), nesterov })),
  );
/** Updates along a velocity: trace = updates + decay trace. */
export const trace: (
  ...args: Given<
    [decay: number],
    [nesterov: boolean, accumulator_dtype: null],
    { decay: number; nesterov: boolean; accumulator_dtype: null }
  >
) => GradientTransformation = define("optax.trace", traceRules, ({ decay, nesterov }) => traced(decay, nesterov));

/** Each update times the norm of its parameter over its own; times 1 where either is 0. */
const trusted = (min_norm: number, trust_coefficient: number, eps: number, mask: Mask = null): GradientTransformation =>
  ofParameters("scale_by_trust_ratio", mask, (update, parameter) => {
    const norm = (x: core.Tensor): core.Tensor => {
      const own = core.sqrt(core.sum(core.mul(x, x)));
      return min_norm === 0 ? own : core.maximum(own, min_norm);
    };
    const [weights, steps] = [norm(parameter), norm(update)];
    const ratio = core.div(core.mul(weights, trust_coefficient), core.add(steps, eps));
    const counts = core.logicalAnd(core.notEqual(weights, 0), core.notEqual(steps, 0));
    return core.mul(update, core.where(counts, ratio, 1));
  });
const amount = number.where("a number of 0 or more", (value) => value >= 0);
/** Updates scaled to the size of their parameters, array by array. `update` needs the parameters. */
export const scale_by_trust_ratio: (
  ...args: Given<
    [],
    [min_norm: number, trust_coefficient: number, eps: number],
    { min_norm: number; trust_coefficient: number; eps: number }
  >
) => GradientTransformation = define(
  "optax.scale_by_trust_ratio",
  { min_norm: amount.or(0), trust_coefficient: number.or(1), eps: amount.or(0) },
  ({ min_norm, trust_coefficient, eps }) => trusted(min_norm, trust_coefficient, eps),
);

/** LAMB: Adam's direction and decay, scaled to the size of each parameter. `update` needs the parameters. */
export const lamb: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...Betas, eps_root: number, weight_decay: ScalarOrSchedule, mask: Mask],
    Rated & BetasNamed & DecayNamed & { eps_root: number }
  >
) => GradientTransformation = define(
  "optax.lamb",
  {
    learning_rate: scalarOrSchedule,
    ...betas,
    eps: scalar.or(1e-6),
    eps_root: scalar.or(0),
    weight_decay: scalarOrSchedule.or(0),
    mask: maskKind,
  },
  ({ learning_rate, weight_decay, mask, ...options }) =>
    chained([
      adamDirection({ ...options, nesterov: false }),
      decayed(weight_decay, mask),
      trusted(0, 1, 0),
      rated(learning_rate, true),
    ]),
);

const flag = func.either(treeKind);
const maskOf = (given: unknown): Mask => (given === true ? null : given);
/** LARS: gradients scaled to the size of each parameter, then a velocity of steps. `update` needs the parameters. */
export const lars: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [
      weight_decay: ScalarOrSchedule,
      weight_decay_mask: Mask,
      trust_coefficient: number,
      eps: number,
      trust_ratio_mask: Mask,
      momentum: number,
      nesterov: boolean,
    ],
    Rated & {
      weight_decay: ScalarOrSchedule;
      weight_decay_mask: Mask;
      trust_coefficient: number;
      eps: number;
      trust_ratio_mask: Mask;
      momentum: number;
      nesterov: boolean;
    }
  >
) => GradientTransformation = define(
  "optax.lars",
  {
    learning_rate: scalarOrSchedule,
    weight_decay: scalarOrSchedule.or(0),
    weight_decay_mask: flag.or(true),
    trust_coefficient: number.or(0.001),
    eps: amount.or(0),
    trust_ratio_mask: flag.or(true),
    momentum: scalar.or(0.9),
    nesterov: bool.or(false),
  },
  ({ learning_rate, weight_decay, weight_decay_mask, trust_coefficient, eps, trust_ratio_mask, momentum, nesterov }) =>
    chained([
      decayed(weight_decay, maskOf(weight_decay_mask)),
      trusted(0, trust_coefficient, eps, maskOf(trust_ratio_mask)),
      rated(learning_rate, true),
      traced(momentum, nesterov),
    ]),
);
