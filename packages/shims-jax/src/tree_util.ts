// jax.tree_util: arrays in nested lists, plain objects and registered classes.
import { ArgumentError } from "@facet/autograd";
import { describe } from "./options.js";

/** Anything made of lists, plain objects (their keys in sorted order), null (no leaf) and registered classes, with leaves. */
export type PyTree<Leaf = unknown> = Leaf | null | readonly PyTree<Leaf>[] | { readonly [key: string]: PyTree<Leaf> };

type Constructor = abstract new (...args: never[]) => object;
interface NodeType {
  name: string;
  flatten: (node: never) => readonly [children: readonly unknown[], aux: unknown];
  unflatten: (aux: never, children: unknown[]) => unknown;
}

const registered = new Map<Constructor, NodeType>();

/** Teaches a class as an inner node: how to take instances apart into [children, aux] and to put them together again. */
export function register_pytree_node<T extends object, A>(
  nodetype: abstract new (...args: never[]) => T,
  flatten_func: (node: T) => readonly [children: readonly unknown[], aux: A],
  unflatten_func: (aux: A, children: unknown[]) => T,
): void {
  if (registered.has(nodetype))
    throw new ArgumentError({
      op: "register_pytree_node",
      argument: "nodetype",
      expected: "a class that is not registered yet",
      given: nodetype.name,
    });
  registered.set(nodetype, { name: nodetype.name, flatten: flatten_func, unflatten: unflatten_func });
}

type Kind = "leaf" | "none" | "list" | "dict" | NodeType;

/** Structure of a tree without its leaves. Printed as JAX prints it. */
export class PyTreeDef {
  readonly kind: Kind;
  /** Keys of a dict, aux of a registered node. */
  readonly data: unknown;
  readonly children_: readonly PyTreeDef[];
  readonly num_leaves: number;

  constructor(kind: Kind, data: unknown, children: readonly PyTreeDef[]) {
    this.kind = kind;
    this.data = data;
    this.children_ = children;
    this.num_leaves = kind === "leaf" ? 1 : children.reduce((count, child) => count + child.num_leaves, 0);
  }

  children(): readonly PyTreeDef[] {
    return this.children_;
  }

  /** Whether two trees have the same structure. Aux data of registered nodes is compared as printed. */
  equals(other: PyTreeDef): boolean {
    return this.toString() === other.toString();
  }

  unflatten(leaves: readonly unknown[]): unknown {
    return tree_unflatten(this, leaves);
  }

  /** Leaves of a tree that has this structure as its upper part; below a leaf of this structure it may go deeper. */
  flatten_up_to(tree: unknown): unknown[] {
    return upTo(this, tree, "flatten_up_to", "tree", this, tree);
  }

  toString(): string {
    return `PyTreeDef(${print(this)})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const frozenTexts = new WeakMap<object, string>();

/** Aux data as text, kept where it cannot change: a step's state is described at every call of a jitted function. */
function auxText(data: unknown): string {
  if (typeof data !== "object" || data === null || !Object.isFrozen(data)) return describe(data);
  const text = frozenTexts.get(data) ?? describe(data);
  frozenTexts.set(data, text);
  return text;
}

function print({ kind, data, children_ }: PyTreeDef): string {
  const parts = children_.map(print);
  if (kind === "leaf") return "*";
  if (kind === "none") return "None";
  if (kind === "list") return `[${parts.join(", ")}]`;
  if (kind === "dict") return `{${(data as string[]).map((key, i) => `'${key}': ${parts[i]}`).join(", ")}}`;
  return `CustomNode(${kind.name}[${auxText(data)}], [${parts.join(", ")}])`;
}

interface Opened {
  kind: Kind;
  data: unknown;
  parts: readonly unknown[];
}

const LEAF: Opened = { kind: "leaf", data: undefined, parts: [] };

/** One level of a tree. */
function open(node: unknown): Opened {
  if (node === null || node === undefined) return { kind: "none", data: undefined, parts: [] };
  if (Array.isArray(node)) return { kind: "list", data: undefined, parts: node };
  if (typeof node !== "object") return LEAF;
  const prototype = Object.getPrototypeOf(node);
  if (prototype === Object.prototype || prototype === null) {
    const keys = Object.keys(node).sort();
    return { kind: "dict", data: keys, parts: keys.map((key) => (node as Record<string, unknown>)[key]) };
  }
  const type = registered.get(node.constructor as Constructor);
  if (!type) return LEAF;
  const [parts, data] = type.flatten(node as never);
  return { kind: type, data, parts };
}

export type IsLeaf = (node: unknown) => boolean;

export function tree_flatten<L = unknown>(tree: unknown, is_leaf?: IsLeaf): [leaves: L[], treedef: PyTreeDef] {
  const leaves: L[] = [];
  const visit = (node: unknown): PyTreeDef => {
    const { kind, data, parts } = is_leaf?.(node) ? LEAF : open(node);
    if (kind === "leaf") leaves.push(node as L);
    return new PyTreeDef(kind, data, parts.map(visit));
  };
  const treedef = visit(tree);
  return [leaves, treedef];
}

export const tree_leaves = <L = unknown>(tree: unknown, is_leaf?: IsLeaf): L[] => tree_flatten<L>(tree, is_leaf)[0];
export const tree_structure = (tree: unknown, is_leaf?: IsLeaf): PyTreeDef => tree_flatten(tree, is_leaf)[1];

/** The tree of a structure and its leaves in order. Throws ArgumentError when their number does not fit. */
export function tree_unflatten(treedef: PyTreeDef, leaves: Iterable<unknown>): unknown {
  const list = [...leaves];
  if (list.length !== treedef.num_leaves)
    throw new ArgumentError({
      op: "tree_unflatten",
      argument: "leaves",
      expected: `${treedef.num_leaves} leaves for ${treedef}`,
      given: `${list.length}`,
    });
  let at = 0;
  const build = ({ kind, data, children_ }: PyTreeDef): unknown => {
    if (kind === "leaf") return list[at++];
    if (kind === "none") return null;
    const parts = children_.map(build);
    if (kind === "list") return parts;
    if (kind === "dict") return Object.fromEntries((data as string[]).map((key, i) => [key, parts[i]]));
    return kind.unflatten(data as never, parts);
  };
  return build(treedef);
}

function upTo(
  def: PyTreeDef,
  node: unknown,
  fn: string,
  argument: string,
  wholeDef: PyTreeDef,
  whole: unknown,
): unknown[] {
  if (def.kind === "leaf") return [node];
  const { kind, data, parts } = open(node);
  const same =
    kind === def.kind &&
    parts.length === def.children_.length &&
    (typeof kind === "string" ? `${data}` === `${def.data}` : auxText(data) === auxText(def.data));
  if (!same)
    throw new ArgumentError({
      op: fn,
      argument,
      expected: `a tree of structure ${wholeDef}`,
      given: `${tree_structure(whole)}`,
    });
  return def.children_.flatMap((child, i) => upTo(child, parts[i], fn, argument, wholeDef, whole));
}

/**
 * Applies f to every leaf of `tree` and to what stands in its place in each of `rest`; the result has the structure of
 * `tree`. Throws ArgumentError, naming both structures, when one of `rest` does not have it. `is_leaf` is not taken here.
 */
// biome-ignore lint/suspicious/noExplicitAny: leaves have whatever type the caller's trees have.
export function tree_map<T>(f: (leaf: any, ...rest: any[]) => unknown, tree: T, ...rest: readonly unknown[]): T {
  const [leaves, treedef] = tree_flatten(tree);
  const others = rest.map((other, i) => upTo(treedef, other, "tree_map", `rest[${i}]`, treedef, other));
  return tree_unflatten(
    treedef,
    leaves.map((leaf, i) => f(leaf, ...others.map((list) => list[i]))),
  ) as T;
}

/** Folds the leaves from the left; without an initial value the first leaf starts. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export function tree_reduce<R = any>(f: (sum: any, leaf: any) => R, tree: unknown, ...initializer: [R?]): R {
  const leaves = tree_leaves(tree);
  if (initializer.length > 0) return leaves.reduce<R>((sum, leaf) => f(sum, leaf), initializer[0] as R);
  if (leaves.length === 0)
    throw new ArgumentError({
      op: "tree_reduce",
      argument: "tree",
      expected: "at least one leaf, or an initial value",
      given: `${tree_structure(tree)}`,
    });
  return leaves.reduce((sum, leaf) => f(sum, leaf)) as R;
}

/** Whether every leaf is truthy. Arrays are refused: their values are on the device. */
export function tree_all(tree: unknown): boolean {
  return tree_leaves(tree).every((leaf) => {
    if (typeof leaf !== "object") return Boolean(leaf);
    throw new ArgumentError({
      op: "tree_all",
      argument: "tree",
      expected: "leaves that are JavaScript values",
      given: describe(leaf),
    });
  });
}
