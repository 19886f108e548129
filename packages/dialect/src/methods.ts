// Methods of a tensor that are functions of it: one table instead of a delegation each.
import type { Rules, Values } from "./rules.js";
import { signature } from "./signature.js";

/** A function of a tensor as its method. */
export type Method<F> = F extends (self: infer _Self, ...rest: infer R) => infer O ? (...args: R) => O : never;

/** A table of functions as methods: `interface Tensor extends Methods<typeof table> {}`. */
export type Methods<T> = { readonly [K in keyof T]: Method<T[K]> };

// biome-ignore lint/suspicious/noExplicitAny: functions of all shapes stand in one table.
type AnyFunction = (...args: any[]) => unknown;

/**
 * Puts the functions of a table onto a class, the object in the place of the first argument. A function that has several names
 * is one method, named after the first.
 */
export function methods(target: { readonly prototype: object }, table: Readonly<Record<string, AnyFunction>>): void {
  const made = new Map<AnyFunction, AnyFunction>();
  for (const [name, fn] of Object.entries(table)) {
    // Named, so that stacks and prints show it.
    const { [name]: own } = {
      [name](this: unknown, ...args: unknown[]): unknown {
        return fn(this, ...args);
      },
    };
    const value = made.get(fn) ?? (own as AnyFunction);
    made.set(fn, value);
    Object.defineProperty(target.prototype, name, { value, writable: true, configurable: true });
  }
}

/**
 * A function for such a table whose arguments, as a method, are not those of a function of the same name: the signature under
 * the method's public name is without the object.
 */
export function defineMethod<S, const R extends Rules, T>(
  name: string,
  rules: R,
  body: (self: S, values: Values<R>) => T,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): (self: S, ...args: any[]) => T {
  const read = signature(name, rules);
  return (self, ...args) => body(self, read(args));
}
