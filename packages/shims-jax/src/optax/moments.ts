// Optimizers of optax whose moments are no rows of the core's table: AdaBelief, Yogi, Adan, NovoGrad, SM3, optimistic gradients.
import { ArgumentError } from "@facet/autograd";
import { bool, define } from "@facet/dialect";
import type { Given } from "../arguments.js";
import type { ArrayLike, JaxArray } from "../array.js";
import { rsqrt } from "../lax/index.js";
import { full_like, minimum, reshape, sign, sqrt, square, where, zeros, zeros_like } from "../numpy/index.js";
import { map } from "../tree/pytree.js";
import { computed, counted, type GradientTransformation } from "./base.js";
import { type ScalarOrSchedule, scalar, scalarOrSchedule } from "./schedules.js";
import {
  type AdamNamed,
  adamDirection,
  chained,
  decayed,
  type Mask,
  maskKind,
  moments,
  mu_dtype,
  NO_PARAMS,
  rated,
} from "./transforms.js";

// biome-ignore lint/suspicious/noExplicitAny: trees are of any structure.
type Any = any;
type Rated = { learning_rate: ScalarOrSchedule };

const zerosOf = (params: Any): Any => map((p: ArrayLike) => zeros_like(p), params);
const without = (decay: number): number => computed((d) => 1 - d, decay);
/** decay m + (1 - decay) f(g), array by array. */
const moved = (updates: Any, state: Any, decay: number, f: (g: JaxArray) => JaxArray = (g) => g): Any =>
  map((g: JaxArray, m: JaxArray) => f(g).mul(without(decay)).add(m.mul(decay)), updates, [state]);
/** m / (1 - decay^n), n steps done. */
const corrected = (tree: Any, decay: number, count: number, ahead = 1): Any => {
  const by = computed((d, n) => 1 - d ** (n + ahead), decay, count);
  return map((m: JaxArray) => m.div(by), tree);
};
const quotient = (m: Any, v: Any, eps: number, root: number): Any =>
  map((a: JaxArray, b: JaxArray) => a.div(sqrt(b.add(root)).add(eps)), m, [v]);

interface Belief {
  b1: number;
  b2: number;
  eps: number;
  eps_root: number;
  nesterov: boolean;
}
const belief = ({ b1, b2, eps, eps_root, nesterov }: Belief): GradientTransformation =>
  counted(
    "scale_by_belief",
    (params) => ({ mu: zerosOf(params), nu: zerosOf(params) }),
    (updates, state) => {
      const { count } = state;
      const mu = moved(updates, state.mu, b1);
      const errors = map((g: JaxArray, m: JaxArray) => g.sub(m), updates, [mu]);
      const nu = map((v: JaxArray) => v.add(eps_root), moved(errors, state.nu, b2, square));
      const mean = nesterov
        ? map((m: JaxArray, g: JaxArray) => m.mul(b1).add(g.mul(without(b1))), corrected(mu, b1, count, 2), [
            corrected(updates, b1, count),
          ])
        : corrected(mu, b1, count);
      return [quotient(mean, corrected(nu, b2, count), eps, 0), { mu, nu }];
    },
  );
const BELIEF = {
  b1: scalar.or(0.9),
  b2: scalar.or(0.999),
  eps: scalar.or(1e-16),
  eps_root: scalar.or(1e-16),
  "*": null,
  nesterov: bool.or(false),
} as const;
type BeliefRest = [b1: number, b2: number, eps: number, eps_root: number];
/** AdaBelief's direction: the mean of gradients over the root of how far they are from it. */
export const scale_by_belief: (...args: Given<[], BeliefRest, Belief>) => GradientTransformation = define(
  "optax.scale_by_belief",
  BELIEF,
  belief,
);
export const adabelief: (
  ...args: Given<[learning_rate: ScalarOrSchedule], BeliefRest, Belief & Rated>
) => GradientTransformation = define(
  "optax.adabelief",
  { learning_rate: scalarOrSchedule, ...BELIEF },
  ({ learning_rate, ...options }) => chained([belief(options), rated(learning_rate, true)]),
);

interface Yogi {
  b1: number;
  b2: number;
  eps: number;
  eps_root: number;
  initial_accumulator_value: number;
}
const yogis = ({ b1, b2, eps, eps_root, initial_accumulator_value: initial }: Yogi): GradientTransformation =>
  counted(
    "scale_by_yogi",
    (params) => {
      const start = map((p: ArrayLike) => full_like(p, initial), params);
      return { mu: start, nu: start };
    },
    (updates, { count, ...state }) => {
      const mu = moved(updates, state.mu, b1);
      const nu = map(
        (g: JaxArray, v: JaxArray) => {
          const now = square(g);
          return v.sub(sign(v.sub(now)).mul(now).mul(without(b2)));
        },
        updates,
        [state.nu],
      );
      return [quotient(corrected(mu, b1, count), corrected(nu, b2, count), eps, eps_root), { mu, nu }];
    },
  );
const YOGI = { b1: scalar.or(0.9), b2: scalar.or(0.999), eps: scalar.or(1e-3) } as const;
/** Yogi's direction: a second moment that moves by at most the gradient's square. */
export const scale_by_yogi: (
  ...args: Given<[], [b1: number, b2: number, eps: number, eps_root: number, initial_accumulator_value: number], Yogi>
) => GradientTransformation = define(
  "optax.scale_by_yogi",
  { ...YOGI, eps_root: scalar.or(0), initial_accumulator_value: scalar.or(1e-6) },
  yogis,
);
export const yogi: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [b1: number, b2: number, eps: number],
    Rated & Pick<Yogi, "b1" | "b2" | "eps">
  >
) => GradientTransformation = define(
  "optax.yogi",
  { learning_rate: scalarOrSchedule, ...YOGI },
  ({ learning_rate, ...options }) =>
    chained([yogis({ ...options, eps_root: 0, initial_accumulator_value: 1e-6 }), rated(learning_rate, true)]),
);

interface Adan {
  b1: number;
  b2: number;
  b3: number;
  eps: number;
  eps_root: number;
}
const adans = ({ b1, b2, b3, eps, eps_root }: Adan): GradientTransformation =>
  counted(
    "scale_by_adan",
    (params) => ({ m: zerosOf(params), v: zerosOf(params), n: zerosOf(params), g: zerosOf(params) }),
    (updates, { count, ...state }) => {
      const later = computed((n) => (n === 0 ? 0 : 1), count);
      const change = map((g: JaxArray, old: JaxArray) => g.sub(old).mul(later), updates, [state.g]);
      const ahead = map((g: JaxArray, d: JaxArray) => g.add(d.mul(without(b2))), updates, [change]);
      const m = moved(updates, state.m, b1);
      const v = moved(change, state.v, b2);
      const n = moved(ahead, state.n, b3, square);
      const sum = map((a: JaxArray, b: JaxArray) => a.add(b.mul(without(b2))), corrected(m, b1, count), [
        corrected(v, b2, count),
      ]);
      return [quotient(sum, corrected(n, b3, count), eps, eps_root), { m, v, n, g: updates }];
    },
  );
type AdanRest = [b1: number, b2: number, b3: number, eps: number, eps_root: number];
const ADAN = { b1: scalar.or(0.98), b2: scalar.or(0.92), b3: scalar.or(0.99), eps: scalar.or(1e-8) } as const;
/** Adan's direction: moments of gradients and of how they change. */
export const scale_by_adan: (...args: Given<[], AdanRest, Adan>) => GradientTransformation = define(
  "optax.scale_by_adan",
  { ...ADAN, eps_root: scalar.or(0) },
  adans,
);
export const adan: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...AdanRest, weight_decay: ScalarOrSchedule, mask: Mask],
    Adan & Rated & { weight_decay: ScalarOrSchedule; mask: Mask }
  >
) => GradientTransformation = define(
  "optax.adan",
  {
    learning_rate: scalarOrSchedule,
    ...ADAN,
    eps_root: scalar.or(1e-8),
    weight_decay: scalarOrSchedule.or(0),
    mask: maskKind,
  },
  ({ learning_rate, weight_decay, mask, ...options }) =>
    chained([adans(options), decayed(weight_decay, mask), rated(learning_rate, true)]),
);

interface Novograd {
  b1: number;
  b2: number;
  eps: number;
  eps_root: number;
  weight_decay: number;
}
const novograds = ({ b1, b2, eps, eps_root, weight_decay }: Novograd): GradientTransformation =>
  counted(
    "scale_by_novograd",
    (params) => ({ mu: zerosOf(params), nu: map(() => zeros([]), params) }),
    (updates, { count, ...state }, params) => {
      if (params === null) throw new ArgumentError({ op: "scale_by_novograd", ...NO_PARAMS });
      // The first step's second moment is the gradient's own; its first one has nothing before it.
      const kept = computed((n, b) => (n === 0 ? 0 : b), count, b2);
      const nu = map((g: JaxArray, v: JaxArray) => square(g).sum().mul(without(kept)).add(v.mul(kept)), updates, [
        state.nu,
      ]);
      const mu = map(
        (g: JaxArray, p: JaxArray, v: JaxArray, m: JaxArray) =>
          g
            .div(sqrt(v.add(eps_root)).add(eps))
            .add(p.mul(weight_decay))
            .add(m.mul(b1)),
        updates,
        [params, nu, state.mu],
      );
      return [mu, { mu, nu }];
    },
  );
const NOVOGRAD = { b1: scalar.or(0.9), b2: scalar.or(0.25) } as const;
type NovogradRest = [b1: number, b2: number, eps: number, eps_root: number, weight_decay: number];
/** NovoGrad's direction: gradients over their norms, array by array, with momentum. `update` needs the parameters. */
export const scale_by_novograd: (
  ...args: Given<[], [...NovogradRest, mu_dtype: "float32" | null], Novograd & { mu_dtype: "float32" | null }>
) => GradientTransformation = define(
  "optax.scale_by_novograd",
  { ...NOVOGRAD, eps: scalar.or(1e-8), eps_root: scalar.or(0), weight_decay: scalar.or(0), mu_dtype },
  novograds,
);
export const novograd: (
  ...args: Given<[learning_rate: ScalarOrSchedule], NovogradRest, Novograd & Rated>
) => GradientTransformation = define(
  "optax.novograd",
  {
    learning_rate: scalarOrSchedule,
    ...NOVOGRAD,
    eps: scalar.or(1e-6),
    eps_root: scalar.or(0),
    weight_decay: scalar.or(0),
  },
  ({ learning_rate, ...options }) => chained([novograds(options), rated(learning_rate, true)]),
);

interface Optimism {
  alpha: number;
  beta: number;
}
const optimistic = ({ alpha, beta }: Optimism): GradientTransformation =>
  counted(
    "scale_by_optimistic_gradient",
    (params) => ({ previous_gradient: zerosOf(params) }),
    (updates, { count, previous_gradient }) => {
      const later = computed((n, b) => (n === 0 ? 0 : b), count, beta);
      const whole = computed((a, b) => a + b, alpha, later);
      const made = map((g: JaxArray, old: JaxArray) => g.mul(whole).sub(old.mul(later)), updates, [previous_gradient]);
      return [made, { previous_gradient: updates }];
    },
  );
/** (alpha + beta) times the gradient less beta times the one before it. */
export const scale_by_optimistic_gradient: (
  ...args: Given<[], [alpha: number, beta: number], Optimism>
) => GradientTransformation = define(
  "optax.scale_by_optimistic_gradient",
  { alpha: scalar.or(1), beta: scalar.or(1) },
  optimistic,
);
export const optimistic_gradient_descent: (
  ...args: Given<[learning_rate: ScalarOrSchedule], [alpha: number, beta: number], Optimism & Rated>
) => GradientTransformation = define(
  "optax.optimistic_gradient_descent",
  { learning_rate: scalarOrSchedule, alpha: scalar.or(1), beta: scalar.or(1) },
  ({ learning_rate, ...options }) => chained([optimistic(options), rated(learning_rate, true)]),
);
const nesterov = bool.or(true);
/** Adam and optimism whose factors are the learning rate and `optimism` (default: the learning rate). */
export const optimistic_adam: (
  ...args: Given<
    [learning_rate: number],
    [optimism: number | null, b1: number, b2: number, eps: number, eps_root: number, mu_dtype: "float32" | null],
    AdamNamed & { learning_rate: number; optimism: number | null }
  >
) => GradientTransformation = define(
  "optax.optimistic_adam",
  { learning_rate: scalar, optimism: scalar.or(null), ...moments, mu_dtype, "*": null, nesterov },
  ({ learning_rate, optimism, ...options }) =>
    chained([
      adamDirection(options),
      optimistic({ alpha: learning_rate, beta: optimism ?? learning_rate }),
      rated(1, true),
    ]),
);
/** Adam and optimism, then the learning rate. */
export const optimistic_adam_v2: (
  ...args: Given<[learning_rate: ScalarOrSchedule], [], AdamNamed & Optimism & Rated>
) => GradientTransformation = define(
  "optax.optimistic_adam_v2",
  {
    learning_rate: scalarOrSchedule,
    "*": null,
    alpha: scalar.or(1),
    beta: scalar.or(1),
    ...moments,
    mu_dtype,
    nesterov,
  },
  ({ learning_rate, alpha, beta, ...options }) =>
    chained([adamDirection(options), optimistic({ alpha, beta }), rated(learning_rate, true)]),
);

interface Sm3 {
  b1: number;
  b2: number;
  eps: number;
}
const along = (x: JaxArray, axis: number): JaxArray =>
  x.max({ axis: [...x.shape.keys()].filter((i) => i !== axis) }) as JaxArray;
const sm3s = ({ b1, b2, eps }: Sm3): GradientTransformation =>
  counted(
    "scale_by_sm3",
    (params) => ({
      mu: map((p: JaxArray) => p.shape.map((n) => zeros([n])), params),
      nu: zerosOf(params),
    }),
    (updates, state) => {
      const part = computed((b) => (b === 1 ? 1 : 1 - b), b2);
      const accum = map(
        (g: JaxArray, covers: readonly JaxArray[]) => {
          const spread = covers.map((cover, axis) =>
            reshape(
              cover,
              g.shape.map((n, i) => (i === axis ? n : 1)),
            ),
          );
          const least = spread.reduce((a, b) => minimum(a, b));
          return square(g).mul(part).add(least.mul(b2));
        },
        updates,
        [state.mu],
      );
      const scaled = map((g: JaxArray, a: JaxArray) => g.mul(where(a.greater(0), rsqrt(a.add(eps)), 0)), updates, [
        accum,
      ]);
      const nu = moved(scaled, state.nu, b1);
      const mu = map((a: JaxArray) => a.shape.map((_, i) => (a.ndim < 2 ? a : along(a, i))), accum);
      return [nu, { mu, nu }];
    },
  );
/** SM3's direction: second moments by rows and columns. Parameters have a dimension or more. */
export const scale_by_sm3: (...args: Given<[], [b1: number, b2: number, eps: number], Sm3>) => GradientTransformation =
  define("optax.scale_by_sm3", { b1: scalar.or(0.9), b2: scalar.or(1), eps: scalar.or(1e-8) }, sm3s);
export const sm3: (
  ...args: Given<[learning_rate: number], [momentum: number], { learning_rate: number; momentum: number }>
) => GradientTransformation = define(
  "optax.sm3",
  { learning_rate: scalar, momentum: scalar.or(0.9) },
  ({ learning_rate, momentum }) => chained([sm3s({ b1: momentum, b2: 1, eps: 1e-8 }), rated(learning_rate, true)]),
);
