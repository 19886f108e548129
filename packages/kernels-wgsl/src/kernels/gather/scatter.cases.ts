import { arrayTypes, type BindingArray, type CaseRandom, type KernelCase, type KernelEntry } from "../../cases.js";
import { type BindingDtype, sizeOf } from "../../kernel.js";
import { type Call, drawIndex, FAULT_SLOT, indexShapeOf, wordsOf } from "./gather.cases.js";
import {
  type Combination,
  combinationConstants,
  scatter,
  scatterConstants,
  scatterGeometry,
  scatterSorted,
} from "./scatter.js";
import { scatterReference, scatterSortedReference } from "./scatter.ref.js";

interface ScatterCall extends Call {
  combination: Combination;
  dtype?: BindingDtype;
  unique?: boolean;
  /** Elements of the source to start with. */
  begin?: number[];
}

/** A permutation of 0 to n - 1, or its first `count`. */
function distinct(random: CaseRandom, n: number, count: number): number[] {
  const keys = random.uniform(n);
  return [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number)).slice(0, count);
}

function scatterCase(call: ScatterCall): KernelCase {
  const { shape, axis, form, combination, dtype = "f32", unique = false, begin = [], bench = false } = call;
  const indexShape = indexShapeOf(call);
  const extent = shape[axis] as number;
  const { shape: source, params } = scatterGeometry(shape, indexShape, axis, form, {
    ...call,
    faultSlot: FAULT_SLOT,
  });
  const draw = (random: CaseRandom, count: number): BindingArray =>
    dtype === "f32" && combination !== "set"
      ? random.uniform(count, combination === "mul" ? 0.5 : -1, combination === "mul" ? 1.5 : 1)
      : arrayTypes[combination === "set" ? "u32" : dtype].from(random.integers(count, dtype === "i32" ? -9 : 0, 9));
  const exact = dtype !== "f32" || combination === "set" || combination === "max" || combination === "min" || unique;
  return {
    name: `${combination}(${dtype}) ${wordsOf(call)}${unique ? ", each once" : ""}${begin.length > 0 ? " with NaN" : ""}`,
    params,
    constants: scatterConstants(combination, dtype, call),
    inputs: (random) => {
      const values = draw(random, sizeOf(source));
      values.set(begin);
      const index = unique
        ? Int32Array.from(
            { length: form === "rows" ? 1 : params.outer * params.inner },
            (_, i) => i,
          ).reduce<Int32Array>(
            (all, line) => {
              const places = distinct(random, extent, params.count);
              const [o, i] = [Math.floor(line / params.inner), line % params.inner];
              for (const [k, place] of places.entries())
                all[o * params.index_outer + k * params.index_count + i * params.index_inner] = place;
              return all;
            },
            new Int32Array(sizeOf(indexShape)),
          )
        : drawIndex(random, sizeOf(indexShape), extent, call);
      return { source: values, index, y: draw(random, sizeOf(shape)) };
    },
    outputs: {},
    // Up to `count` rounded sums, or products of factors up to 1.5, of which few meet in one place.
    ...(exact ? {} : { tolerance: { rtol: params.count * 2 ** -24, atol: params.count * 2 ** -24 } }),
    bench,
  };
}

/** Places beyond the extent on both sides, which are passed over, in any order. */
function sortedCase(
  combination: Combination,
  [outer, extent, inner]: [number, number, number],
  count: number,
  more: { dtype?: BindingDtype; bench?: boolean } = {},
): KernelCase {
  const { dtype = "f32", bench = false } = more;
  const values = (random: CaseRandom, n: number): BindingArray =>
    dtype === "f32" ? random.uniform(n, 0.5, 1.5) : arrayTypes[dtype].from(random.integers(n, 0, 9));
  return {
    name: `${combination}(${dtype}) ${count} into [${outer}, ${extent}, ${inner}]`,
    params: { outer, extent, inner, count },
    constants: combinationConstants(combination, dtype),
    inputs: (random) => {
      const index = random.integers(count, -1, extent + 1);
      const order = Int32Array.from(index.keys()).sort((a, b) => (index[a] as number) - (index[b] as number) || a - b);
      return { source: values(random, outer * count * inner), index, order, y: values(random, outer * extent * inner) };
    },
    outputs: {},
    // Up to `count` rounded sums of values below 1.5, or products of them, of which few meet in one place.
    ...(dtype === "f32" && combination !== "max"
      ? { tolerance: { rtol: count * 2 ** -24, atol: count * 2 ** -23 } }
      : {}),
    bench,
  };
}

const scatters: ScatterCall[] = [
  { combination: "add", shape: [1], index: [1], axis: 0, form: "along" },
  { combination: "add", shape: [5], index: [40], axis: 0, form: "along" },
  { combination: "add", shape: [3, 4, 5], index: [9], axis: 1, form: "along" },
  { combination: "add", shape: [6, 8], index: [20], axis: 0, form: "rows" },
  { combination: "add", shape: [3, 6, 3], index: [20], axis: 1, form: "rows", mode: "drop" },
  { combination: "add", shape: [6, 8], index: [20], axis: 0, form: "rows", mode: "clip", dtype: "i32" },
  { combination: "add", shape: [6, 8], index: [20], axis: 1, form: "along", mode: "wrap", dtype: "u32" },
  { combination: "set", shape: [5, 3], index: [11], axis: 0, form: "along" },
  { combination: "set", shape: [5, 4], index: [11], axis: 0, form: "rows", negative: false },
  { combination: "set", shape: [5, 4], index: [4], axis: 0, form: "rows", unique: true },
  { combination: "set", shape: [3, 9], index: [7], axis: 1, form: "along", unique: true },
  { combination: "mul", shape: [5, 3], index: [11], axis: 0, form: "along" },
  { combination: "mul", shape: [5, 3], index: [11], axis: 0, form: "along", dtype: "i32" },
  { combination: "max", shape: [5, 4], index: [11], axis: 0, form: "rows", begin: [Number.NaN, 1, 2] },
  { combination: "max", shape: [5, 3], index: [11], axis: 0, form: "along", dtype: "u32" },
  { combination: "min", shape: [5, 4], index: [11], axis: 0, form: "along", begin: [Number.NaN, 1, 2] },
  { combination: "min", shape: [5, 3], index: [11], axis: 0, form: "along", dtype: "i32" },
  { combination: "add", shape: [3, 6, 4], index: [20], axis: 1, form: "rows", batchDims: 1 },
  { combination: "set", shape: [3, 6, 3], index: [20], axis: 1, form: "rows", batchDims: 1, mode: "drop" },
  { combination: "add", shape: [16_500, 1], index: [5], axis: 1, form: "along" },
  { combination: "add", shape: [16_500, 4], index: [5], axis: 1, form: "rows" },
  { combination: "add", shape: [4_200, 16], index: [3], axis: 0, form: "rows" },
  { combination: "add", shape: [512, 64], index: [128], axis: 0, form: "rows", negative: false, bench: true },
  { combination: "add", shape: [1000, 128], index: [4096], axis: 0, form: "rows", bench: true },
  { combination: "add", shape: [1024, 256], index: [256], axis: 1, form: "along", bench: true },
  { combination: "set", shape: [1024, 256], index: [256], axis: 1, form: "along", unique: true, bench: true },
];

export const scatterEntries: KernelEntry[] = [
  { kernel: scatter, reference: scatterReference, cases: scatters.map(scatterCase) },
  {
    kernel: scatterSorted,
    reference: scatterSortedReference,
    cases: [
      sortedCase("add", [1, 1, 1], 1),
      sortedCase("add", [1, 5, 3], 17),
      sortedCase("add", [2, 7, 8], 30),
      sortedCase("set", [1, 4, 39], 20, { dtype: "u32" }),
      sortedCase("mul", [1, 4, 5], 12),
      sortedCase("max", [3, 4, 4], 20),
      sortedCase("min", [1, 4, 4], 20, { dtype: "i32" }),
      sortedCase("add", [1, 100, 144], 64),
      sortedCase("add", [1, 10_000, 128], 8192, { bench: true }),
    ],
  },
];
