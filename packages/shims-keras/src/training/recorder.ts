import { type Tensor as CoreTensor, unscoped, zeros } from "@facet/autograd";

/**
 * What a step measured: a scalar on the device, the mean (or the total) over `count` samples; or "last", a value that holds for
 * all steps until now.
 */
export interface Measured {
  readonly value: CoreTensor;
  readonly count: number;
  readonly kind: "mean" | "total" | "last";
}

/** What a step measured, under the name that logs show. */
export interface NamedMeasured extends Measured {
  readonly name: string;
}

/** What logs show of what steps measured: the mean over all samples, or the last. */
export function combine(values: readonly number[], counts: readonly number[], kind: Measured["kind"]): number {
  if (kind === "last") return values.at(-1) ?? 0;
  let [total, samples] = [0, 0];
  for (const [i, count] of counts.entries()) {
    total += kind === "total" ? (values[i] as number) : (values[i] as number) * count;
    samples += count;
  }
  return samples === 0 ? 0 : total / samples;
}

/**
 * Values that the steps of an epoch give (loss, metrics), kept on the device so that no step waits for the one before to be
 * read: each step copies its scalars into its own place, and a read brings all of them at once.
 */
export class Recorder {
  readonly names: readonly string[];
  #slots: CoreTensor;
  /** Steps there is room for. */
  #steps: number;
  readonly #counts: number[][];
  readonly #kinds: Measured["kind"][] = [];
  /** The last read, and how many steps it knows: readers of the same state share one. */
  #last: { count: number; data: Promise<ArrayLike<number>> } | undefined;

  constructor(names: readonly string[], steps: number) {
    this.names = names;
    this.#steps = steps;
    this.#counts = names.map(() => []);
    this.#slots = unscoped(() => zeros([names.length, steps]));
  }

  /** Steps recorded so far. */
  get count(): number {
    return this.#counts[0]?.length ?? 0;
  }

  /** Takes what the next step measured, in the order of the names. */
  record(measured: readonly Measured[]): void {
    const step = this.count;
    if (step === this.#steps) this.#grow();
    const { queue } = this.#slots.storage.device;
    for (const [i, { value, count, kind }] of measured.entries()) {
      const place = this.#slots.alias([1], 4 * (i * this.#steps + step));
      queue.copy(value.view, place.view);
      place.dispose();
      this.#counts[i]?.push(count);
      this.#kinds[i] = kind;
    }
  }

  /** Makes room for as many steps again, where nobody knew how many there would be. */
  #grow(): void {
    const [before, steps] = [this.#slots, this.#steps];
    this.#slots = unscoped(() => zeros([this.names.length, 2 * steps]));
    this.#steps = 2 * steps;
    for (let i = 0; i < this.names.length; i++) {
      const [from, to] = [before.alias([steps], 4 * i * steps), this.#slots.alias([steps], 8 * i * steps)];
      before.storage.device.queue.copy(from.view, to.view);
      from.dispose();
      to.dispose();
    }
    before.dispose();
  }

  /** Values of each name for every step recorded until now: means or totals, as they were measured. */
  async read(): Promise<Record<string, number[]>> {
    const { count } = this;
    const steps = this.#steps;
    if (this.#last?.count !== count) this.#last = { count, data: this.#slots.data() };
    const data = await this.#last.data;
    return Object.fromEntries(
      this.names.map((name, i) => [name, Array.from({ length: count }, (_, at) => data[i * steps + at] as number)]),
    );
  }

  /** Means over the samples of the first `count` steps (default all so far), which is what Keras shows. */
  async means(count = this.count): Promise<Record<string, number>> {
    const counts = this.#counts.map((all) => all.slice(0, count));
    const values = await this.read();
    const mean = (name: string, i: number): number =>
      combine((values[name] as number[]).slice(0, count), counts[i] as number[], this.#kinds[i] as Measured["kind"]);
    return Object.fromEntries(this.names.map((name, i) => [name, mean(name, i)]));
  }

  dispose(): void {
    this.#slots.dispose();
  }
}
