// keras.callbacks.
import { ArgumentError } from "@facet/autograd";
import { type Keywords, oneOf, parseArguments, show } from "./arguments.js";
import { withoutNew } from "./callable.js";
import type { NdArray } from "./ndarray.js";
import { CallbackBase, HistoryCallback, type Logs } from "./training/callback.js";

export type { BatchLogs, Logs } from "./training/callback.js";

type Hooks = {
  [K in keyof CallbackBase as K extends `on_${string}` ? K : never]: CallbackBase[K];
};

const HOOKS = [
  "on_train_begin",
  "on_train_end",
  "on_epoch_begin",
  "on_epoch_end",
  "on_train_batch_begin",
  "on_train_batch_end",
] as const;

/** A callback from functions. */
class LambdaCallbackBase extends CallbackBase {
  constructor(hooks: Partial<Pick<Hooks, (typeof HOOKS)[number]>> = {}) {
    super();
    for (const [name, hook] of Object.entries(hooks)) {
      const known = oneOf("LambdaCallback", "hook", name, HOOKS);
      if (typeof hook !== "function")
        throw new ArgumentError({ op: "LambdaCallback", argument: name, expected: "a function", given: show(hook) });
      Object.defineProperty(this, known, { value: hook });
    }
  }
}

interface EarlyStoppingArguments {
  monitor: string;
  min_delta: number;
  patience: number;
  verbose: number;
  mode: "auto" | "min" | "max";
  baseline: number;
  restore_best_weights: boolean;
  start_from_epoch: number;
}

/** Stops training when a value has not become better for `patience` epochs. */
class EarlyStoppingBase extends CallbackBase {
  readonly #given: Omit<EarlyStoppingArguments, "baseline"> & { baseline: number | null };
  readonly #sign: 1 | -1;
  #best: number | undefined;
  #bestEpoch = 0;
  #bestWeights: NdArray[] | undefined;
  #wait = 0;
  stopped_epoch = 0;

  constructor(...args: [monitor?: string | Keywords<EarlyStoppingArguments>, rest?: Keywords<EarlyStoppingArguments>]) {
    super();
    this.#given = parseArguments<Omit<EarlyStoppingArguments, "baseline"> & { baseline: number | null }>(
      "EarlyStopping",
      args,
      {
        parameters: {
          monitor: "val_loss",
          min_delta: 0,
          patience: 0,
          verbose: 0,
          mode: "auto",
          baseline: null,
          restore_best_weights: false,
          start_from_epoch: 0,
        },
      },
    );
    const mode = oneOf("EarlyStopping", "mode", this.#given.mode, ["auto", "min", "max"]);
    const larger = mode === "max" || (mode === "auto" && /acc|auc|precision|recall/.test(this.#given.monitor));
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
export const LambdaCallback = withoutNew(LambdaCallbackBase);
export const EarlyStopping = withoutNew(EarlyStoppingBase);
