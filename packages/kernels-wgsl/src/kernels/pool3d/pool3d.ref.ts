import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { type Pool3dParams, pool3dCounts } from "./pool3d.js";

type Axis = "d" | "h" | "w";
const PADS = { d: ["pad_front", "pad_back"], h: ["pad_top", "pad_bottom"], w: ["pad_left", "pad_right"] } as const;

/** Places along one axis under window o, and how many taps the divisor counts. */
function alongAxis(p: Pool3dParams, axis: Axis, o: number, adaptive: boolean): { taps: number[]; counted: number } {
  const extent = p[`in_${axis}`];
  const taps: number[] = [];
  if (adaptive) {
    const count = p[`out_${axis}`];
    for (let at = Math.floor((o * extent) / count); at < Math.ceil(((o + 1) * extent) / count); at++) taps.push(at);
    return { taps, counted: taps.length };
  }
  const [before, after] = [p[PADS[axis][0]], p[PADS[axis][1]]];
  let padded = 0;
  for (let t = 0; t < p[`window_${axis}`]; t++) {
    const at = o * p[`stride_${axis}`] + t * p[`dilation_${axis}`] - before;
    if (at < extent + after) padded++;
    if (at >= 0 && at < extent) taps.push(at);
  }
  return { taps, counted: p.include_pad ? padded : taps.length };
}

/** Calls `visit` for every window, with its index in y, the places of its taps in a volume and in x, and its divisor. */
function eachWindow(
  p: Pool3dParams,
  adaptive: boolean,
  visit: (at: number, places: number[], taps: number[], divisor: number) => void,
): void {
  let at = 0;
  for (let o = 0; o < p.outer; o++)
    for (let d = 0; d < p.out_d; d++)
      for (let h = 0; h < p.out_h; h++)
        for (let w = 0; w < p.out_w; w++) {
          const [deep, high, wide] = [
            alongAxis(p, "d", d, adaptive),
            alongAxis(p, "h", h, adaptive),
            alongAxis(p, "w", w, adaptive),
          ];
          const places = deep.taps.flatMap((z) =>
            high.taps.flatMap((y) => wide.taps.map((x) => (z * p.in_h + y) * p.in_w + x)),
          );
          const divisor = p.divisor || deep.counted * high.counted * wide.counted;
          for (let i = 0; i < p.inner; i++) {
            const taps = places.map((place) => (o * p.in_d * p.in_h * p.in_w + place) * p.inner + i);
            visit(at++, places, taps, divisor);
          }
        }
}

export function maxPool3dForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Pool3dParams;
  const x = inputs.x as Float32Array;
  const y = new Float32Array(pool3dCounts(p).y);
  const index = new Int32Array(y.length);
  eachWindow(p, "begin" in constants, (at, places, taps) => {
    let best = -1;
    for (const [t, tap] of taps.entries())
      if (best < 0 || Number.isNaN(x[tap]) || (x[tap] as number) > (x[taps[best] as number] as number)) best = t;
    y[at] = best < 0 ? Number.NEGATIVE_INFINITY : (x[taps[best] as number] as number);
    index[at] = best < 0 ? -1 : (places[best] as number);
  });
  return { y, index };
}

export function maxPool3dBackwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Pool3dParams;
  const { index, dy } = inputs as { index: Int32Array; dy: Float32Array };
  const dx = new Float64Array(pool3dCounts(p).x);
  eachWindow(p, "first" in constants, (at, places, taps) => {
    const hit = places.indexOf(index[at] as number);
    if (hit >= 0) (dx[taps[hit] as number] as number) += dy[at] as number;
  });
  return { dx: Float32Array.from(dx) };
}

export function avgPool3dForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Pool3dParams;
  const x = inputs.x as Float32Array;
  const y = new Float32Array(pool3dCounts(p).y);
  eachWindow(p, "begin" in constants, (at, _, taps, divisor) => {
    y[at] = taps.reduce((sum, tap) => sum + (x[tap] as number), 0) / divisor;
  });
  return { y };
}

export function avgPool3dBackwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Pool3dParams;
  const dy = inputs.dy as Float32Array;
  const dx = new Float64Array(pool3dCounts(p).x);
  eachWindow(p, "first" in constants, (at, _, taps, divisor) => {
    for (const tap of taps) (dx[tap] as number) += (dy[at] as number) / divisor;
  });
  return { dx: Float32Array.from(dx) };
}
