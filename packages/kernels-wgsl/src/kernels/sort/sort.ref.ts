import type { BindingArray, BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { type SearchSortedParams, type SortBlocksParams, type SortMergeParams, searchSortedConstants } from "./sort.js";

/** Ascending, NaN last; 0 and -0 are equal. */
export function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

/** Numbers whose order as unsigned integers is that of the elements. */
function keyOf(value: number, dtype: string | undefined): number {
  if (dtype === "u32") return value;
  if (dtype === "i32") return value + 2 ** 31;
  if (Number.isNaN(value)) return 2 ** 32 - 1;
  // Adding 0 turns -0 into 0.
  const bits = new Uint32Array(Float32Array.of(value + 0).buffer)[0] as number;
  return value < 0 ? 2 ** 32 - 1 - bits : bits + 2 ** 31;
}

export function sortBlocksReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { outer, extent, inner, descending } = given as SortBlocksParams;
  const x = inputs.x as BindingArray;
  const pairs = new Uint32Array(2 * outer * extent * inner);
  for (let line = 0; line < outer * inner; line++) {
    const [o, i] = [Math.floor(line / inner), line % inner];
    const elementAt = (k: number): number => x[(o * extent + k) * inner + i] as number;
    for (let first = 0; first < extent; first += 8) {
      const places = Array.from({ length: Math.min(8, extent - first) }, (_, j) => first + j);
      places.sort((a, b) => (descending ? -1 : 1) * compare(elementAt(a), elementAt(b)) || a - b);
      for (const [j, k] of places.entries()) {
        const key = keyOf(elementAt(k), constants.X);
        pairs.set([descending ? 2 ** 32 - 1 - key : key, k], 2 * (line * extent + first + j));
      }
    }
  }
  return { pairs };
}

export function sortMergeReference(inputs: BindingArrays, given: object): BindingArrays {
  const { lines, extent, run } = given as SortMergeParams;
  const pairs = inputs.pairs as Uint32Array;
  const y = new Uint32Array(pairs.length);
  for (let line = 0; line < lines; line++)
    for (let low = 0; low < extent; low += 2 * run) {
      const length = Math.min(2 * run, extent - low);
      const own = Array.from({ length }, (_, k) => 2 * (line * extent + low + k));
      own.sort((a, b) => (pairs[a] as number) - (pairs[b] as number) || a - b);
      for (const [k, from] of own.entries())
        y.set([pairs[from] as number, pairs[from + 1] as number], 2 * (line * extent + low + k));
    }
  return { y };
}

export function searchSortedReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { lines, extent, count, shared_line } = given as SearchSortedParams;
  const { sorted, values } = inputs as { sorted: BindingArray; values: BindingArray };
  const right = (["f32", "i32", "u32"] as const).some(
    (dtype) => searchSortedConstants(dtype, true).goes_before === constants.goes_before,
  );
  const y = new Int32Array(lines * count);
  for (let t = 0; t < lines * count; t++) {
    const line = shared_line ? 0 : Math.floor(t / count);
    for (let k = 0; k < extent; k++)
      y[t] =
        (y[t] as number) + Number(compare(sorted[line * extent + k] as number, values[t] as number) < Number(right));
  }
  return { y };
}
