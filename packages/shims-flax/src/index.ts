// Flax over Facet's JAX dialect: nnx and linen.
import { namespace } from "@facet/dialect";
import * as coreMembers from "./core.js";
import * as linenMembers from "./linen/index.js";
import * as nnxMembers from "./nnx/index.js";
import { dataclass, field, PyTreeNode } from "./struct.js";
import * as commonUtils from "./training/common_utils.js";
import * as earlyStopping from "./training/early_stopping.js";
import * as trainState from "./training/train_state.js";
import * as traverseUtil from "./traverse_util.js";

export const core = namespace("flax.core", coreMembers);
export const linen = namespace("flax.linen", linenMembers);
export const nnx = namespace("flax.nnx", nnxMembers);
export const struct = namespace("flax.struct", { PyTreeNode, dataclass, field });
export const traverse_util = namespace("flax.traverse_util", traverseUtil);
/** flax.training: the state of a training program, and what counts when it may stop. */
export const training = namespace("flax.training", {
  common_utils: namespace("flax.training.common_utils", commonUtils),
  early_stopping: namespace("flax.training.early_stopping", earlyStopping),
  train_state: namespace("flax.training.train_state", trainState),
});

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

export declare namespace linen {
  type Bidirectional = linenMembers.Bidirectional;
  type BatchNorm = linenMembers.BatchNorm;
  type Conv = linenMembers.Conv;
  type ConvTranspose = linenMembers.ConvTranspose;
  type Dense = linenMembers.Dense;
  type DenseGeneral = linenMembers.DenseGeneral;
  type Dropout = linenMembers.Dropout;
  type Einsum = linenMembers.Einsum;
  type Embed = linenMembers.Embed;
  type FrozenDict = linenMembers.FrozenDict;
  type GRUCell = linenMembers.GRUCell;
  type GroupNorm = linenMembers.GroupNorm;
  type InstanceNorm = linenMembers.InstanceNorm;
  type LSTMCell = linenMembers.LSTMCell;
  type LayerNorm = linenMembers.LayerNorm;
  type MGUCell = linenMembers.MGUCell;
  type Module = linenMembers.Module;
  type MultiHeadAttention = linenMembers.MultiHeadAttention;
  type MultiHeadDotProductAttention = linenMembers.MultiHeadDotProductAttention;
  type OptimizedLSTMCell = linenMembers.OptimizedLSTMCell;
  type PReLU = linenMembers.PReLU;
  type RMSNorm = linenMembers.RMSNorm;
  type RNN = linenMembers.RNN;
  type RNNCellBase = linenMembers.RNNCellBase;
  type SelfAttention = linenMembers.SelfAttention;
  type Sequential = linenMembers.Sequential;
  type SimpleCell = linenMembers.SimpleCell;
}
