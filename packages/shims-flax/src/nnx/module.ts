// nnx.Module: plain classes whose attributes are found.
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, isKeywords, type Keywords, only, signature, string } from "@facet/dialect";
import { full_like } from "@facet/shims-jax/numpy";
import { type JaxArray, map, tree } from "@facet/shims-jax/parts";
import { type Filter, filter, type Path, predicateOf } from "./filters.js";
import { clone, Pytree, visited } from "./graph.js";
import { sortedKeys } from "./state.js";
import { Perturbation, Variable } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: attributes are of any kind.
type Any = any;
type VariableType = abstract new (...args: never[]) => Variable<unknown>;

const append = (list: Any, value: unknown): unknown => [...list, value];
const none = (): unknown => [];
const read = signature("flax.nnx.Module", {});
const readers = {
  train: signature("flax.nnx.Module.train", { "**attributes": null }),
  eval: signature("flax.nnx.Module.eval", { "**attributes": null }),
  set_attributes: signature("flax.nnx.Module.set_attributes", {
    "*filters": filter,
    raise_if_not_found: bool.or(true),
    graph: only(null),
    "**attributes": null,
  }),
  sow: signature("flax.nnx.Module.sow", {
    variable_type: func,
    name: string,
    value: tree,
    reduce_fn: func.or(append),
    init_fn: func.or(none),
  }),
  perturb: signature("flax.nnx.Module.perturb", {
    name: string,
    value: tree,
    variable_type: func.or(Perturbation),
  }),
  iter_modules: signature("flax.nnx.Module.iter_modules", {}),
  iter_children: signature("flax.nnx.Module.iter_children", {}),
};

/**
 * nnx.Module: attributes that are modules, variables, or lists and plain objects of these are its contents. A subclass makes them in
 * its constructor and computes in `__call__`; `model(x)` calls it.
 */
export class Module extends Pytree {
  constructor(...args: []) {
    super();
    read(args);
  }

  /** Sets `deterministic` and `use_running_average` to false wherever they are, and other attributes as given. */
  train(...args: [attributes?: Keywords<Record<string, unknown>>]): void {
    const { attributes } = readers.train(args);
    setAttributes(this, [], { deterministic: false, use_running_average: false, ...(attributes as object) }, false);
  }
  /** Sets them to true: dropout is off, and batches are normalised by running statistics. */
  eval(...args: [attributes?: Keywords<Record<string, unknown>>]): void {
    const { attributes } = readers.eval(args);
    setAttributes(this, [], { deterministic: true, use_running_average: true, ...(attributes as object) }, false);
  }
  /** Sets attributes of all modules that have them, of those that filters mean. */
  set_attributes(...args: [...filters: Filter[], attributes: object]): void {
    const { filters, attributes, raise_if_not_found } = readers.set_attributes(args);
    setAttributes(this, filters as unknown as Filter[], attributes as object, raise_if_not_found);
  }
  /** Keeps a result on the way: in a variable of the type under this name, after those that are there. */
  sow(
    ...args: [
      variable_type: VariableType,
      name: string,
      value: unknown,
      reduce_fn?: (xs: Any, x: Any) => unknown,
      init_fn?: () => unknown,
    ]
  ): boolean {
    const { variable_type, name, value, reduce_fn, init_fn } = readers.sow(args);
    const type = variable_type as unknown as new (value: unknown) => Variable<unknown>;
    const own = (this as Any)[name];
    if (own === undefined) (this as Any)[name] = new type(reduce_fn(init_fn(), value));
    else if (own instanceof Variable && own.constructor === type) own.value = reduce_fn(own.value, value);
    else
      throw new ArgumentError({
        op: "sow",
        argument: "name",
        expected: `the name of a ${type.name}, or a new one`,
        given: name,
      });
    return true;
  }
  /** Adds zeros, which stand in a variable, to a value: their gradient is the value's. */
  perturb(...args: [name: string, value: JaxArray, variable_type?: VariableType]): Any {
    const { name, value, variable_type } = readers.perturb(args);
    (this as Any)[name] ??= new (variable_type as Any)(map((leaf: JaxArray) => full_like(leaf, 0), value));
    const own = (this as Any)[name] as Variable<Any>;
    return map((zero: JaxArray, leaf: JaxArray) => leaf.add(zero), own.value, [value]);
  }
  iter_modules(...args: []): Iterable<[Path, Module]> {
    readers.iter_modules(args);
    return modulesOf(this);
  }
  iter_children(...args: []): Iterable<[string, Module]> {
    readers.iter_children(args);
    return childrenOf(this);
  }

  override toString(): string {
    return `${this.constructor.name}(...)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return displayed(this);
  }
}

const modulesOf = (node: unknown): [Path, Module][] =>
  visited(node).filter((each): each is [Path, Module] => each[1] instanceof Module);
const childrenOf = (node: Any): [string, Module][] =>
  sortedKeys(node).flatMap((key) => (node[key] instanceof Module ? [[key, node[key]] as [string, Module]] : []));

function setAttributes(node: Module, filters: readonly Filter[], given: object, strict: boolean): void {
  const predicates = (filters.length === 0 ? [true] : filters).map(predicateOf);
  const left = new Set(Object.keys(given));
  for (const [path, module] of modulesOf(node)) {
    if (!predicates.some((each) => each(path, module))) continue;
    for (const [name, value] of Object.entries(given)) {
      if (!Object.hasOwn(module, name)) continue;
      left.delete(name);
      (module as Any)[name] = value;
    }
  }
  if (strict && left.size > 0)
    throw new ArgumentError({
      op: "set_attributes",
      argument: "attributes",
      expected: "names that a module has",
      given: [...left].join(", "),
    });
}

const graph = only(null);
/** [path, module] of all modules, the innermost first. */
export const iter_modules: (...args: [module: Module]) => Iterable<[Path, Module]> = define(
  "flax.nnx.iter_modules",
  { module: tree, "/": null, "*": null, graph },
  ({ module }) => modulesOf(module),
);
/** [name, module] of the modules that are attributes. */
export const iter_children: (...args: [node: Module]) => Iterable<[string, Module]> = define(
  "flax.nnx.iter_children",
  { node: tree, "/": null, "*": null, graph },
  ({ node }) => childrenOf(node),
);
/** A module with the same variables and attributes of its own: `nnx.view(model, { deterministic: true })`. */
export const view: <M extends Module>(...args: [node: M, attributes?: Keywords<Record<string, unknown>>]) => M = define(
  "flax.nnx.view",
  {
    node: tree,
    "/": null,
    "*": null,
    only: filter.or("..."),
    raise_if_not_found: bool.or(true),
    graph,
    "**kwargs": null,
  },
  ({ node, only, raise_if_not_found, kwargs }) => {
    const made = sharing(node as Module);
    setAttributes(made, [only], kwargs as object, raise_if_not_found);
    return made;
  },
) as never;

/** A copy of a module that holds the same variables. */
function sharing<M extends Module>(node: M): M {
  const made = clone(node);
  const from = new Map(visited(node).map(([path, value]) => [path.join("/"), value]));
  for (const [path, value] of visited(made)) {
    if (!(value instanceof Variable)) continue;
    const level = path.slice(0, -1).reduce<Any>((at, key) => at[key], made);
    level[path.at(-1) as string] = from.get(path.join("/"));
  }
  return made;
}

/** A module and what is in it, level by level. */
export function displayed(node: Any, indent = ""): string {
  if (!(node instanceof Pytree)) return `${node}`.replaceAll("\n", `\n${indent}`);
  const rows = sortedKeys(node).map((key) => {
    const value = (node as Any)[key];
    if (value instanceof Pytree) return `${indent}  ${key}=${displayed(value, `${indent}  `)}`;
    if (value instanceof Variable)
      return `${indent}  ${key}=${value.constructor.name}(${isKeywords(value.value) ? "..." : shapeText(value.value)})`;
    return `${indent}  ${key}=${typeof value === "function" ? value.name || "function" : shown(value)}`;
  });
  const name = node.constructor.name;
  return rows.length === 0 ? `${name}()` : `${name}(\n${rows.join(",\n")}\n${indent})`;
}
const shapeText = (value: Any): string =>
  value && Array.isArray(value.shape) ? `${value.dtype}[${value.shape.join(",")}]` : `${value}`;
const shown = (value: unknown): string => JSON.stringify(value) ?? `${value}`;

/** Prints modules, states and the like. */
export const display: (...args: readonly unknown[]) => void = define(
  "flax.nnx.display",
  { "*args": tree },
  ({ args }) => {
    for (const each of args as unknown as unknown[]) console.log(each instanceof Pytree ? displayed(each) : each);
  },
);
