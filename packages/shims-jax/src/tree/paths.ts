// Trees with the paths to their leaves.
import { ArgumentError } from "@facet/autograd";
import { any, bool, func, int, type Keywords, listOf, show, signature, string } from "@facet/dialect";
import { declared, tree } from "../arguments.js";
import { is_leaf, named, treedef } from "./names.js";
import { flatten, type IsLeaf, openWithKeys, type PathStep, type PyTreeDef, unflatten } from "./pytree.js";

/** A step down a tree, printed as Python writes it. */
abstract class Key {
  /** The bare name. */
  abstract readonly simple: string;
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
const readIdx = signature("jax.tree_util.SequenceKey", { idx: int });
/** A place in a list: `[0]`. */
export class SequenceKey extends Key {
  readonly idx: number;
  constructor(...args: [idx: number]) {
    super();
    this.idx = readIdx(args).idx;
  }
  get simple(): string {
    return `${this.idx}`;
  }
  override toString(): string {
    return `[${this.idx}]`;
  }
}
const readKey = signature("jax.tree_util.DictKey", { key: any });
/** A key of an object: `['w']`. */
export class DictKey extends Key {
  readonly key: unknown;
  constructor(...args: [key: unknown]) {
    super();
    this.key = readKey(args).key;
  }
  get simple(): string {
    return `${this.key}`;
  }
  override toString(): string {
    return typeof this.key === "string" ? `['${this.key}']` : `[${this.key}]`;
  }
}
const readName = signature("jax.tree_util.GetAttrKey", { name: string });
/** A field of a class: `.w`. */
export class GetAttrKey extends Key {
  readonly name: string;
  constructor(...args: [name: string]) {
    super();
    this.name = readName(args).name;
  }
  get simple(): string {
    return this.name;
  }
  override toString(): string {
    return `.${this.name}`;
  }
}
const readFlat = signature("jax.tree_util.FlattenedIndexKey", { key: int });
/** A child of a class that does not tell of its keys: `[<flat index 0>]`. */
export class FlattenedIndexKey extends Key {
  readonly key: number;
  constructor(...args: [key: number]) {
    super();
    this.key = readFlat(args).key;
  }
  get simple(): string {
    return `${this.key}`;
  }
  override toString(): string {
    return `[<flat index ${this.key}>]`;
  }
}

export type KeyEntry = SequenceKey | DictKey | GetAttrKey | FlattenedIndexKey;
export type KeyPath = readonly KeyEntry[];

function entryOf(step: PathStep): KeyEntry {
  if ("idx" in step) return new SequenceKey(step.idx);
  if ("key" in step) return new DictKey(step.key);
  if ("flat" in step) return new FlattenedIndexKey(step.flat);
  return step.own instanceof Key ? (step.own as KeyEntry) : new GetAttrKey(`${step.own}`);
}

/** The path as text: `['layers'][0].w`, or with `simple` its bare names with `separator` between them. */
export const keystr = declared<[keys: KeyPath]>()(
  "jax.tree_util.keystr",
  { keys: listOf(any), "*": null, simple: bool.or(false), separator: string.or("") },
  ({ keys, simple, separator }): string =>
    keys.map((key) => (simple && key instanceof Key ? key.simple : `${key}`)).join(separator),
) as (keys: KeyPath, options?: Keywords<{ simple: boolean; separator: string }>) => string;

type LeafTest = IsLeaf | ((path: KeyPath, node: unknown) => boolean);
/** Leaves in order, each with its path. */
function withPaths(whole: unknown, test: LeafTest | null, takesPath: boolean): [path: KeyPath, leaf: unknown][] {
  const found: [KeyPath, unknown][] = [];
  const visit = (node: unknown, path: KeyPath): void => {
    const ends =
      test && (takesPath ? (test as (p: KeyPath, n: unknown) => boolean)(path, node) : (test as IsLeaf)(node));
    const opened = ends ? undefined : openWithKeys(node);
    if (!opened) found.push([path, node]);
    else for (const [i, part] of opened.parts.entries()) visit(part, [...path, entryOf(opened.keys[i] as PathStep)]);
  };
  visit(whole, []);
  return found;
}

/** A test of nodes that says what withPaths found to be leaves. */
function leavesAre(whole: unknown, test: LeafTest | null, takesPath: boolean) {
  const pairs = withPaths(whole, test, takesPath);
  if (!takesPath) return { pairs, is: test as IsLeaf | null };
  // Nodes are visited in the same order again, so that the paths come in step.
  const paths: KeyPath[] = [];
  const walk = (node: unknown, path: KeyPath): void => {
    paths.push(path);
    if ((test as ((p: KeyPath, n: unknown) => boolean) | null)?.(path, node)) return;
    const opened = openWithKeys(node);
    for (const [i, part] of (opened?.parts ?? []).entries())
      walk(part, [...path, entryOf(opened?.keys[i] as PathStep)]);
  };
  walk(whole, []);
  let next = 0;
  return {
    pairs,
    is: test && ((node: unknown) => (test as (p: KeyPath, n: unknown) => boolean)(paths[next++] as KeyPath, node)),
  };
}

const OPTIONS = { is_leaf, is_leaf_takes_path: bool.or(false) } as const;
type Options = Keywords<{ is_leaf: LeafTest | null; is_leaf_takes_path: boolean }>;
type WithPaths = <L = unknown>(
  tree: unknown,
  options?: Options,
) => [pairs: [path: KeyPath, leaf: L][], treedef: PyTreeDef];
const flattens = named(
  "tree_flatten_with_path",
  "flatten_with_path",
  { tree, ...OPTIONS },
  ({ tree, is_leaf, is_leaf_takes_path }) => {
    const { pairs, is } = leavesAre(tree, is_leaf, is_leaf_takes_path);
    return [pairs, flatten(tree, is)[1]] as const;
  },
);
/** [[path, leaf] of every leaf in order, treedef]. */
export const tree_flatten_with_path = flattens[0] as never as WithPaths;

const lists = named(
  "tree_leaves_with_path",
  "leaves_with_path",
  { tree, ...OPTIONS },
  ({ tree, is_leaf, is_leaf_takes_path }) => withPaths(tree, is_leaf, is_leaf_takes_path),
);
type Pairs = <L = unknown>(tree: unknown, options?: Options) => [path: KeyPath, leaf: L][];
/** [path, leaf] of every leaf in order. */
export const tree_leaves_with_path = lists[0] as never as Pairs;

const maps = named(
  "tree_map_with_path",
  "map_with_path",
  { f: func, tree, "*rest": tree, ...OPTIONS },
  ({ f, tree, rest, is_leaf, is_leaf_takes_path }) => {
    const { pairs, is } = leavesAre(tree, is_leaf, is_leaf_takes_path);
    const treedef = flatten(tree, is)[1];
    const others = (rest as unknown as unknown[]).map((other) => treedef.flatten_up_to(other));
    return unflatten(
      treedef,
      pairs.map(([path, leaf], i) => f(path, leaf, ...others.map((list) => list[i]))),
    );
  },
);
type MapWithPath = <T>(
  // biome-ignore lint/suspicious/noExplicitAny: leaves have whatever type the caller's trees have.
  f: (path: KeyPath, leaf: any, ...rest: any[]) => unknown,
  tree: T,
  ...rest: readonly unknown[]
) => T;
/** f(path, leaf, ...) of every leaf of `tree` and of what stands in its place in each of `rest`, in the structure of `tree`. */
export const tree_map_with_path = maps[0] as never as MapWithPath;

const prefixed = named(
  "tree_broadcast",
  "broadcast",
  { prefix_tree: tree, full_tree: tree, is_leaf },
  ({ prefix_tree, full_tree, is_leaf }) => {
    const [leaves, treedef] = flatten(prefix_tree, is_leaf);
    const below = treedef.flatten_up_to(full_tree);
    return unflatten(
      treedef,
      leaves.map((leaf, i) => {
        const own = flatten(below[i], is_leaf)[1];
        return unflatten(own, Array<unknown>(own.num_leaves).fill(leaf));
      }),
    );
  },
);
const transposes = named(
  "tree_transpose",
  "transpose",
  { outer_treedef: treedef, inner_treedef: treedef.orNone, pytree_to_transpose: tree },
  ({ outer_treedef, inner_treedef, pytree_to_transpose }) => {
    const outer = outer_treedef;
    const parts = outer.flatten_up_to(pytree_to_transpose);
    const inner = inner_treedef ?? flatten(parts[0])[1];
    const rows = parts.map((part) => inner.flatten_up_to(part));
    if (rows.length === 0 || inner.num_leaves === 0)
      throw new ArgumentError({
        op: "tree_transpose",
        argument: rows.length === 0 ? "outer_treedef" : "inner_treedef",
        expected: "a structure with leaves",
        given: show(rows.length === 0 ? outer_treedef : inner_treedef),
      });
    return unflatten(
      inner,
      Array.from({ length: inner.num_leaves }, (_, j) =>
        unflatten(
          outer,
          rows.map((row) => row[j]),
        ),
      ),
    );
  },
);
const absent = Symbol("unspecified");
const folds = named(
  "tree_reduce_associative",
  "reduce_associative",
  { operation: func, tree, "*": null, identity: tree.or(absent), is_leaf },
  ({ operation, tree, identity, is_leaf }) => {
    let [list] = flatten(tree, is_leaf);
    if (list.length === 0) {
      if (identity !== absent) return identity;
      throw new ArgumentError({
        op: "tree_reduce_associative",
        argument: "tree",
        expected: "at least one leaf, or an identity",
        given: "none",
      });
    }
    while (list.length > 1) {
      const met: unknown[] = [];
      for (let i = 0; i < list.length; i += 2)
        met.push(i + 1 < list.length ? operation(list[i], list[i + 1]) : list[i]);
      list = met;
    }
    return list[0];
  },
);

type Broadcast = (prefix_tree: unknown, full_tree: unknown, is_leaf?: IsLeaf | null) => unknown;
type Transpose = (outer_treedef: PyTreeDef, inner_treedef: PyTreeDef | null, pytree_to_transpose: unknown) => unknown;
type Fold = (
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  operation: (a: any, b: any) => unknown,
  tree: unknown,
  options?: Keywords<{ identity: unknown; is_leaf: IsLeaf | null }>,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => any;
/** Of jax.tree_util. */
export const paths = {
  DictKey,
  FlattenedIndexKey,
  GetAttrKey,
  SequenceKey,
  keystr,
  tree_flatten_with_path,
  tree_leaves_with_path,
  tree_map_with_path,
  /** Each leaf of a tree spread over what stands in its place in a deeper one. */
  tree_broadcast: prefixed[0] as Broadcast,
  /** A tree of trees with the inner structure outside. */
  tree_transpose: transposes[0] as Transpose,
  /** Leaves folded in pairs by an associative function. */
  tree_reduce_associative: folds[0] as Fold,
};
/** Of jax.tree. */
export const short = {
  broadcast: prefixed[1] as Broadcast,
  flatten_with_path: flattens[1] as never as WithPaths,
  leaves_with_path: lists[1] as never as Pairs,
  map_with_path: maps[1] as never as MapWithPath,
  reduce_associative: folds[1] as Fold,
  transpose: transposes[1] as Transpose,
};
