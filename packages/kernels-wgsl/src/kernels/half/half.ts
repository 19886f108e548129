import { defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import f16ToF32Wgsl from "./f16_to_f32.wgsl";
import f32ToF16Wgsl from "./f32_to_f16.wgsl";

const params = { count: "u32" } as const;

export type HalfParams = ParamValues<typeof params>;

const variants = [
  { name: "pairs", order: "elements", workgroups: (p: HalfParams) => spread(divideUp(p.count, 128)) },
] as const;
const cost = (p: HalfParams) => ({ flops: 0, bytes: 6 * p.count });

/** y = x rounded to half precision, to the nearest, two to a word of y. See f32_to_f16.wgsl. */
export const f32ToF16 = defineKernel({
  name: "f32_to_f16",
  wgsl: f32ToF16Wgsl,
  bindings: { x: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "u32" } },
  params,
  variants,
  cost,
});

/** y = x, which is in half precision, two to a word. See f16_to_f32.wgsl. */
export const f16ToF32 = defineKernel({
  name: "f16_to_f32",
  wgsl: f16ToF32Wgsl,
  bindings: { x: { access: "read", dtype: "u32" }, y: { access: "read_write", dtype: "f32" } },
  params,
  variants,
  cost,
});
