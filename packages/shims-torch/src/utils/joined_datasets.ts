// Data sets made of data sets, and those that are gone through.
import { ArgumentError } from "@facet/autograd";
import { type Args, instance, isKeywords, type Keywords, listOf, mapping, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { each } from "../kinds.js";
import { Dataset, dataset } from "./dataset.js";

const own = (name: string): string => `torch.utils.data.${name}`;

const readIterable = signature(own("IterableDataset"), {});

/**
 * Samples one after another, in their own order: a subclass gives `*[Symbol.iterator]()`, or `async *[Symbol.asyncIterator]()` for
 * asynchronous loops, and `__len__` where it knows how many there are.
 */
export abstract class IterableDataset<T = unknown> {
  constructor(...args: []) {
    readIterable(args);
  }
  __len__?(): number;
  [Symbol.iterator]?(): Iterator<T>;
  [Symbol.asyncIterator]?(): AsyncIterator<T>;
}
const iterableDataset = instance(() => IterableDataset, "an IterableDataset");

const readChain = signature(own("ChainDataset"), { datasets: listOf(iterableDataset) });

/** Iterable data sets one after another. */
export class ChainDataset<T = unknown> extends IterableDataset<T> {
  readonly datasets: readonly IterableDataset<T>[];
  constructor(...args: Args<[datasets: readonly IterableDataset<T>[]], { datasets: readonly IterableDataset<T>[] }>) {
    super();
    this.datasets = readChain(args).datasets as readonly IterableDataset<T>[];
  }
  override *[Symbol.iterator](): IterableIterator<T> {
    for (const each of this.datasets) yield* synchronous(each);
  }
  override async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for (const each of this.datasets) yield* samplesOf(each);
  }
  override __len__(): number {
    return this.datasets.reduce((sum, each) => sum + countOf(each), 0);
  }
}

/** How many samples an iterable data set says it has. */
export function countOf(of: IterableDataset): number {
  if (of.__len__) return of.__len__();
  throw new ArgumentError({
    op: "len",
    argument: "dataset",
    expected: "an IterableDataset with __len__",
    given: "one without",
  });
}

/** Its samples, at once. */
export function* synchronous<T>(of: IterableDataset<T>): IterableIterator<T> {
  if (!of[Symbol.iterator])
    throw new ArgumentError({
      op: "DataLoader",
      argument: "dataset",
      expected: "for await (...), as the samples come asynchronously",
      given: "for (...)",
    });
  yield* of as Iterable<T>;
}

/** Its samples, as they come. */
export async function* samplesOf<T>(of: IterableDataset<T>): AsyncIterableIterator<T> {
  if (of[Symbol.asyncIterator]) yield* of as AsyncIterable<T>;
  else yield* synchronous(of);
}

const readConcat = signature(own("ConcatDataset"), { datasets: listOf(dataset) });

/** Data sets one after another, by number. */
export class ConcatDataset<T = unknown> extends Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  /** Where each ends. */
  readonly cumulative_sizes: readonly number[];
  constructor(...args: Args<[datasets: readonly Dataset<T>[]], { datasets: readonly Dataset<T>[] }>) {
    super();
    this.datasets = readConcat(args).datasets as readonly Dataset<T>[];
    if (this.datasets.length === 0)
      complain(ArgumentError, "datasets should not be an empty iterable", {
        ...{ op: "ConcatDataset", argument: "datasets", expected: "one data set or more", given: "none" },
      });
    let end = 0;
    this.cumulative_sizes = this.datasets.map((each) => {
      end += each.__len__();
      return end;
    });
  }
  override __len__(): number {
    return this.cumulative_sizes.at(-1) as number;
  }
  override __getitem__(index: number): T | Promise<T> {
    const at = index < 0 ? index + this.__len__() : index;
    const place = this.cumulative_sizes.findIndex((end) => at < end);
    if (!(at >= 0) || place < 0)
      complain(ArgumentError, "absolute value of index should not exceed dataset length", {
        ...{ op: "ConcatDataset", argument: "index", expected: `below ${this.__len__()}`, given: show(index) },
      });
    return (this.datasets[place] as Dataset<T>).__getitem__(at - (this.cumulative_sizes[place - 1] ?? 0));
  }
}

const readStack = signature(own("StackDataset"), { "*args": each(dataset), "**kwargs": mapping() });
type Named = Readonly<Record<string, Dataset>>;

/** Sample i of each data set, as a list, or as an object where they are given by name; all have as many. */
export class StackDataset extends Dataset<unknown> {
  readonly datasets: readonly Dataset[] | Named;
  constructor(...args: readonly Dataset[] | [Keywords<Named>]) {
    super();
    const given = readStack(args as readonly unknown[]);
    const byName = (given.kwargs ?? {}) as Named;
    const list = given.args as readonly Dataset[];
    const named = Object.keys(byName).length > 0;
    const all = named ? Object.values(byName) : list;
    const wrong = (sentence: string, expected: string): never =>
      complain(ArgumentError, sentence, { op: "StackDataset", argument: "args", expected, given: "others" });
    if (named && list.length > 0)
      wrong("Supported either tuple-like arguments or keyword arguments, not both", "data sets in one of two ways");
    if (all.length === 0) wrong("At least one dataset should be passed", "one data set or more");
    for (const each of all) if (!dataset.accepts(each)) wrong("Only data sets can be stacked", dataset.expected);
    if (all.some((each) => each.__len__() !== all[0]?.__len__()))
      wrong("Size mismatch between datasets", "data sets of one length");
    this.datasets = named ? byName : list;
  }
  override __len__(): number {
    return (Object.values(this.datasets)[0] as Dataset).__len__();
  }
  override __getitem__(index: number): unknown {
    const parts = Object.entries(this.datasets).map(([name, each]) => [name, each.__getitem__(index)] as const);
    const built = (values: readonly unknown[]): unknown =>
      isKeywords(this.datasets) ? Object.fromEntries(parts.map(([name], i) => [name, values[i]])) : [...values];
    const values = parts.map(([, value]) => value);
    return values.some((value) => value instanceof Promise) ? Promise.all(values).then(built) : built(values);
  }
}
