// jax.lax.gather and the scatters in the original's general form: windows of an array, which begin where rows of indices say.
import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { bool, func, Kind, listOf, number, show, signature } from "@facet/dialect";
import { arrayLike, declared } from "../arguments.js";
import { type ArrayLike, computable, converted, integral, JaxArray, run } from "../array.js";
import { promoted } from "../numpy/ufunc.js";
import { type Ints, naturals } from "./shapes.js";

const none = naturals.or([]);
const GATHER = {
  offset_dims: naturals,
  collapsed_slice_dims: naturals,
  start_index_map: naturals,
  operand_batching_dims: none,
  start_indices_batching_dims: none,
} as const;
const readGather = signature("jax.lax.GatherDimensionNumbers", GATHER);
interface GatherDims {
  offset_dims: Ints;
  collapsed_slice_dims: Ints;
  start_index_map: Ints;
  operand_batching_dims?: Ints;
  start_indices_batching_dims?: Ints;
}
/** Which dimensions of a gather's result are those of its windows, and where along the array the windows begin. */
export class GatherDimensionNumbers implements Required<GatherDims> {
  readonly offset_dims: Ints;
  readonly collapsed_slice_dims: Ints;
  readonly start_index_map: Ints;
  readonly operand_batching_dims: Ints;
  readonly start_indices_batching_dims: Ints;
  constructor(...args: [GatherDims] | [offset: Ints, collapsed: Ints, map: Ints, ...batching: Ints[]]) {
    const read = readGather(args);
    this.offset_dims = read.offset_dims;
    this.collapsed_slice_dims = read.collapsed_slice_dims;
    this.start_index_map = read.start_index_map;
    this.operand_batching_dims = read.operand_batching_dims;
    this.start_indices_batching_dims = read.start_indices_batching_dims;
  }
}

const SCATTER = {
  update_window_dims: naturals,
  inserted_window_dims: naturals,
  scatter_dims_to_operand_dims: naturals,
  operand_batching_dims: none,
  scatter_indices_batching_dims: none,
} as const;
const readScatter = signature("jax.lax.ScatterDimensionNumbers", SCATTER);
interface ScatterDims {
  update_window_dims: Ints;
  inserted_window_dims: Ints;
  scatter_dims_to_operand_dims: Ints;
  operand_batching_dims?: Ints;
  scatter_indices_batching_dims?: Ints;
}
/** As GatherDimensionNumbers, of the updates of a scatter. */
export class ScatterDimensionNumbers implements Required<ScatterDims> {
  readonly update_window_dims: Ints;
  readonly inserted_window_dims: Ints;
  readonly scatter_dims_to_operand_dims: Ints;
  readonly operand_batching_dims: Ints;
  readonly scatter_indices_batching_dims: Ints;
  constructor(...args: [ScatterDims] | [window: Ints, inserted: Ints, map: Ints, ...batching: Ints[]]) {
    const read = readScatter(args);
    this.update_window_dims = read.update_window_dims;
    this.inserted_window_dims = read.inserted_window_dims;
    this.scatter_dims_to_operand_dims = read.scatter_dims_to_operand_dims;
    this.operand_batching_dims = read.operand_batching_dims;
    this.scatter_indices_batching_dims = read.scatter_indices_batching_dims;
  }
}

/** What becomes of a window that does not fit: held to where it does, or read as `fill_value` and never written. */
export const GatherScatterMode = {
  CLIP: "clip",
  FILL_OR_DROP: "fill",
  PROMISE_IN_BOUNDS: "promise_in_bounds",
  ONE_HOT: "one_hot",
} as const;
type Mode = "clip" | "fill" | "drop" | "promise_in_bounds" | null;
const mode = new Kind<Mode>(
  '"clip", "fill", "drop" or "promise_in_bounds"',
  (x) => typeof x === "string" && ["clip", "fill", "drop", "promise_in_bounds"].includes(x),
).or(null);
const drops = (given: Mode): boolean => given === null || given === "fill" || given === "drop";
const promise = bool.or(false);

interface Windows {
  readonly op: string;
  readonly x: Tensor;
  readonly starts: Tensor;
  /** Extents of a window along the array's dimensions. */
  readonly sizes: Ints;
  /** Dimensions of the result (or the updates) that are a window's, and those of the array that it leaves out. */
  readonly offset: Ints;
  readonly left: Ints;
  readonly map: Ints;
  readonly operandBatch: Ints;
  readonly indexBatch: Ints;
}

function expectWindows({ op, x, starts, sizes, offset, left, map, operandBatch, indexBatch }: Windows): void {
  const problem =
    sizes.length !== x.rank || sizes.some((size, d) => size > (x.shape[d] as number))
      ? `windows within ${formatShape(x.shape)}`
      : starts.rank === 0 || map.length !== starts.shape.at(-1)
        ? `as many dimensions as indices have along their last axis, ${starts.shape.at(-1)}`
        : offset.length + left.length + operandBatch.length !== x.rank
          ? `each of the ${x.rank} dimensions of the array once`
          : operandBatch.length !== indexBatch.length
            ? "as many batching dimensions of the array as of the indices"
            : [...map, ...left, ...operandBatch].some((d) => d >= x.rank)
              ? `dimensions below ${x.rank}`
              : undefined;
  if (problem)
    throw new ShapeError({ op, argument: "dimension_numbers", expected: problem, given: show({ sizes, offset, map }) });
}

/** An index for every element of the windows, along each dimension of the array, and whether the window fits. */
function indicesOf(windows: Windows, held: boolean): { indices: Tensor[]; fits: Tensor } {
  expectWindows(windows);
  const { x, starts, sizes, offset, left, map, operandBatch, indexBatch } = windows;
  const batch = starts.shape.slice(0, -1);
  const rank = batch.length + offset.length;
  const batchDims = Array.from({ length: rank }, (_, d) => d).filter((d) => !offset.includes(d));
  const windowDims = [...x.shape.keys()].filter((d) => !left.includes(d) && !operandBatch.includes(d));
  const inBatch = (t: Tensor): Tensor => {
    const shape = Array<number>(rank).fill(1);
    for (const [i, d] of batchDims.entries()) shape[d] = t.shape[i] as number;
    return core.reshape(t, shape);
  };
  const line = (count: number, at: number): Tensor =>
    core.reshape(
      core.arange(0, count, 1, "int32"),
      Array.from({ length: rank }, (_, d) => (d === at ? count : 1)),
    );
  let fits: Tensor | undefined;
  const indices = [...x.shape.keys()].map((d) => {
    const parts: Tensor[] = [];
    const k = map.indexOf(d);
    if (k >= 0) {
      const own = core.reshape(core.sliceAlong(starts, batch.length, k, k + 1), batch);
      const last = (x.shape[d] as number) - (sizes[d] as number);
      const inside = core.logicalAnd(core.greaterEqual(own, 0), core.lessEqual(own, last));
      fits = fits ? core.logicalAnd(fits, inside) : inside;
      parts.push(inBatch(held ? core.minimum(core.maximum(own, 0), last) : own));
    }
    if (operandBatch.includes(d)) {
      const at = indexBatch[operandBatch.indexOf(d)] as number;
      parts.push(line(batch[at] as number, batchDims[at] as number));
    }
    if (windowDims.includes(d)) parts.push(line(sizes[d] as number, offset[windowDims.indexOf(d)] as number));
    const [first, ...rest] = parts;
    if (!first) return core.zeros(Array<number>(rank).fill(1), "int32");
    return rest.reduce((sum, part) => core.add(sum, part), first);
  });
  return { indices, fits: inBatch(fits ?? core.full(batch, true, "bool")) };
}

const numbersOf = <T extends object>(kind: new (dims: never) => T, given: object): T =>
  given instanceof kind ? given : new kind(given as never);
const dims = <T>() => new Kind<T>("dimension numbers", (x) => typeof x === "object" && x !== null, true);

/** What a window that does not fit reads as. */
const filling = (dtype: core.Dtype): number =>
  core.isFloating(dtype) ? Number.NaN : dtype === "int32" ? -(2 ** 31) : dtype === "bool" ? 1 : 2 ** 32 - 1;

/**
 * lax.gather: for each row of `start_indices` (along their last axis) a window of `slice_sizes`. A window out of the array reads
 * `fill_value` (NaN, the least int32, the largest uint32, true), unless `mode` is "clip" or "promise_in_bounds".
 */
export const gather = declared<
  [operand: ArrayLike, start_indices: JaxArray, dimension_numbers: GatherDims, slice_sizes: Ints]
>()(
  "jax.lax.gather",
  {
    operand: arrayLike,
    start_indices: arrayLike,
    dimension_numbers: dims<GatherDims>(),
    slice_sizes: naturals,
    "*": null,
    unique_indices: promise,
    indices_are_sorted: promise,
    mode,
    fill_value: number.or(null),
  },
  ({ operand, start_indices, dimension_numbers, slice_sizes, mode, fill_value, unique_indices }) =>
    run(() => {
      const op = "gather";
      const x = computable(op, "operand", operand);
      const numbers = numbersOf(GatherDimensionNumbers, dimension_numbers);
      const { indices, fits } = indicesOf(
        {
          op,
          x,
          starts: integral(op, "start_indices", start_indices),
          sizes: slice_sizes,
          offset: numbers.offset_dims,
          left: [...numbers.collapsed_slice_dims, ...numbers.operand_batching_dims].filter(
            (d) => !numbers.operand_batching_dims.includes(d),
          ),
          map: numbers.start_index_map,
          operandBatch: numbers.operand_batching_dims,
          indexBatch: numbers.start_indices_batching_dims,
        },
        true,
      );
      const y = x.rank === 0 ? x : core.indexGet(x, indices, { mode: "clip", negative: false, unique: unique_indices });
      if (!drops(mode)) return y;
      return core.where(fits, y, core.full([], fill_value ?? filling(x.dtype), x.dtype));
    }),
);

interface ScatterOptions {
  unique_indices: boolean;
  mode: Mode;
}
/** Windows of an array named by a scatter's indices. */
function target(op: string, x: Tensor, given: ArrayLike, dimensions: ScatterDims, shape: Ints, held: boolean) {
  const numbers = numbersOf(ScatterDimensionNumbers, dimensions);
  const { inserted_window_dims: left, operand_batching_dims: batch, update_window_dims: offset } = numbers;
  let at = 0;
  const sizes = x.shape.map((_, d) =>
    left.includes(d) || batch.includes(d) ? 1 : (shape[offset[at++] as number] ?? 1),
  );
  return indicesOf(
    {
      op,
      x,
      starts: integral(op, "scatter_indices", given),
      sizes,
      offset,
      left,
      map: numbers.scatter_dims_to_operand_dims,
      operandBatch: batch,
      indexBatch: numbers.scatter_indices_batching_dims,
    },
    held,
  );
}

type Combination = "set" | "add" | "mul" | "min" | "max";
function scattered(
  op: string,
  given: ArrayLike,
  scatter_indices: ArrayLike,
  updates: ArrayLike,
  dimensions: ScatterDims,
  { unique_indices, mode }: ScatterOptions,
  combination: Combination,
): Tensor {
  const [x, source] = promoted(op, { operand: given, updates }) as [Tensor, Tensor];
  if (given instanceof JaxArray && x.dtype !== given.dtype)
    throw new core.DtypeError({ op, argument: "updates", expected: given.dtype, given: source.dtype });
  const { indices, fits } = target(op, x, scatter_indices, dimensions, source.shape, !drops(mode));
  // A window that does not fit is left out as a whole: its places are none.
  const placed = drops(mode) ? indices.map((index) => core.where(fits, index, 2 ** 30)) : indices;
  return core.indexPut(x, placed, source, { combination, mode: "drop", negative: false, unique: unique_indices });
}

const OPTIONS = { "*": null, indices_are_sorted: promise, unique_indices: promise, mode } as const;
const scattering = (fn: string, combination: Combination, prepared: (x: ArrayLike) => ArrayLike = (x) => x) =>
  declared<[operand: ArrayLike, scatter_indices: JaxArray, updates: ArrayLike, dimension_numbers: ScatterDims]>()(
    `jax.lax.${fn}`,
    {
      operand: arrayLike,
      scatter_indices: arrayLike,
      updates: arrayLike,
      dimension_numbers: dims<ScatterDims>(),
      ...OPTIONS,
    },
    ({ operand, scatter_indices, updates, dimension_numbers, ...options }) =>
      run(() => scattered(fn, operand, scatter_indices, prepared(updates), dimension_numbers, options, combination)),
  );
/** Windows of the array replaced by updates. A window out of the array is left out, unless `mode` is "clip". */
export const scatter = scattering("scatter", "set");
export const scatter_add = scattering("scatter_add", "add");
export const scatter_sub = scattering("scatter_sub", "add", (x) =>
  x instanceof JaxArray ? run(() => (x.dtype === "uint32" ? core.sub(0, x.core) : core.neg(x.core))) : -Number(x),
);
export const scatter_mul = scattering("scatter_mul", "mul");
export const scatter_min = scattering("scatter_min", "min");
export const scatter_max = scattering("scatter_max", "max");

/** The array with `func` applied to the windows named, each element once: `unique_indices` promises that none is named twice. */
export const scatter_apply = declared<
  [operand: ArrayLike, scatter_indices: JaxArray, func: (x: JaxArray) => JaxArray, dimension_numbers: ScatterDims]
>()(
  "jax.lax.scatter_apply",
  {
    operand: arrayLike,
    scatter_indices: arrayLike,
    func,
    dimension_numbers: dims<ScatterDims>(),
    "*": null,
    update_shape: listOf(new Kind<number>("extents", Number.isInteger)).or([]),
    indices_are_sorted: promise,
    unique_indices: promise,
    mode,
  },
  ({ operand, scatter_indices, func, dimension_numbers, update_shape, unique_indices, mode }) =>
    run(() => {
      const op = "scatter_apply";
      if (!unique_indices)
        throw new UnsupportedError({
          op,
          argument: "unique_indices",
          expected: "true: a function is applied to each element once",
          given: "false",
        });
      const x = computable(op, "operand", operand);
      const { indices, fits } = target(op, x, scatter_indices, dimension_numbers, update_shape, !drops(mode));
      const placed = drops(mode) ? indices.map((index) => core.where(fits, index, 2 ** 30)) : indices;
      const found = core.indexGet(x, placed, { mode: "drop", negative: false });
      const changed = func(new JaxArray(found)) as unknown;
      if (!(changed instanceof JaxArray))
        throw new ArgumentError({
          op,
          argument: "func",
          expected: "a function that returns an Array",
          given: show(changed),
        });
      return core.indexPut(x, placed, converted(changed.core, x.dtype), {
        combination: "set",
        mode: "drop",
        negative: false,
        unique: true,
      });
    }),
);
