import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import {
  gatherGeometry,
  gatherRows,
  gatherRowsBackward,
  gatherRowsBackwardSorted,
  gatherU8,
  gatherU8Geometry,
  type OneHotOptions,
  oneHot,
  oneHotGeometry,
  u8Geometry,
  u8ToF32,
} from "./gather.js";
import {
  gatherRowsBackwardReference,
  gatherRowsBackwardSortedReference,
  gatherRowsReference,
  gatherU8Reference,
  oneHotReference,
  u8ToF32Reference,
} from "./gather.ref.js";

const SLOT = 255;
const asWords = (values: Int32Array): Uint32Array => Uint32Array.from(values);
/** Every byte value in turn, so that each quotient is met. */
const allBytes = (words: number): Uint32Array =>
  Uint32Array.from(
    { length: words },
    (_, i) =>
      (((4 * i) & 255) | (((4 * i + 1) & 255) << 8) | (((4 * i + 2) & 255) << 16) | (((4 * i + 3) & 255) << 24)) >>> 0,
  );

function rowsCase(rows: number, width: number, count: number, bench = false): KernelCase {
  const { params } = gatherGeometry([rows, width], [count], SLOT);
  return {
    name: `${count} of [${rows}, ${width}]`,
    params,
    inputs: (random: CaseRandom) => ({
      x: asWords(random.integers(rows * width, 0, 2 ** 31 - 1)),
      index: random.integers(count, 0, rows),
    }),
    outputs: { y: count * width },
    bench,
  };
}

function backwardCase(rows: number, width: number, count: number, bench = false): KernelCase {
  const { params } = gatherGeometry([rows, width], [count], SLOT);
  return {
    name: `${count} into [${rows}, ${width}]`,
    params,
    inputs: (random: CaseRandom) => ({
      dy: random.uniform(count * width, -1, 1),
      index: random.integers(count, 0, rows),
    }),
    outputs: { dx: rows * width },
    // Up to `count` rounded additions of values below 1.
    tolerance: { rtol: 1e-6, atol: count * 2 ** -24 },
    bench,
  };
}

function sortedCase(rows: number, width: number, count: number, bench = false): KernelCase {
  const { params } = gatherGeometry([rows, width], [count], SLOT);
  return {
    name: `${count} into [${rows}, ${width}]`,
    params,
    inputs: (random: CaseRandom) => {
      // Beyond the rows on both sides: those add nothing.
      const index = random.integers(count, -1, rows + 1);
      const places = Int32Array.from(index.keys()).sort((a, b) => (index[a] as number) - (index[b] as number) || a - b);
      return { dy: random.uniform(count * width, -1, 1), index, places, dx: new Float32Array(rows * width).fill(2) };
    },
    outputs: {},
    // Up to `count` rounded additions of values below 1.
    tolerance: { rtol: 1e-6, atol: count * 2 ** -24 },
    bench,
  };
}

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

function oneHotCase(shape: number[], depth: number, bench = false, options: OneHotOptions = {}): KernelCase {
  const { params } = oneHotGeometry(shape, depth, options);
  const count = sizeOf(shape);
  return {
    name: `[${shape}] to ${depth}${Object.entries(options).map(([name, value]) => `, ${name} ${value}`)}`,
    params,
    // Beyond the depth on both sides: such rows are off.
    inputs: (random: CaseRandom) => ({ index: random.integers(count, -1, depth + 1) }),
    outputs: { y: count * depth },
    bench,
  };
}

export const gatherEntries: KernelEntry[] = [
  {
    kernel: gatherRows,
    reference: gatherRowsReference,
    cases: [
      rowsCase(1, 1, 1),
      rowsCase(5, 3, 7),
      rowsCase(9, 12, 5),
      rowsCase(9, 48, 5),
      rowsCase(300, 7, 2048),
      rowsCase(1, 257, 1),
      rowsCase(4096, 784, 128, true),
    ],
  },
  {
    kernel: gatherRowsBackward,
    reference: gatherRowsBackwardReference,
    cases: [
      backwardCase(1, 1, 1),
      backwardCase(5, 3, 17),
      backwardCase(7, 8, 30),
      backwardCase(100, 33, 64),
      // A row in two stretches, and more rows than one dimension has workgroups for.
      backwardCase(6, 37, 20),
      backwardCase(3, 144, 20),
      backwardCase(257, 1, 1),
      backwardCase(512, 64, 128, true),
      backwardCase(10_000, 128, 8192, true),
    ],
  },
  {
    kernel: gatherRowsBackwardSorted,
    reference: gatherRowsBackwardSortedReference,
    cases: [
      sortedCase(1, 1, 1),
      sortedCase(5, 3, 17),
      sortedCase(7, 8, 30),
      sortedCase(4, 39, 20),
      sortedCase(100, 144, 64),
      sortedCase(10_000, 128, 8192, true),
    ],
  },
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
  {
    kernel: oneHot,
    reference: oneHotReference,
    cases: [
      oneHotCase([1], 1),
      oneHotCase([9], 4),
      oneHotCase([9], 4, false, { on: 0.9, off: 0.025 }),
      oneHotCase([2, 3], 5, false, { axis: 0, dtype: "i32", on: -3 }),
      oneHotCase([2, 3], 5, false, { axis: 1, dtype: "u32" }),
      oneHotCase([1], 257),
      oneHotCase([128], 10, true),
    ],
  },
];
