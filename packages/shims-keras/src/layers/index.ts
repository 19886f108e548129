import "../start.js";

export * from "./activation.js";
export type { CallContext } from "./arguments.js";
export * from "./convolution.js";
export * from "./core.js";
export { Layer } from "./layer.js";
export * from "./merge.js";
export * from "./pooling.js";
export * from "./preparation.js";
