import * as core from "@facet/autograd";
import { primitiveOf, printable, signature } from "@facet/dialect";
import { assignGradient, type BackwardArgs, backward, dropGradient, peekGradient, slotOf } from "./autograd.js";
import { bool, checkDevice, Device, Dtype, dtypeOf, float32, int64 } from "./dtype.js";
import { complain } from "./errors.js";
import { write } from "./inplace.js";
import * as E from "./ops/elementwise.js";
import * as I from "./ops/indexing.js";
import * as L from "./ops/linalg.js";
import * as R from "./ops/reduce.js";
import * as S from "./ops/shape.js";
import { gradientText, tensorText } from "./print.js";
import { sizeText } from "./python.js";
import { type Generator, nextKey } from "./random.js";
import type { Args } from "./signature.js";

/** What stands beside a tensor in arithmetic. */
type Operand = E.Operand;
type Extents = (number | readonly number[])[];

const readShow = signature("torch.Tensor.show", {});

const OPERATORS = {
  add: "a.add(b), a.eq(b)",
  arithmetic: "a.mul(b), a.sub(b), a.div(b), a.pow(b), a.neg()",
  comparison: "a.gt(b), a.ge(b), a.lt(b), a.le(b)",
};

/**
 * PyTorch's tensor. Operators are methods (`a.add(b)`, `x.get(0)`, `a.eq(b)`); what needs a value from the device is a
 * promise (`await loss.item()`). Dtypes: float32, int64 (held in 32 bits), bool, uint8.
 */
export class Tensor implements core.HoldsTensors {
  /** The core's tensor behind this one. */
  readonly core: core.Tensor;

  constructor(tensor: core.Tensor) {
    this.core = tensor;
  }

  [core.tensorsOf](): Iterable<core.Tensor> {
    return [this.core];
  }

  // What it is.
  get shape(): readonly number[] {
    return this.core.shape;
  }
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): number | readonly number[] {
    if (dim === undefined) return this.shape;
    const extent = this.shape.at(dim);
    if (extent !== undefined) return extent;
    return complain(core.ArgumentError, `Dimension out of range (got ${dim})`, {
      op: "size",
      argument: "dim",
      expected: `a dimension of a tensor of rank ${this.rank}`,
      given: `${dim}`,
    });
  }
  /** Number of dimensions: PyTorch's dim() and ndim. */
  get rank(): number {
    return this.core.rank;
  }
  get ndim(): number {
    return this.core.rank;
  }
  dim(): number {
    return this.core.rank;
  }
  numel(): number {
    return this.core.size;
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
  is_floating_point(): boolean {
    return this.dtype.is_floating_point;
  }

  // Gradients.
  get requires_grad(): boolean {
    return core.isTracked(this.core);
  }
  set requires_grad(on: boolean) {
    this.requires_grad_(on);
  }
  /** True for a tensor that no recorded operation made. */
  get is_leaf(): boolean {
    return !this.core.node || this.core.node.op === "variable";
  }
  /** Whether the tensor is to collect gradients. Only a leaf of floats can be told. */
  requires_grad_(on = true): this {
    if (!this.is_leaf) {
      if (on) return this;
      complain(
        core.FacetError,
        "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
        { op: "requires_grad_", argument: "self", expected: "a leaf", given: "a computed tensor" },
      );
    }
    if (on && !this.dtype.is_floating_point)
      complain(core.DtypeError, "only Tensors of floating point dtype can require gradients", {
        op: "requires_grad_",
        argument: "self",
        expected: "torch.float32",
        given: `${this.dtype}`,
      });
    if (on && !this.core.node) core.variable(this.core);
    else if (!on) this.core.node = undefined;
    return this;
  }
  /** The gradient collected by backward(); null before, and for tensors that are no leaves. */
  get grad(): Tensor | null {
    if (!this.core.node || !this.is_leaf) return null;
    slotOf(this.core.node).seen = true;
    return peekGradient(this.core.node);
  }
  set grad(value: Tensor | null) {
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
  /** Adds the gradient of this tensor by every leaf to the leaf's `.grad`. */
  backward(...args: BackwardArgs): void {
    backward(this, args);
  }
  /** The same values, outside the gradient graph, in the same memory. */
  detach(): Tensor {
    return new Tensor(core.adopt(this.core.alias()));
  }
  /** The same memory, outside the gradient graph. */
  get data(): Tensor {
    return this.detach();
  }
  /** A copy in memory of its own; gradients flow through. */
  clone(): Tensor {
    const x = this.core;
    if (x.size === 0) return new Tensor(core.reshape(x, x.shape));
    if (x.dtype !== "uint8")
      return core.scope(() => new Tensor(core.reshape(core.transpose(core.reshape(x, [x.size]), [0]), x.shape)));
    const copy = core.empty(x.shape, x.dtype, "data");
    core.copyTensor(x, copy);
    return new Tensor(copy);
  }
  /** Tensors are always contiguous. */
  contiguous(): this {
    return this;
  }

  // Values.
  /** The only element; of a bool 0 or 1. */
  async item(): Promise<number> {
    if (this.core.size !== 1)
      complain(core.ShapeError, "only one element tensors can be converted to Python scalars", {
        op: "item",
        argument: "self",
        expected: "one element",
        given: sizeText(this.shape),
      });
    return await this.core.item();
  }
  /** Nested arrays of the tensor's shape, a number for rank 0. */
  tolist(): Promise<core.NestedArray> {
    return this.core.array();
  }
  /** The elements, row-major, in a typed array. */
  numpy(): Promise<core.TypedArray> {
    return this.core.data();
  }
  /**
   * What Python's print shows. The values stand there when the host has them: the tensor was made of them, or they have
   * been read since it was last written; otherwise `tensor(..., size=(2, 3))`. show() reads them first.
   */
  toString(): string {
    return tensorText(printable(this.core, this.dtype.name), gradientText(this));
  }
  /** Prints the tensor as Python's `print(x)` does, once its values have been read from the device. */
  async show(...args: readonly unknown[]): Promise<void> {
    readShow(args);
    await this.core.data();
    console.log(this.toString());
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Refuses operators, which JavaScript would turn into NaN or text. */
  [Symbol.toPrimitive](hint: string): string {
    return primitiveOf(this, hint, "Tensor", OPERATORS);
  }

  // Conversions.
  /** To a dtype; a device is checked and otherwise changes nothing. */
  to(...targets: (Dtype | Device | string | Tensor)[]): Tensor {
    let result: Tensor = this;
    for (const target of targets) {
      if (target instanceof Dtype) result = result.type(target);
      else if (target instanceof Tensor) result = result.type(target.dtype);
      else checkDevice("to", target);
    }
    return result;
  }
  type(dtype: Dtype): Tensor {
    return dtype.core === this.core.dtype ? this : core.scope(() => new Tensor(E.convertCore(this.core, dtype.core)));
  }
  float(): Tensor {
    return this.type(float32);
  }
  long(): Tensor {
    return this.type(int64);
  }
  /** int64: the only integer type there is. */
  int(): Tensor {
    return this.type(int64);
  }
  bool(): Tensor {
    return this.type(bool);
  }
  cpu(): this {
    return this;
  }

  // Shapes.
  view(...shape: Extents): Tensor {
    return S.reshape(this, ...shape);
  }
  reshape(...shape: Extents): Tensor {
    return S.reshape(this, ...shape);
  }
  view_as(other: Tensor): Tensor {
    return S.reshape(this, other.shape);
  }
  flatten(...args: S.FlattenArgs): Tensor {
    return S.flatten(this, ...args);
  }
  permute(...dims: Extents): Tensor {
    return S.permute(this, ...dims);
  }
  transpose(dim0: number, dim1: number): Tensor {
    return S.transpose(this, dim0, dim1);
  }
  t(): Tensor {
    return S.t(this);
  }
  get T(): Tensor {
    return S.permute(
      this,
      this.shape.map((_, i) => this.rank - 1 - i),
    );
  }
  squeeze(dim?: number | readonly number[]): Tensor {
    return S.squeeze(this, dim);
  }
  unsqueeze(dim: number): Tensor {
    return S.unsqueeze(this, dim);
  }
  expand(...sizes: Extents): Tensor {
    return S.expand(this, ...sizes);
  }
  expand_as(other: Tensor): Tensor {
    return S.expand(this, other.shape);
  }
  repeat(...repeats: Extents): Tensor {
    return S.repeat(this, ...repeats);
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return S.narrow(this, dim, start, length);
  }
  split(split_size: number | readonly number[], dim = 0): Tensor[] {
    return S.split(this, split_size, dim);
  }
  chunk(chunks: number, dim = 0): Tensor[] {
    return S.chunk(this, chunks, dim);
  }
  flip(...dims: Extents): Tensor {
    return S.flip(this, ...dims);
  }

  // Elements.
  /** x.get(i, [a, b], ":") is Python's x[i, a:b, :]. The result is a copy. */
  get(...index: I.Index[]): Tensor {
    return I.get(this, index);
  }
  /** Elements start to stop of the first dimension: x[start:stop]. */
  slice(start?: number, stop?: number): Tensor {
    return I.get(this, [[start ?? null, stop ?? null]]);
  }
  index_select(dim: number, index: Tensor): Tensor {
    return I.index_select(this, dim, index);
  }
  gather(dim: number, index: Tensor): Tensor {
    return I.gather(this, dim, index);
  }
  masked_fill(mask: Tensor, value: number): Tensor {
    return E.masked_fill(this, mask, value);
  }
  where(condition: Tensor, other: Operand): Tensor {
    return E.where(condition, this, other);
  }
  /** The rows, one after the other. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }

  // Arithmetic.
  add(other: Operand, ...args: Args<[], E.AlphaArguments>): Tensor {
    return E.add(this, other, ...args);
  }
  sub(other: Operand, ...args: Args<[], E.AlphaArguments>): Tensor {
    return E.sub(this, other, ...args);
  }
  mul(other: Operand): Tensor {
    return E.mul(this, other);
  }
  div(other: Operand, ...args: Args<[], E.DivArguments>): Tensor {
    return E.div(this, other, ...args);
  }
  pow(exponent: Operand): Tensor {
    return E.pow(this, exponent);
  }
  maximum(other: Tensor): Tensor {
    return E.maximum(this, other);
  }
  minimum(other: Tensor): Tensor {
    return E.minimum(this, other);
  }
  eq(other: Operand): Tensor {
    return E.eq(this, other);
  }
  ne(other: Operand): Tensor {
    return E.ne(this, other);
  }
  lt(other: Operand): Tensor {
    return E.lt(this, other);
  }
  le(other: Operand): Tensor {
    return E.le(this, other);
  }
  gt(other: Operand): Tensor {
    return E.gt(this, other);
  }
  ge(other: Operand): Tensor {
    return E.ge(this, other);
  }
  logical_and(other: Tensor): Tensor {
    return E.logical_and(this, other);
  }
  logical_or(other: Tensor): Tensor {
    return E.logical_or(this, other);
  }
  logical_not(): Tensor {
    return E.logical_not(this);
  }
  neg(): Tensor {
    return E.neg(this);
  }
  abs(): Tensor {
    return E.abs(this);
  }
  sign(): Tensor {
    return E.sign(this);
  }
  square(): Tensor {
    return E.square(this);
  }
  floor(): Tensor {
    return E.floor(this);
  }
  ceil(): Tensor {
    return E.ceil(this);
  }
  round(): Tensor {
    return E.round(this);
  }
  exp(): Tensor {
    return E.exp(this);
  }
  log(): Tensor {
    return E.log(this);
  }
  log1p(): Tensor {
    return E.log1p(this);
  }
  sqrt(): Tensor {
    return E.sqrt(this);
  }
  rsqrt(): Tensor {
    return E.rsqrt(this);
  }
  reciprocal(): Tensor {
    return E.reciprocal(this);
  }
  sin(): Tensor {
    return E.sin(this);
  }
  cos(): Tensor {
    return E.cos(this);
  }
  tanh(): Tensor {
    return E.tanh(this);
  }
  sigmoid(): Tensor {
    return E.sigmoid(this);
  }
  erf(): Tensor {
    return E.erf(this);
  }
  relu(): Tensor {
    return E.relu(this);
  }
  isnan(): Tensor {
    return E.isnan(this);
  }
  clamp(...args: Args<[min: number | null, max: number | null], E.ClampArguments>): Tensor {
    return E.clamp(this, ...args);
  }

  // Products.
  matmul(other: Tensor): Tensor {
    return L.matmul(this, other);
  }
  mm(mat2: Tensor): Tensor {
    return L.mm(this, mat2);
  }
  bmm(mat2: Tensor): Tensor {
    return L.bmm(this, mat2);
  }

  // Reductions.
  sum(...args: R.ReduceArgs): Tensor {
    return R.sum(this, ...args);
  }
  mean(...args: R.ReduceArgs): Tensor {
    return R.mean(this, ...args);
  }
  amax(...args: R.ReduceArgs): Tensor {
    return R.amax(this, ...args);
  }
  amin(...args: R.ReduceArgs): Tensor {
    return R.amin(this, ...args);
  }
  any(...args: R.ReduceArgs): Tensor {
    return R.any(this, ...args);
  }
  all(...args: R.ReduceArgs): Tensor {
    return R.all(this, ...args);
  }
  prod(...args: R.DimArgs): Tensor {
    return R.prod(this, ...args);
  }
  var(...args: R.VarArgs | unknown[]): Tensor {
    return R.var(this, ...args);
  }
  std(...args: R.VarArgs | unknown[]): Tensor {
    return R.std(this, ...args);
  }
  norm(
    ...args: Args<[p: number | "fro", dim: number | readonly number[] | null, keepdim: boolean], R.NormArguments>
  ): Tensor {
    return R.norm(this, ...args);
  }
  argmax(...args: R.DimArgs): Tensor {
    return R.argmax(this, ...args);
  }
  argmin(...args: R.DimArgs): Tensor {
    return R.argmin(this, ...args);
  }
  max(): Tensor;
  max(other: Tensor): Tensor;
  max(dim: number, keepdim?: boolean): R.ValuesAndIndices;
  max(options: { dim: number; keepdim?: boolean }): R.ValuesAndIndices;
  max(...args: unknown[]): Tensor | R.ValuesAndIndices {
    return R.max(this, ...args);
  }
  min(): Tensor;
  min(other: Tensor): Tensor;
  min(dim: number, keepdim?: boolean): R.ValuesAndIndices;
  min(options: { dim: number; keepdim?: boolean }): R.ValuesAndIndices;
  min(...args: unknown[]): Tensor | R.ValuesAndIndices {
    return R.min(this, ...args);
  }
  softmax(...args: R.SoftmaxArgs): Tensor {
    return R.softmax(this, ...args);
  }
  log_softmax(...args: R.SoftmaxArgs): Tensor {
    return R.log_softmax(this, ...args);
  }

  // In place: outside the gradient graph, or under no_grad.
  add_(other: Operand, ...args: Args<[], E.AlphaArguments>): Tensor {
    return write("add_", this, () => E.add(this, other, ...args).core);
  }
  sub_(other: Operand, ...args: Args<[], E.AlphaArguments>): Tensor {
    return write("sub_", this, () => E.sub(this, other, ...args).core);
  }
  mul_(other: Operand): Tensor {
    return write("mul_", this, () => E.mul(this, other).core);
  }
  div_(other: Operand): Tensor {
    return write("div_", this, () => E.div(this, other).core);
  }
  clamp_(...args: Args<[min: number | null, max: number | null], E.ClampArguments>): Tensor {
    return write("clamp_", this, () => E.clamp(this, ...args).core);
  }
  copy_(source: Tensor): Tensor {
    return write("copy_", this, () => source.type(this.dtype).core);
  }
  fill_(value: number): Tensor {
    return write("fill_", this, () => core.full(this.shape, value, this.core.dtype));
  }
  zero_(): Tensor {
    return this.fill_(0);
  }
  /** Normal draws of the default generator, or of one given. */
  normal_(mean = 0, std = 1, options: { generator?: Generator } = {}): Tensor {
    return write("normal_", this, () => core.normal(nextKey(options.generator), this.shape, mean, std));
  }
  /** Uniform draws in [from, to). */
  uniform_(from = 0, to = 1, options: { generator?: Generator } = {}): Tensor {
    return write("uniform_", this, () => core.uniform(nextKey(options.generator), this.shape, from, to));
  }
}

/** A tensor of this dialect around one of the core's. */
export const wrap = (tensor: core.Tensor): Tensor => new Tensor(tensor);
