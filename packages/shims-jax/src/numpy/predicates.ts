// Questions about elements and arrays.

import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { any as anyValue, bool, define, number, only } from "@facet/dialect";
import { arrayLike, axes, type Given } from "../arguments.js";
import { type ArrayLike, type Axis, converted, inexact, JaxArray, operand, run } from "../array.js";
import { axesOf } from "./axes.js";
import { promoted, real } from "./ufunc.js";

export const isfinite = real("isfinite", core.isFinite);
export const isinf = real("isinf", core.isInf);
/** Whether x is negative, -0 and NaN of that sign too. */
export const signbit = real("signbit", core.signbit);

type Signed = (...args: Given<[x: ArrayLike], [out: null], { out: null }>) => JaxArray;
const infinite = (name: string, op: (x: Tensor) => Tensor): Signed =>
  define(`jax.numpy.${name}`, { x: arrayLike, "/": null, out: only(null) }, ({ x }) =>
    run(() => op(inexact(name, "x", x))),
  );
export const isposinf = infinite("isposinf", core.isPosInf);
export const isneginf = infinite("isneginf", core.isNegInf);

type OfOne = (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => JaxArray;
const everywhere = (name: string, value: boolean): OfOne =>
  define(`jax.numpy.${name}`, { x: arrayLike }, ({ x }) =>
    run(() => core.full(operand(name, "x", x).shape, value, "bool")),
  );
/** Whether elements have no imaginary part: all, as no dtype here is complex. */
export const isreal = everywhere("isreal", true);
export const iscomplex = everywhere("iscomplex", false);
type OfType = (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => boolean;
export const isrealobj: OfType = define("jax.numpy.isrealobj", { x: arrayLike }, () => true);
export const iscomplexobj: OfType = define("jax.numpy.iscomplexobj", { x: arrayLike }, () => false);
/** Whether a value is a number of JavaScript or an array without dimensions. */
export const isscalar: (...args: Given<[element: unknown], [], { element: unknown }>) => boolean = define(
  "jax.numpy.isscalar",
  { element: anyValue },
  ({ element }) => (element instanceof JaxArray ? element.ndim === 0 : ["number", "boolean"].includes(typeof element)),
);

/** Closeness is judged in float32: |a - b| <= atol + rtol |b|, equal infinities are close. */
function close(fn: string, { a, b, rtol, atol, equal_nan }: CloseValues): Tensor {
  const [x, y] = [inexact(fn, "a", a), inexact(fn, "b", b)];
  const near = core.lessEqual(
    core.abs(core.sub(x, y)),
    core.add(core.mul(core.abs(y), inexact(fn, "rtol", rtol)), inexact(fn, "atol", atol)),
  );
  const finite = core.logicalAnd(core.isFinite(x), core.isFinite(y));
  const same = core.where(finite, near, core.equal(x, y));
  return equal_nan ? core.logicalOr(same, core.logicalAnd(core.isNan(x), core.isNan(y))) : same;
}

interface CloseValues {
  a: ArrayLike;
  b: ArrayLike;
  rtol: ArrayLike;
  atol: ArrayLike;
  equal_nan: boolean;
}
type Close = (
  ...args: Given<[a: ArrayLike, b: ArrayLike], [rtol: ArrayLike, atol: ArrayLike, equal_nan: boolean], CloseValues>
) => JaxArray;
const CLOSE = {
  a: arrayLike,
  b: arrayLike,
  rtol: arrayLike.or(1e-5),
  atol: arrayLike.or(1e-8),
  equal_nan: false,
} as const;
/** Whether elements are equal up to atol + rtol |b|, in float32. */
export const isclose: Close = define("jax.numpy.isclose", CLOSE, (values) =>
  run(() => close("isclose", values as CloseValues)),
);
/** Whether all elements are close: an Array of shape []. */
export const allclose: Close = define("jax.numpy.allclose", CLOSE, (values) =>
  run(() => core.all(close("allclose", values as CloseValues))),
);

const sameElements = (a: Tensor, b: Tensor, equalNan: boolean): Tensor => {
  const same = core.equal(a, b);
  if (!equalNan || !core.isFloating(a.dtype)) return core.all(same);
  return core.all(core.logicalOr(same, core.logicalAnd(core.isNan(a), core.isNan(b))));
};
/** Whether two arrays have the same shape and the same elements: an Array of shape []. */
export const array_equal: (
  ...args: Given<
    [a1: ArrayLike, a2: ArrayLike],
    [equal_nan: boolean],
    { a1: ArrayLike; a2: ArrayLike; equal_nan: boolean }
  >
) => JaxArray = define(
  "jax.numpy.array_equal",
  { a1: arrayLike, a2: arrayLike, equal_nan: false },
  ({ a1, a2, equal_nan }) =>
    run(() => {
      const [x, y] = promoted("array_equal", { a1, a2 }) as [Tensor, Tensor];
      return `${x.shape}` === `${y.shape}` ? sameElements(x, y, equal_nan) : core.full([], false, "bool");
    }),
);
/** Whether two arrays have the same elements once one is repeated to the shape of the other: an Array of shape []. */
export const array_equiv: (
  ...args: Given<[a1: ArrayLike, a2: ArrayLike], [], { a1: ArrayLike; a2: ArrayLike }>
) => JaxArray = define("jax.numpy.array_equiv", { a1: arrayLike, a2: arrayLike }, ({ a1, a2 }) =>
  run(() => {
    const [x, y] = promoted("array_equiv", { a1, a2 }) as [Tensor, Tensor];
    const fits = x.shape.every((extent, i) => {
      const other = y.shape.at(i - x.rank) ?? 1;
      return i - x.rank < -y.rank || extent === other || extent === 1 || other === 1;
    });
    return fits ? sameElements(x, y, false) : core.full([], false, "bool");
  }),
);

/** How many elements are not 0, over `axis` (default all dimensions), in int32. */
export const count_nonzero: (
  ...args: Given<[a: ArrayLike], [axis: Axis, keepdims: boolean], { a: ArrayLike; axis: Axis; keepdims: boolean }>
) => JaxArray = define(
  "jax.numpy.count_nonzero",
  { a: arrayLike, axis: axes, keepdims: bool.or(false) },
  ({ a, axis, keepdims }) =>
    run(() => {
      const x = converted(operand("count_nonzero", "a", a), "bool");
      return core.sum(x, { axes: axesOf("count_nonzero", axis, x.rank), keepdims });
    }),
);

interface NanToNum {
  x: ArrayLike;
  copy: boolean;
  nan: number;
  posinf: number | null;
  neginf: number | null;
}
const limit = number.or(null);
/** x with `nan` for NaN and `posinf`, `neginf` (default the largest numbers) for infinities. Integers stay as they are. */
export const nan_to_num: (
  ...args: Given<[x: ArrayLike], [copy: boolean, nan: number, posinf: number | null, neginf: number | null], NanToNum>
) => JaxArray = define(
  "jax.numpy.nan_to_num",
  { x: arrayLike, copy: true, nan: 0, posinf: limit, neginf: limit },
  ({ x: given, nan, posinf, neginf }) =>
    run(() => {
      const [x] = promoted("nan_to_num", { x: given }) as [Tensor];
      if (!core.isFloating(x.dtype)) return x;
      return core.nanToNum(x, { nan, ...(posinf === null ? {} : { posinf }), ...(neginf === null ? {} : { neginf }) });
    }),
);
