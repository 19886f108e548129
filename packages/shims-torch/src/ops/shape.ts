// Shapes. What keeps the elements' order (view, reshape, flatten, squeeze, unsqueeze) shares memory with its input; what moves
// or repeats elements copies them (PyTorch shares memory where strides allow).
import * as core from "@facet/autograd";
import { type Args, defineMethod, int, only } from "@facet/dialect";
import { complain, dimension, dimensions } from "../errors.js";
import { dims, dtype, each, forms, ints, native, requireSome, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";

/** What methods take for a shape: extents, one list of them, or that list by name. */
export type Extents<Name extends string> = (
  | number
  | readonly number[]
  | { readonly [K in Name]?: readonly number[] }
)[];

/** A method: the tensor it is called on, then its arguments. */
export type OfTensor<T extends unknown[], R = Tensor> = (self: Tensor, ...args: T) => R;

/** A method of one list of numbers, which may also be given one by one: `x.permute(1, 0)`, `x.permute([1, 0])`. */
function listMethod<const Name extends string>(
  method: string,
  name: Name,
  body: (self: Tensor, list: readonly number[]) => Tensor,
): OfTensor<Extents<Name>> {
  const read = forms(`Tensor.${method}`, { [name]: ints }, { [`*${name}`]: each(int) });
  return (self, ...args) => {
    const { form, values } = read(args);
    const list = (values as Record<string, readonly number[]>)[name] as readonly number[];
    if (form === "1") requireSome(method, name, list);
    return body(self, list);
  };
}

function reshaped(input: Tensor, shape: readonly number[]): Tensor {
  try {
    return viewed(input, (x) => core.reshape(x, shape));
  } catch (error) {
    if (!(error instanceof core.ShapeError)) throw error;
    return complain(core.ShapeError, `shape '${sizeText(shape)}' is invalid for input of size ${input.core.size}`, {
      op: "reshape",
      argument: "shape",
      expected: error.expected,
      ...(error.given === undefined ? {} : { given: error.given }),
    });
  }
}

/** Another shape with the same elements; one extent may be -1. */
export const reshape: (
  input: Tensor,
  ...args: Args<[shape: readonly number[]], { shape: readonly number[] }>
) => Tensor = native("reshape", { input: tensor, shape: ints }, ({ input, shape }) => reshaped(input, shape));

const readView = forms("Tensor.view", { dtype }, { size: ints }, { "*size": each(int) });
/** reshape as a method, which also takes extents one by one. */
export const reshapeMethod: OfTensor<Extents<"shape">> = listMethod("reshape", "shape", reshaped);
/** As reshape; another dtype of the same bytes is refused. */
export const view: OfTensor<Extents<"size">> = (self, ...args) => {
  const { form, values } = readView(args);
  if (form === "0")
    throw new core.UnsupportedError({ op: "view", argument: "dtype", expected: "a shape", given: `${values.dtype}` });
  if (form === "2") requireSome("view", "size", values.size);
  return reshaped(self, values.size);
};
export const view_as: OfTensor<Args<[other: Tensor], { other: Tensor }>> = defineMethod(
  "torch.Tensor.view_as",
  { other: tensor },
  (self, { other }) => reshaped(self, other.shape),
);

export interface FlattenArguments {
  start_dim: number;
  end_dim: number;
}
export type FlattenArgs = Args<[start_dim: number, end_dim: number], FlattenArguments>;

/** Dimensions start_dim to end_dim as one. */
export const flatten: (input: Tensor, ...args: FlattenArgs) => Tensor = native(
  "flatten",
  { input: tensor, start_dim: int.or(0), end_dim: int.or(-1) },
  ({ input, start_dim, end_dim }) => {
    const start = dimension("flatten", start_dim, input.rank, "start_dim");
    const end = dimension("flatten", end_dim, input.rank, "end_dim");
    if (start > end)
      complain(core.ArgumentError, "flatten() has invalid args: start_dim cannot come after end_dim", {
        op: "flatten",
        argument: "start_dim",
        expected: `at most end_dim ${end}`,
        given: `${start}`,
      });
    const merged = core.sizeOf(input.shape.slice(start, end + 1));
    const shape = [...input.shape.slice(0, start), merged, ...input.shape.slice(end + 1)];
    return viewed(input, (x) => core.reshape(x, shape));
  },
);

function permuted(input: Tensor, order: readonly number[]): Tensor {
  if (order.length !== input.rank)
    throw new core.ShapeError({
      op: "permute",
      argument: "dims",
      expected: `${input.rank} dimensions`,
      given: `${order.length}`,
    });
  const axes = dimensions("permute", order, input.rank);
  return viewed(input, (x) => core.transpose(x, axes));
}

type OfDims = (input: Tensor, ...args: Args<[dims: readonly number[]], { dims: readonly number[] }>) => Tensor;

/** Dimensions in another order. */
export const permute: OfDims = native("permute", { input: tensor, dims: ints }, ({ input, dims }) =>
  permuted(input, dims),
);
export const permuteMethod: OfTensor<Extents<"dims">> = listMethod("permute", "dims", permuted);

function exchanged(input: Tensor, dim0: number, dim1: number): Tensor {
  const [a, b] = [dimension("transpose", dim0, input.rank, "dim0"), dimension("transpose", dim1, input.rank, "dim1")];
  const order = input.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return viewed(input, (x) => core.transpose(x, order));
}

export type TransposeArgs = Args<[dim0: number, dim1: number], { dim0: number; dim1: number }>;
/** Two dimensions exchanged. */
export const transpose: (input: Tensor, ...args: TransposeArgs) => Tensor = native(
  "transpose",
  { input: tensor, dim0: int, dim1: int },
  ({ input, dim0, dim1 }) => exchanged(input, dim0, dim1),
);

/** A matrix transposed; a vector or number unchanged. */
export const t: (input: Tensor) => Tensor = native("t", { input: tensor }, ({ input }) => {
  if (input.rank > 2)
    complain(core.ShapeError, `t() expects a tensor with <= 2 dimensions, but self is ${input.rank}D`, {
      op: "t",
      argument: "input",
      expected: "rank 2 or less",
      given: sizeText(input.shape),
    });
  return input.rank < 2 ? viewed(input, (x) => core.reshape(x, x.shape)) : exchanged(input, 0, 1);
});

/** Without the dimensions of extent 1: all of them, or of the given ones those that are. */
function squeezed(input: Tensor, dim: number | readonly number[] | undefined): Tensor {
  const dropped = dim === undefined ? input.shape.map((_, i) => i) : dimensions("squeeze", dim, input.rank);
  const shape = input.shape.filter((extent, i) => !(extent === 1 && dropped.includes(i)));
  return viewed(input, (x) => core.reshape(x, shape));
}

type SqueezeArgs = Args<[dim: number | readonly number[]], { dim: number | readonly number[] }>;
const readSqueeze = forms("squeeze", { input: tensor }, { input: tensor, dim: dims });
export const squeeze = (input: Tensor, ...args: SqueezeArgs): Tensor => {
  const { form, values } = readSqueeze([input, ...args]);
  return squeezed(values.input, form === "0" ? undefined : values.dim);
};
const readSqueezeMethod = forms("Tensor.squeeze", {}, { dim: dims }, { "*dim": each(int) });
export const squeezeMethod: OfTensor<Extents<"dim"> | SqueezeArgs> = (self, ...args) => {
  const { form, values } = readSqueezeMethod(args);
  return squeezed(self, form === "0" ? undefined : values.dim);
};

/** With a dimension of extent 1 at `dim` of the result. */
export const unsqueeze: (input: Tensor, ...args: Args<[dim: number], { dim: number }>) => Tensor = native(
  "unsqueeze",
  { input: tensor, dim: int },
  ({ input, dim }) => {
    const at = dimension("unsqueeze", dim, input.rank + 1);
    const shape = [...input.shape.slice(0, at), 1, ...input.shape.slice(at)];
    return viewed(input, (x) => core.reshape(x, shape));
  },
);

/** Dimensions of extent 1 repeated up to a shape; -1 leaves one as it is. */
export function expanded(input: Tensor, wanted: readonly number[]): Tensor {
  const extra = wanted.length - input.rank;
  if (extra < 0)
    complain(
      core.ShapeError,
      `expand: the number of sizes provided (${wanted.length}) must be greater or equal to the number of dimensions in the tensor (${input.rank})`,
      { op: "expand", argument: "size", expected: `${input.rank} extents or more`, given: sizeText(wanted) },
    );
  const target = wanted.map((extent, i) => (extent === -1 ? (input.shape[i - extra] ?? -1) : extent));
  for (const [i, extent] of target.entries()) {
    const own = input.shape[i - extra] ?? 1;
    if (extent >= 0 && (own === 1 || own === extent)) continue;
    complain(
      core.ShapeError,
      `The expanded size of the tensor (${extent}) must match the existing size (${own}) at non-singleton dimension ${i}.  Target sizes: ${sizeText(wanted)}.  Tensor sizes: ${sizeText(input.shape)}`,
      {
        op: "expand",
        argument: "size",
        expected: `a shape ${sizeText(input.shape)} expands to`,
        given: sizeText(wanted),
      },
    );
  }
  // The core hands the tensor itself back when nothing is to be done; a result is a handle of its own.
  return viewed(input, (x) => (`${target}` === `${x.shape}` ? core.reshape(x, target) : core.expand(x, target)));
}

const readExpand = forms(
  "Tensor.expand",
  { size: ints, "*": null, implicit: only(false) },
  { "*size": each(int), implicit: only(false) },
);
export const expand: OfTensor<Extents<"size">> = (self, ...args) => {
  const { form, values } = readExpand(args);
  if (form === "1") requireSome("expand", "size", values.size);
  return expanded(self, values.size);
};
export const expand_as: OfTensor<Args<[other: Tensor], { other: Tensor }>> = defineMethod(
  "torch.Tensor.expand_as",
  { other: tensor },
  (self, { other }) => expanded(self, other.shape),
);

/** The tensor repeated so many times along each dimension. */
export const repeat: OfTensor<Extents<"repeats">> = listMethod("repeat", "repeats", (input, times) => {
  for (const count of times)
    if (count < 0)
      complain(core.ShapeError, `Trying to create tensor with negative dimension ${count}`, {
        op: "repeat",
        argument: "repeats",
        expected: "numbers of 0 or more",
        given: sizeText(times),
      });
  const extra = times.length - input.rank;
  if (extra < 0)
    complain(
      core.ShapeError,
      "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
      { op: "repeat", argument: "repeats", expected: `${input.rank} numbers or more`, given: `${times.length}` },
    );
  const shape = times.map((_, i) => input.shape[i - extra] ?? 1);
  return core.scope(() => {
    const spread = core.reshape(
      input.core,
      shape.flatMap((extent) => [1, extent]),
    );
    const repeated = core.expand(
      spread,
      shape.flatMap((extent, i) => [times[i] as number, extent]),
    );
    return wrap(
      core.reshape(
        repeated,
        shape.map((extent, i) => extent * (times[i] as number)),
      ),
    );
  });
});

const flipped = (input: Tensor, dims: readonly number[]): Tensor =>
  // A scalar has no dimension to go along, though PyTorch lets it be named.
  wrap(core.flip(input.core, dimensions("flip", dims, input.rank).slice(0, input.rank)));

/** Elements in reverse order along the given dimensions. */
export const flip: OfDims = native("flip", { input: tensor, dims: ints }, ({ input, dims }) => flipped(input, dims));
export const flipMethod: OfTensor<Extents<"dims">> = listMethod("flip", "dims", flipped);
