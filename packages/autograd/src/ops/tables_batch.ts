// Lookups of all examples of a vmap at once, where each has a table of its own: the tables lie behind one another.
import type { Tensor } from "../tensor.js";
import { repeated } from "../vmap/levels.js";
import { mergedInto } from "../vmap/rules.js";
import { arange } from "./create.js";
import { add, greaterEqual, less, logicalAnd, mul, where } from "./elementwise.js";
import { reshape } from "./shape.js";

/** The number of each of `size` examples, to be broadcast over `rank` dimensions of them all. */
const numbers = (size: number, rank: number): Tensor =>
  reshape(arange(0, size, 1, "int32"), [size, ...new Array<number>(rank - 1).fill(1)]);

/**
 * Indices [examples, ...] of every example's own `extent` rows as ones of all rows, which lie `step` apart. One that is no row becomes
 * -1, so that it is none of another example either.
 */
export function amongAll(index: Tensor, extent: number, size: number, step = extent): Tensor {
  const valid = logicalAnd(greaterEqual(index, 0), less(index, extent));
  return where(valid, add(index, mul(numbers(size, index.rank), step)), -1);
}

/** Tables [examples, rows, ...] as one and, for each example, indices of its rows there. `index` may be the same for all. */
export function joined(table: Tensor, index: Tensor, hasOwn: boolean): { table: Tensor; index: Tensor } {
  const [size, rows] = table.shape as [number, number];
  return { table: mergedInto(table, 0), index: amongAll(hasOwn ? index : repeated(index, size), rows, size) };
}
