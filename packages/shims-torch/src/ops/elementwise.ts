// Functions of each element of one tensor, and choices between elements.
import * as core from "@facet/autograd";
import { type Args, defineMethod, int } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { complain } from "../errors.js";
import { native, type Operand, operand, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { commonDtype, convertOperand, pair, requireBroadcast, tensorOf } from "./operands.js";
import { refuseDtype, scalarOf } from "./scalar.js";

export type OfOne = (input: Tensor, ...args: Args<[], Out>) => Tensor;
type Compute = (x: core.Tensor) => core.Tensor;

const one = { input: tensor, "*": null, out } as const;

const unary = (name: string, f: Compute): OfOne =>
  native(name, one, ({ input }) => core.scope(() => wrap(f(input.core))));

/** A function of numbers that keeps their dtype. */
const same = (name: string, f: Compute): OfOne => unary(name, (x) => f(refuseDtype(name, x, "bool")));
/** A function that has nothing to do on integers. */
const rounding = (name: string, f: Compute): OfOne => same(name, (x) => (x.dtype === "float32" ? f(x) : copyOf(x)));
/** A function that makes floats of integers and bools. */
const floating = (name: string, f: Compute): OfOne => unary(name, (x) => f(convertCore(x, "float32")));

export const neg: OfOne = native("neg", one, ({ input }) => {
  if (input.core.dtype === "bool")
    complain(
      core.DtypeError,
      "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
      { op: "neg", argument: "input", expected: "numbers", given: "torch.bool" },
    );
  return wrap(core.checked.neg(input.core));
});
export const abs = same("abs", core.checked.abs);
/** -1, 0 or 1; 0 of NaN; of bools themselves. */
export const sign = unary("sign", (x) => (x.dtype === "bool" ? copyOf(x) : core.signum(x)));
/** x * x; of bools int64. */
export const square = unary("square", (x) => core.checked.square(x.dtype === "bool" ? core.cast(x, "int32") : x));
export const floor = rounding("floor", core.floor);
export const ceil = rounding("ceil", core.ceil);
export const exp = floating("exp", core.exp);
export const expm1 = floating("expm1", core.expm1);
export const log = floating("log", core.log);
export const log1p = floating("log1p", core.log1p);
export const sqrt = floating("sqrt", core.sqrt);
export const rsqrt = floating("rsqrt", core.rsqrt);
export const reciprocal = floating("reciprocal", core.reciprocal);
export const sin = floating("sin", core.sin);
export const cos = floating("cos", core.cos);
export const tanh = floating("tanh", core.tanh);
export const sigmoid = floating("sigmoid", core.sigmoid);
export const erf = floating("erf", core.erf);
export const erfinv = floating("erfinv", core.erfinv);
export const logical_not = unary("logical_not", (x) => core.logicalNot(convertCore(x, "bool")));

type OfOneAlone = (input: Tensor) => Tensor;

/** max(x, 0). Not of bools. */
export const relu: OfOneAlone = native("relu", { input: tensor }, ({ input }) => {
  if (input.core.dtype === "bool")
    complain(core.DtypeError, "Boolean inputs not supported for relu", {
      op: "relu",
      argument: "input",
      expected: "numbers",
      given: "torch.bool",
    });
  const { core: x } = input;
  return core.scope(() => wrap(x.dtype === "float32" ? core.relu(x) : core.where(core.greater(x, 0), x, 0)));
});

/** True where an element is NaN. */
export const isnan: OfOneAlone = native("isnan", { input: tensor }, ({ input }) =>
  core.scope(() => wrap(core.isNan(convertCore(input.core, "float32")))),
);

export interface RoundArguments extends Out {
  /** Digits after the point that are kept, of floats; negative ones before it. Default: whole numbers. */
  decimals: number | null;
}

/** To the nearest whole number, halves to the even one; or to so many decimals. */
export const round: (input: Tensor, ...args: Args<[], RoundArguments>) => Tensor = native(
  "round",
  { input: tensor, "*": null, decimals: int.or(null), out },
  ({ input, decimals }) => {
    const x = refuseDtype("round", input.core, "bool", ...(decimals === null ? [] : (["int32", "uint8"] as const)));
    if (x.dtype !== "float32") return wrap(copyOf(x));
    if (decimals === null || decimals === 0) return wrap(core.round(x));
    const power = 10 ** Math.abs(decimals);
    return core.scope(() => {
      const [away, back] = decimals > 0 ? [core.mul, core.div] : [core.div, core.mul];
      return wrap(back(core.round(away(x, power)), power));
    });
  },
);

type Bound = Operand | null;

export interface ClampArguments extends Out {
  /** Numbers, or tensors that broadcast. */
  min: Bound;
  max: Bound;
}
export type ClampArgs = Args<[min: Bound, max: Bound], ClampArguments>;

/** `x` where the bound does not hold it back, else the bound; NaN on either side wins. */
function bounded(x: core.Tensor, bound: core.Tensor, beyond: typeof core.less): core.Tensor {
  const held = beyond(x, bound);
  return core.where(bound.dtype === "float32" ? core.logicalOr(held, core.isNan(bound)) : held, bound, x);
}

/** Each element moved into [min, max]; one of the two may be left out. Where min is above max, max. */
export const clamp: (input: Tensor, ...args: ClampArgs) => Tensor = native(
  "clamp",
  { input: tensor, min: operand.or(null), max: operand.or(null), "*": null, out },
  ({ input, min, max }) => {
    const bounds = [min, max].filter((bound) => bound !== null);
    if (bounds.length === 0)
      complain(core.ArgumentError, "torch.clamp: At least one of 'min' or 'max' must not be None", {
        op: "clamp",
        argument: "min",
        expected: "min, max or both",
        given: "neither",
      });
    if (bounds.length === 2 && min instanceof Tensor !== max instanceof Tensor)
      throw new core.ArgumentError({
        op: "clamp",
        argument: "max",
        expected: "two numbers or two tensors",
        given: "one of each",
      });
    for (const bound of bounds) if (bound instanceof Tensor) requireBroadcast("clamp", input.shape, bound.shape);
    const dtype = commonDtype(input, ...bounds);
    if (dtype === "bool" && !bounds.some((bound) => bound instanceof Tensor)) refuseDtype("clamp", input.core, "bool");
    return core.scope(() => {
      const x = convertOperand(input, dtype) as core.Tensor;
      const plain = bounds.every((bound) => !(bound instanceof Tensor || Number.isNaN(bound)));
      if (dtype === "float32" && plain)
        return wrap(core.clamp(x, min === null ? -Infinity : Number(min), max === null ? Infinity : Number(max)));
      const above = min === null ? x : bounded(x, tensorOf(min, dtype), core.less);
      return wrap(max === null ? above : bounded(above, tensorOf(max, dtype), core.greater));
    });
  },
);

/** The condition of a choice: bools. */
function requireMask(op: string, argument: string, sentence: string, mask: Tensor): core.Tensor {
  if (mask.core.dtype === "bool") return mask.core;
  return complain(core.DtypeError, `${sentence}${mask.dtype.name}`, {
    op,
    argument,
    expected: "torch.bool",
    given: `${mask.dtype}`,
  });
}

const CONDITION = "where expected condition to be a boolean tensor, but got a tensor with dtype ";

/** `input` where the condition holds, else `other`. */
function choose(condition: Tensor, input: Operand, other: Operand): Tensor {
  const mask = requireMask("where", "condition", CONDITION, condition);
  for (const value of [input, other])
    if (value instanceof Tensor) requireBroadcast("where", condition.shape, value.shape);
  return core.scope(() => {
    const [a, b] = pair("where", input, other);
    return wrap(core.where(mask, a, b));
  });
}

export interface WhereArguments extends Out {
  input: Operand;
  other: Operand;
}

/** `input` where the condition, of bools, holds, else `other`; all three broadcast. */
export const where: (condition: Tensor, ...args: Args<[input: Operand, other: Operand], WhereArguments>) => Tensor =
  native("where", { condition: tensor, input: operand, other: operand, "*": null, out }, (given) =>
    choose(given.condition, given.input, given.other),
  );

/** Its elements where the condition holds, else `other`. */
export const whereMethod: (
  self: Tensor,
  ...args: Args<[condition: Tensor, other: Operand], { condition: Tensor; other: Operand }>
) => Tensor = defineMethod("torch.Tensor.where", { condition: tensor, other: operand }, (self: Tensor, given) =>
  choose(given.condition, self, given.other),
);

export interface MaskedFillArguments {
  /** True where the value goes; it broadcasts. */
  mask: Tensor;
  /** A number, or a tensor without dimensions. */
  value: Operand;
}
export type MaskedFillArgs = Args<[mask: Tensor, value: Operand], MaskedFillArguments>;

/** `value`, in the tensor's dtype, where the mask is true. */
export const masked_fill: (input: Tensor, ...args: MaskedFillArgs) => Tensor = native(
  "masked_fill",
  { input: tensor, mask: tensor, value: operand },
  ({ input, mask, value }) => {
    requireBroadcast("masked_fill", input.shape, mask.shape);
    if (value instanceof Tensor && value.rank > 0)
      complain(
        core.ShapeError,
        `masked_fill only supports a 0-dimensional value tensor, but got tensor with ${value.rank} dimension(s).`,
        {
          op: "masked_fill",
          argument: "value",
          expected: "a number or a tensor of rank 0",
          given: sizeText(value.shape),
        },
      );
    const held = requireMask(
      "masked_fill",
      "mask",
      "masked_fill only supports boolean masks, but got mask with dtype ",
      mask,
    );
    const { dtype } = input.core;
    return core.scope(() => {
      const filling =
        value instanceof Tensor
          ? convertCore(value.core, dtype)
          : core.full([], scalarOf("masked_fill", value, dtype), dtype);
      return wrap(core.where(held, filling, input.core));
    });
  },
);
