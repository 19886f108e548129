import { defineKernel, divideUp, spread, type Variant } from "../../kernel.js";
import {
  byFours,
  type Conv2dParams,
  conv2dFlops,
  conv2dSizes,
  depthwiseByFours,
  inFours,
  isDepthwise,
  subgroupSizes,
} from "./conv2d.js";
import conv2dBackwardFilterWgsl from "./conv2d_backward_filter.wgsl";
import conv2dBackwardFilterDepthwiseWgsl from "./conv2d_backward_filter_depthwise.wgsl";
import conv2dBackwardFilterSharedWgsl from "./conv2d_backward_filter_shared.wgsl";
import conv2dBackwardFilterSubgroupWgsl from "./conv2d_backward_filter_subgroup.wgsl";
import conv2dBackwardFilterSubgroupFewWgsl from "./conv2d_backward_filter_subgroup_few.wgsl";
import conv2dBackwardFilterSubgroupVec4Wgsl from "./conv2d_backward_filter_subgroup_vec4.wgsl";
import conv2dBackwardFilterTileWgsl from "./conv2d_backward_filter_tile.wgsl";
import { type Conv2dChunkPlan, conv2dChunkedFields, conv2dChunkPlan } from "./conv2d_backward_reduce.js";

/** For filters of few terms: a larger tile would be wasted. */
const few: Variant<typeof conv2dChunkedFields> = {
  name: "subgroup_9x4",
  order: "rows",
  wgsl: conv2dBackwardFilterSubgroupFewWgsl,
  subgroupSize: 8,
  applies: (p) => p.out_c / p.groups > 16 && (p.filter_h * p.filter_w * p.in_c) / p.groups <= 9,
  workgroups: (p) => spread(p.chunks * p.groups * divideUp(p.out_c / p.groups, 32)),
};

const fewVec4: Variant<typeof conv2dChunkedFields> = {
  ...few,
  name: "subgroup_9x4_vec4",
  constants: { Y: "vec4<f32>", dy_four: "dy[at.x / 4u]" },
  applies: (p, views) =>
    p.y_c === 1 &&
    inFours(p.out_c / p.groups, p.y_n, p.y_h, p.y_w, (views.dy?.offset ?? 0) / 4) &&
    (few.applies?.(p, views) ?? true),
};

/** For GPUs. */
const shared: Variant<typeof conv2dChunkedFields> = {
  name: "shared_64x64",
  order: "rows",
  wgsl: conv2dBackwardFilterSharedWgsl,
  prefer: "hardware",
  applies: (p) => p.groups === 1 && p.out_c > 16 && p.filter_h * p.filter_w * p.in_c > 16,
  workgroups: (p) => spread(p.chunks * divideUp(p.filter_h * p.filter_w * p.in_c, 64) * divideUp(p.out_c, 64)),
};

const sharedVec4: Variant<typeof conv2dChunkedFields> = {
  ...shared,
  name: "shared_64x64_vec4",
  constants: {
    X: "vec4<f32>",
    x_four: "x[at.x / 4u]",
    dy_four: "dy[at.x / 4u]",
    V: "vec4<f32>",
    WIDTH: "4u",
    part: "v",
  },
  applies: (p, views) => byFours(p, views) && (shared.applies?.(p, views) ?? true),
};

/** Chunked sums of dw of conv2d from x and dy. See conv2dBackwardFilterPlan and conv2d_backward_filter.wgsl. */
export const conv2dBackwardFilter = defineKernel({
  name: "conv2d_backward_filter",
  wgsl: conv2dBackwardFilterWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    dy: { access: "read", dtype: "f32" },
    partial: { access: "read_write", dtype: "f32" },
  },
  params: conv2dChunkedFields,
  variants: [
    {
      name: "depthwise_9_vec4",
      order: "rows",
      wgsl: conv2dBackwardFilterDepthwiseWgsl,
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: depthwiseByFours,
      workgroups: (p) => spread(divideUp((p.chunks * divideUp(p.filter_h * p.filter_w, 9) * p.out_c) / 4, 64)),
    },
    {
      name: "depthwise_9",
      order: "rows",
      wgsl: conv2dBackwardFilterDepthwiseWgsl,
      // More channels fill the tiles below.
      applies: (p) => isDepthwise(p) && p.out_c <= 2 * p.groups,
      workgroups: (p) => spread(divideUp(p.chunks * divideUp(p.filter_h * p.filter_w, 9) * p.out_c, 64)),
    },
    fewVec4,
    few,
    ...subgroupSizes.map(
      (lanes): Variant<typeof conv2dChunkedFields> => ({
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
    sharedVec4,
    shared,
  ],
  cost: (p) => {
    const { x, w, y } = conv2dSizes(p);
    return { flops: conv2dFlops(p), bytes: 4 * (x + y + w * p.chunks) };
  },
});

/** How to compute dw: run conv2dBackwardFilter for x and dy by this plan. */
export function conv2dBackwardFilterPlan(params: Conv2dParams): Conv2dChunkPlan {
  return conv2dChunkPlan(params, conv2dSizes(params).w);
}
