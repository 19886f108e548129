// Attention in one pass: no scores in memory.
import { type Constants, defineKernel, divideUp, type ParamValues, spread, type Variant } from "../../kernel.js";
import type { AttentionRows, AttentionSoftmaxOptions } from "./attention.js";
import attentionForwardWgsl from "./attention_forward.wgsl";
import attentionForwardSubgroupWgsl from "./attention_forward_subgroup.wgsl";

const LANES = 32;

const params = {
  heads: "u32",
  group: "u32",
  matrices: "u32",
  length: "u32",
  keys: "u32",
  width: "u32",
  value_width: "u32",
  low: "i32",
  high: "i32",
  scale: "f32",
  empty_zero: "u32",
  q_batch: "u32",
  q_head: "u32",
  q_row: "u32",
  k_batch: "u32",
  k_head: "u32",
  k_row: "u32",
  v_batch: "u32",
  v_head: "u32",
  v_row: "u32",
  y_batch: "u32",
  y_head: "u32",
  y_row: "u32",
} as const;

export type AttentionForwardParams = ParamValues<typeof params>;

/** Strides over batch, head and row of an operand whose rows are contiguous. */
export interface AttentionStrides {
  readonly batch: number;
  readonly head: number;
  readonly row: number;
}

const inVectors = (p: AttentionForwardParams): boolean =>
  [p.width, p.value_width, p.q_batch, p.q_head, p.q_row, p.k_batch, p.k_head, p.k_row]
    .concat([p.v_batch, p.v_head, p.v_row, p.y_batch, p.y_head, p.y_row])
    .every((number) => number % 4 === 0);

/** A subgroup of `lanes` has four rows for each of them. */
const subgroup = [8, 4].map((lanes): Variant<typeof params> => {
  const constants: Constants = { LANES: `${lanes}u` };
  return {
    name: `subgroup_${4 * lanes}x32`,
    order: "tiles of 32",
    wgsl: attentionForwardSubgroupWgsl,
    constants,
    subgroupSize: lanes,
    applies: (p, views) => inVectors(p) && ["q", "k", "v", "y"].every((name) => (views[name]?.offset ?? 0) % 16 === 0),
    workgroups: (p) => spread(p.matrices * divideUp(p.length, 4 * lanes)),
  };
});

/** Pairs of a query and a key that it sees. */
function pairs({ length, keys, low, high }: AttentionForwardParams): number {
  let count = 0;
  for (let t = 0; t < length; t++) count += Math.max(0, Math.min(keys - 1, t + high) - Math.max(0, t - low) + 1);
  return count;
}

/** y = softmax(q k' scale) v, and what its softmax leaves for the gradient. See attention_forward.wgsl. */
export const attentionForward = defineKernel({
  name: "attention_forward",
  wgsl: attentionForwardWgsl,
  bindings: {
    q: { access: "read", dtype: "f32" },
    k: { access: "read", dtype: "f32" },
    v: { access: "read", dtype: "f32" },
    y: { access: "read_write", dtype: "f32" },
    statistics: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [
    ...subgroup,
    { name: "rows", order: "tiles of 32", workgroups: (p) => spread(p.matrices * divideUp(p.length, LANES)) },
  ],
  cost: (p) => ({
    flops: p.matrices * pairs(p) * (2 * (p.width + p.value_width) + 5),
    exps: p.matrices * pairs(p),
    bytes: 4 * p.matrices * (p.length * (p.width + p.value_width + 2) + (p.keys / p.group) * (p.width + p.value_width)),
  }),
});

const FAR = 2 ** 30;

export interface AttentionForwardOptions extends Pick<AttentionSoftmaxOptions, "scale" | "low" | "high"> {
  /** What becomes of rows that see no key. */
  readonly emptyRows: "zero" | "nan";
  readonly kvHeads: number;
  readonly width: number;
  readonly valueWidth: number;
  readonly strides: Readonly<Record<"q" | "k" | "v" | "y", AttentionStrides>>;
}

/** Params of attentionForward for whole tensors. */
export function attentionForwardParams(
  { batch, heads, length, keys }: AttentionRows,
  { scale, low = FAR, high = FAR, emptyRows, kvHeads, width, valueWidth, strides }: AttentionForwardOptions,
): AttentionForwardParams {
  const near = (offset: number): number => Math.max(-FAR, Math.min(FAR, offset));
  const { q, k, v, y } = strides;
  return {
    heads,
    group: heads / kvHeads,
    matrices: batch * heads,
    length,
    keys,
    width,
    value_width: valueWidth,
    low: near(low),
    high: near(high),
    scale,
    empty_zero: emptyRows === "zero" ? 1 : 0,
    q_batch: q.batch,
    q_head: q.head,
    q_row: q.row,
    k_batch: k.batch,
    k_head: k.head,
    k_row: k.row,
    v_batch: v.batch,
    v_head: v.head,
    v_row: v.row,
    y_batch: y.batch,
    y_head: y.head,
    y_row: y.row,
  };
}
