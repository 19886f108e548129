// Dtypes of jax.numpy: their names, what numbers they hold, and what they are promoted to.
import { ArgumentError, type Dtype, isFloating, promoteTypes } from "@facet/autograd";
import { any, define, Kind, listOf, oneOf, show, string } from "@facet/dialect";
import { declared, dtype as dtypeKind } from "../arguments.js";
import { type ArrayLike, checkDtype, isNumber, JaxArray } from "../array.js";
import { commonDtype } from "./ufunc.js";

/** Names of the original's dtypes that hold numbers here, and of those that do not: to ask for one of these is an error. */
export const float16 = "float16";
export const bfloat16 = "bfloat16";
export const float64 = "float64";
export const int8 = "int8";
export const int16 = "int16";
export const int64 = "int64";
export const uint16 = "uint16";
export const uint64 = "uint64";
export const complex64 = "complex64";
export const complex128 = "complex128";
export const single = "float32";
export const double = "float64";
/** What Python's own numbers become. */
export const float_ = "float32";
export const int_ = "int32";
export const uint = "uint32";

/** Kinds of dtypes, for issubdtype. */
export const generic = "generic";
export const number = "number";
export const integer = "integer";
export const signedinteger = "signedinteger";
export const unsignedinteger = "unsignedinteger";
export const inexact = "inexact";
export const floating = "floating";
export const complexfloating = "complexfloating";

const FLOATS: Readonly<Record<string, { bits: number; mantissa: number; exponent: number; digits: number }>> = {
  float32: { bits: 32, mantissa: 23, exponent: 8, digits: 6 },
  float16: { bits: 16, mantissa: 10, exponent: 5, digits: 3 },
  bfloat16: { bits: 16, mantissa: 7, exponent: 8, digits: 2 },
  float64: { bits: 64, mantissa: 52, exponent: 11, digits: 15 },
};

/** What a dtype of floats holds. */
export interface FloatInfo {
  readonly dtype: string;
  readonly bits: number;
  readonly eps: number;
  readonly epsneg: number;
  readonly max: number;
  readonly min: number;
  readonly tiny: number;
  readonly smallest_normal: number;
  readonly smallest_subnormal: number;
  readonly nmant: number;
  readonly nexp: number;
  readonly maxexp: number;
  readonly minexp: number;
  readonly precision: number;
  readonly resolution: number;
}
const dtypeOf = (x: unknown): unknown => (x instanceof JaxArray ? x.dtype : x);
const dtypeOrArray = new Kind<string | JaxArray>(
  "a dtype or an Array",
  (x) => typeof x === "string" || x instanceof JaxArray,
);

/** Limits of a dtype of floats: eps, max, min, tiny and others. */
export const finfo = declared<[dtype: string | JaxArray]>()(
  "jax.numpy.finfo",
  { dtype: dtypeOrArray },
  ({ dtype }): FloatInfo => {
    const name = dtypeOf(dtype) as string;
    const own = Object.hasOwn(FLOATS, name) ? FLOATS[name] : undefined;
    if (!own)
      throw new ArgumentError({
        op: "finfo",
        argument: "dtype",
        expected: Object.keys(FLOATS).join(", "),
        given: show(name),
      });
    const { bits, mantissa, exponent, digits } = own;
    const bias = 2 ** (exponent - 1) - 1;
    const max = (2 - 2 ** -mantissa) * 2 ** bias;
    return {
      dtype: name,
      bits,
      eps: 2 ** -mantissa,
      epsneg: 2 ** -(mantissa + 1),
      max,
      min: -max,
      tiny: 2 ** (1 - bias),
      smallest_normal: 2 ** (1 - bias),
      smallest_subnormal: 2 ** (1 - bias - mantissa),
      nmant: mantissa,
      nexp: exponent,
      maxexp: bias + 1,
      minexp: 1 - bias,
      precision: digits,
      resolution: Number(`1e-${digits}`),
    };
  },
);

/** Limits of a dtype of integers: bits, min and max. */
export const iinfo = declared<[int_type: string | JaxArray]>()(
  "jax.numpy.iinfo",
  { int_type: dtypeOrArray },
  ({ int_type }): { dtype: string; bits: number; min: number; max: number } => {
    const name = dtypeOf(int_type) as string;
    const [, unsigned, bits] = /^(u?)int(8|16|32)$/.exec(name) ?? [];
    if (bits === undefined)
      throw new ArgumentError({
        op: "iinfo",
        argument: "int_type",
        expected: "int8, int16, int32, uint8, uint16 or uint32",
        given: show(name),
      });
    const n = Number(bits);
    return unsigned === "u"
      ? { dtype: name, bits: n, min: 0, max: 2 ** n - 1 }
      : { dtype: name, bits: n, min: -(2 ** (n - 1)), max: 2 ** (n - 1) - 1 };
  },
);

/** Kinds that a dtype is of, the narrowest first, itself among them. */
function kindsOf(dtype: string): readonly string[] {
  if (/^uint\d+$/.test(dtype)) return [dtype, unsignedinteger, integer, number, generic];
  if (/^int\d+$/.test(dtype)) return [dtype, signedinteger, integer, number, generic];
  if (/^b?float\d+$/.test(dtype)) return [dtype, floating, inexact, number, generic];
  if (/^complex\d+$/.test(dtype)) return [dtype, complexfloating, inexact, number, generic];
  if (dtype === "bool") return [dtype, generic];
  const parents: Readonly<Record<string, readonly string[]>> = {
    generic: [],
    number: [generic],
    integer: [number, generic],
    inexact: [number, generic],
    signedinteger: [integer, number, generic],
    unsignedinteger: [integer, number, generic],
    floating: [inexact, number, generic],
    complexfloating: [inexact, number, generic],
  };
  const above = Object.hasOwn(parents, dtype) ? parents[dtype] : undefined;
  if (above) return [dtype, ...above];
  throw new ArgumentError({
    op: "issubdtype",
    argument: "arg1",
    expected: "a dtype, or a kind of them",
    given: show(dtype),
  });
}

/** Whether a dtype, or a kind of dtypes, is of a kind: `issubdtype(x.dtype, jnp.floating)`. */
export const issubdtype = declared<[arg1: string, arg2: string]>()(
  "jax.numpy.issubdtype",
  { arg1: string, arg2: string },
  ({ arg1, arg2 }) => {
    kindsOf(arg2);
    return kindsOf(arg1).includes(arg2);
  },
);

const ARRAY_KINDS: Readonly<Record<string, string>> = {
  "signed integer": signedinteger,
  "unsigned integer": unsignedinteger,
  integral: integer,
  "real floating": floating,
  "complex floating": complexfloating,
  numeric: number,
};
const kind = string.either(listOf(string));
/** Whether a dtype is of a kind in the words of the array API, or one of several: "numeric", "integral", "real floating", a dtype. */
export const isdtype = declared<[dtype: string, kind: string | readonly string[]]>()(
  "jax.numpy.isdtype",
  { dtype: string, kind },
  ({ dtype, kind }) =>
    (typeof kind === "string" ? [kind] : kind).some((each) =>
      kindsOf(dtype).includes(Object.hasOwn(ARRAY_KINDS, each) ? (ARRAY_KINDS[each] as string) : each),
    ),
);

/** Order in which each dtype holds all those before it of its line. */
const SAFE: readonly (readonly string[])[] = [
  ["bool", "uint8", "uint32"],
  ["bool", "uint8", "int32"],
  ["bool", "uint8", "float16", "float32"],
  ["bool", "uint8", "bfloat16", "float32"],
];
/** Whether values of a dtype may become those of another: "safe" without loss, "same_kind" within a kind, "unsafe" always. */
export const can_cast = declared<
  [from_: Dtype, to: Dtype],
  [casting: "no" | "equiv" | "safe" | "same_kind" | "unsafe"]
>()(
  "jax.numpy.can_cast",
  { from_: dtypeKind, to: dtypeKind, casting: oneOf("no", "equiv", "safe", "same_kind", "unsafe").or("safe") },
  ({ from_, to, casting }) => {
    if (casting === "unsafe" || from_ === to) return true;
    if (casting === "no" || casting === "equiv") return false;
    const isSafe = SAFE.some((line) => line.indexOf(from_) >= 0 && line.indexOf(to) > line.indexOf(from_));
    if (isSafe || casting === "safe") return isSafe;
    return isFloating(to) || (!isFloating(from_) && to !== "bool" && promoteTypes(from_, to) === to);
  },
);

/** The dtype that arrays, numbers and dtypes are promoted to. */
export const result_type: (...args: readonly (ArrayLike | Dtype)[]) => Dtype = define(
  "jax.numpy.result_type",
  { "*args": any },
  ({ args }) => {
    const given = args as unknown as readonly unknown[];
    if (given.length === 0)
      throw new ArgumentError({ op: "result_type", argument: "args", expected: "at least one", given: "none" });
    const names = given.filter((x): x is Dtype => typeof x === "string").map((x) => checkDtype("result_type", x));
    const operands = given.filter((x): x is ArrayLike => typeof x !== "string");
    const own = operands.filter((x) => x instanceof JaxArray && !isNumber(x)).map((x) => (x as JaxArray).dtype);
    const met = [...names, ...own];
    if (met.length === 0) return commonDtype(operands);
    return commonDtype([...operands.filter((x) => !(x instanceof JaxArray) || isNumber(x))], met);
  },
);
