import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { gatherU8, gatherU8Geometry, u8Geometry, u8ToF32 } from "./u8.js";
import { gatherU8Reference, u8ToF32Reference } from "./u8.ref.js";

const SLOT = 255;
const asWords = (values: Int32Array): Uint32Array => Uint32Array.from(values);
/** Every byte value in turn, so that each quotient is met. */
const allBytes = (words: number): Uint32Array =>
  Uint32Array.from(
    { length: words },
    (_, i) =>
      (((4 * i) & 255) | (((4 * i + 1) & 255) << 8) | (((4 * i + 2) & 255) << 16) | (((4 * i + 3) & 255) << 24)) >>> 0,
  );

function bytesCase(count: number, divisor: number, bench = false): KernelCase {
  return {
    name: `${count} / ${divisor}`,
    params: u8Geometry([count], { divisor }).params,
    inputs: () => ({ x: allBytes(Math.ceil(count / 4)) }),
    outputs: { y: count },
    bench,
  };
}

function gatherBytesCase(rows: number, width: number, count: number, channels = 1, bench = false): KernelCase {
  const { params } = gatherU8Geometry([rows, channels, width / channels], [count], [channels, 256], SLOT);
  return {
    name: `${count} of [${rows}, ${width}] by ${channels} table${channels === 1 ? "" : "s"}`,
    params,
    inputs: (random: CaseRandom) => ({
      x: allBytes(Math.ceil((rows * width) / 4)),
      index: random.integers(count, 0, rows),
      table: asWords(random.integers(256 * channels, 0, 2 ** 31 - 1)),
    }),
    outputs: { y: count * width },
    bench,
  };
}

export const u8Entries: KernelEntry[] = [
  {
    kernel: u8ToF32,
    reference: u8ToF32Reference,
    cases: [
      bytesCase(1, 255),
      bytesCase(256, 255),
      bytesCase(258, 1),
      bytesCase(1027, 127.5),
      bytesCase(257, 7),
      bytesCase(256, 1000),
      bytesCase(4 * 257, 255),
      bytesCase(128 * 784, 255, true),
    ],
  },
  {
    kernel: gatherU8,
    reference: gatherU8Reference,
    cases: [
      gatherBytesCase(1, 1, 1),
      gatherBytesCase(9, 5, 6),
      gatherBytesCase(9, 8, 6),
      gatherBytesCase(5, 15, 7, 3),
      gatherBytesCase(5, 24, 7, 3),
      gatherBytesCase(6, 12, 9, 2),
      gatherBytesCase(1, 257, 1),
      gatherBytesCase(4096, 784, 128, 1, true),
    ],
  },
];
