// keras.ops: functions of device tensors and of placeholders; host data is taken too.
import "../start.js";

export * from "./activations.js";
export * from "./arrange.js";
export * from "./binary.js";
export * from "./control.js";
export * from "./creation.js";
export type { BinaryOp, ListOp, ManyOp, Op, Reduction } from "./define.js";
export * from "./elementwise.js";
export * from "./fft.js";
export * from "./indexing.js";
export * from "./linalg.js";
export * from "./nn.js";
export * from "./reductions.js";
