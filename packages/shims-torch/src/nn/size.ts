import { ArgumentError } from "@facet/autograd";
import { int, type Kind, oneOf } from "@facet/dialect";
import { ints } from "../kinds.js";
import { pythonRepr } from "../python.js";

/** One number for both directions, or [height, width]. */
export type Size2 = number | readonly [height: number, width: number];

export const size2 = int.either(ints) as unknown as Kind<Size2>;
export const padding2 = size2.either(oneOf("same", "valid"));

/** Both directions, frozen: a tuple. Throws ArgumentError unless they are integers of at least `least`. */
export function pair(op: string, argument: string, value: Size2, least: number): [number, number] {
  const given: readonly number[] = typeof value === "number" ? [value] : value;
  const both = given.length === 1 ? [given[0], given[0]] : given;
  if (both.length === 2 && both.every((extent) => Number.isInteger(extent) && (extent as number) >= least))
    return Object.freeze([...both]) as [number, number];
  throw new ArgumentError({
    op,
    argument,
    expected: `${least === 0 ? "a non-negative" : "a positive"} integer or a pair of them`,
    given: pythonRepr(value),
  });
}

/** Throws ArgumentError unless the numbers of features are integers of at least `least`. */
export function requireExtents(op: string, extents: Readonly<Record<string, number>>, least = 0): void {
  for (const [argument, given] of Object.entries(extents))
    if (given < least)
      throw new ArgumentError({
        op,
        argument,
        expected: `${least === 0 ? "a non-negative" : "a positive"} integer`,
        given: `${given}`,
      });
}
