// Diagonals and triangles of matrices.
import {
  type DiagonalOptions,
  diagonalEmbedShape,
  diagonalGeometry,
  formatShape,
  ShapeError,
  stridedCopy,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { shifted } from "../vmap/rules.js";
import { arange, fillWith, full } from "./create.js";
import { greaterEqual, lessEqual, sub, where } from "./elementwise.js";
import { refuseBytes } from "./elementwise_op.js";
import { sum } from "./reduce.js";
import { reshape } from "./shape.js";

/** The axes with one more in front. */
function nextAxes<A extends DiagonalOptions>(attrs: A): A {
  const [axis1, axis2] = shifted([attrs.axis1 ?? 0, attrs.axis2 ?? 1]) as [number, number];
  return { ...attrs, axis1, axis2 };
}

const diagonalOp = defineOp<{ x: Tensor }, DiagonalOptions>({
  name: "diagonal",
  shape: ({ x }, options) => diagonalGeometry(refuseBytes("diagonal", x).shape, options).shape,
  dtype: ({ x }) => x.dtype,
  forward: ({ x }, y, options) => launch(stridedCopy, { x, y }, diagonalGeometry(x.shape, options).reading),
  vjp: {
    x: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor => placeDiagonalOp({ x: dy }, { ...attrs, shape: shapes.x as number[] }),
    ),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs: nextAxes(attrs) }),
});

const placeDiagonalOp = defineOp<{ x: Tensor }, DiagonalOptions & { shape: readonly number[] }>({
  name: "place_diagonal",
  shape: ({ x }, { shape, ...options }) => {
    const op = "place_diagonal";
    const expected = diagonalGeometry(shape, options, op).shape;
    if (`${refuseBytes(op, x).shape}` !== `${expected}`)
      throw new ShapeError({ op, argument: "x", expected: formatShape(expected), given: formatShape(x.shape) });
    return shape;
  },
  dtype: ({ x }) => x.dtype,
  forward: ({ x }, y, { shape, ...options }) => {
    fillWith(y, 0);
    if (x.size > 0) launch(stridedCopy, { x, y }, diagonalGeometry(shape, options).writing);
  },
  vjp: { x: vjp([], (dy, _, { attrs: { shape: _shape, ...options } }): Tensor => diagonalOp({ x: dy }, options)) },
  batch: (inputs, _, attrs, size) => ({ inputs, attrs: { ...nextAxes(attrs), shape: [size, ...attrs.shape] } }),
});

/** The diagonals of matrices along two axes (default the first two), as a new last axis. */
export const diagonal = (x: Tensor, options: DiagonalOptions = {}): Tensor => diagonalOp({ x }, options);

/** Matrices along two new axes (default the last two) with the last axis of x as diagonals, 0 elsewhere. */
export function diagonalEmbed(x: Tensor, { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions = {}): Tensor {
  const options = { offset, axis1, axis2 };
  return placeDiagonalOp({ x }, { ...options, shape: diagonalEmbedShape(x.shape, options) });
}

/** A matrix with the elements of x on its diagonal; of a matrix its diagonal. */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.rank === 1) return diagonalEmbed(x, { offset });
  if (x.rank === 2) return diagonal(x, { offset });
  throw new ShapeError({ op: "diag", argument: "x", expected: "one axis or two", given: formatShape(x.shape) });
}

/** x with its diagonals replaced by source, which has the shape that `diagonal` gives. */
export function diagonalScatter(x: Tensor, source: Tensor, options: DiagonalOptions = {}): Tensor {
  const attrs = { ...options, shape: x.shape };
  const on = placeDiagonalOp({ x: full(source.shape, true, "bool") }, attrs);
  return where(on, placeDiagonalOp({ x: source }, attrs), x);
}

/** Sums of the diagonals; bools are counted. */
export const trace = (x: Tensor, options: DiagonalOptions = {}): Tensor => sum(diagonal(x, options), { axes: -1 });

function triangle(op: "triu" | "tril") {
  return (x: Tensor, k = 0): Tensor => {
    const [rows, columns] = x.shape.slice(-2);
    if (rows === undefined || columns === undefined)
      throw new ShapeError({ op, argument: "x", expected: "two axes or more", given: formatShape(x.shape) });
    const beside = sub(arange(0, columns, 1, "int32"), reshape(arange(0, rows, 1, "int32"), [rows, 1]));
    return where((op === "triu" ? greaterEqual : lessEqual)(beside, k), x, 0);
  };
}

/** What is on and above the k-th diagonal of matrices in the last two axes, 0 below. */
export const triu = triangle("triu");
/** What is on and below it, 0 above. */
export const tril = triangle("tril");
