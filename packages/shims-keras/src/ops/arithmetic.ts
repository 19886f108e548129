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

/** What the original does with two bools: it has no arithmetic of them, computes with integers, or takes them as they are. */
type Bools = "refused" | "numbers" | "kept";

export interface Binary {
  readonly name: string;
  /** The smallest dtype that is computed in. */
  readonly least: TensorDtype;
  readonly f: (a: CoreTensor | number, b: CoreTensor | number) => CoreTensor;
  readonly bools: Bools;
  /** The dtype of the result where it is not the one that is computed in. */
  readonly result?: TensorDtype;
}

/** The dtype that two operands are computed in. */
function commonDtype({ name, least, bools }: Binary, a: Operand, b: Operand): TensorDtype {
  const operand = (x: Operand): readonly [Dtype, Standing] => {
    if (typeof x === "number") return [Number.isInteger(x) ? "int32" : "float32", "number"];
    return [x instanceof KerasTensor ? x.dtype : asTensor(x).dtype, "array"];
  };
  const dtype = atLeast(resultType([operand(a), operand(b)]), least) as TensorDtype;
  if (dtype !== "bool" || bools === "kept") return dtype;
  if (bools === "numbers") return "int32";
  throw new DtypeError({ op: name, argument: "x2", expected: "numbers", given: "bools" });
}

const device = (x: TensorLike, op: string): Tensor | number => (typeof x === "number" ? x : asTensor(x, op));

/** Applies a function of two operands after their promotion. Throws DtypeError on two bools where the original has no answer. */
export function binary(of: Binary, x1: TensorLike, x2: TensorLike): Tensor {
  let [a, b] = [device(x1, of.name), device(x2, of.name)];
  if (typeof a === "number" && typeof b === "number") a = asTensor(a);
  const dtype = commonDtype(of, a, b);
  const core = (x: Tensor | number): CoreTensor | number => (typeof x === "number" ? x : cast(x.core, dtype));
  return new Tensor(of.f(core(a), core(b)));
}

interface Options {
  least?: TensorDtype;
  bools?: Bools;
  result?: TensorDtype;
}
type Of<T> = (a: T, b: T) => CoreTensor;
export const binaryOf = (
  name: string,
  f: Of<CoreTensor | number>,
  { least = "bool", bools = "refused", result }: Options = {},
): Binary => ({ name, least, f, bools, ...(result ? { result } : {}) });

/** The same of a function that takes no numbers. */
export const tensorsOf = (name: string, f: Of<CoreTensor>, options: Options = {}): Binary => {
  const tensor = (x: CoreTensor | number, like: CoreTensor | number): CoreTensor =>
    typeof x === "number" ? cast(asTensor(x).core, (like as CoreTensor).dtype) : x;
  return binaryOf(name, (a, b) => f(tensor(a, b), tensor(b, a)), options);
};
export const ADD = binaryOf("add", coreAdd);
export const SUBTRACT = binaryOf("subtract", coreSub);
export const MULTIPLY = binaryOf("multiply", coreMul);
export const DIVIDE = binaryOf("divide", coreDiv, { least: "float32" });
export const MAXIMUM = binaryOf("maximum", coreMaximum);

const shapeOf = (x: Operand): Shape =>
  typeof x === "number" || typeof x === "boolean" ? [] : x instanceof KerasTensor ? x.shape : asTensor(x).shape;

/** Shape and dtype of a result whose operands broadcast: an unknown extent takes the other's, unless that is 1. */
export function binarySpec(of: Binary, x1: Operand, x2: Operand): Spec {
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
    throw new ShapeError({ op: of.name, argument: "x2", expected, given });
  });
  const dtype = commonDtype(of, x1, x2);
  return { shape, dtype: of.result ?? dtype };
}
