// Ops of keras.ops that move elements, and what is known of their results.
import {
  matmul as coreMatmul,
  reshape as coreReshape,
  transpose as coreTranspose,
  ShapeError,
  sizeOf,
} from "@facet/autograd";
import type { Spec } from "../operation.js";
import { asTensor, KerasTensor, pythonShape, type Shape, Tensor, type TensorLike } from "../tensor.js";

const listed = (newshape: number | readonly number[]): readonly number[] =>
  typeof newshape === "number" ? [newshape] : newshape;

export const reshaped = (x: TensorLike, newshape: number | readonly number[]): Tensor =>
  new Tensor(coreReshape(asTensor(x, "reshape").core, listed(newshape)));

/** Elements of a shape; null where an extent is not known. */
export const elementsOf = (shape: Shape): number | null => (shape.includes(null) ? null : sizeOf(shape as number[]));

/** `wanted` for the elements of a shape, its -1 computed where all extents are known; undefined where it does not fit. */
export function reshapedTo(shape: Shape, wanted: readonly number[]): Shape | undefined {
  const said = wanted.filter((extent) => extent !== -1);
  if (wanted.length - said.length > 1 || said.some((extent) => extent < 0)) return undefined;
  const [size, rest] = [elementsOf(shape), sizeOf(said)];
  const open = said.length < wanted.length;
  if (size !== null && (open ? size % rest !== 0 : size !== rest)) return undefined;
  return wanted.map((extent) => (extent !== -1 ? extent : size === null ? null : size / rest));
}

export function reshapeSpec(x: TensorLike | KerasTensor, newshape: number | readonly number[]): Spec {
  const wanted = listed(newshape);
  const { shape, dtype } = x instanceof KerasTensor ? x : (asTensor(x) as unknown as KerasTensor);
  const fitting = reshapedTo(shape, wanted);
  if (fitting) return { shape: fitting, dtype };
  const expected = `a shape of the elements of ${pythonShape(shape)}`;
  throw new ShapeError({ op: "reshape", argument: "newshape", expected, given: pythonShape(wanted) });
}

/** Dimensions in another order: default reversed. */
export const transposed = (x: TensorLike, axes: readonly number[] | null): Tensor =>
  new Tensor(coreTranspose(asTensor(x, "transpose").core, axes ?? undefined));

/** Matrix product; a vector is a row on the left, a column on the right, and its dimension is gone from the result. */
export function product(a: Tensor["core"], b: Tensor["core"]): Tensor["core"] {
  if (a.rank === 0 || b.rank === 0) {
    const expected = "operands of at least one dimension";
    throw new ShapeError({ op: "matmul", argument: a.rank === 0 ? "x1" : "x2", expected, given: "a scalar" });
  }
  const left = a.rank === 1 ? coreReshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? coreReshape(b, [b.size, 1]) : b;
  const result = coreMatmul(left, right);
  if (left === a && right === b) return result;
  const shape = [...result.shape];
  if (right !== b) shape.splice(-1, 1);
  if (left !== a) shape.splice(right === b ? -2 : -1, 1);
  return coreReshape(result, shape);
}
