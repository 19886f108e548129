// What stands on the two sides of an operator: PyTorch's type promotion (bool < int64 < float32; a fraction makes integers floats).
import * as core from "@facet/autograd";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import type { Operand } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor } from "../tensor.js";

/** Throws unless the shapes broadcast, in PyTorch's words. */
export function requireBroadcast(op: string, a: readonly number[], b: readonly number[]): void {
  const rank = Math.max(a.length, b.length);
  for (let i = rank - 1; i >= 0; i--) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || x === 1 || y === 1) continue;
    complain(
      core.ShapeError,
      `The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${i}`,
      { op, argument: "other", expected: `a shape that broadcasts with ${sizeText(a)}`, given: sizeText(b) },
    );
  }
}

/** The dtype of an operand; a whole number beside a tensor takes the tensor's, and makes integers of bools. */
export function dtypeOfOperand(value: Operand): core.Dtype {
  if (value instanceof Tensor) return value.core.dtype;
  return typeof value === "boolean" ? "bool" : Number.isInteger(value) ? "int32" : "float32";
}

/** The dtype in which operands meet. A number, or a tensor without dimensions beside others, counts only where its kind is above theirs. */
export function commonDtype(...operands: readonly Operand[]): core.Dtype {
  return core.resultType(
    operands.map((value) => [
      dtypeOfOperand(value),
      value instanceof Tensor ? (value.core.rank === 0 ? "scalar" : "array") : "number",
    ]),
  );
}

/** An operand as the core takes it, in a dtype. */
export function convertOperand(value: Operand, dtype: core.Dtype): core.TensorLike {
  return value instanceof Tensor ? convertCore(value.core, dtype) : Number(value);
}

/** Both operands as the core takes them, in one dtype: at least one is a tensor. */
export function pair(
  op: string,
  a: Operand,
  b: Operand,
  least: core.Dtype = "bool",
): [core.TensorLike, core.TensorLike] {
  const dtype = core.atLeast(commonDtype(a, b), least);
  if (a instanceof Tensor && b instanceof Tensor) requireBroadcast(op, a.shape, b.shape);
  if (!(a instanceof Tensor) && !(b instanceof Tensor)) return [core.full([], Number(a), dtype), Number(b)];
  return [convertOperand(a, dtype), convertOperand(b, dtype)];
}

/** An operand as a tensor of a dtype. */
export function tensorOf(value: Operand, dtype: core.Dtype): core.Tensor {
  const converted = convertOperand(value, dtype);
  return typeof converted === "number" ? core.full([], converted, dtype) : converted;
}
