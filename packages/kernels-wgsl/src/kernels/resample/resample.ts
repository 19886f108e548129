import { formatShape, ShapeError } from "../../errors.js";
import { type Constants, defineKernel, divideUp, FAT_LANES, type ParamValues, sizeOf, spread } from "../../kernel.js";
import resampleWgsl from "./resample.wgsl";
import resampleTapsWgsl from "./resample_taps.wgsl";

const params = {
  outer: "u32",
  inner: "u32",
  in_h: "u32",
  in_w: "u32",
  out_h: "u32",
  out_w: "u32",
  row_taps: "u32",
  column_taps: "u32",
  /** Most taps of a result along an axis. */
  widest: "u32",
} as const;

export type ResampleParams = ParamValues<typeof params>;

const LANES = 64;
const outCount = (p: ResampleParams): number => p.outer * p.out_h * p.out_w * p.inner;
const vec4: Constants = { X: "vec4<f32>", V: "vec4<f32>", WIDTH: "4u" };
const planes: Constants = {
  V: "vec4<f32>",
  PLANES: "4u",
  load: "V(x[at], x[at + plane], x[at + 2u * plane], x[at + 3u * plane])",
  part: "v[k]",
};

const pairs = (p: ResampleParams): boolean => p.widest <= 2;
const rowsOf = (planes: number) => (p: ResampleParams) => spread((p.outer / planes) * p.out_h);
const order = "taps";

/** Weighted sums of elements along two axes by tables: every interpolation, and its gradient. See resample.wgsl. */
export const resample = defineKernel({
  name: "resample",
  wgsl: resampleWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: "f32" },
    rows: { access: "read", dtype: "u32" },
    columns: { access: "read", dtype: "u32" },
    y: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [
    {
      name: "pairs_vec4",
      order,
      constants: vec4,
      applies: (p) => p.inner % 4 === 0 && pairs(p),
      workgroups: rowsOf(1),
    },
    {
      name: "pairs_four_planes",
      order,
      constants: { ...planes, column_of: "e" },
      applies: (p) => p.inner === 1 && p.outer % 4 === 0 && pairs(p),
      workgroups: rowsOf(4),
    },
    { name: "pairs", order, applies: pairs, workgroups: rowsOf(1) },
    {
      name: "vec4",
      order,
      wgsl: resampleTapsWgsl,
      constants: vec4,
      applies: (p) => p.inner % 4 === 0,
      workgroups: (p) => spread(divideUp(outCount(p) / 4, LANES)),
    },
    {
      name: "four_planes",
      order,
      wgsl: resampleTapsWgsl,
      constants: planes,
      applies: (p) => p.outer % 4 === 0,
      workgroups: (p) => spread(divideUp(outCount(p) / 4, LANES)),
    },
    { name: "scalar", order, wgsl: resampleTapsWgsl, workgroups: (p) => spread(divideUp(outCount(p), LANES)) },
  ],
  cost: (p) => ({
    // Taps of all results, each row of which meets each column.
    flops: 2 * p.outer * p.inner * p.row_taps * p.column_taps,
    bytes: 4 * (p.outer * p.in_h * p.in_w * p.inner + outCount(p)),
  }),
});

/** What results along one axis are made of: of each, places along the axis of x and their weights, in the order they are added. */
export interface ResampleTable {
  /** Extent of the axis of x. */
  readonly extent: number;
  readonly taps: readonly (readonly { readonly place: number; readonly weight: number }[])[];
}

export const tapCount = ({ taps }: ResampleTable): number => taps.reduce((count, list) => count + list.length, 0);

/** Most taps that one result has. */
export const widestTaps = ({ taps }: ResampleTable): number =>
  taps.reduce((most, list) => Math.max(most, list.length), 0);

/** The table as words, as the kernel reads it. */
export function tableWords({ taps }: ResampleTable): Uint32Array<ArrayBuffer> {
  const results = taps.length;
  const flat = taps.flat();
  const words = new Uint32Array(results + 1 + 2 * flat.length);
  const floats = new Float32Array(words.buffer);
  for (const [i, list] of taps.entries()) words[i + 1] = (words[i] as number) + list.length;
  for (const [i, { place, weight }] of flat.entries()) {
    words[results + 1 + 2 * i] = place;
    floats[results + 2 + 2 * i] = weight;
  }
  return words;
}

/** The table of the gradient: to each place of x the results it went into, in their order. */
export function transposeTable({ extent, taps }: ResampleTable): ResampleTable {
  const back: { place: number; weight: number }[][] = Array.from({ length: extent }, () => []);
  for (const [result, list] of taps.entries())
    for (const { place, weight } of list) back[place]?.push({ place: result, weight });
  return { extent: taps.length, taps: back };
}

/**
 * Shape of y and params of resample for x of any rank, along axis `first` by `rows` and the next by `columns`.
 * Throws ShapeError where a table is for another extent, or names a place that is none.
 */
export function resampleGeometry(
  xShape: readonly number[],
  first: number,
  rows: ResampleTable,
  columns: ResampleTable,
): { shape: number[]; params: ResampleParams } {
  const [height, width] = [xShape[first], xShape[first + 1]];
  for (const [argument, table, extent] of [
    ["rows", rows, height],
    ["columns", columns, width],
  ] as const) {
    const inside = table.taps.every((list) =>
      list.every(({ place }) => Number.isInteger(place) && place >= 0 && place < table.extent),
    );
    if (extent !== table.extent || !inside)
      throw new ShapeError({
        op: "resample",
        argument,
        expected: `places along an axis of ${formatShape(xShape)}`,
        given: `a table for ${table.extent} elements`,
      });
  }
  const shape = xShape.map(
    (extent, d) => (d === first ? rows : d === first + 1 ? columns : undefined)?.taps.length ?? extent,
  );
  return {
    shape,
    params: {
      outer: sizeOf(xShape.slice(0, first)),
      inner: sizeOf(xShape.slice(first + 2)),
      in_h: rows.extent,
      in_w: columns.extent,
      out_h: rows.taps.length,
      out_w: columns.taps.length,
      row_taps: tapCount(rows),
      column_taps: tapCount(columns),
      widest: Math.max(widestTaps(rows), widestTaps(columns)),
    },
  };
}
