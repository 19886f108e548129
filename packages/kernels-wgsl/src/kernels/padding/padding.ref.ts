import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { PadMode, PadParams } from "./padding.js";

/** Where element i of an axis of n comes from, found step by step. */
function sourceOf(mode: PadMode, i: number, n: number): number {
  let at = i;
  while (at < 0 || at >= n) {
    if (mode === "replicate") at = at < 0 ? 0 : n - 1;
    else if (mode === "circular") at += at < 0 ? n : -n;
    else if (mode === "symmetric") at = at < 0 ? -1 - at : 2 * n - 1 - at;
    else if (n === 1) at = 0;
    else at = at < 0 ? -at : 2 * n - 2 - at;
  }
  return at;
}

/** Calls `visit` with the places of every element of y and of the element of x it comes from. */
function forEachPair(p: PadParams, mode: PadMode, visit: (y: number, x: number) => void): void {
  let at = 0;
  for (let o = 0; o < p.outer; o++)
    for (let d = 0; d < p.out_d; d++)
      for (let h = 0; h < p.out_h; h++)
        for (let w = 0; w < p.out_w; w++)
          for (let i = 0; i < p.inner; i++) {
            const row =
              (o * p.in_d + sourceOf(mode, d - p.before_d, p.in_d)) * p.in_h + sourceOf(mode, h - p.before_h, p.in_h);
            visit(at++, (row * p.in_w + sourceOf(mode, w - p.before_w, p.in_w)) * p.inner + i);
          }
}

/** The mode that constants stand for, told by a word of each body. */
function modeOf(constants: Constants, bodies: Readonly<Record<PadMode, string>>): PadMode {
  const given = Object.values(constants)[0];
  const found = Object.entries(bodies).find(([, body]) => body === given);
  return (found?.[0] ?? "replicate") as PadMode;
}

export const padEdgesReference =
  (bodies: Readonly<Record<PadMode, string>>) =>
  (inputs: BindingArrays, given: object, constants: Constants): BindingArrays => {
    const p = given as PadParams;
    const { x } = inputs as { x: Uint32Array };
    const y = new Uint32Array(p.outer * p.out_d * p.out_h * p.out_w * p.inner);
    forEachPair(p, modeOf(constants, bodies), (to, from) => {
      y[to] = x[from] as number;
    });
    return { y };
  };

export const padEdgesBackwardReference =
  (bodies: Readonly<Record<PadMode, string>>) =>
  (inputs: BindingArrays, given: object, constants: Constants): BindingArrays => {
    const p = given as PadParams;
    const { dy } = inputs as { dy: Float32Array };
    const dx = new Float64Array(p.outer * p.in_d * p.in_h * p.in_w * p.inner);
    forEachPair(p, modeOf(constants, bodies), (from, to) => {
      (dx[to] as number) += dy[from] as number;
    });
    return { dx: Float32Array.from(dx) };
  };
