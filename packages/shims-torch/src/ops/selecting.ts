// What a mask or a value chooses, places by number, and slices put back.
import * as core from "@facet/autograd";
import { type Args, bool, int } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { requireBroadcast } from "./operands.js";
import { asLine, integers } from "./scattering.js";

function masks(op: string, mask: Tensor): core.Tensor {
  if (mask.core.dtype === "bool") return mask.core;
  return complain(core.DtypeError, `${op}: expected BoolTensor for mask`, {
    op,
    argument: "mask",
    expected: "torch.bool",
    given: `${mask.dtype}`,
  });
}

/** The elements where the mask holds, in order; both broadcast. A promise: their number is read. */
export const masked_select: (input: Tensor, ...args: Args<[mask: Tensor], { mask: Tensor } & Out>) => Promise<Tensor> =
  native("masked_select", { input: tensor, mask: tensor, "*": null, out }, async ({ input, mask }) => {
    requireBroadcast("masked_select", input.shape, mask.shape);
    const [x, holds] = [input.core, masks("masked_select", mask)].map((each) => each.alias()) as [
      core.Tensor,
      core.Tensor,
    ];
    x.node = input.core.node;
    return wrap(await core.maskedSelect(core.keep(x), core.keep(holds)));
  });

/**
 * The elements of `source`, in order, where the mask holds. The mask broadcasts. Too few of them are an error at the next read.
 */
export const masked_scatter: (
  input: Tensor,
  ...args: Args<[mask: Tensor, source: Tensor], { mask: Tensor; source: Tensor }>
) => Tensor = native("masked_scatter", { input: tensor, mask: tensor, source: tensor }, ({ input, mask, source }) => {
  if (input.core.dtype !== source.core.dtype)
    complain(core.DtypeError, "masked_scatter_: expected self and source to have same dtypes", {
      op: "masked_scatter",
      argument: "source",
      expected: `${input.dtype}`,
      given: `${source.dtype}`,
    });
  requireBroadcast("masked_scatter", input.shape, mask.shape);
  const own = masks("masked_scatter", mask);
  return core.scope(() => {
    const shape = Array.from(
      { length: Math.max(input.rank, mask.rank) },
      (_, i, rank = Math.max(input.rank, mask.rank)) => {
        const [a, b] = [input.shape.at(i - rank) ?? 1, mask.shape.at(i - rank) ?? 1];
        return input.rank - rank + i < 0 ? b : a === 1 ? b : a;
      },
    );
    const [x, holds] = [core.expand(input.core, shape), core.expand(own, shape)];
    if (x.size === 0) return wrap(core.reshape(x, shape));
    const flat = core.reshape(holds, [holds.size]);
    const none = source.core.size === 0;
    // Where the mask does not hold the number is of no account. Of no source every element is one too many.
    const numbers = none ? 1 : core.sub(core.cumsum(flat, { axis: 0 }), 1);
    const elements = none ? core.full([1], 0, x.dtype) : core.reshape(source.core, [source.core.size]);
    const taken = core.take(elements, core.where(flat, numbers, none ? core.full([], 0, "int32") : 0));
    return wrap(core.where(holds, core.reshape(taken, shape), x));
  });
});

/** Indices of the elements that are not 0: [count, rank], or with `as_tuple` one vector a dimension. A promise. */
export const nonzero: (input: Tensor, ...args: Args<[], { as_tuple: boolean } & Out>) => Promise<Tensor | Tensor[]> =
  native("nonzero", { input: tensor, "*": null, as_tuple: bool.or(false), out }, async ({ input, as_tuple }) => {
    const x = core.keep(core.scope(() => convertCore(as_tuple ? asLine(input.core) : input.core, "bool")).alias());
    try {
      const found = await core.nonzero(x);
      if (!as_tuple) return wrap(found);
      return core.scope(() =>
        Array.from({ length: x.rank }, (_, d) =>
          wrap(core.reshape(core.sliceAlong(found, 1, d, d + 1), [found.shape[0] as number])),
        ),
      );
    } finally {
      x.dispose();
    }
  });
/** Indices of the elements that are not 0: [count, rank]. A promise: their number is read. */
export const argwhere: (input: Tensor) => Promise<Tensor> = native("argwhere", { input: tensor }, async ({ input }) => {
  const x = core.keep(core.scope(() => convertCore(input.core, "bool")).alias());
  try {
    return wrap(await core.nonzero(x));
  } finally {
    x.dispose();
  }
});
/** The first `size` indices of elements that are not 0; where there are fewer, `fill_value`. */
export const nonzero_static: (input: Tensor, ...args: Args<[], { size: number; fill_value: number } & Out>) => Tensor =
  native(
    "nonzero_static",
    { input: tensor, "*": null, size: int, fill_value: int.or(-1), out },
    ({ input, size, fill_value }) => {
      if (size < 0)
        complain(core.ArgumentError, "nonzero_static: 'size' must be an non-negative integer", {
          op: "nonzero_static",
          argument: "size",
          expected: "0 or more",
          given: `${size}`,
        });
      return core.scope(() => wrap(core.nonzeroOfSize(convertCore(input.core, "bool"), size, fill_value)));
    },
  );

export interface TakeAlongArguments extends Out {
  /** The input's rank; both broadcast along the other dimensions. */
  indices: Tensor;
  /** Default null: of the flattened tensor. */
  dim: number | null;
}
/** Elements along a dimension by number. */
export const take_along_dim: (
  input: Tensor,
  ...args: Args<[indices: Tensor, dim: number | null], TakeAlongArguments>
) => Tensor = native(
  "take_along_dim",
  { input: tensor, indices: tensor, dim: int.or(null), "*": null, out },
  ({ input, indices, dim }) => {
    const places = integers("take_along_dim", "indices", indices);
    return core.scope(() => {
      if (dim === null)
        return wrap(core.take(core.reshape(input.core, [input.core.size]), core.reshape(places, [places.size])));
      if (input.rank !== indices.rank)
        complain(
          core.ShapeError,
          `torch.take_along_dim(): input and indices should have the same number of dimensions, but got ${input.rank} dimensions for input, and ${indices.rank} dimensions for indices`,
          {
            op: "take_along_dim",
            argument: "indices",
            expected: `rank ${input.rank}`,
            given: sizeText(indices.shape),
          },
        );
      const axis = dimension("take_along_dim", dim, input.rank);
      const y = core.takeAlongAxis(asLine(input.core), asLine(places), { axis });
      return wrap(input.rank === 0 ? core.reshape(y, []) : y);
    });
  },
);

function requireDims(op: string, sentence: string, input: Tensor, rank: number): void {
  if (input.rank < rank)
    complain(core.ShapeError, sentence, {
      op,
      argument: "input",
      expected: `rank ${rank} or more`,
      given: sizeText(input.shape),
    });
}

/** A row's number from 0, given one that may count from the end. */
function rowNumber(op: string, input: Tensor, axis: number, index: number): number {
  const extent = input.shape[axis] as number;
  if (index < -extent || index >= extent)
    complain(
      core.ArgumentError,
      `${op}(): index ${index} out of range for tensor of size ${sizeText(input.shape)} at dimension ${axis}`,
      {
        op,
        argument: "index",
        expected: `${-extent} to ${extent - 1}`,
        given: `${index}`,
      },
    );
  return index < 0 ? index + extent : index;
}
const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, d) => d !== axis);

/** One slice of a dimension, which goes away. */
export const select: (
  input: Tensor,
  ...args: Args<[dim: number, index: number], { dim: number; index: number }>
) => Tensor = native("select", { input: tensor, dim: int, index: int }, ({ input, dim, index }) => {
  requireDims("select", "select() cannot be applied to a 0-dim tensor.", input, 1);
  const axis = dimension("select", dim, input.rank);
  const at = rowNumber("select", input, axis, index);
  const shape = without(input.shape, axis);
  const inner = core.sizeOf(input.shape.slice(axis + 1));
  const lying = core.sizeOf(input.shape.slice(0, axis)) === 1 ? { at: at * inner } : {};
  return viewed(input, (x) => core.reshape(core.sliceAlong(x, axis, at, at + 1), shape), lying);
});

/** Throws unless src is what stands there; in the input's dtype. */
function fitting(op: string, input: Tensor, src: Tensor, shape: readonly number[]): core.Tensor {
  if (`${src.shape}` !== `${shape}`)
    complain(core.ShapeError, "expected src to have a size equal to the slice of self.", {
      op,
      argument: "src",
      expected: sizeText(shape),
      given: sizeText(src.shape),
    });
  return convertCore(src.core, input.core.dtype);
}
/** The input with one slice of a dimension replaced. */
export const select_scatter: (
  input: Tensor,
  ...args: Args<[src: Tensor, dim: number, index: number], { src: Tensor; dim: number; index: number }>
) => Tensor = native(
  "select_scatter",
  { input: tensor, src: tensor, dim: int, index: int },
  ({ input, src, dim, index }) => {
    requireDims("select_scatter", "select() cannot be applied to a 0-dim tensor.", input, 1);
    const axis = dimension("select_scatter", dim, input.rank);
    const at = rowNumber("select_scatter", input, axis, index);
    return core.scope(() => {
      const source = fitting("select_scatter", input, src, without(input.shape, axis));
      const slice = core.reshape(source, input.shape.with(axis, 1));
      return wrap(
        core.updateSlice(
          input.core,
          slice,
          input.shape.map((_, d) => (d === axis ? at : 0)),
        ),
      );
    });
  },
);

export interface SliceScatterArguments extends Out {
  src: Tensor;
  dim: number;
  /** As in a slice of Python; null for an open end. */
  start: number | null;
  end: number | null;
  step: number;
}
/** The input with a stretch of a dimension replaced. */
export const slice_scatter: (
  input: Tensor,
  ...args: Args<
    [src: Tensor, dim: number, start: number | null, end: number | null, step: number],
    SliceScatterArguments
  >
) => Tensor = native(
  "slice_scatter",
  {
    input: tensor,
    src: tensor,
    dim: int.or(0),
    start: int.or(null),
    end: int.or(null),
    step: int.or(1),
    "*": null,
    out,
  },
  ({ input, src, dim, start, end, step }) => {
    requireDims("slice_scatter", "slice() cannot be applied to a 0-dim tensor.", input, 1);
    if (step < 1)
      complain(core.ArgumentError, "slice step must be positive", {
        op: "slice_scatter",
        argument: "step",
        expected: "1 or more",
        given: `${step}`,
      });
    const axis = dimension("slice_scatter", dim, input.rank);
    const extent = input.shape[axis] as number;
    const clip = (at: number): number => Math.min(extent, Math.max(0, at < 0 ? at + extent : at));
    const from = clip(start ?? 0);
    const count = Math.max(0, Math.ceil((clip(end ?? extent) - from) / step));
    return core.scope(() => {
      const source = fitting("slice_scatter", input, src, input.shape.with(axis, count));
      const along = (value: number, other: number): number[] => input.shape.map((_, d) => (d === axis ? value : other));
      return wrap(
        count === 0
          ? core.reshape(input.core, input.shape)
          : core.updateSlice(input.core, source, along(from, 0), along(step, 1)),
      );
    });
  },
);

export interface UnfoldArguments {
  dimension: number;
  size: number;
  step: number;
}
/** Stretches of `size` elements along a dimension, `step` apart, in a new last dimension. */
export const unfolded = (op: string, input: Tensor, { dimension: dim, size, step }: UnfoldArguments): Tensor => {
  const axis = dimension(op, dim, input.rank, "dimension");
  const extent = input.shape[axis] ?? 1;
  const wrong = (sentence: string, argument: string, expected: string, given: number): never =>
    complain(core.ArgumentError, sentence, { op, argument, expected, given: `${given}` });
  if (size < 0 || size > extent)
    wrong(
      `maximum size for tensor at dimension ${dim} is ${extent} but size is ${size}`,
      "size",
      `0 to ${extent}`,
      size,
    );
  if (step < 1) wrong(`step is ${step} but must be > 0`, "step", "1 or more", step);
  const count = Math.floor((extent - size) / step) + 1;
  if (input.rank === 0)
    return size === 0 ? wrap(core.zeros([0], input.core.dtype)) : viewed(input, (x) => core.reshape(x, [1]));
  const look = (x: core.Tensor): core.Tensor => {
    const places = core.add(
      core.reshape(core.mul(core.arange(0, count, 1, "int32"), step), [count, 1]),
      core.arange(0, size, 1, "int32"),
    );
    const taken = core.take(x, places, { axis });
    const order = [...taken.shape.keys()].filter((d) => d !== axis + 1);
    return core.transpose(taken, [...order, axis + 1]);
  };
  return viewed(input, look, { overlaps: step < size });
};
