// Padding with an array's own elements, and windows laid out as columns.
import {
  ArgumentError,
  fold as foldKernel,
  formatShape,
  PADDED_AXES,
  type PadMode,
  padEdges,
  padEdgesBackward,
  padEdgesBackwardConstants,
  padEdgesConstants,
  padEdgesGeometry,
  placeGeometry,
  ShapeError,
  stridedCopy,
  type UnfoldOptions,
  unfoldGeometry,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { asMoreRows, withMoreImages } from "../vmap/rules.js";
import { fillWith } from "./create.js";

type Pairs = readonly (readonly [before: number, after: number])[];
interface PadAttrs {
  first: number;
  padding: Pairs;
  mode: PadMode;
}

// y[i] = x[source(i)];  dx[j] = sum of dy[i] over i with source(i) = j
const padEdgesOp = defineOp<{ x: Tensor }, PadAttrs>({
  name: "pad_edges",
  shape: ({ x }, { first, padding, mode }) => {
    if (x.dtype === "uint8")
      throw new ArgumentError({ op: "pad_edges", argument: "x", expected: "elements of 32 bits", given: x.dtype });
    padEdgesConstants(mode);
    return padEdgesGeometry(x.shape, first, padding).shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x }, y, { first, padding, mode }) =>
    launch(padEdges, { x, y }, padEdgesGeometry(x.shape, first, padding).params, padEdgesConstants(mode)),
  vjp: {
    x: vjp([], (dy, _, { attrs, shapes }): Tensor => padBackwardOp({ dy }, { ...attrs, xShape: shapes.x as number[] })),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs: { ...attrs, first: attrs.first + 1 } }),
});

const padBackwardOp = defineOp<{ dy: Tensor }, PadAttrs & { xShape: readonly number[] }>({
  name: "pad_edges_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy }, dx, { xShape, first, padding, mode }) => {
    // All that there was has been cropped.
    if (dy.size === 0) return fillWith(dx, 0);
    const { params } = padEdgesGeometry(xShape, first, padding);
    launch(padEdgesBackward, { dy, dx }, params, padEdgesBackwardConstants(mode));
  },
  vjp: { dy: vjp([], (g, _, { attrs: { xShape: _shape, ...attrs } }): Tensor => padEdgesOp({ x: g }, attrs)) },
  batch: (inputs, _, attrs, size) => ({
    inputs,
    attrs: { ...attrs, first: attrs.first + 1, xShape: [size, ...attrs.xShape] },
  }),
});

/**
 * Pads with x's own elements, of any dtype of 32 bits: `padding` holds [before, after] for every dimension, and negative
 * numbers crop. See PadMode; every mode takes any width. Throws ShapeError where an empty dimension is padded.
 */
export function padWith(x: Tensor, padding: Pairs, mode: PadMode): Tensor {
  if (padding.length !== x.rank)
    throw new ShapeError({
      op: "pad_edges",
      argument: "padding",
      expected: `${x.rank} pairs`,
      given: `${padding.length}`,
    });
  padEdgesConstants(mode);
  let y = x;
  const changes = (d: number): boolean => padding[d]?.some((edge) => edge !== 0) ?? false;
  for (let d = 0; d < x.rank; ) {
    if (!changes(d)) {
      d++;
      continue;
    }
    let end = Math.min(d + PADDED_AXES, x.rank);
    while (!changes(end - 1)) end--;
    y = padEdgesOp({ x: y }, { first: d, padding: padding.slice(d, end), mode });
    d = end;
  }
  return y;
}

/** Columns of the windows of x, from the image with its padding. */
const unfoldOp = defineOp<{ x: Tensor }, UnfoldOptions>({
  name: "unfold",
  shape: ({ x }, attrs) => {
    expectFloating("unfold", "x", x.dtype);
    return unfoldGeometry(x.shape, attrs).shape;
  },
  forward: ({ x }, y, attrs) => {
    const { paddedShape, copy } = unfoldGeometry(x.shape, attrs);
    if (!attrs.padding.some((edge) => edge > 0)) return launch(stridedCopy, { x, y }, copy);
    const padded = empty(paddedShape, x.dtype, "workspace");
    fillWith(padded, 0);
    const first = attrs.channelsLast ? 1 : 2;
    const starts = x.shape.map((_, d) => (d >= first ? (attrs.padding[2 * (d - first)] ?? 0) : 0));
    launch(stridedCopy, { x, y: padded }, placeGeometry(x.shape, paddedShape, starts).params);
    launch(stridedCopy, { x: padded, y }, copy);
    padded.dispose();
  },
  vjp: { x: vjp([], (dy, _, { attrs, shapes }): Tensor => fold(dy, shapes.x as number[], attrs)) },
  batch: asMoreRows(),
});

const foldOp = defineOp<{ columns: Tensor }, UnfoldOptions & { xShape: readonly number[] }>({
  name: "fold",
  shape: ({ columns }, { xShape, ...attrs }) => {
    expectFloating("fold", "columns", columns.dtype);
    const { shape } = unfoldGeometry(xShape, attrs);
    if (`${shape}` === `${columns.shape}`) return xShape;
    const expected = `${formatShape(shape)}, the columns of ${formatShape(xShape)}`;
    throw new ShapeError({ op: "fold", argument: "columns", expected, given: formatShape(columns.shape) });
  },
  forward: ({ columns }, y, { xShape, ...attrs }) =>
    launch(foldKernel, { columns, y }, unfoldGeometry(xShape, attrs).params),
  vjp: { columns: vjp([], (g, _, { attrs: { xShape: _shape, ...attrs } }): Tensor => unfold(g, attrs)) },
  batch: asMoreRows(withMoreImages),
});

/**
 * Windows of images as columns (im2col): [n, c * taps, windows] of channels first, [n, windows, taps * c] of channels last,
 * for one to three spatial axes. float32. Throws as unfoldGeometry.
 */
export const unfold = (x: Tensor, attrs: UnfoldOptions): Tensor => unfoldOp({ x }, attrs);
/** The image of shape `xShape` in which each column is added where unfold took it from (col2im). */
export const fold = (columns: Tensor, xShape: readonly number[], attrs: UnfoldOptions): Tensor =>
  foldOp({ columns }, { ...attrs, xShape });
