import { defineKernel, divideUp, spread, type Variant } from "../../kernel.js";
import { conv2dFields, conv2dFlops, conv2dSizes, inFours, subgroupSizes } from "./conv2d.js";
import conv2dForwardWgsl from "./conv2d_forward.wgsl";
import conv2dForwardSubgroupWgsl from "./conv2d_forward_subgroup.wgsl";
import conv2dForwardSubgroupVec4Wgsl from "./conv2d_forward_subgroup_vec4.wgsl";
import conv2dForwardTileWgsl from "./conv2d_forward_tile.wgsl";

/** y = activate(x * w + bias), a correlation as every framework's conv2d. See conv2d_forward.wgsl. */
export const conv2dForward = defineKernel({
  name: "conv2d_forward",
  wgsl: conv2dForwardWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    w: { access: "read", dtype: "f32" },
    bias: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params: conv2dFields,
  variants: [
    ...subgroupSizes.map(
      (lanes): Variant<typeof conv2dFields> => ({
        name: `subgroup${lanes}_24x4_vec4`,
        order: "taps",
        wgsl: conv2dForwardSubgroupVec4Wgsl,
        constants: { LANES: `${lanes}u` },
        subgroupSize: lanes,
        applies: (p, { x, w }) =>
          p.x_c === 1 &&
          p.w_o === 1 &&
          p.out_c / p.groups > lanes &&
          inFours(p.in_c / p.groups, p.out_c / p.groups, p.x_n, p.x_h, p.x_w, p.w_h, p.w_w, p.w_i) &&
          inFours((x?.offset ?? 0) / 4, (w?.offset ?? 0) / 4),
        workgroups: (p) => {
          const pixelTiles = divideUp(p.batch * p.out_h * p.out_w, 24);
          return spread(pixelTiles * p.groups * divideUp(p.out_c / p.groups, 4 * lanes));
        },
      }),
    ),
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
  ],
  cost: (p) => {
    const { x, w, y } = conv2dSizes(p);
    return { flops: conv2dFlops(p), bytes: 4 * (x + w + y) };
  },
});
