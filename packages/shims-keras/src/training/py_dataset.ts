// keras.utils.PyDataset: batches by number.
import { UnsupportedError } from "@facet/autograd";
import { type Args, only, signature } from "@facet/dialect";
import { positive, wholeNumber } from "../kinds.js";
import type { HostArray, NdArray } from "../ndarray.js";

/** One batch: inputs alone, or a list of inputs, targets and sample weights, of which the last may be absent. */
export type HostBatch =
  | NdArray
  | readonly [x: HostArray | readonly NdArray[], y?: HostArray | null, sample_weight?: HostArray | null];

interface PyDatasetArguments {
  workers: number;
  use_multiprocessing: false;
  max_queue_size: number;
}
const readPyDataset = signature("keras.utils.PyDataset", {
  workers: wholeNumber.or(1),
  use_multiprocessing: only(false),
  max_queue_size: positive.or(10),
});

/**
 * `keras.utils.PyDataset(workers=1, use_multiprocessing=False, max_queue_size=10)`: batches by number. A class gives `__len__`,
 * the number of batches, and `__getitem__(index)`, a whole batch: `[x, y]` or `[x, y, sample_weight]`; it may return a
 * promise. Without `__len__`, `num_batches` says how many, null for no end. `on_epoch_begin` and `on_epoch_end` are called
 * around every epoch, the latter also before the first, as in Keras.
 *
 * There are no threads: `workers` of n > 1 asks for up to n batches (at most max_queue_size) before the first of them is
 * needed, which helps where `__getitem__` waits for files or a network.
 */
export class PyDatasetBase {
  static readonly className: string = "PyDataset";
  workers: number;
  use_multiprocessing: false;
  max_queue_size: number;

  constructor(
    ...args: Args<[workers: number, use_multiprocessing: false, max_queue_size: number], Partial<PyDatasetArguments>>
  ) {
    const given = readPyDataset(args);
    this.workers = given.workers;
    this.use_multiprocessing = false;
    this.max_queue_size = given.max_queue_size;
  }

  /** Batches in an epoch; null for no end. */
  get num_batches(): number | null {
    return this.__len__();
  }

  __len__(): number {
    return this.#absent("__len__");
  }

  __getitem__(_index: number): HostBatch | Promise<HostBatch> {
    return this.#absent("__getitem__");
  }

  on_epoch_begin(): void | Promise<void> {}
  on_epoch_end(): void | Promise<void> {}

  /** The batches, in order. */
  async *[Symbol.asyncIterator](): AsyncGenerator<HostBatch> {
    const count = this.num_batches ?? Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) yield await this.__getitem__(i);
  }

  #absent(method: string): never {
    const expected = `a class that gives ${method}`;
    throw new UnsupportedError({ op: "PyDataset", argument: method, expected, given: "none" });
  }
}
