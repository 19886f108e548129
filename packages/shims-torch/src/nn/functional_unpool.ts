// Largest elements of windows whose places are drawn, and the reverse of pooling by places.
import * as core from "@facet/autograd";
import { type Args, bool, define, listOf, number } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { pythonRepr, sizeText } from "../python.js";
import { nextKey } from "../random.js";
import { type Tensor, wrap } from "../tensor.js";
import { requireInput } from "./functional_adaptive_pool.js";
import { strideOr } from "./functional_pool.js";
import { batchOf, extents, type Rank, type Size, size } from "./size.js";

const named = (op: string): string => `torch.nn.functional.${op}`;
type Pair = [values: Tensor, indices: Tensor];

export interface MaxUnpoolFunctionArguments<R extends Rank> {
  kernel_size: Size<R>;
  /** Default null: the window. */
  stride: Size<R> | null;
  /** Default 0. */
  padding: Size<R>;
  /** The extents before pooling, or the whole shape; less than a stride from what window and stride say. Default null. */
  output_size: readonly number[] | number | null;
}
export type MaxUnpoolFunction<R extends Rank> = (
  input: Tensor,
  indices: Tensor,
  ...args: Args<
    [kernel_size: Size<R>, stride: Size<R> | null, padding: Size<R>, output_size: readonly number[] | number | null],
    MaxUnpoolFunctionArguments<R>
  >
) => Tensor;

function unpool<R extends Rank>(rank: R): MaxUnpoolFunction<R> {
  const op = `max_unpool${rank}d`;
  const rules = {
    input: tensor,
    indices: tensor,
    kernel_size: size,
    stride: size.or(null),
    padding: size.or(0),
    output_size: size.or(null),
  } as const;
  return define(named(op), rules, ({ input, indices, output_size, ...given }) => {
    const window = extents(op, "kernel_size", given.kernel_size, rank, 1);
    const stride = extents(op, "stride", strideOr(given.kernel_size, given.stride), rank, 1);
    const padding = extents(op, "padding", given.padding, rank, 0);
    if (indices.core.dtype !== "int32")
      complain(core.DtypeError, "elements in indices should be type int64", {
        op,
        argument: "indices",
        expected: "torch.int64",
        given: `${indices.dtype}`,
      });
    if (`${indices.shape}` !== `${input.shape}`)
      complain(
        core.ShapeError,
        `Expected shape of indices to be same as that of the input tensor (${sizeText(input.shape)}) but got indices tensor with shape: ${sizeText(indices.shape)}`,
        { op, argument: "indices", expected: sizeText(input.shape), given: sizeText(indices.shape) },
      );
    return core.scope(() => {
      const { x, back } = batchOf(op, input, rank);
      requireInput(op, x, 1);
      const usual = x.shape
        .slice(2)
        .map((extent, d) => (extent - 1) * (stride[d] as number) + (window[d] as number) - 2 * (padding[d] as number));
      const places = core.reshape(indices.core, x.shape);
      return wrap(back(core.maxUnpool(x, places, unpooled(op, usual, stride, output_size), false)));
    });
  });
}
/** The extents before pooling: those asked for, where a pooling could have come from them. */
function unpooled(
  op: string,
  usual: readonly number[],
  stride: readonly number[],
  asked: number | readonly number[] | null,
): readonly number[] {
  if (asked === null) return usual;
  const list = typeof asked === "number" ? [asked] : asked;
  const spatial = list.length === usual.length + 2 ? list.slice(2) : list;
  const wrong = (sentence: string, expected: string): never =>
    complain(core.ArgumentError, sentence, { op, argument: "output_size", expected, given: sizeText(list) });
  if (spatial.length !== usual.length)
    wrong(
      `output_size should be a sequence containing ${usual.length} or ${usual.length + 2} elements, but it has a length of '${list.length}'`,
      `${usual.length} or ${usual.length + 2} numbers`,
    );
  for (const [d, extent] of spatial.entries()) {
    const [low, high] = [(usual[d] as number) - (stride[d] as number), (usual[d] as number) + (stride[d] as number)];
    if (!(low < extent && extent < high))
      wrong(
        `invalid output_size "${sizeText(spatial)}" (dim ${d} must be between ${low} and ${high})`,
        `more than ${low} and less than ${high} in dimension ${d}`,
      );
  }
  return spatial;
}
/** Zeros with the elements of [N, C, W] where the places say that max_pool1d found them. */
export const max_unpool1d: MaxUnpoolFunction<1> = unpool(1);
/** Zeros with the elements of [N, C, H, W] where the places say that max_pool2d found them. */
export const max_unpool2d: MaxUnpoolFunction<2> = unpool(2);
/** Zeros with the elements of [N, C, D, H, W] where the places say that max_pool3d found them. */
export const max_unpool3d: MaxUnpoolFunction<3> = unpool(3);

export interface FractionalMaxPoolArguments<R extends 2 | 3, I extends boolean = boolean> {
  kernel_size: Size<R>;
  /** This or output_ratio. */
  output_size: Size<R> | null;
  /** Extents of the result over those of the input. */
  output_ratio: number | readonly number[] | null;
  /** Whether places are returned too. Default false. */
  return_indices: I;
  /** [N, C, 2 or 3], from 0 up to 1; of images for width and height. Default null: drawn. */
  _random_samples: Tensor | null;
}
type FractionalPositions<R extends 2 | 3> = [
  kernel_size: Size<R>,
  output_size: Size<R> | null,
  output_ratio: number | readonly number[] | null,
];
export interface FractionalMaxPool<R extends 2 | 3> {
  (
    input: Tensor,
    ...args: Args<
      [...FractionalPositions<R>, return_indices: false, _random_samples: Tensor | null],
      FractionalMaxPoolArguments<R, false>
    >
  ): Tensor;
  (
    input: Tensor,
    ...args: Args<
      [...FractionalPositions<R>, return_indices: true, _random_samples: Tensor | null],
      FractionalMaxPoolArguments<R, true>
    >
  ): Pair;
}
export type FractionalMaxPoolWithIndices<R extends 2 | 3> = (
  input: Tensor,
  ...args: Args<
    [...FractionalPositions<R>, return_indices: boolean, _random_samples: Tensor | null],
    FractionalMaxPoolArguments<R>
  >
) => Pair;
export const ratioKind = number.either(listOf(number));
const fractionalRules = {
  input: tensor,
  kernel_size: size,
  output_size: size.or(null),
  output_ratio: ratioKind.or(null),
  return_indices: bool.or(false),
  _random_samples: tensor.or(null),
} as const;
type FractionalGiven = {
  input: Tensor;
  kernel_size: number | readonly number[];
  output_size: number | readonly number[] | null;
  output_ratio: number | readonly number[] | null;
  _random_samples: Tensor | null;
};

function fractional(op: string, rank: 2 | 3, { input, _random_samples, ...given }: FractionalGiven): Pair {
  const window = extents(op, "kernel_size", given.kernel_size, rank, 1);
  return core.scope((): Pair => {
    const { x, back } = batchOf(op, input, rank);
    requireInput(op, x, 1);
    const outputSize = fractionalSize(op, x.shape.slice(2), rank, given);
    const [n, c] = x.shape as [number, number];
    const drawn = _random_samples?.core ?? core.uniform(nextKey(null), [n, c, rank]);
    if (drawn.rank !== 3 || (drawn.shape[0] as number) < n || drawn.shape[1] !== c || drawn.shape[2] !== rank)
      complain(core.ShapeError, `Expect _random_samples of size (${n}, ${c}, ${rank})`, {
        op,
        argument: "_random_samples",
        expected: sizeText([n, c, rank]),
        given: sizeText(drawn.shape),
      });
    const own = core.sliceAlong(drawn, 0, 0, n);
    // Of images they are for width and height, without a depth.
    const samples =
      rank === 3
        ? own
        : core.pad(core.flip(own, [2]), [
            [0, 0],
            [0, 0],
            [1, 0],
          ]);
    const { y, indices } = core.fractionalMaxPool(x, samples, { window, outputSize });
    return [wrap(back(y)), wrap(back(indices))];
  });
}

function fractionalSize(
  op: string,
  spatial: readonly number[],
  rank: 2 | 3,
  { output_size, output_ratio }: Pick<FractionalGiven, "output_size" | "output_ratio">,
): number[] {
  if (output_size !== null) return extents(op, "output_size", output_size, rank, 1);
  if (output_ratio === null)
    complain(core.ArgumentError, `${op} requires specifying either an output_size or an output_ratio`, {
      op,
      argument: "output_size",
      expected: "a size or a ratio",
      given: "neither",
    });
  const ratios =
    typeof output_ratio === "number" ? spatial.map(() => output_ratio) : (output_ratio as readonly number[]);
  if (ratios.length !== rank)
    throw new core.ArgumentError({
      op,
      argument: "output_ratio",
      expected: `a number or ${rank} of them`,
      given: pythonRepr(output_ratio),
    });
  const list = spatial.map((extent, d) => Math.trunc(extent * (ratios[d] as number)));
  return extents(op, "output_ratio", list, rank, 1);
}

const fractionalPool = <R extends 2 | 3>(rank: R): FractionalMaxPool<R> =>
  define(named(`fractional_max_pool${rank}d`), fractionalRules, ({ return_indices, ...given }) =>
    core.scope(() => {
      const both = fractional(`fractional_max_pool${rank}d`, rank, given);
      return return_indices ? both : both[0];
    }),
  ) as FractionalMaxPool<R>;
const fractionalIndices = <R extends 2 | 3>(rank: R): FractionalMaxPoolWithIndices<R> =>
  define(named(`fractional_max_pool${rank}d_with_indices`), fractionalRules, (given) =>
    fractional(`fractional_max_pool${rank}d_with_indices`, rank, given),
  );
/** Largest elements of windows of [N, C, H, W] whose places are drawn. */
export const fractional_max_pool2d: FractionalMaxPool<2> = fractionalPool(2);
/** Largest elements of windows of [N, C, D, H, W] whose places are drawn. */
export const fractional_max_pool3d: FractionalMaxPool<3> = fractionalPool(3);
/** fractional_max_pool2d with places, whatever `return_indices` says. */
export const fractional_max_pool2d_with_indices: FractionalMaxPoolWithIndices<2> = fractionalIndices(2);
/** fractional_max_pool3d with places, whatever `return_indices` says. */
export const fractional_max_pool3d_with_indices: FractionalMaxPoolWithIndices<3> = fractionalIndices(3);
