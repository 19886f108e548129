import { ArgumentError, formatShape } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
  type Variant,
} from "../../kernel.js";
import logSoftmaxBackwardWgsl from "./log_softmax_backward.wgsl";
import logSoftmaxForwardWgsl from "./log_softmax_forward.wgsl";
import softmaxBackwardWgsl from "./softmax_backward.wgsl";
import softmaxForwardWgsl from "./softmax_forward.wgsl";
import softmaxForwardOnlineWgsl from "./softmax_forward_online.wgsl";
import softmaxForwardOnlineFourRowsWgsl from "./softmax_forward_online_four_rows.wgsl";

/** The axis has `size` elements, `inner` apart. */
const params = { outer: "u32", size: "u32", inner: "u32" } as const;

export type SoftmaxParams = ParamValues<typeof params>;

const order = "chunks_of_64";
const workgroups = (wide: number) => (p: SoftmaxParams) => spread(divideUp((p.outer * p.inner) / wide, 32));

/** What a kernel's one-line functions become for a vector along the axis. */
type Along = (lanes: readonly string[]) => Constants;

/** One row per thread, or four side by side; where rows are contiguous, two or four neighbours of one at once. */
function variants(alongAxis: Along, masks: boolean): Variant<typeof params>[] {
  const vector = (size: number): Constants => ({
    V: `vec${size}<f32>`,
    ...(masks ? { I: `vec${size}<i32>`, B: `vec${size}<bool>` } : {}),
  });
  const along = (size: 2 | 4): Variant<typeof params> => ({
    name: `rows_vec${size}`,
    order,
    constants: { ...vector(size), LONG: `${size}u`, ...alongAxis(["x", "y", "z", "w"].slice(0, size)) },
    applies: (p) => p.inner === 1 && p.size % size === 0,
    workgroups: workgroups(1),
  });
  return [
    along(4),
    along(2),
    {
      name: "four_rows",
      order,
      constants: { ...vector(4), S: "V", WIDE: "4u" },
      applies: (p) => p.inner % 4 === 0,
      workgroups: workgroups(4),
    },
    { name: "rows", order, workgroups: workgroups(1) },
  ];
}

/** Rows of a multiple of eight contiguous elements, or of four with four rows side by side: read twice and written once. */
const online = (constants: Constants = {}): Variant<typeof params>[] => [
  {
    name: "rows_online",
    order: "eights in chunks of 64",
    wgsl: softmaxForwardOnlineWgsl,
    constants,
    applies: (p) => p.inner === 1 && p.size % 8 === 0,
    workgroups: workgroups(1),
  },
  {
    name: "four_rows_online",
    order: "fours in chunks of 64",
    wgsl: softmaxForwardOnlineFourRowsWgsl,
    constants,
    applies: (p) => p.inner % 4 === 0 && p.size % 4 === 0,
    workgroups: workgroups(4),
  },
];

const peak = (lanes: readonly string[]): Constants => ({
  first: "v.x",
  peak: lanes.reduce((top, lane) => `max(${top}, v.${lane})`, "top"),
});
const add = (lanes: readonly string[]): Constants => ({
  add: `part + ${lanes.map((lane) => `v.${lane}`).join(" + ")}`,
});
const peakAndAdd: Along = (lanes) => ({ ...peak(lanes), ...add(lanes) });
const addProducts: Along = (lanes) => ({
  add: lanes.reduce((part, lane) => `fma(a.${lane}, b.${lane}, ${part})`, "part"),
});

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
const cost = (flops: number, tensors: number, exps: number) => (p: SoftmaxParams) => ({
  flops: flops * p.outer * p.size * p.inner,
  exps: exps * p.outer * p.size * p.inner,
  bytes: 4 * tensors * p.outer * p.size * p.inner,
});

/** y = softmax of x along the axis. See softmax_forward.wgsl. */
export const softmaxForward = defineKernel({
  name: "softmax_forward",
  wgsl: softmaxForwardWgsl,
  bindings: { x: read, y: write },
  halves: ["x", "y"],
  params,
  variants: [...online(), ...variants(peakAndAdd, true)],
  cost: cost(4, 2, 1),
});

/** dx from the softmax y and dy. See softmax_backward.wgsl. */
export const softmaxBackward = defineKernel({
  name: "softmax_backward",
  wgsl: softmaxBackwardWgsl,
  bindings: { y: read, dy: read, dx: write },
  halves: ["y", "dy", "dx"],
  params,
  variants: variants(addProducts, false),
  cost: cost(4, 3, 0),
});

/** y = logarithm of the softmax of x along the axis. See log_softmax_forward.wgsl. */
export const logSoftmaxForward = defineKernel({
  name: "log_softmax_forward",
  wgsl: logSoftmaxForwardWgsl,
  bindings: { x: read, y: write },
  halves: ["x", "y"],
  params,
  variants: [...online({ normaliser: "log_of(sum)", finish: "(v - top) - n" }), ...variants(peakAndAdd, true)],
  cost: cost(5, 2, 1),
});

/** dx from the log-softmax y and dy. See log_softmax_backward.wgsl. */
export const logSoftmaxBackward = defineKernel({
  name: "log_softmax_backward",
  wgsl: logSoftmaxBackwardWgsl,
  bindings: { y: read, dy: read, dx: write },
  halves: ["y", "dy", "dx"],
  params,
  variants: variants(add, true),
  cost: cost(3, 3, 1),
});

/**
 * Params of all four kernels for a contiguous tensor; the result has its shape. A negative axis counts from the end; a
 * scalar is a row of one, with axis 0 or -1.
 *
 * Throws ArgumentError for an axis the tensor has not. `op` names the op in errors.
 */
export function softmaxGeometry(
  shape: readonly number[],
  axis: number,
  op = "softmax",
): { shape: number[]; params: SoftmaxParams } {
  const rank = Math.max(1, shape.length);
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ArgumentError({
      op,
      argument: "axis",
      expected: `an integer from ${-rank} to ${rank - 1} for shape ${formatShape(shape)}`,
      given: `${axis}`,
    });
  }
  const at = axis < 0 ? axis + rank : axis;
  return {
    shape: [...shape],
    params: { outer: sizeOf(shape.slice(0, at)), size: shape[at] ?? 1, inner: sizeOf(shape.slice(at + 1)) },
  };
}
