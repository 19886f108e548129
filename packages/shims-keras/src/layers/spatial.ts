// What convolution and pooling layers share.
import { ShapeError } from "@facet/autograd";
import type { DataFormat } from "../config.js";
import type { Pair } from "../kinds.js";
import { pythonShape, type Shape } from "../tensor.js";

export type Padding = "valid" | "same";

export const channelAxis = (format: DataFormat): number => (format === "channels_last" ? -1 : 1);

/** Zeros at [top, bottom, left, right]; "same" is TensorFlow's rule: ceil(extent / stride) results, an odd zero at the end. */
export function pad2d(
  padding: Padding,
  extents: Pair,
  window: Pair,
  strides: Pair,
  dilation: Pair = [1, 1],
): [number, number, number, number] {
  if (padding === "valid") return [0, 0, 0, 0];
  const along = (axis: 0 | 1): [number, number] => {
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    const total = Math.max(0, (Math.ceil(extents[axis] / strides[axis]) - 1) * strides[axis] + reach - extents[axis]);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [...along(0), ...along(1)];
}

/**
 * Output shape of an image op for a shape whose batch, rows or columns may be null: computed for one image, with null where
 * the input has it. Rows and columns must then both be known or both be null.
 */
export function withBatch(shape: Shape, compute: (shape: number[]) => readonly number[]): Shape {
  const [batch, ...rest] = shape;
  if (rest.some((extent) => extent === null)) {
    throw new ShapeError({
      op: "compute_output_shape",
      argument: "input_shape",
      expected: "extents known but for the batch's",
      given: pythonShape(shape),
    });
  }
  if (batch !== null) return compute(shape as number[]);
  return [null, ...compute([1, ...(rest as number[])]).slice(1)];
}
