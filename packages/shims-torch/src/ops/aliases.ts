// Other names that PyTorch has for functions of torch.
export {
  div as divide,
  ge as greater_equal,
  gt as greater,
  le as less_equal,
  lt as less,
  mul as multiply,
  ne as not_equal,
  sub as subtract,
} from "./arithmetic.js";
export { atan2 as arctan2 } from "./binary.js";
export { clamp as clip } from "./elementwise.js";
export { cat as concat, cat as concatenate, chunk as unsafe_chunk } from "./joining.js";
export { movedim as moveaxis } from "./rearranging.js";
export { trapezoid as trapz } from "./scans.js";
export { vstack as row_stack } from "./stacking.js";
export {
  abs as absolute,
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atanh as arctanh,
  neg as negative,
  sign as sgn,
  trunc as fix,
} from "./unary.js";
