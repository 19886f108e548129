// Reductions, with PyTorch's arguments: (dim, keepdim) by position or name.
import * as core from "@facet/autograd";
import { complain, dimension, dimensions } from "../errors.js";
import { sizeText } from "../python.js";
import { type Args, isKeywords, signature } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";
import { convertCore, maximum, minimum } from "./elementwise.js";

export interface ReduceArguments {
  /** One dimension or several; null for all. */
  dim: number | readonly number[] | null;
  keepdim: boolean;
}
export type ReduceArgs = Args<[dim: number | readonly number[] | null, keepdim: boolean], ReduceArguments>;

const reader = (fn: string) => signature<ReduceArguments>(fn, { dim: null, keepdim: false });

function axesOf(op: string, input: Tensor, { dim, keepdim }: ReduceArguments): core.ReduceOptions {
  return { axes: dim === null ? undefined : dimensions(op, dim, input.rank), keepdims: keepdim };
}

function reduction(fn: string, f: (x: core.Tensor, options: core.ReduceOptions) => core.Tensor) {
  const read = reader(fn);
  return (input: Tensor, ...args: ReduceArgs): Tensor =>
    core.scope(() => wrap(f(input.core, axesOf(fn, input, read(args)))));
}

/** Sum over all dimensions or the given ones; of bools their number. */
export const sum = reduction("sum", core.sum);
/** Mean of floats. */
export const mean = reduction("mean", (x, options) => core.mean(requireFloat("mean", x), options));
/** Largest element, over several dimensions at once; elements that tie share the gradient. */
export const amax = reduction("amax", core.max);
export const amin = reduction("amin", core.min);
export const any = reduction("any", core.any);
export const all = reduction("all", core.all);

function requireFloat(op: string, x: core.Tensor): core.Tensor {
  if (x.dtype === "float32") return x;
  const name = x.dtype === "bool" ? "Bool" : x.dtype === "uint8" ? "Byte" : "Long";
  return complain(
    core.DtypeError,
    `${op}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${name}`,
    { op, argument: "input", expected: "torch.float32 (convert with .float())", given: x.dtype },
  );
}

export interface DimArguments {
  dim: number | null;
  keepdim: boolean;
}
export type DimArgs = Args<[dim: number | null, keepdim: boolean], DimArguments>;
const dimReader = (fn: string) => signature<DimArguments>(fn, { dim: null, keepdim: false });

const readProd = dimReader("prod");
/** Product over all dimensions or one. */
export function prod(input: Tensor, ...args: DimArgs): Tensor {
  return core.scope(() => wrap(core.prod(input.core, axesOf("prod", input, readProd(args)))));
}

/** A pair of tensors that also has names, as PyTorch's named tuple. */
export type ValuesAndIndices = [values: Tensor, indices: Tensor] & { values: Tensor; indices: Tensor };

function requireElements(op: string, input: Tensor): void {
  if (input.core.size > 0) return;
  complain(
    core.ShapeError,
    `${op}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
    { op, argument: "input", expected: "at least one element", given: sizeText(input.shape) },
  );
}

function argReduction(fn: string, f: typeof core.argmax) {
  const read = dimReader(fn);
  return (input: Tensor, ...args: DimArgs): Tensor => {
    const { dim, keepdim } = read(args);
    if (dim === null) requireElements(fn, input);
    return core.scope(() => {
      if (dim !== null) return wrap(f(input.core, dimension(fn, dim, input.rank), keepdim));
      const flat = f(core.reshape(input.core, [input.core.size]), 0);
      return wrap(
        keepdim
          ? core.reshape(
              flat,
              input.shape.map(() => 1),
            )
          : flat,
      );
    });
  };
}

/** Index of the first largest element: along a dimension, or of the flattened tensor. */
export const argmax = argReduction("argmax", core.argmax);
/** Index of the first smallest element. */
export const argmin = argReduction("argmin", core.argmin);

function extreme(
  fn: string,
  whole: typeof core.max,
  index: (x: core.Tensor, axis: number, keepdims: boolean) => core.Tensor,
  pairwise: (a: Tensor, b: Tensor) => Tensor,
) {
  const read = dimReader(fn);
  function call(input: Tensor): Tensor;
  function call(input: Tensor, other: Tensor): Tensor;
  function call(input: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
  function call(input: Tensor, options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
  function call(input: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices;
  function call(input: Tensor, ...args: unknown[]): Tensor | ValuesAndIndices {
    if (args[0] instanceof Tensor) return pairwise(input, args[0]);
    const { dim, keepdim } = read(args);
    if (dim === null) {
      requireElements(fn, input);
      return wrap(whole(input.core, { nanTies: true }));
    }
    const axis = dimension(fn, dim, input.rank);
    return core.scope(() => {
      const at = index(input.core, axis, true);
      const values = wrap(core.sum(pick(input.core, at, axis), { axes: axis, keepdims: keepdim }));
      const shape = input.shape.flatMap((extent, i) => (i === axis ? (keepdim ? [1] : []) : [extent]));
      const indices = wrap(core.reshape(at, shape));
      return Object.assign([values, indices] as [Tensor, Tensor], { values, indices });
    });
  }
  return call;
}

/** x where it is the chosen element of its row, else 0: the gradient goes to that element alone, as in PyTorch. */
function pick(x: core.Tensor, at: core.Tensor, axis: number): core.Tensor {
  const extent = x.shape[axis] as number;
  const positions = core.arange(0, extent, 1, "int32");
  const along = core.reshape(
    positions,
    x.shape.map((_, i) => (i === axis ? extent : 1)),
  );
  return core.where(core.equal(along, at), x, 0);
}

/** Largest element; with `dim` the pair [values, indices]; with a tensor the elementwise maximum. */
export const max = extreme("max", core.max, core.argmax, maximum);
/** Smallest element; with `dim` the pair [values, indices]; with a tensor the elementwise minimum. */
export const min = extreme("min", core.min, core.argmin, minimum);

export interface VarArguments extends ReduceArguments {
  /** n - correction elements divide; default 1. */
  correction: number;
  /** Older name: true is a correction of 1, false of 0. */
  unbiased: boolean | null;
}
export type VarArgs = Args<[dim: number | readonly number[] | null], VarArguments>;
const readVar = signature<VarArguments>("var", { dim: null, correction: 1, unbiased: null, keepdim: false });

function moment(op: "var" | "std", input: Tensor, args: readonly unknown[]): core.Tensor {
  // var(unbiased) and var(dim, unbiased, keepdim) are older forms by position.
  const [first, second, third] = args.filter((arg) => !isKeywords(arg));
  const options = args.find(isKeywords);
  const older =
    typeof first === "boolean"
      ? { unbiased: first }
      : typeof second === "boolean"
        ? { dim: first, unbiased: second, keepdim: third }
        : undefined;
  const { dim, correction, unbiased, keepdim } = readVar(older ? [{ ...older, ...options }] : args);
  const x = requireFloat(op, input.core);
  const f = op === "var" ? core.variance : core.std;
  return f(x, axesOf(op, input, { dim, keepdim }), unbiased === null ? correction : Number(unbiased));
}

/** Variance, unbiased unless `correction: 0`. */
const variance_ = (input: Tensor, ...args: VarArgs | unknown[]): Tensor =>
  core.scope(() => wrap(moment("var", input, args)));

export { variance_ as var };
/** Square root of the variance. */
export const std = (input: Tensor, ...args: VarArgs | unknown[]): Tensor =>
  core.scope(() => wrap(moment("std", input, args)));

export interface NormArguments extends ReduceArguments {
  p: number | "fro";
}
const readNorm = signature<NormArguments>("norm", { p: "fro", dim: null, keepdim: false });

/** p-norm of the elements for p 1, 2 ("fro") and Infinity. */
export function norm(
  input: Tensor,
  ...args: Args<[p: number | "fro", dim: number | readonly number[] | null, keepdim: boolean], NormArguments>
): Tensor {
  const { p, ...rest } = readNorm(args);
  const options = axesOf("norm", input, rest);
  return core.scope(() => {
    const x = requireFloat("norm", input.core);
    if (p === 2 || p === "fro") return wrap(core.norm(x, options));
    if (p === 1) return wrap(core.sum(core.abs(x), options));
    if (p === Number.POSITIVE_INFINITY) return wrap(core.max(core.abs(x), options));
    throw new core.UnsupportedError({ op: "norm", argument: "p", expected: "1, 2, 'fro' or Infinity", given: `${p}` });
  });
}

export interface SoftmaxArguments {
  dim: number | null;
}
export type SoftmaxArgs = Args<[dim: number], SoftmaxArguments>;
const softmaxReader = (fn: string) => signature<SoftmaxArguments>(fn, { dim: null });

function softmaxOf(fn: string, f: (x: core.Tensor, axis: number) => core.Tensor) {
  const read = softmaxReader(fn);
  return (input: Tensor, ...args: SoftmaxArgs): Tensor => {
    const { dim } = read(args);
    // PyTorch's own choice when dim is left out, which it calls deprecated.
    const chosen = dim ?? (input.rank === 0 || input.rank === 1 || input.rank === 3 ? 0 : 1);
    return core.scope(() => wrap(f(convertCore(input.core, "float32"), dimension(fn, chosen, input.rank))));
  };
}

/** e^x over its sum along `dim`. */
export const softmax = softmaxOf("softmax", core.softmax);
/** Logarithm of softmax along `dim`. */
export const log_softmax = softmaxOf("log_softmax", core.logSoftmax);
