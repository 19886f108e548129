import { ArgumentError, UnsupportedError } from "@facet/autograd";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** Keyword arguments as a trailing object: the original's names, each also in camelCase. undefined means the default. */
export type Keywords<T> = { readonly [K in keyof T]?: T[K] | undefined } & {
  readonly [K in keyof T as Camel<K & string>]?: T[K] | undefined;
};

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Whether an argument is an object of keywords rather than an array, a list or a value. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Values of all keywords of `defaults`. `refused` names keywords the original has and Facet does not support, with the only
 * value that may be given for each. Throws UnsupportedError for another one, ArgumentError for a name nobody knows.
 */
export function keywords<T extends object>(
  fn: string,
  given: Keywords<T> | undefined,
  defaults: T,
  refused: Readonly<Record<string, unknown>> = {},
): T {
  const values = { ...defaults } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue;
    const name = key in defaults || key in refused ? key : snake(key);
    if (name in defaults) values[name] = value;
    else if (!(name in refused)) {
      const known = Object.keys(defaults).join(", ") || "none";
      throw new ArgumentError({ op: fn, argument: key, expected: `one of its keyword arguments (${known})` });
    } else if (value !== refused[name]) {
      throw new UnsupportedError({
        op: fn,
        argument: key,
        expected: `${refused[name] === undefined ? "no value" : JSON.stringify(refused[name])}: others are not supported`,
        given: describe(value),
      });
    }
  }
  return values as T;
}

/** An argument in its place, or by its name in a trailing object: `split(a, 3, 1)` or `split(a, 3, { axis: 1 })`. */
export function placed<T>(
  fn: string,
  name: string,
  given: T | Keywords<Record<string, T>> | undefined,
  otherwise: T,
): T {
  if (isKeywords(given)) return keywords<Record<string, T>>(fn, given, { [name]: otherwise })[name] as T;
  return given === undefined ? otherwise : (given as T);
}

/** A value as error texts show it. */
export function describe(value: unknown): string {
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "object" && value !== null && !isKeywords(value) && !Array.isArray(value)) return `${value}`;
  return JSON.stringify(value) ?? String(value);
}
