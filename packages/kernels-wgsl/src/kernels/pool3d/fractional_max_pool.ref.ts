import type { BindingArrays } from "../../cases.js";
import type { FractionalMaxPoolParams } from "./fractional_max_pool.js";

/** Where windows along an axis begin, in the roundings of float32. */
function begins(sample: number, extent: number, count: number, window: number, step: number): number[] {
  const f = Math.fround;
  return Array.from({ length: count }, (_, at) =>
    at === count - 1 ? extent - window : Math.floor(f(f(at + sample) * step)) - Math.floor(f(sample * step)),
  );
}

export function fractionalMaxPoolReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as FractionalMaxPoolParams;
  const { x, samples } = inputs as { x: Float32Array; samples: Float32Array };
  const volume = p.in_d * p.in_h * p.in_w;
  const y: number[] = [];
  const index: number[] = [];
  for (let o = 0; o < p.outer; o++) {
    const [deep, high, wide] = (["d", "h", "w"] as const).map((axis, k) =>
      begins(samples[3 * o + k] as number, p[`in_${axis}`], p[`out_${axis}`], p[`window_${axis}`], p[`step_${axis}`]),
    ) as [number[], number[], number[]];
    for (const d of deep)
      for (const h of high)
        for (const w of wide) {
          let [best, place] = [Number.NEGATIVE_INFINITY, (d * p.in_h + h) * p.in_w + w];
          for (let z = d; z < d + p.window_d; z++)
            for (let v = h; v < h + p.window_h; v++)
              for (let u = w; u < w + p.window_w; u++) {
                const here = (z * p.in_h + v) * p.in_w + u;
                const value = x[o * volume + here] as number;
                if (Number.isNaN(value) || value > best) [best, place] = [value, here];
              }
          y.push(best);
          index.push(place);
        }
  }
  return { y: Float32Array.from(y), index: Int32Array.from(index) };
}
