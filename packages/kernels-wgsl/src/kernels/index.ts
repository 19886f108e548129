export * from "./matmul/matmul.js";
export * from "./conv2d/conv2d.js";
export * from "./conv2d/conv2d_backward_bias.js";
export * from "./conv2d/conv2d_backward_filter.js";
export * from "./conv2d/conv2d_backward_input.js";
export * from "./conv2d/conv2d_forward.js";
