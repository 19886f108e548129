// Scaled dot products and attention of several heads, as functions.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, number, only } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import { requireProbability } from "./functional_activation.js";

const named = (name: string): string => `torch.nn.functional.${name}`;
const optional = tensor.or(null);

const wrong = (op: string, argument: string, sentence: string, expected: string, given: string): never =>
  complain(core.ShapeError, sentence, { op, argument, expected, given });

/** What is dropped of probabilities, by the next draw. */
const dropped = (rate: number): { rate: number; key: core.Key } | undefined =>
  rate > 0 ? { rate, key: nextKey(null) } : undefined;

export interface ScaledDotProductArguments {
  /** Broadcast to [..., queries, keys]: bool, true where a key is seen, or floats that are added to the scores. */
  attn_mask: Tensor | null;
  dropout_p: number;
  /** Whether query t sees keys up to t alone. */
  is_causal: boolean;
  /** Factor of the scores; null for 1 / sqrt(width). */
  scale: number | null;
  /** Whether key and value may have fewer heads: each serves as many neighbours of the query's. */
  enable_gqa: boolean;
}

/** Leading dimensions of a tensor repeated to others. */
const spreadTo = (x: Tensor, leading: readonly number[]): core.Tensor =>
  `${x.shape.slice(0, -2)}` === `${leading}` ? x.core : core.expand(x.core, [...leading, ...x.shape.slice(-2)]);

function commonLeading(op: string, given: readonly Tensor[]): number[] {
  const rank = Math.max(...given.map((x) => x.rank)) - 2;
  return Array.from({ length: rank }, (_, d) => {
    const extents = given.map((x) => x.shape[d - rank + x.rank - 2] ?? 1);
    const extent = extents.find((each) => each !== 1) ?? 1;
    if (extents.some((each) => each !== 1 && each !== extent))
      wrong(
        op,
        "key",
        `The size of tensor a must match the size of tensor b at dimension ${d}`,
        "leading dimensions that broadcast",
        given.map((x) => sizeText(x.shape)).join(", "),
      );
    return extent;
  });
}

/**
 * softmax(query key' scale + mask) value of query [..., queries, width], key [..., keys, width] and value [..., keys, width of values].
 * A query that sees no key gives 0.
 */
export const scaled_dot_product_attention: (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...args: Args<
    [attn_mask: Tensor | null, dropout_p: number, is_causal: boolean, scale: number | null, enable_gqa: boolean],
    ScaledDotProductArguments
  >
) => Tensor = define(
  named("scaled_dot_product_attention"),
  {
    query: tensor,
    key: tensor,
    value: tensor,
    attn_mask: optional,
    dropout_p: number.or(0),
    is_causal: false,
    scale: number.or(null),
    enable_gqa: false,
  },
  ({ query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa }) => {
    const op = "scaled_dot_product_attention";
    for (const [argument, x] of Object.entries({ query, key, value })) {
      requireFloat(op, argument, x.core.dtype);
      if (x.rank < 2)
        wrong(
          op,
          argument,
          `Both query and key must be at least 2 dimensional, but got ${argument} dim: ${x.rank}`,
          "rank 2 or more",
          sizeText(x.shape),
        );
    }
    requireProbability(op, dropout_p);
    if (attn_mask && is_causal)
      wrong(
        op,
        "attn_mask",
        "Explicit attn_mask should not be set when is_causal=True",
        "null beside is_causal",
        "a Tensor",
      );
    if (attn_mask && attn_mask.core.dtype !== "bool" && attn_mask.core.dtype !== "float32")
      complain(
        core.DtypeError,
        `Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ${attn_mask.dtype}`,
        {
          op,
          argument: "attn_mask",
          expected: "torch.bool or torch.float32",
          given: `${attn_mask.dtype}`,
        },
      );
    return core.scope(() => {
      const leading = enable_gqa ? undefined : commonLeading(op, [query, key, value]);
      const [q, k, v] = [query, key, value].map((x) => (leading ? spreadTo(x, leading) : x.core)) as [
        core.Tensor,
        core.Tensor,
        core.Tensor,
      ];
      return wrap(
        core.attention(q, k, v, {
          mask: attn_mask?.core,
          causal: is_causal,
          scale: scale ?? undefined,
          dropout: dropped(dropout_p),
        }),
      );
    });
  },
);

/** Weights of an attention of several heads. */
export interface AttentionWeights {
  in_proj_weight: Tensor | null;
  in_proj_bias: Tensor | null;
  bias_k: Tensor | null;
  bias_v: Tensor | null;
  out_proj_weight: Tensor;
  out_proj_bias: Tensor | null;
  use_separate_proj_weight: boolean;
  q_proj_weight: Tensor | null;
  k_proj_weight: Tensor | null;
  v_proj_weight: Tensor | null;
}
export interface AttentionSettings {
  num_heads: number;
  add_zero_attn: boolean;
  dropout_p: number;
  training: boolean;
  /** [batch, keys]: bool, true where a key is not seen, or floats that are added to the scores. */
  key_padding_mask: Tensor | null;
  need_weights: boolean;
  /** [queries, keys] or [batch heads, queries, keys], as key_padding_mask. */
  attn_mask: Tensor | null;
  average_attn_weights: boolean;
  /** A hint that attn_mask is causal. */
  is_causal: boolean;
}

const floatMask = (mask: core.Tensor): core.Tensor =>
  mask.dtype === "bool" ? core.where(mask, Number.NEGATIVE_INFINITY, core.zeros(mask.shape)) : mask;

/** Both masks as the core takes one: true where a key is seen, or floats, for [batch, heads, queries, keys]. */
function merged(masks: readonly core.Tensor[]): core.Tensor | undefined {
  if (masks.every(({ dtype }) => dtype === "bool"))
    return masks
      .map((mask) => core.logicalNot(mask))
      .reduce<core.Tensor | undefined>((a, b) => (a ? core.logicalAnd(a, b) : b), undefined);
  return masks.map(floatMask).reduce((a, b) => core.add(a, b));
}

/** Throws unless the masks have the shapes and dtypes that go with the input; gives them in four dimensions. */
function masksOf(
  op: string,
  { key_padding_mask, attn_mask, num_heads }: AttentionSettings,
  [batch, queries, keys]: readonly [number, number, number],
  batched: boolean,
): core.Tensor[] {
  for (const [argument, mask] of Object.entries({ key_padding_mask, attn_mask }))
    if (mask && mask.core.dtype !== "bool" && mask.core.dtype !== "float32")
      complain(core.DtypeError, `only bool and floating types of ${argument} are supported`, {
        op,
        argument,
        expected: "torch.bool or torch.float32",
        given: `${mask.dtype}`,
      });
  const found: core.Tensor[] = [];
  if (attn_mask) {
    const whole = attn_mask.rank === 2 ? [queries, keys] : [batch * num_heads, queries, keys];
    if (`${attn_mask.shape}` !== `${whole}`)
      wrong(
        op,
        "attn_mask",
        `The shape of the ${attn_mask.rank}D attn_mask is ${sizeText(attn_mask.shape)}, but should be (${whole.join(", ")}).`,
        sizeText(whole),
        sizeText(attn_mask.shape),
      );
    const four = attn_mask.rank === 2 ? [1, 1, queries, keys] : [batch, num_heads, queries, keys];
    found.push(core.reshape(attn_mask.core, four));
  }
  if (key_padding_mask) {
    const whole = batched ? [batch, keys] : [keys];
    if (`${key_padding_mask.shape}` !== `${whole}`)
      wrong(
        op,
        "key_padding_mask",
        `Expected key_padding_mask of shape (${whole.join(", ")}), but got ${sizeText(key_padding_mask.shape)}`,
        sizeText(whole),
        sizeText(key_padding_mask.shape),
      );
    found.push(core.reshape(key_padding_mask.core, [batch, 1, 1, keys]));
  }
  return found;
}

/** What multi_head_attention_forward does, of inputs [batch, length, width], or [length, width] of one example. */
export function attendHeads(
  op: string,
  inputs: readonly [query: Tensor, key: Tensor, value: Tensor],
  settings: AttentionSettings,
  weights: AttentionWeights,
): [output: Tensor, probabilities: Tensor | null] {
  const [query, key, value] = inputs;
  const { num_heads, dropout_p, training, need_weights, is_causal, attn_mask, key_padding_mask } = settings;
  const batched = query.rank === 3;
  for (const [argument, x] of Object.entries({ query, key, value })) {
    requireFloat(op, argument, x.core.dtype);
    if (x.rank !== query.rank || (x.rank !== 2 && x.rank !== 3))
      wrong(
        op,
        argument,
        `query should be unbatched 2D or batched 3D tensor, key and value of as many dimensions, but found ${x.rank}-D ${argument}`,
        "rank 2 or 3",
        sizeText(x.shape),
      );
  }
  requireProbability(op, dropout_p);
  if (is_causal && !attn_mask)
    complain(
      core.ArgumentError,
      "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.",
      { op, argument: "attn_mask", expected: "a Tensor beside is_causal", given: "null" },
    );
  const { in_proj_weight, in_proj_bias, q_proj_weight, k_proj_weight, v_proj_weight, ...rest } = weights;
  const separate = weights.use_separate_proj_weight;
  for (const [argument, weight] of Object.entries(
    separate ? { q_proj_weight, k_proj_weight, v_proj_weight } : { in_proj_weight },
  ))
    if (weight === null)
      complain(
        core.ArgumentError,
        `use_separate_proj_weight is ${separate ? "True" : "False"} but ${argument} is None`,
        { op, argument, expected: "a Tensor", given: "null" },
      );
  if (separate ? `${key.shape.slice(0, -1)}` !== `${value.shape.slice(0, -1)}` : `${key.shape}` !== `${value.shape}`)
    wrong(
      op,
      "value",
      `key shape ${sizeText(key.shape)} does not match value shape ${sizeText(value.shape)}`,
      sizeText(key.shape),
      sizeText(value.shape),
    );
  return core.scope((): [Tensor, Tensor | null] => {
    const [q, k, v] = inputs.map((x) => (batched ? x.core : core.reshape(x.core, [1, ...x.shape]))) as [
      core.Tensor,
      core.Tensor,
      core.Tensor,
    ];
    const extents = [q.shape[0], q.shape[1], k.shape[1]] as [number, number, number];
    // The hint stands for the mask where nothing else is asked for.
    const hinted = is_causal && !key_padding_mask && !need_weights;
    const masks = masksOf(op, hinted ? { ...settings, attn_mask: null } : settings, extents, batched);
    const own = (in_proj_bias?.core.size ?? 0) / 3;
    const part = (weight: Tensor | null, i: number): core.Projection => ({
      weight: (weight as Tensor).core,
      bias: in_proj_bias ? core.sliceAlong(in_proj_bias.core, 0, i * own, (i + 1) * own) : undefined,
    });
    const input = separate
      ? { q: part(q_proj_weight, 0), k: part(k_proj_weight, 1), v: part(v_proj_weight, 2) }
      : { weight: (in_proj_weight as Tensor).core, bias: in_proj_bias?.core };
    const line = (x: Tensor | null): core.Tensor | undefined => x?.core && core.reshape(x.core, [x.core.size]);
    const { y, weights: seen } = core.multiHeadAttention(q, k, v, {
      heads: num_heads,
      input,
      output: { weight: rest.out_proj_weight.core, bias: rest.out_proj_bias?.core },
      biasKey: line(rest.bias_k),
      biasValue: line(rest.bias_v),
      zeroAttention: settings.add_zero_attn,
      mask: masks.length > 0 ? merged(masks) : undefined,
      causal: hinted,
      dropout: training ? dropped(dropout_p) : undefined,
      weights: need_weights,
      // PyTorch's softmax of nothing is NaN, and its fused kernels give 0.
      emptyRows: need_weights ? "nan" : "zero",
    });
    const mean = seen && settings.average_attn_weights ? core.mean(seen, { axes: 1 }) : seen;
    const alone = (x: core.Tensor): Tensor => wrap(batched ? x : core.reshape(x, x.shape.slice(1)));
    return [alone(y), mean ? alone(mean) : null];
  });
}

export interface MultiHeadArguments extends AttentionWeights, Omit<AttentionSettings, "num_heads"> {
  embed_dim_to_check: number;
  num_heads: number;
  static_k: null;
  static_v: null;
}
/** Attention of `num_heads` heads over projections of query [queries, batch, width], key and value [keys, batch, width], projected back. */
export const multi_head_attention_forward: (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...args: Args<
    [
      embed_dim_to_check: number,
      num_heads: number,
      in_proj_weight: Tensor | null,
      in_proj_bias: Tensor | null,
      bias_k: Tensor | null,
      bias_v: Tensor | null,
      add_zero_attn: boolean,
      dropout_p: number,
      out_proj_weight: Tensor,
      out_proj_bias: Tensor | null,
      training: boolean,
      key_padding_mask: Tensor | null,
      need_weights: boolean,
      attn_mask: Tensor | null,
    ],
    MultiHeadArguments
  >
) => [output: Tensor, probabilities: Tensor | null] = define(
  named("multi_head_attention_forward"),
  {
    query: tensor,
    key: tensor,
    value: tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: tensor.orNone,
    in_proj_bias: tensor.orNone,
    bias_k: tensor.orNone,
    bias_v: tensor.orNone,
    add_zero_attn: bool,
    dropout_p: number,
    out_proj_weight: tensor,
    out_proj_bias: tensor.orNone,
    training: bool.or(true),
    key_padding_mask: optional,
    need_weights: bool.or(true),
    attn_mask: optional,
    use_separate_proj_weight: false,
    q_proj_weight: optional,
    k_proj_weight: optional,
    v_proj_weight: optional,
    static_k: only(null),
    static_v: only(null),
    average_attn_weights: bool.or(true),
    is_causal: false,
  },
  ({ query, key, value, embed_dim_to_check, static_k: _k, static_v: _v, ...given }) => {
    const op = "multi_head_attention_forward";
    if (query.shape.at(-1) !== embed_dim_to_check)
      wrong(
        op,
        "query",
        `was expecting embedding dimension of ${embed_dim_to_check}, but got ${query.shape.at(-1)}`,
        `${embed_dim_to_check} in the last dimension`,
        sizeText(query.shape),
      );
    return core.scope((): [Tensor, Tensor | null] => {
      const turn = (x: Tensor): Tensor => (x.rank === 3 ? wrap(core.transpose(x.core, [1, 0, 2])) : x);
      const [output, probabilities] = attendHeads(op, [turn(query), turn(key), turn(value)], given, given);
      return [turn(output), probabilities];
    });
  },
);
