// Classes as inner nodes of trees, and structures as values.
import { ArgumentError } from "@facet/autograd";
import { any, define, func, instance, listOf, show, signature, string } from "@facet/dialect";
import { declared, tree } from "../arguments.js";
import { is_leaf, treedef } from "./names.js";
import { type IsLeaf, openWithKeys, PyTreeDef, register } from "./pytree.js";

// biome-ignore lint/suspicious/noExplicitAny: classes of any constructor.
type AnyClass<T = any> = abstract new (...args: any[]) => T;
type Children = readonly unknown[];
type WithKeys = readonly (readonly [key: unknown, child: unknown])[];

type Register = <T extends object, A>(
  nodetype: abstract new (...args: never[]) => T,
  flatten_func: (node: T) => readonly [children: Children, aux: A],
  unflatten_func: (aux: A, children: unknown[]) => T,
  flatten_with_keys_func?: ((node: T) => readonly [children: WithKeys, aux: A]) | null,
) => void;
/**
 * Teaches a class as an inner node: how to take instances apart into [children, aux] and to put them together again.
 * `flatten_with_keys_func` gives each child with its key, which paths are made of.
 */
export const register_pytree_node: Register = define(
  "jax.tree_util.register_pytree_node",
  { nodetype: func, flatten_func: func, unflatten_func: func, flatten_with_keys_func: func.or(null) },
  ({ nodetype, flatten_func, unflatten_func, flatten_with_keys_func }) =>
    register(nodetype as never, flatten_func, unflatten_func as never, keysOf(flatten_with_keys_func)),
) as Register;

const keysOf = (flatten: ((node: never) => readonly [WithKeys, unknown]) | null) =>
  flatten === null ? undefined : (node: object): Children => flatten(node as never)[0].map(([key]) => key);

/** As register_pytree_node, by a function that gives each child with its key. */
export const register_pytree_with_keys: <T extends object, A>(
  nodetype: abstract new (...args: never[]) => T,
  flatten_with_keys: (node: T) => readonly [children: WithKeys, aux: A],
  unflatten_func: (aux: A, children: unknown[]) => T,
  flatten_func?: ((node: T) => readonly [children: Children, aux: A]) | null,
) => void = define(
  "jax.tree_util.register_pytree_with_keys",
  { nodetype: func, flatten_with_keys: func, unflatten_func: func, flatten_func: func.or(null) },
  ({ nodetype, flatten_with_keys, unflatten_func, flatten_func }) => {
    const flat = (node: object): readonly [Children, unknown] => {
      const [children, aux] = flatten_with_keys(node) as readonly [WithKeys, unknown];
      return [children.map(([, child]) => child), aux];
    };
    register(nodetype as never, (flatten_func ?? flat) as never, unflatten_func as never, keysOf(flatten_with_keys));
  },
) as never;

/** A method of a class that is to be a node. */
function member(fn: string, cls: AnyClass, name: string, isStatic: boolean): (...args: unknown[]) => unknown {
  const found: unknown = isStatic ? (cls as unknown as Record<string, unknown>)[name] : cls.prototype[name];
  if (typeof found === "function") return found as (...args: unknown[]) => unknown;
  const expected = `a class with ${isStatic ? "a static method" : "a method"} ${name}`;
  throw new ArgumentError({ op: fn, argument: "cls", expected, given: cls.name });
}

/** Teaches a class with a method `tree_flatten()` and a static `tree_unflatten(aux, children)` as an inner node; returns it. */
export const register_pytree_node_class: <C extends AnyClass>(cls: C) => C = define(
  "jax.tree_util.register_pytree_node_class",
  { cls: func },
  ({ cls }) => {
    const fn = "register_pytree_node_class";
    const target = cls as never as AnyClass;
    const [flatten, unflatten] = [
      member(fn, target, "tree_flatten", false),
      member(fn, target, "tree_unflatten", true),
    ];
    register(
      target,
      (node: object) => flatten.call(node) as readonly [Children, unknown],
      (aux, children) => unflatten.call(target, aux, children) as object,
    );
    return cls;
  },
) as never;

/** As register_pytree_node_class, by a method `tree_flatten_with_keys()` too. */
export const register_pytree_with_keys_class: <C extends AnyClass>(cls: C) => C = define(
  "jax.tree_util.register_pytree_with_keys_class",
  { cls: func },
  ({ cls }) => {
    const fn = "register_pytree_with_keys_class";
    const target = cls as never as AnyClass;
    const flatten = member(fn, target, "tree_flatten_with_keys", false);
    const unflatten = member(fn, target, "tree_unflatten", true);
    const opened = (node: object) => flatten.call(node) as readonly [WithKeys, unknown];
    register(
      target,
      (node: object) => [opened(node)[0].map(([, child]) => child), opened(node)[1]] as const,
      (aux, children) => unflatten.call(target, aux, children) as object,
      (node: object) => opened(node)[0].map(([key]) => key),
    );
    return cls;
  },
) as never;

const names = listOf(string);
/**
 * Teaches a class as an inner node whose children are the fields `data_fields`; `meta_fields` are part of the structure, `drop_fields`
 * of neither. Without lists all fields of an object are children. Objects are put together without their constructor.
 */
export const register_dataclass: <C extends AnyClass>(
  nodetype: C,
  data_fields?: readonly string[] | null,
  meta_fields?: readonly string[] | null,
  drop_fields?: readonly string[],
) => C = define(
  "jax.tree_util.register_dataclass",
  { nodetype: func, data_fields: names.or(null), meta_fields: names.or(null), drop_fields: names.or([]) },
  ({ nodetype, data_fields, meta_fields, drop_fields }) => {
    if ((data_fields === null) !== (meta_fields === null))
      throw new ArgumentError({
        op: "register_dataclass",
        argument: data_fields === null ? "data_fields" : "meta_fields",
        expected: "both lists of fields, or neither",
        given: "null",
      });
    const target = nodetype as never as AnyClass;
    const fieldsOf = (node: object): readonly string[] =>
      data_fields ?? Object.keys(node).filter((name) => !(drop_fields as readonly string[]).includes(name));
    const read = (node: object, name: string): unknown => (node as Record<string, unknown>)[name];
    const meta = meta_fields ?? [];
    register(
      target,
      (node: object) => {
        const fields = fieldsOf(node);
        return [fields.map((name) => read(node, name)), [fields, meta.map((name) => read(node, name))]] as const;
      },
      ([fields, fixed], children) => {
        const made: object = Object.create(target.prototype);
        for (const [i, name] of fields.entries()) Reflect.set(made, name, children[i]);
        for (const [i, name] of meta.entries()) Reflect.set(made, name, fixed[i]);
        return made;
      },
      fieldsOf,
    );
    return nodetype;
  },
) as never;

/** Teaches a class as part of structures: its objects have no children, and are told apart by their text or identity. */
export const register_static: <C extends AnyClass>(cls: C) => C = define(
  "jax.tree_util.register_static",
  { cls: func },
  ({ cls }) => {
    register(
      cls as never as AnyClass,
      (node: object) => [[], node] as const,
      (node) => node,
    );
    return cls;
  },
) as never;

const readPartial = signature("jax.tree_util.Partial", { func, "*args": any, "**kw": any });
/** A function with its first arguments given, which are children of it as a node. It is called as any function. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a Partial is a function.
export class Partial {
  declare readonly func: (...args: unknown[]) => unknown;
  declare readonly args: readonly unknown[];
  declare readonly keywords: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: of whatever it is made.
  constructor(...given: [func: (...args: any[]) => any, ...args: unknown[]]) {
    const { func, args, kw } = readPartial(given);
    // biome-ignore lint/correctness/noConstructorReturn: what is made can be called, which no object of a class can.
    return partialOf(func, args as unknown as unknown[], kw as unknown as Record<string, unknown>);
  }
}
export interface Partial {
  // biome-ignore lint/style/useShorthandFunctionType: it is the class's own type, with its fields.
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  (...args: any[]): any;
}
function partialOf(
  func: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  keywords: Record<string, unknown>,
): Partial {
  const call = (...rest: unknown[]): unknown => {
    const all = [...args, ...rest];
    return Object.keys(keywords).length > 0 ? func(...all, keywords) : func(...all);
  };
  Object.setPrototypeOf(call, Partial.prototype);
  return Object.assign(call, { func, args, keywords }) as unknown as Partial;
}
register(
  Partial,
  (node) => [[node.args, node.keywords], node.func] as const,
  (func, [args, keywords]) => partialOf(func, args as unknown[], keywords as Record<string, unknown>),
);

/** Whether each of some values is a leaf. */
export const all_leaves: (iterable: readonly unknown[], is_leaf?: IsLeaf | null) => boolean = define(
  "jax.tree_util.all_leaves",
  { iterable: listOf(tree), is_leaf },
  ({ iterable, is_leaf }) => iterable.every((node) => is_leaf?.(node) || openWithKeys(node) === undefined),
) as never;

/** [children, aux] of a node. Throws ArgumentError on a leaf. */
export const flatten_one_level = declared<[tree: unknown]>()(
  "jax.tree_util.flatten_one_level",
  { tree },
  ({ tree }): [children: Children, aux: unknown] => {
    const opened = openWithKeys(tree);
    if (opened) return [opened.parts, opened.data ?? null];
    throw new ArgumentError({ op: "flatten_one_level", argument: "tree", expected: "a node", given: show(tree) });
  },
);
/** Structures of the children. */
export const treedef_children = declared<[treedef: PyTreeDef]>()(
  "jax.tree_util.treedef_children",
  { treedef },
  ({ treedef }) => treedef.children(),
);
/** Whether a structure is that of a leaf. */
export const treedef_is_leaf = declared<[treedef: PyTreeDef]>()(
  "jax.tree_util.treedef_is_leaf",
  { treedef },
  ({ treedef }) => treedef.kind === "leaf",
);
/** The structure of a list of trees with these structures. */
export const treedef_tuple = declared<[treedefs: readonly PyTreeDef[]]>()(
  "jax.tree_util.treedef_tuple",
  { treedefs: listOf(instance(() => PyTreeDef, "a PyTreeDef")) },
  ({ treedefs }) => new PyTreeDef("list", undefined, treedefs),
);
