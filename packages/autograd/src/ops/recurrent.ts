// Recurrent layers: LSTM, GRU and simple ones, over whole sequences and single steps, in several layers and both directions.
import {
  ArgumentError,
  formatShape,
  gatesOf,
  type RecurrentCell,
  type RecurrentStepOptions,
  ShapeError,
} from "@facet/kernels-wgsl";
import { dropout, type Key } from "../random.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { arange, zeros } from "./create.js";
import { add, cast, greater, greaterEqual, less, where } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { type CellAttrs, type CellExtras, type CellInputs, composedSteps } from "./recurrent_cells.js";
import { recurrentOps } from "./recurrent_op.js";
import { concat, reshape, sliceAlong, stack } from "./shape.js";

export type { GruOrder, RecurrentActivation, RecurrentCell } from "@facet/kernels-wgsl";

/**
 * Weights of one layer in one direction. Gates lie behind one another: of an LSTM input, forget, candidate, output (as in PyTorch, Keras
 * and flax), of a GRU as `order` says.
 */
export interface RecurrentWeights {
  /** [gates units, inputs]; with `weightLayout` in_out [inputs, gates units]. */
  input: Tensor;
  /** [gates units, state]; in_out [state, gates units]. */
  recurrent: Tensor;
  /** [gates units]. */
  bias?: Tensor | undefined;
  /** [gates units], added to the product with the state. Of a GRU the reset gate is a factor of its part for the candidate. */
  recurrentBias?: Tensor | undefined;
  /** LSTM: [state, units]; in_out [units, state]. The state is then its product with the cell's output. */
  projection?: Tensor | undefined;
}

export interface RecurrentOptions
  extends Partial<RecurrentStepOptions>,
    Pick<CellExtras, "resetAfter" | "recurrentDropout"> {
  /** `out_in` as PyTorch holds weights (the default), `in_out` as Keras and flax do. */
  weightLayout?: "out_in" | "in_out";
  /** Begins with the last step; results are in the order of time all the same. Default false. */
  reverse?: boolean;
  /** State before the first step, [batch, state]. Default zeros. */
  h?: Tensor | undefined;
  /** LSTM: cell before the first step, [batch, units]. Default zeros. */
  c?: Tensor | undefined;
  /** [steps, batch] of bool: false where a sequence has no such step. Its state stays as it was. */
  mask?: Tensor | undefined;
  /** What outputs are where there is no step: 0 (the default), or `hold`, the output before (0 when there was none), as in Keras. */
  beyond?: "zero" | "hold";
}

export interface RecurrentResult {
  /** State after each step: [steps, batch, state]. */
  y: Tensor;
  /** The last state: [batch, state]. */
  h: Tensor;
  /** LSTM: the last cell: [batch, units]. */
  c: Tensor | undefined;
}

const GATES = "the product of gates and units";

function unitsOf(cell: RecurrentCell, { recurrent }: RecurrentWeights, transposed: boolean): number {
  const width = recurrent.shape[transposed ? 0 : 1];
  if (recurrent.rank === 2 && width !== undefined && width % gatesOf[cell] === 0) return width / gatesOf[cell];
  const expected = `2 dimensions, one of them ${GATES}`;
  throw new ShapeError({ op: cell, argument: "recurrent", expected, given: formatShape(recurrent.shape) });
}

/** The inputs' part of all sums, in one product. Biases that need not meet the state apart are in it. */
function inputSums(cell: RecurrentCell, x: Tensor, weights: RecurrentWeights, transposed: boolean): Tensor {
  const { input, bias, recurrentBias } = weights;
  const [steps, batch, features] = x.shape as [number, number, number];
  if (x.rank !== 3)
    throw new ShapeError({
      op: cell,
      argument: "x",
      expected: "[steps, batch, features]",
      given: formatShape(x.shape),
    });
  const both = cell !== "gru" && bias && recurrentBias ? add(bias, recurrentBias) : undefined;
  const own = both ?? bias ?? (cell === "gru" ? undefined : recurrentBias);
  const sums = matmul(reshape(x, [steps * batch, features]), input, { transposeB: transposed, bias: own });
  return reshape(sums, [steps, batch, sums.shape[1] as number]);
}

/**
 * A recurrent layer in one direction over x [steps, batch, features]. `cell` is lstm, gru or rnn.
 *
 * LSTM: [i f a o] = W x + R h + b; c' = σ(f) c + σ(i) tanh(a); h' = σ(o) tanh(c').
 * GRU: r, z = σ(W x + b + R h + b'), n = tanh(W x + b + r (R h + b')), h' = (1 - z) n + z h; with `resetAfter` false
 * n = tanh(W x + b + R (r h) + b').
 *
 * Options are switches that PyTorch's, Keras' and flax' layers set as theirs. Without recurrent dropout, projection or a reset
 * before the product a step is one product and one kernel, in both directions of time.
 *
 * @throws ShapeError, DtypeError, ArgumentError naming the argument.
 */
export function recurrent(
  cell: RecurrentCell,
  x: Tensor,
  weights: RecurrentWeights,
  options: RecurrentOptions = {},
): RecurrentResult {
  const { weightLayout = "out_in", reverse = false, mask, beyond = "zero", resetAfter = true } = options;
  if (!Object.hasOwn(gatesOf, cell))
    throw new ArgumentError({ op: "recurrent", argument: "cell", expected: "lstm, gru or rnn", given: `${cell}` });
  for (const [argument, given, allowed] of [
    ["weightLayout", weightLayout, ["out_in", "in_out"]],
    ["beyond", beyond, ["zero", "hold"]],
  ] as const)
    if (!(allowed as readonly string[]).includes(given))
      throw new ArgumentError({ op: cell, argument, expected: allowed.join(" or "), given: `${given}` });
  if (cell !== "lstm" && (weights.projection || options.c))
    throw new ArgumentError({
      op: cell,
      argument: weights.projection ? "projection" : "c",
      expected: "nothing: only an lstm has one",
      given: "a tensor",
    });
  if (mask && `${mask.shape}` !== `${x.shape.slice(0, 2)}`)
    throw new ShapeError({
      op: cell,
      argument: "mask",
      expected: formatShape(x.shape.slice(0, 2)),
      given: formatShape(mask.shape),
    });
  return scope(() => {
    const transposed = weightLayout === "out_in";
    const units = unitsOf(cell, weights, transposed);
    const [steps, batch] = x.shape as [number, number];
    const { projection } = weights;
    const state = projection?.shape[transposed ? 0 : 1] ?? units;
    for (const [argument, given, width] of [
      ["h", options.h, state],
      ["c", options.c, units],
    ] as const)
      if (given && `${given.shape}` !== `${[batch, width]}`)
        throw new ShapeError({
          op: cell,
          argument,
          expected: formatShape([batch, width]),
          given: formatShape(given.shape),
        });
    const given = mask && beyond === "zero" ? where(reshape(mask, [steps, batch, 1]), x, 0) : x;
    const inputs: CellInputs = {
      x: inputSums(cell, given, weights, transposed),
      weight: weights.recurrent,
      bias: cell === "gru" ? weights.recurrentBias : undefined,
      h: options.h ?? zeros([batch, state]),
      c: cell === "lstm" ? (options.c ?? zeros([batch, units])) : undefined,
      mask,
    };
    const { activation = "tanh", recurrentActivation = "sigmoid", order = "rzn", recurrentDropout } = options;
    const attrs: CellAttrs = { activation, recurrentActivation, order, reverse, transposed };
    const fused = !projection && !recurrentDropout && resetAfter;
    const { y, h, c } = fused
      ? fusedResult(cell, inputs, attrs)
      : composedResult(cell, inputs, attrs, { resetAfter, recurrentDropout, projection });
    if (!mask) return { y, h, c };
    // Before its first step a sequence has had no output; the state is then what was given.
    const shown = beyond === "zero" ? mask : options.h ? begun(mask, reverse) : undefined;
    return { y: shown ? where(reshape(shown, [steps, batch, 1]), y, 0) : y, h, c };
  });
}

/** Whether a sequence has had a step, at each step. */
function begun(mask: Tensor, reverse: boolean): Tensor {
  const steps = mask.shape[0] as number;
  const [row, column] = [reshape(arange(0, steps), [steps, 1]), arange(0, steps)];
  const before = cast(reverse ? greaterEqual(column, row) : greaterEqual(row, column), "float32");
  return greater(matmul(before, cast(mask, "float32")), 0);
}

function fusedResult(cell: RecurrentCell, inputs: CellInputs, attrs: CellAttrs): RecurrentResult {
  const { x, weight, bias, h, c, mask } = inputs;
  const rows = recurrentOps[cell]({ x, weight, bias, h, c, mask }, attrs);
  const steps = x.shape[0] as number;
  const first = attrs.reverse ? 0 : 1;
  const row = (i: number): Tensor => reshape(sliceAlong(rows, 0, i, i + 1), h.shape);
  return {
    y: sliceAlong(rows, 0, first, first + steps),
    h: row(attrs.reverse ? 0 : steps),
    c: c && row(steps + 1),
  };
}

function composedResult(
  cell: RecurrentCell,
  inputs: CellInputs,
  attrs: CellAttrs,
  extras: CellExtras,
): RecurrentResult {
  const { states, h, c } = composedSteps(cell, inputs, attrs, extras);
  return { y: states.length === 0 ? zeros([0, ...h.shape]) : stack(states, 0), h, c };
}

/** One step: x [batch, features] and states before to states after, as LSTMCell, GRUCell and RNNCell take it. */
export function recurrentCell(
  cell: RecurrentCell,
  x: Tensor,
  weights: RecurrentWeights,
  options: Omit<RecurrentOptions, "reverse" | "mask" | "beyond"> = {},
): { h: Tensor; c: Tensor | undefined } {
  if (x.rank !== 2)
    throw new ShapeError({ op: cell, argument: "x", expected: "[batch, features]", given: formatShape(x.shape) });
  return scope(() => {
    const { h, c } = recurrent(cell, reshape(x, [1, ...x.shape]), weights, options);
    return { h, c };
  });
}

export interface RecurrentLayersOptions extends Omit<RecurrentOptions, "reverse" | "recurrentDropout"> {
  /** States before the first step: [layers directions, batch, state]; directions of a layer lie beside one another. */
  h?: Tensor | undefined;
  c?: Tensor | undefined;
  /** Between layers: the probability, and a key for the outputs of each layer but the last. */
  dropout?: { rate: number; keys: readonly Key[] } | undefined;
}

/**
 * Several layers, each of one or two directions (weights forward, then backward in time): outputs of both are joined and are the next layer's
 * inputs. Returns the last layer's outputs [steps, batch, directions state] and last states [layers directions, batch, state].
 */
export function recurrentLayers(
  cell: RecurrentCell,
  x: Tensor,
  layers: readonly (readonly RecurrentWeights[])[],
  { h, c, dropout: between, ...options }: RecurrentLayersOptions = {},
): RecurrentResult {
  const directions = layers[0]?.length ?? 0;
  if (layers.length === 0 || directions < 1 || directions > 2 || layers.some(({ length }) => length !== directions))
    throw new ArgumentError({
      op: cell,
      argument: "layers",
      expected: "one layer or more, all of one direction or all of two",
      given: `layers of ${layers.map(({ length }) => length).join(", ") || "none"}`,
    });
  if (between && between.rate > 0 && between.keys.length < layers.length - 1)
    throw new ArgumentError({
      op: cell,
      argument: "dropout",
      expected: `${layers.length - 1} keys`,
      given: `${between.keys.length}`,
    });
  const count = layers.length * directions;
  for (const [argument, given] of Object.entries({ h, c }))
    if (given && (given.rank !== 3 || given.shape[0] !== count))
      throw new ShapeError({
        op: cell,
        argument,
        expected: `[${count}, batch, state]`,
        given: formatShape(given.shape),
      });
  const part = (states: Tensor | undefined, i: number): Tensor | undefined =>
    states && reshape(sliceAlong(states, 0, i, i + 1), states.shape.slice(1));
  return scope(() => {
    let input = x;
    const last: RecurrentResult[] = [];
    for (const [l, weights] of layers.entries()) {
      const results = weights.map((own, d) => {
        const i = l * directions + d;
        return recurrent(cell, input, own, { ...options, reverse: d === 1, h: part(h, i), c: part(c, i) });
      });
      last.push(...results);
      input = concat(
        results.map(({ y }) => y),
        2,
      );
      if (between && l < layers.length - 1) input = dropout(input, between.rate, between.keys[l] as Key);
    }
    const cells = last.flatMap((one) => (one.c ? [one.c] : []));
    return {
      y: input,
      h: stack(
        last.map((one) => one.h),
        0,
      ),
      c: cells.length > 0 ? stack(cells, 0) : undefined,
    };
  });
}

/** The mask of sequences of these lengths (int32, [batch]): [steps, batch], true where a sequence has such a step. */
export function sequenceMask(lengths: Tensor, steps: number): Tensor {
  return less(reshape(arange(0, steps, 1, "int32"), [steps, 1]), reshape(lengths, [1, lengths.size]));
}
