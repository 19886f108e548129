// Flax over Facet's JAX dialect: nnx and linen.
import { namespace } from "@facet/dialect";
import * as nnxMembers from "./nnx/index.js";

export const nnx = namespace("flax.nnx", nnxMembers);

// Types of the namespaces' members, beside their values.
export declare namespace nnx {
  type BatchNorm = nnxMembers.BatchNorm;
  type Bidirectional = nnxMembers.Bidirectional;
  type Conv = nnxMembers.Conv;
  type ConvTranspose = nnxMembers.ConvTranspose;
  type Dict = nnxMembers.Dict;
  type Dropout = nnxMembers.Dropout;
  type Einsum = nnxMembers.Einsum;
  type Embed = nnxMembers.Embed;
  type GRUCell = nnxMembers.GRUCell;
  type GraphDef = nnxMembers.GraphDef;
  type GroupNorm = nnxMembers.GroupNorm;
  type InstanceNorm = nnxMembers.InstanceNorm;
  type LSTMCell = nnxMembers.LSTMCell;
  type LayerNorm = nnxMembers.LayerNorm;
  type Linear = nnxMembers.Linear;
  type LinearGeneral = nnxMembers.LinearGeneral;
  type Metric = nnxMembers.Metric;
  type ModelAndOptimizer = nnxMembers.ModelAndOptimizer;
  type Module = nnxMembers.Module;
  type MultiHeadAttention = nnxMembers.MultiHeadAttention;
  type MultiMetric = nnxMembers.MultiMetric;
  type OptArray = nnxMembers.OptArray;
  type OptState = nnxMembers.OptState;
  type OptVariable = nnxMembers.OptVariable;
  type OptimizedLSTMCell = nnxMembers.OptimizedLSTMCell;
  type Optimizer = nnxMembers.Optimizer;
  type Pytree = nnxMembers.Pytree;
  type RMSNorm = nnxMembers.RMSNorm;
  type RNN = nnxMembers.RNN;
  type RNNCellBase = nnxMembers.RNNCellBase;
  type RngStream = nnxMembers.RngStream;
  type Rngs = nnxMembers.Rngs;
  type Sequential = nnxMembers.Sequential;
  type SimpleCell = nnxMembers.SimpleCell;
  type State = nnxMembers.State;
  type List<T = unknown> = nnxMembers.List<T>;
  type Variable<T> = nnxMembers.Variable<T>;
  type Param<T> = nnxMembers.Param<T>;
  type BatchStat<T> = nnxMembers.BatchStat<T>;
}
