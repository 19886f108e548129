// Variables: boxes in modules whose contents change, of types that say what they are for.
import type { Dtype } from "@facet/autograd";
import { bool, type Keywords, only, signature, string } from "@facet/dialect";
import { type JaxArray, register, tree } from "@facet/shims-jax/parts";

type Metadata = Readonly<Record<string, unknown>>;
interface Variables {
  new (value: unknown): Variable<unknown>;
}

const MISSING = Symbol("missing");
const RULES = { value: tree, "*": null, hijax: only(null, false), ref: only(null, false), eager_sharding: only(null) };
const read = signature("flax.nnx.Variable", { ...RULES, "**metadata": null });
const readers = {
  get_value: signature("flax.nnx.Variable.get_value", { "*": null, index: only(MISSING) }),
  set_value: signature("flax.nnx.Variable.set_value", { value: tree, "*": null, index: only(MISSING) }),
  get_metadata: signature("flax.nnx.Variable.get_metadata", {
    name: string.or(null),
    default: tree.or(MISSING),
    "*": null,
    exclude_required: bool.or(null),
  }),
  has_metadata: signature("flax.nnx.Variable.has_metadata", { name: string }),
  copy: signature("flax.nnx.Variable.copy", {
    value: tree.or(MISSING),
    "*": null,
    _copy_ref: only(true),
    "**updates": null,
  }),
  replace: signature("flax.nnx.Variable.replace", {
    value: tree.or(MISSING),
    "*": null,
    _copy_ref: only(true),
    "**updates": null,
  }),
  copy_from: signature("flax.nnx.Variable.copy_from", { other: tree }),
};

const known = new Set<unknown>();
const NOTHING: Metadata = Object.freeze({});

/** Teaches JAX' trees a type of variables: the value is what is inside. */
function teach(type: Variables): void {
  if (known.has(type)) return;
  known.add(type);
  register(
    type,
    (variable: Variable<unknown>) => [[variable.value], variable.metadata] as const,
    (metadata, [value]) => variableOf(type, value, metadata as Metadata),
  );
}

/** A variable of a type, without its constructor. */
export function variableOf<V>(type: abstract new (...args: never[]) => V, value: unknown, metadata: Metadata): V {
  teach(type as unknown as Variables);
  const made = Object.create(type.prototype) as Variable<unknown>;
  made.value = value;
  Object.defineProperty(made, "metadata", { value: metadata });
  return made as V;
}

/**
 * nnx.Variable: `variable.value` is what it holds (an array, or a tree of them), read and written; metadata are further keywords.
 * Subclasses are types, by which filters tell variables apart. Arithmetic is with `.value`.
 */
export class Variable<T = JaxArray> {
  /** What it holds. */
  declare value: T;
  declare readonly metadata: Metadata;

  constructor(value: T | Variable<T>, metadata?: Keywords<Metadata>) {
    const given = read(metadata === undefined ? [value] : [value, metadata]);
    const own = given.metadata as Metadata;
    const inner = given.value instanceof Variable ? (given.value as Variable<T>) : undefined;
    this.value = inner ? inner.value : (given.value as T);
    const all = { ...inner?.metadata, ...own };
    Object.defineProperty(this, "metadata", {
      value: Object.keys(all).length > 0 ? Object.freeze(all) : NOTHING,
    });
    teach(new.target as unknown as Variables);
  }

  get type(): abstract new (
    ...args: never[]
  ) => unknown {
    return this.constructor as never;
  }
  get shape(): readonly number[] {
    return (this.value as { readonly shape: readonly number[] }).shape;
  }
  get dtype(): Dtype {
    return (this.value as { readonly dtype: Dtype }).dtype;
  }
  get ndim(): number {
    return this.shape.length;
  }

  get_value(...args: []): T {
    readers.get_value(args);
    return this.value;
  }
  set_value(...args: [value: T]): void {
    this.value = readers.set_value(args).value as T;
  }
  /** All metadata, or one of them by its name. */
  get_metadata(...args: [name?: string | null, otherwise?: unknown]): unknown {
    const { name, default: otherwise } = readers.get_metadata(args);
    if (name === null) return { ...this.metadata };
    return Object.hasOwn(this.metadata, name) ? this.metadata[name] : otherwise === MISSING ? null : otherwise;
  }
  has_metadata(...args: [name: string]): boolean {
    return Object.hasOwn(this.metadata, readers.has_metadata(args).name);
  }
  /** Another variable of the type, with this value or another. */
  copy(...args: [value?: T]): this {
    const { value, updates } = readers.copy(args);
    return again(this, value, updates as Metadata);
  }
  replace(...args: [value?: T]): this {
    const { value, updates } = readers.replace(args);
    return again(this, value, updates as Metadata);
  }
  copy_from(...args: [other: Variable<T>]): void {
    this.value = (readers.copy_from(args).other as Variable<T>).value;
  }

  toString(): string {
    return `${this.constructor.name}(\n  value=${inspected(this.value)}\n)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const inspected = (value: unknown): string => {
  const own = (value as Record<symbol, unknown> | null)?.[Symbol.for("nodejs.util.inspect.custom")];
  return (typeof own === "function" ? `${own.call(value)}` : `${value}`).replaceAll("\n", "\n  ");
};

function again<V extends Variable<unknown>>(variable: V, value: unknown, updates: Metadata): V {
  const metadata =
    Object.keys(updates).length > 0 ? Object.freeze({ ...variable.metadata, ...updates }) : variable.metadata;
  return variableOf(variable.constructor as never, value === MISSING ? variable.value : value, metadata);
}

/** What is trained. */
export class Param<T = JaxArray> extends Variable<T> {}
/** Running statistics of batches. */
export class BatchStat<T = JaxArray> extends Variable<T> {}
/** What is kept between calls of a model that writes word by word. */
export class Cache<T = JaxArray> extends Variable<T> {}
/** Results on the way, put there by sow. */
export class Intermediate<T = unknown> extends Variable<T> {}
/** Zeros added to results on the way, whose gradients are those of the results. */
export class Perturbation<T = JaxArray> extends Variable<T> {}

for (const name of ["Param", "BatchStat", "Cache", "Intermediate", "Perturbation", "RngState", "RngKey", "RngCount"])
  signature(`flax.nnx.${name}`, { ...RULES, "**metadata": null });
for (const name of ["OptState", "OptArray", "OptVariable", "metrics.MetricState"])
  signature(`flax.nnx.${name}`, { ...RULES, "**metadata": null });

export const isVariable = (x: unknown): x is Variable<unknown> => x instanceof Variable;
