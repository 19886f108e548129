import { arrayTypes, type BindingArray, type CaseRandom, type KernelCase, type KernelEntry } from "../../cases.js";
import { type BindingDtype, sizeOf } from "../../kernel.js";
import {
  type Combination,
  gatherAlong,
  gatherAlongGeometry,
  type IndexForm,
  type IndexMode,
  indexConstants,
  ravelIndex,
  ravelIndexGeometry,
  scatterAlong,
  scatterAlongGeometry,
  scatterConstants,
} from "./along.js";
import { gatherAlongReference, ravelIndexReference, scatterAlongReference } from "./along.ref.js";

const FAULT_SLOT = 255;

interface Call {
  shape: number[];
  /** Of the index in the form `along`: the extent along the axis; in the form `rows`: its shape. */
  index: number[];
  axis: number;
  form: IndexForm;
  mode?: IndexMode;
  negative?: boolean;
  bench?: boolean;
}

const indexShapeOf = ({ shape, index, axis, form }: Call): number[] =>
  form === "rows" ? index : shape.map((extent, d) => (d === axis ? (index[0] as number) : extent));

/** Indices that the mode takes: out of range too where that is no error. */
function drawIndex(
  random: CaseRandom,
  count: number,
  extent: number,
  { mode = "raise", negative = true }: Omit<Call, "index">,
) {
  const low = negative ? -extent : 0;
  return mode === "raise" ? random.integers(count, low, extent) : random.integers(count, low - 3, extent + 3);
}

const wordsOf = ({ shape, index, axis, form, mode = "raise", negative = true }: Call): string =>
  `[${shape}] by ${form} [${index}] along ${axis}${mode === "raise" ? "" : `, ${mode}`}${negative ? "" : ", not from the end"}`;

function gatherCase(call: Call): KernelCase {
  const { shape, axis, form, bench = false } = call;
  const indexShape = indexShapeOf(call);
  const { shape: result, params } = gatherAlongGeometry(shape, indexShape, axis, form, {
    ...call,
    faultSlot: FAULT_SLOT,
    fill: 7,
  });
  return {
    name: wordsOf(call),
    params,
    constants: indexConstants(call),
    inputs: (random) => ({
      x: Uint32Array.from(random.integers(sizeOf(shape), 0, 2 ** 31 - 1)),
      index: drawIndex(random, sizeOf(indexShape), shape[axis] as number, call),
    }),
    outputs: { y: sizeOf(result) },
    bench,
  };
}

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
  const { shape: source, params } = scatterAlongGeometry(shape, indexShape, axis, form, {
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

function ravelCase(extents: number[], at: number, count: number, mode: IndexMode = "raise", bench = false): KernelCase {
  const params = ravelIndexGeometry(count, extents, at, { mode, faultSlot: FAULT_SLOT });
  const extent = extents[at] as number;
  const outside = mode === "drop";
  return {
    name: `axis ${at} of [${extents}], ${count} ${mode}`,
    params,
    constants: indexConstants({ mode }),
    inputs: (random) => ({
      index: drawIndex(random, count, extent, { shape: [], axis: 0, form: "rows", mode }),
      ...(params.follows ? { before: random.integers(count, outside ? -1 : 0, extents[0] as number) } : {}),
    }),
    outputs: { y: count },
    bench,
  };
}

const gathers: Call[] = [
  { shape: [1], index: [1], axis: 0, form: "along" },
  { shape: [5], index: [9], axis: 0, form: "along" },
  { shape: [3, 4, 5], index: [2], axis: 1, form: "along" },
  { shape: [3, 4, 8], index: [6], axis: 0, form: "along" },
  { shape: [3, 7], index: [4], axis: 1, form: "rows" },
  { shape: [3, 7], index: [2, 3], axis: 0, form: "rows", negative: false },
  { shape: [3, 7, 8], index: [5], axis: 1, form: "rows" },
  { shape: [3, 7, 4], index: [5], axis: 1, form: "rows", mode: "drop" },
  { shape: [4, 5], index: [6], axis: 1, form: "along", mode: "drop", negative: false },
  { shape: [4, 5], index: [6], axis: 1, form: "along", mode: "clip" },
  { shape: [4, 5], index: [6], axis: 1, form: "along", mode: "clip", negative: false },
  { shape: [4, 5], index: [6], axis: 0, form: "along", mode: "wrap" },
  { shape: [4, 5], index: [6], axis: 0, form: "along", mode: "wrap", negative: false },
  { shape: [4096, 64], index: [256], axis: 0, form: "rows", bench: true },
  { shape: [1024, 256], index: [256], axis: 1, form: "along", bench: true },
];

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
  { combination: "add", shape: [16_500, 1], index: [5], axis: 1, form: "along" },
  { combination: "add", shape: [16_500, 4], index: [5], axis: 1, form: "rows" },
  { combination: "add", shape: [4_200, 16], index: [3], axis: 0, form: "rows" },
  { combination: "add", shape: [1000, 128], index: [4096], axis: 0, form: "rows", bench: true },
  { combination: "add", shape: [1024, 256], index: [256], axis: 1, form: "along", bench: true },
  { combination: "set", shape: [1024, 256], index: [256], axis: 1, form: "along", unique: true, bench: true },
];

export const alongEntries: KernelEntry[] = [
  { kernel: gatherAlong, reference: gatherAlongReference, cases: gathers.map(gatherCase) },
  { kernel: scatterAlong, reference: scatterAlongReference, cases: scatters.map(scatterCase) },
  {
    kernel: ravelIndex,
    reference: ravelIndexReference,
    cases: [
      ravelCase([5, 7], 0, 3),
      ravelCase([5, 7], 1, 65),
      ravelCase([5, 7, 2], 1, 20, "drop"),
      ravelCase([5, 7], 1, 20, "clip"),
      ravelCase([1000, 1000], 1, 65_536, "raise", true),
    ],
  },
];
