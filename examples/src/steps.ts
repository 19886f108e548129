import { LossReader, type PendingLoss } from "./loss_reader.js";
import type { StepInfo, TrainResult } from "./options.js";

/** Losses and times of a program's steps, told as they come. */
export class StepLog {
  readonly #reader = new LossReader();
  readonly #steps: number;
  readonly #onStep: ((step: StepInfo) => void) | undefined;

  constructor(stepsPerEpoch: number, onStep: ((step: StepInfo) => void) | undefined) {
    this.#steps = stepsPerEpoch;
    this.#onStep = onStep;
  }

  /** The clock runs from here; what was done before (loading, evaluating) is no part of a step. */
  start(): void {
    this.#reader.start();
  }

  /** One step more. `step` counts from 0 within the epoch. */
  async add(epoch: number, step: number, loss: PendingLoss): Promise<void> {
    await this.#reader.add(loss);
    if (step === this.#steps - 1) await this.#reader.read();
    this.#onStep?.({ epoch, step: step + 1, steps: this.#steps, loss: this.#reader.losses.at(-1) });
  }

  /** What a run returns of its steps. */
  result(): Pick<TrainResult, "losses" | "stepMs"> {
    return { losses: this.#reader.losses, stepMs: this.#reader.stepMs };
  }
}
