import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  FAT_LANES,
  type ParamValues,
  sizeOf,
  spread,
  TILE,
  type Variant,
} from "../../kernel.js";
import { axisOf } from "../scan/scan.js";
import gatherAlongWgsl from "./gather_along.wgsl";
import ravelIndexWgsl from "./ravel_index.wgsl";
import scatterAlongWgsl from "./scatter_along.wgsl";
import scatterAlongUniqueWgsl from "./scatter_along_unique.wgsl";

const LANES = 64;
/** Threads that a GPU is given for a scatter of few lines. */
const WANTED_THREADS = 16_384;

const placed = {
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
const gatherParams = { ...placed, fill: "u32" } as const;
const scatterParams = { ...placed, parts: "u32", unique: "u32" } as const;
const ravelParams = { count: "u32", extent: "u32", follows: "u32", fault_slot: "u32", raises: "u32" } as const;
const words = ["u32", "i32", "f32"] as const;
const faults = { access: "read_write", dtype: "u32", optional: true } as const;

export type GatherAlongParams = ParamValues<typeof gatherParams>;
export type ScatterAlongParams = ParamValues<typeof scatterParams>;
export type RavelIndexParams = ParamValues<typeof ravelParams>;

type Placed = ParamValues<typeof placed>;
const elements = (p: Placed): number => p.outer * p.count * p.inner;
const inFours = (p: Placed): boolean => p.inner % 4 === 0 && p.index_inner === 0;
const indices = (p: Placed): number =>
  (p.index_outer ? p.outer : 1) * (p.index_count ? p.count : 1) * (p.index_inner ? p.inner : 1);

/** Elements along an axis by index: each its own, or one for whole rows. See gather_along.wgsl and `gatherAlongGeometry`. */
export const gatherAlong = defineKernel({
  name: "gather_along",
  wgsl: gatherAlongWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: words },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: words },
  },
  params: gatherParams,
  variants: [
    {
      name: "vec4",
      order: "copy",
      constants: { V: "vec4<u32>", WIDTH: "4u" },
      applies: inFours,
      workgroups: (p) => spread(divideUp(elements(p) / 4, TILE)),
    },
    { name: "words", order: "copy", workgroups: (p) => spread(divideUp(elements(p), TILE)) },
  ],
  cost: (p) => ({ flops: 0, bytes: 8 * elements(p) + 4 * indices(p) }),
});

const fours: Constants = {
  WIDTH: "4u",
  V: "vec4<Y>",
  join: "V(combine(a.x, b.x), combine(a.y, b.y), combine(a.z, b.z), combine(a.w, b.w))",
};
type Scatter = Variant<typeof scatterParams>;
const linesOf = (p: Placed, width: number): number => (p.outer * p.inner) / width;
/** Each in fours of lines where it can be. */
const byFours = (name: string, variant: (width: number) => Omit<Scatter, "name" | "order">): Scatter[] => {
  const wide = variant(4);
  return [
    {
      ...wide,
      name: `${name}_vec4`,
      order: "index",
      constants: { ...wide.constants, ...fours },
      applies: (p, views) => inFours(p) && (wide.applies?.(p, views) ?? true),
    },
    { ...variant(1), name, order: "index" },
  ];
};

/** Adds to elements along an axis by index, or sets them. See scatter_along.wgsl, `scatterAlongGeometry`, `scatterConstants`. */
export const scatterAlong = defineKernel({
  name: "scatter_along",
  wgsl: scatterAlongWgsl,
  bindings: {
    source: { access: "read", dtype: words },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: words },
  },
  params: scatterParams,
  variants: [
    ...byFours("unique", (width) => ({
      wgsl: scatterAlongUniqueWgsl,
      applies: (p) => p.unique === 1,
      workgroups: (p) => spread(divideUp(elements(p) / width, TILE)),
    })),
    ...byFours("parts", (width) => ({
      prefer: "hardware",
      constants: { parts: "params.parts", skims: "true" },
      applies: (p) => p.parts > 1,
      workgroups: (p) => spread(divideUp(linesOf(p, width) * p.parts, LANES)),
    })),
    ...byFours("lines", (width) => ({ workgroups: (p) => spread(divideUp(linesOf(p, width), LANES)) })),
  ],
  cost: (p) => ({ flops: elements(p), bytes: 12 * elements(p) + 4 * indices(p) }),
});

/** One flat index of several. See ravel_index.wgsl and `ravelIndexGeometry`. */
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

const combinations = {
  set: () => "b",
  add: () => "a + b",
  mul: () => "a * b",
  max: (dtype) => (dtype === "f32" ? "maximum_f32(a, b)" : "max(a, b)"),
  min: (dtype) => (dtype === "f32" ? "minimum_f32(a, b)" : "min(a, b)"),
} as const satisfies Record<string, (dtype: BindingDtype) => string>;

export type Combination = keyof typeof combinations;

const cache = new Map<string, Constants>();

function cached(key: string, make: () => Constants): Constants {
  let constants = cache.get(key);
  if (!constants) {
    constants = make();
    cache.set(key, constants);
  }
  return constants;
}

/** What makes `gatherAlong` and `ravelIndex` read indices in one way, for `RunOptions.constants`. */
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

/** What makes `scatterAlong` combine elements of a dtype in one way. The same arguments give the same object. */
export function scatterConstants(combination: Combination, dtype: BindingDtype, options: IndexOptions = {}): Constants {
  const { resolve } = indexConstants(options) as { resolve: string };
  return cached(`${combination} ${dtype} ${resolve}`, () => ({
    // What is set keeps its bits.
    Y: combination === "set" ? "u32" : dtype,
    combine: combinations[combination](dtype),
    resolve,
  }));
}

/** How an index lies: one for every element (`along`, in the shape of the operand but along the axis), or one for whole rows. */
export type IndexForm = "along" | "rows";

/** Params that gather and scatter share: x [outer, extent, inner] and where its indices lie. */
function place(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  op: string,
): { shape: number[]; params: Omit<Placed, "fault_slot" | "raises"> } {
  const d = axisOf(shape, axis, op);
  const before = shape.slice(0, d);
  const after = shape.slice(d + 1);
  const extent = shape[d] as number;
  const [outer, inner] = [sizeOf(before), sizeOf(after)];
  if (form === "rows") {
    const count = sizeOf(indexShape);
    const strides = { index_outer: 0, index_count: 1, index_inner: 0 };
    return { shape: [...before, ...indexShape, ...after], params: { outer, extent, inner, count, ...strides } };
  }
  const fits = indexShape.length === shape.length && shape.every((e, i) => i === d || indexShape[i] === e);
  if (!fits) {
    const expected = `${formatShape(shape)} but for axis ${d}`;
    throw new ShapeError({ op, argument: "index", expected, given: formatShape(indexShape) });
  }
  const count = indexShape[d] as number;
  const strides = { index_outer: count * inner, index_count: inner, index_inner: 1 };
  return { shape: [...indexShape], params: { outer, extent, inner, count, ...strides } };
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

export interface GatherAlongOptions extends IndexOptions {
  /** Bits of what an index that names no place gives, in mode `drop`. Default 0. */
  fill?: number;
  /** From `device.faults.slot`. Default 0. */
  faultSlot?: number;
}

/**
 * Output shape and params of gatherAlong. In the form `rows` the index, of any shape, takes the place of the axis.
 *
 * @throws ArgumentError for an axis out of range; ShapeError for an index of another shape than the form asks for, and for
 * elements of an axis that has none.
 */
export function gatherAlongGeometry(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  { mode = "raise", fill = 0, faultSlot = 0 }: GatherAlongOptions = {},
  op = "gather_along",
): { shape: number[]; params: GatherAlongParams } {
  const { shape: result, params } = place(shape, indexShape, axis, form, op);
  expectPlaces(op, params, mode, shape);
  return { shape: result, params: { ...params, fault_slot: faultSlot, raises: Number(mode === "raise"), fill } };
}

export interface ScatterAlongOptions extends IndexOptions {
  /** A promise that no place is named twice; if it is broken, one of them is lost. Default false. */
  unique?: boolean;
  /** From `device.faults.slot`. Default 0. */
  faultSlot?: number;
}

/**
 * Shape that the source must have, and params of scatterAlong into `shape`.
 *
 * @throws As gatherAlongGeometry.
 */
export function scatterAlongGeometry(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  { mode = "raise", unique = false, faultSlot = 0 }: ScatterAlongOptions = {},
  op = "scatter_along",
): { shape: number[]; params: ScatterAlongParams } {
  const { shape: source, params } = place(shape, indexShape, axis, form, op);
  expectPlaces(op, params, mode, shape);
  const { outer, extent, inner } = params;
  const parts = Math.max(1, Math.min(extent, Math.ceil(WANTED_THREADS / Math.max(1, outer * inner))));
  const checks = { fault_slot: faultSlot, raises: Number(mode === "raise") };
  return { shape: source, params: { ...params, ...checks, parts, unique: Number(unique) } };
}

/** Params of ravelIndex. Throws ShapeError when all extents together are more than an int32 counts. */
export function ravelIndexGeometry(
  count: number,
  extents: readonly number[],
  at: number,
  { mode = "raise", faultSlot = 0 }: ScatterAlongOptions = {},
  op = "ravel_index",
): RavelIndexParams {
  if (sizeOf(extents) >= 2 ** 31)
    throw new ShapeError({ op, argument: "x", expected: "less than 2^31 elements", given: formatShape(extents) });
  const extent = extents[at] as number;
  expectPlaces(op, { extent, count }, mode, extents);
  return { count, extent, follows: Number(at > 0), fault_slot: faultSlot, raises: Number(mode === "raise") };
}
