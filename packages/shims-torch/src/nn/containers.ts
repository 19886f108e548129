import { ArgumentError } from "@facet/autograd";
import { isKeywords } from "../signature.js";
import { Module } from "./module.js";

function at(container: Module, index: number): Module {
  const list = [...container._modules.values()];
  const found = Number.isInteger(index) ? list.at(index) : undefined;
  if (found) return found;
  throw new ArgumentError({
    op: container._get_name(),
    argument: "index",
    expected: `${-list.length} to ${list.length - 1}`,
    given: `${index}`,
  });
}

/** Modules one after the other: given as arguments, or named in an object or Map. */
export class Sequential extends Module {
  constructor(...modules: Module[] | [Readonly<Record<string, Module>> | ReadonlyMap<string, Module>]) {
    super();
    const [first] = modules;
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

  // biome-ignore lint/suspicious/noExplicitAny: what the first module takes and the last gives.
  override forward(input: any): any {
    return [...this._modules.values()].reduce((x, module) => module?.(x), input);
  }

  get(index: number): Module {
    return at(this, index);
  }

  append(module: Module): this {
    this.add_module(`${this._modules.size}`, module);
    return this;
  }

  override get length(): number {
    return this._modules.size;
  }

  [Symbol.iterator](): IterableIterator<Module> {
    return this.children();
  }
}

/** A list of modules that are registered; it has no forward of its own. */
export class ModuleList extends Module {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }

  get(index: number): Module {
    return at(this, index);
  }

  append(module: Module): this {
    this.add_module(`${this._modules.size}`, module);
    return this;
  }

  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.append(module);
    return this;
  }

  override get length(): number {
    return this._modules.size;
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    for (const module of this._modules.values()) if (module) yield module;
  }
}
