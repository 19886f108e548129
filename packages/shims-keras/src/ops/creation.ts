// keras.ops: tensors of shapes and numbers, and what a tensor is.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, bool, define, int, Kind, number, only, string } from "@facet/dialect";
import { array as arrayKind, arrayOrPlaceholder, intOrInts, wholeNumber } from "../kinds.js";
import { hostData, type NdArray } from "../ndarray.js";
import { defineOp } from "../operation.js";
import { asTensor, KerasTensor, type Shape, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import { floated, kept, knownDtype, type Op } from "./define.js";
import { hostNumber, numberKind } from "./whole.js";

const converted = (op: string, x: TensorLike, dtype: string | null): Tensor => {
  const tensor = asTensor(x, op);
  if (dtype === null || tensor.dtype === dtype) return tensor;
  return new Tensor(core.cast(tensor.core, knownDtype(op, dtype)));
};
type Conversion = Op<Args<[dtype: TensorDtype | null], { dtype: TensorDtype | null }>>;
const conversion = (name: string, rules: Readonly<Record<string, ReturnType<typeof only>>>): Conversion =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, dtype: string.or(null), ...rules },
    {
      compute: ({ x, dtype }) => converted(name, x as TensorLike, dtype as string | null),
      spec: ({ x, dtype }) => ({
        shape: (x as KerasTensor).shape,
        dtype: dtype === null ? (x as KerasTensor).dtype : knownDtype(name, dtype as string),
      }),
    },
  );

/**
 * A device tensor: of the given dtype, else bool for booleans, int32 for integer arrays and whole numbers, and float32 for all
 * others. A tensor of that dtype is passed through. Throws DtypeError on what is no data.
 */
export const convert_to_tensor = conversion("convert_to_tensor", {
  sparse: only(null, false),
  ragged: only(null, false),
});
/** As convert_to_tensor. */
export const array = conversion("array", {});

/** The elements on the host. A placeholder has none. */
export const convert_to_numpy: (x: TensorLike) => Promise<NdArray> = define(
  "keras.ops.convert_to_numpy",
  { x: arrayKind },
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

const anything = new Kind<unknown>("a value", () => true, true);
/** Whether it is a tensor on the device. */
export const is_tensor: (x: unknown) => boolean = define(
  "keras.ops.is_tensor",
  { x: anything },
  ({ x }) => x instanceof Tensor,
);
/** Extents; null where one is not known. */
export const shape: {
  (x: KerasTensor): Shape;
  (x: TensorLike): readonly number[];
} = define("keras.ops.shape", { x: arrayOrPlaceholder }, ({ x }) => [...shapeOf(x)]) as never;
const shapeOf = (x: TensorLike | KerasTensor): Shape => (x instanceof KerasTensor ? x.shape : asTensor(x).shape);
/** The name of the dtype. */
export const dtype: (x: TensorLike | KerasTensor) => TensorDtype = define(
  "keras.ops.dtype",
  { x: arrayOrPlaceholder },
  ({ x }) => (x instanceof KerasTensor ? x.dtype : (asTensor(x).dtype as TensorDtype)),
);
/** How many dimensions there are. */
export const ndim: (x: TensorLike | KerasTensor) => number = define(
  "keras.ops.ndim",
  { x: arrayOrPlaceholder },
  ({ x }) => shapeOf(x).length,
);
/** How many elements there are; null where that is not known. */
export const size: {
  (x: TensorLike): number;
  (x: KerasTensor): number | null;
} = define("keras.ops.size", { x: arrayOrPlaceholder }, ({ x }) =>
  shapeOf(x).reduce<number | null>((n, each) => (n === null || each === null ? null : n * each), 1),
) as never;

type Extents = number | readonly number[];
const extents = intOrInts.where("extents of at least 0", (value) =>
  [value].flat().every((each) => (each as number) >= 0),
);
const listed = (value: Extents): readonly number[] => (typeof value === "number" ? [value] : value);
type ShapeArguments = { shape: Extents; dtype: TensorDtype | null };
type ShapeOp = (...args: Args<[shape: Extents, dtype: TensorDtype | null], ShapeArguments>) => Tensor;
const constantOf = (name: string, value: number): ShapeOp =>
  define(`keras.ops.${name}`, { shape: extents, dtype: string.or(null) }, ({ shape: given, dtype: wanted }) => {
    const known = knownDtype(name, (wanted as string | null) ?? "float32");
    return new Tensor(core.full(listed(given as Extents), known === "bool" ? value !== 0 : value, known));
  });
/** Zeros, float32 unless said otherwise. */
export const zeros = constantOf("zeros", 0);
/** Ones, float32 unless said otherwise. */
export const ones = constantOf("ones", 1);
/** Values of no meaning: zeros here. */
export const empty = constantOf("empty", 0);

type LikeOp = Op<Args<[dtype: TensorDtype | null], { dtype: TensorDtype | null }>>;
const likeOf = (name: string, value: number): LikeOp =>
  defineOp(
    `keras.ops.${name}`,
    { x: arrayOrPlaceholder, dtype: string.or(null) },
    {
      compute: ({ x, dtype: wanted }) => {
        const given = kept(x, name);
        const known = knownDtype(name, (wanted as string | null) ?? given.dtype);
        return new Tensor(core.full(given.shape, known === "bool" ? value !== 0 : value, known));
      },
    },
  );
/** Zeros of the shape of x, and of its dtype unless said otherwise. */
export const zeros_like = likeOf("zeros_like", 0);
/** Ones of the shape of x, and of its dtype unless said otherwise. */
export const ones_like = likeOf("ones_like", 1);
/** Values of no meaning in the shape of x: zeros here. */
export const empty_like = likeOf("empty_like", 0);

const filled = (value: unknown, given: readonly number[], wanted: TensorDtype, op: string): Tensor =>
  new Tensor(core.expand(core.cast(kept(value, op), wanted), given));
/** A value, or an array repeated, in a shape; float32 unless said otherwise. */
export const full: (
  ...args: Args<
    [shape: Extents, fill_value: TensorLike, dtype: TensorDtype | null],
    ShapeArguments & { fill_value: TensorLike }
  >
) => Tensor = define(
  "keras.ops.full",
  { shape: extents, fill_value: arrayKind, dtype: string.or(null) },
  ({ shape: given, fill_value, dtype: wanted }) =>
    filled(fill_value, listed(given as Extents), knownDtype("full", (wanted as string | null) ?? "float32"), "full"),
);
/** A value in the shape of x, and its dtype unless said otherwise. */
export const full_like: Op<
  Args<[fill_value: TensorLike, dtype: TensorDtype | null], { fill_value: TensorLike; dtype: TensorDtype | null }>
> = defineOp(
  "keras.ops.full_like",
  { x: arrayOrPlaceholder, fill_value: arrayOrPlaceholder, dtype: string.or(null) },
  {
    compute: ({ x, fill_value, dtype: wanted }) => {
      const given = kept(x, "full_like");
      const known = knownDtype("full_like", (wanted as string | null) ?? given.dtype);
      return filled(fill_value, given.shape, known, "full_like");
    },
  },
);

type RangeArguments = {
  start: TensorLike;
  stop: TensorLike | null;
  step: TensorLike | null;
  dtype: TensorDtype | null;
};
/** From start (or 0) to before stop; int32 where all are whole, else float32. */
export const arange: (
  ...args: Args<
    [start: TensorLike, stop: TensorLike | null, step: TensorLike | null, dtype: TensorDtype | null],
    RangeArguments
  >
) => Tensor = define(
  "keras.ops.arange",
  { start: numberKind, stop: numberKind.or(null), step: numberKind.or(null), dtype: string.or(null) },
  ({ start: first, stop: last, step, dtype: wanted }) => {
    const [start, stop, by] = [first, last, step ?? 1].map((each) =>
      each === null ? null : hostNumber("arange", "start", each as TensorLike),
    ) as [number, number | null, number];
    if (by === 0)
      throw new core.ArgumentError({ op: "arange", argument: "step", expected: "a number other than 0", given: "0" });
    // A tensor says itself what its numbers are.
    const isWhole = (each: unknown): boolean =>
      typeof each === "number"
        ? Number.isInteger(each)
        : each === null || asTensor(each as TensorLike).dtype === "int32";
    const whole = [first, last, step].every(isWhole);
    const known = knownDtype("arange", (wanted as string | null) ?? (whole ? "int32" : "float32"));
    const [from, to] = stop === null ? [0, start] : [start, stop];
    const made = core.arange(from, to, by, known === "float32" || !whole ? "float32" : "int32");
    return new Tensor(core.cast(made, known));
  },
);

interface SpaceArguments {
  start: Operand;
  stop: Operand;
  num: TensorLike;
  endpoint: boolean;
  dtype: TensorDtype | null;
  axis: number;
}
type SpaceRest<Base, T> = Args<
  [start: Operand, stop: Operand, num: TensorLike, endpoint: boolean, ...T[]],
  SpaceArguments & Base
>;
/** `num` numbers of one distance from start to stop, along a new axis. */
function spaced(
  op: string,
  start: core.Tensor,
  stop: core.Tensor,
  { num: count, endpoint, axis }: Pick<SpaceArguments, "num" | "endpoint" | "axis">,
): { values: core.Tensor; step: core.Tensor; along: (x: core.Tensor) => core.Tensor } {
  const num = hostNumber(op, "num", count);
  if (!(Number.isInteger(num) && num >= 0)) {
    const expected = "a whole number of at least 0";
    throw new core.ArgumentError({ op, argument: "num", expected, given: `${num}` });
  }
  const parts = endpoint ? num - 1 : num;
  const step = core.div(core.sub(stop, start), parts > 0 ? parts : Number.NaN);
  const rank = Math.max(start.rank, stop.rank);
  const at = axis < 0 ? axis + rank + 1 : axis;
  if (at < 0 || at > rank)
    throw new core.ArgumentError({
      op,
      argument: "axis",
      expected: `an integer from ${-rank - 1} to ${rank}`,
      given: `${axis}`,
    });
  // Shares of both ends, each rounded once, so that both ends are met exactly.
  const places = core.reshape(core.arange(0, num), [num, ...new Array<number>(rank).fill(1)]);
  const share = (of: core.Tensor): core.Tensor => core.div(of, Math.max(parts, 1));
  const rest = parts > 0 ? core.sub(parts, places) : 1;
  const values = core.add(
    core.mul(start, typeof rest === "number" ? rest : share(rest)),
    core.mul(stop, share(places)),
  );
  const order = Array.from({ length: rank }, (_, i) => i + 1);
  return {
    values: at === 0 ? values : core.transpose(values, order.toSpliced(at, 0, 0)),
    step,
    // What is the same for all numbers, in their shape.
    along: (x) => core.reshape(x, [...new Array<number>(rank - x.rank).fill(1), ...x.shape].toSpliced(at, 0, 1)),
  };
}
const endpointRules = { num: numberKind.or(50), endpoint: bool.or(true) } as const;
const inDtype = (x: core.Tensor, wanted: unknown, op: string): Tensor =>
  new Tensor(core.cast(x, knownDtype(op, (wanted as string | null) ?? "float32")));

/** `num` numbers of one distance, the last of them stop unless `endpoint` is false. */
export const linspace: {
  (start: TensorLike, stop: TensorLike, num?: number, endpoint?: boolean): Tensor;
  (
    ...args: SpaceRest<{ retstep: boolean }, boolean | TensorDtype | number | null>
  ): Tensor | [samples: Tensor, step: Tensor];
} = defineOp(
  "keras.ops.linspace",
  {
    start: arrayOrPlaceholder,
    stop: arrayOrPlaceholder,
    ...endpointRules,
    retstep: bool.or(false),
    dtype: string.or(null),
    axis: int.or(0),
  },
  {
    compute: ({ start, stop, retstep, dtype: wanted, ...given }) => {
      const { values, step } = spaced("linspace", floated(start, "linspace"), floated(stop, "linspace"), given);
      const result = inDtype(wanted === "int32" ? core.floor(values) : values, wanted, "linspace");
      return retstep ? [result, new Tensor(step)] : result;
    },
  },
) as never;
const spaceRules = { start: arrayOrPlaceholder, stop: arrayOrPlaceholder, ...endpointRules };
/** Powers of `base` whose exponents have one distance. */
export const logspace: (...args: SpaceRest<{ base: number }, number | TensorDtype | null>) => Tensor = defineOp(
  "keras.ops.logspace",
  { ...spaceRules, base: number.or(10), dtype: string.or(null), axis: int.or(0) },
  {
    compute: ({ start, stop, base, dtype: wanted, ...given }) => {
      const { values } = spaced("logspace", floated(start, "logspace"), floated(stop, "logspace"), given);
      return inDtype(core.pow(base, values), wanted, "logspace");
    },
  },
);
/** Numbers of one ratio from start to stop. */
export const geomspace: (...args: SpaceRest<unknown, number | TensorDtype | null>) => Tensor = defineOp(
  "keras.ops.geomspace",
  { ...spaceRules, dtype: string.or(null), axis: int.or(0) },
  {
    compute: ({ start, stop, dtype: wanted, ...given }) => {
      const from = floated(start, "geomspace");
      const logs = [from, floated(stop, "geomspace")].map((x) => core.log(core.abs(x))) as [core.Tensor, core.Tensor];
      const { values, along } = spaced("geomspace", ...logs, given);
      return inDtype(core.mul(core.exp(values), along(core.sign(from))), wanted, "geomspace");
    },
  },
);

type EyeArguments = { N: number; M: number | null; k: number; dtype: TensorDtype | null };
type EyeOp = (
  ...args: Args<[N: number, M: number | null, k: number, dtype: TensorDtype | null], EyeArguments>
) => Tensor;
const eyeRules = { N: wholeNumber, M: wholeNumber.or(null), k: int.or(0), dtype: string.or(null) };
/** Ones on the k-th diagonal. */
export const eye: EyeOp = define("keras.ops.eye", eyeRules, ({ N, M, k, dtype: wanted }) =>
  inDtype(core.eye(N, (M as number | null) ?? N, k), wanted, "eye"),
);
/** Ones on the k-th diagonal and below it. */
export const tri: EyeOp = define("keras.ops.tri", eyeRules, ({ N, M, k, dtype: wanted }) =>
  inDtype(core.tril(core.ones([N, (M as number | null) ?? N]), k), wanted, "tri"),
);
/** Ones on the diagonal. */
export const identity: (
  ...args: Args<[n: number, dtype: TensorDtype | null], { n: number; dtype: TensorDtype | null }>
) => Tensor = define("keras.ops.identity", { n: wholeNumber, dtype: string.or(null) }, ({ n, dtype: wanted }) =>
  inDtype(core.eye(n, n), wanted, "identity"),
);

/** The length of a window, on the host. */
function windowLength(op: string, given: TensorLike): number {
  const x = hostNumber(op, "x", given);
  if (Number.isInteger(x) && x >= 0) return x;
  throw new core.ArgumentError({ op, argument: "x", expected: "a whole number of at least 0", given: `${x}` });
}
const windowOfLength = (name: core.WindowName, n: number, beta?: number): Tensor => {
  if (n === 1) return new Tensor(core.ones([1]));
  return new Tensor(core.window(name, n, { periodic: false, ...(beta === undefined ? {} : { beta }) }));
};
const windowOf = (name: string, window: core.WindowName): ((x: TensorLike) => Tensor) =>
  define(`keras.ops.${name}`, { x: numberKind }, ({ x }) => windowOfLength(window, windowLength(name, x)));
export const bartlett = windowOf("bartlett", "bartlett");
export const blackman = windowOf("blackman", "blackman");
export const hamming = windowOf("hamming", "hamming");
export const hanning = windowOf("hanning", "hann");
type KaiserArguments = { x: TensorLike; beta: TensorLike };
/** Kaiser's window of `x` numbers. */
export const kaiser: (...args: Args<[x: TensorLike, beta: TensorLike], KaiserArguments>) => Tensor = define(
  "keras.ops.kaiser",
  { x: numberKind, beta: numberKind },
  ({ x, beta }) => windowOfLength("kaiser", windowLength("kaiser", x), hostNumber("kaiser", "beta", beta)),
);
