// linen.MultiHeadDotProductAttention, SelfAttention and the functions beside them.
import { ArgumentError } from "@facet/autograd";
import { bool, func, int, number, only, signature, type Values } from "@facet/dialect";
import {
  type ArrayLike,
  arrayLike,
  type Given,
  type Initializer,
  type JaxArray,
  type PRNGKeyArray,
  precision,
} from "@facet/shims-jax/parts";
import {
  ATTENTION,
  type AttentionSettings,
  attended,
  attentionMask,
  attentionWeights,
  causalMask,
  combined,
  readersOf,
} from "../layers/attention.js";
import { floats } from "../layers/dense.js";
import { firstOf } from "../layers/dropout.js";
import {
  dtype,
  extent,
  flag,
  init,
  kernelDefault,
  key,
  mask as maskKind,
  param_dtype,
  replaced,
  zerosDefault,
} from "../rules.js";
import { DenseGeneral } from "./linear.js";
import { Module, STANDING } from "./module.js";
import { LayerNorm } from "./normalization.js";

// biome-ignore lint/suspicious/noExplicitAny: an attention of the caller's own takes what it names.
type Any = any;

const LINEN = {
  ...ATTENTION,
  module: only(null),
  force_fp32_for_softmax: bool.or(false),
} as const;
const operands = { query: arrayLike, key: arrayLike } as const;
const own = readersOf("flax.linen");
const weights = signature("flax.linen.dot_product_attention_weights", {
  ...operands,
  ...LINEN,
  einsum_dot_general: replaced,
  einsum: replaced,
});
const whole = signature("flax.linen.dot_product_attention", {
  ...operands,
  value: arrayLike,
  ...LINEN,
  einsum_dot_general: replaced,
  qk_attn_weights_einsum: replaced,
  attn_weights_value_einsum: replaced,
});
type Rest = [
  bias: JaxArray | null,
  mask: JaxArray | null,
  broadcast_dropout: boolean,
  dropout_rng: PRNGKeyArray | null,
  dropout_rate: number,
  deterministic: boolean,
];
type Operands = { query: ArrayLike; key: ArrayLike };

/** Attention of queries [..., length, heads, width] over keys and values. */
export const dot_product_attention: (
  ...args: Given<
    [query: ArrayLike, key: ArrayLike, value: ArrayLike],
    Rest,
    Omit<AttentionSettings, "is_causal"> & Operands & { value: ArrayLike }
  >
) => JaxArray = (...args) => {
  const { query, key, value, ...given } = whole(args);
  return attended("dot_product_attention", query, key, value, { ...given, is_causal: false });
};
/** The probabilities [..., heads, queries, keys] of an attention. */
export const dot_product_attention_weights: (
  ...args: Given<[query: ArrayLike, key: ArrayLike], Rest, Omit<AttentionSettings, "is_causal"> & Operands>
) => JaxArray = (...args) => {
  const { query, key, ...given } = weights(args);
  return attentionWeights("dot_product_attention_weights", query, key, { ...given, is_causal: false });
};
interface MaskNamed {
  pairwise_fn: (a: JaxArray, b: JaxArray) => JaxArray;
  extra_batch_dims: number;
}
/** A mask [..., 1, queries, keys] of two lists of marks, which are multiplied. */
export const make_attention_mask: (
  ...args: Given<
    [query_input: JaxArray, key_input: JaxArray],
    [pairwise_fn: MaskNamed["pairwise_fn"], extra_batch_dims: number],
    MaskNamed
  >
) => JaxArray = (...args) => {
  const { query_input, key_input, pairwise_fn, extra_batch_dims } = own.make_attention_mask(args);
  return attentionMask(query_input as JaxArray, key_input as JaxArray, pairwise_fn, extra_batch_dims);
};
/** A mask by which a place sees those up to itself. */
export const make_causal_mask: (
  ...args: Given<[x: JaxArray], [extra_batch_dims: number], { extra_batch_dims: number }>
) => JaxArray = (...args) => {
  const { x, extra_batch_dims } = own.make_causal_mask(args);
  return causalMask(x as JaxArray, extra_batch_dims);
};
/** What all masks mark; null where there is none. */
export const combine_masks: (...masks: readonly (JaxArray | null)[]) => JaxArray | null = (...args) =>
  combined(own.combine_masks(args).masks as unknown as (JaxArray | null)[]);

const FIELDS = {
  num_heads: extent,
  dtype,
  param_dtype,
  qkv_features: int.or(null),
  out_features: int.or(null),
  broadcast_dropout: bool.or(true),
  dropout_rate: number.or(0),
  deterministic: flag,
  precision,
  kernel_init: kernelDefault,
  out_kernel_init: init.or(null),
  bias_init: zerosDefault,
  out_bias_init: init.or(null),
  use_bias: bool.or(true),
  attention_fn: func.or(dot_product_attention as (...args: Any[]) => Any),
  decode: only(false),
  normalize_qk: bool.or(false),
  force_fp32_for_softmax: bool.or(false),
  qkv_dot_general: replaced,
  out_dot_general: replaced,
  qkv_dot_general_cls: replaced,
  out_dot_general_cls: replaced,
  qk_attn_weights_einsum_cls: replaced,
  attn_weights_value_einsum_cls: replaced,
  ...STANDING,
} as const;
const CALL = {
  inputs_q: arrayLike,
  inputs_k: arrayLike.or(null),
  inputs_v: arrayLike.or(null),
  "*": null,
  inputs_kv: arrayLike.or(null),
  mask: maskKind,
  deterministic: flag,
  dropout_rng: key.or(null),
  sow_weights: bool.or(false),
} as const;
const read = {
  make: signature("flax.linen.MultiHeadDotProductAttention", FIELDS),
  call: signature("flax.linen.MultiHeadDotProductAttention.__call__", CALL),
  makeSelf: signature("flax.linen.SelfAttention", FIELDS),
  callSelf: signature("flax.linen.SelfAttention.__call__", {
    inputs_q: arrayLike,
    mask: maskKind,
    deterministic: flag,
    dropout_rng: key.or(null),
    sow_weights: bool.or(false),
  }),
  makeOther: signature("flax.linen.MultiHeadAttention", FIELDS),
};
type Fields = Given<[num_heads: number], [], Values<typeof FIELDS>>;
type Called = Omit<Values<typeof CALL>, "*">;

/** linen.MultiHeadDotProductAttention: queries, keys and values of so many heads by dense layers, attention, and a dense layer out of it. */
export class MultiHeadDotProductAttention extends Module {
  declare readonly num_heads: number;
  declare readonly qkv_features: number | null;
  declare readonly out_features: number | null;
  declare readonly broadcast_dropout: boolean;
  declare readonly dropout_rate: number;
  declare readonly deterministic: boolean | null;
  declare readonly kernel_init: Initializer;
  declare readonly out_kernel_init: Initializer | null;
  declare readonly bias_init: Initializer;
  declare readonly out_bias_init: Initializer | null;
  declare readonly use_bias: boolean;
  declare readonly attention_fn: (...args: Any[]) => Any;
  declare readonly normalize_qk: boolean;

  constructor(...args: Fields) {
    super(new.target === MultiHeadDotProductAttention ? read.make(args) : (args[0] as object));
  }

  override __call__(...args: Any[]): JaxArray {
    return attendOver(this, read.call(args));
  }
}

function attendOver(self: MultiHeadDotProductAttention, given: Called): JaxArray {
  const fn = self.constructor.name;
  const both = given.inputs_kv;
  if (both !== null && (given.inputs_k !== null || given.inputs_v !== null))
    throw new ArgumentError({
      op: fn,
      argument: "inputs_kv",
      expected: "null beside inputs_k or inputs_v",
      given: "an array",
    });
  if (given.inputs_k === null && given.inputs_v !== null)
    throw new ArgumentError({ op: fn, argument: "inputs_k", expected: "an array beside inputs_v", given: "none" });
  const inputs_q = floats(fn, given.inputs_q);
  const inputs_k = floats(fn, both ?? given.inputs_k ?? inputs_q);
  const inputs_v = floats(fn, both ?? given.inputs_v ?? inputs_k);
  const width = inputs_q.shape.at(-1) ?? 1;
  const qkv_features = self.qkv_features ?? width;
  const { num_heads, kernel_init, bias_init, use_bias } = self;
  if (!(num_heads > 0 && qkv_features % num_heads === 0))
    throw new ArgumentError({
      op: fn,
      argument: "num_heads",
      expected: `a divisor of ${qkv_features}`,
      given: `${num_heads}`,
    });
  const layer = (name: string): DenseGeneral =>
    new DenseGeneral([num_heads, qkv_features / num_heads], { axis: -1, kernel_init, bias_init, use_bias, name });
  let query = layer("query")(inputs_q);
  let keys = layer("key")(inputs_k);
  const value = layer("value")(inputs_v);
  if (self.normalize_qk) {
    query = new LayerNorm({ name: "query_ln", use_bias: false })(query);
    keys = new LayerNorm({ name: "key_ln", use_bias: false })(keys);
  }
  const drops = self.dropout_rate > 0;
  const deterministic = drops ? firstOf(fn, "deterministic", self.deterministic, given.deterministic) : true;
  const settings: AttentionSettings = {
    bias: null,
    mask: given.mask,
    broadcast_dropout: self.broadcast_dropout,
    dropout_rng: drops && !deterministic ? (given.dropout_rng ?? self.make_rng("dropout")) : null,
    dropout_rate: self.dropout_rate,
    deterministic,
    is_causal: false,
  };
  const sow = given.sow_weights
    ? (found: JaxArray): void => void self.sow("intermediates", "attention_weights", found)
    : undefined;
  const { is_causal: _causal, ...passed } = settings;
  const x =
    (self.attention_fn as unknown) === dot_product_attention
      ? attended(fn, query, keys, value, settings, sow)
      : self.attention_fn(query, keys, value, passed);
  return new DenseGeneral(self.out_features ?? width, {
    axis: [-2, -1],
    kernel_init: self.out_kernel_init ?? kernel_init,
    bias_init: self.out_bias_init ?? bias_init,
    use_bias,
    name: "out",
  })(x);
}

/** linen.MultiHeadAttention: another name of it. */
export class MultiHeadAttention extends MultiHeadDotProductAttention {
  constructor(...args: Fields) {
    super(read.makeOther(args) as never);
  }
}
/** linen.SelfAttention: over the queries' own inputs. */
export class SelfAttention extends MultiHeadDotProductAttention {
  constructor(...args: Fields) {
    super(read.makeSelf(args) as never);
  }
  override __call__(...args: Any[]): JaxArray {
    return attendOver(this, { ...read.callSelf(args), inputs_k: null, inputs_v: null, inputs_kv: null });
  }
}
