import { defineKernel, divideUp, type ParamValues, spread, type Variant } from "../../kernel.js";
import { type Conv2dParams, conv2dFields, conv2dFlops, conv2dSizes, inFours, subgroupSizes } from "./conv2d.js";
import conv2dBackwardFilterWgsl from "./conv2d_backward_filter.wgsl";
import conv2dBackwardFilterReduceWgsl from "./conv2d_backward_filter_reduce.wgsl";
import conv2dBackwardFilterSubgroupWgsl from "./conv2d_backward_filter_subgroup.wgsl";
import conv2dBackwardFilterSubgroupVec4Wgsl from "./conv2d_backward_filter_subgroup_vec4.wgsl";
import conv2dBackwardFilterTileWgsl from "./conv2d_backward_filter_tile.wgsl";

const filterFields = { ...conv2dFields, chunks: "u32", chunk_rows: "u32" } as const;
const reduceFields = { count: "u32", chunks: "u32" } as const;

export type Conv2dBackwardFilterParams = ParamValues<typeof filterFields>;
export type Conv2dBackwardFilterReduceParams = ParamValues<typeof reduceFields>;

/** Chunked sums of dw of conv2d from x and dy. See conv2dBackwardFilterPlan and conv2d_backward_filter.wgsl. */
export const conv2dBackwardFilter = defineKernel({
  name: "conv2d_backward_filter",
  wgsl: conv2dBackwardFilterWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    dy: { access: "read", dtype: "f32" },
    partial: { access: "read_write", dtype: "f32" },
  },
  params: filterFields,
  variants: [
    ...subgroupSizes.map(
      (lanes): Variant<typeof filterFields> => ({
        name: `subgroup${lanes}_32x4_vec4`,
        order: "rows",
        wgsl: conv2dBackwardFilterSubgroupVec4Wgsl,
        constants: { LANES: `${lanes}u` },
        subgroupSize: lanes,
        applies: (p, { x, dy }) =>
          p.x_c === 1 &&
          p.y_c === 1 &&
          p.out_c / p.groups > 2 * lanes &&
          inFours(p.in_c / p.groups, p.out_c / p.groups, p.x_n, p.x_h, p.x_w, p.y_n, p.y_h, p.y_w) &&
          inFours((x?.offset ?? 0) / 4, (dy?.offset ?? 0) / 4),
        workgroups: (p) => {
          const termTiles = divideUp((p.filter_h * p.filter_w * p.in_c) / p.groups, 32);
          return spread(p.chunks * termTiles * p.groups * divideUp(p.out_c / p.groups, 4 * lanes));
        },
      }),
    ),
    {
      name: "subgroup_24x4",
      order: "rows",
      wgsl: conv2dBackwardFilterSubgroupWgsl,
      subgroupSize: 8,
      applies: (p) => p.out_c / p.groups > 16 && (p.filter_h * p.filter_w * p.in_c) / p.groups > 12,
      workgroups: (p) => {
        const termTiles = divideUp((p.filter_h * p.filter_w * p.in_c) / p.groups, 24);
        return spread(p.chunks * termTiles * p.groups * divideUp(p.out_c / p.groups, 32));
      },
    },
    {
      name: "strided_9x8",
      order: "rows",
      wgsl: conv2dBackwardFilterTileWgsl,
      applies: (p) => p.out_c / p.groups > 4,
      workgroups: (p) => {
        const termTiles = divideUp((p.filter_h * p.filter_w * p.in_c) / p.groups, 9);
        return spread(divideUp(p.chunks * termTiles * p.groups * divideUp(p.out_c / p.groups, 8), 64));
      },
    },
    {
      name: "strided_4x4",
      order: "rows",
      workgroups: (p) => {
        const termTiles = divideUp((p.filter_h * p.filter_w * p.in_c) / p.groups, 4);
        return spread(divideUp(p.chunks * termTiles * p.groups * divideUp(p.out_c / p.groups, 4), 64));
      },
    },
  ],
  cost: (p) => {
    const { x, w, y } = conv2dSizes(p);
    return { flops: conv2dFlops(p), bytes: 4 * (x + y + w * p.chunks) };
  },
});

/** dw = sum of the chunks. See conv2d_backward_filter_reduce.wgsl. */
export const conv2dBackwardFilterReduce = defineKernel({
  name: "conv2d_backward_filter_reduce",
  wgsl: conv2dBackwardFilterReduceWgsl,
  bindings: {
    partial: { access: "read", dtype: "f32" },
    dw: { access: "read_write", dtype: "f32" },
  },
  params: reduceFields,
  variants: [{ name: "elements", order: "chunks", workgroups: (p) => spread(divideUp(p.count, 64)) }],
  cost: (p) => ({ flops: p.count * p.chunks, bytes: 4 * p.count * (p.chunks + 1) }),
});

/** Terms of a sum that one chunk takes at least: enough to hide the second pass, few enough to feed many lanes. */
const CHUNK_TERMS = 256;
/** Elements that partial sums may take beyond one filter: 4 MiB. A filter so large has lanes enough without chunks. */
const PARTIAL_LIMIT = 2 ** 20;

export interface Conv2dBackwardFilterPlan {
  /** Into how many partial sums the reduction over batch, height and width is cut. */
  chunks: number;
  /** Elements of `partial`: chunks times the elements of w. */
  partialElements: number;
  partialParams: Conv2dBackwardFilterParams;
  reduceParams: Conv2dBackwardFilterReduceParams;
}

/**
 * How to compute dw: the sum over batch, height and width is long and dw small, so the rows of dy are cut into chunks by
 * a rule on the shape alone (the same shape gives the same bits everywhere).
 *
 * With `chunks` = 1, run conv2dBackwardFilter with `partial` bound to dw and no more. Otherwise bind `partial` to a
 * workspace of `partialElements` floats, then run conv2dBackwardFilterReduce from it to dw.
 */
export function conv2dBackwardFilterPlan(params: Conv2dParams): Conv2dBackwardFilterPlan {
  const rows = params.batch * params.out_h;
  const count = conv2dSizes(params).w;
  const wanted = Math.min(divideUp(rows * params.out_w, CHUNK_TERMS), Math.floor(PARTIAL_LIMIT / count), rows);
  const chunkRows = divideUp(rows, Math.max(wanted, 1));
  const chunks = divideUp(rows, chunkRows);
  return {
    chunks,
    partialElements: chunks * count,
    partialParams: { ...params, chunks, chunk_rows: chunkRows },
    reduceParams: { count, chunks },
  };
}
