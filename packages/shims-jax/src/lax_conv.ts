import { ArgumentError, conv2d, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { computable, type JaxArray, run } from "./array.js";
import { permuted } from "./numpy/shape.js";
import { describe, type Keywords, keywords } from "./options.js";

/** "SAME" and "VALID" as TensorFlow defines them, or [before, after] for every spatial dimension. */
export type Padding = "SAME" | "VALID" | readonly (readonly [number, number])[];

/** Layouts of input, filter and output, as letters in the order of the dimensions: ["NHWC", "HWIO", "NHWC"]. */
export type ConvDimensionNumbers = readonly [lhs: string, rhs: string, out: string];

/** [top, bottom, left, right] for a window on an image, in the meaning of lax.padtype_to_pads. */
export function paddingOf(
  fn: string,
  padding: Padding,
  extents: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): [number, number, number, number] {
  if (typeof padding !== "string") {
    if (padding.length !== 2 || padding.some((pair) => pair.length !== 2))
      throw new ArgumentError({ op: fn, argument: "padding", expected: "two pairs", given: describe(padding) });
    const [[top, bottom], [left, right]] = padding as [[number, number], [number, number]];
    return [top, bottom, left, right];
  }
  const kind = (padding as string).toUpperCase();
  if (kind === "VALID") return [0, 0, 0, 0];
  if (kind !== "SAME")
    throw new ArgumentError({
      op: fn,
      argument: "padding",
      expected: "SAME, VALID or pairs",
      given: describe(padding),
    });
  return extents.flatMap((extent, i) => {
    const stride = strides[i] as number;
    const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + (window[i] as number) - extent);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  }) as [number, number, number, number];
}

/** Two numbers, both at least 1. */
export function pairOf(fn: string, argument: string, given: readonly number[] | undefined): [number, number] {
  const pair = given ?? [1, 1];
  if (pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 1)) return [...pair] as [number, number];
  throw new ArgumentError({ op: fn, argument, expected: "two whole numbers of 1 or more", given: describe(given) });
}

const IMAGE = { NHWC: true, NCHW: true } as const;
const FILTER = { HWIO: true, OIHW: true } as const;
type Image = keyof typeof IMAGE;

/** The tensor in a layout that the kernels read as it is: any other is transposed to the given one. */
function arranged(
  fn: string,
  argument: string,
  x: Tensor,
  given: string,
  known: object,
  otherwise: string,
): [Tensor, string] {
  if (given in known) return [x, given];
  if ([...given].sort().join("") !== [...otherwise].sort().join(""))
    throw new UnsupportedError({
      op: fn,
      argument: "dimension_numbers",
      expected: `an order of the letters ${otherwise} for ${argument} (two spatial dimensions)`,
      given: describe(given),
    });
  return [
    permuted(
      x,
      [...otherwise].map((letter) => given.indexOf(letter)),
    ),
    otherwise,
  ];
}

export interface ConvOptions {
  rhs_dilation: readonly number[] | undefined;
  dimension_numbers: ConvDimensionNumbers | undefined;
  feature_group_count: number;
}

/** Convolution with a bias of one value per output channel: what stax's Conv denotes, in one kernel. */
export function convolution(
  fn: string,
  lhs: Tensor,
  rhs: Tensor,
  bias: Tensor | undefined,
  window_strides: readonly number[],
  padding: Padding,
  { rhs_dilation, dimension_numbers, feature_group_count }: ConvOptions,
): Tensor {
  for (const [argument, x] of Object.entries({ lhs, rhs }))
    if (x.rank !== 4)
      throw new ShapeError({
        op: fn,
        argument,
        expected: "rank 4 (two spatial dimensions)",
        given: describe(x.shape),
      });
  const [lhsSpec, rhsSpec, outSpec] = dimension_numbers ?? ["NCHW", "OIHW", "NCHW"];
  const [x, layout] = arranged(fn, "lhs", lhs, lhsSpec, IMAGE, "NHWC");
  const [w, filterLayout] = arranged(fn, "rhs", rhs, rhsSpec, FILTER, "HWIO");
  const stride = pairOf(fn, "window_strides", window_strides);
  const dilation = pairOf(fn, "rhs_dilation", rhs_dilation);
  const spatial = (tensor: Tensor, spec: string) =>
    ["H", "W"].map((letter) => tensor.shape[spec.indexOf(letter)] as number);
  const reach = spatial(w, filterLayout).map((extent, i) => (extent - 1) * (dilation[i] as number) + 1);
  const y = conv2d(x, w, bias, {
    stride,
    dilation,
    padding: paddingOf(fn, padding, spatial(x, layout), reach, stride),
    groups: feature_group_count,
    layout: layout as Image,
    filterLayout: filterLayout as keyof typeof FILTER,
  });
  if ([...outSpec].sort().join("") !== "CHNW")
    throw new UnsupportedError({
      op: fn,
      argument: "dimension_numbers",
      expected: "an order of the letters NHWC for the output",
      given: describe(outSpec),
    });
  return permuted(
    y,
    [...outSpec].map((letter) => layout.indexOf(letter)),
  );
}

/**
 * lax.conv_general_dilated for two spatial dimensions: cross-correlation of lhs with rhs. Layouts by `dimension_numbers`
 * (default NCHW, OIHW, NCHW); `feature_group_count` groups; `rhs_dilation` spreads the filter. `lhs_dilation` (transposed
 * convolution) and `batch_group_count` other than 1 throw UnsupportedError.
 */
export function conv_general_dilated(
  lhs: JaxArray,
  rhs: JaxArray,
  window_strides: readonly number[],
  padding: Padding,
  options?: Keywords<ConvOptions>,
): JaxArray {
  const fn = "conv_general_dilated";
  const { lhs_dilation, lhsDilation, ...rest } = (options ?? {}) as Keywords<ConvOptions> & Record<string, unknown>;
  for (const dilation of [lhs_dilation, lhsDilation])
    if (dilation !== undefined && dilation !== null && `${dilation}` !== "1,1")
      throw new UnsupportedError({ op: fn, argument: "lhs_dilation", expected: "[1, 1]", given: describe(dilation) });
  const values = keywords<ConvOptions>(
    fn,
    rest,
    { rhs_dilation: undefined, dimension_numbers: undefined, feature_group_count: 1 },
    { batch_group_count: 1, precision: undefined, preferred_element_type: undefined },
  );
  return run(() =>
    convolution(fn, computable(fn, "lhs", lhs), computable(fn, "rhs", rhs), undefined, window_strides, padding, values),
  );
}

/** lax.conv: conv_general_dilated in NCHW and OIHW without dilation. */
export const conv = (lhs: JaxArray, rhs: JaxArray, window_strides: readonly number[], padding: Padding): JaxArray =>
  conv_general_dilated(lhs, rhs, window_strides, padding);
