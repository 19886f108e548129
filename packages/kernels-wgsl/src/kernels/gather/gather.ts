import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type BindingDtype, defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import gatherRowsWgsl from "./gather_rows.wgsl";
import gatherRowsBackwardWgsl from "./gather_rows_backward.wgsl";
import gatherRowsBackwardSortedWgsl from "./gather_rows_backward_sorted.wgsl";
import gatherU8Wgsl from "./gather_u8.wgsl";
import oneHotWgsl from "./one_hot.wgsl";
import u8ToF32Wgsl from "./u8_to_f32.wgsl";

const LANES = 64;
const rowParams = { rows: "u32", width: "u32", count: "u32", fault_slot: "u32" } as const;
const u8Params = { count: "u32", divisor: "f32" } as const;
const gatherU8Params = { ...rowParams, plane: "u32" } as const;
const oneHotParams = { outer: "u32", depth: "u32", inner: "u32", on: "u32", off: "u32" } as const;
const words = ["u32", "i32", "f32"] as const;
/** Rows of whole words of halves are moved too. */
const moved = [...words, "f16", "bf16"] as const;
const faults = { access: "read_write", dtype: "u32", optional: true } as const;

export type GatherParams = ParamValues<typeof rowParams>;
export type U8Params = ParamValues<typeof u8Params>;
export type GatherU8Params = ParamValues<typeof gatherU8Params>;
export type OneHotParams = ParamValues<typeof oneHotParams>;

/** y[i, :] = x[index[i], :], words of any type. See gather_rows.wgsl. */
export const gatherRows = defineKernel({
  name: "gather_rows",
  wgsl: gatherRowsWgsl,
  bindings: {
    x: { access: "read", dtype: moved },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: moved },
  },
  params: rowParams,
  variants: [
    {
      name: "four_vec4",
      order: "copy",
      constants: { V: "array<vec4<u32>, 4>", WIDTH: "16u" },
      applies: (p) => p.width % 16 === 0,
      prefer: "software",
      workgroups: (p) => spread(divideUp((p.count * p.width) / 16, LANES)),
    },
    {
      name: "vec4",
      order: "copy",
      constants: { V: "vec4<u32>", WIDTH: "4u" },
      applies: (p) => p.width % 4 === 0,
      workgroups: (p) => spread(divideUp((p.count * p.width) / 4, LANES)),
    },
    { name: "words", order: "copy", workgroups: (p) => spread(divideUp(p.count * p.width, LANES)) },
  ],
  cost: (p) => ({ flops: 0, bytes: 8 * p.count * p.width + 4 * p.count }),
});

/** Elements of a row, or fours of them, that a thread of gatherRowsBackward adds up: `SPAN` in the shader. */
const SPAN = 32;

/** dx[r, :] = sum of dy[i, :] over i with index[i] = r, in the order of i. See gather_rows_backward.wgsl. */
export const gatherRowsBackward = defineKernel({
  name: "gather_rows_backward",
  wgsl: gatherRowsBackwardWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    index: { access: "read", dtype: "i32" },
    dx: { access: "read_write", dtype: "f32" },
  },
  params: rowParams,
  variants: [
    {
      name: "scan_vec4",
      order: "index",
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.width % 4 === 0,
      workgroups: (p) => spread(divideUp(p.rows * divideUp(p.width / 4, SPAN), LANES)),
    },
    {
      name: "scan",
      order: "index",
      workgroups: (p) => spread(divideUp(p.rows * divideUp(p.width, SPAN), LANES)),
    },
  ],
  cost: (p) => ({ flops: p.count * p.width, bytes: 4 * p.width * (p.count + p.rows) + 4 * p.count }),
});

/** Vectors of a row that a thread of gatherRowsBackwardSorted adds up: `SPAN` in the shader. */
const SORTED_SPAN = 8;

/** dx[r, :] = sum of dy[i, :] over i with index[i] = r, given the order that sorts the index. See gather_rows_backward_sorted.wgsl. */
export const gatherRowsBackwardSorted = defineKernel({
  name: "gather_rows_backward_sorted",
  wgsl: gatherRowsBackwardSortedWgsl,
  bindings: {
    dy: { access: "read", dtype: "f32" },
    index: { access: "read", dtype: "i32" },
    places: { access: "read", dtype: "i32" },
    dx: { access: "read_write", dtype: "f32" },
  },
  params: rowParams,
  variants: [
    {
      name: "vec4",
      order: "index",
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.width % 4 === 0,
      workgroups: (p) => spread(divideUp(p.count * divideUp(p.width / 4, SORTED_SPAN), LANES)),
    },
    {
      name: "words",
      order: "index",
      workgroups: (p) => spread(divideUp(p.count * divideUp(p.width, SORTED_SPAN), LANES)),
    },
  ],
  cost: (p) => ({ flops: p.count * p.width, bytes: 4 * p.width * (p.count + Math.min(p.count, p.rows)) + 8 * p.count }),
});

/** y[i] = x[i] / divisor of packed bytes, to the nearest f32 for divisors of up to 12 significant bits. See u8_to_f32.wgsl. */
export const u8ToF32 = defineKernel({
  name: "u8_to_f32",
  wgsl: u8ToF32Wgsl,
  bindings: { x: { access: "read", dtype: "u32" }, y: { access: "read_write", dtype: "f32" } },
  params: u8Params,
  variants: [{ name: "four", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, 4 * LANES)) }],
  cost: (p) => ({ flops: 5 * p.count, bytes: 5 * p.count }),
});

/** gather_rows of packed bytes, each replaced by what a table has for it. See gather_u8.wgsl. */
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

/** y[o, c, i] = on where index[o, i] = c, else off; words of any type. See one_hot.wgsl. */
export const oneHot = defineKernel({
  name: "one_hot",
  wgsl: oneHotWgsl,
  bindings: { index: { access: "read", dtype: "i32" }, y: { access: "read_write", dtype: words } },
  params: oneHotParams,
  variants: [
    {
      name: "elements",
      order: "elementwise",
      workgroups: (p) => spread(divideUp(p.outer * p.depth * p.inner, LANES)),
    },
  ],
  cost: (p) => ({ flops: 0, bytes: 4 * p.outer * p.inner * (p.depth + 1) }),
});

/**
 * Shape [...index, ...x without its first dimension] and the params of gatherRows and its backward.
 * `faultSlot` comes from `device.faults.slot`. Throws ShapeError when rows are asked of x, which has none.
 */
export function gatherGeometry(
  xShape: readonly number[],
  indexShape: readonly number[],
  faultSlot: number,
  op = "gather",
): { shape: number[]; params: GatherParams } {
  const [rows, ...rest] = xShape;
  if (rows === undefined || (rows === 0 && sizeOf(indexShape) > 0))
    throw new ShapeError({ op, argument: "x", expected: "at least one row", given: formatShape(xShape) });
  const shape = [...indexShape, ...rest];
  return { shape, params: { rows, width: sizeOf(rest), count: sizeOf(indexShape), fault_slot: faultSlot } };
}

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
 * As gatherGeometry, for packed bytes and a table [256], or [channels, 256] for x [rows, channels, ...].
 * Throws ShapeError on any other table.
 */
export function gatherU8Geometry(
  xShape: readonly number[],
  indexShape: readonly number[],
  tableShape: readonly number[],
  faultSlot: number,
): { shape: number[]; params: GatherU8Params } {
  const { shape, params } = gatherGeometry(xShape, indexShape, faultSlot, "gather_u8");
  const channels = tableShape.length === 2 ? tableShape[0] : 1;
  if (!channels || tableShape.at(-1) !== 256 || tableShape.length > 2 || (channels > 1 && xShape[1] !== channels)) {
    const expected = `[256], or [channels, 256] with the channels of x ${formatShape(xShape)}`;
    throw new ShapeError({ op: "gather_u8", argument: "table", expected, given: formatShape(tableShape) });
  }
  return { shape, params: { ...params, plane: params.width / channels } };
}

export interface OneHotOptions {
  /** Value at the index. Default 1. */
  on?: number;
  /** Value elsewhere, and all along where the index is out of range. Default 0. */
  off?: number;
  /** Where the new dimension stands; negative ones count from the end. Default: it is the last. */
  axis?: number;
  /** What y holds. Default f32. */
  dtype?: BindingDtype;
}

/** A value as the word that stands for it. */
function wordOf(argument: string, value: number, dtype: BindingDtype): number {
  const view = new DataView(new ArrayBuffer(4));
  const [low, high] = dtype === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (dtype === "f32") view.setFloat32(0, value);
  else if (Number.isInteger(value) && value >= low && value <= high) view.setInt32(0, value);
  else throw new ArgumentError({ op: "one_hot", argument, expected: `a value of ${dtype}`, given: `${value}` });
  return view.getUint32(0);
}

/** Shape and params of oneHot. Throws ArgumentError when depth is no positive integer, the axis none of y, or y has no such values. */
export function oneHotGeometry(
  indexShape: readonly number[],
  depth: number,
  { on = 1, off = 0, axis = -1, dtype = "f32" }: OneHotOptions = {},
): { shape: number[]; params: OneHotParams } {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError({ op: "one_hot", argument: "depth", expected: "a positive integer", given: `${depth}` });
  }
  const rank = indexShape.length + 1;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const expected = `an integer from ${-rank} to ${rank - 1}`;
    throw new ArgumentError({ op: "one_hot", argument: "axis", expected, given: `${axis}` });
  }
  const at = axis < 0 ? axis + rank : axis;
  const [before, after] = [indexShape.slice(0, at), indexShape.slice(at)];
  return {
    shape: [...before, depth, ...after],
    params: {
      outer: sizeOf(before),
      depth,
      inner: sizeOf(after),
      on: wordOf("on", on, dtype),
      off: wordOf("off", off, dtype),
    },
  };
}
