// keras.ops: functions of each element.
import * as core from "@facet/autograd";
import { type Args, int, number } from "@facet/dialect";
import { arrayOrPlaceholder } from "../kinds.js";
import { defineOp } from "../operation.js";
import { type KerasTensor, sameTensor, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import { dtypeArgument, elementwise, kept, knownDtype, numbers, type Op } from "./define.js";

const same = (x: core.Tensor): core.Tensor => sameTensor(new Tensor(x)).core;
const whereBool = (f: (x: core.Tensor) => core.Tensor, ofBools: (x: core.Tensor) => core.Tensor) => (x: core.Tensor) =>
  x.dtype === "bool" ? ofBools(x) : f(x);

/** |x|. */
export const abs = elementwise("abs", whereBool(core.abs, same), { read: kept, className: "Absolute" });
/** |x|. */
export const absolute = elementwise("absolute", whereBool(core.abs, same), { read: kept });
/** |x| as floats. */
export const fabs = elementwise("fabs", core.abs);
/** -x. Bools have no negative. */
export const negative = elementwise(
  "negative",
  (x) => {
    if (x.dtype !== "bool") return core.neg(x);
    throw new core.DtypeError({ op: "negative", argument: "x", expected: "numbers", given: "bool" });
  },
  { read: kept },
);
/** -1, 0 or 1. */
export const sign = elementwise("sign", whereBool(core.sign, same), { read: kept });
/** x^2; of bools int32. */
export const square = elementwise("square", core.square, { read: numbers });
export const sqrt = elementwise("sqrt", core.sqrt);
/** 1 / sqrt(x). */
export const rsqrt = elementwise("rsqrt", core.rsqrt);
/** 1 / x. */
export const reciprocal = elementwise("reciprocal", core.reciprocal);
/** The cube root, of negative numbers too. */
export const cbrt = elementwise("cbrt", core.cbrt);
/** e^x. */
export const exp = elementwise("exp", core.exp);
export const exp2 = elementwise("exp2", core.exp2);
/** e^x - 1, exact near 0. */
export const expm1 = elementwise("expm1", core.expm1);
/** Natural logarithm. */
export const log = elementwise("log", core.log);
/** log(1 + x), exact near 0. */
export const log1p = elementwise("log1p", core.log1p);
export const log2 = elementwise("log2", core.log2);
export const log10 = elementwise("log10", core.log10);

export const sin = elementwise("sin", core.sin);
export const cos = elementwise("cos", core.cos);
export const tan = elementwise("tan", core.tan);
export const sinh = elementwise("sinh", core.sinh);
export const cosh = elementwise("cosh", core.cosh);
export const tanh = elementwise("tanh", core.tanh);
export const arcsin = elementwise("arcsin", core.asin);
export const arccos = elementwise("arccos", core.acos);
export const arctan = elementwise("arctan", core.atan);
export const arcsinh = elementwise("arcsinh", core.asinh);
export const arccosh = elementwise("arccosh", core.acosh);
export const arctanh = elementwise("arctanh", core.atanh);
/** sin(pi x) / (pi x). */
export const sinc = elementwise("sinc", core.sinc);
export const deg2rad = elementwise("deg2rad", core.deg2rad);
export const rad2deg = elementwise("rad2deg", core.rad2deg);
export const erf = elementwise("erf", core.erf);
/** 1 - erf(x). */
export const erfc = elementwise("erfc", core.erfc);
export const erfinv = elementwise("erfinv", core.erfinv);
/** The modified Bessel function of order 0. */
export const i0 = elementwise("i0", core.besselI0);

/** Down to a whole number; integers become float32. */
export const floor = elementwise("floor", core.floor);
/** Up to a whole number; integers become float32. */
export const ceil = elementwise("ceil", core.ceil);
/** Toward 0; integers stay so. */
export const trunc = elementwise("trunc", (x) => (core.isFloating(x.dtype) ? core.trunc(x) : same(x)), { read: kept });

const isSome = (name: string, f: (x: core.Tensor) => core.Tensor): Op => elementwise(name, f);
export const isfinite = isSome("isfinite", core.isFinite);
export const isinf = isSome("isinf", core.isInf);
export const isnan = isSome("isnan", core.isNan);
export const isposinf = isSome("isposinf", core.isPosInf);
export const isneginf = isSome("isneginf", core.isNegInf);
/** Whether there is no imaginary part: true everywhere, as there are no complex tensors. */
export const isreal = elementwise("isreal", (x) => core.full(x.shape, true, "bool"), { read: kept });
/** Whether the sign bit is set, of -0 too. */
export const signbit = elementwise("signbit", core.signbit);
export const logical_not = elementwise("logical_not", (x) => core.logicalNot(core.cast(x, "bool")), { read: kept });
const inverted = whereBool(core.bitwiseNot, core.logicalNot);
/** ~x of integers and bools. */
export const bitwise_invert = elementwise("bitwise_invert", inverted, { read: kept });
/** ~x of integers and bools. */
export const bitwise_not = elementwise("bitwise_not", inverted, { read: kept });

/** x: there are no complex tensors. */
export const conj = elementwise("conj", same, { read: kept });
/** x: there are no complex tensors. */
export const conjugate = elementwise("conjugate", same, { read: kept });
/** x: there are no complex tensors. */
export const real = elementwise("real", same, { read: kept });
/** 0 everywhere: there are no complex tensors. */
export const imag = elementwise("imag", (x) => core.zeros(x.shape, x.dtype), { read: kept });
/** 0 where x is positive, pi where it is negative. */
export const angle = elementwise("angle", (x) =>
  core.where(core.isNan(x), x, core.mul(core.cast(core.less(x, 0), "float32"), Math.PI)),
);
/** The same values in memory of their own. */
export const copy = elementwise("copy", (x) => core.reshape(core.concat([core.reshape(x, [-1])], 0), x.shape), {
  read: kept,
});

/** Rounded to so many decimals, halves to even; of integers to tens and so on where `decimals` is negative. */
export const round: Op<Args<[decimals: number], { decimals: number }>> = defineOp(
  "keras.ops.round",
  { x: arrayOrPlaceholder, decimals: int.or(0) },
  {
    compute: ({ x, decimals }) => {
      const given = kept(x, "round");
      if (core.isFloating(given.dtype)) return new Tensor(core.round(given, decimals));
      const whole = numbers(x, "round");
      return new Tensor(
        decimals >= 0 ? same(whole) : core.cast(core.round(core.cast(whole, "float32"), decimals), "int32"),
      );
    },
  },
);

interface Replacements {
  nan: number;
  posinf: number | null;
  neginf: number | null;
}
/** Numbers instead of NaN (0) and of infinities (the largest float). */
export const nan_to_num: Op<Args<[nan: number, posinf: number | null, neginf: number | null], Replacements>> = defineOp(
  "keras.ops.nan_to_num",
  { x: arrayOrPlaceholder, nan: number.or(0), posinf: number.or(null), neginf: number.or(null) },
  {
    compute: ({ x, nan, posinf, neginf }) => {
      const given = kept(x, "nan_to_num");
      if (!core.isFloating(given.dtype)) return new Tensor(same(given));
      return new Tensor(
        core.nanToNum(given, {
          nan,
          ...(posinf === null ? {} : { posinf }),
          ...(neginf === null ? {} : { neginf }),
        }),
      );
    },
  },
);

type Bound = TensorLike | KerasTensor;
/** x moved into [x_min, x_max]; the bounds may be arrays. */
export const clip: Op<Args<[x_min: Bound, x_max: Bound], { x_min: Bound; x_max: Bound }>> = defineOp(
  "keras.ops.clip",
  { x: arrayOrPlaceholder, x_min: arrayOrPlaceholder, x_max: arrayOrPlaceholder },
  {
    compute: ({ x, x_min, x_max }) => {
      const given = numbers(x, "clip");
      const bound = (value: unknown): core.Tensor | number =>
        typeof value === "number" ? value : core.cast(kept(value, "clip"), given.dtype);
      return new Tensor(core.clampBetween(given, bound(x_min), bound(x_max)));
    },
  },
);

type DtypeRest = Args<[dtype: TensorDtype], { dtype: TensorDtype }>;
const LIMITS = 2 ** 31;
/** As cast, but what the dtype cannot hold becomes its nearest number. */
export const saturate_cast: Op<DtypeRest> = defineOp(
  "keras.ops.saturate_cast",
  { x: arrayOrPlaceholder, dtype: dtypeArgument },
  {
    compute: ({ x, dtype }) => {
      const wanted = knownDtype("saturate_cast", dtype ?? "float32");
      const given = kept(x, "saturate_cast");
      if (wanted === "bool")
        return new Tensor(
          core.cast(given.dtype === "bool" ? same(given) : core.clamp(core.cast(given, "float32"), 0, 1), "bool"),
        );
      if (wanted === "float32" || !core.isFloating(given.dtype)) return new Tensor(core.cast(given, wanted));
      const within = core.cast(core.clamp(given, -LIMITS, LIMITS - 128), "int32");
      return new Tensor(core.where(core.greaterEqual(given, LIMITS), LIMITS - 1, within));
    },
  },
);

/** The same values, through which no gradient flows. */
export const stop_gradient: {
  (variable: KerasTensor): KerasTensor;
  (variable: TensorLike): Tensor;
} = defineOp(
  "keras.ops.stop_gradient",
  { variable: arrayOrPlaceholder },
  { compute: ({ variable }) => new Tensor(core.stopGradient(kept(variable, "stop_gradient"))) },
);
