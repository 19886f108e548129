// Convolutions of inputs [N, C, ...] or [C, ...]: what those of all ranks share, and that of images.
import * as core from "@facet/autograd";
import { type Args, define, int, type Kind } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchOf, extents, paddingNames, type Rank, type Size, size, twice } from "./size.js";

export type Padding<R extends Rank> = Size<R> | "same" | "valid";
export const paddingOfRank = <R extends Rank>(_rank: R): Kind<Padding<R>> =>
  size.either(paddingNames) as unknown as Kind<Padding<R>>;

export const LAYOUTS = {
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

/** A convolution of that many dimensions, by what of the core has no kernels for others: a page carries what it uses. */
export function convolution<R extends Rank>(rank: R, apply: typeof core.conv): ConvFunction<R> {
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
      return wrap(back(apply(x, weight.core, bias?.core, attrs)));
    });
  });
}

/** Convolution of input [N, C, H, W] with weight [O, C / groups, KH, KW]. */
export const conv2d: ConvFunction<2> = convolution(2, (x, w, bias, attrs) =>
  core.conv2d(x, w, bias, attrs as unknown as core.Conv2dAttrs),
);

export function requireFilter(op: string, weight: Tensor, rank: Rank, expected: string): void {
  if (weight.rank === rank + 2) return;
  throw new core.ShapeError({ op, argument: "weight", expected, given: sizeText(weight.shape) });
}

export function requireGroups(op: string, groups: number): void {
  if (groups >= 1) return;
  complain(core.ArgumentError, "non-positive groups is not supported", {
    op,
    argument: "groups",
    expected: "a positive integer",
    given: `${groups}`,
  });
}

export function requireChannels(
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

export function requireBias(op: string, weight: Tensor, bias: Tensor | null, out: number): void {
  if (!bias || `${bias.shape}` === `${[out]}`) return;
  complain(
    core.ShapeError,
    `Given weight of size ${sizeText(weight.shape)}, expected bias to be 1-dimensional with ${out} elements, but got bias of size ${sizeText(bias.shape)} instead`,
    { op, argument: "bias", expected: `[${out}]`, given: sizeText(bias.shape) },
  );
}
