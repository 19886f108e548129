// Ops that move elements without computing: all but reshape are one kernel, strided_copy.
import {
  ArgumentError,
  concatGeometry,
  expandGeometry,
  fillsInOrder,
  flipGeometry,
  formatShape,
  placeGeometry,
  ShapeError,
  type StridedCopyParams,
  sizeOf,
  sliceGeometry,
  stridedCopy,
  stridedCopyHalf,
  transposeGeometry,
  wordsOfHalves,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { empty, type Tensor } from "../tensor.js";
import { allBatched, shifted } from "../vmap/rules.js";
import { fillWith, full } from "./create.js";
import { sumTo } from "./reduce.js";

const sameDtype = ({ x }: { x: Tensor }) => x.dtype;

/** Refuses packed bytes, which strided_copy's 32-bit words would tear. */
function words(op: string, x: Tensor): Tensor {
  if (x.dtype === "uint8")
    throw new ArgumentError({ op, argument: "x", expected: "float32, int32, uint32 or bool", given: "uint8" });
  return x;
}

/**
 * A copy of halves by kernels that move them: whole words where it can be, single halves into a y that is filled in order. Undefined
 * where neither does.
 */
export function copyHalves(
  x: Tensor,
  { shape, params }: { shape: readonly number[]; params: StridedCopyParams },
): Tensor | undefined {
  if (!fillsInOrder(params)) return undefined;
  const y = empty(shape, x.dtype);
  const words = wordsOfHalves(params);
  if (y.size === 0) return y;
  if (words) launch(stridedCopy, { x, y }, words);
  else launch(stridedCopyHalf, { x, y }, params);
  return y;
}

/** Moves parts into y, which the first of them begins, where all are whole words. */
function placeHalves(
  y: () => Tensor,
  parts: readonly (readonly [x: Tensor, params: StridedCopyParams])[],
): Tensor | undefined {
  const words = parts.map(([x, params]) => [x, wordsOfHalves(params)] as const);
  if (words.some(([, params]) => params === undefined)) return undefined;
  const target = y();
  for (const [x, params] of words) launch(stridedCopy, { x, y: target }, params as StridedCopyParams);
  return target;
}

const reshapeOp = defineOp<{ x: Tensor }, { shape: readonly number[] }>({
  name: "reshape",
  shape: ({ x }, { shape }) => {
    if (sizeOf(shape) !== x.size) {
      throw new ShapeError({
        op: "reshape",
        argument: "shape",
        expected: `${x.size} elements as in ${formatShape(x.shape)}`,
        given: formatShape(shape),
      });
    }
    return shape;
  },
  dtype: sameDtype,
  sharesMemoryOf: "x",
  halves: { forward: "own", gradients: "own" },
  vjp: { x: vjp([], (dy, _, { shapes }) => reshape(dy, shapes.x as number[])) },
  batch: (inputs, _, { shape }, size) => ({ inputs, attrs: { shape: [size, ...shape] } }),
});

/** Same elements, another shape, same memory. One extent may be -1 and is computed. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const unknown = shape.indexOf(-1);
  if (unknown < 0) return reshapeOp({ x }, { shape });
  const known = shape.reduce((product, extent, i) => (i === unknown ? product : product * extent), 1);
  if (shape.lastIndexOf(-1) !== unknown || known === 0 || x.size % known !== 0) {
    throw new ShapeError({
      op: "reshape",
      argument: "shape",
      expected: `one -1 and a divisor of ${x.size} elements`,
      given: formatShape(shape),
    });
  }
  return reshapeOp({ x }, { shape: shape.map((extent) => (extent === -1 ? x.size / known : extent)) });
}

const transposeOp = defineOp<{ x: Tensor }, { permutation: readonly number[] }>({
  name: "transpose",
  shape: ({ x }, { permutation }) => transposeGeometry(words("transpose", x).shape, permutation).shape,
  dtype: sameDtype,
  forward: ({ x }, y, { permutation }) => launch(stridedCopy, { x, y }, transposeGeometry(x.shape, permutation).params),
  vjp: {
    x: vjp([], (dy, _, { attrs }) => {
      const inverse = attrs.permutation.map((_, i) => attrs.permutation.indexOf(i));
      return transpose(dy, inverse);
    }),
  },
  batch: (inputs, _, { permutation }) => ({ inputs, attrs: { permutation: [0, ...shifted(permutation)] } }),
  halves: {
    forward: ({ x }, { permutation }) => copyHalves(x, transposeGeometry(x.shape, permutation)),
    gradients: "own",
  },
});

/** Dimensions in another order; default reversed. Negative ones count from the end. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const order = permutation?.map((axis) => (axis < 0 ? axis + x.rank : axis)) ?? x.shape.map((_, i) => x.rank - 1 - i);
  return transposeOp({ x }, { permutation: order });
}

const expandOp = defineOp<{ x: Tensor }, { shape: readonly number[] }>({
  name: "expand",
  shape: ({ x }, { shape }) => expandGeometry(words("expand", x).shape, shape).shape,
  dtype: sameDtype,
  forward: ({ x }, y, { shape }) => launch(stridedCopy, { x, y }, expandGeometry(x.shape, shape).params),
  vjp: { x: vjp([], (dy, _, { shapes }) => sumTo(dy, shapes.x)) },
  batch: ({ x }, _, { shape }, size) => {
    const missing = new Array<number>(shape.length - (x.rank - 1)).fill(1);
    return { inputs: { x: reshape(x, [size, ...missing, ...x.shape.slice(1)]) }, attrs: { shape: [size, ...shape] } };
  },
  halves: { forward: ({ x }, { shape }) => copyHalves(x, expandGeometry(x.shape, shape)), gradients: "own" },
});

/** Repeats dimensions of extent 1, and adds leading ones, up to `shape`. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  return `${x.shape}` === `${shape}` ? x : expandOp({ x }, { shape });
}

interface SliceAttrs {
  starts: readonly number[];
  stops: readonly number[];
  steps: readonly number[];
}

const sliceOp = defineOp<{ x: Tensor }, SliceAttrs>({
  name: "slice",
  shape: ({ x }, { starts, stops, steps }) => sliceGeometry(words("slice", x).shape, starts, stops, steps).shape,
  dtype: sameDtype,
  forward: ({ x }, y, { starts, stops, steps }) =>
    launch(stridedCopy, { x, y }, sliceGeometry(x.shape, starts, stops, steps).params),
  vjp: { x: vjp([], (dy, _, { attrs, shapes }) => place(dy, shapes.x as number[], attrs.starts, attrs.steps)) },
  batch: (inputs, _, { starts, stops, steps }, size) => ({
    inputs,
    attrs: { starts: [0, ...starts], stops: [size, ...stops], steps: [1, ...steps] },
  }),
  halves: {
    forward: ({ x }, { starts, stops, steps }) => copyHalves(x, sliceGeometry(x.shape, starts, stops, steps)),
    gradients: "own",
  },
});

/** Elements start, start + step, ... below stop of every dimension; bounds within the shape, steps positive (default 1). */
export function slice(
  x: Tensor,
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Tensor {
  return sliceOp({ x }, { starts, stops, steps });
}

interface PlaceAttrs {
  shape: readonly number[];
  starts: readonly number[];
  steps: readonly number[];
  value: number;
}

const placeOp = defineOp<{ x: Tensor }, PlaceAttrs>({
  name: "place",
  shape: ({ x }, { shape, starts, steps }) => placeGeometry(words("place", x).shape, shape, starts, steps).shape,
  dtype: sameDtype,
  forward: ({ x }, y, { shape, starts, steps, value }) => {
    fillWith(y, value);
    if (x.size === 0) return;
    launch(stridedCopy, { x, y }, placeGeometry(x.shape, shape, starts, steps).params);
  },
  vjp: {
    x: vjp([], (dy, _, { attrs, shapes }) => {
      const extents = shapes.x as number[];
      const stops = extents.map((extent, i) => {
        const [start, step] = [attrs.starts[i], attrs.steps[i]] as [number, number];
        return extent === 0 ? start : start + (extent - 1) * step + Math.sign(step);
      });
      return slice(dy, attrs.starts, stops, attrs.steps);
    }),
  },
  batch: (inputs, _, { shape, starts, steps, value }, size) => ({
    inputs,
    attrs: { shape: [size, ...shape], starts: [0, ...starts], steps: [1, ...steps], value },
  }),
  halves: {
    forward: ({ x }, { shape, starts, steps, value }) => {
      const geometry = placeGeometry(x.shape, shape, starts, steps);
      return x.size === 0 ? undefined : placeHalves(() => full(shape, value, x.dtype), [[x, geometry.params]]);
    },
    gradients: "own",
  },
});

/** A tensor of `shape` that is `value` except where x lies, from `starts` on in steps: the reverse of slice. */
export function place(
  x: Tensor,
  shape: readonly number[],
  starts: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
  value = 0,
): Tensor {
  return placeOp({ x }, { shape, starts, steps, value });
}

/** Pads with a constant: `padding` holds [before, after] for every dimension; negative numbers crop. */
export function pad(x: Tensor, padding: readonly (readonly [number, number])[], value = 0): Tensor {
  if (padding.length !== x.rank)
    throw new ShapeError({ op: "pad", argument: "padding", expected: `${x.rank} pairs`, given: `${padding.length}` });
  if (padding.some((edges) => edges.some((edge) => edge < 0))) {
    const left = slice(
      x,
      padding.map(([before]) => Math.max(0, -before)),
      x.shape.map((extent, i) => extent - Math.max(0, -(padding[i]?.[1] ?? 0))),
    );
    const added = padding.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
    return added.some(([before, after]) => before + after > 0) ? pad(left, added, value) : left;
  }
  return place(
    x,
    x.shape.map((extent, i) => extent + (padding[i]?.[0] ?? 0) + (padding[i]?.[1] ?? 0)),
    padding.map(([before]) => before),
    undefined,
    value,
  );
}

const flipOp = defineOp<{ x: Tensor }, { axes: readonly number[] }>({
  name: "flip",
  shape: ({ x }, { axes }) => flipGeometry(words("flip", x).shape, axes).shape,
  dtype: sameDtype,
  forward: ({ x }, y, { axes }) => launch(stridedCopy, { x, y }, flipGeometry(x.shape, axes).params),
  vjp: { x: vjp([], (dy, _, { attrs }) => flip(dy, attrs.axes)) },
  batch: (inputs, _, { axes }) => ({ inputs, attrs: { axes: shifted(axes) } }),
  halves: { forward: ({ x }, { axes }) => copyHalves(x, flipGeometry(x.shape, axes)), gradients: "own" },
});

/** Reverses the given dimensions. */
export const flip = (x: Tensor, axes: readonly number[]): Tensor => flipOp({ x }, { axes });

const concatOp = defineOp<{ a: Tensor; b: Tensor }, { axis: number }>({
  name: "concat",
  shape: ({ a, b }, { axis }) => {
    words("concat", a);
    if (a.dtype !== b.dtype)
      throw new ArgumentError({ op: "concat", argument: "b", expected: a.dtype, given: b.dtype });
    return concatGeometry([a.shape, b.shape], axis).shape;
  },
  dtype: ({ a }) => a.dtype,
  forward: ({ a, b }, y, { axis }) => {
    const { parts } = concatGeometry([a.shape, b.shape], axis);
    for (const [i, x] of [a, b].entries())
      if (x.size > 0) launch(stridedCopy, { x, y }, parts[i] as NonNullable<(typeof parts)[number]>);
  },
  vjp: {
    a: vjp([], (dy, _, { attrs, shapes }) =>
      sliceAlong(dy, attrs.axis, 0, (shapes.a as number[]).at(attrs.axis) as number),
    ),
    b: vjp([], (dy, _, { attrs, shapes }) =>
      sliceAlong(dy, attrs.axis, (shapes.a as number[]).at(attrs.axis) as number, dy.shape.at(attrs.axis) as number),
    ),
  },
  batch: (inputs, isBatched, { axis }, size) => ({
    inputs: allBatched(inputs, isBatched, size),
    attrs: { axis: axis < 0 ? axis : axis + 1 },
  }),
  halves: {
    forward: ({ a, b }, { axis }) => {
      if (a.dtype !== b.dtype) return undefined;
      const { shape, parts } = concatGeometry([a.shape, b.shape], axis);
      const given = [a, b].flatMap((x, i) => (x.size > 0 ? [[x, parts[i] as StridedCopyParams] as const] : []));
      return placeHalves(() => empty(shape, a.dtype), given);
    },
    gradients: "own",
  },
});

/** Elements start to stop of one dimension. */
export function sliceAlong(x: Tensor, axis: number, start: number, stop: number): Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  return slice(
    x,
    x.shape.map((_, i) => (i === at ? start : 0)),
    x.shape.map((extent, i) => (i === at ? stop : extent)),
  );
}

/** Joins tensors along an axis. Joined pairwise in a balanced tree, so that no kernel needs more buffers than it may bind. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first, ...rest] = tensors;
  if (!first)
    throw new ArgumentError({ op: "concat", argument: "tensors", expected: "at least one tensor", given: "none" });
  if (rest.length === 0) return first;
  const half = Math.ceil(tensors.length / 2);
  return concatOp({ a: concat(tensors.slice(0, half), axis), b: concat(tensors.slice(half), axis) }, { axis });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  return concat(
    tensors.map((x) => {
      const at = axis < 0 ? axis + x.rank + 1 : axis;
      return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
    }),
    axis,
  );
}
