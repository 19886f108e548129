// torch.nn.functional over space: convolutions, poolings, paddings, resizing, windows, dropout of channels.
export {
  adaptive_avg_pool1d,
  adaptive_avg_pool2d,
  adaptive_avg_pool3d,
  adaptive_max_pool1d,
  adaptive_max_pool1d_with_indices,
  adaptive_max_pool2d,
  adaptive_max_pool2d_with_indices,
  adaptive_max_pool3d,
  adaptive_max_pool3d_with_indices,
} from "./functional_adaptive_pool.js";
export { conv2d } from "./functional_conv.js";
export {
  conv_tbc,
  conv_transpose1d,
  conv_transpose2d,
  conv_transpose3d,
  conv1d,
  conv3d,
} from "./functional_conv_nd.js";
export { alpha_dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout } from "./functional_dropout.js";
export { affine_grid, fold, grid_sample, unfold } from "./functional_grid.js";
export { channel_shuffle as native_channel_shuffle } from "./functional_norm.js";
export { pad } from "./functional_pad.js";
export {
  avg_pool1d,
  avg_pool2d,
  avg_pool3d,
  lp_pool1d,
  lp_pool2d,
  lp_pool3d,
  max_pool1d,
  max_pool1d_with_indices,
  max_pool2d,
  max_pool2d_with_indices,
  max_pool3d,
  max_pool3d_with_indices,
} from "./functional_pool.js";
export { interpolate, upsample, upsample_bilinear, upsample_nearest } from "./functional_resize.js";
export {
  fractional_max_pool2d,
  fractional_max_pool2d_with_indices,
  fractional_max_pool3d,
  fractional_max_pool3d_with_indices,
  max_unpool1d,
  max_unpool2d,
  max_unpool3d,
} from "./functional_unpool.js";
