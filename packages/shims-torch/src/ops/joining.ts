// Joining and splitting. What they give is a copy (PyTorch's pieces share memory with their input).
import * as core from "@facet/autograd";
import { type Args, define, defineMethod, int } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { dims, ints, native, out, tensor, tensors } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import type { OfTensor } from "./shape.js";

export interface JoinArguments extends Out {
  dim: number;
}
export type JoinArgs = Args<[dim: number], JoinArguments>;

export function requireTensors(op: string, list: readonly Tensor[]): Tensor {
  const first = list[0];
  if (first) return first;
  return complain(core.ArgumentError, `${op}(): expected a non-empty list of Tensors`, {
    op,
    argument: "tensors",
    expected: "at least one",
    given: "none",
  });
}

/** The tensors in the dtype that they have in common. */
function alike(list: readonly Tensor[]): core.Tensor[] {
  const common = list.map((each) => each.core.dtype).reduce(core.promoteTypes);
  return list.map((each) => convertCore(each.core, common));
}

/** Vectors of no elements count as nothing, as in PyTorch, where anything else is there. */
const isNothing = ({ shape }: Tensor): boolean => shape.length === 1 && shape[0] === 0;

/** Tensors joined along a dimension, in the dtype they have in common. */
export const cat: (tensors: readonly Tensor[], ...args: JoinArgs) => Tensor = native(
  "cat",
  { tensors, dim: int.or(0), "*": null, out },
  (given) => {
    const list = given.tensors;
    const first = list.find((each) => !isNothing(each)) ?? requireTensors("cat", list);
    const dim = dimension("cat", given.dim, first.rank);
    for (const [i, each] of list.entries()) {
      if (each.rank === 0)
        complain(core.ShapeError, `zero-dimensional tensor (at position ${i}) cannot be concatenated`, {
          op: "cat",
          argument: `tensors[${i}]`,
          expected: "rank 1 or more",
          given: "[]",
        });
      const at = first.shape.findIndex((extent, j) => j !== dim && extent !== each.shape[j]);
      if (isNothing(each) || (each.rank === first.rank && at < 0)) continue;
      complain(
        core.ShapeError,
        each.rank === first.rank
          ? `Sizes of tensors must match except in dimension ${dim}. Expected size ${first.shape[at]} but got size ${each.shape[at]} for tensor number ${i} in the list.`
          : `Tensors must have same number of dimensions: got ${first.rank} and ${each.rank}`,
        {
          op: "cat",
          argument: `tensors[${i}]`,
          expected: `${sizeText(first.shape)} but for dimension ${dim}`,
          given: sizeText(each.shape),
        },
      );
    }
    return core.scope(() => {
      // A part that counts as nothing has a gradient all the same.
      const parts = alike(list).flatMap((part, i) => {
        if (list[i] === first || !isNothing(list[i] as Tensor)) return [part];
        return core.isTracked(part) ? [core.reshape(part, first.shape.with(dim, 0))] : [];
      });
      // The core hands a single tensor back as it is; memory of its own keeps the two apart.
      return wrap(parts.length === 1 ? copyOf(parts[0] as core.Tensor) : core.concat(parts, dim));
    });
  },
);

/** Tensors of one shape joined along a new dimension, in the dtype they have in common. */
export const stack: (tensors: readonly Tensor[], ...args: JoinArgs) => Tensor = native(
  "stack",
  { tensors, dim: int.or(0), "*": null, out },
  (given) => {
    const list = given.tensors;
    const first = requireTensors("stack", list);
    const dim = dimension("stack", given.dim, first.rank + 1);
    for (const [i, each] of list.entries()) {
      if (`${each.shape}` === `${first.shape}`) continue;
      complain(
        core.ShapeError,
        `stack expects each tensor to be equal size, but got ${sizeText(first.shape)} at entry 0 and ${sizeText(each.shape)} at entry ${i}`,
        { op: "stack", argument: `tensors[${i}]`, expected: sizeText(first.shape), given: sizeText(each.shape) },
      );
    }
    return core.scope(() => wrap(core.stack(alike(list), dim)));
  },
);

export interface NarrowArguments {
  dim: number;
  start: number | Tensor;
  length: number;
}
export type NarrowArgs = Args<[dim: number, start: number | Tensor, length: number], NarrowArguments>;

/** `length` elements of a dimension from `start` on. */
export const narrow: (input: Tensor, ...args: NarrowArgs) => Tensor = native(
  "narrow",
  { input: tensor, dim: int, start: int.either(tensor), length: int },
  ({ input, dim, start: first, length }) => {
    if (first instanceof Tensor) return narrowedFrom(input, dim, first, length);
    const start = first;
    if (input.rank === 0) refuseScalar("narrow", "narrow() cannot be applied to a 0-dim tensor.");
    const axis = dimension("narrow", dim, input.rank);
    const extent = input.shape[axis] as number;
    const from = start < 0 ? start + extent : start;
    if (length < 0)
      complain(core.ArgumentError, "narrow(): length must be non-negative.", {
        op: "narrow",
        argument: "length",
        expected: "0 or more",
        given: `${length}`,
      });
    if (!(from >= 0 && from + length <= extent))
      complain(core.ArgumentError, `start (${start}) + length (${length}) exceeds dimension size (${extent}).`, {
        op: "narrow",
        argument: from >= 0 && from <= extent ? "length" : "start",
        expected: `a stretch within ${extent} elements`,
        given: `${length} from ${start}`,
      });
    return narrowed(input, axis, from, length);
  },
);

/** A stretch from where a tensor of one integer says: a copy, whose places are read on the device. */
function narrowedFrom(input: Tensor, dim: number, start: Tensor, length: number): Tensor {
  if (start.core.size !== 1 || start.core.dtype !== "int32")
    complain(core.ArgumentError, "start must be an 0-dim integral Tensor.", {
      op: "narrow",
      argument: "start",
      expected: "one integer",
      given: `${start.dtype} ${sizeText(start.shape)}`,
    });
  if (input.rank === 0) refuseScalar("narrow", "narrow() cannot be applied to a 0-dim tensor.");
  const axis = dimension("narrow", dim, input.rank);
  const extent = input.shape[axis] as number;
  return core.scope(() => {
    const from = core.reshape(start.core, [1]);
    const whole = core.where(core.less(from, 0), core.add(from, extent), from);
    const rows = core.add(whole, core.arange(0, length, 1, "int32"));
    if (length === 0) return narrowed(input, axis, 0, 0);
    return wrap(core.take(input.core, rows, { axis }));
  });
}

/** A stretch of a dimension, as a view. */
export function narrowed(input: Tensor, axis: number, from: number, length: number): Tensor {
  const inner = core.sizeOf(input.shape.slice(axis + 1));
  const at = core.sizeOf(input.shape.slice(0, axis)) === 1 ? from * inner : undefined;
  return viewed(input, (x) => core.sliceAlong(x, axis, from, from + length), { at });
}

export function refuseScalar(op: string, sentence: string): never {
  return complain(core.ShapeError, sentence, { op, argument: "input", expected: "rank 1 or more", given: "[]" });
}

export function pieces(input: Tensor, sizes: readonly number[], axis: number): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return narrowed(input, axis, start - size, size);
  });
}

export function splitInto(input: Tensor, sizes: number | readonly number[], dim: number, argument: string): Tensor[] {
  if (input.rank === 0) refuseScalar("split", "split expects at least a 1-dimensional tensor");
  const axis = dimension("split", dim, input.rank);
  const extent = input.shape[axis] as number;
  const wrong = (sentence: string): never =>
    complain(core.ArgumentError, sentence, {
      op: "split",
      argument,
      expected: typeof sizes === "number" ? "a size of 1 or more" : `sizes of 0 or more that add up to ${extent}`,
      given: typeof sizes === "number" ? `${sizes}` : sizeText(sizes),
    });
  if (typeof sizes === "number") {
    if (sizes < 0) wrong(`split expects split_size be non-negative, but got split_size=${sizes}`);
    if (sizes === 0 && extent > 0)
      wrong(`split_size can only be 0 if dimension size is 0, but got dimension size of ${extent}`);
    const count = sizes === 0 ? 1 : Math.max(1, Math.ceil(extent / sizes));
    return pieces(
      input,
      Array.from({ length: count }, (_, i) => Math.min(sizes, extent - i * sizes)),
      axis,
    );
  }
  if (sizes.some((size) => size < 0))
    wrong(
      `split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${sizeText(sizes)}`,
    );
  if (sizes.reduce((total, size) => total + size, 0) !== extent)
    wrong(
      `split_with_sizes expects split_sizes to sum exactly to ${extent} (input tensor's size at dimension ${axis}), but got split_sizes=${sizeText(sizes)}`,
    );
  return pieces(input, sizes, axis);
}

type Sizes = number | readonly number[];

/** Pieces of `split_size_or_sections` elements (the last may be shorter), or of the listed sizes, along a dimension. */
export const split: (
  tensor: Tensor,
  ...args: Args<[split_size_or_sections: Sizes, dim: number], { split_size_or_sections: Sizes; dim: number }>
) => Tensor[] = define(
  "torch.split",
  { tensor, split_size_or_sections: dims, dim: int.or(0) },
  ({ tensor, split_size_or_sections, dim }) => splitInto(tensor, split_size_or_sections, dim, "split_size_or_sections"),
);
export const splitMethod: OfTensor<
  Args<[split_size: Sizes, dim: number], { split_size: Sizes; dim: number }>,
  Tensor[]
> = defineMethod("torch.Tensor.split", { split_size: dims, dim: int.or(0) }, (self, { split_size, dim }) =>
  splitInto(self, split_size, dim, "split_size"),
);

type Unsafe<Name extends string> = OfTensor<
  Args<[sizes: Sizes, dim: number], { readonly [K in Name]: Sizes } & { dim: number }>,
  Tensor[]
>;
/** As split. */
export const unsafeSplitMethod: Unsafe<"split_size"> = defineMethod(
  "torch.Tensor.unsafe_split",
  { split_size: int, dim: int.or(0) },
  (self, { split_size, dim }) => splitInto(self, split_size, dim, "split_size"),
);
/** As split_with_sizes. */
export const unsafeSizes: Unsafe<"split_sizes"> = defineMethod(
  "torch.Tensor.unsafe_split_with_sizes",
  { split_sizes: ints, dim: int.or(0) },
  (self, { split_sizes, dim }) => splitInto(self, split_sizes, dim, "split_sizes"),
);
export const unsafe_split_with_sizes: (
  input: Tensor,
  ...args: Args<[split_sizes: readonly number[], dim: number], { split_sizes: readonly number[]; dim: number }>
) => Tensor[] = native(
  "unsafe_split_with_sizes",
  { input: tensor, split_sizes: ints, dim: int.or(0) },
  ({ input, split_sizes, dim }) => splitInto(input, split_sizes, dim, "split_sizes"),
);

export type ChunkArgs = Args<[chunks: number, dim: number], { chunks: number; dim: number }>;

/** At most so many pieces of equal size, the last may be shorter; of nothing as many as asked for. */
export const chunk: (input: Tensor, ...args: ChunkArgs) => Tensor[] = native(
  "chunk",
  { input: tensor, chunks: int, dim: int.or(0) },
  ({ input, chunks, dim }) => {
    if (input.rank === 0) refuseScalar("chunk", "chunk expects at least a 1-dimensional tensor");
    if (chunks <= 0)
      complain(core.ArgumentError, `chunk expects \`chunks\` to be greater than 0, got: ${chunks}`, {
        op: "chunk",
        argument: "chunks",
        expected: "1 or more",
        given: `${chunks}`,
      });
    const axis = dimension("chunk", dim, input.rank);
    const extent = input.shape[axis] as number;
    if (extent === 0) return pieces(input, Array(chunks).fill(0), axis);
    return splitInto(input, Math.ceil(extent / chunks), axis, "chunks");
  },
);
