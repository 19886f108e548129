import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
} from "../../kernel.js";
import { axisOf } from "../scan/scan.js";
import { copyParams, type StridedCopyParams } from "../strided_copy/strided_copy.js";
import searchSortedWgsl from "./search_sorted.wgsl";
import sortBlocksWgsl from "./sort_blocks.wgsl";
import sortMergeWgsl from "./sort_merge.wgsl";

const LANES = 64;
/** Elements that a thread sorts in registers. */
const BLOCK = 8;

const blockParams = { outer: "u32", extent: "u32", inner: "u32", descending: "u32" } as const;
const mergeParams = { lines: "u32", extent: "u32", run: "u32" } as const;
const searchParams = { lines: "u32", extent: "u32", count: "u32", shared_line: "u32" } as const;
const words = ["f32", "i32", "u32"] as const;

export type SortBlocksParams = ParamValues<typeof blockParams>;
export type SortMergeParams = ParamValues<typeof mergeParams>;
export type SearchSortedParams = ParamValues<typeof searchParams>;

/** Keys and places along an axis, in order within blocks. See sort_blocks.wgsl and `sortPlan`. */
export const sortBlocks = defineKernel({
  name: "sort_blocks",
  wgsl: sortBlocksWgsl,
  bindings: { x: { access: "read", dtype: words }, pairs: { access: "read_write", dtype: "u32" } },
  params: blockParams,
  variants: [
    {
      name: "network",
      order: "sort",
      workgroups: (p) => spread(divideUp(p.outer * divideUp(p.extent, BLOCK) * p.inner, LANES)),
    },
  ],
  cost: (p) => {
    const elements = p.outer * p.extent * p.inner;
    return { flops: (19 / BLOCK) * elements, bytes: 12 * elements };
  },
});

/** Runs of keys and places merged by twos. See sort_merge.wgsl and `sortPlan`. */
export const sortMerge = defineKernel({
  name: "sort_merge",
  wgsl: sortMergeWgsl,
  bindings: { pairs: { access: "read", dtype: "u32" }, y: { access: "read_write", dtype: "u32" } },
  params: mergeParams,
  // Pairs that a thread writes: no more than a run has.
  variants: [16, 8].map((span) => ({
    name: `spans_of_${span}`,
    order: "sort",
    constants: { SPAN: `${span}u` },
    applies: (p: SortMergeParams) => p.run >= span,
    workgroups: (p: SortMergeParams) => spread(divideUp(p.lines * divideUp(p.extent, span), LANES)),
  })),
  cost: (p) => ({ flops: p.lines * p.extent, bytes: 16 * p.lines * p.extent }),
});

/** Places of values in sorted lines. See search_sorted.wgsl, `searchSortedGeometry` and `searchSortedConstants`. */
export const searchSorted = defineKernel({
  name: "search_sorted",
  wgsl: searchSortedWgsl,
  bindings: {
    sorted: { access: "read", dtype: words },
    values: { access: "read", dtype: words },
    y: { access: "read_write", dtype: "i32" },
  },
  params: searchParams,
  variants: [{ name: "halves", order: "search", workgroups: (p) => spread(divideUp(p.lines * p.count, LANES)) }],
  cost: (p) => ({
    flops: p.lines * p.count * Math.ceil(Math.log2(p.extent + 1)),
    bytes: 4 * (2 * p.lines * p.count + (p.shared_line ? 1 : p.lines) * p.extent),
  }),
});

const keys = {
  f32: { X: "f32" },
  i32: { X: "i32", key: "bitcast<u32>(v) ^ 0x80000000u" },
  u32: { X: "u32", key: "v" },
} as const satisfies Record<BindingDtype, Constants>;

/** What makes `sortBlocks` one of a dtype, for `RunOptions.constants`. The same dtype gives the same object. */
export const sortConstants = (dtype: BindingDtype): Constants => keys[dtype];

const searches: Record<string, Constants> = {};

/** What makes `searchSorted` one of a dtype, before elements that are equal to the value or behind them (`right`). */
export function searchSortedConstants(dtype: BindingDtype, right: boolean): Constants {
  const of = (left: string, behind: string): Constants => ({ X: dtype, goes_before: right ? behind : left });
  searches[`${dtype} ${right}`] ??= dtype === "f32" ? of("less_f32(s, v)", "!less_f32(v, s)") : of("s < v", "s <= v");
  return searches[`${dtype} ${right}`] as Constants;
}

export interface SortPlan {
  /** Words of the pairs. */
  words: number;
  blocks: SortBlocksParams;
  /** One after another; each reads what the one before wrote. */
  merges: SortMergeParams[];
  /** Copies the places out of the pairs, in the order of x's axes. */
  places: StridedCopyParams;
}

/**
 * The kernel calls that sort lines of a contiguous operand: pairs of key and place in blocks, merges, and a copy of the places.
 *
 * @param axis Axis along which; negative counts from the last.
 * @param op Name that errors carry. Default "sort".
 * @throws ArgumentError for an axis out of range.
 */
export function sortPlan(shape: readonly number[], axis: number, descending = false, op = "sort"): SortPlan {
  const d = axisOf(shape, axis, op);
  const [outer, extent, inner] = [sizeOf(shape.slice(0, d)), shape[d] as number, sizeOf(shape.slice(d + 1))];
  const merges: SortMergeParams[] = [];
  for (let run = BLOCK; run < extent; run *= 2) merges.push({ lines: outer * inner, extent, run });
  const places = copyParams(
    op,
    [
      { extent: outer, x: 2 * inner * extent, y: inner * extent },
      { extent, x: 2, y: inner },
      { extent: inner, x: 2 * extent, y: 1 },
    ],
    1,
  );
  const blocks = { outer, extent, inner, descending: Number(descending) };
  return { words: 2 * sizeOf(shape), blocks, merges, places };
}

/**
 * Shape and params of searchSorted: sorted [..., extent] with the leading axes of values, or [extent] for all values.
 *
 * @throws ShapeError when leading axes differ; ArgumentError when sorted has no axis.
 */
export function searchSortedGeometry(
  sorted: readonly number[],
  values: readonly number[],
  op = "search_sorted",
): { shape: number[]; params: SearchSortedParams } {
  const extent = sorted.at(-1);
  if (extent === undefined) throw new ArgumentError({ op, argument: "sorted", expected: "an axis", given: "[]" });
  const isShared = sorted.length === 1;
  if (!isShared && `${sorted.slice(0, -1)}` !== `${values.slice(0, -1)}`) {
    const expected = `the leading axes of ${formatShape(values)}, or one axis`;
    throw new ShapeError({ op, argument: "sorted", expected, given: formatShape(sorted) });
  }
  const lines = isShared ? 1 : sizeOf(sorted.slice(0, -1));
  const count = isShared ? sizeOf(values) : (values.at(-1) ?? 1);
  return { shape: [...values], params: { lines, extent, count, shared_line: Number(isShared) } };
}
