import type { BindingArray, BindingArrays } from "../../cases.js";
import type { CtcParams } from "./ctc.js";

const logSum = (...terms: number[]): number => {
  const largest = Math.max(...terms);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
};

/** An example's states: the class of each, and what leads to it. */
function statesOf(inputs: BindingArrays, p: CtcParams, n: number) {
  const count = (inputs.label_lengths as BindingArray)[n] as number;
  const classes = Array.from({ length: 2 * count + 1 }, (_, s) =>
    s % 2 === 0 ? p.blank : ((inputs.labels as BindingArray)[n * p.labels + (s - 1) / 2] as number),
  );
  const skips = (s: number): boolean => s % 2 === 1 && s >= 3 && classes[s] !== classes[s - 2];
  const score = (t: number, s: number): number =>
    (inputs.log_probs as BindingArray)[(t * p.examples + n) * p.classes + (classes[s] as number)] as number;
  return { steps: (inputs.input_lengths as BindingArray)[n] as number, classes, skips, score };
}

/** The largest, 0 where all are -infinity. */
const largestOf = (row: readonly number[]): number => {
  const largest = Math.max(...row);
  return largest === Number.NEGATIVE_INFINITY ? 0 : largest;
};

/** log of the sum over alignments that end in each state, step by step, less the largest of each step before. */
function forward(inputs: BindingArrays, p: CtcParams, n: number): { alpha: number[][]; loss: number } {
  const { steps, classes, skips, score } = statesOf(inputs, p, n);
  const alpha: number[][] = [];
  let offset = 0;
  for (let t = 0; t < steps; t++) {
    const last = alpha[t - 1];
    const at = (s: number): number => last?.[s] ?? Number.NEGATIVE_INFINITY;
    const most = last ? largestOf(last) : 0;
    offset += most;
    alpha.push(
      classes.map((_, s) => {
        const start = s < 2 ? 0 : Number.NEGATIVE_INFINITY;
        const before = last ? logSum(at(s), at(s - 1), skips(s) ? at(s - 2) : Number.NEGATIVE_INFINITY) - most : start;
        return before + score(t, s);
      }),
    );
  }
  const end = alpha.at(-1);
  if (!end) return { alpha, loss: classes.length === 1 ? 0 : Number.POSITIVE_INFINITY };
  return { alpha, loss: -(offset + logSum(...end.slice(-2))) };
}

export function ctcForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as CtcParams;
  const width = 2 * p.labels + 1;
  // What the lengths do not reach is not written.
  const alpha = new Float32Array(new Uint32Array(p.examples * p.steps * width).fill(0x7fc0dead).buffer);
  const loss = new Float32Array(p.examples);
  for (let n = 0; n < p.examples; n++) {
    const own = forward(inputs, p, n);
    for (const [t, row] of own.alpha.entries()) alpha.set(row, (n * p.steps + t) * width);
    loss[n] = own.loss;
  }
  return { alpha, loss };
}

export function ctcBackwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as CtcParams;
  const width = 2 * p.labels + 1;
  const dlog_probs = new Float32Array(p.steps * p.examples * p.classes);
  const beta = new Float32Array(new Uint32Array(p.examples * 2 * width).fill(0x7fc0dead).buffer);
  for (let n = 0; n < p.examples; n++) {
    const { steps, classes, skips, score } = statesOf(inputs, p, n);
    const { alpha } = forward(inputs, p, n);
    const dy = (inputs.dloss as BindingArray)[n] as number;
    let after: number[] = [];
    for (let t = steps - 1; t >= 0; t--) {
      const next = after;
      const from = (s: number): number =>
        s < classes.length ? (next[s] as number) + score(t + 1, s) : Number.NEGATIVE_INFINITY;
      const most = next.length > 0 ? largestOf(next) : 0;
      after = classes.map((_, s) => {
        if (t === steps - 1) return s + 2 >= classes.length ? 0 : Number.NEGATIVE_INFINITY;
        const two = skips(s + 2) && s + 2 < classes.length ? from(s + 2) : Number.NEGATIVE_INFINITY;
        return logSum(from(s), from(s + 1), two) - most;
      });
      beta.set(after, (2 * n + (t % 2)) * width);
      const row = (t * p.examples + n) * p.classes;
      const paths = classes.map((_, s) => (alpha[t]?.[s] as number) + (after[s] as number));
      const all = logSum(...paths);
      for (const [s, label] of classes.entries())
        if (dy !== 0) (dlog_probs[row + label] as number) -= dy * Math.exp((paths[s] as number) - all);
    }
  }
  return { beta, dlog_probs };
}
