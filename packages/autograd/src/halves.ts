// What ops do with float16 and bfloat16. Most kernels read and write float32: their ops work on copies in it, and round the result.
import { arithmetic } from "./backward.js";
import { type Half, isFloating, isHalf } from "./dtype.js";
import { Tensor } from "./tensor.js";

/** The dtype that results of an op on halves have: theirs, or float32 where its floats are of several dtypes. Undefined when there are no halves. */
export function dtypeOfHalves(inputs: Readonly<Record<string, Tensor | undefined>>): Half | "float32" | undefined {
  let common: Half | "float32" | undefined;
  let halves = false;
  for (const name in inputs) {
    const dtype = inputs[name]?.dtype;
    if (!dtype || !isFloating(dtype)) continue;
    if (isHalf(dtype)) halves = true;
    common = common === undefined || common === dtype ? dtype : "float32";
  }
  return halves ? common : undefined;
}

/** The tensor in float32, where it has halves; else the tensor itself. */
export const widened = (x: Tensor): Tensor => (isHalf(x.dtype) ? arithmetic.cast(x, "float32") : x);

/** All of them so. */
export function allWidened<T extends Readonly<Record<string, Tensor | undefined>>>(tensors: T): T {
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x && widened(x)])) as T;
}

const widenedWithin = (value: unknown): unknown => {
  if (value instanceof Tensor) return widened(value);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, part instanceof Tensor ? widened(part) : part]),
  );
};

/** A function that is composed of several ops: of halves it computes in float32, with all tensors among its arguments, and rounds its result once. */
export function inFloat32<A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => Tensor,
): (x: Tensor, ...rest: A) => Tensor {
  return (x, ...rest) =>
    isHalf(x.dtype)
      ? arithmetic.cast(f(widened(x), ...(rest.map(widenedWithin) as unknown as A)), x.dtype)
      : f(x, ...rest);
}
