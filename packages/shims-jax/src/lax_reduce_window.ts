import { avgPool2d, maxPool2d, mul, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { computable, type JaxArray, run } from "./array.js";
import { add, max } from "./lax.js";
import { type Padding, paddingOf, pairOf } from "./lax_conv.js";
import * as np from "./numpy/elementwise.js";
import { describe } from "./options.js";

export type PoolKind = "max" | "mean" | "sum";
export type PoolLayout = "NHWC" | "NCHW";

/** Pooling of images [n, h, w, c] or [n, c, h, w] over a window [h, w]. A mean divides by what lies inside the image. */
export function pooled(
  fn: string,
  kind: PoolKind,
  x: Tensor,
  window: readonly number[],
  strides: readonly number[],
  padding: Padding,
  layout: PoolLayout,
): Tensor {
  if (x.rank !== 4) throw new ShapeError({ op: fn, argument: "operand", expected: "rank 4", given: describe(x.shape) });
  const [h, w] = pairOf(fn, "window_dimensions", window);
  const stride = pairOf(fn, "window_strides", strides);
  const extents = layout === "NHWC" ? x.shape.slice(1, 3) : x.shape.slice(2, 4);
  const attrs = { window: [h, w], stride, padding: paddingOf(fn, padding, extents, [h, w], stride), layout } as const;
  if (kind === "max") return maxPool2d(x, attrs);
  if (kind === "mean") return avgPool2d(x, { ...attrs, countIncludePad: false });
  return mul(avgPool2d(x, { ...attrs, countIncludePad: true }), h * w);
}

/** Maximum or sum, by the function that computes it, and the value each must start from. */
function reductionOf(computation: unknown): { kind: PoolKind; init: number } | undefined {
  if (computation === max || computation === np.maximum) return { kind: "max", init: Number.NEGATIVE_INFINITY };
  if (computation === add || computation === np.add) return { kind: "sum", init: 0 };
  return undefined;
}

/**
 * lax.reduce_window for pooling: `computation` is lax.max (from -Infinity) or lax.add (from 0), the operand an image of rank
 * 4, and the window spans two neighbouring dimensions, which are height and width: [1, h, w, 1] or [1, 1, h, w].
 */
export function reduce_window(
  operand: JaxArray,
  init_value: number,
  computation: (x: JaxArray, y: JaxArray) => JaxArray,
  window_dimensions: readonly number[],
  window_strides: readonly number[],
  padding: Padding,
): JaxArray {
  const fn = "reduce_window";
  const reduction = reductionOf(computation);
  if (!reduction)
    throw new UnsupportedError({
      op: fn,
      argument: "computation",
      expected: "lax.max or lax.add",
      given: describe(computation),
    });
  if (init_value !== reduction.init)
    throw new UnsupportedError({
      op: fn,
      argument: "init_value",
      expected: `${reduction.init}`,
      given: describe(init_value),
    });
  const inner = [window_dimensions, window_strides].every(
    (given) => given.length === 4 && given[0] === 1 && given[3] === 1,
  );
  const outer = [window_dimensions, window_strides].every(
    (given) => given.length === 4 && given[0] === 1 && given[1] === 1,
  );
  if (!inner && !outer)
    throw new UnsupportedError({
      op: fn,
      argument: "window_dimensions",
      expected: "windows and strides [1, h, w, 1] or [1, 1, h, w]",
      given: `${describe(window_dimensions)} and ${describe(window_strides)}`,
    });
  const [from, layout] = inner ? ([1, "NHWC"] as const) : ([2, "NCHW"] as const);
  const spatial = typeof padding === "string" ? padding : padding.slice(from, from + 2);
  if (typeof padding !== "string" && padding.some(([a, b], i) => (i < from || i > from + 1) && (a !== 0 || b !== 0)))
    throw new UnsupportedError({
      op: fn,
      argument: "padding",
      expected: "padding of height and width",
      given: describe(padding),
    });
  return run(() =>
    pooled(
      fn,
      reduction.kind,
      computable(fn, "operand", operand),
      window_dimensions.slice(from, from + 2),
      window_strides.slice(from, from + 2),
      spatial,
      layout,
    ),
  );
}
