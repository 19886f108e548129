// keras.ops: functions of device tensors and of placeholders; host data is taken too.
import "../start.js";
import {
  ArgumentError,
  type Tensor as CoreTensor,
  abs as coreAbs,
  argmax as coreArgmax,
  cast as coreCast,
  exp as coreExp,
  log as coreLog,
  max as coreMax,
  maximum as coreMaximum,
  mean as coreMean,
  min as coreMin,
  minimum as coreMinimum,
  reshape as coreReshape,
  sqrt as coreSqrt,
  square as coreSquare,
  sum as coreSum,
  tanh as coreTanh,
  transpose as coreTranspose,
  DtypeError,
  full,
  oneHot,
} from "@facet/autograd";
import { type Args, define, int, listOf, number, only, string } from "@facet/dialect";
import * as activations from "../activations.js";
import { array, arrayOrPlaceholder, axes, intOrInts, positive } from "../kinds.js";
import { hostData, type NdArray } from "../ndarray.js";
import { defineOp } from "../operation.js";
import {
  asTensor,
  DTYPES,
  floats,
  type KerasTensor,
  sameTensor,
  Tensor,
  type TensorDtype,
  type TensorLike,
} from "../tensor.js";
import { ADD, binary, binarySpec, DIVIDE, MAXIMUM, MULTIPLY, type Operand, SUBTRACT } from "./arithmetic.js";
import { product, reshaped, reshapeSpec, transposed } from "./shapes.js";

/** An op: on placeholders a placeholder, on arrays a tensor. */
export interface Op<Rest extends unknown[] = []> {
  (x: KerasTensor, ...rest: Rest): KerasTensor;
  (x: TensorLike, ...rest: Rest): Tensor;
}

function knownDtype(op: string, dtype: string): TensorDtype {
  if (DTYPES.includes(dtype as TensorDtype)) return dtype as TensorDtype;
  throw new DtypeError({ op, argument: "dtype", expected: DTYPES.join(", "), given: dtype });
}

const converted = (op: string, x: TensorLike, dtype: string): Tensor => {
  const tensor = asTensor(x, op);
  return tensor.dtype === dtype ? tensor : new Tensor(coreCast(tensor.core, knownDtype(op, dtype)));
};

/**
 * A device tensor: of the given dtype, else bool for booleans, int32 for integer arrays and whole numbers, and float32 for all
 * others. A tensor of that dtype is passed through. Throws DtypeError on what is no data.
 */
export const convert_to_tensor: Op<Args<[dtype: TensorDtype | null], { dtype: TensorDtype | null }>> = defineOp(
  "keras.ops.convert_to_tensor",
  { x: arrayOrPlaceholder, dtype: string.or(null), sparse: only(null, false), ragged: only(null, false) },
  {
    compute: ({ x, dtype }) =>
      dtype === null ? asTensor(x as TensorLike) : converted("convert_to_tensor", x as TensorLike, dtype),
    spec: ({ x, dtype }) => ({
      shape: (x as KerasTensor).shape,
      dtype: dtype === null ? (x as KerasTensor).dtype : knownDtype("convert_to_tensor", dtype),
    }),
  },
);

/** The elements on the host. A placeholder has none. */
export const convert_to_numpy: (x: TensorLike) => Promise<NdArray> = define(
  "keras.ops.convert_to_numpy",
  { x: array },
  async ({ x }) => (x instanceof Tensor ? x.numpy() : hostData("convert_to_numpy", x)),
);

/** The array in another dtype: "float32", "int32" or "bool". */
export const cast: Op<Args<[dtype: TensorDtype], { dtype: TensorDtype }>> = defineOp(
  "keras.ops.cast",
  { x: arrayOrPlaceholder, dtype: string },
  {
    compute: ({ x, dtype }) => converted("cast", x as TensorLike, knownDtype("cast", dtype)),
    spec: ({ x, dtype }) => ({ shape: (x as KerasTensor).shape, dtype: knownDtype("cast", dtype) }),
  },
);

type Newshape = number | readonly number[];
/** The same elements in another shape; one extent may be -1. */
export const reshape: Op<Args<[newshape: Newshape], { newshape: Newshape }>> = defineOp(
  "keras.ops.reshape",
  { x: arrayOrPlaceholder, newshape: intOrInts },
  {
    compute: ({ x, newshape }) => reshaped(x as TensorLike, newshape),
    spec: ({ x, newshape }) => reshapeSpec(x, newshape),
  },
);

type AxesArgument = readonly number[] | null;
/** Dimensions in the order of `axes`; default reversed. */
export const transpose: Op<Args<[axes: AxesArgument], { axes: AxesArgument }>> = defineOp(
  "keras.ops.transpose",
  { x: arrayOrPlaceholder, axes: listOf(int).or(null) },
  { compute: ({ x, axes: order }) => transposed(x as TensorLike, order) },
);

/** A function of each element. Integers and bools count as float32 unless `keeps` says that their dtype stays. */
const elementwise = (
  name: string,
  f: (x: CoreTensor) => CoreTensor,
  { keeps = false, className }: { keeps?: boolean; className?: string } = {},
): Op =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder },
    {
      compute: ({ x }) => new Tensor(f(keeps ? asTensor(x as TensorLike, name).core : floats(x as TensorLike, name))),
      ...(className ? { className } : {}),
    },
  );

/** |x|. */
export const abs = elementwise("abs", (x) => (x.dtype === "bool" ? sameTensor(new Tensor(x)).core : coreAbs(x)), {
  keeps: true,
  className: "Absolute",
});
/** e^x. */
export const exp = elementwise("exp", coreExp);
/** Natural logarithm. */
export const log = elementwise("log", coreLog);
export const sqrt = elementwise("sqrt", coreSqrt);
/** x^2; of bools int32. */
export const square = elementwise("square", (x) => coreSquare(x.dtype === "bool" ? coreCast(x, "int32") : x), {
  keeps: true,
});
export const tanh = elementwise("tanh", coreTanh);

/** max(x, 0). Integers stay so. */
export const relu: Op = defineOp(
  "keras.ops.relu",
  { x: arrayOrPlaceholder },
  { compute: ({ x }) => activations.relu(x as TensorLike) },
);
/** 1 / (1 + e^-x). */
export const sigmoid: Op = defineOp(
  "keras.ops.sigmoid",
  { x: arrayOrPlaceholder },
  { compute: ({ x }) => activations.sigmoid(x as TensorLike) },
);

type SoftmaxAxis = number | readonly number[] | null;
/** e^x over its sum along `axis` (default the last), along several, or with null over all elements. */
export const softmax: Op<Args<[axis: SoftmaxAxis], { axis: SoftmaxAxis }>> = defineOp(
  "keras.ops.softmax",
  { x: arrayOrPlaceholder, axis: axes.or(-1) },
  { compute: ({ x, axis }) => activations.softmaxAlong(x as TensorLike, axis) },
);

type BinaryOp = {
  (x1: KerasTensor, x2: Operand): KerasTensor;
  (x1: TensorLike, x2: KerasTensor): KerasTensor;
  (x1: TensorLike, x2: TensorLike): Tensor;
};
const binaryOp = (name: string, f: typeof ADD): BinaryOp =>
  defineOp(
    `keras.ops.${name}`,
    { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder },
    {
      compute: ({ x1, x2 }) => binary(f, x1 as TensorLike, x2 as TensorLike),
      spec: ({ x1, x2 }) => binarySpec(f, x1, x2),
    },
  );

/** x1 + x2, promoted and broadcast. */
export const add = binaryOp("add", ADD);
/** x1 - x2, promoted and broadcast. */
export const subtract = binaryOp("subtract", SUBTRACT);
/** x1 x2, promoted and broadcast. */
export const multiply = binaryOp("multiply", MULTIPLY);
/** x1 / x2, float32 also for integers. */
export const divide = binaryOp("divide", DIVIDE);
/** The larger of x1 and x2. */
export const maximum = binaryOp("maximum", MAXIMUM);

/** Matrix product of the last two dimensions; vectors as in NumPy. float32 only: the product of integers is not supported. */
export const matmul: BinaryOp = defineOp(
  "keras.ops.matmul",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder },
  {
    compute: ({ x1, x2 }) => {
      const [a, b] = [asTensor(x1 as TensorLike, "matmul").core, asTensor(x2 as TensorLike, "matmul").core];
      const float = a.dtype === "float32" || b.dtype === "float32";
      return new Tensor(float ? product(coreCast(a, "float32"), coreCast(b, "float32")) : product(a, b));
    },
  },
);

type Axis = number | readonly number[] | null;
interface ReduceArguments {
  axis: Axis;
  keepdims: boolean;
}
type Reduction<More = unknown> = Op<Args<[axis: Axis, keepdims: boolean], ReduceArguments & More>>;

const reduceOptions = ({ axis, keepdims }: { axis: Axis; keepdims: boolean }) => ({
  axes: axis ?? undefined,
  keepdims,
});

const reduction = (name: string, f: typeof coreSum, read: (x: TensorLike, op: string) => CoreTensor): Reduction =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: axes.or(null), keepdims: false },
    { compute: ({ x, ...rest }) => new Tensor(f(read(x as TensorLike, name), reduceOptions(rest))) },
  );

/** Sum over `axis` (default all); of bools int32. */
export const sum = reduction("sum", coreSum, (x, op) => {
  const { core } = asTensor(x, op);
  return core.dtype === "bool" ? coreCast(core, "int32") : core;
});
/** Over `axis` (default all); integers are averaged as float32. */
export const mean = reduction("mean", coreMean, floats);

/** The shape of a reduction's result. */
function reducedShape(shape: readonly number[], axis: Axis, keepdims: boolean): number[] {
  const listed = axis === null ? shape.map((_, i) => i) : typeof axis === "number" ? [axis] : axis;
  const wrong = listed.find((each) => each < -shape.length || each >= shape.length);
  if (wrong !== undefined) {
    const expected = `axes of a shape of ${shape.length} dimensions`;
    throw new ArgumentError({ op: "max", argument: "axis", expected, given: `${wrong}` });
  }
  const gone = new Set(listed.map((each) => (each < 0 ? each + shape.length : each)));
  return keepdims ? shape.map((extent, i) => (gone.has(i) ? 1 : extent)) : shape.filter((_, i) => !gone.has(i));
}

/** Largest or smallest elements, `initial` counted among them. */
const extreme = (
  name: "max" | "min",
  f: typeof coreMax,
  pick: typeof coreMaximum,
): Reduction<{ initial: number | null }> =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: axes.or(null), keepdims: false, initial: number.or(null) },
    {
      compute: ({ x, axis, keepdims, initial }) => {
        const { core } = asTensor(x as TensorLike, name);
        if (initial === null) return new Tensor(f(core, reduceOptions({ axis, keepdims })));
        if (core.size > 0) return new Tensor(pick(f(core, reduceOptions({ axis, keepdims })), initial));
        return new Tensor(full(reducedShape(core.shape, axis, keepdims), initial, core.dtype));
      },
    },
  );
/** Largest element along `axis` (default of all). */
export const max = extreme("max", coreMax, coreMaximum);
/** Smallest element along `axis` (default of all). */
export const min = extreme("min", coreMin, coreMinimum);

/** Index (int32) of the largest element along `axis`; without one, in the flattened tensor. */
export const argmax: Op<Args<[axis: number | null, keepdims: boolean], { axis: number | null; keepdims: boolean }>> =
  defineOp(
    "keras.ops.argmax",
    { x: arrayOrPlaceholder, axis: int.or(null), keepdims: false },
    {
      compute: ({ x, axis, keepdims }) => {
        const { core } = asTensor(x as TensorLike, "argmax");
        if (axis !== null) return new Tensor(coreArgmax(core, axis, keepdims));
        const index = coreArgmax(coreReshape(core, [-1]), 0);
        return new Tensor(
          keepdims
            ? coreReshape(
                index,
                core.shape.map(() => 1),
              )
            : index,
        );
      },
    },
  );

interface OneHotArguments {
  num_classes: number;
  axis: number;
  dtype: TensorDtype | null;
}
/** 1 at each index along a new `axis` (default the last) of num_classes, 0 elsewhere and for an index out of range. */
export const one_hot: Op<Args<[num_classes: number, axis: number, dtype: TensorDtype | null], OneHotArguments>> =
  defineOp(
    "keras.ops.one_hot",
    { x: arrayOrPlaceholder, num_classes: positive, axis: int.or(-1), dtype: string.or(null), sparse: only(false) },
    {
      compute: ({ x, num_classes, axis, dtype }) => {
        const rows = oneHot(coreCast(asTensor(x as TensorLike, "one_hot").core, "int32"), num_classes);
        const at = axis < 0 ? axis + rows.rank : axis;
        if (!(at >= 0 && at < rows.rank)) {
          const expected = `an integer from ${-rows.rank} to ${rows.rank - 1}`;
          throw new ArgumentError({ op: "one_hot", argument: "axis", expected, given: `${axis}` });
        }
        const order = rows.shape.map((_, i) => i).slice(0, -1);
        order.splice(at, 0, rows.rank - 1);
        const placed = at === rows.rank - 1 ? rows : coreTranspose(rows, order);
        return new Tensor(coreCast(placed, knownDtype("one_hot", dtype ?? "float32")));
      },
    },
  );
