// Results whose size depends on values: the host reads it, or the caller gives it.
import { axisOf, formatShape, ShapeError, sizeOf } from "@facet/kernels-wgsl";
import { expectDtype } from "../dtype.js";
import { findTensors, scope, unscoped } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { arange, zeros } from "./create.js";
import { cast, floorDivide, less, mul, sub, where } from "./elementwise.js";
import { take } from "./gather.js";
import { isNewAlong } from "./order_statistics.js";
import { any, sum } from "./reduce.js";
import { cumsum } from "./scan.js";
import { scatterElements } from "./scatter_op.js";
import { expand, reshape, sliceAlong, stack, transpose } from "./shape.js";
import { argsort, searchSorted } from "./sort.js";

/**
 * What takes a size from the device: `prepare` makes tensors of its own, one of them the count; `finish` makes the result when
 * the host knows it. Neither lets anything else live on.
 */
async function sized<T, R>(
  prepare: () => { count: Tensor; made: T },
  finish: (count: number, made: T) => R,
): Promise<R> {
  const { count, made } = unscoped(() => scope(prepare));
  try {
    const size = await count.item();
    return scope(() => finish(size, made));
  } finally {
    count.dispose();
    for (const tensor of findTensors(made)) tensor.dispose();
  }
}

const flat = (x: Tensor): Tensor => reshape(x, [x.size]);

/** How many of the flat elements up to each are not 0; int32. A NaN is not 0. */
const running = (x: Tensor): Tensor => cumsum(cast(flat(cast(x, "bool")), "int32"), { axis: 0 });

const lastOf = (counts: Tensor): Tensor =>
  counts.size === 0 ? zeros([], "int32") : reshape(sliceAlong(counts, 0, counts.size - 1, counts.size), []);

/** Flat places of the first `count` that counted up; the size of the whole where there are fewer. */
const placesOf = (counts: Tensor, count: number): Tensor => searchSorted(counts, arange(1, count + 1, 1, "int32"));

/** Flat places as indices along every axis: [count, rank]. */
function coordinates(places: Tensor, shape: readonly number[]): Tensor {
  if (shape.length === 0) return zeros([places.size, 0], "int32");
  let rest = places;
  const columns: Tensor[] = [];
  for (const [d, extent] of [...shape.entries()].reverse()) {
    const outer = d === 0 ? zeros(places.shape, "int32") : floorDivide(rest, Math.max(1, extent));
    columns.unshift(d === 0 ? rest : sub(rest, mul(outer, extent)));
    rest = outer;
  }
  return stack(columns, 1);
}

/** How many elements are not 0, as an int32 scalar. */
export const countNonzero = (x: Tensor): Tensor => sum(cast(cast(x, "bool"), "int32"));

/** Indices of the elements that are not 0, in row-major order: [count, rank] of int32. Reads their number. */
export const nonzero = (x: Tensor): Promise<Tensor> =>
  sized(
    () => {
      const counts = running(x);
      return { count: lastOf(counts), made: counts };
    },
    (count, counts) => coordinates(placesOf(counts, count), x.shape),
  );

/** The first `size` of them; rows beyond their number are `fill`. */
export function nonzeroOfSize(x: Tensor, size: number, fill = 0): Tensor {
  const places = placesOf(running(x), size);
  const within = reshape(less(places, x.size), [size, 1]);
  return where(within, coordinates(places, x.shape), fill);
}

/** Elements of x where the mask holds, in row-major order; x and mask broadcast. Reads their number. */
export function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  const rank = Math.max(x.rank, mask.rank);
  const shape = Array.from({ length: rank }, (_, i) => {
    const [a, b] = [x.shape.at(i - rank) ?? 1, mask.shape.at(i - rank) ?? 1];
    return a === 1 ? b : a;
  });
  expectDtype("masked_select", "mask", mask.dtype, "bool");
  const [values, holds] = [expand(x, shape), expand(mask, shape)];
  return sized(
    () => {
      const counts = running(holds);
      return { count: lastOf(counts), made: counts };
    },
    (count, counts) => take(flat(values), placesOf(counts, count), { unique: true }),
  );
}

export interface UniqueOptions {
  /** Slices along an axis are compared, instead of elements. */
  axis?: number | undefined;
  /** Whether all NaN are one. Default false, as in PyTorch; true in numpy. */
  equalNan?: boolean;
  /** Whether only neighbours are compared, without sorting. Default false. */
  consecutive?: boolean;
}

export interface Unique {
  /** Distinct elements, ascending (in order of appearance with `consecutive`); or distinct slices. */
  values: Tensor;
  /** For each the first place in x; int32. */
  indices: Tensor;
  /** For every element (or slice) the place of its like in values; int32, in the shape of x. */
  inverse: Tensor;
  /** How often each occurs; int32. */
  counts: Tensor;
}

interface Runs {
  order: Tensor;
  /** Number of the run of each element in that order, counted from 1. */
  numbers: Tensor;
}

/** Rows as a matrix: elements one by one, or slices along an axis. */
function rowsOf(x: Tensor, axis: number | undefined): Tensor {
  if (axis === undefined) return reshape(x, [x.size, 1]);
  const d = axisOf(x.shape, axis, "unique");
  const order = [d, ...[...x.shape.keys()].filter((i) => i !== d)];
  const extent = x.shape[d] as number;
  return reshape(transpose(x, order), [extent, sizeOf(x.shape) === 0 ? 0 : x.size / extent]);
}

function runsOf(x: Tensor, { axis, equalNan = false, consecutive = false }: UniqueOptions): Runs {
  const rows = rowsOf(x, axis);
  const [count, width] = rows.shape as [number, number];
  let order = arange(0, count, 1, "int32");
  // By the last column first: each sort keeps the order of the ones before where elements are equal.
  for (let c = width - 1; c >= 0 && !consecutive; c--) {
    const column = reshape(sliceAlong(rows, 1, c, c + 1), [count]);
    order = take(order, argsort(take(column, order)));
  }
  const sorted = take(rows, order);
  const isNew = any(isNewAlong(sorted, 0, equalNan), { axes: 1 });
  return { order, numbers: cumsum(cast(isNew, "int32"), { axis: 0 }) };
}

/** What unique gives, for a number of runs; those beyond the number there are count 0. */
function uniqueOf(x: Tensor, { axis }: UniqueOptions, { order, numbers }: Runs, count: number): Unique {
  const n = order.size;
  const bounds = placesOf(numbers, count + 1);
  const [starts, ends] = [sliceAlong(bounds, 0, 0, count), sliceAlong(bounds, 0, 1, count + 1)];
  const indices = take(order, starts, { mode: "clip" });
  const d = axis === undefined ? 0 : axisOf(x.shape, axis, "unique");
  const values = take(axis === undefined ? flat(x) : x, indices, { axis: d });
  const ranks = scatterElements(zeros([n], "int32"), order, sub(numbers, 1), { unique: true });
  return {
    values,
    indices,
    inverse: reshape(ranks, axis === undefined ? x.shape : [n]),
    counts: sub(ends, starts),
  };
}

/** Distinct elements, or slices along an axis, with where and how often they occur. Reads their number. */
export async function unique(x: Tensor, options: UniqueOptions = {}): Promise<Unique> {
  return sized(
    () => {
      const runs = runsOf(x, options);
      return { count: lastOf(runs.numbers), made: runs };
    },
    (count, runs) => uniqueOf(x, options, runs, count),
  );
}

/** The first `size` of them; beyond their number the last one stands again, with a count of 0. */
export function uniqueOfSize(x: Tensor, size: number, options: UniqueOptions = {}): Unique {
  const runs = runsOf(x, options);
  if (runs.order.size === 0 && size > 0) {
    const expected = "elements";
    throw new ShapeError({ op: "unique", argument: "x", expected, given: formatShape(x.shape) });
  }
  return uniqueOf(x, options, runs, size);
}
