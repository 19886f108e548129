// Convolutions over any number of spatial axes from one to three, channels last, with flax' paddings.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, sizeOf, type Tensor, UnsupportedError } from "@facet/autograd";
import { type ArrayLike, inexact, type JaxArray, run } from "@facet/shims-jax/parts";
import type { Padding } from "../rules.js";

const LAYOUTS = [
  ["NWC", "WIO"],
  ["NHWC", "HWIO"],
  ["NDHWC", "DHWIO"],
] as const;

/** A number for every spatial axis. */
export const perAxis = (given: number | readonly number[] | null, count: number): readonly number[] =>
  given === null || typeof given === "number" ? Array.from({ length: count }, () => given ?? 1) : given;

/** Zeros, or the image's own elements, around it: pairs for the axes, or how the image is padded before. */
function edges(
  fn: string,
  padding: Padding,
  taps: readonly number[],
  { extents, strides, dilation }: Readonly<Record<"extents" | "strides" | "dilation", readonly number[]>>,
): { pairs: [number, number][]; mode?: "circular" | "reflect" } {
  const reach = taps.map((n, i) => (n - 1) * (dilation[i] as number) + 1);
  const none = taps.map((): [number, number] => [0, 0]);
  if (padding === "VALID") return { pairs: none };
  if (padding === "SAME" || padding === "SAME_LOWER")
    return {
      pairs: taps.map((n, i) => {
        const [less, more] = core.samePadding(extents[i] as number, n, strides[i] as number, dilation[i] as number);
        return padding === "SAME" ? [less, more] : [more, less];
      }),
    };
  if (padding === "CIRCULAR" || padding === "REFLECT")
    return {
      pairs: reach.map((k) => [Math.floor((k - 1) / 2), Math.floor(k / 2)]),
      mode: padding === "CIRCULAR" ? "circular" : "reflect",
    };
  if (padding === "CAUSAL") {
    if (taps.length !== 1)
      throw new ArgumentError({
        op: fn,
        argument: "padding",
        expected: "another than CAUSAL, which is for one spatial axis",
        given: `${taps.length} spatial axes`,
      });
    return { pairs: [[(reach[0] as number) - 1, 0]] };
  }
  if (typeof padding === "number") return { pairs: taps.map(() => [padding, padding]) };
  const list = padding as readonly (number | readonly [number, number])[];
  if (list.length === taps.length)
    return { pairs: list.map((each) => (typeof each === "number" ? [each, each] : [each[0], each[1]])) };
  throw new ArgumentError({
    op: fn,
    argument: "padding",
    expected: `a word, a number, or ${taps.length} numbers or pairs`,
    given: JSON.stringify(padding),
  });
}

export interface ConvSettings {
  strides: number | readonly number[] | null;
  padding: Padding;
  input_dilation?: number | readonly number[] | null;
  kernel_dilation: number | readonly number[] | null;
  feature_group_count?: number;
  mask: JaxArray | null;
}

/** The kernel with what a mask leaves of it. */
function masked(fn: string, kernel: JaxArray, mask: JaxArray | null): Tensor {
  if (mask === null) return kernel.core;
  if (`${mask.shape}` === `${kernel.shape}`) return core.mul(kernel.core, inexact(fn, "mask", mask));
  throw new ShapeError({
    op: fn,
    argument: "mask",
    expected: formatShape(kernel.shape),
    given: formatShape(mask.shape),
  });
}

/** f of images [n, ..., channels]: dimensions before them are one, and none is one too. */
function ofImages(fn: string, inputs: ArrayLike, count: number, f: (x: Tensor) => Tensor): JaxArray {
  return run(() => {
    const x = inexact(fn, "inputs", inputs);
    const leading = x.shape.slice(0, -(count + 1));
    if (x.rank < count + 1)
      throw new ShapeError({
        op: fn,
        argument: "inputs",
        expected: `rank ${count + 1} or more`,
        given: formatShape(x.shape),
      });
    if (leading.length === 1) return f(x);
    const y = f(core.reshape(x, [sizeOf(leading), ...x.shape.slice(leading.length)]));
    return core.reshape(y, [...leading, ...y.shape.slice(1)]);
  });
}

function layoutsOf(fn: string, count: number): (typeof LAYOUTS)[number] {
  const found = LAYOUTS[count - 1];
  if (found) return found;
  throw new UnsupportedError({
    op: fn,
    argument: "kernel_size",
    expected: "one to three spatial axes",
    given: `${count}`,
  });
}

/** A convolution of a kernel [...taps, inputs of a group, features], with a bias of one number for each feature. */
export function conv(
  fn: string,
  inputs: ArrayLike,
  kernel: JaxArray,
  bias: JaxArray | null,
  settings: ConvSettings,
): JaxArray {
  const taps = kernel.shape.slice(0, -2);
  const count = taps.length;
  const [layout, filterLayout] = layoutsOf(fn, count);
  return ofImages(fn, inputs, count, (x) => {
    const strides = perAxis(settings.strides, count);
    const dilation = perAxis(settings.kernel_dilation, count);
    const inputDilation = perAxis(settings.input_dilation ?? 1, count);
    const extents = x.shape.slice(1, -1).map((n, i) => Math.max(0, (n - 1) * (inputDilation[i] as number) + 1));
    if (typeof settings.padding === "string" && inputDilation.some((n) => n !== 1))
      throw new ArgumentError({
        op: fn,
        argument: "padding",
        expected: "numbers beside input_dilation",
        given: settings.padding,
      });
    const { pairs, mode } = edges(fn, settings.padding, taps, { extents, strides, dilation });
    const source = mode ? core.padWith(x, [[0, 0], ...pairs, [0, 0]], mode) : x;
    return core.conv(source, masked(fn, kernel, settings.mask), bias?.core, {
      layout,
      filterLayout,
      stride: strides,
      dilation,
      inputDilation,
      padding: mode ? taps.flatMap(() => [0, 0]) : pairs.flat(),
      groups: settings.feature_group_count ?? 1,
    });
  });
}

/** lax.conv_transpose with a bias: inputs with strides - 1 zeros between them, under the kernel. */
export function convTranspose(
  fn: string,
  inputs: ArrayLike,
  kernel: JaxArray,
  bias: JaxArray | null,
  settings: ConvSettings & { transpose_kernel: boolean },
): JaxArray {
  const taps = kernel.shape.slice(0, -2);
  const count = taps.length;
  const [layout, filterLayout] = layoutsOf(fn, count);
  return ofImages(fn, inputs, count, (x) => {
    const strides = perAxis(settings.strides, count);
    const dilation = perAxis(settings.kernel_dilation, count);
    const { padding } = settings;
    if (padding === "CIRCULAR" || padding === "REFLECT" || padding === "CAUSAL" || padding === "SAME_LOWER")
      throw new UnsupportedError({ op: fn, argument: "padding", expected: "SAME, VALID or numbers", given: padding });
    const own = masked(fn, kernel, settings.mask);
    // The core's transposed convolution has the filter of the convolution that it is the gradient of.
    const axes = taps.map((_, i) => i);
    const w = settings.transpose_kernel ? own : core.transpose(core.flip(own, axes), [...axes, count + 1, count]);
    const cropped = taps.flatMap((n, i) => {
      const [stride, step] = [strides[i] as number, dilation[i] as number];
      if (padding === "SAME" || padding === "VALID")
        return core.transposedPadding("lax", padding === "SAME" ? "same" : "valid", {
          taps: n,
          stride,
          dilation: step,
        });
      const reach = (n - 1) * step + 1;
      const { pairs } = edges(fn, padding, taps, { extents: [], strides, dilation });
      return (pairs[i] as [number, number]).map((edge) => reach - 1 - edge);
    });
    return core.convTranspose(x, w, bias?.core, {
      layout,
      filterLayout,
      stride: strides,
      dilation,
      padding: cropped,
      groups: 1,
    });
  });
}
