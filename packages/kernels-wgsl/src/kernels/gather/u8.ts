import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import gatherU8Wgsl from "./gather_u8.wgsl";
import { faults } from "./indices.js";
import u8ToF32Wgsl from "./u8_to_f32.wgsl";

const LANES = 64;
const u8Params = { count: "u32", divisor: "f32" } as const;
const gatherU8Params = { rows: "u32", width: "u32", count: "u32", fault_slot: "u32", plane: "u32" } as const;
const words = ["u32", "i32", "f32"] as const;

export type U8Params = ParamValues<typeof u8Params>;
export type GatherU8Params = ParamValues<typeof gatherU8Params>;

/** y[i] = x[i] / divisor of packed bytes, to the nearest f32 for divisors of up to 12 significant bits. See u8_to_f32.wgsl. */
export const u8ToF32 = defineKernel({
  name: "u8_to_f32",
  wgsl: u8ToF32Wgsl,
  bindings: { x: { access: "read", dtype: "u32" }, y: { access: "read_write", dtype: "f32" } },
  params: u8Params,
  variants: [{ name: "four", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, 4 * LANES)) }],
  cost: (p) => ({ flops: 5 * p.count, bytes: 5 * p.count }),
});

/** Rows of packed bytes by an index, each replaced by what a table has for it. See gather_u8.wgsl. */
export const gatherU8 = defineKernel({
  name: "gather_u8",
  wgsl: gatherU8Wgsl,
  bindings: {
    x: { access: "read", dtype: "u32" },
    index: { access: "read", dtype: "i32" },
    table: { access: "read", dtype: words },
    faults,
    y: { access: "read_write", dtype: words },
  },
  params: gatherU8Params,
  variants: [
    {
      name: "words",
      order: "copy",
      constants: {
        VY: "vec4<u32>",
        WIDTH: "4u",
        look_up:
          "VY(table[first + (word & 255u)], table[first + ((word >> 8u) & 255u)], table[first + ((word >> 16u) & 255u)], table[first + (word >> 24u)])",
      },
      applies: (p) => p.width % 4 === 0 && p.plane % 4 === 0,
      workgroups: (p) => spread(divideUp((p.count * p.width) / 4, LANES)),
    },
    { name: "bytes", order: "copy", workgroups: (p) => spread(divideUp(p.count * p.width, LANES)) },
  ],
  cost: (p) => ({ flops: 0, bytes: 5 * p.count * p.width + 4 * p.count + (1024 * p.width) / p.plane }),
});

export interface U8Options {
  /** Default 255, which maps bytes to [0, 1]. */
  divisor?: number;
}

function checkDivisor(op: string, { divisor = 255 }: U8Options): number {
  if (!Number.isFinite(divisor) || divisor === 0) {
    throw new ArgumentError({ op, argument: "divisor", expected: "a finite number other than 0", given: `${divisor}` });
  }
  return divisor;
}

/** Params of u8ToF32. Throws ArgumentError on a divisor that is 0 or not finite. */
export function u8Geometry(shape: readonly number[], options: U8Options = {}): { shape: number[]; params: U8Params } {
  return { shape: [...shape], params: { count: sizeOf(shape), divisor: checkDivisor("u8_to_f32", options) } };
}

/**
 * Shape [...index, ...x without its first dimension] and params of gatherU8, for rows of packed bytes and a table [256], or
 * [channels, 256] for x [rows, channels, ...]. `faultSlot` comes from `device.faults.slot`. Throws ShapeError on any other table,
 * and when rows are asked of x, which has none.
 */
export function gatherU8Geometry(
  xShape: readonly number[],
  indexShape: readonly number[],
  tableShape: readonly number[],
  faultSlot: number,
): { shape: number[]; params: GatherU8Params } {
  const [rows, ...rest] = xShape;
  if (rows === undefined || (rows === 0 && sizeOf(indexShape) > 0))
    throw new ShapeError({ op: "gather_u8", argument: "x", expected: "at least one row", given: formatShape(xShape) });
  const channels = tableShape.length === 2 ? tableShape[0] : 1;
  if (!channels || tableShape.at(-1) !== 256 || tableShape.length > 2 || (channels > 1 && xShape[1] !== channels)) {
    const expected = `[256], or [channels, 256] with the channels of x ${formatShape(xShape)}`;
    throw new ShapeError({ op: "gather_u8", argument: "table", expected, given: formatShape(tableShape) });
  }
  const width = sizeOf(rest);
  return {
    shape: [...indexShape, ...rest],
    params: { rows, width, count: sizeOf(indexShape), fault_slot: faultSlot, plane: width / channels },
  };
}
