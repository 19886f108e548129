// keras.utils: what prepares arrays on the host for training.
import { ArgumentError, foldIn, formatShape, type Key, permutation, ShapeError, sizeOf } from "@facet/autograd";
import { type Args, any, bool, define, int, Kind, number, oneOf, only, show } from "@facet/dialect";
import { type SeedGenerator, seedGenerator, seedKind } from "./config.js";
import { array, hostArray, positive } from "./kinds.js";
import { gatherRows, type HostArray, hostData, NdArray, type NdData, type NdDtype } from "./ndarray.js";
import { normalize as normalizeTensor } from "./ops/linalg.js";
import { KerasTensor, type Tensor, type TensorLike } from "./tensor.js";

const ARRAYS = { bool: Uint8Array, uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };
const dtypes = oneOf("bool", "uint8", "int32", "float32", "float64");
const side = oneOf("pre", "post");
/** Sequences of different lengths, each a list or an array; an array stands for its rows. */
type Sequences = readonly HostArray[] | NdArray;
const sequencesKind = new Kind<Sequences>(
  "a list of sequences (lists, typed arrays, NdArrays)",
  (value) => value instanceof NdArray || Array.isArray(value),
);

interface PadArguments {
  maxlen: number | null;
  dtype: NdDtype;
  padding: "pre" | "post";
  truncating: "pre" | "post";
  value: number;
}

/**
 * Sequences as one array [count, maxlen, ...]: shorter ones are filled up with `value`, longer ones cut, both at the front
 * unless `padding` and `truncating` say "post". Without maxlen the longest says the length. Default dtype int32.
 * Throws ShapeError where elements of sequences differ in shape.
 */
export const pad_sequences: (
  sequences: Sequences,
  ...args: Args<[maxlen: number | null, dtype: NdDtype, padding: "pre" | "post"], Partial<PadArguments>>
) => NdArray = define(
  "keras.utils.pad_sequences",
  {
    sequences: sequencesKind,
    maxlen: positive.or(null),
    dtype: dtypes.or("int32"),
    padding: side.or("pre"),
    truncating: side.or("pre"),
    value: number.or(0),
  },
  ({ sequences, maxlen, dtype, padding, truncating, value }) => {
    const op = "pad_sequences";
    const rows = sequences instanceof NdArray ? sequences.length : sequences.length;
    const all = Array.from({ length: rows }, (_, i) => {
      if (sequences instanceof NdArray) return sequences.slice(i, i + 1).reshape(sequences.shape.slice(1));
      const row = hostData(op, sequences[i]);
      if (row.ndim > 0) return row;
      throw new ArgumentError({
        op,
        argument: "sequences",
        expected: "a list of sequences",
        given: show(sequences[i]),
      });
    });
    if (all.length === 0 && maxlen === null)
      throw new ArgumentError({ op, argument: "sequences", expected: "at least one, or maxlen", given: "none" });
    const steps = maxlen ?? Math.max(...all.map(({ length }) => length));
    const element = all.find(({ length }) => length > 0)?.shape.slice(1) ?? [];
    const size = sizeOf(element);
    const data = new ARRAYS[dtype](rows * steps * size).fill(value);
    for (const [i, row] of all.entries()) {
      if (row.length === 0) continue;
      if (`${row.shape.slice(1)}` !== `${element}`) {
        const given = `${formatShape(row.shape.slice(1))} at ${i}`;
        throw new ShapeError({ op, argument: "sequences", expected: `elements ${formatShape(element)}`, given });
      }
      const cut = Math.min(row.length, steps);
      const kept = truncating === "pre" ? row.slice(row.length - cut) : row.slice(0, cut);
      const at = i * steps + (padding === "pre" ? steps - cut : 0);
      data.set(kept.astype(dtype).data, at * size);
    }
    return new NdArray(data, [rows, steps, ...element], dtype);
  },
);

/**
 * An array divided by its norms along `axis` (default the last): of order 2 unless `order` says otherwise. Where a norm is 0 the
 * elements stay. An NdArray gives an NdArray (integers float64), everything else a Tensor.
 */
export const normalize: {
  (x: NdArray, ...args: Args<[axis: number, order: number], { axis: number; order: number }>): NdArray;
  (x: TensorLike, ...args: Args<[axis: number, order: number], { axis: number; order: number }>): Tensor;
} = define("keras.utils.normalize", { x: array, axis: int.or(-1), order: number.or(2) }, ({ x, axis, order }) => {
  if (!(x instanceof NdArray)) return normalizeTensor(x, { axis, order });
  const at = axis < 0 ? axis + x.ndim : axis;
  if (!(at >= 0 && at < x.ndim)) {
    const expected = `an integer from ${-x.ndim} to ${x.ndim - 1}`;
    throw new ArgumentError({ op: "normalize", argument: "axis", expected, given: `${axis}` });
  }
  const [extent, inner] = [x.shape[at] as number, sizeOf(x.shape.slice(at + 1))];
  const dtype = x.dtype === "float32" ? "float32" : "float64";
  const data = new ARRAYS[dtype](x.size);
  for (let row = 0; row < x.size / Math.max(1, extent); row++) {
    const start = Math.floor(row / inner) * extent * inner + (row % inner);
    const indices = Array.from({ length: extent }, (_, i) => start + i * inner);
    const norm = normOf(
      indices.map((i) => Math.abs(x.data[i] as number)),
      order,
    );
    for (const i of indices) data[i] = (x.data[i] as number) / (norm === 0 ? 1 : norm);
  }
  return new NdArray(data, x.shape, dtype);
}) as never;

/** The norm of sizes, as NumPy has it: of order infinity the largest, -infinity the smallest, 0 how many are not 0. */
function normOf(sizes: readonly number[], order: number): number {
  if (order === Number.POSITIVE_INFINITY) return Math.max(...sizes);
  if (order === Number.NEGATIVE_INFINITY) return Math.min(...sizes);
  if (order === 0) return sizes.filter((size) => size !== 0).length;
  return sizes.reduce((total, size) => total + size ** order, 0) ** (1 / order);
}

/** What `fit` takes, in one: the inputs where they are all and no list, else a list of inputs, targets and sample weights. */
export const pack_x_y_sample_weight: (x: unknown, y?: unknown, sample_weight?: unknown) => unknown = define(
  "keras.utils.pack_x_y_sample_weight",
  { x: any, y: any.or(null), sample_weight: any.or(null) },
  ({ x, y, sample_weight }) => {
    if (y === null) return Array.isArray(x) ? [x] : x;
    return sample_weight === null ? [x, y] : [x, y, sample_weight];
  },
);

/** Inputs, targets and sample weights of what `fit` takes in one; null for what is absent. */
export const unpack_x_y_sample_weight: (data: unknown) => [x: unknown, y: unknown, sample_weight: unknown] = define(
  "keras.utils.unpack_x_y_sample_weight",
  { data: any },
  ({ data }) => {
    if (!Array.isArray(data)) return [data, null, null];
    if (data.length >= 1 && data.length <= 3) return [data[0], data[1] ?? null, data[2] ?? null];
    const expected = "[x], [x, y] or [x, y, sample_weight]";
    throw new ArgumentError({ op: "unpack_x_y_sample_weight", argument: "data", expected, given: show(data) });
  },
);

/** Whether something is a placeholder of a functional model. */
export const is_keras_tensor: (x: unknown) => boolean = define(
  "keras.utils.is_keras_tensor",
  { x: any },
  ({ x }) => x instanceof KerasTensor,
);

interface Windows {
  readonly data: NdArray;
  readonly targets: NdArray | null;
  readonly starts: Int32Array;
  readonly length: number;
  readonly rate: number;
  readonly batchSize: number | null;
  readonly shuffle: Key | null;
}

/** Windows of a series in batches. Can be gone through any number of times; shuffled anew with each. */
class TimeseriesDataset implements Iterable<NdArray | readonly [NdArray, NdArray]> {
  readonly #windows: Windows;
  #passes = 0;

  constructor(windows: Windows) {
    this.#windows = windows;
  }

  *[Symbol.iterator](): Generator<NdArray | readonly [NdArray, NdArray]> {
    const { data, targets, starts, length, rate, batchSize, shuffle } = this.#windows;
    const count = starts.length;
    const order = shuffle && permutation(foldIn(shuffle, this.#passes++), count);
    const size = batchSize ?? 1;
    for (let at = 0; at < count; at += size) {
      const now = Array.from(
        { length: Math.min(size, count - at) },
        (_, i) => starts[order ? (order[at + i] as number) : at + i] as number,
      );
      const rows = now.flatMap((start) => Array.from({ length }, (_, i) => start + i * rate));
      const shape = [...(batchSize === null ? [] : [now.length])];
      const x = take(data, rows, [...shape, length, ...data.shape.slice(1)]);
      yield targets ? [x, take(targets, now, [...shape, ...targets.shape.slice(1)])] : x;
    }
  }
}

function take(from: NdArray, rows: readonly number[], shape: readonly number[]): NdArray {
  const data = new ARRAYS[from.dtype](sizeOf(shape));
  return new NdArray(gatherRows(from, rows, data as Float32Array) as NdData, shape, from.dtype);
}

interface TimeseriesArguments {
  sequence_stride: number;
  sampling_rate: number;
  batch_size: number | null;
  shuffle: boolean;
  seed: number | SeedGenerator | null;
  start_index: number | null;
  end_index: number | null;
}

/**
 * Windows of a series [time, ...]: `sequence_length` steps, `sampling_rate` apart, a new one every `sequence_stride`, in batches
 * [batch, sequence_length, ...], with the target of each where there are targets (those at the window's first step). To be gone
 * through with `for ... of`, or given to `fit`. Throws ArgumentError where an index or stride does not fit the series.
 */
export const timeseries_dataset_from_array: (
  data: HostArray,
  targets: HostArray | null,
  sequence_length: number,
  ...args: Args<
    [sequence_stride: number, sampling_rate: number, batch_size: number | null],
    Partial<TimeseriesArguments>
  >
) => Iterable<NdArray | readonly [NdArray, NdArray]> = define(
  "keras.utils.timeseries_dataset_from_array",
  {
    data: hostArray,
    targets: hostArray.orNone,
    sequence_length: positive,
    sequence_stride: positive.or(1),
    sampling_rate: positive.or(1),
    batch_size: positive.orNone.or(128),
    shuffle: bool.or(false),
    seed: seedKind.or(null),
    start_index: int.or(null),
    end_index: int.or(null),
    format: only("tf"),
  },
  (given) => {
    const op = "timeseries_dataset_from_array";
    const all = hostData(op, given.data);
    const [start, end] = [given.start_index ?? 0, given.end_index ?? all.length];
    const least = (argument: string, value: number, from: number, to: number): void => {
      if (value >= from && value < to) return;
      throw new ArgumentError({ op, argument, expected: `an integer from ${from} to ${to - 1}`, given: `${value}` });
    };
    least("start_index", start, 0, all.length);
    if (given.end_index !== null) least("end_index", end, start + 1, all.length);
    least("sampling_rate", given.sampling_rate, 1, all.length);
    least("sequence_stride", given.sequence_stride, 1, all.length);
    const cut = (values: NdArray): NdArray => values.slice(start, end);
    const [data, targets] = [cut(all), given.targets === null ? null : cut(hostData(op, given.targets))];
    const windows = end - start - (given.sequence_length - 1) * given.sampling_rate;
    const count = Math.min(windows, targets?.length ?? windows);
    const starts = Int32Array.from(
      { length: Math.max(0, Math.ceil(count / given.sequence_stride)) },
      (_, i) => i * given.sequence_stride,
    );
    return new TimeseriesDataset({
      ...{ data, targets, starts, length: given.sequence_length, rate: given.sampling_rate },
      batchSize: given.batch_size,
      shuffle: given.shuffle ? seedGenerator(given.seed).draw() : null,
    });
  },
);
