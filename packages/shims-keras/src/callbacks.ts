// keras.callbacks.
import "./start.js";
import { ArgumentError } from "@facet/autograd";
import { type Args, bool, func, number, oneOf, signature, string } from "@facet/dialect";
import { type Makes, withoutNew } from "./callable.js";
import { wholeNumber } from "./kinds.js";
import type { NdArray } from "./ndarray.js";
import { CallbackBase, HistoryCallback, type Logs } from "./training/callback.js";
import { LearningRateSchedulerBase, ReduceLROnPlateauBase, TerminateOnNaNBase } from "./training/rates.js";

export type { BatchLogs, Logs } from "./training/callback.js";

type Hooks = {
  [K in keyof CallbackBase as K extends `on_${string}` ? K : never]: CallbackBase[K];
};

/** Hooks in the order of the original's arguments, then those that it takes by keyword. */
const POSITIONAL = [
  "on_epoch_begin",
  "on_epoch_end",
  "on_train_begin",
  "on_train_end",
  "on_train_batch_begin",
  "on_train_batch_end",
] as const;
const NAMED = [
  "on_batch_begin",
  "on_batch_end",
  "on_test_begin",
  "on_test_end",
  "on_test_batch_begin",
  "on_test_batch_end",
  "on_predict_begin",
  "on_predict_end",
  "on_predict_batch_begin",
  "on_predict_batch_end",
] as const;
const hook = func.or(null);
const rulesOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, hook]));
const readLambda = signature("keras.callbacks.LambdaCallback", {
  ...rulesOf(POSITIONAL),
  "*": null,
  ...rulesOf(NAMED),
});

/** A callback from functions. */
class LambdaCallbackBase extends CallbackBase {
  static readonly className = "LambdaCallback";

  constructor(
    ...args: Args<
      [
        on_epoch_begin: Hooks["on_epoch_begin"] | null,
        on_epoch_end: Hooks["on_epoch_end"] | null,
        on_train_begin: Hooks["on_train_begin"] | null,
        on_train_end: Hooks["on_train_end"] | null,
      ],
      { [K in keyof Hooks]: Hooks[K] | null }
    >
  ) {
    super();
    const hooks = readLambda(args) as unknown as Record<string, unknown>;
    for (const name of [...POSITIONAL, ...NAMED])
      if (hooks[name] !== null) Object.defineProperty(this, name, { value: hooks[name] });
  }
}

interface EarlyStoppingArguments {
  monitor: string;
  min_delta: number;
  patience: number;
  verbose: number;
  mode: "auto" | "min" | "max";
  baseline: number | null;
  restore_best_weights: boolean;
  start_from_epoch: number;
}
const readEarlyStopping = signature("keras.callbacks.EarlyStopping", {
  monitor: string.or("val_loss"),
  min_delta: number.or(0),
  patience: wholeNumber.or(0),
  verbose: wholeNumber.or(0),
  mode: oneOf("auto", "min", "max").or("auto"),
  baseline: number.or(null),
  restore_best_weights: bool.or(false),
  start_from_epoch: wholeNumber.or(0),
});

/** Stops training when a value has not become better for `patience` epochs. */
class EarlyStoppingBase extends CallbackBase {
  static readonly className = "EarlyStopping";
  readonly #given: EarlyStoppingArguments;
  readonly #sign: 1 | -1;
  #best: number | undefined;
  #bestEpoch = 0;
  #bestWeights: NdArray[] | undefined;
  #wait = 0;
  stopped_epoch = 0;

  constructor(
    ...args: Args<
      [
        monitor: string,
        min_delta: number,
        patience: number,
        verbose: number,
        mode: "auto" | "min" | "max",
        baseline: number | null,
      ],
      EarlyStoppingArguments
    >
  ) {
    super();
    this.#given = readEarlyStopping(args);
    const { mode, monitor } = this.#given;
    const larger = mode === "max" || (mode === "auto" && /acc|auc|precision|recall/.test(monitor));
    this.#sign = larger ? 1 : -1;
  }

  override on_train_begin(): void {
    this.#wait = 0;
    this.#best = undefined;
    this.#bestWeights = undefined;
    this.stopped_epoch = 0;
  }

  #better(value: number, than: number | null | undefined): boolean {
    return than === null || than === undefined || this.#sign * (value - than) > Math.abs(this.#given.min_delta);
  }

  override async on_epoch_end(epoch: number, logs: Logs = {}): Promise<void> {
    const { monitor, patience, baseline, restore_best_weights, start_from_epoch, verbose } = this.#given;
    const value = logs[monitor];
    if (value === undefined) {
      const expected = `one of ${Object.keys(logs).join(", ")}`;
      throw new ArgumentError({ op: "EarlyStopping", argument: "monitor", expected, given: monitor });
    }
    if (epoch < start_from_epoch) return;
    if (restore_best_weights) this.#bestWeights ??= await this.model.get_weights();
    this.#wait += 1;
    if (this.#better(value, this.#best)) {
      this.#best = value;
      this.#bestEpoch = epoch;
      if (restore_best_weights) this.#bestWeights = await this.model.get_weights();
      if (this.#better(value, baseline)) this.#wait = 0;
      return;
    }
    if (this.#wait < patience || epoch === 0) return;
    this.stopped_epoch = epoch;
    this.model.stop_training = true;
    if (verbose > 0) console.log(`Epoch ${epoch + 1}: early stopping`);
  }

  override on_train_end(): void {
    if (!this.#bestWeights) return;
    if (this.#given.verbose > 0)
      console.log(`Restoring model weights from the end of the best epoch: ${this.#bestEpoch + 1}.`);
    this.model.set_weights(this.#bestWeights);
  }
}

export const Callback = withoutNew(CallbackBase);
export type Callback = CallbackBase;
export const History = withoutNew(HistoryCallback);
export type History = HistoryCallback;
/** Said to make a CallbackBase, so that what programs return can be named. */
export const LambdaCallback = withoutNew(LambdaCallbackBase) as unknown as Makes<
  ConstructorParameters<typeof LambdaCallbackBase>,
  CallbackBase
>;
export const EarlyStopping = withoutNew(EarlyStoppingBase);
/** Said to make a CallbackBase, as LambdaCallback. */
export const LearningRateScheduler = withoutNew(LearningRateSchedulerBase) as unknown as Makes<
  ConstructorParameters<typeof LearningRateSchedulerBase>,
  CallbackBase
>;
export const ReduceLROnPlateau = withoutNew(ReduceLROnPlateauBase) as unknown as Makes<
  ConstructorParameters<typeof ReduceLROnPlateauBase>,
  CallbackBase
>;
export const TerminateOnNaN = withoutNew(TerminateOnNaNBase) as unknown as Makes<
  ConstructorParameters<typeof TerminateOnNaNBase>,
  CallbackBase
>;
