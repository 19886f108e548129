// Methods that write into their tensor: outside the gradient graph, or under no_grad.
import * as core from "@facet/autograd";
import { type Args, defineMethod, number, oneOf } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { write } from "../inplace.js";
import { generator, type Operand, operand, scalar } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Generator, nextKeys } from "../random.js";
import { Tensor } from "../tensor.js";
import * as A from "./arithmetic.js";
import * as E from "./elementwise.js";
import { requireFloat, scalarOf } from "./scalar.js";

type Method<T extends unknown[]> = (self: Tensor, ...args: T) => Tensor;
type Alpha = Args<[other: Operand], Pick<A.AlphaArguments, "other" | "alpha">>;

const withAlpha = { other: operand, "*": null, alpha: scalar.or(1) } as const;

export const add_: Method<Alpha> = defineMethod("torch.Tensor.add_", withAlpha, (self: Tensor, { other, alpha }) =>
  write("add_", self, () => A.add(self, other, { alpha }).core),
);
export const sub_: Method<Alpha> = defineMethod("torch.Tensor.sub_", withAlpha, (self: Tensor, { other, alpha }) =>
  write("sub_", self, () => A.sub(self, other, { alpha }).core),
);
export const mul_: Method<Args<[other: Operand], { other: Operand }>> = defineMethod(
  "torch.Tensor.mul_",
  { other: operand },
  (self: Tensor, { other }) => write("mul_", self, () => A.mul(self, other).core),
);
export const div_: Method<Args<[other: Operand], Pick<A.DivArguments, "other" | "rounding_mode">>> = defineMethod(
  "torch.Tensor.div_",
  { other: operand, "*": null, rounding_mode: oneOf("floor", "trunc").or(null) },
  (self: Tensor, { other, rounding_mode }) => write("div_", self, () => A.div(self, other, { rounding_mode }).core),
);
export const clamp_: Method<E.ClampArgs> = defineMethod(
  "torch.Tensor.clamp_",
  { min: operand.or(null), max: operand.or(null) },
  (self: Tensor, { min, max }) => write("clamp_", self, () => E.clamp(self, min, max).core),
);

export type CopyArgs = Args<[other: Operand, non_blocking: boolean], { other: Operand; non_blocking: boolean }>;
/** The values of another tensor, repeated to this shape and in this dtype. `non_blocking` changes nothing: nothing blocks. */
export const copy_: Method<CopyArgs> = defineMethod(
  "torch.Tensor.copy_",
  { other: operand, non_blocking: false },
  (self: Tensor, { other }) =>
    write("copy_", self, () =>
      other instanceof Tensor ? convertCore(other.core, self.core.dtype) : constantLike("copy_", self, other),
    ),
);

function constantLike(op: string, self: Tensor, value: number | boolean): core.Tensor {
  const { dtype } = self.core;
  return core.full(self.shape, scalarOf(op, value, dtype), dtype);
}

/** One value everywhere: a number, or a tensor without dimensions. */
export const fill_: Method<Args<[value: Operand], { value: Operand }>> = defineMethod(
  "torch.Tensor.fill_",
  { value: operand },
  (self: Tensor, { value }) => {
    if (value instanceof Tensor && value.rank > 0)
      complain(
        core.ShapeError,
        `fill_ only supports 0-dimension value tensor but got tensor with ${value.rank} dimensions.`,
        { op: "fill_", argument: "value", expected: "a number or a tensor of rank 0", given: sizeText(value.shape) },
      );
    return write("fill_", self, () =>
      value instanceof Tensor ? convertCore(value.core, self.core.dtype) : constantLike("fill_", self, value),
    );
  },
);
export const zero_: Method<[]> = defineMethod("torch.Tensor.zero_", {}, (self: Tensor) =>
  write("zero_", self, () => constantLike("zero_", self, 0)),
);

/** Writes normal draws of a generator, the default one unless given. */
export function drawNormal(self: Tensor, mean: number, std: number, generator: Generator | null): Tensor {
  requireFloat("normal_", "self", self.core.dtype);
  if (!(std >= 0))
    complain(core.ArgumentError, `normal expects std >= 0.0, but found std ${std}`, {
      op: "normal_",
      argument: "std",
      expected: "0 or more",
      given: `${std}`,
    });
  return write("normal_", self, () => core.normal(nextKeys(generator), self.shape, mean, std));
}

/** Writes uniform draws in [from, to); `argument` is what the caller knows the upper end as. */
export function drawUniform(
  self: Tensor,
  from: number,
  to: number,
  generator: Generator | null,
  argument: string,
): Tensor {
  requireFloat("uniform_", "self", self.core.dtype);
  if (!(from <= to))
    complain(core.ArgumentError, `uniform_ expects to return a [from, to) range, but found from=${from} > to=${to}`, {
      op: "uniform_",
      argument,
      expected: `${from} or more`,
      given: `${to}`,
    });
  return write("uniform_", self, () => core.uniform(nextKeys(generator), self.shape, from, to));
}

export interface NormalArguments {
  mean: number;
  std: number;
  generator: Generator | null;
}
/** Normal draws of the default generator, or of one given. */
export const normal_: Method<Args<[mean: number, std: number], NormalArguments>> = defineMethod(
  "torch.Tensor.normal_",
  { mean: number.or(0), std: number.or(1), "*": null, generator: generator.or(null) },
  (self: Tensor, { mean, std, generator }) => drawNormal(self, mean, std, generator),
);

export interface UniformArguments {
  from: number;
  to: number;
  generator: Generator | null;
}
/** Uniform draws in [from, to). */
export const uniform_: Method<Args<[from: number, to: number], UniformArguments>> = defineMethod(
  "torch.Tensor.uniform_",
  { from: number.or(0), to: number.or(1), "*": null, generator: generator.or(null) },
  (self: Tensor, { from, to, generator }) => drawUniform(self, from, to, generator, "to"),
);
