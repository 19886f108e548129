// Elements along one axis by index: gather, and scatter that sets, adds, multiplies or compares.
import {
  axisOf,
  type Combination,
  DtypeError,
  formatShape,
  gatherAlongGeometry,
  gatherAlong as gatherKernel,
  type IndexForm,
  type IndexMode,
  type IndexOptions,
  indexConstants,
  ShapeError,
  scatterAlongGeometry,
  scatterConstants,
  scatterAlong as scatterKernel,
} from "@facet/kernels-wgsl";
import {
  copyTensor,
  defineOp,
  launch,
  nonDifferentiable,
  type Op,
  type OpInputs,
  type Vjp,
  vjp,
} from "../define_op.js";
import { bindingDtype, expectDtype } from "../dtype.js";
import { device } from "../engine.js";
import type { Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { allBatched } from "../vmap/rules.js";
import { isNan } from "./bits.js";
import { arange, wordOf, zeros } from "./create.js";
import { cast, div, equal, logicalAnd, logicalOr, mul, where } from "./elementwise.js";
import { refuseBytes } from "./elementwise_op.js";
import { expand, reshape } from "./shape.js";

/** How indices are read. */
interface Reading {
  readonly axis: number;
  readonly form: IndexForm;
  readonly mode: IndexMode;
  readonly negative: boolean;
}

interface GatherAttrs extends Reading {
  readonly op: string;
  readonly fill: number;
  readonly unique: boolean;
}

export interface ScatterAttrs extends Reading {
  readonly op: string;
  readonly unique: boolean;
}

/** Examples are one axis more in front; rows by an index that each example has of its own are taken example by example. */
function alongOrRows<I extends OpInputs & { readonly index: Tensor }, A extends Reading>(): BatchRule<I, A> {
  return (inputs, isBatched, attrs, size) => {
    const next = { ...attrs, axis: attrs.axis + 1 };
    const all = allBatched(inputs, isBatched, size);
    if (attrs.form === "along") return { inputs: all, attrs: next };
    return isBatched("index") ? undefined : { inputs: { ...all, index: inputs.index }, attrs: next };
  };
}

/** Where a kernel notes an index out of range. */
export function indexSlot(op: string, extent: number, { mode, negative }: Pick<Reading, "mode" | "negative">): number {
  if (mode !== "raise") return 0;
  const expected = `indices from ${negative ? -extent : 0} to ${extent - 1}`;
  return device().faults.slot({ op, argument: "index", expected });
}

// y[o, k, i] = x[o, index[o, k, i], i];  dx[o, index, i] += dy[o, k, i] in the order of k
const gatherOp = defineOp<{ x: Tensor; index: Tensor }, GatherAttrs>({
  name: "gather_along",
  shape: ({ x, index }, attrs) => {
    refuseBytes(attrs.op, x);
    expectDtype(attrs.op, "index", index.dtype, "int32");
    return gatherAlongGeometry(x.shape, index.shape, attrs.axis, attrs.form, { mode: attrs.mode }, attrs.op).shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x, index }, y, { axis, form, op, ...attrs }) => {
    const faultSlot = indexSlot(op, x.shape[axis] ?? 0, attrs);
    const fill = wordOf(attrs.fill, x.dtype);
    const { params } = gatherAlongGeometry(x.shape, index.shape, axis, form, { ...attrs, fill, faultSlot }, op);
    launch(gatherKernel, { x, index, y }, params, indexConstants(attrs));
  },
  vjp: {
    x: vjp(["index"], (dy, { index }, { attrs, shapes }) =>
      scatterOps.add({ x: zeros(shapes.x as number[]), index, source: dy }, attrs),
    ),
    index: nonDifferentiable,
  },
  batch: alongOrRows(),
});

const gatherLike = (x: Tensor, index: Tensor, attrs: ScatterAttrs): Tensor =>
  gatherOp({ x, index }, { ...attrs, fill: 0 });

type Scatter = Op<{ x: Tensor; index: Tensor; source: Tensor }, ScatterAttrs, never>;

function scatterOp(combination: Combination, x: Vjp<ScatterAttrs>, source: Vjp<ScatterAttrs>): Scatter {
  return defineOp<{ x: Tensor; index: Tensor; source: Tensor }, ScatterAttrs>({
    name: `scatter_${combination}`,
    shape: ({ x, index, source }, { op, axis, form, mode }) => {
      refuseBytes(op, x);
      expectDtype(op, "index", index.dtype, "int32");
      if (source.dtype !== x.dtype)
        throw new DtypeError({ op, argument: "source", expected: x.dtype, given: source.dtype });
      const { shape } = scatterAlongGeometry(x.shape, index.shape, axis, form, { mode }, op);
      if (`${shape}` !== `${source.shape}`)
        throw new ShapeError({
          op,
          argument: "source",
          expected: formatShape(shape),
          given: formatShape(source.shape),
        });
      return x.shape;
    },
    dtype: ({ x }) => x.dtype,
    forward: ({ x, index, source }, y, { axis, form, op, ...attrs }) => {
      copyTensor(x, y);
      if (source.size === 0) return;
      const faultSlot = indexSlot(op, x.shape[axis] ?? 0, attrs);
      const { params } = scatterAlongGeometry(x.shape, index.shape, axis, form, { ...attrs, faultSlot }, op);
      launch(scatterKernel, { source, index, y }, params, scatterConstants(combination, bindingDtype(x.dtype), attrs));
    },
    vjp: { x, index: nonDifferentiable, source },
    batch: alongOrRows(),
  });
}

/** 0, 1, ... along the axis of a source, in its shape. */
function orderOf(shape: readonly number[], axis: number): Tensor {
  const line = shape.map((extent, d) => (d === axis ? extent : 1));
  return expand(reshape(arange(0, shape[axis] as number, 1, "int32"), line), shape);
}

/** Of elements that are set to one place, the gradient is that of the last, which stays. */
function gradientOfSet(dy: Tensor, index: Tensor, shape: readonly number[], attrs: ScatterAttrs): Tensor {
  const own = gatherLike(dy, index, attrs);
  if (attrs.unique) return own;
  const order = orderOf(shape, attrs.axis);
  const last = scatterOps.set({ x: zeros(dy.shape, "int32"), index, source: order }, attrs);
  return where(equal(gatherLike(last, index, attrs), order), own, 0);
}

/**
 * For elements `own` of a product, that of all others: `product` is of those that are not 0, `zeroCount` says how many are, both
 * as they are where the element went. Its own gradient takes a 0 for a constant: second derivatives are right where no factor is 0.
 */
function productOfOthers(own: Tensor, product: Tensor, zeroCount: Tensor): Tensor {
  const zero = equal(own, 0);
  return where(equal(zeroCount, cast(zero, "float32")), div(product, where(zero, 1, own)), 0);
}

/** The product at every place without zeros, and how many there are. */
function productsOf(
  x: Tensor,
  index: Tensor,
  source: Tensor,
  attrs: ScatterAttrs,
): [product: Tensor, zeroCount: Tensor] {
  const [zeroX, zeroSource] = [equal(x, 0), equal(source, 0)];
  const product = scatterOps.mul({ x: where(zeroX, 1, x), index, source: where(zeroSource, 1, source) }, attrs);
  const counts = { x: cast(zeroX, "float32"), index, source: cast(zeroSource, "float32") };
  return [product, scatterOps.add(counts, attrs)];
}

const alike = (a: Tensor, b: Tensor): Tensor => logicalOr(equal(a, b), logicalAnd(isNan(a), isNan(b)));

/** Gradient of each element that is the extreme of its place, which all of them share. */
function shareOf(dy: Tensor, x: Tensor, index: Tensor, source: Tensor, y: Tensor, attrs: ScatterAttrs): Tensor {
  const ofX = cast(alike(x, y), "float32");
  const ofSource = cast(alike(source, gatherLike(y, index, attrs)), "float32");
  return div(dy, scatterOps.add({ x: ofX, index, source: ofSource }, attrs));
}

const extremeRows = [
  vjp(["x", "index", "source", "y"], (dy, { x, index, source, y }, { attrs }: { attrs: ScatterAttrs }) =>
    mul(shareOf(dy, x, index, source, y, attrs), cast(alike(x, y), "float32")),
  ),
  vjp(["x", "index", "source", "y"], (dy, { x, index, source, y }, { attrs }: { attrs: ScatterAttrs }) => {
    const share = gatherLike(shareOf(dy, x, index, source, y, attrs), index, attrs);
    return mul(share, cast(alike(source, gatherLike(y, index, attrs)), "float32"));
  }),
] as const;

/** y = x, then for every k in turn y[o, index[o, k, i], i] is combined with source[o, k, i]. */
const scatterOps: Readonly<Record<Combination, Scatter>> = {
  set: scatterOp(
    "set",
    vjp(["index"], (dy, { index }, { attrs, shapes }) =>
      scatterOps.set({ x: dy, index, source: zeros(shapes.source as number[]) }, attrs),
    ),
    vjp(["index"], (dy, { index }, { attrs, shapes }) => gradientOfSet(dy, index, shapes.source as number[], attrs)),
  ),
  add: scatterOp(
    "add",
    vjp([], (dy) => dy),
    vjp(["index"], (dy, { index }, { attrs }) => gatherLike(dy, index, attrs)),
  ),
  mul: scatterOp(
    "mul",
    vjp(["x", "index", "source"], (dy, { x, index, source }, { attrs }) =>
      mul(dy, productOfOthers(x, ...productsOf(x, index, source, attrs))),
    ),
    vjp(["x", "index", "source"], (dy, { x, index, source }, { attrs }) => {
      const [product, zeroCount] = productsOf(x, index, source, attrs).map((part) => gatherLike(part, index, attrs));
      return mul(gatherLike(dy, index, attrs), productOfOthers(source, product as Tensor, zeroCount as Tensor));
    }),
  ),
  max: scatterOp("max", ...extremeRows),
  min: scatterOp("min", ...extremeRows),
};

/** Along which axis, and how indices are read. */
export interface AlongOptions extends IndexOptions {
  /** Negative counts from the last. Default 0. */
  axis?: number;
}

export interface GatherOptions extends AlongOptions {
  /** What an index that names no place gives, in mode `drop`. Default 0. */
  fill?: number;
  /** A promise that no element is taken twice: its gradient is faster, and if it is broken undefined. Default false. */
  unique?: boolean;
}

function reading(x: Tensor, form: IndexForm, op: string, { axis = 0, mode = "raise", negative = true }: AlongOptions) {
  return { axis: axisOf(x.shape, axis, op), form, mode, negative, op };
}

const gatherAttrs = (how: Reading & { op: string }, { fill = 0, unique = false }: GatherOptions): GatherAttrs => ({
  ...how,
  fill,
  unique,
});

/** x[..., index[...], ...] along an axis: the index has x's shape but for that axis. */
export const gatherElements = (x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor =>
  gatherOp({ x, index }, gatherAttrs(reading(x, "along", "gather_along", options), options));

/** Rows of x along an axis by an index of any shape, which takes the axis' place: numpy.take. */
export const take = (x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor =>
  gatherOp({ x, index }, gatherAttrs(reading(x, "rows", "take", options), options));

export interface ScatterOptions extends AlongOptions {
  /** `set`: the last of several stays; `add`, `mul`, `max`, `min` combine in the order of the index. Default `set`. */
  combination?: Combination;
  /** A promise that no place is named twice: faster, and if it is broken what is there is undefined. Default false. */
  unique?: boolean;
}

/** x with the elements that the index names combined with those of source; index and source have x's shape but for the axis. */
export function scatterElements(x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions = {}): Tensor {
  const { combination = "set", unique = false } = options;
  const attrs = { ...reading(x, "along", `scatter_${combination}`, options), unique };
  return scatterOps[combination]({ x, index, source }, attrs);
}

/** The same for whole rows along the axis, by an index of any shape; source has the shape that `take` would give. */
export function scatterRows(x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions = {}): Tensor {
  const { combination = "set", unique = false } = options;
  const attrs = { ...reading(x, "rows", `scatter_${combination}`, options), unique };
  const { axis } = attrs;
  // The gradient of what is set counts along one axis.
  const flat = [...x.shape.slice(0, axis), index.size, ...x.shape.slice(axis + 1)];
  const full = [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)];
  const given = reshape(expand(source, full), flat);
  return scatterOps[combination]({ x, index: reshape(index, [index.size]), source: given }, attrs);
}
