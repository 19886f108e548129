// Which elements a print of a large array shows: the outer ones of each dimension, as NumPy and PyTorch do.
import { sizeOf } from "@facet/kernels-wgsl";

/** More elements than these are elided. */
const THRESHOLD = 1000;
/** How many are shown at either end of an elided dimension. */
export const EDGE = 3;

/** Whether a print of the shape is elided. */
export const isElided = (shape: readonly number[]): boolean => sizeOf(shape) > THRESHOLD;

/** Positions along a dimension that are shown, and whether some are left out between the first and the last of them. */
export function shownOf(extent: number, elided: boolean): { positions: number[]; gap: boolean } {
  const gap = elided && extent > 2 * EDGE;
  if (!gap) return { positions: Array.from({ length: extent }, (_, i) => i), gap };
  const first = Array.from({ length: EDGE }, (_, i) => i);
  return { positions: [...first, ...first.map((i) => extent - EDGE + i)], gap };
}

/** Row-major positions of all elements that a print shows, in order. */
export function shownPositions(shape: readonly number[]): number[] {
  const elided = isElided(shape);
  let rows = [0];
  for (const extent of shape) {
    const { positions } = shownOf(extent, elided);
    rows = rows.flatMap((row) => positions.map((position) => row * extent + position));
  }
  return rows;
}
