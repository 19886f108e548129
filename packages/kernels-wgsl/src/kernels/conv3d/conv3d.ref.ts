import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { type Conv3dChunkedParams, type Conv3dParams, conv3dSizes } from "./conv3d.js";

/** Calls `visit` with the element offsets in x, w and y of every product x * w that is part of a y, padding left out. */
function forEachProduct(p: Conv3dParams, visit: (x: number, w: number, y: number, row: number) => void): void {
  const inputs = p.in_c / p.groups;
  const outputs = p.out_c / p.groups;
  for (let row = 0; row < p.batch * p.out_d * p.out_h; row++) {
    const oy = row % p.out_h;
    const oz = Math.floor(row / p.out_h) % p.out_d;
    const n = Math.floor(row / p.out_h / p.out_d);
    for (let ox = 0; ox < p.out_w; ox++)
      for (let kz = 0; kz < p.filter_d; kz++)
        for (let ky = 0; ky < p.filter_h; ky++)
          for (let kx = 0; kx < p.filter_w; kx++) {
            const iz = oz * p.stride_d + kz * p.dilation_d - p.pad_front;
            const iy = oy * p.stride_h + ky * p.dilation_h - p.pad_top;
            const ix = ox * p.stride_w + kx * p.dilation_w - p.pad_left;
            if (iz < 0 || iz >= p.in_d || iy < 0 || iy >= p.in_h || ix < 0 || ix >= p.in_w) continue;
            for (let o = 0; o < p.out_c; o++)
              for (let i = 0; i < inputs; i++)
                visit(
                  n * p.x_n + iz * p.x_d + iy * p.x_h + ix * p.x_w + (Math.floor(o / outputs) * inputs + i) * p.x_c,
                  kz * p.w_d + ky * p.w_h + kx * p.w_w + i * p.w_i + o * p.w_o,
                  n * p.y_n + oz * p.y_d + oy * p.y_h + ox * p.y_w + o * p.y_c,
                  row,
                );
          }
  }
}

type Floats = Record<string, Float32Array>;
const add = (to: Float64Array, at: number, value: number): void => {
  (to[at] as number) += value;
};

/** `activate` knows the identity and relu. */
export function conv3dForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as Conv3dParams;
  const { x, w, bias } = inputs as Floats & { x: Float32Array; w: Float32Array };
  const y = new Float64Array(conv3dSizes(p).y);
  forEachProduct(p, (atX, atW, atY) => add(y, atY, (x[atX] as number) * (w[atW] as number)));
  if (p.has_bias === 1)
    // The channel of an element, whose stride is 1 or, in layouts with channels before the volume, that of a volume.
    for (const at of y.keys()) add(y, at, bias?.[Math.floor(at / p.y_c) % p.out_c] as number);
  const relu = constants.activate === "max(v, 0.0)";
  return { y: Float32Array.from(y, (value) => (relu ? Math.max(value, 0) : value)) };
}

export function conv3dBackwardInputReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv3dParams;
  const { dy, w } = inputs as { dy: Float32Array; w: Float32Array };
  const dx = new Float64Array(conv3dSizes(p).x);
  forEachProduct(p, (atX, atW, atY) => add(dx, atX, (dy[atY] as number) * (w[atW] as number)));
  return { dx: Float32Array.from(dx) };
}

export function conv3dBackwardFilterReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as Conv3dChunkedParams;
  const { x, dy } = inputs as { x: Float32Array; dy: Float32Array };
  const count = conv3dSizes(p).w;
  const partial = new Float64Array(p.chunks * count);
  forEachProduct(p, (atX, atW, atY, row) =>
    add(partial, Math.floor(row / p.chunk_rows) * count + atW, (x[atX] as number) * (dy[atY] as number)),
  );
  return { partial: Float32Array.from(partial) };
}
