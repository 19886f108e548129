import {
  ArgumentError,
  arange as coreArange,
  full as coreFull,
  type Dtype,
  flattenNested,
  fromData,
  type NestedArray,
  type Tensor,
  UnsupportedError,
} from "@facet/autograd";
import { type ArrayLike, checkDtype, converted, detached, JaxArray, run } from "../array.js";
import { describe } from "../options.js";
import { broadcast } from "./shape.js";

/** What arrays are made of. */
export type ArrayInput =
  | JaxArray
  | NestedArray
  | readonly NestedArray[]
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint8Array;

export type ShapeInput = number | readonly number[];

/** A shape given as a number or a list. Throws ArgumentError on anything but whole numbers of 0 or more. */
export function shapeOf(fn: string, shape: ShapeInput): number[] {
  const extents = typeof shape === "number" ? [shape] : shape;
  if (Array.isArray(extents) && extents.every((extent) => Number.isInteger(extent) && extent >= 0)) return [...extents];
  throw new ArgumentError({
    op: fn,
    argument: "shape",
    expected: "whole numbers of 0 or more",
    given: describe(shape),
  });
}

/** A tensor filled with a value, of any dtype but bytes. */
export function filled(shape: readonly number[], value: number | boolean, dtype: Dtype): Tensor {
  if (dtype !== "uint8") return coreFull(shape, value, dtype);
  throw new UnsupportedError({
    op: "full",
    argument: "dtype",
    expected: "float32, int32, uint32 or bool",
    given: dtype,
  });
}

/**
 * jnp.array: a copy of an array, or an array of numbers, nested lists or a typed array. JavaScript does not tell 1 from 1.0:
 * numbers give float32, booleans bool, typed arrays their own type, unless `dtype` says otherwise.
 */
export function array(object: ArrayInput, dtype?: Dtype): JaxArray {
  if (dtype !== undefined) checkDtype("array", dtype);
  if (object instanceof JaxArray) return run(() => converted(detachedCopy(object), dtype ?? object.dtype));
  if (ArrayBuffer.isView(object)) return run(() => fromTyped(object as Float32Array, dtype));
  const { shape, values } = flattenNested(object as NestedArray);
  for (const value of values)
    if (typeof value !== "number" && typeof value !== "boolean")
      throw new ArgumentError({
        op: "array",
        argument: "object",
        expected: "numbers or booleans",
        given: describe(value),
      });
  const natural = values.length > 0 && values.every((value) => typeof value === "boolean") ? "bool" : "float32";
  return run(() => fromData(values.map(Number), shape, dtype ?? natural));
}

/** As array, but an array of the right dtype already is returned as it is. */
export function asarray(object: ArrayInput, dtype?: Dtype): JaxArray {
  return object instanceof JaxArray && (dtype === undefined || dtype === object.dtype) ? object : array(object, dtype);
}

/** Arrays are immutable, so that a copy may share memory; a gradient flows through it. */
const detachedCopy = (x: JaxArray): Tensor => {
  const copy = detached(x.core);
  copy.node = x.core.node;
  return copy;
};

function fromTyped(values: Float32Array | Int32Array | Uint32Array | Uint8Array, dtype: Dtype | undefined): Tensor {
  const own: Dtype | undefined =
    values instanceof Float32Array
      ? "float32"
      : values instanceof Int32Array
        ? "int32"
        : values instanceof Uint32Array
          ? "uint32"
          : values instanceof Uint8Array
            ? "uint8"
            : undefined;
  if (own === undefined)
    throw new UnsupportedError({
      op: "array",
      argument: "object",
      expected: "a Float32Array, Int32Array, Uint32Array or Uint8Array",
      given: (values as object).constructor.name,
    });
  const wanted = dtype ?? own;
  if (wanted === "uint8") return fromData(values, [values.length], wanted);
  return converted(fromData(values, [values.length], own), wanted);
}

export const zeros = (shape: ShapeInput, dtype: Dtype = "float32"): JaxArray => full(shape, 0, dtype);
export const ones = (shape: ShapeInput, dtype: Dtype = "float32"): JaxArray => full(shape, 1, dtype);

/** jnp.full. The dtype follows the value: float32 for a number, bool for a boolean, an array's own. */
export function full(shape: ShapeInput, fill_value: ArrayLike, dtype?: Dtype): JaxArray {
  const extents = shapeOf("full", shape);
  if (fill_value instanceof JaxArray) {
    const value = fill_value;
    return run(() => broadcast(converted(value.core, checkDtype("full", dtype ?? value.dtype)), extents));
  }
  if (typeof fill_value !== "number" && typeof fill_value !== "boolean")
    throw new ArgumentError({ op: "full", argument: "fill_value", expected: "a number", given: describe(fill_value) });
  const natural = typeof fill_value === "boolean" ? "bool" : "float32";
  return run(() => filled(extents, fill_value, checkDtype("full", dtype ?? natural)));
}

export const zeros_like = (a: JaxArray, dtype: Dtype = a.dtype): JaxArray => full(a.shape, 0, dtype);
export const ones_like = (a: JaxArray, dtype: Dtype = a.dtype): JaxArray => full(a.shape, 1, dtype);
export const full_like = (a: JaxArray, fill_value: ArrayLike, dtype: Dtype = a.dtype): JaxArray =>
  full(a.shape, fill_value, dtype);

/** `arange(stop)` or `arange(start, stop, step)`: int32 when all bounds are whole numbers, else float32. */
export function arange(start: number, stop?: number, step = 1, dtype?: Dtype): JaxArray {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const natural = [from, to, step].every(Number.isInteger) ? "int32" : "float32";
  return run(() => coreArange(from, to, step, checkDtype("arange", dtype ?? natural)));
}

/** `num` numbers (default 50) from start to stop, both included unless `endpoint` is false. */
export function linspace(
  start: number,
  stop: number,
  num = 50,
  { endpoint = true, dtype = "float32" as Dtype }: { endpoint?: boolean; dtype?: Dtype } = {},
): JaxArray {
  const [count] = shapeOf("linspace", num) as [number];
  const intervals = endpoint ? count - 1 : count;
  const values = Array.from({ length: count }, (_, i) =>
    endpoint && i === count - 1 && count > 1 ? stop : start + (i * (stop - start)) / Math.max(1, intervals),
  );
  return run(() => fromData(values, [count], checkDtype("linspace", dtype)));
}

/** Ones on the k-th diagonal of an N x M matrix. */
export function eye(N: number, M = N, k = 0, dtype: Dtype = "float32"): JaxArray {
  const [rows, columns] = shapeOf("eye", [N, M]) as [number, number];
  const values = Array.from({ length: rows * columns }, (_, i) =>
    i % columns === Math.floor(i / columns) + k ? 1 : 0,
  );
  return run(() => fromData(values, [rows, columns], checkDtype("eye", dtype)));
}

export const identity = (n: number, dtype: Dtype = "float32"): JaxArray => eye(n, n, 0, dtype);
