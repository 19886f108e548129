import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, formatShape, ShapeError, type Tensor, UnsupportedError } from "@facet/autograd";
import { bool, define, defineMethod, int, Kind, listOf, number, oneOf, only, show } from "@facet/dialect";
import {
  arrayLike,
  arrays as arraysKind,
  axes as axesKind,
  dtype as dtypeKind,
  type Given,
  ints,
  shape as shapeKind,
} from "../arguments.js";
import {
  type ArrayLike,
  type Axis,
  checkDtype,
  computable,
  converted,
  type IndexPart,
  integral,
  JaxArray,
  operand,
  run,
} from "../array.js";
import type { ShapeInput } from "./creation.js";
import { promoted } from "./elementwise.js";
import { type Both, both } from "./function.js";

/** One dimension counted from the front. Throws ShapeError when there is none such. */
export function axisOf(fn: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && at >= 0 && at < rank) return at;
  throw new ShapeError({
    op: fn,
    argument: "axis",
    expected: `an axis of an array of rank ${rank}`,
    given: show(axis),
  });
}

/** Dimensions counted from the front; all when none are given. Throws ShapeError on one that is not there or comes twice. */
export function axesOf(fn: string, axis: Axis, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => axisOf(fn, one, rank));
  if (new Set(axes).size === axes.length) return axes;
  throw new ShapeError({ op: fn, argument: "axis", expected: "each axis once", given: show(axis) });
}

/** x repeated to a shape, as arithmetic would. */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  return core.expand(x, shape);
}

/** Transposition; the tensor itself when nothing moves. */
export function permuted(x: Tensor, order: readonly number[]): Tensor {
  return order.length === x.rank && order.every((axis, i) => axis === i) ? x : core.transpose(x, order);
}

const reversedAxes = (x: Tensor): number[] => x.shape.map((_, i) => x.rank - 1 - i);

/** Row by row ("C") or column by column ("F"), as the elements are read and written. */
type Order = "C" | "F";
const order = oneOf("C", "F").or("C");
const out_sharding = only(null);

/** Memory is shared in order "C"; in "F" the dimensions are reversed before and after. One extent may be -1. */
function reshaped(x: Tensor, shape: readonly number[], order: Order): Tensor {
  if (order === "C") return core.reshape(x, shape);
  const rows = core.reshape(permuted(x, reversedAxes(x)), [...shape].reverse());
  return permuted(rows, reversedAxes(rows));
}

const newShape = ints;
interface ReshapeNamed {
  a: ArrayLike;
  shape: ShapeInput;
  order: Order;
  copy: boolean | null;
  out_sharding: null;
}
/** The same elements in another shape, which may be a number; one extent may be -1. */
export const reshape: (...args: Given<[a: ArrayLike, shape: ShapeInput], [order: Order], ReshapeNamed>) => JaxArray =
  define(
    "jax.numpy.reshape",
    { a: arrayLike, shape: newShape, order, "*": null, copy: bool.or(null), out_sharding },
    ({ a, shape, order }) =>
      run(() => reshaped(operand("reshape", "a", a), typeof shape === "number" ? [shape] : shape, order)),
  );

/** `reshape(2, 3)` or `reshape([2, 3])`; one extent may be -1. */
const reshapeMethod: (
  self: JaxArray,
  ...args:
    | [...shape: number[]]
    | [readonly number[]]
    | [...shape: number[], { order?: Order }]
    | [readonly number[], { order?: Order }]
) => JaxArray = defineMethod(
  "jax.Array.reshape",
  { "*args": ints, order, out_sharding },
  (self: JaxArray, { args, order }) => run(() => reshaped(self.core, listed(args), order)),
);

/** Numbers one by one or as one list. */
const listed = (args: unknown): readonly number[] => (args as readonly (number | readonly number[])[]).flat();

export interface RavelNamed {
  order: Order;
  out_sharding: null;
}
const flat = (fn: string) =>
  both(fn, "a", { order, "*": null, out_sharding }, (a, { order }) =>
    run(() => {
      const x = operand(fn, "a", a);
      return reshaped(x, [x.size], order);
    }),
  );
const ravels: Both<"a", [order: Order], RavelNamed> = flat("ravel");
/** All elements in one dimension. */
export const ravel = ravels.fn;
const flatten: Both<"a", [order: Order], RavelNamed>["method"] = defineMethod(
  "jax.Array.flatten",
  { order, "*": null, out_sharding },
  (self: JaxArray, { order }) => run(() => reshaped(self.core, [self.size], order)),
);

/** Axes in another order; reversed without one. */
function transposed(fn: string, a: ArrayLike, axes: readonly number[] | null): JaxArray {
  return run(() => {
    const x = computable(fn, "a", a);
    return permuted(x, axes?.map((axis) => axisOf(fn, axis, x.rank)) ?? reversedAxes(x));
  });
}

const axisList = listOf(int).or(null);
/** Axes in another order; default reversed. */
export const transpose: (
  ...args: Given<[a: ArrayLike], [axes: readonly number[] | null], { a: ArrayLike; axes: readonly number[] | null }>
) => JaxArray = define("jax.numpy.transpose", { a: arrayLike, axes: axisList }, ({ a, axes }) =>
  transposed("transpose", a, axes),
);
/** `transpose(1, 0)`, `transpose([1, 0])`, or without arguments reversed. */
const transposeMethod: (self: JaxArray, ...axes: number[] | [readonly number[] | null]) => JaxArray = defineMethod(
  "jax.Array.transpose",
  { "*args": ints.orNone },
  (self: JaxArray, { args }) => {
    const given = args as unknown as readonly (number | readonly number[] | null)[];
    return transposed("transpose", self, given.length === 0 || given[0] === null ? null : listed(given));
  },
);

/** The axes of an array with those at `source` at `destination`. */
function moved(
  fn: string,
  a: ArrayLike,
  source: number | readonly number[],
  destination: number | readonly number[],
): JaxArray {
  return run(() => {
    const x = computable(fn, "a", a);
    const [from, to] = [axesOf(fn, source, x.rank), axesOf(fn, destination, x.rank)];
    if (from.length !== to.length)
      throw new ArgumentError({
        op: fn,
        argument: "destination",
        expected: `${from.length} axes`,
        given: show(destination),
      });
    const order = [...x.shape.keys()].filter((axis) => !from.includes(axis));
    for (const [at, axis] of to.map((at, i) => [at, from[i] as number] as const).sort((p, q) => p[0] - q[0]))
      order.splice(at, 0, axis);
    return permuted(x, order);
  });
}

const swaps: Both<"a", [axis1: number, axis2: number], { axis1: number; axis2: number }> = both(
  "swapaxes",
  "a",
  { axis1: int, axis2: int },
  (a, { axis1, axis2 }) =>
    run(() => {
      const x = computable("swapaxes", "a", a);
      const order = [...x.shape.keys()];
      const [first, second] = [axisOf("swapaxes", axis1, x.rank), axisOf("swapaxes", axis2, x.rank)];
      order[first] = second;
      order[second] = first;
      return permuted(x, order);
    }),
);
/** Two axes in each other's place. */
export const swapaxes = swaps.fn;

type Axes = number | readonly number[];
/** Axes put elsewhere, the others in their order. */
export const moveaxis: (
  ...args: Given<[a: ArrayLike, source: Axes, destination: Axes], [], { a: ArrayLike; source: Axes; destination: Axes }>
) => JaxArray = define(
  "jax.numpy.moveaxis",
  { a: arrayLike, source: ints, destination: ints },
  ({ a, source, destination }) => moved("moveaxis", a, source, destination),
);

const squeezes: Both<"a", [axis: Axis], { axis: Axis }> = both("squeeze", "a", { axis: axesKind }, (a, { axis }) =>
  run(() => {
    const x = operand("squeeze", "a", a);
    const dropped = axis === null ? x.shape.flatMap((e, i) => (e === 1 ? [i] : [])) : axesOf("squeeze", axis, x.rank);
    for (const i of dropped)
      if (x.shape[i] !== 1)
        throw new ShapeError({
          op: "squeeze",
          argument: "axis",
          expected: "axes of extent 1",
          given: `axis ${i} of ${formatShape(x.shape)}`,
        });
    return core.reshape(
      x,
      x.shape.filter((_, i) => !dropped.includes(i)),
    );
  }),
);
/** Drops dimensions of extent 1: those given, or all. Throws ShapeError on one of another extent. */
export const squeeze = squeezes.fn;

/** Adds dimensions of extent 1, where `axis` says in the result. */
export const expand_dims: (...args: Given<[a: ArrayLike, axis: Axes], [], { a: ArrayLike; axis: Axes }>) => JaxArray =
  define("jax.numpy.expand_dims", { a: arrayLike, axis: ints }, ({ a, axis }) =>
    run(() => {
      const x = operand("expand_dims", "a", a);
      const rank = x.rank + (typeof axis === "number" ? 1 : axis.length);
      const added = axesOf("expand_dims", axis, rank);
      const rest = [...x.shape];
      return core.reshape(
        x,
        Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as number))),
      );
    }),
  );

/** Repeated to a shape, as arithmetic would. */
export const broadcast_to: (
  ...args: Given<[array: ArrayLike, shape: ShapeInput], [], { array: ArrayLike; shape: ShapeInput; out_sharding: null }>
) => JaxArray = define(
  "jax.numpy.broadcast_to",
  { array: arrayLike, shape: shapeKind, "*": null, out_sharding },
  ({ array, shape }) =>
    run(() => broadcast(promoted("broadcast_to", { array })[0] as Tensor, typeof shape === "number" ? [shape] : shape)),
);

/** Arrays of one dtype out of a list, or out of the rows of an array. */
function several(fn: string, arrays: JaxArray | readonly ArrayLike[], dtype: Dtype | null): Tensor[] {
  const rows = arrays instanceof JaxArray ? rowsOf(fn, arrays) : arrays;
  if (rows.length === 0)
    throw new ArgumentError({ op: fn, argument: "arrays", expected: "a list of at least one Array", given: "[]" });
  const parts = promoted(fn, Object.fromEntries(rows.map((a, i) => [`arrays[${i}]`, a])));
  return dtype === null ? parts : parts.map((part) => converted(part, checkDtype(fn, dtype)));
}

function rowsOf(fn: string, a: JaxArray): JaxArray[] {
  const x = computable(fn, "arrays", a);
  if (x.rank === 0)
    throw new ShapeError({ op: fn, argument: "arrays", expected: "rank 1 or more", given: formatShape(x.shape) });
  const rest = x.shape.slice(1);
  return Array.from({ length: x.shape[0] as number }, (_, i) =>
    run(() => core.reshape(core.sliceAlong(x, 0, i, i + 1), rest)),
  );
}

type Several = JaxArray | readonly ArrayLike[];
const dtype = dtypeKind.or(null);

/** Joins arrays along an axis that is there; `axis: null` lays them flat first. */
export const concatenate: (
  ...args: Given<
    [arrays: Several],
    [axis: number | null, dtype: Dtype | null],
    { arrays: Several; axis: number | null; dtype: Dtype | null }
  >
) => JaxArray = define(
  "jax.numpy.concatenate",
  { arrays: arraysKind, axis: int.orNone.or(0), dtype },
  ({ arrays, axis, dtype }) =>
    run(() => {
      const tensors = several("concatenate", arrays, dtype);
      if (axis === null)
        return core.concat(
          tensors.map((x) => core.reshape(x, [x.size])),
          0,
        );
      return core.concat(tensors, axisOf("concatenate", axis, (tensors[0] as Tensor).rank));
    }),
);

/** Joins arrays of one shape along a new axis. */
export const stack: (
  ...args: Given<
    [arrays: Several],
    [axis: number, out: null, dtype: Dtype | null],
    { arrays: Several; axis: number; out: null; dtype: Dtype | null }
  >
) => JaxArray = define(
  "jax.numpy.stack",
  { arrays: arraysKind, axis: int.or(0), out: only(null), dtype },
  ({ arrays, axis, dtype }) =>
    run(() => {
      const tensors = several("stack", arrays, dtype);
      const [first] = tensors as [Tensor];
      for (const [i, x] of tensors.entries())
        if (`${x.shape}` !== `${first.shape}`)
          throw new ShapeError({
            op: "stack",
            argument: `arrays[${i}]`,
            expected: formatShape(first.shape),
            given: formatShape(x.shape),
          });
      return core.stack(tensors, axisOf("stack", axis, first.rank + 1));
    }),
);

/** Cuts an array into equal parts, or at the given positions, along an axis (default 0). */
export const split: (
  ...args: Given<
    [ary: ArrayLike, indices_or_sections: Axes],
    [axis: number],
    { ary: ArrayLike; indices_or_sections: Axes; axis: number }
  >
) => JaxArray[] = define(
  "jax.numpy.split",
  { ary: arrayLike, indices_or_sections: ints, axis: int.or(0) },
  ({ ary, indices_or_sections, axis }) => {
    const x = computable("split", "ary", ary);
    const at = axisOf("split", axis, x.rank);
    const cuts = cutsOf(indices_or_sections, x.shape[at] as number);
    return cuts.slice(1).map((stop, i) => run(() => core.sliceAlong(x, at, cuts[i] as number, stop)));
  },
);

/** Positions from 0 to the extent at which parts begin and end. */
function cutsOf(indices_or_sections: Axes, extent: number): number[] {
  const refuse = (expected: string): never => {
    throw new ArgumentError({
      op: "split",
      argument: "indices_or_sections",
      expected,
      given: show(indices_or_sections),
    });
  };
  if (typeof indices_or_sections === "number") {
    const parts = indices_or_sections;
    if (parts < 1 || extent % parts !== 0) refuse(`a divisor of ${extent}`);
    return Array.from({ length: parts + 1 }, (_, i) => (i * extent) / parts);
  }
  const cuts = [0, ...indices_or_sections, extent];
  if (cuts.some((cut, i) => cut < (cuts[i - 1] ?? 0))) refuse(`positions from 0 to ${extent}, in order`);
  return cuts;
}

type Pair = readonly [number, number];
type PadWidth = number | readonly number[] | readonly (readonly number[])[];

/** One value for all edges, [before, after] for all dimensions, or a pair for each dimension. */
const edges = number.either(listOf(number)).either(listOf(listOf(number)));

/** What stands before and after each dimension, however few values were given. */
function pairsOf(argument: string, given: PadWidth, rank: number): Pair[] {
  const list = typeof given === "number" ? [given] : given;
  const flat = list.every((row) => typeof row === "number");
  const rows = flat ? [list.length === 1 ? [list[0], list[0]] : list] : (list as readonly (readonly number[])[]);
  const whole = rows.every((row) => row.length === 2) && (rows.length === rank || rows.length === 1);
  if (whole) return Array.from({ length: rank }, (_, i) => (rows[i] ?? rows[0]) as Pair);
  throw new ArgumentError({
    op: "pad",
    argument,
    expected: `one or two values, or ${rank} pairs of them`,
    given: show(given),
  });
}

interface PadNamed {
  array: ArrayLike;
  pad_width: PadWidth;
  mode: string;
  constant_values: PadWidth;
}
const MODES = ["edge", "empty", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"];
const mode = new Kind<string>('"constant"', (x) => typeof x === "string");
/** Pads with a constant (default 0): one width for all edges, [before, after] for all dimensions, or a pair for each. */
export const pad: (...args: Given<[array: ArrayLike, pad_width: PadWidth], [mode: string], PadNamed>) => JaxArray =
  define(
    "jax.numpy.pad",
    { array: arrayLike, pad_width: edges, mode: mode.or("constant"), "*": null, constant_values: edges.or(0) },
    ({ array, pad_width, mode, constant_values }) => {
      if (mode !== "constant") {
        const Refusal = MODES.includes(mode) ? UnsupportedError : ArgumentError;
        throw new Refusal({
          op: "pad",
          argument: "mode",
          expected: '"constant": others are not supported',
          given: show(mode),
        });
      }
      return run(() => {
        const x = computable("pad", "array", array);
        const widths = pairsOf("pad_width", pad_width, x.rank);
        if (widths.flat().some((n) => !Number.isInteger(n) || n < 0))
          throw new ArgumentError({
            op: "pad",
            argument: "pad_width",
            expected: "whole numbers of 0 or more",
            given: show(pad_width),
          });
        const values = pairsOf("constant_values", constant_values, x.rank);
        const [value] = values[0] ?? [0];
        if (values.flat().every((each) => each === value)) return core.pad(x, widths, value);
        // One edge after the other: later dimensions fill the corners, as in NumPy.
        return values.reduce<Tensor>(
          (padded, both, axis) =>
            both.reduce(
              (y, value, side) =>
                core.pad(
                  y,
                  y.shape.map((_, i) =>
                    i !== axis ? [0, 0] : side === 0 ? [widths[axis]?.[0] ?? 0, 0] : [0, widths[axis]?.[1] ?? 0],
                  ),
                  value,
                ),
              padded,
            ),
          x,
        );
      });
    },
  );

/** Reverses the given dimensions (default all). */
export const flip: (...args: Given<[m: ArrayLike], [axis: Axis], { m: ArrayLike; axis: Axis }>) => JaxArray = define(
  "jax.numpy.flip",
  { m: arrayLike, axis: axesKind },
  ({ m, axis }) =>
    run(() => {
      const x = computable("flip", "m", m);
      return core.flip(x, axesOf("flip", axis, x.rank));
    }),
);

type Indices = ArrayLike | readonly number[];
type TakeMode = "fill" | "clip" | "wrap" | null;
type TakeRest = [
  axis: number | null,
  out: null,
  mode: TakeMode,
  unique_indices: boolean,
  indices_are_sorted: boolean,
  fill_value: null,
];
export interface TakeNamed {
  indices: Indices;
  axis: number | null;
  out: null;
  mode: TakeMode;
  unique_indices: boolean;
  indices_are_sorted: boolean;
  fill_value: null;
}

const takeRules = {
  indices: arrayLike.either(listOf(int)),
  axis: int.or(null),
  out: only(null),
  mode: oneOf("clip", "wrap").or(null),
  unique_indices: false,
  indices_are_sorted: false,
  fill_value: only(null),
} as const;

function taken(
  a: ArrayLike,
  { indices, axis, mode }: { indices: Indices; axis: number | null; mode: "clip" | "wrap" | null },
): JaxArray {
  return run(() => {
    const given = axis === 0 ? operand("take", "a", a) : computable("take", "a", a);
    const x = axis === null ? core.reshape(given, [given.size]) : given;
    const at = axis === null ? 0 : axisOf("take", axis, x.rank);
    const index = indexTensor(indices, x.shape[at] as number, mode);
    const front = permuted(
      x,
      [at, ...x.shape.keys()].filter((d, i) => i === 0 || d !== at),
    );
    const rows = core.gather(front, core.reshape(index, [index.size]));
    const rest = front.shape.slice(1);
    const shaped = core.reshape(rows, [...index.shape, ...rest]);
    const order = [
      ...Array.from({ length: at }, (_, i) => index.rank + i),
      ...index.shape.keys(),
      ...Array.from({ length: rest.length - at }, (_, i) => index.rank + at + i),
    ];
    return permuted(shaped, order);
  });
}

/**
 * Elements by index along an axis, or of the array laid flat. Negative indices count from the end. Unlike in JAX an index
 * out of range is an error (for a list at once, for an array at the next read) unless `mode` is "clip" or "wrap"; lists of
 * indices are taken too. Bytes: only rows (axis 0) of whole words.
 */
export const take: (
  ...args: Given<[a: ArrayLike, indices: Indices], TakeRest, TakeNamed & { a: ArrayLike }>
) => JaxArray = define("jax.numpy.take", { a: arrayLike, ...takeRules }, (values) => taken(values.a, values));
const takeMethod: (self: JaxArray, ...args: Given<[indices: Indices], TakeRest, TakeNamed>) => JaxArray = defineMethod(
  "jax.Array.take",
  takeRules,
  (self: JaxArray, values) => taken(self, values),
);

function indexTensor(indices: Indices, extent: number, mode: "clip" | "wrap" | null): Tensor {
  if (typeof indices !== "object" || indices instanceof JaxArray) {
    const index = integral("take", "indices", indices);
    if (mode === "clip") return core.maximum(core.minimum(index, extent - 1), 0);
    if (mode === "wrap") return wrapped(index, extent);
    return core.where(core.less(index, 0), core.add(index, extent), index);
  }
  const list = indices.map((index) =>
    mode === "clip"
      ? Math.max(0, Math.min(extent - 1, index))
      : mode === "wrap"
        ? ((index % extent) + extent) % extent
        : index < 0
          ? index + extent
          : index,
  );
  const wrong = list.findIndex((index) => !Number.isInteger(index) || index < 0 || index >= extent);
  if (wrong >= 0)
    throw new ArgumentError({
      op: "take",
      argument: `indices[${wrong}]`,
      expected: `an index into ${extent}`,
      given: `${indices[wrong]}`,
    });
  return core.fromData(list, [list.length], "int32");
}

/** index modulo extent, for negative ones too: WGSL's integer division rounds towards zero. */
function wrapped(index: Tensor, extent: number): Tensor {
  const rest = core.sub(index, core.mul(core.div(index, extent), extent));
  return core.where(core.less(rest, 0), core.add(rest, extent), rest);
}

/** Basic indexing: see Array.slice. Dimensions beyond the index are taken whole. */
export function slice(a: JaxArray, index: readonly IndexPart[]): JaxArray {
  return run(() => {
    const x = computable("slice", "a", a);
    if (index.length > x.rank)
      throw new ShapeError({
        op: "slice",
        argument: "index",
        expected: `at most ${x.rank} parts`,
        given: `${index.length}`,
      });
    const parts = x.shape.map((extent, i) => resolve(index[i] ?? null, extent, i));
    const reversed = parts.flatMap(({ step }, i) => (step < 0 ? [i] : []));
    const source = reversed.length > 0 ? core.flip(x, reversed) : x;
    const bounds = parts.map(({ start, stop, step }, i) => {
      if (step > 0) return { start, stop, step };
      const last = (x.shape[i] as number) - 1;
      return { start: last - start, stop: last - stop, step: -step };
    });
    const shape = bounds.map(({ start, stop, step }) => Math.max(0, Math.ceil((stop - start) / step)));
    const kept = (extents: readonly number[]) => extents.filter((_, i) => !parts[i]?.dropped);
    if (shape.includes(0)) return core.zeros(kept(shape), x.dtype);
    const whole = bounds.every(({ start, stop, step }, i) => start === 0 && stop === x.shape[i] && step === 1);
    const cut = whole
      ? source
      : core.slice(
          source,
          bounds.map((b) => b.start),
          bounds.map((b) => b.stop),
          bounds.map((b) => b.step),
        );
    return core.reshape(cut, kept(cut.shape));
  });
}

/** Python's slice.indices: bounds cut to the extent. */
function resolve(
  part: IndexPart,
  extent: number,
  axis: number,
): { start: number; stop: number; step: number; dropped: boolean } {
  if (typeof part === "number") {
    const at = part < 0 ? part + extent : part;
    if (!Number.isInteger(part) || at < 0 || at >= extent)
      throw new ArgumentError({
        op: "slice",
        argument: `index[${axis}]`,
        expected: `a position in ${extent}`,
        given: `${part}`,
      });
    return { start: at, stop: at + 1, step: 1, dropped: true };
  }
  const [start, stop, step] = part ?? [];
  const by = step ?? 1;
  if (!Number.isInteger(by) || by === 0 || ![start ?? 0, stop ?? 0].every(Number.isInteger))
    throw new ArgumentError({
      op: "slice",
      argument: `index[${axis}]`,
      expected: "whole numbers and a step other than 0",
      given: show(part),
    });
  const [lowest, highest] = by > 0 ? [0, extent] : [-1, extent - 1];
  const bound = (given: number | null | undefined, otherwise: number): number => {
    if (given === undefined || given === null) return otherwise;
    return Math.min(highest, Math.max(lowest, given < 0 ? given + extent : given));
  };
  return {
    start: bound(start, by > 0 ? 0 : extent - 1),
    stop: bound(stop, by > 0 ? extent : -1),
    step: by,
    dropped: false,
  };
}

const bound = int.orNone.either(new Kind<undefined>("undefined", (x) => x === undefined));
const indexPart = new Kind<IndexPart>(
  "positions, [start, stop, step] or null",
  (x) => x === null || int.accepts(x) || (listOf(bound).accepts(x) && (x as readonly unknown[]).length <= 3),
);
const sliceMethod: (self: JaxArray, ...index: IndexPart[]) => JaxArray = defineMethod(
  "jax.Array.slice",
  { "*index": indexPart },
  (self: JaxArray, { index }) => slice(self, index as readonly IndexPart[]),
);

export const shapeMethods = {
  reshape: reshapeMethod,
  ravel: ravels.method,
  flatten,
  squeeze: squeezes.method,
  transpose: transposeMethod,
  swapaxes: swaps.method,
  take: takeMethod,
  /** `x[1:3, :, 0]` is `x.slice([1, 3], null, 0)`. Negative positions count from the end; steps may be negative. */
  slice: sliceMethod,
};
