import type { BindingArray, BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { elementsOf, placeOf } from "./gather.ref.js";
import { type Combination, combinationConstants, type ScatterParams, type ScatterSortedParams } from "./scatter.js";

const nanOr = (pick: (a: number, b: number) => number) => (a: number, b: number) =>
  Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : pick(a, b);
const steps: Record<Combination, (a: number, b: number) => number> = {
  set: (_, b) => b,
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: nanOr(Math.max),
  min: nanOr(Math.min),
};

/** Goes through the elements of a source in turn; the combination is known by the shader's words for it. */
function combined(
  p: ScatterParams,
  inputs: BindingArrays,
  constants: Constants,
  find: (i: number, n: number) => number,
): BindingArrays {
  const { source, index } = inputs as { source: BindingArray; index: Int32Array };
  const step = Object.entries(steps).find(([name]) =>
    (["f32", "i32", "u32"] as const).some(
      (dtype) => combinationConstants(name as Combination, dtype).combine === constants.combine,
    ),
  )?.[1];
  if (!step) throw new RangeError(`no scatter is written ${constants.combine}`);
  const start = inputs.y as BindingArray;
  const sums = Array.from(start);
  for (const { o, i, at, from } of elementsOf(p)) {
    const place = find(index[from] as number, p.extent);
    if (place < 0) continue;
    const to = (o * p.extent + place) * p.inner + i;
    sums[to] = step(sums[to] as number, source[at] as number);
  }
  const y = start.slice();
  y.set(sums);
  return { y };
}

export const scatterReference = (inputs: BindingArrays, given: object, constants: Constants): BindingArrays =>
  combined(given as ScatterParams, inputs, constants, placeOf(constants));

/** The order is for the shader: what is combined is the same. */
export function scatterSortedReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const strides = { index_outer: 0, index_count: 1, index_inner: 0, fault_slot: 0, raises: 0, parts: 1, unique: 0 };
  const p = { ...(given as ScatterSortedParams), ...strides };
  return combined(p, inputs, constants, (i, n) => (i >= 0 && i < n ? i : -1));
}
