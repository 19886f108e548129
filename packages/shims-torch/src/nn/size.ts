import { ArgumentError } from "@facet/autograd";
import { pythonRepr } from "../python.js";

/** One number for both directions, or [height, width]. */
export type Size2 = number | readonly [height: number, width: number];

/** Both directions, frozen: a tuple. Throws ArgumentError unless they are integers of at least `least`. */
export function pair(op: string, argument: string, value: Size2, least: number): [number, number] {
  const both = typeof value === "number" ? [value, value] : [...value];
  if (both.length === 2 && both.every((extent) => Number.isInteger(extent) && extent >= least))
    return Object.freeze(both) as [number, number];
  throw new ArgumentError({
    op,
    argument,
    expected: `${least === 0 ? "a non-negative" : "a positive"} integer or a pair of them`,
    given: pythonRepr(value),
  });
}
