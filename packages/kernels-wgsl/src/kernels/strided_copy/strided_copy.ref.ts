import type { BindingArrays } from "../../cases.js";
import type { FillParams, StridedCopyParams } from "./strided_copy.js";

/** Walks all indices of the extents; strides are two's complement. */
export function stridedCopyReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as StridedCopyParams;
  const { x, y } = inputs as { x: Uint32Array; y: Uint32Array };
  const result = y.slice();
  for (let at = 0; at < p.count; at++) {
    let rest = at;
    let source = p.x_offset;
    let target = p.y_offset;
    for (let d = p.rank - 1; d >= 0; d--) {
      const [extent, xStride, yStride] = p.axes.slice(4 * d, 4 * d + 3) as [number, number, number];
      const i = rest % extent;
      rest = Math.floor(rest / extent);
      source += i * (xStride | 0);
      target += i * (yStride | 0);
    }
    result[target] = x[source] as number;
  }
  return { y: result };
}

export function fillReference(_: BindingArrays, given: object): BindingArrays {
  const { count, bits } = given as FillParams;
  return { y: new Uint32Array(count).fill(bits) };
}
