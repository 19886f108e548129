// Elements along one axis by index.
import { formatShape, gatherGeometry, gather as gatherKernel, indexConstants, ShapeError } from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { wordOf } from "./create.js";
import {
  type AlongOptions,
  acrossExamples,
  type GatherAttrs,
  type GatherInputs,
  indexSlot,
  type Reading,
  reading,
  rowsOfFirst,
  type ScatterAttrs,
} from "./indices.js";
import { scatterOps } from "./scatter_op.js";

const isWordless = (x: Tensor): boolean => x.dtype === "float16" || x.dtype === "bfloat16" || x.dtype === "uint8";

/** Params of a gather of words. Bytes and halves are moved as words, in rows of whole ones. */
function wordsGeometry({ x, index }: GatherInputs, { axis, form, op, ...attrs }: GatherAttrs, faultSlot = 0) {
  const fill = isWordless(x) ? 0 : wordOf(attrs.fill, x.dtype);
  const { shape, params } = gatherGeometry(x.shape, index.shape, axis, form, { ...attrs, fill, faultSlot }, op);
  const inWord = x.dtype === "uint8" ? 4 : isWordless(x) ? 2 : 1;
  const whole = inWord === 1 || (form === "rows" && params.inner % inWord === 0 && attrs.fill === 0);
  return { shape, params: { ...params, inner: params.inner / inWord }, whole };
}

function launchGather(inputs: GatherInputs, y: Tensor, attrs: GatherAttrs): void {
  const { x, index } = inputs;
  const slot = indexSlot(attrs.op, x.shape[attrs.axis] ?? 0, attrs);
  launch(gatherKernel, { x, index, y }, wordsGeometry(inputs, attrs, slot).params, indexConstants(attrs));
}

// y[o, k, i] = x[o, index[o, k, i], i];  dx[o, index, i] += dy[o, k, i] in the order of k
const gatherOp = defineOp<GatherInputs, GatherAttrs>({
  name: "gather",
  shape: (inputs, attrs) => {
    const { x, index } = inputs;
    expectDtype(attrs.op, "index", index.dtype, "int32");
    const { shape, whole } = wordsGeometry(inputs, attrs);
    if (x.dtype === "uint8" && !whole) {
      const expected = "rows of a multiple of 4 bytes";
      throw new ShapeError({ op: attrs.op, argument: "x", expected, given: formatShape(x.shape) });
    }
    return shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: launchGather,
  vjp: {
    x: vjp(["index"], (dy, { index }, { attrs: { fill: _fill, ...attrs }, shapes }) =>
      scatterOps.add({ x: undefined, index, source: dy }, { ...attrs, into: shapes.x as number[] }),
    ),
    index: nonDifferentiable,
  },
  batch: acrossExamples,
  halves: {
    forward: (inputs, attrs) => {
      expectDtype(attrs.op, "index", inputs.index.dtype, "int32");
      const { shape, whole } = wordsGeometry(inputs, attrs);
      if (!whole) return undefined;
      const y = empty(shape, inputs.x.dtype);
      if (y.size > 0) launchGather(inputs, y, attrs);
      return y;
    },
  },
});

/** Elements at the places that a scatter names. */
export const gatherLike = (x: Tensor, index: Tensor, { into: _into, ...attrs }: ScatterAttrs): Tensor =>
  gatherOp({ x, index }, { ...attrs, fill: 0 });

export interface GatherOptions extends AlongOptions {
  /** What an index that names no place gives, in mode `drop`. Default 0. */
  fill?: number;
  /** A promise that no element is taken twice: its gradient is faster, and if it is broken undefined. Default false. */
  unique?: boolean;
}

const gatherAttrs = (how: Reading & { op: string }, { fill = 0, unique = false }: GatherOptions): GatherAttrs => ({
  ...how,
  fill,
  unique,
});

/**
 * Rows of x (along its first dimension) by index, of any dtype; rows of uint8 must fill whole words. An index that is no row
 * raises ArgumentError at the next read.
 */
export const gather = (x: Tensor, index: Tensor): Tensor =>
  gatherOp({ x, index }, { ...rowsOfFirst("gather"), fill: 0, unique: false });

/** x[..., index[...], ...] along an axis: the index has x's shape but for that axis. */
export const gatherElements = (x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor =>
  gatherOp({ x, index }, gatherAttrs(reading(x, "along", "gather_along", options), options));

/** Rows of x along an axis by an index of any shape, which takes the axis' place: numpy.take. */
export const take = (x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor =>
  gatherOp({ x, index }, gatherAttrs(reading(x, "rows", "take", options), options));
