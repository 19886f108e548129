import type { Workload } from "../workloads.js";

/** A workload made ready on one library: inputs uploaded, kernels compiled at the latest by the first call. */
export interface Prepared {
  /** Queues one call on data that stays on the device. For `host` workloads: from host arrays to a host array. */
  run(): unknown;
  /** Waits until the device has done all calls. */
  finish(): Promise<unknown>;
  /** The answer of the last call, in the workload's layout. */
  read(): Promise<ArrayLike<number>>;
  free(): unknown;
}

/** What a library does not do, and why: stands in the report. */
export interface Lacking {
  lacking: string;
}

/** A library on one adapter. */
export interface Peer {
  readonly name: string;
  prepare(workload: Workload): Prepared | Lacking | Promise<Prepared | Lacking>;
  close(): void | Promise<void>;
}

/** [n, h, w, c] as [n, c, h, w], for libraries that take channels first. */
export function toChannelsFirst(values: Float32Array, [n, h, w, c]: readonly number[]): Float32Array {
  return permuted(values, [n as number, h as number, w as number, c as number], [0, 3, 1, 2]);
}

/** [n, c, h, w] as [n, h, w, c], from the latter's shape. */
export function toChannelsLast(values: ArrayLike<number>, [n, h, w, c]: readonly number[]): Float32Array {
  return permuted(values, [n as number, c as number, h as number, w as number], [0, 2, 3, 1]);
}

/** A copy whose axis i is axis `axes[i]` of the values. */
export function permuted(values: ArrayLike<number>, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const [e0, e1, e2, e3] = axes.map((axis) => shape[axis] as number) as [number, number, number, number];
  const [s0, s1, s2, s3] = axes.map((axis) => strides[axis] as number) as [number, number, number, number];
  const out = new Float32Array(values.length);
  let at = 0;
  for (let i = 0; i < e0; i++)
    for (let j = 0; j < e1; j++)
      for (let k = 0; k < e2; k++)
        for (let l = 0; l < e3; l++) out[at++] = values[i * s0 + j * s1 + k * s2 + l * s3] as number;
  return out;
}

/** A filter HWIO as OIHW. */
export const toOihw = (values: Float32Array, shape: readonly number[]): Float32Array =>
  permuted(values, shape, [3, 2, 0, 1]);

/** A filter OIHW as HWIO, from the latter's shape. */
export function toHwio(values: ArrayLike<number>, [h, w, i, o]: readonly number[]): Float32Array {
  return permuted(values, [o as number, i as number, h as number, w as number], [2, 3, 1, 0]);
}

/** Rows of a dense layer's matrix [h w c, out] in the order of an image flattened channels first. */
export function denseRows(
  values: Float32Array,
  [h, w, c]: readonly [number, number, number],
  outputs: number,
): Float32Array {
  return permuted(values, [h, w, c, outputs], [2, 0, 1, 3]);
}
