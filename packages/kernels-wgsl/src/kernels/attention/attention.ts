import { ArgumentError } from "../../errors.js";
import { type Constants, defineKernel, divideUp, type ParamValues, spread, type Variant } from "../../kernel.js";
import attentionSoftmaxBackwardWgsl from "./attention_softmax_backward.wgsl";
import attentionSoftmaxForwardWgsl from "./attention_softmax_forward.wgsl";

const LANES = 32;

const params = {
  rows: "u32",
  keys: "u32",
  span: "u32",
  first_row: "u32",
  first_key: "u32",
  all_keys: "u32",
  length: "u32",
  heads: "u32",
  low: "i32",
  high: "i32",
  mask_batch: "u32",
  mask_head: "u32",
  mask_row: "u32",
  mask_key: "u32",
  scale: "f32",
  unseen: "f32",
  empty_zero: "u32",
  key0: "u32",
  key1: "u32",
  keep_prob: "f32",
} as const;

export type AttentionSoftmaxParams = ParamValues<typeof params>;

const four: Constants = {
  V: "vec4<f32>",
  I: "vec4<i32>",
  B: "vec4<bool>",
  LONG: "4u",
  lanes: "vec4(0, 1, 2, 3)",
  of_four: "v",
  total: "(v.x + v.y) + (v.z + v.w)",
};
const variants = (more: Constants): Variant<typeof params>[] => [
  {
    name: "rows_vec4",
    order: "vectors",
    constants: { ...four, ...more },
    applies: (p) => p.keys % 4 === 0,
    workgroups: (p) => spread(divideUp(p.rows, LANES)),
  },
  { name: "rows", order: "one by one", workgroups: (p) => spread(divideUp(p.rows, LANES)) },
];

/** Probabilities from products, in place. See attention_softmax_forward.wgsl and `attentionConstants`. */
export const attentionSoftmaxForward = defineKernel({
  name: "attention_softmax_forward",
  wgsl: attentionSoftmaxForwardWgsl,
  bindings: {
    scores: { access: "read_write", dtype: "f32" },
    mask: { access: "read", dtype: ["f32", "u32"], optional: true },
    statistics: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: variants({ peak: "max(max(v.x, v.y), max(v.z, v.w))" }),
  cost: (p) => ({ flops: 5 * p.rows * p.keys, exps: p.rows * p.keys, bytes: 8 * p.rows * p.keys }),
});

/** Gradient of products, and probabilities, in place. See attention_softmax_backward.wgsl and `attentionConstants`. */
export const attentionSoftmaxBackward = defineKernel({
  name: "attention_softmax_backward",
  wgsl: attentionSoftmaxBackwardWgsl,
  bindings: {
    scores: { access: "read_write", dtype: "f32" },
    dp: { access: "read_write", dtype: "f32" },
    mask: { access: "read", dtype: ["f32", "u32"], optional: true },
    statistics: { access: "read", dtype: "f32" },
  },
  params,
  variants: variants({}),
  cost: (p) => ({ flops: 8 * p.rows * p.keys, exps: p.rows * p.keys, bytes: 16 * p.rows * p.keys }),
});

/** What the kernels are told of mask, dropout, and whether low and high leave keys out. */
export function attentionConstants(mask: "none" | "seen" | "added", drops: boolean, banded: boolean): Constants {
  const kind = { none: {}, seen: { MASK: "1u", M: "u32" }, added: { MASK: "2u" } }[mask];
  return { ...kind, ...(drops ? { DROPS: "true" } : {}), ...(banded ? {} : { BANDED: "false" }) };
}

/** What becomes of rows that see no key: 0 as in PyTorch, equal shares of all as in JAX and Keras, or NaN. */
export type EmptyRows = "zero" | "uniform" | "nan";

export interface AttentionRows {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly keys: number;
}

export interface AttentionBlock {
  /** Queries of each head, and from which one on. */
  readonly span: number;
  readonly firstRow: number;
  /** Keys, and from which one on. */
  readonly keys: number;
  readonly firstKey: number;
}

export interface AttentionSoftmaxOptions {
  readonly scale: number;
  /** How many keys before and after its own place a query sees. Default: all. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly emptyRows?: EmptyRows;
  /** Strides of the mask over batch, head, row and key. Default: no mask. */
  readonly maskStrides?: readonly number[];
  readonly dropout?: { readonly key: readonly [number, number]; readonly keepProb: number } | undefined;
}

const FAR = 2 ** 30;

/**
 * Params of both kernels for a block of rows and keys. Throws ArgumentError when dropout is asked of more than 2^32 probabilities, which
 * its counters cannot tell apart.
 */
export function attentionSoftmaxParams(
  { batch, heads, length, keys }: AttentionRows,
  block: AttentionBlock,
  { scale, low = FAR, high = FAR, emptyRows = "zero", maskStrides = [0, 0, 0, 0], dropout }: AttentionSoftmaxOptions,
): AttentionSoftmaxParams {
  if (dropout && batch * heads * length * keys > 2 ** 32) {
    const given = `${batch * heads * length * keys}`;
    throw new ArgumentError({ op: "attention", argument: "dropout", expected: "at most 2^32 probabilities", given });
  }
  const [maskBatch, maskHead, maskRow, maskKey] = maskStrides as [number, number, number, number];
  const near = (offset: number): number => Math.max(-FAR, Math.min(FAR, offset));
  return {
    rows: batch * heads * block.span,
    keys: block.keys,
    span: block.span,
    first_row: block.firstRow,
    first_key: block.firstKey,
    all_keys: keys,
    length,
    heads,
    low: near(low),
    high: near(high),
    mask_batch: maskBatch,
    mask_head: maskHead,
    mask_row: maskRow,
    mask_key: maskKey,
    scale,
    unseen: emptyRows === "uniform" ? -0.7 * 3.4028234663852886e38 : Number.NEGATIVE_INFINITY,
    empty_zero: emptyRows === "zero" ? 1 : 0,
    key0: dropout?.key[0] ?? 0,
    key1: dropout?.key[1] ?? 0,
    keep_prob: dropout?.keepProb ?? 1,
  };
}

/** Bytes of scores that a block should take at most. */
const BLOCK_BYTES = 2 ** 24;

/**
 * Blocks of queries, so that scores of one take little memory however long the sequences are, and the keys that each sees. All but the last are of a
 * multiple of 64 queries and begin at a multiple of 64 keys: operands that begin there can be bound.
 */
export function attentionBlocks(
  { batch, heads, length, keys }: AttentionRows,
  { low = FAR, high = FAR, emptyRows = "zero" }: Pick<AttentionSoftmaxOptions, "low" | "high" | "emptyRows">,
): AttentionBlock[] {
  const perRow = 4 * batch * heads * keys;
  const most = Math.max(64, 64 * Math.floor(BLOCK_BYTES / Math.max(1, perRow) / 64));
  // With a band of keys, smaller blocks leave more of them out.
  const banded = emptyRows !== "uniform" && (low < keys || high < keys);
  const span = banded ? Math.min(most, 256) : most;
  const blocks: AttentionBlock[] = [];
  for (let firstRow = 0; firstRow < length; firstRow += span) {
    const own = Math.min(span, length - firstRow);
    const first = banded ? 64 * Math.floor(Math.max(0, firstRow - low) / 64) : 0;
    const end = banded ? Math.min(keys, firstRow + own + high) : keys;
    // A block that sees nothing has one key, so that it is written all the same.
    const firstKey = Math.min(first, 64 * Math.floor((keys - 1) / 64));
    const seen = Math.max(1, end - firstKey);
    // In fours while there are keys: vectors do not straddle rows.
    const rounded = Math.min(keys - firstKey, 4 * divideUp(seen, 4));
    blocks.push({ span: own, firstRow, keys: rounded, firstKey });
  }
  return blocks;
}
