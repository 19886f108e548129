// Transformations of optax: what they make of the updates, one after another.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor } from "@facet/autograd";
import { bool, define, func, isKeywords, Kind, number, only, show } from "@facet/dialect";
import { arrayLike, type Given, tree as treeKind } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { minusOf, plus, times } from "../numpy/elementwise.js";
import { derived, hostNumber } from "../traced_number.js";
import { FlatTree } from "../tree/flat_tree.js";
import { norm } from "../tree/norm.js";
import { map } from "../tree/pytree.js";
import {
  type GradientTransformation,
  increment,
  passed,
  refusedState,
  stateless,
  stateOf,
  transformation,
} from "./base.js";
import { type ScalarOrSchedule, scalar, scalarOrSchedule, valueAt, valueFor } from "./schedules.js";

interface AdamOptions {
  b1: number;
  b2: number;
  eps: number;
  eps_root: number;
  nesterov: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: settings are contravariant in the functions of a row, so no narrower type holds every row.
type AnyRow = core.OptimizerRow<any, any>;

/**
 * Updates of a row of the core's optimisers, which is run on zeros: what an in-place step would add, to the bit. `states` has
 * optax' names by the core's; `settings` are asked for in every run. States that begin with the learning rate get `initialRate`.
 */
export const rowTransform = (
  fn: string,
  row: AnyRow,
  states: Readonly<Record<string, string>>,
  learning_rate: ScalarOrSchedule,
  settings: () => object,
  initialRate = 1,
): GradientTransformation =>
  transformation(
    (params) => {
      const tree = FlatTree.from(params, fn);
      const initial = row.initial?.({ lr: initialRate, ...settings() }) ?? {};
      const made = Object.entries(states).map(([name, own]) => [own, tree.full(Number(initial[name] ?? 0))]);
      return { count: 0, ...Object.fromEntries(made) };
    },
    (updates, given) => {
      const names = Object.values(states);
      const state = stateOf(fn, given, ...names) as { count: number } & Record<string, FlatTree>;
      const g = (state[names[0] as string] as FlatTree).like(updates, fn, "updates");
      const u = g.zeros();
      const next = Object.fromEntries(names.map((own) => [own, (state[own] as FlatTree).copy()]));
      const flats = Object.fromEntries(Object.entries(states).map(([name, own]) => [name, next[own]?.flat]));
      core.optimizerUpdate(row, u.flat, g.flat, flats, () => ({
        ...settings(),
        step: hostNumber(state.count) + 1,
        lr: valueAt(fn, "learning_rate", learning_rate, state.count),
      }));
      return [u.tree(), { count: increment(state.count), ...next }];
    },
  );

export const moments = {
  b1: scalar.or(0.9),
  b2: scalar.or(0.999),
  eps: scalar.or(1e-8),
  eps_root: scalar.or(0),
} as const;
export const mu_dtype = only(null, "float32");
export const nesterov = bool.or(false);

export interface AdamNamed extends AdamOptions {
  mu_dtype: "float32" | null;
  nesterov: boolean;
}
export type AdamRest = [b1: number, b2: number, eps: number, eps_root: number, mu_dtype: "float32" | null];

/** Adam's updates; with `nesterov` those of NAdam. */
export function adamTransform(fn: string, learning_rate: ScalarOrSchedule, o: AdamOptions): GradientTransformation {
  const rates = () => ({ beta1: hostNumber(o.b1), beta2: hostNumber(o.b2), eps: hostNumber(o.eps) });
  const states = { m: "mu", v: "nu" };
  if (o.nesterov)
    return rowTransform(fn, core.nadam, states, learning_rate, () => ({
      ...rates(),
      lookAhead: "constant",
      epsRoot: hostNumber(o.eps_root),
    }));
  return rowTransform(fn, core.adam, states, learning_rate, () => ({
    ...rates(),
    ...(hostNumber(o.eps_root) === 0 ? { epsMode: "torch" } : { epsMode: "root", epsRoot: hostNumber(o.eps_root) }),
  }));
}

/** A direction before any learning rate: what a step of rate 1 would take away. */
export const direction = (step: GradientTransformation): GradientTransformation => chained([step, scaled(-1)]);

export const adamDirection = (options: AdamOptions): GradientTransformation =>
  direction(adamTransform("scale_by_adam", 1, options));

/** Adam's direction before any learning rate. */
export const scale_by_adam: (...args: Given<[], AdamRest, AdamNamed>) => GradientTransformation = define(
  "optax.scale_by_adam",
  { ...moments, mu_dtype, "*": null, nesterov },
  adamDirection,
);

/** A tree of booleans like the parameters or their upper part, or a function of the parameters that gives one. */
export type Mask = unknown;
export const maskKind = func.either(treeKind).or(null);

/** Transformations one after another; the state is the list of theirs. */
export const chained = (transforms: readonly GradientTransformation[]): GradientTransformation =>
  transformation(
    (params) => transforms.map((transform) => transform.init(params)),
    (updates, state: unknown, params, extra_args) => {
      if (!Array.isArray(state) || state.length !== transforms.length) throw refusedState("chain", state);
      let current = updates;
      const states = transforms.map((transform, i) => {
        const [next, own] = transform.update(current, state[i], params, ...passed(extra_args));
        current = next;
        return own;
      });
      return [current, states];
    },
  );

export const transform = new Kind<GradientTransformation>(
  "gradient transformations, { init, update }",
  (x) => isKeywords(x) && ["init", "update"].every((name) => Object.hasOwn(x, name) && typeof x[name] === "function"),
  true,
);
/** Transformations one after another; the state is the list of theirs. */
export const chain: (...args: GradientTransformation[]) => GradientTransformation = define(
  "optax.chain",
  { "*args": transform },
  ({ args }) => chained(args as unknown as readonly GradientTransformation[]),
);

export const scaled = (step_size: ArrayLike): GradientTransformation =>
  stateless((updates) => map((u: ArrayLike) => (step_size === -1 ? minusOf(u) : times(u, step_size)), updates));

/** Updates times a number. */
export const scale: (...args: Given<[step_size: ArrayLike], [], { step_size: ArrayLike }>) => GradientTransformation =
  define("optax.scale", { step_size: arrayLike }, ({ step_size }) => scaled(step_size));

export const rated = (learning_rate: ScalarOrSchedule, flip_sign: boolean): GradientTransformation =>
  transformation(
    () => ({ count: 0 }),
    (updates, state) => {
      const { count } = stateOf("scale_by_learning_rate", state);
      const signed = (now: number): number => {
        const rate = valueAt("scale_by_learning_rate", "learning_rate", learning_rate, now);
        return flip_sign ? -rate : rate;
      };
      const step = derived(count, signed);
      return [map((u: ArrayLike) => times(u, step), updates), { count: increment(count) }];
    },
  );

/** Updates times minus the learning rate; times the learning rate itself when `flip_sign` is false. */
export const scale_by_learning_rate: (
  ...args: Given<
    [],
    [learning_rate: ScalarOrSchedule | null],
    { learning_rate: ScalarOrSchedule | null; flip_sign: boolean }
  >
) => GradientTransformation = define(
  "optax.scale_by_learning_rate",
  { learning_rate: scalarOrSchedule.or(null), "*": null, flip_sign: bool.or(true) },
  ({ learning_rate, flip_sign }) =>
    learning_rate === null ? stateless((updates) => updates) : rated(learning_rate, flip_sign),
);

/** f of the updates and parameters that a mask marks; the others' updates as they are. */
function where(fn: string, mask: Mask, updates: unknown, params: unknown, f: (u: ArrayLike, p: ArrayLike) => JaxArray) {
  if (mask === null) return map(f, updates, [params]);
  const marks = typeof mask === "function" ? mask(updates) : mask;
  const marked = (mark: unknown, u: unknown, p: unknown): unknown => {
    if (typeof mark === "boolean") return mark ? map(f, u, [p]) : u;
    throw new ArgumentError({ op: fn, argument: "mask", expected: "booleans as leaves", given: show(mark) });
  };
  return map(marked, marks, [updates, params]);
}

export const NO_PARAMS = {
  argument: "params",
  expected: "the parameters: update(updates, state, params)",
  given: "none",
};

/** A transformation without state that makes updates of updates and parameters, array by array. */
export const ofParameters = (fn: string, mask: Mask, f: (u: Tensor, p: Tensor) => Tensor): GradientTransformation =>
  transformation(
    () => null,
    (updates, state, params) => {
      if (params === null) throw new ArgumentError({ op: fn, ...NO_PARAMS });
      const of = (u: ArrayLike, p: ArrayLike) => run(() => f(inexact(fn, "updates", u), inexact(fn, "params", p)));
      return [where(fn, mask, updates, params, of), state];
    },
  );

export const decayed = (weight_decay: ScalarOrSchedule, mask: Mask): GradientTransformation => {
  const fn = "add_decayed_weights";
  const counts = typeof weight_decay === "function";
  return transformation(
    () => (counts ? { count: 0 } : null),
    (updates, state, params) => {
      if (params === null) throw new ArgumentError({ op: fn, ...NO_PARAMS });
      const { count } = counts ? stateOf(fn, state) : { count: 0 };
      const next = counts ? { count: increment(count) } : state;
      if (weight_decay === 0) return [updates, next];
      const rate = valueFor(fn, "weight_decay", weight_decay, count);
      return [where(fn, mask, updates, params, (u, p) => plus(u, times(p, rate))), next];
    },
  );
};

/** Updates plus weight_decay times the parameters, for those that `mask` marks. */
export const add_decayed_weights: (
  ...args: Given<[], [weight_decay: ScalarOrSchedule, mask: Mask], { weight_decay: ScalarOrSchedule; mask: Mask }>
) => GradientTransformation = define(
  "optax.add_decayed_weights",
  { weight_decay: scalarOrSchedule.or(0), mask: maskKind },
  ({ weight_decay, mask }) => decayed(weight_decay, mask),
);

/** Updates scaled down so that the norm of all together is at most max_norm. */
export const clip_by_global_norm: (
  ...args: Given<[max_norm: ArrayLike], [], { max_norm: ArrayLike }>
) => GradientTransformation = define("optax.clip_by_global_norm", { max_norm: arrayLike }, ({ max_norm }) =>
  stateless((updates) => {
    const fn = "clip_by_global_norm";
    const size = norm(fn, updates).core;
    const most = inexact(fn, "max_norm", max_norm);
    const small = core.less(size, most);
    const cut = (u: Tensor) => core.where(small, u, core.mul(core.div(u, size), most));
    return map((u: ArrayLike) => run(() => cut(inexact(fn, "updates", u))), updates);
  }),
);

/** Updates with each element cut to [-max_delta, max_delta]. */
export const clip: (...args: Given<[max_delta: number], [], { max_delta: number }>) => GradientTransformation = define(
  "optax.clip",
  { max_delta: number },
  ({ max_delta }) =>
    stateless((updates) =>
      map((u: ArrayLike) => run(() => core.clamp(inexact("clip", "updates", u), -max_delta, max_delta)), updates),
    ),
);
