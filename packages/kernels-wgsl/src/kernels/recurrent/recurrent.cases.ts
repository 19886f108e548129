import type { BindingArrays, CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import type { AnyKernel } from "../../kernel.js";
import {
  gatesOf,
  gruStepBackward,
  gruStepForward,
  lstmStepBackward,
  lstmStepForward,
  type RecurrentCell,
  type RecurrentStepOptions,
  recurrentStepConstants,
  recurrentStepParams,
  rnnStepBackward,
  rnnStepForward,
} from "./recurrent.js";
import { recurrentStepReference } from "./recurrent.ref.js";

interface Shape {
  steps: number;
  t: number;
  batch: number;
  units: number;
  reverse?: boolean;
  masked?: boolean;
  /** Sums far from 0, and a NaN. */
  far?: boolean;
  options?: Partial<RecurrentStepOptions>;
  bench?: boolean;
}

const shapes: Shape[] = [
  { steps: 1, t: 0, batch: 1, units: 1 },
  { steps: 3, t: 1, batch: 2, units: 5 },
  { steps: 2, t: 1, batch: 5, units: 8, masked: true },
  { steps: 2, t: 1, batch: 5, units: 7, masked: true, reverse: true },
  { steps: 2, t: 0, batch: 3, units: 12, reverse: true, options: { order: "zrn" } },
  { steps: 1, t: 0, batch: 3, units: 4, far: true },
  { steps: 1, t: 0, batch: 3, units: 40, options: { activation: "relu", recurrentActivation: "hard_sigmoid" } },
  { steps: 1, t: 0, batch: 3, units: 9, options: { activation: "linear", recurrentActivation: "tanh" } },
  { steps: 1, t: 0, batch: 3, units: 9, options: { activation: "hard_sigmoid", recurrentActivation: "relu" } },
  { steps: 2, t: 1, batch: 37, units: 300, masked: true },
  { steps: 2, t: 1, batch: 64, units: 512, bench: true },
];

const TORCH: RecurrentStepOptions = { activation: "tanh", recurrentActivation: "sigmoid", order: "rzn" };

function inputsOf(cell: RecurrentCell, backward: boolean, shape: Shape, random: CaseRandom): BindingArrays {
  const { steps, batch, units, far = false } = shape;
  const size = batch * units;
  const some = (n: number): Float32Array => random.uniform(n, -1, 1);
  const mask = Uint32Array.from(random.integers(steps * batch, 0, 2));
  const h = some((steps + 1) * size);
  const cells = some((steps + 1) * size);
  const gates = some(4 * steps * size);
  if (backward) {
    const grads = { dy: some((steps + 1) * size), dh: some(size), mask, direct: some(size) };
    const dx = some(gatesOf[cell] * steps * size);
    if (cell === "lstm") return { ...grads, gates, cells, dc: some(size), dx };
    return cell === "gru" ? { ...grads, gates, h, dx, dg: some(3 * steps * size) } : { ...grads, h, dx };
  }
  const x = some(gatesOf[cell] * steps * size).map((value) => (far ? 100 * value : value));
  if (far) x[0] = Number.NaN;
  const sums = { x, g: some(gatesOf[cell] * size), mask, h };
  return cell === "lstm" ? { ...sums, cells, gates } : cell === "gru" ? { ...sums, gates } : sums;
}

/** Options are constants of a case, and the reference takes them in words: one entry for each kernel, chosen by the case. */
function entry(cell: RecurrentCell, direction: "forward" | "backward", kernel: AnyKernel): KernelEntry {
  const optionsOf = new Map<object, RecurrentStepOptions>();
  const cases = shapes.map((shape): KernelCase => {
    const { steps, t, batch, units, reverse = false, masked = false, far = false, bench = false } = shape;
    const options = { ...TORCH, ...shape.options };
    const constants = recurrentStepConstants(cell, direction, options);
    optionsOf.set(constants, options);
    const words = Object.values(shape.options ?? {}).join(" ");
    return {
      name: `step ${t} of ${steps}, [${batch}, ${units}]${reverse ? " reverse" : ""}${masked ? " masked" : ""}${far ? " far" : ""}${words ? ` ${words}` : ""}`,
      params: recurrentStepParams({ batch, units, t, reverse, masked }),
      constants,
      inputs: (random) => inputsOf(cell, direction === "backward", shape, random),
      outputs: {},
      // A sum, an exponential and a few products of numbers below 4, each rounded.
      tolerance: { rtol: 2e-6, atol: 2e-6 },
      bench,
    };
  });
  return {
    kernel,
    reference: (inputs, params, constants) =>
      recurrentStepReference(cell, direction, optionsOf.get(constants) ?? TORCH)(inputs, params, constants),
    cases,
  };
}

export const recurrentEntries: KernelEntry[] = [
  entry("lstm", "forward", lstmStepForward),
  entry("lstm", "backward", lstmStepBackward),
  entry("gru", "forward", gruStepForward),
  entry("gru", "backward", gruStepBackward),
  entry("rnn", "forward", rnnStepForward),
  entry("rnn", "backward", rnnStepBackward),
];
