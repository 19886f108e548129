// Recurrent cells written in ops: what the fused cells compute, with all options, differentiable any number of times.
import { gatesOf, type RecurrentActivation, type RecurrentCell, type RecurrentStepOptions } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { relu, sigmoid, tanh } from "./activations.js";
import { add, mul, sub, where } from "./elementwise.js";
import { clamp } from "./elementwise_unary.js";
import { matmul } from "./matmul.js";
import { concat, reshape, sliceAlong } from "./shape.js";

/** What the recurrence of a cell is given: the inputs' part of all steps' sums, weights, states. */
export interface CellInputs {
  /** [steps, batch, gates units], with the biases that may be added before. */
  x: Tensor;
  /** [units, gates units]; or one for each of several equal parts of the batch, as of examples of a vmap: [parts, units, gates units]. */
  weight: Tensor;
  /** GRU alone: [3 units] for each weight, added to the product with the state. */
  bias?: Tensor | undefined;
  h: Tensor;
  c?: Tensor | undefined;
  /** [steps, batch] of bool: false where a sequence has no such step. */
  mask?: Tensor | undefined;
}

export interface CellAttrs extends RecurrentStepOptions {
  reverse: boolean;
  /** Whether the weight is [gates units, units] and not [units, gates units]. */
  transposed: boolean;
}

/** What only cells written in ops have. */
export interface CellExtras {
  /** GRU: whether the reset gate is applied behind the product with the weight. Default true. */
  resetAfter?: boolean;
  /** Factors of the state where it meets the weight, the same in all steps: [1, batch, units], or for each gate. */
  recurrentDropout?: Tensor | undefined;
  /** LSTM: [outputs, units], or [units, outputs] as `transposed` says; the state is then its product with the cell's output. */
  projection?: Tensor | undefined;
}

export const recurrentActivations: Readonly<Record<RecurrentActivation, (x: Tensor) => Tensor>> = {
  tanh,
  sigmoid,
  relu,
  linear: (x) => x,
  hard_sigmoid: (x) => clamp(add(mul(x, 1 / 6), 0.5), 0, 1),
};

/** Part k of a weight's gates. */
const partOf = (weight: Tensor, k: number, units: number, transposed: boolean): Tensor =>
  sliceAlong(weight, transposed ? 0 : 1, k * units, (k + 1) * units);

/** A state [batch, ...] times a weight; or times weights [parts, ...], the first for the first of as many equal parts of the batch. */
export function stateProduct(
  h: Tensor,
  weight: Tensor,
  { bias, ...options }: { transposeB: boolean; bias?: Tensor | undefined },
): Tensor {
  if (weight.rank === 2) return matmul(h, weight, { ...options, bias });
  const [batch, width] = h.shape as [number, number];
  const [parts] = weight.shape as [number];
  const y = matmul(reshape(h, [parts, batch / parts, width]), weight, options);
  const sums = bias ? add(y, reshape(bias, [parts, 1, y.shape[2] as number])) : y;
  return reshape(sums, [batch, y.shape[2] as number]);
}

const rowOf = (x: Tensor, i: number): Tensor => reshape(sliceAlong(x, 0, i, i + 1), x.shape.slice(1));

/** States after every step, in the order of time, and the last ones. */
export function composedSteps(
  cell: RecurrentCell,
  { x, weight, bias, h: first, c: firstCell, mask }: CellInputs,
  { activation, recurrentActivation, order, reverse, transposed }: CellAttrs,
  { resetAfter = true, recurrentDropout, projection }: CellExtras = {},
): { states: Tensor[]; h: Tensor; c: Tensor | undefined } {
  const [steps, batch, width] = x.shape as [number, number, number];
  const units = width / gatesOf[cell];
  const [activate, gate] = [recurrentActivations[activation], recurrentActivations[recurrentActivation]];
  const [r, z] = order === "rzn" ? [0, 1] : [1, 0];
  /** The state as gate k meets it. */
  const seen = (h: Tensor, k: number): Tensor => {
    if (!recurrentDropout) return h;
    return mul(h, rowOf(recurrentDropout, recurrentDropout.shape[0] === 1 ? 0 : k));
  };
  const part = (h: Tensor, k: number): Tensor =>
    matmul(seen(h, k), partOf(weight, k, units, transposed), { transposeB: transposed });
  const product = (h: Tensor): Tensor => {
    const whole = !recurrentDropout || recurrentDropout.shape[0] === 1;
    if (whole) return stateProduct(seen(h, 0), weight, { transposeB: transposed, bias });
    const y = concat(
      Array.from({ length: gatesOf[cell] }, (_, k) => part(h, k)),
      1,
    );
    return bias ? add(y, bias) : y;
  };
  const at = (sums: Tensor, k: number): Tensor => sliceAlong(sums, 1, k * units, (k + 1) * units);
  const lstm = (xs: Tensor, h: Tensor, c: Tensor): { h: Tensor; c: Tensor } => {
    const sums = add(xs, product(h));
    const kept = mul(gate(at(sums, 1)), c);
    const next = add(kept, mul(gate(at(sums, 0)), activate(at(sums, 2))));
    const output = mul(gate(at(sums, 3)), activate(next));
    return { h: projection ? matmul(output, projection, { transposeB: transposed }) : output, c: next };
  };
  const gru = (xs: Tensor, h: Tensor): Tensor => {
    const inner = resetAfter ? product(h) : undefined;
    const sum = (k: number): Tensor => {
      if (inner) return add(at(xs, k), at(inner, k));
      const own = part(h, k);
      return add(at(xs, k), bias ? add(own, sliceAlong(bias, 0, k * units, (k + 1) * units)) : own);
    };
    const reset = gate(sum(r));
    const update = gate(sum(z));
    const own = inner ? mul(reset, at(inner, 2)) : resetBefore(reset, h);
    const candidate = activate(add(at(xs, 2), own));
    return add(candidate, mul(update, sub(h, candidate)));
  };
  const resetBefore = (reset: Tensor, h: Tensor): Tensor => {
    const own = matmul(mul(reset, seen(h, 2)), partOf(weight, 2, units, transposed), { transposeB: transposed });
    return bias ? add(own, sliceAlong(bias, 0, 2 * units, 3 * units)) : own;
  };
  let h = first;
  let c = firstCell;
  const states: Tensor[] = [];
  for (let s = 0; s < steps; s++) {
    const t = reverse ? steps - 1 - s : s;
    const xs = rowOf(x, t);
    const next =
      cell === "lstm"
        ? lstm(xs, h, c as Tensor)
        : { h: cell === "gru" ? gru(xs, h) : activate(add(xs, product(h))), c: undefined };
    const present = mask && reshape(rowOf(mask, t), [batch, 1]);
    h = present ? where(present, next.h, h) : next.h;
    if (next.c) c = present ? where(present, next.c, c as Tensor) : next.c;
    states[t] = h;
  }
  return { states, h, c };
}
