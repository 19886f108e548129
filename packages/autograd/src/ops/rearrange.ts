// Elements repeated, rolled and turned, and grids of coordinates.
import { ArgumentError, axisOf, formatShape, rollGeometry, ShapeError, stridedCopy } from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { scope, unscoped } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { alongAxis } from "../vmap/rules.js";
import { arange } from "./create.js";
import { notEqual, sub } from "./elementwise.js";
import { refuseBytes } from "./elementwise_op.js";
import { take } from "./gather.js";
import { sum } from "./reduce.js";
import { cumsum } from "./scan.js";
import { concat, expand, flip, reshape, sliceAlong, transpose } from "./shape.js";
import { searchSorted } from "./sort.js";

const rollOp = defineOp<{ x: Tensor }, { axis: number; shift: number }>({
  name: "roll",
  shape: ({ x }, { axis, shift }) => {
    rollGeometry(refuseBytes("roll", x).shape, axis, shift);
    return x.shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x }, y, { axis, shift }) => {
    for (const part of rollGeometry(x.shape, axis, shift)) launch(stridedCopy, { x, y }, part);
  },
  vjp: { x: vjp([], (dy, _, { attrs }): Tensor => rollOp({ x: dy }, { ...attrs, shift: -attrs.shift })) },
  batch: alongAxis(),
});

/**
 * Elements moved by so many places along axes, those that fall off the end to the beginning. One shift for several axes
 * counts for each; without axes the elements move in row-major order.
 */
export function roll(x: Tensor, shift: number | readonly number[], axes?: number | readonly number[]): Tensor {
  if (axes === undefined) {
    if (typeof shift === "number") return reshape(rollOp({ x: reshape(x, [x.size]) }, { axis: 0, shift }), x.shape);
    throw new ArgumentError({ op: "roll", argument: "axes", expected: "an axis for each shift", given: "none" });
  }
  const list = [axes].flat();
  const shifts = typeof shift === "number" ? list.map(() => shift) : shift;
  if (shifts.length !== list.length) {
    const expected = `${list.length} for as many axes`;
    throw new ArgumentError({ op: "roll", argument: "shift", expected, given: `${shifts.length}` });
  }
  return list.reduce<Tensor>((y, axis, i) => rollOp({ x: y }, { axis, shift: shifts[i] as number }), x);
}

function expectCounts(op: string, argument: string, counts: readonly number[]): void {
  if (counts.every((count) => Number.isInteger(count) && count >= 0)) return;
  throw new ArgumentError({ op, argument, expected: "integers of 0 or more", given: `${counts}` });
}

/** x beside itself so often along each axis: the last counts are for the last axes, where there are fewer; more add axes. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  expectCounts("tile", "repeats", repeats);
  const rank = Math.max(x.rank, repeats.length);
  const extents = Array.from({ length: rank }, (_, i) => x.shape[i - rank + x.rank] ?? 1);
  const counts = extents.map((_, i) => repeats[i - rank + repeats.length] ?? 1);
  const apart = extents.flatMap((extent, i) => [counts[i] as number, extent]);
  const ones = extents.flatMap((extent) => [1, extent]);
  return reshape(
    expand(reshape(x, ones), apart),
    extents.map((extent, i) => extent * (counts[i] as number)),
  );
}

export interface RepeatOptions {
  /** Negative counts from the last. Default: the elements in row-major order. */
  axis?: number | undefined;
  /** Length of the result where repeats are a tensor: less are cut off, for more the last element goes on. */
  total?: number;
}

/** Every element along an axis so often in a row; by a tensor (int32) each its own number of times, for a given total. */
export function repeatElements(x: Tensor, repeats: number | Tensor, { axis, total }: RepeatOptions = {}): Tensor {
  const op = "repeat_elements";
  const line = axis === undefined ? reshape(x, [x.size]) : x;
  const d = axisOf(line.shape, axis ?? 0, op);
  const extent = line.shape[d] as number;
  if (typeof repeats === "number") {
    expectCounts(op, "repeats", [repeats]);
    const [before, after] = [line.shape.slice(0, d + 1), line.shape.slice(d + 1)];
    const wide = expand(reshape(line, [...before, 1, ...after]), [...before, repeats, ...after]);
    return reshape(wide, [...line.shape.slice(0, d), extent * repeats, ...after]);
  }
  expectRepeats(op, repeats, extent);
  if (total === undefined)
    throw new ArgumentError({ op, argument: "total", expected: "the length of the result", given: "none" });
  expectCounts(op, "total", [total]);
  const ends = cumsum(expand(repeats, [extent]), { axis: 0 });
  const places = searchSorted(ends, arange(0, total, 1, "int32"), { right: true });
  return take(line, places, { axis: d, mode: "clip" });
}

function expectRepeats(op: string, repeats: Tensor, extent: number): void {
  expectDtype(op, "repeats", repeats.dtype, "int32");
  if (repeats.rank <= 1 && (repeats.size === extent || repeats.size === 1)) return;
  const expected = `[${extent}], one for each element`;
  throw new ShapeError({ op, argument: "repeats", expected, given: formatShape(repeats.shape) });
}

/** The same for as many as the repeats come to, which is read. */
export async function repeatElementsByCounts(
  x: Tensor,
  repeats: Tensor,
  { axis }: Pick<RepeatOptions, "axis"> = {},
): Promise<Tensor> {
  const extent = axis === undefined ? x.size : (x.shape[axisOf(x.shape, axis, "repeat_elements")] as number);
  expectRepeats("repeat_elements", repeats, extent);
  const total = unscoped(() => scope(() => sum(expand(repeats, [extent]))));
  try {
    const count = await total.item();
    return scope(() => repeatElements(x, repeats, { axis, total: count }));
  } finally {
    total.dispose();
  }
}

/** Turned by k quarters in the plane of two axes, from the first towards the second. */
export function rot90(x: Tensor, k = 1, axes: readonly [number, number] = [0, 1]): Tensor {
  const [a, b] = axes.map((axis) => axisOf(x.shape, axis, "rot90")) as [number, number];
  if (a === b || !Number.isInteger(k)) {
    const expected = "an integer, and two different axes";
    throw new ArgumentError({ op: "rot90", argument: "k, axes", expected, given: `${k}, ${axes}` });
  }
  const quarters = ((k % 4) + 4) % 4;
  if (quarters === 0) return x;
  if (quarters === 2) return flip(x, [a, b]);
  const order = x.shape.map((_, d) => (d === a ? b : d === b ? a : d));
  return quarters === 1 ? transpose(flip(x, [b]), order) : flip(transpose(x, order), [b]);
}

/** Grids of coordinates: one tensor for each of x along its own axis. `xy` exchanges the first two axes. */
export function meshgrid(x: readonly Tensor[], indexing: "ij" | "xy" = "ij"): Tensor[] {
  const op = "meshgrid";
  if (indexing !== "ij" && indexing !== "xy")
    throw new ArgumentError({ op, argument: "indexing", expected: '"ij" or "xy"', given: `${indexing}` });
  for (const [i, line] of x.entries())
    if (line.rank > 1)
      throw new ShapeError({ op, argument: `x[${i}]`, expected: "at most one axis", given: formatShape(line.shape) });
  const axisFor = (i: number): number => (indexing === "xy" && x.length > 1 && i < 2 ? 1 - i : i);
  const shape = x.map((_, d) => (x[axisFor(d)] as Tensor).size);
  return x.map((line, i) => {
    const own = shape.map((_, d) => (d === axisFor(i) ? line.size : 1));
    return expand(reshape(line, own), shape);
  });
}

export interface DiffOptions {
  /** How often. Default 1. */
  n?: number;
  /** Negative counts from the last. Default -1. */
  axis?: number;
  /** Put before or behind x along the axis first; of the same dtype. */
  prepend?: Tensor | undefined;
  append?: Tensor | undefined;
}

/** Differences of neighbours along an axis, n times over; of bools whether they differ. */
export function diff(x: Tensor, { n = 1, axis = -1, prepend, append }: DiffOptions = {}): Tensor {
  expectCounts("diff", "n", [n]);
  const d = axisOf(x.shape, axis, "diff");
  let y = concat([...(prepend ? [prepend] : []), x, ...(append ? [append] : [])], d);
  // An empty axis stays empty.
  for (let i = 0; i < n && y.shape[d] !== 0; i++) {
    const extent = y.shape[d] as number;
    const [before, after] = [
      sliceAlong(y, d, 0, Math.max(0, extent - 1)),
      sliceAlong(y, d, Math.min(1, extent), extent),
    ];
    y = y.dtype === "bool" ? notEqual(after, before) : sub(after, before);
  }
  return y;
}
