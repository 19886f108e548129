import { defineKernel, divideUp, spread } from "../../kernel.js";
import { type Conv2dParams, conv2dSizes, inFours } from "./conv2d.js";
import conv2dBackwardBiasWgsl from "./conv2d_backward_bias.wgsl";
import { type Conv2dChunkPlan, conv2dChunkedFields, conv2dChunkPlan } from "./conv2d_backward_reduce.js";

/** Chunked sums of db of conv2d from dy. See conv2dBackwardBiasPlan and conv2d_backward_bias.wgsl. */
export const conv2dBackwardBias = defineKernel({
  name: "conv2d_backward_bias",
  wgsl: conv2dBackwardBiasWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    partial: { access: "read_write", dtype: "f32" },
  },
  params: conv2dChunkedFields,
  variants: [
    {
      name: "vec4",
      order: "rows",
      constants: { D: "vec4<f32>", V: "vec4<f32>", WIDTH: "4u", load: "dy[at / 4u]" },
      applies: (p, { dy, partial }) =>
        p.y_c === 1 && inFours(p.out_c, p.y_n, p.y_h, p.y_w, (dy?.offset ?? 0) / 4, (partial?.offset ?? 0) / 4),
      workgroups: (p) => spread(divideUp((p.chunks * p.out_c) / 4, 64)),
    },
    {
      name: "four_channels",
      order: "rows",
      constants: {
        V: "vec4<f32>",
        WIDTH: "4u",
        load: "V(dy[at], dy[at + params.y_c], dy[at + 2u * params.y_c], dy[at + 3u * params.y_c])",
      },
      applies: (p, { partial }) => inFours(p.out_c, (partial?.offset ?? 0) / 4),
      workgroups: (p) => spread(divideUp((p.chunks * p.out_c) / 4, 64)),
    },
    { name: "scalar", order: "rows", workgroups: (p) => spread(divideUp(p.chunks * p.out_c, 64)) },
  ],
  cost: (p) => {
    const { y } = conv2dSizes(p);
    return { flops: y, bytes: 4 * (y + p.out_c * p.chunks) };
  },
});

/** How to compute db: run conv2dBackwardBias for dy by this plan. */
export function conv2dBackwardBiasPlan(params: Conv2dParams): Conv2dChunkPlan {
  return conv2dChunkPlan(params, params.out_c);
}
