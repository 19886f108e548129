// Weights and data that Python computes to the same bits (formula.py), so that a program and the Python beside it see the same.
import { formulaWeights } from "@facet/testing";

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** Numbers in [-scale, scale). Another use takes another stream. */
export const floats = (shape: readonly number[], scale: number, stream: number): Float32Array =>
  formulaWeights(sizeOf(shape), scale, stream);

/** Whole numbers in [0, high). */
export const integers = (count: number, high: number, stream: number): Int32Array =>
  Int32Array.from(formulaWeights(count, 1, stream), (x) => Math.min(high - 1, Math.floor((x + 1) * 0.5 * high)));

/** Images that can be told apart: each class has a pattern, which noise half as strong covers. `x` is [count, ...shape]. */
export function images(count: number, shape: readonly number[], classes: number, stream: number) {
  const size = sizeOf(shape);
  const patterns = floats([classes, size], 1, 900);
  const y = integers(count, classes, stream);
  const x = floats([count, size], 0.5, stream + 1).map((noise, i) => {
    const label = y[Math.floor(i / size)] as number;
    return noise + (patterns[label * size + (i % size)] as number);
  });
  return { x, y };
}

/** Rows of tokens in which one mostly follows from the one before: [count, length]. */
export function tokens(count: number, length: number, vocabulary: number, stream: number): Int32Array {
  const starts = integers(count, vocabulary, stream);
  const jumps = integers(count * length, 8, stream + 1);
  const rows = new Int32Array(count * length);
  for (let i = 0; i < rows.length; i++) {
    const before = i % length === 0 ? (starts[Math.floor(i / length)] as number) : (rows[i - 1] as number);
    // One in eight is a jump.
    rows[i] = (jumps[i] === 0 ? before * 3 + 5 : before + 1) % vocabulary;
  }
  return rows;
}
