// How ops work for all examples of a vmap at once: rules that several ops share.
import type { OpInputs } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import type { BatchedCall, BatchRule } from "./call.js";
import { axes, moveAxis, repeated } from "./levels.js";

/** The examples first, then dimensions of extent 1 up to `rank` dimensions in each. */
function raised(x: Tensor, rank: number): Tensor {
  const missing = rank - (x.rank - 1);
  return missing <= 0
    ? x
    : axes.reshape(x, [x.shape[0] as number, ...new Array<number>(missing).fill(1), ...x.shape.slice(1)]);
}

/** Operands that broadcast: those of fewer dimensions get the missing ones behind the examples. */
export function broadcasting<I extends OpInputs, A>(
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  attrs: A,
): BatchedCall<I, A> {
  const given = Object.entries(inputs).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  const rank = Math.max(...given.map(([name, x]) => x.rank - Number(isBatched(name))));
  const own = given.map(([name, x]) => [name, isBatched(name) ? raised(x, rank) : x] as const);
  return { inputs: { ...inputs, ...Object.fromEntries(own) }, attrs };
}

/** Every input with the examples first; those that are the same for all are repeated. */
export function allBatched<I extends OpInputs>(
  inputs: I,
  isBatched: (name: keyof I & string) => boolean,
  size: number,
): I {
  const all = Object.entries(inputs).map(([name, x]) => [name, x && !isBatched(name) ? repeated(x, size) : x]);
  return Object.fromEntries(all);
}

/** Dimensions of one example as dimensions of all. */
export const shifted = (dims: readonly number[]): number[] => dims.map((axis) => (axis < 0 ? axis : axis + 1));

/** An op along one axis of inputs of one shape: the next one. A scalar has no axis, so that one is made. */
export function alongAxis<I extends OpInputs, A extends { readonly axis: number }>(): BatchRule<I, A> {
  return (inputs, isBatched, attrs, size) => {
    const all = allBatched(inputs, isBatched, size);
    const scalars = Object.values(all).every((x) => !x || x.rank === 1);
    if (!scalars) return { inputs: all, attrs: { ...attrs, axis: shifted([attrs.axis])[0] as number } };
    const columns = Object.entries(all).map(([name, x]) => [name, x && axes.reshape(x, [size, 1])]);
    return {
      inputs: Object.fromEntries(columns),
      attrs: { ...attrs, axis: 1 },
      finish: (y) => axes.reshape(y, [size]),
    };
  };
}

/** Examples, which come first, moved into dimension `axis` of one example: the first `extent` of it are the first example's. */
export function mergedInto(x: Tensor, axis: number): Tensor {
  const moved = moveAxis(x, 0, axis);
  const { shape } = moved;
  const joined = (shape[axis] as number) * (shape[axis + 1] as number);
  return axes.reshape(moved, [...shape.slice(0, axis), joined, ...shape.slice(axis + 2)]);
}

/** The reverse of mergedInto. */
export function splitFrom(y: Tensor, axis: number, size: number): Tensor {
  const extents = [size, (y.shape[axis] as number) / size];
  return moveAxis(axes.reshape(y, [...y.shape.slice(0, axis), ...extents, ...y.shape.slice(axis + 1)]), axis, 0);
}

/** A shape with so many times the extent along an axis. */
export const grown = (shape: readonly number[], axis: number, times: number): number[] =>
  shape.map((extent, i) => (i === axis ? extent * times : extent));

/** An op on images that treats each by itself: the examples join them in the first dimension. */
export function asMoreRows<I extends OpInputs, A>(
  rowsOf: (attrs: A, size: number) => A = (attrs) => attrs,
): (...args: Parameters<BatchRule<I, A>>) => BatchedCall<I, A> & { readonly finish: (y: Tensor) => Tensor } {
  return (inputs: I, isBatched: (name: keyof I & string) => boolean, attrs: A, size: number) => {
    const all = Object.entries(allBatched(inputs, isBatched, size));
    const merged = all.map(([name, x]) => [name, x && mergedInto(x, 0)]);
    const finish = (y: Tensor): Tensor => splitFrom(y, 0, size);
    return { inputs: Object.fromEntries(merged) as I, attrs: rowsOf(attrs, size), finish };
  };
}

/** Attributes that hold the shape of images, for as many more as there are examples: beside asMoreRows. */
export const withMoreImages = <A extends { readonly xShape: readonly number[] }>(attrs: A, size: number): A => ({
  ...attrs,
  xShape: [size * (attrs.xShape[0] as number), ...attrs.xShape.slice(1)],
});
