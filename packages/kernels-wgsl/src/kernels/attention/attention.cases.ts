import type { CaseRandom, KernelCase, KernelEntry } from "../../cases.js";
import {
  type AttentionBlock,
  type AttentionRows,
  type AttentionSoftmaxOptions,
  attentionConstants,
  attentionSoftmaxBackward,
  attentionSoftmaxForward,
  attentionSoftmaxParams,
} from "./attention.js";
import { attentionSoftmaxBackwardReference, attentionSoftmaxForwardReference } from "./attention.ref.js";

interface Given extends AttentionRows, Partial<Omit<AttentionBlock, "keys">>, Omit<AttentionSoftmaxOptions, "scale"> {
  mask?: "seen" | "added";
  bench?: boolean;
}

const whole: Given[] = [
  { batch: 1, heads: 1, length: 1, keys: 1 },
  { batch: 2, heads: 3, length: 5, keys: 7 },
  { batch: 1, heads: 2, length: 40, keys: 68, high: 0 },
  { batch: 2, heads: 2, length: 6, keys: 12, low: 2, high: 1, emptyRows: "uniform" },
  { batch: 2, heads: 2, length: 5, keys: 8, mask: "seen", maskStrides: [40, 0, 8, 1] },
  { batch: 2, heads: 2, length: 5, keys: 7, mask: "seen", maskStrides: [7, 0, 0, 1], emptyRows: "uniform" },
  { batch: 2, heads: 2, length: 3, keys: 8, mask: "added", maskStrides: [0, 24, 8, 1], high: 0 },
  { batch: 2, heads: 2, length: 3, keys: 9, dropout: { key: [3, 4], keepProb: 0.7 } },
  { batch: 2, heads: 2, length: 3, keys: 8, dropout: { key: [0, 9], keepProb: 0.5 }, high: 0 },
  { batch: 2, heads: 4, length: 128, keys: 128, bench: true },
  { batch: 2, heads: 4, length: 128, keys: 128, high: 0, dropout: { key: [0, 9], keepProb: 0.9 }, bench: true },
];
const blocks: (Given & AttentionBlock)[] = [
  { batch: 1, heads: 2, length: 100, keys: 5, span: 36, firstRow: 64, firstKey: 0 },
  { batch: 2, heads: 1, length: 70, keys: 6, span: 6, firstRow: 64, firstKey: 64, high: 0, low: 3 },
];

function attentionCase(given: Given, backward: boolean): KernelCase {
  const {
    batch,
    heads,
    length,
    keys,
    mask,
    bench = false,
    span = length,
    firstRow = 0,
    firstKey = 0,
    ...options
  } = given;
  const scale = 0.4;
  const all = { batch, heads, length, keys: keys + firstKey };
  const params = attentionSoftmaxParams(all, { span, firstRow, keys, firstKey }, { scale, ...options });
  const size = params.rows * keys;
  const words = Object.entries(given)
    .filter(([name]) => !["batch", "heads", "length", "keys", "bench"].includes(name))
    .map(([name, value]) => `, ${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return {
    name: `[${batch}, ${heads}, ${length}, ${keys}]${words.join("").replace(/"/g, "")}`,
    params,
    constants: attentionConstants(
      mask ?? "none",
      options.dropout !== undefined,
      options.low !== undefined || options.high !== undefined,
    ),
    inputs: (random: CaseRandom) => {
      const strides = options.maskStrides ?? [0, 0, 0, 0];
      const extent = [batch, heads, length, keys + firstKey].reduce(
        (last, n, d) => last + (n - 1) * (strides[d] as number),
        1,
      );
      const seen = Uint32Array.from(random.integers(extent, 0, 2));
      // The first rows see nothing.
      if (mask === "seen") seen.fill(0, 0, keys);
      const statistics = new Float32Array(2 * batch * heads * length).fill(5);
      const scores = random.uniform(size, -4, 4);
      const made: Record<string, Float32Array | Uint32Array> = { scores, statistics };
      if (mask) made.mask = mask === "seen" ? seen : random.uniform(extent, -1, 1);
      if (!backward) return made;
      const { statistics: own } = attentionSoftmaxForwardReference(
        made,
        params,
        attentionConstants(
          mask ?? "none",
          options.dropout !== undefined,
          options.low !== undefined || options.high !== undefined,
        ),
      );
      return { ...made, statistics: own as Float32Array, dp: random.uniform(size, -1, 1) };
    },
    outputs: {},
    // As softmax: exponentials of numbers down to -4, relative to their sum; products with numbers up to 2.
    tolerance: { rtol: 8e-6, atol: 3e-6 },
    bench,
  };
}

export const attentionEntries: KernelEntry[] = [
  {
    kernel: attentionSoftmaxForward,
    reference: attentionSoftmaxForwardReference,
    cases: [...whole, ...blocks].map((given) => attentionCase(given, false)),
  },
  {
    kernel: attentionSoftmaxBackward,
    reference: attentionSoftmaxBackwardReference,
    cases: [...whole, ...blocks].map((given) => attentionCase(given, true)),
  },
];
