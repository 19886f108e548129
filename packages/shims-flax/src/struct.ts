// flax.struct: classes of fields that are trees, and are not changed but replaced.
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, only, signature } from "@facet/dialect";
import { register } from "@facet/shims-jax/parts";

// biome-ignore lint/suspicious/noExplicitAny: fields are of any kind.
type Any = any;

const read = {
  make: signature("flax.struct.PyTreeNode", { "**fields": null }),
  replace: signature("flax.struct.PyTreeNode.replace", { "**updates": null }),
};

/** How a field is treated. */
export class Field {
  readonly pytree_node: boolean;
  constructor(pytree_node: boolean) {
    this.pytree_node = pytree_node;
  }
}
/** struct.field(false): a field that is part of the structure, not of the leaves: `static fields = { apply_fn: struct.field(false) }`. */
export const field: (...args: [pytree_node?: boolean]) => Any = define(
  "flax.struct.field",
  { pytree_node: bool.or(true), "*": null, metadata: only(null), "**kwargs": null },
  ({ pytree_node, kwargs }) => {
    const other = Object.keys(kwargs as object)[0];
    if (other === undefined) return new Field(pytree_node);
    throw new ArgumentError({ op: "field", argument: other, expected: "pytree_node alone", given: "another setting" });
  },
);

type NodeClass = (new (fields: Any) => object) & { readonly fields?: Readonly<Record<string, unknown>> };
const known = new Set<unknown>();

/** Fields of a class and of those above it that are no leaves. */
function staticsOf(type: Any): Set<string> {
  const found = new Set<string>();
  for (let at = type; typeof at === "function"; at = Object.getPrototypeOf(at))
    for (const [name, each] of Object.entries((Object.hasOwn(at, "fields") ? at.fields : {}) as object))
      if (each instanceof Field && !each.pytree_node) found.add(name);
  return found;
}

/** Teaches JAX' trees a class. */
function teach(type: NodeClass): void {
  if (known.has(type)) return;
  known.add(type);
  const statics = staticsOf(type);
  register(
    type as never,
    (node: Any) => {
      const names = Object.keys(node).filter((name) => !statics.has(name));
      const rest = Object.keys(node).filter((name) => statics.has(name));
      return [names.map((name) => node[name]), Object.freeze([names, rest.map((name) => [name, node[name]])])] as const;
    },
    (aux, children) => {
      const [names, rest] = aux as unknown as [string[], [string, unknown][]];
      const node = Object.create(type.prototype);
      for (const [i, name] of names.entries()) node[name] = children[i];
      return Object.assign(node, Object.fromEntries(rest));
    },
  );
}

/** struct.PyTreeNode: fields in an object: `class Point extends struct.PyTreeNode { declare x: Array }`, `new Point({ x })`. */
export class PyTreeNode {
  constructor(...args: [fields?: Any]) {
    Object.assign(this, read.make(args).fields);
    teach(new.target as unknown as NodeClass);
  }
  /** One with other fields. */
  replace(...args: [updates: Any]): this {
    const { updates } = read.replace(args);
    return replaced(this, updates as object);
  }
}

export function replaced<T extends object>(node: T, updates: object): T {
  for (const name of Object.keys(updates))
    if (!Object.hasOwn(node, name))
      throw new ArgumentError({
        op: `${node.constructor.name}.replace`,
        argument: name,
        expected: `a field (${Object.keys(node).join(", ")})`,
        given: "a name that it does not have",
      });
  return Object.assign(Object.create(Object.getPrototypeOf(node)), node, updates) as T;
}

/** struct.dataclass: a class of one's own as a tree, with `replace`. Its constructor takes what it likes. */
export const dataclass: <C extends new (...args: Any[]) => object>(clz: C) => C = define(
  "flax.struct.dataclass",
  { clz: func, "**kwargs": null },
  ({ clz }) => {
    teach(clz as unknown as NodeClass);
    if (!("replace" in (clz.prototype as object)))
      Object.defineProperty(clz.prototype, "replace", {
        value(this: object, updates: object) {
          return replaced(this, updates);
        },
      });
    return clz;
  },
) as never;
