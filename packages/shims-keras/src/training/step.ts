import {
  ArgumentError,
  Captured,
  CaptureError,
  type Tensor as CoreTensor,
  formatShape,
  gradients,
  noGrad,
  releaseNode,
  scope,
  sum,
  UnsupportedError,
} from "@facet/autograd";
import { show } from "../arguments.js";
import * as losses from "../losses.js";
import { get as getMetric, type Metric, type MetricArgument } from "../metrics.js";
import type { NdArray } from "../ndarray.js";
import type { Optimizer } from "../optimizers.js";
import type { Shape, Tensor } from "../tensor.js";
import type { Variable } from "../variable.js";
import { type Batch, type Batches, StreamedBatches } from "./batches.js";
import type { DataSet } from "./data.js";
import { combine, type Measured } from "./recorder.js";

/** What training needs of a model. */
export interface TrainingModel {
  readonly name: string;
  readonly built: boolean;
  readonly optimizer: Optimizer | undefined;
  readonly loss: losses.Loss | undefined;
  readonly metricArguments: readonly MetricArgument[];
  /** Set by compile: steps run op by op instead of as a replayed plan. */
  readonly run_eagerly: boolean;
  readonly trainable_weights: readonly Variable[];
  readonly inputs: readonly { readonly shape: Shape }[] | undefined;
  runAll(inputs: readonly Tensor[], training: boolean): Tensor[];
  reset_metrics(): void;
}

/**
 * Forward, loss, backward and update of one batch, traced once for each size of batch and replayed; the loss and the metrics
 * come back as device scalars.
 */
export class BatchStep {
  readonly #captured = new Captured<Omit<Measured, "value">[]>({ name: "keras", outputs: "shared" });
  readonly #model: TrainingModel;
  readonly #op: string;
  #metrics: readonly Metric[] | undefined;
  /** What train_on_batch measured so far, by name. */
  readonly #running = new Map<string, { values: number[]; counts: number[]; kind: Measured["kind"] }>();

  constructor(model: TrainingModel, op: string) {
    if (!model.loss || !model.optimizer) {
      const expected = "compile({ optimizer, loss }) before it";
      throw new ArgumentError({ op, argument: `model "${model.name}"`, expected, given: "none" });
    }
    this.#model = model;
    this.#op = op;
  }

  /** `loss` and the metrics' names, in the order of the values. */
  get names(): readonly string[] {
    return ["loss", ...(this.#metrics ?? []).map(({ name }) => name)];
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
    if (!data.y) throw new ArgumentError({ op: this.#op, argument: "y", expected: "targets", given: "none" });
    const shapes = scope(() =>
      noGrad(() => {
        const batches = this.streamed(data);
        const { y, predicted } = this.#forward(batches.batch(batches.feed(0, 1)), false);
        return { y: y.shape, predicted: predicted.shape };
      }),
    );
    this.#metrics ??= this.#model.metricArguments.map((metric) => getMetric(metric, shapes.y, shapes.predicted));
    checkTargets(this.#op, this.#model.loss as losses.Loss, data.y, shapes.predicted);
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
  run(batches: Batches, feed: readonly CoreTensor[], training: boolean): Measured[] {
    const weights = this.#model.trainable_weights;
    // Moves the weights to where the optimizer keeps them, which a trace could not follow.
    if (training && weights.length > 0) this.#model.optimizer?.build(weights);
    if (this.#model.run_eagerly) return this.#runEagerly(batches, feed, training);
    const body = (standIns: readonly CoreTensor[]) => {
      const measured = this.#runEagerly(batches, standIns, training);
      return {
        outputs: measured.map(({ value }) => value),
        rest: measured.map(({ count, kind }) => ({ count, kind })),
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

  #runEagerly(batches: Batches, feed: readonly CoreTensor[], training: boolean): Measured[] {
    const loss = this.#model.loss as losses.Loss;
    return scope(() => {
      const batch = batches.batch(feed);
      const forward = (): Measured[] => {
        const { y, predicted } = this.#forward(batch, training);
        const value = loss(y, predicted, batch.weights).core;
        if (training) this.#update(value);
        // A loss that looked through the activation never walks back over it, so what it saved is freed here.
        if (predicted.activated && predicted.core.node) releaseNode(predicted.core.node);
        return [{ value, count: batch.count, kind: "mean" }, ...noGrad(() => this.#measure(y, predicted))];
      };
      return training ? forward() : noGrad(forward);
    });
  }

  #update(loss: CoreTensor): void {
    const optimizer = this.#model.optimizer as Optimizer;
    const weights = this.#model.trainable_weights;
    if (weights.length === 0) return;
    optimizer.update(
      gradients(
        loss,
        weights.map(({ core }) => core),
      ),
    );
  }

  /** Totals rather than means: a count of hits is exact. */
  #measure(y: Tensor, predicted: Tensor): Measured[] {
    return (this.#metrics ?? []).map((metric) => {
      const values = metric.call(y, predicted).core;
      return { value: sum(values), count: values.size, kind: "total" };
    });
  }

  /** Runs a batch and resolves to the running means since this object was made. */
  async accumulate(data: DataSet, training: boolean): Promise<Record<string, number>> {
    this.prepare(data);
    const reads: Promise<void>[] = [];
    scope(() => {
      const batches = this.streamed(data);
      const measured = this.run(batches, batches.feed(0, data.count), training);
      for (const [i, { value, count, kind }] of measured.entries()) {
        const name = this.names[i] as string;
        const running = this.#running.get(name) ?? { values: [], counts: [], kind };
        this.#running.set(name, running);
        reads.push(
          value.item().then((number) => {
            running.values.push(number);
            running.counts.push(count);
          }),
        );
      }
    });
    await Promise.all(reads);
    return Object.fromEntries(
      [...this.#running].map(([name, { values, counts, kind }]) => [name, combine(values, counts, kind)]),
    );
  }
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
  const size = y.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const wanted = predicted.slice(1, -1).reduce((product, extent) => product * extent, 1);
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
