/** A loss that is still on the device. */
export interface PendingLoss {
  item(): Promise<number | boolean>;
}

/** Steps after which losses are read back: often enough for a progress bar, seldom enough not to stall the device. */
const INTERVAL = 16;

/** Collects losses and times of steps without waiting for the device at each. */
export class LossReader {
  readonly losses: number[] = [];
  /** The first step by itself; of later ones the mean over those that were read back together. */
  readonly stepMs: number[] = [];
  #pending: PendingLoss[] = [];
  #since = performance.now();

  /** The clock runs from here; what was done before (loading, evaluating) is no part of a step. */
  start(): void {
    this.#since = performance.now();
  }

  /** Steps whose loss was given, read back or not. */
  get steps(): number {
    return this.losses.length + this.#pending.length;
  }

  /** Takes the loss of one step more, and reads those that are due: the first, and every sixteen. */
  async add(loss: PendingLoss): Promise<void> {
    this.#pending.push(loss);
    if (this.losses.length === 0 || this.#pending.length === INTERVAL) await this.read();
  }

  /** Reads what is pending. `timed`: whether the time since the last reading was that of the steps alone. */
  async read(timed = true): Promise<void> {
    if (this.#pending.length === 0) return;
    // All at once: one wait, not one for each.
    this.losses.push(...(await Promise.all(this.#pending.map((loss) => loss.item()))).map(Number));
    const now = performance.now();
    const each = (now - this.#since) / this.#pending.length;
    if (timed) for (const _ of this.#pending) this.stepMs.push(each);
    this.#pending = [];
    this.#since = now;
  }
}
