// Attention of flax.nnx and flax.linen: heads beside positions, [..., length, heads, width].
import * as core from "@facet/autograd";
import { ShapeError, type Tensor } from "@facet/autograd";
import { bool, func, int, number, only, type Parameter, signature } from "@facet/dialect";
import { arange, broadcast_to, expand_dims, greater_equal, logical_and, multiply } from "@facet/shims-jax/numpy";
import {
  type ArrayLike,
  array,
  arrayLike,
  inexact,
  type JaxArray,
  type PRNGKeyArray,
  precision,
  run,
} from "@facet/shims-jax/parts";
import { dtype, key as keyKind } from "../rules.js";

export interface AttentionSettings {
  bias: JaxArray | null;
  mask: JaxArray | null;
  broadcast_dropout: boolean;
  dropout_rng: PRNGKeyArray | null;
  dropout_rate: number;
  deterministic: boolean;
  is_causal: boolean;
}
export const ATTENTION = {
  bias: array.or(null),
  mask: array.or(null),
  broadcast_dropout: bool.or(true),
  dropout_rng: keyKind.or(null),
  dropout_rate: number.or(0),
  deterministic: bool.or(false),
  dtype,
  precision,
} as const;

const drops = ({ dropout_rate, deterministic }: AttentionSettings): boolean => dropout_rate > 0 && !deterministic;

/** Groups of queries that share the heads of the keys. */
function headsOf(fn: string, q: Tensor, k: Tensor): number {
  const [heads, others] = [q.shape.at(-2) as number, k.shape.at(-2) as number];
  if (
    q.rank >= 3 &&
    q.rank === k.rank &&
    heads % others === 0 &&
    `${q.shape.slice(0, -3)}` === `${k.shape.slice(0, -3)}`
  )
    return heads / others;
  throw new ShapeError({
    op: fn,
    argument: "key",
    expected: `[..., length, heads, width] of the same rank and batch as the query, [${q.shape}], whose heads it divides`,
    given: `[${k.shape}]`,
  });
}

/** [..., length, heads, width] as [..., heads, length, width]. */
const heads = (x: Tensor): Tensor =>
  core.transpose(x, [...[...x.shape.keys()].slice(0, -3), x.rank - 2, x.rank - 3, x.rank - 1]);
const repeated = (x: Tensor, times: number): Tensor => {
  if (times === 1) return x;
  const shape = [...x.shape.slice(0, -1), times, x.shape.at(-1) as number];
  const spread = core.expand(core.reshape(x, [...x.shape.slice(0, -1), 1, x.shape.at(-1) as number]), shape);
  return core.reshape(spread, [...x.shape.slice(0, -2), (x.shape.at(-2) as number) * times, x.shape.at(-1) as number]);
};

/** Probabilities [..., heads, queries, keys], with what dropout leaves of them. */
export function attentionWeights(fn: string, query: ArrayLike, key: ArrayLike, given: AttentionSettings): JaxArray {
  return run(() => {
    const [q, k] = [inexact(fn, "query", query), inexact(fn, "key", key)];
    const times = headsOf(fn, q, k);
    const scaled = core.div(q, Math.sqrt(q.shape.at(-1) as number));
    let scores = core.matmul(heads(scaled), heads(repeated(k, times)), { transposeB: true });
    if (given.bias) scores = core.add(scores, given.bias.core);
    const seen: Tensor[] = given.mask ? [core.cast(given.mask.core, "bool")] : [];
    if (given.is_causal) {
      const [rows, columns] = scores.shape.slice(-2) as [number, number];
      const at = (n: number, shape: number[]): Tensor => core.reshape(core.arange(0, n), shape);
      seen.push(core.greaterEqual(at(rows, [rows, 1]), at(columns, [1, columns])));
    }
    for (const mask of seen) scores = core.where(mask, scores, -3.4028234663852886e38);
    let weights = core.softmax(scores, scores.rank - 1);
    if (drops(given)) {
      const shape = given.broadcast_dropout
        ? [...new Array<number>(Math.max(0, k.rank - 2)).fill(1), ...weights.shape.slice(-2)]
        : weights.shape;
      const keep = 1 - given.dropout_rate;
      const drawn = core.bernoulli((given.dropout_rng as PRNGKeyArray).words, shape, keep);
      weights = core.mul(weights, core.div(core.cast(drawn, "float32"), keep));
    }
    return weights;
  });
}

/** Values by their probabilities. */
export function attended(
  fn: string,
  query: ArrayLike,
  key: ArrayLike,
  value: ArrayLike,
  given: AttentionSettings,
  sow?: (weights: JaxArray) => void,
): JaxArray {
  return run(() => {
    const [q, k, v] = [inexact(fn, "query", query), inexact(fn, "key", key), inexact(fn, "value", value)];
    const times = headsOf(fn, q, k);
    if (k.shape.at(-3) !== v.shape.at(-3))
      throw new ShapeError({
        op: fn,
        argument: "value",
        expected: `as many positions as the key, ${k.shape.at(-3)}`,
        given: `[${v.shape}]`,
      });
    if (!drops(given) && !sow) {
      const mask = given.mask ? core.cast(given.mask.core, "bool") : undefined;
      const bias = given.bias?.core;
      const both = mask && bias ? core.where(mask, bias, Number.NEGATIVE_INFINITY) : (mask ?? bias);
      const y = core.attention(heads(q), heads(k), heads(v), {
        causal: given.is_causal,
        mask: both,
        emptyRows: "uniform",
      });
      return heads(y);
    }
    const weights = attentionWeights(fn, query, key, given);
    sow?.(weights);
    return heads(core.matmul(weights.core, heads(repeated(v, times))));
  });
}

/** A mask [..., 1, queries, keys] of what `pairwise_fn` says of two positions. */
export function attentionMask(
  query_input: JaxArray,
  key_input: JaxArray,
  pairwise_fn: (a: JaxArray, b: JaxArray) => JaxArray,
  extra_batch_dims: number,
): JaxArray {
  const mask = pairwise_fn(expand_dims(query_input, -1), expand_dims(key_input, -2)).astype("float32");
  const shape = [...mask.shape.slice(0, -2), 1, ...mask.shape.slice(-2)];
  return mask.reshape([...new Array<number>(extra_batch_dims).fill(1), ...shape]);
}

export const causalMask = (x: JaxArray, extra_batch_dims: number): JaxArray => {
  const places = broadcast_to(arange(x.shape.at(-1) as number), x.shape);
  return attentionMask(places, places, (a, b) => greater_equal(a, b), extra_batch_dims);
};

/** All masks together; null where there is none. */
export function combined(masks: readonly (JaxArray | null)[]): JaxArray | null {
  const given = masks.filter((mask) => mask !== null);
  for (const mask of given)
    if (mask.ndim !== given[0]?.ndim)
      throw new ShapeError({
        op: "combine_masks",
        argument: "masks",
        expected: "masks of the same rank",
        given: given.map(({ ndim }) => ndim).join(", "),
      });
  if (given.length === 0) return null;
  return given.reduce((all, mask) => logical_and(all, mask)).astype("float32");
}

const pairwise = func.or(multiply as (...args: never[]) => JaxArray) as unknown as Parameter<
  (a: JaxArray, b: JaxArray) => JaxArray
>;
const MASKS = { dtype: only("float32"), extra_batch_dims: int.or(0) } as const;
/** Readers of the functions that nnx and linen have under their own names. */
export const readersOf = (space: string) => ({
  make_attention_mask: signature(`${space}.make_attention_mask`, {
    query_input: arrayLike,
    key_input: arrayLike,
    pairwise_fn: pairwise,
    extra_batch_dims: MASKS.extra_batch_dims,
    dtype: MASKS.dtype,
  }),
  make_causal_mask: signature(`${space}.make_causal_mask`, {
    x: arrayLike,
    extra_batch_dims: MASKS.extra_batch_dims,
    dtype: MASKS.dtype,
  }),
  combine_masks: signature(`${space}.combine_masks`, { "*masks": array.orNone, dtype: MASKS.dtype }),
});
