// Convolutions of inputs [N, C, ...] or [C, ...], over one to three spatial dimensions, and transposed ones.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, type Kind } from "@facet/dialect";
import { complain } from "../errors.js";
import { ints, native, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchOf, extents, paddingNames, type Rank, type Size, size, twice } from "./size.js";

export type Padding<R extends Rank> = Size<R> | "same" | "valid";
export const paddingOfRank = <R extends Rank>(_rank: R): Kind<Padding<R>> =>
  size.either(paddingNames) as unknown as Kind<Padding<R>>;

const LAYOUTS = {
  1: { layout: "NCW", filterLayout: "OIW" },
  2: { layout: "NCHW", filterLayout: "OIHW" },
  3: { layout: "NCDHW", filterLayout: "OIDHW" },
} as const;

/** Zeros before and after each dimension, in pairs. 'same' puts the odd one at the end, as PyTorch does. */
export function edges(
  op: string,
  padding: number | readonly number[] | "same" | "valid",
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): number[] {
  if (typeof padding !== "string") return twice(extents(op, "padding", padding, kernel.length as Rank, 0));
  if (padding === "valid") return kernel.flatMap(() => [0, 0]);
  if (stride.some((step) => step !== 1))
    complain(core.ArgumentError, "padding='same' is not supported for strided convolutions", {
      op,
      argument: "padding",
      expected: "numbers with a stride above 1",
      given: "'same'",
    });
  return kernel.flatMap((taps, d) => {
    const total = (dilation[d] as number) * (taps - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

export interface ConvFunctionArguments<R extends Rank> {
  /** [O]; none by default. */
  bias: Tensor | null;
  /** Default 1. */
  stride: Size<R>;
  /** Zeros at each edge, 'same' or 'valid'. Default 0. */
  padding: Padding<R>;
  /** Default 1. */
  dilation: Size<R>;
  /** Default 1. */
  groups: number;
}
export type ConvFunction<R extends Rank> = (
  input: Tensor,
  weight: Tensor,
  ...args: Args<
    [bias: Tensor | null, stride: Size<R>, padding: Padding<R>, dilation: Size<R>, groups: number],
    ConvFunctionArguments<R>
  >
) => Tensor;

function convolution<R extends Rank>(rank: R): ConvFunction<R> {
  const op = `conv${rank}d`;
  const rules = {
    input: tensor,
    weight: tensor,
    bias: tensor.or(null),
    stride: size.or(1),
    padding: size.either(paddingNames).or(0),
    dilation: size.or(1),
    groups: int.or(1),
  } as const;
  return define(`torch.nn.functional.${op}`, rules, ({ input, weight, bias, groups, ...rest }) => {
    const stride = extents(op, "stride", rest.stride, rank, 1);
    const dilation = extents(op, "dilation", rest.dilation, rank, 1);
    requireFilter(op, weight, rank, "[out, in / groups, ...]");
    requireGroups(op, groups);
    const padding = edges(op, rest.padding, weight.shape.slice(2), stride, dilation);
    return core.scope(() => {
      const { x, back } = batchOf(op, input, rank);
      requireFit(op, x, weight, groups, padding, dilation);
      requireBias(op, weight, bias, weight.shape[0] as number);
      const attrs = { stride, padding, dilation, groups, ...LAYOUTS[rank] };
      return wrap(back(core.conv(x, weight.core, bias?.core, attrs)));
    });
  });
}

/** Convolution of input [N, C, W] with weight [O, C / groups, K]. */
export const conv1d: ConvFunction<1> = convolution(1);
/** Convolution of input [N, C, H, W] with weight [O, C / groups, KH, KW]. */
export const conv2d: ConvFunction<2> = convolution(2);
/** Convolution of input [N, C, D, H, W] with weight [O, C / groups, KD, KH, KW]. */
export const conv3d: ConvFunction<3> = convolution(3);

function requireFilter(op: string, weight: Tensor, rank: Rank, expected: string): void {
  if (weight.rank === rank + 2) return;
  throw new core.ShapeError({ op, argument: "weight", expected, given: sizeText(weight.shape) });
}

function requireGroups(op: string, groups: number): void {
  if (groups >= 1) return;
  complain(core.ArgumentError, "non-positive groups is not supported", {
    op,
    argument: "groups",
    expected: "a positive integer",
    given: `${groups}`,
  });
}

function requireChannels(
  op: string,
  x: core.Tensor,
  { weight, channels, how }: { weight: Tensor; channels: number; how: string },
): void {
  if (x.shape[1] === channels) return;
  complain(
    core.ShapeError,
    `Given ${how}, weight of size ${sizeText(weight.shape)}, expected input${sizeText(x.shape)} to have ${channels} channels, but got ${x.shape[1]} channels instead`,
    { op, argument: "input", expected: `${channels} channels`, given: `${x.shape[1]}` },
  );
}

/** Mistakes of which PyTorch speaks in sentences of its own; the core refuses all others. */
function requireFit(
  op: string,
  x: core.Tensor,
  weight: Tensor,
  groups: number,
  padding: readonly number[],
  dilation: readonly number[],
): void {
  const channels = (weight.shape[1] as number) * groups;
  requireChannels(op, x, { weight, channels, how: `groups=${groups}` });
  const padded = x.shape
    .slice(2)
    .map((extent, d) => extent + (padding[2 * d] as number) + (padding[2 * d + 1] as number));
  const window = weight.shape.slice(2).map((extent, d) => (extent - 1) * (dilation[d] as number) + 1);
  if (window.some((extent, d) => extent > (padded[d] as number)))
    complain(
      core.ShapeError,
      `Calculated padded input size per channel: (${padded.join(" x ")}). Kernel size: (${window.join(" x ")}). Kernel size can't be greater than actual input size`,
      { op, argument: "weight", expected: `at most ${padded.join(" x ")}`, given: window.join(" x ") },
    );
}

function requireBias(op: string, weight: Tensor, bias: Tensor | null, out: number): void {
  if (!bias || `${bias.shape}` === `${[out]}`) return;
  complain(
    core.ShapeError,
    `Given weight of size ${sizeText(weight.shape)}, expected bias to be 1-dimensional with ${out} elements, but got bias of size ${sizeText(bias.shape)} instead`,
    { op, argument: "bias", expected: `[${out}]`, given: sizeText(bias.shape) },
  );
}

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
