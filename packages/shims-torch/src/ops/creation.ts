// Functions that make tensors.
import * as core from "@facet/autograd";
import { type Args, define, int, type Rules, type Values } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { data as dataKind, fitted, flattenData, inferred, type TensorData } from "../data.js";
import { checkDevice, type Device, type Dtype, float32, int64 } from "../dtype.js";
import { complain } from "../errors.js";
import {
  creation,
  device,
  dtype,
  each,
  forms,
  ints,
  memory_format,
  native,
  out,
  requireSome,
  scalar,
  tensor as tensorKind,
} from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { notImplemented, scalarOf } from "./scalar.js";

export type { TensorData } from "../data.js";

export interface CreationArguments {
  dtype: Dtype | null;
  device: Device | string | null;
  requires_grad: boolean;
  layout: null;
  pin_memory: boolean;
  out: null;
}

/** What all of them are told about their result. */
interface Settings {
  readonly dtype: Dtype | null;
  readonly device: Device | string | null;
  readonly requires_grad: boolean;
}

export function finish(op: string, x: core.Tensor, { device, requires_grad }: Settings): Tensor {
  if (device !== null) checkDevice(op, device);
  const result = wrap(x);
  return requires_grad ? result.requires_grad_() : result;
}

type DataArgs = Args<[dtype: Dtype | null, device: Device | string | null], CreationArguments>;

function fromHost(op: string, given: TensorData, settings: Settings): Tensor {
  const { shape, values, dtype } = flattenData(op, given);
  const own = settings.dtype?.core ?? dtype;
  return finish(op, core.fromData(own === dtype ? values : fitted(op, values, own), shape, own), settings);
}

/**
 * A tensor of numbers, nested arrays or a typed array; a copy of a tensor. JavaScript does not tell 1 from 1.0: data of whole
 * numbers alone becomes int64, as Python's ints do, unless `dtype` says otherwise; booleans become bool, the rest float32.
 */
export const tensor: (data: TensorData | Tensor, ...args: DataArgs) => Tensor = define(
  "torch.tensor",
  {
    data: dataKind.either(tensorKind),
    dtype: dtype.or(null),
    device: device.or(null),
    requires_grad: false,
    pin_memory: creation.pin_memory,
  },
  ({ data, ...settings }) => {
    if (!(data instanceof Tensor)) return fromHost("tensor", data, settings);
    const copy = core.noGrad(() =>
      core.scope(() => copyOf(convertCore(data.core, (settings.dtype ?? data.dtype).core))),
    );
    return finish("tensor", copy, settings);
  },
);

/** The tensor itself, in another dtype if that is asked for, or one of the data. */
export const as_tensor: (data: TensorData | Tensor, ...args: DataArgs) => Tensor = define(
  "torch.as_tensor",
  { data: dataKind.either(tensorKind), dtype: dtype.or(null), device: device.or(null) },
  ({ data, dtype, device }) => {
    if (!(data instanceof Tensor)) return fromHost("as_tensor", data, { dtype, device, requires_grad: false });
    if (device !== null) checkDevice("as_tensor", device);
    return dtype === null || dtype.core === data.core.dtype ? data : data.to(dtype);
  },
);

/** Extents of 0 or more. */
export function requireShape(op: string, shape: readonly number[]): readonly number[] {
  if (shape.every((extent) => extent >= 0)) return shape;
  return complain(
    core.ShapeError,
    `Trying to create tensor with negative dimension ${shape.find((extent) => extent < 0)}: ${sizeText(shape)}`,
    { op, argument: "size", expected: "extents of 0 or more", given: sizeText(shape) },
  );
}

/** A tensor of one value in a dtype. */
function constant(op: string, shape: readonly number[], value: number | boolean, dtype: core.Dtype): core.Tensor {
  const held = scalarOf(op, value, dtype);
  return core.full(requireShape(op, shape), held, dtype);
}

export type SizeArgs<Named> = (number | readonly number[] | { readonly [K in keyof Named]?: Named[K] | undefined })[];
export type Sized = CreationArguments & { size: readonly number[] };

/** A function of a size, as one list or extent by extent: f([2, 3]), f(2, 3). */
export function sized<const R extends Rules>(
  name: string,
  rules: R,
  make: (shape: readonly number[], settings: Values<R> & Settings) => core.Tensor,
) {
  const read = forms(
    name,
    { size: ints, "*": null, ...rules, ...creation },
    { "*size": each(int), ...rules, ...creation },
  );
  return (args: readonly unknown[]): Tensor => {
    const { form, values } = read(args) as { form: string; values: Values<R> & Settings & { size: readonly number[] } };
    if (form === "1") requireSome(name, "size", values.size);
    return finish(name, make(requireShape(name, values.size), values), values);
  };
}

function filled(name: string, value: number): (...args: SizeArgs<Sized>) => Tensor {
  const call = sized(name, { out }, (shape, { dtype }) => constant(name, shape, value, (dtype ?? float32).core));
  return (...args) => call(args);
}

export const zeros = filled("zeros", 0);
export const ones = filled("ones", 1);
const makeEmpty = sized("empty", { memory_format, out }, (shape, { dtype }) =>
  constant("empty", shape, 0, (dtype ?? float32).core),
);
/** Zeros: Facet has no uninitialised memory to show. */
export const empty = (...args: SizeArgs<Sized>): Tensor => makeEmpty(args);

export interface FullArguments extends CreationArguments {
  size: readonly number[];
  fill_value: number | boolean;
}

/** A tensor of one value; int64 for a whole number, as in PyTorch. */
export const full: (...args: Args<[size: readonly number[], fill_value: number | boolean], FullArguments>) => Tensor =
  native("full", { size: ints, fill_value: scalar, "*": null, out, ...creation }, ({ size, fill_value, ...settings }) =>
    finish("full", constant("full", size, fill_value, settings.dtype?.core ?? inferred([fill_value])), settings),
  );

type LikeArgs = Args<[], CreationArguments & { memory_format: null }>;
const likeArguments = { "*": null, memory_format, ...creation } as const;

function filledLike(name: string, value: number): (input: Tensor, ...args: LikeArgs) => Tensor {
  return native(name, { input: tensorKind, ...likeArguments }, ({ input, ...settings }) =>
    finish(name, constant(name, input.shape, value, (settings.dtype ?? input.dtype).core), settings),
  );
}

export const zeros_like = filledLike("zeros_like", 0);
export const ones_like = filledLike("ones_like", 1);
/** Zeros, as empty. */
export const empty_like = filledLike("empty_like", 0);
export const full_like: (
  input: Tensor,
  ...args: Args<
    [fill_value: number | boolean],
    CreationArguments & { fill_value: number | boolean; memory_format: null }
  >
) => Tensor = native(
  "full_like",
  { input: tensorKind, fill_value: scalar, ...likeArguments },
  ({ input, fill_value, ...settings }) =>
    finish("full_like", constant("full_like", input.shape, fill_value, (settings.dtype ?? input.dtype).core), settings),
);

/** Throws for bools, of which there are no ranges. */
export function requireNumeric(op: string, dtype: Dtype): Dtype {
  if (dtype.core !== "bool") return dtype;
  return notImplemented(`${op}_cpu`, dtype.core, { op, argument: "dtype", expected: "a dtype of numbers" });
}

const readArange = forms(
  "arange",
  { end: scalar, "*": null, out, ...creation },
  { start: scalar, end: scalar, step: scalar.or(1), "*": null, out, ...creation },
);
type ArangeNamed = CreationArguments & { start: number; end: number; step: number };

/** start, start + step, ... below end: int64 when all three are whole numbers, else float32. arange(end) starts at 0. */
export function arange(...args: Args<[start: number, end: number, step: number], ArangeNamed>): Tensor {
  const { form, values: settings } = readArange(args);
  const given = (form === "0" ? [0, settings.end, 1] : [settings.start, settings.end, settings.step]).map(Number);
  const inexact = given.find((value) => !Number.isFinite(value));
  if (inexact !== undefined)
    complain(core.ArgumentError, `unsupported range: ${given[0]} -> ${given[1]}`, {
      op: "arange",
      argument: ["start", "end", "step"][given.indexOf(inexact)] as string,
      expected: "a finite number",
      given: `${inexact}`,
    });
  const dtype = requireNumeric("arange", settings.dtype ?? (given.every(Number.isInteger) ? int64 : float32)).core;
  const [start, end, step] = (dtype === "float32" ? given : given.map(Math.trunc)) as [number, number, number];
  const wrong = (sentence: string): never =>
    complain(core.ArgumentError, sentence, {
      op: "arange",
      argument: "step",
      expected: "a step from start towards end",
      given: `${step} from ${start} to ${end}`,
    });
  if (step === 0) wrong("step must be nonzero");
  // Of the numbers as they are given: from 0.1 up to 0 leads nowhere for integers too.
  const [from, to, by] = given as [number, number, number];
  if ((to - from) / by < 0) wrong("upper bound and lower bound inconsistent with step sign");
  return finish("arange", core.arange(start, end, step, dtype), settings);
}

export interface LinspaceArguments extends CreationArguments {
  start: number;
  end: number;
  steps: number;
}

/** `steps` numbers from start to end, both included; of integers cut off. */
export const linspace: (...args: Args<[start: number, end: number, steps: number], LinspaceArguments>) => Tensor =
  native(
    "linspace",
    { start: scalar, end: scalar, steps: int, "*": null, out, ...creation },
    ({ steps, ...settings }) => {
      if (steps < 0)
        complain(core.ArgumentError, "number of steps must be non-negative", {
          op: "linspace",
          argument: "steps",
          expected: "an integer of 0 or more",
          given: `${steps}`,
        });
      const dtype = requireNumeric("linspace", settings.dtype ?? float32).core;
      const [start, end] = [settings.start, settings.end].map((value) =>
        Number(scalarOf("linspace", value, dtype)),
      ) as [number, number];
      if (dtype === "float32") return finish("linspace", core.linspace(start, end, steps), settings);
      // Integers beyond 24 bits are none of float32: they are made here.
      core.device().requireRoom(4 * steps, "linspace");
      const gap = steps > 1 ? (end - start) / (steps - 1) : 0;
      // Counted from both ends, as PyTorch does, so that the last number is the end itself.
      const values = Float64Array.from({ length: steps }, (_, i) =>
        2 * i < steps ? start + gap * i : end - gap * (steps - 1 - i),
      );
      return finish("linspace", core.fromData(fitted("linspace", values, dtype), [steps], dtype), settings);
    },
  );

export interface EyeArguments extends CreationArguments {
  n: number;
  m: number | null;
}

/** Ones on the diagonal of an n x m matrix (n x n when m is left out). */
export const eye: (...args: Args<[n: number, m: number], EyeArguments>) => Tensor = native(
  "eye",
  { n: int, m: int.or(null), "*": null, out, ...creation },
  ({ n, m, ...settings }) => {
    const columns = m ?? n;
    for (const [argument, extent] of [
      ["n", n],
      ["m", columns],
    ] as const)
      if (extent < 0)
        complain(core.ArgumentError, `${argument} must be greater or equal to 0, got ${extent}`, {
          op: "eye",
          argument,
          expected: "0 or more",
          given: `${extent}`,
        });
    const dtype = (settings.dtype ?? float32).core;
    if (dtype !== "uint8") return finish("eye", core.eye(n, columns, 0, dtype), settings);
    core.device().requireRoom(n * columns, "eye");
    const bytes = new Uint8Array(n * columns);
    for (let i = 0; i < Math.min(n, columns); i++) bytes[i * columns + i] = 1;
    return finish("eye", core.fromData(bytes, [n, columns], dtype), settings);
  },
);
