// A function of jax.numpy and the method of Array that is the same.
import { type Args, define, defineMethod, type Rules, type Values } from "@facet/dialect";
import { arrayLike, type Given } from "../arguments.js";
import type { ArrayLike, JaxArray } from "../array.js";

/** `fn` is jnp.sum, whose first argument is named `First`; `method` is sum of an Array. */
export interface Both<First extends string, Rest extends readonly unknown[], Named, T = JaxArray> {
  readonly fn: (...args: Given<[a: ArrayLike], Rest, Named & { readonly [K in First]: ArrayLike }>) => T;
  readonly method: (self: JaxArray, ...args: Args<Rest, Named>) => T;
}

/** Declares both; `body` gets the array and the values of the other arguments by name. */
export function both<const R extends Rules, T>(
  name: string,
  first: string,
  rules: R,
  body: (x: ArrayLike, values: Values<R>) => T,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what they take.
): { fn: (...args: any[]) => T; method: (self: JaxArray, ...args: any[]) => T } {
  return {
    fn: define(`jax.numpy.${name}`, { [first]: arrayLike, ...rules }, (values: Record<string, unknown>) =>
      body(values[first] as ArrayLike, values as Values<R>),
    ),
    method: defineMethod(`jax.Array.${name}`, rules, body),
  };
}
