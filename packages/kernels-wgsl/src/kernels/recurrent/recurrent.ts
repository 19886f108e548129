import { ArgumentError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  FAT_LANES,
  type ParamValues,
  spread,
  TILE,
  type Variant,
} from "../../kernel.js";
import gruStepBackwardWgsl from "./gru_step_backward.wgsl";
import gruStepForwardWgsl from "./gru_step_forward.wgsl";
import lstmStepBackwardWgsl from "./lstm_step_backward.wgsl";
import lstmStepForwardWgsl from "./lstm_step_forward.wgsl";
import rnnStepBackwardWgsl from "./rnn_step_backward.wgsl";
import rnnStepForwardWgsl from "./rnn_step_forward.wgsl";

const params = {
  batch: "u32",
  units: "u32",
  t: "u32",
  from_row: "u32",
  to_row: "u32",
  masked: "u32",
  tile: "u32",
} as const;

export type RecurrentStepParams = ParamValues<typeof params>;

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
const mask = { access: "read", dtype: "u32", optional: true } as const satisfies BindingSpec;

const workgroups = (width: number) => (p: RecurrentStepParams) => spread(divideUp((p.batch * p.units) / width, p.tile));

/** `masks`: whether the shader compares numbers, so that it names vectors of words and of booleans. */
const variants = (masks: boolean): Variant<typeof params>[] => [
  {
    name: "vec4",
    order: "elementwise",
    constants: { V: "vec4<f32>", ...(masks ? { U: "vec4<u32>", B: "vec4<bool>" } : {}), WIDTH: "4u" },
    applies: (p) => p.units % 4 === 0,
    workgroups: workgroups(4),
  },
  { name: "scalar", order: "elementwise", workgroups: workgroups(1) },
];

/** Of each unit so many operations, numbers and exponentials; what is read and written once. */
const cost = (flops: number, tensors: number, exps: number) => (p: RecurrentStepParams) => ({
  flops: flops * p.batch * p.units,
  exps: exps * p.batch * p.units,
  bytes: 4 * tensors * p.batch * p.units,
});

/** One step of an LSTM. See lstm_step_forward.wgsl. */
export const lstmStepForward = defineKernel({
  name: "lstm_step_forward",
  wgsl: lstmStepForwardWgsl,
  software: FAT_LANES,
  bindings: { x: read, g: read, mask, h: write, cells: write, gates: write },
  params,
  variants: variants(true),
  cost: cost(20, 15, 5),
});

/** Gradients of a step of an LSTM. See lstm_step_backward.wgsl. */
export const lstmStepBackward = defineKernel({
  name: "lstm_step_backward",
  wgsl: lstmStepBackwardWgsl,
  software: FAT_LANES,
  bindings: { dy: read, dh: read, gates: read, cells: read, mask, dc: write, direct: write, dx: write },
  params,
  variants: variants(true),
  cost: cost(30, 14, 1),
});

/** One step of a GRU. See gru_step_forward.wgsl. */
export const gruStepForward = defineKernel({
  name: "gru_step_forward",
  wgsl: gruStepForwardWgsl,
  software: FAT_LANES,
  bindings: { x: read, g: read, mask, h: write, gates: write },
  params,
  variants: variants(true),
  cost: cost(15, 12, 3),
});

/** Gradients of a step of a GRU. See gru_step_backward.wgsl. */
export const gruStepBackward = defineKernel({
  name: "gru_step_backward",
  wgsl: gruStepBackwardWgsl,
  software: FAT_LANES,
  bindings: { dy: read, dh: read, gates: read, h: read, mask, direct: write, dx: write, dg: write },
  params,
  variants: variants(false),
  cost: cost(15, 15, 0),
});

/** One step of a simple recurrent network. See rnn_step_forward.wgsl. */
export const rnnStepForward = defineKernel({
  name: "rnn_step_forward",
  wgsl: rnnStepForwardWgsl,
  software: FAT_LANES,
  bindings: { x: read, g: read, mask, h: write },
  params,
  variants: variants(true),
  cost: cost(5, 3, 1),
});

/** The gradient of a step of a simple recurrent network. See rnn_step_backward.wgsl. */
export const rnnStepBackward = defineKernel({
  name: "rnn_step_backward",
  wgsl: rnnStepBackwardWgsl,
  software: FAT_LANES,
  bindings: { dy: read, dh: read, h: read, mask, direct: write, dx: write },
  params,
  variants: variants(false),
  cost: cost(4, 4, 0),
});

/** Activations of cells: their expression, and that of the derivative by the value. */
const ACTIVATIONS = {
  tanh: ["tanh_v(v)", "1.0 - v * v"],
  sigmoid: ["sigmoid_v(v)", "v * (1.0 - v)"],
  relu: ["select(v, V(0.0), v < V(0.0))", "select(V(1.0), V(0.0), v <= V(0.0))"],
  linear: ["v", "V(1.0)"],
  hard_sigmoid: [
    "let s = v * 0.16666667 + 0.5; return select(select(s, V(0.0), s < V(0.0)), V(1.0), s > V(1.0))",
    "select(V(0.0), V(0.16666667), (v > V(0.0)) & (v < V(1.0)))",
  ],
} as const satisfies Record<string, readonly [value: string, slope: string]>;

export type RecurrentActivation = keyof typeof ACTIVATIONS;

/** Order of the gates in weights and biases of a GRU: of reset, update and candidate. PyTorch and flax have `rzn`, Keras `zrn`. */
export type GruOrder = "rzn" | "zrn";

export interface RecurrentStepOptions {
  activation: RecurrentActivation;
  /** That of the gates. */
  recurrentActivation: RecurrentActivation;
  order: GruOrder;
}

export type RecurrentCell = "lstm" | "gru" | "rnn";

/** Parts of the inputs' sum of a cell. */
export const gatesOf: Readonly<Record<RecurrentCell, number>> = { lstm: 4, gru: 3, rnn: 1 };

/** What a cell's shaders are specialised by. Throws ArgumentError on an activation or order that there is not. */
export function recurrentStepConstants(
  cell: RecurrentCell,
  direction: "forward" | "backward",
  { activation, recurrentActivation, order }: RecurrentStepOptions,
): Constants {
  for (const [argument, given] of Object.entries({ activation, recurrentActivation }))
    if (!Object.hasOwn(ACTIVATIONS, given))
      throw new ArgumentError({ op: cell, argument, expected: Object.keys(ACTIVATIONS).join(", "), given: `${given}` });
  if (order !== "rzn" && order !== "zrn")
    throw new ArgumentError({ op: cell, argument: "order", expected: "rzn or zrn", given: `${order}` });
  const constants: Record<string, string> = {};
  const [value, slope] = ACTIVATIONS[activation];
  const [gate, gateSlope] = ACTIVATIONS[recurrentActivation];
  if (direction === "forward" || cell === "lstm") constants.activate = value;
  if (direction === "backward") constants.activate_slope = slope;
  if (cell !== "rnn") Object.assign(constants, direction === "forward" ? { gate } : { gate_slope: gateSlope });
  if (cell === "gru" && order === "zrn") Object.assign(constants, { RESET: "1u", UPDATE: "0u" });
  return constants;
}

export interface RecurrentStep {
  batch: number;
  units: number;
  /** Row of the inputs. */
  t: number;
  /** Whether the state after step t lies before the one it came from. */
  reverse: boolean;
  masked: boolean;
}

/** Params of one step: states lie in the order of time, with the one before the first step at their end. */
export function recurrentStepParams({ batch, units, t, reverse, masked }: RecurrentStep): RecurrentStepParams {
  const [from_row, to_row] = reverse ? [t + 1, t] : [t, t + 1];
  return { batch, units, t, from_row, to_row, masked: Number(masked), tile: TILE };
}
