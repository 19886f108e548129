import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { AnyKernel } from "../../kernel.js";
import { sizeOf } from "../../kernel.js";
import {
  logSoftmaxBackward,
  logSoftmaxForward,
  type SoftmaxParams,
  softmaxBackward,
  softmaxForward,
  softmaxGeometry,
} from "./softmax.js";
import {
  logSoftmaxBackwardReference,
  logSoftmaxForwardReference,
  softmaxBackwardReference,
  softmaxForwardReference,
} from "./softmax.ref.js";

interface Shape {
  x: number[];
  axis: number;
  /** Adds 1000 to every element: exponentials overflow unless the maximum is subtracted. */
  far?: boolean;
  /** Every third element is -infinity, and all of the first row; the second holds a NaN and the third a +infinity. */
  masked?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1], axis: 0 },
  { x: [7], axis: -1 },
  { x: [3, 5], axis: 1 },
  { x: [3, 5], axis: 0 },
  { x: [33, 64], axis: -1 },
  { x: [5, 65], axis: -1 },
  { x: [2, 3, 4, 5], axis: 1 },
  { x: [2, 3, 4, 5], axis: 2 },
  { x: [4, 9], axis: 1, far: true },
  { x: [4, 9], axis: 1, masked: true },
  { x: [4, 9, 6], axis: 1, masked: true },
  { x: [5, 16], axis: 1, masked: true },
  { x: [5, 72], axis: 1, far: true },
  { x: [2, 12, 8], axis: 1, masked: true },
  { x: [3, 260, 4], axis: 1, far: true },
  { x: [2, 50_000], axis: 1 },
  { x: [1, 50_000, 3], axis: 1 },
  // More than 65 535 workgroups of 32 rows.
  { x: [2_097_200, 1], axis: 1 },
  { x: [128, 10], axis: -1, bench: true },
  { x: [256, 1000], axis: -1, bench: true },
  { x: [8, 64, 900], axis: 1, bench: true },
];

function logits({ x, axis, far = false, masked = false }: Shape, random: CaseRandom): Float32Array {
  const values = random.uniform(sizeOf(x), -4, 4);
  if (far) return values.map((value) => value + 1000);
  if (!masked) return values;
  const { inner, size: extent } = softmaxGeometry(x, axis).params;
  const at = (row: number, j: number): number => (Math.floor(row / inner) * extent + j) * inner + (row % inner);
  for (let row = 0; row < values.length / extent; row++) {
    for (let j = 0; j < extent; j++) if (row === 0 || j % 3 === 2) values[at(row, j)] = Number.NEGATIVE_INFINITY;
  }
  values[at(1, 4)] = Number.NaN;
  values[at(2, 4)] = Number.POSITIVE_INFINITY;
  return values;
}

/** Additions that a term of a sum passes through. */
const depth = (n: number): number => Math.min(n, 64) + Math.ceil(n / 64);

/**
 * Error of the sum of exponentials relative to itself. WGSL lets exp(-t) be wrong by 3 + 2t units in the last place, 2^-23
 * each, and t is rounded by 2^-24 t before; the mean of t under the softmax is at most ln n.
 */
const sumError = (n: number): number => (3 + 2.5 * Math.log(n)) * 2 ** -23 + depth(n) * 2 ** -24;

/** Inputs are at most 8 apart and so bound a probability. */
const mostProbable = (n: number): number => Math.min(1, Math.exp(8) / n);

interface Plan {
  inputs: (shape: Shape, params: SoftmaxParams, random: CaseRandom) => BindingArrays;
  output: string;
  tolerance: (n: number, shape: Shape) => NonNullable<KernelCase["tolerance"]>;
}

function entry(kernel: AnyKernel, reference: KernelEntry["reference"], plan: Plan, given: Shape[]): KernelEntry {
  const cases = given.map((shape): KernelCase => {
    const { params } = softmaxGeometry(shape.x, shape.axis);
    return {
      name: `[${shape.x}] axis ${shape.axis}${shape.far ? " far" : ""}${shape.masked ? " masked" : ""}`,
      params,
      inputs: (random) => plan.inputs(shape, params, random),
      outputs: { [plan.output]: sizeOf(shape.x) },
      tolerance: plan.tolerance(params.size, shape),
      bench: shape.bench ?? false,
    };
  });
  return { kernel, reference, cases };
}

const forward = (shape: Shape, _: SoftmaxParams, random: CaseRandom): BindingArrays => ({ x: logits(shape, random) });
const backward =
  (reference: KernelEntry["reference"]) =>
  (shape: Shape, params: SoftmaxParams, random: CaseRandom): BindingArrays => ({
    y: reference({ x: logits(shape, random) }, params, {}).y as Float32Array,
    dy: random.uniform(sizeOf(shape.x), -1, 1),
  });

export const softmaxEntries: KernelEntry[] = [
  entry(
    softmaxForward,
    softmaxForwardReference,
    {
      inputs: forward,
      output: "y",
      // e^-t (3 + 2.5t) is at most 3: that many units of 1 / sum, below 3 of the largest result; a division adds 2.5.
      tolerance: (n) => ({ rtol: sumError(n) + 2.5 * 2 ** -23, atol: 3 * 2 ** -23 * mostProbable(n) }),
    },
    shapes,
  ),
  entry(
    logSoftmaxForward,
    logSoftmaxForwardReference,
    {
      inputs: forward,
      output: "y",
      // log is wrong by 2^-21 or 3 units in the last place; two subtractions round numbers of the result's size.
      tolerance: (n) => ({ rtol: 2 * 2 ** -24, atol: sumError(n) + 2 ** -21 + 3 * Math.log(n) * 2 ** -23 }),
    },
    shapes,
  ),
  entry(
    softmaxBackward,
    softmaxBackwardReference,
    {
      inputs: backward(softmaxForwardReference),
      output: "dx",
      // The sum has terms of total magnitude at most 1; it, a difference below 2 and the product are rounded.
      tolerance: (n) => ({ rtol: 2 ** -23, atol: mostProbable(n) * (depth(n) + 2) * 2 ** -24 }),
    },
    shapes,
  ),
  entry(
    logSoftmaxBackward,
    logSoftmaxBackwardReference,
    {
      inputs: backward(logSoftmaxForwardReference),
      output: "dx",
      // n values below 1 sum to at most n; its rounding and the 3 units of exp are scaled by a probability.
      tolerance: (n) => ({ rtol: 2 ** -23, atol: n * mostProbable(n) * (depth(n) * 2 ** -24 + 4 * 2 ** -23) }),
    },
    shapes,
  ),
];
