import {
  ArgumentError,
  argReduce,
  argReduceConstants,
  argReduceGeometry,
  DtypeError,
  formatShape,
  isSameShape,
  type ReductionName,
  reduce,
  reduceConstants,
  reducePlan,
  sizeOf,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { bindingDtype, isHalf } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { shifted } from "../vmap/rules.js";
import { isNan } from "./bits.js";
import { fillWith, full } from "./create.js";
import { cast, div, equal, logicalOr, mul, where } from "./elementwise.js";
import { concat, expand, pad, reshape, sliceAlong, transpose } from "./shape.js";

export interface ReduceAttrs {
  /** Whether NaN elements share the gradient of an extreme that is NaN; else they and all others get NaN. */
  nanTies?: boolean;
  /** Dimensions to reduce; negative ones count from the end. */
  axes: readonly number[];
  keepdims: boolean;
}

/** What a reduction takes: default every dimension, and dropping the reduced ones. */
export interface ReduceOptions {
  axes?: readonly number[] | number | undefined;
  keepdims?: boolean | undefined;
}

function fill(x: Tensor, { axes, keepdims = false }: ReduceOptions): ReduceAttrs {
  return { axes: axes === undefined ? x.shape.map((_, i) => i) : typeof axes === "number" ? [axes] : axes, keepdims };
}

/** dy in the shape it would have with the reduced dimensions kept, repeated over the input. */
function spreadBack(dy: Tensor, xShape: readonly number[], { axes }: ReduceAttrs): Tensor {
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + xShape.length : axis)));
  return expand(
    reshape(
      dy,
      xShape.map((extent, i) => (reduced.has(i) ? 1 : extent)),
    ),
    xShape,
  );
}

/** `ofNone`: what the reduction of no elements is; undefined where there is no such thing. */
function reduction(
  name: ReductionName,
  ofNone: number | undefined,
  x: ReturnType<typeof vjp<"x" | "y", ReduceAttrs>> | typeof nonDifferentiable,
  halves?: { readonly gradients: "own" },
) {
  return defineOp<{ x: Tensor }, ReduceAttrs>({
    name,
    shape: ({ x }, { axes, keepdims }) => {
      if (x.dtype === "uint8")
        throw new DtypeError({ op: name, argument: "x", expected: "float32, int32, uint32 or bool", given: x.dtype });
      const { shape } = reducePlan(x.shape, axes, keepdims, name);
      if (ofNone === undefined && axes.some((axis) => x.shape.at(axis) === 0)) {
        const expected = "elements along the axes that are reduced";
        throw new ArgumentError({ op: name, argument: "x", expected, given: formatShape(x.shape) });
      }
      return shape;
    },
    dtype: ({ x }) => x.dtype,
    forward: ({ x }, y, { axes, keepdims }) => {
      if (x.size === 0) return fillWith(y, ofNone as number);
      const { passes } = reducePlan(x.shape, axes, keepdims, name);
      const dtype = isHalf(x.dtype) ? "float32" : x.dtype;
      let source = x;
      for (const [i, { params, elements }] of passes.entries()) {
        const target = i === passes.length - 1 ? y : empty([elements], dtype, "workspace");
        launch(reduce, { x: source, y: target }, params, reduceConstants(name, bindingDtype(dtype)));
        if (source !== x) source.dispose();
        source = target;
      }
    },
    vjp: { x },
    batch: (inputs, _, attrs) => ({ inputs, attrs: { ...attrs, axes: shifted(attrs.axes) } }),
    halves: { forward: "own", ...halves },
  });
}

const sumOp = reduction(
  "sum",
  0,
  vjp([], (dy, _, { attrs, shapes }) => spreadBack(dy, shapes.x as number[], attrs)),
  { gradients: "own" },
);
const meanOp = reduction(
  "mean",
  Number.NaN,
  vjp([], (dy, _, { attrs, shapes }) => {
    const count = sizeOf(shapes.x as number[]) / Math.max(1, sizeOf(shapes.y as number[]));
    return spreadBack(div(dy, count), shapes.x as number[], attrs);
  }),
);
// d prod / dx = product of the others: prod / x, or where the tensor holds a 0 multiplied out, as in PyTorch.
const prodOp = reduction(
  "prod",
  1,
  vjp(["x"], (dy, { x }, { attrs }): Tensor => {
    const zero = equal(x, 0);
    const zeros = anyOp({ x: zero }, fill(zero, {}));
    // Each way sees ones where the other is taken, so that no NaN of it reaches a gradient of this gradient.
    const divisor = where(zeros, 1, x);
    const divided = div(spreadBack(prod(divisor, attrs), x.shape, attrs), divisor);
    const others = where(zeros, productOfOthers(where(zeros, x, 1), attrs), divided);
    return mul(spreadBack(dy, x.shape, attrs), others);
  }),
);

/** For every element the product of all others along the axes, without division. */
function productOfOthers(x: Tensor, { axes }: ReduceAttrs): Tensor {
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + x.rank : axis)));
  const order = [...x.shape.keys()].sort((a, b) => Number(reduced.has(a)) - Number(reduced.has(b)) || a - b);
  const moved = transpose(x, order);
  const count = sizeOf(moved.shape.slice(x.rank - reduced.size));
  const rows = reshape(moved, [count === 0 ? 0 : x.size / count, count]);
  const back = order.map((_, axis) => order.indexOf(axis));
  return transpose(reshape(x.size === 0 ? rows : othersOfRows(rows), moved.shape), back);
}

/** By halves: the partner, times the product of all other pairs. */
function othersOfRows(rows: Tensor): Tensor {
  const count = rows.shape[1] as number;
  if (count === 1) return full(rows.shape, 1);
  const half = Math.ceil(count / 2);
  const a = sliceAlong(rows, 1, 0, half);
  const b = pad(
    sliceAlong(rows, 1, half, count),
    [
      [0, 0],
      [0, 2 * half - count],
    ],
    1,
  );
  const rest = othersOfRows(mul(a, b));
  return sliceAlong(concat([mul(rest, b), mul(rest, a)], 1), 1, 0, count);
}

/** Elements equal to the extreme share the gradient evenly, as in JAX and torch's amax. */
const extremeGradient = vjp(
  ["x", "y"],
  (dy: Tensor, { x, y }: Record<"x" | "y", Tensor>, { attrs }: { attrs: ReduceAttrs }) => {
    const tied = equal(x, spreadBack(y, x.shape, attrs));
    const hit = cast(attrs.nanTies ? logicalOr(tied, isNan(x)) : tied, "float32");
    return mul(hit, spreadBack(div(dy, sum(hit, attrs)), x.shape, attrs));
  },
);
const maxOp = reduction("max", undefined, extremeGradient);
const minOp = reduction("min", undefined, extremeGradient);
const anyOp = reduction("any", 0, nonDifferentiable);
const allOp = reduction("all", 1, nonDifferentiable);

export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  sumOp({ x: x.dtype === "bool" ? cast(x, "int32") : x }, fill(x, options));
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => meanOp({ x }, fill(x, options));
export const prod = (x: Tensor, options: ReduceOptions = {}): Tensor => prodOp({ x }, fill(x, options));
/** What the gradient of an extreme that is NaN is: NaN everywhere, or with `nanTies` shared by the NaN elements. */
export interface ExtremeOptions extends ReduceOptions {
  nanTies?: boolean;
}
/** Largest element; NaN wins. Throws ArgumentError where there is none. */
export const max = (x: Tensor, { nanTies = false, ...options }: ExtremeOptions = {}): Tensor =>
  maxOp({ x }, { ...fill(x, options), nanTies });
/** Smallest element; NaN wins. Throws ArgumentError where there is none. */
export const min = (x: Tensor, { nanTies = false, ...options }: ExtremeOptions = {}): Tensor =>
  minOp({ x }, { ...fill(x, options), nanTies });
export const any = (x: Tensor, options: ReduceOptions = {}): Tensor => anyOp({ x: cast(x, "bool") }, fill(x, options));
export const all = (x: Tensor, options: ReduceOptions = {}): Tensor => allOp({ x: cast(x, "bool") }, fill(x, options));

function argReduction(name: "argmax" | "argmin") {
  return defineOp<{ x: Tensor }, { axis: number; keepdims: boolean }>({
    name,
    shape: ({ x }, { axis, keepdims }) => argReduceGeometry(x.shape, axis, keepdims, name).shape,
    dtype: () => "int32",
    forward: ({ x }, y, { axis, keepdims }) => {
      launch(
        argReduce,
        { x, y },
        argReduceGeometry(x.shape, axis, keepdims, name).params,
        argReduceConstants(name, isHalf(x.dtype) ? "f32" : bindingDtype(x.dtype)),
      );
    },
    vjp: { x: nonDifferentiable },
    halves: { forward: "own" },
    batch: (inputs, _, attrs) => ({ inputs, attrs: { ...attrs, axis: shifted([attrs.axis])[0] as number } }),
  });
}

const argmaxOp = argReduction("argmax");
const argminOp = argReduction("argmin");

/** Index (int32) of the first largest element along an axis. */
export const argmax = (x: Tensor, axis: number, keepdims = false): Tensor => argmaxOp({ x }, { axis, keepdims });
/** Index (int32) of the first smallest element along an axis. */
export const argmin = (x: Tensor, axis: number, keepdims = false): Tensor => argminOp({ x }, { axis, keepdims });

/** Sums a gradient over the dimensions along which `shape` was broadcast to it. */
export function sumTo(dy: Tensor, shape: readonly number[] | undefined): Tensor {
  const target = shape as readonly number[];
  if (isSameShape(dy.shape, target)) return dy;
  const extra = dy.rank - target.length;
  const axes = dy.shape.flatMap((extent, i) => (i < extra || (target[i - extra] === 1 && extent !== 1) ? [i] : []));
  return reshape(axes.length === 0 ? dy : sum(dy, { axes, keepdims: true }), target);
}
