import { defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import type { MatmulParams } from "./matmul.js";
import matmulSplitKReduceWgsl from "./matmul_split_k_reduce.wgsl";

const reduceFields = { count: "u32", chunks: "u32", period: "u32" } as const;

export type MatmulSplitKReduceParams = ParamValues<typeof reduceFields>;

/** y = activate(sum of products over chunks of k + bias): the second pass of a matmul with a long k. See matmulSplitKPlan. */
export const matmulSplitKReduce = defineKernel({
  name: "matmul_split_k_reduce",
  folds: { activate: true },
  wgsl: matmulSplitKReduceWgsl,
  bindings: {
    partial: { access: "read", dtype: "f32" },
    add: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params: reduceFields,
  variants: [{ name: "elements", order: "chunks", workgroups: (p) => spread(divideUp(p.count, 64)) }],
  cost: (p) => ({ flops: p.count * p.chunks, bytes: 4 * (p.count * (p.chunks + 1) + p.period) }),
});

/** The shortest k that is cut into chunks: below, the second pass shows on a software adapter. */
const LONG = 16_384;
/** Terms of a sum that one chunk takes at least. */
const CHUNK = 1024;
/** Tiles of 64 x 64 results, over all chunks, that keep a large GPU busy. */
const TILES = 256;
/** Chunks begin at multiples of so many k: whatever the strides, 256 bytes, which the offset of a binding must divide by. */
const ALIGNED = 64;

export interface MatmulSplitKPlan {
  /** Elements of `partial`, [chunks, m, n]. */
  partialElements: number;
  /** Params of matmul from a and b to `partial`, without the bias: the chunks of k are its batch. */
  chunkParams: MatmulParams;
  /**
   * What k has beyond the last chunk: params of matmul, bias included, to a workspace of m * n elements, and where a and b
   * begin for it, in elements. Undefined when the chunks hold all of k.
   */
  rest: { params: MatmulParams; aOffset: number; bOffset: number } | undefined;
  /** Params of matmulSplitKReduce from `partial` to y, with `add` bound to the product of the rest, else to the bias. */
  reduceParams: MatmulSplitKReduceParams;
}

/**
 * How to compute a product without batches whose k is long and whose result has too few tiles for a GPU: k is cut into chunks
 * by a rule on the shape alone (the same shape gives the same bits everywhere). Undefined for all other products: run matmul.
 */
export function matmulSplitKPlan(params: MatmulParams): MatmulSplitKPlan | undefined {
  const { m, n, k, a_k, b_k, has_bias } = params;
  if (k < LONG || params.batch.some((extent) => extent > 1)) return undefined;
  const wanted = Math.min(Math.floor(k / CHUNK), Math.floor(TILES / (divideUp(m, 64) * divideUp(n, 64))));
  if (wanted < 2) return undefined;
  const size = Math.floor(k / wanted / ALIGNED) * ALIGNED;
  const chunks = Math.floor(k / size);
  const done = chunks * size;
  const chunked = {
    ...params,
    k: size,
    has_bias: 0,
    batch: [1, 1, 1, chunks],
    a_batch: [0, 0, 0, size * a_k],
    b_batch: [0, 0, 0, size * b_k],
  };
  const hasRest = done < k;
  return {
    partialElements: chunks * m * n,
    chunkParams: chunked,
    rest: hasRest ? { params: { ...params, k: k - done }, aOffset: done * a_k, bOffset: done * b_k } : undefined,
    reduceParams: { count: m * n, chunks, period: hasRest ? m * n : has_bias ? n : 0 },
  };
}
