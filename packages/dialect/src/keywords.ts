// Keyword arguments: a plain object in the last place, under the original's names or their camelCase.

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** Keyword arguments as an object: the original's names, each also in camelCase. undefined means the default. */
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

/** Whether a value is a plain object, as keywords are, rather than a tensor, a list or a module. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
