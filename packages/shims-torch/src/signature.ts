import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { pythonRepr } from "./python.js";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** Keyword arguments as an object: PyTorch's names, each also in camelCase. undefined means the default. */
export type Keywords<T> = { readonly [K in keyof T]?: T[K] | undefined } & {
  readonly [K in keyof T as Camel<K & string>]?: T[K] | undefined;
};

/** Arguments as Python takes them: any number of the first ones by position, then the rest by name in one object. */
export type Args<Positional extends readonly unknown[], Named> = Positional extends readonly [
  infer First,
  ...infer Rest,
]
  ? [] | [Keywords<Named>] | [First, ...Args<Rest, Named>]
  : [] | [Keywords<Named>];

/** Stands where an argument has no default. */
export const required = Symbol("required");

class Only {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Stands for an argument that PyTorch has and Facet supports with one value only. Any other throws UnsupportedError. */
export const only = (value: unknown): unknown => new Only(value);

/** Whether a value is an object of keywords, rather than a tensor, a list or a module. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * Reads arguments after a Python signature: names in positional order with their defaults (`required`, `only(value)`).
 * Throws ArgumentError on an unknown name, a missing or a surplus argument, UnsupportedError on an unsupported value.
 */
export function signature<T extends object>(
  fn: string,
  parameters: { readonly [K in keyof T]-?: unknown } & Readonly<Record<string, unknown>>,
): (args: readonly unknown[]) => T {
  const names = Object.keys(parameters);
  return (args) => {
    const values: Record<string, unknown> = {};
    const last = args.at(-1);
    const named = isKeywords(last) ? last : undefined;
    const positional = named ? args.slice(0, -1) : args;
    if (positional.length > names.length) {
      throw new ArgumentError({
        op: fn,
        argument: "arguments",
        expected: `at most ${names.length} (${names.join(", ") || "none"})`,
        given: `${positional.length}`,
      });
    }
    const given: [string, unknown][] = positional.map((value, i) => [names[i] as string, value]);
    for (const [key, value] of Object.entries(named ?? {})) {
      const name = key in parameters ? key : snake(key);
      if (!(name in parameters))
        throw new ArgumentError({
          op: fn,
          argument: key,
          expected: `one of its arguments (${names.join(", ") || "none"})`,
          given: "a name it does not have",
        });
      if (given.some(([other]) => other === name))
        throw new ArgumentError({ op: fn, argument: name, expected: "one value", given: "two" });
      given.push([name, value]);
    }
    for (const [name, value] of given) if (value !== undefined) values[name] = value;
    for (const name of names) {
      const rule = parameters[name];
      if (rule instanceof Only) {
        if (name in values && (values[name] ?? undefined) !== (rule.value ?? undefined)) {
          throw new UnsupportedError({
            op: fn,
            argument: name,
            expected: `${pythonRepr(rule.value)}: other values are not supported`,
            given: pythonRepr(values[name]),
          });
        }
        values[name] = rule.value;
      } else if (!(name in values)) {
        if (rule === required) throw new ArgumentError({ op: fn, argument: name, expected: "a value", given: "none" });
        values[name] = rule;
      }
    }
    return values as T;
  };
}
