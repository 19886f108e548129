// Indexing: by lists and arrays of positions, and by slices.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { define, defineMethod, int, Kind, listOf, oneOf, only, show } from "@facet/dialect";
import { array, arrayLike, type Given } from "../arguments.js";
import { type ArrayLike, computable, type IndexPart, integral, JaxArray, operand, run } from "../array.js";
import { lineOf, permuted } from "./axes.js";

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
    const [x, at] = lineOf("take", given, axis);
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

interface AlongNamed {
  arr: ArrayLike;
  indices: JaxArray;
  axis: number | null;
  mode: "clip" | null;
  fill_value: null;
  wrap_negative_indices: null;
}
/**
 * Elements by their own index along an axis, or of the array laid flat; both have the same shape elsewhere, or extent 1.
 * Negative indices count from the end. Unlike in JAX one out of range is an error at the next read, unless `mode` is "clip".
 */
export const take_along_axis: (
  ...args: Given<
    [arr: ArrayLike, indices: JaxArray],
    [axis: number | null, mode: "clip" | null, fill_value: null],
    AlongNamed
  >
) => JaxArray = define(
  "jax.numpy.take_along_axis",
  {
    arr: arrayLike,
    indices: array,
    axis: int.orNone.or(-1),
    mode: oneOf("clip").or(null),
    fill_value: only(null),
    "*": null,
    wrap_negative_indices: only(null),
  },
  ({ arr, indices, axis, mode }) =>
    run(() => {
      const fn = "take_along_axis";
      const [x, at] = lineOf(fn, computable(fn, "arr", arr), axis);
      if (indices.dtype !== "int32" && indices.dtype !== "uint32")
        throw new core.DtypeError({ op: fn, argument: "indices", expected: "integers", given: indices.dtype });
      const index = core.cast(indices.core, "int32");
      return core.takeAlongAxis(x, index, { axis: at, negative: mode === null, mode: mode ?? "raise" });
    }),
);

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
export function resolve(
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

export const indexingMethods = {
  take: takeMethod,
  /** `x[1:3, :, 0]` is `x.slice([1, 3], null, 0)`. Negative positions count from the end; steps may be negative. */
  slice: sliceMethod,
};
