// What stands in a module: submodules and variables by the names of attributes, each once; and modules made anew of it.
import { ArgumentError } from "@facet/autograd";
import { bool, define, type Kind, only, show, signature } from "@facet/dialect";
import { JaxArray, PRNGKeyArray, tree } from "@facet/shims-jax/parts";
import { blank, Callable } from "../callable.js";
import { type Filter, filter, type Path } from "./filters.js";
import { apart, exhausted, type Flat, flatOf, State, sortedKeys, stateOf } from "./state.js";
import { Variable, variableOf } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: nodes are of any class.
type Any = any;

/** Base of all that holds variables: modules, streams of keys, optimizers, metrics. */
export class Pytree extends Callable {
  constructor(...args: []) {
    super();
    readPytree(args);
  }
}
const readPytree = signature("flax.nnx.Pytree", {});

/** A node, or a list or plain object with nodes or variables in it. */
type Container = Pytree | readonly unknown[] | Readonly<Record<string, unknown>>;

const isLeaf = (x: unknown): boolean => x instanceof Variable || x instanceof JaxArray || x instanceof PRNGKeyArray;
const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && [Object.prototype, null].includes(Object.getPrototypeOf(x));
const held = (x: unknown): x is Container =>
  x instanceof Pytree || x instanceof State || ((Array.isArray(x) || isPlain(x)) && holds(x));
/** Whether a list or plain object has something to be found in it. */
const holds = (x: object): boolean => Object.values(x).some((each) => isLeaf(each) || held(each));

/** Names of what is found in a node, in order. */
const keysOf = (node: Container): string[] =>
  sortedKeys(node).filter((key) => {
    const value = (node as Any)[key];
    return isLeaf(value) || held(value);
  });

type LeafDef = { readonly kind: "leaf"; readonly type: unknown; readonly metadata: object };
type RefDef = { readonly kind: "ref"; readonly at: number };
interface NodeDef {
  readonly kind: "node";
  readonly at: number;
  /** A class of nodes, or Array or Object. */
  readonly type: Any;
  readonly statics: readonly (readonly [name: string, value: unknown])[];
  readonly children: readonly (readonly [name: string, child: NodeDef | LeafDef | RefDef])[];
}

/** What a module is without its variables: nnx.merge makes one of it and of states. */
export class GraphDef {
  readonly root: NodeDef;
  constructor(root: NodeDef) {
    if (root?.kind !== "node")
      throw new ArgumentError({
        op: "GraphDef",
        argument: "root",
        expected: "to be made by nnx.split",
        given: show(root),
      });
    this.root = root;
  }
  toString(): string {
    return `GraphDef(${this.root.type.name})`;
  }
}

/** The graph of a node and its variables by path, in order; `around` sees each node on the way. */
export function taken(node: unknown, around?: (path: Path, value: Any) => void): { def: GraphDef; flat: Flat } {
  if (!held(node) && !(node instanceof Pytree))
    throw new ArgumentError({ op: "split", argument: "node", expected: "a module or its like", given: show(node) });
  const flat: [Path, unknown][] = [];
  const seen = new Map<unknown, number>();
  const walk = (value: Any, path: Path): NodeDef | LeafDef | RefDef => {
    const before = seen.get(value);
    if (before !== undefined) return { kind: "ref", at: before };
    if (isLeaf(value)) {
      if (value instanceof Variable) seen.set(value, seen.size);
      flat.push([path, value]);
      around?.(path, value);
      return value instanceof Variable
        ? { kind: "leaf", type: value.constructor, metadata: value.metadata }
        : { kind: "leaf", type: null, metadata: {} };
    }
    const at = seen.size;
    seen.set(value, at);
    const keys = keysOf(value);
    const statics = sortedKeys(value)
      .filter((key) => !keys.includes(key))
      .map((key) => [key, value[key]] as const);
    const children = keys.map((key) => [key, walk(value[key], [...path, key])] as const);
    around?.(path, value);
    return { kind: "node", at, type: value.constructor ?? Object, statics, children };
  };
  const def = new GraphDef(walk(node, []) as NodeDef);
  return { def, flat };
}

/** A node of a graph and of what stands in the places of its variables. */
export function putTogether(def: GraphDef, flat: Flat): Any {
  const values = new Map(flat.map(([path, value]) => [path.join("/"), value]));
  const made = new Map<number, unknown>();
  let count = 0;
  const build = (part: NodeDef | LeafDef | RefDef, path: Path): unknown => {
    if (part.kind === "ref") return made.get(part.at);
    if (part.kind === "leaf") {
      const value = values.get(path.join("/"));
      if (value === undefined)
        throw new ArgumentError({
          op: "merge",
          argument: "states",
          expected: "every variable of the graph",
          given: `none for ${path.join(".")}`,
        });
      if (part.type === null) return value;
      const variable =
        value instanceof Variable ? value.copy() : variableOf(part.type as never, value, part.metadata as never);
      made.set(count++, variable);
      return variable;
    }
    const node: Any =
      part.type === Array
        ? []
        : part.type === State
          ? new State({})
          : part.type.prototype instanceof Pytree
            ? blank(part.type.prototype)
            : {};
    made.set(part.at, node);
    count++;
    for (const [key, value] of part.statics) node[key] = value;
    for (const [key, child] of part.children) node[key] = build(child, [...path, key]);
    return node;
  };
  return build(def.root, []);
}

/** The graph in words: equal for nodes that differ in the values of variables alone. */
export function textOf(def: GraphDef, describe: (value: unknown) => string): string {
  const text = (part: NodeDef | LeafDef | RefDef): string => {
    if (part.kind === "ref") return `@${part.at}`;
    if (part.kind === "leaf") return describe(part.type);
    const statics = part.statics.map(([key, value]) => `${key}=${describe(value)}`);
    return `${describe(part.type)}(${[...statics, ...part.children.map(([key, child]) => `${key}:${text(child)}`)]})`;
  };
  return text(def.root);
}

const node = tree as Kind<Any>;
const graph = only(null);
const filtersOf = (given: unknown): Filter[] => given as Filter[];
const states = (flat: readonly Flat[]): State[] => flat.map((each) => stateOf(copied(each)));
/** Variables of their own, so that a state stays what it was. */
const copied = (flat: Flat): Flat =>
  flat.map(([path, value]) => [path, value instanceof Variable ? value.copy() : value] as const);

/** [graphdef, state], or with filters a state for each: `const [graphdef, params, rest] = nnx.split(model, nnx.Param, "...")`. */
export const split: <T>(...args: [node: T, ...filters: Filter[]]) => [GraphDef, ...State[]] = define(
  "flax.nnx.split",
  { node, "*filters": filter, graph },
  ({ node, filters }) => {
    const { def, flat } = taken(node);
    const all = filtersOf(filters);
    return [def, ...(all.length === 0 ? states([flat]) : states(exhausted("split", flat, all)))];
  },
);
/** A module of a graph and the states of its variables. */
export const merge: (...args: [graphdef: GraphDef, ...states: object[]]) => Any = define(
  "flax.nnx.merge",
  { graphdef_or_graphstate: node, "/": null, "*states": tree, copy: only(false), recreate_variables: only(true) },
  ({ graphdef_or_graphstate: def, states }) => {
    if (!(def instanceof GraphDef))
      throw new ArgumentError({
        op: "merge",
        argument: "graphdef_or_graphstate",
        expected: "a GraphDef made by nnx.split",
        given: show(def),
      });
    return putTogether(def, (states as unknown as object[]).flatMap(flatOf));
  },
);
/** The state of a module's variables, of those that a filter means, or a list for several filters. */
export const state: (...args: [node: unknown, ...filters: Filter[]]) => Any = define(
  "flax.nnx.state",
  { node, "*filters": filter, graph },
  ({ node, filters }) => {
    const flat = node instanceof State ? flatOf(node) : taken(node).flat;
    const all = filtersOf(filters);
    if (all.length === 0) return states([flat])[0];
    const parts = states(apart(flat, all).slice(0, all.length));
    return parts.length === 1 ? parts[0] : parts;
  },
);
export const graphdef: (...args: [node: unknown]) => GraphDef = define(
  "flax.nnx.graphdef",
  { node, "/": null, "*": null, graph },
  ({ node }) => taken(node).def,
);

/** The variables of the state in the module: those that are there take the value, others are put there. */
export function updateNode(node: Any, given: object): void {
  for (const [path, value] of flatOf(given)) {
    let level = node;
    for (const key of path.slice(0, -1)) {
      level = level?.[key];
      if (level === undefined)
        throw new ArgumentError({
          op: "update",
          argument: "state",
          expected: "paths of the module",
          given: path.join("."),
        });
    }
    const key = path.at(-1) as string;
    const own = level[key];
    if (own instanceof Variable) own.value = value instanceof Variable ? value.value : value;
    else level[key] = value instanceof Variable ? value.copy() : value;
  }
}
/** Gives a module's variables the values of states. */
export const update: (...args: [node: unknown, state: object, ...states: object[]]) => void = define(
  "flax.nnx.update",
  { node, state: tree, "/": null, "*states": tree },
  ({ node, state, states }) => {
    for (const each of [state, ...(states as unknown as object[])]) updateNode(node, each as object);
  },
);
/** Takes the variables that a filter means out of a module, and gives their state. */
export const pop: (...args: [node: unknown, ...filters: Filter[]]) => Any = define(
  "flax.nnx.pop",
  { node, "*filters": filter },
  ({ node, filters }) => {
    const all = filtersOf(filters);
    if (all.length === 0)
      throw new ArgumentError({ op: "pop", argument: "filters", expected: "at least one filter", given: "none" });
    const parts = apart(taken(node).flat, all).slice(0, all.length);
    for (const [path] of parts.flat()) {
      const level = path.slice(0, -1).reduce<Any>((at, key) => at[key], node);
      delete level[path.at(-1) as string];
    }
    const found = parts.map(stateOf);
    return found.length === 1 ? found[0] : found;
  },
);
/** A module like it, with variables of its own. */
export const clone: <T>(...args: [node: T, variables?: boolean]) => T = define(
  "flax.nnx.clone",
  { node, variables: bool.or(true), "*": null, arrays: only(false), graph },
  ({ node, variables }) => {
    const { def, flat } = taken(node);
    if (variables) return putTogether(def, flat);
    throw new ArgumentError({ op: "clone", argument: "variables", expected: "true", given: "false" });
  },
) as never;
/** The state of the variables themselves: what is written to it is written to the module. */
export const variables: (...args: [node: unknown, ...filters: Filter[]]) => Any = define(
  "flax.nnx.variables",
  { node, "*filters": filter, graph },
  ({ node, filters }) => {
    const all = filtersOf(filters);
    const { flat } = taken(node);
    if (all.length === 0) return stateOf(flat);
    const parts = apart(flat, all).slice(0, all.length).map(stateOf);
    return parts.length === 1 ? parts[0] : parts;
  },
);

/** [path, node or variable] of all there is, what is inside before what holds it. */
export function visited(node: unknown): [Path, Any][] {
  const found: [Path, Any][] = [];
  taken(node, (path, value) => found.push([path, value]));
  return found;
}
/** [path, node or variable] of all there is, what is inside before what holds it. */
export const iter_graph: (...args: [node: unknown]) => Iterable<[Path, Any]> = define(
  "flax.nnx.iter_graph",
  { node, "/": null, "*": null, graph },
  ({ node }) => visited(node),
);
