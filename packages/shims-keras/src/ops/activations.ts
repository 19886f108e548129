// keras.ops: activations. What they compute stands in keras.activations; sigmoid and softmax are theirs, so that losses see through them.
import * as core from "@facet/autograd";
import { type Args, bool, int, number, type Rules, type Values } from "@facet/dialect";
import * as activations from "../activations.js";
import { arrayOrPlaceholder, axes } from "../kinds.js";
import { defineOp } from "../operation.js";
import { Tensor, type TensorLike } from "../tensor.js";
import { type Axis, elementwise, kept, type Op } from "./define.js";

const plain = (name: string, f: (x: TensorLike) => Tensor): Op =>
  defineOp(`keras.ops.${name}`, { x: arrayOrPlaceholder }, { compute: ({ x }) => f(x as TensorLike) });
/** max(x, 0). Integers stay so. */
export const relu = plain("relu", (x) => activations.relu(x));
/** 1 / (1 + e^-x). */
export const sigmoid = plain("sigmoid", (x) => activations.sigmoid(x));
/** x between 0 and 6. */
export const relu6 = plain("relu6", (x) => activations.relu6(x));
export const selu = plain("selu", (x) => activations.selu(x));
/** x sigmoid(x). */
export const silu = plain("silu", (x) => activations.silu(x));
export const swish = plain("swish", (x) => activations.silu(x));
/** log(1 + e^x). */
export const softplus = plain("softplus", (x) => activations.softplus(x));
/** x / (1 + |x|). */
export const softsign = plain("softsign", (x) => activations.softsign(x));
export const hard_sigmoid = plain("hard_sigmoid", (x) => activations.hard_sigmoid(x));
export const hard_silu = plain("hard_silu", (x) => activations.hard_silu(x));
export const hard_swish = plain("hard_swish", (x) => activations.hard_silu(x));
export const log_sigmoid = plain("log_sigmoid", (x) => activations.log_sigmoid(x));
export const sparse_plus = plain("sparse_plus", (x) => activations.sparse_plus(x));
export const sparse_sigmoid = plain("sparse_sigmoid", (x) => activations.sparse_sigmoid(x));
export const tanh_shrink = plain("tanh_shrink", (x) => activations.tanh_shrink(x));
/** x between -1 and 1. */
export const hard_tanh = elementwise("hard_tanh", (x) => core.clamp(x, -1, 1));

/** An activation with arguments beside x. */
const withOptions = <const R extends Rules>(
  name: string,
  rules: R,
  f: (x: TensorLike, given: Values<R>) => Tensor,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): any =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, ...rules },
    { compute: ({ x, ...given }) => f(x as TensorLike, given as unknown as Values<R>) },
  );
type ByAxis = Op<Args<[axis: Axis], { axis: Axis }>>;
/** e^x over its sum along `axis` (default the last), along several, or with null over all elements. */
export const softmax: ByAxis = withOptions("softmax", { axis: axes.or(-1) }, (x, { axis }) =>
  activations.softmaxAlong(x, axis),
);
/** log(softmax(x)). */
export const log_softmax: ByAxis = withOptions("log_softmax", { axis: axes.or(-1) }, (x, { axis }) => {
  if (axis !== null) return activations.log_softmax(x, axis);
  const given = kept(x, "log_softmax");
  return new Tensor(core.reshape(core.logSoftmax(core.reshape(given, [given.size]), 0), given.shape));
});
/** x, negative_slope x below 0. */
export const leaky_relu: Op<Args<[negative_slope: number], { negative_slope: number }>> = withOptions(
  "leaky_relu",
  { negative_slope: number.or(0.2) },
  (x, { negative_slope }) => activations.leaky_relu(x, negative_slope),
);
type Alpha = Op<Args<[alpha: number], { alpha: number }>>;
/** x, alpha (e^x - 1) below 0. */
export const elu: Alpha = withOptions("elu", { alpha: number.or(1) }, (x, { alpha }) => activations.elu(x, alpha));
/** x, alpha (e^(x / alpha) - 1) below 0. */
export const celu: Alpha = withOptions("celu", { alpha: number.or(1) }, (x, { alpha }) => activations.celu(x, alpha));
/** x Phi(x): unlike keras.activations.gelu the approximation by tanh, unless told otherwise. */
export const gelu: Op<Args<[approximate: boolean], { approximate: boolean }>> = withOptions(
  "gelu",
  { approximate: bool.or(true) },
  (x, { approximate }) => activations.gelu(x, approximate),
);
type ByOneAxis = Op<Args<[axis: number], { axis: number }>>;
/** The first half along `axis` times the sigmoid of the second. */
export const glu: ByOneAxis = withOptions("glu", { axis: int.or(-1) }, (x, { axis }) => activations.glu(x, axis));
export const sparsemax: ByOneAxis = withOptions("sparsemax", { axis: int.or(-1) }, (x, { axis }) =>
  activations.sparsemax(x, axis),
);
type ByThreshold = Op<Args<[threshold: number], { threshold: number }>>;
/** x where it is further from 0 than the threshold, else 0. */
export const hard_shrink: ByThreshold = withOptions("hard_shrink", { threshold: number.or(0.5) }, (x, given) =>
  activations.hard_shrink(x, given.threshold),
);
/** x moved toward 0 by the threshold. */
export const soft_shrink: ByThreshold = withOptions("soft_shrink", { threshold: number.or(0.5) }, (x, given) =>
  activations.soft_shrink(x, given.threshold),
);
/** x above the threshold, else default_value. */
export const threshold: Op<
  Args<[threshold: number, default_value: number], { threshold: number; default_value: number }>
> = withOptions("threshold", { threshold: number, default_value: number }, (x, given) =>
  activations.threshold(x, given.threshold, given.default_value),
);
/** (x + sqrt(x^2 + b)) / 2. */
export const squareplus: Op<Args<[b: number], { b: number }>> = withOptions(
  "squareplus",
  { b: number.or(4) },
  (x, { b }) => activations.squareplus(x, b),
);
