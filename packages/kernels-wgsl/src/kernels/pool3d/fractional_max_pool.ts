import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import fractionalMaxPoolWgsl from "./fractional_max_pool.wgsl";

const params = {
  outer: "u32",
  in_d: "u32",
  in_h: "u32",
  in_w: "u32",
  out_d: "u32",
  out_h: "u32",
  out_w: "u32",
  window_d: "u32",
  window_h: "u32",
  window_w: "u32",
  step_d: "f32",
  step_h: "f32",
  step_w: "f32",
} as const;

export type FractionalMaxPoolParams = ParamValues<typeof params>;

const results = (p: FractionalMaxPoolParams): number => p.outer * p.out_d * p.out_h * p.out_w;

/** Largest element of windows whose places are drawn. See fractional_max_pool.wgsl and `fractionalMaxPoolGeometry`. */
export const fractionalMaxPool = defineKernel({
  name: "fractional_max_pool",
  wgsl: fractionalMaxPoolWgsl,
  bindings: {
    x: { access: "read", dtype: "f32" },
    samples: { access: "read", dtype: "f32" },
    y: { access: "read_write", dtype: "f32" },
    index: { access: "read_write", dtype: "i32" },
  },
  params,
  variants: [{ name: "elements", order: "row_major", workgroups: (p) => spread(divideUp(results(p), 64)) }],
  cost: (p) => ({
    flops: results(p) * p.window_d * p.window_h * p.window_w,
    bytes: 4 * (p.outer * p.in_d * p.in_h * p.in_w + 2 * results(p)),
  }),
});

export interface FractionalMaxPoolOptions {
  /** Extents of a window along the two or three spatial axes. */
  window: readonly number[];
  /** Extents of the result. */
  outputSize: readonly number[];
}

/**
 * Shape of y and params of fractionalMaxPool, for x [n, c, h, w] or [n, c, d, h, w] and samples [n, c, 3]; an image is a volume of
 * depth 1. Throws ShapeError or ArgumentError for other shapes, and where windows do not fit in beside one another.
 */
export function fractionalMaxPoolGeometry(
  xShape: readonly number[],
  samplesShape: readonly number[],
  { window, outputSize }: FractionalMaxPoolOptions,
): { shape: number[]; params: FractionalMaxPoolParams } {
  const axes = xShape.length - 2;
  const op = axes === 3 ? "fractional_max_pool3d" : "fractional_max_pool2d";
  if (axes !== 2 && axes !== 3)
    throw new ShapeError({
      op,
      argument: "x",
      expected: "[n, c, h, w] or [n, c, d, h, w]",
      given: formatShape(xShape),
    });
  const lead = xShape.slice(0, 2);
  const extents = xShape.slice(2);
  if (`${samplesShape}` !== `${[...lead, 3]}`)
    throw new ShapeError({
      op,
      argument: "samples",
      expected: formatShape([...lead, 3]),
      given: formatShape(samplesShape),
    });
  for (const [argument, list] of [
    ["window", window],
    ["outputSize", outputSize],
  ] as const)
    if (list.length !== axes || !list.every((value) => Number.isInteger(value) && value > 0))
      throw new ArgumentError({ op, argument, expected: `${axes} positive integers`, given: formatShape(list) });
  for (const [d, extent] of extents.entries()) {
    const [taps, count] = [window[d], outputSize[d]] as [number, number];
    if (count + taps - 1 > extent)
      throw new ShapeError({
        op,
        argument: "x",
        expected: `at least ${count + taps - 1} elements along axis ${d + 2}, for ${count} windows of ${taps}`,
        given: formatShape(xShape),
      });
  }
  const three = (list: readonly number[]) => (axes === 3 ? list : [1, ...list]) as [number, number, number];
  const [inD, inH, inW] = three(extents);
  const [outD, outH, outW] = three(outputSize);
  const [windowD, windowH, windowW] = three(window);
  const step = (extent: number, taps: number, count: number): number =>
    count > 1 ? Math.fround((extent - taps) / (count - 1)) : 0;
  return {
    shape: [...lead, ...outputSize],
    params: {
      outer: sizeOf(lead),
      in_d: inD,
      in_h: inH,
      in_w: inW,
      out_d: outD,
      out_h: outH,
      out_w: outW,
      window_d: windowD,
      window_h: windowH,
      window_w: windowW,
      step_d: step(inD, windowD, outD),
      step_h: step(inH, windowH, outH),
      step_w: step(inW, windowW, outW),
    },
  };
}
