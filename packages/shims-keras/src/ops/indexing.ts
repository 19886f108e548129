// keras.ops: elements by place and by condition, and places of elements.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, Kind, listOf, number, oneOf, only } from "@facet/dialect";
import { array, arrayOrPlaceholder, intOrInts, positive, wholeNumber } from "../kinds.js";
import { applyOp, defineOp, type OpDefinition } from "../operation.js";
import { asTensor, KerasTensor, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import {
  axisOf,
  type BinaryOp,
  dtypeArgument,
  floated,
  kept,
  knownDtype,
  type ListOp,
  lineOf,
  numbers,
  type Op,
  together,
} from "./define.js";
import { hostInts, type Ints, intsKind, known } from "./whole.js";

const whole = (x: unknown, op: string): core.Tensor => core.cast(kept(x, op), "int32");
type IndicesRest = Args<[indices: Operand, axis: number | null], { indices: Operand; axis: number | null }>;
const byIndices = (
  name: string,
  f: (x: core.Tensor, index: core.Tensor, axis: number) => core.Tensor,
): Op<IndicesRest> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, indices: arrayOrPlaceholder, axis: int.or(null) },
    {
      compute: ({ x, indices, axis }) => {
        const [line, at] = lineOf(name, kept(x, name), axis);
        return new Tensor(f(line, whole(indices, name), at));
      },
    },
  );
/** Slices by index along `axis`; without one, elements of the flattened array. An index of -1 is the last. */
export const take = byIndices("take", (x, index, axis) => core.take(x, index, { axis }));
/** Elements whose places along `axis` an array of as many dimensions says. */
export const take_along_axis = byIndices("take_along_axis", (x, index, axis) => core.takeAlongAxis(x, index, { axis }));

/** A part of a dimension: [start, stop, step], null for what Python leaves out. */
type Slice = readonly [start: number | null, stop: number | null, step?: number | null];
/** A place, a part, a new dimension (null), or "..." for all dimensions between. */
export type KeyPart = number | Slice | null | "...";
const isPart = (value: unknown): boolean =>
  value === null || value === "..." || Number.isInteger(value) || (Array.isArray(value) && isSlice(value));
const isSlice = (value: readonly unknown[]): boolean =>
  value.length >= 2 && value.length <= 3 && value.every((each) => each === null || Number.isInteger(each));
const keyKind = new Kind<KeyPart | readonly KeyPart[]>(
  'a place, or a list of places, [start, stop, step], null for a new dimension, "..."',
  (value) => isPart(value) || (Array.isArray(value) && value.every(isPart)),
);

/** The bounds of a part of an extent, as Python reads them. */
function boundsOf([start, stop, step]: Slice, extent: number): [start: number, count: number, step: number] {
  const by = step ?? 1;
  if (by === 0)
    throw new core.ArgumentError({ op: "get_item", argument: "key", expected: "a step other than 0", given: "0" });
  const inside = (value: number | null, otherwise: number): number => {
    if (value === null) return otherwise;
    const at = value < 0 ? value + extent : value;
    return Math.min(by > 0 ? extent : extent - 1, Math.max(by > 0 ? 0 : -1, at));
  };
  const first = inside(start, by > 0 ? 0 : extent - 1);
  const end = inside(stop, by > 0 ? extent : -1);
  return [first, Math.max(0, Math.ceil((end - first) / by)), by];
}

function got(x: core.Tensor, key: KeyPart | readonly KeyPart[]): core.Tensor {
  const parts = Array.isArray(key) && !(key.length > 0 && isSlice(key) && key.includes(null)) ? [...key] : [key];
  const given = parts as KeyPart[];
  const used = given.filter((part) => part !== null && part !== "...").length;
  if (given.filter((part) => part === "...").length > 1 || used > x.rank)
    throw new core.ArgumentError({
      op: "get_item",
      argument: "key",
      expected: `at most ${x.rank} places and one "..."`,
      given: JSON.stringify(key),
    });
  const shape: number[] = [];
  let [result, axis] = [x, 0];
  const all = given.includes("...") ? given : [...given, "..." as const];
  for (const part of all) {
    if (part === null) shape.push(1);
    else if (part === "...") for (let i = 0; i < x.rank - used; i++) shape.push(x.shape[axis++] as number);
    else if (typeof part === "number") {
      const extent = x.shape[axis] as number;
      const at = part < 0 ? part + extent : part;
      if (at < 0 || at >= extent)
        throw new core.ArgumentError({
          op: "get_item",
          argument: "key",
          expected: `a place from ${-extent} to ${extent - 1} in dimension ${axis}`,
          given: `${part}`,
        });
      result = core.sliceAlong(result, axis++, at, at + 1);
    } else {
      const [first, count, step] = boundsOf(part as Slice, x.shape[axis] as number);
      shape.push(count);
      if (step > 0 && count > 0) {
        const starts = result.shape.map((_, i) => (i === axis ? first : 0));
        const stops = result.shape.map((extent, i) => (i === axis ? first + (count - 1) * step + 1 : extent));
        result = core.slice(
          result,
          starts,
          stops,
          result.shape.map((_, i) => (i === axis ? step : 1)),
        );
      } else {
        const places = Int32Array.from({ length: count }, (_, i) => first + i * step);
        result = core.take(result, core.fromData(places, [count], "int32"), { axis });
      }
      axis++;
    }
  }
  return core.reshape(result, shape);
}
/**
 * What Python's brackets give: `x[1, :, ::2, None, ...]` is `get_item(x, [1, [null, null], [null, null, 2], null, "..."])`.
 * A list of two or three numbers is taken for places, unless one is null.
 */
export const get_item: Op<Args<[key: KeyPart | readonly KeyPart[]], { key: KeyPart | readonly KeyPart[] }>> = defineOp(
  "keras.ops.get_item",
  { x: arrayOrPlaceholder, key: keyKind },
  { compute: ({ x, key }) => new Tensor(got(kept(x, "get_item"), key as KeyPart)) },
);

type Starts = readonly number[] | Tensor;
const startsKind = listOf(int).either(
  new Kind<Tensor>("a tensor of them", (value) => value instanceof Tensor || value instanceof KerasTensor),
);
type SliceArguments = { start_indices: Starts; shape: Ints };
/** A part that begins at `start_indices` and has a shape; an extent of -1 goes to the end. */
export const slice: {
  (inputs: KerasTensor, ...rest: Args<[start_indices: Starts, shape: Ints], SliceArguments>): KerasTensor;
  (inputs: TensorLike, ...rest: Args<[start_indices: Starts, shape: Ints], SliceArguments>): Tensor;
} = defineOp(
  "keras.ops.slice",
  { inputs: arrayOrPlaceholder, start_indices: startsKind, shape: intsKind },
  {
    compute: ({ inputs, start_indices, shape: extents }) => {
      const x = kept(inputs, "slice");
      const shape = [hostInts("slice", "shape", extents)].flat() as number[];
      if (shape.length !== x.rank)
        throw new core.ShapeError({
          op: "slice",
          argument: "shape",
          expected: `${x.rank} extents`,
          given: `${shape.length}`,
        });
      if (start_indices instanceof Tensor) return new Tensor(slicedAt(x, start_indices.core, shape));
      const starts = start_indices as readonly number[];
      const stops = starts.map((start, i) => (shape[i] === -1 ? (x.shape[i] as number) : start + (shape[i] as number)));
      return new Tensor(core.slice(x, starts, stops));
    },
  },
);
/** A part whose start the device knows: places along one dimension after another. */
function slicedAt(x: core.Tensor, starts: core.Tensor, shape: readonly number[]): core.Tensor {
  let result = x;
  for (const [axis, extent] of shape.entries()) {
    if (extent === x.shape[axis] || extent === -1) continue;
    const first = core.sliceAlong(core.cast(starts, "int32"), 0, axis, axis + 1);
    result = core.take(result, core.add(core.arange(0, extent, 1, "int32"), first), { axis });
  }
  return result;
}
/** The array with a part overwritten that begins at `start_indices`. */
export const slice_update: {
  (inputs: KerasTensor, start_indices: Starts, updates: Operand): KerasTensor;
  (inputs: TensorLike, start_indices: Starts, updates: TensorLike): Tensor;
} = defineOp(
  "keras.ops.slice_update",
  { inputs: arrayOrPlaceholder, start_indices: startsKind, updates: arrayOrPlaceholder },
  {
    compute: ({ inputs, start_indices, updates }) => {
      const x = kept(inputs, "slice_update");
      const source = core.cast(kept(updates, "slice_update"), x.dtype);
      if (!(start_indices instanceof Tensor))
        return new Tensor(core.updateSlice(x, source, start_indices as readonly number[]));
      const { core: starts } = start_indices;
      const lines = source.shape.map((extent, axis) => {
        const first = core.sliceAlong(core.cast(starts, "int32"), 0, axis, axis + 1);
        const shape = source.shape.map((_, i) => (i === axis ? extent : 1));
        return core.reshape(core.add(core.arange(0, extent, 1, "int32"), first), shape);
      });
      return new Tensor(core.indexPut(x, lines, source));
    },
  },
);

/** Zeros of a shape with values added at places: the last dimension of `indices` is a place. */
export const scatter: {
  (indices: TensorLike, values: TensorLike, shape: readonly number[]): Tensor;
  (indices: Operand, values: Operand, shape: readonly number[]): KerasTensor;
} = defineOp(
  "keras.ops.scatter",
  { indices: arrayOrPlaceholder, values: arrayOrPlaceholder, shape: listOf(wholeNumber) },
  {
    compute: ({ indices, values, shape }) => {
      const source = kept(values, "scatter");
      const into = core.zeros(shape, source.dtype);
      return new Tensor(core.scatterNd(into, whole(indices, "scatter"), source, { combination: "add" }));
    },
  },
);
type Reduction = "add" | "max" | "min" | "mul";
/** The array with elements or slices at places overwritten, or combined with what was there. */
export const scatter_update: {
  (inputs: TensorLike, indices: TensorLike, updates: TensorLike, reduction?: Reduction | null): Tensor;
  (inputs: Operand, indices: Operand, updates: Operand, reduction?: Reduction | null): KerasTensor;
} = defineOp(
  "keras.ops.scatter_update",
  {
    inputs: arrayOrPlaceholder,
    indices: arrayOrPlaceholder,
    updates: arrayOrPlaceholder,
    reduction: oneOf("add", "max", "min", "mul").or(null),
  },
  {
    compute: ({ inputs, indices, updates, reduction }) => {
      const x = kept(inputs, "scatter_update");
      const source = core.cast(kept(updates, "scatter_update"), x.dtype);
      const combination = (reduction as Reduction | null) ?? "set";
      return new Tensor(core.scatterNd(x, whole(indices, "scatter_update"), source, { combination }));
    },
  },
);

type WhereOp = {
  (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor;
  (condition: Operand, x1: Operand, x2: Operand): KerasTensor;
  (condition: TensorLike): Promise<Tensor[]>;
};
/** x1 where the condition holds, else x2. Without them, the places where it holds: see nonzero. */
export const where: WhereOp = define(
  "keras.ops.where",
  { condition: arrayOrPlaceholder, x1: arrayOrPlaceholder.or(null), x2: arrayOrPlaceholder.or(null) },
  ({ condition, x1, x2 }) => {
    if (x1 !== null || x2 !== null) return applyOp("Where", chosen, { condition, x1, x2 });
    return nonzero(condition as TensorLike);
  },
) as WhereOp;
const chosen: OpDefinition<{ condition: Operand; x1: Operand | null; x2: Operand | null }> = {
  compute: ({ condition, x1, x2 }) => {
    const holds = core.cast(kept(condition, "where"), "bool");
    if (x1 === null || x2 === null) {
      const [argument, expected] = [x1 === null ? "x1" : "x2", "both of x1 and x2, or none"];
      throw new core.ArgumentError({ op: "where", argument, expected, given: "null" });
    }
    const [a, b] = together([x1, x2], "where") as [core.Tensor, core.Tensor];
    return new Tensor(core.where(holds, a, b));
  },
};
async function places(holds: core.Tensor): Promise<Tensor[]> {
  const found = await core.nonzero(holds);
  return holds.shape.map((_, axis) => {
    const column = core.sliceAlong(found, 1, axis, axis + 1);
    return new Tensor(core.reshape(column, [found.shape[0] as number]));
  });
}
/** The places of elements other than 0, a vector (int32) for each dimension: a promise, as their number is a value. */
export const nonzero: (x: TensorLike) => Promise<Tensor[]> = define("keras.ops.nonzero", { x: array }, ({ x }) =>
  places(core.cast(asTensor(x, "nonzero").core, "bool")),
);

const list = listOf(arrayOrPlaceholder);
type SelectArguments = { condlist: readonly Operand[]; choicelist: readonly Operand[]; default: Operand };
/** The choice of the first condition that holds, element by element; `default` where none does. */
export const select: {
  (condlist: readonly TensorLike[], choicelist: readonly TensorLike[], otherwise?: number): Tensor;
  (
    ...args: Args<[condlist: readonly Operand[], choicelist: readonly Operand[], otherwise: Operand], SelectArguments>
  ): KerasTensor;
} = defineOp(
  "keras.ops.select",
  { condlist: list, choicelist: list, default: arrayOrPlaceholder.or(0) },
  {
    compute: ({ condlist, choicelist, default: otherwise }) => {
      if (condlist.length !== choicelist.length || condlist.length === 0)
        throw new core.ArgumentError({
          op: "select",
          argument: "choicelist",
          expected: `${Math.max(1, condlist.length)} choices, as conditions`,
          given: `${choicelist.length}`,
        });
      const values = together([...choicelist, otherwise], "select");
      let result = values.at(-1) as core.Tensor;
      for (let i = condlist.length - 1; i >= 0; i--)
        result = core.where(core.cast(kept(condlist[i], "select"), "bool"), values[i] as core.Tensor, result);
      return new Tensor(result);
    },
  },
);

type AxisOnly = Args<[axis: number | null], { axis: number | null }>;
const ordering = (
  name: string,
  f: (x: core.Tensor, axis: number) => core.Tensor,
  shaped: (result: core.Tensor, rank: number) => core.Tensor = (result) => result,
): Op<AxisOnly> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: int.orNone.or(-1) },
    {
      compute: ({ x, axis }) => {
        const given = kept(x, name);
        const [line, at] = lineOf(name, given.rank === 0 ? core.reshape(given, [1]) : given, axis as number | null);
        return new Tensor(shaped(f(line, at), given.rank));
      },
    },
  );
const sorted = (x: core.Tensor, axis: number): core.Tensor => core.sort(x, { axis })[0];
/** Ascending along `axis`; with null, all in one line. */
export const sort = ordering(
  "sort",
  (x, axis) => (x.dtype === "bool" ? core.cast(sorted(core.cast(x, "int32"), axis), "bool") : sorted(x, axis)),
  (result, rank) => (rank === 0 ? core.reshape(result, []) : result),
);
/** Places (int32) in ascending order of their elements, equal ones in their own. */
export const argsort = ordering("argsort", (x, axis) =>
  core.argsort(x.dtype === "bool" ? core.cast(x, "int32") : x, { axis }),
);
/**
 * Places in an order in which the kth has as many before it as in argsort, none of them larger: these ascending, then the others
 * descending, as Keras on TensorFlow has them.
 */
export const argpartition: Op<Args<[kth: number, axis: number | null], { kth: number; axis: number | null }>> =
  defineOp(
    "keras.ops.argpartition",
    { x: arrayOrPlaceholder, kth: int, axis: int.orNone.or(-1) },
    {
      compute: ({ x, kth, axis }) => {
        const [line, at] = lineOf("argpartition", numbers(x, "argpartition"), axis as number | null);
        const extent = line.shape[at] as number;
        const first = Math.min(Math.max(kth, 0), extent - 1) + 1;
        const order = core.argsort(line, { axis: at });
        const bottom = core.sliceAlong(order, at, 0, first);
        // Of equal elements the first comes first, in descending order too.
        const rest = core.sort(core.sliceAlong(order, at, first, extent), { axis: at })[0];
        const falling = core.argsort(core.takeAlongAxis(line, rest, { axis: at }), { axis: at, descending: true });
        return new Tensor(core.concat([bottom, core.takeAlongAxis(rest, falling, { axis: at })], at));
      },
    },
  );
type TopkArguments = { k: number; sorted: boolean };
/** The k largest elements along the last axis and their places (int32), the largest first. */
export const top_k: ListOp<Args<[k: number, sorted: boolean], TopkArguments>, 2> = defineOp(
  "keras.ops.top_k",
  { x: arrayOrPlaceholder, k: wholeNumber, sorted: bool.or(true) },
  { compute: ({ x, k }) => core.topk(numbers(x, "top_k"), k).map((each) => new Tensor(each)) },
);
/** Whether each target is among the k largest predictions of its row, ties counted in. */
export const in_top_k: {
  (targets: TensorLike, predictions: TensorLike, k: number): Tensor;
  (targets: Operand, predictions: Operand, k: number): KerasTensor;
} = defineOp(
  "keras.ops.in_top_k",
  { targets: arrayOrPlaceholder, predictions: arrayOrPlaceholder, k: positive },
  {
    compute: ({ targets, predictions, k }) => {
      const scores = floated(predictions, "in_top_k");
      const at = core.reshape(whole(targets, "in_top_k"), [scores.shape[0] as number, 1]);
      const own = core.takeAlongAxis(scores, at, { axis: 1 });
      const larger = core.sum(core.cast(core.greater(scores, own), "int32"), { axes: [1] });
      const known = core.reshape(core.isFinite(own), [scores.shape[0] as number]);
      return new Tensor(core.logicalAnd(core.less(larger, k), known));
    },
  },
);

type SearchArguments = { values: Operand; side: "left" | "right" };
/** Where values would stand among sorted ones (int32): before equal ones, or on the "right" of them. */
export const searchsorted: {
  (sorted_sequence: TensorLike, values: TensorLike, side?: "left" | "right"): Tensor;
  (sorted_sequence: Operand, ...rest: Args<[values: Operand, side: "left" | "right"], SearchArguments>): KerasTensor;
} = defineOp(
  "keras.ops.searchsorted",
  { sorted_sequence: arrayOrPlaceholder, values: arrayOrPlaceholder, side: oneOf("left", "right").or("left") },
  {
    compute: ({ sorted_sequence, values, side }) => {
      const [line, wanted] = together([sorted_sequence, values], "searchsorted") as [core.Tensor, core.Tensor];
      if (line.rank !== 1) {
        const expected = "one dimension, as in Keras on TensorFlow";
        const given = core.formatShape(line.shape);
        throw new core.ShapeError({ op: "searchsorted", argument: "sorted_sequence", expected, given });
      }
      return new Tensor(core.searchSorted(line, wanted, { right: side === "right" }));
    },
  },
);
/** The number of the bin (int32) of each element: bins[i - 1] <= x < bins[i]. */
export const digitize: Op<Args<[bins: TensorLike], { bins: TensorLike }>> = defineOp(
  "keras.ops.digitize",
  { x: arrayOrPlaceholder, bins: arrayOrPlaceholder },
  {
    compute: ({ x, bins }) =>
      new Tensor(core.searchSorted(floated(bins, "digitize"), floated(x, "digitize"), { right: true })),
  },
);
type IsinArguments = { assume_unique: boolean; invert: boolean };
/** Whether each element of x1 is among x2. */
export const isin: BinaryOp<Args<[assume_unique: boolean, invert: boolean], IsinArguments>> = defineOp(
  "keras.ops.isin",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, assume_unique: bool.or(false), invert: bool.or(false) },
  {
    compute: ({ x1, x2, invert }) => {
      const [a, b] = together([x1, x2], "isin") as [core.Tensor, core.Tensor];
      const among = core.any(core.equal(core.reshape(a, [...a.shape, 1]), core.reshape(b, [b.size])), { axes: [-1] });
      return new Tensor(invert ? core.logicalNot(among) : among);
    },
  },
);
/** Places of a shape from places in one line: an array for each dimension. */
export const unravel_index: {
  (indices: KerasTensor, shape: readonly number[]): KerasTensor[];
  (indices: TensorLike, shape: readonly number[]): Tensor[];
} = defineOp(
  "keras.ops.unravel_index",
  { indices: arrayOrPlaceholder, shape: intOrInts },
  {
    compute: ({ indices, shape }) => {
      let rest = whole(indices, "unravel_index");
      const extents = typeof shape === "number" ? [shape] : [...shape];
      const total = core.sizeOf(extents);
      rest = core.where(core.less(rest, 0), core.add(rest, total), rest);
      const found: Tensor[] = [];
      for (const extent of extents.reverse()) {
        found.unshift(new Tensor(core.remainder(rest, extent)));
        rest = core.floorDivide(rest, extent);
      }
      return found;
    },
  },
);

type BincountArguments = { weights: TensorLike | null; minlength: number; sparse: false };
/**
 * How often each of 0, 1, 2 ... occurs among integers, or the sum of its weights, along the last axis of one or two. A promise: the
 * largest element says how many there are.
 */
export const bincount: (
  x: TensorLike,
  ...rest: Args<[weights: TensorLike | null, minlength: number, sparse: false], BincountArguments>
) => Promise<Tensor> = define(
  "keras.ops.bincount",
  { x: array, weights: array.or(null), minlength: wholeNumber.or(0), sparse: only(false) },
  async ({ x, weights, minlength }) => {
    const given = whole(x, "bincount");
    const length = Math.max(minlength, given.size === 0 ? 0 : (await core.max(given).item()) + 1);
    const factor = weights === null ? undefined : kept(weights, "bincount");
    const rows = given.rank === 2 ? (given.shape[0] as number) : 1;
    // Each row counts in a stretch of its own.
    const first = core.reshape(core.mul(core.arange(0, rows, 1, "int32"), length), [rows, 1]);
    const flat = core.reshape(core.add(core.reshape(given, [rows, -1]), first), [given.size]);
    const options = factor ? { weights: core.cast(core.reshape(factor, [given.size]), "float32") } : {};
    const counts = core.bincount(flat, rows * length, options);
    const shaped = core.reshape(counts, given.rank === 2 ? [rows, length] : [length]);
    return new Tensor(core.cast(shaped, factor && core.isFloating(factor.dtype) ? "float32" : "int32"));
  },
);
type HistogramArguments = { bins: number; range: readonly [number, number] | null };
/** Counts (int32) in bins of one width between the least and the largest element or a range, and the edges. */
export const histogram: ListOp<
  Args<[bins: number, range: readonly [number, number] | null], HistogramArguments>,
  2
> = defineOp(
  "keras.ops.histogram",
  { x: arrayOrPlaceholder, bins: positive.or(10), range: listOf(number, 2).or(null) },
  {
    compute: ({ x, bins, range }) => {
      const given = floated(x, "histogram");
      const { counts, edges } = core.histogram(given, { bins, ...(range ? { range: range as [number, number] } : {}) });
      return [new Tensor(core.cast(counts, "int32")), new Tensor(edges)];
    },
  },
);

type SegmentArguments = { segment_ids: TensorLike; num_segments: number | null; sorted: boolean };
type SegmentRest = Args<[segment_ids: TensorLike, num_segments: number | null, sorted: boolean], SegmentArguments>;
interface SegmentOp {
  (data: TensorLike, ...rest: SegmentRest): Tensor;
  (data: KerasTensor, ...rest: SegmentRest): KerasTensor;
}
const LARGEST = 2 ** 31 - 1;
const segmentOp = (name: string, reduction: core.ScatterReduction, start: (floats: boolean) => number): SegmentOp =>
  defineOp(
    `keras.ops.${name}`,
    { data: arrayOrPlaceholder, segment_ids: arrayOrPlaceholder, num_segments: wholeNumber.or(null), sorted: false },
    {
      compute: ({ data, segment_ids, num_segments, sorted: inOrder }) => {
        if (num_segments !== null && inOrder) {
          const expected = "null where sorted is true, as in Keras on TensorFlow";
          throw new core.ArgumentError({ op: name, argument: "num_segments", expected, given: `${num_segments}` });
        }
        const x = numbers(data, name);
        const ids = whole(segment_ids, name);
        const count = num_segments ?? Math.max(-1, ...known(name, "num_segments", new Tensor(ids))) + 1;
        const into = core.full([count, ...x.shape.slice(1)], start(core.isFloating(x.dtype)), x.dtype);
        return new Tensor(core.scatterReduceRows(into, ids, x, { reduction, mode: "drop", negative: false }));
      },
    },
  );
/** Sums of the slices with each number; slices whose number is none are left out. */
export const segment_sum = segmentOp("segment_sum", "sum", () => 0);
/** Products of the slices with each number. */
export const segment_prod = segmentOp("segment_prod", "prod", () => 1);
/** The largest elements of the slices with each number; the least number where there are none. */
export const segment_max = segmentOp("segment_max", "amax", (floats) =>
  floats ? -3.4028234663852886e38 : -LARGEST - 1,
);
/** The smallest elements of the slices with each number; the largest number where there are none. */
export const segment_min = segmentOp("segment_min", "amin", (floats) => (floats ? 3.4028234663852886e38 : LARGEST));

type UniqueArguments = {
  sorted: boolean;
  return_index: boolean;
  return_inverse: boolean;
  return_counts: boolean;
  axis: number | null;
  size: number | null;
  fill_value: number | null;
};
/**
 * The different elements, ascending, or slices along `axis`; with them, in this order and where asked for, the first place of each,
 * the number of each element's own, and how often each occurs (int32). A promise, as their number is a value; `size` says it and
 * fills up with `fill_value`, by default 0.
 */
export const unique: (
  x: TensorLike,
  ...rest: Args<
    [
      sorted: boolean,
      return_index: boolean,
      return_inverse: boolean,
      return_counts: boolean,
      axis: number | null,
      size: number | null,
      fill_value: number | null,
    ],
    UniqueArguments
  >
) => Promise<Tensor | Tensor[]> = define(
  "keras.ops.unique",
  {
    x: array,
    sorted: bool.or(true),
    return_index: false,
    return_inverse: false,
    return_counts: false,
    axis: int.or(null),
    size: wholeNumber.or(null),
    fill_value: number.or(null),
  },
  async ({ x, sorted: inOrder, axis, size, fill_value, ...wanted }) => {
    const [line, at] = lineOf("unique", kept(x, "unique"), axis);
    const read = line.dtype === "bool" ? core.cast(line, "int32") : line;
    let { values, indices, inverse, counts } = await core.unique(read, { axis: at });
    if (!inOrder) {
      // In the order of their first places.
      const order = core.argsort(indices);
      values = core.take(values, order, { axis: at });
      [indices, counts] = [core.take(indices, order), core.take(counts, order)];
      inverse = core.take(core.argsort(order), inverse);
    }
    const sized = (part: core.Tensor, along: number, fill: number): core.Tensor => {
      if (size === null) return part;
      const extent = part.shape[along] as number;
      const cut = core.sliceAlong(part, along, 0, Math.min(extent, size));
      const more = Math.max(0, size - extent);
      return core.pad(
        cut,
        cut.shape.map((_, i): [number, number] => [0, i === along ? more : 0]),
        fill,
      );
    };
    const results = [core.cast(sized(values, at, fill_value ?? 0), line.dtype)];
    if (wanted.return_index) results.push(sized(indices, 0, 1));
    if (wanted.return_inverse) results.push(inverse);
    if (wanted.return_counts) results.push(sized(counts, 0, 0));
    const tensors = results.map((each) => new Tensor(each));
    return tensors.length === 1 ? (tensors[0] as Tensor) : tensors;
  },
);

interface OneHotArguments {
  num_classes: number;
  axis: number;
  dtype: TensorDtype | null;
}
type OneHotRest = Args<[num_classes: number, axis: number, dtype: TensorDtype | null], OneHotArguments>;
/** 1 at each index along a new `axis` (default the last) of num_classes, 0 elsewhere and for an index out of range. */
export const one_hot: Op<OneHotRest> = defineOp(
  "keras.ops.one_hot",
  {
    x: arrayOrPlaceholder,
    num_classes: positive,
    axis: int.or(-1),
    dtype: dtypeArgument.or(null),
    sparse: only(false),
  },
  { compute: ({ x, ...given }) => new Tensor(hot("one_hot", x, given)) },
);
function hot(
  op: string,
  x: unknown,
  { num_classes, axis, dtype }: { num_classes: number; axis: number; dtype: string | null },
): core.Tensor {
  const rows = core.oneHot(whole(x, op), num_classes);
  const at = axisOf(op, axis, rows.rank);
  const order = rows.shape.map((_, i) => i).slice(0, -1);
  order.splice(at, 0, rows.rank - 1);
  const placed = at === rows.rank - 1 ? rows : core.transpose(rows, order);
  return core.cast(placed, knownDtype(op, dtype ?? "float32"));
}
type MultiHotArguments = OneHotArguments & { sparse: false };
/** Rows with 1 at each of several indices, those of the second dimension of x (of a vector all). */
export const multi_hot: {
  (
    inputs: KerasTensor,
    ...rest: Args<[num_classes: number, axis: number, dtype: TensorDtype | null], MultiHotArguments>
  ): KerasTensor;
  (
    inputs: TensorLike,
    ...rest: Args<[num_classes: number, axis: number, dtype: TensorDtype | null], MultiHotArguments>
  ): Tensor;
} = defineOp(
  "keras.ops.multi_hot",
  {
    inputs: arrayOrPlaceholder,
    num_classes: positive.or(null),
    axis: int.or(-1),
    dtype: dtypeArgument.or(null),
    sparse: only(false),
  },
  {
    compute: ({ inputs, num_classes: classes, axis, dtype }) => {
      // The original has a default that it refuses.
      if (classes === null)
        throw new core.ArgumentError({
          op: "multi_hot",
          argument: "num_classes",
          expected: "the number of classes",
          given: "null",
        });
      const num_classes = classes as number;
      const rank = kept(inputs, "multi_hot").rank;
      const rows = hot("multi_hot", inputs, { num_classes, axis, dtype: "int32" });
      const most = core.max(rows, { axes: [rank > 1 ? 1 : 0] });
      return new Tensor(core.cast(most, knownDtype("multi_hot", (dtype as string | null) ?? "float32")));
    },
  },
);
