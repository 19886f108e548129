import { setTapeArithmetic } from "../backward.js";
import { setBatchArithmetic } from "../vmap/levels.js";
import { full, zeros } from "./create.js";
import { add, cast } from "./elementwise.js";
import { convertHalves } from "./elementwise_op.js";
import { sumTo } from "./reduce.js";
import { expand, reshape, sliceAlong, stack, transpose } from "./shape.js";

export * from "./activations.js";
export * from "./attention.js";
export { runsAsChannels } from "./batch_groups.js";
export * from "./batch_norm_inference.js";
export * from "./bits.js";
export * from "./blends.js";
export * from "./bytes.js";
export * from "./checked.js";
export * from "./contract.js";
export * from "./conv.js";
export * from "./conv_lstm.js";
export { type Conv2dAttrs, conv2d, conv2dShape, conv2dTranspose } from "./conv2d.js";
export * from "./conv3d.js";
export * from "./create.js";
export * from "./diagonal.js";
export * from "./einsum.js";
export * from "./elementwise.js";
export type { TensorLike } from "./elementwise_op.js";
export * from "./elementwise_unary.js";
export * from "./embedding.js";
export { erf } from "./erf.js";
export * from "./fft.js";
export { type GatherOptions, gather, gatherElements, take } from "./gather.js";
export * from "./grid_sample.js";
export * from "./histogram.js";
export * from "./index_put.js";
export type { AlongOptions } from "./indices.js";
export * from "./linalg_functions.js";
export { householderProduct, lstsq, type QrMode, qr } from "./linalg_qr.js";
export { det, inverse, luFactor, slogdet, solve } from "./linalg_solve.js";
export { type Cutoff, eigh, matrixRank, pinv, type Svd, svd } from "./linalg_spectral.js";
export {
  cholesky,
  choleskySolve,
  type TriangularSolveOptions,
  triangularSolve,
} from "./linalg_triangle.js";
export * from "./logsumexp.js";
export * from "./matmul.js";
export * from "./moments.js";
export * from "./multi_head_attention.js";
export * from "./normalize.js";
export * from "./norms.js";
export * from "./one_hot.js";
export {
  type Interpolation,
  type MedianOptions,
  median,
  mode,
  type QuantileOptions,
  quantile,
} from "./order_statistics.js";
export * from "./padding.js";
export * from "./pool.js";
export * from "./pool2d.js";
export * from "./positions.js";
export * from "./powers.js";
export * from "./rearrange.js";
export * from "./recurrent.js";
export * from "./reduce.js";
export * from "./resize.js";
export * from "./rounding.js";
export * from "./scan.js";
export * from "./scatter.js";
export {
  gatherBackward,
  type ScatterOptions,
  scatterElements,
  scatterRows,
} from "./scatter_op.js";
export * from "./select.js";
export * from "./shape.js";
export * from "./softmax.js";
export * from "./softmax_cross_entropy.js";
export {
  argsort,
  kthvalue,
  type SearchSortedOptions,
  type SelectOptions,
  type SortOptions,
  searchSorted,
  sort,
  type TopkOptions,
  topk,
} from "./sort.js";
export * from "./sparsemax.js";
export * from "./special.js";
export * from "./stft.js";
export * from "./trigonometric.js";
export * from "./u8.js";
export * from "./update_slice.js";
export * from "./weight_norm.js";

setBatchArithmetic({
  expand,
  reshape,
  transpose,
  pick: (x, i) => reshape(sliceAlong(x, 0, i, i + 1), x.shape.slice(1)),
  stack: (tensors) => stack(tensors, 0),
  zeros,
});
setTapeArithmetic({ add, sumTo, onesLike: (shape, dtype) => full(shape, 1, dtype), cast, convert: convertHalves });
