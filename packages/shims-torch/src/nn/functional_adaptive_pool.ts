// Pooling to a size that is given.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, type Kind, listOf } from "@facet/dialect";
import { complain } from "../errors.js";
import { native, tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { pythonRepr, sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { batchOf, extents, type OpenSize, type Rank, type Size, size } from "./size.js";

const named = (op: string): string => `torch.nn.functional.${op}`;
type Pair = [values: Tensor, indices: Tensor];

/** Extents, of which null keeps that of the input; a sequence has one, and no null. */
export const openSize = (rank: Rank): Kind<number | readonly (number | null)[]> =>
  rank === 1 ? (size as Kind<number | readonly (number | null)[]>) : int.either(listOf(int.orNone));

/** The extents of the result; checked for integers of at least 0. */
function outputOf(op: string, x: core.Tensor, rank: Rank, given: number | readonly (number | null)[]): number[] {
  const spatial = x.shape.slice(2);
  const list = typeof given === "number" ? spatial.map(() => given) : given;
  if (list.length !== rank)
    complain(core.ArgumentError, `${op}: output_size must be ${rank}`, {
      op,
      argument: "output_size",
      expected: `a number or ${rank} of them`,
      given: pythonRepr(given),
    });
  return extents(
    op,
    "output_size",
    list.map((extent, d) => extent ?? (spatial[d] as number)),
    rank,
    0,
  );
}

/** Throws on integers, and on extents of 0 from dimension `first` on. */
export function requireInput(op: string, x: core.Tensor, first: number): void {
  requireFloat(op, "input", x.dtype);
  if (!x.shape.slice(first).includes(0)) return;
  complain(
    core.ShapeError,
    `${op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${sizeText(x.shape)}`,
    { op, argument: "input", expected: "no spatial dimension empty", given: sizeText(x.shape) },
  );
}

function adapted(
  op: string,
  input: Tensor,
  rank: Rank,
  given: number | readonly (number | null)[],
  run: (x: core.Tensor, attrs: core.AdaptivePoolAttrs) => readonly core.Tensor[],
): Tensor[] {
  return core.scope(() => {
    const { x, back } = batchOf(op, input, rank);
    requireInput(op, x, 2);
    const outputSize = outputOf(op, x, rank, given);
    // No window makes results without elements: they are cut out of some that have one.
    const some = outputSize.map((extent) => Math.max(1, extent));
    const cut = (y: core.Tensor): core.Tensor =>
      outputSize.reduce((part, extent, d) => (extent === 0 ? core.sliceAlong(part, d + 2, 0, 0) : part), y);
    return run(x, { outputSize: some, channelsLast: false }).map((y) => wrap(back(cut(y))));
  });
}

export type AdaptiveAvgPool<R extends Rank> = (
  input: Tensor,
  ...args: Args<[output_size: OpenSize<R>], { output_size: OpenSize<R> }>
) => Tensor;
function adaptiveAvg<R extends Rank>(rank: R): AdaptiveAvgPool<R> {
  const op = `adaptive_avg_pool${rank}d`;
  return define(
    named(op),
    { input: tensor, output_size: openSize(rank) },
    ({ input, output_size }) =>
      adapted(op, input, rank, output_size, (x, attrs) => [core.adaptiveAvgPool(x, attrs)])[0] as Tensor,
  );
}
/** Means of windows that cover [N, C, W], as many as `output_size`. */
export const adaptive_avg_pool1d: AdaptiveAvgPool<1> = adaptiveAvg(1);
/** Means of windows that cover [N, C, H, W], as many as `output_size`; null keeps an extent. */
export const adaptive_avg_pool2d: AdaptiveAvgPool<2> = adaptiveAvg(2);
/** Means of windows that cover [N, C, D, H, W], as many as `output_size`; null keeps an extent. */
export const adaptive_avg_pool3d: AdaptiveAvgPool<3> = adaptiveAvg(3);

export interface AdaptiveMaxPoolArguments<R extends Rank, I extends boolean = boolean> {
  output_size: OpenSize<R>;
  /** Whether places are returned too: numbers of elements of a channel, int64. Default false. */
  return_indices: I;
}
export interface AdaptiveMaxPool<R extends Rank> {
  (
    input: Tensor,
    ...args: Args<[output_size: OpenSize<R>, return_indices: false], AdaptiveMaxPoolArguments<R, false>>
  ): Tensor;
  (
    input: Tensor,
    ...args: Args<[output_size: OpenSize<R>, return_indices: true], AdaptiveMaxPoolArguments<R, true>>
  ): Pair;
}
export type AdaptiveMaxPoolWithIndices<R extends Rank> = (
  input: Tensor,
  ...args: Args<[output_size: OpenSize<R>, return_indices: boolean], AdaptiveMaxPoolArguments<R>>
) => Pair;

const largestOf = (op: string, rank: Rank, input: Tensor, output_size: number | readonly (number | null)[]): Pair =>
  adapted(op, input, rank, output_size, (x, attrs) => {
    const { y, indices } = core.maxPoolWithIndices(x, attrs);
    return [y, indices];
  }) as Pair;
const maxRules = (rank: Rank) =>
  ({ input: tensor, output_size: openSize(rank), return_indices: bool.or(false) }) as const;
function adaptiveMax<R extends Rank>(rank: R): AdaptiveMaxPool<R> {
  const op = `adaptive_max_pool${rank}d`;
  return define(named(op), maxRules(rank), ({ input, output_size, return_indices }) =>
    core.scope(() => {
      const both = largestOf(op, rank, input, output_size);
      return return_indices ? both : both[0];
    }),
  ) as AdaptiveMaxPool<R>;
}
function adaptiveMaxIndices<R extends Rank>(rank: R): AdaptiveMaxPoolWithIndices<R> {
  const op = `adaptive_max_pool${rank}d_with_indices`;
  return define(named(op), maxRules(rank), ({ input, output_size }) => largestOf(op, rank, input, output_size));
}
/** Largest elements of windows that cover [N, C, W], and with `return_indices` where they are. */
export const adaptive_max_pool1d: AdaptiveMaxPool<1> = adaptiveMax(1);
/** Largest elements of windows that cover [N, C, H, W], and with `return_indices` where they are; null keeps an extent. */
export const adaptive_max_pool2d: AdaptiveMaxPool<2> = adaptiveMax(2);
/** Largest elements of windows that cover [N, C, D, H, W], and with `return_indices` where they are; null keeps an extent. */
export const adaptive_max_pool3d: AdaptiveMaxPool<3> = adaptiveMax(3);
/** adaptive_max_pool1d with places, whatever `return_indices` says. */
export const adaptive_max_pool1d_with_indices: AdaptiveMaxPoolWithIndices<1> = adaptiveMaxIndices(1);
/** adaptive_max_pool2d with places, whatever `return_indices` says. */
export const adaptive_max_pool2d_with_indices: AdaptiveMaxPoolWithIndices<2> = adaptiveMaxIndices(2);
/** adaptive_max_pool3d with places, whatever `return_indices` says. */
export const adaptive_max_pool3d_with_indices: AdaptiveMaxPoolWithIndices<3> = adaptiveMaxIndices(3);
/** As torch has it: always with places. */
export const nativeAdaptiveMaxPool1d: (
  input: Tensor,
  ...args: Args<[output_size: Size<1>], { output_size: Size<1> }>
) => Pair = native("adaptive_max_pool1d", { input: tensor, output_size: size }, ({ input, output_size }) =>
  largestOf("adaptive_max_pool1d", 1, input, output_size),
);
