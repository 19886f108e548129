// keras.ops: functions of device tensors; host data is taken too.
import {
  abs as coreAbs,
  argmax as coreArgmax,
  cast as coreCast,
  exp as coreExp,
  log as coreLog,
  matmul as coreMatmul,
  max as coreMax,
  maximum as coreMaximum,
  mean as coreMean,
  min as coreMin,
  reshape as coreReshape,
  sqrt as coreSqrt,
  square as coreSquare,
  sum as coreSum,
  transpose as coreTranspose,
  type Dtype,
  DtypeError,
  oneHot,
} from "@facet/autograd";
import { type HostArray, type NdArray, ndarray } from "./ndarray.js";
import { Tensor, type TensorLike, toTensor } from "./tensor.js";

export { relu, sigmoid, softmax, tanh } from "./activations.js";

type Axis = number | readonly number[] | null;
interface ReduceOptions {
  axis?: Axis | undefined;
  keepdims?: boolean | undefined;
}

const DTYPES = ["float32", "int32", "bool"];

/** A device tensor: of the given dtype, else int32 for integer arrays and float32 for all others. */
export function convert_to_tensor(x: TensorLike, dtype?: Dtype): Tensor {
  if (x instanceof Tensor) return dtype ? cast(x, dtype) : x;
  const array = ndarray(x as HostArray);
  const own = array.dtype.startsWith("float") ? "float32" : "int32";
  const tensor = toTensor(array, own);
  return dtype ? cast(tensor, dtype) : tensor;
}

/** The elements on the host. */
export function convert_to_numpy(x: TensorLike): Promise<NdArray> {
  return x instanceof Tensor ? x.numpy() : Promise.resolve(ndarray(x as HostArray));
}

export function cast(x: TensorLike, dtype: Dtype): Tensor {
  if (!DTYPES.includes(dtype))
    throw new DtypeError({ op: "ops.cast", argument: "dtype", expected: DTYPES.join(", "), given: dtype });
  return new Tensor(coreCast(convert_to_tensor(x).core, dtype));
}

export const reshape = (x: TensorLike, newshape: readonly number[]): Tensor =>
  new Tensor(coreReshape(convert_to_tensor(x).core, newshape));
export const transpose = (x: TensorLike, axes?: readonly number[]): Tensor =>
  new Tensor(coreTranspose(convert_to_tensor(x).core, axes));
export const matmul = (x1: TensorLike, x2: TensorLike): Tensor =>
  new Tensor(coreMatmul(toTensor(x1).core, toTensor(x2).core));
export const abs = (x: TensorLike): Tensor => new Tensor(coreAbs(convert_to_tensor(x).core));
export const exp = (x: TensorLike): Tensor => new Tensor(coreExp(toTensor(x).core));
export const log = (x: TensorLike): Tensor => new Tensor(coreLog(toTensor(x).core));
export const sqrt = (x: TensorLike): Tensor => new Tensor(coreSqrt(toTensor(x).core));
export const square = (x: TensorLike): Tensor => new Tensor(coreSquare(convert_to_tensor(x).core));
export const maximum = (x1: TensorLike, x2: TensorLike | number): Tensor =>
  new Tensor(coreMaximum(convert_to_tensor(x1).core, typeof x2 === "number" ? x2 : convert_to_tensor(x2).core));
export const add = (x1: TensorLike, x2: Tensor | number): Tensor => convert_to_tensor(x1).add(x2);
export const subtract = (x1: TensorLike, x2: Tensor | number): Tensor => convert_to_tensor(x1).sub(x2);
export const multiply = (x1: TensorLike, x2: Tensor | number): Tensor => convert_to_tensor(x1).mul(x2);
export const divide = (x1: TensorLike, x2: Tensor | number): Tensor => convert_to_tensor(x1).div(x2);

type Reduction = (x: TensorLike, options?: ReduceOptions) => Tensor;
const reduction =
  (f: typeof coreSum): Reduction =>
  (x, { axis, keepdims } = {}) =>
    new Tensor(f(convert_to_tensor(x).core, { axes: axis ?? undefined, keepdims }));

export const sum = reduction(coreSum);
/** Over `axis` (default all); integers are averaged as float32. */
export const mean: Reduction = (x, options) => reduction(coreMean)(cast(x, "float32"), options);
export const max = reduction(coreMax);
export const min = reduction(coreMin);

/** Index of the largest element along `axis`; without one, in the flattened tensor. */
export function argmax(x: TensorLike, axis?: number): Tensor {
  const { core } = convert_to_tensor(x);
  return new Tensor(axis === undefined ? coreArgmax(coreReshape(core, [-1]), 0) : coreArgmax(core, axis));
}

/** Rows of num_classes with 1 at each index; zeros for an index out of range. */
export const one_hot = (x: TensorLike, num_classes: number): Tensor =>
  new Tensor(oneHot(coreCast(convert_to_tensor(x).core, "int32"), num_classes));
