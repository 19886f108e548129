import { defineKernel, divideUp, FAT_LANES, type ParamValues, spread } from "../../kernel.js";
import { type Conv2dParams, conv2dFields } from "./conv2d.js";
import conv2dBackwardReduceWgsl from "./conv2d_backward_reduce.wgsl";

/** Fields of the kernels that write sums over chunks of rows. */
export const conv2dChunkedFields = { ...conv2dFields, chunks: "u32", chunk_rows: "u32" } as const;
const reduceFields = { count: "u32", chunks: "u32" } as const;

export type Conv2dChunkedParams = ParamValues<typeof conv2dChunkedFields>;
export type Conv2dBackwardReduceParams = ParamValues<typeof reduceFields>;

/** sum = sum of the chunks: the second pass to dw and db. See conv2d_backward_reduce.wgsl. */
export const conv2dBackwardReduce = defineKernel({
  name: "conv2d_backward_reduce",
  wgsl: conv2dBackwardReduceWgsl,
  bindings: {
    partial: { access: "read", dtype: "f32" },
    sum: { access: "read_write", dtype: "f32" },
  },
  params: reduceFields,
  software: FAT_LANES,
  variants: [
    {
      name: "vec4",
      order: "chunks",
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.count % 4 === 0,
      workgroups: (p) => spread(divideUp(p.count, 256)),
    },
    { name: "elements", order: "chunks", workgroups: (p) => spread(divideUp(p.count, 64)) },
  ],
  cost: (p) => ({ flops: p.count * p.chunks, bytes: 4 * p.count * (p.chunks + 1) }),
});

/** Terms of a sum that one chunk takes at least: enough to hide the second pass, few enough to feed many lanes. */
const CHUNK_TERMS = 256;
/** Elements that partial sums may take beyond one result: 4 MiB. A result so large has lanes enough without chunks. */
const PARTIAL_LIMIT = 2 ** 20;

export interface Conv2dChunkPlan<P = Conv2dParams> {
  /** Into how many partial sums the reduction over batch and spatial axes is cut. */
  chunks: number;
  /** Elements of `partial`: chunks times the elements of the result. */
  partialElements: number;
  partialParams: P & { readonly chunks: number; readonly chunk_rows: number };
  reduceParams: Conv2dBackwardReduceParams;
}

/**
 * How to compute dw or db, of `count` elements: the sum over batch and spatial axes is long and the result small, so the
 * rows of dy are cut into chunks by a rule on the shape alone (the same shape gives the same bits everywhere).
 *
 * With `chunks` = 1, run the kernel with `partial` bound to the result and no more. Otherwise bind `partial` to a workspace
 * of `partialElements` floats, then run conv2dBackwardReduce from it to the result.
 */
export function chunkPlan<P extends object>(
  params: P,
  rows: number,
  rowTerms: number,
  count: number,
): Conv2dChunkPlan<P> {
  const wanted = Math.min(divideUp(rows * rowTerms, CHUNK_TERMS), Math.floor(PARTIAL_LIMIT / count), rows);
  const chunkRows = divideUp(rows, Math.max(wanted, 1));
  const chunks = divideUp(rows, chunkRows);
  return {
    chunks,
    partialElements: chunks * count,
    partialParams: { ...params, chunks, chunk_rows: chunkRows },
    reduceParams: { count, chunks },
  };
}

export const conv2dChunkPlan = (params: Conv2dParams, count: number): Conv2dChunkPlan =>
  chunkPlan(params, params.batch * params.out_h, params.out_w, count);
