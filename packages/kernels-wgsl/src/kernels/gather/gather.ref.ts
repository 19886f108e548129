import type { BindingArrays } from "../../cases.js";
import type { GatherParams, GatherU8Params, OneHotParams, U8Params } from "./gather.js";

type Reference = (inputs: BindingArrays, params: object) => BindingArrays;

const byteOf = (words: Uint32Array, i: number): number => ((words[i >> 2] as number) >>> (8 * (i % 4))) & 255;

export const gatherRowsReference: Reference = (inputs, given) => {
  const { width, count } = given as GatherParams;
  const { x, index } = inputs as { x: Uint32Array; index: Int32Array };
  const y = new Uint32Array(count * width);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) y[i * width + j] = x[(index[i] as number) * width + j] as number;
  }
  return { y };
};

export const gatherRowsBackwardReference: Reference = (inputs, given) => {
  const { rows, width, count } = given as GatherParams;
  const { dy, index } = inputs as { dy: Float32Array; index: Int32Array };
  const dx = new Float64Array(rows * width);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      const at = (index[i] as number) * width + j;
      dx[at] = (dx[at] as number) + (dy[i * width + j] as number);
    }
  }
  return { dx: Float32Array.from(dx) };
};

export const u8ToF32Reference: Reference = (inputs, given) => {
  const { count, divisor } = given as U8Params;
  const { x } = inputs as { x: Uint32Array };
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) y[i] = byteOf(x, i) / divisor;
  return { y };
};

export const gatherU8Reference: Reference = (inputs, given) => {
  const { width, count, plane } = given as GatherU8Params;
  const { x, index, table } = inputs as { x: Uint32Array; index: Int32Array; table: Uint32Array };
  const y = new Uint32Array(count * width);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      const byte = byteOf(x, (index[i] as number) * width + j);
      y[i * width + j] = table[256 * Math.floor(j / plane) + byte] as number;
    }
  }
  return { y };
};

export const gatherRowsBackwardSortedReference: Reference = (inputs, given) => {
  const { rows, width } = given as GatherParams;
  const { dy, index, dx } = inputs as { dy: Float32Array; index: Int32Array; dx: Float32Array };
  const sums = Float64Array.from(dx);
  for (const r of new Set(index)) if (r >= 0 && r < rows) sums.fill(0, r * width, (r + 1) * width);
  for (const [i, r] of index.entries()) {
    if (r < 0 || r >= rows) continue;
    for (let j = 0; j < width; j++) (sums[r * width + j] as number) += dy[i * width + j] as number;
  }
  return { dx: Float32Array.from(sums) };
};

export const oneHotReference: Reference = (inputs, given) => {
  const { outer, depth, inner, on, off } = given as OneHotParams;
  const { index } = inputs as { index: Int32Array };
  const y = new Uint32Array(outer * depth * inner).fill(off);
  for (const [k, c] of index.entries()) {
    const [o, i] = [Math.floor(k / inner), k % inner];
    if (c >= 0 && c < depth) y[(o * depth + c) * inner + i] = on;
  }
  return { y };
};
