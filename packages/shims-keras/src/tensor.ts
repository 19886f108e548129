import {
  add,
  adopt,
  type Tensor as CoreTensor,
  type Dtype,
  div,
  fromData,
  type HoldsTensors,
  mul,
  sub,
  tensorsOf,
} from "@facet/autograd";
import {
  arrayRepr,
  arrayText,
  type Printable,
  primitiveOf,
  printable,
  pythonShape,
  read,
  signature,
} from "@facet/dialect";
import { type HostArray, NdArray, ndarray } from "./ndarray.js";

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

/** An array on the device: what layers and `keras.ops` compute on. `keras.ops.convert_to_numpy` reads it. */
export class Tensor implements HoldsTensors {
  readonly core: CoreTensor;
  readonly activated: Activated | undefined;

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

  add(other: Tensor | number): Tensor {
    return new Tensor(add(this.core, operand(other)));
  }

  sub(other: Tensor | number): Tensor {
    return new Tensor(sub(this.core, operand(other)));
  }

  mul(other: Tensor | number): Tensor {
    return new Tensor(mul(this.core, operand(other)));
  }

  div(other: Tensor | number): Tensor {
    return new Tensor(div(this.core, operand(other)));
  }

  /** The elements on the host; bool and uint32 as int32. */
  async numpy(): Promise<NdArray> {
    const data = await this.core.data();
    const plain = data instanceof Uint32Array || this.dtype === "bool" ? Int32Array.from(data) : data;
    return new NdArray(plain as Float32Array | Int32Array | Uint8Array, this.shape);
  }

  /** The only element. */
  item(): Promise<number> {
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
  }
}

/** Rows begin below what stands before them. */
const onOwnLine = (rows: string): string => (rows.includes("\n") ? `\n${rows}` : rows);

const operand = (other: Tensor | number): CoreTensor | number => (typeof other === "number" ? other : other.core);

/** A placeholder in a functional model: the shape (null where the extent is not known before data comes), no values. */
export class KerasTensor {
  readonly shape: Shape;
  readonly dtype: "float32";
  readonly name: string;
  /** The call that made it. */
  readonly history: Node;
  /** Which of the call's outputs it is. */
  readonly index: number;

  constructor(shape: Shape, name: string, history: Node, index = 0) {
    this.shape = shape;
    this.dtype = "float32";
    this.name = name;
    this.history = history;
    this.index = index;
  }

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

/** One call of a layer on placeholders. `layer` is a Layer; tensor.ts must not know more of it than its name. */
export interface Node {
  readonly layer: { readonly name: string };
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Which call of the layer it is. */
  readonly index: number;
}

export { pythonShape };

/** Whatever stands for an array where a device array is wanted. */
export type TensorLike = Tensor | HostArray;

/** A device tensor of host data as float32 (or the given dtype); a tensor is passed through. */
export function toTensor(value: TensorLike, dtype: "float32" | "int32" = "float32"): Tensor {
  if (value instanceof Tensor) return value;
  const array = ndarray(value);
  const data = dtype === "float32" ? Float32Array.from(array.data) : Int32Array.from(array.data);
  return new Tensor(fromData(data, array.shape, dtype));
}

/** Another handle on the same memory, in the scope around: for results that are arguments. */
export function sameTensor(x: Tensor): Tensor {
  const alias = adopt(x.core.alias());
  alias.node = x.core.node;
  return new Tensor(alias, x.activated);
}
