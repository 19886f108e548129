// Shapes: reshaping, transposition, and dimensions of extent 1.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { bool, define, defineMethod, int, listOf, oneOf, only, show } from "@facet/dialect";
import { arrayLike, axes as axesKind, type Given, ints, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, type Axis, computable, type JaxArray, operand, run } from "../array.js";
import { type Axes, axesOf, axisOf, broadcast, permuted } from "./axes.js";
import type { ShapeInput } from "./creation.js";
import { type Both, both } from "./function.js";
import { promoted } from "./ufunc.js";

const reversedAxes = (x: Tensor): number[] => x.shape.map((_, i) => x.rank - 1 - i);

/** Row by row ("C") or column by column ("F"), as the elements are read and written. */
type Order = "C" | "F";
const order = oneOf("C", "F").or("C");
const out_sharding = only(null);

/** Memory is shared in order "C"; in "F" the dimensions are reversed before and after. One extent may be -1. */
function reshaped(x: Tensor, shape: readonly number[], order: Order): Tensor {
  if (order === "C") return core.reshape(x, shape);
  const rows = core.reshape(permuted(x, reversedAxes(x)), [...shape].reverse());
  return permuted(rows, reversedAxes(rows));
}

const newShape = ints;
interface ReshapeNamed {
  a: ArrayLike;
  shape: ShapeInput;
  order: Order;
  copy: boolean | null;
  out_sharding: null;
}
/** The same elements in another shape, which may be a number; one extent may be -1. Read and written in `order`. */
export const reshape: (...args: Given<[a: ArrayLike, shape: ShapeInput], [order: Order], ReshapeNamed>) => JaxArray =
  define(
    "jax.numpy.reshape",
    { a: arrayLike, shape: newShape, order, "*": null, copy: bool.or(null), out_sharding },
    ({ a, shape, order }) =>
      run(() => reshaped(operand("reshape", "a", a), typeof shape === "number" ? [shape] : shape, order)),
  );

/** `reshape(2, 3)` or `reshape([2, 3])`; one extent may be -1. */
const reshapeMethod: (
  self: JaxArray,
  ...args:
    | [...shape: number[]]
    | [readonly number[]]
    | [...shape: number[], { order?: Order }]
    | [readonly number[], { order?: Order }]
) => JaxArray = defineMethod(
  "jax.Array.reshape",
  { "*args": ints, order, out_sharding },
  (self: JaxArray, { args, order }) => run(() => reshaped(self.core, listed(args), order)),
);

/** Numbers one by one or as one list. */
const listed = (args: unknown): readonly number[] => (args as readonly (number | readonly number[])[]).flat();

export interface RavelNamed {
  order: Order;
  out_sharding: null;
}
const flat = (fn: string) =>
  both(fn, "a", { order, "*": null, out_sharding }, (a, { order }) =>
    run(() => {
      const x = operand(fn, "a", a);
      return reshaped(x, [x.size], order);
    }),
  );
const ravels: Both<"a", [order: Order], RavelNamed> = flat("ravel");
/** All elements in one dimension, row by row or, in order "F", column by column. */
export const ravel = ravels.fn;
const flatten: Both<"a", [order: Order], RavelNamed>["method"] = defineMethod(
  "jax.Array.flatten",
  { order, "*": null, out_sharding },
  (self: JaxArray, { order }) => run(() => reshaped(self.core, [self.size], order)),
);

/** Axes in another order; reversed without one. */
function transposed(fn: string, a: ArrayLike, axes: readonly number[] | null): JaxArray {
  return run(() => {
    const x = computable(fn, "a", a);
    return permuted(x, axes?.map((axis) => axisOf(fn, axis, x.rank)) ?? reversedAxes(x));
  });
}

const axisList = listOf(int).or(null);
/** Axes in another order; default reversed. */
export const transpose: (
  ...args: Given<[a: ArrayLike], [axes: readonly number[] | null], { a: ArrayLike; axes: readonly number[] | null }>
) => JaxArray = define("jax.numpy.transpose", { a: arrayLike, axes: axisList }, ({ a, axes }) =>
  transposed("transpose", a, axes),
);
/** `transpose(1, 0)`, `transpose([1, 0])`, or without arguments reversed. */
const transposeMethod: (self: JaxArray, ...axes: number[] | [readonly number[] | null]) => JaxArray = defineMethod(
  "jax.Array.transpose",
  { "*args": ints.orNone },
  (self: JaxArray, { args }) => {
    const given = args as unknown as readonly (number | readonly number[] | null)[];
    return transposed("transpose", self, given.length === 0 || given[0] === null ? null : listed(given));
  },
);

/** The axes of an array with those at `source` at `destination`. */
function moved(
  fn: string,
  a: ArrayLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): JaxArray {
  return run(() => {
    const x = computable(fn, "a", a);
    const [from, to] = [axesOf(fn, source, x.rank), axesOf(fn, destination, x.rank)];
    if (from.length !== to.length)
      throw new ArgumentError({
        op: fn,
        argument: "destination",
        expected: `${from.length} axes`,
        given: show(destination),
      });
    const order = [...x.shape.keys()].filter((axis) => !from.includes(axis));
    for (const [at, axis] of to.map((at, i) => [at, from[i] as number] as const).sort((p, q) => p[0] - q[0]))
      order.splice(at, 0, axis);
    return permuted(x, order);
  });
}

const swaps: Both<"a", [axis1: number, axis2: number], { axis1: number; axis2: number }> = both(
  "swapaxes",
  "a",
  { axis1: int, axis2: int },
  (a, { axis1, axis2 }) =>
    run(() => {
      const x = computable("swapaxes", "a", a);
      const order = [...x.shape.keys()];
      const [first, second] = [axisOf("swapaxes", axis1, x.rank), axisOf("swapaxes", axis2, x.rank)];
      order[first] = second;
      order[second] = first;
      return permuted(x, order);
    }),
);
/** Two axes in each other's place. */
export const swapaxes = swaps.fn;

/** Axes put elsewhere, the others in their order. */
export const moveaxis: (
  ...args: Given<[a: ArrayLike, source: Axes, destination: Axes], [], { a: ArrayLike; source: Axes; destination: Axes }>
) => JaxArray = define(
  "jax.numpy.moveaxis",
  { a: arrayLike, source: ints, destination: ints },
  ({ a, source, destination }) => moved("moveaxis", a, source, destination),
);

const squeezes: Both<"a", [axis: Axis], { axis: Axis }> = both("squeeze", "a", { axis: axesKind }, (a, { axis }) =>
  run(() => {
    const x = operand("squeeze", "a", a);
    const dropped = axis === null ? x.shape.flatMap((e, i) => (e === 1 ? [i] : [])) : axesOf("squeeze", axis, x.rank);
    for (const i of dropped)
      if (x.shape[i] !== 1)
        throw new ShapeError({
          op: "squeeze",
          argument: "axis",
          expected: "axes of extent 1",
          given: `axis ${i} of ${formatShape(x.shape)}`,
        });
    return core.reshape(
      x,
      x.shape.filter((_, i) => !dropped.includes(i)),
    );
  }),
);
/** Drops dimensions of extent 1: those given, or all. Throws ShapeError on one of another extent. */
export const squeeze = squeezes.fn;

/** Adds dimensions of extent 1, where `axis` says in the result. */
export const expand_dims: (...args: Given<[a: ArrayLike, axis: Axes], [], { a: ArrayLike; axis: Axes }>) => JaxArray =
  define("jax.numpy.expand_dims", { a: arrayLike, axis: ints }, ({ a, axis }) =>
    run(() => {
      const x = operand("expand_dims", "a", a);
      const rank = x.rank + (typeof axis === "number" ? 1 : axis.length);
      const added = axesOf("expand_dims", axis, rank);
      const rest = [...x.shape];
      return core.reshape(
        x,
        Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as number))),
      );
    }),
  );

/** Repeated to a shape, as arithmetic would. */
export const broadcast_to: (
  ...args: Given<[array: ArrayLike, shape: ShapeInput], [], { array: ArrayLike; shape: ShapeInput; out_sharding: null }>
) => JaxArray = define(
  "jax.numpy.broadcast_to",
  { array: arrayLike, shape: shapeKind, "*": null, out_sharding },
  ({ array, shape }) =>
    run(() => broadcast(promoted("broadcast_to", { array })[0] as Tensor, typeof shape === "number" ? [shape] : shape)),
);

/** Reverses the given dimensions (default all). */
export const flip: (...args: Given<[m: ArrayLike], [axis: Axis], { m: ArrayLike; axis: Axis }>) => JaxArray = define(
  "jax.numpy.flip",
  { m: arrayLike, axis: axesKind },
  ({ m, axis }) =>
    run(() => {
      const x = computable("flip", "m", m);
      return core.flip(x, axesOf("flip", axis, x.rank));
    }),
);

export const shapeMethods = {
  reshape: reshapeMethod,
  ravel: ravels.method,
  flatten,
  squeeze: squeezes.method,
  transpose: transposeMethod,
  swapaxes: swaps.method,
};
