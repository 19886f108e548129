import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import {
  type CrossEntropyOptions,
  type SoftmaxCrossEntropyParams,
  softmaxCrossEntropyBackward,
  softmaxCrossEntropyForward,
  softmaxCrossEntropyGeometry,
  softmaxCrossEntropySummary,
} from "./softmax_cross_entropy.js";
import {
  softmaxCrossEntropyBackwardReference,
  softmaxCrossEntropyForwardReference,
  softmaxCrossEntropySummaryReference,
} from "./softmax_cross_entropy.ref.js";

interface Shape extends Partial<CrossEntropyOptions> {
  n: number;
  c: number;
  /** Targets with one 1 per row; else they are probabilities. */
  oneHot?: boolean;
  /** Logits and probabilities of few different values, so that maxima tie. */
  ties?: boolean;
  /** Every fourth logit is -infinity, but never the label's. */
  masked?: boolean;
  /** The first row holds a NaN, the second a +infinity, the third nothing but -infinity. */
  broken?: boolean;
  /** The logit of every second row's label is -infinity. */
  unlikely?: boolean;
  /** The classes that are labels weigh 0. */
  weightless?: boolean;
  /** How many of ten rows have the label that is ignored. */
  ignored?: number;
  bench?: boolean;
}

const shapes: Shape[] = [
  { n: 1, c: 1 },
  { n: 3, c: 5 },
  { n: 3, c: 5, reduction: "sum" },
  { n: 3, c: 5, reduction: "none" },
  { n: 7, c: 9, labelSmoothing: 0.1 },
  { n: 7, c: 9, labelSmoothing: 1, reduction: "none" },
  { n: 7, c: 9, classWeights: true },
  { n: 7, c: 9, classWeights: true, labelSmoothing: 0.3 },
  { n: 7, c: 9, classWeights: true, denominator: "rows" },
  { n: 40, c: 6, ignoreIndex: -100, ignored: 4 },
  { n: 40, c: 6, ignoreIndex: 2, ignored: 3, reduction: "sum" },
  { n: 40, c: 6, ignoreIndex: 255, ignored: 4, reduction: "none", labelSmoothing: 0.2 },
  { n: 40, c: 6, ignoreIndex: 0, ignored: 4, classWeights: true, labelSmoothing: 0.2 },
  { n: 40, c: 6, ignoreIndex: 0, ignored: 4, denominator: "rows" },
  // The mean over no rows is NaN, its gradient 0.
  { n: 5, c: 4, ignoreIndex: -1, ignored: 10 },
  { n: 5, c: 4, ignoreIndex: -1, ignored: 10, reduction: "sum", labelSmoothing: 0.1 },
  { n: 6, c: 7, labels: "target" },
  { n: 6, c: 7, labels: "target", reduction: "sum", labelSmoothing: 0.1 },
  { n: 6, c: 7, labels: "target", reduction: "none", classWeights: true, labelSmoothing: 0.1 },
  { n: 6, c: 7, labels: "target", classWeights: true },
  { n: 30, c: 10, labels: "target", oneHot: true },
  { n: 30, c: 10, labels: "target", oneHot: true, denominator: "rows", labelSmoothing: 0.1 },
  { n: 12, c: 5, examples: 3 },
  { n: 12, c: 5, examples: 12, labels: "target", reduction: "sum" },
  { n: 12, c: 8, examples: 4, reduction: "none", classWeights: true },
  { n: 40, c: 6, examples: 2, ignoreIndex: 0, ignored: 4, labelSmoothing: 0.2, denominator: "rows" },
  { n: 1200, c: 4, examples: 2, reduction: "sum" },
  { n: 200, c: 4, ties: true },
  { n: 200, c: 4, ties: true, labels: "target" },
  { n: 200, c: 4, ties: true, labels: "target", oneHot: true },
  { n: 9, c: 16, masked: true },
  { n: 5, c: 6, broken: true, reduction: "none" },
  { n: 5, c: 6, broken: true, labelSmoothing: 0.1 },
  { n: 5, c: 6, broken: true, labels: "target" },
  { n: 5, c: 6, broken: true, ignoreIndex: 1, ignored: 10 },
  { n: 5, c: 6, broken: true, ignoreIndex: 1, ignored: 10, reduction: "none", classWeights: true },
  { n: 5, c: 6, unlikely: true, labelSmoothing: 1, reduction: "none" },
  { n: 5, c: 6, unlikely: true, labelSmoothing: 0.5, reduction: "none" },
  { n: 4, c: 6, weightless: true, classWeights: true, labelSmoothing: 0.5 },
  { n: 5, c: 6, unlikely: true, labels: "target", oneHot: true, labelSmoothing: 1, reduction: "none" },
  // More rows than lanes, more classes than a chunk.
  { n: 300, c: 130, labelSmoothing: 0.1 },
  { n: 257, c: 65, labels: "target" },
  { n: 3, c: 50_000 },
  { n: 2, c: 50_000, labels: "target", classWeights: true, labelSmoothing: 0.1 },
  { n: 100_000, c: 3, classWeights: true },
  { n: 128, c: 10, bench: true },
  { n: 128, c: 10, labels: "target", oneHot: true, labelSmoothing: 0.1, bench: true },
  { n: 128, c: 1000, bench: true },
  { n: 4096, c: 256, bench: true },
];

function describe({ n, c, ...rest }: Shape): string {
  const words = Object.entries(rest)
    .filter(([name]) => name !== "bench")
    .map(([name, value]) => (value === true ? name : `${name} ${value}`));
  return [`[${n},${c}]`, ...words].join(" ");
}

function operands(shape: Shape, random: CaseRandom): BindingArrays {
  const { n, c, labels = "index", ignoreIndex, ignored = 0 } = shape;
  const logits = shape.ties ? Float32Array.from(random.integers(n * c, 0, 3)) : random.uniform(n * c, -8, 8);
  const classes = random.integers(n, 0, c);
  const given: BindingArrays = { logits };
  if (shape.masked) {
    for (let i = 0; i < n * c; i += 4) if (i % c !== classes[Math.floor(i / c)]) logits[i] = Number.NEGATIVE_INFINITY;
  }
  if (shape.unlikely) {
    for (let row = 0; row < n; row += 2) logits[row * c + (classes[row] as number)] = Number.NEGATIVE_INFINITY;
  }
  if (shape.broken) {
    logits[3] = Number.NaN;
    logits[c + 3] = Number.POSITIVE_INFINITY;
    logits.fill(Number.NEGATIVE_INFINITY, 2 * c, 3 * c);
  }
  if (labels === "index") {
    const drawn = random.integers(n, 0, 10);
    given.labels = classes.map((label, row) => ((drawn[row] as number) < ignored ? (ignoreIndex as number) : label));
  } else if (shape.oneHot) {
    given.targets = Float32Array.from({ length: n * c }, (_, i) => (i % c === classes[Math.floor(i / c)] ? 1 : 0));
  } else {
    given.targets = shape.ties ? Float32Array.from(random.integers(n * c, 1, 3)) : random.uniform(n * c, 0, 1);
    for (let row = 0; row < n; row++) {
      const target = given.targets.subarray(row * c, (row + 1) * c);
      const sum = target.reduce((total, part) => total + part, 0);
      target.set(target.map((part) => part / sum));
    }
  }
  if (shape.classWeights) given.class_weights = random.uniform(c, 0.5, 2);
  if (shape.weightless) for (const label of classes) (given.class_weights as Float32Array)[label] = 0;
  return given;
}

/** Additions that a term of a sum over classes passes through. */
const depth = (c: number): number => Math.min(c, 64) + Math.ceil(c / 64);

/**
 * Error of the sum of exponentials relative to itself. WGSL lets exp(-t) be wrong by 3 + 2t units in the last place, 2^-23
 * each, and t is rounded by 2^-24 t before; the mean of t under the softmax is at most ln c.
 */
const sumError = (c: number): number => (3 + 2.5 * Math.log(c)) * 2 ** -23 + depth(c) * 2 ** -24;

function forwardTolerance({ c }: Shape): NonNullable<KernelCase["tolerance"]> {
  // log is wrong by 2^-21 or 3 units in the last place; logits reach 16 below the maximum; class weights reach 2.
  const atol = 2 * (2 ** -21 + 3 * Math.log(c) * 2 ** -23 + sumError(c) + 16 * 2 ** -24);
  return { rtol: depth(c) * 2 ** -24 + atol, atol };
}

/** Sums of positive numbers: each rounding is relative to a partial sum. A division is wrong by 2.5 units. */
function summaryTolerance({ n: all, examples = 1 }: Shape): NonNullable<KernelCase["tolerance"]> {
  const n = all / examples;
  return { rtol: (Math.ceil(Math.min(n, 512) / 64) + Math.ceil(n / 256) + 16) * 2 ** -24, atol: 0 };
}

function backwardTolerance({ n, c, reduction = "mean", examples = 1 }: Shape): NonNullable<KernelCase["tolerance"]> {
  // dy is below 1, class weights reach 2, and at least half of the rows keep a weight of at least 0.5.
  const scale = reduction === "mean" ? (4 * examples) / n : 1;
  // Probabilities and masses are at most 1 and cancel: exp is wrong by 3 units, both sums by sumError and depth roundings.
  const atol = 2 * scale * (3 * 2 ** -23 + sumError(c) + (depth(c) + 8) * 2 ** -24);
  return { rtol: 8 * 2 ** -23, atol };
}

type Part = "forward" | "summary" | "backward";

function makeCase(shape: Shape, part: Part): KernelCase {
  const { n, c, labels = "index", reduction = "mean", examples, bench = false } = shape;
  const { params } = softmaxCrossEntropyGeometry(
    [n, c],
    labels === "index" ? [n] : [n, c],
    {
      labels,
      reduction,
      labelSmoothing: shape.labelSmoothing ?? 0,
      ignoreIndex: shape.ignoreIndex,
      classWeights: shape.classWeights ?? false,
      denominator: shape.denominator ?? "weights",
      examples,
    },
    0,
  );
  const p = params as SoftmaxCrossEntropyParams;
  const rows = (given: BindingArrays): BindingArrays => softmaxCrossEntropyForwardReference(given, p);
  const inputs: Record<Part, KernelCase["inputs"]> = {
    forward: (random) => operands(shape, random),
    summary: (random) => rows(operands(shape, random)),
    backward: (random) => {
      const given = operands(shape, random);
      const { summary } = softmaxCrossEntropySummaryReference(rows(given), p);
      const dy = random.uniform(reduction === "none" ? n : (examples ?? 1), -1, 1);
      return { ...given, summary: summary as Float32Array, dy };
    },
  };
  const outputs: Record<Part, KernelCase["outputs"]> = {
    forward: { rows: 4 * n },
    summary: { ...(reduction === "none" ? { losses: n } : {}), summary: 4 * (examples ?? 1) },
    backward: { dlogits: n * c },
  };
  const tolerance = { forward: forwardTolerance, summary: summaryTolerance, backward: backwardTolerance };
  return {
    name: describe(shape),
    params,
    inputs: inputs[part],
    outputs: outputs[part],
    tolerance: tolerance[part](shape),
    bench,
  };
}

export const softmaxCrossEntropyEntries: KernelEntry[] = [
  {
    kernel: softmaxCrossEntropyForward,
    reference: softmaxCrossEntropyForwardReference,
    cases: shapes.map((shape) => makeCase(shape, "forward")),
  },
  {
    kernel: softmaxCrossEntropySummary,
    reference: softmaxCrossEntropySummaryReference,
    cases: shapes.map((shape) => makeCase(shape, "summary")),
  },
  {
    kernel: softmaxCrossEntropyBackward,
    reference: softmaxCrossEntropyBackwardReference,
    cases: shapes.map((shape) => makeCase(shape, "backward")),
  },
];
