// Numbers of the host as tensors: nested arrays, typed arrays, and numbers alone.
import * as core from "@facet/autograd";
import { Kind, show } from "@facet/dialect";
import { complain } from "./errors.js";
import { scalarOf } from "./ops/scalar.js";

export type TensorData = core.NestedArray | Float32Array | Int32Array | Uint8Array | readonly TensorData[];

const isNumber = (value: unknown): value is number | boolean => typeof value === "number" || typeof value === "boolean";
const isTyped = (value: unknown): value is Float32Array | Int32Array | Uint8Array =>
  value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array;

/** Numbers, booleans, typed arrays and lists of these. What is in lists is looked at where it is read. */
export const data = new Kind<TensorData>(
  "a number, nested lists of numbers, or a typed array",
  (value) => isNumber(value) || isTyped(value) || Array.isArray(value),
);

interface FlatData {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number | boolean>;
  readonly dtype: core.Dtype;
}

/** Shape and flat values of data, and the dtype that PyTorch infers. */
export function flattenData(op: string, given: TensorData): FlatData {
  if (given instanceof Float32Array) return { shape: [given.length], values: given, dtype: "float32" };
  if (given instanceof Int32Array) return { shape: [given.length], values: given, dtype: "int32" };
  if (given instanceof Uint8Array) return { shape: [given.length], values: given, dtype: "uint8" };
  try {
    requireNumbers(op, given, new Set());
    const { shape, values } = core.flattenNested(given as core.NestedArray);
    return { shape, values, dtype: inferred(values) };
  } catch (error) {
    if (!(error instanceof core.ShapeError)) throw error;
    return complain(core.ShapeError, "expected sequences of equal length", {
      op,
      argument: "data",
      expected: error.expected,
      ...(error.given === undefined ? {} : { given: error.given }),
    });
  }
}

function requireNumbers(op: string, value: unknown, above: Set<unknown>): void {
  if (isNumber(value)) return;
  if (!Array.isArray(value) || above.has(value))
    throw new core.ArgumentError({
      op,
      argument: "data",
      expected: "numbers or booleans in lists",
      given: above.has(value) ? "a list that holds itself" : show(value),
    });
  above.add(value);
  for (let i = 0; i < value.length; i++) requireNumbers(op, value[i], above);
  above.delete(value);
}

/** int64 for whole numbers, bool for booleans alone, else float32. -0 is a float. */
export function inferred(values: ArrayLike<number | boolean>): core.Dtype {
  if (values.length === 0) return "float32";
  let [bools, whole] = [true, true];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "boolean") continue;
    bools = false;
    whole &&= Number.isInteger(value) && !Object.is(value, -0);
  }
  return bools ? "bool" : whole ? "int32" : "float32";
}

/** Values as a dtype holds them: fractions are cut off where integers are asked for, as PyTorch does. */
export function fitted(
  op: string,
  values: ArrayLike<number | boolean>,
  dtype: core.Dtype,
): ArrayLike<number | boolean> {
  if (dtype === "float32") return values;
  return Array.from(values, (value) => scalarOf(op, value, dtype));
}
