import {
  ArgumentError,
  Captured,
  CaptureError,
  type Tensor as CoreTensor,
  div,
  formatShape,
  full,
  gradients,
  noGrad,
  releaseSaved,
  reshape,
  scope,
  sizeOf,
  sum,
  UnsupportedError,
} from "@facet/autograd";
import { isKeywords, show } from "@facet/dialect";
import { packed } from "../layers/inputs.js";
import * as losses from "../losses/index.js";
import { MeanMetric } from "../metrics/mean.js";
import type { Metric } from "../metrics/metric.js";
import type { StepData } from "../models/arguments.js";
import type { Model } from "../models/model.js";
import type { NdArray } from "../ndarray.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import { type Shape, Tensor } from "../tensor.js";
import { type Batch, type Batches, StreamedBatches } from "./batches.js";
import type { DataSet } from "./data.js";
import { combine, type Measured, type NamedMeasured } from "./recorder.js";

/** Values by name, as `train_step` returns them. */
export type StepLogs = Readonly<Record<string, Tensor | number>>;

/** How values in a step's logs were measured; others hold for all steps until now. */
export const measured = new WeakMap<Tensor, Measured>();

/** Refuses a model that was not compiled. */
export function uncompiled(op: string, { name }: Model): never {
  const expected = "compile({ optimizer, loss }) before it";
  throw new ArgumentError({ op, argument: `model "${name}"`, expected, given: "none" });
}

/** Backward and update: a step of the model's optimizer down the gradient of a loss. */
export function descend(model: Model, loss: CoreTensor): void {
  const weights = model.trainable_weights;
  if (weights.length === 0) return;
  const optimizer = model.optimizer as Optimizer;
  const found = gradients(
    optimizer.scale_loss(new Tensor(loss)).core,
    weights.map(({ core }) => core),
  );
  const pairs = weights.map((weight, i) => [found[i] ? new Tensor(found[i]) : null, weight] as const);
  optimizer.apply_gradients(pairs);
}

/** A loss that looked through the activation never walks back over it, so what it saved is freed here. */
export function releaseActivation(predicted: Tensor): void {
  if (predicted.activated) releaseSaved(predicted.core);
}

/**
 * Forward, loss, backward and update of one batch, traced once for each size of batch and replayed; the loss and the metrics
 * come back as device scalars.
 */
export class BatchStep {
  readonly #captured = new Captured<Omit<NamedMeasured, "value">[]>({ name: "keras", outputs: "shared" });
  readonly #model: Model;
  readonly #op: string;
  #metrics: readonly Metric[] = [];
  /** Shape of the predictions that targets are checked against. */
  #predicted: readonly number[] | undefined;

  constructor(model: Model, op: string) {
    if (!(model.loss || model.customStep) || !model.optimizer) uncompiled(op, model);
    this.#model = model;
    this.#op = op;
  }

  #forward(batch: Batch, training: boolean): { y: Tensor; predicted: Tensor } {
    const outputs = this.#model.runAll(batch.x, training);
    if (outputs.length > 1) {
      const expected = "a model of one output to train";
      throw new UnsupportedError({ op: this.#op, argument: "model", expected, given: `${outputs.length} outputs` });
    }
    return { y: batch.y as Tensor, predicted: outputs[0] as Tensor };
  }

  /**
   * Builds the model if it is not, finds the metrics for the shapes, and checks the targets. Costs one forward pass of one
   * sample. Throws ArgumentError on labels that are no class.
   */
  prepare(data: DataSet): void {
    const { y: targets } = data;
    if (!targets && !this.#model.customStep)
      throw new ArgumentError({ op: this.#op, argument: "y", expected: "targets", given: "none" });
    const shapes = scope(() =>
      noGrad(() => {
        const batches = this.streamed(data);
        const batch = batches.batch(batches.feed(0, 1));
        if (this.#model.customStep) {
          const outputs = this.#model.runAll(batch.x, false);
          return { y: batch.y?.shape, predicted: outputs.length === 1 ? outputs[0]?.shape : undefined };
        }
        const { y, predicted } = this.#forward(batch, false);
        return { y: y.shape, predicted: predicted.shape };
      }),
    );
    if (!shapes.y || !shapes.predicted) return;
    this.#metrics = this.#model.resolveMetrics(shapes.y, shapes.predicted);
    this.#predicted = shapes.predicted;
    this.check(data);
  }

  /** Checks targets once the step is prepared: those of a batch that came later. */
  check({ y }: DataSet): void {
    if (y && this.#predicted && !this.#model.customStep)
      checkTargets(this.#op, this.#model.loss as losses.Loss, y, this.#predicted);
  }

  /** Shapes of the model's inputs, once it is built. */
  get inputShapes(): readonly Shape[] | undefined {
    return this.#model.inputs?.map(({ shape }) => shape);
  }

  /** Batches of data that are gone through once. */
  streamed(data: DataSet): Batches {
    return new StreamedBatches(data, this.inputShapes);
  }

  /**
   * Forward, and in training backward and update, of the batch that a feed stands for. What was measured holds until the
   * next run. Throws CaptureError when a layer, loss or metric of the program's own looks at values.
   */
  run(batches: Batches, feed: readonly CoreTensor[], training: boolean): NamedMeasured[] {
    const { optimizer } = this.#model;
    if (training && optimizer && !optimizer.built) {
      const weights = this.#model.trainable_weights;
      // Its state must outlive a run of the step.
      if (weights.length > 0) optimizer.build(weights);
    }
    if (this.#model.run_eagerly) return this.#runEagerly(batches, feed, training);
    const body = (standIns: readonly CoreTensor[]) => {
      const found = this.#runEagerly(batches, standIns, training);
      return {
        outputs: found.map(({ value }) => value),
        rest: found.map(({ name, count, kind }) => ({ name, count, kind })),
      };
    };
    const { outputs, rest } = explained(this.#op, () =>
      this.#captured.run(feed, body, { key: `${batches.key} ${training}` }),
    );
    return rest.map((part, i) => ({ ...part, value: outputs[i] as CoreTensor }));
  }

  /** Frees the plans. */
  dispose(): void {
    this.#captured.dispose();
  }

  #runEagerly(batches: Batches, feed: readonly CoreTensor[], training: boolean): NamedMeasured[] {
    return scope(() => {
      const batch = batches.batch(feed);
      const step = this.#model.customStep ? () => this.#customStep(batch, training) : () => this.#step(batch, training);
      return training ? step() : noGrad(step);
    });
  }

  #step(batch: Batch, training: boolean): NamedMeasured[] {
    const loss = this.#model.loss as losses.Loss;
    const { y, predicted } = this.#forward(batch, training);
    const value = loss(y, predicted, batch.weights ?? null).core;
    if (training) descend(this.#model, value);
    releaseActivation(predicted);
    const metrics = noGrad(() =>
      this.#metrics.map((metric) => ({ name: metric.name, ...measurement(metric, y, predicted) })),
    );
    return [{ name: "loss", value, count: batch.count, kind: "mean" }, ...metrics];
  }

  /** The step of a class that has one of its own: its logs. */
  #customStep({ x, y, weights }: Batch, training: boolean): NamedMeasured[] {
    const hook = training ? "train_step" : "test_step";
    const data = [packed(x), ...(y ? [y] : []), ...(y && weights ? [weights] : [])] as const;
    const logs: unknown = this.#model[hook](data as unknown as StepData);
    if (!isKeywords(logs))
      throw new ArgumentError({
        op: hook,
        argument: "logs",
        expected: "an object of values by name",
        given: show(logs),
      });
    return Object.entries(logs).map(([name, value]): NamedMeasured => {
      if (value instanceof Tensor && value.core.size === 1)
        return { name, ...(measured.get(value) ?? { value: scalar(value.core), count: 1, kind: "last" }) };
      if (typeof value === "number") return { name, value: full([], value), count: 1, kind: "last" };
      const expected = "a Tensor of one element, or a number: values are read after the step";
      throw new ArgumentError({ op: hook, argument: name, expected, given: show(value) });
    });
  }

  /** Runs one batch from metrics that start anew; resolves to its values, the loss first. */
  async once(data: DataSet, training: boolean): Promise<Record<string, number>> {
    this.prepare(data);
    for (const metric of this.#model.metrics) metric.reset_state();
    const reads: Promise<[string, number]>[] = [];
    scope(() => {
      const batches = this.streamed(data);
      for (const { name, value, count, kind } of this.run(batches, batches.feed(0, data.count), training))
        reads.push(value.item().then((number) => [name, combine([number], [count], kind)]));
    });
    return Object.fromEntries(await Promise.all(reads));
  }
}

/** A metric's value for a batch, as logs show it. */
export function measure(metric: Metric, y: Tensor, predicted: Tensor): Tensor {
  const found = measurement(metric, y, predicted);
  const value = new Tensor(found.kind === "total" ? div(found.value, found.count) : found.value);
  measured.set(value, found);
  return value;
}

const scalar = (x: CoreTensor): CoreTensor => (x.rank === 0 ? x : reshape(x, []));

/** Totals rather than means: a count of hits is exact. A metric with a state of its own is updated and asked. */
function measurement(metric: Metric, y: Tensor, predicted: Tensor): Measured {
  if (metric instanceof MeanMetric && metric.isMean && !predicted._keras_mask) {
    const values = metric.call(y, predicted).core;
    return { value: sum(values), count: values.size, kind: "total" };
  }
  metric.update_state(y, predicted);
  const result: unknown = metric.result();
  if (result instanceof Tensor && result.core.size === 1) return { value: scalar(result.core), count: 1, kind: "last" };
  throw new ArgumentError({
    op: metric.name,
    argument: "result",
    expected: "a Tensor of one element from it",
    given: show(result),
  });
}

/** Says of a step that cannot be captured what to do about it. */
export function explained<R>(op: string, body: () => R): R {
  try {
    return body();
  } catch (cause) {
    if (!(cause instanceof CaptureError)) throw cause;
    const expected = `${cause.expected}; or compile({ run_eagerly: true })`;
    throw new CaptureError({ op, argument: "a layer, loss or metric", expected, given: `${cause.given}`, cause });
  }
}

/** Class indices are checked here, on the host: the kernels would see a wrong one only at the next read. */
function checkTargets(op: string, loss: losses.Loss, y: NdArray, predicted: readonly number[]): void {
  if (!(loss instanceof losses.SparseCategoricalCrossentropy)) return;
  const classes = predicted.at(-1) ?? 0;
  const size = sizeOf(y.shape.slice(1));
  const wanted = sizeOf(predicted.slice(1, -1));
  if (size !== wanted) {
    const expected = `class indices for predictions ${formatShape(predicted)}; one-hot rows need categorical_crossentropy`;
    throw new ArgumentError({ op, argument: "y", expected, given: formatShape(y.shape) });
  }
  for (let i = 0; i < y.data.length; i++) {
    const label = y.data[i] as number;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    if (loss.ignore_class !== null && label === loss.ignore_class) continue;
    const expected = `class indices from 0 to ${classes - 1}`;
    throw new ArgumentError({ op, argument: "y", expected, given: `${show(label)} at ${i}` });
  }
}
