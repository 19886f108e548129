// Everything a dialect exports that can be called: functions, constructors, and methods of its classes.
import * as flax from "@facet/shims-flax";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import type { Dialect } from "./golden.js";

export interface Callable {
  /** Public names, the original's: one object may have several (keras.Layer is keras.layers.Layer). */
  readonly names: readonly string[];
  readonly kind: "function" | "class" | "method";
  /** Calls it with arguments; a method on an object that has its class and nothing else. */
  readonly call: (args: readonly unknown[]) => unknown;
  readonly target: unknown;
}

export const roots: Readonly<Record<Dialect, object>> = { torch, keras, jax, flax };

/** Packages of their own in Python. */
const publicName = (path: string): string =>
  path.replace(/^torch\.torchvision\./, "torchvision.").replace(/^jax\.optax\b/, "optax");

type AnyFunction = ((...args: unknown[]) => unknown) & { prototype?: object };

const isNamespace = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  [null, Object.prototype].includes(Object.getPrototypeOf(value) as never);

/** Classes, also behind the proxies that let them be called without new; functions have no methods. */
const isClass = (value: AnyFunction): boolean =>
  /^class\b/.test(Function.prototype.toString.call(value)) ||
  (value.prototype !== undefined && Object.getOwnPropertyNames(value.prototype).length > 1);

/** Namespaces of a dialect by their public names, with what they hold. */
export function namespacesOf(dialect: Dialect): Map<string, object> {
  const found = new Map<string, object>();
  const walk = (path: string, value: object): void => {
    found.set(publicName(path), value);
    for (const [name, member] of Object.entries(value)) if (isNamespace(member)) walk(`${path}.${name}`, member);
  };
  walk(dialect, roots[dialect]);
  return found;
}

/** Classes that are exported, by their first public name. */
export function classesOf(dialect: Dialect): Map<AnyFunction, string> {
  const found = new Map<AnyFunction, string>();
  for (const [path, members] of namespacesOf(dialect))
    for (const [name, member] of Object.entries(members))
      if (typeof member === "function" && isClass(member) && !found.has(member)) found.set(member, `${path}.${name}`);
  return found;
}

export function callablesOf(dialect: Dialect): Callable[] {
  const names = new Map<AnyFunction, string[]>();
  for (const [path, members] of namespacesOf(dialect)) {
    for (const [name, member] of Object.entries(members)) {
      if (typeof member !== "function") continue;
      const known = names.get(member);
      if (known) known.push(`${path}.${name}`);
      else names.set(member, [`${path}.${name}`]);
    }
  }
  const list: Callable[] = [];
  for (const [target, own] of names) {
    const made = isClass(target);
    const call = made
      ? (args: readonly unknown[]) => Reflect.construct(target, args)
      : (args: readonly unknown[]) => target(...args);
    list.push({ names: own, kind: made ? "class" : "function", call, target });
    if (made) list.push(...methodsOf(own, target.prototype as object));
  }
  return list;
}

/** Methods by their names: a method may have several, too. */
function methodsOf(classNames: readonly string[], prototype: object): Callable[] {
  const known = new Map<AnyFunction, string[]>();
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = Object.getOwnPropertyDescriptor(prototype, name)?.value as AnyFunction | undefined;
    if (typeof method !== "function" || name === "constructor" || name === "toString" || name.startsWith("_")) continue;
    const own = known.get(method) ?? [];
    known.set(method, own);
    own.push(...classNames.map((each) => `${each}.${name}`));
  }
  return [...known].map(([method, names]) => ({
    names,
    kind: "method",
    call: (args) => method.apply(Object.create(prototype), args as unknown[]),
    target: method,
  }));
}
