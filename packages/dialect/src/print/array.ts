// What the printers of arrays share: the elements of a row-major array, and which of them an elided print shows.

/** A row-major array on the host, as printers see it. */
export interface Printable {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Element `i` in row-major order; undefined where the host does not know it. */
  readonly at: (i: number) => number | undefined;
}

/** More elements than these are elided to the first and last of each dimension, by NumPy and PyTorch alike. */
export const THRESHOLD = 1000;
/** How many are shown at either end of an elided dimension. */
export const EDGE = 3;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Whether a print of the shape is elided. */
export const isElided = (shape: readonly number[]): boolean => sizeOf(shape) > THRESHOLD;

/** Positions along a dimension that are shown, and whether some are left out between the third and the fourth. */
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

/** The elements that a print shows; undefined when the host does not know one of them. */
export function shownValues({ shape, at }: Printable): number[] | undefined {
  const values: number[] = [];
  for (const position of shownPositions(shape)) {
    const value = at(position);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
