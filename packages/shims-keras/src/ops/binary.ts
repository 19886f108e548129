// keras.ops: functions of two operands, promoted and broadcast.
import * as core from "@facet/autograd";
import { type Args, bool, number } from "@facet/dialect";
import { arrayOrPlaceholder } from "../kinds.js";
import { defineOp } from "../operation.js";
import { Tensor, type TensorLike } from "../tensor.js";
import {
  ADD,
  binary,
  binaryOf,
  binarySpec,
  DIVIDE,
  MAXIMUM,
  MULTIPLY,
  type Operand,
  SUBTRACT,
  tensorsOf,
} from "./arithmetic.js";
import { type BinaryOp, binaryOp } from "./define.js";

/** x1 + x2. */
export const add = binaryOp(ADD);
/** x1 - x2. */
export const subtract = binaryOp(SUBTRACT);
/** x1 x2. */
export const multiply = binaryOp(MULTIPLY);
/** x1 / x2, float32 also for integers. */
export const divide = binaryOp(DIVIDE);
/** x1 / x2, float32 also for integers. */
export const true_divide = binaryOp(DIVIDE, { name: "true_divide" });
/** x1 / x2, 0 where x2 is 0. */
export const divide_no_nan = binaryOp(tensorsOf("divide_no_nan", core.quotientOrZero, { least: "float32" }));
/** The larger of x1 and x2; NaN where one is. */
export const maximum = binaryOp(MAXIMUM);
/** The smaller of x1 and x2; NaN where one is. */
export const minimum = binaryOp(binaryOf("minimum", core.minimum));

/** The one that is no NaN where there is one. */
const passingNan =
  (pick: typeof core.maximum) =>
  (a: core.Tensor, b: core.Tensor): core.Tensor => {
    if (!core.isFloating(a.dtype)) return pick(a, b);
    return core.where(core.isNan(a), b, core.where(core.isNan(b), a, pick(a, b)));
  };
/** The larger one; where one is NaN the other. */
export const fmax = binaryOp(tensorsOf("fmax", passingNan(core.maximum)));
/** The smaller one; where one is NaN the other. */
export const fmin = binaryOp(tensorsOf("fmin", passingNan(core.minimum)));
const wholePower = (a: core.Tensor, b: core.Tensor): core.Tensor =>
  a.dtype === "int32" ? core.checked.pow(a, b) : core.pow(a, b);
/** x1^x2. */
export const power = binaryOp(tensorsOf("power", wholePower));
/** x1 / x2, down to a whole number. */
export const floor_divide = binaryOp(binaryOf("floor_divide", core.floorDivide));
/** What is left of x1 / x2, with the sign of x2. Bools count as integers. */
export const mod = binaryOp(binaryOf("mod", core.remainder, { bools: "numbers" }));
/** What is left of x1 / x2, with the sign of x1. Bools count as integers. */
export const fmod = binaryOp(binaryOf("fmod", core.fmod, { bools: "numbers" }));

const floats = { least: "float32" } as const;
/** The angle of the point (x2, x1). */
export const arctan2 = binaryOp(binaryOf("arctan2", core.atan2, floats));
/** sqrt(x1^2 + x2^2). */
export const hypot = binaryOp(binaryOf("hypot", core.hypot, floats));
/** log(e^x1 + e^x2). */
export const logaddexp = binaryOp(binaryOf("logaddexp", core.logaddexp, floats));
/** log2(2^x1 + 2^x2). */
export const logaddexp2 = binaryOp(binaryOf("logaddexp2", core.logaddexp2, floats));
/** 0 where x1 is negative, 1 where it is positive, x2 where it is 0. */
export const heaviside = binaryOp(tensorsOf("heaviside", core.heaviside, floats));
/** The float after x1 on the way to x2. */
export const nextafter = binaryOp(binaryOf("nextafter", core.nextafter, floats));
/** x1 2^x2. */
export const ldexp = binaryOp(binaryOf("ldexp", core.ldexp, floats));

const comparison = (name: string, f: typeof core.equal): BinaryOp =>
  binaryOp(binaryOf(name, f, { bools: "kept", result: "bool" }));
export const equal = comparison("equal", core.equal);
export const not_equal = comparison("not_equal", core.notEqual);
const ordered = (name: string, f: typeof core.less): BinaryOp =>
  binaryOp(binaryOf(name, f, { bools: "numbers", result: "bool" }));
export const less = ordered("less", core.less);
export const less_equal = ordered("less_equal", core.lessEqual);
export const greater = ordered("greater", core.greater);
export const greater_equal = ordered("greater_equal", core.greaterEqual);

const logical = (name: string, f: (a: core.Tensor, b: core.Tensor) => core.Tensor): BinaryOp =>
  binaryOp(tensorsOf(name, (a, b) => f(core.cast(a, "bool"), core.cast(b, "bool")), { bools: "kept", result: "bool" }));
export const logical_and = logical("logical_and", core.logicalAnd);
export const logical_or = logical("logical_or", core.logicalOr);
export const logical_xor = logical("logical_xor", core.logicalXor);

const bitwise = (name: string, f: typeof core.bitwiseAnd, bools: "kept" | "numbers"): BinaryOp =>
  binaryOp(binaryOf(name, f, { bools }), { names: ["x", "y"] });
export const bitwise_and = bitwise("bitwise_and", core.bitwiseAnd, "kept");
export const bitwise_or = bitwise("bitwise_or", core.bitwiseOr, "kept");
export const bitwise_xor = bitwise("bitwise_xor", core.bitwiseXor, "kept");
export const left_shift = bitwise("left_shift", core.shiftLeft, "numbers");
export const bitwise_left_shift = bitwise("bitwise_left_shift", core.shiftLeft, "numbers");
export const right_shift = bitwise("right_shift", core.shiftRight, "numbers");
export const bitwise_right_shift = bitwise("bitwise_right_shift", core.shiftRight, "numbers");
/** The largest common divisor. */
export const gcd = binaryOp(binaryOf("gcd", core.gcd, { bools: "numbers" }));
/** The least common multiple. */
export const lcm = binaryOp(binaryOf("lcm", core.lcm, { bools: "numbers" }));

interface Closeness {
  rtol: number;
  atol: number;
  equal_nan: boolean;
}
type CloseRest = Args<[rtol: number, atol: number, equal_nan: boolean], Closeness>;
const closeness = { rtol: number.or(1e-5), atol: number.or(1e-8), equal_nan: bool.or(false) };

function near(a: core.Tensor, b: core.Tensor, { rtol, atol, equal_nan }: Closeness): core.Tensor {
  const within = core.lessEqual(core.abs(core.sub(a, b)), core.add(core.mul(core.abs(b), rtol), atol));
  // Infinite bounds let nothing but the same infinity pass.
  const finite = core.logicalAnd(within, core.isFinite(b));
  const close = core.logicalOr(finite, core.equal(a, b));
  return equal_nan ? core.logicalOr(close, core.logicalAnd(core.isNan(a), core.isNan(b))) : close;
}

const closeOf = (name: string, given: Closeness) =>
  tensorsOf(name, (a, b) => near(core.cast(a, "float32"), core.cast(b, "float32"), given), {
    bools: "kept",
    result: "bool",
  });
/** Whether |x1 - x2| is at most atol + rtol |x2|. */
export const isclose: BinaryOp<CloseRest> = defineOp(
  "keras.ops.isclose",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, ...closeness },
  {
    compute: ({ x1, x2, ...given }) => binary(closeOf("isclose", given), x1 as TensorLike, x2 as TensorLike),
    spec: ({ x1, x2, ...given }) => binarySpec(closeOf("isclose", given), x1 as Operand, x2 as Operand),
  },
);
/** Whether all elements are close. */
export const allclose: BinaryOp<CloseRest> = defineOp(
  "keras.ops.allclose",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, ...closeness },
  {
    compute: ({ x1, x2, ...given }) =>
      new Tensor(core.all(binary(closeOf("allclose", given), x1 as TensorLike, x2 as TensorLike).core)),
  },
);
