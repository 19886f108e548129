// Convolution and pooling of stax.
import * as core from "@facet/autograd";
import { ShapeError } from "@facet/autograd";
import { define, int, listOf, oneOf, show } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { computable, run } from "../array.js";
import { glorot_normal, type Initializer, normal } from "../initializers.js";
import {
  convolution,
  type Letters,
  letters,
  ofImages,
  type Padding,
  padding as paddingKind,
  paddingOf,
  pairOf,
} from "../lax/convolution.js";
import { type PoolKind, type PoolLayout, pooled } from "../lax/reduce_window.js";
import { type PRNGKeyArray, split } from "../random/index.js";
import { extent, flatShape, init, keyOf, type Layer, layer, NAME, weightsOf } from "./stax_layer.js";

/** [top, bottom, left, right] of an image. */
type Four = [number, number, number, number];

interface ConvNamed {
  out_chan: number;
  filter_shape: readonly number[];
  strides: readonly number[] | null;
  padding: Padding;
  W_init: Initializer | null;
  b_init: Initializer;
}
type ConvRest = [strides: readonly number[] | null, padding: Padding, W_init: Initializer | null, b_init: Initializer];
const conv = {
  out_chan: extent,
  filter_shape: listOf(int),
  strides: listOf(int).or(null),
  padding: paddingKind.or("VALID"),
  W_init: init.or(null),
  b_init: init.or(normal(1e-6)),
} as const;

function convolving(fn: string, dimension_numbers: Letters, given: ConvNamed): Layer {
  const { out_chan, filter_shape, strides, padding, W_init, b_init } = given;
  const [lhs, rhs, out] = dimension_numbers;
  const window = pairOf(fn, "filter_shape", filter_shape);
  const stride = pairOf(fn, "strides", strides);
  const initial = W_init ?? glorot_normal({ in_axis: rhs.indexOf("I"), out_axis: rhs.indexOf("O") });
  return layer(
    (rng, input_shape) => {
      const shape = flatShape(fn, input_shape, 4);
      const extents = ["H", "W"].map((letter) => shape[lhs.indexOf(letter)] as number);
      const channels = shape[lhs.indexOf("C")] as number;
      const [top, bottom, left, right] = paddingOf(fn, padding, extents, window, stride) as Four;
      const size = spatial(extents, window, stride, [top + bottom, left + right]);
      const of: Record<string, number> = { N: shape[lhs.indexOf("N")] as number, H: size[0], W: size[1], C: out_chan };
      const kernel: Record<string, number> = { H: window[0], W: window[1], I: channels, O: out_chan };
      const [k1, k2] = split(keyOf(fn, rng)) as [PRNGKeyArray, PRNGKeyArray];
      const W = initial(
        k1,
        [...rhs].map((letter) => kernel[letter] as number),
      );
      const b = b_init(
        k2,
        [...out].map((letter) => (letter === "C" ? out_chan : 1)),
      );
      return [[...out].map((letter) => of[letter] as number), [W, b]];
    },
    (params, inputs) =>
      run(() => {
        const [W, b] = weightsOf(fn, params);
        const bias = core.reshape(b.core, [b.size]);
        const options = { dimension_numbers, rhs_dilation: null, feature_group_count: 1 };
        return convolution(ofImages, fn, computable(fn, "inputs", inputs), W.core, bias, stride, padding, options);
      }),
  );
}

/** Convolution in any layout, with a bias per channel. W is initialised glorot_normal along its I and O, b normal(1e-6). */
export const GeneralConv: (
  ...args: Given<
    [dimension_numbers: Letters, out_chan: number, filter_shape: readonly number[]],
    ConvRest,
    ConvNamed & { dimension_numbers: Letters }
  >
) => Layer = define(`${NAME}.GeneralConv`, { dimension_numbers: letters, ...conv }, ({ dimension_numbers, ...given }) =>
  convolving("GeneralConv", dimension_numbers, given),
);

/** Convolution of NHWC images with HWIO filters; padding VALID and stride 1 by default. Parameters [W, b]. */
export const Conv: (...args: Given<[out_chan: number, filter_shape: readonly number[]], ConvRest, ConvNamed>) => Layer =
  define(`${NAME}.Conv`, conv, (given) => convolving("Conv", ["NHWC", "HWIO", "NHWC"], given));

function spatial(
  extents: readonly number[],
  window: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
): [number, number] {
  return extents.map((extent, i) => {
    const steps = Math.floor((extent + (padding[i] as number) - (window[i] as number)) / (stride[i] as number));
    if (steps < 0)
      throw new ShapeError({
        op: "stax",
        argument: "input_shape",
        expected: `at least ${window[i]} rows and columns to fit the window`,
        given: show(extents),
      });
    return steps + 1;
  }) as [number, number];
}

interface PoolNamed {
  window_shape: readonly number[];
  strides: readonly number[] | null;
  padding: Padding;
  spec: PoolLayout | null;
}
type Pool = (
  ...args: Given<
    [window_shape: readonly number[]],
    [strides: readonly number[] | null, padding: Padding, spec: PoolLayout | null],
    PoolNamed
  >
) => Layer;
const pooling = (fn: string, kind: PoolKind): Pool =>
  define(
    `${NAME}.${fn}`,
    {
      window_shape: listOf(int),
      strides: listOf(int).or(null),
      padding: paddingKind.or("VALID"),
      spec: oneOf("NHWC", "NCHW").or(null),
    },
    ({ window_shape, strides, padding, spec }) => {
      const layout = spec ?? "NHWC";
      const window = pairOf(fn, "window_shape", window_shape);
      const stride = pairOf(fn, "strides", strides);
      const from = layout.indexOf("H");
      return layer(
        (_rng, input_shape) => {
          const shape = flatShape(fn, input_shape, 4);
          const extents = shape.slice(from, from + 2);
          const [top, bottom, left, right] = paddingOf(fn, padding, extents, window, stride) as Four;
          const size = spatial(extents, window, stride, [top + bottom, left + right]);
          return [shape.map((extent, i) => (i === from ? size[0] : i === from + 1 ? size[1] : extent)), []];
        },
        (_params, inputs) =>
          run(() => {
            const windows = { window, strides: stride, dilation: [1, 1], padding, layout };
            return pooled(fn, kind, computable(fn, "inputs", inputs), windows);
          }),
      );
    },
  );

/** Largest element of each window. The stride is 1 by default, as in the original. */
export const MaxPool = pooling("MaxPool", "max");
/** Mean of each window over what lies inside the image. The stride is 1 by default, as in the original. */
export const AvgPool = pooling("AvgPool", "mean");
/** Sum of each window. The stride is 1 by default, as in the original. */
export const SumPool = pooling("SumPool", "sum");
