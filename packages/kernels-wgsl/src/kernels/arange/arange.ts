import { ArgumentError } from "../../errors.js";
import { type BindingDtype, type Constants, defineKernel, divideUp, type ParamValues, spread } from "../../kernel.js";
import arangeWgsl from "./arange.wgsl";

const params = {
  count: "u32",
  half: "u32",
  start_high: "f32",
  start_low: "f32",
  step_high: "f32",
  step_middle: "f32",
  step_low: "f32",
  stop_high: "f32",
  stop_low: "f32",
  first: "i32",
  by: "i32",
  zero: "u32",
} as const;

export type ArangeParams = ParamValues<typeof params>;

/** Numbers at equal distances. See arange.wgsl, `arangeGeometry` and `arangeConstants`. */
export const arange = defineKernel({
  name: "arange",
  wgsl: arangeWgsl,
  bindings: { y: { access: "read_write", dtype: ["f32", "i32", "u32"] } },
  params,
  variants: [{ name: "scalar", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, 256)) }],
  cost: (p) => ({ flops: 2 * p.count, bytes: 4 * p.count }),
});

const whole = (dtype: "i32" | "u32"): Constants => ({
  Y: dtype,
  value: "bitcast<Y>(params.first + bitcast<i32>(i) * params.by)",
});
const constants = { f32: {}, i32: whole("i32"), u32: whole("u32") } as const satisfies Record<BindingDtype, Constants>;

/** What makes `arange` one of a dtype, for `RunOptions.constants`. The same dtype gives the same object. */
export const arangeConstants = (dtype: BindingDtype): Constants => constants[dtype];

export interface ArangeOptions {
  /** Default 0. */
  start?: number;
  /** Default 1. */
  step?: number;
  /** The last number: the second half is counted back from it. Default: all are counted from the start. */
  stop?: number | undefined;
}

const word = new DataView(new ArrayBuffer(4));

/** The first 12 bits of a number of f32. */
function leading(value: number): number {
  word.setFloat32(0, value);
  word.setUint32(0, word.getUint32(0) & 0xfffff000);
  return word.getFloat32(0);
}

/** A number as the sum of two of f32. */
function halves(value: number): [high: number, low: number] {
  const high = Math.fround(value);
  return [high, Number.isFinite(high) ? value - high : 0];
}

/**
 * Params of `arange`. Of integers start and step must be of 32 bits; the results are their last 32.
 *
 * @throws ArgumentError for a count that is no integer of 32 bits, or numbers that are not finite.
 */
export function arangeGeometry(count: number, { start = 0, step = 1, stop }: ArangeOptions = {}): ArangeParams {
  const op = "arange";
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32)
    throw new ArgumentError({ op, argument: "count", expected: "an integer from 0 to 4294967295", given: `${count}` });
  for (const [argument, value] of Object.entries({ start, step, stop: stop ?? 0 })) {
    if (!Number.isFinite(value))
      throw new ArgumentError({ op, argument, expected: "a finite number", given: `${value}` });
  }
  const [start_high, start_low] = halves(start);
  const step_high = leading(step);
  const rest = Number.isFinite(step_high) ? step - step_high : 0;
  const step_middle = leading(rest);
  const [stop_high, stop_low] = halves(stop ?? 0);
  return {
    ...{ count, half: stop === undefined ? count : Math.ceil(count / 2) },
    ...{ start_high, start_low, stop_high, stop_low },
    ...{ step_high, step_middle, step_low: rest - step_middle },
    ...{ first: start | 0, by: step | 0, zero: 0 },
  };
}
