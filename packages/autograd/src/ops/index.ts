import { setTapeArithmetic } from "../backward.js";
import { full } from "./create.js";
import { add } from "./elementwise.js";

export * from "./bytes.js";
export * from "./checked.js";
export * from "./conv.js";
export { type Conv2dAttrs, conv2d, conv2dShape, conv2dTranspose } from "./conv2d.js";
export * from "./conv3d.js";
export * from "./create.js";
export * from "./elementwise.js";
export type { TensorLike } from "./elementwise_op.js";
export * from "./elementwise_unary.js";
export * from "./gather.js";
export * from "./matmul.js";
export * from "./moments.js";
export * from "./pool2d.js";
export * from "./reduce.js";
export * from "./shape.js";
export * from "./softmax.js";
export * from "./softmax_cross_entropy.js";

setTapeArithmetic({ add, onesLike: (shape) => full(shape, 1) });
