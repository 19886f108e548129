// Multi-head attention composed of products and attention, with the options of the frameworks' layers.
import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { type AttentionOptions, attention, attentionProbabilities } from "./attention.js";
import { zeros } from "./create.js";
import { matmul } from "./matmul.js";
import { concat, expand, pad, reshape, sliceAlong, transpose } from "./shape.js";

/** A weight [out, in], as PyTorch has it, and a bias [out]. */
export interface Projection {
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
}

export interface MultiHeadOptions extends Omit<AttentionOptions, "layout" | "scale" | "window"> {
  readonly heads: number;
  /** Projections of query, key and value; or one for all three, its rows in this order: the three have then one width. */
  readonly input: Projection | { readonly q: Projection; readonly k: Projection; readonly v: Projection };
  readonly output: Projection;
  /** A row [width] that every sequence of keys, and one that every sequence of values ends with. Default: none. */
  readonly biasKey?: Tensor | undefined;
  readonly biasValue?: Tensor | undefined;
  /** Whether keys and values end with a row of zeros. Default false. */
  readonly zeroAttention?: boolean;
  /** Whether probabilities [batch, heads, queries, keys] are given too, before dropout. Default false. */
  readonly weights?: boolean;
}

const project = (x: Tensor, { weight, bias }: Projection): Tensor => matmul(x, weight, { transposeB: true, bias });

/** Three projections of a packed one. */
function unpacked({ weight, bias }: Projection): Record<"q" | "k" | "v", Projection> {
  const rows = weight.shape[0] as number;
  if (rows % 3 !== 0) {
    const expected = "rows of query, key and value";
    throw new ShapeError({ op: "multi_head_attention", argument: "input", expected, given: formatShape(weight.shape) });
  }
  const part = (i: number): Projection => {
    const [start, stop] = [(i * rows) / 3, ((i + 1) * rows) / 3];
    return { weight: sliceAlong(weight, 0, start, stop), bias: bias && sliceAlong(bias, 0, start, stop) };
  };
  return { q: part(0), k: part(1), v: part(2) };
}

/** The mask in four dimensions, for `added` keys more, which are seen. */
function lengthened(mask: Tensor | undefined, keys: number, added: number): Tensor | undefined {
  if (!mask) return undefined;
  const four = reshape(mask, [...new Array<number>(Math.max(0, 4 - mask.rank)).fill(1), ...mask.shape]);
  if (added === 0) return four;
  const whole = four.shape.at(-1) === keys ? four : expand(four, [...four.shape.slice(0, -1), keys]);
  const none = whole.shape.slice(0, -1).map((): [number, number] => [0, 0]);
  return pad(whole, [...none, [0, added]], whole.dtype === "bool" ? 1 : 0);
}

/**
 * Attention of `heads` heads over projections of query [batch, queries, width], key and value [batch, keys, width], projected back. A
 * mask broadcasts to [batch, heads, queries, keys] and does not count rows that are put behind the keys. Throws ShapeError for shapes
 * that do not go together, ArgumentError when the heads do not divide the projected width.
 */
export function multiHeadAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: MultiHeadOptions,
): { y: Tensor; weights: Tensor | undefined } {
  const op = "multi_head_attention";
  const { heads, input, output, biasKey, biasValue, zeroAttention = false, weights = false, ...rest } = options;
  for (const [argument, x] of Object.entries({ query, key, value }))
    if (x.rank !== 3)
      throw new ShapeError({ op, argument, expected: "[batch, length, width]", given: formatShape(x.shape) });
  if ((biasKey === undefined) !== (biasValue === undefined))
    throw new ArgumentError({ op, argument: "biasValue", expected: "both biases or none", given: "one" });
  const projections = "weight" in input ? unpacked(input) : input;
  const q = project(query, projections.q);
  const width = q.shape[2] as number;
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw new ArgumentError({ op, argument: "heads", expected: `a divisor of ${width}`, given: `${heads}` });
  const batch = query.shape[0] as number;
  const extended = (x: Tensor, bias: Tensor | undefined): Tensor => {
    const own = x.shape[2] as number;
    const row = (t: Tensor): Tensor => expand(reshape(t, [1, 1, own]), [batch, 1, own]);
    const rows = [...(bias ? [row(bias)] : []), ...(zeroAttention ? [row(zeros([own]))] : [])];
    return rows.length === 0 ? x : concat([x, ...rows], 1);
  };
  const k = extended(project(key, projections.k), biasKey);
  const v = extended(project(value, projections.v), biasValue);
  const keys = key.shape[1] as number;
  const mask = lengthened(rest.mask, keys, (k.shape[1] as number) - keys);
  const split = (x: Tensor): Tensor => {
    const own = x.shape[2] as number;
    if (own % heads !== 0)
      throw new ArgumentError({ op, argument: "heads", expected: `a divisor of ${own}`, given: `${heads}` });
    return reshape(x, [batch, x.shape[1] as number, heads, own / heads]);
  };
  const [ownQ, ownK, ownV] = [split(q), split(k), split(v)];
  const given = { ...rest, ...(mask ? { mask } : {}), layout: "BTHD" } as const;
  const y = attention(ownQ, ownK, ownV, given);
  const joined = reshape(y, [batch, query.shape[1] as number, heads * (y.shape[3] as number)]);
  const seen = weights
    ? attentionProbabilities(transpose(ownQ, [0, 2, 1, 3]), transpose(ownK, [0, 2, 1, 3]), mask, {
        scale: 1 / Math.sqrt(width / heads),
        low: undefined,
        high: rest.causal ? 0 : undefined,
        emptyRows: rest.emptyRows ?? "zero",
      })
    : undefined;
  return { y: project(joined, output), weights: seen };
}
