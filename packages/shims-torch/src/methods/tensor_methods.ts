// The methods of a tensor, by name.
import * as core from "@facet/autograd";
import { type Args, defineMethod, int, type Methods, methods, oneOf, read } from "@facet/dialect";
import { backwardMethod } from "../autograd/gradients.js";
import { convertCore, copyOf } from "../convert.js";
import { bool as boolDtype, checkDevice, type Device, type Dtype, float32, int64, uint8 } from "../dtype.js";
import { complain, dimension } from "../errors.js";
import { device, dtype, forms, memory_format, tensor } from "../kinds.js";
import * as I from "../ops/indexing.js";
import * as W from "../ops/inplace.js";
import * as J from "../ops/joining.js";
import * as L from "../ops/linalg.js";
import * as R from "../ops/reduce.js";
import * as S from "../ops/shape.js";
import * as O from "../ops/sorting.js";
import { sizeText } from "../python.js";
import { Tensor, text, wrap } from "../tensor.js";
import { attributes, stride } from "./attributes.js";
import { elementwise } from "./elementwise.js";
import { inPlace, ofOne, ofOperands, ofTensors, otherNames } from "./inplace.js";
import { inPlacePlaces } from "./inplace_places.js";
import { shapesInPlace } from "./more_inplace.js";
import { places } from "./places.js";
import { products } from "./products.js";
import { reductions } from "./reductions.js";

/** A method without arguments. */
const alone = <T>(name: string, body: (self: Tensor) => T): ((self: Tensor) => T) =>
  defineMethod(`torch.Tensor.${name}`, {}, (self: Tensor) => body(self));

function converted(self: Tensor, to: Dtype): Tensor {
  const target = to.core;
  return target === self.core.dtype ? self : core.scope(() => wrap(convertCore(self.core, target)));
}

const conversion = (name: string, to: Dtype): ((self: Tensor) => Tensor) => alone(name, (self) => converted(self, to));

type MemoryFormat = Args<[memory_format: null], { memory_format: null }>;

const readTo = forms(
  "Tensor.to",
  { dtype, non_blocking: false, copy: false, "*": null, memory_format },
  {
    device: device.or(null),
    dtype: dtype.or(null),
    non_blocking: false,
    copy: false,
    "*": null,
    memory_format,
  },
  { other: tensor, non_blocking: false, copy: false, "*": null, memory_format },
);

interface ToArguments {
  dtype: Dtype | null;
  device: Device | string | null;
  /** Changes nothing: nothing blocks. */
  non_blocking: boolean;
  /** A new tensor even where nothing is to be converted. */
  copy: boolean;
  memory_format: null;
}
type ToArgs =
  | Args<[dtype: Dtype, non_blocking: boolean, copy: boolean], ToArguments>
  | Args<[device: Device | string | null, dtype: Dtype | null, non_blocking: boolean, copy: boolean], ToArguments>
  | Args<[other: Tensor, non_blocking: boolean, copy: boolean], ToArguments & { other: Tensor }>;

/** To a dtype; a device is checked and otherwise changes nothing. */
function to(self: Tensor, ...args: ToArgs): Tensor {
  const { form, values } = readTo(args);
  if (form === "1" && values.device !== null) checkDevice("to", values.device);
  const target = form === "2" ? values.other.dtype : (values.dtype ?? self.dtype);
  const result = converted(self, target);
  return values.copy && result === self ? wrap(copyOf(self.core)) : result;
}

const TYPES = {
  "torch.FloatTensor": float32,
  "torch.LongTensor": int64,
  "torch.BoolTensor": boolDtype,
  "torch.ByteTensor": uint8,
} as const;
type TypeName = keyof typeof TYPES;
type TypeArgs = Args<
  [dtype: Dtype | TypeName, non_blocking: boolean],
  { dtype: Dtype | TypeName; non_blocking: boolean }
>;

/** To a dtype, or one of the names that tensors of a dtype have in PyTorch; without one that name. */
const type = defineMethod(
  "torch.Tensor.type",
  { dtype: dtype.either(oneOf(...(Object.keys(TYPES) as TypeName[]))).or(null), non_blocking: false },
  (self: Tensor, { dtype }): Tensor | string => {
    if (dtype === null)
      return Object.entries(TYPES).find(([, each]) => each.core === self.core.dtype)?.[0] ?? `${self.dtype}`;
    return converted(self, typeof dtype === "string" ? TYPES[dtype] : dtype);
  },
);

const size = defineMethod(
  "torch.Tensor.size",
  { dim: int.or(null) },
  (self: Tensor, { dim }): number | readonly number[] =>
    dim === null ? self.shape : (self.shape[rankedDimension(self, dim)] as number),
);

function rankedDimension(self: Tensor, dim: number): number {
  if (self.rank > 0) return dimension("size", dim, self.rank);
  return complain(core.ArgumentError, `Dimension specified as ${dim} but tensor has no dimensions`, {
    op: "size",
    argument: "dim",
    expected: "none",
    given: `${dim}`,
  });
}

/** Whether the tensor is to collect gradients. Only a leaf of floats can be told. */
const requires_grad_ = defineMethod("torch.Tensor.requires_grad_", { requires_grad: true }, (self: Tensor, given) => {
  const on = given.requires_grad;
  if (!self.is_leaf) {
    if (on) return self;
    complain(
      core.FacetError,
      "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
      { op: "requires_grad_", argument: "self", expected: "a leaf", given: "a computed tensor" },
    );
  }
  if (on && !self.dtype.is_floating_point)
    complain(core.DtypeError, "only Tensors of floating point dtype can require gradients", {
      op: "requires_grad_",
      argument: "self",
      expected: "torch.float32",
      given: `${self.dtype}`,
    });
  if (on && !core.isTracked(self.core)) core.variable(self.core);
  else if (!on) core.detach(self.core);
  return self;
});

/** The only element; of a bool 0 or 1. */
const item: (self: Tensor) => Promise<number> = alone("item", async (self) => {
  if (self.core.size !== 1)
    complain(core.ShapeError, `a Tensor with ${self.core.size} elements cannot be converted to Scalar`, {
      op: "item",
      argument: "self",
      expected: "one element",
      given: sizeText(self.shape),
    });
  return await self.core.item();
});

/** Prints the tensor as Python's `print(x)` does, once its values have been read from the device. */
const show: (self: Tensor) => Promise<void> = alone("show", async (self) => {
  console.log(self[text](await read(self.core, self.dtype.name)));
});

const dim: (self: Tensor) => number = alone("dim", (self) => self.rank);
const numel: (self: Tensor) => number = alone("numel", (self) => self.core.size);
const is_floating_point: (self: Tensor) => boolean = alone("is_floating_point", (self) => self.dtype.is_floating_point);
/** The same values, outside the gradient graph, in the same memory. */
const detach: (self: Tensor) => Tensor = alone("detach", (self) => self.data);
/** A copy in memory of its own; gradients flow through. */
const clone: (self: Tensor, ...args: Args<[], { memory_format: null }>) => Tensor = defineMethod(
  "torch.Tensor.clone",
  { "*": null, memory_format },
  (self: Tensor) => wrap(copyOf(self.core)),
);
/** Nested arrays of the tensor's shape, a number for rank 0. */
const tolist: (self: Tensor) => Promise<core.NestedArray> = alone("tolist", (self) => self.core.array());
/** The elements, row-major, in a typed array. `force` changes nothing: tensors that require grad are read like others. */
const numpy: (self: Tensor, ...args: Args<[], { force: boolean }>) => Promise<core.TypedArray> = defineMethod(
  "torch.Tensor.numpy",
  { "*": null, force: false },
  (self: Tensor) => self.core.data(),
);
type Conversion = (self: Tensor) => Tensor;
const float: Conversion = conversion("float", float32);
const long: Conversion = conversion("long", int64);
/** int64: the only integer type there is. */
const int_: Conversion = conversion("int", int64);
const bool: Conversion = conversion("bool", boolDtype);

const table = {
  // What it is.
  dim,
  numel,
  is_floating_point,

  // Gradients.
  backward: backwardMethod,
  detach,
  clone,

  // Values.
  item,
  tolist,
  numpy,
  show,

  // Conversions.
  to,
  float,
  long,
  int: int_,
  bool,

  // Shapes.
  view: S.view,
  reshape: S.reshapeMethod,
  view_as: S.view_as,
  flatten: S.flatten,
  permute: S.permuteMethod,
  transpose: S.transpose,
  t: S.t,
  squeeze: S.squeezeMethod,
  unsqueeze: S.unsqueeze,
  expand: S.expand,
  expand_as: S.expand_as,
  repeat: S.repeat,
  narrow: J.narrow,
  split: J.splitMethod,
  chunk: J.chunk,
  unsafe_chunk: J.chunk,
  unsafe_split: J.unsafeSplitMethod,
  unsafe_split_with_sizes: J.unsafeSizes,
  flip: S.flipMethod,

  // Elements.
  get: I.get,
  set: I.set,
  slice: I.slice,
  index_select: I.index_select,
  gather: I.gather,

  // Products.
  matmul: L.matmul,
  mm: L.mm,
  bmm: L.bmm,

  // Reductions.
  sum: R.sum,
  mean: R.mean,
  amax: R.amax,
  amin: R.amin,
  any: R.any,
  all: R.all,
  prod: R.prod,
  var: R.var,
  std: R.std,
  norm: R.normMethod,
  argmax: R.argmax,
  argmin: R.argmin,
  softmax: R.softmax,
  log_softmax: R.log_softmax,

  // In place.
  add_: W.add_,
  sub_: W.sub_,
  mul_: W.mul_,
  div_: W.div_,
  clamp_: W.clamp_,
  copy_: W.copy_,
  fill_: W.fill_,
  zero_: W.zero_,
  normal_: W.normal_,
  uniform_: W.uniform_,
} as const;

/** Methods whose type depends on their arguments, or is that of their object. */
const special = {
  size,
  stride,
  type,
  requires_grad_,
  contiguous: defineMethod("torch.Tensor.contiguous", { memory_format }, (self: Tensor) => self),
  cpu: defineMethod("torch.Tensor.cpu", { memory_format }, (self: Tensor) => self),
  max: R.max,
  min: R.min,
  median: O.median,
  nanmedian: O.nanmedian,
} as const;

export interface TensorMethods
  extends Methods<typeof table>,
    Methods<typeof elementwise>,
    Methods<typeof places>,
    Methods<typeof attributes>,
    Methods<typeof shapesInPlace>,
    Methods<typeof products>,
    Methods<typeof reductions>,
    Methods<typeof inPlace>,
    Methods<typeof inPlacePlaces>,
    Methods<typeof ofOne>,
    Methods<typeof ofOperands>,
    Methods<typeof ofTensors>,
    Methods<typeof otherNames> {
  size(dim?: null): readonly number[];
  size(dim: number | { dim: number }): number;
  stride(dim?: null): readonly number[];
  stride(dim: number | { dim: number }): number;
  type(dtype?: null): string;
  type(...args: TypeArgs): Tensor;
  requires_grad_(...args: Args<[requires_grad: boolean], { requires_grad: boolean }>): this;
  /** Tensors are always contiguous. */
  contiguous(...args: MemoryFormat): this;
  cpu(...args: MemoryFormat): this;
  max: R.ExtremeMethod;
  min: R.ExtremeMethod;
  median: O.MedianMethod;
  nanmedian: O.MedianMethod;
}

methods(Tensor, {
  ...{ ...table, ...special, ...elementwise, ...places, ...attributes, ...shapesInPlace, ...products, ...reductions },
  ...{ ...inPlace, ...inPlacePlaces, ...ofOne, ...ofOperands, ...ofTensors, ...otherNames },
});
