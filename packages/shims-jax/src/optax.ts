// optax: gradient transformations { init, update } and losses.
export {
  l2_loss,
  sigmoid_binary_cross_entropy,
  smooth_labels,
  softmax_cross_entropy,
  softmax_cross_entropy_with_integer_labels,
  squared_error,
} from "./optax_losses.js";

import * as core from "@facet/autograd";
import { ArgumentError, scope, type Tensor } from "@facet/autograd";
import { type JaxArray, run } from "./array.js";
import { l2_norm } from "./example_libraries/optimizers.js";
import { FlatTree } from "./flat_tree.js";
import { add, multiply, negative } from "./numpy/elementwise.js";
import { describe, isKeywords, type Keywords, keywords } from "./options.js";
import { derived, hostNumber } from "./traced_number.js";
import { tree_map } from "./tree_util.js";

// biome-ignore lint/suspicious/noExplicitAny: trees and states are whatever the transformation makes of them.
type Any = any;

/** A number, or a function of how many updates there have been. */
export type ScalarOrSchedule = number | ((count: number) => number);

export interface GradientTransformation {
  /** State for parameters of this tree. */
  init: (params: Any) => Any;
  /** [updates, state]: what to add to the parameters. `params` is needed by those that decay weights. */
  update: <T>(updates: T, state: Any, params?: unknown) => [updates: T, state: Any];
}

const at = (value: ScalarOrSchedule, count: number): number =>
  typeof value === "function" ? value(hostNumber(count)) : value;

/** The next count of a state. */
const increment = (count: number): number => derived(count, (now) => now + 1);

interface AdamOptions {
  b1: number;
  b2: number;
  eps: number;
  eps_root: number;
}
const ADAM: AdamOptions = { b1: 0.9, b2: 0.999, eps: 1e-8, eps_root: 0 };
const ADAM_REFUSED = { mu_dtype: undefined, nesterov: false };

/** Adam's updates through the fused kernel, run on zeros: what an in-place step would add, to the bit. */
function adamTransform(fn: string, learning_rate: ScalarOrSchedule, o: AdamOptions): GradientTransformation {
  return {
    init: (params) =>
      scope(() => {
        const mu = FlatTree.from(params, fn).zeros();
        return { count: 0, mu, nu: mu.zeros() };
      }),
    update: (updates, state: { count: number; mu: FlatTree; nu: FlatTree }) =>
      scope(() => {
        const g = stateTree(fn, state?.mu).like(updates, fn, "updates");
        const [u, mu, nu] = [g.zeros(), state.mu.copy(), state.nu.copy()];
        const settings = (): core.AdamSettings & { step: number } => ({
          step: hostNumber(state.count) + 1,
          lr: at(learning_rate, state.count),
          beta1: o.b1,
          beta2: o.b2,
          eps: o.eps,
          ...(o.eps_root === 0 ? { epsMode: "torch" } : { epsMode: "root", epsRoot: o.eps_root }),
        });
        core.adamUpdate(u.flat, g.flat, mu.flat, nu.flat, undefined, settings);
        return [u.tree() as typeof updates, { count: increment(state.count), mu, nu }];
      }),
  };
}

function stateTree(fn: string, tree: unknown): FlatTree {
  if (tree instanceof FlatTree) return tree;
  throw new ArgumentError({
    op: fn,
    argument: "state",
    expected: "a state made by init or update",
    given: describe(tree),
  });
}

/** Options in their places or by name. */
function adamOptions(
  fn: string,
  b1: number | Keywords<AdamOptions> | undefined,
  rest: (number | undefined)[],
): AdamOptions {
  const [b2, eps, eps_root] = rest;
  const given = isKeywords(b1) ? (b1 as Keywords<AdamOptions>) : ({ b1, b2, eps, eps_root } as Keywords<AdamOptions>);
  return keywords(fn, given, ADAM, ADAM_REFUSED);
}

/** Adam: `adam(1e-3)`, `adam(1e-3, 0.9, 0.999, 1e-8)` or `adam(1e-3, { b1: 0.8 })`. eps_root is added under the root. */
export function adam(
  learning_rate: ScalarOrSchedule,
  b1?: number | Keywords<AdamOptions>,
  b2?: number,
  eps?: number,
  eps_root?: number,
): GradientTransformation {
  return adamTransform("adam", learning_rate, adamOptions("adam", b1, [b2, eps, eps_root]));
}

/** Adam's direction before any learning rate. */
export function scale_by_adam(
  b1?: number | Keywords<AdamOptions>,
  b2?: number,
  eps?: number,
  eps_root?: number,
): GradientTransformation {
  const options = adamOptions("scale_by_adam", b1, [b2, eps, eps_root]);
  return chain(adamTransform("scale_by_adam", 1, options), scale(-1));
}

/** Adam with decoupled weight decay (default 1e-4). `update` needs the parameters. */
export function adamw(
  learning_rate: ScalarOrSchedule,
  options?: Keywords<AdamOptions & { weight_decay: number }>,
): GradientTransformation {
  const { weight_decay, ...rest } = keywords(
    "adamw",
    options,
    { ...ADAM, weight_decay: 1e-4 },
    { ...ADAM_REFUSED, mask: undefined },
  );
  return chain(scale_by_adam(rest), add_decayed_weights(weight_decay), scale_by_learning_rate(learning_rate));
}

/** Gradient descent; with `momentum` along trace = g + momentum trace, with `nesterov` along g + momentum trace. */
export function sgd(
  learning_rate: ScalarOrSchedule,
  momentum?: number | null | Keywords<{ momentum: number | null; nesterov: boolean }>,
  nesterov = false,
): GradientTransformation {
  const options = keywords<{ momentum: number | null; nesterov: boolean }>(
    "sgd",
    isKeywords(momentum) ? momentum : { momentum: momentum as number | null | undefined, nesterov },
    { momentum: null, nesterov: false },
    { accumulator_dtype: undefined },
  );
  const decay = options.momentum ?? 0;
  return {
    init: (params) => scope(() => ({ count: 0, trace: FlatTree.from(params, "sgd").zeros() })),
    update: (updates, state: { count: number; trace: FlatTree }) =>
      scope(() => {
        const g = stateTree("sgd", state?.trace).like(updates, "sgd", "updates");
        const [u, trace] = [g.zeros(), decay === 0 ? state.trace : state.trace.copy()];
        const settings = () => ({
          step: hostNumber(state.count) + 1,
          lr: at(learning_rate, state.count),
          momentum: decay,
          nesterov: decay !== 0 && options.nesterov,
        });
        core.sgdUpdate(u.flat, g.flat, decay === 0 ? undefined : trace.flat, settings);
        return [u.tree() as typeof updates, { count: increment(state.count), trace }];
      }),
  };
}

/** Transformations one after another; the state is the list of theirs. */
export const chain = (...transforms: GradientTransformation[]): GradientTransformation => ({
  init: (params) => transforms.map((transform) => transform.init(params)),
  update: (updates, state: readonly unknown[], params) =>
    scope(() => {
      let current = updates;
      const states = transforms.map((transform, i) => {
        const [next, own] = transform.update(current, state[i], params);
        current = next;
        return own;
      });
      return [current, states];
    }),
});

const stateless = (update: (updates: Any, params: unknown) => Any): GradientTransformation => ({
  init: () => null,
  update: (updates, state, params) => [scope(() => update(updates, params)), state],
});

/** Updates times a number. */
export const scale = (step_size: number): GradientTransformation =>
  stateless((updates) => tree_map((u: JaxArray) => (step_size === -1 ? negative(u) : multiply(u, step_size)), updates));

/** Updates times minus the learning rate. */
export const scale_by_learning_rate = (learning_rate: ScalarOrSchedule): GradientTransformation => ({
  init: () => ({ count: 0 }),
  update: (updates, { count }: { count: number }) => [
    scope(() => {
      const step = derived(count, (now) => -at(learning_rate, now), "float32");
      return tree_map((u: JaxArray) => multiply(u, step), updates);
    }),
    { count: increment(count) },
  ],
});

/** Updates plus weight_decay times the parameters. */
export const add_decayed_weights = (weight_decay = 0): GradientTransformation =>
  stateless((updates, params) => {
    if (params === undefined)
      throw new ArgumentError({
        op: "add_decayed_weights",
        argument: "params",
        expected: "the parameters: update(updates, state, params)",
        given: "none",
      });
    return tree_map((u: JaxArray, p: JaxArray) => add(u, multiply(p, weight_decay)), updates, params);
  });

/** Updates scaled down so that the norm of all together is at most max_norm. */
export const clip_by_global_norm = (max_norm: number): GradientTransformation =>
  stateless((updates) => {
    const norm = l2_norm(updates).core;
    const small = core.less(norm, max_norm);
    const cut = (u: Tensor) => core.where(small, u, core.mul(core.div(u, norm), max_norm));
    return tree_map((u: JaxArray) => run(() => cut(u.core)), updates);
  });

/** Updates with each element cut to [-max_delta, max_delta]. */
export const clip = (max_delta: number): GradientTransformation =>
  stateless((updates) => tree_map((u: JaxArray) => run(() => core.clamp(u.core, -max_delta, max_delta)), updates));

/** Root of the sum of the squares of all elements of a tree. */
export const global_norm = (updates: unknown): JaxArray => l2_norm(updates);

/** params + updates, leaf by leaf. */
export const apply_updates = <T>(params: T, updates: T): T =>
  tree_map((p: JaxArray, u: JaxArray) => add(p, u), params, updates);

/** A learning rate that does not change. */
export const constant_schedule =
  (value: number): ((count: number) => number) =>
  () =>
    value;

/** init_value decay_rate^(count / transition_steps). */
export const exponential_decay =
  (init_value: number, transition_steps: number, decay_rate: number): ((count: number) => number) =>
  (count) =>
    init_value * decay_rate ** (count / transition_steps);
