// keras.Model: a graph of placeholders, or the base of the program's own.
import { ArgumentError, guard, noGrad, scope } from "@facet/autograd";
import { type Args, show } from "@facet/dialect";
import { refuseHooks, withoutNew } from "../callable.js";
import { automaticName } from "../config.js";
import type { LayerInput } from "../layers/arguments.js";
import { expectShape, isShapes, listed, packed } from "../layers/inputs.js";
import { Layer } from "../layers/layer.js";
import * as losses from "../losses/index.js";
import { Metric, type MetricArgument, resolve as resolveMetric } from "../metrics/index.js";
import type { HostArray } from "../ndarray.js";
import { infer, type Spec } from "../operation.js";
import * as optimizers from "../optimizers/index.js";
import { type SummaryOptions, summaryText } from "../summary.js";
import { KerasTensor, type Operation, type Shape, type Tensor, type TensorLike } from "../tensor.js";
import type { HistoryCallback } from "../training/callback.js";
import { type ClassWeight, checkInputs, dataSet, type InputData } from "../training/data.js";
import { type FitArguments, runEvaluate, runFit, runPredict, type Verbose } from "../training/loop.js";
import { standardOutput } from "../training/progbar.js";
import type { TrainingData } from "../training/sources.js";
import { BatchStep, type StepLogs } from "../training/step.js";
import {
  type CompileArguments,
  type EvaluateArguments,
  type FunctionalArguments,
  type OnBatchArguments,
  type OnBatchResult,
  type PredictArguments,
  readBuild,
  readCompile,
  readGetLayer,
  readModel,
  readPredictOnBatch,
  readResetMetrics,
  readSummary,
  readTestOnBatch,
  readTrainOnBatch,
  type StepData,
  UNSUPPORTED_HOOKS,
} from "./arguments.js";
import { findGraph, type Graph, runGraph } from "./graph.js";
import { computeLoss, computeMetrics, predictStep, testStep, trainStep } from "./steps.js";

/**
 * `keras.Model({ inputs, outputs })`: a model from placeholders; or the base of a class with `call(x, { training })`.
 * Everything that reads values is asynchronous: fit, evaluate, predict, train_on_batch, get_weights.
 *
 * A class may override `train_step(data)`, `test_step(data)`, `predict_step(data)`, `compute_loss(x, y, y_pred, sample_weight,
 * { training })` and `compute_metrics(x, y, y_pred, { sample_weight })`, written in ops: they are called in every step as Keras
 * does, and traced with it.
 */
export class ModelBase extends Layer {
  static override readonly className: string = "Model";
  #graph: Graph | undefined;
  optimizer: optimizers.Optimizer | undefined;
  loss: losses.Loss | undefined;
  /** Metrics as given to compile; resolved when the first batch shows their shapes. */
  #metricArguments: readonly MetricArgument[] = [];
  #metrics: readonly Metric[] | undefined;
  run_eagerly = false;
  /** Set to true, by a callback for example, to end training after the epoch. */
  stop_training = false;
  history: HistoryCallback | undefined;
  #onBatch: BatchStep | undefined;

  constructor(
    ...args: Args<
      [inputs: LayerInput<KerasTensor> | null, outputs: LayerInput<KerasTensor> | null, name: string | null],
      FunctionalArguments
    >
  ) {
    const { inputs, outputs, name, trainable } = readModel(args);
    if ((inputs === null) !== (outputs === null)) {
      const [argument, expected] = [inputs === null ? "inputs" : "outputs", "both inputs and outputs, or neither"];
      throw new ArgumentError({ op: "Model", argument, expected, given: "none" });
    }
    if (inputs !== null)
      for (const [argument, given] of Object.entries({ inputs, outputs })) expectPlaceholders(argument, given);
    const functional = inputs !== null && new.target === ModelBase;
    super({ name: name ?? (functional ? automaticName("Functional") : null), trainable });
    refuseHooks(this, this.className, UNSUPPORTED_HOOKS);
    if (inputs !== null)
      this.setGraph(listed(inputs as LayerInput<KerasTensor>), listed(outputs as LayerInput<KerasTensor>));
  }

  protected setGraph(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): void {
    this.#graph = findGraph(inputs, outputs);
    this.built = true;
  }

  /** The graph of a functional or built sequential model. */
  get graph(): Graph | undefined {
    return this.#graph;
  }

  override get className(): string {
    return this.constructor === ModelBase ? "Functional" : super.className;
  }

  get isSequential(): boolean {
    return false;
  }

  protected override get inner(): readonly Layer[] {
    return this.#graph ? this.#graph.layers : super.inner;
  }

  get layers(): readonly Layer[] {
    return this.inner;
  }

  /** Layers and functions of placeholders that the summary lists. */
  get summaryLayers(): readonly (Layer | Operation)[] {
    return this.isSequential ? this.layers : (this.#graph?.operations ?? this.layers);
  }

  get inputs(): readonly KerasTensor[] | undefined {
    return this.#graph?.inputs;
  }

  get outputs(): readonly KerasTensor[] | undefined {
    return this.#graph?.outputs;
  }

  get input(): KerasTensor | undefined {
    return this.#graph?.inputs[0];
  }

  /** The placeholder that the model computes: the first of its outputs. */
  override get output(): KerasTensor {
    return this.#graph?.outputs[0] ?? super.output;
  }

  get input_shape(): Shape | undefined {
    return this.#graph?.inputs[0]?.shape;
  }

  get output_shape(): Shape | undefined {
    return this.#graph?.outputs[0]?.shape;
  }

  /** A layer by name or by index. */
  get_layer(
    ...args: Args<[name: string | null, index: number | null], { name: string | null; index: number | null }>
  ): Layer {
    const { name, index } = readGetLayer(args);
    const found = index !== null ? this.layers.at(index) : this.layers.find((layer) => layer.name === name);
    if (found) return found;
    const expected = `one of ${this.layers.map((layer) => layer.name).join(", ")}`;
    throw new ArgumentError({ op: "get_layer", argument: "name", expected, given: show(name ?? index) });
  }

  /** Subclasses compute here; a functional model runs its graph. */
  // biome-ignore lint/suspicious/noExplicitAny: as in Layer.
  override call(...args: any[]): any {
    const [inputs, context] = args as [LayerInput<Tensor>, { training: boolean }];
    if (!this.#graph) return super.call();
    return packed(this.runAll(listed<Tensor>(inputs), context.training));
  }

  /** All outputs, for inputs on the device. */
  runAll(inputs: readonly Tensor[], training: boolean): readonly Tensor[] {
    const graph = this.#graph;
    guard(() => this.#graph === graph);
    if (!graph || this.call !== ModelBase.prototype.call) {
      const result = listed(this.run([packed(inputs)], training));
      this.built = true;
      return result;
    }
    checkInputs(
      this.name,
      inputs.map(({ shape }) => shape),
      graph.inputs.map(({ shape }) => shape),
    );
    return scope(() => runGraph(graph, inputs, training));
  }

  /** Makes the weights of all layers for inputs of a shape, the batch with it. */
  override build(...args: [inputShape: Shape | readonly Shape[]]): void {
    const { input_shape } = readBuild(args);
    if (this.#graph) return;
    for (const each of isShapes(input_shape) ? input_shape : [input_shape]) expectShape(this.className, each);
    this.compute_output_shape(input_shape as Shape);
    this.built = true;
  }

  /** A class of the program's own is built by its first call, unless it says in `build` how. */
  override ensureBuilt(inputShape: Shape | readonly Shape[]): void {
    if (this.build !== ModelBase.prototype.build) super.ensureBuilt(inputShape);
  }

  override compute_output_shape(inputShape: Shape): Shape {
    if (!this.#graph) return super.compute_output_shape(inputShape);
    return (this.#outputSpecs(inputShape)[0] as Spec).shape;
  }

  #outputSpecs(inputShape: Shape): Spec[] {
    expectShape(this.className, inputShape);
    const batch = inputShape[0] ?? null;
    return (this.#graph as Graph).outputs.map(({ shape, dtype }) => ({
      shape: shape[0] === null ? [batch, ...shape.slice(1)] : shape,
      dtype,
    }));
  }

  protected override specs(
    args: readonly unknown[],
    keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    first: KerasTensor,
  ): readonly Spec[] {
    if (this.#graph) return this.#outputSpecs(first.shape);
    const overridden = this.compute_output_shape !== ModelBase.prototype.compute_output_shape;
    const found = overridden
      ? super.specs(args, keywords, shapes, first)
      : infer(args, (given) => listed(this.run(given, keywords.training === true, keywords)));
    this.built = true;
    return found;
  }

  /** Sets optimizer, loss and metrics, by name or object. */
  compile(
    ...args: Args<[optimizer: optimizers.OptimizerArgument, loss: losses.LossArgument | null], CompileArguments>
  ): void {
    const given = readCompile(args);
    // Again, since fields of a class are there only now.
    refuseHooks(this, this.className, UNSUPPORTED_HOOKS);
    const loss = given.loss === null ? undefined : losses.resolve(given.loss, "compile", "loss");
    if (loss?.reduction === "none") {
      const expected = 'a loss with a reduction other than "none"';
      throw new ArgumentError({ op: "compile", argument: "loss", expected, given: `${loss.name} without one` });
    }
    this.optimizer = optimizers.resolve(given.optimizer, "compile", "optimizer");
    this.loss = loss;
    this.#metricArguments = given.metrics ?? [];
    this.#metrics = undefined;
    this.run_eagerly = given.run_eagerly;
    this.#onBatch?.dispose();
    this.#onBatch = undefined;
  }

  get compiled(): boolean {
    return this.optimizer !== undefined;
  }

  /**
   * The metrics of compile, once data has shown which they are, and those among the model's attributes. A class may give those
   * that its own steps measure.
   */
  get metrics(): readonly Metric[] {
    const own = Object.values(this)
      .flat()
      .filter((value): value is Metric => value instanceof Metric);
    return [...new Set([...(this.#metrics ?? []), ...own])];
  }

  /** Finds the metrics for targets and predictions of these shapes. */
  resolveMetrics(yTrue: readonly number[], yPred: readonly number[]): readonly Metric[] {
    this.#metrics ??= this.#metricArguments.map((metric) => resolveMetric(metric, yTrue, yPred));
    return this.#metrics;
  }

  /** Whether a class gives steps, losses or metrics of its own. */
  get customStep(): boolean {
    const base = ModelBase.prototype;
    return (
      this.train_step !== base.train_step ||
      this.test_step !== base.test_step ||
      this.compute_loss !== base.compute_loss ||
      this.compute_metrics !== base.compute_metrics
    );
  }

  get customPrediction(): boolean {
    return this.predict_step !== ModelBase.prototype.predict_step;
  }

  /** One step of training: forward, loss, backward, update. Returns the values that logs show, by name. */
  train_step(...args: [data: StepData]): StepLogs {
    return trainStep(this, args);
  }

  /** One step of evaluation. */
  test_step(...args: [data: StepData]): StepLogs {
    return testStep(this, args);
  }

  /** Predictions for a batch of inputs. */
  predict_step(...args: [data: LayerInput<Tensor>]): LayerInput<Tensor> {
    return predictStep(this, args);
  }

  /** The loss of a batch: that of `compile`, of targets, predictions and weights. */
  compute_loss(
    ...args: readonly [
      x?: LayerInput<Tensor> | null,
      y?: TensorLike | null,
      y_pred?: LayerInput<Tensor> | null,
      sample_weight?: TensorLike | null,
      training?: boolean | { training: boolean },
    ]
  ): Tensor {
    return computeLoss(this, args);
  }

  /** Values of the metrics of `compile` for a batch, by name. */
  compute_metrics(
    ...args: readonly [
      x: LayerInput<Tensor>,
      y: TensorLike | null,
      y_pred: LayerInput<Tensor>,
      sample_weight?: TensorLike | null | { sample_weight: TensorLike | null },
    ]
  ): StepLogs {
    return computeMetrics(this, args);
  }

  /**
   * Trains for `epochs` passes over x and y. Defaults: batch_size 32, epochs 1, verbose "auto" (1), shuffle true;
   * validation_split takes the last samples, before shuffling. `x` may be batches [x, y] or [x, y, sample_weight]: a
   * keras.utils.PyDataset, a generator (which goes on from epoch to epoch), or a generator function or an iterable (which begin
   * anew with each), asynchronous or not. Resolves to the History.
   */
  fit(
    ...args: Args<
      [x: TrainingData, y: HostArray | null, batch_size: number | null, epochs: number, verbose: Verbose],
      FitArguments
    >
  ): Promise<HistoryCallback> {
    return runFit(this, args);
  }

  /** Loss (and metrics) over x and y: a number, or a list [loss, ...metrics], or with return_dict an object. */
  evaluate(
    ...args: Args<
      [
        x: TrainingData,
        y: HostArray | null,
        batch_size: number | null,
        verbose: Verbose,
        sample_weight: HostArray | null,
      ],
      EvaluateArguments
    >
    // biome-ignore lint/suspicious/noExplicitAny: as in Keras, the kind of result depends on what was compiled and asked for.
  ): Promise<any> {
    return runEvaluate(this, args);
  }

  /** Outputs for x, on the host: one array, or a list for a model of several outputs. Default batch_size 32. */
  predict(
    ...args: Args<[x: TrainingData, batch_size: number | null, verbose: Verbose], PredictArguments>
    // biome-ignore lint/suspicious/noExplicitAny: one array or a list of them.
  ): Promise<any> {
    return runPredict(this, args);
  }

  /** One step on one batch; resolves to loss and metrics of this batch. */
  async train_on_batch(
    ...args: Args<
      [x: InputData, y: HostArray | null, sample_weight: HostArray | null, class_weight: ClassWeight | null],
      OnBatchArguments
    >
  ): OnBatchResult {
    const given = readTrainOnBatch(args) as OnBatchArguments;
    return this.#oneBatch("train_on_batch", given);
  }

  /** Loss and metrics of one batch, without training. */
  async test_on_batch(
    ...args: Args<
      [x: InputData, y: HostArray | null, sample_weight: HostArray | null],
      Omit<OnBatchArguments, "class_weight">
    >
  ): OnBatchResult {
    const given = readTestOnBatch(args) as OnBatchArguments;
    return this.#oneBatch("test_on_batch", { ...given, class_weight: null });
  }

  async #oneBatch(op: "train_on_batch" | "test_on_batch", given: OnBatchArguments): OnBatchResult {
    const data = dataSet(op, given.x, given.y, given.sample_weight, given.class_weight);
    this.#onBatch ??= new BatchStep(this, op);
    const values = await this.#onBatch.once(data, op === "train_on_batch");
    if (given.return_dict) return values;
    return packed(Object.values(values));
  }

  /** Outputs for one batch, on the host: one array, or a list for a model of several outputs. */
  // biome-ignore lint/suspicious/noExplicitAny: one array or a list of them.
  async predict_on_batch(...args: [x: InputData | { x: InputData }]): Promise<any> {
    const { x: inputs } = dataSet("predict_on_batch", readPredictOnBatch(args).x, null, null);
    const outputs = listed(noGrad(() => this(packed(inputs))) as LayerInput<Tensor>);
    const values = await Promise.all(outputs.map((output) => output.numpy()));
    for (const output of outputs) output.core.dispose();
    return packed(values);
  }

  /** Starts metrics that keep a state anew, and frees what train_on_batch and test_on_batch hold on the device. */
  reset_metrics(...args: []): void {
    readResetMetrics(args);
    this.#onBatch?.dispose();
    this.#onBatch = undefined;
    for (const metric of this.metrics) metric.reset_state();
  }

  /** Prints the layers, their shapes and parameters. */
  summary(
    ...args: Args<
      [line_length: number | null, positions: readonly number[] | null, print_fn: ((text: string) => void) | null],
      SummaryOptions
    >
  ): void {
    const given = readSummary(args) as SummaryOptions;
    if (!this.built) {
      const expected = "a built model: call it on data, fit it, or begin it with keras.Input";
      throw new ArgumentError({ op: "summary", argument: `model "${this.name}"`, expected, given: "an unbuilt one" });
    }
    const output = standardOutput();
    const text = summaryText(this, output.columns, given);
    if (given.print_fn) given.print_fn(text);
    else output.write(text);
  }
}

export const Model = withoutNew(ModelBase);
export type Model = ModelBase;

function expectPlaceholders(argument: string, given: unknown): void {
  const list = Array.isArray(given) ? given : [given];
  const wrong = list.find((tensor) => !(tensor instanceof KerasTensor));
  if (list.length > 0 && wrong === undefined) return;
  const expected = "placeholders made by keras.Input and layers";
  throw new ArgumentError({ op: "Model", argument, expected, given: show(list.length === 0 ? given : wrong) });
}
