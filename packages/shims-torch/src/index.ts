// PyTorch in TypeScript: `import * as torch from "@facet/shims-torch"`. COMPAT.md lists what is there and what differs.
import { keep as keepCore } from "@facet/autograd";
import { define, namespace } from "@facet/dialect";
import { tensor } from "./kinds.js";
import type { Tensor } from "./tensor.js";

import "./start.js";

export { is_anomaly_check_nan_enabled, is_anomaly_enabled } from "./autograd/anomaly.js";
export { type CompileArguments, compile } from "./compile.js";
export * from "./devices/settings.js";
export {
  bfloat16,
  bool,
  cdouble,
  cfloat,
  complex64,
  complex128,
  Device,
  Dtype,
  device,
  double,
  float,
  float16,
  float32,
  float64,
  half,
  int,
  int8,
  int16,
  int32,
  int64,
  long,
  short,
  uint8,
  uint16,
  uint32,
  uint64,
} from "./dtype.js";
export { vmap } from "./func/vmap.js";
export { enable_grad, type GradMode, inference_mode, is_grad_enabled, no_grad, set_grad_enabled } from "./grad_mode.js";
export type { Operand } from "./kinds.js";
export { resize_as_, zero_ } from "./methods/more_inplace.js";
export {
  accelerator,
  autograd,
  backends,
  cuda,
  distributions,
  fft,
  func,
  linalg,
  masked,
  nn,
  optim,
  signal,
  special,
  torchvision,
  utils,
} from "./namespaces.js";
export * from "./nn/torch_functions.js";
export * from "./ops/aliases.js";
export {
  add,
  div,
  eq,
  floor_divide,
  fmod,
  ge,
  gt,
  le,
  logical_and,
  logical_or,
  logical_xor,
  lt,
  maximum,
  minimum,
  mul,
  ne,
  pow,
  remainder,
  rsub,
  sub,
  true_divide,
} from "./ops/arithmetic.js";
export * from "./ops/binary.js";
export * from "./ops/bitwise.js";
export * from "./ops/copies.js";
export { broadcast_shapes, combinations, corrcoef, cov } from "./ops/covariance.js";
export {
  arange,
  as_tensor,
  type CreationArguments,
  empty,
  empty_like,
  eye,
  full,
  full_like,
  linspace,
  ones,
  ones_like,
  type TensorData,
  tensor,
  zeros,
  zeros_like,
} from "./ops/creation.js";
export { multinomial, normal, poisson, randint_like } from "./ops/draws.js";
export { addcdiv, addcmul, clamp, clamp_max, clamp_min, lerp, masked_fill, where } from "./ops/elementwise.js";
export { gather, type Index, index_select } from "./ops/indexing.js";
export { cat, chunk, narrow, split, stack, unsafe_split_with_sizes } from "./ops/joining.js";
export { bmm, matmul, mm } from "./ops/linalg.js";
export * from "./ops/matrix_names.js";
export { addbmm, addmm, addmv, addr, baddbmm } from "./ops/matrix_sums.js";
export {
  asarray,
  BoolTensor,
  ByteTensor,
  clone,
  detach,
  FloatTensor,
  fill,
  from_numpy,
  frombuffer,
  IntTensor,
  LongTensor,
  logspace,
  range,
  scalar_tensor,
  type TypedTensor,
} from "./ops/new_tensors.js";
export {
  cdist,
  chain_matmul,
  cross,
  dot,
  einsum,
  ger,
  inner,
  kron,
  mv,
  outer,
  pdist,
  tensordot,
  vdot,
} from "./ops/products.js";
export * from "./ops/questions.js";
export { bernoulli, rand, rand_like, randint, randn, randn_like, randperm } from "./ops/random.js";
export {
  adjoint,
  atleast_1d,
  atleast_2d,
  atleast_3d,
  broadcast_tensors,
  broadcast_to,
  fliplr,
  flipud,
  meshgrid,
  movedim,
  ravel,
  repeat_interleave,
  roll,
  rot90,
  swapaxes,
  swapdims,
  tile,
  unflatten,
  unravel_index,
} from "./ops/rearranging.js";
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  log_softmax,
  max,
  mean,
  min,
  norm,
  prod,
  softmax,
  std,
  sum,
  var,
} from "./ops/reduce.js";
export * from "./ops/scans.js";
export {
  index_add,
  index_copy,
  index_fill,
  index_put,
  index_reduce,
  put,
  scatter,
  scatter_add,
  scatter_reduce,
  take,
} from "./ops/scattering.js";
export * from "./ops/searching.js";
export {
  argwhere,
  masked_scatter,
  masked_select,
  nonzero,
  nonzero_static,
  select,
  select_scatter,
  slice_scatter,
  take_along_dim,
} from "./ops/selecting.js";
export { flatten, flip, permute, reshape, squeeze, t, transpose, unsqueeze } from "./ops/shape.js";
export * from "./ops/sorting.js";
export * from "./ops/stacking.js";
export * from "./ops/statistics.js";
export { as_strided, as_strided_scatter, empty_permuted, empty_strided } from "./ops/strides.js";
export * from "./ops/triangles.js";
export type { ValuesAndIndices } from "./ops/tuples.js";
export * from "./ops/unary.js";
export { default_generator, Generator, initial_seed, manual_seed } from "./random.js";
export { Tensor } from "./tensor.js";

/** What PyTorch does not have and JavaScript needs. `keep(tensor)`: it outlives the call of forward that made it. */
export const facet = namespace("torch.facet", {
  keep: define("torch.facet.keep", { tensor }, (given): Tensor => keepCore(given.tensor)) as (tensor: Tensor) => Tensor,
});
