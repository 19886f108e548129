// What the printers of arrays share: the elements of a row-major array, and those of them that a print shows.
import { shownPositions } from "@facet/autograd";

/** A row-major array on the host, as printers see it. */
export interface Printable {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Element `i` in row-major order; undefined where the host does not know it. */
  readonly at: (i: number) => number | undefined;
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
