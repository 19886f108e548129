import * as core from "@facet/autograd";
import { type Printable, primitiveOf, printable, show, signature } from "@facet/dialect";
import { retained } from "./autograd/retained.js";
import { convertCore } from "./convert.js";
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

const ITEM_SIZES: Partial<Record<core.Dtype, number>> = { float32: 4, int32: 8, bool: 1, uint8: 1 };

const readTensor = signature("torch.Tensor", {
  data: data.where("a list of numbers", (value) => typeof value === "object"),
});

/** Where a view looks: PyTorch's views share memory, and these, which have memory of their own, keep in step with their base. */
interface Origin {
  readonly base: Tensor;
  readonly read: (x: core.Tensor) => core.Tensor;
  /** Where its elements lie one after another in the base from, if they do. */
  readonly at: number | undefined;
  /** Whether several of its elements are one of the base. */
  readonly repeats: boolean;
  /** The base's memory as it was when it was last read. */
  storage: core.Tensor["storage"];
  version: number;
}
/** Puts another tensor of the core in the place of a tensor's own, which is then no view. */
export const become: unique symbol = Symbol("become");
/** Writes a view's elements back to where they come from. */
export const writeBack: unique symbol = Symbol("writeBack");
/** Marks a new tensor as a view. */
const looksAt: unique symbol = Symbol("looksAt");
/** Whether several elements of a view are one of its base. */
export const repeatsBase: unique symbol = Symbol("repeatsBase");
/** The tensor that a view looks at, null for others. */
export const baseOf: unique symbol = Symbol("baseOf");

/** Methods that are functions of a tensor stand in tables: methods/tensor_methods.ts. */
export interface Tensor extends TensorMethods {}

/**
 * PyTorch's tensor. Operators are methods (`a.add(b)`, `x.get(0)`, `a.eq(b)`); what needs a value from the device is a
 * promise (`await loss.item()`). Dtypes: float32, int64 (held in 32 bits), bool, uint8.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put onto the prototype from their table.
export class Tensor implements core.HoldsTensors {
  #core: core.Tensor;
  #origin: Origin | undefined;

  /** `new torch.Tensor([1, 2])`: float32 of the data, whatever they are. torch.tensor infers a dtype instead. */
  constructor(...args: [data: core.Tensor | TensorData]);
  constructor(...args: unknown[]) {
    this.#core = args[0] instanceof core.Tensor ? args[0] : fromList(args);
  }

  /** The core's tensor behind this one; a view whose base was written to since is read again. */
  get core(): core.Tensor {
    return this.#origin ? this.#inStep(this.#origin) : this.#core;
  }

  #inStep(origin: Origin): core.Tensor {
    if (this.#core.disposed) return this.#core;
    const base = origin.base.core;
    if (base.disposed) {
      // Its call is over: nobody can write to it.
      this.#origin = undefined;
      return this.#core;
    }
    const trace = core.tracing();
    // What was read before a trace may have changed before its replays.
    const isKnown = !trace || trace.made.has(this.#core);
    if (isKnown && base.storage === origin.storage && base.storage.version === origin.version) return this.#core;
    this.#core = core.keep(core.scope(() => origin.read(base)));
    this.#note(origin);
    return this.#core;
  }
  #note(origin: Origin): void {
    origin.storage = origin.base.core.storage;
    origin.version = origin.storage.version;
  }
  [looksAt](base: Tensor, read: (x: core.Tensor) => core.Tensor, { at, overlaps = false }: Lying): this {
    const { storage, size } = base.core;
    const repeats = overlaps || this.#core.size > size;
    this.#origin = { base, read, at, repeats, storage, version: storage.version };
    return this;
  }
  get [repeatsBase](): boolean {
    return this.#origin?.repeats ?? false;
  }
  get [baseOf](): Tensor | null {
    return this.#origin?.base ?? null;
  }
  [writeBack](): void {
    const origin = this.#origin;
    if (!origin || this.#core.disposed || origin.base.core.disposed) return;
    core.noGrad(() => core.scope(() => putBack(this.#core, origin)));
    this.#note(origin);
    origin.base[writeBack]();
    this.#note(origin);
  }
  [become](tensor: core.Tensor): this {
    this.#core = tensor;
    this.#origin = undefined;
    return this;
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
    const order = this.shape.map((_, i) => this.rank - 1 - i);
    return viewed(this, (x) => core.transpose(x, order));
  }
  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    if (this.rank < 2)
      complain(
        core.ShapeError,
        `tensor.mT is only supported on matrices or batches of matrices. Got ${this.rank}-D tensor.`,
        {
          op: "mT",
          argument: "self",
          expected: "rank 2 or more",
          given: sizeText(this.shape),
        },
      );
    const order = [...this.shape.keys()];
    return viewed(this, (x) => core.transpose(x, [...order.slice(0, -2), order.length - 1, order.length - 2]));
  }
  /** As mT: there are no complex numbers. */
  get mH(): Tensor {
    return this.mT;
  }
  /** As T of matrices: there are no complex numbers. */
  get H(): Tensor {
    if (this.rank !== 0 && this.rank !== 2)
      complain(core.ShapeError, `tensor.H is only supported on matrices (2-D tensors). Got ${this.rank}-D tensor.`, {
        op: "H",
        argument: "self",
        expected: "rank 2",
        given: sizeText(this.shape),
      });
    return this.T;
  }
  /** The tensor itself: there are no complex numbers. */
  get real(): Tensor {
    return viewed(this, (x) => core.reshape(x, x.shape));
  }
  /** Bytes of an element as PyTorch counts them: the device holds int64 and bool in 4. */
  get itemsize(): number {
    return ITEM_SIZES[this.core.dtype] ?? 2;
  }
  get nbytes(): number {
    return this.itemsize * this.core.size;
  }
  get is_sparse(): boolean {
    return false;
  }
  get is_quantized(): boolean {
    return false;
  }
  get is_nested(): boolean {
    return false;
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
    return viewed(this, (x) => core.adopt(x.alias()));
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

interface Lying {
  /** The first element's place, where a view is a stretch of its base's memory. */
  readonly at?: number | undefined;
  /** Whether elements of the base may come more than once. */
  readonly overlaps?: boolean;
}
/** What `read` gives of a tensor, as a view of it: what is written in place into one shows in the other. */
export function viewed(base: Tensor, read: (x: core.Tensor) => core.Tensor, lying: Lying = {}): Tensor {
  const own = base.core;
  const result = wrap(core.scope(() => read(own)));
  // What lies in the base's own memory is in step by itself; under vmap every example has memory of its own.
  if (core.isMapping() || (base[baseOf] === null && result.core.storage === own.storage)) return result;
  return result[looksAt](base, read, lying);
}

/** Puts a view's elements into the base's memory. */
function putBack(value: core.Tensor, { base, read, at }: Origin): void {
  const target = base.core;
  if (value.size === 0) return;
  if (value.storage === target.storage && value.size === target.size) return;
  const bytes = core.bytesPerElement(target.dtype);
  if (at !== undefined && !core.tracing() && (at * bytes) % 4 === 0 && (value.size * bytes) % 4 === 0) {
    const place = target.alias(value.shape, at * bytes);
    core.copyTensor(value, place);
    place.dispose();
    return;
  }
  // The view of numbers that count the base's elements says where its own belong.
  const places = read(core.reshape(core.arange(0, target.size, 1, "int32"), target.shape));
  const flat = (x: core.Tensor): core.Tensor => {
    const line = core.reshape(x, [x.size]);
    return x.dtype === "float32" || x.dtype === "int32" ? line : convertCore(line, "int32");
  };
  const whole = core.scatterElements(flat(target), flat(places), flat(value), { combination: "set" });
  core.copyTensor(core.reshape(convertCore(whole, target.dtype), target.shape), target);
}

function fromList(args: readonly unknown[]): core.Tensor {
  const { shape, values } = flattenData("Tensor", readTensor(args).data);
  return core.fromData(values, shape, "float32");
}

function requireGradient(value: unknown): void {
  if (value === null || value instanceof Tensor) return;
  throw new core.ArgumentError({ op: "grad", argument: "value", expected: "a Tensor or null", given: show(value) });
}
