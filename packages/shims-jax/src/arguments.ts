// What arguments of JAX may be, as kinds of packages/dialect, and the types of calls.
import { isHalf } from "@facet/autograd";
import {
  type Args,
  bool,
  define,
  int,
  type Keywords,
  Kind,
  listOf,
  oneOf,
  type Rules,
  type Values,
} from "@facet/dialect";
import { type ArrayLike, converted, DTYPES, JaxArray, run } from "./array.js";

/** A call as Python takes it: `Required` by position, then `Optional` ones, any of them and the rest of `Named` by name. */
export type Given<
  Required extends readonly unknown[],
  Optional extends readonly unknown[],
  Named,
> = Required extends readonly [infer First, ...infer Rest]
  ? [Keywords<Named>] | [First, ...Given<Rest, Optional, Named>]
  : Args<Optional, Named>;

/**
 * `define` with the type of the call made of the rules: `Required` and `Optional` name what may stand by position, everything
 * may stand by name.
 */
export const declared =
  <Required extends readonly unknown[], Optional extends readonly unknown[] = []>() =>
  <const R extends Rules, T>(
    name: string,
    rules: R,
    body: (values: Values<R>) => T,
  ): ((...args: Given<Required, Optional, Values<R>>) => T) =>
    define(name, rules, body) as never;

export const array = new Kind<JaxArray>("an Array (make one with jnp.array)", (x) => x instanceof JaxArray);
export const arrayLike = new Kind<ArrayLike>(
  "an Array or a number",
  (x) => x instanceof JaxArray || typeof x === "number" || typeof x === "boolean",
);
/** A list of arrays, or an array, which stands for its rows. */
export const arrays = listOf(arrayLike).either(array);

/** Names of dtypes; those that there are is for `checkDtype` to say. */
export const dtype = new Kind<(typeof DTYPES)[number]>(DTYPES.join(", "), (x) => typeof x === "string");
const extent = int.where("whole numbers of 0 or more", (n) => n >= 0);
/** A number or a list of them. */
export const shape = new Kind<number | readonly number[]>(
  extent.expected,
  (x) => extent.accepts(x) || listOf(extent).accepts(x),
);
export const ints = int.either(listOf(int));
/** One dimension, several, or null for all. */
export const axes = ints.or(null);

/** Hints about speed or place, which change no result here. */
export const hint = bool.or(false);

/** Products are computed in float32 throughout, which is what every precision allows. */
export const precision = new Kind<string>(
  '"default", "high" or "highest"',
  (x) => typeof x === "string" && ["default", "high", "highest", "fastest", "float32"].includes(x.toLowerCase()),
).or(null);
/** The dtype of floats that a result is asked for in, that of the operands without one. */
export const float = oneOf("float32").or(null);
export const preferred = float;

/** Arguments of a product as they are multiplied: where float32 is asked for, halves become that before. */
export function inPreferred<const T extends { readonly preferred_element_type: "float32" | null }>(values: T): T {
  if (values.preferred_element_type === null) return values;
  const wide = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(wide);
    return x instanceof JaxArray && isHalf(x.dtype) ? run(() => converted(x.core, "float32")) : x;
  };
  return Object.fromEntries(Object.entries(values).map(([name, x]) => [name, wide(x)])) as T;
}

/** A plain object as a value: trees of arrays have them as inner nodes. */
export const tree = new Kind<unknown>("a tree", () => true, true);
