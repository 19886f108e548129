import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import {
  type BagMode,
  bagConstants,
  embeddingBagForward,
  embeddingBagGeometry,
  rotary,
  rotaryGeometry,
} from "./embedding.js";
import { embeddingBagForwardReference, rotaryReference } from "./embedding.ref.js";

const SLOTS = { faultSlot: 254, offsetSlot: 255 };

interface Bags {
  rows: number;
  width: number;
  /** Length of each bag, or lengths one by one. */
  lengths: number[];
  fixed?: boolean;
  closed?: boolean;
  weighted?: boolean;
  padding?: number;
  bench?: boolean;
}

function bagCase(mode: BagMode, given: Bags): KernelCase {
  const { rows, width, lengths, fixed, closed = false, weighted, padding, bench = false } = given;
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const starts = lengths.map((_, b) => lengths.slice(0, b).reduce((sum, length) => sum + length, 0));
  const offsets = closed ? [...starts, count] : starts;
  const index = fixed ? [lengths.length, lengths[0] as number] : [count];
  const { params } = embeddingBagGeometry([rows, width], index, {
    offsets: fixed ? undefined : [offsets.length],
    factors: weighted ? index : undefined,
    closed,
    padding,
    ...SLOTS,
  });
  const words = Object.entries(given).filter(([name]) => !["rows", "width", "lengths", "bench"].includes(name));
  const shown = lengths.length > 8 ? `${lengths.length} bags of ${lengths[0]}` : `bags of ${lengths}`;
  return {
    name: `${mode} of [${rows}, ${width}], ${shown}${words.map(([name, value]) => `, ${name} ${value}`).join("")}`,
    params,
    constants: bagConstants[mode],
    inputs: (random: CaseRandom) => ({
      weight: random.uniform(rows * width, -1, 1),
      index: random.integers(count, 0, rows),
      ...(fixed ? {} : { offsets: Int32Array.from(offsets) }),
      ...(mode === "max" ? {} : { places: new Int32Array(4) }),
      ...(weighted ? { factors: random.uniform(count, -1, 1) } : {}),
    }),
    outputs: { y: lengths.length * width, ...(mode === "max" ? { places: lengths.length * width } : {}) },
    // Sums of few values below 1.
    tolerance: { rtol: 1e-6, atol: 2e-6 },
    bench,
  };
}

const bags: Bags[] = [
  { rows: 1, width: 1, lengths: [1] },
  { rows: 5, width: 3, lengths: [2, 0, 3] },
  { rows: 5, width: 4, lengths: [2, 4, 0], closed: true, padding: 2 },
  { rows: 4, width: 8, lengths: [3, 3], fixed: true, padding: 0 },
];

function rotaryCase(
  x: number[],
  table: number[],
  axis: number,
  adjacent: boolean,
  more: { back?: boolean; bench?: boolean } = {},
): KernelCase {
  const { back = false, bench = false } = more;
  const { params } = rotaryGeometry(x, table, { axis, adjacent, back });
  return {
    name: `[${x}] axis ${axis}, tables [${table}]${adjacent ? ", adjacent" : ""}${back ? ", back" : ""}`,
    params,
    inputs: (random) => ({
      x: random.uniform(sizeOf(x), -1, 1),
      cos_table: random.uniform(sizeOf(table), -1, 1),
      sin_table: random.uniform(sizeOf(table), -1, 1),
    }),
    outputs: { y: sizeOf(x) },
    // Two products of values below 1 and their sum.
    tolerance: { rtol: 2 ** -23, atol: 2 ** -23 },
    bench,
  };
}

export const embeddingEntries: KernelEntry[] = [
  {
    kernel: embeddingBagForward,
    reference: embeddingBagForwardReference,
    cases: [
      ...(["sum", "mean", "max"] as const).flatMap((mode) => bags.map((given) => bagCase(mode, given))),
      bagCase("sum", { rows: 6, width: 5, lengths: [2, 1, 4], weighted: true }),
      bagCase("sum", { rows: 6, width: 8, lengths: [4, 4], weighted: true, fixed: true }),
      bagCase("sum", { rows: 10_000, width: 64, lengths: new Array(512).fill(8), fixed: true, bench: true }),
      bagCase("max", { rows: 10_000, width: 64, lengths: new Array(512).fill(8), bench: true }),
    ],
  },
  {
    kernel: rotary,
    reference: rotaryReference,
    cases: [
      rotaryCase([1, 2], [1, 1], 0, false),
      rotaryCase([2, 3, 5, 6], [5, 3], 2, false),
      rotaryCase([2, 5, 3, 7], [5, 2], 1, true, { back: true }),
      rotaryCase([2, 3, 2, 8], [2, 3, 4], 1, false),
      rotaryCase([2, 3, 2, 12], [3, 4], 1, true),
      rotaryCase([3, 4, 20], [4, 8], -2, false, { back: true }),
      rotaryCase([4, 8, 256, 64], [256, 32], 2, false, { bench: true }),
      rotaryCase([4, 256, 8, 64], [256, 32], 1, true, { bench: true }),
    ],
  },
];
