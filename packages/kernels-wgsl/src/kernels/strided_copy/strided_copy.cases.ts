import type { KernelCase, KernelEntry } from "../../cases.js";
import { sizeOf } from "../../kernel.js";
import { fill, type StridedCopyParams, stridedCopy, stridedCopyHalf } from "./strided_copy.js";
import { fillReference, stridedCopyHalfReference, stridedCopyReference } from "./strided_copy.ref.js";
import {
  concatGeometry,
  expandGeometry,
  fillGeometry,
  flipGeometry,
  placeGeometry,
  sliceGeometry,
  transposeGeometry,
} from "./strided_copy_geometry.js";

interface Geometry {
  shape: readonly number[];
  params: StridedCopyParams;
}

/** x holds every pattern of bits, y a mark that must survive where nothing is written. */
function copyCase(name: string, x: readonly number[], { shape, params }: Geometry, bench = false): KernelCase {
  return {
    name: `${name} [${x}] to [${shape}]`,
    params,
    inputs: (random) => ({
      x: new Uint32Array(random.integers(sizeOf(x), -(2 ** 31), 2 ** 31).buffer),
      y: new Uint32Array(sizeOf(shape)).fill(0xdeadbeef),
    }),
    outputs: {},
    bench,
  };
}

const transpose = (shape: number[], permutation: number[], bench = false): KernelCase =>
  copyCase(`transpose ${permutation}`, shape, transposeGeometry(shape, permutation), bench);
const slice = (shape: number[], starts: number[], stops: number[], steps?: number[]): KernelCase =>
  copyCase(`slice ${starts}:${stops}:${steps ?? 1}`, shape, sliceGeometry(shape, starts, stops, steps));
const expand = (shape: number[], target: number[], bench = false): KernelCase =>
  copyCase("expand", shape, expandGeometry(shape, target), bench);
const place = (shape: number[], target: number[], starts: number[], steps?: number[]): KernelCase =>
  copyCase(`place ${starts}:${steps ?? 1}`, shape, placeGeometry(shape, target, starts, steps));
const flip = (shape: number[], axes: number[]): KernelCase =>
  copyCase(`flip ${axes}`, shape, flipGeometry(shape, axes));
function concat(shapes: number[][], axis: number, bench = false): KernelCase[] {
  const { shape, parts } = concatGeometry(shapes, axis);
  return parts.map((params, i) =>
    copyCase(`concat ${axis} part ${i}`, shapes[i] as number[], { shape, params }, bench && i === 0),
  );
}

const cases: KernelCase[] = [
  transpose([], []),
  transpose([1], [0]),
  transpose([4, 6], [0, 1]),
  transpose([3, 5], [1, 0]),
  transpose([8, 12], [1, 0]),
  transpose([8, 6], [1, 0]),
  transpose([4, 5, 3], [2, 0, 1]),
  transpose([4, 8, 4], [2, 0, 1]),
  transpose([3, 8, 12], [0, 2, 1]),
  transpose([3, 4, 5, 8], [0, 3, 2, 1]),
  transpose([8, 3, 4, 5], [1, 2, 3, 0]),
  transpose([2, 3, 4, 2, 3, 2], [5, 4, 3, 2, 1, 0]),
  transpose([4, 3, 2, 2, 3, 4], [5, 3, 1, 0, 2, 4]),
  slice([7], [2], [6]),
  slice([16], [4], [12]),
  slice([10, 9], [1, 2], [9, 7], [2, 3]),
  slice([10, 8], [9, 0], [-1, 8], [-3, 1]),
  slice([6, 12], [1, 4], [5, 12]),
  slice([5, 6, 7], [0, 2, 6], [5, 3, -1], [1, 1, -2]),
  expand([], [2, 3]),
  expand([1], [8]),
  expand([3, 1], [3, 5]),
  expand([3, 1], [3, 8]),
  expand([4], [3, 4]),
  expand([2, 1, 4, 1], [5, 2, 3, 4, 2]),
  ...concat(
    [
      [2, 3],
      [4, 3],
    ],
    0,
  ),
  ...concat(
    [
      [2, 4],
      [2, 8],
      [2, 1],
    ],
    1,
  ),
  ...concat(
    [
      [2, 3, 4],
      [2, 1, 4],
    ],
    -2,
  ),
  ...concat(
    [
      [3, 0],
      [3, 2],
    ],
    1,
  ),
  place([3, 4], [5, 8], [1, 4]),
  place([3, 4], [5, 8], [1, 3]),
  place([3, 2], [9, 5], [1, 4], [3, -2]),
  place([5], [9], [4], [-1]),
  transpose(new Array(9).fill(2), [8, 7, 6, 5, 4, 3, 2, 1, 0]),
  expand([1, 3, 1, 2, 1, 2, 1, 3], [2, 3, 2, 2, 3, 2, 2, 3]),
  flip([7], [0]),
  flip([4, 6, 8], [0, 2]),
  flip([4, 6, 8], [1]),
  slice([1030], [1], [1030]),
  transpose([84, 51], [1, 0]),
  transpose([2, 512, 32], [0, 2, 1]),
  transpose([3, 32, 512], [0, 2, 1]),
  transpose([32, 26, 26, 32], [0, 3, 1, 2], true),
  transpose([32, 32, 26, 26], [0, 2, 3, 1], true),
  transpose([1024, 1024], [1, 0], true),
  transpose([1600, 10], [1, 0], true),
  copyCase("slice rows", [256, 784], sliceGeometry([256, 784], [64, 0], [192, 784]), true),
  expand([128, 1], [128, 1600], true),
  ...concat(
    [
      [128, 800],
      [128, 800],
    ],
    1,
    true,
  ),
];

/** x of all patterns of bits. */
function halfCase(name: string, x: readonly number[], { shape, params }: Geometry, bench = false): KernelCase {
  return {
    name: `${name} [${x}] to [${shape}]`,
    params,
    inputs: (random) => ({ x: new Uint32Array(random.integers(Math.ceil(sizeOf(x) / 2), -(2 ** 31), 2 ** 31).buffer) }),
    outputs: { y: Math.ceil(sizeOf(shape) / 2) },
    bench,
  };
}

const halfCases: KernelCase[] = [
  halfCase("transpose 1,0", [3, 5], transposeGeometry([3, 5], [1, 0])),
  halfCase("transpose 5,3,1,0,2,4", [4, 3, 2, 2, 3, 4], transposeGeometry([4, 3, 2, 2, 3, 4], [5, 3, 1, 0, 2, 4])),
  halfCase("slice 9,0:-1,8:-3,1", [10, 8], sliceGeometry([10, 8], [9, 0], [-1, 8], [-3, 1])),
  halfCase("slice 1:1030", [1030], sliceGeometry([1030], [1], [1030])),
  halfCase("expand", [3, 1], expandGeometry([3, 1], [3, 5])),
  halfCase("flip 0,2", [4, 3, 7], flipGeometry([4, 3, 7], [0, 2])),
  halfCase("transpose 1,0", [1024, 1024], transposeGeometry([1024, 1024], [1, 0]), true),
];

const fillCases: KernelCase[] = (
  [
    [1, 0],
    [3, 0x3f800000],
    [1028, 0xffffffff],
    [2051, 7],
    [32 * 26 * 26 * 32, 0],
  ] as const
).map(([count, bits], i) => ({
  name: `[${count}] with ${bits}`,
  params: fillGeometry([count], bits).params,
  inputs: () => ({}),
  outputs: { y: count },
  bench: i === 4,
}));

export const stridedCopyEntries: KernelEntry[] = [
  { kernel: stridedCopy, reference: stridedCopyReference, cases },
  { kernel: stridedCopyHalf, reference: stridedCopyHalfReference, cases: halfCases },
  { kernel: fill, reference: fillReference, cases: fillCases },
];
