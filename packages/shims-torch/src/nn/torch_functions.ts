// Functions of layers over space that PyTorch has in `torch` too.
import { nativeDropouts } from "./functional_dropout.js";
import { nativePools } from "./functional_pool.js";

export { adaptive_avg_pool1d, nativeAdaptiveMaxPool1d as adaptive_max_pool1d } from "./functional_adaptive_pool.js";
export { conv2d } from "./functional_conv.js";
export {
  conv_tbc,
  conv_transpose1d,
  conv_transpose2d,
  conv_transpose3d,
  conv1d,
  conv3d,
  convolution,
} from "./functional_conv_nd.js";
export { affine_grid_generator, grid_sampler, grid_sampler_2d, grid_sampler_3d } from "./functional_grid.js";
export { channel_shuffle, pixel_shuffle, pixel_unshuffle } from "./functional_norm.js";
export { constant_pad_nd } from "./functional_pad.js";
export { avg_pool1d } from "./functional_pool.js";
export const { dropout, feature_dropout, alpha_dropout, feature_alpha_dropout } = nativeDropouts;
export const { max_pool1d, max_pool2d, max_pool3d, max_pool1d_with_indices } = nativePools;
