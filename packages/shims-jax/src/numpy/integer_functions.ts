// Division with a rest, bits, and what is defined for integers.
import * as core from "@facet/autograd";
import { DtypeError, type Tensor } from "@facet/autograd";
import { define } from "@facet/dialect";
import { arrayLike } from "../arguments.js";
import { type ArrayLike, type JaxArray, run } from "../array.js";
import {
  applied,
  type Binary,
  type CoreBinary,
  keeping,
  namedTwo,
  ofTwo,
  promoted,
  type Unary,
  ufunc,
} from "./ufunc.js";

/** Booleans are counted in int32. */
const numeric =
  (op: CoreBinary): CoreBinary =>
  (a, b) =>
    a.dtype === "bool" ? op(core.cast(a, "int32"), core.cast(b, "int32")) : op(a, b);

const integers =
  (fn: string, op: CoreBinary, booleans = false): CoreBinary =>
  (a, b) => {
    if (a.dtype === "int32" || a.dtype === "uint32" || (booleans && a.dtype === "bool")) return op(a, b);
    throw new DtypeError({ op: fn, argument: "x1", expected: "integers (convert with astype)", given: a.dtype });
  };

/** Of integers by 0, on which the device's own quotient is 0, what JAX gives: all bits of a word, else -1 for 0 and -2. */
const quotient: CoreBinary = (a, b) => {
  // Words have no negative quotients, which would have to be rounded down.
  const whole = a.dtype === "uint32" ? core.div(a, b) : core.floorDivide(a, b);
  if (core.isFloating(a.dtype)) return whole;
  const byZero =
    a.dtype === "uint32" ? core.bitwiseNot(core.zeros([], "uint32")) : core.where(core.equal(a, 0), -1, -2);
  return core.where(core.equal(b, 0), core.cast(byZero, a.dtype), whole);
};

/** Of words by 0 what JAX gives: nothing. */
const leftOver: CoreBinary = (a, b) => {
  if (a.dtype !== "uint32") return core.remainder(a, b);
  return core.where(core.equal(b, 0), 0, core.sub(a, core.mul(core.div(a, b), b)));
};

/** floor(x1 / x2); integers stay integers. */
export const floor_divide = ofTwo("floor_divide", numeric(quotient));
/** What floor(x1 / x2) leaves of x1, with the sign of x2. */
export const remainder = ofTwo("remainder", numeric(leftOver));
/** What floor(x1 / x2) leaves of x1, with the sign of x2. */
export const mod = ofTwo("mod", numeric(leftOver));
/** What trunc(x1 / x2) leaves of x1, with the sign of x1. */
export const fmod = ofTwo(
  "fmod",
  numeric((a, b) => (a.dtype === "uint32" ? leftOver(a, b) : core.fmod(a, b))),
);
const divided = applied("divmod", numeric(quotient), ["x1", "x2"]);
const rest = applied("divmod", numeric(leftOver), ["x1", "x2"]);
/** floor_divide and remainder. */
export const divmod: (x1: ArrayLike, x2: ArrayLike) => [quotient: JaxArray, remainder: JaxArray] = define(
  "jax.numpy.divmod",
  { x1: arrayLike, x2: arrayLike, "/": null },
  ({ x1, x2 }) => [divided(x1, x2), rest(x1, x2)],
);

/** Greatest common divisor of integers, 0 or more. */
export const gcd = namedTwo("gcd", integers("gcd", core.gcd));
/** Least common multiple of integers, 0 or more. */
export const lcm = namedTwo("lcm", integers("lcm", core.lcm));

const bitwise = (name: string, op: CoreBinary) => ufunc(name, applied(name, integers(name, op, true)));
export const bitwise_and = bitwise("bitwise_and", core.bitwiseAnd);
export const bitwise_or = bitwise("bitwise_or", core.bitwiseOr);
export const bitwise_xor = bitwise("bitwise_xor", core.bitwiseXor);

const complement = (name: string): Unary =>
  keeping(name, (x) => {
    if (!core.isFloating(x.dtype)) return core.bitwiseNot(x);
    throw new DtypeError({ op: name, argument: "x", expected: "integers or booleans", given: x.dtype });
  });
export const bitwise_not = complement("bitwise_not");
export const bitwise_invert = complement("bitwise_invert");
export const invert = complement("invert");

const left = numeric(core.shiftLeft);
const right = numeric(core.shiftRight);
const shift = (name: string, op: CoreBinary): CoreBinary => integers(name, op, true);
const xAndY = (name: string, op: CoreBinary): Binary => {
  const body = applied(name, shift(name, op));
  return define(`jax.numpy.${name}`, { x: arrayLike, y: arrayLike, "/": null }, ({ x, y }) => body(x, y));
};
/** x 2^y of integers, modulo 2^32. */
export const left_shift = xAndY("left_shift", left);
export const bitwise_left_shift = xAndY("bitwise_left_shift", left);
/** floor(x1 / 2^x2) of integers; words are filled with zeros. */
export const right_shift = ofTwo("right_shift", shift("right_shift", right));
export const bitwise_right_shift = ofTwo("bitwise_right_shift", shift("bitwise_right_shift", right));

/** x1 where it is beyond x2 or x2 is NaN, else x2, which gets the gradient of a tie. */
const extreme = (name: "fmax" | "fmin", beyond: (a: Tensor, b: Tensor) => Tensor, ofBooleans: CoreBinary) =>
  namedTwo(name, (a, b) => {
    if (a.dtype === "bool") return ofBooleans(a, b);
    const first = beyond(a, b);
    return core.where(core.isFloating(a.dtype) ? core.logicalOr(first, core.isNan(b)) : first, a, b);
  });
/** The larger of two numbers; of a number and NaN the number. */
export const fmax = extreme("fmax", core.greater, core.logicalOr);
/** The smaller of two numbers; of a number and NaN the number. */
export const fmin = extreme("fmin", core.less, core.logicalAnd);

/** x itself, promoted as any ufunc would. */
export const positive = keeping("positive", (x: Tensor) => x);
/** Of numbers of JavaScript and arrays: none of them is complex here. */
const unchanged = (name: string): Unary => keeping(name, (x) => x);
export const conj = unchanged("conj");
export const conjugate = unchanged("conjugate");
/** The real part: x itself, as no dtype here is complex. */
export const real: Unary = define("jax.numpy.real", { val: arrayLike, "/": null }, ({ val }) =>
  run(() => promoted("real", { val })[0] as Tensor),
);
/** The imaginary part: zeros, as no dtype here is complex. */
export const imag: Unary = define("jax.numpy.imag", { val: arrayLike, "/": null }, ({ val }) =>
  run(() => {
    const [x] = promoted("imag", { val }) as [Tensor];
    return core.zeros(x.shape, x.dtype);
  }),
);
