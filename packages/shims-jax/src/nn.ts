// jax.nn.
export * as initializers from "./initializers.js";

import * as core from "@facet/autograd";
import { DtypeError, type Tensor } from "@facet/autograd";
import { type ArrayLike, type Axis, arrayOf, converted, inexact, type JaxArray, run } from "./array.js";
import { promoted, real } from "./numpy/elementwise.js";
import type { ReduceKeywords } from "./numpy/reduce.js";
import { type AxisKeyword, axesOf, axisOf } from "./numpy/shape.js";
import { isKeywords, type Keywords, keywords, placed } from "./options.js";

/** max(x, 0); at 0 the derivative is 0. Integers stay integers. */
export const relu = (x: ArrayLike): JaxArray =>
  run(() => {
    const [a] = promoted("relu", { x }) as [Tensor];
    return a.dtype === "float32" ? core.relu(a) : core.maximum(converted(a, a.dtype === "bool" ? "int32" : a.dtype), 0);
  });
/** min(max(x, 0), 6); at 0 and at 6 the derivative is 0. */
export const relu6 = (x: ArrayLike): JaxArray =>
  run(() => {
    const a = inexact("relu6", "x", x);
    return core.where(core.less(a, 6), core.relu(a), 6);
  });
export const sigmoid = real("sigmoid", core.sigmoid);
export const tanh = real("tanh", core.tanh);
export const silu = real("silu", core.silu);
export const swish = silu;
export const softplus = real("softplus", core.softplus);
/** log sigmoid(x). */
export const log_sigmoid = real("log_sigmoid", (x) => core.neg(core.softplus(core.neg(x))));
/** x where it is at least 0, else negative_slope x; at 0 the derivative is 1. */
export const leaky_relu = (x: ArrayLike, negative_slope = 0.01): JaxArray =>
  run(() => core.leakyRelu(inexact("leaky_relu", "x", x), negative_slope, { rightAtZero: true }));
export const elu = (x: ArrayLike, alpha = 1): JaxArray => run(() => core.elu(inexact("elu", "x", x), alpha));
/** x Phi(x); by default, as in JAX, approximated with tanh. */
export const gelu = (x: ArrayLike, approximate = true): JaxArray =>
  run(() => core.gelu(inexact("gelu", "x", x), approximate));

/** e^x over its sum along one axis (default the last). */
export const softmax = (x: ArrayLike, axis?: number | AxisKeyword<number>): JaxArray =>
  run(() => along("softmax", core.softmax, x, axis));
/** log(softmax(x)), computed without its underflow. */
export const log_softmax = (x: ArrayLike, axis?: number | AxisKeyword<number>): JaxArray =>
  run(() => along("log_softmax", core.logSoftmax, x, axis));

function along(
  fn: string,
  op: (x: Tensor, axis: number) => Tensor,
  given: ArrayLike,
  axis: number | AxisKeyword<number> | undefined,
): Tensor {
  const x = inexact(fn, "x", given);
  return op(x, axisOf(fn, placed(fn, "axis", axis, -1), x.rank));
}

/** log(sum(e^x)) over `axis` (default all), computed from the largest element on. */
export function logsumexp(a: ArrayLike, axis_?: Axis | ReduceKeywords, options?: ReduceKeywords): JaxArray {
  const { axis, keepdims } = keywords(
    "logsumexp",
    isKeywords(axis_) ? axis_ : { ...options, axis: axis_ as Axis },
    { axis: undefined as Axis, keepdims: false },
    { b: undefined, return_sign: false, where: undefined },
  );
  return run(() => {
    const x = inexact("logsumexp", "a", a);
    const axes = axesOf("logsumexp", axis, x.rank);
    const largest = core.max(constant(x), { axes, keepdims: true });
    // A row of -Infinity alone has no finite largest element to subtract.
    const shift = core.where(core.less(core.abs(largest), Number.POSITIVE_INFINITY), largest, 0);
    const total = core.add(core.log(core.sum(core.exp(core.sub(x, shift)), { axes, keepdims: true })), shift);
    return keepdims
      ? total
      : core.reshape(
          total,
          x.shape.filter((_, i) => !axes.includes(i)),
        );
  });
}

const constant = (x: Tensor): Tensor => core.adopt(x.alias());

/** 1 at each index along a new last dimension of `num_classes`, 0 elsewhere; an index that is no class gives zeros. */
export function one_hot(x: JaxArray, num_classes: number, options?: Keywords<{ dtype: core.Dtype }>): JaxArray {
  const { dtype } = keywords("one_hot", options, { dtype: "float32" as core.Dtype }, { axis: -1 });
  return run(() => {
    const index = arrayOf("one_hot", "x", x);
    if (index.dtype === "float32" || index.dtype === "bool")
      throw new DtypeError({ op: "one_hot", argument: "x", expected: "integers", given: index.dtype });
    return converted(core.oneHot(converted(index, "int32"), num_classes), dtype);
  });
}
