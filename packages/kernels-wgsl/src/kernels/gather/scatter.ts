import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  spread,
  TILE,
  type Variant,
} from "../../kernel.js";
import {
  cached,
  elementsOf,
  faults,
  type IndexForm,
  type IndexOptions,
  inBlocks,
  indexConstants,
  indicesOf,
  type Placed,
  type PlaceOptions,
  placed,
  placeOf,
} from "./indices.js";
import scatterWgsl from "./scatter.wgsl";
import scatterSortedWgsl from "./scatter_sorted.wgsl";
import scatterUniqueWgsl from "./scatter_unique.wgsl";

const LANES = 64;
/** Threads that a GPU is given for a scatter of few lines. */
const WANTED_THREADS = 16_384;

const params = { ...placed, parts: "u32", unique: "u32" } as const;
const sortedParams = { outer: "u32", extent: "u32", inner: "u32", count: "u32" } as const;
const words = ["u32", "i32", "f32"] as const;

export type ScatterParams = ParamValues<typeof params>;
export type ScatterSortedParams = ParamValues<typeof sortedParams>;

const fours: Constants = {
  WIDTH: "4u",
  V: "vec4<Y>",
  join: "V(combine(a.x, b.x), combine(a.y, b.y), combine(a.z, b.z), combine(a.w, b.w))",
};
type Scatter = Variant<typeof params>;
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
      applies: (p, views) => inBlocks(p, 4) && (wide.applies?.(p, views) ?? true),
    },
    { ...variant(1), name, order: "index" },
  ];
};

/** Combines elements along an axis by index with others, or sets them. See scatter.wgsl, `scatterGeometry`, `scatterConstants`. */
export const scatter = defineKernel({
  name: "scatter",
  wgsl: scatterWgsl,
  bindings: {
    source: { access: "read", dtype: words },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: words },
  },
  params,
  variants: [
    ...byFours("unique", (width) => ({
      wgsl: scatterUniqueWgsl,
      applies: (p) => p.unique === 1,
      workgroups: (p) => spread(divideUp(elementsOf(p) / width, TILE)),
    })),
    ...byFours("parts", (width) => ({
      prefer: "hardware",
      constants: { parts: "params.parts", skims: "true" },
      applies: (p) => p.parts > 1,
      workgroups: (p) => spread(divideUp(linesOf(p, width) * p.parts, LANES)),
    })),
    ...byFours("lines", (width) => ({ workgroups: (p) => spread(divideUp(linesOf(p, width), LANES)) })),
  ],
  cost: (p) => ({ flops: elementsOf(p), bytes: 12 * elementsOf(p) + 4 * indicesOf(p) }),
});

/** Vectors of a row that a thread of scatterSorted combines: `SPAN` in the shader. */
const SORTED_SPAN = 8;
const sortedThreads = (p: ScatterSortedParams, width: number): number =>
  p.outer * p.count * divideUp(p.inner / width, SORTED_SPAN);

/** The same for whole rows, given the order that sorts the places. See scatter_sorted.wgsl and `scatterConstants`. */
export const scatterSorted = defineKernel({
  name: "scatter_sorted",
  wgsl: scatterSortedWgsl,
  bindings: {
    source: { access: "read", dtype: words },
    index: { access: "read", dtype: "i32" },
    order: { access: "read", dtype: "i32" },
    y: { access: "read_write", dtype: words },
  },
  params: sortedParams,
  variants: [
    {
      name: "vec4",
      order: "index",
      constants: fours,
      applies: (p) => p.inner % 4 === 0,
      workgroups: (p) => spread(divideUp(sortedThreads(p, 4), LANES)),
    },
    { name: "words", order: "index", workgroups: (p) => spread(divideUp(sortedThreads(p, 1), LANES)) },
  ],
  cost: (p) => {
    const moved = p.outer * p.inner;
    return { flops: moved * p.count, bytes: 4 * moved * (p.count + 2 * Math.min(p.count, p.extent)) + 8 * p.count };
  },
});

const combinations = {
  set: () => "b",
  add: () => "a + b",
  mul: () => "a * b",
  max: (dtype) => (dtype === "f32" ? "maximum_f32(a, b)" : "max(a, b)"),
  min: (dtype) => (dtype === "f32" ? "minimum_f32(a, b)" : "min(a, b)"),
} as const satisfies Record<string, (dtype: BindingDtype) => string>;

export type Combination = keyof typeof combinations;

/** What makes `scatterSorted` combine elements of a dtype in one way. The same arguments give the same object. */
export const combinationConstants = (combination: Combination, dtype: BindingDtype): Constants =>
  cached(`${combination} ${dtype}`, () => ({
    // What is set keeps its bits.
    Y: combination === "set" ? "u32" : dtype,
    combine: combinations[combination](dtype),
  }));

/** The same for `scatter`, which reads indices in one way too. */
export function scatterConstants(combination: Combination, dtype: BindingDtype, options: IndexOptions = {}): Constants {
  const { resolve } = indexConstants(options) as { resolve: string };
  return cached(`${combination} ${dtype} ${resolve}`, () => ({ ...combinationConstants(combination, dtype), resolve }));
}

export interface ScatterKernelOptions extends PlaceOptions {
  /** A promise that no place is named twice; if it is broken, one of them is lost. Default false. */
  unique?: boolean;
}

/**
 * Shape that the source must have, and params of scatter into `shape`.
 *
 * @throws As gatherGeometry.
 */
export function scatterGeometry(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  { unique = false, ...options }: ScatterKernelOptions = {},
  op = "scatter",
): { shape: number[]; params: ScatterParams } {
  const { shape: source, params } = placeOf(shape, indexShape, axis, form, options, op);
  const { outer, extent, inner } = params;
  const parts = Math.max(1, Math.min(extent, Math.ceil(WANTED_THREADS / Math.max(1, outer * inner))));
  return { shape: source, params: { ...params, parts, unique: Number(unique) } };
}

/** Params of scatterSorted of a scatter of rows that all of `outer` share; undefined for others. */
export function scatterSortedParams({
  outer,
  extent,
  inner,
  count,
  ...p
}: ScatterParams): ScatterSortedParams | undefined {
  return p.index_outer === 0 && p.index_inner === 0 ? { outer, extent, inner, count } : undefined;
}
