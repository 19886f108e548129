// Counts of values.
import { ArgumentError, formatShape, type IndexMode, ShapeError } from "@facet/kernels-wgsl";
import { expectDtype, expectFloating } from "../dtype.js";
import { scope, unscoped } from "../scope.js";
import { noGrad } from "../tape.js";
import { fromData, type Tensor } from "../tensor.js";
import { arange, full, zeros } from "./create.js";
import { add, cast, div, equal, mul, sub, where } from "./elementwise.js";
import { ravelIndices } from "./index_put.js";
import { max, min, sum } from "./reduce.js";
import { scatterElements } from "./scatter_op.js";
import { pad, reshape, sliceAlong } from "./shape.js";
import { searchSorted } from "./sort.js";

/** Values from so many on are counted in parts, which are then added. */
const IN_PARTS = 4096;

/** Sums of weights, or counts, for places of which those outside are passed over. A rule on sizes alone splits the work. */
function countInto(places: Tensor, weights: Tensor | undefined, length: number): Tensor {
  const n = places.size;
  const parts = n < IN_PARTS ? 1 : Math.max(1, Math.min(256, Math.floor(n / Math.max(length, 256))));
  const share = Math.ceil(n / parts);
  const dealt = (x: Tensor, value: number): Tensor =>
    reshape(parts * share === n ? x : pad(x, [[0, parts * share - n]], value), [parts, share]);
  const dtype = weights?.dtype ?? "int32";
  const source = weights ? dealt(weights, 0) : full([parts, share], 1, dtype);
  const counts = scatterElements(zeros([parts, length], dtype), dealt(places, -1), source, {
    axis: 1,
    combination: "add",
    mode: "drop",
    negative: false,
  });
  return sum(counts, { axes: 0 });
}

function expectWeights(op: string, x: Tensor, weights: Tensor | undefined): void {
  if (weights && `${weights.shape}` !== `${x.shape}`) {
    const expected = formatShape(x.shape);
    throw new ShapeError({ op, argument: "weights", expected, given: formatShape(weights.shape) });
  }
}

const flat = (x: Tensor): Tensor => reshape(x, [x.size]);

export interface BincountOptions {
  /** Added instead of 1, in the shape of x. */
  weights?: Tensor | undefined;
  /** What a value out of range does. Default `raise`. */
  mode?: IndexMode;
}

/** How often each of 0 to length - 1 occurs in x (int32), or the sums of its weights. */
export function bincount(x: Tensor, length: number, { weights, mode = "raise" }: BincountOptions = {}): Tensor {
  const op = "bincount";
  expectDtype(op, "x", x.dtype, "int32");
  expectWeights(op, x, weights);
  if (!Number.isInteger(length) || length < 0)
    throw new ArgumentError({ op, argument: "length", expected: "an integer of 0 or more", given: `${length}` });
  if (length === 0 && x.size === 0) return zeros([0], weights?.dtype ?? "int32");
  const places = ravelIndices(op, [flat(x)], [length], { mode, negative: false });
  return countInto(places, weights && flat(weights), length);
}

export interface BincountToMaximumOptions {
  weights?: Tensor | undefined;
  /** Default 0. */
  minLength?: number;
}

/** The same for 0 to the largest value, which is read, and for `minLength` values at least. */
export async function bincountToMaximum(
  x: Tensor,
  { weights, minLength = 0 }: BincountToMaximumOptions = {},
): Promise<Tensor> {
  expectDtype("bincount", "x", x.dtype, "int32");
  if (x.size === 0) return bincount(x, minLength, { weights });
  const largest = unscoped(() => scope(() => max(x)));
  try {
    const length = Math.max(minLength, (await largest.item()) + 1);
    return scope(() => bincount(x, length, { weights }));
  } finally {
    largest.dispose();
  }
}

export interface HistogramOptions {
  /** Number of bins of one width, or their edges, ascending: float32 of one axis. Default 10. */
  bins?: number | Tensor;
  /** Ends of the bins. Default: the smallest and the largest element. */
  range?: readonly [low: number, high: number] | undefined;
  /** Added instead of 1, in the shape of x; float32. */
  weights?: Tensor | undefined;
  /** Whether counts are divided by their sum and the bins' widths. Default false. */
  density?: boolean;
  /** How far the bins reach to both sides where all elements are equal: 0.5 in numpy, 1 in PyTorch. Default 0.5. */
  margin?: number;
}

/** Ends of bins of one width: `count` + 1 numbers. */
function edgesOf(x: Tensor, count: number, { range, margin = 0.5 }: HistogramOptions): Tensor {
  const op = "histogram";
  if (!Number.isInteger(count) || count < 1)
    throw new ArgumentError({ op, argument: "bins", expected: "a positive integer", given: `${count}` });
  if (range && !(Number.isFinite(range[0]) && Number.isFinite(range[1]) && range[0] <= range[1])) {
    const expected = "two finite numbers, the lower first";
    throw new ArgumentError({ op, argument: "range", expected, given: `${range}` });
  }
  if (range || x.size === 0) {
    const [low, high] = range ?? [0, 1];
    const [from, to] = low === high ? [low - margin, high + margin] : [low, high];
    return fromData(
      Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count),
      [count + 1],
    );
  }
  const [low, high] = [min(x), max(x)];
  const one = equal(low, high);
  const [from, to] = [where(one, sub(low, margin), low), where(one, add(high, margin), high)];
  const steps = arange(0, count + 1, 1);
  const inner = add(from, mul(sub(to, from), div(steps, count)));
  return where(equal(steps, count), to, inner);
}

/**
 * How many elements lie in each bin, and the bins' edges. A bin takes its lower edge, the last one both. Elements outside and
 * NaN are not counted. Counts are int32, sums of weights and densities float32.
 */
export function histogram(x: Tensor, options: HistogramOptions = {}): { counts: Tensor; edges: Tensor } {
  const { bins = 10, weights, density = false } = options;
  expectFloating("histogram", "x", x.dtype);
  expectWeights("histogram", x, weights);
  const edges = noGrad(() => (typeof bins === "number" ? edgesOf(x, bins, options) : bins));
  const count = edges.size - 1;
  if (edges.rank !== 1 || count < 1)
    throw new ShapeError({
      op: "histogram",
      argument: "bins",
      expected: "an axis of at least 2",
      given: formatShape(edges.shape),
    });
  const places = noGrad(() => {
    const line = flat(x);
    const behind = sub(searchSorted(edges, line, { right: true }), 1);
    const last = sliceAlong(edges, 0, count, count + 1);
    return where(equal(line, last), count - 1, behind);
  });
  const counts = countInto(places, weights && flat(weights), count);
  if (!density) return { counts, edges };
  const widths = sub(sliceAlong(edges, 0, 1, count + 1), sliceAlong(edges, 0, 0, count));
  const values = cast(counts, "float32");
  return { counts: div(values, mul(sum(values), widths)), edges };
}
