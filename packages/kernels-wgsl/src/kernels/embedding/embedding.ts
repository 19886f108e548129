import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
} from "../../kernel.js";
import embeddingBagForwardWgsl from "./embedding_bag_forward.wgsl";
import rotaryWgsl from "./rotary.wgsl";

const LANES = 64;

const bagParams = {
  rows: "u32",
  width: "u32",
  count: "u32",
  bags: "u32",
  fixed: "u32",
  closed: "u32",
  padding: "i32",
  has_factors: "u32",
  fault_slot: "u32",
  offset_slot: "u32",
} as const;
const rotaryParams = {
  outer: "u32",
  length: "u32",
  inner: "u32",
  width: "u32",
  half: "u32",
  tables: "u32",
  adjacent: "u32",
  sign: "f32",
} as const;

export type EmbeddingBagParams = ParamValues<typeof bagParams>;
export type RotaryParams = ParamValues<typeof rotaryParams>;

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;

export type BagMode = "sum" | "mean" | "max";

/** What makes of embedding_bag_forward sums, means or maxima. */
export const bagConstants: Readonly<Record<BagMode, Constants>> = {
  sum: {},
  mean: { MEAN: "true" },
  max: { MAXIMUM: "true" },
};

/** Sum, mean or maximum of the rows of each bag. See embedding_bag_forward.wgsl. */
export const embeddingBagForward = defineKernel({
  name: "embedding_bag_forward",
  wgsl: embeddingBagForwardWgsl,
  bindings: {
    weight: read,
    index: { access: "read", dtype: "i32" },
    offsets: { access: "read", dtype: "i32", optional: true },
    factors: { access: "read", dtype: "f32", optional: true },
    faults: { access: "read_write", dtype: "u32", optional: true },
    y: write,
    places: { access: "read_write", dtype: "i32" },
  },
  params: bagParams,
  variants: [
    {
      name: "vec4",
      order: "index",
      constants: { V: "vec4<f32>", W: "vec4<i32>", WIDTH: "4u" },
      applies: (p) => p.width % 4 === 0,
      workgroups: (p) => spread(divideUp((p.bags * p.width) / 4, LANES)),
    },
    { name: "elements", order: "index", workgroups: (p) => spread(divideUp(p.bags * p.width, LANES)) },
  ],
  cost: (p) => ({ flops: p.count * p.width, bytes: 4 * p.width * (p.count + p.bags) + 4 * (p.count + p.bags) }),
});

const turned = {
  firsts: "vec4(p.xz, q.xz)",
  seconds: "vec4(p.yw, q.yw)",
  at_first: "vec4(a.x, b.x, a.y, b.y)",
  at_second: "vec4(a.z, b.z, a.w, b.w)",
};
const inFours = (p: RotaryParams): boolean => p.half % 4 === 0 && p.width % 4 === 0;
const units = (p: RotaryParams): number => p.outer * p.length * p.inner * (p.width - p.half);

/** Pairs of a row turned by angles of its position. See rotary.wgsl. */
export const rotary = defineKernel({
  name: "rotary",
  wgsl: rotaryWgsl,
  bindings: { x: read, cos_table: read, sin_table: read, y: write },
  params: rotaryParams,
  variants: [
    {
      name: "halves_vec4",
      order: "pairs",
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.adjacent === 0 && inFours(p),
      workgroups: (p) => spread(divideUp(units(p) / 4, LANES)),
    },
    {
      name: "adjacent_vec4",
      order: "pairs",
      constants: { V: "vec4<f32>", WIDTH: "4u", ...turned },
      applies: (p) => p.adjacent === 1 && inFours(p),
      workgroups: (p) => spread(divideUp(units(p) / 4, LANES)),
    },
    { name: "pairs", order: "pairs", workgroups: (p) => spread(divideUp(units(p), LANES)) },
  ],
  cost: (p) => ({
    flops: 6 * p.outer * p.length * p.inner * p.half,
    bytes: 8 * p.outer * p.length * p.inner * p.width + 8 * p.tables * p.half,
  }),
});

export interface EmbeddingBagOptions {
  /** Shape of offsets; undefined where index is [bags, length]. */
  offsets?: readonly number[] | undefined;
  /** Shape of the factors, if there are any. */
  factors?: readonly number[] | undefined;
  /** Whether offsets end with the count. Default false. */
  closed?: boolean;
  /** Row that is left out. Default: none. */
  padding?: number | undefined;
  faultSlot: number;
  offsetSlot: number;
}

/** No index that anybody gives: -1 is a mistake that is noted. */
const NO_ROW = -(2 ** 31);

/** Shape [bags, width] and params. Throws ShapeError for other ranks, or factors of another shape than the index. */
export function embeddingBagGeometry(
  weight: readonly number[],
  index: readonly number[],
  { offsets, factors, closed = false, padding = NO_ROW, faultSlot, offsetSlot }: EmbeddingBagOptions,
): { shape: number[]; params: EmbeddingBagParams } {
  const refuse = (argument: string, expected: string, given: readonly number[]): never => {
    throw new ShapeError({ op: "embedding_bag", argument, expected, given: formatShape(given) });
  };
  const [rows = 0, width = 0] = weight;
  if (weight.length !== 2) refuse("weight", "[rows, width]", weight);
  if (index.length !== (offsets ? 1 : 2)) refuse("index", offsets ? "one dimension" : "[bags, length]", index);
  if (offsets && (offsets.length !== 1 || (closed && offsets[0] === 0))) refuse("offsets", "one dimension", offsets);
  if (factors && `${factors}` !== `${index}`) refuse("sampleWeights", formatShape(index), factors);
  const bags = offsets ? (offsets[0] as number) - (closed ? 1 : 0) : (index[0] as number);
  return {
    shape: [bags, width],
    params: {
      rows,
      width,
      count: sizeOf(index),
      bags,
      fixed: offsets ? 0 : (index[1] as number),
      closed: closed ? 1 : 0,
      padding,
      has_factors: factors ? 1 : 0,
      fault_slot: faultSlot,
      offset_slot: offsetSlot,
    },
  };
}

export interface RotaryOptions {
  /** The axis of positions. */
  axis: number;
  /** Whether pairs are neighbours, 2 j and 2 j + 1; else they are half the turned width apart. */
  adjacent: boolean;
  /** Whether angles are negative. Default false. */
  back?: boolean;
}

/**
 * Params for tables [length, half], or [outer, length, half] with what stands before the positions in one number. Throws ShapeError for
 * others, ArgumentError for an axis that is none or the last.
 */
export function rotaryGeometry(
  x: readonly number[],
  table: readonly number[],
  { axis, adjacent, back = false }: RotaryOptions,
): { shape: number[]; params: RotaryParams } {
  const at = axis < 0 ? axis + x.length : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= x.length - 1) {
    const expected = `an axis of ${formatShape(x)} other than the last`;
    throw new ArgumentError({ op: "rotary", argument: "axis", expected, given: `${axis}` });
  }
  const [outer, length, width] = [sizeOf(x.slice(0, at)), x[at] as number, x.at(-1) as number];
  const half = table.at(-1) ?? 0;
  const leading = table.slice(0, -1);
  const fits = `${leading}` === `${length}` || `${leading}` === `${[outer, length]}`;
  if (!fits || half < 1 || 2 * half > width) {
    const expected = `[${length}, half] or [${outer}, ${length}, half] with 2 half up to ${width}`;
    throw new ShapeError({ op: "rotary", argument: "cos", expected, given: formatShape(table) });
  }
  return {
    shape: [...x],
    params: {
      outer,
      length,
      inner: sizeOf(x.slice(at + 1, -1)),
      width,
      half,
      tables: sizeOf(leading),
      adjacent: adjacent ? 1 : 0,
      sign: back ? -1 : 1,
    },
  };
}
