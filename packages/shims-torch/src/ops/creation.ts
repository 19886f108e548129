// Functions that make tensors. A trailing object takes dtype, device and requires_grad.
import * as core from "@facet/autograd";
import { checkDevice, type Device, Dtype, float32, int64 } from "../dtype.js";
import { complain } from "../errors.js";
import { type Generator, nextKey } from "../random.js";
import { type Args, isKeywords, type Keywords, only, required, signature } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";
import { convertCore } from "./elementwise.js";
import { extentsOf } from "./shape.js";

export interface CreationArguments {
  dtype: Dtype | null;
  device: Device | string | null;
  requires_grad: boolean;
}
const creation = { dtype: null, device: null, requires_grad: false } as const;

function finish(op: string, x: core.Tensor, { dtype, device, requires_grad }: CreationArguments): Tensor {
  if (device !== null) checkDevice(op, device);
  const tensor = wrap(dtype === null ? x : convertCore(x, checkDtype(op, dtype).core));
  return requires_grad ? tensor.requires_grad_() : tensor;
}

function checkDtype(op: string, dtype: Dtype): Dtype {
  if (dtype instanceof Dtype) return dtype;
  throw new core.ArgumentError({ op, argument: "dtype", expected: "a dtype such as torch.float32", given: `${dtype}` });
}

export type TensorData = core.NestedArray | Float32Array | Int32Array | Uint8Array | readonly TensorData[];

/** Shape and flat values of nested arrays, typed arrays included. */
function flattenData(data: TensorData): { shape: number[]; values: ArrayLike<number | boolean>; dtype: core.Dtype } {
  if (data instanceof Float32Array) return { shape: [data.length], values: data, dtype: "float32" };
  if (data instanceof Int32Array) return { shape: [data.length], values: data, dtype: "int32" };
  if (data instanceof Uint8Array) return { shape: [data.length], values: data, dtype: "uint8" };
  try {
    const { shape, values } = core.flattenNested(data as core.NestedArray);
    return { shape, values, dtype: inferred(values) };
  } catch (error) {
    if (!(error instanceof core.ShapeError)) throw error;
    return complain(core.ShapeError, "expected sequences of equal length", {
      op: "tensor",
      argument: "data",
      expected: error.expected,
      ...(error.given === undefined ? {} : { given: error.given }),
    });
  }
}

function inferred(values: readonly (number | boolean)[]): core.Dtype {
  if (values.length === 0) return "float32";
  if (values.every((value) => typeof value === "boolean")) return "bool";
  return values.every((value) => Number.isInteger(Number(value)) && !Object.is(value, -0)) ? "int32" : "float32";
}

const readTensor = signature<CreationArguments>("tensor", creation);

/**
 * A tensor of numbers, nested arrays or a typed array. JavaScript does not tell 1 from 1.0: data of whole numbers alone
 * becomes int64, as Python's ints do, unless `dtype` says otherwise; booleans become bool, the rest float32.
 */
export function tensor(data: TensorData, options?: Keywords<CreationArguments>): Tensor {
  const settings = readTensor(options ? [options] : []);
  const { shape, values, dtype } = flattenData(data);
  const own = settings.dtype === null ? dtype : checkDtype("tensor", settings.dtype).core;
  return finish("tensor", core.fromData(whole(values, own), shape, own), { ...settings, dtype: null });
}

/** Fractions cut off where integers are asked for, as PyTorch does. */
function whole(values: ArrayLike<number | boolean>, dtype: core.Dtype): ArrayLike<number | boolean> {
  return dtype === "int32" || dtype === "uint8" ? Array.from(values, (value) => Math.trunc(Number(value))) : values;
}

/** The tensor itself, or one of the data. */
export const as_tensor = (data: TensorData | Tensor, options?: Keywords<CreationArguments>): Tensor =>
  data instanceof Tensor ? (options?.dtype ? data.to(options.dtype) : data) : tensor(data, options);

type SizeArgs = (number | readonly number[] | Keywords<CreationArguments>)[];

/** Extents and options of f(2, 3, {...}) and f([2, 3], {...}). */
function sized(fn: string, args: readonly unknown[]): { shape: number[]; settings: CreationArguments } {
  const last = args.at(-1);
  const options = isKeywords(last) ? last : undefined;
  const shape = extentsOf((options ? args.slice(0, -1) : args) as (number | readonly number[])[]);
  return { shape, settings: signature<CreationArguments>(fn, creation)(options ? [options] : []) };
}

function filled(fn: string, value: number) {
  return (...args: SizeArgs): Tensor => {
    const { shape, settings } = sized(fn, args);
    const dtype = settings.dtype ?? float32;
    if (dtype.core === "uint8")
      return finish(fn, core.fromData(new Uint8Array(core.sizeOf(shape)).fill(value), shape, "uint8"), settings);
    return finish(fn, core.full(shape, value, dtype.core), settings);
  };
}

export const zeros = filled("zeros", 0);
export const ones = filled("ones", 1);
/** Zeros: Facet has no uninitialised memory to show. */
export const empty = filled("empty", 0);

const readFull = signature<{ size: readonly number[]; fill_value: number | boolean } & CreationArguments>("full", {
  size: required,
  fill_value: required,
  ...creation,
});

/** A tensor of one value; int64 for a whole number, as in PyTorch. */
export function full(
  size: readonly number[],
  fill_value: number | boolean,
  ...args: Args<[], CreationArguments>
): Tensor {
  const settings = readFull([size, fill_value, ...args]);
  const dtype = settings.dtype?.core ?? inferred([fill_value]);
  return finish("full", core.full(settings.size, settings.fill_value, dtype), settings);
}

const like =
  (fn: string, make: (...args: SizeArgs) => Tensor) =>
  (input: Tensor, options: Keywords<CreationArguments> = {}): Tensor =>
    make(input.shape, { ...options, dtype: options.dtype ?? (fn.startsWith("rand") ? float32 : input.dtype) });
export const zeros_like = like("zeros_like", zeros);
export const ones_like = like("ones_like", ones);
export const empty_like = like("empty_like", empty);
export const full_like = (input: Tensor, fill_value: number, options: Keywords<CreationArguments> = {}): Tensor =>
  full(input.shape, fill_value, { ...options, dtype: options.dtype ?? input.dtype });

const readArange = signature<{ start: number; end: number; step: number } & CreationArguments>("arange", {
  start: required,
  end: required,
  step: 1,
  ...creation,
});

/** start, start + step, ... below end: int64 when all three are whole numbers, else float32. arange(end) starts at 0. */
export function arange(
  ...args:
    | [end: number, options?: Keywords<CreationArguments>]
    | [start: number, end: number, options?: Keywords<CreationArguments>]
    | [start: number, end: number, step: number, options?: Keywords<CreationArguments>]
): Tensor {
  const numbers = args.filter((arg) => typeof arg === "number").length;
  const { start, end, step, ...settings } = readArange(numbers === 1 ? [0, ...args] : args);
  const integer = [start, end, step].every(Number.isInteger);
  const dtype = settings.dtype ?? (integer ? int64 : float32);
  return finish("arange", core.arange(start, end, step, dtype.core === "float32" ? "float32" : "int32"), settings);
}

const readLinspace = signature<{ start: number; end: number; steps: number } & CreationArguments>("linspace", {
  start: required,
  end: required,
  steps: required,
  ...creation,
});

/** `steps` numbers from start to end, both included. */
export function linspace(start: number, end: number, steps: number, ...args: Args<[], CreationArguments>): Tensor {
  const settings = readLinspace([start, end, steps, ...args]);
  if (!Number.isInteger(steps) || steps < 0)
    complain(core.ArgumentError, "number of steps must be non-negative", {
      op: "linspace",
      argument: "steps",
      expected: "an integer of 0 or more",
      given: `${steps}`,
    });
  const gap = steps > 1 ? (end - start) / (steps - 1) : 0;
  // Counted from both ends, as PyTorch does, so that the last number is the end itself.
  const values = Array.from({ length: steps }, (_, i) =>
    2 * i < steps ? start + gap * i : end - gap * (steps - 1 - i),
  );
  return finish("linspace", core.fromData(values, [steps]), settings);
}

const readEye = signature<{ n: number; m: number | null } & CreationArguments>("eye", {
  n: required,
  m: null,
  ...creation,
});

/** Ones on the diagonal of an n x m matrix (n x n when m is left out). */
export function eye(n: number, ...args: Args<[m: number], { m: number } & CreationArguments>): Tensor {
  const { m, ...settings } = readEye([n, ...args]);
  const columns = m ?? n;
  const values = new Float32Array(n * columns);
  for (let i = 0; i < Math.min(n, columns); i++) values[i * columns + i] = 1;
  return finish("eye", core.fromData(values, [n, columns]), settings);
}

export interface RandomArguments extends CreationArguments {
  generator: Generator | null;
}

type RandomSizeArgs = (number | readonly number[] | Keywords<RandomArguments>)[];

function drawn(fn: string, draw: (key: core.Key, shape: number[]) => core.Tensor) {
  return (...args: RandomSizeArgs): Tensor => {
    const last = args.at(-1);
    const { generator, ...rest } = isKeywords(last) ? last : {};
    const { shape, settings } = sized(fn, [...(isKeywords(last) ? args.slice(0, -1) : args), rest]);
    return finish(fn, draw(nextKey(generator as Generator | undefined), shape), settings);
  };
}

/** Uniform in [0, 1). */
export const rand = drawn("rand", (key, shape) => core.uniform(key, shape));
/** Standard normal. */
export const randn = drawn("randn", (key, shape) => core.normal(key, shape));
export const rand_like = like("rand_like", rand);
export const randn_like = like("randn_like", randn);

const readRandint = signature<{ low: number; high: number; size: readonly number[] } & RandomArguments>("randint", {
  low: required,
  high: required,
  size: required,
  generator: null,
  ...creation,
});

/** Integers in [low, high). randint(high, size) starts at 0. */
export function randint(
  ...args:
    | [high: number, size: readonly number[], options?: Keywords<RandomArguments>]
    | [low: number, high: number, size: readonly number[], options?: Keywords<RandomArguments>]
): Tensor {
  const { low, high, size, generator, ...settings } = readRandint(typeof args[1] === "number" ? args : [0, ...args]);
  if (!(high > low))
    complain(core.ArgumentError, `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`, {
      op: "randint",
      argument: "high",
      expected: `more than ${low}`,
      given: `${high}`,
    });
  const values = core.randomIntegers(nextKey(generator), core.sizeOf(size), low, high);
  return finish("randint", core.fromData(values, size, "int32"), settings);
}

const readRandperm = signature<{ n: number } & RandomArguments>("randperm", {
  n: required,
  generator: null,
  ...creation,
});

/** 0 to n - 1 in random order. */
export function randperm(n: number, ...args: Args<[], RandomArguments>): Tensor {
  const { generator, ...settings } = readRandperm([n, ...args]);
  return finish("randperm", core.fromData(core.permutation(nextKey(generator), n), [n], "int32"), settings);
}

const readBernoulli = signature<{ input: Tensor; generator: Generator | null; out: null }>("bernoulli", {
  input: required,
  generator: null,
  out: only(null),
});

/** 1 with the probability that each element gives, else 0; float32. */
export function bernoulli(input: Tensor, ...args: Args<[], { generator: Generator | null }>): Tensor {
  const { generator } = readBernoulli([input, ...args]);
  return core.scope(() => {
    const draws = core.uniform(nextKey(generator), input.shape);
    return wrap(
      core.cast(
        core.less(
          draws,
          core.noGrad(() => convertCore(input.core, "float32")),
        ),
        "float32",
      ),
    );
  });
}
