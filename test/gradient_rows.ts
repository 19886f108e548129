// One row for every op: inputs in a safe domain (away from kinks and ties) and a call. gradients.test.ts differentiates
// each against finite differences, once and twice, and fails when an op has no row.
import * as F from "@facet/autograd";
import type { Random } from "@facet/testing";

export interface GradientRow {
  /** Name in the op table. */
  readonly op: string;
  /** What is special about this row, when an op has several. */
  readonly variant?: string;
  readonly shapes: readonly (readonly number[])[];
  /** Takes operands of any shape, element by element. */
  readonly elementwise?: boolean;
  /** Values of input i; default uniform in [-1, 1). */
  readonly values?: (random: Random, shape: readonly number[], i: number) => Float32Array;
  readonly call: (...inputs: F.Tensor[]) => F.Tensor;
  /** Half width of the difference; 1/2 for ops linear in each input, for which it is exact. Default 1/64. */
  readonly eps?: number;
  /** Gradients that are zero everywhere, as of sign and floor. */
  readonly allowZero?: boolean;
  /** Why second derivatives are not checked: the only reasons are that the first is piecewise constant, or no gradient at all. */
  readonly once?: string;
}

const positive = (random: Random, shape: readonly number[]): Float32Array => random.uniform(shape, 0.5, 2);
const apart = (random: Random, shape: readonly number[]): Float32Array => random.distinct(shape);
/** Numerators and denominators with quotients 1.5, clear of whole numbers. */
const quotients = (_: Random, shape: readonly number[], i: number): Float32Array =>
  new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(i === 0 ? 3 : 2);
const FLAT = "the first derivative is constant between kinks";
/** A convolution and a pooling without anything special, in the layout of Keras and JAX. */
export const image = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  layout: "NHWC",
  filterLayout: "HWIO",
} as const;
export const window2 = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], layout: "NHWC" } as const;
const labels = (): F.Tensor => F.fromData([2, 0, 1, 2], [4], "int32");
const key: F.Key = [1, 2];

const unary = (op: string, call: (x: F.Tensor) => F.Tensor, more: Partial<GradientRow> = {}): GradientRow => ({
  op,
  shapes: [[2, 3]],
  elementwise: true,
  call,
  ...more,
});
const binary = (
  op: string,
  call: (a: F.Tensor, b: F.Tensor) => F.Tensor,
  more: Partial<GradientRow> = {},
): GradientRow[] => [
  {
    op,
    shapes: [
      [2, 3],
      [2, 3],
    ],
    elementwise: true,
    call,
    ...more,
  },
  {
    op,
    variant: "broadcast",
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    call,
    ...more,
  },
];

function conv(variant: string, x: number[], w: number[], change: Partial<F.Conv2dAttrs>, bias = true): GradientRow {
  const attrs: F.Conv2dAttrs = { ...image, ...change };
  const out = attrs.filterLayout === "HWIO" ? w[3] : w[0];
  return {
    op: "conv2d",
    variant,
    shapes: bias ? [x, w, [out as number]] : [x, w],
    call: (a, b, c) => F.conv2d(a, b, c, attrs),
    eps: 0.5,
  };
}

function crossEntropy(variant: string, change: Partial<F.CrossEntropyAttrs>, weights = false): GradientRow {
  const attrs: F.CrossEntropyAttrs = { labels: "index", reduction: "mean", labelSmoothing: 0, ...change };
  const targets = (): F.Tensor =>
    attrs.labels === "index" ? labels() : F.fromData([0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4], [4, 3]);
  return {
    op: "softmax_cross_entropy",
    variant,
    shapes: [[4, 3]],
    call: (logits) =>
      F.softmaxCrossEntropy(logits, targets(), attrs, weights ? F.fromData([0.5, 1, 2], [3]) : undefined).loss,
  };
}

export const gradientRows: readonly GradientRow[] = [
  ...binary("add", F.add, { eps: 0.5, once: FLAT }),
  ...binary("sub", F.sub, { eps: 0.5, once: FLAT }),
  ...binary("mul", F.mul, { eps: 0.5 }),
  ...binary("div", F.div, { values: positive }),
  ...binary("floor_divide", F.floorDivide, { values: quotients, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  ...binary("trunc_divide", F.truncDivide, { values: quotients, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  ...binary("pow", F.pow, { values: positive }),
  ...binary("maximum", F.maximum, {
    values: (random, shape, i) => random.distinct(shape).map((v) => v + i / 32),
    once: FLAT,
    eps: 1 / 128,
  }),
  ...binary("minimum", F.minimum, {
    values: (random, shape, i) => random.distinct(shape).map((v) => v + i / 32),
    once: FLAT,
    eps: 1 / 128,
  }),
  unary("neg", F.neg, { eps: 0.5, once: FLAT }),
  unary("abs", F.abs, { values: apart, once: FLAT }),
  unary("sign", F.sign, { values: apart, allowZero: true, once: FLAT }),
  unary("signum", F.signum, { values: apart, allowZero: true, once: FLAT }),
  unary("floor", (x) => F.floor(x), { values: positive, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  unary("ceil", (x) => F.ceil(x), { values: positive, allowZero: true, once: FLAT, eps: 1 / 1024 }),
  unary("round", (x) => F.round(x), {
    values: (random, shape) => random.uniform(shape, -0.4, 0.4),
    allowZero: true,
    once: FLAT,
  }),
  unary("exp", F.exp),
  unary("expm1", F.expm1),
  unary("log", F.log, { values: positive }),
  unary("log1p", F.log1p, { values: positive }),
  unary("sqrt", F.sqrt, { values: positive }),
  unary("rsqrt", F.rsqrt, { values: positive }),
  unary("reciprocal", F.reciprocal, { values: positive }),
  unary("square", F.square),
  unary("sin", F.sin),
  unary("cos", F.cos),
  unary("tanh", F.tanh),
  unary("sigmoid", F.sigmoid),
  unary("softplus", F.softplus),
  unary("relu", F.relu, { values: apart, once: FLAT }),
  unary("leaky_relu", (x) => F.leakyRelu(x, 0.1), { values: apart, once: FLAT }),
  unary("elu", (x) => F.elu(x, 0.7), { values: (random, shape) => random.distinct(shape, 1 / 4) }),
  unary("erf", F.erf),
  unary("erfinv", F.erfinv, { values: (random, shape) => random.uniform(shape, -0.7, 0.7) }),
  unary("gelu", (x) => F.gelu(x)),
  unary("gelu_tanh", (x) => F.gelu(x, true)),
  unary("silu", F.silu),
  unary("clamp", (x) => F.clamp(x, -0.125, 0.125), {
    values: (random, shape) => random.distinct(shape, 1 / 8),
    once: FLAT,
  }),
  {
    op: "where",
    shapes: [[2, 3], [3]],
    call: (a, b) => F.where(F.fromData([1, 0, 1, 0, 0, 1], [2, 3], "bool"), a, b),
    eps: 0.5,
    once: FLAT,
  },
  ...binary("relu_backward", (dy, x) => reluGradient(dy, x), {
    values: apart,
    once: "checked by relu, whose own second derivative is 0",
  }),
  unary("tanh_backward", (x) => F.tanh(x), { once: "reached by differentiating tanh twice" }),
  unary("sigmoid_backward", (x) => F.sigmoid(x), { once: "reached by differentiating sigmoid twice" }),

  { op: "sum", shapes: [[2, 3, 2]], call: (x) => F.sum(x, { axes: [0, -1] }), eps: 0.5, once: FLAT },
  { op: "sum", variant: "all", shapes: [[2, 3]], call: (x) => F.sum(x), eps: 0.5, once: FLAT },
  { op: "square_deviation", variant: "variance", shapes: [[2, 3, 2]], call: (x) => F.variance(x, { axes: [1] }, 1) },
  {
    op: "square_deviation",
    variant: "std",
    shapes: [[2, 3, 2]],
    call: (x) => F.std(x, { axes: [1] }, 0),
    values: apart,
    eps: 1 / 128,
  },
  { op: "mean", shapes: [[2, 3, 2]], call: (x) => F.mean(x, { axes: [1], keepdims: true }), eps: 0.5, once: FLAT },
  { op: "prod", shapes: [[2, 3]], values: positive, call: (x) => F.prod(x, { axes: [1] }) },
  {
    op: "prod",
    variant: "zeros",
    shapes: [[3, 3]],
    // No zero, one, two: the gradient is the product of the others in each row.
    values: () => Float32Array.of(1.5, -0.5, 2, 0.5, 0, 1.5, 0, 2, 0),
    call: (x) => F.prod(x, { axes: [1] }),
    eps: 0.25,
  },
  { op: "max", shapes: [[2, 5]], values: apart, call: (x) => F.max(x, { axes: [1] }), once: FLAT },
  { op: "min", shapes: [[2, 5]], values: apart, call: (x) => F.min(x, { axes: [0], keepdims: true }), once: FLAT },

  { op: "reshape", shapes: [[2, 6]], call: (x) => F.reshape(x, [3, -1]), eps: 0.5, once: FLAT },
  { op: "transpose", shapes: [[2, 3, 4]], call: (x) => F.transpose(x, [2, 0, 1]), eps: 0.5, once: FLAT },
  { op: "expand", shapes: [[2, 1, 3]], call: (x) => F.expand(x, [2, 2, 4, 3]), eps: 0.5, once: FLAT },
  { op: "slice", shapes: [[5, 4]], call: (x) => F.slice(x, [1, 0], [5, 3], [2, 1]), eps: 0.5, once: FLAT },
  {
    op: "place",
    shapes: [[2, 3]],
    call: (x) =>
      F.pad(
        x,
        [
          [1, 0],
          [2, 1],
        ],
        7,
      ),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "place",
    variant: "steps",
    shapes: [[2, 2]],
    call: (x) => F.place(x, [5, 4], [1, 0], [3, 2]),
    eps: 0.5,
    once: FLAT,
  },
  { op: "flip", shapes: [[2, 3]], call: (x) => F.flip(x, [1]), eps: 0.5, once: FLAT },
  {
    op: "concat",
    shapes: [
      [2, 1],
      [2, 3],
      [2, 2],
    ],
    call: (...parts) => F.concat(parts, 1),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    shapes: [[4, 3]],
    call: (x) => F.gather(x, F.fromData([3, 1, 3], [3], "int32")),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather_backward",
    shapes: [[3, 2]],
    call: (x) => F.sum(F.square(F.gather(x, F.fromData([2, 2, 0], [3], "int32")))),
  },

  { op: "matmul", shapes: [[3, 4], [4, 2], [2]], call: (a, b, bias) => F.matmul(a, b, { bias }), eps: 0.5 },
  {
    op: "matmul",
    variant: "transposed a",
    shapes: [
      [4, 3],
      [4, 2],
    ],
    call: (a, b) => F.matmul(a, b, { transposeA: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "transposed b",
    shapes: [
      [3, 4],
      [2, 4],
    ],
    call: (a, b) => F.matmul(a, b, { transposeB: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "both transposed",
    shapes: [
      [4, 3],
      [2, 4],
    ],
    call: (a, b) => F.matmul(a, b, { transposeA: true, transposeB: true }),
    eps: 0.5,
  },
  {
    op: "matmul",
    variant: "batched",
    shapes: [
      [2, 1, 2, 3],
      [3, 3, 2],
    ],
    call: (a, b) => F.matmul(a, b),
    eps: 0.5,
  },

  conv("3x3 valid", [2, 4, 4, 2], [3, 3, 2, 2], {}),
  conv("stride, asymmetric padding", [1, 5, 4, 2], [2, 3, 2, 3], { stride: [2, 1], padding: [1, 0, 2, 1] }),
  conv("1x1", [2, 3, 3, 2], [1, 1, 2, 3], {}),
  conv("1x1 with stride", [1, 4, 3, 2], [1, 1, 2, 3], { stride: [2, 1] }),
  conv("1x1 with padding", [1, 3, 3, 2], [1, 1, 2, 3], { padding: [1, 0, 0, 1] }),
  conv("1x1 in groups", [1, 3, 3, 4], [1, 1, 2, 4], { groups: 2 }),
  conv("dilation, groups", [1, 5, 5, 4], [2, 2, 2, 4], { dilation: [2, 2], groups: 2 }),
  conv("depthwise NCHW", [1, 2, 4, 4], [2, 1, 2, 2], {
    groups: 2,
    layout: "NCHW",
    filterLayout: "OIHW",
    padding: [1, 1, 0, 0],
  }),
  conv(
    "stride beyond the filter",
    [1, 2, 5, 5],
    [2, 2, 1, 1],
    { layout: "NCHW", filterLayout: "OIHW", stride: [2, 2] },
    false,
  ),
  {
    op: "conv2d_backward_input",
    shapes: [
      [1, 2, 2, 2],
      [2, 2, 3, 2],
    ],
    call: (dy, w) => F.conv2dTranspose(dy, w, [1, 3, 3, 3], image),
    eps: 0.5,
  },
  {
    op: "conv2d_backward_filter",
    shapes: [
      [1, 3, 3, 2],
      [2, 2, 2, 1],
    ],
    call: (x, w) => F.sum(F.square(F.conv2d(x, w, undefined, image))),
  },
  {
    op: "conv2d_backward_bias",
    shapes: [[1, 3, 3, 2], [2, 2, 2, 1], [1]],
    call: (x, w, b) => F.sum(F.square(F.conv2d(x, w, b, image))),
  },

  { op: "max_pool2d", shapes: [[1, 4, 4, 2]], values: apart, call: (x) => F.maxPool2d(x, window2), once: FLAT },
  {
    op: "max_pool2d",
    variant: "overlap, padding, NCHW",
    shapes: [[1, 2, 5, 4]],
    values: apart,
    call: (x) => F.maxPool2d(x, { window: [3, 2], stride: [1, 1], padding: [1, 1, 0, 1], layout: "NCHW" }),
    once: FLAT,
  },
  {
    op: "max_pool2d_backward",
    shapes: [[1, 4, 4, 1]],
    values: apart,
    call: (x) => F.sum(F.square(F.maxPool2d(x, window2))),
  },
  {
    op: "max_pool2d_gather",
    shapes: [[1, 2, 4, 2]],
    values: apart,
    call: (x) => F.sum(F.square(F.maxPool2d(x, { ...window2, window: [2, 1], stride: [1, 1] }))),
  },
  {
    op: "avg_pool2d",
    shapes: [[1, 5, 4, 2]],
    call: (x) => F.avgPool2d(x, { ...window2, padding: [1, 0, 0, 0], countIncludePad: false }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "avg_pool2d",
    variant: "counting padding",
    shapes: [[1, 2, 4, 4]],
    call: (x) => F.avgPool2d(x, { ...window2, padding: [1, 1, 1, 1], layout: "NCHW", countIncludePad: true }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "avg_pool2d_backward",
    shapes: [[1, 4, 4, 1]],
    call: (x) => F.sum(F.square(F.avgPool2d(x, window2))),
    eps: 0.5,
  },

  { op: "softmax", shapes: [[3, 4]], call: (x) => F.softmax(x, 0) },
  { op: "softmax_backward", shapes: [[2, 3]], call: (x) => F.square(F.softmax(x)) },
  { op: "log_softmax", shapes: [[2, 3, 2]], call: (x) => F.logSoftmax(x, 1) },
  { op: "softmax", variant: "of a scalar", shapes: [[]], call: (x) => F.softmax(x, 0), allowZero: true, once: FLAT },
  { op: "log_softmax_backward", shapes: [[2, 3]], call: (x) => F.square(F.logSoftmax(x)) },
  crossEntropy("mean", {}),
  crossEntropy("sum, weights", { reduction: "sum" }, true),
  crossEntropy("none, smoothing, weights", { reduction: "none", labelSmoothing: 0.2 }, true),
  crossEntropy("mean, ignored, weights, smoothing", { ignoreIndex: 0, labelSmoothing: 0.1 }, true),
  crossEntropy("probabilities, smoothing", { labels: "target", labelSmoothing: 0.1 }),
  {
    op: "softmax_cross_entropy_backward",
    shapes: [[4, 3]],
    call: (x) =>
      F.square(F.softmaxCrossEntropy(x, labels(), { labels: "index", reduction: "none", labelSmoothing: 0 }).loss),
  },

  { op: "dropout", shapes: [[4, 8]], call: (x) => F.dropout(x, 0.4, key), eps: 0.5, once: FLAT },
];

function reluGradient(dy: F.Tensor, x: F.Tensor): F.Tensor {
  return F.mul(dy, F.add(F.relu(x), 0));
}

/** Ops through which no gradient flows at all; each must say so of every input. */
export const withoutGradient: readonly string[] = [
  ...[
    "add",
    "sub",
    "mul",
    "pow",
    "floor_divide",
    "trunc_divide",
    "neg",
    "abs",
    "from_f32",
    "unless_wrapped",
    "bernoulli",
  ].map((check) => `${check}_checked`),
  "equal",
  "not_equal",
  "less",
  "less_equal",
  "greater",
  "greater_equal",
  "logical_and",
  "logical_or",
  "logical_not",
  "is_nan",
  "cast",
  "any",
  "all",
  "argmax",
  "argmin",
  "one_hot",
  "u8_to_f32",
  "gather_u8",
];
