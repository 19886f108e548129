// LSTM whose products are convolutions: states are images, channels last.
import { ArgumentError, formatShape, type RecurrentStepOptions, ShapeError } from "@facet/kernels-wgsl";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { type ConvAttrs, conv } from "./conv.js";
import { zeros } from "./create.js";
import { add, mul, where } from "./elementwise.js";
import type { RecurrentResult } from "./recurrent.js";
import { recurrentActivations } from "./recurrent_cells.js";
import { reshape, sliceAlong, stack } from "./shape.js";

/** Filters with the gates input, forget, candidate, output behind one another in their last dimension. */
export interface ConvLstmWeights {
  /** [...taps, channels, 4 filters]. */
  input: Tensor;
  /** [...taps, filters, 4 filters]; padded so that images keep their size. */
  recurrent: Tensor;
  /** [4 filters]. */
  bias?: Tensor | undefined;
}

export interface ConvLstmOptions extends Partial<Omit<RecurrentStepOptions, "order">> {
  /** Of the convolution of the inputs. Default 1 along every axis. */
  stride?: readonly number[] | undefined;
  dilation?: readonly number[] | undefined;
  /** Zeros before and after each axis of the inputs, in pairs. Default none. */
  padding?: readonly number[] | undefined;
  reverse?: boolean;
  /** State and cell before the first step: [batch, ...extents, filters]. Default zeros. */
  h?: Tensor | undefined;
  c?: Tensor | undefined;
  /** [steps, batch] of bool: false where a sequence has no such step. Its state stays as it was, and is the output. */
  mask?: Tensor | undefined;
}

const LAYOUTS = {
  1: { layout: "NWC", filterLayout: "WIO" },
  2: { layout: "NHWC", filterLayout: "HWIO" },
  3: { layout: "NDHWC", filterLayout: "DHWIO" },
} as const;

/**
 * A convolutional LSTM over x [steps, batch, ...extents, channels] of one to three axes, as Keras' ConvLSTM layers: [i f a o] = x * W + h * R + b;
 * c' = σ(f) c + σ(i) tanh(a); h' = σ(o) tanh(c'). One convolution makes the inputs' part of all steps.
 *
 * @throws ShapeError, ArgumentError naming the argument.
 */
export function convLstm(
  x: Tensor,
  { input, recurrent, bias }: ConvLstmWeights,
  options: ConvLstmOptions = {},
): RecurrentResult {
  const op = "conv_lstm";
  const rank = x.rank - 3;
  if (rank !== 1 && rank !== 2 && rank !== 3)
    throw new ShapeError({
      op,
      argument: "x",
      expected: "[steps, batch, one to three extents, channels]",
      given: formatShape(x.shape),
    });
  const filters = recurrent.shape.at(-2) as number;
  if (recurrent.rank !== rank + 2 || recurrent.shape.at(-1) !== 4 * filters)
    throw new ShapeError({
      op,
      argument: "recurrent",
      expected: `${rank} taps, filters, 4 filters`,
      given: formatShape(recurrent.shape),
    });
  const { activation = "tanh", recurrentActivation = "sigmoid", reverse = false, mask } = options;
  for (const [argument, given] of Object.entries({ activation, recurrentActivation }))
    if (!Object.hasOwn(recurrentActivations, given))
      throw new ArgumentError({
        op,
        argument,
        expected: Object.keys(recurrentActivations).join(", "),
        given: `${given}`,
      });
  const [activate, gate] = [recurrentActivations[activation], recurrentActivations[recurrentActivation]];
  const ones = new Array<number>(rank).fill(1);
  const attrs: ConvAttrs = {
    ...LAYOUTS[rank],
    stride: options.stride ?? ones,
    dilation: options.dilation ?? ones,
    padding: options.padding ?? new Array<number>(2 * rank).fill(0),
    groups: 1,
  };
  // An image keeps its size: the larger part of what is missing lies behind, as with "same" padding.
  const same = recurrent.shape
    .slice(0, rank)
    .flatMap((taps) => [Math.floor((taps - 1) / 2), Math.ceil((taps - 1) / 2)]);
  const inner: ConvAttrs = { ...LAYOUTS[rank], stride: ones, dilation: ones, padding: same, groups: 1 };
  return scope(() => {
    const [steps, batch] = x.shape as [number, number];
    const sums = conv(reshape(x, [steps * batch, ...x.shape.slice(2)]), input, bias, attrs);
    const state = [batch, ...sums.shape.slice(1, -1), filters];
    for (const [argument, given] of Object.entries({ h: options.h, c: options.c }))
      if (given && `${given.shape}` !== `${state}`)
        throw new ShapeError({ op, argument, expected: formatShape(state), given: formatShape(given.shape) });
    const rows = reshape(sums, [steps, batch, ...sums.shape.slice(1)]);
    const part = (of: Tensor, k: number): Tensor => sliceAlong(of, -1, k * filters, (k + 1) * filters);
    const rowOf = (of: Tensor, t: number): Tensor => reshape(sliceAlong(of, 0, t, t + 1), of.shape.slice(1));
    let [h, c] = [options.h ?? zeros(state), options.c ?? zeros(state)];
    const states: Tensor[] = [];
    for (let s = 0; s < steps; s++) {
      const t = reverse ? steps - 1 - s : s;
      const all = add(rowOf(rows, t), conv(h, recurrent, undefined, inner));
      const cell = add(mul(gate(part(all, 1)), c), mul(gate(part(all, 0)), activate(part(all, 2))));
      const next = mul(gate(part(all, 3)), activate(cell));
      const present = mask && reshape(rowOf(mask, t), [batch, ...state.slice(1).map(() => 1)]);
      h = present ? where(present, next, h) : next;
      c = present ? where(present, cell, c) : cell;
      states[t] = h;
    }
    return { y: states.length > 0 ? stack(states, 0) : zeros([0, ...state]), h, c };
  });
}
