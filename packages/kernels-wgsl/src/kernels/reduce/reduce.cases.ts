import type { BindingArray, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { BindingDtype } from "../../kernel.js";
import { sizeOf } from "../../kernel.js";
import { argReduce, argReduceConstants, argReduceGeometry } from "./arg_reduce.js";
import { type ReduceParams, type ReductionName, reduce, reduceConstants, reducePlan } from "./reduce.js";
import { argReduceReference, reduceReference } from "./reduce.ref.js";

interface Call {
  name: ReductionName;
  dtype?: BindingDtype;
  shape: number[];
  axes: number[];
  /** Elements of x to start with, e.g. NaN. */
  begin?: number[];
  bench?: boolean;
}

function draw(random: CaseRandom, count: number, { name, dtype = "f32", begin = [] }: Call): BindingArray {
  let x: BindingArray;
  // Products stay near 1; a rare 0 decides all, a rare 1 decides any.
  if (dtype === "f32") x = name === "prod" ? random.uniform(count, 0.9, 1.1) : random.uniform(count, -1, 1);
  else if (name === "any" || name === "all") {
    x = Uint32Array.from(random.integers(count, 0, 40), (v) => +(name === "any" ? v === 0 : v > 0));
  } else {
    const whole =
      name === "prod" ? random.integers(count, 1, 3) : random.integers(count, dtype === "i32" ? -50 : 0, 50);
    x = dtype === "u32" ? Uint32Array.from(whole) : whole;
  }
  x.set(begin.slice(0, count));
  return x;
}

/**
 * A thread adds n elements in four accumulators: each of n additions rounds a partial sum of magnitude at most about
 * sqrt(n / 4) by 2^-24. Products of n factors lose half a unit each. Integers and extremes are exact.
 */
function bound(name: ReductionName, dtype: BindingDtype, { count, parts, total }: ReduceParams) {
  const n = Math.ceil(count / parts);
  if (dtype !== "f32" || name === "max" || name === "min") return {};
  if (name === "prod") return { tolerance: { rtol: n * 2 ** -24, atol: 0 } };
  const atol = n * Math.sqrt(n / 4) * 2 ** -24 + 1e-7;
  return { tolerance: { rtol: 1e-6, atol: name === "mean" && total > 0 ? atol / total : atol } };
}

/** A case for each pass, the later ones on random parts. */
function reduceCases(call: Call): KernelCase[] {
  const { name, dtype = "f32", shape, axes, bench = false } = call;
  const { passes } = reducePlan(shape, axes, false);
  return passes.map(({ params, elements }, i) => ({
    name: `${name}(${dtype}) [${shape}] over [${axes}]${passes.length > 1 ? ` pass ${i + 1} of ${passes.length}` : ""}`,
    params,
    constants: reduceConstants(name, dtype),
    inputs: (random) => ({ x: draw(random, i === 0 ? sizeOf(shape) : params.outputs * params.count, call) }),
    outputs: { y: elements },
    ...bound(name, dtype, params),
    bench: bench && i === 0,
  }));
}

const calls: Call[] = [
  { name: "sum", shape: [], axes: [] },
  { name: "sum", shape: [1], axes: [0] },
  { name: "sum", shape: [5], axes: [] },
  { name: "sum", shape: [5], axes: [0] },
  { name: "sum", shape: [8], axes: [0] },
  { name: "sum", shape: [7, 9], axes: [0] },
  { name: "sum", shape: [7, 9], axes: [-1] },
  { name: "sum", shape: [6, 8], axes: [0] },
  { name: "sum", shape: [6, 8], axes: [1] },
  { name: "sum", shape: [6, 8], axes: [0, 1] },
  { name: "sum", shape: [3, 4, 5], axes: [1] },
  { name: "sum", shape: [3, 5, 8], axes: [1] },
  { name: "sum", shape: [3, 4, 5], axes: [0, 2] },
  { name: "sum", shape: [3, 5, 8], axes: [0, 2] },
  { name: "sum", shape: [2, 3, 2, 3, 2, 3], axes: [0, 2, 4] },
  { name: "sum", shape: [2, 3, 2, 3, 2, 4], axes: [1, 3, 5] },
  { name: "sum", shape: [2, 3, 4, 3, 2, 4], axes: [0, 2, 4] },
  { name: "sum", shape: [2, 2, 2, 2, 2, 2, 2, 3], axes: [-1, -3, -5, -7] },
  { name: "sum", shape: [2, 3, 2, 2, 3, 2, 2, 2, 2, 2, 3, 2], axes: [0, 2, 4, 6, 8, 10] },
  { name: "sum", shape: [2, 3, 2, 2, 3, 2, 2, 2, 2, 4], axes: [1, 3, 5, 7, 9] },
  { name: "sum", shape: [1, 4, 1, 6, 1], axes: [0, 3] },
  { name: "sum", shape: [513], axes: [0] },
  { name: "sum", shape: [515, 3], axes: [0] },
  { name: "sum", shape: [3, 2051], axes: [1] },
  { name: "sum", shape: [2, 1500, 4], axes: [1] },
  { name: "mean", shape: [9, 11], axes: [1] },
  { name: "mean", shape: [2, 520, 3], axes: [1] },
  { name: "mean", shape: [4, 12, 8], axes: [0, 1] },
  { name: "prod", shape: [5, 13], axes: [1] },
  { name: "prod", shape: [600], axes: [0] },
  { name: "prod", shape: [4, 5], axes: [0], dtype: "i32" },
  { name: "max", shape: [6, 10], axes: [1] },
  { name: "max", shape: [3, 9], axes: [0], begin: [0.5, Number.NaN, Number.NEGATIVE_INFINITY] },
  { name: "max", shape: [2, 8], axes: [1], begin: new Array(8).fill(Number.NEGATIVE_INFINITY) },
  { name: "max", shape: [700], axes: [0], dtype: "i32" },
  { name: "max", shape: [5, 4], axes: [0], dtype: "u32" },
  { name: "min", shape: [6, 10], axes: [0] },
  { name: "min", shape: [3, 8], axes: [1], begin: [0.5, 0.25, Number.NaN] },
  { name: "min", shape: [5, 7], axes: [1], dtype: "i32" },
  { name: "min", shape: [5, 7], axes: [1], dtype: "u32" },
  { name: "sum", shape: [5, 7], axes: [0], dtype: "i32" },
  { name: "sum", shape: [5, 8], axes: [0], dtype: "u32" },
  { name: "any", shape: [20, 12], axes: [1], dtype: "u32" },
  { name: "any", shape: [12, 5], axes: [0], dtype: "u32" },
  { name: "all", shape: [20, 12], axes: [0], dtype: "u32" },
  { name: "all", shape: [600], axes: [0], dtype: "u32", begin: new Array(600).fill(7) },
  { name: "sum", shape: [129], axes: [] },
  { name: "mean", shape: [128], axes: [0], bench: true },
  { name: "max", shape: [128, 10], axes: [1], bench: true },
  { name: "sum", shape: [8, 26, 26, 32], axes: [0, 1, 2], bench: true },
  { name: "sum", shape: [8, 32, 26, 26], axes: [0, 2, 3], bench: true },
  { name: "sum", shape: [1024, 1024], axes: [0, 1], bench: true },
  { name: "sum", shape: [1024, 1024], axes: [1], bench: true },
];

interface ArgCall {
  name: "argmax" | "argmin";
  dtype?: BindingDtype;
  shape: number[];
  axis: number;
  begin?: number[];
  bench?: boolean;
}

function argReduceCase({ name, dtype = "f32", shape, axis, begin = [], bench = false }: ArgCall): KernelCase {
  const { shape: found, params } = argReduceGeometry(shape, axis, false);
  return {
    name: `${name}(${dtype}) [${shape}] over ${axis}${begin.length > 0 ? " with ties or NaN" : ""}`,
    params,
    constants: argReduceConstants(name, dtype),
    inputs: (random) => {
      // Few distinct values, so that ties are common.
      const whole = random.integers(sizeOf(shape), dtype === "u32" ? 0 : -9, 9);
      const x = dtype === "f32" ? Float32Array.from(whole) : dtype === "u32" ? Uint32Array.from(whole) : whole;
      x.set(begin);
      return { x };
    },
    outputs: { y: sizeOf(found) },
    bench,
  };
}

const argCalls: ArgCall[] = [
  { name: "argmax", shape: [1], axis: 0 },
  { name: "argmax", shape: [7, 13], axis: 1 },
  { name: "argmax", shape: [7, 13], axis: 0 },
  { name: "argmin", shape: [3, 5, 4], axis: -2 },
  { name: "argmax", shape: [2, 4], axis: 1, begin: [1, Number.NaN, 99, Number.NaN, 3, 3, 3, 3] },
  { name: "argmin", shape: [2, 4], axis: 1, begin: [1, Number.NaN, -99, Number.NaN, 3, 3, 3, 3] },
  { name: "argmax", shape: [2, 3], axis: 1, begin: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, -1] },
  { name: "argmax", shape: [9, 6], axis: 1, dtype: "i32" },
  { name: "argmin", shape: [9, 6], axis: 0, dtype: "u32" },
  { name: "argmax", shape: [128, 10], axis: 1, bench: true },
];

export const reduceEntries: KernelEntry[] = [
  { kernel: reduce, reference: reduceReference, cases: calls.flatMap(reduceCases) },
  { kernel: argReduce, reference: argReduceReference, cases: argCalls.map(argReduceCase) },
];
