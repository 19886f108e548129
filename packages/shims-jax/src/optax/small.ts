// Small transformations of optax, without moments: signs of life, means, noise, norms, schedules.

import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define, func, int, Kind, number, oneOf, only } from "@facet/dialect";
import { type Given, tree as treeKind } from "../arguments.js";
import { type ArrayLike, inexact, JaxArray, run } from "../array.js";
import { any, isnan, maximum, minimum, where, zeros_like } from "../numpy/index.js";
import { key as keyOf, normal, PRNGKeyArray, split } from "../random/index.js";
import { norm } from "../tree/norm.js";
import { leavesOf, map, structureOf, unflatten } from "../tree/pytree.js";
import { computed, counted, type GradientTransformation, stateless, transformation } from "./base.js";
import { type ScalarOrSchedule, type Schedule, scalar, scalarOrSchedule, valueAt } from "./schedules.js";
import { scale_by_trust_ratio } from "./table.js";
import { chained, decayed, NO_PARAMS, rated, transform } from "./transforms.js";

// biome-ignore lint/suspicious/noExplicitAny: trees are of any structure.
type Any = any;
type None = () => GradientTransformation;

const ofEach = (name: string, f: (u: JaxArray) => JaxArray): None =>
  define(`optax.${name}`, {}, () => stateless((updates) => map(f, updates)));

/** Zeros in the place of all updates. */
export const set_to_zero = ofEach("set_to_zero", (u) => zeros_like(u));
/** Updates as they are. */
export const identity: None = define("optax.identity", {}, () => stateless((updates) => updates));
/** Updates of more than one dimension less their mean over all but the first. */
export const centralize = ofEach("centralize", (u) =>
  u.ndim > 1 ? u.sub(u.mean({ axis: [...u.shape.keys()].slice(1), keepdims: true })) : u,
);
/** Zeros in the place of NaN; `found_nan` in the state says where there was one. */
export const zero_nans: None = define("optax.zero_nans", {}, () =>
  transformation(
    (params) => ({ found_nan: map((p: ArrayLike) => any(isnan(zeros_like(p))), params) }),
    (updates) => [
      map((u: JaxArray) => where(isnan(u), 0, u), updates),
      { found_nan: map((u: JaxArray) => any(isnan(u)), updates) },
    ],
  ),
);
/** Updates that leave no parameter below 0. */
export const keep_params_nonnegative: None = define("optax.keep_params_nonnegative", {}, () =>
  transformation(
    () => null,
    (updates, state, params) => {
      if (params === null) throw new ArgumentError({ op: "keep_params_nonnegative", ...NO_PARAMS });
      return [map((u: JaxArray, p: JaxArray) => where(p.add(u).less(0), p.neg(), u), updates, [params]), state];
    },
  ),
);

/** A function of updates and parameters as a transformation. */
export const stateless_: (f: (updates: Any, params: Any) => unknown) => GradientTransformation = define(
  "optax.stateless",
  { f: func },
  ({ f }) =>
    transformation(
      () => null,
      (updates, state, params) => [f(updates, params), state],
    ),
);
/** A function of an update and its parameter as one. */
export const stateless_with_tree_map: (f: (update: Any, param: Any) => unknown) => GradientTransformation = define(
  "optax.stateless_with_tree_map",
  { f: func },
  ({ f }) =>
    transformation(
      () => null,
      (updates, state, params) => [
        params === null ? map((u: unknown) => f(u, null), updates) : map(f, updates, [params]),
        state,
      ],
    ),
);
/** A transformation whose update takes further arguments: all of them do here. */
export const with_extra_args_support: (tx: GradientTransformation) => GradientTransformation = define(
  "optax.with_extra_args_support",
  { tx: transform },
  ({ tx }) => tx,
);

/** Updates times a number that a schedule gives for the count. */
export const scale_by_schedule: (
  ...args: Given<[step_size_fn: Schedule], [], { step_size_fn: Schedule }>
) => GradientTransformation = define(
  "optax.scale_by_schedule",
  { step_size_fn: func as Kind<Schedule> },
  ({ step_size_fn }) => rated(step_size_fn, false),
);
/** Updates over the norm of all together. */
export const normalize_by_update_norm: (
  ...args: Given<[], [scale_factor: number, eps: number], { scale_factor: number; eps: number }>
) => GradientTransformation = define(
  "optax.normalize_by_update_norm",
  { scale_factor: scalar.or(1), eps: scalar.or(1e-6) },
  ({ scale_factor, eps }) =>
    stateless((updates) => {
      const size = norm("normalize_by_update_norm", updates).add(eps).div(scale_factor);
      return map((u: JaxArray) => u.div(size), updates);
    }),
);
/** The norm of an array, at least min_norm. */
const lengthOf = (x: JaxArray): JaxArray => run(() => core.sqrt(core.sum(core.mul(x.core, x.core))));
/** Updates times the norm of their parameter, at least min_scale. */
export const scale_by_param_block_norm: (
  ...args: Given<[], [min_scale: number], { min_scale: number }>
) => GradientTransformation = define(
  "optax.scale_by_param_block_norm",
  { min_scale: scalar.or(1e-3) },
  ({ min_scale }) =>
    transformation(
      () => null,
      (updates, state, params) => {
        if (params === null) throw new ArgumentError({ op: "scale_by_param_block_norm", ...NO_PARAMS });
        return [map((u: JaxArray, p: JaxArray) => u.mul(maximum(lengthOf(p), min_scale)), updates, [params]), state];
      },
    ),
);

/** Norms of what one output sees: of linear layers, also of several heads, over the first axis, of convolutions over all but the last. */
function unitNorm(x: Tensor): Tensor {
  const squares = core.mul(x, x);
  if (x.shape.filter((extent) => extent !== 1).length <= 1) return core.sqrt(core.sum(squares));
  if (x.rank > 5)
    throw new ShapeError({
      op: "adaptive_grad_clip",
      argument: "params",
      expected: "1 to 5 dimensions",
      given: formatShape(x.shape),
    });
  const axes = x.rank <= 3 ? [0] : [...x.shape.keys()].slice(0, -1);
  return core.sqrt(core.sum(squares, { axes, keepdims: true }));
}
/** Updates cut so that, output by output, they are at most `clipping` times the parameters' norm. */
export const adaptive_grad_clip: (
  ...args: Given<[clipping: number], [eps: number], { clipping: number; eps: number }>
) => GradientTransformation = define(
  "optax.adaptive_grad_clip",
  { clipping: scalar, eps: scalar.or(1e-3), axis: only(null) },
  ({ clipping, eps }) =>
    transformation(
      () => null,
      (updates, state, params) => {
        if (params === null) throw new ArgumentError({ op: "adaptive_grad_clip", ...NO_PARAMS });
        const cut = (u: ArrayLike, p: ArrayLike): JaxArray => {
          const [g, w] = [inexact("adaptive_grad_clip", "updates", u), inexact("adaptive_grad_clip", "params", p)];
          const most = maximum(new JaxArray(unitNorm(w)), eps).mul(clipping);
          const size = new JaxArray(unitNorm(g));
          const scaled = most.mul(new JaxArray(g)).div(maximum(size, 1e-6));
          return where(size.less(most), new JaxArray(g), scaled);
        };
        return [map(cut, updates, [params]), state];
      },
    ),
);

type Seed = PRNGKeyArray | number | null;
const seed = new Kind<Seed>("a key or an integer", (x) => x instanceof PRNGKeyArray || Number.isSafeInteger(x));
const keyed = (fn: string, key: Seed, given: Seed): PRNGKeyArray => {
  if (key !== null && given !== null)
    throw new ArgumentError({ op: fn, argument: "seed", expected: "one of key and seed", given: "both" });
  const own = key ?? given ?? 0;
  return own instanceof PRNGKeyArray ? own : keyOf(own);
};
function noisy(eta: number, gamma: number, key: PRNGKeyArray): GradientTransformation {
  return counted(
    "add_noise",
    () => ({ rng_key: key }),
    (updates, { count, rng_key }) => {
      const deviation = computed((n) => Math.sqrt(eta / (n + 1) ** gamma), count);
      const [next, own] = split(rng_key as PRNGKeyArray) as [PRNGKeyArray, PRNGKeyArray];
      const leaves = leavesOf<JaxArray>(updates);
      const keys = split(own, leaves.length);
      const made = leaves.map((u, i) => u.add(normal(keys[i] as PRNGKeyArray, u.shape).mul(deviation)));
      return [unflatten(structureOf(updates), made), { rng_key: next }];
    },
  );
}
interface NoiseNamed {
  eta: number;
  gamma: number;
  key: Seed;
  seed: Seed;
}
/** Updates with normal noise of variance eta / (1 + count)^gamma. */
export const add_noise: (
  ...args: Given<[eta: number, gamma: number], [key: Seed], NoiseNamed>
) => GradientTransformation = define(
  "optax.add_noise",
  { eta: number, gamma: number, key: seed.or(null), "*": null, seed: seed.or(null) },
  ({ eta, gamma, key, seed }) => noisy(eta, gamma, keyed("add_noise", key, seed)),
);
/** Gradient descent with noise. */
export const noisy_sgd: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [eta: number, gamma: number, key: Seed],
    NoiseNamed & { learning_rate: ScalarOrSchedule }
  >
) => GradientTransformation = define(
  "optax.noisy_sgd",
  {
    learning_rate: scalarOrSchedule,
    eta: number.or(0.01),
    gamma: number.or(0.55),
    key: seed.or(null),
    "*": null,
    seed: seed.or(null),
  },
  ({ learning_rate, eta, gamma, key, seed }) =>
    chained([noisy(eta, gamma, keyed("noisy_sgd", key, seed)), rated(learning_rate, true)]),
);

/** Fromage: steps of the size of the parameters, which are then shrunk. `update` needs the parameters. */
export const fromage: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [min_norm: number],
    { learning_rate: ScalarOrSchedule; min_norm: number }
  >
) => GradientTransformation = define(
  "optax.fromage",
  { learning_rate: scalarOrSchedule, min_norm: scalar.or(1e-6) },
  ({ learning_rate, min_norm }) => {
    const factor = (rate: number): number => 1 / Math.sqrt(1 + rate ** 2);
    const at = (count: number): number => valueAt("fromage", "learning_rate", learning_rate, count);
    const of = (f: (rate: number) => number): ScalarOrSchedule =>
      typeof learning_rate === "function" ? (count) => f(at(count)) : computed(f, learning_rate);
    return chained([
      scale_by_trust_ratio(min_norm),
      rated(
        of((rate) => rate * factor(rate)),
        true,
      ),
      decayed(
        of((rate) => factor(rate) - 1),
        null,
      ),
    ]);
  },
);

type Variant = "sps" | "sps+";
interface PolyakNamed {
  f_min: number;
  max_learning_rate: number;
  eps: number;
  variant: Variant;
}
const polyak = ({ f_min, max_learning_rate, eps, variant }: PolyakNamed): GradientTransformation =>
  transformation(
    () => null,
    (updates, state, _params, { value }) => {
      if (value === undefined)
        throw new ArgumentError({
          op: "scale_by_polyak",
          argument: "value",
          expected: "the loss: update(updates, state, params, { value })",
          given: "none",
        });
      const size = norm("scale_by_polyak", updates);
      const square = size.mul(size).add(eps);
      const gap = run(() => core.sub(inexact("scale_by_polyak", "value", value), f_min));
      const above = variant === "sps+" ? maximum(gap, 0) : gap;
      const step = where(square.less_equal(1.1920929e-7), 0, minimum(above.div(square), max_learning_rate));
      return [map((u: JaxArray) => u.mul(step), updates), state];
    },
  );
const POLYAK = { eps: scalar.or(0), variant: oneOf("sps", "sps+").or("sps") } as const;
/** Updates times (loss - f_min) / |g|^2, at most max_learning_rate. `update` takes the loss as `value`. */
export const scale_by_polyak: (
  ...args: Given<[], [f_min: number, max_learning_rate: number, eps: number, variant: Variant], PolyakNamed>
) => GradientTransformation = define(
  "optax.scale_by_polyak",
  { f_min: scalar.or(0), max_learning_rate: scalar.or(1), ...POLYAK },
  polyak as never,
);
/** Gradient descent by Polyak's step. */
export const polyak_sgd: (
  ...args: Given<
    [],
    [max_learning_rate: number, scaling: ScalarOrSchedule, f_min: number, eps: number, variant: Variant],
    PolyakNamed & { scaling: ScalarOrSchedule }
  >
) => GradientTransformation = define(
  "optax.polyak_sgd",
  { max_learning_rate: scalar.or(1), scaling: scalarOrSchedule.or(1), f_min: scalar.or(0), ...POLYAK },
  ({ scaling, ...options }) => chained([rated(scaling, true), polyak(options as PolyakNamed)]),
);

/** step_size of the way from old parameters to new ones. */
export const incremental_update: <T>(new_tensors: T, old_tensors: T, step_size: number) => T = define(
  "optax.incremental_update",
  { new_tensors: treeKind, old_tensors: treeKind, step_size: scalar },
  ({ new_tensors, old_tensors, step_size }) => {
    const rest = computed((part) => 1 - part, step_size);
    return map((a: JaxArray, b: JaxArray) => a.mul(step_size).add(b.mul(rest)), new_tensors, [old_tensors]);
  },
) as never;
/** New parameters at every update_period-th step, old ones otherwise. */
export const periodic_update: <T>(new_tensors: T, old_tensors: T, steps: number, update_period: number) => T = define(
  "optax.periodic_update",
  { new_tensors: treeKind, old_tensors: treeKind, steps: scalar, update_period: int },
  ({ new_tensors, old_tensors, steps, update_period }) => {
    const flag = computed((n) => (n % update_period === 0 ? 1 : 0), steps);
    if (typeof flag === "number") return flag ? new_tensors : old_tensors;
    return map((a: JaxArray, b: JaxArray) => where((flag as Any).greater(0.5), a, b), new_tensors, [old_tensors]);
  },
) as never;
