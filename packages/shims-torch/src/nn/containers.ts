// Modules in a row: Sequential calls them one after the other, ModuleList only holds them.
import { ArgumentError } from "@facet/autograd";
import {
  type Args,
  defineMethod,
  instance,
  int,
  isKeywords,
  type Keywords,
  Kind,
  methods,
  signature,
} from "@facet/dialect";
import { anything, each, iterable } from "../kinds.js";
import { bounds } from "../ops/indexing.js";
import type { Tensor } from "../tensor.js";
import { Module } from "./module.js";
import { type NamedModules, namedModules } from "./named_modules.js";

/** Some of a list, as tensors have it: [start, stop], [start, stop, step] with null for an open end, or text such as "1:" or "::2". */
export type Slice = readonly [start: number | null, stop: number | null, step?: number] | string;
export const slice = new Kind<Slice>(
  "[start, stop], [start, stop, step] or text such as '1:5'",
  (value) =>
    (typeof value === "string" && /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(:\s*(\d+)?\s*)?$/.test(value)) ||
    (Array.isArray(value) &&
      (value.length === 2 || value.length === 3) &&
      value.every((end) => end === null || Number.isInteger(end))),
);

/** The numbers that a slice of a list of `length` elements names. */
export function placesOf(op: string, index: Slice, length: number): number[] {
  const [start, stop, step] = bounds(op, index, length, 0);
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, k) => start + k * step);
}

/** A place from 0, given one that may count from the end. Throws ArgumentError on one that is not there. */
export function placeOf(container: Module, index: number, length: number): number {
  if (index >= -length && index < length) return index < 0 ? index + length : index;
  throw new ArgumentError({
    op: container._get_name(),
    argument: "index",
    expected: length === 0 ? "none: it is empty" : `${-length} to ${length - 1}`,
    given: `${index}`,
  });
}

const moduleKind = instance(() => Module, "a Module");
const modules = iterable<Module>("an iterable of Modules");
const readers = {
  sequential: signature("torch.nn.Sequential", { "*args": each(moduleKind.either(namedModules)) }),
  forward: signature("torch.nn.Sequential.forward", { input: anything("input") }),
  list: signature("torch.nn.ModuleList", { modules: modules.or(null) }),
};
type Placed = Args<[idx: number, module: Module], { idx: number; module: Module }>;
type Inserted = Args<[index: number, module: Module], { index: number; module: Module }>;

/** What lists of modules do alike. */
interface Row<Name extends string> {
  /** The module of a number, which may count from the end. */
  get(...args: [idx: number] | [Keywords<{ idx: number }>]): Module;
  /** A container of the modules of a slice. */
  get(...args: [idx: Slice] | [Keywords<{ idx: Slice }>]): this;
  /** Puts a module in the place of another: Python's `modules[idx] = module`. */
  set(...args: Placed): void;
  append(...args: [module: Module] | [Keywords<{ module: Module }>]): this;
  extend(...args: [modules: Iterable<Module>] | [Keywords<Record<Name, Iterable<Module>>>]): this;
  /** Takes a module, or those of a slice, out and returns it; those behind move up. */
  pop(...args: [key: number | Slice] | [Keywords<{ key: number | Slice }>]): Module;
  /** In order, one that is held twice twice: unlike `children()`. */
  [Symbol.iterator](): IterableIterator<Module>;
}

type Entries = readonly (readonly [string, Module | null])[];
const entriesOf = (container: Module): Entries => [...container._modules];
const numbered = (list: Entries): Entries => list.map(([, module], k) => [`${k}`, module]);

/** Puts modules under these names in the place of those there are. */
function refill(container: Module, entries: Entries): void {
  for (const name of [...container._modules.keys()]) Reflect.deleteProperty(container, name);
  for (const [name, module] of entries) container.add_module(name, module);
}

function taken(self: Module, index: number | Slice): unknown {
  const list = entriesOf(self);
  if (typeof index === "number") return (list[placeOf(self, index, list.length)] as Entries[number])[1];
  const some = placesOf(self._get_name(), index, list.length).map((place) => list[place] as Entries[number]);
  const Class = self.constructor as new (modules: unknown) => Module;
  // Those of a Sequential keep their names.
  return new Class(self instanceof Sequential ? new Map(some) : some.map(([, module]) => module));
}

function append(self: Module, module: Module): Module {
  self.add_module(`${self._modules.size}`, module);
  return self;
}

/** The methods of a class; `list` is what its extend calls its argument. */
function rowMethods(name: string, list: string) {
  const own = (method: string): string => `torch.nn.${name}.${method}`;
  return {
    get: defineMethod(own("get"), { idx: int.either(slice) }, (self: Module, { idx }) => taken(self, idx)),
    set: defineMethod(own("set"), { idx: int, module: moduleKind }, (self: Module, { idx, module }) => {
      const entries = entriesOf(self);
      self.add_module((entries[placeOf(self, idx, entries.length)] as Entries[number])[0], module);
    }),
    append: defineMethod(own("append"), { module: moduleKind }, (self: Module, { module }) => append(self, module)),
    extend: defineMethod(own("extend"), { [list]: modules }, (self: Module, given) => {
      for (const module of given[list] as Iterable<Module>) append(self, module);
      return self;
    }),
    insert: defineMethod(own("insert"), { index: int, module: moduleKind }, (self: Module, { index, module }) => {
      const entries = [...entriesOf(self)];
      const { length } = entries;
      entries.splice(index === length ? length : placeOf(self, index, length), 0, ["", module]);
      refill(self, numbered(entries));
      return name === "Sequential" ? self : undefined;
    }),
    pop: defineMethod(own("pop"), { key: int.either(slice) }, (self: Module, { key }) => {
      const found = taken(self, key);
      const entries = entriesOf(self);
      const out = typeof key === "number" ? [placeOf(self, key, entries.length)] : placesOf("pop", key, entries.length);
      refill(self, numbered(entries.filter((_, k) => !out.includes(k))));
      return found;
    }),
  };
}

/**
 * torch.nn.Sequential: modules one after the other, each called with what the one before gave; given as arguments, or named in
 * an object or Map. Takes a tensor and gives one; where the first or last module is another, say so:
 * `new nn.Sequential<Tensor, [Tensor, Tensor]>(new nn.Linear(4, 3), new nn.GRU(3, 2))`.
 * Throws ArgumentError where something else than a module is given.
 */
// biome-ignore lint/correctness/noUnusedVariables: the class has them.
export interface Sequential<In, Out> extends Row<"sequential"> {
  /** Puts a module before the one of that number; those behind move down. */
  insert(...args: Inserted): this;
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put onto the prototype from their table.
export class Sequential<In = Tensor, Out = Tensor> extends Module {
  constructor(...modules: Module[] | [NamedModules]) {
    super();
    readers.sequential(modules);
    const [first] = modules;
    if (modules.length > 1 && !modules.every((module) => module instanceof Module))
      throw new ArgumentError({
        op: "Sequential",
        argument: "args",
        expected: "modules, or one object or Map of them",
        given: "both",
      });
    const named =
      first instanceof Map
        ? [...first]
        : isKeywords(first)
          ? Object.entries(first)
          : modules.map((module, i) => [`${i}`, module]);
    for (const [name, module] of named as [string, Module][]) {
      if (!(module instanceof Module))
        throw new ArgumentError({ op: "Sequential", argument: name, expected: "a Module", given: `${module}` });
      this.add_module(name, module);
    }
  }

  override forward(...args: [input: In] | [{ readonly input: In }]): Out {
    const { input } = readers.forward(args);
    return [...this._modules.values()].reduce<unknown>((x, module) => module?.(x), input) as Out;
  }

  override get length(): number {
    return this._modules.size;
  }
}
methods(Sequential, rowMethods("Sequential", "sequential"));

/** A list of modules that are registered; it has no forward of its own. */
export interface ModuleList extends Row<"modules"> {
  /** Puts a module before the one of that number; those behind move down. */
  insert(...args: Inserted): void;
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put onto the prototype from their table.
export class ModuleList extends Module {
  constructor(
    ...args: [modules?: Iterable<Module> | null | undefined] | [Keywords<{ modules: Iterable<Module> | null }>]
  ) {
    super();
    this.extend(readers.list(args).modules ?? []);
  }

  /** Neighbours that are printed alike stand once, with their number. */
  override toString(): string {
    const texts = [...this].map((module) => `${module}`.replaceAll("\n", "\n  "));
    if (texts.length === 0) return `${this._get_name()}()`;
    const lines: string[] = [];
    for (let i = 0; i < texts.length; ) {
      const first = i;
      while (i < texts.length && texts[i] === texts[first]) i += 1;
      const count = i - first;
      lines.push(count === 1 ? `(${first}): ${texts[first]}` : `(${first}-${i - 1}): ${count} x ${texts[first]}`);
    }
    return `${this._get_name()}(\n  ${lines.join("\n  ")}\n)`;
  }

  override get length(): number {
    return this._modules.size;
  }
}
methods(ModuleList, rowMethods("ModuleList", "modules"));

for (const container of [Sequential, ModuleList])
  Object.defineProperty(container.prototype, Symbol.iterator, {
    *value(this: Module): IterableIterator<Module> {
      for (const module of this._modules.values()) if (module) yield module;
    },
    configurable: true,
  });
