// How functions of two operands of floats treat dtypes.
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
import { requireFloat } from "./scalar.js";

/** Of two tensors, integers as floats. */
export function floating(name: string, f: Compute): OfTwoTensors {
  const compute = arithmetic(name, f, "float32");
  return native(name, twoTensors, ({ input, other }) => compute(input, other));
}
/** Of two tensors, one of floats at least. */
export function ofFloats(name: string, f: Compute): OfTwoTensors {
  const compute = arithmetic(name, f);
  return native(name, twoTensors, ({ input, other }) => {
    requireFloat(name, "input", commonDtype(input, other), `${name}_cpu`);
    return compute(input, other);
  });
}
/** Of two operands, integers as floats. */
export function floatingOperands(name: string, f: Compute): OfTwo {
  const compute = arithmetic(name, f, "float32");
  return native(name, twoOperands, ({ input, other }) => {
    requireTensor(name, input, other);
    return compute(input, other);
  });
}
