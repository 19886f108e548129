import * as core from "@facet/autograd";
import { type Args, defineMethod, int, Kind, only, signature } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { each, native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { integers } from "./scattering.js";

/** One index of `tensor.get(...)`: an element, [start, stop] or [start, stop, step] (null for an open end), ":" for all, null for a new dimension, or row numbers. */
export type Index = number | readonly [number | null, number | null, number?] | ":" | null | Tensor;

const end = (value: unknown): boolean => value === null || Number.isInteger(value);
const indexKind = new Kind<Index>(
  "a number, [start, stop], [start, stop, step], ':', null or a Tensor",
  (value) =>
    value === null ||
    value === ":" ||
    Number.isInteger(value) ||
    value instanceof Tensor ||
    (Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every(end)),
);

const readGet = signature("torch.Tensor.get", { "*index": each(indexKind) });
/** x.get(i, [a, b], ":") is Python's x[i, a:b, :]. The result is a copy. */
export const get = (self: Tensor, ...args: Index[]): Tensor => at(self, readGet(args).index);

/** Elements start to stop of the first dimension: x[start:stop]. */
export const slice: (
  self: Tensor,
  ...args: Args<[start: number | null, stop: number | null], { start: number | null; stop: number | null }>
) => Tensor = defineMethod("torch.Tensor.slice", { start: int.or(null), stop: int.or(null) }, (self, { start, stop }) =>
  at(self, [[start, stop]]),
);

/** x[i, a:b, ...]. A number out of range throws; slices are cut to the extent, as in Python; steps must be positive. */
function at(input: Tensor, indices: readonly Index[]): Tensor {
  const used = indices.filter((index) => index !== null).length;
  if (used > input.rank)
    complain(core.ArgumentError, `too many indices for tensor of dimension ${input.rank}`, {
      op: "get",
      argument: "index",
      expected: `at most ${input.rank}`,
      given: `${used}`,
    });
  return core.scope(() => {
    let x = input.core;
    const starts: number[] = [];
    const stops: number[] = [];
    const steps: number[] = [];
    const shape: number[] = [];
    const rows: { axis: number; index: Tensor }[] = [];
    let axis = 0;
    for (const index of [...indices, ...Array.from({ length: input.rank - used }, () => ":" as const)]) {
      if (index === null) {
        shape.push(1);
        continue;
      }
      const extent = input.shape[axis] as number;
      const [start, stop, step] = bounds(index, extent, axis);
      starts.push(start);
      stops.push(stop);
      steps.push(step);
      if (index instanceof Tensor) rows.push({ axis: shape.length, index });
      if (typeof index !== "number") shape.push(Math.max(0, Math.ceil((stop - start) / step)));
      axis += 1;
    }
    if (rows.length > 1)
      throw new core.UnsupportedError({
        op: "get",
        argument: "index",
        expected: "at most one tensor of row numbers",
        given: `${rows.length}`,
      });
    x = core.reshape(core.slice(x, starts, stops, steps), shape);
    const [row] = rows;
    return row ? selectRows("get", wrap(x), row.axis, fromEnd(row.index, shape[row.axis] as number)) : wrap(x);
  });
}

/** Row numbers of which negative ones count from the end. */
function fromEnd(index: Tensor, extent: number): Tensor {
  const rows = integers("get", "index", index);
  return wrap(core.where(core.less(rows, 0), core.add(rows, extent), rows));
}

function bounds(index: Exclude<Index, null>, extent: number, axis: number): [number, number, number] {
  if (index === ":" || index instanceof Tensor) return [0, extent, 1];
  if (typeof index === "number") {
    if (!Number.isInteger(index) || index < -extent || index >= extent)
      complain(core.ArgumentError, `index ${index} is out of bounds for dimension ${axis} with size ${extent}`, {
        op: "get",
        argument: "index",
        expected: `${-extent} to ${extent - 1}`,
        given: `${index}`,
      });
    const at = index < 0 ? index + extent : index;
    return [at, at + 1, 1];
  }
  const [start, stop, step = 1] = index;
  if (!(Number.isInteger(step) && step > 0))
    complain(core.ArgumentError, "step must be greater than zero", {
      op: "get",
      argument: "step",
      expected: "a positive integer",
      given: `${step}`,
    });
  const clip = (at: number): number => Math.min(extent, Math.max(0, at < 0 ? at + extent : at));
  const from = clip(start ?? 0);
  return [from, Math.max(from, clip(stop ?? extent)), step];
}

/** Rows along `axis` by number, each dimension of `index` in its place. */
function selectRows(op: string, input: Tensor, axis: number, index: Tensor): Tensor {
  const rows = integers(op, "index", index);
  const front = [axis, ...input.shape.map((_, i) => i).filter((i) => i !== axis)];
  const x = axis === 0 ? input.core : core.transpose(input.core, front);
  const picked = core.gather(x, core.reshape(rows, [rows.size]));
  const back = input.shape.map((_, i) => front.indexOf(i));
  const placed = axis === 0 ? picked : core.transpose(picked, back);
  return wrap(core.reshape(placed, [...input.shape.slice(0, axis), ...index.shape, ...input.shape.slice(axis + 1)]));
}

export interface IndexSelectArguments extends Out {
  dim: number;
  index: Tensor;
}
export type IndexSelectArgs = Args<[dim: number, index: Tensor], IndexSelectArguments>;

/** Rows of a dimension by number: `index` is a vector of int64. A number that is no row throws at the next read. */
export const index_select: (input: Tensor, ...args: IndexSelectArgs) => Tensor = native(
  "index_select",
  { input: tensor, dim: int, index: tensor, "*": null, out },
  ({ input, dim, index }) => {
    const axis = dimension("index_select", dim, input.rank);
    if (index.rank > 1)
      complain(core.ShapeError, "index_select(): Index is supposed to be a vector", {
        op: "index_select",
        argument: "index",
        expected: "rank 1",
        given: sizeText(index.shape),
      });
    if (input.rank === 0 && index.core.size !== 1)
      complain(
        core.ShapeError,
        `index_select(): Index to scalar can have only 1 value, got ${index.core.size} value(s)`,
        { op: "index_select", argument: "index", expected: "one number", given: sizeText(index.shape) },
      );
    return core.scope(() => {
      const rows = wrap(core.reshape(index.core, [index.core.size]));
      if (input.rank > 0) return selectRows("index_select", input, axis, rows);
      return wrap(core.reshape(selectRows("index_select", wrap(core.reshape(input.core, [1])), 0, rows).core, []));
    });
  },
);

export interface GatherArguments extends Out {
  dim: number;
  index: Tensor;
  /** Taken; gradients are never sparse. */
  sparse_grad: boolean;
}
export type GatherArgs = Args<[dim: number, index: Tensor], GatherArguments>;

/** Element index[i, j, ...] along `dim` for every other coordinate of `index`: out[i][j] = input[index[i][j]][j] for dim 0. */
export const gather: (input: Tensor, ...args: GatherArgs) => Tensor = native(
  "gather",
  { input: tensor, dim: int, index: tensor, "*": null, sparse_grad: only(false), out },
  ({ input, dim, index }) => {
    const axis = dimension("gather", dim, input.rank);
    const rows = integers("gather", "index", index);
    if (index.core.size === 0)
      return core.scope(() =>
        wrap(core.reshape(core.sliceAlong(core.reshape(input.core, [input.core.size]), 0, 0, 0), index.shape)),
      );
    // A tensor without dimensions counts as one of one element.
    const shape = input.rank === 0 ? [1] : input.shape;
    const own = index.rank === 0 ? [1] : index.shape;
    if (own.length !== shape.length)
      complain(core.ShapeError, "Index tensor must have the same number of dimensions as input tensor", {
        op: "gather",
        argument: "index",
        expected: `rank ${input.rank}`,
        given: sizeText(index.shape),
      });
    if (!own.every((extent, i) => i === axis || extent <= (shape[i] as number)))
      complain(
        core.ShapeError,
        `Size does not match at dimension ${own.findIndex((extent, i) => i !== axis && extent > (shape[i] as number))} expected index ${sizeText(own)} to be no larger than self ${sizeText(shape)} apart from dimension ${axis}`,
        {
          op: "gather",
          argument: "index",
          expected: `a shape within ${sizeText(shape)} but for dimension ${axis}`,
          given: sizeText(own),
        },
      );
    const strides = shape.map((_, i) => core.sizeOf(shape.slice(i + 1)));
    const ownStrides = own.map((_, i) => core.sizeOf(own.slice(i + 1)));
    const base = Int32Array.from({ length: rows.size }, (_, flat) =>
      own.reduce(
        (sum, extent, i) =>
          i === axis ? sum : sum + (Math.floor(flat / (ownStrides[i] as number)) % extent) * (strides[i] as number),
        0,
      ),
    );
    return core.scope(() => {
      // Read through a table of the dimension's numbers, so that one that is not there is caught.
      const table = core.arange(0, shape[axis] as number, 1, "int32");
      const checked = core.gather(table, core.reshape(rows, [rows.size]));
      const flat = core.add(core.mul(checked, strides[axis] as number), core.fromData(base, [rows.size], "int32"));
      return wrap(core.reshape(core.gather(core.reshape(input.core, [input.core.size]), flat), index.shape));
    });
  },
);
