import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { Pool2dParams } from "./pool2d.js";

/** Index of every element of x under window (o, h, w, i), in row-major order, and how many taps the divisor counts. */
function windowOf(p: Pool2dParams, o: number, h: number, w: number, i: number): { taps: number[]; divisor: number } {
  const taps: number[] = [];
  let padded = 0;
  for (let t = 0; t < p.window_h; t++) {
    for (let u = 0; u < p.window_w; u++) {
      const row = h * p.stride_h + t * p.dilation_h - p.pad_top;
      const col = w * p.stride_w + u * p.dilation_w - p.pad_left;
      if (row < p.in_h + p.pad_bottom && col < p.in_w + p.pad_right) padded++;
      if (row < 0 || row >= p.in_h || col < 0 || col >= p.in_w) continue;
      taps.push(((o * p.in_h + row) * p.in_w + col) * p.inner + i);
    }
  }
  return { taps, divisor: p.include_pad ? padded : taps.length };
}

/** Calls `visit` for every window with its index in y. */
function eachWindow(p: Pool2dParams, visit: (at: number, taps: number[], divisor: number) => void): void {
  let at = 0;
  for (let o = 0; o < p.outer; o++)
    for (let h = 0; h < p.out_h; h++)
      for (let w = 0; w < p.out_w; w++)
        for (let i = 0; i < p.inner; i++) {
          const { taps, divisor } = windowOf(p, o, h, w, i);
          visit(at++, taps, divisor);
        }
}

/** Index in x of the last NaN of a window, or of the first maximum if there is none; -1 for a window of padding only. */
function firstMaximum(x: Float32Array, taps: number[]): number {
  let best = -1;
  for (const at of taps) {
    if (best < 0 || Number.isNaN(x[at]) || (x[at] as number) > (x[best] as number)) best = at;
  }
  return best;
}

const sizeOfX = (p: Pool2dParams): number => p.outer * p.in_h * p.in_w * p.inner;
const sizeOfY = (p: Pool2dParams): number => p.outer * p.out_h * p.out_w * p.inner;

export function maxPool2dForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Pool2dParams;
  const x = inputs.x as Float32Array;
  const y = new Float32Array(sizeOfY(p));
  eachWindow(p, (at, taps) => {
    const best = firstMaximum(x, taps);
    y[at] = best < 0 ? Number.NEGATIVE_INFINITY : (x[best] as number);
  });
  return { y };
}

/** With a gate, the gradient of relu follows: nothing where x is 0 or below. */
export function maxPool2dBackwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Pool2dParams;
  const { x, dy } = inputs as { x: Float32Array; dy: Float32Array };
  const dx = new Float64Array(sizeOfX(p));
  eachWindow(p, (at, taps) => {
    const best = firstMaximum(x, taps);
    if (best >= 0) dx[best] = (dx[best] as number) + (dy[at] as number);
  });
  return { dx: Float32Array.from(dx, (value, at) => (!constants.gate || !((x[at] as number) <= 0) ? value : 0)) };
}

export function maxPool2dGatherReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Pool2dParams;
  const { x, g } = inputs as { x: Float32Array; g: Float32Array };
  const out = new Float32Array(sizeOfY(p));
  eachWindow(p, (at, taps) => {
    const best = firstMaximum(x, taps);
    out[at] = best < 0 ? 0 : (g[best] as number);
  });
  return { out };
}

export function avgPool2dForwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Pool2dParams;
  const x = inputs.x as Float32Array;
  const y = new Float32Array(sizeOfY(p));
  eachWindow(p, (at, taps, divisor) => {
    y[at] = taps.reduce((sum, tap) => sum + (x[tap] as number), 0) / divisor;
  });
  return { y };
}

export function avgPool2dBackwardReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Pool2dParams;
  const dy = inputs.dy as Float32Array;
  const dx = new Float64Array(sizeOfX(p));
  eachWindow(p, (at, taps, divisor) => {
    for (const tap of taps) dx[tap] = (dx[tap] as number) + (dy[at] as number) / divisor;
  });
  return { dx: Float32Array.from(dx) };
}
