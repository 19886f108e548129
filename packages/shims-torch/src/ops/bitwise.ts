// Integers bit by bit, and their divisors.
import * as core from "@facet/autograd";
import { native } from "../kinds.js";
import {
  arithmetic,
  type Compute,
  type OfTwo,
  type OfTwoTensors,
  requireTensor,
  twoOperands,
  twoTensors,
} from "./arithmetic.js";
import { commonDtype } from "./operands.js";
import { notImplemented } from "./scalar.js";

const notOf = (name: string, kernel: string, dtype: core.Dtype, ...refused: readonly core.Dtype[]): void => {
  if (refused.includes(dtype)) notImplemented(kernel, dtype, { op: name, argument: "input", expected: "torch.int64" });
};

function bitwise(name: string, f: Compute): OfTwo {
  const compute = arithmetic(name, f);
  return native(name, twoOperands, ({ input, other }) => {
    requireTensor(name, input, other);
    notOf(name, `${name}_cpu`, commonDtype(input, other), "float32");
    return compute(input, other);
  });
}
/** Of bools logically. */
export const bitwise_and = bitwise("bitwise_and", core.bitwiseAnd);
export const bitwise_or = bitwise("bitwise_or", core.bitwiseOr);
export const bitwise_xor = bitwise("bitwise_xor", core.bitwiseXor);

function shift(name: string, kernel: string, f: Compute): OfTwo {
  const compute = arithmetic(name, f);
  return native(name, twoOperands, ({ input, other }) => {
    requireTensor(name, input, other);
    notOf(name, kernel, commonDtype(input, other), "float32", "bool");
    return compute(input, other);
  });
}
/** input 2^other. A result beyond 32 bits is an error at the next read. */
export const bitwise_left_shift = shift("bitwise_left_shift", "lshift_cpu", core.checked.shiftLeft);
/** input / 2^other, rounded towards minus infinity. */
export const bitwise_right_shift = shift("bitwise_right_shift", "rshift_cpu", core.shiftRight);

function ofIntegers(name: string, f: (a: core.Tensor, b: core.Tensor) => core.Tensor): OfTwoTensors {
  const compute = arithmetic(name, f as Compute);
  return native(name, twoTensors, ({ input, other }) => {
    notOf(name, `${name}_cpu`, commonDtype(input, other), "float32", "bool");
    return compute(input, other);
  });
}
/** Greatest common divisor; of two zeros 0. */
export const gcd = ofIntegers("gcd", core.gcd);
/** Least common multiple; 0 where one is 0. */
export const lcm = ofIntegers("lcm", core.checked.lcm);
