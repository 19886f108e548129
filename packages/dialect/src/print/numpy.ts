// NumPy's text of an array, to the byte: what JAX and Keras print.

import { EDGE, isElided, shownOf, sizeOf } from "@facet/autograd";
import { type Printable, shownValues } from "./array.js";
import { type Decimal, exponentText, fixed, ROUNDED, scientific, shortest, type Width } from "./decimal.js";

/** Characters of a line, brackets included. */
export const LINE_WIDTH = 75;
/** Digits after the point at most. */
const PRECISION = 8;

type Format = (value: number) => string;

/** Bits of a float's dtype. */
const widthOf = (dtype: string): Width => Number(dtype.slice("float".length)) as Width;
/** From where on elements, and numbers by themselves, are written with an exponent. */
const LARGE: Readonly<Record<Width, readonly [element: number, scalar: number]>> = {
  16: [1e3, 1e3],
  32: [1e6, 1e6],
  64: [1e8, 1e16],
};

/** C's %g, which is how numbers of bfloat16 are written: six digits without zeros at their end. */
function general(value: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const [mantissa, power] = scientific(value, 5).split("e") as [string, string];
  const exponent = Number(power);
  const trimmed = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (value !== 0 && (exponent < -4 || exponent >= 6)) return `${trimmed(mantissa)}e${exponentText(exponent, 2)}`;
  return trimmed(fixed(value, 5 - exponent));
}

/** `name(shape=...)`'s tuple: `()`, `(3,)`, `(2, 3)`. */
export const pythonShape = (shape: readonly (number | null)[]): string => {
  const parts = shape.map((extent) => (extent === null ? "None" : `${extent}`));
  return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
};

/** How all elements of an array are written, given those that are shown. */
function formatOf(dtype: string, values: readonly number[], rank: number): Format {
  if (dtype === "bool") return (value) => (value ? (rank > 0 ? " True" : "True") : "False");
  if (dtype === "bfloat16") return general;
  if (dtype.startsWith("float")) return floatFormat(values, widthOf(dtype));
  const width = Math.max(0, ...values.map((value) => `${value}`.length));
  return (value) => `${value}`.padStart(width);
}

function floatFormat(values: readonly number[], width: Width): Format {
  const finite = values.filter(Number.isFinite);
  const sizes = finite.filter((value) => value !== 0).map(Math.abs);
  const [most, least] = [Math.max(...sizes), Math.min(...sizes)];
  // Compared in the array's own precision.
  const own = ROUNDED[width];
  const exponential = sizes.length > 0 && (most >= LARGE[width][0] || least < own(0.0001) || own(most / least) > 1000);
  return exponential ? exponentialFormat(values, finite, width) : positionalFormat(values, finite, width);
}

/** Room on the left, so that nan and inf fit into the column. */
function leftOf(left: number, right: number, values: readonly number[], finite: readonly number[]): number {
  if (finite.length === values.length) return left;
  const offset = right + 1;
  return Math.max(left, 3 - offset, 3 + (values.includes(Number.NEGATIVE_INFINITY) ? 1 : 0) - offset);
}

const nonFinite = (value: number): string => (Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf");

function positionalFormat(values: readonly number[], finite: readonly number[], width: Width): Format {
  const parts = finite.map((value) => positional(value, width));
  const right = Math.max(0, ...parts.map(({ fraction }) => fraction.length));
  const left = leftOf(Math.max(0, ...parts.map(({ whole }) => whole.length)), right, values, finite);
  return (value) => {
    if (!Number.isFinite(value)) return nonFinite(value).padStart(left + right + 1);
    const { whole, fraction } = positional(value, width);
    return `${whole.padStart(left)}.${fraction.padEnd(right)}`;
  };
}

/** All digits of a decimal, on either side of the point. */
function sidesOf({ negative, digits, exponent }: Decimal): { whole: string; fraction: string } {
  const sign = negative ? "-" : "";
  if (exponent < 0) return { whole: `${sign}0`, fraction: "0".repeat(-exponent - 1) + digits };
  return {
    whole: sign + digits.slice(0, exponent + 1).padEnd(exponent + 1, "0"),
    fraction: digits.slice(exponent + 1),
  };
}

/** Shortest digits, cut to the precision after the point. */
function positional(value: number, width: Width): { whole: string; fraction: string } {
  const decimal = shortest(value, width);
  if (decimal.digits.length - 1 - decimal.exponent <= PRECISION) return sidesOf(decimal);
  const [whole, fraction] = fixed(value, PRECISION).split(".") as [string, string];
  return { whole, fraction: fraction.replace(/0+$/, "") };
}

function exponentialFormat(values: readonly number[], finite: readonly number[], width: Width): Format {
  const parts = finite.map((value) => shortest(value, width));
  const precision = Math.min(PRECISION, Math.max(...parts.map(({ digits }) => digits.length - 1)));
  const exponentDigits = Math.max(2, ...parts.map(({ exponent }) => `${Math.abs(exponent)}`.length));
  const right = exponentDigits + 2 + precision;
  const left = leftOf(parts.some(({ negative }) => negative) ? 2 : 1, right, values, finite);
  return (value) => {
    if (!Number.isFinite(value)) return nonFinite(value).padStart(left + right + 1);
    // The shortest digits fix how many there are; all numbers then show as many of their own.
    const [mantissa, power] = scientific(value, precision).split("e") as [string, string];
    const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
    return `${whole.padStart(left)}.${fraction}e${exponentText(Number(power), exponentDigits)}`;
  };
}

/**
 * `numpy.array2string`: the elements in brackets, rows aligned, broken at the width of the line. `prefix` and `suffix` are
 * what will stand before and after: only their lengths matter. Undefined when the host does not know the elements.
 */
export function array2string(array: Printable, separator: string, prefix = "", suffix = ""): string | undefined {
  const { shape, dtype, at } = array;
  if (sizeOf(shape) === 0) return "[]";
  const values = shownValues(array);
  if (!values) return undefined;
  const format = formatOf(dtype, values, shape.length);
  const elided = isElided(shape);
  const between = separator.trimEnd();
  // `indent` is what a continued line begins with, `width` what a line may hold: deeper rows have one bracket more.
  const text = (axis: number, row: number, indent: string, width: number): string => {
    if (axis === shape.length) return format(at(row) as number);
    const extent = shape[axis] as number;
    const { positions, gap } = shownOf(extent, elided);
    const parts = positions.map((i) => text(axis + 1, row * extent + i, `${indent} `, width - 1));
    if (gap) parts.splice(EDGE, 0, "...");
    const left = shape.length - axis - 1;
    const body =
      left === 0
        ? broken(parts, separator, indent, width - Math.max(between.length, 1))
        : parts.join(between + "\n".repeat(left) + indent);
    return `[${body}]`;
  };
  return text(0, 0, " ".repeat(prefix.length + 1), LINE_WIDTH - suffix.length);
}

/** Words in lines of at most `width`, the first beginning where `indent` ends. */
function broken(words: readonly string[], separator: string, indent: string, width: number): string {
  let lines = "";
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > width && line.length > indent.length) {
      lines += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i < words.length - 1 ? word + separator : word;
  }
  return (lines + line).slice(indent.length);
}

/** Text of one number, as `str` of a NumPy scalar. */
export function scalarText(value: number, dtype: string): string {
  if (dtype === "bool") return value ? "True" : "False";
  if (dtype === "bfloat16") return general(value);
  if (!dtype.startsWith("float")) return `${value}`;
  if (!Number.isFinite(value)) return nonFinite(value);
  const width = widthOf(dtype);
  const decimal = shortest(value, width);
  const size = Math.abs(value);
  if (size > 0 && (size >= LARGE[width][1] || size < 1e-4)) {
    const { negative, digits, exponent } = decimal;
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${negative ? "-" : ""}${digits[0]}${fraction}e${exponentText(exponent, 2)}`;
  }
  const { whole, fraction } = sidesOf(decimal);
  return `${whole}.${fraction || "0"}`;
}

/** `str` of an array. */
export function arrayText(array: Printable): string | undefined {
  if (array.shape.length > 0) return array2string(array, " ");
  const value = array.at(0);
  return value === undefined ? undefined : scalarText(value, array.dtype);
}

/** `repr` of a NumPy array: `array([1., 2.], dtype=float32)`. */
export function arrayRepr(array: Printable): string | undefined {
  const { shape, dtype } = array;
  const elements = array2string(array, ", ", "array(", ")");
  if (elements === undefined) return undefined;
  const size = sizeOf(shape);
  const extras: string[] = [];
  if ((size === 0 && shape.length !== 1) || isElided(shape)) extras.push(`shape=${pythonShape(shape)}`);
  if (size === 0 || !["float64", "int64", "bool"].includes(dtype)) extras.push(`dtype=${dtype}`);
  if (extras.length === 0) return `array(${elements})`;
  const text = `array(${elements},`;
  const extra = `${extras.join(", ")})`;
  // On a line of its own where it does not fit.
  const last = text.length - (text.lastIndexOf("\n") + 1);
  return text + (last + extra.length + 1 > LINE_WIDTH ? "\n      " : " ") + extra;
}
