import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { ctcBackward, ctcForward, ctcGeometry } from "./ctc.js";
import { ctcBackwardReference, ctcForwardReference } from "./ctc.ref.js";

interface Shape {
  steps: number;
  classes: number;
  labels: number;
  /** Steps and labels of each example; default all, and half of them. */
  lengths: readonly (readonly [steps: number, labels: number])[];
  repeated?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { steps: 5, classes: 4, labels: 2, lengths: [[5, 2]] },
  {
    steps: 12,
    classes: 5,
    labels: 4,
    lengths: [
      [12, 4],
      [9, 3],
      [4, 0],
      [12, 1],
    ],
  },
  // A label that follows itself needs a blank between.
  {
    steps: 9,
    classes: 3,
    labels: 4,
    lengths: [
      [9, 4],
      [8, 3],
    ],
    repeated: true,
  },
  // More labels than steps, no steps at all.
  {
    steps: 3,
    classes: 4,
    labels: 5,
    lengths: [
      [3, 5],
      [3, 2],
      [0, 0],
      [0, 1],
    ],
  },
  {
    steps: 40,
    classes: 30,
    labels: 37,
    lengths: [
      [40, 20],
      [40, 37],
    ],
  },
  { steps: 150, classes: 29, labels: 20, lengths: Array.from({ length: 32 }, () => [150, 20] as const), bench: true },
];

function sequences(random: CaseRandom, shape: Shape): BindingArrays {
  const { steps, classes, labels, lengths, repeated } = shape;
  const examples = lengths.length;
  const log_probs = random.uniform(steps * examples * classes, -4, 0);
  for (let row = 0; row < steps * examples; row++) {
    const own = log_probs.subarray(row * classes, (row + 1) * classes);
    const total = Math.log(own.reduce((sum, x) => sum + Math.exp(x), 0));
    for (const [c, x] of own.entries()) own[c] = x - total;
  }
  return {
    log_probs,
    labels: repeated ? new Int32Array(examples * labels).fill(1) : random.integers(examples * labels, 1, classes),
    input_lengths: Int32Array.from(lengths, ([count]) => count),
    label_lengths: Int32Array.from(lengths, ([, count]) => count),
  };
}

const geometryOf = ({ steps, classes, labels, lengths }: Shape) =>
  ctcGeometry(
    [steps, lengths.length, classes],
    [lengths.length, labels],
    { inputLengths: [lengths.length], labelLengths: [lengths.length] },
    0,
  );
const nameOf = ({ steps, classes, labels, lengths, repeated }: Shape): string =>
  `[${steps}, ${lengths.length}, ${classes}] labels ${labels}${repeated ? " repeated" : ""}`;
// Alpha is less than about 30 in size; each step adds its roundings.
const tolerance = { rtol: 5e-6, atol: 1e-5 };

const forwardCase = (shape: Shape): KernelCase => {
  const { params, alpha } = geometryOf(shape);
  return {
    name: nameOf(shape),
    params,
    inputs: (random) => sequences(random, shape),
    outputs: { alpha: sizeOf(alpha), loss: shape.lengths.length },
    tolerance,
    bench: shape.bench ?? false,
  };
};
const backwardCase = (shape: Shape): KernelCase => {
  const { params, beta } = geometryOf(shape);
  const examples = shape.lengths.length;
  return {
    name: nameOf(shape),
    params,
    inputs: (random) => {
      const given = sequences(random, shape);
      // An infinite loss is passed over by a gradient of 0.
      const forward = ctcForwardReference(given, params) as Record<"alpha" | "loss", Float32Array>;
      const dloss = random.uniform(examples, 0.5, 2).map((dy, n) => (Number.isFinite(forward.loss[n]) ? dy : 0));
      return { ...given, alpha: forward.alpha, dloss };
    },
    outputs: { beta: sizeOf(beta), dlog_probs: shape.steps * examples * shape.classes },
    // A probability is the exponential of a sum of that size.
    tolerance: { rtol: 2e-5, atol: 5e-6 },
    bench: shape.bench ?? false,
  };
};

export const ctcEntries: KernelEntry[] = [
  { kernel: ctcForward, reference: ctcForwardReference, cases: shapes.map(forwardCase) },
  { kernel: ctcBackward, reference: ctcBackwardReference, cases: shapes.map(backwardCase) },
];
