import { ArgumentError, permutation } from "@facet/autograd";
import { complain } from "../errors.js";
import { type Generator, nextKey } from "../random.js";
import { type Args, only, required, signature } from "../signature.js";
import { default_collate } from "./collate.js";
import type { Dataset } from "./dataset.js";

export interface DataLoaderArguments {
  /** Default 1. */
  batch_size: number;
  /** A new order for every epoch: one draw of the generator each. Default false. */
  shuffle: boolean;
  /** The order of samples, when not shuffled. */
  sampler: Iterable<number> | null;
  /** Makes a batch of a list of samples. Default: default_collate. */
  collate_fn: ((samples: unknown[]) => unknown) | null;
  /** Leaves out a last batch that is short. Default false. */
  drop_last: boolean;
  generator: Generator | null;
}
export type DataLoaderArgs = Args<
  [batch_size: number, shuffle: boolean, sampler: Iterable<number> | null],
  DataLoaderArguments
>;

const read = signature<DataLoaderArguments & { dataset: Dataset }>("DataLoader", {
  dataset: required,
  batch_size: 1,
  shuffle: false,
  sampler: null,
  batch_sampler: only(null),
  num_workers: only(0),
  collate_fn: null,
  pin_memory: only(false),
  drop_last: false,
  timeout: only(0),
  worker_init_fn: only(null),
  multiprocessing_context: only(null),
  generator: null,
  prefetch_factor: only(null),
  persistent_workers: only(false),
  pin_memory_device: only(""),
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
  readonly dataset: Dataset;
  readonly batch_size: number;
  readonly drop_last: boolean;
  readonly #shuffle: boolean;
  readonly #sampler: Iterable<number> | null;
  readonly #collate: ((samples: unknown[]) => unknown) | null;
  readonly #generator: Generator | null;

  constructor(dataset: Dataset, ...args: DataLoaderArgs) {
    const { batch_size, shuffle, sampler, collate_fn, drop_last, generator } = read([dataset, ...args]);
    if (!(Number.isInteger(batch_size) && batch_size > 0))
      complain(ArgumentError, `batch_size should be a positive integer value, but got batch_size=${batch_size}`, {
        op: "DataLoader",
        argument: "batch_size",
        expected: "a positive integer",
        given: `${batch_size}`,
      });
    if (sampler && shuffle)
      complain(ArgumentError, "sampler option is mutually exclusive with shuffle", {
        op: "DataLoader",
        argument: "sampler",
        expected: "no sampler with shuffle",
        given: "both",
      });
    if (shuffle && dataset.__len__() === 0)
      complain(ArgumentError, "num_samples should be a positive integer value, but got num_samples=0", {
        op: "DataLoader",
        argument: "dataset",
        expected: "at least one sample to shuffle",
        given: "none",
      });
    this.dataset = dataset;
    this.batch_size = batch_size;
    this.drop_last = drop_last;
    this.#shuffle = shuffle;
    this.#sampler = sampler;
    this.#collate = collate_fn;
    this.#generator = generator;
  }

  /** Batches of an epoch: Python's len(). */
  get length(): number {
    const count = this.#sampler ? [...this.#sampler].length : this.dataset.__len__();
    return this.drop_last ? Math.floor(count / this.batch_size) : Math.ceil(count / this.batch_size);
  }

  *#batches(): IterableIterator<Int32Array> {
    const count = this.dataset.__len__();
    const order = this.#sampler
      ? Int32Array.from(this.#sampler)
      : this.#shuffle
        ? permutation(nextKey(this.#generator), count)
        : Int32Array.from({ length: count }, (_, i) => i);
    const end = this.drop_last ? order.length - (order.length % this.batch_size) : order.length;
    for (let start = 0; start < end; start += this.batch_size)
      yield order.slice(start, Math.min(end, start + this.batch_size));
  }

  /** A batch at once, when the data set can give one and nobody wants to see the samples. */
  #whole(indices: Int32Array): unknown {
    return this.#collate ? undefined : this.dataset.__getitems__?.(indices);
  }

  *[Symbol.iterator](): IterableIterator<B> {
    for (const indices of this.#batches()) {
      const whole = this.#whole(indices);
      if (whole !== undefined) {
        yield whole as B;
        continue;
      }
      const samples = Array.from(indices, (index) => this.dataset.__getitem__(index));
      if (samples.some((sample) => sample instanceof Promise))
        throw new ArgumentError({
          op: "DataLoader",
          argument: "dataset",
          expected: "for await (...), as __getitem__ returns promises",
          given: "for (...)",
        });
      yield (this.#collate ?? default_collate)(samples) as B;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<B> {
    for (const indices of this.#batches()) {
      await turn();
      const whole = this.#whole(indices);
      const samples =
        whole === undefined ? await Promise.all(Array.from(indices, (i) => this.dataset.__getitem__(i))) : [];
      yield (whole === undefined ? (this.#collate ?? default_collate)(samples) : await whole) as B;
    }
  }
}
