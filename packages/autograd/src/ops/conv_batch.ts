// Convolutions of all examples of a vmap at once: where one filter serves all, the examples are more images; where each has its
// own, they are more groups.
import type { Tensor } from "../tensor.js";
import type { BatchedCall, BatchRule } from "../vmap/call.js";
import { allBatched, asMoreRows, grown, mergedInto, splitFrom, withMoreImages } from "../vmap/rules.js";
import { add } from "./elementwise.js";
import { reshape } from "./shape.js";

/** What convolutions over two and three axes have in common. */
interface ConvAttrs {
  readonly layout: string;
  readonly filterLayout: string;
  readonly groups: number;
}
type Shapes = { readonly xShape: readonly number[]; readonly wShape: readonly number[] };
type Rule<I, A> = (...args: Parameters<BatchRule<I, A>>) => BatchedCall<I, A>;

const channelAxis = ({ layout }: ConvAttrs): number => layout.indexOf("C");
const filterAxis = ({ filterLayout }: ConvAttrs): number => filterLayout.indexOf("O");

/** Attributes of the convolution that has a group for each of `size` examples. */
function grouped<A extends ConvAttrs & Partial<Shapes>>(attrs: A, size: number): A {
  const { xShape, wShape } = attrs;
  return {
    ...attrs,
    groups: attrs.groups * size,
    ...(xShape && { xShape: grown(xShape, channelAxis(attrs), size) }),
    ...(wShape && { wShape: grown(wShape, filterAxis(attrs), size) }),
  };
}

export function forwardBatch<A extends ConvAttrs>(): Rule<{ x: Tensor; w: Tensor; bias: Tensor | undefined }, A> {
  return ({ x, w, bias }, isBatched, attrs, size) => {
    const axis = channelAxis(attrs);
    if (!isBatched("w")) {
      // A bias for each example, added afterwards, is rounded as it would be in the kernel.
      const own = bias && isBatched("bias") ? bias : undefined;
      const shape = [size, ...w.shape.map((_, i) => (own && i === axis ? (own.shape[1] as number) : 1))];
      const images = asMoreRows<{ x: Tensor }, A>()({ x }, isBatched, attrs, size);
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
        bias: all.bias && mergedInto(all.bias, 0),
      },
      attrs: grouped(attrs, size),
      finish: (y) => splitFrom(y, axis, size),
    };
  };
}

export function inputGradientBatch<A extends ConvAttrs & Shapes>(): Rule<{ dy: Tensor; w: Tensor }, A> {
  return ({ dy, w }, isBatched, attrs, size) => {
    const axis = channelAxis(attrs);
    if (!isBatched("w")) {
      const images = asMoreRows<{ dy: Tensor }, A>(withMoreImages)({ dy }, isBatched, attrs, size);
      return { ...images, inputs: { ...images.inputs, w } };
    }
    const all = allBatched({ dy, w }, isBatched, size);
    return {
      inputs: { dy: mergedInto(all.dy, axis), w: mergedInto(all.w, filterAxis(attrs)) },
      attrs: grouped(attrs, size),
      finish: (dx) => splitFrom(dx, axis, size),
    };
  };
}

export function filterGradientBatch<A extends ConvAttrs & Shapes>(): Rule<{ x: Tensor; dy: Tensor }, A> {
  return (inputs, isBatched, attrs, size) => {
    const axis = channelAxis(attrs);
    const { x, dy } = allBatched(inputs, isBatched, size);
    return {
      inputs: { x: mergedInto(x, axis), dy: mergedInto(dy, axis) },
      attrs: grouped(attrs, size),
      finish: (dw) => splitFrom(dw, filterAxis(attrs), size),
    };
  };
}

export function biasGradientBatch<A extends ConvAttrs & Shapes>(): Rule<{ dy: Tensor }, A> {
  return ({ dy }, _, attrs, size) => ({
    inputs: { dy: mergedInto(dy, channelAxis(attrs)) },
    attrs: grouped(attrs, size),
    finish: (db) => splitFrom(db, 0, size),
  });
}
