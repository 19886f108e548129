import type { StepInfo, TrainResult } from "./options.js";

/** A loss that is still on the device. */
interface PendingLoss {
  item(): Promise<number | boolean>;
}

/** Steps after which losses are read back: often enough for a progress bar, seldom enough not to stall the device. */
const INTERVAL = 16;

/** Collects losses and times of steps without waiting for the device at each. */
export class StepLog {
  readonly losses: number[] = [];
  /** The first step by itself; of later ones the mean over those that were read back together. */
  readonly stepMs: number[] = [];
  readonly #steps: number;
  readonly #onStep: ((step: StepInfo) => void) | undefined;
  #pending: PendingLoss[] = [];
  #since = performance.now();

  constructor(stepsPerEpoch: number, onStep: ((step: StepInfo) => void) | undefined) {
    this.#steps = stepsPerEpoch;
    this.#onStep = onStep;
  }

  /** The clock runs from here; what was done before (loading, evaluating) is no part of a step. */
  start(): void {
    this.#since = performance.now();
  }

  /** One step more. `step` counts from 0 within the epoch. */
  async add(epoch: number, step: number, loss: PendingLoss): Promise<void> {
    this.#pending.push(loss);
    const due = this.losses.length === 0 || this.#pending.length === INTERVAL || step === this.#steps - 1;
    if (due) await this.#read();
    this.#onStep?.({ epoch, step: step + 1, steps: this.#steps, loss: this.losses.at(-1) });
  }

  async #read(): Promise<void> {
    // All at once: one wait, not one for each.
    this.losses.push(...(await Promise.all(this.#pending.map((loss) => loss.item()))).map(Number));
    const now = performance.now();
    const each = (now - this.#since) / this.#pending.length;
    for (const _ of this.#pending) this.stepMs.push(each);
    this.#pending = [];
    this.#since = now;
  }

  /** What a run returns of its steps. */
  result(): Pick<TrainResult, "losses" | "stepMs"> {
    return { losses: this.losses, stepMs: this.stepMs };
  }
}
