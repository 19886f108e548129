// Arithmetic and comparison of two operands, with broadcasting and type promotion.
import * as core from "@facet/autograd";
import { type Args, oneOf } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { native, type Operand, operand, out, scalar, tensor } from "../kinds.js";
import { Tensor, wrap } from "../tensor.js";
import { commonDtype, dtypeOfOperand, pair, tensorOf } from "./operands.js";
import { notImplemented } from "./scalar.js";

const checked = core.checked;

export interface Out {
  out: null;
}

export type OfTwo = (input: Operand, ...args: Args<[other: Operand], { other: Operand } & Out>) => Tensor;
export type OfTwoTensors = (input: Tensor, ...args: Args<[other: Tensor], { other: Tensor } & Out>) => Tensor;
export type Compute = (a: core.TensorLike, b: core.TensorLike) => core.Tensor;

/** A function of two operands in the dtype that they meet in, at least `least`. */
export const arithmetic =
  (op: string, f: Compute, least: core.Dtype = "bool") =>
  (input: Operand, other: Operand): Tensor =>
    core.scope(() => {
      const [a, b] = pair(op, input, other, least);
      return wrap(f(a, b));
    });

export const isBool = (value: Operand): boolean => dtypeOfOperand(value) === "bool";

export interface AlphaArguments extends Out {
  other: Operand;
  /** Factor of `other`; default 1. A whole number where the result is one. */
  alpha: number | boolean;
}
type WithAlpha = (input: Operand, ...args: Args<[other: Operand], AlphaArguments>) => Tensor;

const addition = { input: operand, other: operand, "*": null, alpha: scalar.or(1), out } as const;

/** Factors are bools where the result is, and whole where it is an integer. */
export function requireAlpha(op: string, dtype: core.Dtype, alpha: number | boolean, argument = "alpha"): void {
  if (typeof alpha === "boolean" ? dtype === "bool" : dtype === "float32" || Number.isInteger(alpha)) return;
  const sentence =
    typeof alpha === "boolean"
      ? `Boolean ${argument} only supported for Boolean results.`
      : `For integral input tensors, argument ${argument} must not be a floating point number.`;
  complain(core.ArgumentError, sentence, {
    op,
    argument,
    expected: dtype === "float32" ? "a number" : "an integer",
    given: `${alpha}`,
  });
}

/** `other` times alpha, in the dtype of the result. */
function scaled(op: string, input: Operand, other: Operand, alpha: number | boolean): Operand {
  if (alpha === 1) return other;
  const dtype = commonDtype(input, other);
  requireAlpha(op, dtype, alpha);
  if (Number(alpha) === 1) return other;
  if (!(other instanceof Tensor)) {
    if (isBool(other) && dtype === "bool") return other && alpha !== 0;
    const product = Number(other) * Number(alpha);
    // A fraction stays one of the floats where the product is whole: 0.5 * 2 makes floats of integers.
    return dtype === "float32" ? wrap(core.full([], product)) : product;
  }
  return dtype === "bool" ? wrap(core.logicalAnd(other.core, core.full([], alpha !== 0, "bool"))) : times(other, alpha);
}

const times = arithmetic("mul", checked.mul);
const isBoolTensor = (value: core.TensorLike): boolean => typeof value !== "number" && value.dtype === "bool";
const boolOf = (value: core.TensorLike): core.Tensor =>
  typeof value === "number" ? core.full([], value, "bool") : value;
const plus = arithmetic("add", (a, b) =>
  isBoolTensor(a) || isBoolTensor(b) ? core.logicalOr(boolOf(a), boolOf(b)) : checked.add(a, b),
);
const minus = arithmetic("sub", checked.sub);
const over = arithmetic("div", core.div, "float32");
const floorOver = arithmetic("div", checked.floorDivide);
const truncOver = arithmetic("div", checked.truncDivide);

/** input + alpha * other; of bools whether one of them holds. */
export const add: WithAlpha = native("add", addition, ({ input, other, alpha }) =>
  core.scope(() => plus(input, scaled("add", input, other, alpha))),
);

/** input - alpha * other. Not of bools. */
export const sub: WithAlpha = native("sub", addition, ({ input, other, alpha }) => {
  requireNumbers("sub", input, other);
  return core.scope(() => minus(input, scaled("sub", input, other, alpha)));
});
/** other - alpha * input. */
export const rsub: WithAlpha = native(
  "rsub",
  { input: tensor, other: operand, "*": null, alpha: scalar.or(1) },
  ({ input, other, alpha }) => {
    requireNumbers("rsub", input, other);
    return core.scope(() => minus(other, scaled("rsub", other, input, alpha)));
  },
);

/** Bools are not subtracted. */
export function requireNumbers(op: string, input: Operand, other: Operand): void {
  if (!isBool(input) && !isBool(other)) return;
  complain(
    core.DtypeError,
    isBool(input) && isBool(other)
      ? "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
      : "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
    { op, argument: isBool(input) ? "input" : "other", expected: "numbers", given: "torch.bool" },
  );
}

export const twoOperands = { input: operand, other: operand, "*": null, out } as const;

/** input * other; of bools whether both hold. */
export const mul: OfTwo = native("mul", twoOperands, ({ input, other }) => times(input, other));

const sizeOfOperand = (value: Operand): number => (value instanceof Tensor ? value.core.size : 1);

export interface DivArguments extends Out {
  other: Operand;
  /** null for the quotient, "floor" or "trunc" to round it; default null. */
  rounding_mode: "floor" | "trunc" | null;
}

/** input / other, float32 whatever the operands are; rounded towards minus infinity or zero when asked, then of integers int64. */
export const div: (input: Operand, ...args: Args<[other: Operand], DivArguments>) => Tensor = native(
  "div",
  { input: operand, other: operand, "*": null, rounding_mode: oneOf("floor", "trunc").or(null), out },
  ({ input, other, rounding_mode }) => {
    if (rounding_mode === null) return over(input, other);
    requireDivisible("div", `div_${rounding_mode}`, input, other);
    return (rounding_mode === "floor" ? floorOver : truncOver)(input, other);
  },
);
/** input / other, float32 whatever the operands are. */
export const true_divide: OfTwo = native("true_divide", twoOperands, ({ input, other }) => over(input, other));
/** input / other rounded towards minus infinity; of integers int64. */
export const floor_divide: OfTwo = native("floor_divide", twoOperands, ({ input, other }) => {
  requireDivisible("floor_divide", "div_floor_cpu", input, other);
  return floorOver(input, other);
});

const restOfTrunc = arithmetic("fmod", checked.fmod);
const restOfFloor = arithmetic("remainder", checked.remainder);
/** What input / other rounded towards zero leaves: with the sign of input. */
export const fmod: (input: Tensor, ...args: Args<[other: Operand], { other: Operand } & Out>) => Tensor = native(
  "fmod",
  { input: tensor, other: operand, "*": null, out },
  ({ input, other }) => {
    requireDivisible("fmod", "fmod_cpu", input, other);
    return restOfTrunc(input, other);
  },
);
/** What input / other rounded towards minus infinity leaves: with the sign of other. */
export const remainder: OfTwo = native("remainder", twoOperands, ({ input, other }) => {
  requireTensor("remainder", input, other);
  requireDivisible("remainder", "remainder_cpu", input, other);
  return restOfFloor(input, other);
});

/** Bools are not divided, and integers not by the number 0. */
function requireDivisible(op: string, kernel: string, input: Operand, other: Operand): void {
  const dtype = commonDtype(input, other);
  if (dtype === "bool") notImplemented(kernel, dtype, { op, argument: "input", expected: "numbers" });
  if (dtype !== "float32" && !(other instanceof Tensor) && Number(other) === 0 && sizeOfOperand(input) > 0)
    complain(core.ArgumentError, "ZeroDivisionError", {
      op,
      argument: "other",
      expected: "a number other than 0 where integers are divided",
      given: "0",
    });
}

/** Throws where both operands are numbers: functions of numbers alone are JavaScript's. */
export function requireTensor(op: string, input: Operand, other: Operand): void {
  if (input instanceof Tensor || other instanceof Tensor) return;
  throw new core.ArgumentError({
    op,
    argument: "input",
    expected: "a Tensor where the other is none",
    given: `${input}`,
  });
}

/** input to the power of exponent; one of them may be a number. Of bools only to that of true or false. */
export const pow: (input: Operand, ...args: Args<[exponent: Operand], { exponent: Operand } & Out>) => Tensor = native(
  "pow",
  { input: operand, exponent: operand, "*": null, out },
  ({ input, exponent }) => {
    requireTensor("pow", input, exponent);
    const dtype = commonDtype(input, exponent);
    if (dtype === "bool" && exponent instanceof Tensor)
      notImplemented("pow", dtype, { op: "pow", argument: "exponent", expected: "numbers" });
    if (dtype === "int32" && !(exponent instanceof Tensor) && Number(exponent) < 0)
      complain(core.ArgumentError, "Integers to negative integer powers are not allowed.", {
        op: "pow",
        argument: "exponent",
        expected: "0 or more where integers are raised",
        given: `${exponent}`,
      });
    // Of a bool the power true is the bool itself, the power false is true.
    if (dtype === "bool")
      return core.scope(() =>
        wrap(core.logicalOr(tensorOf(input, "bool"), core.full([], Number(exponent) === 0, "bool"))),
      );
    // Of 1/2 and -1/2 the square root and its reciprocal, as PyTorch, whose edges differ.
    if (input instanceof Tensor && (exponent === 0.5 || exponent === -0.5))
      return core.scope(() => {
        const x = convertCore(input.core, "float32");
        return wrap(exponent > 0 ? core.sqrt(x) : core.rsqrt(x));
      });
    return core.scope(() => {
      const [a, b] = pair("pow", input, exponent);
      return wrap(checked.pow(a, b));
    });
  },
);

export const twoTensors = { input: tensor, other: tensor, "*": null, out } as const;

export const larger = arithmetic("maximum", core.maximum);
export const smaller = arithmetic("minimum", core.minimum);

/** The larger of each two elements; NaN wins. */
export const maximum: OfTwoTensors = native("maximum", twoTensors, ({ input, other }) => larger(input, other));
/** The smaller of each two elements; NaN wins. */
export const minimum: OfTwoTensors = native("minimum", twoTensors, ({ input, other }) => smaller(input, other));

type Comparison = (input: Tensor, ...args: Args<[other: Operand], { other: Operand } & Out>) => Tensor;

function comparison(name: string, f: Compute): Comparison {
  const compare = arithmetic(name, f);
  return native(name, { input: tensor, other: operand, "*": null, out }, ({ input, other }) => compare(input, other));
}

export const eq = comparison("eq", core.equal);
export const ne = comparison("ne", core.notEqual);
export const lt = comparison("lt", core.less);
export const le = comparison("le", core.lessEqual);
export const gt = comparison("gt", core.greater);
export const ge = comparison("ge", core.greaterEqual);

const truth = ({ core: x }: Tensor): core.Tensor => convertCore(x, "bool");

function logical(name: string, f: (a: core.Tensor, b: core.Tensor) => core.Tensor): OfTwoTensors {
  return native(name, twoTensors, ({ input, other }) => core.scope(() => wrap(f(truth(input), truth(other)))));
}

export const logical_and = logical("logical_and", core.logicalAnd);
export const logical_or = logical("logical_or", core.logicalOr);
export const logical_xor = logical("logical_xor", core.logicalXor);
