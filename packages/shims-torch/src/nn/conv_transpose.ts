// Transposed convolutions as layers.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, int, type Keywords, signature } from "@facet/dialect";
import type { Device, Dtype } from "../dtype.js";
import { complain } from "../errors.js";
import { placement, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import type { Tensor } from "../tensor.js";
import { type ConvArguments, ConvNd, type PaddingMode, paddingModes } from "./conv.js";
import { givenOf } from "./deferred.js";
import * as F from "./functional_conv_nd.js";
import { type Rank, type Size, size } from "./size.js";

type Numbers = number | readonly number[];
export const inputAndSizeOf = (name: string) =>
  signature(`torch.nn.${name}.forward`, { input: tensor, output_size: size.or(null) });

export const transposedRules = {
  out_channels: int,
  kernel_size: size,
  stride: size.or(1),
  padding: size.or(0),
  output_padding: size.or(0),
  groups: int.or(1),
  bias: bool.or(true),
  dilation: size.or(1),
  padding_mode: paddingModes.or("zeros"),
  ...placement,
} as const;

export interface ConvTransposeArguments<R extends Rank> extends Omit<ConvArguments<R>, "padding" | "padding_mode"> {
  /** Elements cropped from each edge of the whole result. Default 0. */
  padding: Size<R>;
  /** Elements added at the end, fewer than the stride (or dilation). Default 0. */
  output_padding: Size<R>;
  /** PyTorch has no other. */
  padding_mode: "zeros";
}
/** By position, after in_channels. */
export type ConvTransposePositions<R extends Rank> = [
  out_channels: number,
  kernel_size: Size<R>,
  stride: Size<R>,
  padding: Size<R>,
  output_padding: Size<R>,
  groups: number,
  bias: boolean,
  dilation: Size<R>,
  padding_mode: "zeros",
  device: Device | string | null,
  dtype: Dtype | null,
];
type ConvTransposeArgs<R extends Rank> = Args<
  [in_channels: number, ...ConvTransposePositions<R>],
  ConvTransposeArguments<R>
>;
export type InputAndSize =
  | [input: Tensor, output_size?: readonly number[] | null]
  | [input: Tensor, Keywords<{ output_size: readonly number[] | null }>]
  | [Keywords<{ input: Tensor; output_size: readonly number[] | null }>];

const backwards = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d];

/** A transposed convolution with weight [in, out / groups, ...]. */
export abstract class ConvTransposedNd<R extends Rank> extends ConvNd<R> {
  protected spread(input: Tensor, output_size: Numbers | null): Tensor {
    const { bias, stride, padding, dilation, groups, kernel_size } = this;
    const output_padding = output_size === null ? this.output_padding : this.behind(input, output_size);
    const apply = backwards[kernel_size.length - 1] as F.ConvTransposeFunction<Rank>;
    return apply(input, this.weight, {
      bias,
      stride: stride as never,
      padding: padding as never,
      output_padding: output_padding as never,
      groups,
      dilation: dilation as never,
    });
  }

  /** The padding that gives a result of the extents asked for (or of the whole shape). */
  private behind(input: Tensor, output_size: Numbers): number[] {
    const { stride, dilation, kernel_size } = this;
    const padding = this.padding as readonly number[];
    const rank = kernel_size.length;
    const given = typeof output_size === "number" ? [output_size] : output_size;
    const lead = input.rank - rank;
    const list = given.length === input.rank && given.length > rank ? given.slice(lead) : given;
    const wrong = (sentence: string, expected: string): never =>
      complain(ArgumentError, sentence, {
        op: this._get_name(),
        argument: "output_size",
        expected,
        given: sizeText(given),
      });
    if (list.length !== rank)
      wrong(
        `for ${input.rank}D input, output_size must have ${rank} or ${lead + rank} elements (got ${given.length})`,
        `${rank} or ${lead + rank} numbers`,
      );
    const least = kernel_size.map(
      (taps, d) =>
        (input.size(d + lead) - 1) * (stride[d] as number) -
        2 * (padding[d] as number) +
        (dilation[d] as number) * (taps - 1) +
        1,
    );
    const most = least.map((extent, d) => extent + (stride[d] as number) - 1);
    if (list.some((extent, d) => extent < (least[d] as number) || extent > (most[d] as number)))
      wrong(
        `requested an output size of ${sizeText(list)}, but valid sizes range from ${sizeText(least)} to ${sizeText(most)} (for an input of ${sizeText(input.shape.slice(lead))})`,
        `${sizeText(least)} to ${sizeText(most)}`,
      );
    return list.map((extent, d) => extent - (least[d] as number));
  }
}

/** A transposed convolution of that many dimensions. */
export interface ConvTransposed<R extends Rank> extends ConvTransposedNd<R> {
  forward(...args: InputAndSize): Tensor;
}
function transposedConvolution<R extends Rank>(
  name: string,
  rank: R,
): new (
  ...args: ConvTransposeArgs<R>
) => ConvTransposed<R> {
  const read = signature(`torch.nn.${name}`, { in_channels: int, ...transposedRules });
  const inputs = inputAndSizeOf(name);
  return class extends ConvTransposedNd<R> {
    constructor(...args: ConvTransposeArgs<R>) {
      const given = givenOf(args, read);
      requireZeros(name, given.padding_mode);
      super(name, rank, given);
    }
    override forward(...args: InputAndSize): Tensor {
      const { input, output_size } = inputs(args);
      return this.spread(input, output_size);
    }
  };
}

export function requireZeros(op: string, padding_mode: PaddingMode): void {
  if (padding_mode === "zeros") return;
  complain(ArgumentError, `Only "zeros" padding mode is supported for ${op}`, {
    op,
    argument: "padding_mode",
    expected: '"zeros"',
    given: `"${padding_mode}"`,
  });
}

/** Transposed convolution of [N, C, W] (or [C, W]). Weight [in, out / groups, k]; forward takes an `output_size`, too. */
export class ConvTranspose1d extends transposedConvolution("ConvTranspose1d", 1) {}
/** Transposed convolution of [N, C, H, W] (or [C, H, W]). Weight [in, out / groups, kh, kw]; forward takes an `output_size`, too. */
export class ConvTranspose2d extends transposedConvolution("ConvTranspose2d", 2) {}
/** Transposed convolution of [N, C, D, H, W] (or [C, D, H, W]). Weight [in, out / groups, kd, kh, kw]; forward takes an `output_size`, too. */
export class ConvTranspose3d extends transposedConvolution("ConvTranspose3d", 3) {}
