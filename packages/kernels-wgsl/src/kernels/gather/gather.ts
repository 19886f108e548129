import { defineKernel, divideUp, FAT_LANES, type ParamValues, spread, TILE } from "../../kernel.js";
import gatherWgsl from "./gather.wgsl";
import {
  elementsOf,
  faults,
  type IndexForm,
  inBlocks,
  indicesOf,
  type PlaceOptions,
  placed,
  placeOf,
} from "./indices.js";

const params = { ...placed, fill: "u32" } as const;
/** Runs of whole words of halves are moved too. */
const moved = ["u32", "i32", "f32", "f16", "bf16"] as const;

export type GatherParams = ParamValues<typeof params>;

const workgroups = (width: number) => (p: GatherParams) => spread(divideUp(elementsOf(p) / width, TILE));

/** Elements along an axis by index: each its own, or one for whole rows. See gather.wgsl, `gatherGeometry`, `indexConstants`. */
export const gather = defineKernel({
  name: "gather",
  wgsl: gatherWgsl,
  software: FAT_LANES,
  bindings: {
    x: { access: "read", dtype: moved },
    index: { access: "read", dtype: "i32" },
    faults,
    y: { access: "read_write", dtype: moved },
  },
  params,
  variants: [
    {
      name: "four_vec4",
      order: "copy",
      constants: {
        V: "array<vec4<u32>, 4>",
        WIDTH: "16u",
        filled: "V(vec4(params.fill), vec4(params.fill), vec4(params.fill), vec4(params.fill))",
      },
      applies: (p) => inBlocks(p, 16),
      prefer: "software",
      workgroups: workgroups(16),
    },
    {
      name: "vec4",
      order: "copy",
      constants: { V: "vec4<u32>", WIDTH: "4u" },
      applies: (p) => inBlocks(p, 4),
      workgroups: workgroups(4),
    },
    { name: "words", order: "copy", workgroups: workgroups(1) },
  ],
  cost: (p) => ({ flops: 0, bytes: 8 * elementsOf(p) + 4 * indicesOf(p) }),
});

export interface GatherKernelOptions extends PlaceOptions {
  /** Bits of what an index that names no place gives, in mode `drop`. Default 0. */
  fill?: number;
}

/**
 * Output shape and params of gather. In the form `rows` the index, of any shape, takes the place of the axis.
 *
 * @throws ArgumentError for an axis out of range; ShapeError for an index of another shape than the form asks for, and for
 * elements of an axis that has none.
 */
export function gatherGeometry(
  shape: readonly number[],
  indexShape: readonly number[],
  axis: number,
  form: IndexForm,
  { fill = 0, ...options }: GatherKernelOptions = {},
  op = "gather",
): { shape: number[]; params: GatherParams } {
  const { shape: result, params } = placeOf(shape, indexShape, axis, form, options, op);
  return { shape: result, params: { ...params, fill } };
}
