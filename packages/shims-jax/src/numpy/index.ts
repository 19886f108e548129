// jax.numpy.
import "../start.js";

export { JaxArray as ndarray } from "../array.js";
export {
  atleast_1d,
  atleast_2d,
  atleast_3d,
  broadcast_arrays,
  broadcast_shapes,
  meshgrid,
  select,
} from "./broadcasting.js";
export { bincount, histogram, histogram_bin_edges } from "./counting.js";
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
  cumprod,
  cumsum,
  cumulative_prod,
  cumulative_sum,
  diff,
  ediff1d,
  interp,
  nancumprod,
  nancumsum,
  trapezoid,
} from "./cumulative.js";
export * from "./dtypes.js";
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
  logical_xor,
  maximum,
  minimum,
  multiply,
  negative,
  not_equal,
  power,
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
export { take, take_along_axis } from "./indexing.js";
export {
  bitwise_and,
  bitwise_invert,
  bitwise_left_shift,
  bitwise_not,
  bitwise_or,
  bitwise_right_shift,
  bitwise_xor,
  conj,
  conjugate,
  divmod,
  floor_divide,
  fmax,
  fmin,
  fmod,
  gcd,
  imag,
  invert,
  lcm,
  left_shift,
  mod,
  positive,
  real,
  remainder,
  right_shift,
} from "./integer_functions.js";
export {
  append,
  array_split,
  column_stack,
  concat,
  concatenate,
  dsplit,
  dstack,
  hsplit,
  hstack,
  split,
  stack,
  vsplit,
  vstack,
} from "./joining.js";
export { dot, matmul, outer, tensordot } from "./linalg.js";
export { linalg } from "./linalg_namespace.js";
export {
  diag,
  diag_indices,
  diagflat,
  diagonal,
  kron,
  trace,
  tri,
  tril,
  tril_indices,
  tril_indices_from,
  triu,
  triu_indices,
  triu_indices_from,
  vander,
} from "./matrices.js";
export { nanargmax, nanargmin, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar } from "./nan_reductions.js";
export {
  argsort,
  digitize,
  lexsort,
  median,
  nanmedian,
  nanpercentile,
  nanquantile,
  percentile,
  quantile,
  searchsorted,
  sort,
} from "./ordering.js";
export { pad } from "./pad.js";
export * from "./placing.js";
export * from "./polynomials.js";
export {
  allclose,
  array_equal,
  array_equiv,
  count_nonzero,
  isclose,
  iscomplex,
  iscomplexobj,
  isfinite,
  isinf,
  isneginf,
  isposinf,
  isreal,
  isrealobj,
  isscalar,
  nan_to_num,
  signbit,
} from "./predicates.js";
export { convolve, correlate, cross, einsum, inner, matvec, polyval, vdot, vecdot, vecmat } from "./products.js";
export {
  acos,
  acosh,
  arccos,
  arccosh,
  arcsin,
  arcsinh,
  arctan,
  arctan2,
  arctanh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  copysign,
  cosh,
  deg2rad,
  degrees,
  exp2,
  fabs,
  float_power,
  frexp,
  heaviside,
  hypot,
  i0,
  ldexp,
  log2,
  log10,
  logaddexp,
  logaddexp2,
  modf,
  nextafter,
  rad2deg,
  radians,
  rint,
  sinc,
  sinh,
  tan,
  trunc,
} from "./real_functions.js";
export {
  fliplr,
  flipud,
  matrix_transpose,
  permute_dims,
  repeat,
  resize,
  roll,
  rollaxis,
  rot90,
  tile,
  unstack,
} from "./rearrange.js";
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
export * from "./sampled.js";
export { broadcast_to, expand_dims, flip, moveaxis, ravel, reshape, squeeze, swapaxes, transpose } from "./shape.js";
export {
  argwhere,
  compress,
  extract,
  flatnonzero,
  intersect1d,
  isin,
  nonzero,
  setdiff1d,
  setxor1d,
  union1d,
  unique,
  unique_all,
  unique_counts,
  unique_inverse,
  unique_values,
} from "./sized.js";
export { average, corrcoef, cov, ptp } from "./statistics.js";
export { promote_types } from "./ufunc.js";

/** Dtypes are their names. */
export const float32 = "float32";
export const int32 = "int32";
export const uint32 = "uint32";
export const uint8 = "uint8";
export const bool_ = "bool";
export const bool = "bool";

export const pi = Math.PI;
export const e = Math.E;
export const inf = Number.POSITIVE_INFINITY;
export const nan = Number.NaN;
export const euler_gamma = 0.5772156649015329;
/** Adds a dimension of extent 1 where it stands in an index. */
export const newaxis = null;
