import {
  type Tensor as CoreTensor,
  cast as coreCast,
  type Dtype,
  fromData,
  full,
  type HoldsTensors,
  sameValue,
  tensorsOf,
} from "@facet/autograd";
import {
  arrayRepr,
  arrayText,
  type Methods,
  type Printable,
  primitiveOf,
  printable,
  pythonShape,
  read,
  signature,
} from "@facet/dialect";
import { type HostArray, hostData, NdArray } from "./ndarray.js";
import type { placeholderMethods, tensorMethods } from "./ops/methods.js";

/** What a softmax or sigmoid was applied to: losses look through it, as Keras does on TensorFlow. */
export interface Activated {
  readonly by: "softmax" | "sigmoid";
  readonly logits: CoreTensor;
}

/** The text of a tensor whose elements are known or not. */
export const text: unique symbol = Symbol("text");

const readShow = signature("keras.Tensor.show", {});

export const OPERATORS = {
  add: "a.add(b), ops.equal(a, b)",
  arithmetic: "a.mul(b), a.sub(b), a.div(b)",
  comparison: "ops.greater(a, b), ops.less(a, b)",
};

const readNumpy = signature("keras.Tensor.numpy", {});
const readItem = signature("keras.Tensor.item", {});

/** Arithmetic: ops/methods.ts. */
export interface Tensor extends Methods<typeof tensorMethods> {}

/** An array on the device: what layers and `keras.ops` compute on. `keras.ops.convert_to_numpy` reads it. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class Tensor implements HoldsTensors {
  readonly core: CoreTensor;
  readonly activated: Activated | undefined;
  /** Which steps count, as Keras keeps it at its tensors: set by layers (Embedding, Masking), read by those behind them. */
  _keras_mask: Tensor | undefined;

  constructor(core: CoreTensor, activated?: Activated) {
    this.core = core;
    this.activated = activated;
  }

  get shape(): readonly number[] {
    return this.core.shape;
  }

  get dtype(): Dtype {
    return this.core.dtype;
  }

  get ndim(): number {
    return this.core.rank;
  }

  /** The elements on the host; uint32 as int32. */
  async numpy(...args: []): Promise<NdArray> {
    readNumpy(args);
    const data = await this.core.data();
    if (this.dtype === "bool") return new NdArray(data as Uint8Array, this.shape, "bool");
    const plain = data instanceof Uint32Array ? Int32Array.from(data) : data;
    return new NdArray(plain as Float32Array | Int32Array | Uint8Array, this.shape);
  }

  /** The only element. Throws ShapeError when there are others. */
  async item(...args: []): Promise<number> {
    readItem(args);
    return this.core.item();
  }

  /**
   * What Python's print shows, `tf.Tensor([1. 2.], shape=(2,), dtype=float32)`; the values stand there when the host has
   * them: the tensor was made of them, or they have been read. show() reads them first.
   */
  toString(): string {
    return this[text](printable(this.core, this.dtype));
  }

  /** Prints the tensor as Python's `print(x)` does, once its values have been read from the device. */
  async show(...args: readonly unknown[]): Promise<void> {
    readShow(args);
    console.log(this[text](await read(this.core, this.dtype)));
  }

  protected [text](array: Printable): string {
    return `tf.Tensor(${onOwnLine(arrayText(array) ?? "...")}, shape=${pythonShape(this.shape)}, dtype=${this.dtype})`;
  }

  /** As Python's repr: `<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const array = printable(this.core, this.dtype);
    // A scalar goes through Python's float, which has more digits.
    const values = this.ndim === 0 ? arrayText({ ...array, dtype: this.dtype.replace("32", "64") }) : arrayRepr(array);
    const numpy = values === undefined ? "" : `, numpy=${onOwnLine(values)}`;
    return `<tf.Tensor: shape=${pythonShape(this.shape)}, dtype=${this.dtype}${numpy}>`;
  }

  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "Tensor", OPERATORS);
  }

  *[tensorsOf](): Iterable<CoreTensor> {
    yield this.core;
    if (this.activated) yield this.activated.logits;
    if (this._keras_mask) yield this._keras_mask.core;
  }
}

/** Rows begin below what stands before them. */
const onOwnLine = (rows: string): string => (rows.includes("\n") ? `\n${rows}` : rows);

/** Dtypes of what models and ops compute on. */
export type TensorDtype = "float32" | "int32" | "bool";
export const DTYPES: readonly TensorDtype[] = ["float32", "int32", "bool"];

/** Arithmetic and reshape: ops/methods.ts. */
export interface KerasTensor extends Methods<typeof placeholderMethods> {}

/** A placeholder in a functional model: the shape (null where the extent is not known before data comes), no values. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class KerasTensor {
  readonly shape: Shape;
  readonly dtype: TensorDtype;
  readonly name: string;
  /** The call that made it; undefined for one that the program made by itself. */
  readonly history: Node | undefined;
  /** Which of the call's outputs it is. */
  readonly index: number;

  constructor(shape: Shape, dtype: TensorDtype, name: string, history?: Node, index = 0) {
    this.shape = shape;
    this.dtype = dtype;
    this.name = name;
    this.history = history;
    this.index = index;
  }

  get ndim(): number {
    return this.shape.length;
  }

  /** As Keras prints it: `<KerasTensor shape=(None, 3), dtype=float32, sparse=False, ragged=False, name=keras_tensor>`. */
  toString(): string {
    return `<KerasTensor shape=${pythonShape(this.shape)}, dtype=${this.dtype}, sparse=False, ragged=False, name=${this.name}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "KerasTensor", OPERATORS);
  }
}

/** Extents; null for one that is not known yet, as Python's None. */
export type Shape = readonly (number | null)[];

/** What the calls of a graph are calls of: layers, and functions of `keras.ops`. */
export interface Operation {
  readonly name: string;
  /** The class as Keras calls it. */
  readonly className: string;
  /** Calls on placeholders so far. */
  readonly nodes: Node[];
  /** Computes one of its calls again, with tensors where that call had placeholders. */
  invoke(args: readonly unknown[], keywords: Readonly<Record<string, unknown>>, training: boolean): readonly Tensor[];
}

/** One call of an operation on placeholders. */
export interface Node {
  readonly layer: Operation;
  /** What it was called with: placeholders, anywhere in it, stand for the tensors to come. */
  readonly args: readonly unknown[];
  readonly keywords: Readonly<Record<string, unknown>>;
  /** The placeholders among the arguments. */
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Which call of the operation it is. */
  readonly index: number;
}

/** Lists nested deeper hold themselves, and no placeholders. */
const DEEPEST = 64;

/** The placeholders among values and in lists of them; a list that begins with a number has none. */
export function placeholdersIn(value: unknown, found: KerasTensor[] = [], depth = 0): KerasTensor[] {
  if (value instanceof KerasTensor) found.push(value);
  else if (Array.isArray(value) && typeof value[0] !== "number" && depth < DEEPEST)
    for (const part of value) placeholdersIn(part, found, depth + 1);
  return found;
}

/** The same value, lists looked through, with something else in place of each placeholder. */
export function replaced(value: unknown, by: (placeholder: KerasTensor) => unknown): unknown {
  if (value instanceof KerasTensor) return by(value);
  return Array.isArray(value) && placeholdersIn(value).length > 0 ? value.map((part) => replaced(part, by)) : value;
}

export { pythonShape };

/** Whatever stands for an array where a device array is wanted. */
export type TensorLike = Tensor | HostArray;

const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * A device tensor; one is passed through. Host data keep their kind: booleans bool, integer arrays and whole numbers int32,
 * all else (nested lists of numbers too) float32. Throws DtypeError on what is no data.
 */
export function asTensor(value: TensorLike, op = "convert_to_tensor"): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value === "boolean") return new Tensor(full([], value, "bool"));
  if (typeof value === "number") {
    const whole = Number.isInteger(value) && Math.abs(value) <= LARGEST_INT32;
    return new Tensor(full([], value, whole ? "int32" : "float32"));
  }
  const array = hostData(op, value);
  if (array.dtype === "bool") return new Tensor(fromData(array.data, array.shape, "bool"));
  const dtype = array.dtype.startsWith("float") ? "float32" : "int32";
  return toTensor(array, dtype);
}

/** A device tensor of host data as float32 (or the given dtype); a tensor is passed through. */
export function toTensor(value: TensorLike, dtype: "float32" | "int32" = "float32", op?: string): Tensor {
  if (value instanceof Tensor) return value;
  const array = hostData(op ?? "convert_to_tensor", value);
  const data = dtype === "float32" ? Float32Array.from(array.data) : Int32Array.from(array.data);
  return new Tensor(fromData(data, array.shape, dtype));
}

/** The core tensor of an array as float32, cast where it is of another dtype. */
export const floats = (value: TensorLike, op?: string): CoreTensor =>
  coreCast(toTensor(value, "float32", op).core, "float32");

/** Another handle on the same memory, in the scope around: for results that are arguments. */
export function sameTensor(x: Tensor): Tensor {
  const same = new Tensor(sameValue(x.core), x.activated);
  same._keras_mask = x._keras_mask;
  return same;
}
