// PyTorch in TypeScript: `import * as torch from "@facet/shims-torch"`. COMPAT.md lists what is there and what differs.
import { keep as keepCore, startDevice } from "@facet/autograd";

await startDevice();

export * as autograd from "./autograd_module.js";
export { type CompileArguments, compile } from "./compile.js";
export * as cuda from "./cuda.js";
export {
  bool,
  Device,
  Dtype,
  device,
  float,
  float32,
  int,
  int32,
  int64,
  long,
  uint8,
} from "./dtype.js";
export { enable_grad, type GradMode, inference_mode, is_grad_enabled, no_grad, set_grad_enabled } from "./grad_mode.js";
export * as nn from "./nn/index.js";
export * from "./ops/creation.js";
export {
  abs,
  add,
  ceil,
  clamp,
  cos,
  div,
  eq,
  erf,
  erfinv,
  exp,
  expm1,
  floor,
  ge,
  gt,
  isnan,
  le,
  log,
  log1p,
  logical_and,
  logical_not,
  logical_or,
  lt,
  masked_fill,
  maximum,
  minimum,
  mul,
  ne,
  neg,
  type Operand,
  pow,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from "./ops/elementwise.js";
export { gather, type Index, index_select } from "./ops/indexing.js";
export { bmm, matmul, mm } from "./ops/linalg.js";
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
  type ValuesAndIndices,
  var,
} from "./ops/reduce.js";
export {
  cat,
  chunk,
  flatten,
  flip,
  narrow,
  permute,
  reshape,
  split,
  squeeze,
  stack,
  t,
  transpose,
  unsqueeze,
} from "./ops/shape.js";
export * as optim from "./optim/index.js";
export { default_generator, Generator, initial_seed, manual_seed } from "./random.js";
export { Tensor } from "./tensor.js";
export * as torchvision from "./torchvision/index.js";
export * as utils from "./utils/index.js";

/** What PyTorch does not have and JavaScript needs. `keep(tensor)`: it outlives the call of forward that made it. */
export const facet = { keep: keepCore };
