import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type Constants, defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import { axisOf } from "../scan/scan.js";
import ravelIndexWgsl from "./ravel_index.wgsl";

const LANES = 64;
const ravelParams = { count: "u32", extent: "u32", follows: "u32", fault_slot: "u32", raises: "u32" } as const;

/** Params that gather and scatter begin with. */
export const placed = {
  outer: "u32",
  extent: "u32",
  inner: "u32",
  count: "u32",
  index_outer: "u32",
  index_count: "u32",
  index_inner: "u32",
  fault_slot: "u32",
  raises: "u32",
} as const;
export type Placed = ParamValues<typeof placed>;
export type RavelIndexParams = ParamValues<typeof ravelParams>;

export const faults = { access: "read_write", dtype: "u32", optional: true } as const;

/** Elements that are moved. */
export const elementsOf = (p: Placed): number => p.outer * p.count * p.inner;
/** Whether so many neighbours have one index. */
export const inBlocks = (p: Placed, width: number): boolean => p.inner % width === 0 && p.index_inner === 0;
/** How many indices are read. */
export const indicesOf = (p: Placed): number =>
  (p.index_outer ? p.outer : 1) * (p.index_count ? p.count : 1) * (p.index_inner ? p.inner : 1);

/** What an index out of range does: it is an error, is held to the nearest end, starts over, or names nothing. */
export type IndexMode = "raise" | "clip" | "wrap" | "drop";

export interface IndexOptions {
  /**
   * `raise`: the next read throws; `clip`: the nearest end; `wrap`: modulo the extent; `drop`: a gather gives `fill`, a scatter
   * passes it over. Default `raise`.
   */
  mode?: IndexMode;
  /** Whether indices from -extent to -1 count from the end. Default true. */
  negative?: boolean;
}

const resolutions = {
  raise: "i",
  drop: "i",
  clip: "clamp(i, 0, n - 1)",
  wrap: "select(i % n, i % n + n, i % n < 0)",
} as const satisfies Record<IndexMode, string>;

const cache = new Map<string, Constants>();

/** Constants by a key: the same one gives the same object. */
export function cached(key: string, make: () => Constants): Constants {
  let constants = cache.get(key);
  if (!constants) {
    constants = make();
    cache.set(key, constants);
  }
  return constants;
}

/** What makes `gather` and `ravelIndex` read indices in one way, for `RunOptions.constants`. */
export function indexConstants({ mode = "raise", negative = true }: IndexOptions = {}): Constants {
  if (!Object.hasOwn(resolutions, mode)) {
    const expected = Object.keys(resolutions).join(", ");
    throw new ArgumentError({ op: "index", argument: "mode", expected, given: `${mode}` });
  }
  // A modulo counts from the end by itself.
  const counted = negative && mode !== "wrap" ? "select(given, given + n, given < 0)" : "given";
  return cached(`${mode} ${negative}`, () => ({
    resolve:
      mode === "raise" && !negative
        ? "i"
        : resolutions[mode].replace(/\bi\b/g, `(${counted.replaceAll("given", "i")})`),
  }));
}

/** How an index lies: one for every element (`along`, in the shape of the operand but along the axis), or one for whole rows. */
export type IndexForm = "along" | "rows";

export interface PlaceOptions extends IndexOptions {
  /**
   * In the form `rows`: leading axes that operand and index share, each place of which has indices of its own; then the axis is the
   * next one. Default 0.
   */
  batchDims?: number;
  /** From `device.faults.slot`. Default 0. */
  faultSlot?: number;
}

/** Shape that a gather has (and the source of a scatter), and the params of both: x [outer, extent, inner] and where its indices lie. */
export function placeOf(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  { mode = "raise", batchDims = 0, faultSlot = 0 }: PlaceOptions,
  op: string,
): { shape: number[]; params: Placed } {
  const d = axisOf(shape, axis, op);
  const before = shape.slice(0, d);
  const after = shape.slice(d + 1);
  const extent = shape[d] as number;
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  const checks = { fault_slot: faultSlot, raises: Number(mode === "raise") };
  const placedBy = (count: number, index_outer: number, index_count: number, index_inner: number): Placed => {
    expectPlaces(op, { extent, count }, mode, shape);
    return { outer, extent, inner, count, index_outer, index_count, index_inner, ...checks };
  };
  if (form === "rows") {
    const fits = batchDims === 0 || (batchDims === d && before.every((e, i) => indexShape[i] === e));
    if (!fits) {
      const expected = `${formatShape(shape.slice(0, batchDims))} first, as x has before axis ${batchDims}`;
      throw new ShapeError({ op, argument: "index", expected, given: formatShape(indexShape) });
    }
    const own = indexShape.slice(batchDims);
    const count = sizeOf(own);
    return { shape: [...before, ...own, ...after], params: placedBy(count, batchDims === 0 ? 0 : count, 1, 0) };
  }
  const fits = indexShape.length === shape.length && shape.every((e, i) => i === d || indexShape[i] === e);
  if (!fits) {
    const expected = `${formatShape(shape)} but for axis ${d}`;
    throw new ShapeError({ op, argument: "index", expected, given: formatShape(indexShape) });
  }
  const count = indexShape[d] as number;
  return { shape: [...indexShape], params: placedBy(count, count * inner, inner, 1) };
}

/** Modes that must find a place have none where there are no elements. */
function expectPlaces(
  op: string,
  { extent, count }: { extent: number; count: number },
  mode: IndexMode,
  shape: readonly number[],
) {
  if (extent > 0 || count === 0 || mode === "drop") return;
  throw new ShapeError({ op, argument: "x", expected: "elements along the axis", given: formatShape(shape) });
}

/** One flat index of several, or one index as places. See ravel_index.wgsl and `ravelIndexGeometry`. */
export const ravelIndex = defineKernel({
  name: "ravel_index",
  wgsl: ravelIndexWgsl,
  bindings: {
    before: { access: "read", dtype: "i32", optional: true },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: "i32" },
  },
  params: ravelParams,
  variants: [{ name: "elements", order: "elementwise", workgroups: (p) => spread(divideUp(p.count, LANES)) }],
  cost: (p) => ({ flops: 2 * p.count, bytes: 4 * p.count * (2 + p.follows) }),
});

/** Params of ravelIndex. Throws ShapeError when all extents together are more than an int32 counts. */
export function ravelIndexGeometry(
  count: number,
  extents: readonly number[],
  at: number,
  { mode = "raise", faultSlot = 0 }: PlaceOptions = {},
  op = "ravel_index",
): RavelIndexParams {
  if (sizeOf(extents) >= 2 ** 31)
    throw new ShapeError({ op, argument: "x", expected: "less than 2^31 elements", given: formatShape(extents) });
  const extent = extents[at] as number;
  expectPlaces(op, { extent, count }, mode, extents);
  return { count, extent, follows: Number(at > 0), fault_slot: faultSlot, raises: Number(mode === "raise") };
}
