import type { BindingArrays } from "../../cases.js";
import type { ResampleParams } from "./resample.js";

/** Taps of result i of a table of words. */
function tapsOf(words: Uint32Array, results: number, i: number): { place: number; weight: number }[] {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const [begin, end] = [words[i] as number, words[i + 1] as number];
  return Array.from({ length: end - begin }, (_, k) => {
    const at = results + 1 + 2 * (begin + k);
    return { place: words[at] as number, weight: floats[at + 1] as number };
  });
}

export function resampleReference(inputs: BindingArrays, given: object): BindingArrays {
  const p = given as ResampleParams;
  const { x, rows, columns } = inputs as { x: Float32Array; rows: Uint32Array; columns: Uint32Array };
  const y = new Float32Array(p.outer * p.out_h * p.out_w * p.inner);
  for (let o = 0; o < p.outer; o++)
    for (let h = 0; h < p.out_h; h++)
      for (let w = 0; w < p.out_w; w++)
        for (let i = 0; i < p.inner; i++) {
          let sum = 0;
          for (const row of tapsOf(rows, p.out_h, h))
            for (const column of tapsOf(columns, p.out_w, w))
              sum +=
                row.weight *
                column.weight *
                (x[((o * p.in_h + row.place) * p.in_w + column.place) * p.inner + i] as number);
          y[((o * p.out_h + h) * p.out_w + w) * p.inner + i] = sum;
        }
  return { y };
}
