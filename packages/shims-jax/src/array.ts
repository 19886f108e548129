import {
  ArgumentError,
  adopt,
  cast,
  type Dtype,
  DtypeError,
  device,
  type HoldsTensors,
  type NestedArray,
  scope,
  type Tensor,
  type TypedArray,
  tensorsOf,
  UnsupportedError,
  u8ToF32,
} from "@facet/autograd";
import { arrayText, primitiveOf, printable, read, signature } from "@facet/dialect";
import { filled } from "./numpy/creation.js";
import * as np from "./numpy/index.js";
import { slice } from "./numpy/shape.js";
import { describe } from "./options.js";
import { arrayRepr } from "./print.js";

/** What stands for an array in arithmetic: an array, or a JavaScript number or boolean. */
export type ArrayLike = JaxArray | number | boolean;

/** Which dimensions: one, several, or (null or undefined) all. */
export type Axis = number | readonly number[] | null | undefined;

/** One part of an index: a position, [start, stop, step?] as in `start:stop:step`, or null for everything. */
export type IndexPart = number | null | readonly [(number | null)?, (number | null)?, (number | null)?];

const readShow = signature("jax.Array.show", {});

const OPERATORS = {
  add: "a.add(b), a.equal(b)",
  arithmetic: "a.mul(b), a.sub(b), a.div(b), a.pow(b), a.neg()",
  comparison: "a.greater(b), a.greater_equal(b), a.less(b), a.less_equal(b)",
};

/**
 * jax.Array: an immutable array on the device. Operators are methods (`a.add(b)`, `a.matmul(b)`), indexing is `slice`, and
 * reading values is asynchronous (`await x.item()`, `await x.tolist()`). Exported as `Array`.
 */
export class JaxArray implements HoldsTensors {
  readonly core: Tensor;

  constructor(core: Tensor) {
    this.core = core;
  }

  *[tensorsOf](): Generator<Tensor> {
    yield this.core;
  }

  get shape(): readonly number[] {
    return this.core.shape;
  }
  /** Name of the element type: "float32", "int32", "uint32", "bool" or "uint8". */
  get dtype(): Dtype {
    return this.core.dtype;
  }
  get ndim(): number {
    return this.core.rank;
  }
  /** Number of elements. */
  get size(): number {
    return this.core.size;
  }
  get nbytes(): number {
    return this.size * (this.dtype === "bool" || this.dtype === "uint8" ? 1 : 4);
  }
  /** The array with its dimensions reversed. */
  get T(): JaxArray {
    return np.transpose(this);
  }

  add(other: ArrayLike): JaxArray {
    return np.add(this, other);
  }
  sub(other: ArrayLike): JaxArray {
    return np.subtract(this, other);
  }
  mul(other: ArrayLike): JaxArray {
    return np.multiply(this, other);
  }
  /** True division, as `/`. */
  div(other: ArrayLike): JaxArray {
    return np.divide(this, other);
  }
  pow(other: ArrayLike): JaxArray {
    return np.power(this, other);
  }
  neg(): JaxArray {
    return np.negative(this);
  }
  abs(): JaxArray {
    return np.abs(this);
  }
  matmul(other: JaxArray): JaxArray {
    return np.matmul(this, other);
  }
  dot(other: ArrayLike): JaxArray {
    return np.dot(this, other);
  }
  equal(other: ArrayLike): JaxArray {
    return np.equal(this, other);
  }
  not_equal(other: ArrayLike): JaxArray {
    return np.not_equal(this, other);
  }
  less(other: ArrayLike): JaxArray {
    return np.less(this, other);
  }
  less_equal(other: ArrayLike): JaxArray {
    return np.less_equal(this, other);
  }
  greater(other: ArrayLike): JaxArray {
    return np.greater(this, other);
  }
  greater_equal(other: ArrayLike): JaxArray {
    return np.greater_equal(this, other);
  }

  sum(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.sum(this, axis, options);
  }
  mean(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.mean(this, axis, options);
  }
  prod(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.prod(this, axis, options);
  }
  max(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.max(this, axis, options);
  }
  min(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.min(this, axis, options);
  }
  any(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.any(this, axis, options);
  }
  all(axis?: Axis | np.ReduceKeywords, options?: np.ReduceKeywords): JaxArray {
    return np.all(this, axis, options);
  }
  var(axis?: Axis | np.SpreadKeywords, options?: np.SpreadKeywords): JaxArray {
    return np.var(this, axis, options);
  }
  std(axis?: Axis | np.SpreadKeywords, options?: np.SpreadKeywords): JaxArray {
    return np.std(this, axis, options);
  }
  argmax(axis?: number | null | np.ArgKeywords, options?: np.ArgKeywords): JaxArray {
    return np.argmax(this, axis, options);
  }
  argmin(axis?: number | null | np.ArgKeywords, options?: np.ArgKeywords): JaxArray {
    return np.argmin(this, axis, options);
  }

  astype(dtype: Dtype): JaxArray {
    return run(() => converted(this.core, checkDtype("astype", dtype)));
  }
  /** `reshape(2, 3)` or `reshape([2, 3])`; one extent may be -1. */
  reshape(...shape: number[] | [readonly number[]]): JaxArray {
    return np.reshape(this, (typeof shape[0] === "object" ? shape[0] : shape) as readonly number[]);
  }
  ravel(): JaxArray {
    return np.ravel(this);
  }
  flatten(): JaxArray {
    return np.ravel(this);
  }
  squeeze(axis?: Axis): JaxArray {
    return np.squeeze(this, axis);
  }
  /** `transpose(1, 0)`, `transpose([1, 0])`, or without arguments reversed. */
  transpose(...axes: number[] | [readonly number[]]): JaxArray {
    const order = (typeof axes[0] === "object" ? axes[0] : axes) as readonly number[];
    return np.transpose(this, order.length === 0 && this.ndim > 0 ? undefined : order);
  }
  swapaxes(axis1: number, axis2: number): JaxArray {
    return np.swapaxes(this, axis1, axis2);
  }
  clip(min?: ArrayLike | null, max?: ArrayLike | null): JaxArray {
    return np.clip(this, min, max);
  }
  round(decimals = 0): JaxArray {
    return np.round(this, decimals);
  }
  take(indices: JaxArray | readonly number[], axis?: number): JaxArray {
    return np.take(this, indices, axis);
  }
  /** `x[1:3, :, 0]` is `x.slice([1, 3], null, 0)`. Negative positions count from the end; steps may be negative. */
  slice(...index: IndexPart[]): JaxArray {
    return slice(this, index);
  }

  /** The only element. Throws ShapeError for more than one. */
  async item(): Promise<number | boolean> {
    const value = await this.core.item();
    return this.dtype === "bool" ? value !== 0 : value;
  }
  /** Nested arrays of the shape; a number for shape []. */
  tolist(): Promise<NestedArray> {
    return this.core.array();
  }
  /** The elements in row-major order: what numpy.asarray gives the original. */
  data(): Promise<TypedArray> {
    return this.core.data();
  }
  /** Waits until the device has computed the array; errors of its computation surface here. */
  async block_until_ready(): Promise<this> {
    void this.core.storage;
    await device().finish();
    return this;
  }

  /**
   * What Python's print shows, `[1. 2.]`, when the host has the values: the array was made of them, or they have been read;
   * otherwise `Array(shape=(2,), dtype=float32)`. show() reads them first.
   */
  toString(): string {
    const array = printable(this.core);
    return arrayText(array) ?? arrayRepr(array);
  }
  /** Prints the array as Python's `print(x)` does, once its values have been read from the device. */
  async show(...args: readonly unknown[]): Promise<void> {
    readShow(args);
    console.log(arrayText(await read(this.core)));
  }
  /** As Python's repr: `Array([1., 2.], dtype=float32)`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return arrayRepr(printable(this.core));
  }
  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "Array", OPERATORS);
  }
}

/** Runs core ops, frees what they made on the way, and wraps their result. */
export function run(body: () => Tensor): JaxArray {
  return new JaxArray(scope(body));
}

/** Another handle on the same array, through which no gradient flows. */
export function detached(x: Tensor): Tensor {
  return adopt(x.alias());
}

const DTYPES: readonly string[] = ["float32", "int32", "uint32", "bool", "uint8"] satisfies Dtype[];

export function checkDtype(fn: string, dtype: Dtype): Dtype {
  if (DTYPES.includes(dtype)) return dtype;
  throw new UnsupportedError({ op: fn, argument: "dtype", expected: DTYPES.join(", "), given: describe(dtype) });
}

/** The array an argument must be; lists are refused, as in JAX. */
export function arrayOf(fn: string, argument: string, x: unknown): Tensor {
  if (x instanceof JaxArray) return x.core;
  throw new ArgumentError({
    op: fn,
    argument,
    expected: "an Array (make one with jnp.array)",
    given: describe(x),
  });
}

/** A tensor of another dtype; bytes are unpacked. Anything but 0 is true. */
export function converted(x: Tensor, dtype: Dtype): Tensor {
  if (x.dtype === dtype) return x;
  if (dtype === "uint8")
    throw new UnsupportedError({
      op: "astype",
      argument: "dtype",
      expected: "float32, int32, uint32 or bool: bytes come from Uint8Array only",
      given: dtype,
    });
  return cast(x.dtype === "uint8" ? u8ToF32(x, { divisor: 1 }) : x, dtype);
}

/** Refuses bytes, on which ops do not compute. */
export function computable(fn: string, argument: string, x: unknown): Tensor {
  const tensor = arrayOf(fn, argument, x);
  if (tensor.dtype !== "uint8") return tensor;
  throw new DtypeError({
    op: fn,
    argument,
    expected: "float32, int32, uint32 or bool (convert with astype)",
    given: "uint8",
  });
}

/** As computable, and in float32: integers and booleans are converted, as JAX's inexact functions do. */
export function inexact(fn: string, argument: string, x: ArrayLike): Tensor {
  if (x instanceof JaxArray) return converted(x.core, "float32");
  return scalar(fn, argument, x, "float32");
}

/** A number or boolean as a tensor of shape []. */
export function scalar(fn: string, argument: string, x: unknown, dtype: Dtype): Tensor {
  if (typeof x !== "number" && typeof x !== "boolean")
    throw new ArgumentError({ op: fn, argument, expected: "an Array or a number", given: describe(x) });
  return filled([], x, dtype);
}
