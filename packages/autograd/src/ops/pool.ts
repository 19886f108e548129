// Pooling over one to three axes: with indices, adaptive, global, of sums and of powers, its inverse, and normalisation over
// neighbouring channels. What the kernels of pool2d can do goes to them.
import {
  ArgumentError,
  adaptivePool,
  adaptivePoolGeometry,
  avgPool3dBackward,
  avgPool3dForward,
  type FractionalMaxPoolOptions,
  formatShape,
  fractionalMaxPoolGeometry,
  fractionalMaxPool as fractionalMaxPoolKernel,
  maxPool3dBackward,
  maxPool3dForward,
  type Pool2dOptions,
  type PoolOptions,
  poolGeometry,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { type CustomPull, recordCustom } from "../custom.js";
import { defineOp, launch, nonDifferentiable, type OpInputs, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { inFloat32 } from "../halves.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { asMoreRows, withMoreImages } from "../vmap/rules.js";
import { relu } from "./activations.js";
import { zeros } from "./create.js";
import { add, div, mul, pow } from "./elementwise.js";
import { abs, sign, square } from "./elementwise_unary.js";
import { gatherElements } from "./gather.js";
import { avgPool2d, maxPool2d } from "./pool2d.js";
import { max, mean } from "./reduce.js";
import { scatterElements } from "./scatter_op.js";
import { reshape } from "./shape.js";

export type PoolAttrs = PoolOptions;
export interface AdaptivePoolAttrs {
  /** Extents of the result; null keeps that of x. Window i of n goes from floor(i in / n) to ceil((i + 1) in / n). */
  outputSize: readonly (number | null)[];
  channelsLast: boolean;
}
type Attrs = PoolAttrs | AdaptivePoolAttrs;

const isAdaptive = (attrs: Attrs): attrs is AdaptivePoolAttrs => "outputSize" in attrs;
const nameOf = (kind: "max" | "avg", xShape: readonly number[], attrs: Attrs): string =>
  `${isAdaptive(attrs) ? "adaptive_" : ""}${kind}_pool${Math.max(1, xShape.length - 2)}d`;
const geometryOf = (kind: "max" | "avg", xShape: readonly number[], attrs: Attrs) =>
  isAdaptive(attrs)
    ? adaptivePoolGeometry(nameOf(kind, xShape, attrs), xShape, attrs.outputSize, attrs.channelsLast)
    : poolGeometry(nameOf(kind, xShape, attrs), xShape, attrs);

function checked(kind: "max" | "avg", x: Tensor, attrs: Attrs): number[] {
  expectFloating(nameOf(kind, x.shape, attrs), "x", x.dtype);
  return geometryOf(kind, x.shape, attrs).shape;
}

/** [n, c, ...spatial] with the spatial axes as one, or channels last. */
function flat(x: Tensor, channelsLast: boolean): Tensor {
  const places = sizeOf(x.shape.slice(channelsLast ? 1 : 2, channelsLast ? -1 : x.rank));
  const [n, c] = [x.shape[0], x.shape[channelsLast ? x.rank - 1 : 1]] as [number, number];
  return reshape(x, channelsLast ? [n, places, c] : [n, c, places]);
}
const flatAxis = (channelsLast: boolean): number => (channelsLast ? 1 : 2);

// y = largest element of each window, index = which it is; the gradient goes there.
const maxPoolOp = defineOp<{ x: Tensor }, Attrs, "index">({
  name: "max_pool",
  shape: ({ x }, attrs) => checked("max", x, attrs),
  aux: { index: ({ x }, attrs) => ({ shape: checked("max", x, attrs), dtype: "int32" }) },
  forward: ({ x }, y, attrs, { index }) => {
    if (y.size === 0) return;
    const { params } = geometryOf("max", x.shape, attrs);
    launch(maxPool3dForward, { x, y, index }, params, isAdaptive(attrs) ? adaptivePool.maxForward : {});
  },
  vjp: {
    x: vjp(
      ["index"],
      (dy, { index }, { attrs, shapes }): Tensor =>
        maxPoolBackwardOp({ dy, index }, { xShape: shapes.x as number[], pooling: attrs }),
    ),
  },
  batch: asMoreRows(),
});

interface BackwardAttrs {
  xShape: readonly number[];
  pooling: Attrs;
}

// Linear in dy: its own gradient picks the elements of g that the indices name.
const maxPoolBackwardOp = defineOp<{ dy: Tensor; index: Tensor }, BackwardAttrs>({
  name: "max_pool_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy, index }, dx, { xShape, pooling }) => {
    const { params } = geometryOf("max", xShape, pooling);
    launch(maxPool3dBackward, { index, dy, dx }, params, isAdaptive(pooling) ? adaptivePool.maxBackward : {});
  },
  vjp: {
    dy: vjp(["index"], (g, { index }, { attrs: { pooling } }): Tensor => {
      const { channelsLast } = pooling;
      const options = { axis: flatAxis(channelsLast), mode: "drop", negative: false } as const;
      return reshape(gatherElements(flat(g, channelsLast), flat(index, channelsLast), options), index.shape);
    }),
    index: nonDifferentiable,
  },
  batch: asMoreRows(withMoreImages),
});

// y = sum of each window by its divisor.
const avgPoolOp = defineOp<{ x: Tensor }, Attrs>({
  name: "avg_pool",
  shape: ({ x }, attrs) => checked("avg", x, attrs),
  forward: ({ x }, y, attrs) => {
    const { params } = geometryOf("avg", x.shape, attrs);
    launch(avgPool3dForward, { x, y }, params, isAdaptive(attrs) ? adaptivePool.avgForward : {});
  },
  vjp: {
    x: vjp(
      [],
      (dy, _, { attrs, shapes }): Tensor => avgPoolBackwardOp({ dy }, { xShape: shapes.x as number[], pooling: attrs }),
    ),
  },
  batch: asMoreRows(),
});

const avgPoolBackwardOp = defineOp<{ dy: Tensor }, BackwardAttrs>({
  name: "avg_pool_backward",
  shape: (_, { xShape }) => xShape,
  forward: ({ dy }, dx, { xShape, pooling }) => {
    const { params } = geometryOf("avg", xShape, pooling);
    launch(avgPool3dBackward, { dy, dx }, params, isAdaptive(pooling) ? adaptivePool.avgBackward : {});
  },
  vjp: { dy: vjp([], (g, _, { attrs: { pooling } }): Tensor => avgPoolOp({ x: g }, pooling)) },
  batch: asMoreRows(withMoreImages),
});

/** The same pooling of images: of sequences with a height of 1. undefined where pool2d has no kernel for it. */
function asImages(x: Tensor, attrs: PoolAttrs): { x: Tensor; attrs: Pool2dOptions } | undefined {
  const { channelsLast, divisor, window, stride, padding, dilation, ...rest } = attrs;
  if (divisor !== undefined || x.rank > 4) return undefined;
  const two = (list: readonly number[], ...none: number[]) => (x.rank === 3 ? [...none, ...list] : list);
  const layout = channelsLast ? ("NHWC" as const) : ("NCHW" as const);
  const images: Pool2dOptions = {
    ...rest,
    window: two(window, 1) as unknown as [number, number],
    stride: two(stride, 1) as unknown as [number, number],
    padding: two(padding, 0, 0) as unknown as [number, number, number, number],
    ...(dilation ? { dilation: two(dilation, 1) as unknown as [number, number] } : {}),
    layout,
  };
  if (x.rank === 4) return { x, attrs: images };
  const [n, a, b] = x.shape as [number, number, number];
  return { x: reshape(x, channelsLast ? [n, 1, a, b] : [n, a, 1, b]), attrs: images };
}

/** Largest element of every window, over one to three spatial axes. The first of equal ones gets the gradient. */
export function maxPool(x: Tensor, attrs: PoolAttrs): Tensor {
  const shape = checked("max", x, attrs);
  const images = asImages(x, attrs);
  return images ? reshape(maxPool2d(images.x, images.attrs), shape) : maxPoolOp({ x }, attrs);
}

/** The same and, int32, where in the volume (of one channel) each is: (d height + h) width + w. */
export function maxPoolWithIndices(x: Tensor, attrs: PoolAttrs | AdaptivePoolAttrs): { y: Tensor; indices: Tensor } {
  const { y, aux } = maxPoolOp.withAux({ x }, attrs);
  return { y, indices: aux.index };
}

/** Mean of every window, or its sum by `divisor`. */
export function avgPool(x: Tensor, attrs: PoolAttrs): Tensor {
  const shape = checked("avg", x, attrs);
  const images = asImages(x, attrs);
  return images ? reshape(avgPool2d(images.x, images.attrs), shape) : avgPoolOp({ x }, attrs);
}

/** Sum of every window. */
export const sumPool = (x: Tensor, attrs: Omit<PoolAttrs, "divisor">): Tensor => avgPool(x, { ...attrs, divisor: 1 });

/** (sum of x^p)^(1 / p) of every window; 0 where the sum is not positive, as in PyTorch. p is not 0. */
export function lpPool(x: Tensor, p: number, attrs: Omit<PoolAttrs, "divisor" | "padding" | "dilation">): Tensor {
  if (!Number.isFinite(p) || p === 0)
    throw new ArgumentError({ op: "lp_pool", argument: "p", expected: "a finite number other than 0", given: `${p}` });
  const padding = attrs.window.flatMap(() => [0, 0]);
  const average = avgPool(pow(x, p), { ...attrs, padding });
  return pow(mul(mul(sign(average), relu(abs(average))), sizeOf(attrs.window)), 1 / p);
}

/** Mean of windows that together cover x and give a result of `outputSize`. */
export const adaptiveAvgPool = (x: Tensor, attrs: AdaptivePoolAttrs): Tensor => avgPoolOp({ x }, attrs);
/** Largest element of each of these windows. */
export const adaptiveMaxPool = (x: Tensor, attrs: AdaptivePoolAttrs): Tensor => maxPoolOp({ x }, attrs);

/** Spatial axes of x. */
const spatial = (x: Tensor, channelsLast: boolean): number[] =>
  [...x.shape.keys()].slice(channelsLast ? 1 : 2, channelsLast ? -1 : x.rank);

/** Mean over all spatial axes. */
export const globalAvgPool = (x: Tensor, channelsLast: boolean, keepdims = false): Tensor =>
  mean(x, { axes: spatial(x, channelsLast), keepdims });
/** Largest element over all spatial axes; equal ones share the gradient. */
export const globalMaxPool = (x: Tensor, channelsLast: boolean, keepdims = false): Tensor =>
  max(x, { axes: spatial(x, channelsLast), keepdims });

interface FractionalInputs extends OpInputs {
  readonly x: Tensor;
  readonly samples: Tensor;
}

// y = largest element of each window, index = which it is; windows may share elements, which then get both gradients.
const fractionalMaxPoolOp = defineOp<FractionalInputs, FractionalMaxPoolOptions, "index">({
  name: "fractional_max_pool",
  shape: ({ x, samples }, attrs) => {
    const { shape } = fractionalMaxPoolGeometry(x.shape, samples.shape, attrs);
    for (const [argument, given] of Object.entries({ x, samples }))
      expectFloating("fractional_max_pool", argument, given.dtype);
    return shape;
  },
  aux: {
    index: ({ x, samples }, attrs) => ({
      shape: fractionalMaxPoolGeometry(x.shape, samples.shape, attrs).shape,
      dtype: "int32",
    }),
  },
  forward: ({ x, samples }, y, attrs, { index }) => {
    if (y.size === 0) return;
    launch(
      fractionalMaxPoolKernel,
      { x, samples, y, index },
      fractionalMaxPoolGeometry(x.shape, samples.shape, attrs).params,
    );
  },
  vjp: {
    x: vjp(["index"], (dy, { index }, { shapes }): Tensor => {
      const shape = shapes.x as number[];
      const lines = [...shape.slice(0, 2), sizeOf(shape.slice(2))];
      const options = { axis: 2, negative: false, combination: "add" } as const;
      return reshape(scatterElements(zeros(lines), flat(index, false), flat(dy, false), options), shape);
    }),
    samples: nonDifferentiable,
  },
  batch: asMoreRows(),
});

/**
 * Largest element of windows whose places are drawn, and, int32, where in the volume (of one channel) each is: PyTorch's
 * fractional_max_pool2d and 3d of x [n, c, h, w] or [n, c, d, h, w]. `samples` [n, c, 3], from 0 up to 1, place the windows of every
 * channel along d (of which an image has one), h and w. Throws ShapeError or ArgumentError where windows do not fit.
 */
export function fractionalMaxPool(
  x: Tensor,
  samples: Tensor,
  attrs: FractionalMaxPoolOptions,
): { y: Tensor; indices: Tensor } {
  const { y, aux } = fractionalMaxPoolOp.withAux({ x, samples }, attrs);
  return { y, indices: aux.index };
}

/**
 * The reverse of maxPoolWithIndices: zeros of the spatial extents `outputSize`, with x where the indices say; of several at one
 * place the last stays, and all get the gradient of that place, as in PyTorch: windows that overlap have the same element there. An
 * index that is no place raises ArgumentError at the next read.
 */
export function maxUnpool(x: Tensor, indices: Tensor, outputSize: readonly number[], channelsLast: boolean): Tensor {
  const op = `max_unpool${outputSize.length}d`;
  if (x.rank !== outputSize.length + 2)
    throw new ShapeError({
      op,
      argument: "x",
      expected: `rank ${outputSize.length + 2}, for ${outputSize.length} spatial axes`,
      given: formatShape(x.shape),
    });
  if (`${indices.shape}` !== `${x.shape}`)
    throw new ShapeError({
      op,
      argument: "indices",
      expected: formatShape(x.shape),
      given: formatShape(indices.shape),
    });
  if (!outputSize.every((extent) => Number.isInteger(extent) && extent > 0))
    throw new ArgumentError({
      op,
      argument: "outputSize",
      expected: "positive integers",
      given: formatShape(outputSize),
    });
  const [n, c] = [x.shape[0], x.shape[channelsLast ? x.rank - 1 : 1]] as [number, number];
  const shape = channelsLast ? [n, ...outputSize, c] : [n, c, ...outputSize];
  const count = sizeOf(outputSize);
  const nothing = zeros(channelsLast ? [n, count, c] : [n, c, count], x.dtype);
  const options = { axis: flatAxis(channelsLast), negative: false };
  const at = flat(indices, channelsLast);
  const y = noGrad(() => reshape(scatterElements(nothing, at, flat(x, channelsLast), options), shape));
  const pull: CustomPull = ([dy], [places]) => [
    dy && reshape(gatherElements(flat(dy, channelsLast), places as Tensor, options), x.shape),
  ];
  return recordCustom(op, [x], [y], [at], pull)[0] as Tensor;
}

export interface LocalResponseNormAttrs {
  /** Channels before and behind each that count with it: size / 2 and (size - 1) / 2 in PyTorch, the radius in TensorFlow. */
  before: number;
  behind: number;
  alpha: number;
  beta: number;
  /** PyTorch's k, TensorFlow's bias. */
  k: number;
  /** Whether the sum of squares is divided by the number of channels: PyTorch does so, TensorFlow not. */
  mean: boolean;
  /** Axis of the channels. */
  axis: number;
}

/** x / (k + alpha s)^beta, s the sum (or mean, absent channels counted as 0) of the squares of neighbouring channels. */
export const localResponseNorm = inFloat32((x: Tensor, attrs: LocalResponseNormAttrs): Tensor => {
  const { before, behind, alpha, beta, k, axis } = attrs;
  const op = "local_response_norm";
  for (const [argument, count] of [
    ["before", before],
    ["behind", behind],
  ] as const)
    if (!Number.isInteger(count) || count < 0)
      throw new ArgumentError({ op, argument, expected: "a non-negative integer", given: `${count}` });
  const at = axis < 0 ? axis + x.rank : axis;
  const channels = x.shape[at];
  if (!Number.isInteger(axis) || channels === undefined)
    throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${formatShape(x.shape)}`, given: `${axis}` });
  if (x.size === 0) return x;
  const lines = reshape(square(x), [sizeOf(x.shape.slice(0, at)), channels, sizeOf(x.shape.slice(at + 1))]);
  const sums = avgPoolOp(
    { x: lines },
    {
      window: [before + behind + 1],
      stride: [1],
      padding: [before, behind],
      channelsLast: true,
      divisor: attrs.mean ? before + behind + 1 : 1,
    },
  );
  return div(x, pow(add(mul(reshape(sums, x.shape), alpha), k), beta));
});
