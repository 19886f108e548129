// Bounds, choices between elements, and functions of three tensors.
import * as core from "@facet/autograd";
import { type Args, defineMethod } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { native, type Operand, operand, out, scalar, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { commonDtype, convertOperand, pair, requireBroadcast, tensorOf } from "./operands.js";
import { notImplemented, refuseDtype, requireFloat, scalarOf } from "./scalar.js";

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

export type BoundMethod<Name extends string> = (
  input: Tensor,
  ...args: Args<[bound: Operand], { readonly [K in Name]: Operand } & Out>
) => Tensor;

/** Each element, at least `min`, a number or a tensor. */
export const clamp_min: BoundMethod<"min"> = native(
  "clamp_min",
  { input: tensor, min: operand, "*": null, out },
  (given) => clamp(given.input, { min: given.min }),
);
/** Each element, at most `max`, a number or a tensor. */
export const clamp_max: BoundMethod<"max"> = native(
  "clamp_max",
  { input: tensor, max: operand, "*": null, out },
  (given) => clamp(given.input, { max: given.max }),
);

export interface LerpArguments extends Out {
  end: Tensor;
  /** A number, or a tensor that broadcasts. */
  weight: Operand;
}
export type LerpArgs = Args<[end: Tensor, weight: Operand], LerpArguments>;
/** input + weight (end - input), of floats. */
export const lerp: (input: Tensor, ...args: LerpArgs) => Tensor = native(
  "lerp",
  { input: tensor, end: tensor, weight: operand, "*": null, out },
  ({ input, end, weight }) => {
    for (const [argument, x] of Object.entries({ input, end, weight }))
      if (x instanceof Tensor) requireFloat("lerp", argument, x.core.dtype, "lerp_kernel_tensor");
    broadcastAll("lerp", input, end, weight);
    return core.scope(() => wrap(core.lerp(input.core, end.core, tensorOf(weight, "float32"))));
  },
);

function broadcastAll(op: string, ...operands: readonly Operand[]): void {
  const shapes = operands.flatMap((each) => (each instanceof Tensor ? [each.shape] : []));
  for (const [i, a] of shapes.entries()) for (const b of shapes.slice(i + 1)) requireBroadcast(op, a, b);
}

export interface CombineArguments extends Out {
  tensor1: Tensor;
  tensor2: Tensor;
  /** A factor; default 1. */
  value: number | boolean;
}
export type CombineArgs = Args<[tensor1: Tensor, tensor2: Tensor], CombineArguments>;

export type Combine = (input: Tensor, ...args: CombineArgs) => Tensor;
const combined = (
  name: string,
  compute: (a: core.Tensor, b: core.Tensor, c: core.Tensor, value: number) => core.Tensor,
  check: (dtype: core.Dtype, value: number | boolean, divided: boolean) => void,
): Combine =>
  native(
    name,
    { input: tensor, tensor1: tensor, tensor2: tensor, "*": null, value: scalar.or(1), out },
    ({ input, tensor1, tensor2, value }) => {
      const dtype = commonDtype(input, tensor1, tensor2);
      check(dtype, value, commonDtype(tensor1, tensor2) !== "float32");
      broadcastAll(name, input, tensor1, tensor2);
      return core.scope(() => {
        const [a, b, c] = [input, tensor1, tensor2].map((x) => convertCore(x.core, dtype));
        return wrap(compute(a as core.Tensor, b as core.Tensor, c as core.Tensor, Number(value)));
      });
    },
  );

/** input + value tensor1 tensor2. */
export const addcmul: Combine = combined(
  "addcmul",
  (a, b, c, value) => {
    if (a.dtype === "float32") return core.addcmul(a, b, c, value);
    return core.checked.add(a, core.checked.mul(core.checked.mul(b, c), value));
  },
  (dtype, value) => {
    if (dtype === "bool")
      notImplemented("addcmul_cpu_out", dtype, { op: "addcmul", argument: "input", expected: "numbers" });
    if (dtype !== "float32" && !Number.isInteger(Number(value)))
      complain(core.ArgumentError, "value cannot be converted to type int64_t without overflow", {
        op: "addcmul",
        argument: "value",
        expected: "a whole number where integers are multiplied",
        given: `${value}`,
      });
  },
);
/** input + value tensor1 / tensor2; what is divided is not of integers alone. */
export const addcdiv: Combine = combined("addcdiv", core.addcdiv, (dtype, _, divided) => {
  if (dtype !== "float32" || divided)
    complain(
      core.DtypeError,
      "Integer division with addcdiv is no longer supported, and in a future release addcdiv will perform a true division of tensor1 and tensor2.",
      { op: "addcdiv", argument: "tensor1", expected: "torch.float32 for it or tensor2", given: "integers" },
    );
});

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
