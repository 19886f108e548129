import type { ImageDataset } from "@facet/datasets";
import { LossReader, type PendingLoss } from "../src/loss_reader.js";
import type { EpochLogs, Outcome, Phase, Program, Run } from "./run.js";

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
  readonly #reader = new LossReader();
  readonly #epochs: EpochRecord[] = [];
  readonly #phases: Record<Phase, number> = { build: 0, train: 0, predict: 0 };
  #phase: Phase = "build";
  #phaseBegan = performance.now();
  #epochBegan = performance.now();

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
      this.#reader.start();
    }
    this.#tell();
  }

  async step(loss: PendingLoss): Promise<void> {
    this.#settings.signal?.throwIfAborted();
    await this.#reader.add(loss);
    this.#tell();
  }

  async epoch(logs: EpochLogs = {}): Promise<void> {
    // Keras validates before it says that an epoch is over: what is read now is no time of steps.
    await this.#reader.read(this.#reader.stepMs.length < 2);
    const now = performance.now();
    this.#epochs.push({ seconds: (now - this.#epochBegan) / 1000, ...logs });
    this.#epochBegan = now;
    this.#reader.start();
    this.#tell();
  }

  finish(): Omit<RunRecord, keyof Outcome> {
    this.#closePhase();
    const { losses } = this.#reader;
    const [firstStepMs = Number.NaN, ...stepMs] = this.#reader.stepMs;
    return { losses, epochs: this.#epochs, phases: this.#phases, firstStepMs, stepMs };
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
      steps: this.#reader.steps,
      loss: this.#reader.losses.at(-1),
    });
  }
}
