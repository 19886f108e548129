import { ArgumentError, permutation } from "@facet/autograd";
import { type Args, bool, func, int, Kind, only, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { generator, iterable } from "../kinds.js";
import { type Generator, nextKey } from "../random.js";
import { default_collate } from "./collate.js";
import { type Dataset, dataset as datasetKind } from "./dataset.js";

export interface DataLoaderArguments {
  dataset: Dataset | readonly unknown[];
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
}
export type DataLoaderArgs = Args<
  [
    dataset: Dataset | readonly unknown[],
    batch_size: number | null,
    shuffle: boolean | null,
    sampler: Iterable<number> | null,
    batch_sampler: Iterable<readonly number[]> | null,
  ],
  DataLoaderArguments
>;

const read = signature("torch.utils.data.DataLoader", {
  dataset: datasetKind.either(new Kind<readonly unknown[]>("a list of samples", Array.isArray)),
  batch_size: int.orNone.or(1),
  shuffle: bool.or(null),
  sampler: iterable<number>("an iterable of numbers of samples").or(null),
  batch_sampler: iterable<readonly number[]>("an iterable of lists of numbers of samples").or(null),
  num_workers: only(0),
  collate_fn: func.or(null),
  pin_memory: only(false),
  drop_last: bool.or(false),
  timeout: only(0),
  worker_init_fn: only(null),
  multiprocessing_context: only(null),
  generator: generator.or(null),
  "*": null,
  prefetch_factor: only(null),
  persistent_workers: only(false),
  pin_memory_device: only(""),
  in_order: only(true),
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
  readonly dataset: Dataset | readonly unknown[];
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
    const { dataset } = given;
    const source = isList(dataset) ? ofList(dataset) : dataset;
    if (shuffle && source.__len__() === 0)
      complain(ArgumentError, "num_samples should be a positive integer value, but got num_samples=0", {
        op: "DataLoader",
        argument: "dataset",
        expected: "at least one sample to shuffle",
        given: "none",
      });
    this.dataset = dataset;
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
    if (this.#batchSampler) return [...this.#batchSampler].length;
    const count = this.#sampler ? [...this.#sampler].length : this.#source.__len__();
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

  *[Symbol.iterator](): IterableIterator<B> {
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
    for (const indices of this.#batches()) {
      await turn();
      const whole = this.#whole(indices);
      const samples =
        whole === undefined ? await Promise.all(Array.from(indices, (i) => this.#source.__getitem__(i))) : [];
      yield whole === undefined ? this.#batchOf(samples) : ((await whole) as B);
    }
  }
}

const isList = (value: Dataset | readonly unknown[]): value is readonly unknown[] => Array.isArray(value);

/** A list as a data set. */
const ofList = (list: readonly unknown[]): Dataset =>
  ({ __len__: () => list.length, __getitem__: (index: number) => list[index] }) as unknown as Dataset;
