import { defineKernel, divideUp, spread } from "../../kernel.js";
import { conv2dFields, conv2dSizes } from "./conv2d.js";
import conv2dBackwardBiasWgsl from "./conv2d_backward_bias.wgsl";

/** db = sum of dy over batch, height and width. See conv2d_backward_bias.wgsl. */
export const conv2dBackwardBias = defineKernel({
  name: "conv2d_backward_bias",
  wgsl: conv2dBackwardBiasWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    db: { access: "read_write", dtype: "f32" },
  },
  params: conv2dFields,
  variants: [{ name: "strided", order: "lanes", workgroups: (p) => spread(divideUp(p.out_c, 4)) }],
  cost: (p) => {
    const { y } = conv2dSizes(p);
    return { flops: y, bytes: 4 * (y + p.out_c) };
  },
});
