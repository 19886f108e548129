// Convolutions of all examples of a vmap at once: where one filter serves all, the examples are more images; where each has its
// own, they are more groups.
import type { Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { moveAxis } from "../vmap/levels.js";
import { allBatched, asMoreRows, withMoreImages } from "../vmap/rules.js";
import type { Conv2dAttrs } from "./conv2d.js";
import { add } from "./elementwise.js";
import { reshape } from "./shape.js";

type Shapes = { readonly xShape: readonly number[]; readonly wShape: readonly number[] };

const channelAxis = ({ layout }: Conv2dAttrs): number => (layout === "NHWC" ? 3 : 1);
const filterAxis = ({ filterLayout }: Conv2dAttrs): number => (filterLayout === "HWIO" ? 3 : 0);

/** Examples, which come first, moved into dimension `axis` of one example: the first `extent` of it are the first example's. */
function mergedInto(x: Tensor, axis: number): Tensor {
  const moved = moveAxis(x, 0, axis);
  const { shape } = moved;
  const joined = (shape[axis] as number) * (shape[axis + 1] as number);
  return reshape(moved, [...shape.slice(0, axis), joined, ...shape.slice(axis + 2)]);
}

/** The reverse of mergedInto. */
function splitFrom(y: Tensor, axis: number, size: number): Tensor {
  const extent = size === 0 ? 0 : (y.shape[axis] as number) / size;
  return moveAxis(reshape(y, [...y.shape.slice(0, axis), size, extent, ...y.shape.slice(axis + 1)]), axis, 0);
}

const grown = (shape: readonly number[], axis: number, times: number): number[] =>
  shape.map((extent, i) => (i === axis ? extent * times : extent));

/** Attributes of the convolution that has a group for each of `size` examples. */
function grouped<A extends Conv2dAttrs & Partial<Shapes>>(attrs: A, size: number): A {
  const { xShape, wShape } = attrs;
  return {
    ...attrs,
    groups: attrs.groups * size,
    ...(xShape && { xShape: grown(xShape, channelAxis(attrs), size) }),
    ...(wShape && { wShape: grown(wShape, filterAxis(attrs), size) }),
  };
}

export const forwardBatch: BatchRule<{ x: Tensor; w: Tensor; bias: Tensor | undefined }, Conv2dAttrs> = (
  { x, w, bias },
  isBatched,
  attrs,
  size,
) => {
  const axis = channelAxis(attrs);
  if (!isBatched("w")) {
    // A bias for each example, added afterwards, is rounded as it would be in the kernel.
    const own = bias && isBatched("bias") ? bias : undefined;
    const shape = [size, 1, 1, 1, 1].map((extent, i) => (own && i === axis + 1 ? (own.shape[1] as number) : extent));
    const images = asMoreRows<{ x: Tensor }, Conv2dAttrs>()({ x }, isBatched, attrs, size);
    return {
      inputs: { ...images.inputs, w, bias: own ? undefined : bias },
      attrs,
      finish: (y) => (own ? add(images.finish(y), reshape(own, shape)) : images.finish(y)),
    };
  }
  const all = allBatched({ x, w, bias }, isBatched, size);
  return {
    inputs: {
      x: mergedInto(all.x, axis),
      w: mergedInto(all.w, filterAxis(attrs)),
      bias: all.bias && reshape(all.bias, [-1]),
    },
    attrs: grouped(attrs, size),
    finish: (y) => splitFrom(y, axis, size),
  };
};

export const inputGradientBatch: BatchRule<{ dy: Tensor; w: Tensor }, Conv2dAttrs & Shapes> = (
  { dy, w },
  isBatched,
  attrs,
  size,
) => {
  const axis = channelAxis(attrs);
  if (!isBatched("w")) {
    const images = asMoreRows<{ dy: Tensor }, Conv2dAttrs & Shapes>(withMoreImages)({ dy }, isBatched, attrs, size);
    return { ...images, inputs: { ...images.inputs, w } };
  }
  const all = allBatched({ dy, w }, isBatched, size);
  return {
    inputs: { dy: mergedInto(all.dy, axis), w: mergedInto(all.w, filterAxis(attrs)) },
    attrs: grouped(attrs, size),
    finish: (dx) => splitFrom(dx, axis, size),
  };
};

export const filterGradientBatch: BatchRule<{ x: Tensor; dy: Tensor }, Conv2dAttrs & Shapes> = (
  inputs,
  isBatched,
  attrs,
  size,
) => {
  const axis = channelAxis(attrs);
  const { x, dy } = allBatched(inputs, isBatched, size);
  return {
    inputs: { x: mergedInto(x, axis), dy: mergedInto(dy, axis) },
    attrs: grouped(attrs, size),
    finish: (dw) => splitFrom(dw, filterAxis(attrs), size),
  };
};

export const biasGradientBatch: BatchRule<{ dy: Tensor }, Conv2dAttrs & Shapes> = ({ dy }, _, attrs, size) => ({
  inputs: { dy: mergedInto(dy, channelAxis(attrs)) },
  attrs: grouped(attrs, size),
  finish: (db) => reshape(db, [size, size === 0 ? 0 : db.size / size]),
});
