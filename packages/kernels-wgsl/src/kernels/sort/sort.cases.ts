import { arrayTypes, type BindingArray, type CaseRandom, type KernelCase, type KernelEntry } from "../../cases.js";
import { type BindingDtype, sizeOf } from "../../kernel.js";
import {
  searchSorted,
  searchSortedConstants,
  searchSortedGeometry,
  sortBlocks,
  sortConstants,
  sortMerge,
  sortPlan,
} from "./sort.js";
import { compare, searchSortedReference, sortBlocksReference, sortMergeReference } from "./sort.ref.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const SPECIAL = [nan, 0, -0, inf, -inf, -nan, 1, -1, 0, -0, nan];

/** Few distinct values, so that there are equal ones, or any. */
function draw(random: CaseRandom, count: number, dtype: BindingDtype, begin: number[]): BindingArray {
  const whole = random.integers(count, dtype === "u32" ? 0 : -20, 20);
  const x = dtype === "f32" ? Float32Array.from(whole, (v, i) => (i % 3 ? v : v / 7)) : arrayTypes[dtype].from(whole);
  x.set(begin.slice(0, count));
  return x;
}

interface Call {
  shape: number[];
  axis: number;
  dtype?: BindingDtype;
  descending?: boolean;
  begin?: number[];
  bench?: boolean;
}

function blocksCase({ shape, axis, dtype = "f32", descending = false, begin = [], bench = false }: Call): KernelCase {
  const { blocks, words } = sortPlan(shape, axis, descending);
  return {
    name: `${dtype} [${shape}] along ${axis}${descending ? " descending" : ""}${begin.length > 0 ? " with special values" : ""}`,
    params: blocks,
    constants: sortConstants(dtype),
    inputs: (random) => ({ x: draw(random, sizeOf(shape), dtype, begin) }),
    outputs: { pairs: words },
    bench,
  };
}

function mergeCase(lines: number, extent: number, run: number, bench = false): KernelCase {
  return {
    name: `${lines} lines of ${extent}, runs of ${run}`,
    params: { lines, extent, run },
    inputs: (random) => {
      const keys = random.integers(lines * extent, 0, Math.max(4, extent / 4));
      const pairs = new Uint32Array(2 * lines * extent);
      for (let line = 0; line < lines; line++)
        for (let first = 0; first < extent; first += run) {
          const own = keys.slice(line * extent + first, line * extent + Math.min(first + run, extent)).sort();
          for (const [k, key] of own.entries()) pairs.set([key, first + k], 2 * (line * extent + first + k));
        }
      return { pairs };
    },
    outputs: { y: 2 * lines * extent },
    bench,
  };
}

interface SearchCall {
  sorted: number[];
  values: number[];
  dtype?: BindingDtype;
  right?: boolean;
  begin?: number[];
  bench?: boolean;
}

function searchCase({
  sorted,
  values,
  dtype = "f32",
  right = false,
  begin = [],
  bench = false,
}: SearchCall): KernelCase {
  const { params } = searchSortedGeometry(sorted, values);
  return {
    name: `${dtype} [${values}] in [${sorted}]${right ? " right" : ""}${begin.length > 0 ? " with special values" : ""}`,
    params,
    constants: searchSortedConstants(dtype, right),
    inputs: (random) => {
      const lines = draw(random, sizeOf(sorted), dtype, begin);
      for (let at = 0; at < lines.length; at += params.extent)
        lines.set([...lines.slice(at, at + params.extent)].sort(compare), at);
      return { sorted: lines, values: draw(random, sizeOf(values), dtype, begin) };
    },
    outputs: { y: sizeOf(values) },
    bench,
  };
}

export const sortEntries: KernelEntry[] = [
  {
    kernel: sortBlocks,
    reference: sortBlocksReference,
    cases: (
      [
        { shape: [1], axis: 0 },
        { shape: [11], axis: 0, begin: SPECIAL },
        { shape: [11], axis: 0, begin: SPECIAL, descending: true },
        { shape: [3, 40], axis: 1 },
        { shape: [2, 33, 3], axis: 1, descending: true },
        { shape: [5, 4], axis: 0, dtype: "i32" },
        { shape: [5, 4], axis: 0, dtype: "u32", descending: true },
        { shape: [3], axis: 0, dtype: "i32", begin: [2 ** 31 - 1, -(2 ** 31), 0] },
        { shape: [1024, 256], axis: 1, bench: true },
      ] as Call[]
    ).map(blocksCase),
  },
  {
    kernel: sortMerge,
    reference: sortMergeReference,
    cases: [
      mergeCase(1, 32, 32),
      mergeCase(2, 50, 8),
      mergeCase(1, 64, 32),
      mergeCase(3, 50, 32),
      mergeCase(2, 150, 32),
      mergeCase(2, 150, 64),
      mergeCase(1024, 256, 128, true),
      mergeCase(1, 1 << 18, 1 << 17, true),
    ],
  },
  {
    kernel: searchSorted,
    reference: searchSortedReference,
    cases: (
      [
        { sorted: [1], values: [3] },
        { sorted: [0], values: [3] },
        { sorted: [7], values: [2, 5] },
        { sorted: [7], values: [2, 5], right: true },
        { sorted: [3, 20], values: [3, 6], right: true },
        { sorted: [2, 3, 8], values: [2, 3, 70] },
        { sorted: [11], values: [11], begin: SPECIAL },
        { sorted: [11], values: [11], begin: SPECIAL, right: true },
        { sorted: [9], values: [20], dtype: "i32" },
        { sorted: [9], values: [20], dtype: "i32", right: true },
        { sorted: [9], values: [20], dtype: "u32" },
        { sorted: [250], values: [1 << 16], bench: true },
      ] as SearchCall[]
    ).map(searchCase),
  },
];
