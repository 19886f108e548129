// Two operands in one dtype, as Keras promotes them: bool, then int32, then float32; a number of the program takes the other's.
import {
  atLeast,
  type Tensor as CoreTensor,
  cast,
  add as coreAdd,
  div as coreDiv,
  maximum as coreMaximum,
  mul as coreMul,
  sub as coreSub,
  type Dtype,
  DtypeError,
  resultType,
  ShapeError,
  type Standing,
} from "@facet/autograd";
import type { Spec } from "../operation.js";
import {
  asTensor,
  KerasTensor,
  pythonShape,
  type Shape,
  Tensor,
  type TensorDtype,
  type TensorLike,
} from "../tensor.js";

export type Operand = TensorLike | KerasTensor;

/** The dtype of a result of two operands, at least `least`. */
function commonDtype(a: Operand, b: Operand, least: TensorDtype): TensorDtype {
  const operand = (x: Operand): readonly [Dtype, Standing] => {
    if (typeof x === "number") return [Number.isInteger(x) ? "int32" : "float32", "number"];
    return [x instanceof KerasTensor ? x.dtype : asTensor(x).dtype, "array"];
  };
  return atLeast(resultType([operand(a), operand(b)]), least) as TensorDtype;
}

interface Binary {
  readonly name: string;
  /** The smallest dtype of the result. */
  readonly least: TensorDtype;
  readonly f: (a: CoreTensor | number, b: CoreTensor | number) => CoreTensor;
}

const device = (x: TensorLike, op: string): Tensor | number => (typeof x === "number" ? x : asTensor(x, op));

/** Applies a function of two operands after their promotion. Throws DtypeError on two bools, which have no arithmetic. */
export function binary({ name, least, f }: Binary, x1: TensorLike, x2: TensorLike): Tensor {
  let [a, b] = [device(x1, name), device(x2, name)];
  if (typeof a === "number" && typeof b === "number") a = asTensor(a);
  const dtype = commonDtype(a, b, least);
  if (dtype === "bool") throw new DtypeError({ op: name, argument: "x2", expected: "numbers", given: "bools" });
  const core = (x: Tensor | number): CoreTensor | number => (typeof x === "number" ? x : cast(x.core, dtype));
  return new Tensor(f(core(a), core(b)));
}

const binaryOf = (name: string, f: Binary["f"], least: TensorDtype = "bool"): Binary => ({ name, least, f });
export const ADD = binaryOf("add", coreAdd);
export const SUBTRACT = binaryOf("subtract", coreSub);
export const MULTIPLY = binaryOf("multiply", coreMul);
export const DIVIDE = binaryOf("divide", coreDiv, "float32");
export const MAXIMUM = binaryOf("maximum", coreMaximum);

const shapeOf = (x: Operand): Shape =>
  typeof x === "number" || typeof x === "boolean" ? [] : x instanceof KerasTensor ? x.shape : asTensor(x).shape;

/** Shape and dtype of a result whose operands broadcast: an unknown extent takes the other's, unless that is 1. */
export function binarySpec({ name, least }: Binary, x1: Operand, x2: Operand): Spec {
  const [a, b] = [shapeOf(x1), shapeOf(x2)];
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a, b].map((each) => {
      const at = i - rank + each.length;
      return at < 0 ? 1 : (each[at] as number | null);
    }) as [number | null, number | null];
    if (m === n || n === 1) return m;
    if (m === 1 || m === null) return n;
    if (n === null) return m;
    const [expected, given] = [`a shape that broadcasts with ${pythonShape(a)}`, pythonShape(b)];
    throw new ShapeError({ op: name, argument: "x2", expected, given });
  });
  const dtype = commonDtype(x1, x2, least);
  if (dtype === "bool") throw new DtypeError({ op: name, argument: "x2", expected: "numbers", given: "bools" });
  return { shape, dtype };
}
