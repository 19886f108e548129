import {
  formatShape,
  gatherGeometry,
  gatherRows,
  gatherRowsBackward,
  gatherRowsBackwardSorted,
  gatherU8,
  gatherU8Geometry,
  oneHotGeometry,
  oneHot as oneHotKernel,
  ShapeError,
  u8Geometry,
  u8ToF32 as u8ToF32Kernel,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { bindingDtype, type Dtype, expectDtype, expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { empty, type Tensor } from "../tensor.js";
import { allBatched, grown, splitFrom } from "../vmap/rules.js";
import { fillWith } from "./create.js";
import { reshape } from "./shape.js";
import { argsort } from "./sort.js";
import { amongAll, joined } from "./tables_batch.js";

const faultSlot = (op: string, rows: number): number =>
  device().faults.slot({ op, argument: "index", expected: `row indices from 0 to ${rows - 1}` });

/** Rows of bytes are moved as words. */
function rowsGeometry(x: Tensor, index: Tensor): ReturnType<typeof gatherGeometry> {
  const { shape, params } = gatherGeometry(x.shape, index.shape, faultSlot("gather", x.shape[0] ?? 0));
  if (x.dtype !== "uint8") return { shape, params };
  if (params.width % 4 !== 0) {
    const expected = "rows of a multiple of 4 bytes";
    throw new ShapeError({ op: "gather", argument: "x", expected, given: formatShape(x.shape) });
  }
  return { shape, params: { ...params, width: params.width / 4 } };
}

// y[i, ...] = x[index[i], ...];  dx[r, ...] = sum of dy[i, ...] over i with index[i] = r
const gatherOp = defineOp<{ x: Tensor; index: Tensor }, undefined>({
  name: "gather",
  shape: ({ x, index }) => {
    expectDtype("gather", "index", index.dtype, "int32");
    return rowsGeometry(x, index).shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x, index }, y) => launch(gatherRows, { x, index, y }, rowsGeometry(x, index).params),
  vjp: {
    x: vjp(
      ["index"],
      (dy, { index }, { shapes }): Tensor => gatherBackwardOp({ dy, index }, { xShape: shapes.x as number[] }),
    ),
    index: nonDifferentiable,
  },
  batch: ({ x, index }, isBatched, attrs) => {
    if (!isBatched("x")) return { inputs: { x, index }, attrs };
    const own = joined(x, index, isBatched("index"));
    return { inputs: { x: own.table, index: own.index }, attrs };
  },
  // Rows of whole words are moved as they are.
  halves: {
    forward: ({ x, index }) => {
      expectDtype("gather", "index", index.dtype, "int32");
      const { shape, params } = rowsGeometry(x, index);
      if (params.width % 2 !== 0) return undefined;
      const y = empty(shape, x.dtype);
      if (y.size > 0) launch(gatherRows, { x, index, y }, { ...params, width: params.width / 2 });
      return y;
    },
  },
});

/** Rows times indices from which on sorting the index costs less than looking through it for every row. */
const SORTED = 2 ** 18;

const gatherBackwardOp = defineOp<{ dy: Tensor; index: Tensor }, { xShape: readonly number[] }>({
  name: "gather_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy, index }, dx, { xShape }) => {
    const { params } = gatherGeometry(xShape, index.shape, faultSlot("gather", xShape[0] ?? 0));
    if (params.rows * params.count < SORTED) return launch(gatherRowsBackward, { dy, index, dx }, params);
    fillWith(dx, 0);
    if (index.size === 0) return;
    const places = argsort(reshape(index, [index.size]));
    launch(gatherRowsBackwardSorted, { dy, index, places, dx }, params);
    places.dispose();
  },
  vjp: { dy: vjp(["index"], (g, { index }): Tensor => gather(g, index)), index: nonDifferentiable },
  batch: (inputs, isBatched, { xShape }, size) => {
    const { dy, index } = allBatched(inputs, isBatched, size);
    return {
      inputs: { dy, index: amongAll(index, xShape[0] as number, size) },
      attrs: { xShape: grown(xShape, 0, size) },
      finish: (dx) => splitFrom(dx, 0, size),
    };
  },
});

/** Sums of the rows of dy by index: [rows, ...] as x of the gather that it is the gradient of. */
export const gatherBackward = (dy: Tensor, index: Tensor, xShape: readonly number[]): Tensor =>
  gatherBackwardOp({ dy, index }, { xShape });

/**
 * Rows of x (along its first dimension) by index, of any dtype; rows of uint8 must fill whole words. An index that is no row
 * raises ArgumentError at the next read.
 */
export const gather = (x: Tensor, index: Tensor): Tensor => gatherOp({ x, index }, undefined);

/** How bytes become numbers: byte / divisor. */
export interface ByteScaling {
  /** Default 255, so that images lie in [0, 1]. */
  divisor?: number;
}

const u8ToF32Op = defineOp<{ x: Tensor }, Required<ByteScaling>>({
  name: "u8_to_f32",
  shape: ({ x }) => {
    expectDtype("u8_to_f32", "x", x.dtype, "uint8");
    return x.shape;
  },
  forward: ({ x }, y, { divisor }) => launch(u8ToF32Kernel, { x, y }, u8Geometry(x.shape, { divisor }).params),
  vjp: { x: nonDifferentiable },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

const gatherU8Op = defineOp<{ x: Tensor; index: Tensor; table: Tensor }, undefined>({
  name: "gather_u8",
  shape: ({ x, index, table }) => {
    expectDtype("gather_u8", "x", x.dtype, "uint8");
    expectDtype("gather_u8", "index", index.dtype, "int32");
    expectFloating("gather_u8", "table", table.dtype);
    return gatherU8Geometry(x.shape, index.shape, table.shape, 0).shape;
  },
  forward: ({ x, index, table }, y) => {
    const slot = faultSlot("gather_u8", x.shape[0] ?? 0);
    launch(gatherU8, { x, index, table, y }, gatherU8Geometry(x.shape, index.shape, table.shape, slot).params);
  },
  vjp: { x: nonDifferentiable, index: nonDifferentiable, table: nonDifferentiable },
  batch: ({ x, index, table }, isBatched, attrs) => {
    // What bytes stand for is the same in all of a call.
    if (isBatched("table")) return undefined;
    if (!isBatched("x")) return { inputs: { x, index, table }, attrs };
    const own = joined(x, index, isBatched("index"));
    return { inputs: { x: own.table, index: own.index, table }, attrs };
  },
});

/** Bytes as float32, divided by 255 unless told otherwise. */
export const u8ToF32 = (x: Tensor, { divisor = 255 }: ByteScaling = {}): Tensor => u8ToF32Op({ x }, { divisor });
/**
 * A batch of rows of a byte data set by index, as float32: each byte is replaced by its entry in `table`, which is [256], or
 * [channels, 256] for x [rows, channels, ...]. Gather and scaling in one kernel.
 */
export const gatherBytes = (x: Tensor, index: Tensor, table: Tensor): Tensor =>
  gatherU8Op({ x, index, table }, undefined);

interface OneHotAttrs extends OneHotOptions {
  readonly depth: number;
}

const oneHotOp = defineOp<{ index: Tensor }, OneHotAttrs>({
  name: "one_hot",
  shape: ({ index }, { depth, ...options }) => {
    expectDtype("one_hot", "index", index.dtype, "int32");
    return oneHotGeometry(index.shape, depth, { ...options, dtype: bindingDtype(options.dtype ?? "float32") }).shape;
  },
  dtype: (_, { dtype = "float32" }) => dtype,
  forward: ({ index }, y, { depth, ...options }) => {
    const { params } = oneHotGeometry(index.shape, depth, { ...options, dtype: bindingDtype(y.dtype) });
    launch(oneHotKernel, { index, y }, params);
  },
  vjp: { index: nonDifferentiable },
  batch: (inputs, _, { axis = -1, ...attrs }) => ({ inputs, attrs: { ...attrs, axis: axis < 0 ? axis : axis + 1 } }),
});

export interface OneHotOptions {
  /** Where the new dimension stands; negative ones count from the end. Default -1. */
  readonly axis?: number;
  /** Default float32. */
  readonly dtype?: Exclude<Dtype, "uint8">;
  /** Value at the index. Default 1. */
  readonly on?: number;
  /** Value elsewhere. Default 0. */
  readonly off?: number;
}

/**
 * 1 at each index, 0 elsewhere, along a new dimension, the last by default; an index out of range gives zeros all along, as in JAX.
 * Throws ArgumentError for an axis that is none, or values that the dtype has not.
 */
export const oneHot = (index: Tensor, depth: number, options: OneHotOptions = {}): Tensor =>
  oneHotOp({ index }, { ...options, depth });
