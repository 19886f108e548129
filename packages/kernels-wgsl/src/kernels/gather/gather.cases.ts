import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { gather, gatherGeometry } from "./gather.js";
import { gatherReference, ravelIndexReference } from "./gather.ref.js";
import { type IndexForm, type IndexMode, indexConstants, ravelIndex, ravelIndexGeometry } from "./indices.js";

export const FAULT_SLOT = 255;

export interface Call {
  shape: number[];
  /** Of the index in the form `along`: the extent along the axis; in the form `rows`: its shape. */
  index: number[];
  axis: number;
  form: IndexForm;
  mode?: IndexMode;
  negative?: boolean;
  batchDims?: number;
  bench?: boolean;
}

export const indexShapeOf = ({ shape, index, axis, form, batchDims = 0 }: Call): number[] =>
  form === "rows"
    ? [...shape.slice(0, batchDims), ...index]
    : shape.map((extent, d) => (d === axis ? (index[0] as number) : extent));

/** Indices that the mode takes: out of range too where that is no error. */
export function drawIndex(
  random: CaseRandom,
  count: number,
  extent: number,
  { mode = "raise", negative = true }: Omit<Call, "index">,
) {
  const low = negative ? -extent : 0;
  return mode === "raise" ? random.integers(count, low, extent) : random.integers(count, low - 3, extent + 3);
}

export const wordsOf = ({ shape, index, axis, form, mode = "raise", negative = true, batchDims }: Call): string =>
  `${batchDims ? "of each its own, " : ""}[${shape}] by ${form} [${index}] along ${axis}${mode === "raise" ? "" : `, ${mode}`}${negative ? "" : ", not from the end"}`;

function gatherCase(call: Call): KernelCase {
  const { shape, axis, form, bench = false } = call;
  const indexShape = indexShapeOf(call);
  const { shape: result, params } = gatherGeometry(shape, indexShape, axis, form, {
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
  { shape: [5, 3], index: [7], axis: 0, form: "rows", negative: false },
  { shape: [9, 48], index: [5], axis: 0, form: "rows" },
  { shape: [9, 48], index: [5], axis: 0, form: "rows", mode: "drop" },
  { shape: [300, 7], index: [2048], axis: 0, form: "rows" },
  { shape: [3, 5, 2], index: [4], axis: 1, form: "rows", batchDims: 1 },
  { shape: [2, 3, 5, 16], index: [2, 2], axis: 2, form: "rows", batchDims: 2, mode: "drop" },
  { shape: [4096, 64], index: [256], axis: 0, form: "rows", bench: true },
  { shape: [4096, 784], index: [128], axis: 0, form: "rows", negative: false, bench: true },
  { shape: [10_000, 128], index: [8192], axis: 0, form: "rows", negative: false, bench: true },
  { shape: [1024, 256], index: [256], axis: 1, form: "along", bench: true },
];

export const gatherEntries: KernelEntry[] = [
  { kernel: gather, reference: gatherReference, cases: gathers.map(gatherCase) },
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
