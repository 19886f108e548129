import { ArgumentError } from "@facet/autograd";
import { instance, int, isKeywords, type Keywords, type Kind, mapping, signature } from "@facet/dialect";
import { anything, each, iterable } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import { Module } from "./module.js";

function at(container: Module, index: number): Module {
  const list = [...container._modules.values()];
  const found = list.at(index);
  if (found) return found;
  throw new ArgumentError({
    op: container._get_name(),
    argument: "index",
    expected: `${-list.length} to ${list.length - 1}`,
    given: `${index}`,
  });
}

const moduleKind = instance(() => Module, "a Module");
const named = mapping<Readonly<Record<string, Module>>>("modules by name").either(
  instance(() => Map, "a Map of them") as unknown as Kind<ReadonlyMap<string, Module>>,
);
const readers = {
  sequential: signature("torch.nn.Sequential", {
    "*args": each(moduleKind.either(named)),
  }),
  forward: signature("torch.nn.Sequential.forward", { input: anything("input") }),
  append: signature("torch.nn.Sequential.append", { module: moduleKind }),
  get: signature("torch.nn.Sequential.get", { index: int }),
  list: signature("torch.nn.ModuleList", { modules: iterable<Module>("an iterable of Modules").or(null) }),
  appendToList: signature("torch.nn.ModuleList.append", { module: moduleKind }),
  extend: signature("torch.nn.ModuleList.extend", { modules: iterable<Module>("an iterable of Modules") }),
  getFromList: signature("torch.nn.ModuleList.get", { index: int }),
};
type One = [module: Module] | [Keywords<{ module: Module }>];
type At = [index: number] | [Keywords<{ index: number }>];

/**
 * torch.nn.Sequential: modules one after the other, each called with what the one before gave; given as arguments, or named in
 * an object or Map. Takes a tensor and gives one; where the first or last module is another, say so:
 * `new nn.Sequential<Tensor, [Tensor, Tensor]>(new nn.Linear(4, 3), new nn.GRU(3, 2))`.
 * Throws ArgumentError where something else than a module is given.
 */
export class Sequential<In = Tensor, Out = Tensor> extends Module {
  constructor(...modules: Module[] | [Readonly<Record<string, Module>> | ReadonlyMap<string, Module>]) {
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

  get(...args: At): Module {
    return at(this, readers.get(args).index);
  }

  append(...args: One): this {
    const { module } = readers.append(args);
    this.add_module(`${this._modules.size}`, module);
    return this;
  }

  override get length(): number {
    return this._modules.size;
  }

  [Symbol.iterator](): IterableIterator<Module> {
    return entriesOf(this);
  }
}

/** A list of modules that are registered; it has no forward of its own. */
export class ModuleList extends Module {
  constructor(
    ...args: [modules?: Iterable<Module> | null | undefined] | [Keywords<{ modules: Iterable<Module> | null }>]
  ) {
    super();
    this.extend(readers.list(args).modules ?? []);
  }

  get(...args: At): Module {
    return at(this, readers.getFromList(args).index);
  }

  append(...args: One): this {
    const { module } = readers.appendToList(args);
    this.add_module(`${this._modules.size}`, module);
    return this;
  }

  extend(...args: [modules: Iterable<Module>] | [Keywords<{ modules: Iterable<Module> }>]): this {
    for (const module of readers.extend(args).modules) this.append(module);
    return this;
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

  [Symbol.iterator](): IterableIterator<Module> {
    return entriesOf(this);
  }
}

/** In order, one that is held twice twice: unlike `children()`. */
function* entriesOf(container: Module): IterableIterator<Module> {
  for (const module of container._modules.values()) if (module) yield module;
}
