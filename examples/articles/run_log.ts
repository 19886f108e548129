import type { ImageDataset } from "@facet/datasets";
import type { EpochLogs, Outcome, PendingLoss, Phase, Program, Run } from "./run.js";

/** Steps after which losses are read back: often enough for a progress bar, seldom enough not to stall the device. */
const INTERVAL = 16;

export interface EpochRecord extends EpochLogs {
  seconds: number;
}

/** Everything a program told while it ran. Times are those the program saw. */
export interface RunRecord extends Outcome {
  /** Per step, in order. */
  losses: number[];
  epochs: EpochRecord[];
  /** Seconds in each phase. */
  phases: Record<Phase, number>;
  /** From the start of training until the first loss is here: pipelines are compiled and plans made in it. */
  firstStepMs: number;
  /** Milliseconds per step after the first, each the mean of those that were read back together. */
  stepMs: number[];
}

export interface RunProgress {
  phase: Phase;
  /** From 0. */
  epoch: number;
  epochs: number;
  /** Steps done, over all epochs. */
  steps: number;
  /** The newest loss that was read back. */
  loss: number | undefined;
}

export interface RunSettings {
  data: ImageDataset;
  epochs: number;
  seed: number;
  onProgress?: (progress: RunProgress) => void;
  /** Aborted: the program is left at its next step, and `record` throws the signal's reason. */
  signal?: AbortSignal;
}

/** Runs a program and records what it tells. Rejects with what the program throws, or with the reason of `signal`. */
export async function record(program: Program, settings: RunSettings): Promise<RunRecord> {
  const log = new RunLog(settings);
  const outcome = await program(log);
  return { ...outcome, ...log.finish() };
}

class RunLog implements Run {
  readonly data: ImageDataset;
  readonly epochs: number;
  readonly seed: number;
  readonly #settings: RunSettings;
  readonly #losses: number[] = [];
  readonly #stepMs: number[] = [];
  readonly #epochs: EpochRecord[] = [];
  readonly #phases: Record<Phase, number> = { build: 0, train: 0, predict: 0 };
  #phase: Phase = "build";
  #phaseBegan = performance.now();
  #epochBegan = performance.now();
  #readAt = performance.now();
  #pending: PendingLoss[] = [];

  constructor(settings: RunSettings) {
    this.data = settings.data;
    this.epochs = settings.epochs;
    this.seed = settings.seed;
    this.#settings = settings;
  }

  phase(name: Phase): void {
    this.#closePhase();
    this.#phase = name;
    if (name === "train") {
      this.#epochBegan = performance.now();
      this.#readAt = this.#epochBegan;
    }
    this.#tell();
  }

  async step(loss: PendingLoss): Promise<void> {
    this.#settings.signal?.throwIfAborted();
    this.#pending.push(loss);
    if (this.#losses.length === 0 || this.#pending.length === INTERVAL) await this.#read();
    this.#tell();
  }

  async epoch(logs: EpochLogs = {}): Promise<void> {
    // Keras validates before it says that an epoch is over: what is read now is no time of steps.
    await this.#read(this.#stepMs.length < 2);
    const now = performance.now();
    this.#epochs.push({ seconds: (now - this.#epochBegan) / 1000, ...logs });
    this.#epochBegan = now;
    this.#readAt = now;
    this.#tell();
  }

  finish(): Omit<RunRecord, keyof Outcome> {
    this.#closePhase();
    const [firstStepMs = Number.NaN, ...stepMs] = this.#stepMs;
    return { losses: this.#losses, epochs: this.#epochs, phases: this.#phases, firstStepMs, stepMs };
  }

  async #read(timed = true): Promise<void> {
    if (this.#pending.length === 0) return;
    // All at once: one wait, not one for each.
    this.#losses.push(...(await Promise.all(this.#pending.map((loss) => loss.item()))).map(Number));
    const now = performance.now();
    const each = (now - this.#readAt) / this.#pending.length;
    if (timed) for (const _ of this.#pending) this.#stepMs.push(each);
    this.#pending = [];
    this.#readAt = now;
  }

  #closePhase(): void {
    const now = performance.now();
    this.#phases[this.#phase] += (now - this.#phaseBegan) / 1000;
    this.#phaseBegan = now;
  }

  #tell(): void {
    this.#settings.onProgress?.({
      phase: this.#phase,
      epoch: Math.min(this.#epochs.length, this.epochs - 1),
      epochs: this.epochs,
      steps: this.#losses.length + this.#pending.length,
      loss: this.#losses.at(-1),
    });
  }
}
