// Elements and rows put where an index says.
import * as core from "@facet/autograd";
import { type Args, bool, int, listOf, oneOf } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { forms, native, type Operand, operand, out, scalar, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { scalarOf } from "./scalar.js";

/** Indices, which are integers. */
export function integers(op: string, argument: string, index: Tensor): core.Tensor {
  if (index.core.dtype === "int32") return index.core;
  return complain(core.DtypeError, `${op}(): Expected dtype int64 for index`, {
    op,
    argument,
    expected: "torch.int64",
    given: `${index.dtype}`,
  });
}

function requireSame(op: string, argument: string, input: Tensor, source: Tensor): void {
  if (input.core.dtype === source.core.dtype) return;
  complain(core.DtypeError, `${op}(): self and ${argument} must have the same scalar type`, {
    op,
    argument,
    expected: `${input.dtype}`,
    given: `${source.dtype}`,
  });
}

/** A tensor without dimensions as one of one element. */
export const asLine = (x: core.Tensor): core.Tensor => (x.rank === 0 ? core.reshape(x, [1]) : x);

/** What combines integers as bools. */
function computed(x: core.Tensor, body: (x: core.Tensor, as: (y: core.Tensor) => core.Tensor) => core.Tensor): Tensor {
  const { dtype } = x;
  if (dtype !== "bool") return wrap(body(x, (y) => y));
  return wrap(
    core.cast(
      body(core.cast(x, "int32"), (y) => core.cast(y, "int32")),
      "bool",
    ),
  );
}

/** Rows by number: a vector, or one number. */
function rowNumbers(op: string, index: Tensor): core.Tensor {
  const rows = integers(op, "index", index);
  if (index.rank > 1)
    complain(core.ShapeError, `${op}(): Index is supposed to be a vector`, {
      op,
      argument: "index",
      expected: "rank 1",
      given: sizeText(index.shape),
    });
  return asLine(rows);
}

export interface IndexFillArguments {
  dim: number;
  index: Tensor;
  /** A number, or a tensor without dimensions. */
  value: Operand;
}
export type IndexFillArgs = Args<[dim: number, index: Tensor, value: Operand], IndexFillArguments>;
/** `value` in the rows of a dimension that the index, a vector, names. */
export const index_fill: (input: Tensor, ...args: IndexFillArgs) => Tensor = native(
  "index_fill",
  { input: tensor, dim: int, index: tensor, value: operand },
  ({ input, dim, index, value }) => {
    const axis = dimension("index_fill", dim, input.rank);
    const rows = rowNumbers("index_fill", index);
    if (value instanceof Tensor && value.rank > 0)
      complain(
        core.ShapeError,
        `index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.rank} dimension(s).`,
        {
          op: "index_fill",
          argument: "value",
          expected: "a number or a tensor of rank 0",
          given: sizeText(value.shape),
        },
      );
    const { dtype } = input.core;
    return core.scope(() => {
      const filling =
        value instanceof Tensor
          ? convertCore(value.core, dtype)
          : core.full([], scalarOf("index_fill", value, dtype), dtype);
      return computed(asLine(input.core), (x, as) =>
        core.reshape(core.scatterRows(x, rows, as(filling), { axis }), input.shape),
      );
    });
  },
);

export interface RowsArguments extends Out {
  dim: number;
  index: Tensor;
  /** In the input's shape, with as many rows as the index names. */
  source: Tensor;
}

function rowsOf(op: string, input: Tensor, { dim, index, source }: Omit<RowsArguments, "out">) {
  const axis = dimension(op, dim, input.rank);
  const rows = rowNumbers(op, index);
  requireSame(op, "source", input, source);
  const expected = (input.rank === 0 ? [1] : input.shape).map((extent, d) => (d === axis ? rows.size : extent));
  const given = source.rank === 0 ? [1] : source.shape;
  if (`${given}` !== `${expected}`)
    complain(core.ShapeError, `${op}(): Source/destination tensor must have same slice shapes.`, {
      op,
      argument: "source",
      expected: sizeText(expected),
      given: sizeText(source.shape),
    });
  return { axis, rows, source: asLine(source.core), x: asLine(input.core) };
}

export type IndexAddArgs = Args<
  [dim: number, index: Tensor, source: Tensor],
  RowsArguments & { alpha: number | boolean }
>;
/** alpha times the rows of `source` added to the rows that the index names. */
export const index_add: (input: Tensor, ...args: IndexAddArgs) => Tensor = native(
  "index_add",
  { input: tensor, dim: int, index: tensor, source: tensor, "*": null, alpha: scalar.or(1), out },
  ({ input, alpha, ...given }) =>
    core.scope(() => {
      const { axis, rows, source, x } = rowsOf("index_add", input, given);
      return computed(x, (own, as) => {
        const added =
          Number(alpha) === 1
            ? as(source)
            : core.checked.mul(as(source), Number(scalarOf("index_add", alpha, own.dtype)));
        return core.reshape(core.scatterRows(own, rows, added, { axis, combination: "add" }), input.shape);
      });
    }),
);
export type IndexCopyArgs = Args<[dim: number, index: Tensor, source: Tensor], RowsArguments>;
/** The rows of `source` in the place of the rows that the index names. */
export const index_copy: (input: Tensor, ...args: IndexCopyArgs) => Tensor = native(
  "index_copy",
  { input: tensor, dim: int, index: tensor, source: tensor, "*": null, out },
  ({ input, ...given }) =>
    core.scope(() => {
      const { axis, rows, source, x } = rowsOf("index_copy", input, given);
      return computed(x, (own, as) => core.reshape(core.scatterRows(own, rows, as(source), { axis }), input.shape));
    }),
);

export interface IndexReduceArguments extends RowsArguments {
  reduce: "prod" | "mean" | "amax" | "amin";
  /** Whether what the input holds is combined too; default true. */
  include_self: boolean;
}
export type IndexReduceArgs = Args<
  [dim: number, index: Tensor, source: Tensor, reduce: IndexReduceArguments["reduce"]],
  IndexReduceArguments
>;
/** The rows of `source` combined with the rows that the index names. */
export const index_reduce: (input: Tensor, ...args: IndexReduceArgs) => Tensor = native(
  "index_reduce",
  {
    ...{ input: tensor, dim: int, index: tensor, source: tensor, reduce: oneOf("prod", "mean", "amax", "amin") },
    ...{ "*": null, include_self: true, out },
  },
  ({ input, reduce, include_self, ...given }) =>
    core.scope(() => {
      const { axis, rows, source, x } = rowsOf("index_reduce", input, given);
      return computed(x, (own, as) =>
        core.reshape(
          core.scatterReduceRows(own, rows, as(source), { axis, reduction: reduce, includeSelf: include_self }),
          input.shape,
        ),
      );
    }),
);

export interface ScatterArguments extends Out {
  dim: number;
  /** The input's rank; smaller than it, and than src, along the other dimensions. */
  index: Tensor;
  src: Tensor;
}

function placed(
  op: string,
  input: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor | core.Tensor,
  body: (x: core.Tensor, index: core.Tensor, source: core.Tensor, axis: number) => core.Tensor,
): Tensor {
  const axis = dimension(op, dim, input.rank);
  const places =
    index.core.size === 0 && index.core.dtype !== "int32"
      ? core.full(index.shape, 0, "int32")
      : integers(op, "index", index);
  if (src instanceof Tensor) requireSame(op, "src", input, src);
  const source = src instanceof Tensor ? src.core : src;
  if (index.core.size === 0) return wrap(core.reshape(input.core, input.shape));
  return computed(input.core, (x, as) => body(x, places, as(source), axis));
}

const readScatter = forms(
  "scatter",
  { input: tensor, dim: int, index: tensor, src: tensor, "*": null, reduce: oneOf("add", "multiply").or(null), out },
  { input: tensor, dim: int, index: tensor, value: scalar, "*": null, reduce: oneOf("add", "multiply").or(null), out },
);
export interface ScatterOptions extends ScatterArguments {
  value: number | boolean;
  /** Default null: what is put replaces what was there; of several the last stays. */
  reduce: "add" | "multiply" | null;
}
export type ScatterArgs = Args<[dim: number, index: Tensor, src: Tensor | number | boolean], ScatterOptions>;
/** `src`, or one value, put at the places along `dim` that the index names. */
export const scatter = (input: Tensor, ...args: ScatterArgs): Tensor => {
  const { form, values } = readScatter([input, ...args]);
  const { input: target, dim, index, reduce } = values;
  const { dtype } = target.core;
  return core.scope(() => {
    const src = form === "0" ? values.src : core.full([], scalarOf("scatter", values.value, dtype), dtype);
    const combination = reduce === null ? "set" : reduce === "add" ? "add" : "mul";
    return placed("scatter", target, dim, index, src, (x, places, source, axis) =>
      core.scatterAlong(x, places, source, { axis, combination, negative: false }),
    );
  });
};
/** `src` added at the places along `dim` that the index names. */
export const scatter_add: (
  input: Tensor,
  ...args: Args<[dim: number, index: Tensor, src: Tensor], ScatterArguments>
) => Tensor = native(
  "scatter_add",
  { input: tensor, dim: int, index: tensor, src: tensor, "*": null, out },
  ({ input, dim, index, src }) =>
    core.scope(() =>
      placed("scatter_add", input, dim, index, src, (x, places, source, axis) =>
        core.scatterAlong(x, places, source, { axis, combination: "add", negative: false }),
      ),
    ),
);

export interface ScatterReduceArguments extends ScatterArguments {
  reduce: core.ScatterReduction;
  /** Whether what the input holds is combined too; default true. */
  include_self: boolean;
}
export type ScatterReduceArgs = Args<
  [dim: number, index: Tensor, src: Tensor, reduce: core.ScatterReduction],
  ScatterReduceArguments
>;
/** `src` combined with what is at the places along `dim` that the index names. */
export const scatter_reduce: (input: Tensor, ...args: ScatterReduceArgs) => Tensor = native(
  "scatter_reduce",
  {
    ...{ input: tensor, dim: int, index: tensor, src: tensor, reduce: oneOf("sum", "prod", "mean", "amax", "amin") },
    ...{ "*": null, include_self: true, out },
  },
  ({ input, dim, index, src, reduce, include_self }) =>
    core.scope(() =>
      placed("scatter_reduce", input, dim, index, src, (x, places, source, axis) =>
        core.scatterReduce(x, places, source, { axis, reduction: reduce, includeSelf: include_self, negative: false }),
      ),
    ),
);

/** Elements of the flattened tensor by number; negative ones count from the end. */
export const take: (input: Tensor, ...args: Args<[index: Tensor], { index: Tensor } & Out>) => Tensor = native(
  "take",
  { input: tensor, index: tensor, "*": null, out },
  ({ input, index }) => {
    const places = integers("take", "index", index);
    if (input.core.size === 0 && places.size > 0)
      complain(core.ArgumentError, "take(): tried to take from an empty tensor", {
        op: "take",
        argument: "index",
        expected: "no numbers",
        given: `${places.size}`,
      });
    return core.scope(() => {
      const flat = core.reshape(input.core, [input.core.size]);
      return wrap(core.reshape(core.take(flat, core.reshape(places, [places.size])), index.shape));
    });
  },
);

export interface PutArguments {
  index: Tensor;
  /** As many elements as the index has. */
  source: Tensor;
  /** Whether they are added; default false: they replace. */
  accumulate: boolean;
}
/** Elements put into the flattened tensor by number. */
export const put: (
  input: Tensor,
  ...args: Args<[index: Tensor, source: Tensor, accumulate: boolean], PutArguments>
) => Tensor = native(
  "put",
  { input: tensor, index: tensor, source: tensor, accumulate: false },
  ({ input, index, source, accumulate }) => {
    const places = integers("put", "index", index);
    requireSame("put", "source", input, source);
    if (places.size !== source.core.size)
      complain(
        core.ShapeError,
        `put_(): Expected source and index to have the same number of elements, but got source.numel() = ${source.core.size}, index.numel() = ${places.size}`,
        {
          op: "put",
          argument: "source",
          expected: `${places.size} elements`,
          given: sizeText(source.shape),
        },
      );
    return core.scope(() => {
      const [index, given] = [places, source.core].map((x) => core.reshape(x, [x.size])) as [core.Tensor, core.Tensor];
      const combination = accumulate ? "add" : "set";
      return computed(core.reshape(input.core, [input.core.size]), (x, as) =>
        core.reshape(places.size === 0 ? x : core.scatterElements(x, index, as(given), { combination }), input.shape),
      );
    });
  },
);

export interface IndexPutArguments {
  /** For every dimension, or the first ones, numbers of rows; they broadcast. Masks are refused. */
  indices: readonly Tensor[];
  /** Broadcasts to what the indices name. */
  values: Tensor;
  accumulate: boolean;
}
export type IndexPutArgs = Args<[indices: readonly Tensor[], values: Tensor, accumulate: boolean], IndexPutArguments>;
/** Elements put where several indices name them. */
export const index_put: (input: Tensor, ...args: IndexPutArgs) => Tensor = native(
  "index_put",
  { input: tensor, indices: listOf(tensor), values: tensor, accumulate: bool.or(false) },
  ({ input, indices, values, accumulate }) => {
    for (const [i, index] of indices.entries())
      if (index.core.dtype === "bool")
        throw new core.UnsupportedError({
          op: "index_put",
          argument: `indices[${i}]`,
          expected: "numbers of rows (masked_fill and masked_scatter take masks)",
          given: "torch.bool",
        });
    requireSame("index_put", "values", input, values);
    const places = indices.map((index, i) => integers("index_put", `indices[${i}]`, index));
    return core.scope(() =>
      computed(input.core, (x, as) =>
        core.indexPut(x, places, as(values.core), { combination: accumulate ? "add" : "set" }),
      ),
    );
  },
);
