// jax.lax: transposed convolutions, and convolutions by other names.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { bool, int, listOf, show } from "@facet/dialect";
import { arrayLike, declared, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, computable, run } from "../array.js";
import {
  ConvDimensionNumbers,
  convolution,
  type DimensionNumbers,
  layouts,
  type Padding,
  padding as paddingKind,
} from "./convolution.js";

type Ints = readonly number[];
const DEFAULTS: Readonly<Record<number, readonly [string, string, string]>> = {
  3: ["NHC", "HIO", "NHC"],
  4: ["NHWC", "HWIO", "NHWC"],
  5: ["NHWDC", "HWDIO", "NHWDC"],
};

/** Zeros before and after the spread input of a transposed convolution, of what the convolution had. */
function transposedPads(kernel: number, stride: number, padding: string | readonly [number, number]): [number, number] {
  if (typeof padding !== "string") return [kernel - padding[0] - 1, kernel - padding[1] - 1];
  const isSame = padding === "SAME";
  const total = kernel + stride - 2 + (isSame ? 0 : Math.max(kernel - stride, 0));
  const before = isSame && stride <= kernel - 1 ? Math.ceil(total / 2) : kernel - 1;
  return [before, total - before];
}

/** The specs of layouts by letters, as numbers. */
function numbersOf(fn: string, given: DimensionNumbers): ConvDimensionNumbers {
  if (given instanceof ConvDimensionNumbers) return given;
  const [lhs, rhs, out] = given;
  const space = [...lhs].filter((letter) => letter !== "N" && letter !== "C");
  const spec = (text: string, names: string): number[] => {
    const found = [...names, ...space].map((letter) => text.indexOf(letter));
    if (found.every((at) => at >= 0) && text.length === found.length) return found;
    throw new ArgumentError({
      op: fn,
      argument: "dimension_numbers",
      expected: `an order of the letters ${names}${space.join("")}`,
      given: show(text),
    });
  };
  return new ConvDimensionNumbers(spec(lhs, "NC"), spec(rhs, "OI"), spec(out, "NC"));
}

/** Layouts of a convolution as numbers; letters default to NCHW, OIHW, NCHW and their like. */
export const conv_dimension_numbers = declared<
  [lhs_shape: Ints, rhs_shape: Ints, dimension_numbers: DimensionNumbers | null]
>()(
  "jax.lax.conv_dimension_numbers",
  { lhs_shape: listOf(int), rhs_shape: listOf(int), dimension_numbers: layouts.orNone },
  ({ lhs_shape, rhs_shape, dimension_numbers }) => {
    if (lhs_shape.length !== rhs_shape.length)
      throw new ArgumentError({
        op: "conv_dimension_numbers",
        argument: "rhs_shape",
        expected: `${lhs_shape.length} dimensions`,
        given: show(rhs_shape),
      });
    if (dimension_numbers !== null) return numbersOf("conv_dimension_numbers", dimension_numbers);
    const all = [...lhs_shape.keys()];
    return new ConvDimensionNumbers(all, all, all);
  },
);

/**
 * lax.conv_transpose: the input spread by `strides` and convolved. Padding is that of the convolution it transposes ("SAME", "VALID"), or pairs of
 * zeros around the spread input (of the convolution with `use_consistent_padding`). With `transpose_kernel` the filter is that
 * convolution's, turned round here. Layouts default to NHWC, HWIO, NHWC and their like.
 */
export const conv_transpose = declared<
  [lhs: ArrayLike, rhs: ArrayLike, strides: Ints, padding: Padding],
  [rhs_dilation: Ints | null, dimension_numbers: DimensionNumbers | null, transpose_kernel: boolean]
>()(
  "jax.lax.conv_transpose",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    strides: listOf(int),
    padding: paddingKind,
    rhs_dilation: listOf(int).or(null),
    dimension_numbers: layouts.or(null),
    transpose_kernel: bool.or(false),
    precision,
    preferred_element_type: preferred,
    use_consistent_padding: bool.or(false),
  },
  (values) =>
    run(() => {
      const { lhs, rhs, strides, padding, rhs_dilation, dimension_numbers, transpose_kernel, use_consistent_padding } =
        inPreferred(values);
      const fn = "conv_transpose";
      const [x, given] = [computable(fn, "lhs", lhs), computable(fn, "rhs", rhs)];
      const layout = dimension_numbers ?? DEFAULTS[x.rank];
      if (!layout)
        throw new ArgumentError({
          op: fn,
          argument: "lhs",
          expected: "one to three spatial dimensions",
          given: show(x.shape),
        });
      const numbers = numbersOf(fn, layout);
      const space = numbers.rhs_spec.slice(2);
      if (strides.length !== space.length)
        throw new ArgumentError({
          op: fn,
          argument: "strides",
          expected: `${space.length} numbers`,
          given: show(strides),
        });
      const dilation = rhs_dilation ?? space.map(() => 1);
      const reach = space.map((d, i) => ((given.shape[d] as number) - 1) * (dilation[i] as number) + 1);
      const pads =
        use_consistent_padding || padding === "SAME" || padding === "VALID"
          ? reach.map((k, i) =>
              transposedPads(
                k,
                strides[i] as number,
                typeof padding === "string" ? padding : (padding[i] as [number, number]),
              ),
            )
          : padding;
      const [out, input] = numbers.rhs_spec as [number, number];
      const order = [...given.shape.keys()].map((d) => (d === out ? input : d === input ? out : d));
      const w = transpose_kernel ? core.transpose(core.flip(given, space), order) : given;
      return convolution(
        core.conv,
        fn,
        x,
        w,
        undefined,
        space.map(() => 1),
        pads as Padding,
        {
          lhs_dilation: strides,
          rhs_dilation: dilation,
          dimension_numbers: numbers,
          feature_group_count: 1,
        },
      );
    }),
);

/** lax.conv_general_dilated in NCHW and OIHW, or their like. */
export const conv_with_general_padding = declared<
  [
    lhs: ArrayLike,
    rhs: ArrayLike,
    window_strides: Ints,
    padding: Padding,
    lhs_dilation: Ints | null,
    rhs_dilation: Ints | null,
  ]
>()(
  "jax.lax.conv_with_general_padding",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    window_strides: listOf(int),
    padding: paddingKind,
    lhs_dilation: listOf(int).orNone,
    rhs_dilation: listOf(int).orNone,
    precision,
    preferred_element_type: preferred,
  },
  (values) =>
    run(() => {
      const { lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation } = inPreferred(values);
      const fn = "conv_with_general_padding";
      return convolution(
        core.conv,
        fn,
        computable(fn, "lhs", lhs),
        computable(fn, "rhs", rhs),
        undefined,
        window_strides,
        padding,
        {
          lhs_dilation,
          rhs_dilation,
          dimension_numbers: null,
          feature_group_count: 1,
        },
      );
    }),
);
