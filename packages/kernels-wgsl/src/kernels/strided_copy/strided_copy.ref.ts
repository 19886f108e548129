import type { BindingArray, BindingArrays } from "../../cases.js";
import type { FillParams, StridedCopyParams } from "./strided_copy.js";

/** y keeps what the inputs hold for it, zeros unless given, where no index writes. */
export function stridedCopyReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as StridedCopyParams;
  const x = inputs.x as BindingArray;
  const y = (inputs.y as BindingArray).slice();
  for (let i = 0; i < p.count; i++) {
    let from = p.x_offset;
    let to = p.y_offset;
    for (let d = 0, rest = i; d < p.rank; d++) {
      const [extent, xStride, yStride] = p.axes.slice(4 * d, 4 * d + 3) as [number, number, number];
      from += (rest % extent) * (xStride | 0);
      to += (rest % extent) * (yStride | 0);
      rest = Math.floor(rest / extent);
    }
    y[to] = x[from] as number;
  }
  return { y };
}

/** The same of halves, two to a word, to a contiguous y. */
export function stridedCopyHalfReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as StridedCopyParams;
  const { buffer } = inputs.x as Uint32Array;
  const halves = Uint32Array.from(new Uint16Array(buffer));
  const { y } = stridedCopyReference({ x: halves, y: new Uint32Array(p.count) }, given);
  const words = new Uint32Array(Math.ceil(p.count / 2));
  new Uint16Array(words.buffer).set(y as Uint32Array);
  return { y: words };
}

export function fillReference(_: BindingArrays, given: object): BindingArrays {
  const { count, bits } = given as FillParams;
  return { y: new Uint32Array(count).fill(bits) };
}
