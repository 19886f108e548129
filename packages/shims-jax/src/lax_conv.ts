import { ArgumentError, conv2d, runsAsChannels, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { define, int, Kind, listOf, only, show } from "@facet/dialect";
import { arrayLike, type Given, precision, preferred } from "./arguments.js";
import { type ArrayLike, computable, type JaxArray, run } from "./array.js";
import { permuted } from "./numpy/axes.js";

/** "SAME" and "VALID" as TensorFlow defines them ("SAME_LOWER" puts what is odd in front), or [before, after] for every spatial dimension. */
export type Padding = "SAME" | "SAME_LOWER" | "VALID" | readonly (readonly [number, number])[];

/** Layouts of input, filter and output, as letters in the order of the dimensions: ["NHWC", "HWIO", "NHWC"]. */
export type ConvDimensionNumbers = readonly [lhs: string, rhs: string, out: string];

export const padding = new Kind<Padding>(
  "SAME, SAME_LOWER, VALID or pairs",
  (x) => typeof x === "string" || listOf(listOf(int, 2)).accepts(x),
);

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
      throw new ArgumentError({ op: fn, argument: "padding", expected: "two pairs", given: show(padding) });
    const [[top, bottom], [left, right]] = padding as [[number, number], [number, number]];
    return [top, bottom, left, right];
  }
  const kind = (padding as string).toUpperCase();
  if (kind === "VALID") return [0, 0, 0, 0];
  if (kind !== "SAME" && kind !== "SAME_LOWER")
    throw new ArgumentError({
      op: fn,
      argument: "padding",
      expected: "SAME, SAME_LOWER, VALID or pairs",
      given: show(padding),
    });
  return extents.flatMap((extent, i) => {
    const stride = strides[i] as number;
    const total = Math.max(0, (Math.ceil(extent / stride) - 1) * stride + (window[i] as number) - extent);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return kind === "SAME" ? [less, more] : [more, less];
  }) as [number, number, number, number];
}

/** Two numbers, both at least 1. */
export function pairOf(fn: string, argument: string, given: readonly number[] | null): [number, number] {
  const pair = given ?? [1, 1];
  if (pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 1)) return [...pair] as [number, number];
  throw new ArgumentError({ op: fn, argument, expected: "two whole numbers of 1 or more", given: show(given) });
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
  if (Object.hasOwn(known, given)) return [x, given];
  if ([...given].sort().join("") !== [...otherwise].sort().join(""))
    throw new UnsupportedError({
      op: fn,
      argument: "dimension_numbers",
      expected: `an order of the letters ${otherwise} for ${argument} (two spatial dimensions)`,
      given: show(given),
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
  rhs_dilation: readonly number[] | null;
  dimension_numbers: ConvDimensionNumbers | null;
  feature_group_count: number;
  batch_group_count?: number;
}

/** Convolution with a bias of one value per output channel: what stax's Conv denotes, in one kernel. */
export function convolution(
  fn: string,
  lhs: Tensor,
  rhs: Tensor,
  bias: Tensor | undefined,
  window_strides: readonly number[],
  padding: Padding,
  { rhs_dilation, dimension_numbers, feature_group_count, batch_group_count = 1 }: ConvOptions,
): Tensor {
  for (const [argument, x] of Object.entries({ lhs, rhs }))
    if (x.rank !== 4)
      throw new ShapeError({
        op: fn,
        argument,
        expected: "rank 4 (two spatial dimensions)",
        given: show(x.shape),
      });
  const [lhsSpec, rhsSpec, outSpec] = dimension_numbers ?? ["NCHW", "OIHW", "NCHW"];
  const [x, layout] = arranged(fn, "lhs", lhs, lhsSpec, IMAGE, "NHWC");
  const [w, filterLayout] = arranged(fn, "rhs", rhs, rhsSpec, FILTER, "HWIO");
  const stride = pairOf(fn, "window_strides", window_strides);
  const dilation = pairOf(fn, "rhs_dilation", rhs_dilation);
  const spatial = (tensor: Tensor, spec: string) =>
    ["H", "W"].map((letter) => tensor.shape[spec.indexOf(letter)] as number);
  const reach = spatial(w, filterLayout).map((extent, i) => (extent - 1) * (dilation[i] as number) + 1);
  const runs = batch_group_count;
  const source =
    runs === 1
      ? x
      : runsAsChannels("conv2d", x, runs, feature_group_count, { count: 2, first: layout === "NHWC" ? 1 : 2 });
  const y = conv2d(source, w, bias, {
    stride,
    dilation,
    padding: paddingOf(fn, padding, spatial(x, layout), reach, stride),
    groups: runs === 1 ? feature_group_count : runs,
    layout: layout as Image,
    filterLayout: filterLayout as keyof typeof FILTER,
  });
  if ([...outSpec].sort().join("") !== "CHNW")
    throw new UnsupportedError({
      op: fn,
      argument: "dimension_numbers",
      expected: "an order of the letters NHWC for the output",
      given: show(outSpec),
    });
  return permuted(
    y,
    [...outSpec].map((letter) => layout.indexOf(letter)),
  );
}

interface ConvNamed extends ConvOptions {
  lhs: ArrayLike;
  rhs: ArrayLike;
  window_strides: readonly number[];
  padding: Padding;
  lhs_dilation: readonly number[] | null;
  batch_group_count: number;
  precision: string | null;
  preferred_element_type: "float32" | null;
  out_sharding: null;
}
type ConvRest = [
  lhs_dilation: readonly number[] | null,
  rhs_dilation: readonly number[] | null,
  dimension_numbers: ConvDimensionNumbers | null,
  feature_group_count: number,
  batch_group_count: number,
  precision: string | null,
  preferred_element_type: "float32" | null,
  out_sharding: null,
];
type ConvRequired = [lhs: ArrayLike, rhs: ArrayLike, window_strides: readonly number[], padding: Padding];

export const layouts = new Kind<ConvDimensionNumbers>(
  'three layouts, as ["NHWC", "HWIO", "NHWC"]',
  (x) => Array.isArray(x) && x.length === 3 && x.every((layout) => typeof layout === "string"),
);
const strides = listOf(int);

/**
 * lax.conv_general_dilated for two spatial dimensions: cross-correlation of lhs with rhs. Layouts by `dimension_numbers`
 * (default NCHW, OIHW, NCHW); `feature_group_count` and `batch_group_count` group; `rhs_dilation` spreads the filter. `lhs_dilation`
 * (transposed convolution) throws UnsupportedError.
 */
export const conv_general_dilated: (...args: Given<ConvRequired, ConvRest, ConvNamed>) => JaxArray = define(
  "jax.lax.conv_general_dilated",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    window_strides: strides,
    padding,
    lhs_dilation: only(null, [1, 1]),
    rhs_dilation: listOf(int).or(null),
    dimension_numbers: layouts.or(null),
    feature_group_count: int.or(1),
    batch_group_count: int.or(1),
    precision,
    preferred_element_type: preferred,
    out_sharding: only(null),
  },
  ({ lhs, rhs, window_strides, padding, ...values }) => {
    const fn = "conv_general_dilated";
    return run(() =>
      convolution(
        fn,
        computable(fn, "lhs", lhs),
        computable(fn, "rhs", rhs),
        undefined,
        window_strides,
        padding,
        values,
      ),
    );
  },
);

/** lax.conv: conv_general_dilated in NCHW and OIHW without dilation. */
export const conv: (
  ...args: Given<
    ConvRequired,
    [precision: string | null, preferred_element_type: "float32" | null],
    Omit<ConvNamed, keyof ConvOptions | "lhs_dilation" | "batch_group_count" | "out_sharding">
  >
) => JaxArray = define(
  "jax.lax.conv",
  { lhs: arrayLike, rhs: arrayLike, window_strides: strides, padding, precision, preferred_element_type: preferred },
  ({ lhs, rhs, window_strides, padding }) =>
    run(() =>
      convolution(
        "conv",
        computable("conv", "lhs", lhs),
        computable("conv", "rhs", rhs),
        undefined,
        window_strides,
        padding,
        {
          rhs_dilation: null,
          dimension_numbers: null,
          feature_group_count: 1,
        },
      ),
    ),
);
