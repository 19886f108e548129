// What is registered with a module, under which names, and what happens when its properties are assigned.
import { ArgumentError, FacetError, keep } from "@facet/autograd";
import { complain } from "../errors.js";
import { Tensor } from "../tensor.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface Named {
  prefix: string;
  recurse: boolean;
  remove_duplicate: boolean;
}
/** The name each module was registered under, for profiles; the last one where there are several. */
export const layerNames = new WeakMap<Module, string>();

export function register(module: Module, { name, module: child }: { name: string; module: Module | null }): void {
  requireName(module, "module", name);
  module._modules.set(name, child);
  if (child) layerNames.set(child, name);
  Object.defineProperty(module, name, fieldOf(child));
}

const join = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}.${name}`);
export const fieldOf = (value: unknown): PropertyDescriptor => ({
  value,
  writable: true,
  enumerable: true,
  configurable: true,
});

export function* walk(
  module: Module,
  seen: Set<Module>,
  prefix: string,
  once: boolean,
): IterableIterator<[string, Module]> {
  if (seen.has(module)) return;
  if (once) seen.add(module);
  yield [prefix, module];
  for (const [name, child] of module._modules)
    if (child) yield* child.named_modules({ memo: seen, prefix: join(prefix, name), remove_duplicate: once });
}

export function* childrenOf(module: Module): IterableIterator<[string, Module]> {
  const seen = new Set<Module>();
  for (const [name, child] of module._modules) {
    if (!child || seen.has(child)) continue;
    seen.add(child);
    yield [name, child];
  }
}

export function* seconds<T>(pairs: Iterable<readonly [string, T]>): IterableIterator<T> {
  for (const [, second] of pairs) yield second;
}

export function* namedTensors<T extends Tensor>(
  module: Module,
  of: (module: Module) => Map<string, T | null>,
  { prefix, recurse, remove_duplicate }: Named,
): IterableIterator<[string, T]> {
  const seen = new Set<T>();
  const owners = recurse ? module.named_modules({ prefix, remove_duplicate }) : [[prefix, module] as const];
  for (const [path, owner] of owners) {
    for (const [name, tensor] of of(owner)) {
      if (!tensor || seen.has(tensor)) continue;
      if (remove_duplicate) seen.add(tensor);
      yield [join(path, name), tensor];
    }
  }
}

/** A module's own parameters and persistent buffers. */
export function* ownTensors(module: Module): IterableIterator<[string, Tensor]> {
  for (const [name, tensor] of module._parameters) if (tensor) yield [name, tensor];
  for (const [name, tensor] of module._buffers)
    if (tensor && !module._non_persistent_buffers_set.has(name)) yield [name, tensor];
}

export function requireName(module: Module, kind: string, name: string): void {
  const op = `register_${kind}`;
  if (name === "" || name.includes("."))
    complain(ArgumentError, name === "" ? `${kind} name can't be empty string ""` : `${kind} name can't contain "."`, {
      op,
      argument: "name",
      expected: "a name without dots",
      given: `"${name}"`,
    });
  const own = { parameter: module._parameters, buffer: module._buffers, module: module._modules }[kind];
  if (name in module && !own?.has(name))
    complain(ArgumentError, `attribute '${name}' already exists`, {
      op,
      argument: "name",
      expected: "a name that is free",
      given: name,
    });
}

/** Every assignment to a property of a module comes here, that of a class field too. */
function assign(target: object, key: string | symbol, descriptor: PropertyDescriptor): boolean {
  const self = target as Module;
  const { value } = descriptor;
  if (typeof key === "string" && "value" in descriptor) {
    const registry =
      value instanceof Parameter ? self._parameters : value instanceof Module ? self._modules : undefined;
    for (const [kind, map] of [
      ["parameter", self._parameters],
      ["child module", self._modules],
      ["buffer", self._buffers],
    ] as const) {
      if (map === registry || !map.has(key)) continue;
      if (registry) map.delete(key);
      else if (value === null || value === undefined || (kind === "buffer" && value instanceof Tensor))
        (map as Map<string, unknown>).set(key, value ?? null);
      else
        complain(FacetError, `cannot assign '${nameOf(value)}' as ${kind} '${key}'`, {
          op: self._get_name(),
          argument: key,
          expected:
            kind === "parameter" ? "a Parameter or null" : kind === "buffer" ? "a Tensor or null" : "a Module or null",
          given: nameOf(value),
        });
    }
    (registry as Map<string, unknown> | undefined)?.set(key, value);
    if (value instanceof Module) layerNames.set(value, key);
    // A tensor that outlives the call of forward that made it.
    if (value instanceof Tensor) keep(value);
  }
  return Reflect.defineProperty(target, key, descriptor);
}

function remove(target: object, key: string | symbol): boolean {
  const self = target as Module;
  if (typeof key === "string") for (const map of [self._parameters, self._modules, self._buffers]) map.delete(key);
  return Reflect.deleteProperty(target, key);
}

/** What happens to a module's properties; a compiled function hears of it too. */
export const traps = { defineProperty: assign, deleteProperty: remove };

export const nameOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : typeof value;
