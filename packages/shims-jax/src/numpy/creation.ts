import {
  ArgumentError,
  add,
  arange as coreArange,
  full as coreFull,
  type Dtype,
  div,
  equal,
  expand,
  flattenNested,
  floor,
  fromData,
  isFloating,
  mul,
  type NestedArray,
  reshape,
  sameValue,
  stack,
  sub,
  type Tensor,
  UnsupportedError,
  where,
} from "@facet/autograd";
import { bool, define, int, number, only, required, show } from "@facet/dialect";
import { arrayLike, dtype as dtypeKind, type Given, shape as shapeKind } from "../arguments.js";
import { type ArrayLike, checkDtype, converted, JaxArray, run } from "../array.js";
import { axisOf, broadcast, permuted } from "./axes.js";
import { promoted, promotedReal } from "./ufunc.js";

/** What arrays are made of. */
export type ArrayInput =
  | JaxArray
  | NestedArray
  | readonly NestedArray[]
  | readonly JaxArray[]
  | Float32Array
  | Int32Array
  | Uint32Array
  | Uint8Array;

export type ShapeInput = number | readonly number[];

/** A shape given as a number or a list. Throws ArgumentError on anything but whole numbers of 0 or more. */
export function shapeOf(fn: string, shape: ShapeInput): number[] {
  const extents = typeof shape === "number" ? [shape] : shape;
  if (Array.isArray(extents) && extents.every((extent) => Number.isInteger(extent) && extent >= 0)) return [...extents];
  throw new ArgumentError({ op: fn, argument: "shape", expected: "whole numbers of 0 or more", given: show(shape) });
}

/** A tensor filled with a value, of any dtype but bytes. */
function filled(shape: readonly number[], value: number | boolean, dtype: Dtype): Tensor {
  if (dtype !== "uint8") return coreFull(shape, value, dtype);
  throw new UnsupportedError({
    op: "full",
    argument: "dtype",
    expected: "float32, int32, uint32 or bool",
    given: dtype,
  });
}

const device = only(null);
const out_sharding = only(null);
const dtype = dtypeKind.or(null);
type Placed = { device: null; out_sharding: null };

/** Lists deeper than this are taken for ones that hold themselves. */
const DEEPEST = 32;

function depthOf(list: unknown): number {
  let depth = 0;
  for (let level = list; Array.isArray(level) && depth <= DEEPEST; level = level[0]) depth++;
  return depth;
}

/** An array of what jnp.array takes. */
function made(fn: string, argument: string, object: unknown, wanted: Dtype | null): JaxArray {
  const dtype = wanted === null ? null : checkDtype(fn, wanted);
  if (object instanceof JaxArray) return run(() => converted(detachedCopy(object), dtype ?? object.dtype));
  if (ArrayBuffer.isView(object)) return run(() => fromTyped(fn, object as Float32Array, dtype ?? undefined));
  if (depthOf(object) > DEEPEST)
    throw new ArgumentError({ op: fn, argument, expected: `at most ${DEEPEST} dimensions`, given: show(object) });
  const { shape, values } = flattenNested(object as NestedArray);
  if (values.some((value: unknown) => value instanceof JaxArray)) return run(() => stacked(fn, values, shape, dtype));
  for (const value of values)
    if (typeof value !== "number" && typeof value !== "boolean")
      throw new ArgumentError({ op: fn, argument, expected: "numbers or booleans", given: show(value) });
  const natural = values.length > 0 && values.every((value) => typeof value === "boolean") ? "bool" : "float32";
  return run(() => fromData(values.map(Number), shape, dtype ?? natural));
}

/** Arrays in lists, as rows of one array. */
function stacked(fn: string, leaves: readonly ArrayLike[], shape: readonly number[], dtype: Dtype | null): Tensor {
  const parts = promoted(fn, Object.fromEntries(leaves.map((leaf, i) => [`object[${i}]`, leaf])));
  const rows = stack(parts, 0);
  return converted(reshape(rows, [...shape, ...rows.shape.slice(1)]), dtype ?? rows.dtype);
}

/** Arrays are immutable, so that a copy may share memory; a gradient flows through it. */
const detachedCopy = (x: JaxArray): Tensor => sameValue(x.core);

function fromTyped(
  fn: string,
  values: Float32Array | Int32Array | Uint32Array | Uint8Array,
  dtype: Dtype | undefined,
): Tensor {
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
      op: fn,
      argument: "object",
      expected: "a Float32Array, Int32Array, Uint32Array or Uint8Array",
      given: (values as object).constructor.name,
    });
  const wanted = dtype ?? own;
  if (wanted === "uint8") return fromData(values, [values.length], wanted);
  return converted(fromData(values, [values.length], own), wanted);
}

const copy = bool.or(true);
/** Whether to copy shows nowhere, as arrays are immutable. */
type ArrayNamed = Placed & { object: ArrayInput; dtype: Dtype | null; copy: boolean; order: "K" | null; ndmin: number };

/**
 * jnp.array: a copy of an array, or an array of numbers, nested lists (of arrays too) or a typed array. JavaScript does not
 * tell 1 from 1.0: numbers give float32, booleans bool, typed arrays their own type, unless `dtype` says otherwise.
 */
export const array: (...args: Given<[object: ArrayInput], [dtype: Dtype | null], ArrayNamed>) => JaxArray = define(
  "jax.numpy.array",
  { object: required, dtype, "*": null, copy, order: only("K", null), ndmin: int.or(0), device, out_sharding },
  ({ object, dtype, ndmin }) => {
    const x = made("array", "object", object, dtype);
    if (x.ndim >= ndmin) return x;
    return run(() => reshape(x.core, [...Array<number>(ndmin - x.ndim).fill(1), ...x.shape]));
  },
);

type AsArrayNamed = Placed & { a: ArrayInput; dtype: Dtype | null; order: "K" | null; copy: boolean | null };
/** As array, but an array of the right dtype already is returned as it is. */
export const asarray: (
  ...args: Given<[a: ArrayInput], [dtype: Dtype | null, order: "K" | null], AsArrayNamed>
) => JaxArray = define(
  "jax.numpy.asarray",
  { a: required, dtype, order: only(null, "K"), "*": null, copy: bool.or(null), device, out_sharding },
  ({ a, dtype, copy }) =>
    a instanceof JaxArray && copy !== true && (dtype === null || dtype === a.dtype)
      ? a
      : made("asarray", "a", a, dtype),
);

type FillNamed = Placed & { shape: ShapeInput; dtype: Dtype | null };
const constantOf = (name: "zeros" | "ones", value: number) =>
  define(`jax.numpy.${name}`, { shape: shapeKind, dtype, "*": null, device, out_sharding }, ({ shape, dtype }) =>
    filledWith(name, shape, value, dtype),
  );
export const zeros: (...args: Given<[shape: ShapeInput], [dtype: Dtype | null], FillNamed>) => JaxArray = constantOf(
  "zeros",
  0,
);
export const ones: (...args: Given<[shape: ShapeInput], [dtype: Dtype | null], FillNamed>) => JaxArray = constantOf(
  "ones",
  1,
);

/** An array of one value, or of an array repeated. The dtype follows the value unless it is given. */
export function filledWith(fn: string, shape: ShapeInput, value: ArrayLike, dtype: Dtype | null): JaxArray {
  const extents = shapeOf(fn, shape);
  if (value instanceof JaxArray)
    return run(() => broadcast(converted(value.core, checkDtype(fn, dtype ?? value.dtype)), extents));
  const natural = typeof value === "boolean" ? "bool" : "float32";
  return run(() => filled(extents, value, checkDtype(fn, dtype ?? natural)));
}

type FullNamed = FillNamed & { fill_value: ArrayLike };
/** jnp.full. The dtype follows the value: float32 for a number, bool for a boolean, an array's own. */
export const full: (
  ...args: Given<[shape: ShapeInput, fill_value: ArrayLike], [dtype: Dtype | null], FullNamed>
) => JaxArray = define(
  "jax.numpy.full",
  { shape: shapeKind, fill_value: arrayLike, dtype, "*": null, device, out_sharding },
  ({ shape, fill_value, dtype }) => filledWith("full", shape, fill_value, dtype),
);

type LikeNamed = FillNamed & { a: ArrayLike };
type LikeRest = [dtype: Dtype | null, shape: ShapeInput | null];
const likeRules = { dtype, shape: shapeKind.or(null), "*": null, device, out_sharding } as const;

function like(
  fn: string,
  a: ArrayLike,
  value: ArrayLike,
  { dtype, shape }: { dtype: Dtype | null; shape: ShapeInput | null },
): JaxArray {
  const own = a instanceof JaxArray ? a.dtype : typeof a === "boolean" ? "bool" : "float32";
  return filledWith(fn, shape ?? (a instanceof JaxArray ? a.shape : []), value, dtype ?? own);
}

const constantLike = (name: "zeros_like" | "ones_like", value: number) =>
  define(`jax.numpy.${name}`, { a: arrayLike, ...likeRules }, (values) => like(name, values.a, value, values));
export const zeros_like: (...args: Given<[a: ArrayLike], LikeRest, LikeNamed>) => JaxArray = constantLike(
  "zeros_like",
  0,
);
export const ones_like: (...args: Given<[a: ArrayLike], LikeRest, LikeNamed>) => JaxArray = constantLike(
  "ones_like",
  1,
);
export const full_like: (
  ...args: Given<[a: ArrayLike, fill_value: ArrayLike], LikeRest, LikeNamed & { fill_value: ArrayLike }>
) => JaxArray = define("jax.numpy.full_like", { a: arrayLike, fill_value: arrayLike, ...likeRules }, (values) =>
  like("full_like", values.a, values.fill_value, values),
);

type RangeNamed = Placed & { start: number; stop: number | null; step: number | null; dtype: Dtype | null };
/** `arange(stop)` or `arange(start, stop, step)`: int32 when all bounds are whole numbers, else float32. */
export const arange: (
  ...args: Given<[start: number], [stop: number | null, step: number | null, dtype: Dtype | null], RangeNamed>
) => JaxArray = define(
  "jax.numpy.arange",
  { start: number, stop: number.or(null), step: number.or(null), dtype, "*": null, device, out_sharding },
  ({ start, stop, step, dtype }) => {
    const [from, to, by] = stop === null ? [0, start, step ?? 1] : [start, stop, step ?? 1];
    const natural = [from, to, by].every(Number.isInteger) ? "int32" : "float32";
    return run(() => coreArange(from, to, by, checkDtype("arange", dtype ?? natural)));
  },
);

type LinspaceRest = [num: number, endpoint: boolean, retstep: boolean, dtype: Dtype | null, axis: number];
interface LinspaceNamed {
  start: ArrayLike;
  stop: ArrayLike;
  num: number;
  endpoint: boolean;
  retstep: boolean;
  dtype: Dtype | null;
  axis: number;
  device: null;
}

/**
 * `num` numbers (default 50) from start to stop, both included unless `endpoint` is false; of arrays along a new `axis`
 * (default the first). With `retstep` a list [numbers, step]. Integers are rounded down.
 */
export const linspace: (
  ...args: Given<[start: ArrayLike, stop: ArrayLike], LinspaceRest, LinspaceNamed>
  // biome-ignore lint/suspicious/noExplicitAny: a list when retstep is true, an Array otherwise.
) => any = define(
  "jax.numpy.linspace",
  {
    start: arrayLike,
    stop: arrayLike,
    num: int.where("a whole number of 0 or more", (n) => n >= 0).or(50),
    endpoint: true,
    retstep: false,
    dtype,
    axis: 0,
    "*": null,
    device,
  },
  ({ start, stop, num, endpoint, retstep, dtype, axis }) => {
    const intervals = endpoint ? num - 1 : num;
    const [from, to] = promotedReal("linspace", { start, stop }) as [Tensor, Tensor];
    const wanted = checkDtype("linspace", dtype ?? from.dtype);
    const samples =
      num === 0
        ? filledWith("linspace", [0, ...sub(to, from).shape], 0, wanted)
        : run(() => spaced(from, to, num, intervals, wanted));
    const placed = axis === 0 ? samples : run(() => movedTo(samples.core, axisOf("linspace", axis, samples.ndim)));
    if (!retstep) return placed;
    return [placed, run(() => div(sub(to, from), intervals > 0 ? intervals : Number.NaN))];
  },
);

/** Numbers between two along a new first axis, mixed of both as in the original. The end itself stands last, to the bit. */
function spaced(start: Tensor, stop: Tensor, num: number, intervals: number, dtype: Dtype): Tensor {
  const shape = sub(stop, start).shape;
  const share = reshape(div(coreArange(0, num), Math.max(1, intervals)), [num, ...shape.map(() => 1)]);
  const mixed = add(mul(start, sub(1, share)), mul(stop, share));
  const values = where(equal(share, 1), expand(stop, mixed.shape), mixed);
  return converted(isFloating(dtype) ? values : floor(values), dtype);
}

/** The first axis in another place. */
const movedTo = (x: Tensor, axis: number): Tensor => {
  const order = [...x.shape.keys()].slice(1);
  order.splice(axis, 0, 0);
  return permuted(x, order);
};

/** Ones on the k-th diagonal of an N x M matrix, made where they lie: only the numbers of rows and columns are counted. */
function diagonal(fn: string, N: number, M: number, k: number, dtype: Dtype | null): JaxArray {
  const wanted = checkDtype(fn, dtype ?? "float32");
  if (N === 0 || M === 0) return filledWith(fn, [N, M], 0, wanted);
  return run(() => {
    const rows = reshape(coreArange(k, k + N, 1, "int32"), [N, 1]);
    return converted(equal(rows, coreArange(0, M, 1, "int32")), wanted);
  });
}

const extent = int.where("whole numbers of 0 or more", (n) => n >= 0);
interface EyeNamed {
  N: number;
  M: number | null;
  k: number;
  dtype: Dtype | null;
  device: null;
}
/** Ones on the k-th diagonal of an N x M matrix (M by default N), zeros elsewhere. */
export const eye: (
  ...args: Given<[N: number], [M: number | null, k: number, dtype: Dtype | null], EyeNamed>
) => JaxArray = define(
  "jax.numpy.eye",
  { N: extent, M: extent.or(null), k: int.or(0), dtype, "*": null, device },
  ({ N, M, k, dtype }) => diagonal("eye", N, M ?? N, k, dtype),
);

export const identity: (
  ...args: Given<[n: number], [dtype: Dtype | null], { n: number; dtype: Dtype | null }>
) => JaxArray = define("jax.numpy.identity", { n: extent, dtype }, ({ n, dtype }) =>
  diagonal("identity", n, n, 0, dtype),
);
