// fit, evaluate and predict: batches, epochs, callbacks and progress around BatchStep.
import { ArgumentError, Captured, type Tensor as CoreTensor, device, type Key, noGrad, scope } from "@facet/autograd";
import { any, bool, int, Kind, listOf, number, oneOf, show, signature } from "@facet/dialect";
import { nextKey } from "../config.js";
import { classWeights, positive, wholeNumber } from "../kinds.js";
import { packed, tensorList } from "../layers/inputs.js";
import type { Model } from "../models/model.js";
import { type HostArray, NdArray } from "../ndarray.js";
import type { Shape, Tensor } from "../tensor.js";
import { repeatedBatches, StreamedBatches } from "./batches.js";
import { type BatchLogs, type CallbackBase, callbacksKind, HistoryCallback } from "./callback.js";
import { type ClassWeight, type DataSet, dataSet, type InputData, splitLast } from "./data.js";
import { ProgressBar, standardOutput } from "./progbar.js";
import { Recorder } from "./recorder.js";
import {
  ArrayReader,
  type BatchSource,
  batchReader,
  Epochs,
  type Fed,
  isBatchSource,
  type Reader,
  type SourceOptions,
  type TrainingData,
} from "./sources.js";
import { BatchStep, explained } from "./step.js";

export type Verbose = "auto" | 0 | 1 | 2;

export interface FitArguments {
  x: TrainingData;
  y: HostArray | null;
  batch_size: number | null;
  epochs: number;
  verbose: Verbose;
  callbacks: readonly CallbackBase[] | CallbackBase | null;
  validation_split: number;
  validation_data: ValidationData | null;
  shuffle: boolean;
  class_weight: ClassWeight | null;
  sample_weight: HostArray | null;
  initial_epoch: number;
  steps_per_epoch: number | null;
  validation_steps: number | null;
  validation_batch_size: number | null;
  validation_freq: number | readonly number[];
}
/** Arrays [x, y] or [x, y, sample_weight], or batches as `x` takes them. */
export type ValidationData = readonly [x: InputData, y: HostArray, sample_weight?: HostArray] | BatchSource;

const verboseRule = oneOf("auto", 0, 1, 2).or("auto");
const validationKind = new Kind<ValidationData>(
  "a list [x, y] or [x, y, sample_weight], or batches (a PyDataset, a generator)",
  (value) => (Array.isArray(value) ? value.length === 2 || value.length === 3 : isBatchSource(value)),
);
const readFit = signature("keras.Model.fit", {
  x: any.or(null),
  y: any.or(null),
  batch_size: positive.or(null),
  epochs: positive.or(1),
  verbose: verboseRule,
  callbacks: callbacksKind.or(null),
  validation_split: number.or(0),
  validation_data: validationKind.or(null),
  shuffle: bool.or(true),
  class_weight: classWeights.or(null),
  sample_weight: any.or(null),
  initial_epoch: wholeNumber.or(0),
  steps_per_epoch: positive.or(null),
  validation_steps: positive.or(null),
  validation_batch_size: positive.or(null),
  validation_freq: positive.either(listOf(int)).or(1),
});
const readEvaluate = signature("keras.Model.evaluate", {
  x: any.or(null),
  y: any.or(null),
  batch_size: positive.or(null),
  verbose: verboseRule,
  sample_weight: any.or(null),
  steps: positive.or(null),
  callbacks: callbacksKind.or(null),
  return_dict: bool.or(false),
});
const readPredict = signature("keras.Model.predict", {
  x: any,
  batch_size: positive.or(null),
  verbose: verboseRule,
  steps: positive.or(null),
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
  readonly epochs: Epochs;
  /** Which of them this is, from 0. */
  readonly epoch: number;
  readonly training: boolean;
  readonly callbacks: readonly CallbackBase[];
  readonly bar: ProgressBar | undefined;
  /** Whether training is to end after the step. */
  readonly stopped?: () => boolean;
}

/** Steps that a recorder has room for where nobody knows how many there will be. */
const ROOM = 128;

/** One pass over a data set. Resolves to the means, the loss first, and to the loss of every step. */
async function runPass(step: BatchStep, pass: Pass): Promise<{ means: Record<string, number>; losses: number[] }> {
  const { epochs, training, callbacks, bar } = pass;
  let recorder: Recorder | undefined;
  const pacer = new Pacer();
  const [begin, end] = training
    ? (["on_train_batch_begin", "on_train_batch_end"] as const)
    : (["on_test_batch_begin", "on_test_batch_end"] as const);
  let at = 0;
  try {
    for await (const { batches, feed, data } of epochs.epoch(pass.epoch)) {
      for (const callback of callbacks) await callback[begin](at, {});
      if (data) step.check(data);
      const now: Recorder = scope(() => {
        const found = step.run(batches, feed(), training);
        recorder ??= new Recorder(
          found.map(({ name }) => name),
          epochs.steps ?? ROOM,
        );
        recorder.record(found);
        return recorder;
      });
      if (callbacks.length > 0) {
        const logs = batchLogs(now);
        for (const callback of callbacks) await callback[end](at, logs);
      }
      await pacer.step();
      at += 1;
      bar?.update(at, async () => sorted(await now.means()));
      if (training && pass.stopped?.()) break;
    }
    if (!recorder) throw ranOut(training ? "fit" : "evaluate");
    const values = recorder as Recorder;
    const losses = (await values.read()).loss ?? [];
    return { means: await values.means(), losses };
  } finally {
    recorder?.dispose();
  }
}

/** Of an iterator that gives no batch to an epoch. */
function ranOut(op: string): ArgumentError {
  const expected =
    "a batch for every epoch: a generator function, or an object to be gone through, begins anew with each";
  return new ArgumentError({ op, argument: "x", expected, given: "a generator that has ended" });
}

/** Whether an epoch, from 0, is followed by validation. */
const validates = (epoch: number, every: number | readonly number[]): boolean =>
  typeof every === "number" ? (epoch + 1) % every === 0 : every.includes(epoch + 1);

/** Batches of a model's training or validation, and data of the first of them to prepare a step with. */
interface Opened {
  readonly first: DataSet;
  /** Once the step is prepared. */
  readonly reader: () => Reader;
}

export async function runFit(model: Model, args: readonly unknown[]): Promise<HistoryCallback> {
  const given = readFit(args) as FitArguments;
  const verbose = verbosity(given.verbose);
  const batchSize = given.batch_size ?? BATCH_SIZE;
  const { epochs, y, sample_weight, batch_size, class_weight } = given;
  let shuffleKey: Key | null = null;
  const shuffle = (): Key | null => (given.shuffle ? shuffleKey : null);
  const step = new BatchStep(model, "fit");
  const from = { op: "fit", shapes: () => step.inputShapes };
  const refused = { y, sample_weight, batch_size, validation_split: given.validation_split || null };
  const resident = (data: DataSet, size: number, key: () => Key | null): Opened => ({
    first: data,
    reader: () => new ArrayReader(repeatedBatches(data, step.inputShapes), data.count, size, key),
  });

  let train = await openBatches(given.x, { ...from, classWeight: class_weight, refused, shuffle });
  let validation: Opened | undefined;
  const [size, none] = [given.validation_batch_size ?? batchSize, () => null];
  if (!train) {
    let data = dataSet("fit", given.x, y, sample_weight, class_weight);
    if (given.validation_data === null && given.validation_split !== 0) {
      const parts = splitLast(data, given.validation_split);
      data = parts.train;
      validation = resident(parts.validation, size, none);
    }
    train = resident(data, batchSize, shuffle);
  }
  if (given.validation_data !== null) {
    const [x, targets, weights] = Array.isArray(given.validation_data) ? given.validation_data : [];
    const only = { validation_batch_size: given.validation_batch_size };
    validation =
      x === undefined
        ? await openBatches(given.validation_data, { ...from, classWeight: null, refused: only, shuffle: none })
        : resident(dataSet("fit", x, targets, weights), size, none);
  }
  step.prepare(train.first);
  if (validation) step.prepare(validation.first);

  // Drawn whether or not it is used, so that shuffling changes no other draw.
  shuffleKey = nextKey();
  const output = standardOutput();
  const training = new Epochs(train.reader(), given.steps_per_epoch);
  const validating = validation && new Epochs(validation.reader(), given.validation_steps);
  const history = new HistoryCallback();
  const callbacks = callbackList(given.callbacks);
  introduce([history, ...callbacks], model, { epochs, steps: training.steps, verbose });
  model.stop_training = false;
  model.history = history;
  try {
    await training.reset();
    for (const callback of callbacks) await callback.on_train_begin({});
    let logs: Record<string, number> = {};
    for (let epoch = given.initial_epoch; epoch < epochs; epoch++) {
      for (const callback of callbacks) await callback.on_epoch_begin(epoch, {});
      if (verbose > 0) output.write(`Epoch ${epoch + 1}/${epochs}\n`);
      const bar = verbose > 0 ? new ProgressBar(training.steps, verbose, output) : undefined;
      model.reset_metrics();
      const stopped = (): boolean => model.stop_training;
      const trained = await runPass(step, { epochs: training, epoch, training: true, callbacks, bar, stopped });
      history.facet.batch_losses.push(...trained.losses);
      logs = sorted(trained.means);
      if (validating && validates(epoch, given.validation_freq)) {
        model.reset_metrics();
        await validating.reset();
        for (const callback of callbacks) await callback.on_test_begin({});
        const pass = { epochs: validating, epoch, training: false, callbacks, bar: undefined };
        const means = sorted((await runPass(step, pass)).means);
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
    training.dispose();
    validating?.dispose();
  }
}

/** Batches that are no arrays; undefined for arrays. */
async function openBatches(x: unknown, options: SourceOptions): Promise<Opened | undefined> {
  const found = await batchReader(x, options);
  return found && { first: found.first, reader: () => found.reader };
}

export async function runEvaluate(
  model: Model,
  args: readonly unknown[],
): Promise<number | number[] | Record<string, number>> {
  const given = readEvaluate(args);
  const { x, y, sample_weight, batch_size } = given;
  const verbose = verbosity(given.verbose);
  const step = new BatchStep(model, "evaluate");
  const refused = { y, sample_weight, batch_size };
  const from = { op: "evaluate", shapes: () => step.inputShapes, classWeight: null, shuffle: () => null };
  const source = await batchReader(x, { ...from, refused });
  const data = source?.first ?? dataSet("evaluate", x, y, sample_weight);
  step.prepare(data);
  model.reset_metrics();
  const reader = source?.reader ?? new ArrayReader(step.streamed(data), data.count, batch_size ?? BATCH_SIZE);
  const epochs = new Epochs(reader, given.steps);
  const callbacks = callbackList(given.callbacks);
  introduce(callbacks, model, { epochs: 1, steps: epochs.steps, verbose });
  await epochs.reset();
  for (const callback of callbacks) await callback.on_test_begin({});
  const bar = verbose > 0 ? new ProgressBar(epochs.steps, verbose, standardOutput()) : undefined;
  const pass = { epochs, epoch: 0, training: false, callbacks, bar };
  const { means } = await runPass(step, pass).finally(() => step.dispose());
  const logs = sorted(means);
  await bar?.finish(logs);
  for (const callback of callbacks) await callback.on_test_end(logs);
  return given.return_dict ? logs : packed(Object.values(means));
}

export async function runPredict(model: Model, args: readonly unknown[]): Promise<NdArray | NdArray[]> {
  const given = readPredict(args);
  const { x, batch_size } = given;
  const verbose = verbosity(given.verbose);
  const shapes = (): readonly Shape[] | undefined => model.inputs?.map(({ shape }) => shape);
  const from = { op: "predict", shapes, classWeight: null, shuffle: () => null };
  const source = await batchReader(x, { ...from, refused: { batch_size } });
  const arrays = (): Reader => {
    const data = dataSet("predict", x, null, null);
    return new ArrayReader(new StreamedBatches(data, shapes()), data.count, batch_size ?? BATCH_SIZE);
  };
  const epochs = new Epochs(source?.reader ?? arrays(), given.steps);
  const callbacks = callbackList(given.callbacks);
  introduce(callbacks, model, { epochs: 1, steps: epochs.steps, verbose });
  await epochs.reset();
  for (const callback of callbacks) await callback.on_predict_begin({});
  const bar = verbose > 0 ? new ProgressBar(epochs.steps, verbose, standardOutput()) : undefined;
  const pacer = new Pacer();
  const captured = new Captured<undefined>({ name: "predict", outputs: "shared" });
  const forward = ({ batches, feed }: Fed): readonly CoreTensor[] => {
    const body = (standIns: readonly CoreTensor[]) => {
      const batch = batches.batch(standIns);
      const found = model.customPrediction
        ? predictions(model.predict_step(packed(batch.x)))
        : model.runAll(batch.x, false);
      return { outputs: found.map(({ core }) => core), rest: undefined };
    };
    if (model.run_eagerly) return body(feed()).outputs;
    return explained("predict", () => captured.run(feed(), body, { key: batches.key })).outputs;
  };
  const parts: Promise<NdArray>[][] = [];
  try {
    for await (const next of epochs.epoch(0)) {
      const at = parts.length;
      for (const callback of callbacks) await callback.on_predict_batch_begin(at, {});
      parts.push(scope(() => noGrad(() => forward(next).map(read))));
      for (const callback of callbacks) await callback.on_predict_batch_end(at, {});
      await pacer.step();
      bar?.update(at + 1, async () => ({}));
    }
  } finally {
    captured.dispose();
  }
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
