import type { BindingArrays, KernelCase } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import { type SegmentSumsParams, type SegmentTerm, segmentTerm } from "./segment_sums.js";

const terms: Readonly<Record<SegmentTerm, (value: number) => number>> = {
  value: (value) => value,
  square: (value) => value * value,
  nonfinite: (value) => (Number.isFinite(value) ? 0 : 1),
};

/** Sums of segments in f64. */
export function segmentSumsReference(
  inputs: BindingArrays,
  given: KernelCase["params"],
  constants: Constants,
): BindingArrays {
  const { segments } = given as SegmentSumsParams;
  const term = terms[segmentTerm(constants) ?? "value"];
  const { x, ranges } = inputs as { x: Float32Array; ranges: Uint32Array };
  return {
    y: Float32Array.from({ length: segments }, (_, s) =>
      x.subarray(ranges[2 * s], ranges[2 * s + 1]).reduce((total, value) => total + term(value), 0),
    ),
  };
}
