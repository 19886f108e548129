import { ArgumentError } from "../../errors.js";
import { type Constants, defineKernel, divideUp, type ParamValues, spread, type Variant } from "../../kernel.js";
import segmentSumsWgsl from "./segment_sums.wgsl";

const params = { segments: "u32", aligned: "u32", elements: "u32" } as const;

export type SegmentSumsParams = ParamValues<typeof params>;

const TILE = 64;
const workgroups: Variant<typeof params>["workgroups"] = (p) => spread(divideUp(p.segments, TILE));

/** Sums over stretches of one tensor. See segment_sums.wgsl, `segmentRanges` and `segmentConstants`. */
export const segmentSums = defineKernel({
  name: "segment_sums",
  wgsl: segmentSumsWgsl,
  software: { LANES: "8u" },
  bindings: {
    x: { access: "read", dtype: "f32" },
    ranges: { access: "read", dtype: "u32" },
    y: { access: "read_write", dtype: "f32" },
  },
  params,
  variants: [
    {
      name: "vec4",
      order: "four accumulators",
      constants: { X: "vec4<f32>", four: "x[at / 4u]", one: "x[at / 4u][at % 4u]" },
      applies: (p, views) => p.aligned === 1 && (views.x?.offset ?? 0) % 16 === 0,
      workgroups,
    },
    { name: "scalar", order: "four accumulators", workgroups },
  ],
  cost: (p) => ({ flops: 2 * p.elements, bytes: 4 * p.elements + 12 * p.segments }),
});

/** What is summed: elements, their squares, or how many of them are infinite or NaN. */
export type SegmentTerm = "value" | "square" | "nonfinite";

const terms: Readonly<Record<SegmentTerm, Constants>> = {
  value: { f: "v" },
  square: { f: "v * v" },
  nonfinite: {
    f: "select(vec4(0.0), vec4(1.0), (bitcast<vec4<u32>>(v) & vec4(0x7fffffffu)) >= vec4(0x7f800000u))",
  },
};

/** What turns `segmentSums` into a sum of these terms, for `RunOptions.constants`. The same term gives the same object. */
export const segmentConstants = (term: SegmentTerm): Constants => terms[term];

/** Which term constants stand for; undefined for others. */
export const segmentTerm = (constants: Constants): SegmentTerm | undefined =>
  (Object.keys(terms) as SegmentTerm[]).find((term) => terms[term] === constants);

/** Elements that one thread adds at most: 128 for each accumulator. */
const PER_THREAD = 512;

export interface SegmentPass {
  /** Pairs of start and stop. */
  ranges: Uint32Array;
  params: SegmentSumsParams;
}

/**
 * The passes that sum segments of any lengths, given by start and size: each reads what the one before it wrote, the last
 * writes a sum for each. A rule on the lengths alone. Throws ArgumentError on segments that are none.
 */
export function segmentRanges(starts: readonly number[], sizes: readonly number[]): SegmentPass[] {
  const isCount = (n: number | undefined): boolean =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) < 2 ** 32;
  if (starts.length === 0 || starts.length !== sizes.length || ![...starts, ...sizes].every(isCount)) {
    const expected = "as many starts as sizes, at least one, whole numbers of 0 or more";
    throw new ArgumentError({ op: "segment_sums", argument: "starts", expected, given: `${starts}; ${sizes}` });
  }
  const passes: SegmentPass[] = [];
  let segments = starts.map((start, i) => ({ start, size: sizes[i] as number }));
  for (;;) {
    const isLast = segments.every(({ size }) => size <= PER_THREAD);
    const pairs: number[] = [];
    const next: typeof segments = [];
    for (const { start, size } of segments) {
      const parts = Math.max(1, divideUp(size, PER_THREAD));
      next.push({ start: pairs.length / 2, size: parts });
      for (let part = 0; part < parts; part++)
        pairs.push(start + part * PER_THREAD, start + Math.min(size, (part + 1) * PER_THREAD));
    }
    const elements = segments.reduce((total, { size }) => total + size, 0);
    const aligned = pairs.every((at, i) => i % 2 === 1 || at % 4 === 0) ? 1 : 0;
    passes.push({ ranges: Uint32Array.from(pairs), params: { segments: pairs.length / 2, aligned, elements } });
    if (isLast) return passes;
    segments = next;
  }
}
