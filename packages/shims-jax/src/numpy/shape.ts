import * as core from "@facet/autograd";
import { ArgumentError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { type ArrayLike, type Axis, arrayOf, computable, converted, type IndexPart, JaxArray, run } from "../array.js";
import { describe, isKeywords, type Keywords, keywords, placed } from "../options.js";
import type { ShapeInput } from "./creation.js";
import { promoted } from "./elementwise.js";

/** `axis` by its name. */
export type AxisKeyword<T> = Keywords<{ axis: T }>;

/** One dimension counted from the front. Throws ShapeError when there is none such. */
export function axisOf(fn: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && at >= 0 && at < rank) return at;
  throw new ShapeError({
    op: fn,
    argument: "axis",
    expected: `an axis of an array of rank ${rank}`,
    given: describe(axis),
  });
}

/** Dimensions counted from the front; all when none are given. Throws ShapeError on one that is not there or comes twice. */
export function axesOf(fn: string, axis: Axis, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i);
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => axisOf(fn, one, rank));
  if (new Set(axes).size === axes.length) return axes;
  throw new ShapeError({ op: fn, argument: "axis", expected: "each axis once", given: describe(axis) });
}

/** x repeated to a shape, as arithmetic would. */
export function broadcast(x: Tensor, shape: readonly number[]): Tensor {
  return core.expand(x, shape);
}

/** Memory is shared; the shape may be a number, and one extent -1. */
export const reshape = (a: JaxArray, shape: ShapeInput): JaxArray =>
  run(() => core.reshape(arrayOf("reshape", "a", a), typeof shape === "number" ? [shape] : shape));
export const ravel = (a: JaxArray): JaxArray => run(() => core.reshape(arrayOf("ravel", "a", a), [a.size]));

/** Axes in another order; default reversed. */
export function transpose(a: JaxArray, axes?: readonly number[] | null): JaxArray {
  return run(() => {
    const x = computable("transpose", "a", a);
    const order = axes?.map((axis) => axisOf("transpose", axis, x.rank)) ?? x.shape.map((_, i) => x.rank - 1 - i);
    return permuted(x, order);
  });
}

/** Transposition; the tensor itself when nothing moves. */
export function permuted(x: Tensor, order: readonly number[]): Tensor {
  return order.length === x.rank && order.every((axis, i) => axis === i) ? x : core.transpose(x, order);
}

export function swapaxes(a: JaxArray, axis1: number, axis2: number): JaxArray {
  const order = a.shape.map((_, i) => i);
  const [first, second] = [axisOf("swapaxes", axis1, a.ndim), axisOf("swapaxes", axis2, a.ndim)];
  order[first] = second;
  order[second] = first;
  return transpose(a, order);
}

export function moveaxis(a: JaxArray, source: number, destination: number): JaxArray {
  const [from, to] = [axisOf("moveaxis", source, a.ndim), axisOf("moveaxis", destination, a.ndim)];
  const order = a.shape.map((_, i) => i).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return transpose(a, order);
}

/** Drops dimensions of extent 1: those given, or all. Throws ShapeError on one of another extent. */
export function squeeze(a: JaxArray, axis_?: Axis | AxisKeyword<Axis>): JaxArray {
  const axis = placed<Axis>("squeeze", "axis", axis_, undefined);
  const x = arrayOf("squeeze", "a", a);
  const dropped =
    axis === undefined || axis === null
      ? x.shape.flatMap((e, i) => (e === 1 ? [i] : []))
      : axesOf("squeeze", axis, x.rank);
  for (const i of dropped)
    if (x.shape[i] !== 1)
      throw new ShapeError({
        op: "squeeze",
        argument: "axis",
        expected: "axes of extent 1",
        given: `axis ${i} of ${formatShape(x.shape)}`,
      });
  return run(() =>
    core.reshape(
      x,
      x.shape.filter((_, i) => !dropped.includes(i)),
    ),
  );
}

/** Adds dimensions of extent 1, where `axis` says in the result. */
export function expand_dims(
  a: JaxArray,
  axis_: number | readonly number[] | AxisKeyword<number | readonly number[]>,
): JaxArray {
  const axis = placed<number | readonly number[]>("expand_dims", "axis", axis_, []);
  const x = arrayOf("expand_dims", "a", a);
  const count = typeof axis === "number" ? 1 : axis.length;
  const added = axesOf("expand_dims", axis, x.rank + count);
  const rest = [...x.shape];
  return run(() =>
    core.reshape(
      x,
      Array.from({ length: x.rank + count }, (_, i) => (added.includes(i) ? 1 : (rest.shift() as number))),
    ),
  );
}

export const broadcast_to = (a: ArrayLike, shape: ShapeInput): JaxArray =>
  run(() => broadcast(promoted("broadcast_to", { a })[0] as Tensor, typeof shape === "number" ? [shape] : shape));

function several(fn: string, arrays: readonly JaxArray[]): Tensor[] {
  if (!Array.isArray(arrays) || arrays.length === 0)
    throw new ArgumentError({
      op: fn,
      argument: "arrays",
      expected: "a list of at least one Array",
      given: describe(arrays),
    });
  arrays.forEach((a, i) => {
    arrayOf(fn, `arrays[${i}]`, a);
  });
  return promoted(fn, Object.fromEntries(arrays.map((a, i) => [`arrays[${i}]`, a])));
}

/** Joins arrays along an axis that is there; `axis: null` lays them flat first. */
export function concatenate(arrays: readonly JaxArray[], axis_?: number | null | AxisKeyword<number | null>): JaxArray {
  const axis = placed<number | null>("concatenate", "axis", axis_, 0);
  return run(() => {
    const tensors = several("concatenate", arrays);
    if (axis === null)
      return core.concat(
        tensors.map((x) => core.reshape(x, [x.size])),
        0,
      );
    return core.concat(tensors, axisOf("concatenate", axis, (tensors[0] as Tensor).rank));
  });
}

/** Joins arrays of one shape along a new axis. */
export function stack(arrays: readonly JaxArray[], axis_?: number | AxisKeyword<number>): JaxArray {
  const axis = placed("stack", "axis", axis_, 0);
  return run(() => {
    const tensors = several("stack", arrays);
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
  });
}

/** Cuts an array into equal parts, or at the given positions, along an axis (default 0). */
export function split(
  a: JaxArray,
  indices_or_sections: number | readonly number[],
  axis_?: number | AxisKeyword<number>,
): JaxArray[] {
  const axis = placed("split", "axis", axis_, 0);
  const x = computable("split", "a", a);
  const at = axisOf("split", axis, x.rank);
  const extent = x.shape[at] as number;
  let cuts: number[];
  if (typeof indices_or_sections === "number") {
    const parts = indices_or_sections;
    if (!Number.isInteger(parts) || parts < 1 || extent % parts !== 0)
      throw new ArgumentError({
        op: "split",
        argument: "indices_or_sections",
        expected: `a divisor of ${extent}`,
        given: `${parts}`,
      });
    cuts = Array.from({ length: parts + 1 }, (_, i) => (i * extent) / parts);
  } else
    cuts = [
      0,
      ...indices_or_sections.map((cut) => Math.min(extent, Math.max(0, cut < 0 ? cut + extent : cut))),
      extent,
    ];
  return cuts
    .slice(1)
    .map((stop, i) => run(() => core.sliceAlong(x, at, cuts[i] as number, Math.max(stop, cuts[i] as number))));
}

type PadKeywords = Keywords<{ constant_values: number }> & { readonly mode?: string };
type PadWidth = number | readonly [number, number] | readonly (readonly [number, number])[];

/** Pads with a constant: one width for all edges, [before, after] for all dimensions, or a pair for each. */
export function pad(
  array: JaxArray,
  pad_width: PadWidth,
  mode: string | PadKeywords = "constant",
  options?: PadKeywords,
): JaxArray {
  const { constant_values } = keywords(
    "pad",
    isKeywords(mode) ? mode : { ...options, ...{ mode } },
    { constant_values: 0 },
    { mode: "constant" },
  );
  return run(() => {
    const x = computable("pad", "array", array);
    const pair = (one: unknown): one is readonly [number, number] =>
      Array.isArray(one) && one.length === 2 && one.every((n) => typeof n === "number");
    const same =
      typeof pad_width === "number" ? ([pad_width, pad_width] as const) : pair(pad_width) ? pad_width : undefined;
    const widths = same ? x.shape.map(() => same) : (pad_width as readonly (readonly [number, number])[]);
    for (const width of widths)
      if (!pair(width) || width.some((n) => !Number.isInteger(n) || n < 0))
        throw new ArgumentError({
          op: "pad",
          argument: "pad_width",
          expected: "whole numbers of 0 or more",
          given: describe(pad_width),
        });
    return core.pad(x, widths, constant_values);
  });
}

/** Reverses the given dimensions (default all). */
export const flip = (m: JaxArray, axis?: Axis | AxisKeyword<Axis>): JaxArray =>
  run(() =>
    core.flip(computable("flip", "m", m), axesOf("flip", placed<Axis>("flip", "axis", axis, undefined), m.ndim)),
  );

/**
 * Elements by index along an axis, or of the array laid flat. Negative indices count from the end. Unlike in JAX an index
 * out of range is an error (for a list at once, for an array at the next read). Bytes: only rows (axis 0) of whole words.
 */
export function take(
  a: JaxArray,
  indices: JaxArray | readonly number[],
  axis_?: number | null | AxisKeyword<number | null>,
): JaxArray {
  const axis = placed<number | null>("take", "axis", axis_, null);
  return run(() => {
    const given = axis === 0 ? arrayOf("take", "a", a) : computable("take", "a", a);
    const x = axis === undefined || axis === null ? core.reshape(given, [given.size]) : given;
    const at = axis === undefined || axis === null ? 0 : axisOf("take", axis, x.rank);
    const extent = x.shape[at] as number;
    const index = indexTensor(indices, extent);
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

function indexTensor(indices: JaxArray | readonly number[], extent: number): Tensor {
  if (indices instanceof JaxArray) {
    if (indices.dtype === "float32" || indices.dtype === "bool")
      throw new core.DtypeError({ op: "take", argument: "indices", expected: "integers", given: indices.dtype });
    const index = converted(indices.core, "int32");
    return core.where(core.less(index, 0), core.add(index, extent), index);
  }
  const list = indices.map((index) => (index < 0 ? index + extent : index));
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
      given: describe(part),
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
