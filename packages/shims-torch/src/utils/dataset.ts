import { ArgumentError, FacetError, permutation, ShapeError } from "@facet/autograd";
import { define, int, type Keywords, Kind, listOf, number, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { each, generator, tensor as tensorKind } from "../kinds.js";
import { tensor } from "../ops/creation.js";
import { sizeText } from "../python.js";
import { type Generator, nextKey } from "../random.js";
import type { Tensor } from "../tensor.js";

const readNothing = signature("torch.utils.data.Dataset", {});
const readIndex = signature("torch.utils.data.Dataset.get", { index: int });

/**
 * Samples by number. Subclasses give `__len__` and `__getitem__` (which may return a promise for asynchronous loops).
 * `__getitems__`, if there, gives a whole batch at once, already collated.
 */
export abstract class Dataset<T = unknown> {
  constructor(...args: []) {
    readNothing(args);
  }

  abstract __len__(): number;
  abstract __getitem__(index: number): T | Promise<T>;
  __getitems__?(indices: Int32Array): unknown;

  get length(): number {
    return this.__len__();
  }
  get(...args: [index: number] | [Keywords<{ index: number }>]): T | Promise<T> {
    return this.__getitem__(readIndex(args).index);
  }
}

/** What says how many samples it has. */
export interface Sized {
  __len__(): number;
}

/** Whatever has the two methods of a Dataset. */
export const dataset = new Kind<Dataset>(
  "a Dataset (with __len__ and __getitem__)",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    ["__len__", "__getitem__"].every(
      (name) => name in value && typeof (value as Record<string, unknown>)[name] === "function",
    ),
  true,
);

const readTensors = signature("torch.utils.data.TensorDataset", {
  "*tensors": each(tensorKind),
});

/** Row i of each tensor as sample i; all have as many rows. */
export class TensorDataset extends Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];

  constructor(...args: Tensor[]) {
    super();
    const { tensors } = readTensors(args);
    const rows = tensors[0]?.shape[0];
    for (const [i, other] of tensors.entries()) {
      if (other.shape[0] !== undefined && other.shape[0] === rows) continue;
      complain(ShapeError, "Size mismatch between tensors", {
        op: "TensorDataset",
        argument: `tensors[${i}]`,
        expected: rows === undefined ? "rank 1 or more" : `${rows} rows`,
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

type Indices = readonly number[] | Int32Array;
const indicesKind = listOf(int).either(
  new Kind<Int32Array>("an Int32Array", (value) => value instanceof Int32Array),
) as Kind<Indices>;
const readSubset = signature("torch.utils.data.Subset", { dataset, indices: indicesKind });

/** The samples of a data set at the given numbers, in that order. */
export class Subset<T> extends Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: Indices;

  constructor(
    ...args:
      | [dataset: Dataset<T>, indices: Indices]
      | [dataset: Dataset<T>, Keywords<{ indices: Indices }>]
      | [Keywords<{ dataset: Dataset<T>; indices: Indices }>]
  ) {
    super();
    const given = readSubset(args);
    this.dataset = given.dataset as Dataset<T>;
    this.indices = given.indices;
    const { dataset: whole } = this;
    if (whole.__getitems__) {
      this.__getitems__ = (numbers) => whole.__getitems__?.(Int32Array.from(numbers, (i) => this.#at(i)));
    }
  }

  #at(index: number): number {
    const found = Number.isInteger(index) ? this.indices[index < 0 ? index + this.indices.length : index] : undefined;
    if (found !== undefined) return found;
    throw new ArgumentError({
      op: "Subset",
      argument: "index",
      expected: `an index below ${this.indices.length}`,
      given: show(index),
    });
  }

  __len__(): number {
    return this.indices.length;
  }
  __getitem__(index: number): T | Promise<T> {
    return this.dataset.__getitem__(this.#at(index));
  }
}

type RandomSplit = <T>(
  ...args:
    | [dataset: Dataset<T>, lengths: readonly number[], generator?: Generator | null | undefined]
    | [dataset: Dataset<T>, lengths: readonly number[], Keywords<{ generator: Generator | null }>]
    | [dataset: Dataset<T>, Keywords<{ lengths: readonly number[]; generator: Generator | null }>]
    | [Keywords<{ dataset: Dataset<T>; lengths: readonly number[]; generator: Generator | null }>]
) => Subset<T>[];

/** Splits a data set at random into parts of the given lengths, or of the given fractions of it. One draw of the generator. */
export const random_split: RandomSplit = define(
  "torch.utils.data.random_split",
  { dataset, lengths: listOf(number), generator: generator.or(null) },
  (given) => {
    const count = given.dataset.__len__();
    const sizes = wholeLengths(given.lengths, count);
    const order = permutation(nextKey(given.generator), count);
    let start = 0;
    return sizes.map((size) => {
      start += size;
      return new Subset<never>(given.dataset as Dataset<never>, order.slice(start - size, start));
    });
  },
);

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
