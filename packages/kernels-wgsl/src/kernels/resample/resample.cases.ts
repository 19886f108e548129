import type { KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { type ResampleTable, resample, resampleGeometry, tableWords, transposeTable } from "./resample.js";
import { resampleReference } from "./resample.ref.js";
import { identityTable, type ResizeOptions, resizeTable } from "./resample_table.js";

interface Shape {
  x: number[];
  /** Axis of the rows, and the extents of the result along it and the next. */
  first: number;
  size: [number, number];
  options?: ResizeOptions;
  /** Whether x is dy, of whose gradient this is. */
  back?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1], first: 0, size: [1, 1] },
  { x: [3, 4, 5], first: 1, size: [7, 9] },
  { x: [2, 4, 5, 4], first: 1, size: [3, 8], options: { method: "cubic", cubicCoefficient: -0.75 } },
  { x: [4, 2, 5, 6], first: 2, size: [10, 3], options: { coordinates: "align_corners" } },
  { x: [4, 9, 1], first: 1, size: [4, 1], options: { method: "lanczos3", antialias: true } },
  { x: [2, 3, 4, 3], first: 1, size: [6, 8], options: { method: "nearest", coordinates: "asymmetric" } },
  { x: [1, 5, 6, 8], first: 1, size: [3, 4], back: true },
  // Elements that nothing is made of have the gradient 0.
  { x: [4, 7, 6], first: 1, size: [3, 2], options: { method: "nearest" }, back: true },
  { x: [3, 8, 7], first: 1, size: [3, 5], options: { method: "cubic", antialias: true }, back: true },
  { x: [3, 4, 4], first: 1, size: [6, 6], options: { step: 0.5, shift: -1.5, edges: "renormalise", outside: true } },
  { x: [4, 16, 56, 56], first: 2, size: [112, 112], bench: true },
  { x: [4, 56, 56, 16], first: 1, size: [112, 112], bench: true },
  { x: [4, 16, 56, 56], first: 2, size: [112, 112], options: { method: "nearest" }, bench: true },
  { x: [4, 16, 56, 56], first: 2, size: [112, 112], back: true, bench: true },
];

const largestSum = ({ taps }: ResampleTable): number =>
  Math.max(1, ...taps.map((list) => list.reduce((sum, { weight }) => sum + Math.abs(weight), 0)));

export const resampleEntries: KernelEntry[] = [
  {
    kernel: resample,
    reference: resampleReference,
    cases: shapes.map(({ x, first, size, options = {}, back = false, bench = false }): KernelCase => {
      const along = (d: 0 | 1): ResampleTable => {
        const extent = x[first + d] as number;
        if (extent === 1 && size[d] === 1) return identityTable(1);
        return resizeTable(extent, size[d], options);
      };
      const [rows, columns] = [along(0), along(1)].map((table) => (back ? transposeTable(table) : table)) as [
        ResampleTable,
        ResampleTable,
      ];
      const given = back
        ? x.map((extent, d) => (d === first || d === first + 1 ? (size[d - first] as number) : extent))
        : x;
      const { shape, params } = resampleGeometry(given, first, rows, columns);
      const words = Object.entries(options).map(([name, value]) => `${name} ${value}`);
      const sum = largestSum(rows) * largestSum(columns);
      return {
        name: [`[${given}] to [${shape}]`, ...words, back ? "gradient" : ""].join(" ").trim(),
        params,
        inputs: (random) => ({
          x: random.uniform(sizeOf(given), -1, 1),
          rows: tableWords(rows),
          columns: tableWords(columns),
        }),
        outputs: { y: sizeOf(shape) },
        // Each of up to some tens of additions rounds a partial sum, below the sum of all weights, by 2^-24.
        tolerance: { rtol: 0, atol: 32 * sum * 2 ** -24 },
        bench,
      };
    }),
  },
];
