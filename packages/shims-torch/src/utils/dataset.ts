import { ArgumentError, FacetError, permutation, ShapeError } from "@facet/autograd";
import { complain } from "../errors.js";
import { tensor } from "../ops/creation.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey } from "../random.js";
import { type Args, required, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";

/**
 * Samples by number. Subclasses give `__len__` and `__getitem__` (which may return a promise for asynchronous loops).
 * `__getitems__`, if there, gives a whole batch at once, already collated.
 */
export abstract class Dataset<T = unknown> {
  abstract __len__(): number;
  abstract __getitem__(index: number): T | Promise<T>;
  __getitems__?(indices: Int32Array): unknown;

  get length(): number {
    return this.__len__();
  }
  get(index: number): T | Promise<T> {
    return this.__getitem__(index);
  }
}

/** Row i of each tensor as sample i; all have as many rows. */
export class TensorDataset extends Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];

  constructor(...tensors: Tensor[]) {
    super();
    const rows = tensors[0]?.shape[0];
    for (const [i, other] of tensors.entries()) {
      if (other.shape[0] !== undefined && other.shape[0] === rows) continue;
      complain(ShapeError, "Size mismatch between tensors", {
        op: "TensorDataset",
        argument: `tensors[${i}]`,
        expected: `${rows} rows`,
        given: sizeText(other.shape),
      });
    }
    if (tensors.length === 0)
      throw new ArgumentError({
        op: "TensorDataset",
        argument: "tensors",
        expected: "at least one tensor",
        given: "none",
      });
    this.tensors = tensors;
  }

  __len__(): number {
    return this.tensors[0]?.length ?? 0;
  }
  __getitem__(index: number): Tensor[] {
    return this.tensors.map((x) => x.get(index));
  }
  override __getitems__(indices: Int32Array): Tensor[] {
    const index = tensor(indices);
    return this.tensors.map((x) => x.index_select(0, index));
  }
}

/** The samples of a data set at the given numbers, in that order. */
export class Subset<T> extends Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: readonly number[] | Int32Array;

  constructor(dataset: Dataset<T>, indices: readonly number[] | Int32Array) {
    super();
    this.dataset = dataset;
    this.indices = indices;
    const { dataset: whole } = this;
    if (whole.__getitems__) {
      this.__getitems__ = (numbers) => whole.__getitems__?.(Int32Array.from(numbers, (i) => this.#at(i)));
    }
  }

  #at(index: number): number {
    const found = this.indices[index < 0 ? index + this.indices.length : index];
    if (found !== undefined) return found;
    throw new ArgumentError({
      op: "Subset",
      argument: "index",
      expected: `an index below ${this.indices.length}`,
      given: `${index}`,
    });
  }

  __len__(): number {
    return this.indices.length;
  }
  __getitem__(index: number): T | Promise<T> {
    return this.dataset.__getitem__(this.#at(index));
  }
}

const readSplit = signature<{ dataset: Dataset; lengths: readonly number[]; generator: Generator | null }>(
  "random_split",
  {
    dataset: required,
    lengths: required,
    generator: null,
  },
);

/** Splits a data set at random into parts of the given lengths, or of the given fractions of it. One draw of the generator. */
export function random_split<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  ...args: Args<[generator: Generator], { generator: Generator | null }>
): Subset<T>[] {
  const { generator } = readSplit([dataset, lengths, ...args]);
  const count = dataset.__len__();
  const sizes = wholeLengths(lengths, count);
  const order = permutation(nextKey(generator), count);
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return new Subset(dataset, order.slice(start - size, start));
  });
}

/** Lengths from fractions that add up to 1: each rounded down, what is left given out one by one from the first. */
function wholeLengths(lengths: readonly number[], count: number): number[] {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const fractions = lengths.some((length) => !Number.isInteger(length)) || (total === 1 && count !== 1);
  if (fractions && Math.abs(total - 1) < 1e-9 && lengths.every((length) => length >= 0)) {
    const sizes = lengths.map((length) => Math.floor(count * length));
    const left = count - sizes.reduce((sum, size) => sum + size, 0);
    for (let i = 0; i < left; i++) sizes[i % sizes.length] = (sizes[i % sizes.length] as number) + 1;
    return sizes;
  }
  if (total === count && lengths.every((length) => Number.isInteger(length) && length >= 0)) return [...lengths];
  return complain(FacetError, "Sum of input lengths does not equal the length of the input dataset!", {
    op: "random_split",
    argument: "lengths",
    expected: `whole numbers that add up to ${count}, or fractions that add up to 1`,
    given: `[${lengths.join(", ")}]`,
  });
}
