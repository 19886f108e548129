import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { zeros_like } from "@facet/shims-jax/numpy";
import { type ArrayLike, inexact, type JaxArray, type PRNGKeyArray, run } from "@facet/shims-jax/parts";
import { floats } from "./dense.js";

/** Elements left out by chance, the others divided by the chance that they stay; along `broadcast_dims` one draw for all. */
export function dropped(
  inputs: ArrayLike,
  rate: number,
  broadcast_dims: readonly number[],
  key: () => PRNGKeyArray,
): JaxArray {
  if (rate === 1) return zeros_like(floats("Dropout", inputs));
  return run(() => {
    const x = inexact("Dropout", "inputs", inputs);
    if (broadcast_dims.length === 0) return core.dropout(x, rate, key().words);
    const axes = broadcast_dims.map((axis) => (axis < 0 ? axis + x.rank : axis));
    const keep = core.bernoulli(
      key().words,
      x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
      1 - rate,
    );
    return core.where(core.expand(keep, x.shape), core.div(x, 1 - rate), 0);
  });
}

/** The first of some settings that is given. Throws ArgumentError where none is. */
export function firstOf<T>(fn: string, argument: string, ...given: readonly (T | null | undefined)[]): T {
  for (const each of given) if (each !== null && each !== undefined) return each;
  throw new ArgumentError({
    op: fn,
    argument,
    expected: "a value, given to the constructor or to the call",
    given: "none",
  });
}
