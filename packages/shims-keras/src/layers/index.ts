export * from "./activation.js";
export * from "./convolution.js";
export * from "./core.js";
export { type CallContext, Layer } from "./layer.js";
export * from "./merge.js";
export * from "./pooling.js";
export * from "./preparation.js";
