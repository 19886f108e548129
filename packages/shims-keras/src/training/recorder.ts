import { type Tensor as CoreTensor, unscoped, zeros } from "@facet/autograd";

/**
 * Values that the steps of an epoch give (loss, metrics), kept on the device so that no step waits for the one before to be
 * read: each step copies its scalars into its own place, and a read brings all of them at once.
 */
export class Recorder {
  readonly names: readonly string[];
  readonly #slots: CoreTensor;
  readonly #steps: number;
  readonly #weights: number[] = [];

  constructor(names: readonly string[], steps: number) {
    this.names = names;
    this.#steps = steps;
    this.#slots = unscoped(() => zeros([names.length, steps]));
  }

  /** Steps recorded so far. */
  get count(): number {
    return this.#weights.length;
  }

  /** Takes the next step's scalars, in the order of the names; `weight` is its number of samples. */
  record(values: readonly CoreTensor[], weight: number): void {
    const { queue } = this.#slots.storage.device;
    for (const [i, value] of values.entries()) {
      const place = this.#slots.alias([1], 4 * (i * this.#steps + this.count));
      queue.copy(value.view, place.view);
      place.dispose();
    }
    this.#weights.push(weight);
  }

  /** Values of each name for every step recorded until now. */
  async read(): Promise<Record<string, number[]>> {
    const { count } = this;
    const data = await this.#slots.data();
    return Object.fromEntries(
      this.names.map((name, i) => [name, Array.from(data.subarray(i * this.#steps, i * this.#steps + count))]),
    );
  }

  /** Means over the samples of the first `count` steps (default all so far), which is what Keras shows. */
  async means(count = this.count): Promise<Record<string, number>> {
    const weights = this.#weights.slice(0, count);
    const values = await this.read();
    return Object.fromEntries(this.names.map((name) => [name, weightedMean(values[name] as number[], weights)]));
  }

  dispose(): void {
    this.#slots.dispose();
  }
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  let [total, weight] = [0, 0];
  for (const [i, own] of weights.entries()) {
    total += (values[i] as number) * own;
    weight += own;
  }
  return weight === 0 ? 0 : total / weight;
}
