import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type Constants, defineKernel, FAT_LANES, type ParamValues, sizeOf, spread } from "../../kernel.js";
import padEdgesWgsl from "./pad_edges.wgsl";
import padEdgesBackwardWgsl from "./pad_edges_backward.wgsl";

const params = {
  outer: "u32",
  inner: "u32",
  in_d: "u32",
  in_h: "u32",
  in_w: "u32",
  out_d: "u32",
  out_h: "u32",
  out_w: "u32",
  before_d: "i32",
  before_h: "i32",
  before_w: "i32",
} as const;

export type PadParams = ParamValues<typeof params>;

/**
 * What lies before and behind the input: its edge (numpy: edge), itself again (numpy: wrap), itself mirrored at the edge
 * elements, which are not repeated, or mirrored between them and their like. Wider paddings go on in the same way.
 */
export type PadMode = "replicate" | "circular" | "reflect" | "symmetric";

const words = ["u32", "i32", "f32"] as const;
const vec4 = (type: string): Constants => ({ V: `vec4<${type}>`, WIDTH: "4u" });
const inFours = (p: PadParams): boolean => p.inner % 4 === 0;
const inCount = (p: PadParams): number => p.outer * p.in_d * p.in_h * p.in_w * p.inner;
const outCount = (p: PadParams): number => p.outer * p.out_d * p.out_h * p.out_w * p.inner;

/** y = x with copies of its own elements around it, by `padEdgesConstants`. See pad_edges.wgsl. */
export const padEdges = defineKernel({
  name: "pad_edges",
  wgsl: padEdgesWgsl,
  software: FAT_LANES,
  bindings: { x: { access: "read", dtype: words }, y: { access: "read_write", dtype: words } },
  params,
  variants: [
    {
      name: "rows_vec4",
      order: "copy",
      constants: vec4("u32"),
      applies: inFours,
      workgroups: (p) => spread(p.outer * p.out_d * p.out_h),
    },
    { name: "rows", order: "copy", workgroups: (p) => spread(p.outer * p.out_d * p.out_h) },
  ],
  cost: (p) => ({ flops: 0, bytes: 4 * (inCount(p) + outCount(p)) }),
});

/** dx of padEdges from dy. See pad_edges_backward.wgsl. */
export const padEdgesBackward = defineKernel({
  name: "pad_edges_backward",
  wgsl: padEdgesBackwardWgsl,
  software: FAT_LANES,
  bindings: { dy: { access: "read", dtype: "f32" }, dx: { access: "read_write", dtype: "f32" } },
  params,
  variants: [
    {
      name: "rows_vec4",
      order: "runs",
      constants: vec4("f32"),
      applies: inFours,
      workgroups: (p) => spread(p.outer * p.in_d * p.in_h),
    },
    { name: "rows", order: "runs", workgroups: (p) => spread(p.outer * p.in_d * p.in_h) },
  ],
  cost: (p) => ({ flops: outCount(p), bytes: 4 * (inCount(p) + outCount(p)) }),
});

/** Bodies of `source` in pad_edges.wgsl and of `runs` in pad_edges_backward.wgsl; an input of one element mirrors as itself. */
const MODES: Readonly<Record<PadMode, { source: string; runs: string }>> = {
  replicate: {
    source: "clamp(i, 0, n - 1)",
    runs: "vec4(select(max(before + j, 0), 0, j == 0), out, 1, select(before + j + 1, out, j == n - 1))",
  },
  circular: { source: "modulo(i, n)", runs: "vec4(modulo(before + j, n), out, n, out)" },
  reflect: {
    source: "let m = modulo(i, max(2 * n - 2, 1)); return min(m, 2 * n - 2 - m)",
    runs: "let p = max(2 * n - 2, 1); return vec4(modulo(before + j, p), select(modulo(before - j, p), out, j == 0 || j == n - 1), p, out)",
  },
  symmetric: {
    source: "let m = modulo(i, 2 * n); return min(m, 2 * n - 1 - m)",
    runs: "vec4(modulo(before + j, 2 * n), modulo(before - 1 - j, 2 * n), 2 * n, out)",
  },
};

const known = (mode: PadMode): { source: string; runs: string } => {
  if (Object.hasOwn(MODES, mode)) return MODES[mode];
  throw new ArgumentError({
    op: "pad_edges",
    argument: "mode",
    expected: Object.keys(MODES).join(", "),
    given: `${mode}`,
  });
};
/** Constants of padEdges for a mode. */
export const padEdgesConstants = (mode: PadMode): Constants => ({ source: known(mode).source });
/** Constants of padEdgesBackward for a mode. */
export const padEdgesBackwardConstants = (mode: PadMode): Constants => ({ runs: known(mode).runs });

/** Axes that one call of the kernel pads. */
export const PADDED_AXES = 3;

/**
 * Shape of y, and params of padEdges and its backward, for x padded along up to three neighbouring axes that begin at `first`.
 * Negative padding crops. Throws ArgumentError for padding that is no integers, ShapeError where an empty axis is padded or
 * more is cropped than there is.
 */
export function padEdgesGeometry(
  xShape: readonly number[],
  first: number,
  padding: readonly (readonly [before: number, after: number])[],
): { shape: number[]; params: PadParams } {
  const op = "pad_edges";
  if (!padding.flat().every(Number.isInteger))
    throw new ArgumentError({ op, argument: "padding", expected: "integers", given: `${padding.join(" ")}` });
  if (padding.length > PADDED_AXES || first < 0 || first + padding.length > xShape.length)
    throw new ShapeError({
      op,
      argument: "padding",
      expected: `pairs for at most ${PADDED_AXES} axes of ${formatShape(xShape)} from axis ${first}`,
      given: `${padding.length}`,
    });
  const shape = xShape.map((extent, d) => {
    const [before, after] = padding[d - first] ?? [0, 0];
    const padded = extent + before + after;
    if ((extent === 0 && padded !== 0) || padded < 0 || (before < 0 && after < 0 && padded === 0 && extent > 0))
      throw new ShapeError({
        op,
        argument: "padding",
        expected: extent === 0 ? "no padding of an empty axis" : `at most ${extent} elements cropped from axis ${d}`,
        given: `${before} and ${after}`,
      });
    return padded;
  });
  const missing = PADDED_AXES - padding.length;
  const three = (list: readonly number[]): [number, number, number] => {
    const own = list.slice(first, first + padding.length);
    return [...Array.from({ length: missing }, () => 1), ...own] as [number, number, number];
  };
  const before = [...Array.from({ length: missing }, () => 0), ...padding.map(([edge]) => edge)];
  const [inD, inH, inW] = three(xShape);
  const [outD, outH, outW] = three(shape);
  return {
    shape,
    params: {
      outer: sizeOf(xShape.slice(0, first)),
      inner: sizeOf(xShape.slice(first + padding.length)),
      in_d: inD,
      in_h: inH,
      in_w: inW,
      out_d: outD,
      out_h: outH,
      out_w: outW,
      before_d: before[0] as number,
      before_h: before[1] as number,
      before_w: before[2] as number,
    },
  };
}
