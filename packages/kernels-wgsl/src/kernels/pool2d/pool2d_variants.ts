import { type Constants, divideUp, narrowed, type ParamValues, spread, type Variant } from "../../kernel.js";

/** Images are [outer, h, w, inner]: NHWC has outer = n and inner = c, NCHW outer = n * c and inner = 1. */
export const params = {
  outer: "u32",
  inner: "u32",
  in_h: "u32",
  in_w: "u32",
  out_h: "u32",
  out_w: "u32",
  window_h: "u32",
  window_w: "u32",
  stride_h: "u32",
  stride_w: "u32",
  dilation_h: "u32",
  dilation_w: "u32",
  pad_top: "u32",
  pad_bottom: "u32",
  pad_left: "u32",
  pad_right: "u32",
  include_pad: "u32",
} as const;

export type Pool2dParams = ParamValues<typeof params>;

const LANES = 64;
const BLOCKS = 4;
const WINDOWS = 8;
export const inCount = (p: Pool2dParams): number => p.outer * p.in_h * p.in_w * p.inner;
export const outCount = (p: Pool2dParams): number => p.outer * p.out_h * p.out_w * p.inner;

const inFours = (p: Pool2dParams): boolean => p.inner % 4 === 0;
const twoByTwo = (p: Pool2dParams): boolean =>
  [p.window_h, p.window_w, p.stride_h, p.stride_w].every((extent) => extent === 2) &&
  [p.dilation_h, p.dilation_w].every((dilation) => dilation === 1) &&
  [p.pad_top, p.pad_bottom, p.pad_left, p.pad_right].every((pad) => pad === 0) &&
  2 * p.out_h <= p.in_h &&
  2 * p.out_w <= p.in_w;

export const averageVec4: Constants = { V: "vec4<f32>", WIDTH: "4u" };
export const maximumVec4: Constants = { ...averageVec4, I: "vec4<i32>", B: "vec4<bool>" };

/** The general variants: `count` elements, one thread each, or one for four along inner. */
export function general(count: (p: Pool2dParams) => number, vec4: Constants): Variant<typeof params>[] {
  const order = "row_major";
  return [
    {
      name: "vec4",
      order,
      constants: vec4,
      applies: inFours,
      workgroups: (p) => spread(divideUp(count(p) / 4, LANES)),
    },
    { name: "scalar", order, workgroups: (p) => spread(divideUp(count(p), LANES)) },
  ];
}

/** The variants for 2 x 2 windows that do not overlap, in a shader of their own. */
export function blocks2x2(wgsl: string, vec4: Constants): Variant<typeof params>[] {
  const order = "row_major";
  return [
    {
      name: "vec4_2x2",
      order,
      wgsl,
      constants: vec4,
      applies: (p) => twoByTwo(p) && inFours(p),
      workgroups: (p) => spread(divideUp(outCount(p) / 4, LANES)),
    },
    {
      name: "scalar_2x2",
      order,
      wgsl,
      applies: twoByTwo,
      workgroups: (p) => spread(divideUp(outCount(p), LANES)),
    },
  ];
}

/** Variants of a gradient for 2 x 2 windows, vectors of even images in a shader without code for an odd last row or column. */
export function evenFirst(variants: readonly Variant<typeof params>[]): Variant<typeof params>[] {
  const even = (p: Pool2dParams): boolean => p.in_h % 2 === 0 && p.in_w % 2 === 0;
  const [vectors, ...others] = variants as [Variant<typeof params>, ...Variant<typeof params>[]];
  const constants = { ...vectors.constants, ODD: "false" };
  return [narrowed(vectors, even, { name: `${vectors.name}_even`, constants }), vectors, ...others];
}

/** The forward shader of blocks2x2 with two vectors along inner per thread. */
export function twoVectors2x2(wgsl: string, vec4: Constants): Variant<typeof params> {
  return {
    name: "two_vec4_2x2",
    order: "row_major",
    wgsl,
    constants: { ...vec4, COUNT: "2u" },
    applies: (p) => twoByTwo(p) && p.inner % 8 === 0,
    workgroups: (p) => spread(divideUp(outCount(p) / 8, LANES)),
  };
}

/** 2 x 2 windows that do not overlap, four neighbours of y per thread where inner is 1; `pairs` where rows are whole pairs. */
export function fourWindows(wgsl: string, pairs: Constants): Variant<typeof params>[] {
  const order = "row_major";
  const applies = (p: Pool2dParams): boolean => twoByTwo(p) && p.inner === 1 && p.out_w >= 3 && outCount(p) % 4 === 0;
  const workgroups = (p: Pool2dParams) => spread(divideUp(outCount(p) / 4, LANES));
  return [
    {
      name: "four_windows_vec2",
      order,
      wgsl,
      constants: { X: "vec2<f32>", ...pairs },
      applies: (p) => applies(p) && p.in_w % 2 === 0,
      workgroups,
    },
    { name: "four_windows", order, wgsl, applies, workgroups },
  ];
}

export const readPairs: Constants = { pair: "x[at / 2u]" };
export const writePairs: Constants = { WIDTH: "2u", part: "v" };

const threeByThree = (p: Pool2dParams): boolean =>
  [p.window_h, p.window_w].every((extent) => extent === 3) &&
  [p.stride_h, p.stride_w].every((stride) => stride === 2) &&
  [p.dilation_h, p.dilation_w].every((dilation) => dilation === 1);

/** Whether every window of 3 x 3 with stride 2 holds an element of x. */
const insideEach = (p: Pool2dParams): boolean =>
  p.pad_top < 3 && p.pad_left < 3 && 2 * (p.out_h - 1) - p.pad_top < p.in_h && 2 * (p.out_w - 1) - p.pad_left < p.in_w;

/** The variants of a shader for 3 x 3 windows: `threads` where each takes single elements along inner. */
function vectorsFirst(
  wgsl: string,
  vec4: Constants,
  constants: Constants,
  applies: (p: Pool2dParams) => boolean,
  threads: (p: Pool2dParams) => number,
): Variant<typeof params>[] {
  const order = "row_major";
  return [
    {
      name: "vec4_3x3",
      order,
      wgsl,
      constants: { ...vec4, ...constants },
      applies: (p) => applies(p) && inFours(p),
      workgroups: (p) => spread(divideUp(threads(p) / 4, LANES)),
    },
    { name: "scalar_3x3", order, wgsl, constants, applies, workgroups: (p) => spread(divideUp(threads(p), LANES)) },
  ];
}

/** The forward shader for 3 x 3 windows with stride 2: WINDOWS neighbours in a row per thread. */
export function windows3x3(wgsl: string, vec4: Constants): Variant<typeof params>[] {
  const threads = (p: Pool2dParams): number => p.outer * p.out_h * divideUp(p.out_w, WINDOWS) * p.inner;
  const applies = (p: Pool2dParams): boolean => threeByThree(p) && insideEach(p);
  return vectorsFirst(wgsl, vec4, { WINDOWS: `${WINDOWS}u` }, applies, threads);
}

/** The shader for 3 x 3 windows with stride 2: BLOCKS neighbouring blocks of 2 x 2 elements of dx per thread. */
export function blocks3x3(wgsl: string, vec4: Constants): Variant<typeof params>[] {
  // Blocks of the padded input that hold an element.
  const blocks = (extent: number, pad: number): number => divideUp(pad + extent, 2) - Math.floor(pad / 2);
  const threads = (p: Pool2dParams): number =>
    p.outer * blocks(p.in_h, p.pad_top) * divideUp(blocks(p.in_w, p.pad_left), BLOCKS) * p.inner;
  return vectorsFirst(wgsl, vec4, { BLOCKS: `${BLOCKS}u` }, threeByThree, threads);
}
