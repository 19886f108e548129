import type { KernelCase, KernelEntry } from "../../cases.js";
import { type SegmentTerm, segmentConstants, segmentRanges, segmentSums } from "./segment_sums.js";
import { segmentSumsReference } from "./segment_sums.ref.js";

interface Segments {
  name: string;
  starts: number[];
  sizes: number[];
  term?: SegmentTerm;
  /** Values put among the others, by place. */
  put?: readonly [number, number][];
  bench?: boolean;
}

function segmentCase({ name, starts, sizes, term = "value", put = [], bench = false }: Segments): KernelCase {
  const [pass] = segmentRanges(starts, sizes);
  const { ranges, params } = pass as NonNullable<typeof pass>;
  const count = Math.max(4, ...ranges) + 4;
  return {
    name: `${name}, ${term}`,
    params,
    constants: segmentConstants(term),
    inputs: (random) => {
      const x = random.uniform(Math.ceil(count / 4) * 4, -1, 1);
      for (const [at, value] of put) x[at] = value;
      return { x, ranges };
    },
    outputs: { y: params.segments },
    // 128 additions an accumulator to sums of 128 and less: half a unit of each.
    tolerance: term === "nonfinite" ? { rtol: 0, atol: 0 } : { rtol: 130 * 2 ** -24, atol: 130 * 2 ** -24 },
    bench,
  };
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const cases: Segments[] = [
  { name: "one of 1", starts: [0], sizes: [1] },
  { name: "0, 1, 2, 3, 4 and 7", starts: [0, 8, 16, 24, 32, 40], sizes: [0, 1, 2, 3, 4, 7] },
  { name: "starts that are odd", starts: [1, 6, 130], sizes: [5, 120, 512], term: "square" },
  { name: "longer than a thread", starts: [0, 1200], sizes: [1200, 513], term: "square" },
  {
    name: "NaN and infinities",
    starts: [0, 16, 32, 48],
    sizes: [16, 16, 16, 16],
    term: "nonfinite",
    put: [
      [3, nan],
      [17, inf],
      [31, -inf],
      [34, 3e38],
    ],
  },
  {
    name: "NaN and infinities",
    starts: [0, 16, 32],
    sizes: [16, 16, 15],
    term: "square",
    put: [
      [3, nan],
      [17, inf],
      [47, nan],
    ],
  },
  { name: "3.3 million", starts: [0, 1_000_000], sizes: [1_000_000, 2_300_000], term: "square", bench: true },
];

export const segmentSumsEntries: KernelEntry[] = [
  { kernel: segmentSums, reference: segmentSumsReference, cases: cases.map(segmentCase) },
];
