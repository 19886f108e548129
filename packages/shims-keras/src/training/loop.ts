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
import { any, bool, listOf, number, oneOf, only, show, signature } from "@facet/dialect";
import { nextKey } from "../config.js";
import { classWeights, positive, wholeNumber } from "../kinds.js";
import { packed, tensorList } from "../layers/inputs.js";
import type { Model } from "../models/model.js";
import { type HostArray, NdArray } from "../ndarray.js";
import type { Tensor } from "../tensor.js";
import { type Batches, repeatedBatches, StreamedBatches } from "./batches.js";
import { type BatchLogs, type CallbackBase, callbacksKind, HistoryCallback } from "./callback.js";
import { type ClassWeight, type DataSet, dataSet, type InputData, splitLast } from "./data.js";
import { ProgressBar, standardOutput } from "./progbar.js";
import { Recorder } from "./recorder.js";
import { BatchStep, explained } from "./step.js";

export type Verbose = "auto" | 0 | 1 | 2;

export interface FitArguments {
  x: InputData;
  y: HostArray | null;
  batch_size: number | null;
  epochs: number;
  verbose: Verbose;
  callbacks: readonly CallbackBase[] | CallbackBase | null;
  validation_split: number;
  validation_data: readonly [x: InputData, y: HostArray, sample_weight?: HostArray] | null;
  shuffle: boolean;
  class_weight: ClassWeight | null;
  sample_weight: HostArray | null;
  initial_epoch: number;
  validation_batch_size: number | null;
}

const verboseRule = oneOf("auto", 0, 1, 2).or("auto");
const readFit = signature("keras.Model.fit", {
  x: any.or(null),
  y: any.or(null),
  batch_size: positive.or(null),
  epochs: positive.or(1),
  verbose: verboseRule,
  callbacks: callbacksKind.or(null),
  validation_split: number.or(0),
  validation_data: listOf(any)
    .where("a list [x, y] or [x, y, sample_weight]", ({ length }) => length === 2 || length === 3)
    .or(null),
  shuffle: bool.or(true),
  class_weight: classWeights.or(null),
  sample_weight: any.or(null),
  initial_epoch: wholeNumber.or(0),
  steps_per_epoch: only(null),
  validation_steps: only(null),
  validation_batch_size: positive.or(null),
  validation_freq: only(1),
});
const readEvaluate = signature("keras.Model.evaluate", {
  x: any.or(null),
  y: any.or(null),
  batch_size: positive.or(null),
  verbose: verboseRule,
  sample_weight: any.or(null),
  steps: only(null),
  callbacks: callbacksKind.or(null),
  return_dict: bool.or(false),
});
const readPredict = signature("keras.Model.predict", {
  x: any,
  batch_size: positive.or(null),
  verbose: verboseRule,
  steps: only(null),
  callbacks: callbacksKind.or(null),
});

/** Samples in a batch, unless said. */
const BATCH_SIZE = 32;

/** Steps that may be under way on the device before the host waits: bounds what the driver keeps for them. */
const AHEAD = 8;

const verbosity = (verbose: Verbose): number => (verbose === "auto" ? 1 : verbose);

const callbackList = (callbacks: readonly CallbackBase[] | CallbackBase | null): readonly CallbackBase[] =>
  callbacks === null ? [] : Array.isArray(callbacks) ? callbacks : [callbacks as CallbackBase];

/** Makes the model and what is being done known to the callbacks. */
function introduce(callbacks: readonly CallbackBase[], model: Model, params: Readonly<Record<string, unknown>>): void {
  for (const callback of callbacks) {
    callback.set_model(model);
    callback.set_params(params);
  }
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
  /** Whether training is to end after the step. */
  readonly stopped?: () => boolean;
}

/** One pass over a data set. Resolves to the means, the loss first, and to the loss of every step. */
async function runPass(step: BatchStep, pass: Pass): Promise<{ means: Record<string, number>; losses: number[] }> {
  const { batches, count, batchSize, training, callbacks, bar } = pass;
  const steps = Math.ceil(count / batchSize);
  let recorder: Recorder | undefined;
  const pacer = new Pacer();
  const [begin, end] = training
    ? (["on_train_batch_begin", "on_train_batch_end"] as const)
    : (["on_test_batch_begin", "on_test_batch_end"] as const);
  try {
    for (let at = 0; at < steps; at++) {
      for (const callback of callbacks) await callback[begin](at, {});
      const start = at * batchSize;
      const stop = Math.min(start + batchSize, count);
      const now: Recorder = scope(() => {
        const found = step.run(batches, batches.feed(start, stop), training);
        recorder ??= new Recorder(
          found.map(({ name }) => name),
          steps,
        );
        recorder.record(found);
        return recorder;
      });
      if (callbacks.length > 0) {
        const logs = batchLogs(now);
        for (const callback of callbacks) await callback[end](at, logs);
      }
      await pacer.step();
      bar?.update(at + 1, async () => sorted(await now.means()));
      if (training && pass.stopped?.()) break;
    }
    const values = recorder as unknown as Recorder;
    const losses = (await values.read()).loss ?? [];
    return { means: await values.means(), losses };
  } finally {
    recorder?.dispose();
  }
}

export async function runFit(model: Model, args: readonly unknown[]): Promise<HistoryCallback> {
  const given = readFit(args);
  const verbose = verbosity(given.verbose);
  const batchSize = given.batch_size ?? BATCH_SIZE;
  const validationBatch = given.validation_batch_size ?? batchSize;
  const { epochs } = given;
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

  const history = new HistoryCallback();
  const callbacks = callbackList(given.callbacks);
  const steps = Math.ceil(train.count / batchSize);
  introduce([history, ...callbacks], model, { epochs, steps, verbose });
  model.stop_training = false;
  model.history = history;
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
      model.reset_metrics();
      const stopped = (): boolean => model.stop_training;
      const pass = { batches: trainBatches, count: train.count, batchSize, training: true, callbacks, bar, stopped };
      const trained = await runPass(step, pass);
      history.facet.batch_losses.push(...trained.losses);
      logs = sorted(trained.means);
      if (validation && validationBatches) {
        model.reset_metrics();
        for (const callback of callbacks) await callback.on_test_begin({});
        const data = { batches: validationBatches, count: validation.count, batchSize: validationBatch };
        const means = sorted((await runPass(step, { ...data, training: false, callbacks, bar: undefined })).means);
        for (const callback of callbacks) await callback.on_test_end(means);
        logs = {
          ...logs,
          ...Object.fromEntries(Object.entries(means).map(([name, value]) => [`val_${name}`, value])),
        };
      }
      await bar?.finish(logs);
      // The history comes last, as in Keras: it keeps what callbacks enter.
      for (const callback of [...callbacks, history]) await callback.on_epoch_end(epoch, logs);
      if (model.stop_training) break;
    }
    model.optimizer?.finalize_variable_values(model.trainable_weights);
    for (const callback of callbacks) await callback.on_train_end(logs);
    return history;
  } finally {
    step.dispose();
    trainBatches.dispose();
    validationBatches?.dispose();
  }
}

export async function runEvaluate(
  model: Model,
  args: readonly unknown[],
): Promise<number | number[] | Record<string, number>> {
  const given = readEvaluate(args);
  const batchSize = given.batch_size ?? BATCH_SIZE;
  const verbose = verbosity(given.verbose);
  const data = dataSet("evaluate", given.x, given.y, given.sample_weight);
  const step = new BatchStep(model, "evaluate");
  step.prepare(data);
  model.reset_metrics();
  const callbacks = callbackList(given.callbacks);
  const steps = Math.ceil(data.count / batchSize);
  introduce(callbacks, model, { epochs: 1, steps, verbose });
  for (const callback of callbacks) await callback.on_test_begin({});
  const bar = verbose > 0 ? new ProgressBar(steps, verbose, standardOutput()) : undefined;
  const pass = { batches: step.streamed(data), count: data.count, batchSize, training: false, callbacks, bar };
  const { means } = await runPass(step, pass).finally(() => step.dispose());
  const logs = sorted(means);
  await bar?.finish(logs);
  for (const callback of callbacks) await callback.on_test_end(logs);
  return given.return_dict ? logs : packed(Object.values(means));
}

export async function runPredict(model: Model, args: readonly unknown[]): Promise<NdArray | NdArray[]> {
  const given = readPredict(args);
  const batchSize = given.batch_size ?? BATCH_SIZE;
  const verbose = verbosity(given.verbose);
  const data = dataSet("predict", given.x, null, null);
  const callbacks = callbackList(given.callbacks);
  const steps = Math.ceil(data.count / batchSize);
  introduce(callbacks, model, { epochs: 1, steps, verbose });
  for (const callback of callbacks) await callback.on_predict_begin({});
  const bar = verbose > 0 ? new ProgressBar(steps, verbose, standardOutput()) : undefined;
  const pacer = new Pacer();
  const batches = new StreamedBatches(
    data,
    model.inputs?.map(({ shape }) => shape),
  );
  const body = (feed: CoreTensor[]) => {
    const { x } = batches.batch(feed);
    const found = model.customPrediction ? predictions(model.predict_step(packed(x))) : model.runAll(x, false);
    return { outputs: found.map(({ core }) => core), rest: undefined };
  };
  const captured = new Captured<undefined>({ name: "predict", outputs: "shared" });
  const forward = (feed: CoreTensor[]): readonly CoreTensor[] =>
    (model.run_eagerly ? body(feed) : explained("predict", () => captured.run(feed, body))).outputs;
  const parts: Promise<NdArray>[][] = [];
  for (let at = 0; at < steps; at++) {
    const start = at * batchSize;
    const stop = Math.min(start + batchSize, data.count);
    for (const callback of callbacks) await callback.on_predict_batch_begin(at, {});
    parts.push(scope(() => noGrad(() => forward(batches.feed(start, stop)).map(read))));
    for (const callback of callbacks) await callback.on_predict_batch_end(at, {});
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
  return packed(outputs);
}

/** What a `predict_step` of the program's own gave, as a list. */
function predictions(result: unknown): readonly Tensor[] {
  const list = tensorList(result);
  if (list) return list;
  const expected = "a Tensor or a list of them from it";
  throw new ArgumentError({ op: "predict", argument: "predict_step", expected, given: show(result) });
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
