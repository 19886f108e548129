import { ArgumentError, permutation } from "@facet/autograd";
import { type Args, bool, define, func, instance, int, Kind, number, only, signature, string } from "@facet/dialect";
import { complain } from "../errors.js";
import { generator, iterable } from "../kinds.js";
import { type Generator, nextKey } from "../random.js";
import { default_collate } from "./collate.js";
import { type Dataset, dataset as datasetKind } from "./dataset.js";
import { countOf, IterableDataset, samplesOf, synchronous } from "./joined_datasets.js";

type Source = Dataset | IterableDataset | readonly unknown[];

export interface DataLoaderArguments {
  dataset: Source;
  /** Default 1. null: samples one by one, as they are. */
  batch_size: number | null;
  /** A new order for every epoch: one draw of the generator each. Default false. */
  shuffle: boolean | null;
  /** The order of samples, when not shuffled. */
  sampler: Iterable<number> | null;
  /** Lists of samples, each a batch. */
  batch_sampler: Iterable<readonly number[]> | null;
  /** Makes a batch of a list of samples. Default: default_collate. */
  collate_fn: ((samples: unknown[]) => unknown) | null;
  /** Leaves out a last batch that is short. Default false. */
  drop_last: boolean;
  generator: Generator | null;
  /** Changes nothing, as the following: samples are read in this thread, and batches are on the device. */
  num_workers: number;
  pin_memory: boolean;
  timeout: number;
  worker_init_fn: ((worker: number) => void) | null;
  prefetch_factor: number | null;
  persistent_workers: boolean;
  pin_memory_device: string;
  in_order: boolean;
}
export type DataLoaderArgs = Args<
  [
    dataset: Source,
    batch_size: number | null,
    shuffle: boolean | null,
    sampler: Iterable<number> | null,
    batch_sampler: Iterable<readonly number[]> | null,
  ],
  DataLoaderArguments
>;

const count = int.where("an integer of 0 or more", (value) => value >= 0);
const read = signature("torch.utils.data.DataLoader", {
  dataset: datasetKind
    .either(instance(() => IterableDataset, "an IterableDataset"))
    .either(new Kind<readonly unknown[]>("a list of samples", Array.isArray)),
  batch_size: int.orNone.or(1),
  shuffle: bool.or(null),
  sampler: iterable<number>("an iterable of numbers of samples").or(null),
  batch_sampler: iterable<readonly number[]>("an iterable of lists of numbers of samples").or(null),
  num_workers: count.or(0),
  collate_fn: func.or(null),
  pin_memory: bool.or(false),
  drop_last: bool.or(false),
  timeout: number.where("0 or more", (value) => value >= 0).or(0),
  worker_init_fn: func.or(null),
  multiprocessing_context: only(null),
  generator: generator.or(null),
  "*": null,
  prefetch_factor: count.or(null),
  persistent_workers: bool.or(false),
  pin_memory_device: string.or(""),
  in_order: bool.or(true),
});

/** Lets the event loop run: handles that were dropped are freed then, and the device's callbacks come. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // Browsers hold timers back for milliseconds, messages not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/**
 * Batches of a data set: `for await (const [x, y] of loader)`, or `for (...)` where samples come at once. The asynchronous
 * loop lets the event loop run between batches and is the one for training.
 */
// biome-ignore lint/suspicious/noExplicitAny: what a batch is depends on the data set; as a rule a pair of tensors.
export class DataLoader<B = any> {
  readonly dataset: Source;
  readonly num_workers: number;
  readonly pin_memory: boolean;
  readonly batch_size: number | null;
  readonly drop_last: boolean;
  readonly #source: Dataset;
  readonly #shuffle: boolean;
  readonly #sampler: Iterable<number> | null;
  readonly #batchSampler: Iterable<readonly number[]> | null;
  readonly #collate: ((samples: unknown[]) => unknown) | null;
  readonly #generator: Generator | null;

  constructor(...args: DataLoaderArgs) {
    const given = read(args);
    const { batch_size, shuffle, sampler, batch_sampler, drop_last } = given;
    if (batch_size !== null && batch_size <= 0)
      complain(ArgumentError, `batch_size should be a positive integer value, but got batch_size=${batch_size}`, {
        op: "DataLoader",
        argument: "batch_size",
        expected: "a positive integer",
        given: `${batch_size}`,
      });
    const exclusive = (argument: string, sentence: string): never =>
      complain(ArgumentError, sentence, { op: "DataLoader", argument, expected: "one of them", given: "both" });
    if (sampler && shuffle) exclusive("sampler", "sampler option is mutually exclusive with shuffle");
    if (batch_sampler && (batch_size !== 1 || shuffle || sampler || drop_last))
      exclusive(
        "batch_sampler",
        "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last",
      );
    if (batch_size === null && drop_last)
      exclusive("drop_last", "batch_size=None option disables auto-batching and is mutually exclusive with drop_last");
    const workers = (argument: string, sentence: string): never =>
      complain(ArgumentError, sentence, { op: "DataLoader", argument, expected: "num_workers above 0", given: "0" });
    if (given.num_workers === 0 && given.prefetch_factor !== null)
      workers(
        "prefetch_factor",
        "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable multiprocessing",
      );
    if (given.num_workers === 0 && given.persistent_workers)
      workers("persistent_workers", "persistent_workers option needs num_workers > 0");
    const dataset = given.dataset as Source;
    if (dataset instanceof IterableDataset)
      for (const [argument, value] of Object.entries({ shuffle: shuffle || null, sampler, batch_sampler }))
        if (value !== null)
          complain(ArgumentError, `DataLoader with IterableDataset: expected unspecified ${argument} option`, {
            ...{ op: "DataLoader", argument, expected: "none: the data set has its own order", given: "one" },
          });
    const source = isList(dataset) ? ofList(dataset) : dataset instanceof IterableDataset ? ofList([]) : dataset;
    if (shuffle && source.__len__() === 0)
      complain(ArgumentError, "num_samples should be a positive integer value, but got num_samples=0", {
        op: "DataLoader",
        argument: "dataset",
        expected: "at least one sample to shuffle",
        given: "none",
      });
    this.dataset = dataset;
    this.num_workers = given.num_workers;
    this.pin_memory = given.pin_memory;
    this.batch_size = batch_sampler ? null : batch_size;
    this.drop_last = drop_last;
    this.#source = source;
    this.#shuffle = shuffle ?? false;
    this.#sampler = sampler;
    this.#batchSampler = batch_sampler;
    this.#collate = given.collate_fn;
    this.#generator = given.generator;
  }

  /** Batches of an epoch: Python's len(). */
  get length(): number {
    if (this.#batchSampler) return lengthOf(this.#batchSampler);
    const { dataset } = this;
    const samples = dataset instanceof IterableDataset ? countOf(dataset) : this.#source.__len__();
    const count = this.#sampler ? lengthOf(this.#sampler) : samples;
    const size = this.batch_size ?? 1;
    return this.drop_last ? Math.floor(count / size) : Math.ceil(count / size);
  }

  *#batches(): IterableIterator<Int32Array> {
    if (this.#batchSampler) {
      for (const indices of this.#batchSampler) yield Int32Array.from(indices);
      return;
    }
    const count = this.#source.__len__();
    const order = this.#sampler
      ? Int32Array.from(this.#sampler)
      : this.#shuffle
        ? permutation(nextKey(this.#generator), count)
        : Int32Array.from({ length: count }, (_, i) => i);
    const size = this.batch_size ?? 1;
    const end = this.drop_last ? order.length - (order.length % size) : order.length;
    for (let start = 0; start < end; start += size) yield order.slice(start, Math.min(end, start + size));
  }

  /** Whether samples come one by one. */
  get #single(): boolean {
    return this.batch_size === null && !this.#batchSampler;
  }

  /** A batch at once, when the data set can give one and nobody wants to see the samples. */
  #whole(indices: Int32Array): unknown {
    return this.#collate || this.#single ? undefined : this.#source.__getitems__?.(indices);
  }

  #batchOf(samples: unknown[]): B {
    if (this.#single) return (this.#collate ? this.#collate(samples[0] as unknown[]) : samples[0]) as B;
    return (this.#collate ?? default_collate)(samples) as B;
  }

  /** Whether so many samples are a batch. */
  #full(samples: readonly unknown[]): boolean {
    return samples.length === (this.batch_size ?? 1);
  }

  *[Symbol.iterator](): IterableIterator<B> {
    if (this.dataset instanceof IterableDataset) {
      let samples: unknown[] = [];
      for (const sample of synchronous(this.dataset)) {
        samples.push(sample);
        if (!this.#full(samples)) continue;
        yield this.#batchOf(samples);
        samples = [];
      }
      if (samples.length > 0 && !this.drop_last) yield this.#batchOf(samples);
      return;
    }
    for (const indices of this.#batches()) {
      const whole = this.#whole(indices);
      if (whole !== undefined) {
        yield whole as B;
        continue;
      }
      const samples = Array.from(indices, (index) => this.#source.__getitem__(index));
      if (samples.some((sample) => sample instanceof Promise))
        throw new ArgumentError({
          op: "DataLoader",
          argument: "dataset",
          expected: "for await (...), as __getitem__ returns promises",
          given: "for (...)",
        });
      yield this.#batchOf(samples);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    if (this.dataset instanceof IterableDataset) {
      let samples: unknown[] = [];
      for await (const sample of samplesOf(this.dataset)) {
        samples.push(sample);
        if (!this.#full(samples)) continue;
        await turn();
        yield this.#batchOf(samples);
        samples = [];
      }
      if (samples.length > 0 && !this.drop_last) yield this.#batchOf(samples);
      return;
    }
    for (const indices of this.#batches()) {
      await turn();
      const whole = this.#whole(indices);
      const samples =
        whole === undefined ? await Promise.all(Array.from(indices, (i) => this.#source.__getitem__(i))) : [];
      yield whole === undefined ? this.#batchOf(samples) : ((await whole) as B);
    }
  }
}

/** How many there are, of an order that knows or by going through it. */
const lengthOf = (of: Iterable<unknown> & { __len__?: () => number }): number => of.__len__?.() ?? [...of].length;

const isList = (value: Source): value is readonly unknown[] => Array.isArray(value);

/** A list as a data set. */
const ofList = (list: readonly unknown[]): Dataset =>
  ({ __len__: () => list.length, __getitem__: (index: number) => list[index] }) as unknown as Dataset;

/** null: no sample is read by a worker. */
export const get_worker_info: () => null = define("torch.utils.data.get_worker_info", {}, () => null);
