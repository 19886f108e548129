// How gradients of normalisations are made: composed of ops, which can be differentiated again, or in few passes over memory.
import {
  formatShape,
  type NormalizeView,
  normalizeApplyParams,
  normalizeBackwardCombine,
  normalizeBackwardCombineParams,
  normalizeBackwardInput,
  normalizeBackwardSums,
  normalizeCount,
  normalizeRowsBackwardInput,
  normalizeRowsParams,
  normalizeStats,
  normalizeSumsPlan,
  ShapeError,
  withoutMeanBackward,
} from "@facet/kernels-wgsl";
import { launch } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { zeros } from "./create.js";
import { add, mul, sub } from "./elementwise.js";
import { rsqrt, square } from "./elementwise_unary.js";
import { mean as meanOf, sum } from "./reduce.js";
import { reshape, sliceAlong } from "./shape.js";

export interface Epsilon {
  readonly epsilon: number;
}

export type Saved = Record<"x" | "mean" | "inverse", Tensor> & { readonly scale?: Tensor };

/** The array by n, groups, channels of a group and places, the axes of a group's elements, and the shape that scales have there. */
export function taken(view: NormalizeView): { shape: number[]; axes: number[]; channels: number[] } {
  const { n, spatial, groups, last, shared } = view;
  const size = view.channels / groups;
  if (last) return { shape: [n, spatial, groups, size], axes: [1, 3], channels: [1, 1, groups, size] };
  return {
    shape: [n, groups, size, spatial],
    axes: shared ? [0, 2, 3] : [2, 3],
    channels: [1, groups, size, 1],
  };
}

/** Sum over all but the channels. */
export function overChannels(x: Tensor, view: NormalizeView): Tensor {
  const { shape, channels } = taken(view);
  const axes = channels.flatMap((extent, axis) => (extent === 1 && shape[axis] !== 1 ? [axis] : []));
  // A group axis of extent 1 is none of those that are summed away.
  const kept = view.last ? [2, 3] : [1, 2];
  const summed = sum(reshape(x, shape), { axes: axes.filter((axis) => !kept.includes(axis)) });
  return reshape(summed, [view.channels]);
}

/** The normalised x and the inverse deviation, in ops: what second derivatives go through. */
export function normalised(x: Tensor, view: NormalizeView, { epsilon }: Epsilon, centred: boolean) {
  const { shape, axes } = taken(view);
  const whole = reshape(x, shape);
  const off = centred ? sub(whole, meanOf(whole, { axes, keepdims: true })) : whole;
  const inverse = rsqrt(add(meanOf(square(off), { axes, keepdims: true }), epsilon));
  return { normal: mul(off, inverse), inverse };
}

export function composedInput(
  dy: Tensor,
  { x, scale }: Saved,
  view: NormalizeView,
  attrs: Epsilon,
  centred: boolean,
): Tensor {
  const { shape, axes, channels } = taken(view);
  const { normal, inverse } = normalised(x, view, attrs, centred);
  const whole = reshape(dy, shape);
  const g = scale ? mul(whole, reshape(scale, channels)) : whole;
  const slope = meanOf(mul(g, normal), { axes, keepdims: true });
  const off = centred ? sub(g, meanOf(g, { axes, keepdims: true })) : g;
  return reshape(mul(inverse, sub(off, mul(normal, slope))), x.shape);
}

/** Gradients in few passes over memory. Nothing of these calls can be differentiated. */
export function fused(
  dy: Tensor,
  saved: Saved,
  view: NormalizeView,
  attrs: Epsilon,
  centred: boolean,
  wanted: ReadonlySet<string>,
): Record<string, Tensor> {
  const { x, scale, mean, inverse } = saved;
  const rows = normalizeRowsParams(view, { ...attrs, scale: scale !== undefined, bias: false });
  const affine = wanted.has("scale") || wanted.has("bias");
  // Rows find the means of their own while they make dx.
  const found = affine || !rows ? fromSums(dy, saved, view, rows !== undefined, centred) : undefined;
  const gradients: Record<string, Tensor> = {};
  if (found && wanted.has("bias")) gradients.bias = found.dbias;
  if (found && wanted.has("scale")) gradients.scale = found.dscale;
  if (!wanted.has("x")) return gradients;
  const dx = empty(x.shape, x.dtype);
  if (rows) {
    launch(
      normalizeRowsBackwardInput,
      { x, dy, mean, inverse, scale, dx },
      rows,
      centred ? undefined : withoutMeanBackward,
    );
  } else {
    const { mean_dy, mean_dot } = found as FromSums;
    const params = normalizeApplyParams(view, { scale: scale !== undefined, bias: false });
    launch(normalizeBackwardInput, { x, dy, mean, inverse, scale, mean_dy, mean_dot, dx }, params);
  }
  gradients.x = dx;
  return gradients;
}

/** Gradients of bias and scale, and by group what is taken off before its elements: means of dy, and of dy times the normalised x. */
type FromSums = Record<"dbias" | "dscale" | "mean_dy" | "mean_dot", Tensor>;

/** From sums by channel; `across` all rows, where they have statistics of their own and their means are not to be had from here. */
function fromSums(dy: Tensor, saved: Saved, view: NormalizeView, across: boolean, centred: boolean): FromSums {
  const { x, scale, mean, inverse } = saved;
  const { channels } = view;
  const { params, shape } = normalizeSumsPlan(view, across);
  const sums = empty(shape, "float32", "workspace");
  launch(normalizeBackwardSums, { x, dy, mean, inverse, sums }, params);
  const combine = normalizeBackwardCombineParams(view, across, scale !== undefined);
  if (combine) {
    const one = (): Tensor => empty([channels]);
    const made = { dbias: one(), dscale: one(), mean_dy: one(), mean_dot: one() };
    launch(normalizeBackwardCombine, { sums, scale, ...made }, combine);
    sums.dispose();
    return made;
  }
  // Channels first: [2, blocks, n, channels]; last: [2, n, blocks, channels].
  const axes = view.last ? [2] : view.shared ? [1, 2] : [1];
  const total = sum(sums, { axes });
  sums.dispose();
  // Of each n, or of all together where more is not asked for: [2, n or 1, channels].
  const all = view.shared ? reshape(total, [2, 1, channels]) : total;
  const part = (of: Tensor, i: number, extent: number): Tensor => reshape(sliceAlong(of, 0, i, i + 1), [extent]);
  const whole = sum(all, { axes: [1] });
  const stats = normalizeStats(view);
  const weighted = scale ? mul(all, scale) : all;
  const means = mul(sum(reshape(weighted, [2, stats, -1]), { axes: [2] }), 1 / normalizeCount(view));
  return {
    dbias: part(whole, 0, channels),
    dscale: part(whole, 1, channels),
    mean_dy: centred ? part(means, 0, stats) : zeros([stats]),
    mean_dot: part(means, 1, stats),
  };
}

export function expectChannels(op: string, given: Record<string, Tensor | undefined>, channels: number): void {
  for (const [argument, tensor] of Object.entries(given)) {
    if (!tensor) continue;
    expectFloating(op, argument, tensor.dtype);
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      throw new ShapeError({ op, argument, expected: formatShape([channels]), given: formatShape(tensor.shape) });
  }
}
