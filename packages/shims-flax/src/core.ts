// flax.core: dictionaries that cannot be changed.
import { ArgumentError } from "@facet/autograd";
import { define, int, isKeywords, Kind, signature, string } from "@facet/dialect";
import { register, tree } from "@facet/shims-jax/parts";

// biome-ignore lint/suspicious/noExplicitAny: values are trees of any structure.
type Any = any;

const levels = new Kind<object>(
  "a plain object or a FrozenDict",
  (x) => isKeywords(x) || x instanceof FrozenDict,
  true,
);
const read = {
  make: signature("flax.core.FrozenDict", { xs: levels.or({}), "/": null, "**kwargs": null }),
  get: signature("flax.core.FrozenDict.get", { key: string, default: tree.or(null) }),
  items: signature("flax.core.FrozenDict.items", {}),
  keys: signature("flax.core.FrozenDict.keys", {}),
  values: signature("flax.core.FrozenDict.values", {}),
  copy: signature("flax.core.FrozenDict.copy", { add_or_replace: levels.or({}) }),
  pop: signature("flax.core.FrozenDict.pop", { key: string }),
  unfreeze: signature("flax.core.FrozenDict.unfreeze", {}),
  pretty_repr: signature("flax.core.FrozenDict.pretty_repr", { num_spaces: int.or(4) }),
};

/** flax.core.FrozenDict: nested plain objects that cannot be changed; names are properties. A tree for JAX' functions. */
export class FrozenDict {
  readonly [name: string]: Any;

  constructor(...args: Any[]) {
    const { xs, kwargs } = read.make(args);
    Object.assign(this, thawed(xs), kwargs);
    for (const [name, value] of Object.entries(this))
      if (isKeywords(value)) (this as Any)[name] = new FrozenDict(value);
    Object.freeze(this);
  }
  get(...args: [key: string, otherwise?: unknown]): Any {
    const { key, default: otherwise } = read.get(args);
    return Object.hasOwn(this, key) ? this[key] : otherwise;
  }
  items(...args: []): [string, Any][] {
    read.items(args);
    return Object.entries(this);
  }
  keys(...args: []): string[] {
    read.keys(args);
    return Object.keys(this);
  }
  values(...args: []): Any[] {
    read.values(args);
    return Object.values(this);
  }
  /** Another one with names added or exchanged. */
  copy(...args: [add_or_replace?: object]): FrozenDict {
    return new FrozenDict({ ...thawed(this), ...thawed(read.copy(args).add_or_replace) });
  }
  /** [one without a name, what was under it]. */
  pop(...args: [key: string]): [FrozenDict, Any] {
    const { key } = read.pop(args);
    const { [key]: value, ...rest } = thawed(this) as Record<string, Any>;
    if (!Object.hasOwn(this, key))
      throw new ArgumentError({
        op: "FrozenDict.pop",
        argument: "key",
        expected: Object.keys(this).join(", "),
        given: key,
      });
    return [new FrozenDict(rest), this[key] instanceof FrozenDict ? this[key] : value];
  }
  unfreeze(...args: []): Record<string, Any> {
    read.unfreeze(args);
    return thawed(this) as Record<string, Any>;
  }
  pretty_repr(...args: [num_spaces?: number]): string {
    return `FrozenDict(${pretty(this, read.pretty_repr(args).num_spaces, 1)})`;
  }
  toString(): string {
    return this.pretty_repr();
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.pretty_repr();
  }
}

const inspected = (value: Any): string => {
  const own = value?.[Symbol.for("nodejs.util.inspect.custom")];
  return typeof own === "function" ? own.call(value) : typeof value === "string" ? `'${value}'` : `${value}`;
};
function pretty(level: object, spaces: number, depth: number): string {
  const indent = " ".repeat(spaces * depth);
  const rows = Object.entries(level).map(([name, value]) => {
    const text = value instanceof FrozenDict ? pretty(value, spaces, depth + 1) : inspected(value);
    return `${indent}${name}: ${text},\n`;
  });
  return rows.length === 0 ? "{}" : `{\n${rows.join("")}${" ".repeat(spaces * (depth - 1))}}`;
}

/** Plain objects all the way down. */
const thawed = (x: Any): Any =>
  x instanceof FrozenDict || isKeywords(x)
    ? Object.fromEntries(Object.entries(x).map(([name, value]) => [name, thawed(value)]))
    : x;

register(
  FrozenDict,
  (dict: FrozenDict) => {
    const names = Object.keys(dict).sort();
    return [names.map((name) => dict[name]), Object.freeze(names)] as const;
  },
  (names, values) => new FrozenDict(Object.fromEntries((names as string[]).map((name, i) => [name, values[i]]))),
);

/** A FrozenDict of nested plain objects. */
export const freeze: (xs: object) => FrozenDict = define(
  "flax.core.freeze",
  { xs: levels },
  ({ xs }) => new FrozenDict(xs),
);
/** Nested plain objects of a FrozenDict; what is none stays as it is. */
export const unfreeze: (x: Any) => Any = define("flax.core.unfreeze", { x: tree }, ({ x }) => thawed(x));
/** A copy with names added or exchanged, frozen as x is. */
export const copy: (...args: [x: object, add_or_replace?: object]) => Any = define(
  "flax.core.copy",
  { x: levels, add_or_replace: levels.or({}) },
  ({ x, add_or_replace }) =>
    x instanceof FrozenDict ? x.copy(add_or_replace) : { ...thawed(x), ...(add_or_replace as object) },
);
/** [x without a name, what was under it], frozen as x is. */
export const pop: (...args: [x: object, key: string]) => [Any, Any] = define(
  "flax.core.pop",
  { x: levels, key: string },
  ({ x, key }): [Any, Any] => {
    if (x instanceof FrozenDict) return x.pop(key);
    const { [key]: value, ...rest } = x as Record<string, Any>;
    if (value !== undefined) return [rest, value];
    throw new ArgumentError({ op: "pop", argument: "key", expected: Object.keys(x).join(", "), given: key });
  },
);
