import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import { type AttentionStrides, attentionForward, attentionForwardParams } from "./attention_forward.js";
import { attentionForwardReference } from "./attention_forward.ref.js";

interface Given {
  batch: number;
  heads: number;
  length: number;
  keys: number;
  width: number;
  valueWidth?: number;
  kvHeads?: number;
  low?: number;
  high?: number;
  emptyRows?: "zero" | "nan";
  /** Heads inside: [batch, length, heads, width]. */
  inside?: boolean;
  bench?: boolean;
}

const shapes: Given[] = [
  { batch: 1, heads: 1, length: 1, keys: 1, width: 1 },
  { batch: 2, heads: 3, length: 5, keys: 7, width: 6, valueWidth: 3 },
  { batch: 1, heads: 1, length: 1, keys: 1, width: 4 },
  { batch: 2, heads: 3, length: 5, keys: 7, width: 8, valueWidth: 12 },
  { batch: 1, heads: 2, length: 33, keys: 70, width: 12, valueWidth: 4 },
  { batch: 2, heads: 4, length: 40, keys: 33, width: 8, kvHeads: 2, inside: true },
  { batch: 1, heads: 2, length: 75, keys: 75, width: 8, high: 0 },
  { batch: 1, heads: 2, length: 75, keys: 75, width: 7, high: 0 },
  // The last rows see nothing.
  { batch: 2, heads: 1, length: 120, keys: 50, width: 4, low: 9, high: 2 },
  { batch: 1, heads: 1, length: 120, keys: 50, width: 4, low: 9, high: 2, emptyRows: "nan" },
  { batch: 1, heads: 1, length: 50, keys: 120, width: 4, low: -40, high: 70 },
  { batch: 2, heads: 4, length: 256, keys: 256, width: 64, bench: true },
  { batch: 2, heads: 4, length: 256, keys: 256, width: 64, high: 0, bench: true },
];

function strides(heads: number, rows: number, width: number, inside: boolean): AttentionStrides {
  const [head, row] = inside ? [width, heads * width] : [rows * width, width];
  return { batch: heads * rows * width, head, row };
}

function attentionCase(given: Given): KernelCase {
  const { batch, heads, length, keys, width, valueWidth = width, kvHeads = heads, inside = false } = given;
  const { bench = false, emptyRows = "zero" } = given;
  const params = attentionForwardParams(given, {
    ...given,
    scale: 0.4,
    emptyRows,
    kvHeads,
    valueWidth,
    strides: {
      q: strides(heads, length, width, inside),
      k: strides(kvHeads, keys, width, inside),
      v: strides(kvHeads, keys, valueWidth, inside),
      y: strides(heads, length, valueWidth, inside),
    },
  });
  const words = Object.entries(given)
    .filter(([name]) => !["batch", "heads", "length", "keys", "width", "bench"].includes(name))
    .map(([name, value]) => `, ${name} ${value}`);
  return {
    name: `[${batch}, ${heads}, ${length}, ${width}], ${keys} keys${words.join("")}`,
    params,
    inputs: (random: CaseRandom) => ({
      q: random.uniform(batch * heads * length * width, -2, 2),
      k: random.uniform(batch * kvHeads * keys * width, -1, 1),
      v: random.uniform(batch * kvHeads * keys * valueWidth, -1, 1),
    }),
    outputs: { y: batch * heads * length * valueWidth, statistics: 2 * batch * heads * length },
    // Scores up to 10 are off by some 2^-22 of themselves, and exponentials relative to that; sums have up to 256 terms.
    tolerance: { rtol: 1e-5, atol: 5e-6 },
    bench,
  };
}

export const attentionForwardEntries: KernelEntry[] = [
  { kernel: attentionForward, reference: attentionForwardReference, cases: shapes.map(attentionCase) },
];
