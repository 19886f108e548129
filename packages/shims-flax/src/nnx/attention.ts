// nnx.MultiHeadAttention and the functions beside it.
import { ArgumentError, ShapeError } from "@facet/autograd";
import { bool, func, int, listOf, number, only, signature, type Values } from "@facet/dialect";
import { arange, array, broadcast_to, less_equal, zeros } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  arrayLike,
  type Given,
  type JaxArray,
  type PRNGKeyArray,
  precision,
} from "@facet/shims-jax/parts";
import {
  ATTENTION,
  type AttentionSettings,
  attended,
  attentionMask,
  causalMask,
  combined,
  readersOf,
} from "../layers/attention.js";
import { placed } from "../layers/cache.js";
import { floats } from "../layers/dense.js";
import { firstOf } from "../layers/dropout.js";
import {
  dtype,
  extent,
  flag,
  init,
  kernelDefault,
  mask as maskKind,
  metadata,
  param_dtype,
  promote_dtype,
  replaced,
  zerosDefault,
} from "../rules.js";
import { LinearGeneral } from "./linear.js";
import { Module } from "./module.js";
import { LayerNorm } from "./normalization.js";
import { type Keys, keysKind, nextKey, type RngStream, rngsKind, streamOf } from "./rngs.js";
import { Cache, Intermediate } from "./variable.js";

// biome-ignore lint/suspicious/noExplicitAny: an attention of the caller's own takes what it names.
type Any = any;

const own = readersOf("flax.nnx");
const whole = signature("flax.nnx.dot_product_attention", {
  query: arrayLike,
  key: arrayLike,
  value: arrayLike,
  ...ATTENTION,
  module: only(null),
  promote_dtype,
  is_causal: bool.or(false),
});
interface AttentionNamed extends AttentionSettings {
  query: ArrayLike;
  key: ArrayLike;
  value: ArrayLike;
}
/** Attention of queries [..., length, heads, width] over keys and values, whose heads may be fewer. */
export const dot_product_attention: (
  ...args: Given<
    [query: ArrayLike, key: ArrayLike, value: ArrayLike],
    [
      bias: JaxArray | null,
      mask: JaxArray | null,
      broadcast_dropout: boolean,
      dropout_rng: PRNGKeyArray | null,
      dropout_rate: number,
      deterministic: boolean,
    ],
    AttentionNamed
  >
) => JaxArray = (...args) => {
  const { query, key, value, ...given } = whole(args);
  return attended("dot_product_attention", query, key, value, given);
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
  return attentionMask(query_input as JaxArray, key_input as JaxArray, pairwise_fn as never, extra_batch_dims);
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

const MULTI = {
  num_heads: extent,
  in_features: extent,
  qkv_features: int.or(null),
  out_features: int.or(null),
  num_kv_heads: int.or(null),
  in_kv_features: int.or(null),
  "*": null,
  dtype,
  param_dtype,
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
  decode: flag,
  normalize_qk: bool.or(false),
  qkv_promote_dtype: promote_dtype,
  out_promote_dtype: promote_dtype,
  ln_promote_dtype: promote_dtype,
  qkv_dot_general: replaced,
  out_dot_general: replaced,
  qkv_dot_general_cls: replaced,
  out_dot_general_cls: replaced,
  rngs: rngsKind,
  keep_rngs: bool.or(true),
  kernel_metadata: metadata,
  out_kernel_metadata: metadata,
  bias_metadata: metadata,
  out_bias_metadata: metadata,
  query_ln_scale_metadata: metadata,
  key_ln_scale_metadata: metadata,
} as const;
const CALL = {
  inputs_q: arrayLike,
  inputs_k: arrayLike.or(null),
  inputs_v: arrayLike.or(null),
  "*": null,
  mask: maskKind,
  deterministic: flag,
  rngs: keysKind.or(null),
  sow_weights: bool.or(false),
  decode: flag,
  is_causal: bool.or(false),
  out_sharding: only(null),
  qkv_sharding: only(null),
} as const;
const read = {
  make: signature("flax.nnx.MultiHeadAttention", MULTI),
  call: signature("flax.nnx.MultiHeadAttention.__call__", CALL),
  init_cache: signature("flax.nnx.MultiHeadAttention.init_cache", { input_shape: listOf(int), dtype: only("float32") }),
};

/** nnx.MultiHeadAttention: queries, keys and values of so many heads by dense layers, attention, and a dense layer out of it. */
export class MultiHeadAttention extends Module {
  declare readonly query: LinearGeneral;
  declare readonly key: LinearGeneral;
  declare readonly value: LinearGeneral;
  declare readonly out: LinearGeneral;
  declare readonly query_ln: LayerNorm | null;
  declare readonly key_ln: LayerNorm | null;
  declare readonly num_heads: number;
  declare readonly num_kv_heads: number;
  declare readonly head_dim: number;
  declare readonly in_features: number;
  declare readonly dropout_rate: number;
  declare readonly broadcast_dropout: boolean;
  declare deterministic: boolean | null;
  declare decode: boolean | null;
  declare readonly attention_fn: (...args: Any[]) => Any;
  declare readonly rngs: RngStream | null;
  declare cached_key: Cache | null;
  declare cached_value: Cache | null;
  declare cache_index: Cache<number> | null;

  constructor(
    ...args: Given<
      [num_heads: number, in_features: number],
      [
        qkv_features: number | null,
        out_features: number | null,
        num_kv_heads: number | null,
        in_kv_features: number | null,
      ],
      Omit<Values<typeof MULTI>, "*">
    >
  ) {
    super();
    const given = read.make(args);
    const { num_heads, in_features, kernel_init, bias_init, use_bias, rngs, normalize_qk } = given;
    const qkv_features = given.qkv_features ?? in_features;
    const out_features = given.out_features ?? in_features;
    const in_kv_features = given.in_kv_features ?? in_features;
    const num_kv_heads = given.num_kv_heads ?? num_heads;
    for (const [argument, whole, part] of [
      ["num_heads", qkv_features, num_heads],
      ["num_kv_heads", num_heads, num_kv_heads],
    ] as const)
      if (!(part > 0 && whole % part === 0))
        throw new ArgumentError({
          op: "MultiHeadAttention",
          argument,
          expected: `a divisor of ${whole}`,
          given: `${part}`,
        });
    const head_dim = qkv_features / num_heads;
    const shared = { kernel_init, bias_init, use_bias, rngs };
    const query = new LinearGeneral(in_features, [num_heads, head_dim], shared);
    const key = new LinearGeneral(in_kv_features, [num_kv_heads, head_dim], shared);
    const value = new LinearGeneral(in_kv_features, [num_kv_heads, head_dim], shared);
    const query_ln = normalize_qk ? new LayerNorm(head_dim, { use_bias: false, rngs }) : null;
    const key_ln = normalize_qk ? new LayerNorm(head_dim, { use_bias: false, rngs }) : null;
    const out = new LinearGeneral([num_heads, head_dim], out_features, {
      axis: [-2, -1],
      kernel_init: given.out_kernel_init ?? kernel_init,
      bias_init: given.out_bias_init ?? bias_init,
      use_bias,
      rngs,
    });
    const stream = given.keep_rngs && given.dropout_rate > 0 ? streamOf(rngs, "dropout").fork() : null;
    const { broadcast_dropout, dropout_rate, deterministic, attention_fn, decode } = given;
    Object.assign(this, { num_heads, num_kv_heads, in_features, in_kv_features, qkv_features, out_features, head_dim });
    Object.assign(this, {
      broadcast_dropout,
      dropout_rate,
      deterministic,
      use_bias,
      attention_fn,
      decode,
      normalize_qk,
    });
    Object.assign(this, { query, key, value, query_ln, key_ln, out, rngs: stream });
    Object.assign(this, { cached_key: null, cached_value: null, cache_index: null });
  }

  override __call__(
    ...args: Given<
      [inputs_q: ArrayLike],
      [inputs_k: ArrayLike | null, inputs_v: ArrayLike | null],
      Omit<Values<typeof CALL>, "*">
    >
  ): JaxArray {
    const given = read.call(args);
    const fn = "MultiHeadAttention";
    if (given.inputs_k === null && given.inputs_v !== null)
      throw new ArgumentError({ op: fn, argument: "inputs_k", expected: "an array beside inputs_v", given: "none" });
    const inputs_q = floats(fn, given.inputs_q);
    const inputs_k = given.inputs_k === null ? inputs_q : floats(fn, given.inputs_k);
    const inputs_v = given.inputs_v === null ? inputs_k : floats(fn, given.inputs_v);
    if (inputs_q.shape.at(-1) !== this.in_features)
      throw new ShapeError({
        op: fn,
        argument: "inputs_q",
        expected: `a last dimension of ${this.in_features}`,
        given: `${inputs_q.shape.at(-1)}`,
      });
    let [query, key, value] = [this.query(inputs_q), this.key(inputs_k), this.value(inputs_v)];
    if (this.query_ln && this.key_ln) [query, key] = [this.query_ln(query), this.key_ln(key)];
    let { mask } = given;
    if (firstOf(fn, "decode", given.decode, this.decode)) {
      const { cached_key, cached_value, cache_index } = this;
      if (!cached_key || !cached_value || !cache_index)
        throw new ArgumentError({
          op: fn,
          argument: "decode",
          expected: "a cache: call init_cache first",
          given: "none",
        });
      const length = cached_key.shape.at(-3) as number;
      const index = cache_index.value;
      cached_key.value = key = placed(fn, cached_key.value, key, index);
      cached_value.value = value = placed(fn, cached_value.value, value, index);
      cache_index.value = index + 1;
      const seen = less_equal(arange(length), array(index, "int32"));
      mask = combined([mask, broadcast_to(seen, [...key.shape.slice(0, -3), 1, 1, length])]);
    }
    const drops = this.dropout_rate > 0;
    const deterministic = drops ? firstOf(fn, "deterministic", given.deterministic, this.deterministic) : true;
    const key_ = drops && !deterministic ? firstOf<Keys>(fn, "rngs", given.rngs, this.rngs as Keys | null) : null;
    const settings: AttentionSettings = {
      bias: null,
      mask,
      dropout_rng: key_ && nextKey(key_, "dropout"),
      dropout_rate: this.dropout_rate,
      broadcast_dropout: this.broadcast_dropout,
      deterministic,
      is_causal: given.is_causal,
    };
    const sow = given.sow_weights
      ? (weights: JaxArray): void => void this.sow(Intermediate, "attention_weights", weights)
      : undefined;
    const x =
      (this.attention_fn as unknown) === dot_product_attention
        ? attended(fn, query, key, value, settings, sow)
        : this.attention_fn(query, key, value, settings);
    return this.out(x);
  }

  /** Makes room for keys and values of so many places: inputs [..., length, features]. */
  init_cache(...args: [input_shape: readonly number[]]): void {
    const { input_shape } = read.init_cache(args);
    const shape = [...input_shape.slice(0, -1), this.num_kv_heads, this.head_dim];
    this.cached_key = new Cache(zeros(shape));
    this.cached_value = new Cache(zeros(shape));
    this.cache_index = new Cache(0);
  }
}
