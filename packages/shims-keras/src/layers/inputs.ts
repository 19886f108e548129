// What layers are given, as tensors and their shapes.
import { ArgumentError } from "@facet/autograd";
import { show } from "@facet/dialect";
import { shape as shapeKind } from "../kinds.js";
import { NdArray } from "../ndarray.js";
import { type Shape, Tensor, type TensorLike, toTensor } from "../tensor.js";
import type { LayerInput } from "./arguments.js";

/** Refuses what is no shape. */
export function expectShape(op: string, shape: unknown): void {
  if (shapeKind.accepts(shape)) return;
  throw new ArgumentError({ op, argument: "input_shape", expected: shapeKind.expected, given: show(shape) });
}

export const isShapes = (shape: unknown): shape is readonly Shape[] =>
  Array.isArray(shape) && shape.length > 0 && shape.every((each) => Array.isArray(each));

export const shapesOf = (inputs: LayerInput<Tensor>): Shape | readonly Shape[] =>
  Array.isArray(inputs) ? inputs.map(({ shape }) => shape) : (inputs as Tensor).shape;

export const listed = <T>(value: LayerInput<T>): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** One value as it is, several as a list. */
export const packed = <L extends readonly unknown[]>(values: L): L | L[number] =>
  values.length === 1 ? values[0] : values;

/** One tensor or several, as a list; undefined for anything else. */
export function tensorList(value: unknown): readonly Tensor[] | undefined {
  const list = listed(value);
  return list.length > 0 && list.every((each) => each instanceof Tensor) ? list : undefined;
}

/** Whether a value is a tensor, or lists of them in any depth, as cells of recurrent layers give. */
const isNested = (value: unknown): boolean =>
  value instanceof Tensor || (Array.isArray(value) && value.length > 0 && value.every(isNested));

export function checkedResult(op: string, result: unknown): LayerInput<Tensor> {
  if (tensorList(result) || isNested(result)) return result as LayerInput<Tensor>;
  throw new ArgumentError({ op, argument: "call", expected: "a Tensor from it", given: show(result) });
}

/** Host data as device tensors: a list of arrays is several inputs, nested numbers are one. */
export function asTensors(op: string, inputs: unknown): LayerInput<Tensor> {
  const isOne = (part: unknown): boolean =>
    part instanceof Tensor || part instanceof NdArray || ArrayBuffer.isView(part);
  if (Array.isArray(inputs) && inputs.some(isOne)) return inputs.map((part) => oneTensor(op, part));
  return oneTensor(op, inputs);
}

/** Numbers reach a layer as float32, bools as they are. */
function oneTensor(op: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  return toTensor(value as TensorLike, "float32", op);
}
