// Numbers for every spatial dimension, given one by one or as one for all, and inputs with or without a batch.
import { ArgumentError, type Tensor as CoreTensor, reshape, ShapeError } from "@facet/autograd";
import { int, type Kind, oneOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints } from "../kinds.js";
import { pythonRepr, sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";

/** How many spatial dimensions there are. */
export type Rank = 1 | 2 | 3;

/** One number for all spatial dimensions, or one for each. */
export type Size<R extends Rank> =
  | number
  | {
      1: readonly [width: number];
      2: readonly [height: number, width: number];
      3: readonly [depth: number, height: number, width: number];
    }[R];
/** The same, with null for the extent that the input has. */
export type OpenSize<R extends Rank> =
  | number
  | {
      1: readonly [width: number];
      2: readonly [height: number | null, width: number | null];
      3: readonly [depth: number | null, height: number | null, width: number | null];
    }[R];
/** Numbers of a layer, one for each spatial dimension. */
export type Extents<R extends Rank> = { 1: [number]; 2: [number, number]; 3: [number, number, number] }[R];
export type Size1 = Size<1>;
export type Size2 = Size<2>;
export type Size3 = Size<3>;

export const size = int.either(ints);
/** The kind of Size<R>: how many numbers a list has is `extents`' to check, which knows the op's name. */
export const sizeOfRank = <R extends Rank>(_rank: R): Kind<Size<R>> => size as unknown as Kind<Size<R>>;
export const paddingNames = oneOf("same", "valid");

const COUNTS = { 1: "a list of one", 2: "a pair of them", 3: "a list of three" } as const;

/** One number for each dimension, frozen: a tuple. Throws ArgumentError unless they are integers of at least `least`. */
export function extents(
  op: string,
  argument: string,
  value: number | readonly number[],
  rank: Rank,
  least: number,
): number[] {
  const given: readonly number[] = typeof value === "number" ? [value] : value;
  const all = given.length === 1 ? Array.from({ length: rank }, () => given[0] as number) : given;
  if (all.length === rank && all.every((extent) => Number.isInteger(extent) && extent >= least))
    return Object.freeze([...all]) as number[];
  throw new ArgumentError({
    op,
    argument,
    expected: `${least === 0 ? "a non-negative" : "a positive"} integer or ${COUNTS[rank]}`,
    given: pythonRepr(value),
  });
}

/** Each number twice: for before and behind a dimension. */
export const twice = (list: readonly number[]): number[] => list.flatMap((value) => [value, value]);

/** An input [N, C, ...] or [C, ...] as a batch, and the way back. */
export interface Batch {
  readonly x: CoreTensor;
  readonly back: (y: CoreTensor) => CoreTensor;
}

/** `input` as a batch with `rank` spatial dimensions. Throws ShapeError on one of another rank. */
export function batchOf(op: string, input: Tensor, rank: Rank, argument = "input"): Batch {
  if (input.rank === rank + 2) return { x: input.core, back: (y) => y };
  if (input.rank !== rank + 1)
    complain(
      ShapeError,
      `Expected ${rank + 1}D (unbatched) or ${rank + 2}D (batched) input to ${op}, but got input of size: ${sizeText(input.shape)}`,
      { op, argument, expected: `rank ${rank + 1} or ${rank + 2}`, given: sizeText(input.shape) },
    );
  return { x: reshape(input.core, [1, ...input.shape]), back: (y) => reshape(y, y.shape.slice(1)) };
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
