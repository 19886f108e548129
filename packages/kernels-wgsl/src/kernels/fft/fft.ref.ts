import type { BindingArrays } from "../../cases.js";
import type { ComplexMultiplyRowsParams, FftPassParams } from "./fft.js";

export function fftPassReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as FftPassParams;
  const x = inputs.x as Float32Array;
  const radix = p.length === 1 && Math.log2(p.n) % 2 === 1 ? 2 : 4;
  const y = new Float32Array(x.length);
  const rows = (p.butterflies * radix) / p.n;
  const part = p.n / radix;
  for (let row = 0; row < rows; row++)
    for (let q = 0; q < part / p.length; q++)
      for (let k = 0; k < p.length; k++)
        for (let r = 0; r < radix; r++) {
          let [real, imaginary] = [0, 0];
          for (let s = 0; s < radix; s++) {
            const at = 2 * (row * p.n + q * p.length + k + s * part);
            const angle = (p.direction * 2 * Math.PI * s * (r * p.length + k)) / (radix * p.length);
            const [a, b] = [x[at] as number, x[at + 1] as number];
            real += a * Math.cos(angle) - b * Math.sin(angle);
            imaginary += a * Math.sin(angle) + b * Math.cos(angle);
          }
          const to = 2 * (row * p.n + p.length * (radix * q + r) + k);
          y[to] = real * p.scale;
          y[to + 1] = imaginary * p.scale;
        }
  return { y };
}

export function complexMultiplyRowsReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as ComplexMultiplyRowsParams;
  const [x, w] = [inputs.x as Float32Array, inputs.w as Float32Array];
  const y = new Float32Array(2 * p.count * p.width);
  for (let row = 0; row < p.count; row++)
    for (let i = 0; i < Math.min(p.width, p.width_in); i++) {
      const [a, b] = [x[2 * (row * p.width_in + i)] as number, x[2 * (row * p.width_in + i) + 1] as number];
      const [c, d] = [w[2 * i] as number, w[2 * i + 1] as number];
      y[2 * (row * p.width + i)] = p.scale * (a * c - b * d);
      y[2 * (row * p.width + i) + 1] = p.scale * (a * d + b * c);
    }
  return { y };
}
