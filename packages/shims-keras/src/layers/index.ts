import "../start.js";

export * from "./activation.js";
export type { CallContext } from "./arguments.js";
export { AdditiveAttention, Attention } from "./attention.js";
export {
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  Convolution1D,
  Convolution1DTranspose,
  Convolution2D,
  Convolution2DTranspose,
  Convolution3D,
  Convolution3DTranspose,
} from "./convolution.js";
export { Identity, Input, InputLayer, inputOf, Lambda, Masking, Wrapper } from "./core.js";
export * from "./dense.js";
export * from "./depthwise.js";
export * from "./embedding.js";
export { CategoryEncoding, Discretization, Normalization } from "./encoding.js";
export { RandomBrightness, RandomContrast } from "./image_color.js";
export { CenterCrop, Resizing } from "./image_geometry.js";
export { RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom } from "./image_random.js";
export { Layer } from "./layer.js";
export { IntegerLookup, StringLookup } from "./lookup.js";
export { Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract } from "./merge.js";
export * from "./merge_functions.js";
export * from "./multi_head_attention.js";
export * from "./normalization.js";
export * from "./pooling.js";
export * from "./preprocessing.js";
export { GRU, LSTM, RNN, SimpleRNN } from "./recurrent.js";
export { GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells } from "./recurrent_cells.js";
export * from "./recurrent_wrappers.js";
export * from "./regularization.js";
export {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  Flatten,
  Permute,
  RepeatVector,
  Reshape,
  UpSampling1D,
  UpSampling2D,
  UpSampling3D,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from "./reshaping.js";
export { deserialize, serialize } from "./serialize.js";
export { TextVectorization } from "./text_vectorization.js";
