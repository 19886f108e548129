import "../start.js";

export * from "./activation.js";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from "./batch_norm.js";
export { Bilinear } from "./bilinear.js";
export { ModuleList, Sequential } from "./containers.js";
export { Embedding, EmbeddingBag } from "./embedding.js";
export * as functional from "./functional.js";
export * as init from "./init.js";
export { Linear } from "./linear.js";
export * from "./loss.js";
export { type IncompatibleKeys, Module, type StateDict } from "./module.js";
export { MultiheadAttention } from "./multihead_attention.js";
export { ModuleDict } from "./named_modules.js";
export { GroupNorm, LayerNorm, RMSNorm } from "./norm.js";
export { Parameter } from "./parameter.js";
export { ParameterDict, ParameterList } from "./parameter_containers.js";
export { PReLU } from "./prelu.js";
export { GRU, LSTM, RNN, RNNBase } from "./recurrent.js";
export { GRUCell, LSTMCell, RNNCell, RNNCellBase } from "./recurrent_cells.js";
export { Flatten, Identity } from "./simple.js";
export type { Size1, Size2, Size3 } from "./size.js";
export * from "./spatial_layers.js";
export {
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "./transformer.js";
export * as utils from "./utils.js";
export { Transformer } from "./whole_transformer.js";
