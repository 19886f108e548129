import { ArgumentError, noGrad, scope, UnsupportedError } from "@facet/autograd";
import { type Keywords, parseArguments, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { automaticName } from "../config.js";
import { Layer, type LayerInput } from "../layers/layer.js";
import * as losses from "../losses.js";
import type { MetricArgument } from "../metrics.js";
import type { HostArray, NdArray } from "../ndarray.js";
import * as optimizers from "../optimizers.js";
import { type SummaryOptions, summaryText } from "../summary.js";
import { KerasTensor, type Shape, type Tensor } from "../tensor.js";
import type { CallbackBase, HistoryCallback } from "../training/callback.js";
import { type ClassWeight, checkInputs, dataSet, type InputData } from "../training/data.js";
import { type FitArguments, runEvaluate, runFit, runPredict, type TrainingModel } from "../training/loop.js";
import { standardOutput } from "../training/progbar.js";
import { BatchStep } from "../training/step.js";
import { findGraph, type Graph, runGraph } from "./graph.js";

export interface CompileArguments {
  optimizer: optimizers.OptimizerArgument;
  loss: losses.LossArgument;
  metrics: readonly MetricArgument[];
  /** Runs steps op by op instead of as a replayed plan: for layers that look at values. Default false. */
  run_eagerly: boolean;
}

export interface EvaluateArguments {
  batch_size: number;
  verbose: "auto" | 0 | 1 | 2;
  sample_weight: HostArray;
  callbacks: readonly CallbackBase[];
  return_dict: boolean;
}

export interface PredictArguments {
  batch_size: number;
  verbose: "auto" | 0 | 1 | 2;
  callbacks: readonly CallbackBase[];
}

interface FunctionalArguments {
  inputs: LayerInput<KerasTensor>;
  outputs: LayerInput<KerasTensor>;
  name: string;
}

type Nullable<T> = { [K in keyof T]: T[K] | null };

const list = <T>(value: LayerInput<T>): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/**
 * `keras.Model({ inputs, outputs })`: a model from placeholders; or the base of a class with `call(x, { training })`.
 * Everything that reads values is asynchronous: fit, evaluate, predict, train_on_batch, get_weights.
 */
export class ModelBase extends Layer implements TrainingModel {
  static readonly className: string = "Model";
  #graph: Graph | undefined;
  optimizer: optimizers.Optimizer | undefined;
  loss: losses.Loss | undefined;
  /** Metrics as given to compile; resolved when the first batch shows their shapes. */
  metricArguments: readonly MetricArgument[] = [];
  run_eagerly = false;
  /** Set to true, by a callback for example, to end training after the epoch. */
  stop_training = false;
  history: HistoryCallback | undefined;
  #onBatch: BatchStep | undefined;

  constructor(
    ...args: [
      inputs?: LayerInput<KerasTensor> | Keywords<FunctionalArguments>,
      outputs?: LayerInput<KerasTensor> | Keywords<FunctionalArguments>,
      rest?: Keywords<{ name: string }>,
    ]
  ) {
    const given = parseArguments<Nullable<FunctionalArguments> & { trainable: boolean }>("Model", args, {
      parameters: { inputs: null, outputs: null, name: null, trainable: true },
    });
    const { inputs, outputs } = given;
    if ((inputs === null) !== (outputs === null)) {
      const [argument, expected] = [inputs === null ? "inputs" : "outputs", "both inputs and outputs, or neither"];
      throw new ArgumentError({ op: "Model", argument, expected, given: "none" });
    }
    super(
      inputs === null || new.target !== ModelBase
        ? given
        : { ...given, name: given.name ?? automaticName("Functional") },
    );
    if (inputs !== null && outputs !== null) this.setGraph(list(inputs), list(outputs));
  }

  protected setGraph(inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): void {
    for (const [argument, tensors] of Object.entries({ inputs, outputs })) {
      const wrong = tensors.find((tensor) => !(tensor instanceof KerasTensor));
      if (wrong !== undefined) {
        const expected = "placeholders made by keras.Input and layers";
        throw new ArgumentError({ op: "Model", argument, expected, given: show(wrong) });
      }
    }
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

  /** Layers that the summary lists. */
  get summaryLayers(): readonly Layer[] {
    return this.layers;
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
  get_layer(...args: [name?: string | Keywords<{ name: string; index: number }>, index?: number]): Layer {
    const { name, index } = parseArguments<{ name: string | null; index: number | null }>("get_layer", args, {
      parameters: { name: null, index: null },
    });
    const found = index !== null ? this.layers.at(index) : this.layers.find((layer) => layer.name === name);
    if (found) return found;
    const expected = `one of ${this.layers.map((layer) => layer.name).join(", ")}`;
    throw new ArgumentError({ op: "get_layer", argument: "name", expected, given: show(name ?? index) });
  }

  /** Subclasses compute here; a functional model runs its graph. */
  // biome-ignore lint/suspicious/noExplicitAny: as in Layer.
  override call(inputs: any, context: { training: boolean }): Tensor {
    const outputs = this.runAll(list<Tensor>(inputs), context.training);
    if (outputs.length === 1) return outputs[0] as Tensor;
    const expected = "a model of one output: pass a model of several to predict, or call it on placeholders";
    throw new UnsupportedError({ op: this.name, argument: "outputs", expected, given: `${outputs.length}` });
  }

  /** All outputs, for inputs on the device. */
  runAll(inputs: readonly Tensor[], training: boolean): Tensor[] {
    const graph = this.#graph;
    if (!graph) {
      const given = inputs.length === 1 ? (inputs[0] as Tensor) : inputs;
      const result = [this.run(given, training)];
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

  override compute_output_shape(inputShape: Shape): Shape {
    const outputs = this.#graph?.outputs;
    if (!outputs) return super.compute_output_shape(inputShape);
    return [inputShape[0] ?? null, ...(outputs[0] as KerasTensor).shape.slice(1)];
  }

  protected override connect(inputs: LayerInput<KerasTensor>): unknown {
    const outputs = this.#graph?.outputs;
    if (!outputs || outputs.length === 1) return super.connect(inputs);
    return this.addNode(
      list(inputs),
      outputs.map(({ shape }) => shape),
    );
  }

  /** Sets optimizer, loss and metrics, by name or object. */
  compile(
    ...args: [
      optimizer?: optimizers.OptimizerArgument | Keywords<CompileArguments>,
      loss?: losses.LossArgument | Keywords<CompileArguments>,
      rest?: Keywords<CompileArguments>,
    ]
  ): void {
    const given = parseArguments<Nullable<CompileArguments> & { loss_weights: null }>("compile", args, {
      parameters: {
        optimizer: "rmsprop" as optimizers.OptimizerName,
        loss: null,
        loss_weights: null,
        metrics: null,
        run_eagerly: false,
      },
      unsupported: {
        weighted_metrics: null,
        steps_per_execution: 1,
        jit_compile: "auto",
        auto_scale_loss: true,
      },
    });
    if (given.loss_weights !== null) {
      const expected = "null: Facet does not support this argument";
      throw new UnsupportedError({
        op: "compile",
        argument: "loss_weights",
        expected,
        given: show(given.loss_weights),
      });
    }
    const loss = given.loss === null ? undefined : losses.get(given.loss);
    if (loss?.reduction === "none") {
      const expected = 'a loss with a reduction other than "none"';
      throw new ArgumentError({ op: "compile", argument: "loss", expected, given: `${loss.name} without one` });
    }
    this.optimizer = optimizers.get(given.optimizer as optimizers.OptimizerArgument);
    this.loss = loss;
    this.metricArguments = given.metrics ?? [];
    this.run_eagerly = given.run_eagerly ?? false;
    this.reset_metrics();
  }

  get compiled(): boolean {
    return this.optimizer !== undefined;
  }

  /**
   * Trains for `epochs` passes over x and y. Defaults: batch_size 32, epochs 1, verbose "auto" (1), shuffle true;
   * validation_split takes the last samples, before shuffling. Resolves to the History.
   */
  fit(
    ...args: [
      x: InputData,
      y: HostArray,
      batch_size?: number | Keywords<FitArguments>,
      epochs?: number | Keywords<FitArguments>,
      rest?: Keywords<FitArguments>,
    ]
  ): Promise<HistoryCallback> {
    return runFit(this, args);
  }

  /** Loss (and metrics) over x and y: a number, or a list [loss, ...metrics], or with return_dict an object. */
  evaluate(
    ...args: [
      x: InputData,
      y: HostArray,
      batch_size?: number | Keywords<EvaluateArguments>,
      rest?: Keywords<EvaluateArguments>,
    ]
    // biome-ignore lint/suspicious/noExplicitAny: as in Keras, the kind of result depends on what was compiled and asked for.
  ): Promise<any> {
    return runEvaluate(this, args);
  }

  /** Outputs for x, on the host: one array, or a list for a model of several outputs. Default batch_size 32. */
  predict(
    ...args: [x: InputData, batch_size?: number | Keywords<PredictArguments>, rest?: Keywords<PredictArguments>]
    // biome-ignore lint/suspicious/noExplicitAny: one array or a list of them.
  ): Promise<any> {
    return runPredict(this, args);
  }

  /** One step on one batch; resolves to the running means since the last reset_metrics(), as Keras gives them. */
  async train_on_batch(
    x: InputData,
    y: HostArray,
    options: Keywords<{ sample_weight: HostArray; class_weight: ClassWeight; return_dict: boolean }> = {},
  ): Promise<number | number[] | Record<string, number>> {
    return this.#oneBatch("train_on_batch", x, y, options);
  }

  /** Loss and metrics of one batch, without training. */
  async test_on_batch(
    x: InputData,
    y: HostArray,
    options: Keywords<{ sample_weight: HostArray; return_dict: boolean }> = {},
  ): Promise<number | number[] | Record<string, number>> {
    return this.#oneBatch("test_on_batch", x, y, options);
  }

  async #oneBatch(
    op: "train_on_batch" | "test_on_batch",
    x: InputData,
    y: HostArray,
    options: object,
  ): Promise<number | number[] | Record<string, number>> {
    const given = parseArguments<{
      sample_weight: HostArray | null;
      class_weight: ClassWeight | null;
      return_dict: boolean;
    }>(op, [options], { parameters: { sample_weight: null, class_weight: null, return_dict: false } });
    const data = dataSet(op, x, y, given.sample_weight, given.class_weight);
    this.#onBatch ??= new BatchStep(this, op);
    const means = await this.#onBatch.accumulate(data, op === "train_on_batch");
    if (given.return_dict) return means;
    const values = this.#onBatch.names.map((name) => means[name] as number);
    return values.length === 1 ? (values[0] as number) : values;
  }

  /** Outputs for one batch, on the host. */
  async predict_on_batch(x: InputData): Promise<NdArray> {
    const { x: inputs } = dataSet("predict_on_batch", x, null, null);
    const result = noGrad(() => this(inputs.length === 1 ? (inputs[0] as NdArray) : inputs)) as Tensor;
    const values = await result.numpy();
    result.core.dispose();
    return values;
  }

  /** Starts the running means of train_on_batch and test_on_batch anew. */
  reset_metrics(): void {
    this.#onBatch?.dispose();
    this.#onBatch = undefined;
  }

  /** Prints the layers, their shapes and parameters. */
  summary(options: Keywords<{ [K in keyof SummaryOptions]-?: NonNullable<SummaryOptions[K]> }> = {}): void {
    const given = parseArguments<Required<Nullable<SummaryOptions>>>("summary", [options], {
      parameters: { line_length: null, positions: null, print_fn: null, show_trainable: false },
      unsupported: { expand_nested: false, layer_range: null },
    }) as SummaryOptions;
    if (!this.built) {
      const expected = "a built model: call it on data, fit it, or begin it with keras.Input";
      throw new ArgumentError({ op: "summary", argument: `model "${this.name}"`, expected, given: "an unbuilt one" });
    }
    const output = standardOutput();
    const text = summaryText(this as unknown as Model, output.columns, given);
    if (given.print_fn) given.print_fn(text);
    else output.write(text);
  }
}

export const Model = withoutNew(ModelBase);
export type Model = ModelBase;
