import {
  type ArangeOptions,
  ArgumentError,
  arangeConstants,
  arangeGeometry,
  DtypeError,
  fill,
  halfBits,
  arange as kernel,
} from "@facet/kernels-wgsl";
import { launch } from "../define_op.js";
import { bindingDtype, type Dtype, type Half, halfFormat, isFloating, isHalf } from "../dtype.js";
import { scope } from "../scope.js";
import { empty, fromData, type Tensor } from "../tensor.js";
import { cast, equal } from "./elementwise.js";
import { reshape } from "./shape.js";

const words = new DataView(new ArrayBuffer(4));

/** Sets every element of a tensor that has no content yet. */
export function fillWith(y: Tensor, value: number | boolean): void {
  if (y.size === 0) return;
  launch(fill, { y }, fillParams(y, value));
}

/** A fraction is cut off where integers are held; a bool is whether the value is not 0. Throws DtypeError on what does not fit. */
function fillParams({ dtype, size }: Tensor, value: number | boolean): { count: number; bits: number } {
  if (dtype === "uint8") {
    const byte = Number(value);
    if (!holds(dtype, byte))
      throw new DtypeError({ op: "full", argument: "value", expected: "a value of uint8", given: `${value}` });
    // Four bytes to a word; those behind the last element belong to nobody.
    return { count: Math.ceil(size / 4), bits: (byte * 0x01010101) >>> 0 };
  }
  if (isHalf(dtype)) {
    const bits = halfBits[halfFormat(dtype)](Number(value));
    return { count: Math.ceil(size / 2), bits: bits * 0x10001 };
  }
  return { count: size, bits: wordOf(value, dtype) };
}

/** The 32 bits that hold a value of a dtype of whole words. Throws DtypeError on what does not fit. */
export function wordOf(value: number | boolean, dtype: Dtype): number {
  const number = dtype === "bool" ? Number(Number(value) !== 0) : Number(value);
  if (bindingDtype(dtype) === "f32") words.setFloat32(0, number, true);
  else {
    const whole = Math.trunc(number);
    if (!(whole >= -(2 ** 31) && whole < (dtype === "uint32" ? 2 ** 32 : 2 ** 31)))
      throw new DtypeError({
        op: "full",
        argument: "value",
        expected: `a value of ${dtype}, which is held in 32 bits`,
        given: `${value}`,
      });
    words.setInt32(0, whole, true);
  }
  return words.getUint32(0, true);
}

/** A scalar whose value the host knows; in a captured function it is asked for anew in every run. */
export function hostScalar(value: () => number, dtype: Dtype = "float32"): Tensor {
  const y = empty([], dtype);
  launch(fill, { y }, () => fillParams(y, value()));
  return y;
}

/** A tensor filled with one value. */
export function full(
  shape: readonly number[],
  value: number | boolean,
  dtype: Dtype = "float32",
  owner?: string,
): Tensor {
  const y = empty(shape, dtype, owner);
  fillWith(y, value);
  return y;
}

/** Zeros in a tensor's shape, as its gradient: in its dtype where that is a float's. */
export const gradientZeros = ({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): Tensor =>
  zeros(shape, isFloating(dtype) ? dtype : "float32");

export const zeros = (shape: readonly number[], dtype?: Dtype): Tensor => full(shape, 0, dtype);
export const ones = (shape: readonly number[], dtype?: Dtype): Tensor => full(shape, 1, dtype);

const BOUNDS: Readonly<Record<Exclude<Dtype, "float32" | Half>, readonly [low: number, high: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  uint8: [0, 255],
  bool: [0, 1],
};

function holds(dtype: keyof typeof BOUNDS, value: number): boolean {
  const [low, high] = BOUNDS[dtype];
  return value >= low && value <= high && Number.isInteger(value);
}

/** Throws DtypeError on a range of which `dtype` does not hold every number: it begins at `first` and ends at `last`. */
function expectRange(op: string, first: number, step: number, last: number, dtype: Dtype): void {
  if (isFloating(dtype) || (holds(dtype, first) && holds(dtype, last) && Number.isInteger(step))) return;
  const given = `${first} to ${last} in steps of ${step}`;
  throw new DtypeError({ op, argument: "dtype", expected: `numbers that ${dtype} holds`, given });
}

/** `count` numbers made on the device; those of bytes on the host, which can be no more than 256. */
function ranged(op: string, count: number, { start = 0, step = 1, stop }: ArangeOptions, dtype: Dtype): Tensor {
  if (count > 0) expectRange(op, start, count > 1 ? step : 0, stop ?? start + (count - 1) * step, dtype);
  if (dtype === "uint8") {
    const bytes = Uint8Array.from({ length: count }, (_, i) => start + i * step);
    return fromData(bytes, [count], dtype);
  }
  if (isHalf(dtype)) return scope(() => cast(ranged(op, count, { start, step, stop }, "float32"), dtype));
  const y = empty([count], dtype);
  if (count > 0)
    launch(kernel, { y }, arangeGeometry(count, { start, step, stop }), arangeConstants(bindingDtype(dtype)));
  return y;
}

/** start, start + step, ... below stop (above it for a negative step). Floats are the exact numbers, rounded once. */
export function arange(start: number, stop: number, step = 1, dtype: Dtype = "float32"): Tensor {
  if (!(Number.isFinite(start) && Number.isFinite(stop) && Number.isFinite(step)) || step === 0) {
    throw new ArgumentError({
      op: "arange",
      argument: "step",
      expected: "finite bounds and a step other than 0",
      given: `${start}, ${stop}, ${step}`,
    });
  }
  return ranged("arange", Math.max(0, Math.ceil((stop - start) / step)), { start, step }, dtype);
}

/** `count` numbers from start to stop, both to the bit, counted from both ends; float32. */
export function linspace(start: number, stop: number, count: number): Tensor {
  const step = count > 1 ? stop / (count - 1) - start / (count - 1) : 0;
  return ranged("linspace", count, { start, step, stop: count > 1 ? stop : start }, "float32");
}

/** Ones on the k-th diagonal of a matrix, zeros elsewhere. Not uint8, of which no op but a fill can write single bytes. */
export function eye(rows: number, columns: number, k = 0, dtype: Dtype = "float32"): Tensor {
  return scope(() => {
    const places = reshape(arange(k, k + rows, 1, "int32"), [rows, 1]);
    return cast(equal(places, arange(0, columns, 1, "int32")), dtype);
  });
}
