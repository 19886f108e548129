import type { BindingArrays } from "../../cases.js";
import type { Constants } from "../../kernel.js";
import type { GridSampleParams } from "./grid_sample.js";

const clamped = (at: number, size: number): [number, number] => [
  Math.min(Math.max(at, 0), size - 1),
  at > 0 && at < size - 1 ? 1 : 0,
];

/** A coordinate among `size` elements and its derivative, by the body that `settle` has. */
function place(p: GridSampleParams, given: number, size: number, settle: string): [at: number, slope: number] {
  const aligned = p.align_corners === 1;
  const scale = (aligned ? size - 1 : size) / 2;
  const exact = (given + 1) * scale - (aligned ? 0 : 0.5);
  const at = Number.isNaN(given) ? -100 : Math.min(Math.max(exact, -1e9), 1e9);
  if (settle.startsWith("clamped")) {
    const [edge, slope] = clamped(at, size);
    return [edge, slope * scale];
  }
  if (!settle.startsWith("mirrored")) return [at, scale];
  const [low, high] = aligned ? [0, size - 1] : [-0.5, size - 0.5];
  if (high <= low) return [0, 0];
  // Reflected step by step.
  let [folded, sign] = [at, 1];
  while (folded < low || folded > high) {
    folded = folded < low ? 2 * low - folded : 2 * high - folded;
    sign = -sign;
  }
  const [edge, slope] = clamped(folded, size);
  return [edge, slope * sign * scale];
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

interface Point {
  column: number;
  row: number;
  right: number;
  lower: number;
  slopes: [number, number];
}

function pointOf(p: GridSampleParams, grid: Float32Array, at: number, constants: Constants): Point {
  const settle = constants.settle ?? "vec2";
  const [x, slopeX] = place(p, grid[2 * at] as number, p.in_w, settle);
  const [y, slopeY] = place(p, grid[2 * at + 1] as number, p.in_h, settle);
  if (constants.corner) return { column: roundHalfEven(x), row: roundHalfEven(y), right: 0, lower: 0, slopes: [0, 0] };
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return { column, row, right: x - column, lower: y - row, slopes: [slopeX, slopeY] };
}

/** Calls `visit` for the corners of a point that lie inside: offset in a plane, weight, and derivatives by both distances. */
function eachCorner(
  p: GridSampleParams,
  { column, row, right, lower }: Point,
  visit: (pixel: number, weight: number, dx: number, dy: number) => void,
): void {
  for (let k = 0; k < 4; k++) {
    const [w, h] = [column + (k % 2), row + Math.floor(k / 2)];
    if (w < 0 || w >= p.in_w || h < 0 || h >= p.in_h) continue;
    const [a, b] = [k % 2 ? right : 1 - right, k > 1 ? lower : 1 - lower];
    visit(h * p.in_w + w, a * b, (k % 2 ? 1 : -1) * b, (k > 1 ? 1 : -1) * a);
  }
}

export function gridSampleForwardReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as GridSampleParams;
  const { x, grid } = inputs as { x: Float32Array; grid: Float32Array };
  const [points, plane] = [p.out_h * p.out_w, p.in_h * p.in_w];
  const y = new Float32Array(p.batch * p.channels * points);
  for (let n = 0; n < p.batch; n++)
    for (let point = 0; point < points; point++) {
      const found = pointOf(p, grid, n * points + point, constants);
      for (let c = n * p.channels; c < (n + 1) * p.channels; c++) {
        let sum = 0;
        eachCorner(p, found, (pixel, weight) => {
          sum += weight * (x[c * plane + pixel] as number);
        });
        y[c * points + point] = sum;
      }
    }
  return { y };
}

export function gridSampleCornersReference(inputs: BindingArrays, given: object, constants: Constants): BindingArrays {
  const p = given as GridSampleParams;
  const { grid } = inputs as { grid: Float32Array };
  const points = p.out_h * p.out_w;
  const corners = new Float32Array(4 * p.batch * points);
  const boxes = new Float32Array(4 * p.batch * p.blocks);
  for (let n = 0; n < p.batch; n++)
    for (let block = 0; block < p.blocks; block++) {
      const box = [1e9, -1e9, 1e9, -1e9] as [number, number, number, number];
      for (let point = 32 * block; point < Math.min(32 * block + 32, points); point++) {
        const at = n * points + point;
        const { column, row, right, lower } = pointOf(p, grid, at, constants);
        corners.set([column, row, right, lower], 4 * at);
        box[0] = Math.min(box[0], column);
        box[1] = Math.max(box[1], column + 1);
        box[2] = Math.min(box[2], row);
        box[3] = Math.max(box[3], row + 1);
      }
      boxes.set(box, 4 * (n * p.blocks + block));
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
  const [points, plane] = [p.out_h * p.out_w, p.in_h * p.in_w];
  const dx = new Float64Array(p.batch * p.channels * plane);
  for (let at = 0; at < p.batch * points; at++) {
    const [column, row, right, lower] = corners.subarray(4 * at) as unknown as [number, number, number, number];
    const n = Math.floor(at / points);
    eachCorner(p, { column, row, right, lower, slopes: [0, 0] }, (pixel, weight) => {
      if (constants.CORNERS && weight === 0) return;
      for (let c = n * p.channels; c < (n + 1) * p.channels; c++)
        (dx[c * plane + pixel] as number) += weight * (dy[c * points + (at % points)] as number);
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
  const [points, plane] = [p.out_h * p.out_w, p.in_h * p.in_w];
  const dgrid = new Float64Array(2 * p.batch * points);
  for (let at = 0; at < p.batch * points; at++) {
    const n = Math.floor(at / points);
    const found = pointOf(p, grid, at, constants);
    for (let c = n * p.channels; c < (n + 1) * p.channels; c++)
      eachCorner(p, found, (pixel, _, slopeX, slopeY) => {
        const g = (dy[c * points + (at % points)] as number) * (x[c * plane + pixel] as number);
        (dgrid[2 * at] as number) += g * slopeX * found.slopes[0];
        (dgrid[2 * at + 1] as number) += g * slopeY * found.slopes[1];
      });
  }
  return { dgrid: Float32Array.from(dgrid) };
}
