// linen.Module: what computes, without its variables, which init makes and apply is given.
import { ArgumentError, formatShape, ShapeError } from "@facet/autograd";
import { any, func, isKeywords, Kind, listOf, only, show, signature, string } from "@facet/dialect";
import { type JaxArray, type PRNGKeyArray, tree } from "@facet/shims-jax/parts";
import { blank, Callable } from "../callable.js";
import { key } from "../rules.js";
import { type Keys, type Mutable, mutates, Root } from "./scope.js";

// biome-ignore lint/suspicious/noExplicitAny: modules take and give what they like.
type Any = any;

const UNSET = Symbol("unset");
const append = (list: Any, value: unknown): unknown => [...list, value];
const none = (): unknown => [];
const collections = new Kind<Mutable>(
  "true, false, the name of a collection or a list of names",
  (x) => typeof x === "boolean" || typeof x === "string" || listOf(string).accepts(x),
);
const keys = key.either(
  new Kind<Readonly<Record<string, PRNGKeyArray>>>("keys by name", (x) => isKeywords(x), true),
) as Kind<Keys>;
const method = func.either(string).or(null);
const CALL = { method, capture_intermediates: only(false), "**kwargs": null } as const;
const INIT = { rngs: keys, "*args": any, mutable: collections.or(UNSET), ...CALL } as const;
const read = {
  Module: signature("flax.linen.Module", { "**fields": null }),
  init: signature("flax.linen.Module.init", INIT),
  init_with_output: signature("flax.linen.Module.init_with_output", INIT),
  apply: signature("flax.linen.Module.apply", {
    variables: tree,
    "*args": any,
    rngs: keys.or(null),
    mutable: collections.or(false),
    ...CALL,
  }),
  bind: signature("flax.linen.Module.bind", {
    variables: tree,
    "*args": any,
    rngs: keys.or(null),
    mutable: collections.or(false),
  }),
  clone: signature("flax.linen.Module.clone", {
    "*": null,
    parent: only(null),
    _deep_clone: only(false),
    _reset_names: only(false),
    "**updates": null,
  }),
  unbind: signature("flax.linen.Module.unbind", {}),
  setup: signature("flax.linen.Module.setup", {}),
  param: signature("flax.linen.Module.param", {
    name: string,
    init_fn: func,
    "*init_args": any,
    unbox: only(true),
    "**init_kwargs": null,
  }),
  variable: signature("flax.linen.Module.variable", {
    col: string,
    name: string,
    init_fn: func.or(null),
    "*init_args": any,
    unbox: only(true),
    "**init_kwargs": null,
  }),
  make_rng: signature("flax.linen.Module.make_rng", { name: string.or("params") }),
  has_rng: signature("flax.linen.Module.has_rng", { name: string }),
  has_variable: signature("flax.linen.Module.has_variable", { col: string, name: string }),
  get_variable: signature("flax.linen.Module.get_variable", { col: string, name: string, default: tree.or(null) }),
  put_variable: signature("flax.linen.Module.put_variable", { col: string, name: string, value: tree }),
  is_initializing: signature("flax.linen.Module.is_initializing", {}),
  is_mutable_collection: signature("flax.linen.Module.is_mutable_collection", { col: string }),
  sow: signature("flax.linen.Module.sow", {
    col: string,
    name: string,
    value: tree,
    reduce_fn: func.or(append),
    init_fn: func.or(none),
  }),
};

/** What a module knows of where it stands. */
interface Standing {
  parent: Module | null;
  name: string | null;
  root: Root | null;
  /** Names given in the call under way, and how many modules of each class there were. */
  names: Set<string>;
  counts: Map<string, number>;
  depth: number;
  settled: boolean;
  settling: boolean;
}
const standings = new WeakMap<Module, Standing>();
const standingOf = (module: Module): Standing => standings.get(module) as Standing;
const fresh = (parent: Module | null, name: string | null, root: Root | null = null): Standing => ({
  ...{ parent, name, root, names: new Set<string>(), counts: new Map<string, number>() },
  ...{ depth: 0, settled: false, settling: false },
});

/** Modules whose methods run, the innermost last. */
const running: Module[] = [];

const rootOf = (module: Module): Root | null => {
  const { root, parent } = standingOf(module);
  return root ?? (parent ? rootOf(parent) : null);
};
const pathOf = (module: Module): string[] => {
  const { parent, name } = standingOf(module);
  return parent ? [...pathOf(parent), name ?? ""] : [];
};
const labelOf = (module: Module): string => [...pathOf(module)].join("/") || module.constructor.name;

function bound(module: Module): Root {
  const root = rootOf(module);
  if (root) return root;
  throw new ArgumentError({
    op: module.constructor.name,
    argument: "variables",
    expected: "a module under init or apply: module.init(key, x), module.apply(variables, x)",
    given: "one that stands alone",
  });
}

/** Gives a submodule a name of its parent's, once in a call. */
function nameIn(parent: Module, child: Module, given: string | null): string {
  const standing = standingOf(parent);
  const prefix = child.constructor.name;
  const count = standing.counts.get(prefix) ?? 0;
  if (given === null) standing.counts.set(prefix, count + 1);
  const name = given ?? `${prefix}_${count}`;
  if (standing.names.has(name))
    throw new ArgumentError({
      op: parent.constructor.name,
      argument: "name",
      expected: "a name that no other submodule or variable has",
      given: `"${name}" a second time`,
    });
  standing.names.add(name);
  return name;
}

/** What has no name yet of a module's fields becomes its submodule, named after the field; of what comes from outside, copies. */
function adopt(module: Module): void {
  const known = new Map<Module, Module>();
  const own = (value: Any, name: string): Any => {
    if (value instanceof Module) {
      const { parent, root } = standingOf(value);
      if (root) return value;
      const made = parent ? value : (known.get(value) ?? copyOf(value, fresh(module, null)));
      known.set(value, made);
      const standing = standingOf(made);
      if (standing.name === null) Object.assign(standing, { parent: module, name: nameIn(module, made, name) });
      return made;
    }
    if (Array.isArray(value) && value.some((each) => each instanceof Module))
      return value.map((each, i) => own(each, `${name}_${i}`));
    if (isKeywords(value) && Object.values(value).some((each) => each instanceof Module))
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, own(each, `${name}_${key}`)]));
    return value;
  };
  for (const [name, value] of Object.entries(module)) (module as Any)[name] = own(value, name);
}

function copyOf<M extends Module>(module: M, standing: Standing, updates: object = {}): M {
  const made = Object.assign(blank(Object.getPrototypeOf(module) as M), module, updates) as M;
  standings.set(made, standing);
  return made;
}

/** Runs a method of a module: `setup` before the first, submodules made inside are its own. */
function inside<T>(module: Module, body: () => T): T {
  const standing = standingOf(module);
  if (!rootOf(module)) return body();
  running.push(module);
  standing.depth++;
  try {
    if (!standing.settled) {
      standing.settled = true;
      standing.settling = true;
      adopt(module);
      module.setup();
      adopt(module);
      standing.settling = false;
    }
    const settled = new Set(standing.names);
    try {
      return body();
    } finally {
      // The next call makes the same submodules again.
      if (standing.depth === 1) {
        standing.names = settled;
        standing.counts.clear();
      }
    }
  } finally {
    standing.depth--;
    running.pop();
  }
}

const wrapped = new WeakSet<object>();
/** Methods of subclasses run inside of their module. */
function wrap(prototype: Any): void {
  for (let level = prototype; level !== Module.prototype && level !== null; level = Object.getPrototypeOf(level)) {
    if (wrapped.has(level)) continue;
    wrapped.add(level);
    const nowrap: readonly string[] = level.constructor.nowrap ?? [];
    for (const name of Object.getOwnPropertyNames(level)) {
      const own = Object.getOwnPropertyDescriptor(level, name) as PropertyDescriptor;
      if (typeof own.value !== "function" || ["constructor", "setup", ...nowrap].includes(name)) continue;
      const method = own.value as (...args: unknown[]) => unknown;
      const { [name]: replaced } = {
        [name](this: Module, ...args: unknown[]): unknown {
          return inside(this, () => method.apply(this, args));
        },
      };
      Object.defineProperty(level, name, { ...own, value: replaced });
    }
  }
}

/** linen.Variable: a variable of a collection; `value` is read and written. */
export interface LinenVariable<T = JaxArray> {
  value: T;
}

/**
 * linen.Module. Fields are given to the constructor in an object: `class Net extends nn.Module { declare width: number;
 * __call__(x) { return new nn.Dense(this.width)(x); } }`, `new Net({ width: 8 })`. Submodules are made in `setup`, as attributes, or
 * in any method (every one is compact): a second call finds the same ones. `model.init(key, x)` makes variables, `model.apply(variables, x)`
 * computes with them.
 */
export class Module extends Callable {
  /** Methods that need no variables, and run without them. */
  static readonly nowrap: readonly string[] = [];

  constructor(...args: [fields?: object]) {
    super();
    const { name = null, parent = UNSET, ...fields } = read.Module(args).fields as Record<string, Any>;
    wrap(new.target.prototype);
    Object.assign(this, fields);
    // Programs hand these on without their object: `apply_fn: model.apply`.
    for (const name of ["init", "init_with_output", "apply"] as const)
      Object.defineProperty(this, name, { value: this[name].bind(this), configurable: true });
    const around = parent === UNSET ? (running.at(-1) ?? null) : (parent as Module | null);
    const standing = fresh(around, name);
    standings.set(this, standing);
    // Those that setup makes are named after the attributes.
    if (around && !(standingOf(around).settling && name === null)) standing.name = nameIn(around, this, name);
  }

  /** The name that the module has in its parent. */
  override get name(): string | null {
    return standingOf(this)?.name ?? null;
  }
  get path(): readonly string[] {
    return pathOf(this);
  }
  /** The module's own variables, by collection. */
  get variables(): Record<string, Any> {
    const root = bound(this);
    const path = pathOf(this);
    return Object.fromEntries(
      Object.keys(root.variables).flatMap((name) => {
        const level = root.level(name, path, false);
        return level && Object.keys(level).length > 0 ? [[name, level]] : [];
      }),
    );
  }

  /** Makes submodules as attributes: subclasses override it. */
  setup(...args: []): void {
    read.setup(args);
  }

  /** Variables of a key, or of keys by name, and of inputs: `{ params: ... }`. Further keywords go to the method. */
  init(...args: Any[]): Record<string, Any> {
    return started("init", this, read.init(args) as Any)[1];
  }
  /** [output, variables]. */
  init_with_output(...args: Any[]): [output: Any, variables: Record<string, Any>] {
    return started("init_with_output", this, read.init_with_output(args) as Any);
  }
  /** The output for these variables; with `mutable` [output, the collections that may be written]. */
  override apply(...args: Any[]): Any {
    const { variables, args: inputs, rngs, mutable, method, kwargs } = read.apply(args) as Any;
    const root = new Root("apply", variables, rngs, mutable, false);
    const output = called("apply", copyOf(this, fresh(null, null, root)), method, inputs, kwargs);
    if (mutable === false) return output;
    const written = Object.entries(root.variables).filter(([name]) => mutates(mutable, name));
    return [output, Object.fromEntries(written)];
  }
  /** The module with these variables, to be called as it is. */
  override bind(...args: Any[]): this {
    const { variables, rngs, mutable } = read.bind(args) as Any;
    return copyOf(this, fresh(null, null, new Root("bind", variables, rngs, mutable, false)));
  }
  /** [module, variables] of a bound module. */
  unbind(...args: []): [module: this, variables: Record<string, Any>] {
    read.unbind(args);
    return [copyOf(this, fresh(null, null)), this.variables];
  }
  /** A module with the same fields, but for those given. */
  clone(...args: [updates?: object]): this {
    return copyOf(this, fresh(null, null), read.clone(args).updates as object);
  }

  /** A parameter: what is there under this name, or, while init runs, what `init_fn(key, ...)` gives. */
  param(...args: Any[]): Any {
    const { name, init_fn, init_args, init_kwargs } = read.param(args) as Any;
    const root = bound(this);
    const path = pathOf(this);
    const level = root.level("params", path, false);
    if (level && Object.hasOwn(level, name)) {
      const value = level[name];
      const wanted = init_args[0];
      const isShape = Array.isArray(wanted) && wanted.every((n) => Number.isInteger(n));
      if (isShape && Array.isArray(value?.shape) && `${value.shape}` !== `${wanted}`)
        throw new ShapeError({
          op: labelOf(this),
          argument: name,
          expected: formatShape(wanted),
          given: formatShape(value.shape),
        });
      return value;
    }
    requireMutable(this, root, "params", name);
    const more = Object.keys(init_kwargs).length > 0 ? [init_kwargs] : [];
    const value = init_fn(root.key(labelOf(this), path, "params"), ...init_args, ...more);
    (root.level("params", path, true) as Any)[name] = value;
    return value;
  }
  /** A variable of a collection: what is there under this name, or what `init_fn(...)` gives. */
  variable(...args: Any[]): LinenVariable<Any> {
    const { col, name, init_fn, init_args, init_kwargs } = read.variable(args) as Any;
    const root = bound(this);
    const path = pathOf(this);
    if (!this.has_variable(col, name)) {
      if (init_fn === null)
        throw new ArgumentError({ op: labelOf(this), argument: name, expected: `a variable in ${col}`, given: "none" });
      requireMutable(this, root, col, name);
      const more = Object.keys(init_kwargs).length > 0 ? [init_kwargs] : [];
      (root.level(col, path, true) as Any)[name] = init_fn(...init_args, ...more);
    }
    const put = (value: unknown): void => {
      requireMutable(this, root, col, name);
      (root.level(col, path, true) as Any)[name] = value;
    };
    return {
      get value() {
        return root.level(col, path, false)?.[name];
      },
      set value(value) {
        put(value);
      },
    };
  }
  /** A key of a name, another one at every call. */
  make_rng(...args: [name?: string]): PRNGKeyArray {
    const { name } = read.make_rng(args);
    return bound(this).key(labelOf(this), pathOf(this), name);
  }
  has_rng(...args: [name: string]): boolean {
    const { name } = read.has_rng(args);
    return Object.hasOwn(bound(this).keys, name);
  }
  has_variable(...args: [col: string, name: string]): boolean {
    const { col, name } = read.has_variable(args);
    return Object.hasOwn(bound(this).level(col, pathOf(this), false) ?? {}, name);
  }
  get_variable(...args: [col: string, name: string, otherwise?: unknown]): Any {
    const { col, name, default: otherwise } = read.get_variable(args);
    return this.has_variable(col, name) ? bound(this).level(col, pathOf(this), false)?.[name] : otherwise;
  }
  put_variable(...args: [col: string, name: string, value: unknown]): void {
    const { col, name, value } = read.put_variable(args);
    const root = bound(this);
    requireMutable(this, root, col, name);
    (root.level(col, pathOf(this), true) as Any)[name] = value;
  }
  /** Whether init runs. */
  is_initializing(...args: []): boolean {
    read.is_initializing(args);
    return bound(this).initializing;
  }
  is_mutable_collection(...args: [col: string]): boolean {
    const { col } = read.is_mutable_collection(args);
    return mutates(bound(this).mutable, col);
  }
  /** Keeps a result on the way in a collection, after those that are there. False where that may not be written. */
  sow(...args: Any[]): boolean {
    const { col, name, value, reduce_fn, init_fn } = read.sow(args) as Any;
    const root = bound(this);
    if (!mutates(root.mutable, col)) return false;
    const level = root.level(col, pathOf(this), true) as Any;
    level[name] = reduce_fn(Object.hasOwn(level, name) ? level[name] : init_fn(), value);
    return true;
  }

  override toString(): string {
    const fields = Object.entries(this).map(
      ([name, value]) => `${name} = ${value instanceof Module ? value : show(value)}`,
    );
    return `${this.constructor.name}(${fields.length > 0 ? `\n    ${fields.join("\n    ")}\n` : ""})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function requireMutable(module: Module, root: Root, collection: string, name: string): void {
  if (mutates(root.mutable, collection)) return;
  throw new ArgumentError({
    op: labelOf(module),
    argument: name,
    expected: `a variable in ${collection}, or a collection that may be written (mutable)`,
    given: `none in { ${Object.keys(root.variables).join(", ")} }`,
  });
}

function started(fn: string, module: Module, given: Any): [output: Any, variables: Record<string, Any>] {
  const mutable = given.mutable === UNSET ? { deny: "intermediates" } : given.mutable;
  const root = new Root(fn, {}, given.rngs, mutable, true);
  const output = called(fn, copyOf(module, fresh(null, null, root)), given.method, given.args, given.kwargs);
  return [output, root.variables];
}

/** Calls a method, by default `__call__`, with keywords in a trailing object. */
function called(fn: string, module: Module, method: Any, inputs: readonly unknown[], kwargs: object): unknown {
  const args = Object.keys(kwargs).length > 0 ? [...inputs, kwargs] : inputs;
  if (method === null) return (module as Any).__call__(...args);
  const name = typeof method === "string" ? method : method.name;
  const own = (module as Any)[name];
  if (typeof own === "function") return own.apply(module, args);
  if (typeof method === "function") return inside(module, () => method(module, ...args));
  throw new ArgumentError({ op: fn, argument: "method", expected: "a method of the module", given: show(method) });
}

/** What library layers take besides their fields. */
export const STANDING = { parent: tree.or(UNSET), name: string.or(null) } as const;
