import type { KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import {
  type PadMode,
  padEdges,
  padEdgesBackward,
  padEdgesBackwardConstants,
  padEdgesConstants,
  padEdgesGeometry,
} from "./padding.js";
import { padEdgesBackwardReference, padEdgesReference } from "./padding.ref.js";

const MODES: PadMode[] = ["replicate", "circular", "reflect", "symmetric"];

interface Shape {
  x: number[];
  first: number;
  padding: [number, number][];
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1], first: 0, padding: [[0, 0]] },
  // Of one element every mode has only that one.
  { x: [2, 1, 3], first: 1, padding: [[4, 3]] },
  { x: [3, 5], first: 1, padding: [[2, 4]] },
  // More than the input is long, several times over.
  { x: [2, 3, 2], first: 1, padding: [[11, 8]] },
  {
    x: [2, 3, 4, 5],
    first: 2,
    padding: [
      [1, 2],
      [3, 0],
    ],
  },
  {
    x: [1, 4, 3, 8],
    first: 1,
    padding: [
      [2, 1],
      [0, 2],
    ],
  },
  {
    x: [2, 2, 3, 2, 3],
    first: 1,
    padding: [
      [1, 1],
      [2, 0],
      [1, 2],
    ],
  },
  // Cropped at one side, at both, beyond what the other side adds.
  {
    x: [5, 6, 4],
    first: 0,
    padding: [
      [-2, 3],
      [2, -1],
    ],
  },
  {
    x: [4, 7],
    first: 0,
    padding: [
      [-1, -2],
      [-5, 9],
    ],
  },
  { x: [6], first: 0, padding: [[5, -8]] },
  {
    x: [8, 16, 56, 56],
    first: 2,
    padding: [
      [3, 3],
      [3, 3],
    ],
    bench: true,
  },
  {
    x: [8, 56, 56, 16],
    first: 1,
    padding: [
      [1, 1],
      [1, 1],
    ],
    bench: true,
  },
];

const padded = shapes.flatMap((shape) =>
  MODES.map((mode) => {
    const { shape: yShape, params } = padEdgesGeometry(shape.x, shape.first, shape.padding);
    const edges = shape.padding.map((pair) => pair.join(" + ")).join(", ");
    return {
      name: `${mode} [${shape.x}] from axis ${shape.first} by ${edges}`,
      params,
      mode,
      counts: { x: sizeOf(shape.x), y: sizeOf(yShape) },
      bench: (shape.bench ?? false) && mode === "reflect",
    };
  }),
);

const bodies = (constants: (mode: PadMode) => object) =>
  Object.fromEntries(MODES.map((mode) => [mode, Object.values(constants(mode))[0] as string])) as Record<
    PadMode,
    string
  >;

export const paddingEntries: KernelEntry[] = [
  {
    kernel: padEdges,
    reference: padEdgesReference(bodies(padEdgesConstants)),
    cases: padded.map(
      ({ name, params, mode, counts, bench }): KernelCase => ({
        name,
        params,
        constants: padEdgesConstants(mode),
        inputs: (random) => ({ x: Uint32Array.from(random.integers(counts.x, 0, 2 ** 31 - 1)) }),
        outputs: { y: counts.y },
        bench,
      }),
    ),
  },
  {
    kernel: padEdgesBackward,
    reference: padEdgesBackwardReference(bodies(padEdgesBackwardConstants)),
    cases: padded.map(
      ({ name, params, mode, counts, bench }): KernelCase => ({
        name,
        params,
        constants: padEdgesBackwardConstants(mode),
        inputs: (random) => ({ dy: random.uniform(counts.y, -1, 1) }),
        outputs: { dx: counts.x },
        // An element is a sum of k terms below 1, of which each addition rounds by 2^-24 of at most k; k is 125 at most.
        tolerance: { rtol: 1e-6, atol: 2 ** -18 },
        bench,
      }),
    ),
  },
];
