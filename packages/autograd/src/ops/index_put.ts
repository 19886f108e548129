// Indexing by several index tensors at once, which broadcast against each other.
import {
  ArgumentError,
  formatShape,
  type IndexOptions,
  indexConstants,
  ravelIndex as kernel,
  ravelIndexGeometry,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { stopGradient } from "../custom.js";
import { defineOp, launch, nonDifferentiable } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { arange } from "./create.js";
import { greaterEqual, where } from "./elementwise.js";
import { type GatherOptions, take } from "./gather.js";
import { indexSlot } from "./indices.js";
import { type ScatterOptions, scatterRows } from "./scatter_op.js";
import { expand, reshape, slice, transpose } from "./shape.js";

interface RavelAttrs {
  readonly op: string;
  readonly extents: readonly number[];
  readonly at: number;
  readonly mode: NonNullable<GatherOptions["mode"]>;
  readonly negative: boolean;
}

const ravelOp = defineOp<{ before?: Tensor; index: Tensor }, RavelAttrs>({
  name: "ravel_index",
  shape: ({ index }, { op, extents, at, mode }) => {
    expectDtype(op, "index", index.dtype, "int32");
    ravelIndexGeometry(index.size, extents, at, { mode }, op);
    return index.shape;
  },
  dtype: () => "int32",
  forward: ({ before, index }, y, { op, extents, at, ...attrs }) => {
    const faultSlot = indexSlot(op, extents[at] as number, attrs);
    const params = ravelIndexGeometry(index.size, extents, at, { ...attrs, faultSlot }, op);
    launch(kernel, { before, index, y }, params, indexConstants(attrs));
  },
  vjp: { before: nonDifferentiable, index: nonDifferentiable },
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

/** For every axis of x, or for the first ones, an index tensor, or null where the whole axis is meant. */
export type Indices = readonly (Tensor | null)[];

/** Shape that shapes broadcast to. */
function broadcastOf(op: string, shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, d) => {
    const extents = shapes.map((shape) => shape[d - rank + shape.length] ?? 1);
    const extent = extents.find((e) => e !== 1) ?? 1;
    if (extents.every((e) => e === 1 || e === extent)) return extent;
    const given = shapes.map(formatShape).join(", ");
    throw new ShapeError({ op, argument: "indices", expected: "shapes that broadcast to one", given });
  });
}

/** One flat index for several of one shape, -1 where one of them names no place; each is checked on its own. */
export function ravelIndices(
  op: string,
  indices: readonly Tensor[],
  extents: readonly number[],
  { mode = "raise", negative = true }: IndexOptions,
): Tensor {
  let flat: Tensor | undefined;
  for (const [at, index] of indices.entries())
    flat = ravelOp({ index, ...(flat ? { before: flat } : {}) }, { op, extents, at, mode, negative });
  return flat as Tensor;
}

interface Located {
  /** x with the indexed axes as one. */
  rows: Tensor;
  axis: number;
  index: Tensor;
  /** Order of x's axes in which the indexed ones are neighbours, and the shape in that order. */
  order: number[];
  shape: number[];
}

function locate(op: string, x: Tensor, indices: Indices, { mode = "raise", negative = true }: GatherOptions): Located {
  const axes = indices.flatMap((index, d) => (index ? [d] : []));
  if (indices.length > x.rank || axes.length === 0) {
    const expected = `at most ${x.rank} indices for ${formatShape(x.shape)}, and at least one`;
    throw new ArgumentError({ op, argument: "indices", expected, given: `${indices.length}` });
  }
  const given = axes.map((d) => indices[d] as Tensor);
  const common = broadcastOf(
    op,
    given.map((index) => index.shape),
  );
  // Neighbours stay where they are; axes apart go to the front, as in numpy and PyTorch.
  const first = axes[0] as number;
  const together = axes.every((d, i) => d === first + i);
  const rest = x.shape.flatMap((_, d) => (axes.includes(d) ? [] : [d]));
  const order = together ? [...x.shape.keys()] : [...axes, ...rest];
  const moved = together ? x : transpose(x, order);
  const axis = together ? first : 0;
  const extents = moved.shape.slice(axis, axis + axes.length);
  const expanded = given.map((part) => expand(part, common));
  const index = ravelIndices(op, expanded, extents, { mode, negative });
  const shape = [...moved.shape];
  const flat = [...shape.slice(0, axis), sizeOf(extents), ...shape.slice(axis + axes.length)];
  return { rows: reshape(moved, flat), axis, index, order, shape };
}

/** How the flat index is read: what was no place is -1 by now, and was told of if that is an error. */
const flatReading = ({ mode = "raise" }: GatherOptions) =>
  ({ mode: mode === "drop" || mode === "raise" ? "drop" : mode, negative: false }) as const;

/**
 * x[index, index, ...] as numpy and PyTorch have it: the axes of the broadcast index stand where the indexed axes stood, or in
 * front where those are not neighbours.
 */
export function indexGet(x: Tensor, indices: Indices, options: GatherOptions = {}): Tensor {
  const { rows, axis, index } = locate("index", x, indices, options);
  return take(rows, index, { ...options, ...flatReading(options), axis });
}

/** The same in mode `clip`, whose nearest elements get no gradient of what was read beyond x: JAX' reading. */
export function indexGetNearest(
  x: Tensor,
  indices: Indices,
  options: Omit<GatherOptions, "mode" | "fill"> = {},
): Tensor {
  const { rows, axis, index } = locate("index", x, indices, { ...options, mode: "drop" });
  const inside = take(rows, index, { ...options, ...flatReading({ mode: "drop" }), axis });
  const nearest = indexGet(stopGradient(x), indices, { ...options, mode: "clip" });
  const extents = rows.shape.map((_, d) => (d === axis ? index.shape : [1]));
  return where(reshape(greaterEqual(index, 0), extents.flat()), inside, nearest);
}

/** x with x[index, index, ...] combined with a source that broadcasts to it: index_put, at[].set, at[].add and so on. */
export function indexPut(x: Tensor, indices: Indices, source: Tensor, options: ScatterOptions = {}): Tensor {
  const { rows, axis, index, order, shape } = locate("index_put", x, indices, options);
  const y = scatterRows(rows, index, source, { ...options, ...flatReading(options), axis });
  const back = order.map((_, d) => order.indexOf(d));
  const moved = reshape(y, shape);
  return back.every((d, i) => d === i) ? moved : transpose(moved, back);
}

export interface GatherNdOptions extends GatherOptions {
  /** Leading axes of x and index that belong together. Default 0. */
  batchDims?: number;
}

/** The last axis of the index as indices for as many axes of x, after the batch's. */
function indicesOf(op: string, x: Tensor, index: Tensor, batchDims: number): Tensor[] {
  const depth = index.shape.at(-1);
  const lead = index.shape.slice(0, -1);
  const fits =
    depth !== undefined &&
    Number.isInteger(batchDims) &&
    batchDims >= 0 &&
    batchDims <= lead.length &&
    batchDims + depth <= x.rank &&
    lead.slice(0, batchDims).every((extent, d) => extent === x.shape[d]);
  if (!fits) {
    const expected = `at most ${x.rank} indices for ${formatShape(x.shape)} along its last axis, after ${batchDims} of the batch`;
    throw new ShapeError({ op, argument: "index", expected, given: formatShape(index.shape) });
  }
  const batch = lead.slice(0, batchDims).map((extent, d) =>
    reshape(
      arange(0, extent, 1, "int32"),
      lead.map((_, i) => (i === d ? extent : 1)),
    ),
  );
  const own = Array.from({ length: depth }, (_, j) =>
    reshape(slice(index, [...lead.map(() => 0), j], [...lead, j + 1]), lead),
  );
  return [...batch, ...own];
}

/** Rows of x by the tuples that the last axis of the index holds. */
export const gatherNd = (x: Tensor, index: Tensor, { batchDims = 0, ...options }: GatherNdOptions = {}): Tensor =>
  indexGet(x, indicesOf("gather_nd", x, index, batchDims), options);

/** x with the rows that the tuples name combined with those of source. */
export const scatterNd = (x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions = {}): Tensor =>
  indexPut(x, indicesOf("scatter_nd", x, index, 0), source, options);
