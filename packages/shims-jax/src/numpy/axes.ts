// Dimensions by number, and what moves or repeats along them.
import * as core from "@facet/autograd";
import { ShapeError, type Tensor } from "@facet/autograd";
import { show } from "@facet/dialect";
import type { Axis } from "../array.js";

/** One dimension counted from the front. Throws ShapeError when there is none such. */
export function axisOf(fn: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && at >= 0 && at < rank) return at;
  throw new ShapeError({
    op: fn,
    argument: "axis",
    expected: `an axis of an array of rank ${rank}`,
    given: show(axis),
  });
}

/** Dimensions counted from the front; all when none are given. Throws ShapeError on one that is not there or comes twice. */
export function axesOf(fn: string, axis: Axis, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => axisOf(fn, one, rank));
  if (new Set(axes).size === axes.length) return axes;
  throw new ShapeError({ op: fn, argument: "axis", expected: "each axis once", given: show(axis) });
}

/** x repeated to a shape, as arithmetic would. */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  return core.expand(x, shape);
}

/** Transposition; the tensor itself when nothing moves. */
export function permuted(x: Tensor, order: readonly number[]): Tensor {
  return order.length === x.rank && order.every((axis, i) => axis === i) ? x : core.transpose(x, order);
}

/** The array with an axis counted from the front; laid flat for null, as NumPy does. */
export function lineOf(fn: string, x: Tensor, axis: number | null): [line: Tensor, axis: number] {
  return axis === null ? [core.reshape(x, [x.size]), 0] : [x, axisOf(fn, axis, x.rank)];
}

/** An axis behind the others. */
export function withLast(fn: string, x: Tensor, axis: number): Tensor {
  const at = axisOf(fn, axis, x.rank);
  return permuted(x, [...[...x.shape.keys()].filter((d) => d !== at), at]);
}

/** One dimension or a list of them. */
export type Axes = number | readonly number[];
