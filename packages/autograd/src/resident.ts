// Data sets on the device: uploaded once, batches gathered from them.
import { device } from "./engine.js";
import { gather } from "./ops/gather.js";
import { gatherBytes } from "./ops/u8.js";
import { unscoped } from "./scope.js";
import { fromData, type Tensor } from "./tensor.js";

/** Owner of data sets in memory statistics. */
const OWNER = "dataset";

/** Most device memory, in bytes, that data sets may hold together. What goes beyond is sent batch by batch. */
export const DATASET_BYTES = 256 * 2 ** 20;

/** Whether arrays of these sizes in bytes can be held beside the data sets that are on the device already. */
export function fitsOnDevice(...sizes: number[]): boolean {
  const { gpu } = device();
  const largest = Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize);
  const held = device().memory().byOwner[OWNER] ?? 0;
  const wanted = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return held + wanted <= DATASET_BYTES && sizes.every((bytes) => bytes <= largest);
}

/** A tensor that counts as a data set in memory statistics and is in no scope: it lives until disposed or collected. */
export function residentTensor(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[]): Tensor {
  const dtype = data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "uint8";
  return unscoped(() => fromData(data, shape, dtype, OWNER));
}

/** Rows of a data set on the device, in no scope. With a table (see gatherBytes) bytes stand for the floats it has for them. */
export class ResidentRows {
  readonly #rows: Tensor;
  readonly #table: Tensor | undefined;

  /** Uploads `data`, row major, of shape [rows, ...]. The table remains the caller's. */
  constructor(data: Float32Array | Int32Array | Uint8Array, shape: readonly number[], table?: Tensor) {
    this.#rows = residentTensor(data, shape);
    this.#table = table?.alias();
  }

  /** Rows by index, int32 [n]: one kernel. */
  gather(index: Tensor): Tensor {
    return this.#table ? gatherBytes(this.#rows, index, this.#table) : gather(this.#rows, index);
  }

  dispose(): void {
    this.#rows.dispose();
    this.#table?.dispose();
  }
}
