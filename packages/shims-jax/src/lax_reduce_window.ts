import { avgPool2d, maxPool2d, mul, neg, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { define, func, int, listOf, only, show } from "@facet/dialect";
import { arrayLike, type Given } from "./arguments.js";
import { type ArrayLike, computable, type JaxArray, run } from "./array.js";
import { type Padding, padding as paddingKind, paddingOf, pairOf } from "./lax_conv.js";
import { add, max, min } from "./lax_elementwise.js";
import * as np from "./numpy/elementwise.js";

export type PoolKind = "max" | "min" | "mean" | "sum";
export type PoolLayout = "NHWC" | "NCHW";

interface Windows {
  window: readonly number[];
  strides: readonly number[];
  dilation: readonly number[];
  padding: Padding;
  layout: PoolLayout;
}

/** Pooling of images [n, h, w, c] or [n, c, h, w] over a window [h, w]. A mean divides by what lies inside the image. */
export function pooled(
  fn: string,
  kind: PoolKind,
  x: Tensor,
  { window, strides, dilation, padding, layout }: Windows,
): Tensor {
  if (x.rank !== 4) throw new ShapeError({ op: fn, argument: "operand", expected: "rank 4", given: show(x.shape) });
  const [h, w] = pairOf(fn, "window_dimensions", window);
  const stride = pairOf(fn, "window_strides", strides);
  const spread = pairOf(fn, "window_dilation", dilation);
  const extents = layout === "NHWC" ? x.shape.slice(1, 3) : x.shape.slice(2, 4);
  const reach = [(h - 1) * spread[0] + 1, (w - 1) * spread[1] + 1];
  const attrs = {
    window: [h, w],
    stride,
    dilation: spread,
    padding: paddingOf(fn, padding, extents, reach, stride),
    layout,
  } as const;
  if (kind === "max") return maxPool2d(x, attrs);
  if (kind === "min") return neg(maxPool2d(neg(x), attrs));
  if (kind === "mean") return avgPool2d(x, { ...attrs, countIncludePad: false });
  return mul(avgPool2d(x, { ...attrs, countIncludePad: true }), h * w);
}

/** What a function of two arrays computes, and the value it must start from. */
function reductionOf(computation: unknown): { kind: PoolKind; init: number } | undefined {
  if (computation === max || computation === np.maximum) return { kind: "max", init: Number.NEGATIVE_INFINITY };
  if (computation === min || computation === np.minimum) return { kind: "min", init: Number.POSITIVE_INFINITY };
  if (computation === add || computation === np.add) return { kind: "sum", init: 0 };
  return undefined;
}

type Ints = readonly number[];
interface WindowNamed {
  operand: ArrayLike;
  init_value: number;
  // biome-ignore lint/suspicious/noExplicitAny: one of the functions of two arrays of lax or jnp.
  computation: (x: any, y: any) => JaxArray;
  window_dimensions: Ints;
  window_strides: Ints | null;
  padding: Padding;
  base_dilation: Ints | null;
  window_dilation: Ints | null;
}

/**
 * lax.reduce_window for pooling: `computation` is lax.max (from -Infinity), lax.min (from Infinity) or lax.add (from 0), the
 * operand an image of rank 4, and the window spans two neighbouring dimensions, which are height and width: [1, h, w, 1] or
 * [1, 1, h, w]. Strides and dilation default to 1, padding to VALID.
 */
export const reduce_window: (
  ...args: Given<
    [operand: ArrayLike, init_value: number, computation: WindowNamed["computation"], window_dimensions: Ints],
    [window_strides: Ints | null, padding: Padding, base_dilation: Ints | null, window_dilation: Ints | null],
    WindowNamed
  >
) => JaxArray = define(
  "jax.lax.reduce_window",
  {
    operand: arrayLike,
    init_value: arrayLike,
    computation: func,
    window_dimensions: listOf(int),
    window_strides: listOf(int).or(null),
    padding: paddingKind.or("VALID"),
    base_dilation: only(null, [1, 1, 1, 1]),
    window_dilation: listOf(int).or(null),
  },
  ({ operand, init_value, computation, window_dimensions, padding, ...given }) => {
    const fn = "reduce_window";
    const reduction = reductionOf(computation);
    if (!reduction)
      throw new UnsupportedError({
        op: fn,
        argument: "computation",
        expected: "lax.max, lax.min or lax.add",
        given: show(computation),
      });
    if (init_value !== reduction.init)
      throw new UnsupportedError({
        op: fn,
        argument: "init_value",
        expected: `${reduction.init}`,
        given: show(init_value),
      });
    const ones = window_dimensions.map(() => 1);
    const [strides, dilation] = [given.window_strides ?? ones, given.window_dilation ?? ones];
    const spans = (...at: readonly number[]) =>
      [window_dimensions, strides, dilation].every((list) => list.length === 4 && at.every((i) => list[i] === 1));
    if (!spans(0, 3) && !spans(0, 1))
      throw new UnsupportedError({
        op: fn,
        argument: "window_dimensions",
        expected: "windows, strides and dilations [1, h, w, 1] or [1, 1, h, w]",
        given: [window_dimensions, strides, dilation].map(show).join(" and "),
      });
    const [from, layout] = spans(0, 3) ? ([1, "NHWC"] as const) : ([2, "NCHW"] as const);
    if (typeof padding !== "string" && padding.some(([a, b], i) => (i < from || i > from + 1) && (a !== 0 || b !== 0)))
      throw new UnsupportedError({
        op: fn,
        argument: "padding",
        expected: "padding of height and width",
        given: show(padding),
      });
    const spatial = (list: readonly number[]) => list.slice(from, from + 2);
    return run(() =>
      pooled(fn, reduction.kind, computable(fn, "operand", operand), {
        window: spatial(window_dimensions),
        strides: spatial(strides),
        dilation: spatial(dilation),
        padding: typeof padding === "string" ? padding : padding.slice(from, from + 2),
        layout,
      }),
    );
  },
);
