import { ShapeError } from "../../errors.js";
import {
  defineKernel,
  divideUp,
  FAT_LANES,
  narrowed,
  type ParamValues,
  spread,
  TILE,
  type Variant,
} from "../../kernel.js";
import fillWgsl from "./fill.wgsl";
import stridedCopyWgsl from "./strided_copy.wgsl";
import stridedCopyHalfWgsl from "./strided_copy_half.wgsl";
import stridedCopyTurnWgsl from "./strided_copy_turn.wgsl";

/** Axes that the kernel can walk after merging. */
const MAX_AXES = 12;

const params = {
  count: "u32",
  tile: "u32",
  rank: "u32",
  x_inner: "u32",
  x_offset: "u32",
  y_offset: "u32",
  axes: "array<vec4<u32>, 12>",
} as const;

export type StridedCopyParams = ParamValues<typeof params>;

type Part = "extent" | "x" | "y";
const part = (p: StridedCopyParams, d: number, which: Part): number =>
  p.axes[4 * d + { extent: 0, x: 1, y: 2 }[which]] as number;
/** Strides of all axes but some, and the offset. */
const steps = (p: StridedCopyParams, which: "x" | "y", ...except: number[]): number[] => [
  which === "x" ? p.x_offset : p.y_offset,
  ...Array.from({ length: p.rank }, (_, d) => (except.includes(d) ? 0 : part(p, d, which))),
];
const inFours = (...numbers: number[]): boolean => numbers.every((number) => number % 4 === 0);

/** Whether y is written four words at a time along its innermost axis. */
const wideInY = (p: StridedCopyParams): boolean =>
  part(p, 0, "y") === 1 && inFours(part(p, 0, "extent"), ...steps(p, "y", 0));

const workgroups = (width: number) => (p: StridedCopyParams) => spread(divideUp(p.count, width * p.tile));
const order = "copy";

const vec4: Variant<typeof params> = {
  name: "vec4",
  order,
  constants: { VX: "vec4<u32>", VY: "vec4<u32>", WIDTH: "4u", units: "at / 4u" },
  applies: (p) => wideInY(p) && part(p, 0, "x") === 1 && inFours(...steps(p, "x", 0)),
  workgroups: workgroups(4),
};

const vec4Repeat: Variant<typeof params> = {
  name: "vec4_repeat",
  order,
  constants: { VY: "vec4<u32>", WIDTH: "4u", apply: "VY(v)", units: "at / vec2(1u, 4u)" },
  applies: (p) => wideInY(p) && part(p, 0, "x") === 0,
  workgroups: workgroups(4),
};

const turn: Variant<typeof params> = {
  name: "turn_4x4",
  order,
  wgsl: stridedCopyTurnWgsl,
  applies: (p) =>
    p.x_inner > 0 && p.rank <= 3 && wideInY(p) && inFours(part(p, p.x_inner, "extent"), ...steps(p, "x", p.x_inner)),
  workgroups: (p) => spread(divideUp(p.count / 16, 64)),
};

/** Rows of x from which on their lines leave the cache before the next square reads the rest of them. */
const MANY_ROWS = 512;

const turnBlocks = narrowed(
  turn,
  (p) =>
    p.x_inner === 1 &&
    part(p, 0, "extent") >= MANY_ROWS &&
    part(p, 0, "extent") % 32 === 0 &&
    part(p, 1, "extent") % 32 === 0,
  {
    name: "turn_4x4_blocks",
    constants: {
      square_of:
        "let block = in_order(i / 64u, extents / vec3(8u, 8u, 1u)); return block * vec3(8u, 8u, 1u) + vec3(i % 8u, i / 8u % 8u, 0u)",
    },
  },
);

const scalar: Variant<typeof params> = {
  name: "scalar",
  order,
  workgroups: workgroups(1),
};

/** Without divisions for a single axis, and for two or three. Axes beyond the rank have extent 1. */
const byAxes = (variant: Variant<typeof params>): Variant<typeof params>[] => [
  narrowed(variant, (p) => p.rank === 1, {
    constants: { ...variant.constants, locate: "Place(i * WIDTH * params.axes[0].yz, 0u, 0u)" },
  }),
  narrowed(variant, (p) => p.rank > 1 && p.rank <= 3, {
    name: `${variant.name}_axes`,
    constants: { ...variant.constants, locate: "place_three(i * WIDTH)", next: "advance(p, by)" },
  }),
];

/** Words read, those of repeated axes once. */
const distinct = (p: StridedCopyParams): number =>
  Array.from({ length: p.rank }, (_, d) => (part(p, d, "x") === 0 ? 1 : part(p, d, "extent"))).reduce(
    (product, extent) => product * extent,
    1,
  );

/**
 * Moves 32-bit words of any dtype between layouts: transpose, slice, flip, expand, concatenate, place. Words of y that no
 * index names keep their value. Params come from the geometry functions. See strided_copy.wgsl.
 */
export const stridedCopy = defineKernel({
  name: "strided_copy",
  wgsl: stridedCopyWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: ["u32", "i32", "f32", "f16", "bf16"] },
    y: { access: "read_write", dtype: ["u32", "i32", "f32", "f16", "bf16"] },
  },
  params,
  variants: [
    ...byAxes(vec4),
    ...byAxes(vec4Repeat),
    turnBlocks,
    turn,
    ...byAxes(scalar),
    { ...scalar, name: "scalar_many_axes" },
  ],
  cost: (p) => ({ flops: 0, bytes: 4 * (distinct(p) + p.count) }),
});

const halfVariant: Variant<typeof params> = {
  name: "words",
  order,
  workgroups: (p) => spread(divideUp(p.count, 2 * p.tile)),
};

/**
 * The same of halves, two to a word, to a contiguous y: strides, offset and count are in halves. Where whole words are moved,
 * `wordsOfHalves` gives the params for stridedCopy. See strided_copy_half.wgsl.
 */
export const stridedCopyHalf = defineKernel({
  name: "strided_copy_half",
  wgsl: stridedCopyHalfWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: ["f16", "bf16"] },
    y: { access: "read_write", dtype: ["f16", "bf16"] },
  },
  params,
  variants: [
    narrowed(halfVariant, (p) => p.rank <= 3, {
      name: "words_axes",
      constants: { locate: "place_of(i)", next: "further(p, by)" },
    }),
    halfVariant,
  ],
  cost: (p) => ({ flops: 0, bytes: 2 * (distinct(p) + p.count) }),
});

/** Params of a copy of halves as one of words, where every run of halves begins and ends with a word on both sides; else undefined. */
export function wordsOfHalves(p: StridedCopyParams): StridedCopyParams | undefined {
  const even = (...numbers: number[]): boolean => numbers.every((number) => number % 2 === 0);
  if (
    part(p, 0, "x") !== 1 ||
    part(p, 0, "y") !== 1 ||
    !even(part(p, 0, "extent"), ...steps(p, "x", 0), ...steps(p, "y", 0))
  )
    return undefined;
  const halved = (stride: number): number => ((stride | 0) / 2) >>> 0;
  const axes = p.axes.map((value, i) => {
    const [d, column] = [Math.floor(i / 4), i % 4];
    if (d >= p.rank) return value;
    return d === 0 ? (column === 0 ? value / 2 : value) : column === 0 ? value : halved(value);
  });
  return { ...p, count: p.count / 2, x_offset: p.x_offset / 2, y_offset: p.y_offset / 2, x_inner: 0, axes };
}

/** Whether a copy fills a contiguous y in its order. */
export function fillsInOrder(p: StridedCopyParams): boolean {
  let stride = 1;
  for (let d = 0; d < p.rank; d++) {
    if (part(p, d, "extent") > 1 && part(p, d, "y") !== stride) return false;
    stride *= part(p, d, "extent");
  }
  return p.y_offset === 0;
}

const fillParams = { count: "u32", bits: "u32" } as const;

export type FillParams = ParamValues<typeof fillParams>;

/** Sets every word to one pattern. See fill.wgsl. */
export const fill = defineKernel({
  name: "fill",
  wgsl: fillWgsl,
  bindings: { y: { access: "read_write", dtype: ["u32", "i32", "f32", "f16", "bf16"] } },
  params: fillParams,
  variants: [
    {
      name: "vec4",
      order,
      constants: { V: "vec4<u32>", WIDTH: "4u" },
      applies: (p) => p.count % 4 === 0,
      workgroups: (p) => spread(divideUp(p.count, 1024)),
    },
    { name: "scalar", order, workgroups: (p) => spread(divideUp(p.count, 256)) },
  ],
  cost: (p) => ({ flops: 0, bytes: 4 * p.count }),
});

/** One dimension of a copy: how often, and how far apart in words; either side may go backwards. */
export interface CopyAxis {
  extent: number;
  x: number;
  y: number;
}

/**
 * Params of a copy over axes given outermost first: drops extents of 1 and merges neighbours that both sides step through
 * as one. An extent of 0 copies nothing. Throws ShapeError when more than twelve axes remain.
 */
export function copyParams(op: string, axes: readonly CopyAxis[], xOffset = 0, yOffset = 0): StridedCopyParams {
  const count = axes.reduce((product, { extent }) => product * extent, 1);
  const merged: CopyAxis[] = [];
  for (const axis of count === 0 ? [] : [...axes].reverse()) {
    if (axis.extent === 1) continue;
    const inner = merged.at(-1);
    if (inner && axis.x === inner.x * inner.extent && axis.y === inner.y * inner.extent) inner.extent *= axis.extent;
    else merged.push({ ...axis });
  }
  if (merged.length > MAX_AXES) {
    throw new ShapeError({
      op,
      argument: "x",
      expected: `at most ${MAX_AXES} dimensions that cannot be merged`,
      given: `${merged.length}`,
    });
  }
  if (merged.length === 0) merged.push({ extent: 1, x: 1, y: 1 });
  const table = Array.from({ length: 4 * MAX_AXES }, (_, i): number => (i % 4 === 0 ? 1 : 0));
  for (const [d, { extent, x, y }] of merged.entries()) table.splice(4 * d, 3, extent, x >>> 0, y >>> 0);
  return {
    count,
    tile: TILE,
    rank: merged.length,
    x_inner: Math.max(
      0,
      merged.findIndex(({ x }) => x === 1),
    ),
    x_offset: xOffset,
    y_offset: yOffset,
    axes: table,
  };
}
