// Elements along one axis set, added to, multiplied or compared by index.
import {
  type Combination,
  combinationConstants,
  DtypeError,
  formatShape,
  indexConstants,
  ravelIndex,
  ravelIndexGeometry,
  ShapeError,
  scatterConstants,
  scatterGeometry,
  scatter as scatterKernel,
  scatterSorted,
  scatterSortedParams,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, nonDifferentiable, type Op, type Vjp, vjp } from "../define_op.js";
import { bindingDtype, expectDtype } from "../dtype.js";
import { device } from "../engine.js";
import { empty, type Tensor } from "../tensor.js";
import { isNan } from "./bits.js";
import { arange, fillWith, zeros } from "./create.js";
import { cast, div, equal, logicalAnd, logicalOr, mul, where } from "./elementwise.js";
import { refuseBytes } from "./elementwise_op.js";
import { gatherLike } from "./gather.js";
import {
  type AlongOptions,
  acrossExamples,
  indexSlot,
  reading,
  rowsOfFirst,
  type ScatterAttrs,
  type ScatterInputs,
} from "./indices.js";
import { expand, reshape } from "./shape.js";
import { argsort } from "./sort.js";

type Scatter = Op<ScatterInputs, ScatterAttrs, never>;

/** Places times indices from which on a GPU sorts the index: looking through it for every stretch of places costs more. */
const SORTED = 2 ** 18;

/** Rows are combined by an index in order. */
function launchSorted(
  { index, source }: ScatterInputs,
  y: Tensor,
  combination: Combination,
  attrs: ScatterAttrs,
): boolean {
  const { params } = scatterGeometry(y.shape, index.shape, attrs.axis, attrs.form, attrs, attrs.op);
  const sorted = scatterSortedParams(params);
  if (!sorted || attrs.unique || params.extent * params.count < SORTED || device().adapter.kind !== "hardware")
    return false;
  const slot = indexSlot(attrs.op, params.extent, attrs);
  const places = empty([params.count], "int32", "workspace");
  const geometry = ravelIndexGeometry(
    params.count,
    [params.extent],
    0,
    { mode: attrs.mode, faultSlot: slot },
    attrs.op,
  );
  launch(ravelIndex, { index, y: places }, geometry, indexConstants(attrs));
  const order = argsort(places);
  launch(
    scatterSorted,
    { source, index: places, order, y },
    sorted,
    combinationConstants(combination, bindingDtype(y.dtype)),
  );
  for (const tensor of [places, order]) tensor.dispose();
  return true;
}

function scatterOp(combination: Combination, x: Vjp<ScatterAttrs>, source: Vjp<ScatterAttrs>): Scatter {
  return defineOp<ScatterInputs, ScatterAttrs>({
    name: `scatter_${combination}`,
    shape: ({ x, index, source }, { op, axis, form, into, ...attrs }) => {
      refuseBytes(op, source);
      expectDtype(op, "index", index.dtype, "int32");
      if (x && source.dtype !== x.dtype)
        throw new DtypeError({ op, argument: "source", expected: x.dtype, given: source.dtype });
      const whole = x?.shape ?? (into as readonly number[]);
      const { shape } = scatterGeometry(whole, index.shape, axis, form, attrs, op);
      if (`${shape}` !== `${source.shape}`)
        throw new ShapeError({
          op,
          argument: "source",
          expected: formatShape(shape),
          given: formatShape(source.shape),
        });
      return whole;
    },
    dtype: ({ source }) => source.dtype,
    forward: (inputs, y, attrs) => {
      const { x, index, source } = inputs;
      if (x) copyTensor(x, y);
      else fillWith(y, 0);
      if (source.size === 0 || launchSorted(inputs, y, combination, attrs)) return;
      const { axis, form, op, ...how } = attrs;
      const faultSlot = indexSlot(op, y.shape[axis] ?? 0, how);
      const { params } = scatterGeometry(y.shape, index.shape, axis, form, { ...how, faultSlot }, op);
      launch(scatterKernel, { source, index, y }, params, scatterConstants(combination, bindingDtype(y.dtype), how));
    },
    vjp: { x, index: nonDifferentiable, source },
    batch: acrossExamples,
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
  const last = scatterOps.set({ x: undefined, index, source: order }, { ...attrs, into: dy.shape });
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
export const scatterOps: Readonly<Record<Combination, Scatter>> = {
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

export interface ScatterOptions extends AlongOptions {
  /** `set`: the last of several stays; `add`, `mul`, `max`, `min` combine in the order of the index. Default `set`. */
  combination?: Combination;
  /** A promise that no place is named twice: faster, and if it is broken what is there is undefined. Default false. */
  unique?: boolean;
}

/**
 * Sums of the rows of dy by index: `xShape` is that of x of the gather that it is the gradient of. An index that is no row adds
 * nothing.
 */
export const gatherBackward = (dy: Tensor, index: Tensor, xShape: readonly number[]): Tensor =>
  scatterOps.add(
    { x: undefined, index, source: dy },
    { ...rowsOfFirst("gather_backward"), mode: "drop", unique: false, into: xShape },
  );

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
