// Trees: arrays in nested lists, plain objects and registered classes. What jax.tree_util and the transforms are made of.
import { ArgumentError } from "@facet/autograd";
import { Kind as ArgumentKind, isKeywords, show, signature } from "@facet/dialect";
import { tree as treeKind } from "../arguments.js";

/** Anything made of lists, plain objects (their keys in sorted order), null (no leaf) and registered classes, with leaves. */
export type PyTree<Leaf = unknown> = Leaf | null | readonly PyTree<Leaf>[] | { readonly [key: string]: PyTree<Leaf> };

type Constructor = abstract new (...args: never[]) => object;
interface NodeType {
  name: string;
  flatten: (node: never) => readonly [children: readonly unknown[], aux: unknown];
  unflatten: (aux: never, children: unknown[]) => unknown;
  /** What leads to each child, by which paths name it. */
  keys?: ((node: never) => readonly unknown[]) | undefined;
}

const registered = new Map<Constructor, NodeType>();

export function register<T extends object, A>(
  nodetype: abstract new (...args: never[]) => T,
  flatten: (node: T) => readonly [children: readonly unknown[], aux: A],
  unflatten: (aux: A, children: unknown[]) => T,
  keys?: (node: T) => readonly unknown[],
): void {
  if (registered.has(nodetype))
    throw new ArgumentError({
      op: "register_pytree_node",
      argument: "nodetype",
      expected: "a class that is not registered yet",
      given: nodetype.name,
    });
  registered.set(nodetype, { name: nodetype.name, flatten, unflatten, keys });
}

export const leaves = new ArgumentKind<Iterable<unknown>>(
  "a list of leaves",
  (x) => Array.isArray(x) || typeof (x as { next?: unknown } | null)?.next === "function",
);
const readNothing = signature("jax.tree_util.PyTreeDef.children", {});
const readLeaves = signature("jax.tree_util.PyTreeDef.unflatten", { leaves, "/": null });
const readOther = signature("jax.tree_util.PyTreeDef.equals", { other: treeKind, "/": null });
const readTree = signature("jax.tree_util.PyTreeDef.flatten_up_to", { tree: treeKind, "/": null });

type Kind = "leaf" | "none" | "list" | "dict" | NodeType;

/** Structure of a tree without its leaves. Printed as JAX prints it. */
export class PyTreeDef {
  readonly kind: Kind;
  /** Keys of a dict, aux of a registered node. */
  readonly data: unknown;
  readonly children_: readonly PyTreeDef[];
  readonly num_leaves: number;

  constructor(kind: Kind, data: unknown, children: readonly PyTreeDef[]) {
    if (!(Array.isArray(children) && children.every((child) => child instanceof PyTreeDef)))
      throw new ArgumentError({
        op: "PyTreeDef",
        argument: "arguments",
        expected: "to be made by tree_structure or tree_flatten",
        given: show(kind),
      });
    this.kind = kind;
    this.data = data;
    this.children_ = children;
    this.num_leaves = kind === "leaf" ? 1 : children.reduce((count, child) => count + child.num_leaves, 0);
  }

  children(...args: []): readonly PyTreeDef[] {
    readNothing(args);
    return this.children_;
  }

  unflatten(...args: [leaves: Iterable<unknown>]): unknown {
    return unflatten(this, readLeaves(args).leaves);
  }

  /** Leaves of a tree that has this structure as its upper part; below a leaf of this structure it may go deeper. */
  flatten_up_to(...args: [tree: unknown]): unknown[] {
    const { tree } = readTree(args);
    return upTo(this, tree, "flatten_up_to", "tree", this, tree);
  }

  /** Whether two trees have the same structure. Aux data of registered nodes is compared as printed. */
  equals(...args: [other: unknown]): boolean {
    const { other } = readOther(args);
    return other instanceof PyTreeDef && this.toString() === other.toString();
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
  if (typeof data !== "object" || data === null || !Object.isFrozen(data)) return textOf(data);
  const text = frozenTexts.get(data) ?? textOf(data);
  frozenTexts.set(data, text);
  return text;
}

let numbered = 0;
const identities = new WeakMap<object, number>();

/** What tells two functions or objects of one name apart. */
function identityOf(value: object): string {
  const number = identities.get(value) ?? ++numbered;
  identities.set(value, number);
  const own = value as { name?: unknown; constructor?: { name: string } };
  return typeof value === "function"
    ? `function ${own.name || "(anonymous)"}#${number}`
    : `${own.constructor?.name}#${number}`;
}

/** The whole of a value in words; what has no words of its own is told apart by identity, as Python compares it. */
function textOf(value: unknown): string {
  const plain = (part: unknown): boolean => Array.isArray(part) || isKeywords(part);
  const words = (_: string, part: unknown): unknown => {
    if (typeof part === "function") return identityOf(part);
    if (typeof part === "bigint" || typeof part === "symbol") return String(part);
    if (typeof part === "number" && !Number.isFinite(part)) return String(part);
    if (typeof part !== "object" || part === null || plain(part)) return part;
    return Object.prototype.toString.call(part) !== `${part}` ? `${part}` : identityOf(part);
  };
  if (typeof value === "function" || (typeof value === "object" && value !== null && !plain(value)))
    return words("", value) as string;
  try {
    return JSON.stringify(value, words) ?? String(value);
  } catch {
    return identityOf(value as object);
  }
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
  // A Partial is a function that has children.
  if (typeof node !== "object" && typeof node !== "function") return LEAF;
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

/** One level of a tree with what leads to each part: its place in a list, its key, or what its class says; undefined for a leaf. */
export function openWithKeys(
  node: unknown,
): { parts: readonly unknown[]; keys: readonly PathStep[]; data: unknown } | undefined {
  const { kind, data, parts } = open(node);
  if (kind === "leaf") return undefined;
  if (kind === "none") return { parts, keys: [], data };
  if (kind === "list") return { parts, keys: parts.map((_, idx) => ({ idx })), data };
  if (kind === "dict") return { parts, keys: (data as string[]).map((key) => ({ key })), data };
  const own = kind.keys?.(node as never);
  return { parts, keys: parts.map((_, i) => (own ? { own: own[i] } : { flat: i })), data };
}

/** A step down a tree. */
export type PathStep = { idx: number } | { key: string } | { own: unknown } | { flat: number };

/** Levels beyond which a tree is taken for one that holds itself. */
const DEEPEST = 1000;

export type IsLeaf = (node: unknown) => boolean;

/** Leaves in order, and the structure without them. */
export function flatten<L = unknown>(tree: unknown, is_leaf?: IsLeaf | null): [leaves: L[], treedef: PyTreeDef] {
  const leaves: L[] = [];
  const visit = (node: unknown, depth: number): PyTreeDef => {
    if (depth > DEEPEST)
      throw new ArgumentError({
        op: "tree_flatten",
        argument: "tree",
        expected: `at most ${DEEPEST} levels`,
        given: "one that holds itself",
      });
    const { kind, data, parts } = is_leaf?.(node) ? LEAF : open(node);
    if (kind === "leaf") leaves.push(node as L);
    // A hole in a list is undefined, which map would step over.
    return new PyTreeDef(
      kind,
      data,
      Array.from(parts, (part) => visit(part, depth + 1)),
    );
  };
  const treedef = visit(tree, 0);
  return [leaves, treedef];
}

export const leavesOf = <L = unknown>(tree: unknown, is_leaf?: IsLeaf | null): L[] => flatten<L>(tree, is_leaf)[0];
export const structureOf = (tree: unknown, is_leaf?: IsLeaf | null): PyTreeDef => flatten(tree, is_leaf)[1];

/** The tree of a structure and its leaves in order. Throws ArgumentError when their number does not fit. */
export function unflatten(treedef: PyTreeDef, leaves: Iterable<unknown>): unknown {
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

/** Leaves of a tree that has a structure as its upper part; below a leaf of the structure it may go deeper. */
export function upTo(
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
      given: `${structureOf(whole)}`,
    });
  return def.children_.flatMap((child, i) => upTo(child, parts[i], fn, argument, wholeDef, whole));
}

/** f of every leaf of `tree` and of what stands in its place in each of `rest`, in the structure of `tree`. */
// biome-ignore lint/suspicious/noExplicitAny: leaves have whatever type the caller's trees have.
type OfLeaves = (leaf: any, ...rest: any[]) => unknown;
export function map<T>(f: OfLeaves, tree: T, rest: readonly unknown[] = [], is_leaf?: IsLeaf | null): T {
  const [leaves, treedef] = flatten(tree, is_leaf);
  const others = rest.map((other, i) => upTo(treedef, other, "tree_map", `rest[${i}]`, treedef, other));
  return unflatten(
    treedef,
    leaves.map((leaf, i) => f(leaf, ...others.map((list) => list[i]))),
  ) as T;
}
