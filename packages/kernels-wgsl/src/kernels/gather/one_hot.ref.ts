import type { BindingArrays } from "../../cases.js";
import type { OneHotParams } from "./one_hot.js";

export function oneHotReference(inputs: BindingArrays, given: object): BindingArrays {
  const { outer, depth, inner, on, off } = given as OneHotParams;
  const { index } = inputs as { index: Int32Array };
  const y = new Uint32Array(outer * depth * inner).fill(off);
  for (const [k, c] of index.entries()) {
    const [o, i] = [Math.floor(k / inner), k % inner];
    if (c >= 0 && c < depth) y[(o * depth + c) * inner + i] = on;
  }
  return { y };
}
