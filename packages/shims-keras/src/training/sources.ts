// What fit, evaluate and predict take their batches from: arrays, a PyDataset, or whatever JavaScript goes through.
import { ArgumentError, type Tensor as CoreTensor, foldIn, type Key, permutation } from "@facet/autograd";
import { show } from "@facet/dialect";
import { NdArray } from "../ndarray.js";
import type { Shape } from "../tensor.js";
import { type Batches, StreamedBatches } from "./batches.js";
import { type ClassWeight, type DataSet, dataSet, type InputData } from "./data.js";
import { type HostBatch, PyDatasetBase } from "./py_dataset.js";

type Going<T> = Iterator<T> | AsyncIterator<T>;
/**
 * Batches one after another. An iterator (a generator that was called) goes on from epoch to epoch; a generator function, or
 * an object that can be gone through, begins anew with each.
 */
export type BatchSource =
  | PyDatasetBase
  | Iterable<HostBatch>
  | AsyncIterable<HostBatch>
  | (() => Going<HostBatch> | Iterable<HostBatch> | AsyncIterable<HostBatch>);
/** What a model is trained on: arrays, or batches. */
export type TrainingData = InputData | BatchSource;

/** One batch, as a step takes it. */
export interface Fed {
  readonly batches: Batches;
  /** Makes the feed, in the scope around. */
  readonly feed: () => CoreTensor[];
  /** The same on the host, where it was not checked before. */
  readonly data: DataSet | undefined;
}

/** What batches are read from. `numBatches` is null while it is unknown. */
export interface Reader {
  readonly numBatches: number | null;
  /** Begins anew. */
  restart(epoch: number): void;
  next(): Promise<Fed | undefined>;
  epochBegins?(): void | Promise<void>;
  epochEnds?(): void | Promise<void>;
  dispose(): void;
}

/** Arrays in batches of one size; with a key in an order that each epoch draws. */
export class ArrayReader implements Reader {
  readonly numBatches: number;
  readonly #batches: Batches;
  readonly #count: number;
  readonly #batchSize: number;
  readonly #shuffle: () => Key | null;
  #at = 0;

  constructor(batches: Batches, count: number, batchSize: number, shuffle: () => Key | null = () => null) {
    this.#batches = batches;
    this.#count = count;
    this.#batchSize = batchSize;
    this.#shuffle = shuffle;
    this.numBatches = Math.ceil(count / batchSize);
  }

  restart(epoch: number): void {
    this.#at = 0;
    const key = this.#shuffle();
    if (key) this.#batches.setOrder(permutation(foldIn(key, epoch), this.#count));
  }

  async next(): Promise<Fed | undefined> {
    const start = this.#at;
    const stop = Math.min(start + this.#batchSize, this.#count);
    if (start >= stop) return undefined;
    this.#at = stop;
    const batches = this.#batches;
    return { batches, feed: () => batches.feed(start, stop), data: undefined };
  }

  dispose(): void {
    this.#batches.dispose();
  }
}

interface FromHost {
  readonly op: string;
  /** Of the model's inputs, once it is built. */
  readonly shapes: () => readonly Shape[] | undefined;
  readonly classWeight: ClassWeight | null;
}

/** A batch as it was given, as arrays of one length. */
function opened({ op, classWeight }: FromHost, batch: unknown): DataSet {
  const parts = batch instanceof NdArray ? [batch] : batch;
  if (Array.isArray(parts) && parts.length >= 1 && parts.length <= 3 && typeof parts[0] !== "number")
    return dataSet(op, parts[0], parts[1], parts[2], parts[1] == null ? null : classWeight);
  const expected = "batches [x], [x, y] or [x, y, sample_weight]";
  throw new ArgumentError({ op, argument: "x", expected, given: show(batch) });
}

function fed(from: FromHost, data: DataSet): Fed {
  const batches = new StreamedBatches(data, from.shapes());
  return { batches, feed: () => batches.feed(0, data.count), data };
}

/** Batches by number; with a key in an order that each epoch draws. */
class PyDatasetReader implements Reader {
  readonly #dataset: PyDatasetBase;
  readonly #from: FromHost;
  readonly #shuffle: () => Key | null;
  #order: Int32Array | undefined;
  #at = 0;
  #asked: Promise<HostBatch>[] = [];
  #next = 0;

  constructor(dataset: PyDatasetBase, from: FromHost, shuffle: () => Key | null) {
    this.#dataset = dataset;
    this.#from = from;
    this.#shuffle = shuffle;
  }

  get numBatches(): number | null {
    return this.#dataset.num_batches;
  }

  restart(epoch: number): void {
    const [count, key] = [this.numBatches, this.#shuffle()];
    this.#order = key && count !== null ? permutation(foldIn(key, epoch), count) : undefined;
    [this.#at, this.#next, this.#asked] = [0, 0, []];
  }

  async first(): Promise<DataSet | undefined> {
    return this.numBatches === 0 ? undefined : opened(this.#from, await this.#dataset.__getitem__(0));
  }

  async next(): Promise<Fed | undefined> {
    const count = this.numBatches ?? Number.POSITIVE_INFINITY;
    if (this.#at >= count) return undefined;
    this.#at += 1;
    const ahead = Math.max(1, Math.min(this.#dataset.workers, this.#dataset.max_queue_size));
    while (this.#next < Math.min(this.#at - 1 + ahead, count)) {
      const index = this.#order ? (this.#order[this.#next] as number) : this.#next;
      this.#next += 1;
      const batch = (async () => this.#dataset.__getitem__(index))();
      // Its error is met when its turn comes.
      batch.catch(() => {});
      this.#asked.push(batch);
    }
    return fed(this.#from, opened(this.#from, await (this.#asked.shift() as Promise<HostBatch>)));
  }

  epochBegins(): void | Promise<void> {
    return this.#dataset.on_epoch_begin();
  }

  epochEnds(): void | Promise<void> {
    return this.#dataset.on_epoch_end();
  }

  dispose(): void {}
}

const iteratorOf = (value: unknown): Going<unknown> | undefined => {
  const object = Object(value) as Partial<AsyncIterable<unknown> & Iterable<unknown> & Iterator<unknown>>;
  if (typeof object[Symbol.asyncIterator] === "function")
    return (object as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (typeof object[Symbol.iterator] === "function") return (object as Iterable<unknown>)[Symbol.iterator]();
  return typeof object.next === "function" ? (object as Iterator<unknown>) : undefined;
};

/** Whatever JavaScript goes through. */
class IteratorReader implements Reader {
  readonly #source: unknown;
  readonly #from: FromHost;
  numBatches: number | null = null;
  #going: Going<unknown> | undefined;
  #peeked: IteratorResult<unknown> | undefined;

  constructor(source: unknown, from: FromHost) {
    this.#source = source;
    this.#from = from;
  }

  #begin(): Going<unknown> {
    const source = this.#source;
    const going = iteratorOf(typeof source === "function" ? (source as () => unknown)() : source);
    if (going) return going;
    const expected = "a generator function: one that gives an iterator";
    throw new ArgumentError({ op: this.#from.op, argument: "x", expected, given: show(source) });
  }

  /** Generators that were called give themselves here, and go on. */
  restart(): void {
    if (this.#peeked && !this.#peeked.done) return;
    this.#peeked = undefined;
    this.#going = this.#begin();
  }

  async first(): Promise<DataSet | undefined> {
    this.#going = this.#begin();
    this.#peeked = await this.#going.next();
    return this.#peeked.done ? undefined : opened(this.#from, this.#peeked.value);
  }

  async next(): Promise<Fed | undefined> {
    const result = this.#peeked ?? (await (this.#going as Going<unknown>).next());
    this.#peeked = undefined;
    return result.done ? undefined : fed(this.#from, opened(this.#from, result.value));
  }

  dispose(): void {}
}

export const isBatchSource = (x: unknown): x is BatchSource =>
  x instanceof PyDatasetBase ||
  typeof x === "function" ||
  (typeof x === "object" &&
    x !== null &&
    !Array.isArray(x) &&
    !(x instanceof NdArray) &&
    !ArrayBuffer.isView(x) &&
    (Symbol.asyncIterator in x || Symbol.iterator in x || "next" in x));

export interface SourceOptions extends FromHost {
  /** Arguments that only arrays may come with, by name; null where they are not given. */
  readonly refused: Readonly<Record<string, unknown>>;
  readonly shuffle: () => Key | null;
}

/** A reader of batches and the first of them; undefined where `x` is arrays. Throws ArgumentError where there is none. */
export async function batchReader(
  x: unknown,
  options: SourceOptions,
): Promise<{ reader: Reader; first: DataSet } | undefined> {
  if (!isBatchSource(x)) return undefined;
  const { op } = options;
  const numbered = x instanceof PyDatasetBase;
  const refused = { ...options.refused, ...(numbered ? {} : { class_weight: options.classWeight }) };
  for (const [argument, value] of Object.entries(refused)) {
    if (value === null || value === undefined) continue;
    const expected = `none where x is ${numbered ? "a PyDataset" : "a generator"}, whose batches say it`;
    throw new ArgumentError({ op, argument, expected, given: show(value) });
  }
  const reader = numbered ? new PyDatasetReader(x, options, options.shuffle) : new IteratorReader(x, options);
  const first = await reader.first();
  if (first) return { reader, first };
  throw new ArgumentError({ op, argument: "x", expected: "at least one batch", given: "none" });
}

/** Epochs of batches: as many steps as there are batches, or as were asked for, which may go on over several epochs. */
export class Epochs {
  readonly #reader: Reader;
  readonly #stepsPerEpoch: number | null;
  #numBatches: number | null;
  #running = false;
  #seen = 0;

  constructor(reader: Reader, stepsPerEpoch: number | null = null) {
    this.#reader = reader;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#numBatches = reader.numBatches;
  }

  /** Steps of an epoch, once they are known. */
  get steps(): number | null {
    return this.#stepsPerEpoch ?? this.#numBatches;
  }

  /** Starts from the first batch, and asks again how many there are. */
  async reset(): Promise<void> {
    this.#running = false;
    this.#numBatches = this.#reader.numBatches;
    await this.#reader.epochEnds?.();
  }

  dispose(): void {
    this.#reader.dispose();
  }

  async *epoch(number: number): AsyncGenerator<Fed> {
    await this.#reader.epochBegins?.();
    if (!this.#running || this.#stepsPerEpoch === null) {
      this.#reader.restart(number);
      [this.#running, this.#seen] = [true, 0];
    }
    const steps = this.steps ?? Number.POSITIVE_INFINITY;
    for (let step = 0; step < steps; step++) {
      const over = this.#numBatches !== null && this.#seen >= this.#numBatches;
      const next = over ? undefined : await this.#reader.next();
      if (!next) {
        this.#numBatches ??= this.#seen;
        this.#running = false;
        if (this.#stepsPerEpoch !== null) warnOfEnd();
        break;
      }
      this.#seen += 1;
      yield next;
    }
    if (this.#numBatches !== null && this.#seen >= this.#numBatches) this.#running = false;
    await this.#reader.epochEnds?.();
  }
}

const warnOfEnd = (): void =>
  console.warn(
    "The data ended before steps_per_epoch steps: the epoch ends here. Give at least steps_per_epoch * epochs batches.",
  );
