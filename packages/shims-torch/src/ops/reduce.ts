// Reductions.
import * as core from "@facet/autograd";
import { type Args, define, defineMethod, int, number, oneOf } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import type { Dtype } from "../dtype.js";
import { complain, dimension, dimensions } from "../errors.js";
import { dims, dtype, forms, native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { larger, type Out, smaller } from "./arithmetic.js";
import { requireFloat, typeName } from "./scalar.js";
import type { ValuesAndIndices } from "./tuples.js";

export type Dims = number | readonly number[] | null;

export interface ReduceArguments extends Out {
  /** One dimension or several; null, or none listed, for all. */
  dim: Dims;
  keepdim: boolean;
}
export type ReduceArgs = Args<[dim: Dims, keepdim: boolean], ReduceArguments>;

export interface Typed {
  /** The input is converted to it first; default null: it is taken as it comes. */
  dtype: Dtype | null;
}
export type TypedReduceArgs = Args<[dim: Dims, keepdim: boolean], ReduceArguments & Typed>;
export type ProdArgs = Args<[dim: number, keepdim: boolean], DimArguments & Typed>;

type Options = core.ReduceOptions;
type Reduce = (x: core.Tensor, options: Options) => core.Tensor;

export function axesOf(op: string, input: Tensor, dim: Dims, keepdim: boolean): Options {
  const axes = dim === null || (typeof dim !== "number" && dim.length === 0) ? [] : dimensions(op, dim, input.rank);
  // A tensor without dimensions may be told the one that it would have.
  return { axes: axes.length === 0 || input.rank === 0 ? undefined : axes, keepdims: keepdim };
}

const reduced = (f: Reduce, input: Tensor, dtype: Dtype | null, options: Options): Tensor =>
  core.scope(() => wrap(f(dtype === null ? input.core : convertCore(input.core, dtype.core), options)));

export const several = { dim: dims.orNone, keepdim: false, "*": null, dtype: dtype.or(null), out } as const;

const readSum = forms("sum", { input: tensor, "*": null, dtype: dtype.or(null) }, { input: tensor, ...several });
/** Sum over all dimensions or the given ones; of bools their number. */
export const sum = (input: Tensor, ...args: TypedReduceArgs): Tensor => {
  const { form, values } = readSum([input, ...args]);
  const options = form === "0" ? {} : axesOf("sum", values.input, values.dim, values.keepdim);
  return reduced(values.dtype?.core === "bool" ? core.any : core.checked.sum, values.input, values.dtype, options);
};

const readMean = forms("mean", { input: tensor, "*": null, dtype: dtype.or(null), out }, { input: tensor, ...several });
/** Mean of floats. */
export const mean = (input: Tensor, ...args: TypedReduceArgs): Tensor => {
  const { form, values } = readMean([input, ...args]);
  const options = form === "0" ? {} : axesOf("mean", values.input, values.dim, values.keepdim);
  return reduced((x) => core.mean(floats("mean", x), options), values.input, values.dtype, options);
};

const readProd = forms(
  "prod",
  { input: tensor, "*": null, dtype: dtype.or(null) },
  { input: tensor, dim: int, keepdim: false, "*": null, dtype: dtype.or(null), out },
);
/** Product over all dimensions or one; of bools int64. */
export const prod = (input: Tensor, ...args: ProdArgs): Tensor => {
  const { form, values } = readProd([input, ...args]);
  const options = form === "0" ? {} : axesOf("prod", values.input, values.dim, values.keepdim);
  const whole: Reduce = (x) => core.checked.prod(x.dtype === "bool" ? core.cast(x, "int32") : x, options);
  return reduced(values.dtype?.core === "bool" ? core.all : whole, values.input, values.dtype, options);
};

export function floats(op: string, x: core.Tensor): core.Tensor {
  if (x.dtype === "float32") return x;
  return complain(
    core.DtypeError,
    `${op}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${typeName(x.dtype)}`,
    { op, argument: "input", expected: "torch.float32 (convert with .float())", given: x.dtype },
  );
}

function requireElements(op: string, input: Tensor, dim: Dims): void {
  if (input.core.size > 0) return;
  const axes = dim === null ? [] : typeof dim === "number" ? [dim] : dim;
  const empty = axes.map((axis) => dimension(op, axis, input.rank)).find((axis) => input.shape[axis] === 0);
  if (axes.length > 0 && empty === undefined) return;
  complain(
    core.ShapeError,
    empty === undefined
      ? `${op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`
      : `${op}(): Expected reduction dim ${empty} to have non-zero size.`,
    { op, argument: "input", expected: "at least one element", given: sizeText(input.shape) },
  );
}

function extremeOver(name: string, f: Reduce): (input: Tensor, ...args: ReduceArgs) => Tensor {
  return native(
    name,
    { input: tensor, dim: dims.orNone.or([]), keepdim: false, "*": null, out },
    ({ input, dim, keepdim }) => {
      requireElements(name, input, dim);
      const options = axesOf(name, input, dim, keepdim);
      return core.scope(() => wrap(f(input.core, options)));
    },
  );
}

/** Largest element, over several dimensions at once; elements that tie share the gradient. */
export const amax = extremeOver("amax", core.max);
export const amin = extremeOver("amin", core.min);

function quantifier(name: string, f: Reduce): (input: Tensor, ...args: ReduceArgs) => Tensor {
  return native(
    name,
    { input: tensor, dim: dims.or(null), keepdim: false, "*": null, out },
    ({ input, dim, keepdim }) => {
      // No dimension listed reduces none here.
      if (typeof dim === "object" && dim?.length === 0)
        return core.scope(() => wrap(copyOf(convertCore(input.core, "bool"))));
      return core.scope(() => wrap(f(input.core, axesOf(name, input, dim, keepdim))));
    },
  );
}

export const any = quantifier("any", core.any);
export const all = quantifier("all", core.all);

export interface DimArguments extends Out {
  dim: number | null;
  keepdim: boolean;
}
export type DimArgs = Args<[dim: number | null, keepdim: boolean], DimArguments>;

function argReduction(name: string, f: typeof core.argmax): (input: Tensor, ...args: DimArgs) => Tensor {
  return native(
    name,
    { input: tensor, dim: int.or(null), keepdim: false, "*": null, out },
    ({ input, dim, keepdim }) => {
      if (input.core.dtype === "bool")
        complain(core.DtypeError, `${name}(): does not support bool input`, {
          op: name,
          argument: "input",
          expected: "numbers",
          given: "torch.bool",
        });
      requireElements(name, input, dim);
      return core.scope(() => {
        const x = flatIf(input, input.rank === 0);
        if (dim !== null) {
          const found = f(x, dimension(name, dim, input.rank), keepdim);
          return wrap(input.rank === 0 ? core.reshape(found, []) : found);
        }
        const kept = keepdim ? input.shape.map(() => 1) : [];
        return wrap(core.reshape(f(flatIf(input, true), 0), kept));
      });
    },
  );
}

const flatIf = (input: Tensor, flat: boolean): core.Tensor =>
  flat ? core.reshape(input.core, [input.core.size]) : input.core;

/** Index of the first largest element: along a dimension, or of the flattened tensor. */
export const argmax = argReduction("argmax", core.argmax);
/** Index of the first smallest element. */
export const argmin = argReduction("argmin", core.argmin);

export interface Extreme {
  (input: Tensor, options?: { out?: null }): Tensor;
  (input: Tensor, other: Tensor): Tensor;
  (input: Tensor, options: { other: Tensor; out?: null }): Tensor;
  (input: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
  (input: Tensor, dim: number, options: { keepdim?: boolean; out?: null }): ValuesAndIndices;
  (input: Tensor, options: { dim: number; keepdim?: boolean; out?: null }): ValuesAndIndices;
}

export interface ExtremeMethod {
  (options?: { out?: null }): Tensor;
  (other: Tensor): Tensor;
  (options: { other: Tensor }): Tensor;
  (dim: number, keepdim?: boolean): ValuesAndIndices;
  (dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

function extreme(
  name: string,
  whole: typeof core.max,
  index: (x: core.Tensor, axis: number, keepdims: boolean) => core.Tensor,
  pairwise: (a: Tensor, b: Tensor) => Tensor,
): Extreme {
  const read = forms(
    name,
    { input: tensor, "*": null, out },
    { input: tensor, other: tensor, "*": null, out },
    { input: tensor, dim: int, keepdim: false, "*": null, out },
  );
  const call = (...args: unknown[]): Tensor | ValuesAndIndices => {
    const { form, values } = read(args);
    if (form === "1") return pairwise(values.input, values.other);
    const { input } = values;
    if (form === "0") {
      requireElements(name, input, null);
      return core.scope(() => wrap(whole(input.core, { nanTies: true })));
    }
    const { dim, keepdim } = values;
    requireElements(name, input, dim);
    return core.scope(() => along(input, dimension(name, dim, input.rank), keepdim, index));
  };
  return call as Extreme;
}

/** Extreme elements along a dimension, and where they stand: the gradient goes to those places alone, as in PyTorch. */
function along(
  input: Tensor,
  axis: number,
  keepdim: boolean,
  index: (x: core.Tensor, axis: number, keepdims: boolean) => core.Tensor,
): ValuesAndIndices {
  const shape = input.rank === 0 ? [1] : input.shape;
  const { dtype } = input.core;
  const x = core.reshape(dtype === "bool" ? core.cast(input.core, "int32") : input.core, shape);
  const at = index(x, axis, true);
  const positions = core.reshape(
    core.arange(0, shape[axis] as number, 1, "int32"),
    shape.map((extent, i) => (i === axis ? extent : 1)),
  );
  const found = core.sum(core.where(core.equal(positions, at), x, 0), { axes: axis });
  const kept = input.rank === 0 ? [] : shape.flatMap((extent, i) => (i === axis ? (keepdim ? [1] : []) : [extent]));
  const [values, indices] = [core.cast(found, dtype), at].map((y) => wrap(core.reshape(y, kept))) as [Tensor, Tensor];
  return Object.assign([values, indices] as [Tensor, Tensor], { values, indices });
}

/** Largest element; with `dim` the pair [values, indices]; with a tensor the elementwise maximum. */
export const max = extreme("max", core.max, core.argmax, larger);
/** Smallest element; with `dim` the pair [values, indices]; with a tensor the elementwise minimum. */
export const min = extreme("min", core.min, core.argmin, smaller);

export interface VarArguments extends ReduceArguments {
  /** n - correction elements divide; default 1. */
  correction: number | null;
  /** Older name, which excludes the other: true is a correction of 1, false of 0. */
  unbiased: boolean;
}
export type VarArgs =
  | Args<[dim: Dims], VarArguments>
  | [unbiased: boolean]
  | [dim: Dims, unbiased: boolean, keepdim?: boolean];

/** What var and std are told, as the core takes it. */
export function readSpread(name: string, ...last: readonly [{ readonly out?: typeof out }?]) {
  const read = forms(
    name,
    { input: tensor, dim: dims.or(null), "*": null, correction: number.or(null), keepdim: false, ...last[0] },
    { input: tensor, dim: dims.orNone, unbiased: true, keepdim: false, "*": null, ...last[0] },
    { input: tensor, unbiased: true },
  );
  return (args: readonly unknown[]): { input: Tensor; options: Options; correction: number } => {
    const { form, values } = read(args);
    const { input } = values;
    const [dim, keepdim] = form === "2" ? [null, false] : [values.dim, values.keepdim];
    const correction = form === "0" ? (values.correction ?? 1) : Number(values.unbiased);
    if (input.core.dtype !== "float32")
      complain(core.DtypeError, `${name} only support floating point and complex dtypes`, {
        op: name,
        argument: "input",
        expected: "torch.float32 (convert with .float())",
        given: `${input.dtype}`,
      });
    return { input, options: axesOf(name, input, dim, keepdim), correction };
  };
}

function spread(name: string, f: typeof core.variance): (input: Tensor, ...args: VarArgs) => Tensor {
  const read = readSpread(name, { out });
  return (...args) => {
    const { input, options, correction } = read(args);
    return core.scope(() => wrap(f(input.core, options, correction)));
  };
}

/** Variance, unbiased unless `correction: 0`. */
const variance_ = spread("var", core.variance);

export { variance_ as var };
/** Square root of the variance. */
export const std = spread("std", core.std);

export interface NormArguments {
  /** The order: any number, Infinity among them; "fro" and null are 2. Default "fro". */
  p: number | "fro" | null;
  dim: Dims;
  keepdim: boolean;
  out: null;
  /** The input is converted to it first. */
  dtype: Dtype | null;
}
export type NormArgs = Args<[p: number | "fro" | null, dim: Dims, keepdim: boolean], NormArguments>;

const normArguments = {
  p: number.either(oneOf("fro", "nuc")).orNone.or("fro"),
  dim: dims.or(null),
  keepdim: false,
} as const;

function normOf(
  input: Tensor,
  { p, dim, keepdim, dtype }: { p: number | string | null; dim: Dims; keepdim: boolean; dtype: Dtype | null },
): Tensor {
  const options = axesOf("norm", input, dim, keepdim);
  if (p === "nuc")
    throw new core.UnsupportedError({ op: "norm", argument: "p", expected: "a number or 'fro'", given: "'nuc'" });
  if (p === "fro" && typeof dim === "object" && (dim?.length ?? 0) > 2)
    complain(core.ArgumentError, `linalg.matrix_norm: dim must be a 2-tuple. Got ${dim?.join(" ")}`, {
      op: "norm",
      argument: "dim",
      expected: "at most two dimensions for p 'fro'",
      given: sizeText(dim ?? []),
    });
  const order = p === null || p === "fro" ? 2 : Number(p);
  if (Math.abs(order) === Infinity || order < 0) requireElements("norm", input, dim);
  return core.scope(() => {
    const x = floats("norm", dtype === null ? input.core : convertCore(floats("norm", input.core), dtype.core));
    return wrap(normOfOrder(x, order, options));
  });
}

function normOfOrder(x: core.Tensor, order: number, options: Options): core.Tensor {
  if (order === 2) return core.norm(x, options);
  const size = core.abs(x);
  if (order === 1) return core.sum(size, options);
  if (order === Infinity) return core.max(size, options);
  if (order === -Infinity) return core.min(size, options);
  if (order === 0) return core.sum(core.cast(core.notEqual(x, 0), "float32"), options);
  return core.pow(core.sum(core.pow(size, order), options), 1 / order);
}

/** p-norm of the elements. */
export const norm: (input: Tensor, ...args: NormArgs) => Tensor = define(
  "torch.norm",
  { input: tensor, ...normArguments, out, dtype: dtype.or(null) },
  ({ input, ...given }) => normOf(input, given),
);
/** The method has no place for out. */
export const normMethod: (self: Tensor, ...args: NormArgs) => Tensor = defineMethod(
  "torch.Tensor.norm",
  { ...normArguments, dtype: dtype.or(null) },
  normOf,
);

export interface SoftmaxArguments extends Out {
  dim: number;
  /** The input is converted to it first. */
  dtype: Dtype | null;
}
export type SoftmaxArgs = Args<[dim: number, dtype: Dtype | null], SoftmaxArguments>;

function softmaxOf(
  name: string,
  f: (x: core.Tensor, axis: number) => core.Tensor,
): (input: Tensor, ...args: SoftmaxArgs) => Tensor {
  return native(name, { input: tensor, dim: int, dtype: dtype.or(null), "*": null, out }, ({ input, dim, dtype }) => {
    const axis = dimension(name, dim, input.rank);
    return core.scope(() => {
      const x = dtype === null ? input.core : convertCore(input.core, dtype.core);
      requireFloat(name, dtype === null ? "input" : "dtype", x.dtype, `${name}_kernel_impl`);
      return wrap(f(x, axis));
    });
  });
}

/** e^x over its sum along `dim`. */
export const softmax = softmaxOf("softmax", core.softmax);
/** Logarithm of softmax along `dim`. */
export const log_softmax = softmaxOf("log_softmax", core.logSoftmax);
