import * as core from "@facet/autograd";
import { type Args, defineMethod, int, Kind, only, show, signature } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { write } from "../inplace.js";
import { each, native, type Operand, operand, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { scalarOf } from "./scalar.js";
import { integers } from "./scattering.js";
import { masked_scatter } from "./selecting.js";

/**
 * One index of `x.get(...)` and `x.set(...)`, as in Python's brackets: an element, a slice as [start, stop] or [start, stop, step] (null
 * for an open end) or as text ("1:", "::2", ":"), "..." for all dimensions that are not named, null for a new dimension, row numbers.
 */
export type Index = number | readonly [number | null, number | null, number?] | string | null | Tensor;

const SLICE = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/;
const end = (value: unknown): boolean => value === null || Number.isInteger(value);
const indexKind = new Kind<Index>(
  "a number, [start, stop], [start, stop, step], text such as ':' or '1:5', '...', null or a Tensor",
  (value) =>
    value === null ||
    value === "..." ||
    (typeof value === "string" && SLICE.test(value)) ||
    Number.isInteger(value) ||
    value instanceof Tensor ||
    (Array.isArray(value) && (value.length === 2 || value.length === 3) && value.every(end)),
);

const readGet = signature("torch.Tensor.get", { "*index": each(indexKind) });
/**
 * x.get(i, [a, b], ":") is Python's x[i, a:b, :]. Numbers and slices give a view, which shares what is written with x; tensors of row numbers,
 * of which there may be several, give a copy. A mask is refused, as the number of its elements would have to be read.
 */
export const get = (self: Tensor, ...args: Index[]): Tensor => {
  const indices = readGet(args).index as readonly Index[];
  const { view, rows, masks } = located("get", self, indices);
  if (masks.length > 0)
    throw new core.UnsupportedError({
      op: "get",
      argument: "index",
      expected:
        "numbers of rows: await x.masked_select(mask), or x.get(...await mask.nonzero({ as_tuple: true })), reads how many there are",
      given: "a mask",
    });
  if (rows.every((index) => index === null)) return view;
  return core.scope(() => wrap(core.indexGet(view.core, rows)));
};

const readSet = signature("torch.Tensor.set", { "*index": each(indexKind.either(operand)) });
/**
 * x.set(i, [a, b], value) is Python's x[i, a:b] = value: the last argument is the value, a number or a tensor that broadcasts to what the
 * indices name; without indices it fills all of x. A mask takes a number, a tensor of one element, or as many elements as it has.
 */
export const set = (self: Tensor, ...args: (Index | Operand)[]): Tensor => {
  const given = readSet(args).index as readonly (Index | Operand)[];
  const value = given.at(-1);
  if (given.length === 0 || typeof value === "string" || value === null || Array.isArray(value))
    throw new core.ArgumentError({
      op: "set",
      argument: "value",
      expected: "a Tensor or a number as the last argument",
      given: given.length === 0 ? "nothing" : show(value),
    });
  const { view, rows, masks } = located("set", self, given.slice(0, -1) as readonly Index[]);
  const source = value as Operand;
  write("set", view, () => assigned(view, rows, masks, source).core);
  return self;
};

/** What a view holds once the value is put where rows or masks say. */
function assigned(view: Tensor, rows: Rows, masks: Located["masks"], value: Operand): Tensor {
  const { dtype } = view.core;
  const source =
    value instanceof Tensor ? convertCore(value.core, dtype) : core.full([], scalarOf("set", value, dtype), dtype);
  const [first] = masks;
  if (first) {
    if (masks.length > 1 || rows.some((index) => index !== null))
      throw new core.UnsupportedError({
        op: "set",
        argument: "index",
        expected: "one mask, beside numbers and slices",
        given: "a mask beside other tensors",
      });
    const { mask, axis } = first;
    const lead = core.reshape(mask.core, [...mask.shape, ...view.shape.slice(axis + mask.rank).map(() => 1)]);
    const whole = core.expand(lead, view.shape);
    if (source.size !== 1) return masked_scatter(view, wrap(whole), wrap(source));
    return wrap(core.where(whole, core.expand(core.reshape(source, []), view.shape), view.core));
  }
  if (rows.every((index) => index === null)) return wrap(leading(source, view.rank));
  const combination = "set" as const;
  if (dtype !== "bool" && dtype !== "uint8") return wrap(core.indexPut(view.core, rows, source, { combination }));
  const whole = core.indexPut(convertCore(view.core, "int32"), rows, convertCore(source, "int32"), { combination });
  return wrap(convertCore(whole, dtype));
}

/** Without the first dimensions of extent 1 that a value has too many. */
function leading(x: core.Tensor, rank: number): core.Tensor {
  const extra = Math.max(0, x.rank - rank);
  return x.shape.slice(0, extra).every((extent) => extent === 1) ? core.reshape(x, x.shape.slice(extra)) : x;
}

/** Elements start to stop of the first dimension: x[start:stop]. */
export const slice: (
  self: Tensor,
  ...args: Args<[start: number | null, stop: number | null], { start: number | null; stop: number | null }>
) => Tensor = defineMethod(
  "torch.Tensor.slice",
  { start: int.or(null), stop: int.or(null) },
  (self, { start, stop }) => located("slice", self, [[start, stop]]).view,
);

type Rows = readonly (core.Tensor | null)[];
interface Located {
  /** What numbers and slices name. */
  readonly view: Tensor;
  /** For every dimension of the view row numbers, or null for all. */
  readonly rows: Rows;
  readonly masks: readonly { readonly mask: Tensor; readonly axis: number }[];
}

const dimsOf = (index: Index): number =>
  index === null || index === "..." ? 0 : index instanceof Tensor && index.core.dtype === "bool" ? index.rank : 1;

/** x[i, a:b, ...]. A number out of range throws; slices are cut to the extent, as in Python; steps must be positive. */
function located(op: string, input: Tensor, indices: readonly Index[]): Located {
  const used = indices.reduce<number>((sum, index) => sum + dimsOf(index), 0);
  if (used > input.rank)
    complain(core.ArgumentError, `too many indices for tensor of dimension ${input.rank}`, {
      op,
      argument: "index",
      expected: `at most ${input.rank}`,
      given: `${used}`,
    });
  const open = indices.filter((index) => index === "...").length;
  if (open > 1)
    complain(core.ArgumentError, "an index can only have a single ellipsis ('...')", {
      op,
      argument: "index",
      expected: "one '...'",
      given: `${open}`,
    });
  const rest = new Array<Index>(input.rank - used).fill(":");
  const at = indices.indexOf("...");
  const all = at < 0 ? [...indices, ...rest] : [...indices.slice(0, at), ...rest, ...indices.slice(at + 1)];
  const [starts, stops, steps, shape]: [number[], number[], number[], number[]] = [[], [], [], []];
  const rows: (core.Tensor | null)[] = [];
  const masks: { mask: Tensor; axis: number }[] = [];
  let axis = 0;
  const keep = (extent: number, row: core.Tensor | null): void => {
    shape.push(extent);
    rows.push(row);
  };
  for (const index of all) {
    if (index === null) {
      keep(1, null);
      continue;
    }
    if (index instanceof Tensor && index.core.dtype === "bool") {
      const own = input.shape.slice(axis, axis + index.rank);
      if (`${own}` !== `${index.shape}`)
        complain(
          core.ArgumentError,
          `The shape of the mask ${sizeText(index.shape)} at index 0 does not match the shape of the indexed tensor ${sizeText(input.shape)} at index ${axis}`,
          { op, argument: "index", expected: sizeText(own), given: sizeText(index.shape) },
        );
      masks.push({ mask: index, axis: shape.length });
      for (const extent of own) {
        keep(extent, null);
        starts.push(0);
        stops.push(extent);
        steps.push(1);
      }
      axis += index.rank;
      continue;
    }
    const extent = input.shape[axis] as number;
    const [start, stop, step] = bounds(op, index, extent, axis);
    starts.push(start);
    stops.push(stop);
    steps.push(step);
    if (typeof index !== "number")
      keep(
        Math.max(0, Math.ceil((stop - start) / step)),
        index instanceof Tensor ? integers(op, "index", index) : null,
      );
    axis += 1;
  }
  return { view: sliced(input, { starts, stops, steps }, shape), rows, masks };
}

interface Bounds {
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  readonly steps: readonly number[];
}
function sliced(input: Tensor, { starts, stops, steps }: Bounds, shape: readonly number[]): Tensor {
  const isWhole = starts.every((start, d) => start === 0 && stops[d] === input.shape[d] && steps[d] === 1);
  if (isWhole) return viewed(input, (x) => core.reshape(x, shape));
  // One stretch of memory where only the first of the dimensions that have more than one place is cut, without steps.
  const first = starts.findIndex((start, d) => (stops[d] as number) - start !== 1);
  const whole = first < 0 ? starts.length : first + 1;
  const stretch =
    steps.every((step, d) => step === 1 || (stops[d] as number) - (starts[d] as number) <= 1) &&
    starts.every((start, d) => d < whole || (start === 0 && stops[d] === input.shape[d]));
  const at = stretch
    ? starts.reduce((sum, start, d) => sum + start * core.sizeOf(input.shape.slice(d + 1)), 0)
    : undefined;
  return viewed(input, (x) => core.reshape(core.slice(x, starts, stops, steps), shape), { at });
}

export function bounds(
  op: string,
  index: Exclude<Index, null>,
  extent: number,
  axis: number,
): [number, number, number] {
  if (index instanceof Tensor) return [0, extent, 1];
  if (typeof index === "number") {
    if (!Number.isInteger(index) || index < -extent || index >= extent)
      complain(core.ArgumentError, `index ${index} is out of bounds for dimension ${axis} with size ${extent}`, {
        op,
        argument: "index",
        expected: `${-extent} to ${extent - 1}`,
        given: `${index}`,
      });
    const at = index < 0 ? index + extent : index;
    return [at, at + 1, 1];
  }
  const [start, stop, step] = typeof index === "string" ? parts(index) : [index[0], index[1], index[2] ?? 1];
  if (!(Number.isInteger(step) && step > 0))
    complain(core.ArgumentError, "step must be greater than zero", {
      op,
      argument: "step",
      expected: "a positive integer",
      given: `${step}`,
    });
  const clip = (at: number): number => Math.min(extent, Math.max(0, at < 0 ? at + extent : at));
  const from = clip(start ?? 0);
  return [from, Math.max(from, clip(stop ?? extent)), step];
}

function parts(text: string): [number | null, number | null, number] {
  const [, start, stop, step] = SLICE.exec(text) ?? [];
  const number = (each: string | undefined): number | null => (each === undefined ? null : Number(each));
  return [number(start), number(stop), number(step) ?? 1];
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
