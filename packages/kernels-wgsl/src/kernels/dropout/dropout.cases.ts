import type { KernelCase, KernelEntry } from "../../cases.js";
import type { RandomKey } from "../random/threefry.js";
import { dropout, dropoutGeometry } from "./dropout.js";
import { dropoutReference } from "./dropout.ref.js";

interface Shape {
  shape: number[];
  keepProb: number;
  key?: RandomKey;
  offset?: number;
  bench?: boolean;
}

function dropoutCase({ shape, keepProb, key = [0, 42], offset = 0, bench = false }: Shape): KernelCase {
  const { params } = dropoutGeometry(shape, key, { keepProb, offset });
  return {
    name: `[${shape}] keep ${keepProb}, key [${key}]${offset ? `, offset ${offset}` : ""}`,
    params,
    inputs: (random) => ({ x: random.uniform(params.count, -1, 1) }),
    outputs: { y: params.count },
    bench,
  };
}

const shapes: Shape[] = [
  { shape: [1], keepProb: 0.5 },
  { shape: [3, 7], keepProb: 0.5, key: [0xdeadbeef, 1] },
  { shape: [2, 3, 5, 7], keepProb: 0.9, offset: 4_000_000_000 },
  // Equal to the first draw of the key, which is not below it.
  { shape: [5], keepProb: 4_099_593 / 2 ** 23 },
  { shape: [1001], keepProb: 0 },
  { shape: [1002], keepProb: 1 },
  { shape: [128, 1600], keepProb: 0.5, bench: true },
];

export const dropoutEntries: KernelEntry[] = [
  { kernel: dropout, reference: dropoutReference, cases: shapes.map(dropoutCase) },
];
