// Functions of real numbers, element by element: integers and booleans become float32.
import * as core from "@facet/autograd";
import { define, type Keywords, only } from "@facet/dialect";
import { arrayLike, type Given } from "../arguments.js";
import { type ArrayLike, inexact, type JaxArray, pair, run } from "../array.js";
import { type Binary, promoted, promotedReal, real, realOfTwo, type Ufunc, ufunc } from "./ufunc.js";

export const tan = real("tan", core.tan);
export const arcsin = real("arcsin", core.asin);
export const asin = real("asin", core.asin);
export const arccos = real("arccos", core.acos);
export const acos = real("acos", core.acos);
export const arctan = real("arctan", core.atan);
export const atan = real("atan", core.atan);
export const sinh = real("sinh", core.sinh);
export const cosh = real("cosh", core.cosh);
export const arcsinh = real("arcsinh", core.asinh);
export const asinh = real("asinh", core.asinh);
export const arccosh = real("arccosh", core.acosh);
export const acosh = real("acosh", core.acosh);
export const arctanh = real("arctanh", core.atanh);
export const atanh = real("atanh", core.atanh);
/** Angle of (x2, x1) in radians, from -pi to pi. */
export const arctan2 = realOfTwo("arctan2", core.atan2);
export const atan2 = realOfTwo("atan2", core.atan2);
/** sin(pi x) / (pi x), 1 at 0. */
export const sinc = real("sinc", core.sinc);
export const deg2rad = real("deg2rad", core.deg2rad);
export const radians = real("radians", core.deg2rad);
export const rad2deg = real("rad2deg", core.rad2deg);
export const degrees = real("degrees", core.rad2deg);

export const exp2 = real("exp2", core.exp2);
export const log2 = real("log2", core.log2);
export const log10 = real("log10", core.log10);
export const cbrt = real("cbrt", core.cbrt);
/** Modified Bessel function of the first kind, of order 0. */
export const i0: (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => JaxArray = define(
  "jax.numpy.i0",
  { x: arrayLike },
  ({ x }) => run(() => core.besselI0(inexact("i0", "x", x))),
);
export const fabs = real("fabs", (x) => core.abs(x, { rightAtZero: true }));

const inFloats =
  (name: string, op: (a: core.Tensor, b: core.Tensor) => core.Tensor): Binary =>
  (x, y) =>
    run(() => op(...(promotedReal(name, { x1: x, x2: y }) as [core.Tensor, core.Tensor])));
const logSum = (
  name: string,
  op: (a: core.Tensor, b: core.Tensor) => core.Tensor,
): Ufunc<[x1: ArrayLike, x2: ArrayLike]> => ufunc(name, inFloats(name, op), ["x1", "x2"]);
/** log(e^x1 + e^x2). */
export const logaddexp = logSum("logaddexp", core.logaddexp);
/** log2(2^x1 + 2^x2). */
export const logaddexp2 = logSum("logaddexp2", core.logaddexp2);
/** sqrt(x1^2 + x2^2), without overflow on the way. */
export const hypot = realOfTwo("hypot", core.hypot);
/** |x1| with the sign of x2. */
export const copysign = realOfTwo("copysign", core.copysign);
/** 0 where x1 < 0, 1 where x1 > 0, x2 at 0. */
export const heaviside = realOfTwo("heaviside", (a, b) =>
  core.where(core.equal(a, 0), b, core.where(core.isNan(a), a, core.cast(core.greater(a, 0), a.dtype))),
);
/** The float32 next to x towards y. */
export const nextafter: Binary = define("jax.numpy.nextafter", { x: arrayLike, y: arrayLike, "/": null }, ({ x, y }) =>
  run(() => core.nextafter(...(promotedReal("nextafter", { x, y }) as [core.Tensor, core.Tensor]))),
);
/** x to the power y in float32, of integers too. */
export const float_power: Binary = define(
  "jax.numpy.float_power",
  { x: arrayLike, y: arrayLike, "/": null },
  ({ x, y }) => run(() => core.pow(...(promotedReal("float_power", { x, y }) as [core.Tensor, core.Tensor]))),
);
/** x1 2^x2, for whole x2. */
export const ldexp = realOfTwo("ldexp", core.ldexp);

/** Mantissas from 0.5 to 1 and exponents (int32): x = mantissa 2^exponent. */
export const frexp: (x: ArrayLike) => [mantissa: JaxArray, exponent: JaxArray] = define(
  "jax.numpy.frexp",
  { x: arrayLike, "/": null },
  ({ x }) => {
    const of = inexact("frexp", "x", x);
    return pair(() => core.frexp(of), "mantissa", "exponent");
  },
);

/** Rounded to whole numbers, halves to the even one. */
export const rint = real("rint", (x) => core.round(x));
/** Fractional and whole part, both with the sign of x. */
export const modf: (x: ArrayLike, options?: Keywords<{ out: null }>) => [fraction: JaxArray, whole: JaxArray] = define(
  "jax.numpy.modf",
  { x: arrayLike, "/": null, out: only(null) },
  ({ x }) => {
    const of = inexact("modf", "x", x);
    return [run(() => core.sub(of, core.trunc(of))), run(() => core.trunc(of))];
  },
);

/** The whole number next to 0. Integers stay as they are. */
export const trunc: (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => JaxArray = define(
  "jax.numpy.trunc",
  { x: arrayLike },
  ({ x }) =>
    run(() => {
      const [of] = promoted("trunc", { x }) as [core.Tensor];
      return core.isFloating(of.dtype) ? core.trunc(of) : of;
    }),
);
