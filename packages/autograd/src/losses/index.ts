export * from "./cross_entropy.js";
export * from "./ctc.js";
export * from "./margin.js";
export * from "./overlap.js";
export { type LossReduction, quotientOrZero, type ReduceLossOptions, reduceLoss } from "./reduction.js";
export * from "./regression.js";
