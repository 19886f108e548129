// jax.lax: slices whose beginning may be on the device. A start is held to where the slice fits, negative ones count from the end.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { bool, int, Kind, listOf, show } from "@facet/dialect";
import { arrayLike, declared } from "../arguments.js";
import { type ArrayLike, computable, converted, integral, isNumber, JaxArray, run } from "../array.js";
import { axisOf } from "../numpy/axes.js";
import { type Ints, natural, naturals } from "./shapes.js";

/** A place, known to the host or to the device alone. */
type Start = number | Tensor;
type Starts = JaxArray | readonly ArrayLike[];

const index = new Kind<ArrayLike>("an integer or an Array of one", (x) => int.accepts(x) || x instanceof JaxArray);
const starts = new Kind<Starts>(
  "a list of integers or int32 scalars, or an Array of them",
  (x) => x instanceof JaxArray || listOf(index).accepts(x),
);
const allow_negative_indices = bool.either(listOf(bool)).or(true);
type Negative = boolean | readonly boolean[];

function startOf(fn: string, argument: string, given: ArrayLike): Start {
  if (typeof given === "number") return given;
  const x = integral(fn, argument, given);
  if (x.rank === 0) return x;
  throw new ShapeError({ op: fn, argument, expected: "a scalar", given: formatShape(x.shape) });
}

function startsOf(fn: string, given: Starts, rank: number): Start[] {
  const list: Start[] =
    given instanceof JaxArray && !isNumber(given)
      ? rowsOf(fn, given)
      : (given as readonly ArrayLike[]).map((each, i) => startOf(fn, `start_indices[${i}]`, each));
  if (list.length === rank) return list;
  throw new ArgumentError({ op: fn, argument: "start_indices", expected: `${rank} of them`, given: `${list.length}` });
}

function rowsOf(fn: string, given: JaxArray): Tensor[] {
  const x = integral(fn, "start_indices", given);
  if (x.rank !== 1)
    throw new ShapeError({ op: fn, argument: "start_indices", expected: "rank 1", given: formatShape(x.shape) });
  return Array.from({ length: x.size }, (_, i) => core.reshape(core.sliceAlong(x, 0, i, i + 1), []));
}

/** A start within 0 to `last`; one from the end on counts from there, where that is allowed. */
function held(start: Start, extent: number, last: number, negative: boolean): Start {
  if (typeof start === "number") {
    if (start < 0 && !negative)
      throw new ArgumentError({
        op: "dynamic_slice",
        argument: "start_indices",
        expected: "0 or more, as allow_negative_indices is false",
        given: `${start}`,
      });
    return Math.min(Math.max(start < 0 ? start + extent : start, 0), last);
  }
  const counted = negative ? core.where(core.less(start, 0), core.add(start, extent), start) : start;
  return core.minimum(core.maximum(counted, 0), last);
}

/** Where a part of these sizes begins along each dimension: 0 where it is the whole of it. */
function placesOf(fn: string, x: Tensor, given: readonly Start[], sizes: Ints, negative: Negative): Start[] {
  if (sizes.length !== x.rank || sizes.some((size, d) => size > (x.shape[d] as number)))
    throw new ShapeError({
      op: fn,
      argument: fn.startsWith("dynamic_update") ? "update" : "slice_sizes",
      expected: `at most ${formatShape(x.shape)}`,
      given: show(sizes),
    });
  return given.map((start, d) => {
    const extent = x.shape[d] as number;
    const size = sizes[d] as number;
    if (size === extent) return 0;
    return held(start, extent, extent - size, typeof negative === "boolean" ? negative : (negative[d] ?? true));
  });
}

function sliced(x: Tensor, places: readonly Start[], sizes: Ints): Tensor {
  const fixed = places.map((start) => (typeof start === "number" ? start : 0));
  const ends = sizes.map((size, d) =>
    typeof places[d] === "number" ? (fixed[d] as number) + size : (x.shape[d] as number),
  );
  let y = core.slice(x, fixed, ends);
  for (const [d, start] of places.entries())
    if (typeof start !== "number") {
      const size = sizes[d] as number;
      const rows = core.add(core.arange(0, size, 1, "int32"), start);
      y = core.take(y, rows, { axis: d, mode: "clip", negative: false, unique: true });
    }
  return y;
}

function updated(x: Tensor, update: Tensor, places: readonly Start[]): Tensor {
  if (places.every((start) => typeof start === "number"))
    return update.size === 0 ? x : core.updateSlice(x, update, places as readonly number[]);
  const indices = places.map((start, d) => {
    const size = update.shape[d] as number;
    const rows = core.add(core.arange(0, size, 1, "int32"), start);
    return core.reshape(
      rows,
      places.map((_, i) => (i === d ? size : 1)),
    );
  });
  return core.indexPut(x, indices, update, { combination: "set", mode: "clip", negative: false, unique: true });
}

/** A part of these sizes from `start_indices` on, one for each dimension. */
export const dynamic_slice = declared<[operand: ArrayLike, start_indices: Starts, slice_sizes: Ints]>()(
  "jax.lax.dynamic_slice",
  { operand: arrayLike, start_indices: starts, slice_sizes: naturals, "*": null, allow_negative_indices },
  ({ operand, start_indices, slice_sizes, allow_negative_indices }) =>
    run(() => {
      const fn = "dynamic_slice";
      const x = computable(fn, "operand", operand);
      const places = startsOf(fn, start_indices, x.rank);
      return sliced(x, placesOf(fn, x, places, slice_sizes, allow_negative_indices), slice_sizes);
    }),
);

/** The array with the part from `start_indices` on replaced by `update`, which has as many dimensions. */
export const dynamic_update_slice = declared<[operand: ArrayLike, update: ArrayLike, start_indices: Starts]>()(
  "jax.lax.dynamic_update_slice",
  { operand: arrayLike, update: arrayLike, start_indices: starts, "*": null, allow_negative_indices },
  ({ operand, update, start_indices, allow_negative_indices }) =>
    run(() => {
      const fn = "dynamic_update_slice";
      const [x, part] = operandAndUpdate(fn, operand, update);
      return updated(x, part, placesOf(fn, x, startsOf(fn, start_indices, x.rank), part.shape, allow_negative_indices));
    }),
);

function operandAndUpdate(fn: string, operand: ArrayLike, update: ArrayLike): [Tensor, Tensor] {
  const x = computable(fn, "operand", operand);
  const given = computable(fn, "update", update);
  const isLoose = !(update instanceof JaxArray) || isNumber(update);
  if (!isLoose && given.dtype !== x.dtype)
    throw new core.DtypeError({ op: fn, argument: "update", expected: x.dtype, given: given.dtype });
  return [x, converted(given, x.dtype)];
}

/** A start along one axis, the others from 0 on. */
const along = (x: Tensor, axis: number, start: Start): Start[] => x.shape.map((_, d) => (d === axis ? start : 0));
const resized = (x: Tensor, axis: number, size: number): number[] => x.shape.map((e, d) => (d === axis ? size : e));

function slicedAlong(fn: string, operand: ArrayLike, start: ArrayLike, size: number, axis: number, negative: Negative) {
  const x = computable(fn, "operand", operand);
  const at = axisOf(fn, axis, x.rank);
  const sizes = resized(x, at, size);
  const place = startOf(fn, fn === "dynamic_slice_in_dim" ? "start_index" : "index", start);
  return { at, y: sliced(x, placesOf(fn, x, along(x, at, place), sizes, negative), sizes) };
}

/** `slice_size` elements from `start_index` on along an axis. */
export const dynamic_slice_in_dim = declared<
  [operand: ArrayLike, start_index: ArrayLike, slice_size: number],
  [axis: number]
>()(
  "jax.lax.dynamic_slice_in_dim",
  {
    operand: arrayLike,
    start_index: index,
    slice_size: natural,
    axis: int.or(0),
    "*": null,
    allow_negative_indices: true,
  },
  ({ operand, start_index, slice_size, axis, allow_negative_indices }) =>
    run(() => slicedAlong("dynamic_slice_in_dim", operand, start_index, slice_size, axis, allow_negative_indices).y),
);

/** The part at one index along an axis, which stays unless `keepdims` is false. */
export const dynamic_index_in_dim = declared<
  [operand: ArrayLike, index: ArrayLike],
  [axis: number, keepdims: boolean]
>()(
  "jax.lax.dynamic_index_in_dim",
  { operand: arrayLike, index, axis: int.or(0), keepdims: bool.or(true), "*": null, allow_negative_indices: true },
  ({ operand, index, axis, keepdims, allow_negative_indices }) =>
    run(() => {
      const { at, y } = slicedAlong("dynamic_index_in_dim", operand, index, 1, axis, allow_negative_indices);
      return keepdims
        ? y
        : core.reshape(
            y,
            y.shape.filter((_, d) => d !== at),
          );
    }),
);

/** The array with the part from `start_index` on along an axis replaced by `update`, which is whole along the others. */
export const dynamic_update_slice_in_dim = declared<
  [operand: ArrayLike, update: ArrayLike, start_index: ArrayLike, axis: number]
>()(
  "jax.lax.dynamic_update_slice_in_dim",
  { operand: arrayLike, update: arrayLike, start_index: index, axis: int, "*": null, allow_negative_indices: true },
  ({ operand, update, start_index, axis, allow_negative_indices }) =>
    run(() => {
      const fn = "dynamic_update_slice_in_dim";
      const [x, part] = operandAndUpdate(fn, operand, update);
      const at = axisOf(fn, axis, x.rank);
      const places = along(x, at, startOf(fn, "start_index", start_index));
      return updated(x, part, placesOf(fn, x, places, part.shape, allow_negative_indices));
    }),
);

/** The array with the part at one index along an axis replaced by `update`, which has that axis with extent 1 or lacks it. */
export const dynamic_update_index_in_dim = declared<
  [operand: ArrayLike, update: ArrayLike, index: ArrayLike, axis: number]
>()(
  "jax.lax.dynamic_update_index_in_dim",
  { operand: arrayLike, update: arrayLike, index, axis: int, "*": null, allow_negative_indices: true },
  ({ operand, update, index, axis, allow_negative_indices }) =>
    run(() => {
      const fn = "dynamic_update_index_in_dim";
      const [x, given] = operandAndUpdate(fn, operand, update);
      const at = axisOf(fn, axis, x.rank);
      const part = given.rank === x.rank ? given : core.reshape(given, given.shape.toSpliced(at, 0, 1));
      if (part.rank !== x.rank || part.shape[at] !== 1)
        throw new ShapeError({
          op: fn,
          argument: "update",
          expected: `${formatShape(resized(x, at, 1))}, or without axis ${at}`,
          given: formatShape(given.shape),
        });
      const places = along(x, at, startOf(fn, "index", index));
      return updated(x, part, placesOf(fn, x, places, part.shape, allow_negative_indices));
    }),
);
