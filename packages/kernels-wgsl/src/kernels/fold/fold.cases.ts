import type { KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { fold, unfoldGeometry } from "./fold.js";
import { foldReference } from "./fold.ref.js";

interface Shape {
  x: number[];
  window: number[];
  stride?: number[];
  dilation?: number[];
  padding?: number[];
  channelsLast?: boolean;
  bench?: boolean;
}

const shapes: Shape[] = [
  { x: [1, 1, 1], window: [1] },
  { x: [2, 3, 7], window: [3] },
  { x: [2, 7, 3], window: [3], stride: [2], padding: [2, 1], channelsLast: true },
  { x: [2, 3, 5, 6], window: [2, 3], padding: [1, 0, 2, 1] },
  { x: [2, 5, 6, 4], window: [3, 2], padding: [1, 1, 0, 1], channelsLast: true },
  { x: [2, 9, 8, 8], window: [2, 3], stride: [3, 2], dilation: [2, 1], padding: [0, 3, 2, 0], channelsLast: true },
  // No window reaches the last rows.
  { x: [1, 2, 8, 5], window: [2, 2], stride: [3, 4], dilation: [1, 2] },
  { x: [1, 2, 3, 4, 5], window: [2, 1, 3], stride: [1, 2, 1], padding: [1, 1, 0, 1, 2, 0] },
  { x: [1, 3, 4, 3, 4], window: [2, 2, 2], channelsLast: true },
  { x: [8, 16, 28, 28], window: [3, 3], padding: [1, 1, 1, 1], bench: true },
  { x: [8, 28, 28, 16], window: [3, 3], padding: [1, 1, 1, 1], channelsLast: true, bench: true },
];

export const foldEntries: KernelEntry[] = [
  {
    kernel: fold,
    reference: foldReference,
    cases: shapes.map(({ x, window, bench = false, ...given }): KernelCase => {
      const options = {
        window,
        stride: window.map(() => 1),
        dilation: window.map(() => 1),
        padding: window.flatMap(() => [0, 0]),
        channelsLast: false,
        ...given,
      };
      const { shape, params } = unfoldGeometry(x, options);
      const taps = sizeOf(window);
      const words = Object.entries(given).map(([name, value]) => `${name} ${value}`);
      return {
        name: [`[${x}] window ${window}`, ...words].join(" "),
        params,
        inputs: (random) => ({ columns: random.uniform(sizeOf(shape), -1, 1) }),
        outputs: { y: sizeOf(x) },
        // Each of at most `taps` additions of terms below 1 rounds a partial sum below that number by 2^-24.
        tolerance: { rtol: 0, atol: taps * taps * 2 ** -24 },
        bench,
      };
    }),
  },
];
