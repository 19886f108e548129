import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type {
  ApplyParams,
  BackwardCombineParams,
  CombineParams,
  MomentsParams,
  RowsParams,
  SumsParams,
} from "./normalize_geometry.js";

const isCentred = (constants: Constants): boolean => constants.centre === undefined;

function momentsOf(values: readonly number[], centred: boolean): { mean: number; squares: number } {
  const mean = centred ? values.reduce((sum, v) => sum + v, 0) / values.length : 0;
  return { mean, squares: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) };
}

export function normalizeMomentsReference({ x }: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as MomentsParams;
  const partial = new Float32Array(2 * p.parts * p.stats);
  const runParts = Math.ceil(p.run / p.run_step);
  for (let stat = 0; stat < p.stats; stat++) {
    const base = Math.floor(stat / p.groups) * p.outer_stride + (stat % p.groups) * p.group_stride;
    for (let part = 0; part < p.parts; part++) {
      const firstRun = Math.floor(part / runParts) * p.runs_step;
      const first = (part % runParts) * p.run_step;
      const values: number[] = [];
      for (let r = firstRun; r < Math.min(firstRun + p.runs_step, p.runs); r++)
        for (let j = first; j < Math.min(first + p.run_step, p.run); j++)
          values.push((x as Float32Array)[base + r * p.run_stride + j] as number);
      const { mean, squares } = momentsOf(values, isCentred(constants));
      partial[part * p.stats + stat] = mean;
      partial[(p.parts + part) * p.stats + stat] = squares;
    }
  }
  return { partial };
}

export function normalizeMomentsCombineReference({ partial }: BindingArrays, given: object): BindingArrays {
  const p = given as CombineParams;
  const [mean, variance, inverse] = [0, 1, 2].map(() => new Float32Array(p.stats)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const runParts = Math.ceil(p.run / p.run_step);
  for (let stat = 0; stat < p.stats; stat++) {
    const parts = Array.from({ length: p.parts }, (_, part) => {
      const runs = Math.min(p.runs_step, p.runs - Math.floor(part / runParts) * p.runs_step);
      return {
        count: runs * Math.min(p.run_step, p.run - (part % runParts) * p.run_step),
        mean: partial?.[part * p.stats + stat] as number,
        squares: partial?.[(p.parts + part) * p.stats + stat] as number,
      };
    });
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    const average = parts.reduce((sum, part) => sum + part.count * part.mean, 0) / count;
    const squares = parts.reduce((sum, part) => sum + part.squares + part.count * (part.mean - average) ** 2, 0);
    mean[stat] = average;
    variance[stat] = squares / count;
    inverse[stat] = 1 / Math.sqrt(squares / count + Math.fround(p.epsilon));
  }
  return { mean, variance, inverse };
}

/** For every element its place among groups and channels. */
function* places(p: Pick<ApplyParams, "n" | "spatial" | "channels" | "groups" | "n_stride" | "last">) {
  const size = p.channels / p.groups;
  for (let n = 0; n < p.n; n++)
    for (let channel = 0; channel < p.channels; channel++)
      for (let s = 0; s < p.spatial; s++) {
        const at = p.last ? (n * p.spatial + s) * p.channels + channel : (n * p.channels + channel) * p.spatial + s;
        yield { at, n, channel, s, stat: n * p.n_stride + Math.floor(channel / size) };
      }
}

const value = (array: BindingArrays[string] | undefined, i: number, none: number): number =>
  array === undefined ? none : (array[i] as number);

export function normalizeForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const { x, mean, inverse, scale, bias } = inputs;
  const y = new Float32Array((x as Float32Array).length);
  for (const { at, channel, stat } of places(given as ApplyParams)) {
    const normal = (value(x, at, 0) - value(mean, stat, 0)) * value(inverse, stat, 0);
    y[at] = normal * value(scale, channel, 1) + value(bias, channel, 0);
  }
  return { y };
}

export function normalizeBackwardInputReference(inputs: BindingArrays, given: object): BindingArrays {
  const { x, dy, mean, inverse, scale, mean_dy, mean_dot } = inputs;
  const dx = new Float32Array((x as Float32Array).length);
  for (const { at, channel, stat } of places(given as ApplyParams)) {
    const unit = value(inverse, stat, 0);
    const normal = (value(x, at, 0) - value(mean, stat, 0)) * unit;
    const g = value(dy, at, 0) * value(scale, channel, 1);
    dx[at] = unit * (g - value(mean_dy, stat, 0) - normal * value(mean_dot, stat, 0));
  }
  return { dx };
}

export function normalizeBackwardSumsReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as SumsParams;
  const { x, dy, mean, inverse } = inputs;
  const cells = p.last ? p.channels : p.n * p.channels;
  const sums = new Float64Array(2 * p.parts * cells);
  for (const { at, n, channel, s, stat } of places(p)) {
    const cell = p.last ? channel : n * p.channels + channel;
    const row = p.across ? n * p.spatial + s : s;
    const part = (p.last && !p.across ? n * Math.ceil(p.spatial / p.part) : 0) + Math.floor(row / p.part);
    const normal = (value(x, at, 0) - value(mean, stat, 0)) * value(inverse, stat, 0);
    (sums[part * cells + cell] as number) += value(dy, at, 0);
    (sums[(p.parts + part) * cells + cell] as number) += value(dy, at, 0) * normal;
  }
  return { sums: Float32Array.from(sums) };
}

export function normalizeBackwardCombineReference({ sums, scale }: BindingArrays, given: object): BindingArrays {
  const { channels, parts, share } = given as BackwardCombineParams;
  const total = (half: number) => (_: unknown, channel: number) => {
    let sum = 0;
    for (let part = 0; part < parts; part++) sum += value(sums, (half * parts + part) * channels + channel, 0);
    return sum;
  };
  const [dy, dot] = [0, 1].map((half) => Float64Array.from({ length: channels }, total(half))) as [
    Float64Array,
    Float64Array,
  ];
  const weighted = (x: Float64Array) => x.map((sum, channel) => sum * share * value(scale, channel, 1));
  const results = { dbias: dy, dscale: dot, mean_dy: weighted(dy), mean_dot: weighted(dot) };
  return Object.fromEntries(Object.entries(results).map(([name, x]) => [name, Float32Array.from(x)]));
}

export function normalizeRowsForwardReference(
  { x, scale, bias }: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as RowsParams;
  const y = new Float32Array(p.rows * p.size);
  const mean = new Float32Array(p.rows);
  const inverse = new Float32Array(p.rows);
  for (let row = 0; row < p.rows; row++) {
    const values = Array.from((x as Float32Array).subarray(row * p.size, (row + 1) * p.size));
    const moments = momentsOf(values, isCentred(constants));
    const unit = 1 / Math.sqrt(moments.squares / p.size + Math.fround(p.epsilon));
    mean[row] = moments.mean;
    inverse[row] = unit;
    for (const [j, v] of values.entries())
      y[row * p.size + j] = (v - moments.mean) * unit * value(scale, j, 1) + value(bias, j, 0);
  }
  return { y, mean, inverse };
}

export function normalizeRowsBackwardInputReference(
  { x, dy, mean, inverse, scale }: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as RowsParams;
  const dx = new Float32Array(p.rows * p.size);
  for (let row = 0; row < p.rows; row++) {
    const unit = value(inverse, row, 0);
    const normal = (j: number): number => (value(x, row * p.size + j, 0) - value(mean, row, 0)) * unit;
    const g = (j: number): number => value(dy, row * p.size + j, 0) * value(scale, j, 1);
    let [sum, dot] = [0, 0];
    for (let j = 0; j < p.size; j++) {
      sum += g(j);
      dot += g(j) * normal(j);
    }
    if (!isCentred(constants)) sum = 0;
    for (let j = 0; j < p.size; j++) dx[row * p.size + j] = unit * (g(j) - sum / p.size - (normal(j) * dot) / p.size);
  }
  return { dx };
}
