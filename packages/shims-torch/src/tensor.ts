import * as core from "@facet/autograd";
import { type Printable, primitiveOf, printable, show, signature } from "@facet/dialect";
import { retained } from "./autograd/retained.js";
import { data, flattenData, type TensorData } from "./data.js";
import { Device, type Dtype, dtypeOf } from "./dtype.js";
import { complain } from "./errors.js";
import { assignGradient, dropGradient, peekGradient, slotOf } from "./gradient_slots.js";
import type { TensorMethods } from "./methods/tensor_methods.js";
import { gradientText, tensorText } from "./print.js";
import { sizeText } from "./python.js";

const OPERATORS = {
  add: "a.add(b), a.eq(b)",
  arithmetic: "a.mul(b), a.sub(b), a.div(b), a.pow(b), a.neg()",
  comparison: "a.gt(b), a.ge(b), a.lt(b), a.le(b)",
};

/** The text of a tensor whose elements are known or not. */
export const text: unique symbol = Symbol("text");

const readTensor = signature("torch.Tensor", {
  data: data.where("a list of numbers", (value) => typeof value === "object"),
});

/** Methods that are functions of a tensor stand in tables: methods/tensor_methods.ts. */
export interface Tensor extends TensorMethods {}

/**
 * PyTorch's tensor. Operators are methods (`a.add(b)`, `x.get(0)`, `a.eq(b)`); what needs a value from the device is a
 * promise (`await loss.item()`). Dtypes: float32, int64 (held in 32 bits), bool, uint8.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put onto the prototype from their table.
export class Tensor implements core.HoldsTensors {
  /** The core's tensor behind this one. */
  readonly core: core.Tensor;

  /** `new torch.Tensor([1, 2])`: float32 of the data, whatever they are. torch.tensor infers a dtype instead. */
  constructor(...args: [data: core.Tensor | TensorData]);
  constructor(...args: unknown[]) {
    this.core = args[0] instanceof core.Tensor ? args[0] : fromList(args);
  }

  [core.tensorsOf](): Iterable<core.Tensor> {
    return [this.core];
  }

  get shape(): readonly number[] {
    return this.core.shape;
  }
  /** Number of dimensions: PyTorch's dim() and ndim. */
  get rank(): number {
    return this.core.rank;
  }
  get ndim(): number {
    return this.core.rank;
  }
  /** Extent of the first dimension: Python's len(). */
  get length(): number {
    return (
      this.shape[0] ??
      complain(core.ShapeError, "len() of a 0-d tensor", { op: "len", expected: "rank 1 or more", given: "[]" })
    );
  }
  get dtype(): Dtype {
    return dtypeOf(this.core.dtype);
  }
  get device(): Device {
    return new Device("webgpu");
  }
  /** Dimensions in the opposite order. */
  get T(): Tensor {
    return wrap(
      core.transpose(
        this.core,
        this.shape.map((_, i) => this.rank - 1 - i),
      ),
    );
  }

  get requires_grad(): boolean {
    return core.isTracked(this.core);
  }
  set requires_grad(on: boolean) {
    this.requires_grad_(on);
  }
  /** True for a tensor that no recorded operation made. */
  get is_leaf(): boolean {
    return core.isLeaf(this.core);
  }
  /** The gradient collected by backward(); null before, and for tensors that are no leaves. */
  get grad(): Tensor | null {
    if (!this.core.node || !(this.is_leaf || retained.has(this.core.node))) return null;
    slotOf(this.core.node).seen = true;
    return peekGradient(this.core.node);
  }
  set grad(value: Tensor | null) {
    requireGradient(value);
    const { node } = this.core;
    if (!node || !this.is_leaf)
      throw new core.ArgumentError({
        op: "grad",
        argument: "self",
        expected: "a leaf that requires grad",
        given: "another tensor",
      });
    if (value && `${value.shape}` !== `${this.shape}`)
      complain(core.ShapeError, `assigned grad has data of a different size`, {
        op: "grad",
        argument: "value",
        expected: sizeText(this.shape),
        given: sizeText(value.shape),
      });
    dropGradient(node);
    assignGradient(node, value && core.keep(value), value !== null);
  }
  /** The same memory, outside the gradient graph. */
  get data(): Tensor {
    return wrap(core.adopt(this.core.alias()));
  }
  /** The rows, one after the other. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.rank === 0)
      complain(core.ShapeError, "iteration over a 0-d tensor", { op: "iter", expected: "rank 1 or more", given: "[]" });
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }
  /**
   * What Python's print shows. The values stand there when the host has them: the tensor was made of them, or they have
   * been read since it was last written; otherwise `tensor(..., size=(2, 3))`. show() reads them first.
   */
  toString(): string {
    return this[text](printable(this.core, this.dtype.name));
  }
  [text](array: Printable): string {
    return tensorText(array, gradientText(this));
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "Tensor", OPERATORS);
  }
}

/** A tensor of this dialect around one of the core's. */
export const wrap = (tensor: core.Tensor): Tensor => new Tensor(tensor);

function fromList(args: readonly unknown[]): core.Tensor {
  const { shape, values } = flattenData("Tensor", readTensor(args).data);
  return core.fromData(values, shape, "float32");
}

function requireGradient(value: unknown): void {
  if (value === null || value instanceof Tensor) return;
  throw new core.ArgumentError({ op: "grad", argument: "value", expected: "a Tensor or null", given: show(value) });
}
