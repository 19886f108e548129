// Functions of each element of one tensor.
import * as core from "@facet/autograd";
import { type Args, int, number } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { complain } from "../errors.js";
import { native, out, tensor } from "../kinds.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { type Compute, floating, type OfOne, type OfOneAlone, one, rounding, same, unary } from "./of_one.js";
import { refuseDtype, requireFloat } from "./scalar.js";

/** -x, of the dtype of x. Throws DtypeError for bools. */
export const neg: OfOne = native("neg", one, ({ input }) => {
  if (input.core.dtype === "bool")
    complain(
      core.DtypeError,
      "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
      { op: "neg", argument: "input", expected: "numbers", given: "torch.bool" },
    );
  return wrap(core.checked.neg(input.core));
});
/** |x|, of the dtype of x. */
export const abs = same("abs", core.checked.abs);
/** -1, 0 or 1; 0 of NaN; of bools themselves. */
export const sign = unary("sign", (x) => (x.dtype === "bool" ? copyOf(x) : core.signum(x)));
/** x * x; of bools int64. */
export const square = unary("square", (x) => core.checked.square(x.dtype === "bool" ? core.cast(x, "int32") : x));
/** The largest whole number not above x; integers are themselves. */
export const floor = rounding("floor", core.floor);
/** The smallest whole number not below x; integers are themselves. */
export const ceil = rounding("ceil", core.ceil);
/** e^x; of integers float32, as all functions of real numbers here. */
export const exp = floating("exp", core.exp);
/** e^x - 1, accurate near 0. */
export const expm1 = floating("expm1", core.expm1);
/** Natural logarithm; NaN below 0, -inf at 0. */
export const log = floating("log", core.log);
/** log(1 + x), accurate near 0. */
export const log1p = floating("log1p", core.log1p);
/** Square root; NaN below 0. */
export const sqrt = floating("sqrt", core.sqrt);
/** 1 / sqrt(x); NaN below 0, inf at 0. */
export const rsqrt = floating("rsqrt", core.rsqrt);
/** 1 / x; of integers float32. */
export const reciprocal = floating("reciprocal", core.reciprocal);
/** Sine of an angle in radians. */
export const sin = floating("sin", core.sin);
/** Cosine of an angle in radians. */
export const cos = floating("cos", core.cos);
/** Hyperbolic tangent, between -1 and 1. */
export const tanh = floating("tanh", core.tanh);
/** 1 / (1 + e^-x), between 0 and 1. */
export const sigmoid = floating("sigmoid", core.sigmoid);
/** Error function, between -1 and 1. */
export const erf = floating("erf", core.erf);
/** Inverse of erf; inf with the sign of x at -1 and 1, NaN beyond. */
export const erfinv = floating("erfinv", core.erfinv);
/** bool: true where x is 0. */
export const logical_not = unary("logical_not", (x) => core.logicalNot(convertCore(x, "bool")));

/** max(x, 0). Not of bools. */
export const relu: OfOneAlone = native("relu", { input: tensor }, ({ input }) => {
  if (input.core.dtype === "bool")
    complain(core.DtypeError, "Boolean inputs not supported for relu", {
      op: "relu",
      argument: "input",
      expected: "numbers",
      given: "torch.bool",
    });
  const { core: x } = input;
  return core.scope(() => wrap(x.dtype === "float32" ? core.relu(x) : core.where(core.greater(x, 0), x, 0)));
});

/** True where an element is NaN. */
export const isnan: OfOneAlone = native("isnan", { input: tensor }, ({ input }) =>
  core.scope(() => wrap(core.isNan(convertCore(input.core, "float32")))),
);

export interface RoundArguments extends Out {
  /** Digits after the point that are kept, of floats; negative ones before it. Default: whole numbers. */
  decimals: number | null;
}

/** To the nearest whole number, halves to the even one; or to so many decimals. */
export const round: (input: Tensor, ...args: Args<[], RoundArguments>) => Tensor = native(
  "round",
  { input: tensor, "*": null, decimals: int.or(null), out },
  ({ input, decimals }) => {
    const x = refuseDtype("round", input.core, "bool", ...(decimals === null ? [] : (["int32", "uint8"] as const)));
    if (x.dtype !== "float32") return wrap(copyOf(x));
    if (decimals === null || decimals === 0) return wrap(core.round(x));
    const power = 10 ** Math.abs(decimals);
    return core.scope(() => {
      const [away, back] = decimals > 0 ? [core.mul, core.div] : [core.div, core.mul];
      return wrap(back(core.round(away(x, power)), power));
    });
  },
);

/** Angle in radians whose cosine is x; NaN beyond -1 and 1. */
export const acos = floating("acos", core.acos);
/** Inverse of cosh; NaN below 1. */
export const acosh = floating("acosh", core.acosh);
/** Angle in radians whose sine is x; NaN beyond -1 and 1. */
export const asin = floating("asin", core.asin);
/** Inverse of sinh. */
export const asinh = floating("asinh", core.asinh);
/** Angle in radians whose tangent is x, between -pi/2 and pi/2. */
export const atan = floating("atan", core.atan);
/** Inverse of tanh; inf with the sign of x at -1 and 1, NaN beyond. */
export const atanh = floating("atanh", core.atanh);
/** Hyperbolic cosine, (e^x + e^-x) / 2. */
export const cosh = floating("cosh", core.cosh);
/** Hyperbolic sine, (e^x - e^-x) / 2. */
export const sinh = floating("sinh", core.sinh);
/** Tangent of an angle in radians. */
export const tan = floating("tan", core.tan);
/** sin(pi x) / (pi x), 1 at 0. */
export const sinc = floating("sinc", core.sinc);
/** 2^x. */
export const exp2 = floating("exp2", core.exp2);
/** Logarithm to base 2; NaN below 0, -inf at 0. */
export const log2 = floating("log2", core.log2);
/** Logarithm to base 10; NaN below 0, -inf at 0. */
export const log10 = floating("log10", core.log10);
/** 1 - erf(x). */
export const erfc = floating("erfc", core.erfc);
/** Derivative of the logarithm of the gamma function. */
export const digamma = floating("digamma", core.digamma);
/** log |gamma(x)|. */
export const lgamma = floating("lgamma", core.lgamma);
/** Modified Bessel function of the first kind, of order 0. */
export const i0 = floating("i0", core.besselI0);
/** Degrees as radians: x pi / 180. */
export const deg2rad = floating("deg2rad", core.deg2rad);
/** Radians as degrees: 180 x / pi. */
export const rad2deg = floating("rad2deg", core.rad2deg);
/** Whole numbers towards zero. */
export const trunc = rounding("trunc", core.trunc);
/** x - trunc(x), of floats. */
export const frac = same("frac", (x) => {
  requireFloat("frac", "input", x.dtype, "frac_cpu");
  return core.frac(x);
});
/** 0, pi where negative, NaN of NaN; in radians. */
export const angle = floating("angle", (x) => core.abs(core.mul(core.clamp(core.sign(x), -1, 0), Math.PI)));
/** Whether the sign bit is set: of -0 too. */
export const signbit = unary("signbit", (x) =>
  core.signbit(x.dtype === "bool" || x.dtype === "uint8" ? convertCore(x, "int32") : x),
);
/** Bit by bit; of bools the opposite. Not of floats. */
export const bitwise_not = unary("bitwise_not", (x) => core.bitwiseNot(refuseDtype("bitwise_not", x, "float32")));

/** A question about a number that integers and bools answer alike. */
const test = (f: Compute): ((given: { input: Tensor }) => Tensor) => {
  return ({ input }) => core.scope(() => wrap(f(convertCore(input.core, "float32"))));
};
/** bool: neither NaN nor infinite. */
export const isfinite: OfOneAlone = native("isfinite", { input: tensor }, test(core.isFinite));
/** bool: infinite, of either sign. */
export const isinf: OfOneAlone = native("isinf", { input: tensor }, test(core.isInf));
/** bool: +inf. */
export const isposinf: OfOne = native("isposinf", one, test(core.isPosInf));
/** bool: -inf. */
export const isneginf: OfOne = native("isneginf", one, test(core.isNegInf));
/** True everywhere: there are no complex numbers. */
export const isreal: OfOneAlone = native("isreal", { input: tensor }, ({ input }) =>
  wrap(core.full(input.shape, true, "bool")),
);

/** A handle of its own on the same memory. */
const itself = (name: string): OfOneAlone =>
  native(name, { input: tensor }, ({ input }) => viewed(input, (x) => core.reshape(x, x.shape)));
/** The tensor itself: there are no complex numbers and no negations that wait. */
export const conj = itself("conj");
export const real = itself("real");
export const resolve_conj = itself("resolve_conj");
export const resolve_neg = itself("resolve_neg");
/** A copy: there are no complex numbers. */
export const conj_physical = unary("conj_physical", copyOf);
/** The tensor itself. Not of bools. */
export const positive: OfOneAlone = native("positive", { input: tensor }, ({ input }) => {
  if (input.core.dtype === "bool")
    complain(core.DtypeError, "The `+` operator, on a bool tensor is not supported.", {
      op: "positive",
      argument: "input",
      expected: "numbers",
      given: "torch.bool",
    });
  return wrap(core.reshape(input.core, input.shape));
});

export interface LogitArguments extends Out {
  /** x is moved into [eps, 1 - eps] first; default null: it is taken as it comes, NaN outside of [0, 1]. */
  eps: number | null;
}
/** log(x / (1 - x)). */
export const logit: (input: Tensor, ...args: Args<[eps: number | null], LogitArguments>) => Tensor = native(
  "logit",
  { input: tensor, eps: number.or(null), "*": null, out },
  ({ input, eps }) => core.scope(() => wrap(core.logit(convertCore(input.core, "float32"), eps ?? undefined))),
);

export interface NanToNumArguments extends Out {
  /** Instead of NaN; default 0. */
  nan: number | null;
  /** Instead of infinity; default the largest float32. */
  posinf: number | null;
  /** Instead of -infinity; default the smallest float32. */
  neginf: number | null;
}
export type NanToNumArgs = Args<[nan: number | null, posinf: number | null, neginf: number | null], NanToNumArguments>;
/** Numbers in the place of NaN and infinities, through which no gradient flows. */
export const nan_to_num: (input: Tensor, ...args: NanToNumArgs) => Tensor = native(
  "nan_to_num",
  { input: tensor, nan: number.or(null), posinf: number.or(null), neginf: number.or(null), "*": null, out },
  ({ input, nan, posinf, neginf }) => {
    if (input.core.dtype !== "float32") return wrap(copyOf(input.core));
    const options = {
      ...(nan === null ? {} : { nan }),
      ...(posinf === null ? {} : { posinf }),
      ...(neginf === null ? {} : { neginf }),
    };
    return core.scope(() => wrap(core.nanToNum(input.core, options)));
  },
);

const derivative = (input: Tensor, n: number): Tensor => {
  if (n < 0)
    complain(core.ArgumentError, "polygamma(n, x) does not support negative n.", {
      op: "polygamma",
      argument: "n",
      expected: "0 or more",
      given: `${n}`,
    });
  return core.scope(() => wrap(core.polygamma(n, convertCore(input.core, "float32"))));
};
/** Derivative number n of digamma; n from 0 to 34. */
export const polygamma: (n: number, ...args: Args<[input: Tensor], { input: Tensor } & Out>) => Tensor = native(
  "polygamma",
  { n: int, input: tensor, "*": null, out },
  ({ n, input }) => derivative(input, n),
);

/** Logarithm of the gamma function of p by p matrices; of bools none. */
export const mvlgamma: (input: Tensor, ...args: Args<[p: number], { p: number } & Out>) => Tensor = native(
  "mvlgamma",
  { input: tensor, p: int, "*": null, out },
  ({ input, p }) => {
    if (p < 1)
      complain(core.ArgumentError, "p has to be greater than or equal to 1", {
        op: "mvlgamma",
        argument: "p",
        expected: "1 or more",
        given: `${p}`,
      });
    const x = refuseDtype("mvlgamma", input.core, "bool");
    return core.scope(() => wrap(core.multigammaln(convertCore(x, "float32"), p)));
  },
);

/** Mantissa and exponent as they lie in a list, which has their names too. */
export type MantissaAndExponent = [mantissa: Tensor, exponent: Tensor] & { mantissa: Tensor; exponent: Tensor };
/** x as mantissa 2^exponent with a mantissa of size [0.5, 1). Of floats. */
export const frexp: (input: Tensor, ...args: Args<[], Out>) => MantissaAndExponent = native(
  "frexp",
  one,
  ({ input }) => {
    if (input.core.dtype !== "float32")
      complain(core.DtypeError, "torch.frexp() only supports floating-point dtypes", {
        op: "frexp",
        argument: "input",
        expected: "torch.float32",
        given: `${input.dtype}`,
      });
    const parts = core.frexp(input.core);
    const [mantissa, exponent] = [wrap(parts.mantissa), wrap(parts.exponent)];
    return Object.assign([mantissa, exponent] as [Tensor, Tensor], { mantissa, exponent });
  },
);
