import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { defineKernel, type ParamValues, spread } from "../../kernel.js";
import ctcBackwardWgsl from "./ctc_backward.wgsl";
import ctcForwardWgsl from "./ctc_forward.wgsl";

const params = {
  steps: "u32",
  examples: "u32",
  classes: "u32",
  labels: "u32",
  blank: "u32",
  fault_slot: "u32",
} as const;

export type CtcParams = ParamValues<typeof params>;

const floats = { access: "read", dtype: "f32" } as const;
const integers = { access: "read", dtype: "i32" } as const;
const written = { access: "read_write", dtype: "f32" } as const;
const sequences = { log_probs: floats, labels: integers, input_lengths: integers, label_lengths: integers } as const;
const variants = [{ name: "states", order: "steps", workgroups: (p: CtcParams) => spread(p.examples) }] as const;
/** States of an example's labels with blanks around them. */
const statesOf = (p: CtcParams): number => 2 * p.labels + 1;
/** Connectionist temporal classification: -log of the probability of the labels. See ctc_forward.wgsl. */
export const ctcForward = defineKernel({
  name: "ctc_forward",
  wgsl: ctcForwardWgsl,
  // The runtime binds its own faults.
  bindings: {
    ...sequences,
    faults: { access: "read_write", dtype: "u32", optional: true },
    alpha: written,
    loss: written,
  },
  params,
  variants,
  // An exponential of each of three states, and a logarithm; alpha written, and read once.
  cost: (p) => ({
    flops: 20 * p.examples * p.steps * statesOf(p),
    exps: 4 * p.examples * p.steps * statesOf(p),
    bytes: 4 * p.examples * p.steps * (p.classes + 2 * statesOf(p)),
  }),
});

/** Its gradient. See ctc_backward.wgsl. */
export const ctcBackward = defineKernel({
  name: "ctc_backward",
  wgsl: ctcBackwardWgsl,
  bindings: { ...sequences, alpha: floats, dloss: floats, beta: written, dlog_probs: written },
  params,
  variants,
  cost: (p) => ({
    flops: 30 * p.examples * p.steps * statesOf(p),
    exps: 5 * p.examples * p.steps * statesOf(p),
    bytes: 4 * p.examples * p.steps * (2 * p.classes + statesOf(p)),
  }),
});

/**
 * Shapes and params for log-probabilities [steps, examples, classes] and labels [examples, labels].
 *
 * @throws ShapeError on other ranks, numbers of examples or lengths of another shape than [examples], ArgumentError on a blank
 * that is no class.
 */
export function ctcGeometry(
  logProbs: readonly number[],
  labels: readonly number[],
  lengths: Readonly<Record<"inputLengths" | "labelLengths", readonly number[]>>,
  blank: number,
  faultSlot = 0,
): { shape: number[]; params: CtcParams; alpha: number[]; beta: number[] } {
  const op = "ctc";
  const [steps, examples, classes] = logProbs as [number, number, number];
  const [rows, width] = labels as [number, number];
  if (logProbs.length !== 3 || labels.length !== 2 || rows !== examples) {
    const expected = "log-probabilities [steps, examples, classes] and labels [examples, labels]";
    const given = `${formatShape(logProbs)} and ${formatShape(labels)}`;
    throw new ShapeError({ op, argument: "labels", expected, given });
  }
  for (const [argument, shape] of Object.entries(lengths))
    if (`${shape}` !== `${[examples]}`)
      throw new ShapeError({ op, argument, expected: formatShape([examples]), given: formatShape(shape) });
  if (!(Number.isInteger(blank) && blank >= 0 && blank < classes))
    throw new ArgumentError({ op, argument: "blank", expected: `a class from 0 to ${classes - 1}`, given: `${blank}` });
  const states = 2 * width + 1;
  return {
    shape: [examples],
    params: { steps, examples, classes, labels: width, blank, fault_slot: faultSlot },
    alpha: [examples, steps, states],
    beta: [examples, 2, states],
  };
}
