import { type BufferView, DisposedError, formatShape, ShapeError, sizeOf } from "@facet/kernels-wgsl";
import { noteHostChange } from "./capture/observe.js";
import { notingTrace, outsideCapture, type Trace, type TraceView, tracing } from "./capture/trace.js";
import { byteSize, type Dtype, decode, encode, isHalf, type TypedArray } from "./dtype.js";
import { rememberValues } from "./host_values.js";
import { adopt } from "./scope.js";
import { Storage } from "./storage.js";
import type { Node } from "./tape.js";

/** Frees the memory of handles that were dropped without dispose(). */
const dropped = new FinalizationRegistry<Storage>((storage) => storage.release());

export type NestedArray = number | boolean | NestedArray[];

/** Where a handle is and how its gradient flows. */
export interface TensorState {
  readonly storage: Storage | undefined;
  readonly offset: number;
  readonly node: Node | undefined;
}

/**
 * A handle on an array on the device: shape, dtype, a place in memory, and the tape node that made it. Contiguous, row
 * major. Nobody has to dispose one: scopes, the tape and the garbage collector do; `using` and dispose() do it at once.
 */
export class Tensor {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  #node: Node | undefined;
  #storage: Storage | undefined;
  #offset: number;
  #why = "disposed";
  /** Whether some trace relied on where it is. */
  #isNoted = false;

  /** Without storage only for a subclass whose values lie elsewhere. */
  constructor(shape: readonly number[], dtype: Dtype, storage: Storage | undefined, offset = 0) {
    this.shape = shape;
    this.dtype = dtype;
    this.#storage = storage;
    this.#offset = offset;
    if (storage) dropped.register(this, storage, this);
    tracing()?.made.add(this);
  }

  /** How the tape reaches back from here; undefined when no gradient flows. */
  get node(): Node | undefined {
    const trace = notingTrace();
    if (trace) this.#note(trace);
    return this.#node;
  }

  set node(node: Node | undefined) {
    if (node === this.#node) return;
    notingTrace()?.switches(this, this.#state, () => {
      this.node = node;
    });
    this.#node = node;
    if (this.#isNoted) noteHostChange();
  }

  #note(trace: Trace): void {
    if (trace.uses(this, this.#state)) this.#isNoted = true;
  }

  get #state(): TensorState {
    return { storage: this.#storage, offset: this.#offset, node: this.#node };
  }

  /** Whether the handle is where it was, and its gradient flows as it did. */
  isAt({ storage, offset, node }: TensorState): boolean {
    return this.#storage === storage && this.#offset === offset && this.#node === node;
  }

  /** Shape of the array that the gradient graph knows. */
  get graphShape(): readonly number[] {
    return this.shape;
  }

  /** The memory that writes in place go to. */
  get memory(): Storage {
    return this.storage;
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get disposed(): boolean {
    return this.#storage === undefined;
  }

  /** The memory behind the handle; throws DisposedError after dispose(). */
  get storage(): Storage {
    if (!this.#storage) {
      throw new DisposedError({
        op: this.#node?.op ?? "tensor",
        argument: `tensor ${formatShape(this.shape)}`,
        expected: "a live tensor",
        given: `one that was ${this.#why}`,
      });
    }
    const trace = notingTrace();
    if (trace) this.#note(trace);
    return this.#storage;
  }

  /** What kernels bind. */
  get view(): BufferView {
    return this.storage.view(this.#offset, byteSize(this.dtype, this.size));
  }

  /** Where the tensor lies, known also while it has no memory yet. */
  get place(): TraceView {
    return { storage: this.storage, offset: this.#offset, bytes: byteSize(this.dtype, this.size) };
  }

  /** Byte offset in the storage. */
  get offset(): number {
    return this.#offset;
  }

  /** Another handle on the same memory, in no scope and without a node unless given. `offset` is in bytes from this one. */
  alias(shape: readonly number[] = this.shape, offset = 0, dtype = this.dtype): Tensor {
    return new Tensor(shape, dtype, this.storage.retain(), this.#offset + offset);
  }

  /** Frees the handle; the memory goes with its last user. Doing it twice is harmless. `why` stands in later errors. */
  dispose(why = "disposed"): void {
    if (!this.#storage) return;
    dropped.unregister(this);
    this.#storage.release();
    this.#storage = undefined;
    this.#why = why;
    if (this.#isNoted) noteHostChange();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Points the handle at other memory of the same size: how parameters move into an optimiser's arena, and assignment. */
  relocate(storage: Storage, offset: number): void {
    const old = this.#storage ?? this.storage;
    storage.retain();
    dropped.unregister(this);
    dropped.register(this, storage, this);
    this.#storage = storage;
    this.#offset = offset;
    if (this.#isNoted) noteHostChange();
    old.release();
  }

  /** Elements, read back from the device. Errors of earlier ops surface here. */
  async data(): Promise<TypedArray> {
    const { storage } = this;
    const { version } = storage;
    const data = decode(await storage.device.read(this.view), this.dtype, this.size);
    if (!this.disposed && this.#storage === storage) rememberValues(this, data, version);
    return data;
  }

  /** The only element of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new ShapeError({
        op: "item",
        argument: "tensor",
        expected: "exactly one element",
        given: formatShape(this.shape),
      });
    return (await this.data())[0] as number;
  }

  /** Nested arrays in the tensor's shape; bool as true and false. */
  async array(): Promise<NestedArray> {
    const data = await this.data();
    let at = 0;
    const build = (depth: number): NestedArray => {
      if (depth === this.rank) {
        const value = data[at++] as number;
        return this.dtype === "bool" ? value !== 0 : value;
      }
      return Array.from({ length: this.shape[depth] as number }, () => build(depth + 1));
    };
    return build(0);
  }
}

/** Room for a tensor; its content is undefined. `owner` names who holds the memory, in statistics. */
export function empty(shape: readonly number[], dtype: Dtype = "float32", owner = "activation"): Tensor {
  if (shape.some((extent) => !Number.isInteger(extent) || extent < 0)) {
    throw new ShapeError({
      op: "empty",
      argument: "shape",
      expected: "extents of 0 or more",
      given: formatShape(shape),
    });
  }
  return adopt(new Tensor([...shape], dtype, new Storage(byteSize(dtype, sizeOf(shape)), owner)));
}

/** A tensor with the given elements, row major. Throws ShapeError when their number does not fit the shape. */
export function fromData(
  values: ArrayLike<number | boolean>,
  shape: readonly number[],
  dtype: Dtype = "float32",
  owner = "data",
): Tensor {
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError({
      op: "tensor",
      argument: "data",
      expected: `${sizeOf(shape)} elements for shape ${formatShape(shape)}`,
      given: `${values.length}`,
    });
  }
  // Under capture this is a constant of the plan: it gets memory and content now.
  const tensor = outsideCapture(() => empty(shape, dtype, owner));
  const trace = tracing();
  if (trace) {
    trace.made.add(tensor);
    trace.constants.push(tensor.storage.retain());
  }
  const data = encode(values, dtype);
  if (values.length > 0) tensor.storage.device.queue.write(tensor.view, data);
  const known = isHalf(dtype) ? decode(data.buffer as ArrayBuffer, dtype, values.length) : data;
  rememberValues(tensor, known, tensor.storage.version, (known as ArrayLike<unknown>) !== values);
  return tensor;
}

/** Shape of nested arrays and their elements in row-major order. Throws ShapeError on ragged ones. */
export function flattenNested(value: NestedArray): { shape: number[]; values: (number | boolean)[] } {
  const shape: number[] = [];
  for (let level: NestedArray = value; Array.isArray(level); level = level[0] as NestedArray) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const values: (number | boolean)[] = [];
  const visit = (level: NestedArray, depth: number): void => {
    if (!Array.isArray(level)) {
      if (depth !== shape.length)
        throw new ShapeError({
          op: "tensor",
          argument: "data",
          expected: `nesting of depth ${shape.length}`,
          given: `a number at depth ${depth}`,
        });
      values.push(level);
      return;
    }
    if (level.length !== shape[depth]) {
      throw new ShapeError({
        op: "tensor",
        argument: "data",
        expected: `rows of equal length ${shape[depth] ?? 0}`,
        given: `a row of ${level.length}`,
      });
    }
    for (const part of level) visit(part, depth + 1);
  };
  visit(value, 0);
  return { shape, values };
}
