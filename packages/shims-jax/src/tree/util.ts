// jax.tree_util, and jax.tree, which has its functions under short names.
import "../start.js";
import { ArgumentError } from "@facet/autograd";
import { func, show } from "@facet/dialect";
import { type Given, tree } from "../arguments.js";
import * as classes from "./classes.js";
import { is_leaf, type Leafy, named, treedef } from "./names.js";
import { paths, short as pathsShort } from "./paths.js";
import { flatten, type IsLeaf, leaves, leavesOf, map, PyTreeDef, structureOf, unflatten } from "./pytree.js";

export * from "./classes.js";
export {
  DictKey,
  FlattenedIndexKey,
  GetAttrKey,
  type KeyEntry,
  type KeyPath,
  keystr,
  SequenceKey,
  tree_flatten_with_path,
  tree_leaves_with_path,
  tree_map_with_path,
} from "./paths.js";
export { type IsLeaf, type PyTree, PyTreeDef } from "./pytree.js";

type OfTree<T> = (...args: Given<[tree: unknown], [is_leaf: IsLeaf | null], Leafy & { tree: unknown }>) => T;
type TreeArguments = Parameters<OfTree<void>>;
/** Leaves are of whatever type the caller says. */
type Flatten = <L = unknown>(...args: TreeArguments) => [leaves: L[], treedef: PyTreeDef];
type Leaves = <L = unknown>(...args: TreeArguments) => L[];
const flattens = named("tree_flatten", "flatten", { tree, is_leaf }, ({ tree, is_leaf }) => flatten(tree, is_leaf));
const lists = named("tree_leaves", "leaves", { tree, is_leaf }, ({ tree, is_leaf }) => leavesOf(tree, is_leaf));
const structures = named("tree_structure", "structure", { tree, is_leaf }, ({ tree, is_leaf }) =>
  structureOf(tree, is_leaf),
);
/** [leaves, treedef]: leaves in order, with plain objects read in the order of their keys, and the structure without them. */
export const tree_flatten: Flatten = flattens[0] as Flatten;
export const tree_leaves: Leaves = lists[0] as Leaves;
export const tree_structure: OfTree<PyTreeDef> = structures[0];

type Unflatten = (
  ...args: Given<[treedef: PyTreeDef, leaves: Iterable<unknown>], [], { treedef: PyTreeDef; leaves: Iterable<unknown> }>
) => unknown;
const unflattens = named("tree_unflatten", "unflatten", { treedef, leaves }, ({ treedef, leaves }) =>
  unflatten(treedef, leaves),
);
/** The tree of a structure and its leaves in order. Throws ArgumentError when their number does not fit. */
export const tree_unflatten: Unflatten = unflattens[0];

// biome-ignore lint/suspicious/noExplicitAny: leaves have whatever type the caller's trees have.
type TreeMap = <T>(f: (leaf: any, ...rest: any[]) => unknown, tree: T, ...rest: readonly unknown[]) => T;
const maps = named("tree_map", "map", { f: func, tree, "*rest": tree, is_leaf }, ({ f, tree, rest, is_leaf }) =>
  map(f, tree, rest as readonly unknown[], is_leaf),
);
/**
 * Applies f to every leaf of `tree` and to what stands in its place in each of `rest`; the result has the structure of
 * `tree`. A trailing object whose one key is `is_leaf` is that keyword. Throws ArgumentError, naming both structures, when
 * one of `rest` does not have that of `tree`.
 */
export const tree_map: TreeMap = maps[0] as TreeMap;

const unspecified = Symbol("unspecified");
// biome-ignore lint/suspicious/noExplicitAny: as above.
type TreeReduce = <R = any>(
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  f: (sum: any, leaf: any) => R,
  tree: unknown,
  initializer?: R,
  is_leaf?: IsLeaf | null,
) => R;
const reduces = named(
  "tree_reduce",
  "reduce",
  { function: func, tree, initializer: tree.or(unspecified), is_leaf },
  ({ function: f, tree, initializer, is_leaf }) => {
    const list = leavesOf(tree, is_leaf);
    if (initializer !== unspecified) return list.reduce((sum, leaf) => f(sum, leaf), initializer);
    if (list.length > 0) return list.reduce((sum, leaf) => f(sum, leaf));
    throw new ArgumentError({
      op: "tree_reduce",
      argument: "tree",
      expected: "at least one leaf, or an initial value",
      given: `${structureOf(tree)}`,
    });
  },
);
/** Folds the leaves from the left; without an initial value the first leaf starts. */
export const tree_reduce: TreeReduce = reduces[0] as TreeReduce;

type TreeAll = (tree: unknown, options?: Leafy) => boolean;
const alls = named("tree_all", "all", { tree, "*": null, is_leaf }, ({ tree, is_leaf }) =>
  leavesOf(tree, is_leaf).every((leaf) => {
    if (typeof leaf !== "object") return Boolean(leaf);
    throw new ArgumentError({
      op: "tree_all",
      argument: "tree",
      expected: "leaves that are JavaScript values",
      given: show(leaf),
    });
  }),
);
/** Whether every leaf is truthy. Arrays are refused: their values are on the device. */
export const tree_all: TreeAll = alls[0];

/** jax.tree. */
export const short = {
  ...pathsShort,
  all: alls[1] as TreeAll,
  flatten: flattens[1] as Flatten,
  leaves: lists[1] as Leaves,
  map: maps[1] as TreeMap,
  reduce: reduces[1] as TreeReduce,
  structure: structures[1] as OfTree<PyTreeDef>,
  unflatten: unflattens[1] as Unflatten,
};

/** jax.tree_util. */
export const treeUtil = {
  ...classes,
  ...paths,
  PyTreeDef,
  tree_all,
  tree_flatten,
  tree_leaves,
  tree_map,
  tree_reduce,
  tree_structure,
  tree_unflatten,
};
