// What stands for Python's operators, on tensors and on placeholders.
import { defineMethod, methods } from "@facet/dialect";
import { array, arrayOrPlaceholder, intOrInts } from "../kinds.js";
import { applyOp } from "../operation.js";
import { KerasTensor, Tensor, type TensorLike } from "../tensor.js";
import { ADD, binary, binarySpec, DIVIDE, MULTIPLY, type Operand, SUBTRACT } from "./arithmetic.js";
import { reshaped, reshapeSpec } from "./shapes.js";

const operator = (name: string, f: typeof ADD): ((self: Tensor, other: TensorLike) => Tensor) =>
  defineMethod(`keras.Tensor.${name}`, { other: array }, (self: Tensor, { other }) => binary(f, self, other));

const symbolic = (name: string, f: typeof ADD, className: string) =>
  defineMethod(`keras.KerasTensor.${name}`, { other: arrayOrPlaceholder }, (self: KerasTensor, { other }) =>
    applyOp<{ self: Operand; other: Operand }>(
      className,
      {
        compute: (given) => binary(f, given.self as TensorLike, given.other as TensorLike),
        spec: (given) => binarySpec(f, given.self, given.other),
      },
      { self, other },
    ),
  ) as (self: KerasTensor, other: Operand) => KerasTensor;

type Newshape = number | readonly number[];

/** Operators of device tensors: operands are promoted and broadcast. */
export const tensorMethods = {
  add: operator("add", ADD),
  sub: operator("sub", SUBTRACT),
  mul: operator("mul", MULTIPLY),
  div: operator("div", DIVIDE),
};
methods(Tensor, tensorMethods);

export const placeholderMethods = {
  add: symbolic("add", ADD, "Add"),
  sub: symbolic("sub", SUBTRACT, "Subtract"),
  mul: symbolic("mul", MULTIPLY, "Multiply"),
  div: symbolic("div", DIVIDE, "TrueDivide"),
  reshape: defineMethod("keras.KerasTensor.reshape", { newshape: intOrInts }, (self: KerasTensor, { newshape }) =>
    applyOp<{ self: Operand; newshape: Newshape }>(
      "Reshape",
      {
        compute: (given) => reshaped(given.self as TensorLike, given.newshape),
        spec: (given) => reshapeSpec(given.self, given.newshape),
      },
      { self, newshape },
    ),
  ) as (self: KerasTensor, newshape: Newshape) => KerasTensor,
};
methods(KerasTensor, placeholderMethods);
