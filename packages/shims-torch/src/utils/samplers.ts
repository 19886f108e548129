// Orders of samples. Each begins anew when it is gone through; what is drawn at random is drawn on the host.
import { ArgumentError, foldIn, type Key, permutation } from "@facet/autograd";
import { type Args, bool, int, Kind, listOf, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { generator, iterable } from "../kinds.js";
import { type Generator, nextKey } from "../random.js";
import type { Sized } from "./dataset.js";

const own = (name: string): string => `torch.utils.data.${name}`;
/** Whatever says how much of it there is. */
const sized = new Kind<Sized>(
  "a data set (with __len__)",
  (value) => typeof (value as Partial<Sized> | null)?.__len__ === "function" || Array.isArray(value),
  true,
);
const lengthOf = (source: Sized | readonly unknown[]): number =>
  "__len__" in source ? source.__len__() : (source as readonly unknown[]).length;

const readers = {
  Sampler: signature(own("Sampler"), {}),
  SequentialSampler: signature(own("SequentialSampler"), { data_source: sized }),
  RandomSampler: signature(own("RandomSampler"), {
    data_source: sized,
    replacement: bool.or(false),
    num_samples: int.or(null),
    generator: generator.or(null),
  }),
  SubsetRandomSampler: signature(own("SubsetRandomSampler"), { indices: listOf(int), generator: generator.or(null) }),
  WeightedRandomSampler: signature(own("WeightedRandomSampler"), {
    weights: iterable<number>("numbers (of a tensor: await weights.tolist())"),
    num_samples: int,
    replacement: bool.or(true),
    generator: generator.or(null),
  }),
  BatchSampler: signature(own("BatchSampler"), {
    sampler: iterable<number>("an iterable of numbers of samples"),
    batch_size: int,
    drop_last: bool,
  }),
};

/** Base of the orders: a subclass gives `*[Symbol.iterator]()`, and `__len__` where it knows. */
export abstract class Sampler<T = number> implements Iterable<T> {
  constructor(...args: []) {
    readers.Sampler(args);
  }
  abstract [Symbol.iterator](): IterableIterator<T>;
  __len__?(): number;
}

/** A number in [0, 1) of the draw's own. */
const fraction = (key: Key, draw: number): number => {
  const [high, low] = foldIn(key, draw);
  return ((high >>> 0) * 2 ** 21 + (low >>> 11)) / 2 ** 53;
};

function positive(op: string, argument: string, value: number): number {
  if (value > 0) return value;
  return complain(ArgumentError, `${argument} should be a positive integer value, but got ${argument}=${value}`, {
    op,
    argument,
    expected: "a positive integer",
    given: `${value}`,
  });
}

type Source = Sized | readonly unknown[];

/** 0, 1, 2 and on. */
export class SequentialSampler extends Sampler {
  readonly data_source: Source;
  constructor(...args: Args<[data_source: Source], { data_source: Source }>) {
    super();
    this.data_source = readers.SequentialSampler(args).data_source;
  }
  override *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.__len__(); i++) yield i;
  }
  override __len__(): number {
    return lengthOf(this.data_source);
  }
}

interface RandomArguments {
  data_source: Source;
  replacement: boolean;
  num_samples: number | null;
  generator: Generator | null;
}

/** All samples in random order, over again where `num_samples` asks for more; or with `replacement` each drawn from all. One draw of the generator a pass. */
export class RandomSampler extends Sampler {
  readonly data_source: Source;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  readonly #count: number | null;
  constructor(
    ...args: Args<
      [data_source: Source, replacement: boolean, num_samples: number | null, generator: Generator | null],
      RandomArguments
    >
  ) {
    super();
    const given = readers.RandomSampler(args);
    this.data_source = given.data_source;
    this.replacement = given.replacement;
    this.generator = given.generator;
    this.#count = given.num_samples;
    positive("RandomSampler", "num_samples", this.num_samples);
  }
  get num_samples(): number {
    return this.#count ?? lengthOf(this.data_source);
  }
  override *[Symbol.iterator](): IterableIterator<number> {
    const [key, room, wanted] = [nextKey(this.generator), lengthOf(this.data_source), this.num_samples];
    if (this.replacement) {
      for (let i = 0; i < wanted; i++) yield Math.floor(fraction(key, i) * room);
      return;
    }
    for (let given = 0, pass = 0; given < wanted; pass++)
      for (const index of permutation(pass === 0 ? key : foldIn(key, pass), room)) if (given++ < wanted) yield index;
  }
  override __len__(): number {
    return this.num_samples;
  }
}

/** Some samples in random order. */
export class SubsetRandomSampler extends Sampler {
  readonly indices: readonly number[];
  readonly generator: Generator | null;
  constructor(
    ...args: Args<
      [indices: readonly number[], generator: Generator | null],
      { indices: readonly number[]; generator: Generator | null }
    >
  ) {
    super();
    const given = readers.SubsetRandomSampler(args);
    this.indices = given.indices;
    this.generator = given.generator;
  }
  override *[Symbol.iterator](): IterableIterator<number> {
    for (const at of permutation(nextKey(this.generator), this.indices.length)) yield this.indices[at] as number;
  }
  override __len__(): number {
    return this.indices.length;
  }
}

interface WeightedArguments {
  weights: Iterable<number>;
  num_samples: number;
  replacement: boolean;
  generator: Generator | null;
}

/** `num_samples` drawn with probabilities like the weights, each from all, or without `replacement` from those left. */
export class WeightedRandomSampler extends Sampler {
  readonly weights: readonly number[];
  readonly num_samples: number;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  constructor(
    ...args: Args<
      [weights: Iterable<number>, num_samples: number, replacement: boolean, generator: Generator | null],
      WeightedArguments
    >
  ) {
    super();
    const given = readers.WeightedRandomSampler(args);
    const op = "WeightedRandomSampler";
    this.weights = [...given.weights];
    this.num_samples = positive(op, "num_samples", given.num_samples);
    this.replacement = given.replacement;
    this.generator = given.generator;
    const some = this.weights.filter((weight) => weight > 0).length;
    if (!this.weights.every((weight) => typeof weight === "number" && weight >= 0 && weight < Infinity) || some === 0)
      throw new ArgumentError({
        op,
        argument: "weights",
        expected: "numbers of 0 or more, one of them above 0 (of a tensor: await weights.tolist())",
        given: "others",
      });
    if (!this.replacement && this.num_samples > some)
      complain(ArgumentError, "cannot sample n_sample > prob_dist.size(-1) samples without replacement", {
        ...{ op, argument: "num_samples", expected: `at most ${some}`, given: `${this.num_samples}` },
      });
  }
  override *[Symbol.iterator](): IterableIterator<number> {
    const key = nextKey(this.generator);
    const left = [...this.weights];
    let total = left.reduce((sum, weight) => sum + weight, 0);
    for (let draw = 0; draw < this.num_samples; draw++) {
      const wanted = fraction(key, draw) * total;
      let sum = 0;
      let at = left.findIndex((weight) => {
        sum += weight;
        return wanted < sum;
      });
      // Sums round: what is left over belongs to the last.
      if (at < 0) at = left.findLastIndex((weight) => weight > 0);
      yield at;
      if (this.replacement) continue;
      left[at] = 0;
      total = left.reduce((sum, weight) => sum + weight, 0);
    }
  }
  override __len__(): number {
    return this.num_samples;
  }
}

interface BatchArguments {
  sampler: Iterable<number>;
  batch_size: number;
  drop_last: boolean;
}

/** Lists of `batch_size` samples of another order; with `drop_last` without a last one that is short. */
export class BatchSampler extends Sampler<number[]> {
  readonly sampler: Iterable<number>;
  readonly batch_size: number;
  readonly drop_last: boolean;
  constructor(...args: Args<[sampler: Iterable<number>, batch_size: number, drop_last: boolean], BatchArguments>) {
    super();
    const given = readers.BatchSampler(args);
    this.sampler = given.sampler;
    this.batch_size = positive("BatchSampler", "batch_size", given.batch_size);
    this.drop_last = given.drop_last;
  }
  override *[Symbol.iterator](): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const index of this.sampler) {
      if (batch.push(index) < this.batch_size) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.drop_last) yield batch;
  }
  override __len__(): number {
    const sampler = this.sampler as Iterable<number> & Partial<Sized>;
    const count = sampler.__len__?.() ?? [...sampler].length;
    return this.drop_last ? Math.floor(count / this.batch_size) : Math.ceil(count / this.batch_size);
  }
}
