import type { BindingArrays } from "../../cases.js";
import type { FoldParams } from "./fold.js";

export function foldReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as FoldParams;
  const columns = inputs.columns as Float32Array;
  const y = new Float64Array(p.outer * p.in_d * p.in_h * p.in_w * p.inner);
  for (let o = 0; o < p.outer; o++)
    for (let window = 0; window < p.out_d * p.out_h * p.out_w; window++)
      for (let tap = 0; tap < p.window_d * p.window_h * p.window_w; tap++) {
        const d =
          Math.floor(window / p.out_w / p.out_h) * p.stride_d +
          Math.floor(tap / p.window_w / p.window_h) * p.dilation_d -
          p.pad_front;
        const h =
          (Math.floor(window / p.out_w) % p.out_h) * p.stride_h +
          (Math.floor(tap / p.window_w) % p.window_h) * p.dilation_h -
          p.pad_top;
        const w = (window % p.out_w) * p.stride_w + (tap % p.window_w) * p.dilation_w - p.pad_left;
        if (d < 0 || d >= p.in_d || h < 0 || h >= p.in_h || w < 0 || w >= p.in_w) continue;
        for (let i = 0; i < p.inner; i++)
          (y[(((o * p.in_d + d) * p.in_h + h) * p.in_w + w) * p.inner + i] as number) += columns[
            o * p.c_outer + window * p.c_window + tap * p.c_tap + i * p.c_inner
          ] as number;
      }
  return { y: Float32Array.from(y) };
}
