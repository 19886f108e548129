import { Kind, oneOrMore, signature } from "@facet/dialect";
import type { Model } from "../models/model.js";

/** Means of an epoch by name: loss, metrics, and those of validation with `val_` before. */
export type Logs = Readonly<Record<string, number>>;

/**
 * What hooks of a batch get. Keras passes numbers, which would make every step wait for the device; here each value is a
 * promise that starts a read when it is asked for: `await logs.loss` is the mean over the epoch until this batch.
 * `facet.batch_loss` is the loss of this batch alone.
 */
export type BatchLogs = { readonly [name: string]: Promise<number> } & {
  readonly facet: { readonly batch_loss: Promise<number> };
};

type Result = void | Promise<void>;

const readCallback = signature("keras.callbacks.Callback", {});
const readHistory = signature("keras.callbacks.History", {});

/** `keras.callbacks.Callback`. Hooks may be asynchronous: training waits for them. */
export class CallbackBase {
  /** The model being trained. */
  model!: Model;
  /** What fit was asked for: epochs, steps, verbose. */
  params: Readonly<Record<string, unknown>> = {};

  constructor(...args: []) {
    readCallback(args);
  }

  set_model(model: Model): void {
    this.model = model;
  }

  set_params(params: Readonly<Record<string, unknown>>): void {
    this.params = params;
  }

  on_train_begin(_logs?: Logs): Result {}
  on_train_end(_logs?: Logs): Result {}
  on_epoch_begin(_epoch: number, _logs?: Logs): Result {}
  on_epoch_end(_epoch: number, _logs?: Logs): Result {}
  /** The older name of on_train_batch_begin, which calls it. */
  on_batch_begin(_batch: number, _logs?: BatchLogs): Result {}
  /** The older name of on_train_batch_end, which calls it. */
  on_batch_end(_batch: number, _logs?: BatchLogs): Result {}
  on_train_batch_begin(batch: number, logs?: Logs): Result {
    return this.on_batch_begin(batch, logs as unknown as BatchLogs);
  }
  on_train_batch_end(batch: number, logs?: BatchLogs): Result {
    return this.on_batch_end(batch, logs);
  }
  on_test_begin(_logs?: Logs): Result {}
  on_test_end(_logs?: Logs): Result {}
  on_test_batch_begin(_batch: number, _logs?: Logs): Result {}
  on_test_batch_end(_batch: number, _logs?: BatchLogs): Result {}
  on_predict_begin(_logs?: Logs): Result {}
  on_predict_end(_logs?: Logs): Result {}
  on_predict_batch_begin(_batch: number, _logs?: Logs): Result {}
  on_predict_batch_end(_batch: number, _logs?: Logs): Result {}
}

/** A callback, or a list of them. */
export const callbacksKind = oneOrMore(
  new Kind<CallbackBase>("an object of keras.callbacks.Callback", (value) => value instanceof CallbackBase),
);

/** What `fit` returns: means of every epoch by name, in `history`. */
export class HistoryCallback extends CallbackBase {
  epoch: number[] = [];
  history: Record<string, number[]> = {};
  /** What Keras has not: the loss of every step, in order. */
  readonly facet: { batch_losses: number[] } = { batch_losses: [] };

  constructor(...args: []) {
    super();
    readHistory(args);
  }

  override on_epoch_end(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      this.history[name].push(value);
    }
  }
}
