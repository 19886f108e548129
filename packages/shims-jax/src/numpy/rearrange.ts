// Elements in other places: rolled, turned, repeated.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, listOf, only, show } from "@facet/dialect";
import { array, arrayLike, type Given, ints, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, computable, integral, JaxArray, run } from "../array.js";
import { type Axes, axisOf, lineOf, permuted } from "./axes.js";
import { type Both, both } from "./function.js";

/** Elements moved by `shift` places along axes, or in the array laid flat; what leaves one end comes in at the other. */
export const roll: (
  ...args: Given<[a: ArrayLike, shift: Axes], [axis: Axes | null], { a: ArrayLike; shift: Axes; axis: Axes | null }>
) => JaxArray = define("jax.numpy.roll", { a: arrayLike, shift: ints, axis: ints.or(null) }, ({ a, shift, axis }) =>
  run(() => {
    const x = computable("roll", "a", a);
    if (axis === null) {
      const sum = [shift].flat().reduce((total: number, one) => total + one, 0);
      return core.roll(x, sum);
    }
    const axes = [axis].flat().map((one) => axisOf("roll", one, x.rank));
    const shifts = [shift].flat();
    if (shifts.length !== axes.length && shifts.length !== 1 && axes.length !== 1)
      throw new ArgumentError({ op: "roll", argument: "shift", expected: `${axes.length} shifts`, given: show(shift) });
    const count = Math.max(shifts.length, axes.length);
    const pick = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] as number;
    let y = x;
    for (let i = 0; i < count; i++) y = core.roll(y, pick(shifts, i), pick(axes, i));
    return y;
  }),
);

/** A quarter turn in the plane of two axes (default the first two), k times, from the first towards the second. */
export const rot90: (
  ...args: Given<
    [m: ArrayLike],
    [k: number, axes: readonly number[]],
    { m: ArrayLike; k: number; axes: readonly number[] }
  >
) => JaxArray = define(
  "jax.numpy.rot90",
  { m: arrayLike, k: int.or(1), axes: listOf(int, 2).or([0, 1]) },
  ({ m, k, axes }) =>
    run(() => {
      const x = computable("rot90", "m", m);
      const [a, b] = axes.map((axis) => axisOf("rot90", axis, x.rank)) as [number, number];
      return core.rot90(x, k, [a, b]);
    }),
);

const mirrored = (
  fn: "fliplr" | "flipud",
  axis: 0 | 1,
): ((...args: Given<[m: ArrayLike], [], { m: ArrayLike }>) => JaxArray) =>
  define(`jax.numpy.${fn}`, { m: arrayLike }, ({ m }) =>
    run(() => {
      const x = computable(fn, "m", m);
      return core.flip(x, [axisOf(fn, axis, x.rank)]);
    }),
  );
/** Reverses the second dimension. */
export const fliplr = mirrored("fliplr", 1);
/** Reverses the first dimension. */
export const flipud = mirrored("flipud", 0);

/** Axes in another order. */
export const permute_dims: (a: ArrayLike, ...args: [readonly number[]] | [{ axes: readonly number[] }]) => JaxArray =
  define("jax.numpy.permute_dims", { a: arrayLike, "/": null, axes: listOf(int) }, ({ a, axes }) =>
    run(() => {
      const x = computable("permute_dims", "a", a);
      return permuted(
        x,
        axes.map((axis) => axisOf("permute_dims", axis, x.rank)),
      );
    }),
  );

/** Matrices transposed: the last two dimensions in each other's place. */
export const matrix_transpose: (x: ArrayLike) => JaxArray = define(
  "jax.numpy.matrix_transpose",
  { x: arrayLike, "/": null },
  ({ x }) => run(() => transposedMatrix("matrix_transpose", computable("matrix_transpose", "x", x))),
);
export function transposedMatrix(fn: string, x: Tensor): Tensor {
  if (x.rank < 2)
    throw new ShapeError({
      op: fn,
      argument: "x",
      expected: "two dimensions or more",
      given: core.formatShape(x.shape),
    });
  return permuted(x, [...Array(x.rank - 2).keys(), x.rank - 1, x.rank - 2]);
}

/** An axis moved before the one at `start`. */
export const rollaxis: (
  ...args: Given<[a: ArrayLike, axis: number], [start: number], { a: ArrayLike; axis: number; start: number }>
) => JaxArray = define("jax.numpy.rollaxis", { a: arrayLike, axis: int, start: int.or(0) }, ({ a, axis, start }) =>
  run(() => {
    const x = computable("rollaxis", "a", a);
    const from = axisOf("rollaxis", axis, x.rank);
    const to = start < 0 ? start + x.rank : start;
    if (to < 0 || to > x.rank)
      throw new ShapeError({
        op: "rollaxis",
        argument: "start",
        expected: `a place among ${x.rank} axes`,
        given: `${start}`,
      });
    const order = [...x.shape.keys()].filter((one) => one !== from);
    order.splice(to > from ? to - 1 : to, 0, from);
    return permuted(x, order);
  }),
);

/** The array repeated as often along each dimension as `reps` says. */
export const tile: (...args: Given<[A: ArrayLike, reps: Axes], [], { A: ArrayLike; reps: Axes }>) => JaxArray = define(
  "jax.numpy.tile",
  { A: arrayLike, reps: ints },
  ({ A, reps }) => run(() => core.tile(computable("tile", "A", A), [reps].flat())),
);

type Repeats = number | readonly number[] | JaxArray;
export interface RepeatNamed {
  repeats: Repeats;
  axis: number | null;
  total_repeat_length: number | null;
  out_sharding: null;
}
const repeats: Both<"a", [repeats: Repeats, axis: number | null], RepeatNamed> = both(
  "repeat",
  "a",
  {
    repeats: ints.either(array),
    axis: int.or(null),
    "*": null,
    total_repeat_length: int.where("a whole number of 0 or more", (n) => n >= 0).or(null),
    out_sharding: only(null),
  },
  (a, { repeats, axis, total_repeat_length: total }) =>
    run(() => {
      const fn = "repeat";
      const [x, at] = lineOf(fn, computable(fn, "a", a), axis);
      if (repeats instanceof JaxArray) {
        if (total !== null) return core.repeatElements(x, integral(fn, "repeats", repeats), { axis: at, total });
        const expected = "the extent of the result, which must not depend on the values of an Array";
        throw new ArgumentError({ op: fn, argument: "total_repeat_length", expected, given: "null" });
      }
      const counts = [repeats].flat() as number[];
      if (counts.some((count) => count < 0))
        throw new ArgumentError({ op: fn, argument: "repeats", expected: "counts of 0 or more", given: show(repeats) });
      if (counts.length !== 1 && counts.length !== x.shape[at]) {
        const expected = `one count, or ${x.shape[at]}`;
        throw new ArgumentError({ op: fn, argument: "repeats", expected, given: show(repeats) });
      }
      const sum =
        counts.length === 1 ? (x.shape[at] as number) * (counts[0] as number) : counts.reduce((a, b) => a + b, 0);
      if (total !== null && total !== sum)
        throw new ArgumentError({ op: fn, argument: "total_repeat_length", expected: `${sum}`, given: `${total}` });
      if (counts.length === 1) return core.repeatElements(x, counts[0] as number, { axis: at });
      const list = core.fromData(counts, [counts.length], "int32");
      return core.repeatElements(x, list, { axis: at, total: sum });
    }),
);
/** Every element repeated along an axis, or of the array laid flat. Counts in an Array need `total_repeat_length`. */
export const repeat = repeats.fn;

/** The elements laid flat, again and again, in another shape. */
export const resize: (
  ...args: Given<[a: ArrayLike, new_shape: Axes], [], { a: ArrayLike; new_shape: Axes }>
) => JaxArray = define("jax.numpy.resize", { a: arrayLike, new_shape: shapeKind }, ({ a, new_shape }) =>
  run(() => {
    const x = computable("resize", "a", a);
    const shape = [new_shape].flat();
    const size = core.sizeOf(shape);
    if (size === 0 || x.size === 0) return core.zeros(shape, x.dtype);
    const rows = core.tile(core.reshape(x, [x.size]), [Math.ceil(size / x.size)]);
    return core.reshape(core.sliceAlong(rows, 0, 0, size), shape);
  }),
);

/** The arrays along an axis, without it. */
export const unstack: (x: ArrayLike, options?: { axis?: number }) => JaxArray[] = define(
  "jax.numpy.unstack",
  { x: arrayLike, "/": null, "*": null, axis: int.or(0) },
  ({ x: given, axis }) => {
    const x = computable("unstack", "x", given);
    const at = axisOf("unstack", axis, x.rank);
    const rest = x.shape.filter((_, i) => i !== at);
    return Array.from({ length: x.shape[at] as number }, (_, i) =>
      run(() => core.reshape(core.sliceAlong(x, at, i, i + 1), rest)),
    );
  },
);

export const rearrangeMethods = { repeat: repeats.method };
