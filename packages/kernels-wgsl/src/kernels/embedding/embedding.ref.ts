import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { EmbeddingBagParams, RotaryParams } from "./embedding.js";

export function embeddingBagForwardReference(
  inputs: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as EmbeddingBagParams;
  const { weight, index, offsets, factors } = inputs as Record<string, Float32Array | Int32Array>;
  const y = new Float32Array(p.bags * p.width);
  const places = new Int32Array(p.bags * p.width).fill(-1);
  for (let bag = 0; bag < p.bags; bag++) {
    const first = p.fixed ? bag * p.fixed : (offsets?.[bag] as number);
    const end = bag + 1 < p.bags + p.closed ? (offsets?.[bag + 1] as number) : p.count;
    const last = p.fixed ? first + p.fixed : end;
    const members = Array.from({ length: last - first }, (_, i) => first + i).filter((i) => index?.[i] !== p.padding);
    for (let j = 0; j < p.width; j++) {
      const values = members.map(
        (i) => (weight?.[(index?.[i] as number) * p.width + j] as number) * (factors?.[i] ?? 1),
      );
      const at = bag * p.width + j;
      if (constants.MAXIMUM) {
        const isNan = values.findIndex(Number.isNaN);
        const top = isNan >= 0 ? isNan : values.indexOf(Math.max(...values));
        y[at] = values[top] ?? 0;
        places[at] = members[top] ?? -1;
      } else {
        const sum = values.reduce((total, v) => total + v, 0);
        y[at] = constants.MEAN ? sum / Math.max(1, values.length) : sum;
      }
    }
  }
  return { y, places: constants.MAXIMUM ? places : (inputs.places as Int32Array) };
}

export function rotaryReference({ x, cos_table, sin_table }: BindingArrays, given: object): BindingArrays {
  const p = given as RotaryParams;
  const y = Float32Array.from(x as Float32Array);
  for (let row = 0; row < p.outer * p.length * p.inner; row++) {
    const table = Math.floor(row / p.inner) % p.tables;
    for (let j = 0; j < p.half; j++) {
      const low = row * p.width + (p.adjacent ? 2 * j : j);
      const high = row * p.width + (p.adjacent ? 2 * j + 1 : p.half + j);
      const [a, b] = [x?.[low] as number, x?.[high] as number];
      const c = cos_table?.[table * p.half + j] as number;
      const s = (sin_table?.[table * p.half + j] as number) * p.sign;
      y[low] = a * c - b * s;
      y[high] = b * c + a * s;
    }
  }
  return { y };
}
