import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { Conv2dParams } from "./conv2d.js";
import type { Conv2dBackwardReduceParams, Conv2dChunkedParams } from "./conv2d_backward_reduce.js";

/** Calls `visit` with the element offsets in x, w and y of every product x * w that is part of a y, padding left out. */
function forEachProduct(
  p: Conv2dParams,
  visit: (x: number, w: number, y: number, n: number, oy: number) => void,
): void {
  const inputs = p.in_c / p.groups;
  const outputs = p.out_c / p.groups;
  for (let n = 0; n < p.batch; n++)
    for (let oy = 0; oy < p.out_h; oy++)
      for (let ox = 0; ox < p.out_w; ox++)
        for (let ky = 0; ky < p.filter_h; ky++)
          for (let kx = 0; kx < p.filter_w; kx++) {
            const iy = oy * p.stride_h + ky * p.dilation_h - p.pad_top;
            const ix = ox * p.stride_w + kx * p.dilation_w - p.pad_left;
            if (iy < 0 || iy >= p.in_h || ix < 0 || ix >= p.in_w) continue;
            for (let o = 0; o < p.out_c; o++)
              for (let i = 0; i < inputs; i++) {
                const c = Math.floor(o / outputs) * inputs + i;
                visit(
                  n * p.x_n + iy * p.x_h + ix * p.x_w + c * p.x_c,
                  ky * p.w_h + kx * p.w_w + i * p.w_i + o * p.w_o,
                  n * p.y_n + oy * p.y_h + ox * p.y_w + o * p.y_c,
                  n,
                  oy,
                );
              }
          }
}

/** `activate` knows the identity and relu. */
export function conv2dForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Conv2dParams;
  const { x, w, bias } = inputs as { x: Float32Array; w: Float32Array; bias?: Float32Array };
  const y = new Float64Array(p.batch * p.out_h * p.out_w * p.out_c);
  forEachProduct(p, (atX, atW, atY) => {
    (y[atY] as number) += (x[atX] as number) * (w[atW] as number);
  });
  if (p.has_bias === 1)
    forEachResult(p, (at, o) => {
      (y[at] as number) += bias?.[o] as number;
    });
  const relu = constants.activate === "max(v, 0.0)";
  return { y: Float32Array.from(y, (value) => (relu ? Math.max(value, 0) : value)) };
}

export function conv2dBackwardInputReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv2dParams;
  const { dy, w } = inputs as { dy: Float32Array; w: Float32Array };
  const dx = new Float64Array(p.batch * p.in_h * p.in_w * p.in_c);
  forEachProduct(p, (atX, atW, atY) => {
    (dx[atX] as number) += (dy[atY] as number) * (w[atW] as number);
  });
  return { dx: Float32Array.from(dx) };
}

export function conv2dBackwardFilterReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv2dChunkedParams;
  const { x, dy } = inputs as { x: Float32Array; dy: Float32Array };
  const count = p.filter_h * p.filter_w * (p.in_c / p.groups) * p.out_c;
  const partial = new Float64Array(p.chunks * count);
  forEachProduct(p, (atX, atW, atY, n, oy) => {
    const chunk = Math.floor((n * p.out_h + oy) / p.chunk_rows);
    (partial[chunk * count + atW] as number) += (x[atX] as number) * (dy[atY] as number);
  });
  return { partial: Float32Array.from(partial) };
}

export function conv2dBackwardReduceReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv2dBackwardReduceParams;
  const { partial } = inputs as { partial: Float32Array };
  const sum = new Float64Array(p.count);
  for (let at = 0; at < p.count * p.chunks; at++) (sum[at % p.count] as number) += partial[at] as number;
  return { sum: Float32Array.from(sum) };
}

export function conv2dBackwardBiasReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv2dChunkedParams;
  const { dy } = inputs as { dy: Float32Array };
  const partial = new Float64Array(p.chunks * p.out_c);
  forEachResult(p, (at, o, n, oy) => {
    const chunk = Math.floor((n * p.out_h + oy) / p.chunk_rows);
    (partial[chunk * p.out_c + o] as number) += dy[at] as number;
  });
  return { partial: Float32Array.from(partial) };
}

function forEachResult(p: Conv2dParams, visit: (y: number, o: number, n: number, oy: number) => void): void {
  for (let n = 0; n < p.batch; n++)
    for (let oy = 0; oy < p.out_h; oy++)
      for (let ox = 0; ox < p.out_w; ox++)
        for (let o = 0; o < p.out_c; o++) visit(n * p.y_n + oy * p.y_h + ox * p.y_w + o * p.y_c, o, n, oy);
}
