// jax.numpy.
import "../start.js";

export { JaxArray as ndarray } from "../array.js";
export {
  arange,
  array,
  asarray,
  eye,
  full,
  full_like,
  identity,
  linspace,
  ones,
  ones_like,
  zeros,
  zeros_like,
} from "./creation.js";
export {
  abs,
  absolute,
  add,
  ceil,
  clip,
  cos,
  divide,
  equal,
  exp,
  expm1,
  floor,
  greater,
  greater_equal,
  isnan,
  less,
  less_equal,
  log,
  log1p,
  logical_and,
  logical_not,
  logical_or,
  maximum,
  minimum,
  multiply,
  negative,
  not_equal,
  power,
  promote_types,
  reciprocal,
  round,
  sign,
  sin,
  sqrt,
  square,
  subtract,
  tanh,
  true_divide,
  where,
} from "./elementwise.js";
export { take } from "./indexing.js";
export { concatenate, split, stack } from "./joining.js";
export { dot, matmul, outer, tensordot } from "./linalg.js";
export { pad } from "./pad.js";
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  max,
  mean,
  min,
  prod,
  std,
  sum,
  var,
} from "./reduce.js";
export { broadcast_to, expand_dims, flip, moveaxis, ravel, reshape, squeeze, swapaxes, transpose } from "./shape.js";

/** Dtypes are their names. */
export const float32 = "float32";
export const int32 = "int32";
export const uint32 = "uint32";
export const uint8 = "uint8";
export const bool_ = "bool";

export const pi = Math.PI;
export const e = Math.E;
export const inf = Number.POSITIVE_INFINITY;
export const nan = Number.NaN;
