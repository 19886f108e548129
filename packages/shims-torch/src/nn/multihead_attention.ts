import { ArgumentError } from "@facet/autograd";
import { type Args, bool, int, number, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement, tensor } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { transpose } from "../ops/shape.js";
import type { Tensor } from "../tensor.js";
import { attendHeads } from "./functional_attention.js";
import { xavier_normal_, xavier_uniform_, zeros_ } from "./init.js";
import { Linear } from "./linear.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { placed } from "./placed.js";

/** A Linear under the name that PyTorch prints for the projection of an attention's results. */
export class NonDynamicallyQuantizableLinear extends Linear {}

export interface MultiheadAttentionArguments {
  embed_dim: number;
  num_heads: number;
  /** Probability with which a probability becomes zero, when training. */
  dropout: number;
  bias: boolean;
  /** Whether keys and values end with a learned row each. */
  add_bias_kv: boolean;
  /** Whether keys and values end with a row of zeros. */
  add_zero_attn: boolean;
  /** Width of keys; null for embed_dim. */
  kdim: number | null;
  /** Width of values; null for embed_dim. */
  vdim: number | null;
  /** Whether inputs are [batch, length, width] and not [length, batch, width]. */
  batch_first: boolean;
  device: Device | string | null;
  dtype: Dtype | null;
}
const read = signature("torch.nn.MultiheadAttention", {
  embed_dim: int,
  num_heads: int,
  dropout: number.or(0),
  bias: bool.or(true),
  add_bias_kv: false,
  add_zero_attn: false,
  kdim: int.or(null),
  vdim: int.or(null),
  batch_first: false,
  ...placement,
});
const inputs = signature("torch.nn.MultiheadAttention.forward", {
  query: tensor,
  key: tensor,
  value: tensor,
  key_padding_mask: tensor.or(null),
  need_weights: bool.or(true),
  attn_mask: tensor.or(null),
  average_attn_weights: bool.or(true),
  is_causal: false,
});
export interface AttentionInputs {
  query: Tensor;
  key: Tensor;
  value: Tensor;
  /** [batch, keys]: bool, true where a key is not seen, or floats that are added to the scores. */
  key_padding_mask: Tensor | null;
  need_weights: boolean;
  /** [queries, keys] or [batch heads, queries, keys], as key_padding_mask. */
  attn_mask: Tensor | null;
  average_attn_weights: boolean;
  /** A hint that attn_mask is causal. */
  is_causal: boolean;
}

/**
 * Attention of several heads over projections of query, key and value, projected back: the output and, if they are needed, the
 * probabilities [batch, queries, keys] (of each head where they are not averaged).
 */
export class MultiheadAttention extends Module {
  readonly embed_dim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly num_heads: number;
  readonly head_dim: number;
  dropout: number;
  readonly batch_first: boolean;
  readonly add_zero_attn: boolean;
  readonly _qkv_same_embed_dim: boolean;
  declare in_proj_weight: Parameter | null;
  declare q_proj_weight: Parameter | null;
  declare k_proj_weight: Parameter | null;
  declare v_proj_weight: Parameter | null;
  declare in_proj_bias: Parameter | null;
  declare bias_k: Parameter | null;
  declare bias_v: Parameter | null;
  declare out_proj: NonDynamicallyQuantizableLinear;

  constructor(
    ...args: Args<
      [
        embed_dim: number,
        num_heads: number,
        dropout: number,
        bias: boolean,
        add_bias_kv: boolean,
        add_zero_attn: boolean,
        kdim: number | null,
        vdim: number | null,
        batch_first: boolean,
      ],
      MultiheadAttentionArguments
    >
  ) {
    super();
    const { embed_dim, num_heads, dropout, bias, add_bias_kv, add_zero_attn, kdim, vdim, batch_first, ...place } =
      read(args);
    const op = "MultiheadAttention";
    placed(op, place);
    if (embed_dim <= 0 || num_heads <= 0)
      complain(
        ArgumentError,
        `embed_dim and num_heads must be greater than 0, got embed_dim=${embed_dim} and num_heads=${num_heads} instead`,
        {
          op,
          argument: embed_dim <= 0 ? "embed_dim" : "num_heads",
          expected: "1 or more",
          given: `${embed_dim <= 0 ? embed_dim : num_heads}`,
        },
      );
    if (embed_dim % num_heads !== 0)
      complain(ArgumentError, "embed_dim must be divisible by num_heads", {
        op,
        argument: "num_heads",
        expected: `a divisor of ${embed_dim}`,
        given: `${num_heads}`,
      });
    this.embed_dim = embed_dim;
    this.kdim = kdim ?? embed_dim;
    this.vdim = vdim ?? embed_dim;
    this.num_heads = num_heads;
    this.head_dim = embed_dim / num_heads;
    this.dropout = dropout;
    this.batch_first = batch_first;
    this.add_zero_attn = add_zero_attn;
    this._qkv_same_embed_dim = this.kdim === embed_dim && this.vdim === embed_dim;
    const matrix = (rows: number, columns: number): Parameter => new Parameter(zeros(rows, columns));
    const own = this._qkv_same_embed_dim;
    this.register_parameter("q_proj_weight", own ? null : matrix(embed_dim, embed_dim));
    this.register_parameter("k_proj_weight", own ? null : matrix(embed_dim, this.kdim));
    this.register_parameter("v_proj_weight", own ? null : matrix(embed_dim, this.vdim));
    this.register_parameter("in_proj_weight", own ? matrix(3 * embed_dim, embed_dim) : null);
    this.register_parameter("in_proj_bias", bias ? new Parameter(zeros(3 * embed_dim)) : null);
    this.out_proj = new NonDynamicallyQuantizableLinear(embed_dim, embed_dim, { bias, ...place });
    this.bias_k = add_bias_kv ? new Parameter(zeros(1, 1, embed_dim)) : null;
    this.bias_v = add_bias_kv ? new Parameter(zeros(1, 1, embed_dim)) : null;
    this._reset_parameters();
  }

  /** Draws new initial values: of the projections Xavier's. */
  _reset_parameters(): void {
    for (const weight of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight])
      if (weight) xavier_uniform_(weight);
    if (this.in_proj_bias) zeros_(this.in_proj_bias);
    if (this.in_proj_bias && this.out_proj.bias) zeros_(this.out_proj.bias);
    for (const row of [this.bias_k, this.bias_v]) if (row) xavier_normal_(row);
  }

  override forward(
    ...args: Args<
      [
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | null,
        need_weights: boolean,
        attn_mask: Tensor | null,
        average_attn_weights: boolean,
        is_causal: boolean,
      ],
      AttentionInputs
    >
  ): [output: Tensor, probabilities: Tensor | null] {
    const { query, key, value, ...settings } = inputs(args);
    const turn = (x: Tensor): Tensor => (this.batch_first || x.rank !== 3 ? x : transpose(x, 0, 1));
    const [output, probabilities] = attendHeads(
      "MultiheadAttention",
      [turn(query), turn(key), turn(value)],
      {
        ...settings,
        num_heads: this.num_heads,
        add_zero_attn: this.add_zero_attn,
        dropout_p: this.dropout,
        training: this.training,
      },
      {
        in_proj_weight: this.in_proj_weight,
        in_proj_bias: this.in_proj_bias,
        bias_k: this.bias_k,
        bias_v: this.bias_v,
        out_proj_weight: this.out_proj.weight,
        out_proj_bias: this.out_proj.bias,
        use_separate_proj_weight: !this._qkv_same_embed_dim,
        q_proj_weight: this.q_proj_weight,
        k_proj_weight: this.k_proj_weight,
        v_proj_weight: this.v_proj_weight,
      },
    );
    return [turn(output), probabilities];
  }
}
