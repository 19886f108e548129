import { defineKernel, divideUp, spread, type Variant } from "../../kernel.js";
import {
  byFours,
  conv2dFields,
  conv2dFlops,
  conv2dSizes,
  depthwiseByFours,
  inFours,
  isDepthwise,
  subgroupSizes,
} from "./conv2d.js";
import conv2dForwardWgsl from "./conv2d_forward.wgsl";
import conv2dForwardDepthwiseWgsl from "./conv2d_forward_depthwise.wgsl";
import conv2dForwardPixelsWgsl from "./conv2d_forward_pixels.wgsl";
import conv2dForwardSharedWgsl from "./conv2d_forward_shared.wgsl";
import conv2dForwardSubgroupWgsl from "./conv2d_forward_subgroup.wgsl";
import conv2dForwardSubgroupVec4Wgsl from "./conv2d_forward_subgroup_vec4.wgsl";
import conv2dForwardTileWgsl from "./conv2d_forward_tile.wgsl";

/** For so few channels that the tiles below would be wasted, and too few input channels for vectors to matter. */
const pixels = (lanes: number): Variant<typeof conv2dFields> => ({
  name: `subgroup${lanes}_6x16`,
  order: "taps",
  wgsl: conv2dForwardPixelsWgsl,
  constants: { LANES: `${lanes}u` },
  subgroupSize: lanes,
  applies: (p) => p.out_c / p.groups > 8 && p.out_c / p.groups <= 16,
  workgroups: (p) => {
    const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 6 * lanes);
    return spread(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 16));
  },
});

const pixelsVec4: Variant<typeof conv2dFields> = {
  ...pixels(8),
  name: "subgroup8_6x16_vec4",
  constants: { LANES: "8u", V: "vec4<f32>", WIDTH: "4u", part: "v" },
  applies: (p, views) =>
    p.y_c === 1 &&
    inFours(p.out_c / p.groups, p.y_n, p.y_h, p.y_w, (views.y?.offset ?? 0) / 4) &&
    (pixels(8).applies?.(p, views) ?? true),
};

/** For GPUs. */
const shared: Variant<typeof conv2dFields> = {
  name: "shared_64x64",
  order: "taps",
  wgsl: conv2dForwardSharedWgsl,
  prefer: "hardware",
  applies: (p) => p.groups === 1 && p.out_c > 16 && p.batch * p.out_h * p.out_w > 16,
  workgroups: (p) => spread(divideUp(p.batch * p.out_h * p.out_w, 64) * divideUp(p.out_c, 64)),
};

const sharedVec4: Variant<typeof conv2dFields> = {
  ...shared,
  name: "shared_64x64_vec4",
  constants: {
    X: "vec4<f32>",
    X_BY_CHANNELS: "true",
    x_four: "x[at.x / 4u]",
    W: "vec4<f32>",
    w_four: "w[at.x / 4u]",
    V: "vec4<f32>",
    WIDTH: "4u",
    part: "v",
  },
  applies: (p, views) => byFours(p, views) && (shared.applies?.(p, views) ?? true),
};

/** y = activate(x * w + bias), a correlation as every framework's conv2d. See conv2d_forward.wgsl. */
export const conv2dForward = defineKernel({
  name: "conv2d_forward",
  folds: { activate: true },
  wgsl: conv2dForwardWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    bias: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params: conv2dFields,
  variants: [
    {
      name: "depthwise_8_vec4",
      order: "taps",
      wgsl: conv2dForwardDepthwiseWgsl,
      constants: { V: "vec4<f32>", WIDTH: "4u", done: "V(activate(v.x), activate(v.y), activate(v.z), activate(v.w))" },
      applies: depthwiseByFours,
      workgroups: (p) => spread(divideUp((divideUp(p.batch * p.out_h * p.out_w, 8) * p.out_c) / 4, 64)),
    },
    {
      name: "depthwise_8",
      order: "taps",
      wgsl: conv2dForwardDepthwiseWgsl,
      // More channels fill the tiles below.
      applies: (p) => isDepthwise(p) && p.out_c <= 2 * p.groups,
      workgroups: (p) => spread(divideUp(divideUp(p.batch * p.out_h * p.out_w, 8) * p.out_c, 64)),
    },
    pixelsVec4,
    pixels(8),
    ...subgroupSizes.map(
      (lanes): Variant<typeof conv2dFields> => ({
        name: `subgroup${lanes}_24x4_vec4`,
        order: "taps",
        wgsl: conv2dForwardSubgroupVec4Wgsl,
        constants: { LANES: `${lanes}u` },
        subgroupSize: lanes,
        applies: (p, { x, w, y }) =>
          p.x_c === 1 &&
          p.y_c === 1 &&
          p.w_o === 1 &&
          p.out_c / p.groups > lanes &&
          inFours(p.in_c / p.groups, p.out_c / p.groups, p.x_n, p.x_h, p.x_w, p.w_h, p.w_w, p.w_i) &&
          inFours(p.y_n, p.y_h, p.y_w, (x?.offset ?? 0) / 4, (w?.offset ?? 0) / 4, (y?.offset ?? 0) / 4),
        workgroups: (p) => {
          const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 24);
          return spread(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 4 * lanes));
        },
      }),
    ),
    ...subgroupSizes.map(
      (lanes): Variant<typeof conv2dFields> => ({
        name: `subgroup${lanes}_24x4_vec4_out`,
        order: "taps",
        wgsl: conv2dForwardSubgroupWgsl,
        constants: {
          LANES: `${lanes}u`,
          W: "vec4<f32>",
          load_w: "w[at.x / 4u]",
          V: "vec4<f32>",
          WIDTH: "4u",
          part: "v",
        },
        subgroupSize: lanes,
        applies: (p, { w, y }) =>
          p.y_c === 1 &&
          p.w_o === 1 &&
          p.out_c / p.groups > lanes &&
          inFours(p.out_c / p.groups, p.y_n, p.y_h, p.y_w, p.w_h, p.w_w, p.w_i) &&
          inFours((w?.offset ?? 0) / 4, (y?.offset ?? 0) / 4),
        workgroups: (p) => {
          const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 24);
          return spread(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 4 * lanes));
        },
      }),
    ),
    // Four lanes have sixteen channels by themselves: vectors go before.
    pixels(4),
    {
      name: "subgroup_24x4",
      order: "taps",
      wgsl: conv2dForwardSubgroupWgsl,
      subgroupSize: 8,
      applies: (p) => p.out_c / p.groups > 8,
      workgroups: (p) => {
        const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 24);
        return spread(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 32));
      },
    },
    {
      name: "strided_12x8",
      order: "taps",
      wgsl: conv2dForwardTileWgsl,
      applies: (p) => p.out_c / p.groups > 4,
      workgroups: (p) => {
        const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 12);
        return spread(divideUp(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 8), 64));
      },
    },
    {
      name: "strided_4x4",
      order: "taps",
      workgroups: (p) => {
        const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 4);
        return spread(divideUp(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 4), 64));
      },
    },
    sharedVec4,
    shared,
  ],
  cost: (p) => {
    const { x, w, y } = conv2dSizes(p);
    return { flops: conv2dFlops(p), bytes: 4 * (x + w + y) };
  },
});
