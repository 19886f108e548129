import { defineKernel, divideUp, spread, type Variant } from "../../kernel.js";
import {
  byFours,
  type Conv2dParams,
  conv2dFields,
  conv2dFlops,
  conv2dSizes,
  depthwiseByFours,
  inFours,
  isDepthwise,
  subgroupSizes,
} from "./conv2d.js";
import conv2dBackwardInputWgsl from "./conv2d_backward_input.wgsl";
import conv2dBackwardInputDepthwiseWgsl from "./conv2d_backward_input_depthwise.wgsl";
import conv2dBackwardInputSharedWgsl from "./conv2d_backward_input_shared.wgsl";
import conv2dBackwardInputSubgroupWgsl from "./conv2d_backward_input_subgroup.wgsl";
import conv2dBackwardInputSubgroupVec4Wgsl from "./conv2d_backward_input_subgroup_vec4.wgsl";
import conv2dBackwardInputTileWgsl from "./conv2d_backward_input_tile.wgsl";

/** Pixels of a phase: see conv2d_backward_input_tile.wgsl. */
const phasePixels = (p: Conv2dParams): number => p.batch * divideUp(p.in_h, p.stride_h) * divideUp(p.in_w, p.stride_w);
const phases = (p: Conv2dParams): number => Math.min(p.stride_h, p.in_h) * Math.min(p.stride_w, p.in_w);

/** For GPUs. */
const shared: Variant<typeof conv2dFields> = {
  name: "shared_64x64",
  order: "taps",
  wgsl: conv2dBackwardInputSharedWgsl,
  prefer: "hardware",
  applies: (p) => p.groups === 1 && p.in_c > 16 && phasePixels(p) > 16,
  workgroups: (p) => spread(phases(p) * divideUp(phasePixels(p), 64) * divideUp(p.in_c, 64)),
};

const sharedVec4: Variant<typeof conv2dFields> = {
  ...shared,
  name: "shared_64x64_vec4",
  constants: {
    Y: "vec4<f32>",
    BY_CHANNELS: "true",
    dy_four: "dy[at.x / 4u]",
    w_four: "w[at.x / 4u]",
    V: "vec4<f32>",
    WIDTH: "4u",
    part: "v",
  },
  applies: (p, views) => byFours(p, views) && (shared.applies?.(p, views) ?? true),
};

/** dx of conv2d from dy, in gather form: also the forward of a transposed convolution. See conv2d_backward_input.wgsl. */
export const conv2dBackwardInput = defineKernel({
  name: "conv2d_backward_input",
  wgsl: conv2dBackwardInputWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    dx: { access: "read_write", dtype: "f32" },
  },
  params: conv2dFields,
  variants: [
    ...(["", "_strided"] as const).flatMap((strided): Variant<typeof conv2dFields>[] => {
      const variant = { order: "taps", wgsl: conv2dBackwardInputDepthwiseWgsl };
      const constants = strided ? {} : { result: "at" };
      const applies = (p: Conv2dParams): boolean =>
        isDepthwise(p) && (!!strided || (p.stride_h === 1 && p.stride_w === 1));
      return [
        {
          ...variant,
          name: `depthwise_8_vec4${strided}`,
          constants: { ...constants, V: "vec4<f32>", WIDTH: "4u" },
          applies: (p, views) => applies(p) && depthwiseByFours(p, views),
          workgroups: (p) => spread(divideUp((divideUp(p.batch * p.in_h * p.in_w, 8) * p.in_c) / 4, 64)),
        },
        {
          ...variant,
          name: `depthwise_8${strided}`,
          constants,
          applies,
          workgroups: (p) => spread(divideUp(divideUp(p.batch * p.in_h * p.in_w, 8) * p.in_c, 64)),
        },
      ];
    }),
    ...subgroupSizes.map(
      (lanes): Variant<typeof conv2dFields> => ({
        name: `subgroup${lanes}_24x4_vec4`,
        order: "taps",
        wgsl: conv2dBackwardInputSubgroupVec4Wgsl,
        constants: { LANES: `${lanes}u` },
        subgroupSize: lanes,
        applies: (p, { dy, w }) =>
          p.y_c === 1 &&
          p.w_o === 1 &&
          p.in_c / p.groups > lanes &&
          p.stride_h === 1 &&
          p.stride_w === 1 &&
          inFours(p.out_c / p.groups, p.y_n, p.y_h, p.y_w, p.w_h, p.w_w, p.w_i) &&
          inFours((dy?.offset ?? 0) / 4, (w?.offset ?? 0) / 4),
        workgroups: (p) => {
          const pixelTiles = divideUp(p.batch * p.in_h * p.in_w, 24);
          return spread(pixelTiles * p.groups * divideUp(p.in_c / p.groups, 4 * lanes));
        },
      }),
    ),
    {
      name: "subgroup_24x4",
      order: "taps",
      wgsl: conv2dBackwardInputSubgroupWgsl,
      subgroupSize: 8,
      applies: (p) => p.in_c / p.groups > 8 && p.stride_h === 1 && p.stride_w === 1,
      workgroups: (p) => {
        const pixelTiles = divideUp(p.batch * p.in_h * p.in_w, 24);
        return spread(pixelTiles * p.groups * divideUp(p.in_c / p.groups, 32));
      },
    },
    {
      name: "strided_12x8",
      order: "taps",
      wgsl: conv2dBackwardInputTileWgsl,
      applies: (p) => p.in_c / p.groups > 4,
      workgroups: (p) => {
        const pixelTiles = divideUp(phasePixels(p), 12);
        return spread(divideUp(phases(p) * pixelTiles * p.groups * divideUp(p.in_c / p.groups, 8), 64));
      },
    },
    {
      name: "strided_4x4",
      order: "taps",
      workgroups: (p) => {
        const pixelTiles = divideUp(p.batch * p.in_h * p.in_w, 4);
        return spread(divideUp(pixelTiles * p.groups * divideUp(p.in_c / p.groups, 4), 64));
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
