// Bytes of data sets as the numbers that they stand for.
import { gatherU8, gatherU8Geometry, u8Geometry, u8ToF32 as u8ToF32Kernel } from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable } from "../define_op.js";
import { expectDtype, expectFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { indexSlot } from "./indices.js";
import { joined } from "./tables_batch.js";

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
    const slot = indexSlot("gather_u8", x.shape[0] ?? 0, { mode: "raise", negative: false });
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
