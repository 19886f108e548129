import type { BindingArrays } from "../../cases.js";
import type { SoftmaxCrossEntropyParams } from "./softmax_cross_entropy.js";

interface Operands {
  logits: Float32Array;
  labels?: Int32Array;
  targets?: Float32Array;
  class_weights?: Float32Array;
}

/** Index of the first NaN, or of the first maximum if there is none. */
function argmax(values: number[]): number {
  const broken = values.findIndex(Number.isNaN);
  return broken >= 0 ? broken : values.indexOf(maximumOf(values));
}

const maximumOf = (values: number[]): number => values.reduce((most, v) => Math.max(most, v));

/** Target distribution of a row before smoothing, or undefined for a row that is ignored or has a label out of range. */
function targetOf(p: SoftmaxCrossEntropyParams, { labels, targets }: Operands, row: number): number[] | undefined {
  if (targets) return Array.from(targets.subarray(row * p.c, (row + 1) * p.c));
  const label = labels?.[row] as number;
  if ((p.has_ignore && label === p.ignore_index) || label < 0 || label >= p.c) return undefined;
  return Array.from({ length: p.c }, (_, j) => (j === label ? 1 : 0));
}

function logSoftmax(logits: number[]): number[] {
  const top = maximumOf(logits);
  const logSum = Math.log(logits.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return logits.map((v) => v - top - logSum);
}

interface Row {
  logits: number[];
  target: number[];
  /** What each class's negative log probability is multiplied by. */
  mass: number[];
}

function rowOf(p: SoftmaxCrossEntropyParams, operands: Operands, row: number): Row | undefined {
  const target = targetOf(p, operands, row);
  if (!target) return undefined;
  const weight = (j: number): number => operands.class_weights?.[j] ?? 1;
  return {
    logits: Array.from(operands.logits.subarray(row * p.c, (row + 1) * p.c)),
    target,
    mass: target.map((t, j) => weight(j) * (p.keep * t + p.share)),
  };
}

/** Of every row: PyTorch's CrossEntropyLoss with its label smoothing and weights, its denominator, right or not, 1. */
export function softmaxCrossEntropyForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as SoftmaxCrossEntropyParams;
  const operands = inputs as unknown as Operands;
  const rows = new Float32Array(4 * p.n);
  for (let r = 0; r < p.n; r++) {
    const row = rowOf(p, operands, r);
    if (!row) continue;
    const logProbabilities = logSoftmax(row.logits);
    // A class of mass 0 under index labels is not looked at, so that its logit may be -infinity.
    const loss = row.mass.reduce(
      (total, mass, j) =>
        mass === 0 && !p.has_targets && row.target[j] === 0 ? total : total - mass * (logProbabilities[j] as number),
      0,
    );
    const label = argmax(row.target);
    // The label's own part counts where it is kept by 0 too: 0 times infinity is NaN.
    const own = p.has_targets || p.keep !== 0 ? 0 : 0 * (logProbabilities[label] as number);
    const share = p.has_targets ? 1 : (operands.class_weights?.[label] ?? 1);
    rows.set([loss + own, share, argmax(row.logits) === label ? 1 : 0, 1], 4 * r);
  }
  return { rows };
}

/** The denominators of PyTorch and Keras; sums in f64. Losses are only asked for without reduction. */
export function softmaxCrossEntropySummaryReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as SoftmaxCrossEntropyParams;
  const rows = inputs.rows as Float32Array;
  const per = p.n / p.examples;
  const column = (at: number, first: number, count: number): number[] =>
    Array.from({ length: count }, (_, r) => rows[4 * (first + r) + at] as number);
  const summary = new Float32Array(4 * p.examples);
  for (let e = 0; e < p.examples; e++) {
    const [sum, weights, correct, kept] = [0, 1, 2, 3].map((at) =>
      column(at, e * per, per).reduce((total, v) => total + v, 0),
    ) as [number, number, number, number];
    const denominator = p.count_rows ? per : weights;
    const loss = p.reduction === 1 ? (denominator === 0 ? weights : sum) / denominator : sum;
    summary.set([loss, denominator, correct, kept], 4 * e);
  }
  return p.reduction === 0 ? { losses: Float32Array.from(column(0, 0, p.n)), summary } : { summary };
}

export function softmaxCrossEntropyBackwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as SoftmaxCrossEntropyParams;
  const { summary, dy } = inputs as { summary: Float32Array; dy: Float32Array };
  const dlogits = new Float32Array(p.n * p.c);
  for (let r = 0; r < p.n; r++) {
    const row = rowOf(p, inputs as unknown as Operands, r);
    if (!row) {
      const logits = (inputs.logits as Float32Array).subarray(r * p.c, (r + 1) * p.c);
      dlogits.set(
        logSoftmax(Array.from(logits)).map((v) => 0 * Math.exp(v)),
        r * p.c,
      );
      continue;
    }
    const example = Math.floor((r * p.examples) / p.n);
    const denominator = p.reduction === 1 ? (summary[4 * example + 1] as number) : 1;
    const own = dy[p.reduction === 0 ? r : example] as number;
    const scale = p.reduction === 0 ? own : (denominator === 0 ? 0 : own) / denominator;
    const whole = row.mass.reduce((total, mass) => total + mass, 0);
    dlogits.set(
      logSoftmax(row.logits).map((v, j) => scale * (whole * Math.exp(v) - (row.mass[j] as number))),
      r * p.c,
    );
  }
  return { dlogits };
}
