// Callbacks that set the learning rate, and one that ends a training which has come to nothing.
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, func, number, oneOf, show, signature, string } from "@facet/dialect";
import { wholeNumber } from "../kinds.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { type BatchLogs, CallbackBase, type Logs } from "./callback.js";

const optimizerOf = (callback: CallbackBase): Optimizer =>
  (callback.model as unknown as { optimizer: Optimizer }).optimizer;
/** The rate of an epoch stands among its means, as in Keras. */
const enterRate = (callback: CallbackBase, logs: Logs): void => {
  (logs as Record<string, number>).learning_rate = optimizerOf(callback).learning_rate;
};

const readScheduler = signature("keras.callbacks.LearningRateScheduler", {
  schedule: func,
  verbose: wholeNumber.or(0),
});
type Schedule = (epoch: number, learningRate: number) => number;

/** Sets the learning rate to `schedule(epoch, rate)` when an epoch begins. */
export class LearningRateSchedulerBase extends CallbackBase {
  static readonly className = "LearningRateScheduler";
  readonly schedule: Schedule;
  readonly verbose: number;

  constructor(...args: Args<[schedule: Schedule, verbose: number], { schedule: Schedule; verbose: number }>) {
    super();
    const given = readScheduler(args);
    this.schedule = given.schedule as Schedule;
    this.verbose = given.verbose;
  }

  override on_epoch_begin(epoch: number): void {
    const optimizer = optimizerOf(this);
    const rate: unknown = this.schedule(epoch, optimizer.learning_rate);
    if (typeof rate !== "number") {
      const expected = "a number from it";
      throw new ArgumentError({ op: "LearningRateScheduler", argument: "schedule", expected, given: show(rate) });
    }
    optimizer.learning_rate = rate;
    if (this.verbose > 0) console.log(`\nEpoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${rate}.`);
  }

  override on_epoch_end(_epoch: number, logs: Logs = {}): void {
    enterRate(this, logs);
  }
}

type Mode = "auto" | "min" | "max";
interface PlateauArguments {
  monitor: string;
  factor: number;
  patience: number;
  verbose: number;
  mode: Mode;
  min_delta: number;
  cooldown: number;
  min_lr: number;
  baseline: number | null;
}
const readPlateau = signature("keras.callbacks.ReduceLROnPlateau", {
  monitor: string.or("val_loss"),
  factor: number.where("a number below 1", (value) => value < 1).or(0.1),
  patience: wholeNumber.or(10),
  verbose: wholeNumber.or(0),
  mode: oneOf("auto", "min", "max").or("auto"),
  min_delta: number.or(1e-4),
  cooldown: wholeNumber.or(0),
  min_lr: number.or(0),
  "*": null,
  baseline: number.or(null),
});

/** Multiplies the learning rate by `factor` when a value has not become better for `patience` epochs. */
export class ReduceLROnPlateauBase extends CallbackBase {
  static readonly className = "ReduceLROnPlateau";
  readonly #given: PlateauArguments;
  readonly #sign: 1 | -1;
  #best: number | null;
  #cooling = 0;
  #wait = 0;

  constructor(
    ...args: Args<
      [
        monitor: string,
        factor: number,
        patience: number,
        verbose: number,
        mode: Mode,
        min_delta: number,
        cooldown: number,
        min_lr: number,
      ],
      PlateauArguments
    >
  ) {
    super();
    this.#given = readPlateau(args) as PlateauArguments;
    const { mode, monitor, baseline } = this.#given;
    const larger = mode === "max" || (mode === "auto" && /acc|auc|precision|recall/.test(monitor));
    this.#sign = larger ? 1 : -1;
    this.#best = baseline;
  }

  override on_train_begin(): void {
    this.#best = null;
    this.#cooling = 0;
    this.#wait = 0;
  }

  override on_epoch_end(epoch: number, logs: Logs = {}): void {
    const { monitor, min_delta, patience, cooldown } = this.#given;
    enterRate(this, logs);
    const value = logs[monitor];
    if (value === undefined) {
      const expected = `one of ${Object.keys(logs).join(", ")}`;
      throw new ArgumentError({ op: "ReduceLROnPlateau", argument: "monitor", expected, given: monitor });
    }
    if (this.#cooling > 0) {
      this.#cooling -= 1;
      this.#wait = 0;
    }
    if (this.#best === null || this.#sign * (value - this.#best) > Math.abs(min_delta)) {
      this.#best = value;
      this.#wait = 0;
    } else if (this.#cooling === 0) {
      this.#wait += 1;
      if (this.#wait < patience || !this.#reduce(epoch)) return;
      this.#cooling = cooldown;
      this.#wait = 0;
    }
  }

  #reduce(epoch: number): boolean {
    const { factor, min_lr, verbose } = this.#given;
    const optimizer = optimizerOf(this);
    if (optimizer.learning_rate <= min_lr) return false;
    optimizer.learning_rate = Math.max(optimizer.learning_rate * factor, min_lr);
    if (verbose > 0)
      console.log(`\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${optimizer.learning_rate}.`);
    return true;
  }
}

const readTerminate = signature("keras.callbacks.TerminateOnNaN", { raise_error: bool.or(false) });
/** Ends training when the loss is NaN or infinite: it reads the loss of every batch. */
export class TerminateOnNaNBase extends CallbackBase {
  static readonly className = "TerminateOnNaN";
  readonly raise_error: boolean;

  constructor(...args: Args<[raise_error: boolean], { raise_error: boolean }>) {
    super();
    this.raise_error = readTerminate(args).raise_error;
  }

  override async on_batch_end(batch: number, logs?: BatchLogs): Promise<void> {
    const loss = await logs?.loss;
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raise_error) {
      const given = `${loss} at batch ${batch}`;
      throw new ArgumentError({ op: "TerminateOnNaN", argument: "loss", expected: "a finite number", given });
    }
    console.log(`Batch ${batch}: Invalid loss, terminating training`);
    this.model.stop_training = true;
  }
}
