import type { BindingArrays } from "../../cases.js";
import type { GatherU8Params, U8Params } from "./u8.js";

type Reference = (inputs: BindingArrays, params: object) => BindingArrays;

const byteOf = (words: Uint32Array, i: number): number => ((words[i >> 2] as number) >>> (8 * (i % 4))) & 255;

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
