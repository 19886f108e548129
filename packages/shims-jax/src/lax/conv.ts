import * as core from "@facet/autograd";
import { define, int, listOf, only } from "@facet/dialect";
import { arrayLike, type Given, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, computable, type JaxArray, run } from "../array.js";
import { type ConvOptions, convolution, type DimensionNumbers, layouts, type Padding, padding } from "./convolution.js";

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
  dimension_numbers: DimensionNumbers | null,
  feature_group_count: number,
  batch_group_count: number,
  precision: string | null,
  preferred_element_type: "float32" | null,
  out_sharding: null,
];
type ConvRequired = [lhs: ArrayLike, rhs: ArrayLike, window_strides: readonly number[], padding: Padding];

const strides = listOf(int);

/**
 * lax.conv_general_dilated of one to three spatial dimensions: cross-correlation of lhs with rhs. Layouts by `dimension_numbers`
 * (default NCHW, OIHW, NCHW and their like); `feature_group_count` and `batch_group_count` group; `rhs_dilation` spreads the filter,
 * `lhs_dilation` the input.
 */
export const conv_general_dilated: (...args: Given<ConvRequired, ConvRest, ConvNamed>) => JaxArray = define(
  "jax.lax.conv_general_dilated",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    window_strides: strides,
    padding,
    lhs_dilation: listOf(int).or(null),
    rhs_dilation: listOf(int).or(null),
    dimension_numbers: layouts.or(null),
    feature_group_count: int.or(1),
    batch_group_count: int.or(1),
    precision,
    preferred_element_type: preferred,
    out_sharding: only(null),
  },
  (given) => {
    const { lhs, rhs, window_strides, padding, ...values } = inPreferred(given);
    const fn = "conv_general_dilated";
    return run(() =>
      convolution(
        core.conv,
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
  (given) =>
    run(() => {
      const { lhs, rhs, window_strides, padding } = inPreferred(given);
      return convolution(
        core.conv,
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
      );
    }),
);
