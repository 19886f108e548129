// Shapes. view and reshape share memory with their input; everything else here copies (PyTorch shares it where strides allow).
import * as core from "@facet/autograd";
import { complain, dimension, dimensions } from "../errors.js";
import { sizeText } from "../python.js";
import { type Args, signature } from "../signature.js";
import { type Tensor, wrap } from "../tensor.js";

/** A shape as extents or as one list. */
export type Shape = readonly number[] | readonly [readonly number[]];

/** The extents of a shape given either way. */
export function extentsOf(shape: readonly (number | readonly number[])[]): number[] {
  return (Array.isArray(shape[0]) ? shape[0] : shape) as number[];
}

/** Another shape with the same elements; one extent may be -1. */
export function reshape(input: Tensor, ...shape: (number | readonly number[])[]): Tensor {
  const extents = extentsOf(shape);
  try {
    return wrap(core.reshape(input.core, extents));
  } catch (error) {
    if (!(error instanceof core.ShapeError)) throw error;
    return complain(core.ShapeError, `shape '${sizeText(extents)}' is invalid for input of size ${input.core.size}`, {
      op: "reshape",
      argument: "shape",
      expected: error.expected,
      ...(error.given === undefined ? {} : { given: error.given }),
    });
  }
}

export interface FlattenArguments {
  start_dim: number;
  end_dim: number;
}
export type FlattenArgs = Args<[start_dim: number, end_dim: number], FlattenArguments>;
const readFlatten = signature<FlattenArguments>("flatten", { start_dim: 0, end_dim: -1 });

/** Dimensions start_dim to end_dim as one. */
export function flatten(input: Tensor, ...args: FlattenArgs): Tensor {
  const { start_dim, end_dim } = readFlatten(args);
  const start = dimension("flatten", start_dim, input.rank);
  const end = dimension("flatten", end_dim, input.rank);
  if (start > end)
    complain(core.ArgumentError, "flatten() has invalid args: start_dim cannot come after end_dim", {
      op: "flatten",
      argument: "start_dim",
      expected: `at most end_dim ${end}`,
      given: `${start}`,
    });
  const merged = core.sizeOf(input.shape.slice(start, end + 1));
  return wrap(core.reshape(input.core, [...input.shape.slice(0, start), merged, ...input.shape.slice(end + 1)]));
}

/** Dimensions in another order. */
export function permute(input: Tensor, ...dims: (number | readonly number[])[]): Tensor {
  const order = extentsOf(dims);
  if (order.length !== input.rank)
    throw new core.ShapeError({
      op: "permute",
      argument: "dims",
      expected: `${input.rank} dimensions`,
      given: `${order.length}`,
    });
  return wrap(core.transpose(input.core, dimensions("permute", order, input.rank)));
}

/** Two dimensions exchanged. */
export function transpose(input: Tensor, dim0: number, dim1: number): Tensor {
  const [a, b] = [dimension("transpose", dim0, input.rank), dimension("transpose", dim1, input.rank)];
  return wrap(
    core.transpose(
      input.core,
      input.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
    ),
  );
}

/** A matrix transposed; a vector or number unchanged. */
export function t(input: Tensor): Tensor {
  if (input.rank > 2)
    complain(core.ShapeError, `t() expects a tensor with <= 2 dimensions, but self is ${input.rank}D`, {
      op: "t",
      argument: "input",
      expected: "rank 2 or less",
      given: sizeText(input.shape),
    });
  return input.rank < 2 ? input : transpose(input, 0, 1);
}

/** Without the dimensions of extent 1: all of them, or the given ones where they are. */
export function squeeze(input: Tensor, dim?: number | readonly number[]): Tensor {
  const dropped = dim === undefined ? input.shape.map((_, i) => i) : dimensions("squeeze", dim, input.rank);
  return wrap(
    core.reshape(
      input.core,
      input.shape.filter((extent, i) => !(extent === 1 && dropped.includes(i))),
    ),
  );
}

/** With a dimension of extent 1 at `dim` of the result. */
export function unsqueeze(input: Tensor, dim: number): Tensor {
  const at = dimension("unsqueeze", dim, input.rank + 1);
  return wrap(core.reshape(input.core, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]));
}

/** Dimensions of extent 1 repeated up to a shape; -1 leaves one as it is. */
export function expand(input: Tensor, ...sizes: (number | readonly number[])[]): Tensor {
  const wanted = extentsOf(sizes);
  const extra = wanted.length - input.rank;
  const target = wanted.map((extent, i) => (extent === -1 ? (input.shape[i - extra] ?? -1) : extent));
  for (const [i, extent] of target.entries()) {
    const own = input.shape[i - extra] ?? 1;
    if (extra >= 0 && extent >= 0 && (own === 1 || own === extent)) continue;
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
  return wrap(`${target}` === `${input.shape}` ? core.reshape(input.core, target) : core.expand(input.core, target));
}

/** The tensor repeated so many times along each dimension. */
export function repeat(input: Tensor, ...repeats: (number | readonly number[])[]): Tensor {
  const times = extentsOf(repeats);
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
}

export interface JoinArguments {
  dim: number;
}
const readCat = signature<JoinArguments>("cat", { dim: 0 });
const readStack = signature<JoinArguments>("stack", { dim: 0 });

function requireTensors(op: string, tensors: readonly Tensor[]): Tensor {
  const first = tensors[0];
  if (first) return first;
  return complain(core.ArgumentError, `${op}(): expected a non-empty list of Tensors`, {
    op,
    argument: "tensors",
    expected: "at least one",
    given: "none",
  });
}

/** Tensors joined along a dimension. */
export function cat(tensors: readonly Tensor[], ...args: Args<[dim: number], JoinArguments>): Tensor {
  const first = requireTensors("cat", tensors);
  const dim = dimension("cat", readCat(args).dim, first.rank);
  for (const [i, tensor] of tensors.entries()) {
    const at = first.shape.findIndex((extent, j) => j !== dim && extent !== tensor.shape[j]);
    if (tensor.rank === first.rank && at < 0) continue;
    complain(
      core.ShapeError,
      `Sizes of tensors must match except in dimension ${dim}. Expected size ${first.shape[at]} but got size ${tensor.shape[at]} for tensor number ${i} in the list.`,
      {
        op: "cat",
        argument: `tensors[${i}]`,
        expected: `${sizeText(first.shape)} but for dimension ${dim}`,
        given: sizeText(tensor.shape),
      },
    );
  }
  // The core hands a single tensor back as it is; a handle of its own keeps the two apart.
  return tensors.length === 1
    ? first.clone()
    : core.scope(() =>
        wrap(
          core.concat(
            tensors.map((x) => x.core),
            dim,
          ),
        ),
      );
}

/** Tensors of one shape joined along a new dimension. */
export function stack(tensors: readonly Tensor[], ...args: Args<[dim: number], JoinArguments>): Tensor {
  const first = requireTensors("stack", tensors);
  const dim = dimension("stack", readStack(args).dim, first.rank + 1);
  for (const [i, tensor] of tensors.entries()) {
    if (`${tensor.shape}` === `${first.shape}`) continue;
    complain(
      core.ShapeError,
      `stack expects each tensor to be equal size, but got ${sizeText(first.shape)} at entry 0 and ${sizeText(tensor.shape)} at entry ${i}`,
      { op: "stack", argument: `tensors[${i}]`, expected: sizeText(first.shape), given: sizeText(tensor.shape) },
    );
  }
  return core.scope(() =>
    wrap(
      core.stack(
        tensors.map((x) => x.core),
        dim,
      ),
    ),
  );
}

/** `length` elements of a dimension from `start` on. */
export function narrow(input: Tensor, dim: number, start: number, length: number): Tensor {
  const axis = dimension("narrow", dim, input.rank);
  const extent = input.shape[axis] as number;
  const from = start < 0 ? start + extent : start;
  if (!(Number.isInteger(length) && length >= 0 && from >= 0 && from + length <= extent))
    complain(core.ArgumentError, `start (${start}) + length (${length}) exceeds dimension size (${extent}).`, {
      op: "narrow",
      argument: "length",
      expected: `a stretch within ${extent} elements`,
      given: `${length} from ${start}`,
    });
  return wrap(core.sliceAlong(input.core, axis, from, from + length));
}

/** Pieces of `split_size` elements (the last may be shorter), or of the listed sizes, along a dimension. */
export function split(input: Tensor, split_size: number | readonly number[], dim = 0): Tensor[] {
  const axis = dimension("split", dim, input.rank);
  const extent = input.shape[axis] as number;
  const sizes =
    typeof split_size === "number"
      ? Array.from({ length: Math.ceil(extent / split_size) }, (_, i) => Math.min(split_size, extent - i * split_size))
      : split_size;
  if (sizes.reduce((total, size) => total + size, 0) !== extent)
    throw new core.ArgumentError({
      op: "split",
      argument: "split_size",
      expected: `sizes that add up to ${extent}`,
      given: sizeText(sizes),
    });
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return narrow(input, axis, start - size, size);
  });
}

/** At most so many pieces of equal size, the last may be shorter. */
export const chunk = (input: Tensor, chunks: number, dim = 0): Tensor[] => {
  const extent = input.shape[dimension("chunk", dim, input.rank)] as number;
  return split(input, Math.max(1, Math.ceil(extent / chunks)), dim);
};

/** Elements in reverse order along the given dimensions. */
export const flip = (input: Tensor, ...dims: (number | readonly number[])[]): Tensor =>
  wrap(core.flip(input.core, dimensions("flip", extentsOf(dims), input.rank)));
