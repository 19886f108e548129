// What ops of one kind share: how they read their operands, and the types that a program sees.
import {
  ArgumentError,
  type Tensor as CoreTensor,
  cast,
  reshape as coreReshape,
  type Dtype,
  DtypeError,
  resultType,
  type TensorLike as Scalars,
} from "@facet/autograd";
import { type Args, Kind, listOf, show, string } from "@facet/dialect";
import { array, arrayOrPlaceholder, axes } from "../kinds.js";
import { defineOp, type OpDefinition } from "../operation.js";
import { asTensor, DTYPES, floats, type KerasTensor, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import { type Binary, binary, binarySpec, type Operand } from "./arithmetic.js";

/** An op: on placeholders a placeholder, on arrays a tensor. */
export interface Op<Rest extends unknown[] = []> {
  (x: KerasTensor, ...rest: Rest): KerasTensor;
  (x: TensorLike, ...rest: Rest): Tensor;
}

/** An op of two operands. */
export interface BinaryOp<Rest extends unknown[] = []> {
  (x1: KerasTensor, x2: Operand, ...rest: Rest): KerasTensor;
  (x1: TensorLike, x2: KerasTensor, ...rest: Rest): KerasTensor;
  (x1: TensorLike, x2: TensorLike, ...rest: Rest): Tensor;
}

/** An op that gives a list, or a fixed number of tensors. */
export interface ListOp<Rest extends unknown[] = [], N extends number | undefined = undefined> {
  (x: KerasTensor, ...rest: Rest): Several<KerasTensor, N>;
  (x: TensorLike, ...rest: Rest): Several<Tensor, N>;
}
type Several<T, N> = N extends 2 ? [T, T] : N extends 3 ? [T, T, T] : T[];

/** An op of a list. */
export interface ManyOp<Rest extends unknown[] = []> {
  (xs: readonly TensorLike[] | Tensor, ...rest: Rest): Tensor;
  (xs: readonly Operand[], ...rest: Rest): KerasTensor;
}

export type Axis = number | readonly number[] | null;

export function knownDtype(op: string, dtype: string): TensorDtype {
  if (DTYPES.includes(dtype as TensorDtype)) return dtype as TensorDtype;
  throw new DtypeError({ op, argument: "dtype", expected: DTYPES.join(", "), given: dtype });
}

export const dtypeArgument = string.orNone;

/** An operand as it is. */
export const kept = (x: unknown, op: string): CoreTensor => asTensor(x as TensorLike, op).core;
/** An operand as floats: integers and bools become float32. */
export const floated = (x: unknown, op: string): CoreTensor => floats(x as TensorLike, op);
/** An operand as numbers: bools become int32. */
export const numbers = (x: unknown, op: string): CoreTensor => {
  const core = kept(x, op);
  return core.dtype === "bool" ? cast(core, "int32") : core;
};

/** Several operands in one dtype, at least `least`. */
export function together(xs: readonly unknown[], op: string, least?: Dtype): CoreTensor[] {
  const dtype = resultType([
    ...xs.map((x): [Dtype, "array" | "number"] => {
      if (typeof x === "number") return [Number.isInteger(x) ? "int32" : "float32", "number"];
      return [kept(x, op).dtype, "array"];
    }),
    ...(least ? [[least, "number"] as const] : []),
  ]);
  return xs.map((x) => cast(kept(x, op), dtype));
}

/** A number from the front of a dimension. Throws ArgumentError where there is none such. */
export function axisOf(op: string, axis: number, rank: number, argument = "axis"): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at >= 0 && at < rank) return at;
  const expected = rank === 0 ? "a tensor of at least one dimension" : `an integer from ${-rank} to ${rank - 1}`;
  throw new ArgumentError({ op, argument, expected, given: `${axis}` });
}

/** Different dimensions counted from the front, all for null. */
export function axesOf(op: string, axis: Axis, rank: number, argument = "axis"): number[] {
  if (axis === null) return Array.from({ length: rank }, (_, i) => i);
  const listed = (typeof axis === "number" ? [axis] : axis).map((each) => axisOf(op, each, rank, argument));
  if (new Set(listed).size === listed.length) return listed;
  throw new ArgumentError({ op, argument, expected: "each axis once", given: show(axis) });
}

/** The tensor, or all of it in one line where no axis is given, and the axis. */
export const lineOf = (op: string, x: CoreTensor, axis: number | null): [CoreTensor, number] =>
  axis === null ? [coreReshape(x, [x.size]), 0] : [x, axisOf(op, axis, x.rank)];

type Reading = (x: unknown, op: string) => CoreTensor;
interface ElementwiseOptions {
  readonly read?: Reading;
  readonly className?: string;
}

/** A function of each element. Integers and bools count as float32 unless `read` says otherwise. */
export const elementwise = (
  name: string,
  f: (x: CoreTensor) => CoreTensor,
  { read = floated, className }: ElementwiseOptions = {},
): Op =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder },
    { compute: ({ x }) => new Tensor(f(read(x, name))), ...(className ? { className } : {}) },
  );

/** A function of two operands, promoted and broadcast; `names` where they are not x1 and x2. */
export const binaryOp = (f: Binary, { names = ["x1", "x2"], name = f.name } = {}): BinaryOp => {
  const [first, second] = names as [string, string];
  return defineOp(`keras.ops.${name}`, { [first]: arrayOrPlaceholder, [second]: arrayOrPlaceholder }, {
    compute: (given) => binary(f, given[first] as TensorLike, given[second] as TensorLike),
    spec: (given) => binarySpec(f, given[first] as Operand, given[second] as Operand),
  } as OpDefinition<Record<string, unknown>>);
};

interface ReduceArguments {
  axis: Axis;
  keepdims: boolean;
}
export type Reduction<More = unknown> = Op<Args<[axis: Axis, keepdims: boolean], ReduceArguments & More>>;

type Reduce = (x: CoreTensor, options: { axes: readonly number[]; keepdims: boolean }) => CoreTensor;

/** Over `axis` (default all). */
export const reduction = (name: string, f: Reduce, read: Reading = floated): Reduction =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, axis: axes.or(null), keepdims: false },
    {
      compute: ({ x, axis, keepdims }) => {
        const core = read(x, name);
        return new Tensor(f(core, { axes: axesOf(name, axis as Axis, core.rank), keepdims }));
      },
    },
  );

const isList = (value: unknown, accepts: (each: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(accepts);

/** A list of arrays and placeholders; a tensor stands for the list of its rows. */
export const arrays = new Kind<readonly Operand[] | Tensor>(
  "a list of arrays or placeholders",
  (value) => value instanceof Tensor || isList(value, arrayOrPlaceholder.accepts),
);
export const intList = listOf(new Kind<number>("an integer", (value) => Number.isInteger(value)));
export const numberOrArray = array;
export type { Scalars };
