// flax.linen.
import { namespace } from "@facet/dialect";
import * as initial from "../initializers.js";

export {
  celu,
  elu,
  gelu,
  glu,
  hard_sigmoid,
  hard_silu,
  hard_swish,
  hard_tanh,
  leaky_relu,
  log_sigmoid,
  log_softmax,
  logsumexp,
  one_hot,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  soft_sign,
  softmax,
  softplus,
  swish,
  tanh,
} from "@facet/shims-jax/nn";
export { FrozenDict } from "../core.js";
export { ones_init, zeros_init } from "../initializers.js";
export { avg_pool, max_pool } from "../layers/pooling.js";
export {
  combine_masks,
  dot_product_attention,
  dot_product_attention_weights,
  MultiHeadAttention,
  MultiHeadDotProductAttention,
  make_attention_mask,
  make_causal_mask,
  SelfAttention,
} from "./attention.js";
export { Conv, ConvTranspose } from "./conv.js";
export { Dense, DenseGeneral, Einsum, Embed } from "./linear.js";
export { Module } from "./module.js";
export { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from "./normalization.js";
export {
  Bidirectional,
  GRUCell,
  LSTMCell,
  MGUCell,
  OptimizedLSTMCell,
  RNN,
  RNNCellBase,
  SimpleCell,
} from "./recurrent.js";
export { Dropout, PReLU, Sequential } from "./stochastic.js";

export const initializers = namespace("flax.linen.initializers", initial);
