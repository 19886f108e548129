export * from "./errors.js";
export * from "./kernel.js";
export * from "./kernels/index.js";
export { findAdapter, findGpu, type OpenOptions, openDevice } from "./runtime/adapters.js";
export type { Block, BufferView, MemoryStats } from "./runtime/buffers.js";
export { type AdapterDescription, Device, type RunOptions, runsOn, type Views } from "./runtime/device.js";
export { collectGarbage } from "./runtime/garbage.js";
export type { Plan, PlanCommand, PlanParams, PlanView } from "./runtime/plan.js";
export { type DispatchRecord, Profile, type ProfileColumn, type ProfileRow } from "./runtime/profile.js";
