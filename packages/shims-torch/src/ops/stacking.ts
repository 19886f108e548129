// Joining along a dimension that the name tells, and splitting by places.
import * as core from "@facet/autograd";
import { type Args, define, int, overloads } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { ints, native, out, tensor, tensors } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { cat, narrowed, pieces, refuseScalar, requireTensors, splitInto } from "./joining.js";
import { atleast_1d, atleast_2d, atleast_3d } from "./rearranging.js";
import { select } from "./selecting.js";

type Stack = (tensors: readonly Tensor[], ...args: Args<[], Out>) => Tensor;
const stacked = (name: string, prepare: (x: Tensor) => Tensor, dim: (first: Tensor) => number): Stack =>
  native(name, { tensors, "*": null, out }, ({ tensors: list }) => {
    requireTensors(name, list);
    return core.scope(() => {
      const made = list.map((x) => prepare(x));
      return cat(made, dim(made[0] as Tensor));
    });
  });
/** Tensors joined along the second dimension, vectors along the first. */
export const hstack = stacked("hstack", atleast_1d, ({ rank }) => (rank === 1 ? 0 : 1));
/** Tensors, vectors as rows, joined along the first dimension. */
export const vstack = stacked("vstack", atleast_2d, () => 0);
/** Tensors joined along the third dimension. */
export const dstack = stacked("dstack", atleast_3d, () => 2);
/** Tensors, vectors as columns, joined along the second dimension. */
export const column_stack = stacked(
  "column_stack",
  (x) => (x.rank <= 1 ? wrap(core.reshape(x.core, [x.core.size, 1])) : x),
  () => 1,
);

/** The slices of a dimension, which goes away. */
export const unbind: (input: Tensor, ...args: Args<[dim: number], { dim: number }>) => Tensor[] = native(
  "unbind",
  { input: tensor, dim: int.or(0) },
  ({ input, dim }) => {
    if (input.rank === 0) refuseScalar("unbind", `Dimension specified as ${dim} but tensor has no dimensions`);
    const axis = dimension("unbind", dim, input.rank);
    const extent = input.shape[axis] as number;
    return Array.from({ length: extent }, (_, i) => select(input, axis, i));
  },
);

type Places = number | readonly number[] | Tensor;
/** Tensors, empty ones too, that one call makes. */
const MOST_PIECES = 2 ** 24;
/** So many pieces, the first ones longer by one where they cannot be equal; or pieces that end at the given places. */
function splitAt(op: string, input: Tensor, given: number | readonly number[], dim: number): Tensor[] {
  if (input.rank === 0)
    refuseScalar(op, `${op} expected at least a 1-dimensional tensor, but got a tensor with 0 dims`);
  const axis = dimension(op, dim, input.rank);
  const extent = input.shape[axis] as number;
  if (typeof given === "number") {
    if (given <= 0)
      complain(core.ArgumentError, `number of sections must be larger than 0, got ${given}`, {
        op,
        argument: "sections",
        expected: "1 or more",
        given: `${given}`,
      });
    if (given > MOST_PIECES)
      throw new core.OutOfMemoryError({
        op,
        argument: "sections",
        expected: `at most ${MOST_PIECES}`,
        given: `${given}`,
      });
    const [least, more] = [Math.floor(extent / given), extent % given];
    return pieces(
      input,
      Array.from({ length: given }, (_, i) => least + (i < more ? 1 : 0)),
      axis,
    );
  }
  const clip = (at: number): number => Math.min(extent, Math.max(0, at < 0 ? at + extent : at));
  const ends = [...given.map(clip), extent];
  return ends.map((end, i) => {
    const start = i === 0 ? 0 : (ends[i - 1] as number);
    return narrowed(input, axis, start, Math.max(start, end) - start);
  });
}

type TensorSplitArgs = Args<
  [indices_or_sections: Places, dim: number],
  { indices: readonly number[]; sections: number; tensor_indices_or_sections: Tensor; dim: number }
>;
const readTensorSplit = overloads(
  "torch.tensor_split",
  { input: tensor, indices: ints, dim: int.or(0) },
  { input: tensor, sections: int, dim: int.or(0) },
  { input: tensor, tensor_indices_or_sections: tensor, dim: int.or(0) },
);
/** Pieces along a dimension: so many, or those that end at the given places. Places in a tensor are refused: they lie on the device. */
export const tensor_split = (input: Tensor, ...args: TensorSplitArgs): Tensor[] => {
  const { form, values } = readTensorSplit([input, ...args]);
  if (form === "2")
    throw new core.UnsupportedError({
      op: "tensor_split",
      argument: "tensor_indices_or_sections",
      expected: "numbers of the host (a tensor would have to be read)",
      given: "a Tensor",
    });
  return splitAt("tensor_split", values.input, form === "0" ? values.indices : values.sections, values.dim);
};

export type Split = (
  input: Tensor,
  ...args: Args<[indices_or_sections: number | readonly number[]], { indices: readonly number[]; sections: number }>
) => Tensor[];
function splitAlong(name: string, rank: number, dim: (input: Tensor) => number): Split {
  const read = overloads(`torch.${name}`, { input: tensor, sections: int }, { input: tensor, indices: ints });
  return (input, ...args) => {
    const { form, values } = read([input, ...args]);
    const x = values.input;
    if (x.rank < rank)
      complain(
        core.ShapeError,
        `torch.${name} requires a tensor with at least ${rank} dimension, but got a tensor with ${x.rank} dimensions!`,
        { op: name, argument: "input", expected: `rank ${rank} or more`, given: sizeText(x.shape) },
      );
    const axis = dim(x);
    if (form === "1") return splitAt(name, x, values.indices, axis);
    const { sections } = values;
    const extent = x.shape[axis] as number;
    if (sections <= 0 || extent % sections !== 0)
      complain(
        core.ArgumentError,
        `torch.${name} attempted to split along dimension ${axis}, but the size of the dimension ${extent} is not divisible by the split_size ${sections}!`,
        { op: name, argument: "sections", expected: `a divisor of ${extent}`, given: `${sections}` },
      );
    return splitAt(name, x, sections, axis);
  };
}
/** Pieces along the second dimension, of a vector along the first. */
export const hsplit = splitAlong("hsplit", 1, ({ rank }) => (rank === 1 ? 0 : 1));
/** Pieces along the first dimension. */
export const vsplit = splitAlong("vsplit", 2, () => 0);
/** Pieces along the third dimension. */
export const dsplit = splitAlong("dsplit", 3, () => 2);

type BySizes = (
  input: Tensor,
  ...args: Args<[split_sizes: readonly number[], dim: number], { split_sizes: readonly number[]; dim: number }>
) => Tensor[];
/** Pieces of the listed sizes. */
export const split_with_sizes: BySizes = native(
  "split_with_sizes",
  { input: tensor, split_sizes: ints, dim: int.or(0) },
  ({ input, split_sizes, dim }) => splitInto(input, split_sizes, dim, "split_sizes"),
);
/** Pieces of one size, the last may be shorter. */
export const unsafe_split: (
  input: Tensor,
  ...args: Args<[split_size: number, dim: number], { split_size: number; dim: number }>
) => Tensor[] = native(
  "unsafe_split",
  { input: tensor, split_size: int, dim: int.or(0) },
  ({ input, split_size, dim }) => splitInto(input, split_size, dim, "split_size"),
);

/** All pairs, triples, ... of elements of vectors, one of each; of one vector itself. */
export const cartesian_prod: (...tensors: readonly Tensor[]) => Tensor = (() => {
  const read = define(
    "torch.cartesian_prod",
    { "*tensors": tensor as never },
    ({ tensors: list }) => list as unknown as readonly Tensor[],
  );
  return (...args: readonly Tensor[]) => {
    const list = requireTensors("cartesian_prod", read(...args)) && read(...args);
    for (const [i, x] of list.entries()) {
      if (x.rank !== 1)
        complain(core.ShapeError, `Expect a 1D vector, but got shape ${sizeText(x.shape)}`, {
          op: "cartesian_prod",
          argument: `tensors[${i}]`,
          expected: "rank 1",
          given: sizeText(x.shape),
        });
      if (x.dtype !== (list[0] as Tensor).dtype)
        complain(core.DtypeError, "meshgrid expects all tensors to have the same dtype", {
          op: "cartesian_prod",
          argument: `tensors[${i}]`,
          expected: `${(list[0] as Tensor).dtype}`,
          given: `${x.dtype}`,
        });
    }
    if (list.length === 1) return wrap(core.reshape((list[0] as Tensor).core, (list[0] as Tensor).shape));
    return core.scope(() => {
      const grids = core.meshgrid(list.map((x) => x.core));
      return wrap(
        core.stack(
          grids.map((x) => core.reshape(x, [x.size])),
          1,
        ),
      );
    });
  };
})();
