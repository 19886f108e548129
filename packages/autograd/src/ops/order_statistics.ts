// Medians, quantiles and the most frequent element, read off sorted lines.
import { ArgumentError, axisOf, formatShape, sizeOf } from "@facet/kernels-wgsl";
import { expectFloating, isFloating } from "../dtype.js";
import { inFloat32 } from "../halves.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import { isNan } from "./bits.js";
import { arange, full } from "./create.js";
import { add, cast, equal, floorDivide, less, logicalAnd, maximum, mul, notEqual, sub, where } from "./elementwise.js";
import { logicalNot } from "./elementwise_unary.js";
import { gatherElements } from "./gather.js";
import { argmax, type ReduceOptions, sum } from "./reduce.js";
import { ceil, floor, round } from "./rounding.js";
import { cummax } from "./scan.js";
import { concat, expand, reshape, sliceAlong, transpose } from "./shape.js";
import { argsort, asLine, inOrder, type SelectOptions, withoutAxis } from "./sort.js";

/** How many elements of each line are numbers, with the axis kept; int32. */
const numbersOf = (x: Tensor, axis: number): Tensor =>
  sum(cast(logicalNot(isNan(x)), "int32"), { axes: axis, keepdims: true });

/** The element of each line that its order has at a place, and where it is. */
function pick(x: Tensor, order: Tensor, place: Tensor, axis: number, shape: readonly number[]): [Tensor, Tensor] {
  const index = gatherElements(order, place, { axis });
  return [reshape(inOrder(x, index, axis), shape), reshape(index, shape)];
}

function expectElements(op: string, x: Tensor, axis: number): void {
  if (x.shape.at(axis) !== 0) return;
  const expected = `elements along axis ${axis}`;
  throw new ArgumentError({ op, argument: "x", expected, given: formatShape(x.shape) });
}

export interface MedianOptions extends SelectOptions {
  /** Whether NaN are left out; else the median of a line with one is NaN. Default false. */
  ignoreNan?: boolean;
}

/** The median along an axis as PyTorch has it, of two in the middle the lower, and its place (int32). */
export function median(
  x: Tensor,
  { axis = -1, keepdims = false, ignoreNan = false }: MedianOptions = {},
): [values: Tensor, indices: Tensor] {
  const line = asLine(x);
  const d = axisOf(line.shape, axis, "median");
  expectElements("median", line, d);
  const extent = line.shape[d] as number;
  const order = argsort(line, { axis: d });
  const place = noGrad(() => {
    const middle = (count: Tensor): Tensor => floorDivide(maximum(sub(count, 1), 0), 2);
    if (!isFloating(line.dtype)) return full(withoutAxis(line.shape, d, true), (extent - 1) >> 1, "int32");
    const numbers = numbersOf(line, d);
    if (ignoreNan) return middle(numbers);
    // The first NaN of a line comes behind its numbers.
    return where(less(numbers, extent), numbers, (extent - 1) >> 1);
  });
  return pick(line, order, place, d, x.rank === 0 ? [] : withoutAxis(line.shape, d, keepdims));
}

/** The most frequent element along an axis, of several the smallest, and the last place (int32) where it is. */
export function mode(
  x: Tensor,
  { axis = -1, keepdims = false }: SelectOptions = {},
): [values: Tensor, indices: Tensor] {
  const line = asLine(x);
  const d = axisOf(line.shape, axis, "mode");
  expectElements("mode", line, d);
  const extent = line.shape[d] as number;
  const order = argsort(line, { axis: d });
  const place = noGrad(() => {
    const sorted = inOrder(line, order, d);
    const at = expand(
      reshape(
        arange(0, extent, 1, "int32"),
        line.shape.map((_, i) => (i === d ? extent : 1)),
      ),
      line.shape,
    );
    const begins = where(isNewAlong(sorted, d, false), at, 0);
    // An element's number in its run: the first that is largest ends the longest run.
    return argmax(sub(at, cummax(begins, { axis: d })[0]), d, true);
  });
  return pick(line, order, place, d, x.rank === 0 ? [] : withoutAxis(line.shape, d, keepdims));
}

/** Whether each element differs from the one before it along an axis; the first does. */
export function isNewAlong(x: Tensor, axis: number, equalNan: boolean): Tensor {
  const extent = x.shape[axis] as number;
  const [before, after] = [
    sliceAlong(x, axis, 0, Math.max(0, extent - 1)),
    sliceAlong(x, axis, Math.min(1, extent), extent),
  ];
  const differs = notEqual(after, before);
  const changed =
    equalNan && isFloating(x.dtype)
      ? logicalAnd(differs, logicalNot(logicalAnd(isNan(after), isNan(before))))
      : differs;
  const first = full(
    x.shape.map((e, i) => (i === axis ? Math.min(1, e) : e)),
    true,
    "bool",
  );
  return concat([first, changed], axis);
}

/** Between two elements: the nearer by weights, one of them, the mean, or the nearer one (halves to the even place). */
export type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";

export interface QuantileOptions extends ReduceOptions {
  /** Default `linear`. */
  interpolation?: Interpolation;
  /** Whether NaN are left out; else the quantile of elements with one is NaN. Default false. */
  ignoreNan?: boolean;
}

const between: Readonly<Record<Interpolation, (at: (rank: Tensor) => Tensor, rank: Tensor) => Tensor>> = {
  lower: (at, rank) => at(floor(rank)),
  higher: (at, rank) => at(ceil(rank)),
  nearest: (at, rank) => at(round(rank)),
  midpoint: (at, rank) => mul(add(at(floor(rank)), at(ceil(rank))), 0.5),
  linear: (at, rank) => {
    const [low, high] = [at(floor(rank)), at(ceil(rank))];
    const distance = sub(high, low);
    // Between equal infinities there is none.
    const none = logicalAnd(equal(low, high), isNan(distance));
    return add(low, mul(where(none, 0, distance), sub(rank, floor(rank))));
  },
};

function levels(q: Tensor | number | readonly number[]): Tensor {
  if (typeof q !== "number" && "dtype" in q) {
    expectFloating("quantile", "q", q.dtype);
    if (q.rank <= 1) return q;
    throw new ArgumentError({
      op: "quantile",
      argument: "q",
      expected: "at most one axis",
      given: formatShape(q.shape),
    });
  }
  const values = [q].flat() as number[];
  const wrong = values.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined)
    throw new ArgumentError({ op: "quantile", argument: "q", expected: "numbers from 0 to 1", given: `${wrong}` });
  return fromData(values, typeof q === "number" ? [] : [values.length]);
}

/**
 * Quantiles over axes (default all): for several q their axis comes first. q lies in [0, 1]; ranks are q (n - 1) in float32.
 *
 * @throws ArgumentError for q out of range, no elements, or an unknown interpolation; DtypeError unless x has floats.
 */
export const quantile = inFloat32(
  (x: Tensor, q: Tensor | number | readonly number[], options: QuantileOptions = {}): Tensor => {
    const { keepdims = false, interpolation = "linear", ignoreNan = false } = options;
    const op = "quantile";
    expectFloating(op, "x", x.dtype);
    if (!Object.hasOwn(between, interpolation)) {
      const expected = Object.keys(between).join(", ");
      throw new ArgumentError({ op, argument: "interpolation", expected, given: `${interpolation}` });
    }
    const axes = new Set([options.axes ?? [...x.shape.keys()]].flat().map((axis) => axisOf(x.shape, axis, op)));
    const kept = [...x.shape.keys()].filter((d) => !axes.has(d));
    const count = sizeOf([...axes].map((d) => x.shape[d] as number));
    if (count === 0) throw new ArgumentError({ op, argument: "x", expected: "elements", given: formatShape(x.shape) });
    const level = levels(q);
    const [rows, ranks] = [x.size / count, level.size];
    const lines = reshape(transpose(x, [...kept, ...axes]), [rows, count]);
    const sorted = inOrder(lines, argsort(lines, { axis: 1 }), 1);
    const numbers = noGrad(() => numbersOf(lines, 1));
    const last = ignoreNan ? cast(maximum(sub(numbers, 1), 0), "float32") : full([rows, 1], count - 1);
    const rank = mul(reshape(level, [1, ranks]), last);
    const at = (place: Tensor): Tensor => gatherElements(sorted, cast(place, "int32"), { axis: 1 });
    const found = between[interpolation](at, rank);
    const y = ignoreNan ? found : where(less(numbers, count), Number.NaN, found);
    const shape = keepdims ? x.shape.map((e, d) => (axes.has(d) ? 1 : e)) : kept.map((d) => x.shape[d] as number);
    return reshape(transpose(y, [1, 0]), [...level.shape, ...shape]);
  },
);
