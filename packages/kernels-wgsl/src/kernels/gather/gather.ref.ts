import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { GatherParams } from "./gather.js";
import { type IndexMode, indexConstants, type Placed, type RavelIndexParams } from "./indices.js";

/** The place that an index names, -1 for none; the way of reading is known by the shader's words for it. */
export function placeOf({ resolve }: Constants): (i: number, n: number) => number {
  for (const mode of ["raise", "clip", "wrap", "drop"] as IndexMode[])
    for (const negative of [true, false]) {
      if (indexConstants({ mode, negative }).resolve !== resolve) continue;
      return (given, n) => {
        const i = negative && given < 0 && mode !== "wrap" ? given + n : given;
        if (mode === "clip") return Math.min(Math.max(i, 0), n - 1);
        if (mode === "wrap") return ((i % n) + n) % n;
        return i >= 0 && i < n ? i : -1;
      };
    }
  throw new RangeError(`no index is read as ${resolve}`);
}

/** Every element that is moved: its coordinates, its place among all, and that of its index. */
export function* elementsOf(p: Placed) {
  for (let o = 0; o < p.outer; o++)
    for (let k = 0; k < p.count; k++)
      for (let i = 0; i < p.inner; i++)
        yield {
          o,
          i,
          at: (o * p.count + k) * p.inner + i,
          from: o * p.index_outer + k * p.index_count + i * p.index_inner,
        };
}

export function gatherReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as GatherParams;
  const { x, index } = inputs as { x: Uint32Array; index: Int32Array };
  const find = placeOf(constants);
  const y = new Uint32Array(p.outer * p.count * p.inner);
  for (const { o, i, at, from } of elementsOf(p)) {
    const place = find(index[from] as number, p.extent);
    y[at] = place < 0 ? p.fill : (x[(o * p.extent + place) * p.inner + i] as number);
  }
  return { y };
}

export function ravelIndexReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const { count, extent, follows } = given as RavelIndexParams;
  const { before, index } = inputs as { before: Int32Array; index: Int32Array };
  const find = placeOf(constants);
  const y = Int32Array.from({ length: count }, (_, k) => {
    const place = find(index[k] as number, extent);
    const sum = follows ? (before[k] as number) : 0;
    return place < 0 || sum < 0 ? -1 : sum * extent + place;
  });
  return { y };
}
