// What a gradient transformation of optax is, and the state it keeps.
import { ArgumentError } from "@facet/autograd";
import { isKeywords, type Keywords, show, signature } from "@facet/dialect";
import { tree as treeKind } from "../arguments.js";
import { derived, hostNumber, TracedNumber } from "../traced_number.js";
import { FlatTree } from "../tree/flat_tree.js";
import { treeScope } from "../tree/scope.js";

// biome-ignore lint/suspicious/noExplicitAny: trees and states are whatever the transformation makes of them.
type Any = any;

type Update = <T>(
  updates: T,
  state: Any,
  ...params:
    | []
    | [params: unknown, extra_args?: Readonly<Record<string, Any>>]
    | [options: Keywords<{ params: unknown }>]
) => [updates: T, state: Any];
export interface GradientTransformation {
  /** State for parameters of this tree. */
  readonly init: (params: Any) => Any;
  /** [updates, state]: what to add to the parameters. `params` is needed by those that decay weights. */
  readonly update: Update;
}

const readInit = signature("optax.GradientTransformation.init", { params: treeKind });
const readUpdate = signature("optax.GradientTransformation.update", {
  updates: treeKind,
  state: treeKind,
  params: treeKind.or(null),
  "**extra_args": null,
});

/** Arguments of update. Parameters that are themselves a tree { params } look like a keyword, but for the updates' shape. */
function updateArguments(args: readonly unknown[]) {
  const [updates, state, params] = args;
  const wrapped = (tree: unknown): tree is { params: unknown } =>
    isKeywords(tree) && Object.keys(tree).join() === "params";
  const isTree = args.length === 3 && wrapped(updates) && wrapped(params) && !wrapped(params.params);
  return readUpdate(isTree ? [updates, state, { params }] : args);
}

export function transformation(
  init: (params: unknown) => unknown,
  update: (updates: Any, state: Any, params: unknown, extra_args: Readonly<Record<string, Any>>) => [unknown, unknown],
): GradientTransformation {
  return {
    init: (...args) => treeScope("init", () => init(readInit(args).params)),
    update: ((...args: unknown[]) => {
      const { updates, state, params, extra_args } = updateArguments(args);
      return treeScope("update", () => update(updates, state, params, extra_args as Readonly<Record<string, Any>>));
    }) as Update,
  };
}

/** The next count of a state. */
export const increment = (count: number): number => derived(count, (now) => now + 1);

/** A number of numbers, some of which may be traced: then it is computed anew in every run. */
export const computed = (f: (...now: number[]) => number, ...given: readonly number[]): number =>
  given.some((x) => (x as unknown) instanceof TracedNumber)
    ? (new TracedNumber(() => f(...given.map(hostNumber))) as unknown as number)
    : f(...given);

/** Further arguments as update takes them: nothing where there are none. */
export const passed = (extra_args: Readonly<Record<string, Any>>): [] | [Readonly<Record<string, Any>>] =>
  Object.keys(extra_args).length === 0 ? [] : [extra_args];

/** A transformation with a count and trees of its own by name. */
export const counted = (
  fn: string,
  initial: (params: Any) => Record<string, unknown>,
  update: (
    updates: Any,
    state: Record<string, Any> & { count: number },
    params: unknown,
    extra_args: Readonly<Record<string, Any>>,
  ) => [updates: unknown, state: Record<string, unknown>],
): GradientTransformation =>
  transformation(
    (params) => ({ count: 0, ...initial(params) }),
    (updates, state, params, extra_args) => {
      if (!isKeywords(state) || !("count" in state)) throw refusedState(fn, state);
      const [made, next] = update(updates, state as Record<string, Any> & { count: number }, params, extra_args);
      return [made, { count: increment(state.count as number), ...next }];
    },
  );

const STATE = "a state made by init or update";
export const refusedState = (fn: string, state: unknown): ArgumentError =>
  new ArgumentError({ op: fn, argument: "state", expected: STATE, given: show(state) });

/** The count of a state and its trees by name. */
export function stateOf<Name extends string = never>(
  fn: string,
  state: unknown,
  ...names: readonly Name[]
): { count: number } & Record<Name, FlatTree> {
  const parts = isKeywords(state) ? state : {};
  const counts = typeof parts.count === "number" || parts.count instanceof TracedNumber;
  if (counts && names.every((name) => parts[name] instanceof FlatTree)) return parts as never;
  throw refusedState(fn, state);
}

export const stateless = (update: (updates: unknown) => unknown): GradientTransformation =>
  transformation(
    () => null,
    (updates, state) => [update(updates), state],
  );
