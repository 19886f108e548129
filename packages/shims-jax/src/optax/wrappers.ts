// Transformations of optax made of others: for parts of the parameters, by name, over several steps.
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, int, isKeywords, Kind, number, only, show, signature } from "@facet/dialect";
import { type Given, tree as treeKind } from "../arguments.js";
import { type ArrayLike, JaxArray } from "../array.js";
import { where, zeros_like } from "../numpy/index.js";
import { hostNumber, TracedNumber } from "../traced_number.js";
import { leavesOf, map, register } from "../tree/pytree.js";
import { computed, type GradientTransformation, passed, refusedState, transformation } from "./base.js";
import { type Mask, NO_PARAMS, transform } from "./transforms.js";

// biome-ignore lint/suspicious/noExplicitAny: trees and states are whatever transformations make of them.
type Any = any;

/** A tree with null, which is no leaf, in the place of what a mask leaves out. */
const maskedBy = (mask: unknown, tree: unknown): Any =>
  map((mark: unknown, part: unknown) => (mark ? part : map(() => null, part)), mask, [tree]);

function masking(inner: GradientTransformation, mask: Mask): GradientTransformation {
  const marksOf = (tree: unknown): unknown => {
    const marks = typeof mask === "function" ? mask(tree) : mask;
    for (const mark of leavesOf(marks))
      if (typeof mark !== "boolean")
        throw new ArgumentError({ op: "masked", argument: "mask", expected: "booleans as leaves", given: show(mark) });
    return marks;
  };
  const none = (tree: unknown): boolean => leavesOf(tree).length === 0;
  return transformation(
    (params) => {
      const part = maskedBy(marksOf(params), params);
      return { inner_state: none(part) ? null : inner.init(part) };
    },
    (updates, state, params, extra_args) => {
      if (!isKeywords(state) || !("inner_state" in state)) throw refusedState("masked", state);
      const marks = marksOf(updates);
      const part = maskedBy(marks, updates);
      if (none(part)) return [updates, state];
      const own = params === null ? null : maskedBy(marks, params);
      const [made, inner_state] = inner.update(part, state.inner_state, own, ...passed(extra_args));
      const all = map((mark: unknown, a: unknown, b: unknown) => (mark ? a : b), marks, [made, updates]);
      return [all, { inner_state }];
    },
  );
}

const maskKind = func.either(treeKind);
/** A transformation of those parameters alone that a mask marks: a tree of booleans, or a function of the parameters that gives one. */
export const masked: (
  ...args: Given<[inner: GradientTransformation, mask: Mask], [], { inner: GradientTransformation; mask: Mask }>
) => GradientTransformation = define(
  "optax.masked",
  { inner: transform, mask: maskKind, "*": null, mask_compatible_extra_args: only(false) },
  ({ inner, mask }) => masking(inner, mask),
);

type Named = Readonly<Record<string, GradientTransformation>>;
const byName = new Kind<Named>(
  "transformations by label",
  (x) => isKeywords(x) && Object.values(x).every(transform.accepts),
  true,
);
const PARTS = {
  transforms: byName,
  param_labels: maskKind,
  "*": null,
  mask_compatible_extra_args: only(false),
} as const;

function parted(transforms: Named, param_labels: Mask): GradientTransformation {
  const labelsOf = (tree: unknown): unknown => {
    const labels = typeof param_labels === "function" ? param_labels(tree) : param_labels;
    for (const label of leavesOf(labels))
      if (!Object.hasOwn(transforms, label as string))
        throw new ArgumentError({
          op: "partition",
          argument: "param_labels",
          expected: `labels that have a transformation (${Object.keys(transforms).join(", ")})`,
          given: show(label),
        });
    return labels;
  };
  const of = (group: string): GradientTransformation =>
    masking(transforms[group] as GradientTransformation, (tree: unknown) =>
      map((label: unknown) => label === group, labelsOf(tree)),
    );
  const groups = Object.keys(transforms);
  return transformation(
    (params) => ({ inner_states: Object.fromEntries(groups.map((group) => [group, of(group).init(params)])) }),
    (updates, state, params, extra_args) => {
      if (!isKeywords(state) || !isKeywords(state.inner_states)) throw refusedState("partition", state);
      let current = updates;
      const inner_states: Record<string, unknown> = {};
      for (const group of groups) {
        const own = (state.inner_states as Record<string, unknown>)[group];
        [current, inner_states[group]] = of(group).update(current, own, params, ...passed(extra_args));
      }
      return [current, { inner_states }];
    },
  );
}
type Partition = (
  ...args: Given<
    [transforms: Named, param_labels: Mask],
    [],
    { transforms: Named; param_labels: Mask; mask_compatible_extra_args: false }
  >
) => GradientTransformation;
/** A transformation for each label; `param_labels` is a tree of labels, or a function of the parameters that gives one. */
export const partition: Partition = define("optax.partition", PARTS, ({ transforms, param_labels }) =>
  parted(transforms, param_labels),
);
/** The older name of partition. */
export const multi_transform: Partition = partition;

const pair = new Kind<readonly [string, GradientTransformation]>(
  "pairs of a name and a transformation",
  (x) => Array.isArray(x) && x.length === 2 && typeof x[0] === "string" && transform.accepts(x[1]),
);
/** Transformations one after another, whose states stand under their names. */
export const named_chain: (...args: readonly (readonly [string, GradientTransformation])[]) => GradientTransformation =
  define("optax.named_chain", { "*args": pair }, ({ args }) => {
    const list = args as unknown as readonly (readonly [string, GradientTransformation])[];
    if (new Set(list.map(([name]) => name)).size !== list.length)
      throw new ArgumentError({
        op: "named_chain",
        argument: "args",
        expected: "names of which no two are the same",
        given: list.map(([name]) => name).join(", "),
      });
    return transformation(
      (params) => Object.fromEntries(list.map(([name, own]) => [name, own.init(params)])),
      (updates, state, params, extra_args) => {
        let current = updates;
        const next: Record<string, unknown> = {};
        for (const [name, own] of list)
          [current, next[name]] = own.update(current, state[name], params, ...passed(extra_args));
        return [current, next];
      },
    );
  });

/** One of two states: arrays by a number that is 0 or 1 in this run, numbers of the host on the host. */
function chosen(flag: number, a: unknown, b: unknown): unknown {
  if (!((flag as unknown) instanceof TracedNumber)) return flag ? a : b;
  const mark = (flag as unknown as JaxArray).greater(0.5);
  return map(
    (x: Any, y: Any) => {
      if (x instanceof JaxArray && !(x instanceof TracedNumber)) return where(mark, x, y);
      return computed((on, now, other) => (on ? now : other), flag, x, y);
    },
    a,
    [b],
  );
}

interface MultiStepsState {
  mini_step: number;
  gradient_step: number;
  inner_opt_state: Any;
  acc_grads: Any;
  skip_state: null;
}
const readers = {
  make: signature("optax.MultiSteps", {
    opt: transform,
    every_k_schedule: int.where("1 or more", (k) => k >= 1).either(func),
    use_grad_mean: bool.or(true),
    should_skip_update_fn: only(null),
    accumulator_dtype: only("float32"),
  }),
  init: signature("optax.MultiSteps.init", { params: treeKind }),
  update: signature("optax.MultiSteps.update", {
    updates: treeKind,
    state: treeKind,
    params: treeKind.or(null),
    "**extra_args": null,
  }),
  has_updated: signature("optax.MultiSteps.has_updated", { state: treeKind }),
  gradient_transformation: signature("optax.MultiSteps.gradient_transformation", {}),
};

/** optax.MultiSteps: gathers gradients over k steps (their mean, or sum), then updates once; in between updates are zeros. */
export class MultiSteps {
  readonly inner_opt: GradientTransformation;
  readonly #own: GradientTransformation;

  constructor(
    ...args: Given<
      [opt: GradientTransformation, every_k_schedule: number | ((step: number) => number)],
      [use_grad_mean: boolean],
      { opt: GradientTransformation; every_k_schedule: number | ((step: number) => number); use_grad_mean: boolean }
    >
  ) {
    const { opt, every_k_schedule, use_grad_mean } = readers.make(args);
    this.inner_opt = opt;
    this.#own = gathering(opt, every_k_schedule as number | ((step: number) => number), use_grad_mean);
  }
  init(...args: [params: unknown]): MultiStepsState {
    const { params } = readers.init(args);
    return this.#own.init(params);
  }
  update(
    ...args: [updates: Any, state: MultiStepsState, params?: unknown, extra_args?: object]
  ): [updates: Any, state: MultiStepsState] {
    const { updates, state, params, extra_args } = readers.update(args);
    return this.#own.update(updates, state, params, ...passed(extra_args as Record<string, Any>)) as [Any, Any];
  }
  /** Whether the last update was of k gradients. */
  has_updated(...args: [state: MultiStepsState]): boolean {
    const { mini_step, gradient_step } = readers.has_updated(args).state as MultiStepsState;
    return hostNumber(mini_step) === 0 && hostNumber(gradient_step) > 0;
  }
  gradient_transformation(...args: []): GradientTransformation {
    readers.gradient_transformation(args);
    return this.#own;
  }
}

function gathering(
  opt: GradientTransformation,
  every: number | ((step: number) => number),
  mean: boolean,
): GradientTransformation {
  return transformation(
    (params) => ({
      mini_step: 0,
      gradient_step: 0,
      inner_opt_state: opt.init(params),
      acc_grads: map((p: ArrayLike) => zeros_like(p), params),
      skip_state: null,
    }),
    (updates, state, params, extra_args) => {
      if (!isKeywords(state) || !("mini_step" in state)) throw refusedState("MultiSteps", state);
      const { mini_step, gradient_step, inner_opt_state, acc_grads } = state as unknown as MultiStepsState;
      const k = typeof every === "number" ? every : computed((step) => every(step), gradient_step);
      const emit = computed((step, most) => (step === most - 1 ? 1 : 0), mini_step, k);
      const part = computed((step) => 1 / (step + 1), mini_step);
      const gathered = map(
        (g: JaxArray, sum: JaxArray) => (mean ? sum.add(g.sub(sum).mul(part)) : sum.add(g)),
        updates,
        [acc_grads],
      );
      const next = {
        mini_step: computed((step, most) => (step + 1) % most, mini_step, k),
        gradient_step: computed((step, on) => step + on, gradient_step, emit),
        skip_state: null,
      };
      // On the host it is known whether this is the k-th: the others cost no update.
      if (!((emit as unknown) instanceof TracedNumber) && !emit)
        return [map((g: ArrayLike) => zeros_like(g), gathered), { ...next, inner_opt_state, acc_grads: gathered }];
      const [made, after] = opt.update(gathered, inner_opt_state, params, ...passed(extra_args));
      const rest = computed((on) => 1 - on, emit);
      return [
        map((u: JaxArray) => u.mul(emit), made),
        {
          ...next,
          inner_opt_state: chosen(emit, after, inner_opt_state),
          acc_grads: map((sum: JaxArray) => sum.mul(rest), gathered),
        },
      ];
    },
  );
}

/** Sums of k updates at every k-th step, zeros in between. */
export const apply_every: (...args: Given<[], [k: number], { k: number }>) => GradientTransformation = define(
  "optax.apply_every",
  { k: int.where("1 or more", (k) => k >= 1).or(1) },
  ({ k }) =>
    transformation(
      (params) => ({ count: 0, grad_acc: map((p: ArrayLike) => zeros_like(p), params) }),
      (updates, state) => {
        if (!isKeywords(state) || !("grad_acc" in state)) throw refusedState("apply_every", state);
        const count = state.count as number;
        const keep = computed((c) => (c % k === 0 ? 0 : 1), count);
        const emit = computed((c) => (c % k === k - 1 ? 1 : 0), count);
        const grad_acc = map((g: JaxArray, sum: JaxArray) => g.add(sum.mul(keep)), updates, [state.grad_acc]);
        const made = map((sum: JaxArray) => sum.mul(emit), grad_acc);
        return [made, { count: computed((c) => (c + 1) % k, count), grad_acc }];
      },
    ),
);

const readParams = signature("optax.LookaheadParams", { fast: treeKind, slow: treeKind });
const readSynced = signature("optax.LookaheadParams.init_synced", { params: treeKind });
/** optax.LookaheadParams: parameters that are trained, and those that follow every few steps. */
export class LookaheadParams {
  readonly fast: Any;
  readonly slow: Any;
  constructor(...args: [fast: unknown, slow: unknown] | [{ fast: unknown; slow: unknown }]) {
    const { fast, slow } = readParams(args);
    this.fast = fast;
    this.slow = slow;
  }
  static init_synced(...args: [params: unknown]): LookaheadParams {
    const { params } = readSynced(args);
    return new LookaheadParams(params, params);
  }
}
register(
  LookaheadParams as never,
  ({ fast, slow }: LookaheadParams) => [[fast, slow], null] as const,
  (_, [fast, slow]) => new LookaheadParams(fast, slow),
);

interface LookaheadNamed {
  fast_optimizer: GradientTransformation;
  sync_period: number;
  slow_step_size: number;
  reset_state: boolean;
}
/** optax.lookahead: every `sync_period` steps slow parameters go a part of the way to the fast ones, which begin again from there. */
export const lookahead: (
  ...args: Given<
    [fast_optimizer: GradientTransformation, sync_period: number, slow_step_size: number],
    [reset_state: boolean],
    LookaheadNamed
  >
) => GradientTransformation = define(
  "optax.lookahead",
  {
    fast_optimizer: transform,
    sync_period: int.where("1 or more", (n) => n >= 1),
    slow_step_size: number,
    reset_state: bool.or(false),
  },
  ({ fast_optimizer, sync_period, slow_step_size, reset_state }) =>
    transformation(
      (params) => ({
        fast_state: fast_optimizer.init(params instanceof LookaheadParams ? params.fast : params),
        steps_since_sync: 0,
      }),
      (updates, state, params, extra_args) => {
        if (!isKeywords(state) || !("fast_state" in state)) throw refusedState("lookahead", state);
        if (!(params instanceof LookaheadParams))
          throw new ArgumentError({ op: "lookahead", ...NO_PARAMS, expected: "LookaheadParams", given: show(params) });
        const { fast, slow } = params;
        const [made, after] = fast_optimizer.update(updates, state.fast_state, fast, ...passed(extra_args));
        const steps = state.steps_since_sync as number;
        const sync = computed((n) => (n === sync_period - 1 ? 1 : 0), steps);
        const ahead = map((f: JaxArray, u: JaxArray, s: JaxArray) => f.add(u).sub(s), fast, [made, slow]);
        const part = (size: number): number => computed((on) => on * size, sync);
        const slow_updates = map((d: JaxArray) => d.mul(part(slow_step_size)), ahead);
        const fast_updates = map((u: JaxArray, d: JaxArray) => u.sub(d.mul(part(1 - slow_step_size))), made, [ahead]);
        const fast_state = reset_state ? chosen(sync, fast_optimizer.init(fast), after) : after;
        return [
          new LookaheadParams(fast_updates, slow_updates),
          { fast_state, steps_since_sync: computed((n) => (n + 1) % sync_period, steps) },
        ];
      },
    ),
);
