// fit, evaluate and predict: batches, epochs, callbacks and progress around BatchStep.
import {
  ArgumentError,
  Captured,
  type Tensor as CoreTensor,
  device,
  foldIn,
  noGrad,
  permutation,
  scope,
} from "@facet/autograd";
import { oneOf, parseArguments, positiveInteger, required, show } from "../arguments.js";
import { nextKey } from "../config.js";
import type { Model } from "../models/model.js";
import { type HostArray, NdArray } from "../ndarray.js";
import { type Batches, repeatedBatches, StreamedBatches } from "./batches.js";
import { type BatchLogs, CallbackBase, HistoryCallback } from "./callback.js";
import { type ClassWeight, type DataSet, dataSet, type InputData, splitLast } from "./data.js";
import { ProgressBar, standardOutput } from "./progbar.js";
import { Recorder } from "./recorder.js";
import { BatchStep, explained, type TrainingModel } from "./step.js";

export type { TrainingModel } from "./step.js";

type Verbose = "auto" | 0 | 1 | 2;

export interface FitArguments {
  batch_size: number;
  epochs: number;
  verbose: Verbose;
  callbacks: readonly CallbackBase[] | CallbackBase;
  validation_split: number;
  validation_data: readonly [x: InputData, y: HostArray, sample_weight?: HostArray];
  shuffle: boolean;
  class_weight: ClassWeight;
  sample_weight: HostArray;
  initial_epoch: number;
  validation_batch_size: number;
}

/** Steps that may be under way on the device before the host waits: bounds what the driver keeps for them. */
const AHEAD = 8;

function verbosity(op: string, verbose: Verbose): number {
  return verbose === "auto" ? 1 : oneOf(op, "verbose", String(verbose), ["0", "1", "2"]) && Number(verbose);
}

function callbackList(callbacks: readonly CallbackBase[] | CallbackBase | null): CallbackBase[] {
  const list = callbacks === null ? [] : Array.isArray(callbacks) ? [...callbacks] : [callbacks as CallbackBase];
  for (const callback of list) {
    if (callback instanceof CallbackBase) continue;
    const expected = "objects of keras.callbacks.Callback";
    throw new ArgumentError({ op: "fit", argument: "callbacks", expected, given: show(callback) });
  }
  return list;
}

/** Means by name in the order Keras shows them: alphabetical. */
const sorted = (means: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(means).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Values that start a read when a callback asks for one. */
function batchLogs(recorder: Recorder): BatchLogs {
  const step = recorder.count - 1;
  const logs = Object.create(null) as Record<string, unknown>;
  for (const name of recorder.names) {
    Object.defineProperty(logs, name, {
      enumerable: true,
      get: async () => (await recorder.means(step + 1))[name],
    });
  }
  const facet = Object.create(null) as object;
  Object.defineProperty(facet, "batch_loss", {
    enumerable: true,
    get: async () => (await recorder.read()).loss?.[step],
  });
  return Object.assign(logs, { facet }) as unknown as BatchLogs;
}

/** Waits for the device now and then, so that the host does not run far ahead of it. */
class Pacer {
  #step = 0;
  #mark: Promise<void> | undefined;

  async step(): Promise<void> {
    this.#step += 1;
    if (this.#step % AHEAD !== 0) return;
    const before = this.#mark;
    const mark = device().finish();
    // The error is met where the mark is waited for.
    mark.catch(() => {});
    this.#mark = mark;
    await before;
  }
}

interface Pass {
  readonly batches: Batches;
  /** Samples in all. */
  readonly count: number;
  readonly batchSize: number;
  readonly training: boolean;
  readonly callbacks: readonly CallbackBase[];
  readonly bar: ProgressBar | undefined;
}

/** One pass over a data set. Resolves to the means and to the loss of every step. */
async function runPass(step: BatchStep, pass: Pass): Promise<{ means: Record<string, number>; losses: number[] }> {
  const { batches, count, batchSize, training, callbacks, bar } = pass;
  const steps = Math.ceil(count / batchSize);
  const recorder = new Recorder(step.names, steps);
  const pacer = new Pacer();
  const [begin, end] = training
    ? (["on_train_batch_begin", "on_train_batch_end"] as const)
    : (["on_test_batch_begin", "on_test_batch_end"] as const);
  try {
    for (let at = 0; at < steps; at++) {
      for (const callback of callbacks) await callback[begin](at);
      const start = at * batchSize;
      const stop = Math.min(start + batchSize, count);
      scope(() => recorder.record(step.run(batches, batches.feed(start, stop), training)));
      if (callbacks.length > 0) {
        const logs = batchLogs(recorder);
        for (const callback of callbacks) await callback[end](at, logs);
      }
      await pacer.step();
      bar?.update(at + 1, async () => sorted(await recorder.means()));
    }
    const losses = (await recorder.read()).loss as number[];
    return { means: sorted(await recorder.means()), losses };
  } finally {
    recorder.dispose();
  }
}

export async function runFit(model: TrainingModel, args: readonly unknown[]): Promise<HistoryCallback> {
  const given = parseArguments<{
    x: unknown;
    y: unknown;
    batch_size: number;
    epochs: number;
    verbose: Verbose;
    callbacks: CallbackBase[] | null;
    validation_split: number;
    validation_data: readonly unknown[] | null;
    shuffle: boolean;
    class_weight: ClassWeight | null;
    sample_weight: unknown;
    initial_epoch: number;
    validation_batch_size: number | null;
  }>("fit", args, {
    parameters: {
      x: required,
      y: required,
      batch_size: 32,
      epochs: 1,
      verbose: "auto",
      callbacks: null,
      validation_split: 0,
      validation_data: null,
      shuffle: true,
      class_weight: null,
      sample_weight: null,
      initial_epoch: 0,
      validation_batch_size: null,
    },
    unsupported: { steps_per_epoch: null, validation_steps: null, validation_freq: 1 },
  });
  const verbose = verbosity("fit", given.verbose);
  const batchSize = positiveInteger("fit", "batch_size", given.batch_size);
  const validationBatch = positiveInteger("fit", "validation_batch_size", given.validation_batch_size ?? batchSize);
  const epochs = positiveInteger("fit", "epochs", given.epochs);
  let train = dataSet("fit", given.x, given.y, given.sample_weight, given.class_weight);
  let validation: DataSet | undefined;
  if (given.validation_data !== null) {
    const [x, y, weights] = given.validation_data;
    validation = dataSet("fit", x, y, weights);
  } else if (given.validation_split !== 0) {
    ({ train, validation } = splitLast(train, given.validation_split));
  }
  const step = new BatchStep(model, "fit");
  step.prepare(train);
  if (validation) step.prepare(validation);
  model.reset_metrics();

  const history = new HistoryCallback();
  const callbacks = callbackList(given.callbacks);
  const steps = Math.ceil(train.count / batchSize);
  const keras = model as unknown as Model;
  for (const callback of [history, ...callbacks]) {
    callback.set_model(keras);
    callback.set_params({ epochs, steps, verbose });
  }
  keras.stop_training = false;
  keras.history = history;
  // Drawn whether or not it is used, so that shuffling changes no other draw.
  const shuffleKey = nextKey();
  const output = standardOutput();
  const trainBatches = repeatedBatches(train, step.inputShapes);
  const validationBatches = validation && repeatedBatches(validation, step.inputShapes);
  try {
    for (const callback of callbacks) await callback.on_train_begin({});
    let logs: Record<string, number> = {};
    for (let epoch = given.initial_epoch; epoch < epochs; epoch++) {
      for (const callback of callbacks) await callback.on_epoch_begin(epoch, {});
      if (verbose > 0) output.write(`Epoch ${epoch + 1}/${epochs}\n`);
      const bar = verbose > 0 ? new ProgressBar(steps, verbose, output) : undefined;
      if (given.shuffle) trainBatches.setOrder(permutation(foldIn(shuffleKey, epoch), train.count));
      const pass = { batches: trainBatches, count: train.count, batchSize, training: true, callbacks, bar };
      const trained = await runPass(step, pass);
      history.facet.batch_losses.push(...trained.losses);
      logs = trained.means;
      if (validation && validationBatches) {
        for (const callback of callbacks) await callback.on_test_begin({});
        const data = { batches: validationBatches, count: validation.count, batchSize: validationBatch };
        const { means } = await runPass(step, { ...data, training: false, callbacks, bar: undefined });
        for (const callback of callbacks) await callback.on_test_end(means);
        logs = {
          ...logs,
          ...Object.fromEntries(Object.entries(means).map(([name, value]) => [`val_${name}`, value])),
        };
      }
      await bar?.finish(logs);
      for (const callback of [history, ...callbacks]) await callback.on_epoch_end(epoch, logs);
      if (keras.stop_training) break;
    }
    for (const callback of callbacks) await callback.on_train_end(logs);
    return history;
  } finally {
    step.dispose();
    trainBatches.dispose();
    validationBatches?.dispose();
  }
}

export async function runEvaluate(
  model: TrainingModel,
  args: readonly unknown[],
): Promise<number | number[] | Record<string, number>> {
  const given = parseArguments<{
    x: unknown;
    y: unknown;
    batch_size: number;
    verbose: Verbose;
    sample_weight: unknown;
    callbacks: CallbackBase[] | null;
    return_dict: boolean;
  }>("evaluate", args, {
    parameters: {
      x: required,
      y: required,
      batch_size: 32,
      verbose: "auto",
      sample_weight: null,
      callbacks: null,
      return_dict: false,
    },
    unsupported: { steps: null },
  });
  const batchSize = positiveInteger("evaluate", "batch_size", given.batch_size);
  const verbose = verbosity("evaluate", given.verbose);
  const data = dataSet("evaluate", given.x, given.y, given.sample_weight);
  const step = new BatchStep(model, "evaluate");
  step.prepare(data);
  const callbacks = callbackList(given.callbacks);
  for (const callback of callbacks) callback.set_model(model as unknown as Model);
  for (const callback of callbacks) await callback.on_test_begin({});
  const steps = Math.ceil(data.count / batchSize);
  const bar = verbose > 0 ? new ProgressBar(steps, verbose, standardOutput()) : undefined;
  const pass = { batches: step.streamed(data), count: data.count, batchSize, training: false, callbacks, bar };
  const { means } = await runPass(step, pass).finally(() => step.dispose());
  await bar?.finish(means);
  for (const callback of callbacks) await callback.on_test_end(means);
  if (given.return_dict) return means;
  const values = step.names.map((name) => means[name] as number);
  return values.length === 1 ? (values[0] as number) : values;
}

export async function runPredict(model: TrainingModel, args: readonly unknown[]): Promise<NdArray | NdArray[]> {
  const given = parseArguments<{
    x: unknown;
    batch_size: number;
    verbose: Verbose;
    callbacks: CallbackBase[] | null;
  }>("predict", args, {
    parameters: { x: required, batch_size: 32, verbose: "auto", callbacks: null },
    unsupported: { steps: null },
  });
  const batchSize = positiveInteger("predict", "batch_size", given.batch_size);
  const verbose = verbosity("predict", given.verbose);
  const data = dataSet("predict", given.x, null, null);
  const callbacks = callbackList(given.callbacks);
  for (const callback of callbacks) callback.set_model(model as unknown as Model);
  for (const callback of callbacks) await callback.on_predict_begin({});
  const steps = Math.ceil(data.count / batchSize);
  const bar = verbose > 0 ? new ProgressBar(steps, verbose, standardOutput()) : undefined;
  const pacer = new Pacer();
  const batches = new StreamedBatches(
    data,
    model.inputs?.map(({ shape }) => shape),
  );
  const body = (feed: CoreTensor[]) => {
    const outputs = model.runAll(batches.batch(feed).x, false).map(({ core }) => core);
    return { outputs, rest: undefined };
  };
  const captured = new Captured<undefined>({ name: "predict", outputs: "shared" });
  const forward = (feed: CoreTensor[]): readonly CoreTensor[] =>
    (model.run_eagerly ? body(feed) : explained("predict", () => captured.run(feed, body))).outputs;
  const parts: Promise<NdArray>[][] = [];
  for (let at = 0; at < steps; at++) {
    const start = at * batchSize;
    const stop = Math.min(start + batchSize, data.count);
    parts.push(scope(() => noGrad(() => forward(batches.feed(start, stop)).map(read))));
    await pacer.step();
    bar?.update(at + 1, async () => ({}));
  }
  captured.dispose();
  const outputs: NdArray[] = [];
  for (let i = 0; i < (parts[0]?.length ?? 0); i++) {
    outputs.push(joined(await Promise.all(parts.map((part) => part[i] as Promise<NdArray>))));
  }
  await bar?.finish({});
  for (const callback of callbacks) await callback.on_predict_end({});
  return outputs.length === 1 ? (outputs[0] as NdArray) : outputs;
}

/** Starts a read; its error, if any, is met where the result is waited for. */
function read(core: CoreTensor): Promise<NdArray> {
  const { shape } = core;
  const result = core.data().then((data) => new NdArray(data as Float32Array, shape));
  result.catch(() => {});
  return result;
}

function joined(parts: readonly NdArray[]): NdArray {
  const [first] = parts as [NdArray];
  const data = new Float32Array(parts.reduce((total, part) => total + part.size, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.size;
  }
  return new NdArray(data, [parts.reduce((total, part) => total + part.length, 0), ...first.shape.slice(1)]);
}
