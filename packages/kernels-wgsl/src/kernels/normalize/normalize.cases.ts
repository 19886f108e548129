import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import {
  normalizeBackwardCombine,
  normalizeBackwardInput,
  normalizeBackwardSums,
  normalizeForward,
  normalizeMoments,
  normalizeMomentsCombine,
  normalizeRowsBackwardInput,
  normalizeRowsForward,
  withoutMean,
  withoutMeanBackward,
} from "./normalize.js";
import {
  normalizeBackwardCombineReference,
  normalizeBackwardInputReference,
  normalizeBackwardSumsReference,
  normalizeForwardReference,
  normalizeMomentsCombineReference,
  normalizeMomentsReference,
  normalizeRowsBackwardInputReference,
  normalizeRowsForwardReference,
} from "./normalize.ref.js";
import {
  channelsView,
  type NormalizeView,
  normalizeApplyParams,
  normalizeBackwardCombineParams,
  normalizeMomentsPlan,
  normalizeStats,
  normalizeSumsPlan,
  trailingView,
} from "./normalize_geometry.js";

const EPSILON = 1e-5;

interface Viewed {
  name: string;
  view: NormalizeView;
  bench?: boolean;
}

const viewed = (what: string, shape: number[], view: NormalizeView, bench = false): Viewed => ({
  name: `${what} [${shape}]`,
  view,
  bench,
});
const channels = (what: string, shape: number[], axis: number, groups?: number, bench = false): Viewed =>
  viewed(
    `${what}${groups ? ` of ${groups}` : ""} axis ${axis}`,
    shape,
    channelsView(shape, { axis, groups }, what),
    bench,
  );

const views: Viewed[] = [
  channels("batch", [1, 1], 1),
  channels("batch", [7, 3], 1),
  channels("batch", [5, 8], 1),
  channels("batch", [3, 4, 5, 6], 1),
  channels("batch", [3, 4, 5, 7], 1),
  channels("batch", [2, 3, 3, 5], -1),
  channels("batch", [4, 20, 20, 8], -1),
  channels("batch", [3, 2, 40, 33], 1),
  channels("batch", [300, 2, 2, 1], 1),
  channels("group", [2, 6, 4, 4], 1, 2),
  channels("group", [2, 6, 3, 3], 1, 3),
  channels("group", [2, 3, 3, 8], -1, 2),
  channels("group", [2, 3, 3, 6], -1, 3),
  channels("group", [2, 300, 6], -1, 6),
  channels("group", [2, 6, 1500], 1, 6),
  channels("group", [1, 8, 400, 4], -1, 2),
  viewed("layer", [3, 2000], trailingView([3, 2000], 1, "layer")),
  viewed("layer", [2, 5, 7], trailingView([2, 5, 7], 2, "layer")),
  viewed("layer", [300, 4], trailingView([300, 4], 1, "layer")),
  channels("batch", [16, 16, 16, 64], -1, undefined, true),
  channels("batch", [16, 64, 16, 16], 1, undefined, true),
  channels("group", [16, 16, 16, 64], -1, 8, true),
  viewed("layer", [512, 512], trailingView([512, 512], 1, "layer"), true),
];

/** Values about 3, so that squares without a mean taken first would lose digits. */
const values = (random: CaseRandom, count: number): Float32Array => random.uniform(count, 1, 5);
const positive = (random: CaseRandom, count: number): Float32Array => random.uniform(count, 0.5, 2);
const signed = (random: CaseRandom, count: number): Float32Array => random.uniform(count, -1, 1);
const size = (view: NormalizeView): number => view.n * view.spatial * view.channels;

const momentsCase = ({ name, view, bench = false }: Viewed, constants?: Constants): KernelCase => {
  const { params, partialElements } = normalizeMomentsPlan(view, EPSILON);
  return {
    name: constants ? `${name} without mean` : name,
    params,
    ...(constants ? { constants } : {}),
    inputs: (random) => ({ x: values(random, size(view)) }),
    outputs: { partial: partialElements },
    // Each step rounds mean and squares by 2^-24 of themselves; some hundred steps at random add up to less than ten of these.
    tolerance: { rtol: 1e-6, atol: 1e-6 },
    bench,
  };
};

const combineCase = ({ name, view, bench = false }: Viewed): KernelCase => {
  const { combine } = normalizeMomentsPlan(view, EPSILON);
  return {
    name,
    params: combine,
    inputs: (random) => {
      const half = combine.parts * combine.stats;
      return { partial: Float32Array.from([...values(random, half), ...positive(random, half)]) };
    },
    outputs: { mean: combine.stats, variance: combine.stats, inverse: combine.stats },
    tolerance: { rtol: 1e-6, atol: 1e-6 },
    bench,
  };
};

const stats = (random: CaseRandom, view: NormalizeView): BindingArrays => ({
  mean: values(random, normalizeStats(view)),
  inverse: positive(random, normalizeStats(view)),
});

function applyCases({ name, view, bench = false }: Viewed, output: "y" | "dx"): KernelCase[] {
  return [true, false].map((affine) => ({
    name: affine ? name : `${name} without scale`,
    params: normalizeApplyParams(view, { scale: affine, bias: affine && output === "y" }),
    inputs: (random: CaseRandom) => ({
      x: values(random, size(view)),
      ...stats(random, view),
      ...(affine ? { scale: signed(random, view.channels) } : {}),
      ...(affine && output === "y" ? { bias: signed(random, view.channels) } : {}),
      ...(output === "dx"
        ? {
            dy: signed(random, size(view)),
            mean_dy: signed(random, normalizeStats(view)),
            mean_dot: signed(random, normalizeStats(view)),
          }
        : {}),
    }),
    outputs: { [output]: size(view) },
    // A few roundings, each of numbers below 20 by 2^-24 of themselves.
    tolerance: { rtol: 1e-6, atol: 8e-6 },
    bench: bench && affine,
  }));
}

const sumsCase =
  (across: boolean) =>
  ({ name, view, bench = false }: Viewed): KernelCase => {
    const { params, shape } = normalizeSumsPlan(view, across);
    return {
      name: `${name}${across ? "" : ", for each"}`,
      params,
      inputs: (random) => ({
        x: values(random, size(view)),
        dy: signed(random, size(view)),
        ...stats(random, view),
      }),
      outputs: { sums: shape.reduce((product, extent) => product * extent, 1) },
      // Terms of size up to 8, some hundred of them in stretches: roundings of a sum of about 100 at random.
      tolerance: { rtol: 2e-6, atol: 1e-4 },
      bench: bench && across,
    };
  };

function backwardCombineCases({ name, view, bench = false }: Viewed): KernelCase[] {
  return [true, false].flatMap((affine) => {
    const params = normalizeBackwardCombineParams(view, false, affine);
    if (!params) return [];
    const { channels, parts } = params;
    return {
      name: affine ? name : `${name} without scale`,
      params,
      inputs: (random: CaseRandom) => ({
        sums: signed(random, 2 * parts * channels),
        ...(affine ? { scale: signed(random, channels) } : {}),
      }),
      outputs: { dbias: channels, dscale: channels, mean_dy: channels, mean_dot: channels },
      // Sums of up to some hundred numbers below 1, each rounded by 2^-24 of a sum about 10.
      tolerance: { rtol: 1e-6, atol: 1e-5 },
      bench: bench && affine,
    };
  });
}

interface Rows {
  rows: number;
  size: number;
  affine?: boolean;
  constants?: [Constants, Constants];
  bench?: boolean;
}

const RMS: [Constants, Constants] = [withoutMean, withoutMeanBackward];
const rows: Rows[] = [
  { rows: 1, size: 1 },
  { rows: 3, size: 7, affine: true },
  { rows: 33, size: 64, affine: true },
  { rows: 5, size: 20 },
  { rows: 70, size: 52, affine: true, constants: RMS },
  { rows: 2, size: 9, constants: RMS },
  { rows: 2, size: 5000, affine: true },
  { rows: 512, size: 512, affine: true, bench: true },
  { rows: 512, size: 512, affine: true, constants: RMS, bench: true },
];

function rowsCase({ rows, size, affine = false, constants, bench = false }: Rows, which: 0 | 1): KernelCase {
  const own = constants?.[which];
  return {
    name: `[${rows}, ${size}]${affine ? " with scale" : ""}${own ? " without mean" : ""}`,
    params: { rows, size, epsilon: EPSILON, has_scale: affine ? 1 : 0, has_bias: affine && which === 0 ? 1 : 0 },
    ...(own ? { constants: own } : {}),
    inputs: (random) => ({
      x: values(random, rows * size),
      ...(affine ? { scale: signed(random, size) } : {}),
      ...(affine && which === 0 ? { bias: signed(random, size) } : {}),
      ...(which === 1
        ? { dy: signed(random, rows * size), mean: values(random, rows), inverse: positive(random, rows) }
        : {}),
    }),
    outputs: which === 0 ? { y: rows * size, mean: rows, inverse: rows } : { dx: rows * size },
    // Mean and deviation are off by some 2^-24 of themselves, the elements by as much of numbers below 20.
    tolerance: { rtol: 4e-6, atol: 8e-6 },
    bench,
  };
}

export const normalizeEntries: KernelEntry[] = [
  {
    kernel: normalizeMoments,
    reference: normalizeMomentsReference,
    cases: [
      ...views.map((view) => momentsCase(view)),
      ...[3, 6, 11, 16].map((i) => momentsCase(views[i] as Viewed, withoutMean)),
    ],
  },
  {
    kernel: normalizeMomentsCombine,
    reference: normalizeMomentsCombineReference,
    cases: views.map(combineCase),
  },
  {
    kernel: normalizeForward,
    reference: normalizeForwardReference,
    cases: views.flatMap((view) => applyCases(view, "y")),
  },
  {
    kernel: normalizeBackwardInput,
    reference: normalizeBackwardInputReference,
    cases: views.flatMap((view) => applyCases(view, "dx")),
  },
  {
    kernel: normalizeBackwardSums,
    reference: normalizeBackwardSumsReference,
    cases: [...views.map(sumsCase(true)), ...views.filter(({ bench }) => !bench).map(sumsCase(false))],
  },
  {
    kernel: normalizeBackwardCombine,
    reference: normalizeBackwardCombineReference,
    cases: views.flatMap(backwardCombineCases),
  },
  {
    kernel: normalizeRowsForward,
    reference: normalizeRowsForwardReference,
    cases: rows.map((row) => rowsCase(row, 0)),
  },
  {
    kernel: normalizeRowsBackwardInput,
    reference: normalizeRowsBackwardInputReference,
    cases: rows.map((row) => rowsCase(row, 1)),
  },
];
