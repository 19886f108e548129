// In which dtype operands meet: the originals' tables, which agree but for what a 0-d array counts.
import { type Dtype, isFloating } from "./dtype.js";

/** From the narrowest to the widest; the two kinds of halves meet in float32. */
const ORDER: readonly Dtype[] = ["bool", "uint8", "uint32", "int32", "float16", "bfloat16", "float32"];

/** The dtype that holds what either holds, as PyTorch, JAX and Keras have it with 32-bit integers: int32 beside uint32 is int32, any integer beside a float that float. */
export function promoteTypes(a: Dtype, b: Dtype): Dtype {
  if (a === b) return a;
  if (isFloating(a) && isFloating(b)) return "float32";
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

/** 0 of bools, 1 of integers, 2 of floats. */
const category = (dtype: Dtype): number => (dtype === "bool" ? 0 : isFloating(dtype) ? 2 : 1);

/** `dtype` where it is of the category of `least` or above, else `least`: of a division, float32 for integers alone. */
export const atLeast = (dtype: Dtype, least: Dtype): Dtype => (category(dtype) >= category(least) ? dtype : least);

/**
 * What has a dtype. A `number` of the program counts only where it is of a category above all else; so does, to PyTorch, a 0-d tensor
 * beside tensors with dimensions, a `scalar`. To the others it is an `array` like any.
 */
export type Standing = "array" | "scalar" | "number";

/** The dtype in which operands meet. A number has that of its kind: bool, int32 or float32. */
export function resultType(operands: readonly (readonly [dtype: Dtype, standing: Standing])[]): Dtype {
  let result: Dtype | undefined;
  for (const standing of ["array", "scalar", "number"] as const) {
    const own = operands.filter((operand) => operand[1] === standing).map(([dtype]) => dtype);
    if (own.length === 0) continue;
    const met = own.reduce(promoteTypes);
    if (result === undefined || category(met) > category(result)) result = met;
  }
  return result ?? "float32";
}
