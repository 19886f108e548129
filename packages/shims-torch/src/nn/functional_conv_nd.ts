// Convolutions of sequences and volumes, and transposed ones.
import * as core from "@facet/autograd";
import { type Args, bool, define, int } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints, native, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import {
  type ConvFunction,
  conv2d,
  convolution,
  LAYOUTS,
  requireBias,
  requireChannels,
  requireFilter,
  requireGroups,
} from "./functional_conv.js";
import { batchOf, extents, type Rank, type Size, size, twice } from "./size.js";

/** Convolution of input [N, C, W] with weight [O, C / groups, K]. */
export const conv1d: ConvFunction<1> = convolution(1, core.conv);
/** Convolution of input [N, C, D, H, W] with weight [O, C / groups, KD, KH, KW]. */
export const conv3d: ConvFunction<3> = convolution(3, core.conv);

export interface ConvTransposeFunctionArguments<R extends Rank> {
  /** [O]; none by default. */
  bias: Tensor | null;
  /** Default 1. */
  stride: Size<R>;
  /** Elements cropped from each edge of the whole result. Default 0. */
  padding: Size<R>;
  /** Elements added at the end; fewer than stride or dilation. Default 0. */
  output_padding: Size<R>;
  /** Default 1. */
  groups: number;
  /** Default 1. */
  dilation: Size<R>;
}
export type ConvTransposeFunction<R extends Rank> = (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [
      bias: Tensor | null,
      stride: Size<R>,
      padding: Size<R>,
      output_padding: Size<R>,
      groups: number,
      dilation: Size<R>,
    ],
    ConvTransposeFunctionArguments<R>
  >
) => Tensor;

function transposed<R extends Rank>(rank: R): ConvTransposeFunction<R> {
  const op = `conv_transpose${rank}d`;
  const rules = {
    input: tensor,
    weight: tensor,
    bias: tensor.or(null),
    stride: size.or(1),
    padding: size.or(0),
    output_padding: size.or(0),
    groups: int.or(1),
    dilation: size.or(1),
  } as const;
  return define(`torch.nn.functional.${op}`, rules, ({ input, weight, bias, groups, ...rest }) => {
    const stride = extents(op, "stride", rest.stride, rank, 1);
    const dilation = extents(op, "dilation", rest.dilation, rank, 1);
    const padding = twice(extents(op, "padding", rest.padding, rank, 0));
    const outputPadding = extents(op, "output_padding", rest.output_padding, rank, 0);
    requireFilter(op, weight, rank, "[in, out / groups, ...]");
    requireGroups(op, groups);
    for (const [d, amount] of outputPadding.entries())
      if (amount >= Math.max(stride[d] as number, dilation[d] as number))
        complain(core.ArgumentError, "output padding must be smaller than either stride or dilation", {
          op,
          argument: "output_padding",
          expected: `less than ${Math.max(stride[d] as number, dilation[d] as number)}`,
          given: `${amount}`,
        });
    return core.scope(() => {
      const { x, back } = batchOf(op, input, rank);
      requireChannels(op, x, { weight, channels: weight.shape[0] as number, how: "transposed=1" });
      requireBias(op, weight, bias, (weight.shape[1] as number) * groups);
      const attrs = { stride, padding, outputPadding, dilation, groups, ...LAYOUTS[rank] };
      return wrap(back(core.convTranspose(x, weight.core, bias?.core, attrs)));
    });
  });
}

/** Transposed convolution of input [N, C, W] with weight [C, O / groups, K]. */
export const conv_transpose1d: ConvTransposeFunction<1> = transposed(1);
/** Transposed convolution of input [N, C, H, W] with weight [C, O / groups, KH, KW]. */
export const conv_transpose2d: ConvTransposeFunction<2> = transposed(2);
/** Transposed convolution of input [N, C, D, H, W] with weight [C, O / groups, KD, KH, KW]. */
export const conv_transpose3d: ConvTransposeFunction<3> = transposed(3);

const ALL = [conv1d, conv2d, conv3d] as readonly ConvFunction<Rank>[];
const ALL_TRANSPOSED = [conv_transpose1d, conv_transpose2d, conv_transpose3d] as readonly ConvTransposeFunction<Rank>[];

export interface ConvolutionArguments {
  bias: Tensor | null;
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
  transposed: boolean;
  output_padding: readonly number[];
  groups: number;
}
/** conv1d to conv3d, or conv_transpose1d to 3d where `transposed`, by the rank of the weight. All arguments are required. */
const byWeight: (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [
      bias: Tensor | null,
      stride: readonly number[],
      padding: readonly number[],
      dilation: readonly number[],
      transposed: boolean,
      output_padding: readonly number[],
      groups: number,
    ],
    ConvolutionArguments
  >
) => Tensor = native(
  "convolution",
  {
    input: tensor,
    weight: tensor,
    bias: tensor.orNone,
    stride: ints,
    padding: ints,
    dilation: ints,
    transposed: bool,
    output_padding: ints,
    groups: int,
  },
  ({ input, weight, transposed: back, output_padding, ...rest }) => {
    const at = weight.rank - 3;
    const forward = ALL[at];
    const backward = ALL_TRANSPOSED[at];
    if (!forward || !backward)
      throw new core.ShapeError({
        op: "convolution",
        argument: "weight",
        expected: "rank 3 to 5",
        given: sizeText(weight.shape),
      });
    // Lists of any length are the functions' to check.
    return back
      ? backward(input, weight, { ...(rest as object), output_padding: output_padding as never })
      : forward(input, weight, rest as never);
  },
);

/** Convolution of a sequence [T, N, C] with weight [K, C, O] and bias [O], with `pad` zeros at both ends: [T', N, O]. */
export const conv_tbc: (
  input: Tensor,
  weight: Tensor,
  bias: Tensor,
  ...args: Args<[pad: number], { pad: number }>
) => Tensor = define(
  "torch.nn.functional.conv_tbc",
  { input: tensor, weight: tensor, bias: tensor, pad: int.or(0) },
  ({ input, weight, bias, pad }) => {
    const op = "conv_tbc";
    for (const [argument, each, expected, sentence] of [
      ["input", input, "[time, batch, in_channels]", "Input must have 3 dims: time, batch, in_channel"],
      ["weight", weight, "[taps, in_channels, out_channels]", "Weight tensor must have 3 dims"],
    ] as const)
      if (each.rank !== 3) complain(core.ShapeError, sentence, { op, argument, expected, given: sizeText(each.shape) });
    extents(op, "pad", pad, 1, 0);
    return core.scope(() => {
      const attrs = { stride: [1], dilation: [1], padding: [pad, pad], groups: 1 } as const;
      const x = core.transpose(input.core, [1, 0, 2]);
      const y = core.conv(x, weight.core, bias.core, { ...attrs, layout: "NWC", filterLayout: "WIO" });
      return wrap(core.transpose(y, [1, 0, 2]));
    });
  },
);
export { byWeight as convolution };
