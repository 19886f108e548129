// jax.lax: strict forms of what jax.numpy does loosely, convolution and windowed reduction.
export { conv, conv_general_dilated } from "./lax_conv.js";
export { reduce_window } from "./lax_reduce_window.js";
export { stop_gradient } from "./transforms.js";

import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, DtypeError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { type ArrayLike, arrayOf, computable, detached, JaxArray, run } from "./array.js";
import { promoted, real } from "./numpy/elementwise.js";
import { contracted, type DimensionNumbers, factors, matmul } from "./numpy/linalg.js";
import { axesOf, axisOf, broadcast, permuted } from "./numpy/shape.js";
import { describe } from "./options.js";

/** lax operators take arrays of one dtype, and of one shape unless one is a scalar. */
const binary =
  (fn: string, op: (a: Tensor, b: Tensor) => Tensor) =>
  (x: ArrayLike, y: ArrayLike): JaxArray =>
    run(() => {
      if (x instanceof JaxArray && y instanceof JaxArray) {
        if (x.dtype !== y.dtype) throw new DtypeError({ op: fn, argument: "y", expected: x.dtype, given: y.dtype });
        if (`${x.shape}` !== `${y.shape}` && x.ndim > 0 && y.ndim > 0)
          throw new ShapeError({ op: fn, argument: "y", expected: formatShape(x.shape), given: formatShape(y.shape) });
      }
      const [a, b] = promoted(fn, { x, y }) as [Tensor, Tensor];
      return op(a, b);
    });

export const add = binary("add", core.add);
export const sub = binary("sub", core.sub);
export const mul = binary("mul", core.mul);
export const div = binary("div", core.div);
export const pow = binary("pow", core.pow);
export const max = binary("max", core.maximum);
export const min = binary("min", core.minimum);
export const eq = binary("eq", core.equal);
export const ne = binary("ne", core.notEqual);
export const lt = binary("lt", core.less);
export const le = binary("le", core.lessEqual);
export const gt = binary("gt", core.greater);
export const ge = binary("ge", core.greaterEqual);

export {
  abs,
  ceil,
  cos,
  exp,
  expm1,
  floor,
  log,
  log1p,
  negative as neg,
  reciprocal,
  sign,
  sin,
  sqrt,
  square,
  tanh,
} from "./numpy/elementwise.js";
/** 1 / sqrt(x). */
export const rsqrt = real("rsqrt", core.rsqrt);
export const erf = real("erf", core.erf);
/** Inverse of erf. */
export const erf_inv = real("erf_inv", core.erfinv);
/** 1 / (1 + e^-x). */
export const logistic = real("logistic", core.sigmoid);

/** on_true where pred (bool, of their shape or scalar) holds, else on_false; both of one shape and dtype. */
export function select(pred: JaxArray, on_true: JaxArray, on_false: JaxArray): JaxArray {
  return run(() => {
    const [condition, a, b] = [
      arrayOf("select", "pred", pred),
      computable("select", "on_true", on_true),
      computable("select", "on_false", on_false),
    ];
    if (`${a.shape}` !== `${b.shape}`)
      throw new ShapeError({
        op: "select",
        argument: "on_false",
        expected: formatShape(a.shape),
        given: formatShape(b.shape),
      });
    if (condition.rank > 0 && `${condition.shape}` !== `${a.shape}`)
      throw new ShapeError({
        op: "select",
        argument: "pred",
        expected: `${formatShape(a.shape)} or []`,
        given: formatShape(condition.shape),
      });
    return core.where(condition, a, b);
  });
}

/** x cut to [min, max]. At a bound itself no gradient passes, to x or to the bound, as in JAX (unlike jnp.clip). */
export function clamp(min: ArrayLike, x: ArrayLike, max: ArrayLike): JaxArray {
  return run(() => {
    const [low, value, high] = promoted("clamp", { min, x, max }) as [Tensor, Tensor, Tensor];
    const cut = core.minimum(core.maximum(value, low), high);
    if (![low, value, high].some(core.isTracked)) return cut;
    const inside = core.logicalAnd(core.greater(value, low), core.less(value, high));
    const within = core.where(inside, value, detached(cut));
    return core.where(core.less(value, low), low, core.where(core.greater(value, high), high, within));
  });
}

/** Vector or matrix product of rank 1 or 2 operands. */
export function dot(lhs: JaxArray, rhs: JaxArray): JaxArray {
  for (const [argument, x] of Object.entries({ lhs, rhs })) {
    const { rank, shape } = arrayOf("dot", argument, x);
    if (rank < 1 || rank > 2)
      throw new ShapeError({ op: "dot", argument, expected: "rank 1 or 2", given: formatShape(shape) });
  }
  return matmul(lhs, rhs);
}

/**
 * lax.dot_general: `dimension_numbers` is [[lhs_contracting, rhs_contracting], [lhs_batch, rhs_batch]]. The result has the
 * batch dimensions first, then those left of lhs, then those left of rhs. float32 only.
 */
export function dot_general(
  lhs: JaxArray,
  rhs: JaxArray,
  dimension_numbers: readonly [DimensionNumbers["contracting"], DimensionNumbers["batch"]],
): JaxArray {
  const [contracting, batch] = dimension_numbers;
  return run(() => contracted("dot_general", ...factors("dot_general", lhs, rhs), { contracting, batch }));
}

export const convert_element_type = (operand: JaxArray, new_dtype: Dtype): JaxArray =>
  new JaxArray(arrayOf("convert_element_type", "operand", operand)).astype(new_dtype);

export const reshape = (operand: JaxArray, new_sizes: readonly number[]): JaxArray =>
  run(() => core.reshape(arrayOf("reshape", "operand", operand), new_sizes));

export const transpose = (operand: JaxArray, permutation: readonly number[]): JaxArray =>
  run(() => permuted(computable("transpose", "operand", operand), permutation));

/** Joins arrays along a dimension. */
export function concatenate(operands: readonly JaxArray[], dimension: number): JaxArray {
  return run(() => {
    const tensors = operands.map((x, i) => computable("concatenate", `operands[${i}]`, x));
    return core.concat(tensors, axisOf("concatenate", dimension, tensors[0]?.rank ?? 0));
  });
}

/** Reverses dimensions. */
export const rev = (operand: JaxArray, dimensions: readonly number[]): JaxArray =>
  run(() => core.flip(computable("rev", "operand", operand), axesOf("rev", dimensions, operand.ndim)));

/** Static slice: bounds within the shape, strides positive. */
export const slice = (
  operand: JaxArray,
  start_indices: readonly number[],
  limit_indices: readonly number[],
  strides?: readonly number[],
): JaxArray =>
  run(() => core.slice(computable("slice", "operand", operand), start_indices, limit_indices, strides ?? undefined));

/** 0, 1, ... along one dimension of a shape. */
export function broadcasted_iota(dtype: Dtype, shape: readonly number[], dimension: number): JaxArray {
  return run(() => {
    const at = axisOf("broadcasted_iota", dimension, shape.length);
    const count = core.arange(0, shape[at] as number, 1, dtype);
    return broadcast(
      core.reshape(
        count,
        shape.map((_, i) => (i === at ? -1 : 1)),
      ),
      shape,
    );
  });
}

/** 0 to size - 1. */
export function iota(dtype: Dtype, size: number): JaxArray {
  if (!Number.isInteger(size) || size < 0)
    throw new ArgumentError({ op: "iota", argument: "size", expected: "a whole number", given: describe(size) });
  return run(() => core.arange(0, size, 1, dtype));
}
