// jax.lax element by element: strict forms of what jax.numpy does loosely. Operands are of one dtype, and of a kind that the
// function is defined for; numbers take the array's dtype.
import * as core from "@facet/autograd";
import { type Dtype, DtypeError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, oneOf, only } from "@facet/dialect";
import { arrayLike, declared, type Given } from "../arguments.js";
import { type ArrayLike, isNumber, JaxArray, numberOf, run } from "../array.js";
import { signOf } from "../numpy/elementwise.js";
import { promoted } from "../numpy/ufunc.js";

const FLOATS: readonly Dtype[] = ["float32", "float16", "bfloat16"];
const SIGNED: readonly Dtype[] = ["int32", ...FLOATS];
const NUMBERS: readonly Dtype[] = ["uint32", ...SIGNED];
const ALL: readonly Dtype[] = ["bool", ...NUMBERS];

function expectKind(fn: string, argument: string, x: Tensor, dtypes: readonly Dtype[]): Tensor {
  if (dtypes.includes(x.dtype)) return x;
  throw new DtypeError({ op: fn, argument, expected: dtypes.join(" or "), given: x.dtype });
}

type Accurate = (...args: Given<[x: ArrayLike], [], { x: ArrayLike; accuracy: null }>) => JaxArray;
type Plain = (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => JaxArray;

const applied =
  (name: string, op: (x: Tensor) => Tensor, dtypes: readonly Dtype[]) =>
  ({ x }: { x: ArrayLike }): JaxArray =>
    run(() => op(expectKind(name, "x", promoted(name, { x })[0] as Tensor, dtypes)));

const unary = (name: string, op: (x: Tensor) => Tensor, dtypes = FLOATS): Plain =>
  define(`jax.lax.${name}`, { x: arrayLike }, applied(name, op, dtypes));

/** Functions of real numbers whose accuracy the original lets one choose. */
const real = (name: string, op: (x: Tensor) => Tensor): Accurate =>
  define(`jax.lax.${name}`, { x: arrayLike, "*": null, accuracy: only(null) }, applied(name, op, FLOATS));

/** |x|; at 0 the derivative is 1, as in JAX. */
export const abs = unary("abs", (x) => core.abs(x, { rightAtZero: true }), SIGNED);
export const ceil = unary("ceil", core.ceil);
export const cos = real("cos", core.cos);
export const erf = unary("erf", core.erf);
/** Inverse of erf. */
export const erf_inv = unary("erf_inv", core.erfinv);
export const exp = real("exp", core.exp);
export const expm1 = real("expm1", core.expm1);
export const floor = unary("floor", core.floor);
export const log = real("log", core.log);
export const log1p = real("log1p", core.log1p);
/** 1 / (1 + e^-x). */
export const logistic = real("logistic", core.sigmoid);
export const neg = unary("neg", (x) => (x.dtype === "uint32" ? core.sub(0, x) : core.neg(x)), NUMBERS);
export const reciprocal = unary("reciprocal", core.reciprocal);
/** 1 / sqrt(x). */
export const rsqrt = real("rsqrt", core.rsqrt);
export const sign = unary("sign", signOf, NUMBERS);
export const sin = real("sin", core.sin);
export const sqrt = real("sqrt", core.sqrt);
export const square = unary("square", core.square, NUMBERS);
export const tanh = real("tanh", core.tanh);

export const acos = unary("acos", core.acos);
export const acosh = unary("acosh", core.acosh);
export const asin = unary("asin", core.asin);
export const asinh = unary("asinh", core.asinh);
export const atan = unary("atan", core.atan);
export const atanh = unary("atanh", core.atanh);
export const cosh = unary("cosh", core.cosh);
export const sinh = unary("sinh", core.sinh);
export const tan = real("tan", core.tan);
export const cbrt = real("cbrt", core.cbrt);
export const exp2 = real("exp2", core.exp2);
/** e^-|x| times the modified Bessel function of order 0. */
export const bessel_i0e = unary("bessel_i0e", core.besselI0e);
/** The same of order 1. */
export const bessel_i1e = unary("bessel_i1e", core.besselI1e);
export const digamma = unary("digamma", core.digamma);
export const erfc = unary("erfc", core.erfc);
/** log |gamma(x)|. */
export const lgamma = unary("lgamma", core.lgamma);
export const is_finite = unary("is_finite", core.isFinite);
const INTEGERS: readonly Dtype[] = ["uint32", "int32"];
export const bitwise_not = unary("bitwise_not", core.bitwiseNot, ["bool", ...INTEGERS]);
/** How many bits are set. */
export const population_count = unary("population_count", core.populationCount, INTEGERS);
/** How many bits are 0 before the first that is set. */
export const clz = unary("clz", core.leadingZeros, INTEGERS);

/** How halves are rounded: away from zero, or to the even whole number. */
export const RoundingMethod = { AWAY_FROM_ZERO: 0, TO_NEAREST_EVEN: 1 } as const;
/** Rounded to whole numbers; halves away from zero unless `rounding_method` is RoundingMethod.TO_NEAREST_EVEN. */
export const round = declared<[x: ArrayLike], [rounding_method: 0 | 1]>()(
  "jax.lax.round",
  { x: arrayLike, rounding_method: oneOf(0, 1).or(0) },
  ({ x, rounding_method }) =>
    applied("round", (of) => (rounding_method === 1 ? core.round(of) : awayFromZero(of)), FLOATS)({ x }),
);
/** x without its fraction, and one more in size where that is a half or more. */
const awayFromZero = (x: Tensor): Tensor => {
  const whole = core.trunc(x);
  const far = core.greaterEqual(core.abs(core.sub(x, whole)), 0.5);
  return core.where(far, core.add(whole, core.sign(x)), whole);
};

/** x to the power of a whole number; negative ones of floats only. */
export const integer_pow = declared<[x: ArrayLike, y: number]>()(
  "jax.lax.integer_pow",
  { x: arrayLike, y: int },
  ({ x, y }) => applied("integer_pow", (of) => wholePower(of, y), y < 0 ? FLOATS : NUMBERS)({ x }),
);
function wholePower(x: Tensor, y: number): Tensor {
  if (y < 0) return core.reciprocal(wholePower(x, -y));
  let [result, square]: [Tensor | undefined, Tensor] = [undefined, x];
  for (let rest = y; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result ? core.mul(result, square) : square;
    if (rest > 1) square = core.square(square);
  }
  return result ?? core.full(x.shape, 1, x.dtype);
}

type CoreBinary = (a: Tensor, b: Tensor) => Tensor;
type Binary = (...args: Given<[x: ArrayLike, y: ArrayLike], [], { x: ArrayLike; y: ArrayLike }>) => JaxArray;

const kindOf = (x: ArrayLike): string =>
  x instanceof JaxArray && !isNumber(x) ? x.dtype : typeof x === "boolean" ? "bool" : "a number";

/** Two operands of one dtype, and of one shape unless one is a scalar. */
function pair(fn: string, x: ArrayLike, y: ArrayLike, dtypes: readonly Dtype[]): [Tensor, Tensor] {
  const [first, second] = [x, y].map((each) => (each instanceof JaxArray && !isNumber(each) ? each : undefined));
  if (first && second && first.ndim > 0 && second.ndim > 0 && `${first.shape}` !== `${second.shape}`)
    throw new ShapeError({
      op: fn,
      argument: "y",
      expected: formatShape(first.shape),
      given: formatShape(second.shape),
    });
  const [a, b] = promoted(fn, { x, y }) as [Tensor, Tensor];
  // Promotion would change an array's dtype, or read a boolean as a number.
  const dtype = (first ?? second)?.dtype ?? a.dtype;
  const loose = [x, y].some((each) =>
    isNumber(each)
      ? dtype === "bool" || (!core.isFloating(dtype) && !Number.isInteger(numberOf(each)))
      : kindOf(each) !== dtype,
  );
  if (loose)
    throw new DtypeError({ op: fn, argument: "y", expected: `operands of one dtype, ${kindOf(x)}`, given: kindOf(y) });
  return [expectKind(fn, "x", a, dtypes), b];
}

const binary = (name: string, op: CoreBinary, dtypes = ALL): Binary =>
  define(`jax.lax.${name}`, { x: arrayLike, y: arrayLike }, ({ x, y }) => run(() => op(...pair(name, x, y, dtypes))));

export const add = binary("add", core.add, NUMBERS);
export const sub = binary("sub", core.sub, NUMBERS);
export const mul: (
  ...args: Given<[x: ArrayLike, y: ArrayLike], [], { x: ArrayLike; y: ArrayLike; out_dtype: null }>
) => JaxArray = define("jax.lax.mul", { x: arrayLike, y: arrayLike, "*": null, out_dtype: only(null) }, ({ x, y }) =>
  run(() => core.mul(...pair("mul", x, y, NUMBERS))),
);
/** Integers are divided towards zero; by zero they give all bits set, as in the original. */
const quotient: CoreBinary = (a, b) =>
  core.isFloating(a.dtype) ? core.div(a, b) : core.where(core.equal(b, 0), core.full([], -1, a.dtype), core.div(a, b));
export const div = binary("div", quotient, NUMBERS);
export const pow = binary("pow", core.pow, FLOATS);
const either =
  (op: CoreBinary, logical: CoreBinary): CoreBinary =>
  (a, b) =>
    a.dtype === "bool" ? logical(a, b) : op(a, b);
export const max = binary("max", either(core.maximum, core.logicalOr));
export const min = binary("min", either(core.minimum, core.logicalAnd));
export const eq = binary("eq", core.equal);
export const ne = binary("ne", core.notEqual);
export const lt = binary("lt", core.less);
export const le = binary("le", core.lessEqual);
export const gt = binary("gt", core.greater);
export const ge = binary("ge", core.greaterEqual);

const named =
  <const A extends string, const B extends string>(a: A, b: B) =>
  (
    name: string,
    op: CoreBinary,
    dtypes = FLOATS,
  ): ((...args: Given<[a: ArrayLike, b: ArrayLike], [], { readonly [K in A | B]: ArrayLike }>) => JaxArray) =>
    define(`jax.lax.${name}`, { [a]: arrayLike, [b]: arrayLike }, (values) => {
      const given = values as unknown as Record<string, ArrayLike>;
      return run(() => op(...pair(name, given[a] as ArrayLike, given[b] as ArrayLike, dtypes)));
    });
export const atan2 = binary("atan2", core.atan2, FLOATS);
export const bitwise_and = binary("bitwise_and", core.bitwiseAnd, ["bool", ...INTEGERS]);
export const bitwise_or = binary("bitwise_or", core.bitwiseOr, ["bool", ...INTEGERS]);
export const bitwise_xor = binary("bitwise_xor", core.bitwiseXor, ["bool", ...INTEGERS]);
export const shift_left = binary("shift_left", core.shiftLeft, INTEGERS);
/** Bits moved towards the last, filled with the sign. */
export const shift_right_arithmetic = binary(
  "shift_right_arithmetic",
  (a, b) => core.cast(core.shiftRight(core.cast(a, "int32"), core.cast(b, "int32")), a.dtype),
  INTEGERS,
);
/** Bits moved towards the last, filled with zeros. */
export const shift_right_logical = binary("shift_right_logical", core.shiftRightLogical, INTEGERS);
/** What truncated division leaves of x, with the sign of x. */
export const rem = binary(
  "rem",
  (a, b) => {
    if (core.isFloating(a.dtype)) return core.fmod(a, b);
    const left = core.sub(a, core.mul(core.div(a, b), b));
    return core.where(core.equal(b, 0), a, left);
  },
  NUMBERS,
);
/** The float32 next to x1 towards x2. */
export const nextafter = named("x1", "x2")("nextafter", core.nextafter);
/** Regularised lower incomplete gamma function. */
export const igamma = named("a", "x")("igamma", core.igamma);
/** Regularised upper incomplete gamma function. */
export const igammac = named("a", "x")("igammac", core.igammac);
/** Riemann's zeta function of x with q. */
export const zeta = named("x", "q")("zeta", core.zeta);
