import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { AnyKernel } from "../../kernel.js";
import { sizeOf } from "../../kernel.js";
import {
  avgPool2dBackward,
  avgPool2dForward,
  maxPool2dBackward,
  maxPool2dBackwardRelu,
  maxPool2dForward,
  maxPool2dGather,
  type Pool2dOptions,
  type Pool2dParams,
  pool2dGeometry,
} from "./pool2d.js";
import {
  avgPool2dBackwardReference,
  avgPool2dForwardReference,
  maxPool2dBackwardReference,
  maxPool2dForwardReference,
  maxPool2dGatherReference,
} from "./pool2d.ref.js";

interface Shape {
  x: number[];
  window: number | [number, number];
  stride?: number | [number, number];
  padding?: [number, number, number, number];
  dilation?: [number, number];
  ceilMode?: boolean;
  layout?: Pool2dOptions["layout"];
  countIncludePad?: boolean;
  /** Some elements are NaN, infinities and negative zeros. */
  special?: boolean;
  /** Gradient of the pooling: x is the result of relu, whose gradient is taken in the same pass. */
  relu?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1, 1], window: 1 },
  { x: [2, 4, 6, 4], window: 2 },
  { x: [2, 5, 7, 8], window: 2 },
  { x: [3, 5, 7, 3], window: 2 },
  { x: [2, 3, 7, 6], window: 2, layout: "NCHW" },
  { x: [1, 2, 2, 4], window: 2, layout: "NCHW" },
  // Four windows of one channel reach into the next row, also of the next image; an odd row, an odd column, or both, is left.
  { x: [2, 2, 6, 6], window: 2, layout: "NCHW" },
  { x: [1, 2, 8, 10], window: 2, layout: "NCHW" },
  { x: [4, 3, 7, 6], window: 2, layout: "NCHW" },
  { x: [2, 2, 6, 7], window: 2, layout: "NCHW" },
  { x: [2, 2, 7, 7], window: 2, layout: "NCHW" },
  { x: [4, 1, 3, 7], window: 2, layout: "NCHW" },
  { x: [2, 4, 3, 26], window: 2, layout: "NCHW" },
  { x: [2, 5, 5, 4], window: 2, ceilMode: true },
  { x: [2, 3, 5, 7], window: 2, ceilMode: true, layout: "NCHW", countIncludePad: true },
  { x: [2, 7, 9, 4], window: 3, stride: 2 },
  { x: [2, 7, 9, 3], window: 3, stride: 1, padding: [1, 1, 1, 1] },
  { x: [2, 7, 9, 3], window: 3, stride: 1, padding: [1, 1, 1, 1], countIncludePad: true },
  { x: [2, 3, 8, 6], window: 3, stride: 2, padding: [0, 1, 0, 1], layout: "NCHW" },
  { x: [2, 3, 8, 6], window: [2, 3], stride: [3, 1], padding: [1, 0, 1, 2], layout: "NCHW", countIncludePad: true },
  { x: [1, 9, 10, 4], window: [3, 2], stride: [2, 3], dilation: [2, 3], padding: [1, 2, 2, 1] },
  { x: [1, 3, 9, 10], window: [2, 3], stride: [1, 2], dilation: [3, 2], padding: [2, 1, 1, 2], layout: "NCHW" },
  // The last window starts in the input and ends beyond the bottom padding: 6 + 2 against 3 windows of 3 at stride 3.
  { x: [1, 6, 6, 4], window: 3, stride: 3, padding: [1, 1, 1, 1], ceilMode: true, countIncludePad: true },
  { x: [1, 6, 6, 5], window: 3, stride: 3, padding: [1, 1, 1, 1], ceilMode: true },
  // A fourth window would start in the padding after the input, and is dropped.
  { x: [1, 2, 5, 5], window: 2, stride: 2, padding: [1, 1, 1, 1], ceilMode: true, layout: "NCHW" },
  // Larger than the padded input, which only ceil mode allows.
  { x: [1, 2, 2, 2], window: 3, stride: 2, ceilMode: true, countIncludePad: true },
  // Windows wholly in the padding.
  { x: [1, 3, 3, 4], window: 2, stride: 2, padding: [2, 3, 3, 2] },
  { x: [1, 2, 2, 3], window: [2, 1], stride: 1, dilation: [3, 1], padding: [1, 1, 0, 0], layout: "NCHW" },
  { x: [2, 7, 7, 8], window: 7 },
  { x: [2, 8, 7, 7], window: 7, layout: "NCHW" },
  { x: [2, 6, 6, 4], window: 2, special: true },
  { x: [2, 2, 7, 7], window: 2, layout: "NCHW", special: true },
  { x: [4, 3, 7, 6], window: 2, layout: "NCHW", special: true },
  { x: [2, 6, 6, 3], window: 3, stride: 2, padding: [1, 1, 1, 1], special: true },
  // Blocks of 2 x 2 gradients that begin in the padding, more than one thread to a row, windows wholly in the padding.
  { x: [2, 7, 19, 8], window: 3, stride: 2, padding: [1, 2, 1, 0], special: true },
  { x: [1, 2, 5, 20], window: 3, stride: 2, padding: [4, 3, 5, 4], layout: "NCHW", countIncludePad: true },
  { x: [1, 8, 17, 4], window: 3, stride: 2, padding: [0, 1, 2, 1], ceilMode: true },
  { x: [2, 6, 6, 4], window: 3, stride: 1, padding: [1, 1, 1, 1], special: true },
  { x: [1, 1, 1, 500], window: [1, 2], stride: 1, layout: "NCHW" },
  { x: [32, 26, 26, 32], window: 2, bench: true },
  { x: [32, 11, 11, 64], window: 2, bench: true },
  { x: [32, 32, 26, 26], window: 2, layout: "NCHW", bench: true },
  { x: [32, 64, 11, 11], window: 2, layout: "NCHW", bench: true },
  { x: [8, 32, 32, 32], window: 3, stride: 2, padding: [1, 1, 1, 1], bench: true },
];

const reluShapes: Shape[] = [
  { x: [2, 5, 7, 8], window: 2, relu: true },
  { x: [3, 5, 7, 3], window: 2, relu: true },
  { x: [2, 7, 9, 3], window: 3, stride: 1, padding: [1, 1, 1, 1], relu: true },
  { x: [2, 6, 6, 4], window: 2, special: true, relu: true },
  { x: [2, 2, 7, 7], window: 2, layout: "NCHW", special: true, relu: true },
  { x: [4, 3, 7, 6], window: 2, layout: "NCHW", special: true, relu: true },
  { x: [2, 6, 6, 4], window: 3, stride: 1, padding: [1, 1, 1, 1], special: true, relu: true },
  { x: [2, 7, 9, 4], window: 3, stride: 2, padding: [1, 1, 1, 1], special: true, relu: true },
  { x: [32, 26, 26, 32], window: 2, relu: true, bench: true },
];

const pair = (value: number | [number, number]): [number, number] =>
  typeof value === "number" ? [value, value] : value;

function describe({ x, window, stride = window, padding, dilation, layout = "NHWC", ...rest }: Shape): string {
  const words = [`${layout} [${x}] window ${pair(window)} stride ${pair(stride)}`];
  if (padding) words.push(`padding ${padding}`);
  if (dilation) words.push(`dilation ${dilation}`);
  for (const [name, given] of Object.entries(rest)) if (given && name !== "bench") words.push(name);
  return words.join(" ");
}

const strange = [Number.NaN, Number.NEGATIVE_INFINITY, -0, 0, Number.POSITIVE_INFINITY];

/** Few different values, so that every window has ties. */
function tied(random: CaseRandom, count: number, special = false): Float32Array {
  const values = Float32Array.from(random.integers(count, -3, 4));
  if (!special) return values;
  const which = random.integers(count, 0, 4 * strange.length);
  return values.map((value, i) => strange[which[i] as number] ?? value);
}

interface Plan {
  inputs: (random: CaseRandom, params: Pool2dParams, counts: { x: number; y: number }, shape: Shape) => object;
  output: { name: string; of: "x" | "y" };
  tolerance?: (params: Pool2dParams) => NonNullable<KernelCase["tolerance"]>;
}

function poolCase(shape: Shape, plan: Plan): KernelCase {
  const { x, window, stride = window, relu = false, bench = false } = shape;
  const { shape: yShape, params } = pool2dGeometry(x, {
    window: pair(window),
    stride: pair(stride),
    padding: shape.padding ?? [0, 0, 0, 0],
    layout: shape.layout ?? "NHWC",
    ...(shape.dilation ? { dilation: shape.dilation } : {}),
    ...(shape.ceilMode ? { ceilMode: true } : {}),
    ...(shape.countIncludePad ? { countIncludePad: true } : {}),
  });
  const counts = { x: sizeOf(x), y: sizeOf(yShape) };
  return {
    name: describe(shape),
    params,
    ...(relu ? { constants: maxPool2dBackwardRelu } : {}),
    inputs: (random) => plan.inputs(random, params, counts, shape) as Record<string, Float32Array>,
    outputs: { [plan.output.name]: counts[plan.output.of] },
    ...(plan.tolerance ? { tolerance: plan.tolerance(params) } : {}),
    bench,
  };
}

const forward = (random: CaseRandom, params: Pool2dParams, counts: { x: number }, shape: Shape) => {
  const drawn = tied(random, counts.x, shape.special);
  const x = shape.relu ? drawn.map((value) => (value < 0 ? 0 : value)) : drawn;
  return { x, y: maxPool2dForwardReference({ x }, params).y };
};

/** Windows that hold one element, at most. */
const windowsAt = (p: Pool2dParams): number =>
  Math.ceil(p.window_h / Math.ceil(p.stride_h / p.dilation_h)) *
  Math.ceil(p.window_w / Math.ceil(p.stride_w / p.dilation_w));

const entry = (kernel: AnyKernel, reference: KernelEntry["reference"], plan: Plan, given = shapes): KernelEntry => ({
  kernel,
  reference,
  cases: given.map((shape) => poolCase(shape, plan)),
});

export const pool2dEntries: KernelEntry[] = [
  entry(maxPool2dForward, maxPool2dForwardReference, {
    inputs: (random, _, counts, { special }) => ({ x: tied(random, counts.x, special) }),
    output: { name: "y", of: "y" },
  }),
  entry(
    maxPool2dBackward,
    maxPool2dBackwardReference,
    {
      inputs: (random, params, counts, shape) => ({
        ...forward(random, params, counts, shape),
        dy: random.uniform(counts.y, -1, 1),
      }),
      output: { name: "dx", of: "x" },
      // k values below 1 in magnitude: k - 1 additions round partial sums below k by 2^-24. One window each copies exactly.
      tolerance: (p) => ({ rtol: 0, atol: windowsAt(p) * (windowsAt(p) - 1) * 2 ** -24 }),
    },
    [...shapes, ...reluShapes],
  ),
  entry(maxPool2dGather, maxPool2dGatherReference, {
    inputs: (random, params, counts, shape) => ({
      ...forward(random, params, counts, shape),
      g: random.uniform(counts.x, -1, 1),
    }),
    output: { name: "out", of: "y" },
  }),
  entry(avgPool2dForward, avgPool2dForwardReference, {
    inputs: (random, _, counts) => ({ x: random.uniform(counts.x, -1, 1) }),
    output: { name: "y", of: "y" },
    // k taps below 1: additions round partial sums below k by 2^-24, which the divisor, at least one, divides by about k.
    // WGSL lets a division be wrong by 2.5 units in the last place, below 2^-21 of the result.
    tolerance: (p) => ({ rtol: 2 ** -21, atol: p.window_h * p.window_w * 2 ** -24 }),
  }),
  entry(avgPool2dBackward, avgPool2dBackwardReference, {
    inputs: (random, _, counts) => ({ dy: random.uniform(counts.y, -1, 1) }),
    output: { name: "dx", of: "x" },
    // Each of k windows adds a term below 1, wrong by 2^-21 after its division, and rounds a partial sum below k.
    tolerance: (p) => ({ rtol: 0, atol: windowsAt(p) * 2 ** -21 + windowsAt(p) ** 2 * 2 ** -24 }),
  }),
];
