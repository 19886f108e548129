// flax.nnx.
import { namespace } from "@facet/dialect";
import * as initial from "../initializers.js";
import * as metricMembers from "./metrics.js";

export { avg_pool, max_pool, min_pool } from "../layers/pooling.js";
export * from "./activations.js";
export {
  combine_masks,
  dot_product_attention,
  MultiHeadAttention,
  make_attention_mask,
  make_causal_mask,
} from "./attention.js";
export { Dict, List, Sequential } from "./containers.js";
export { Conv, ConvTranspose } from "./conv.js";
export { All, Any, Everything, type Filter, Not, Nothing, OfType, PathContains, WithTag } from "./filters.js";
export {
  clone,
  GraphDef,
  graphdef,
  iter_graph,
  merge,
  Pytree,
  pop,
  split,
  state,
  update,
  variables,
} from "./graph.js";
export { Einsum, Embed, Linear, LinearGeneral } from "./linear.js";
export { Metric, MultiMetric } from "./metrics.js";
export { display, iter_children, iter_modules, Module, view } from "./module.js";
export { BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from "./normalization.js";
export { ModelAndOptimizer, OptArray, Optimizer, OptState, OptVariable } from "./optimizer.js";
export {
  Bidirectional,
  GRUCell,
  LSTMCell,
  OptimizedLSTMCell,
  RNN,
  RNNCellBase,
  SimpleCell,
} from "./recurrent.js";
export { RngCount, RngKey, RngState, RngStream, Rngs } from "./rngs.js";
export {
  filter_state,
  from_flat_state,
  map_state,
  merge_state,
  replace_by_pure_dict,
  State,
  split_state,
  to_flat_state,
  to_pure_dict,
} from "./state.js";
export { Dropout } from "./stochastic.js";
export { DiffState, grad, jit, remat, value_and_grad } from "./transforms.js";
export { BatchStat, Cache, Intermediate, Param, Perturbation, Variable } from "./variable.js";

export const initializers = namespace("flax.nnx.initializers", initial);
export const metrics = namespace("flax.nnx.metrics", metricMembers);
