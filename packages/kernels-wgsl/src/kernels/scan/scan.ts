import { ArgumentError, DtypeError, formatShape } from "../../errors.js";
import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
  type Variant,
} from "../../kernel.js";
import linearRecurrenceWgsl from "./linear_recurrence.wgsl";
import scanWgsl from "./scan.wgsl";
import scanRowsWgsl from "./scan_rows.wgsl";

/** Elements that one thread goes through where a line is longer. */
const BLOCK = 64;
/** With so many lines there is work for all, and a line is one block. */
const MANY_LINES = 4096;
const LONGEST = 512;
const LANES = 64;

const params = {
  outer: "u32",
  extent: "u32",
  inner: "u32",
  block: "u32",
  blocks: "u32",
  reverse: "u32",
  exclusive: "u32",
  totals: "u32",
  carried: "u32",
} as const;

export type ScanParams = ParamValues<typeof params>;

const words = ["f32", "i32", "u32"] as const;
const order = "blocks";
const threads = (width: number) => (p: ScanParams) => spread(divideUp((p.outer * p.blocks * p.inner) / width, LANES));
const lines: Variant<typeof params> = { name: "lines", order, workgroups: threads(1) };
const linesVec4: Variant<typeof params> = {
  name: "lines_vec4",
  order,
  applies: (p) => p.inner % 4 === 0,
  workgroups: threads(4),
};
/** Elements that a pass reads and writes of an operand of the whole size. */
const moved = (p: ScanParams): number => p.outer * p.inner * (p.totals ? p.extent + p.blocks : 2 * p.extent);

/** One pass of a cumulative sum, product, maximum or the like. See scan.wgsl, `scanGeometry` and `scanConstants`. */
export const scan = defineKernel({
  name: "scan",
  wgsl: scanWgsl,
  bindings: {
    x: { access: "read", dtype: words },
    carry: { access: "read", dtype: words, optional: true },
    y: { access: "read_write", dtype: words },
  },
  params,
  variants: [
    {
      ...linesVec4,
      constants: {
        WIDTH: "4u",
        V: "vec4<Y>",
        join: "V(combine(a.x, b.x), combine(a.y, b.y), combine(a.z, b.z), combine(a.w, b.w))",
      },
    },
    {
      name: "rows_vec4",
      order,
      wgsl: scanRowsWgsl,
      applies: (p) => p.inner === 1 && p.totals === 0 && p.extent % 4 === 0 && p.block % 4 === 0,
      workgroups: threads(1),
    },
    lines,
  ],
  cost: (p) => ({ flops: p.outer * p.extent * p.inner, bytes: 4 * moved(p) }),
});

/** One pass of a linear recurrence of first order. See linear_recurrence.wgsl and `scanGeometry`. */
export const linearRecurrence = defineKernel({
  name: "linear_recurrence",
  wgsl: linearRecurrenceWgsl,
  bindings: {
    a: { access: "read", dtype: "f32" },
    b: { access: "read", dtype: "f32" },
    carry: { access: "read", dtype: "f32", optional: true },
    y: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [{ ...linesVec4, constants: { WIDTH: "4u", V: "vec4<f32>" } }, lines],
  cost: (p) => ({
    flops: 2 * p.outer * p.extent * p.inner,
    bytes: 4 * (moved(p) + p.outer * p.extent * p.inner),
  }),
});

interface Scan {
  readonly dtypes: readonly BindingDtype[];
  readonly initial: (dtype: BindingDtype) => string;
  readonly combine: (dtype: BindingDtype) => string;
}

const lowest = { f32: "-infinity()", i32: "-2147483648", u32: "0u" } as const;
const highest = { f32: "infinity()", i32: "2147483647", u32: "4294967295u" } as const;

const scans = {
  sum: { dtypes: words, initial: () => "Y(0)", combine: () => "a + b" },
  prod: { dtypes: words, initial: () => "Y(1)", combine: () => "a * b" },
  max: {
    dtypes: words,
    initial: (dtype) => lowest[dtype],
    combine: (dtype) => (dtype === "f32" ? "maximum_f32(a, b)" : "max(a, b)"),
  },
  min: {
    dtypes: words,
    initial: (dtype) => highest[dtype],
    combine: (dtype) => (dtype === "f32" ? "minimum_f32(a, b)" : "min(a, b)"),
  },
  log_add_exp: { dtypes: ["f32"], initial: () => "-infinity()", combine: () => "log_add_exp(a, b)" },
} as const satisfies Record<string, Scan>;

export type ScanName = keyof typeof scans;

const cache = new Map<string, Constants>();

/**
 * What turns `scan` into one operation, for `RunOptions.constants`; the same for every pass. After a NaN everything is NaN. The
 * same arguments give the same object.
 *
 * @throws DtypeError for a dtype that the operation does not take: log_add_exp is of f32.
 */
export function scanConstants(name: ScanName, dtype: BindingDtype): Constants {
  const key = `${name} ${dtype}`;
  let constants = cache.get(key);
  if (constants) return constants;
  const { dtypes, initial, combine }: Scan = scans[name];
  if (!dtypes.includes(dtype)) {
    throw new DtypeError({ op: name, argument: "dtype", expected: dtypes.join(" or "), given: dtype });
  }
  constants = { Y: dtype, initial: initial(dtype), combine: combine(dtype) };
  cache.set(key, constants);
  return constants;
}

export interface ScanOptions {
  /** From the last element down. Default false. */
  reverse?: boolean;
  /** Every element takes what is before it, without itself. Default false. */
  exclusive?: boolean;
}

/** The place of an axis, counted from the first. Throws ArgumentError when the shape has no such axis. */
export function axisOf(shape: readonly number[], axis: number, op: string): number {
  const d = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(axis) && d >= 0 && d < shape.length) return d;
  throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${formatShape(shape)}`, given: `${axis}` });
}

/**
 * Params of the pass of a scan that writes its result. Where `blocks` is more than 1 it takes a carry: the exclusive scan
 * (`scanOfTotals`) of what the pass with `totals: 1` writes; of a linear recurrence the inclusive one, with each block's product of a as
 * factors. The rule is one on the shape alone, so a shape has one order.
 *
 * @param axis Axis along which; negative counts from the last.
 * @param op Name that errors carry. Default "scan".
 * @throws ArgumentError for an axis out of range.
 */
export function scanGeometry(
  shape: readonly number[],
  axis: number,
  { reverse = false, exclusive = false }: ScanOptions = {},
  op = "scan",
): ScanParams {
  const d = axisOf(shape, axis, op);
  return scanParams(sizeOf(shape.slice(0, d)), shape[d] as number, sizeOf(shape.slice(d + 1)), reverse, exclusive);
}

/** Params of the scan over the totals of a scan's blocks, which makes its carry. */
export const scanOfTotals = (p: ScanParams, { exclusive = true }: ScanOptions = {}): ScanParams =>
  scanParams(p.outer, p.blocks, p.inner, false, exclusive);

function scanParams(outer: number, extent: number, inner: number, reverse: boolean, exclusive: boolean): ScanParams {
  const whole = extent <= BLOCK || (extent <= LONGEST && outer * inner >= MANY_LINES);
  const block = whole ? extent : BLOCK;
  const blocks = whole ? 1 : divideUp(extent, block);
  const switches = { reverse: Number(reverse), exclusive: Number(exclusive), totals: 0, carried: Number(blocks > 1) };
  return { outer, extent, inner, block, blocks, ...switches };
}
