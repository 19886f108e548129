import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { GridSampleParams } from "./grid_sample.js";

const clamped = (at: number, size: number): [number, number] => [
  Math.min(Math.max(at, 0), size - 1),
  at > 0 && at < size - 1 ? 1 : 0,
];

/** A coordinate among `size` elements, moved inside by the body that `settle` has, and its derivative. */
function settled(p: GridSampleParams, at: number, size: number, settle: string): [at: number, slope: number] {
  if (settle.startsWith("clamped")) return clamped(at, size);
  if (!settle.startsWith("mirrored")) return [at, 1];
  const [low, high] = p.align_corners === 1 ? [0, size - 1] : [-0.5, size - 0.5];
  if (high <= low) return [0, 0];
  // Reflected step by step.
  let [folded, sign] = [at, 1];
  while (folded < low || folded > high) {
    folded = folded < low ? 2 * low - folded : 2 * high - folded;
    sign = -sign;
  }
  const [edge, slope] = clamped(folded, size);
  return [edge, slope * sign];
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** An element that counts for a point along one axis: its weight, and how that changes with the given coordinate. */
interface Tap {
  at: number;
  weight: number;
  slope: number;
}

/** Keys' kernel with a = -0.75, and its derivative. */
function cubic(distance: number): [value: number, slope: number] {
  const [a, d, sign] = [-0.75, Math.abs(distance), Math.sign(distance)];
  return d <= 1
    ? [((a + 2) * d - (a + 3)) * d * d + 1, sign * (3 * (a + 2) * d - 2 * (a + 3)) * d]
    : [((a * d - 5 * a) * d + 8 * a) * d - 4 * a, sign * ((3 * a * d - 10 * a) * d + 8 * a)];
}

/** Where a point lies along one axis of `size` elements: the element before it, and how far behind that. */
function pointAlong(p: GridSampleParams, given: number, size: number, constants: Constants) {
  const aligned = p.align_corners === 1;
  const scale = (aligned ? size - 1 : size) / 2;
  const exact = (given + 1) * scale - (aligned ? 0 : 0.5);
  const inside = Number.isNaN(given) ? -100 : Math.min(Math.max(exact, -1e9), 1e9);
  const [at, slope] = constants.places ? [inside, 1] : settled(p, inside, size, constants.settle ?? "vec2");
  const first = constants.corner ? roundHalfEven(at) : Math.floor(at);
  return { first, t: constants.corner ? 0 : at - first, scale: slope * scale };
}

/** The taps of such a place. Of the nearest element the weight is 1. */
function tapsOf(
  p: GridSampleParams,
  first: number,
  t: number,
  size: number,
  constants: Constants,
  single: boolean,
): Tap[] {
  if (single) return [{ at: first, weight: 1, slope: 0 }];
  if (!constants.places)
    return [
      { at: first, weight: 1 - t, slope: -1 },
      { at: first + 1, weight: t, slope: 1 },
    ];
  return [-1, 0, 1, 2].map((k) => {
    const [at] = settled(p, first + k, size, constants.settle ?? "vec2");
    const [weight, slope] = cubic(t - k);
    return { at, weight, slope };
  });
}

const axesOf = (constants: Constants): number => (constants.AXES === "3u" ? 3 : 2);
/** Extents along x, y and z. */
const sizesOf = (p: GridSampleParams): [number, number, number] => [p.in_w, p.in_h, p.in_d];

/** Calls `visit` for the taps of a point that lie inside: offset in a volume, weight, and derivatives by x, y and z. */
function eachTap(
  p: GridSampleParams,
  along: readonly Tap[][],
  visit: (element: number, weight: number, slopes: [number, number, number]) => void,
): void {
  const [wide, high, deep = [{ at: 0, weight: 1, slope: 0 }]] = along as [Tap[], Tap[], Tap[]?];
  for (const z of deep)
    for (const y of high)
      for (const x of wide) {
        if ([x.at, y.at, z.at].some((at, k) => at < 0 || at >= (sizesOf(p)[k] as number))) continue;
        visit((z.at * p.in_h + y.at) * p.in_w + x.at, x.weight * y.weight * z.weight, [
          x.slope * y.weight * z.weight,
          x.weight * y.slope * z.weight,
          x.weight * y.weight * z.slope,
        ]);
      }
}

const volumeOf = (p: GridSampleParams): number => p.in_d * p.in_h * p.in_w;

/** The places of point `at` along x, y (and z). */
const pointOf = (p: GridSampleParams, grid: Float32Array, at: number, constants: Constants) => {
  const axes = axesOf(constants);
  return Array.from({ length: axes }, (_, k) =>
    pointAlong(p, grid[axes * at + k] as number, sizesOf(p)[k] as number, constants),
  );
};

export function gridSampleForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as GridSampleParams;
  const { x, grid } = inputs as { x: Float32Array; grid: Float32Array };
  const y = new Float32Array(p.batch * p.channels * p.points);
  for (let n = 0; n < p.batch; n++)
    for (let point = 0; point < p.points; point++) {
      const along = pointOf(p, grid, n * p.points + point, constants).map(({ first, t }, k) =>
        tapsOf(p, first, t, sizesOf(p)[k] as number, constants, constants.corner !== undefined),
      );
      for (let c = n * p.channels; c < (n + 1) * p.channels; c++) {
        let sum = 0;
        eachTap(p, along, (element, weight) => {
          sum += weight * (x[c * volumeOf(p) + element] as number);
        });
        y[c * p.points + point] = sum;
      }
    }
  return { y };
}

export function gridSampleCornersReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as GridSampleParams;
  const { grid } = inputs as { grid: Float32Array };
  const parts = axesOf(constants) - 1;
  const corners = new Float32Array(4 * parts * p.batch * p.points);
  const boxes = new Float32Array(4 * parts * p.batch * p.blocks);
  for (let n = 0; n < p.batch; n++)
    for (let block = 0; block < p.blocks; block++) {
      const box = Array.from({ length: 3 }, (_, k): [number, number] => (k <= parts ? [1e9, -1e9] : [0, 0]));
      for (let point = 32 * block; point < Math.min(32 * block + 32, p.points); point++) {
        const at = n * p.points + point;
        const found = pointOf(p, grid, at, constants);
        const [column, row, slice] = found as [(typeof found)[0], (typeof found)[0], (typeof found)[0]?];
        corners.set([column.first, row.first, column.t, row.t], 4 * parts * at);
        if (slice) corners.set([slice.first, slice.t], 4 * parts * at + 4);
        for (const [k, { first, t }] of found.entries()) {
          const reached = constants.places
            ? tapsOf(p, first, t, sizesOf(p)[k] as number, constants, false).map(({ at }) => at)
            : [first, first + 1];
          const side = box[k] as [number, number];
          box[k] = [Math.min(side[0], ...reached), Math.max(side[1], ...reached)];
        }
      }
      boxes.set(box.slice(0, parts + 1).flat(), 4 * parts * (n * p.blocks + block));
    }
  return { corners, boxes };
}

export function gridSampleBackwardInputReference(
  inputs: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as GridSampleParams;
  const { corners, dy } = inputs as { corners: Float32Array; dy: Float32Array };
  const axes = axesOf(constants);
  const single = constants.share !== undefined && constants.places === undefined;
  const dx = new Float64Array(p.batch * p.channels * volumeOf(p));
  for (let at = 0; at < p.batch * p.points; at++) {
    const [column, row, right, lower, slice = 0, behind = 0] = corners.subarray(
      4 * (axes - 1) * at,
    ) as unknown as number[];
    const n = Math.floor(at / p.points);
    const found = [
      [column, right],
      [row, lower],
      [slice, behind],
    ].slice(0, axes) as [number, number][];
    const along = found.map(([first, t], k) => tapsOf(p, first, t, sizesOf(p)[k] as number, constants, single));
    eachTap(p, along, (element, weight) => {
      if (weight === 0) return;
      for (let c = n * p.channels; c < (n + 1) * p.channels; c++)
        (dx[c * volumeOf(p) + element] as number) += weight * (dy[c * p.points + (at % p.points)] as number);
    });
  }
  return { dx: Float32Array.from(dx) };
}

export function gridSampleBackwardGridReference(
  inputs: BindingArrays,
  given: object,
  constants: Constants,
): BindingArrays {
  const p = given as GridSampleParams;
  const { dy, x, grid } = inputs as { dy: Float32Array; x: Float32Array; grid: Float32Array };
  const axes = axesOf(constants);
  const dgrid = new Float64Array(axes * p.batch * p.points);
  for (let at = 0; at < p.batch * p.points; at++) {
    const n = Math.floor(at / p.points);
    const found = pointOf(p, grid, at, constants);
    const along = found.map(({ first, t }, k) => tapsOf(p, first, t, sizesOf(p)[k] as number, constants, false));
    for (let c = n * p.channels; c < (n + 1) * p.channels; c++)
      eachTap(p, along, (element, _, slopes) => {
        const g = (dy[c * p.points + (at % p.points)] as number) * (x[c * volumeOf(p) + element] as number);
        for (const [k, { scale }] of found.entries())
          (dgrid[axes * at + k] as number) += g * (slopes[k] as number) * scale;
      });
  }
  return { dgrid: Float32Array.from(dgrid) };
}
