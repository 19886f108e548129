// More ways to make tensors: beside another one, of what others hold, over scales of numbers.
import * as core from "@facet/autograd";
import { type Args, any, bool, defineMethod, int, number } from "@facet/dialect";
import { convertCore, copyOf } from "../convert.js";
import { data as dataKind, fitted, type TensorData } from "../data.js";
import { bool as boolDtype, type Device, type Dtype, float32, int64, uint8 } from "../dtype.js";
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
  type Operand,
  operand,
  out,
  requireSome,
  scalar,
  tensor,
} from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import {
  as_tensor,
  type CreationArguments,
  finish,
  requireNumeric,
  requireShape,
  type SizeArgs,
  type Sized,
  tensor as tensorOf,
} from "./creation.js";
import { scalarOf } from "./scalar.js";
import { zerosOfStrides } from "./strides.js";

type New = (self: Tensor, ...args: SizeArgs<Omit<Sized, "out">>) => Tensor;
function newFilled(name: string, value: number): New {
  const read = forms(`Tensor.${name}`, { size: ints, "*": null, ...creation }, { "*size": each(int), ...creation });
  return (self, ...args) => {
    const { form, values } = read(args);
    if (form === "1") requireSome(name, "size", values.size);
    const own = (values.dtype ?? self.dtype).core;
    const size = requireShape(name, values.size as readonly number[]);
    return finish(name, core.full(size, scalarOf(name, value, own), own), values);
  };
}
export const new_zeros: New = newFilled("new_zeros", 0);
export const new_ones: New = newFilled("new_ones", 1);
/** Zeros, as empty. */
export const new_empty: New = newFilled("new_empty", 0);

type NewNamed = Omit<CreationArguments, "out">;
/** A tensor of one value in the dtype of this one. */
export const new_full: (
  self: Tensor,
  ...args: Args<
    [size: readonly number[], fill_value: number | boolean],
    NewNamed & { size: readonly number[]; fill_value: number | boolean }
  >
) => Tensor = defineMethod(
  "torch.Tensor.new_full",
  { size: ints, fill_value: scalar, "*": null, ...creation },
  (self: Tensor, { size, fill_value, ...settings }) => {
    const own = (settings.dtype ?? self.dtype).core;
    return finish(
      "new_full",
      core.full(requireShape("new_full", size), scalarOf("new_full", fill_value, own), own),
      settings,
    );
  },
);
export const new_empty_strided: (
  self: Tensor,
  ...args: Args<
    [size: readonly number[], stride: readonly number[]],
    NewNamed & { size: readonly number[]; stride: readonly number[] }
  >
) => Tensor = defineMethod(
  "torch.Tensor.new_empty_strided",
  { size: ints, stride: ints, "*": null, ...creation },
  (self: Tensor, { size, stride, ...settings }) =>
    finish("new_empty_strided", zerosOfStrides(size, stride, (settings.dtype ?? self.dtype).core), settings),
);
/** torch.tensor of the data, in the dtype of this one unless another is asked for. */
export const new_tensor: (
  self: Tensor,
  ...args: Args<
    [data: TensorData | Tensor, dtype: Dtype | null, device: Device | string | null, requires_grad: boolean],
    Omit<NewNamed, "layout"> & { data: TensorData | Tensor }
  >
) => Tensor = defineMethod(
  "torch.Tensor.new_tensor",
  {
    data: dataKind.either(tensor),
    dtype: dtype.or(null),
    device: device.or(null),
    requires_grad: false,
    pin_memory: creation.pin_memory,
  },
  (self: Tensor, { data, ...settings }) => tensorOf(data, { ...settings, dtype: settings.dtype ?? self.dtype }),
);

/** A number as a tensor without dimensions, float32 unless a dtype is given. */
export const scalar_tensor: (s: number | boolean, ...args: Args<[], NewNamed>) => Tensor = native(
  "scalar_tensor",
  { s: scalar, "*": null, ...creation },
  ({ s, ...settings }) => {
    const own = (settings.dtype ?? float32).core;
    return finish("scalar_tensor", core.full([], scalarOf("scalar_tensor", s, own), own), settings);
  },
);

export interface LogspaceArguments extends CreationArguments {
  start: number;
  end: number;
  steps: number;
  /** Default 10. */
  base: number;
}
/** base to the power of `steps` numbers from start to end, both included; of integers cut off. */
export const logspace: (
  ...args: Args<[start: number, end: number, steps: number, base: number], LogspaceArguments>
) => Tensor = native(
  "logspace",
  { start: scalar, end: scalar, steps: int, base: number.or(10), "*": null, out, ...creation },
  ({ start, end, steps, base, ...settings }) => {
    if (steps < 0)
      complain(core.ArgumentError, "number of steps must be non-negative", {
        op: "logspace",
        argument: "steps",
        expected: "0 or more",
        given: `${steps}`,
      });
    const own = requireNumeric("logspace", settings.dtype ?? float32).core;
    core.device().requireRoom(4 * steps, "logspace");
    const [from, to] = [start, end].map((value) =>
      Number(own === "float32" ? value : scalarOf("logspace", value, own)),
    ) as [number, number];
    const gap = steps > 1 ? (to - from) / (steps - 1) : 0;
    const values = Float64Array.from(
      { length: steps },
      (_, i) => base ** (2 * i < steps ? from + gap * i : to - gap * (steps - 1 - i)),
    );
    return finish("logspace", core.fromData(fitted("logspace", values, own), [steps], own), settings);
  },
);

const { layout: _, ...unlaid } = creation;
export interface RangeArguments extends Omit<CreationArguments, "layout"> {
  start: number;
  end: number;
  step: number;
}
/** start, start + step, ... up to end, which is included: floats unless a dtype is given. */
export const range: (...args: Args<[start: number, end: number, step: number], RangeArguments>) => Tensor = native(
  "range",
  { start: scalar, end: scalar, step: scalar.or(1), "*": null, out, ...unlaid },
  ({ start, end, step, ...settings }) => {
    const [from, to, by] = [start, end, step].map(Number) as [number, number, number];
    if (by === 0 || (to - from) / by < 0)
      complain(
        core.ArgumentError,
        by === 0 ? "step must be nonzero" : "upper bound and lower bound inconsistent with step sign",
        { op: "range", argument: "step", expected: "a step from start towards end", given: `${by}` },
      );
    const own = requireNumeric("range", settings.dtype ?? float32).core;
    const count = Math.floor((to - from) / by) + 1;
    core.device().requireRoom(4 * count, "range");
    const values = Float64Array.from({ length: count }, (_, i) => from + i * by);
    return finish("range", core.fromData(fitted("range", values, own), [count], own), settings);
  },
);

/** A copy filled with one value: a number, or a tensor without dimensions. */
export const fill: (input: Tensor, ...args: Args<[value: Operand], { value: Operand }>) => Tensor = native(
  "fill",
  { input: tensor, value: operand },
  ({ input, value }) => {
    if (value instanceof Tensor && value.rank > 0)
      complain(
        core.ShapeError,
        `fill only supports 0-dimension value tensor but got tensor with ${value.rank} dimensions.`,
        { op: "fill", argument: "value", expected: "a number or a tensor of rank 0", given: sizeText(value.shape) },
      );
    const own = input.core.dtype;
    return core.scope(() => {
      if (value instanceof Tensor)
        return wrap(
          core.expand(
            core.reshape(
              convertCore(value.core, own),
              input.shape.map(() => 1),
            ),
            input.shape,
          ),
        );
      const filled = core.full(input.shape, scalarOf("fill", value, own), own);
      // The result follows the input, with gradient 0.
      if (own !== "float32" || !core.isTracked(input.core)) return wrap(filled);
      return wrap(core.where(core.full(input.shape, false, "bool"), input.core, filled));
    });
  },
);

/** A copy in memory of its own; gradients flow through. */
export const clone: (input: Tensor, ...args: Args<[], { memory_format: null }>) => Tensor = native(
  "clone",
  { input: tensor, "*": null, memory_format },
  ({ input }) => wrap(copyOf(input.core)),
);
/** The same values, outside the gradient graph, in the same memory. */
export const detach: (input: Tensor) => Tensor = native("detach", { input: tensor }, ({ input }) => input.data);

type Typed = Float32Array | Int32Array | Uint8Array;
/** A vector of a typed array, which is copied. */
export const from_numpy: (ndarray: Typed) => Tensor = native(
  "from_numpy",
  {
    ndarray: any.where(
      "a Float32Array, Int32Array or Uint8Array",
      (value) => value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array,
    ),
  },
  ({ ndarray }) => as_tensor(ndarray as Typed),
);

export interface FrombufferArguments {
  dtype: Dtype;
  /** How many elements; default -1: all that there are. */
  count: number;
  /** In bytes; default 0. */
  offset: number;
  requires_grad: boolean;
}
/** A vector of the bytes of an ArrayBuffer or of what lies on one, which are copied. int64 is read as 64 bits. */
export const frombuffer: (buffer: ArrayBuffer | ArrayBufferView, ...args: Args<[], FrombufferArguments>) => Tensor =
  native(
    "frombuffer",
    {
      buffer: any.where(
        "an ArrayBuffer or a typed array",
        (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value),
      ),
      "*": null,
      dtype,
      count: int.or(-1),
      offset: int.or(0),
      requires_grad: false,
    },
    ({ buffer, dtype, count, offset, requires_grad }) => {
      const given = buffer as ArrayBuffer | ArrayBufferView;
      const bytes =
        given instanceof ArrayBuffer
          ? new Uint8Array(given)
          : new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
      const own = dtype.core;
      const each = own === "int32" ? 8 : own === "float32" ? 4 : 1;
      const room = Math.floor((bytes.length - offset) / each);
      const wrong = (argument: string, expected: string, value: number): never =>
        complain(
          core.ArgumentError,
          `requested buffer length (${count} * ${each} bytes) after offset (${offset} bytes) must not be greater than actual buffer length (${bytes.length} bytes)`,
          { op: "frombuffer", argument, expected, given: `${value}` },
        );
      if (offset < 0 || offset >= bytes.length) wrong("offset", `0 to ${bytes.length - 1}`, offset);
      if (count === 0 || count < -1 || count > room) wrong("count", `1 to ${room}`, count);
      if (count === -1 && (bytes.length - offset) % each !== 0)
        wrong("count", `whole elements of ${each} bytes`, bytes.length - offset);
      const length = count === -1 ? room : count;
      const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
      const read = (i: number): number =>
        own === "int32"
          ? Number(view.getBigInt64(8 * i, true))
          : own === "float32"
            ? view.getFloat32(4 * i, true)
            : view.getUint8(i);
      const values = Array.from({ length }, (_, i) => read(i));
      return finish("frombuffer", core.fromData(fitted("frombuffer", values, own), [length], own), {
        dtype,
        device: null,
        requires_grad,
      });
    },
  );

export interface AsarrayArguments {
  dtype: Dtype | null;
  device: Device | string | null;
  /** true: always a copy; default null: where it must be. */
  copy: boolean | null;
  requires_grad: boolean;
}
/** A tensor of numbers, lists, a typed array or a tensor, which is taken as it is where nothing is to be converted. */
export const asarray: (obj: TensorData | Tensor, ...args: Args<[], AsarrayArguments>) => Tensor = native(
  "asarray",
  {
    obj: dataKind.either(tensor),
    "*": null,
    dtype: dtype.or(null),
    device: device.or(null),
    copy: bool.orNone.or(null),
    requires_grad: bool.orNone.or(null),
  },
  ({ obj, dtype, device, copy, requires_grad }) => {
    if (copy === false && !(obj instanceof Tensor))
      complain(core.ArgumentError, "can't alias arbitrary sequence into a tensor.", {
        op: "asarray",
        argument: "copy",
        expected: "true or null where the data are no tensor",
        given: "false",
      });
    const made = as_tensor(obj, { dtype, device });
    const result = copy === true && made === obj ? wrap(copyOf(made.core)) : made;
    return requires_grad ? result.requires_grad_() : result;
  },
);

/** Sizes, or the data: PyTorch's constructors of one dtype. */
export interface TypedTensor {
  new (...args: [data: TensorData] | [...size: number[]]): Tensor;
  (...args: [data: TensorData] | [...size: number[]]): Tensor;
}
function typed(name: string, own: Dtype): TypedTensor {
  const read = forms(
    name,
    { data: dataKind.where("a list of numbers", (value) => typeof value === "object") },
    { "*size": int as never },
  );
  function make(...args: unknown[]): Tensor {
    const { form, values } = read(args);
    if (form === "0") return tensorOf(values.data as TensorData, { dtype: own });
    const size = values.size as unknown as readonly number[];
    return wrap(core.zeros(size.length === 0 ? [0] : requireShape(name, size), own.core));
  }
  // `x instanceof torch.LongTensor` asks for the dtype.
  Object.defineProperty(make, Symbol.hasInstance, {
    value: (each: unknown) => each instanceof Tensor && each.core.dtype === own.core,
  });
  Object.defineProperty(make, "name", { value: name });
  return make as unknown as TypedTensor;
}
/** `new torch.FloatTensor([1, 2])`, or of sizes: zeros. */
export const FloatTensor: TypedTensor = typed("FloatTensor", float32);
export const LongTensor: TypedTensor = typed("LongTensor", int64);
/** int64, as torch.int32 is. */
export const IntTensor: TypedTensor = typed("IntTensor", int64);
export const BoolTensor: TypedTensor = typed("BoolTensor", boolDtype);
export const ByteTensor: TypedTensor = typed("ByteTensor", uint8);
