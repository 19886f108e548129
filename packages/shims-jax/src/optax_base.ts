// What a gradient transformation of optax is, and the state it keeps.
import { ArgumentError } from "@facet/autograd";
import { isKeywords, type Keywords, show, signature } from "@facet/dialect";
import { tree as treeKind } from "./arguments.js";
import { FlatTree } from "./flat_tree.js";
import { derived, TracedNumber } from "./traced_number.js";
import { treeScope } from "./tree_scope.js";

// biome-ignore lint/suspicious/noExplicitAny: trees and states are whatever the transformation makes of them.
type Any = any;

type Update = <T>(
  updates: T,
  state: Any,
  ...params: [] | [params: unknown] | [options: Keywords<{ params: unknown }>]
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
  update: (updates: Any, state: Any, params: unknown) => [unknown, unknown],
): GradientTransformation {
  return {
    init: (...args) => treeScope("init", () => init(readInit(args).params)),
    update: ((...args: unknown[]) => {
      const { updates, state, params } = updateArguments(args);
      return treeScope("update", () => update(updates, state, params));
    }) as Update,
  };
}

/** The next count of a state. */
export const increment = (count: number): number => derived(count, (now) => now + 1);

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
