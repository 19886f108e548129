// nn.ModuleDict: modules by name.
import { ArgumentError } from "@facet/autograd";
import { instance, isKeywords, type Keywords, type Kind, mapping, signature, string } from "@facet/dialect";
import { iterable } from "../kinds.js";
import { Module } from "./module.js";

/** Modules by name, in an object or a Map. */
export type NamedModules = Readonly<Record<string, Module>> | ReadonlyMap<string, Module>;
export const namedModules = mapping<Readonly<Record<string, Module>>>("modules by name").either(
  instance(() => Map, "a Map of them") as unknown as Kind<ReadonlyMap<string, Module>>,
);

/** Values by key, however a program has them: in an object, a Map, another container of them, or as pairs. */
export type Pairs<T> =
  | Readonly<Record<string, T>>
  | Iterable<readonly [string, T]>
  | { items(): Iterable<[string, T]> };

/** What is given as keys and values, in order. Throws ArgumentError on what is not pairs. */
export function pairsOf<T>(op: string, argument: string, given: Pairs<T>): (readonly [string, T])[] {
  if (typeof (given as { items?: unknown }).items === "function")
    return [...(given as { items(): Iterable<[string, T]> }).items()];
  if (isKeywords(given)) return Object.entries(given) as [string, T][];
  return [...(given as Iterable<readonly [string, T]>)].map((pair) => {
    if (Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string") return pair as unknown as [string, T];
    throw new ArgumentError({ op, argument, expected: "pairs of a name and a value", given: "something else" });
  });
}

/** Refuses a key that is not among those of a container. Throws ArgumentError. */
export function refuseKey(op: string, key: string, keys: Iterable<string>): never {
  const expected = [...keys].map((each) => `"${each}"`).join(", ") || "none: it is empty";
  throw new ArgumentError({ op, argument: "key", expected, given: `"${key}"` });
}

const pairs = mapping<Pairs<Module>>("an object of modules by name").either(
  iterable<readonly [string, Module]>("a Map, a ModuleDict or pairs"),
) as unknown as Kind<Pairs<Module>>;
const key = { key: string } as const;
const own = "torch.nn.ModuleDict";
const readers = {
  construct: signature(own, { modules: pairs.or(null) }),
  get: signature(`${own}.get`, key),
  set: signature(`${own}.set`, { key: string, module: instance(() => Module, "a Module") }),
  has: signature(`${own}.has`, key),
  pop: signature(`${own}.pop`, key),
  update: signature(`${own}.update`, { modules: pairs }),
  clear: signature(`${own}.clear`, {}),
  keys: signature(`${own}.keys`, {}),
  items: signature(`${own}.items`, {}),
  values: signature(`${own}.values`, {}),
};
type Key = [key: string] | [Keywords<{ key: string }>];
type Modules = [modules: Pairs<Module>] | [Keywords<{ modules: Pairs<Module> }>];

/** Modules by name that are registered, in order; it has no forward of its own. It goes through its keys. */
export class ModuleDict extends Module {
  constructor(...args: [modules?: Pairs<Module> | null] | [Keywords<{ modules: Pairs<Module> | null }>]) {
    super();
    const { modules } = readers.construct(args);
    if (modules) this.update(modules);
  }
  /** The module of a key: Python's `modules[key]`. */
  get(...args: Key): Module {
    const { key } = readers.get(args);
    return this._modules.get(key) ?? refuseKey(this._get_name(), key, this._modules.keys());
  }
  /** Puts a module under a key: Python's `modules[key] = module`. */
  set(...args: [key: string, module: Module] | [Keywords<{ key: string; module: Module }>]): void {
    const { key, module } = readers.set(args);
    this.add_module(key, module);
  }
  /** Whether there is a module of a key: Python's `key in modules`. */
  has(...args: Key): boolean {
    const { key } = readers.has(args);
    return this._modules.has(key);
  }
  /** Takes the module of a key out and returns it. */
  pop(...args: Key): Module {
    const { key } = readers.pop(args);
    const found = this.get(key);
    Reflect.deleteProperty(this, key);
    return found;
  }
  /** Puts modules under their keys, beside or in the place of those there are. */
  update(...args: Modules): void {
    const { modules } = readers.update(args);
    for (const [key, module] of pairsOf("ModuleDict.update", "modules", modules)) this.set(key, module);
  }
  clear(...args: []): void {
    readers.clear(args);
    for (const key of [...this._modules.keys()]) Reflect.deleteProperty(this, key);
  }
  keys(...args: []): IterableIterator<string> {
    readers.keys(args);
    return this._modules.keys();
  }
  items(...args: []): IterableIterator<[string, Module]> {
    readers.items(args);
    return this._modules.entries() as IterableIterator<[string, Module]>;
  }
  values(...args: []): IterableIterator<Module> {
    readers.values(args);
    return this._modules.values() as IterableIterator<Module>;
  }
  override get length(): number {
    return this._modules.size;
  }
  [Symbol.iterator](): IterableIterator<string> {
    return this._modules.keys();
  }
}
