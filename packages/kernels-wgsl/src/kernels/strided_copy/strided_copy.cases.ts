import type { KernelCase, KernelEntry } from "../../cases.js";
import {
  concatGeometry,
  expandGeometry,
  fill,
  fillGeometry,
  flipGeometry,
  placeGeometry,
  type StridedCopyParams,
  sliceGeometry,
  stridedCopy,
  transposeGeometry,
} from "./strided_copy.js";
import { fillReference, stridedCopyReference } from "./strided_copy.ref.js";

const size = (shape: readonly number[]): number => shape.reduce((total, extent) => total * extent, 1);

/** y holds other values before, so that a test sees what a copy must not touch. */
function copyCase(
  name: string,
  xShape: readonly number[],
  geometry: { shape: number[]; params: StridedCopyParams },
  bench = false,
): KernelCase {
  return {
    name,
    params: geometry.params,
    inputs: (random) => ({
      x: Uint32Array.from(random.integers(size(xShape), 0, 2 ** 31 - 1)),
      y: new Uint32Array(size(geometry.shape)).fill(0xdeadbeef),
    }),
    outputs: {},
    bench,
  };
}

const transpose = (shape: number[], permutation: number[], bench = false): KernelCase =>
  copyCase(`transpose [${shape}] by [${permutation}]`, shape, transposeGeometry(shape, permutation), bench);
const concat = (shapes: number[][], axis: number, part: number, bench = false): KernelCase => {
  const { shape, parts } = concatGeometry(shapes, axis);
  return copyCase(
    `concat part ${part} of [${shapes.join("] [")}] along ${axis}`,
    shapes[part] as number[],
    { shape, params: parts[part] as StridedCopyParams },
    bench,
  );
};

export const stridedCopyEntries: KernelEntry[] = [
  {
    kernel: stridedCopy,
    reference: stridedCopyReference,
    cases: [
      transpose([1], [0]),
      transpose([3, 5], [1, 0]),
      transpose([2, 3, 4, 5], [0, 3, 1, 2]),
      transpose([2, 3, 2, 3, 2, 3], [5, 3, 1, 0, 2, 4]),
      transpose([2100, 2051], [1, 0]),
      transpose([512, 512], [1, 0], true),
      transpose([128, 26, 26, 32], [0, 3, 1, 2], true),
      copyCase("slice [7, 9] 1:6:2, 3:9", [7, 9], sliceGeometry([7, 9], [1, 3], [6, 9], [2, 1])),
      copyCase(
        "slice [128, 28, 28] a quarter",
        [128, 28, 28],
        sliceGeometry([128, 28, 28], [0, 7, 7], [128, 21, 21]),
        true,
      ),
      copyCase("expand [2, 1, 3] to [4, 2, 5, 3]", [2, 1, 3], expandGeometry([2, 1, 3], [4, 2, 5, 3])),
      copyCase("expand [1] to [3]", [1], expandGeometry([1], [3])),
      copyCase("expand [64] to [1024, 64]", [64], expandGeometry([64], [1024, 64]), true),
      concat(
        [
          [2, 3],
          [2, 1],
          [2, 2],
        ],
        1,
        0,
      ),
      concat(
        [
          [2, 3],
          [2, 1],
          [2, 2],
        ],
        1,
        2,
      ),
      concat(
        [
          [128, 64],
          [128, 64],
        ],
        1,
        1,
        true,
      ),
      copyCase("place [2, 3] in [5, 8] at 1, 2 steps 2, 2", [2, 3], placeGeometry([2, 3], [5, 8], [1, 2], [2, 2])),
      copyCase("flip [3, 4, 5] 0, 2", [3, 4, 5], flipGeometry([3, 4, 5], [0, -1])),
    ],
  },
  {
    kernel: fill,
    reference: fillReference,
    cases: [1, 5, 1 << 20].map((count) => ({
      name: `[${count}]`,
      params: fillGeometry([count], 0x3f800000).params,
      inputs: () => ({}),
      outputs: { y: count },
      bench: count > 5,
    })),
  },
];
