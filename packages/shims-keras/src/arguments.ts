// How Python's arguments are written here: positional ones in the original's order, then keywords as a trailing object.
import { ArgumentError, UnsupportedError } from "@facet/autograd";

/** `kernel_size` as `kernelSize`: both spellings of a keyword are taken. */
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** Keyword arguments under the original's names or their camelCase; null and undefined stand for None. */
export type Keywords<T> = { [K in keyof T]?: T[K] | null | undefined } & {
  [K in keyof T as Camel<K & string>]?: T[K] | null | undefined;
};

/** Said of an argument without a default. */
export const required = Symbol("required");

export interface Signature<D> {
  /** Arguments in the order in which they may be given by position, with their defaults. */
  readonly parameters: { readonly [K in keyof D]: D[K] | typeof required };
  /** Arguments that the original has and Facet does not: given another value than this default, they throw. */
  readonly unsupported?: Readonly<Record<string, unknown>>;
  /** What null stands for where None is not the default. */
  readonly none?: Partial<D>;
}

function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * Arguments of a call by name, defaults filled in. Throws ArgumentError on one that is unknown, given twice or missing,
 * UnsupportedError on one that the original has and Facet does not.
 */
export function parseArguments<D extends object>(
  op: string,
  args: readonly unknown[],
  { parameters, unsupported = {}, none = {} }: Signature<D>,
): D {
  const names = Object.keys(parameters);
  const aliases = new Map([...names, ...Object.keys(unsupported)].map((name) => [name.replace(/_(\w)/g, upper), name]));
  const values = new Map<string, unknown>();
  const positional = isKeywords(args.at(-1)) ? args.slice(0, -1) : args;
  const keywords = isKeywords(args.at(-1)) ? (args.at(-1) as Record<string, unknown>) : {};
  if (positional.length > names.length) {
    const expected = `at most ${names.length} positional arguments (${names.join(", ")})`;
    throw new ArgumentError({ op, argument: "arguments", expected, given: `${positional.length}` });
  }
  const resolved = (name: string, value: unknown): unknown => (value === null ? none[name as keyof D] : value);
  for (const [i, given] of positional.entries()) {
    const value = resolved(names[i] as string, given);
    if (value !== undefined) values.set(names[i] as string, value);
  }
  for (const [given, held] of Object.entries(keywords)) {
    const name = names.includes(given) || given in unsupported ? given : (aliases.get(given) ?? snake(given));
    if (name in unsupported) {
      if (held === undefined || held === null || held === unsupported[name]) continue;
      const expected = `${JSON.stringify(unsupported[name])}: Facet does not support this argument`;
      throw new UnsupportedError({ op, argument: name, expected, given: show(held) });
    }
    if (!names.includes(name)) {
      throw new ArgumentError({
        op,
        argument: given,
        expected: `one of ${names.join(", ")}`,
        given: "an unknown name",
      });
    }
    const value = resolved(name, held);
    if (value === undefined) continue;
    if (values.has(name)) {
      throw new ArgumentError({ op, argument: name, expected: "one value", given: "it by position and by keyword" });
    }
    values.set(name, value);
  }
  const result: Record<string, unknown> = {};
  for (const [name, fallback] of Object.entries(parameters)) {
    if (fallback === required && !values.has(name))
      throw new ArgumentError({ op, argument: name, expected: "a value", given: "none" });
    result[name] = values.has(name) ? values.get(name) : fallback;
  }
  return result as D;
}

const upper = (_: string, letter: string): string => letter.toUpperCase();

/** A value as it stands in error texts. */
export function show(value: unknown): string {
  if (typeof value === "function") return value.name ? `function ${value.name}` : "a function";
  try {
    const text = JSON.stringify(value);
    return text && text.length <= 80 ? text : Object.prototype.toString.call(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** An integer or a pair of them, as Keras takes sizes and strides; `least` is the smallest allowed. */
export function pair(op: string, argument: string, value: unknown, least = 1): [number, number] {
  const list = typeof value === "number" ? [value, value] : value;
  if (Array.isArray(list) && list.length === 2 && list.every((part) => Number.isInteger(part) && part >= least))
    return [list[0], list[1]];
  const expected = `an integer of at least ${least}, or two of them`;
  throw new ArgumentError({ op, argument, expected, given: show(value) });
}

export function positiveInteger(op: string, argument: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number;
  throw new ArgumentError({ op, argument, expected: "a positive integer", given: show(value) });
}

export function oneOf<T extends string>(op: string, argument: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T;
  throw new ArgumentError({
    op,
    argument,
    expected: known.map((name) => `"${name}"`).join(" or "),
    given: show(value),
  });
}
