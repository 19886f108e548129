import * as core from "@facet/autograd";
import { ArgumentError, avgPool2d, maxPool2d, mul, neg, ShapeError, type Tensor } from "@facet/autograd";
import { define, func, int, listOf, show } from "@facet/dialect";
import { arrayLike, type Given } from "../arguments.js";
import { type ArrayLike, computable, converted, JaxArray, operand as operandOf, run } from "../array.js";
import * as np from "../numpy/elementwise.js";
import { type Padding, padding as paddingKind, paddingOf, pairOf } from "./convolution.js";
import { add, max, min } from "./elementwise.js";
import { padded } from "./shapes.js";

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
    padding: paddingOf(fn, padding, extents, reach, stride) as [number, number, number, number],
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
  init_value: ArrayLike;
  // biome-ignore lint/suspicious/noExplicitAny: one of the functions of two arrays of lax or jnp.
  computation: (x: any, y: any) => JaxArray;
  window_dimensions: Ints;
  window_strides: Ints | null;
  padding: Padding;
  base_dilation: Ints | null;
  window_dilation: Ints | null;
}

/** Windows folded axis by axis with a function of two arrays, which is associative and commutative. */
function folded(
  x: Tensor,
  init: Tensor,
  computation: WindowNamed["computation"],
  {
    window,
    strides,
    dilation,
    padding,
    spread,
  }: { window: Ints; strides: Ints; dilation: Ints; padding: Ints; spread: Ints },
): Tensor {
  const fn = "reduce_window";
  const join = (a: Tensor, b: Tensor): Tensor => computation(new JaxArray(a), new JaxArray(b)).core;
  let y = padded(
    fn,
    x,
    init,
    x.shape.map((_, d) => [padding[2 * d] as number, padding[2 * d + 1] as number, (spread[d] as number) - 1]),
  );
  for (const [axis, n] of window.entries()) {
    const [by, apart] = [strides[axis] as number, dilation[axis] as number];
    const count = Math.max(0, Math.floor(((y.shape[axis] as number) - (n - 1) * apart - 1) / by) + 1);
    if (n === 1 && by === 1) continue;
    if (count === 0 || n === 0)
      return core.expand(
        init,
        y.shape.map((e, d) => (d === axis ? count : e)),
      );
    const part = (j: number): Tensor =>
      core.slice(
        y,
        y.shape.map((_, d) => (d === axis ? j * apart : 0)),
        y.shape.map((e, d) => (d === axis ? j * apart + (count - 1) * by + 1 : e)),
        y.shape.map((_, d) => (d === axis ? by : 1)),
      );
    let sum = part(0);
    for (let j = 1; j < n; j++) sum = join(sum, part(j));
    y = sum;
  }
  return join(core.expand(init, y.shape), y);
}

/**
 * lax.reduce_window: windows of an array of any rank, each folded from `init_value` by `computation`, a function of two arrays that is
 * associative and commutative. lax.max (from -Infinity), lax.min (from Infinity) and lax.add (from 0) of windows of images are pooling.
 * Strides and dilations default to 1, padding to VALID; what is padded counts as `init_value`.
 */
export const reduce_window: (
  ...args: Given<
    [operand: ArrayLike, init_value: ArrayLike, computation: WindowNamed["computation"], window_dimensions: Ints],
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
    base_dilation: listOf(int).or(null),
    window_dilation: listOf(int).or(null),
  },
  ({ operand, init_value, computation, window_dimensions: window, padding, ...given }) =>
    run(() => {
      const fn = "reduce_window";
      const x = computable(fn, "operand", operand);
      const ones = Array<number>(x.rank).fill(1);
      const [strides, dilation, spread] = [
        given.window_strides ?? ones,
        given.window_dilation ?? ones,
        given.base_dilation ?? ones,
      ];
      for (const [argument, list] of Object.entries({
        window_dimensions: window,
        window_strides: strides,
        window_dilation: dilation,
        base_dilation: spread,
      }))
        if (list.length !== x.rank || list.some((n) => n < (argument === "window_dimensions" ? 0 : 1)))
          throw new ArgumentError({
            op: fn,
            argument,
            expected: `${x.rank} whole numbers of 1 or more`,
            given: show(list),
          });
      const reduction = reductionOf(computation);
      const whole = (...at: readonly number[]) =>
        x.rank === 4 &&
        spread.every((n) => n === 1) &&
        [window, strides, dilation].every((list) => at.every((d) => list[d] === 1)) &&
        (typeof padding === "string" || at.every((d) => padding[d]?.[0] === 0 && padding[d]?.[1] === 0));
      if (reduction && core.isFloating(x.dtype) && init_value === reduction.init && (whole(0, 3) || whole(0, 1))) {
        const [from, layout] = whole(0, 3) ? ([1, "NHWC"] as const) : ([2, "NCHW"] as const);
        const spatial = (list: readonly number[]) => list.slice(from, from + 2);
        return pooled(fn, reduction.kind, x, {
          window: spatial(window),
          strides: spatial(strides),
          dilation: spatial(dilation),
          padding: typeof padding === "string" ? padding : padding.slice(from, from + 2),
          layout,
        });
      }
      const start = operandOf(fn, "init_value", init_value);
      if (start.rank !== 0)
        throw new ShapeError({ op: fn, argument: "init_value", expected: "a scalar", given: show(start.shape) });
      const extents = x.shape.map((e, d) => Math.max(0, (e - 1) * (spread[d] as number) + 1));
      const reach = window.map((n, d) => (n - 1) * (dilation[d] as number) + 1);
      const pads = paddingOf(fn, padding, extents, reach, strides);
      return folded(x, converted(start, x.dtype), computation, { window, strides, dilation, padding: pads, spread });
    }),
);
