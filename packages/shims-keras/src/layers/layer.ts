// The base of layers.
import {
  ArgumentError,
  noGrad,
  observe,
  outsideCapture,
  ShapeError,
  scope,
  UnsupportedError,
  withLayer,
} from "@facet/autograd";
import { bool, listOf, mapping, only, type Reader, show, signature } from "@facet/dialect";
import { Callable, classNameOf, refuseHooks } from "../callable.js";
import { automaticName } from "../config.js";
import * as initializers from "../initializers.js";
import { array, knownShape, nameKind, shape as shapeKind } from "../kinds.js";
import type { HostArray, NdArray } from "../ndarray.js";
import { addNode, infer, type Spec } from "../operation.js";
import {
  KerasTensor,
  type Node,
  type Operation,
  placeholdersIn,
  pythonShape,
  type Shape,
  Tensor,
  type TensorDtype,
  type TensorLike,
} from "../tensor.js";
import { VariableBase } from "../variable.js";
import {
  type CallValues,
  inputsKind,
  type LayerGiven,
  type LayerInput,
  type LayerKeywords,
  layerRules,
} from "./arguments.js";
import { asTensors, checkedResult, expectShape, isShapes, listed, packed, shapesOf } from "./inputs.js";
import { giveMasks, type Masks, masksOf } from "./masks.js";
import { deserialized, FLOAT32_POLICY, isFloat32 } from "./serialization.js";

/** Of a class of the program's own, whose `call` takes what it takes. */
const readAnyCall = signature("keras.layers.Layer.__call__", { "*args": null, "**kwargs": null });

const readLayer = signature("keras.layers.Layer", layerRules);
const readAddWeight = signature("keras.layers.Layer.add_weight", {
  shape: knownShape.or(null),
  initializer: initializers.initializerKind.or(null),
  dtype: only(null, "float32"),
  "*": null,
  trainable: bool.or(true),
  autocast: only(true, false),
  regularizer: only(null),
  constraint: only(null),
  aggregation: only("none", null),
  overwrite_with_gradient: only(false),
  name: nameKind.or(null),
});
const readGetWeights = signature("keras.layers.Layer.get_weights", {});
const readSetWeights = signature("keras.layers.Layer.set_weights", { weights: listOf(array) });
const readGetConfig = signature("keras.layers.Layer.get_config", {});
const readFromConfig = signature("keras.layers.Layer.from_config", { config: mapping<Record<string, unknown>>() });
const readCountParams = signature("keras.layers.Layer.count_params", {});

/** Hooks of Keras' layers that nothing here would call: a class that gives one is refused rather than ignored. */
const UNSUPPORTED_HOOKS = ["compute_output_spec", "stateless_call", "symbolic_call", "add_loss", "add_metric"];

/** A layer is called like a function; Callable makes it one. */
export interface Layer {
  /** On placeholders: extends a functional model by this layer. */
  (inputs: LayerInput<KerasTensor>, ...more: (LayerInput<KerasTensor> | CallOptions | null)[]): KerasTensor;
  /** On arrays: computes. `training` defaults to that of the call around, or false. */
  (inputs: LayerInput<TensorLike>, ...more: (LayerInput<TensorLike> | CallOptions | null)[]): Tensor;
}
export type CallOptions = { readonly training?: boolean | null } & Readonly<Record<string, unknown>>;

/**
 * `keras.layers.Layer`: weights and a computation. Subclasses give `call`, and, when they have weights, `build`, which is called
 * once with the shape of the first input. Without `compute_output_shape`, `call` is run on tensors that are not there.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class Layer extends Callable implements Operation {
  static readonly className: string = "Layer";
  /** How `call` is called: undefined for a class of the program's own. */
  static readonly callReader: Reader<CallValues> | undefined = undefined;
  name: string;
  trainable: boolean;
  built = false;
  /** Whether results carry a mask: that of the input, or what `compute_mask` gives. True where a class has one of its own. */
  supports_masking: boolean;
  /** Calls on placeholders so far. */
  readonly nodes: Node[] = observe([]);
  /** Weights made by add_weight: those made to be trained come first, as in Keras. */
  readonly #trained: VariableBase[] = [];
  readonly #fixed: VariableBase[] = [];
  /** The shape of the first layer's input with the batch, said the old way. */
  readonly batch_input_shape: Shape | null;

  constructor(...args: [] | [given: Partial<LayerKeywords>]) {
    super();
    const given = readLayer(args) as LayerGiven;
    this.name = given.name ?? automaticName(classNameOf(new.target));
    this.trainable = given.trainable;
    this.supports_masking = this.compute_mask !== Layer.prototype.compute_mask;
    const shape = given.input_shape ?? (given.input_dim ? [given.input_dim] : null);
    this.batch_input_shape = shape && [given.batch_size ?? null, ...shape];
    refuseHooks(this, this.className, UNSUPPORTED_HOOKS);
  }

  /** The class as Keras calls it. */
  get className(): string {
    return classNameOf(this.constructor);
  }

  /** Makes the weights, knowing the input's shape. */
  build(_inputShape: Shape | readonly Shape[]): void {}

  /** The computation. */
  // biome-ignore lint/suspicious/noExplicitAny: a layer takes one tensor or a list of them, as it says.
  call(..._args: any[]): any {
    const expected = "a class that says in call(inputs) what it computes";
    throw new UnsupportedError({ op: this.className, argument: "call", expected, given: "none" });
  }

  /** Shape of the result for an input's shape; a null extent stays null. Default: `call`, run on tensors that are not there. */
  // biome-ignore lint/suspicious/noExplicitAny: one shape or a list of them, as `call`.
  compute_output_shape(inputShape: any): Shape {
    const shapes = isShapes(inputShape) ? inputShape : [inputShape as Shape];
    for (const each of shapes) expectShape(this.className, each);
    const standIns = shapes.map((shape) => new KerasTensor(shape, "float32", "stand_in"));
    return (this.#inferred([isShapes(inputShape) ? standIns : standIns[0]], {})[0] as Spec).shape;
  }

  /** The mask of the result (or a list of them) for an input and its mask, null where there is none. Default: the input's. */
  compute_mask(_inputs: LayerInput<Tensor>, previous_mask: Masks): Masks {
    return previous_mask;
  }

  /** What made the layer, as keywords of its class: plain values, as Keras' own dictionary has them. */
  get_config(...args: []): Record<string, unknown> {
    readGetConfig(args);
    const { name, trainable } = this;
    const config = { name, trainable, dtype: FLOAT32_POLICY, ...this.configuration() };
    return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  }

  /** The part of get_config that is the class's own. */
  protected configuration(): Record<string, unknown> {
    return {};
  }

  /** A layer of what get_config gave. */
  static from_config<T extends Layer>(
    this: new (
      given: never,
    ) => T,
    ...args: [config: Readonly<Record<string, unknown>>]
  ): T {
    const { dtype, ...others } = readFromConfig(args).config;
    const plain = dtype === undefined || isFloat32(dtype) ? others : { dtype, ...others };
    return new this(deserialized(plain) as never);
  }

  /** Makes a weight. Default initializer glorot_uniform, as Keras for floats. */
  add_weight(
    ...args: readonly (
      | readonly number[]
      | initializers.InitializerArgument
      | null
      | {
          shape?: readonly number[];
          initializer?: initializers.InitializerArgument | null;
          trainable?: boolean;
          name?: string | null;
        }
    )[]
  ): VariableBase {
    const { shape, initializer, trainable, name } = readAddWeight(args);
    const make = initializers.resolve(initializer, "add_weight", "initializer");
    const weight = outsideCapture(() => new VariableBase(() => make.values(shape ?? []), name, this.name, trainable));
    (trainable ? this.#trained : this.#fixed).push(weight);
    return weight;
  }

  /** Layers inside this one: its attributes, and lists of them. */
  protected get inner(): readonly Layer[] {
    return Object.values(this)
      .flat()
      .filter((value): value is Layer => value instanceof Layer);
  }

  /** Weights of the layer itself: made by add_weight, or Variables among its attributes. */
  get #own(): VariableBase[] {
    const attributes = Object.values(this).filter((value) => value instanceof VariableBase);
    const fixed = [...this.#fixed, ...attributes.filter(({ trainable }) => !trainable)];
    return [...new Set([...this.#trained, ...attributes.filter((each) => !fixed.includes(each)), ...fixed])];
  }

  get weights(): VariableBase[] {
    const all = [...this.#own, ...this.inner.flatMap((layer) => layer.weights)];
    return [...new Set(all)];
  }

  get variables(): VariableBase[] {
    return this.weights;
  }

  get trainable_weights(): VariableBase[] {
    if (!this.trainable) return [];
    const own = this.#own.filter((weight) => weight.trainable);
    return [...new Set([...own, ...this.inner.flatMap((layer) => layer.trainable_weights)])];
  }

  get trainable_variables(): VariableBase[] {
    return this.trainable_weights;
  }

  get non_trainable_weights(): VariableBase[] {
    const trained = new Set(this.trainable_weights);
    return this.weights.filter((weight) => !trained.has(weight));
  }

  get non_trainable_variables(): VariableBase[] {
    return this.non_trainable_weights;
  }

  /** Values of the weights, on the host. */
  async get_weights(...args: []): Promise<NdArray[]> {
    readGetWeights(args);
    return Promise.all(this.weights.map((weight) => weight.numpy()));
  }

  /** Overwrites all weights: NdArrays, nested arrays, or typed arrays with as many elements. */
  set_weights(...args: [weights: readonly (HostArray | Tensor)[]]): void {
    const values = readSetWeights(args).weights;
    const { weights } = this;
    if (values.length !== weights.length) {
      const expected = `${weights.length} arrays for the weights of layer "${this.name}"`;
      throw new ArgumentError({ op: "set_weights", argument: "weights", expected, given: `${values.length}` });
    }
    for (const [i, weight] of weights.entries()) weight.assign(values[i] as HostArray | Tensor);
  }

  /** Number of weights' elements. Throws when the layer is not built. */
  count_params(...args: []): number {
    readCountParams(args);
    if (!this.built) {
      const expected = `a built layer: call "${this.name}" on data or build(input_shape) it first`;
      throw new ArgumentError({ op: "count_params", argument: "layer", expected, given: "one without weights yet" });
    }
    return this.weights.reduce((total, weight) => total + weight.core.size, 0);
  }

  /** Refuses an input of another rank, in Keras' words. */
  protected expectRank(shape: Shape, rank: number, atLeast = false): void {
    if (Array.isArray(shape) && (atLeast ? shape.length >= rank : shape.length === rank)) return;
    const given = shapeKind.accepts(shape)
      ? `ndim=${shape.length}. Full shape received: ${pythonShape(shape)}`
      : show(shape);
    throw new ShapeError({
      op: this.className,
      argument: `Input 0 of layer "${this.name}" is incompatible with the layer`,
      expected: `${atLeast ? "min_ndim" : "ndim"}=${rank}`,
      given,
    });
  }

  /** Refuses an input whose extent at an axis is not what the weights were made for. */
  protected expectAxis(shape: Shape, axis: number, extent: number): void {
    const given = shape.at(axis);
    if (given === extent) return;
    throw new ShapeError({
      op: this.className,
      argument: `Input 0 of layer "${this.name}" is incompatible with the layer`,
      expected: `axis ${axis} of input shape to have value ${extent}`,
      given: `shape ${pythonShape(shape)}`,
    });
  }

  /** An extent that must be known before weights can be made. */
  protected knownExtent(shape: Shape, axis: number): number {
    const extent = shape.at(axis);
    if (typeof extent === "number") return extent;
    const expected = `axis ${axis} of the input shape of layer "${this.name}" to be defined`;
    throw new ShapeError({ op: this.className, argument: "input_shape", expected, given: pythonShape(shape) });
  }

  /** Builds the layer if it is not; repeated calls do nothing. */
  ensureBuilt(inputShape: Shape | readonly Shape[]): void {
    if (this.built) return;
    // Again, since fields of a class are there only now.
    refuseHooks(this, this.className, UNSUPPORTED_HOOKS);
    noGrad(() => this.build(inputShape));
    this.built = true;
  }

  /** What a call gave: the inputs and what stands beside them by position, and what was said by keyword. */
  #read(args: readonly unknown[]): { positions: unknown[]; keywords: Record<string, unknown> } {
    const reader = (this.constructor as typeof Layer).callReader;
    if (reader) {
      const { [reader.signature.parameters[0]?.name as string]: inputs, ...keywords } = reader(args);
      return { positions: [inputs], keywords };
    }
    const { args: positions, kwargs } = readAnyCall(args) as { args: unknown[]; kwargs: Record<string, unknown> };
    const { inputs, training = null, ...others } = kwargs;
    if (training !== null && typeof training !== "boolean")
      throw new ArgumentError({
        op: this.className,
        argument: "training",
        expected: "true or false",
        given: show(training),
      });
    const all = inputs === undefined ? positions : [inputs, ...positions];
    if (all.length === 0)
      throw new ArgumentError({ op: this.className, argument: "inputs", expected: inputsKind.expected, given: "none" });
    return { positions: all, keywords: { ...others, training } };
  }

  override __call__(...args: unknown[]): unknown {
    const { positions, keywords } = this.#read(args);
    if (placeholdersIn([...positions, ...Object.values(keywords)]).length > 0) return this.connect(positions, keywords);
    const tensors = positions.map((each) => asTensors(this.className, each));
    const shapes = this.shapesToBuild(shapesOf(tensors[0] as LayerInput<Tensor>), keywords);
    outsideCapture(() => this.ensureBuilt(shapes));
    const { training, ...others } = keywords;
    return this.run(tensors, (training as boolean | null) ?? currentTraining ?? this.trainingByDefault, others);
  }

  /** Whether a call that nobody says it of, and that stands in no other, is one of training. */
  protected get trainingByDefault(): boolean {
    return false;
  }

  /** What `build` gets for a call: the shape of the inputs, unless a class takes several tensors by name. */
  protected shapesToBuild(
    shapes: Shape | readonly Shape[],
    _keywords: Readonly<Record<string, unknown>>,
  ): Shape | readonly Shape[] {
    return shapes;
  }

  /** `call` in a scope of its own; layers called inside behave as in training when this one does. */
  run(
    inputs: readonly unknown[],
    training: boolean,
    keywords: Readonly<Record<string, unknown>> = {},
  ): LayerInput<Tensor> {
    const outer = currentTraining;
    currentTraining = training;
    const first = inputs[0] as LayerInput<Tensor>;
    const masks = (keywords.mask as Masks | undefined) ?? masksOf(first);
    const given = masks ? { ...keywords, ...this.#maskKeywords(masks, keywords) } : keywords;
    try {
      return withLayer(this.name, () =>
        scope(() => {
          const result = checkedResult(this.className, this.call(...inputs, { ...given, training }));
          if (this.supports_masking) giveMasks(result, () => this.compute_mask(first, masks));
          return result;
        }),
      );
    } finally {
      currentTraining = outer;
    }
  }

  /** The masks of tensors that a call takes beside them: `mask` of the inputs, `value_mask` of `value`. */
  #maskKeywords(masks: Masks, keywords: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const parameters = (this.constructor as typeof Layer).callReader?.signature.parameters.map(({ name }) => name);
    const filled: Record<string, unknown> = {};
    const fill = (name: string, mask: unknown): void => {
      if (mask && (keywords[name] ?? null) === null && (parameters?.includes(name) ?? true)) filled[name] = mask;
    };
    fill("mask", masks);
    if (parameters) fill(`${parameters[0]}_mask`, masks);
    for (const [name, value] of Object.entries(keywords))
      if (value instanceof Tensor) fill(`${name}_mask`, value._keras_mask);
    return filled;
  }

  invoke(args: readonly unknown[], keywords: Readonly<Record<string, unknown>>, training: boolean): readonly Tensor[] {
    const { training: own, ...others } = keywords;
    const tensors = args.map((each) => asTensors(this.className, each));
    return listed(this.run(tensors, (own as boolean | null | undefined) ?? training, others));
  }

  /** Adds a call on placeholders to the graph. */
  protected connect(args: readonly unknown[], keywords: Readonly<Record<string, unknown>>): unknown {
    const first = args[0];
    const inputs = placeholdersIn(first);
    if (inputs.length === 0 || (Array.isArray(first) && inputs.length !== first.length)) {
      const expected = "placeholders for all inputs, or for none";
      throw new ArgumentError({ op: this.className, argument: "inputs", expected, given: show(first) });
    }
    const shapes = inputs.map(({ shape }) => shape);
    const given = Array.isArray(first) ? shapes : (shapes[0] as Shape);
    noGrad(() => this.ensureBuilt(this.shapesToBuild(given, keywords)));
    return packed(addNode(this, args, keywords, this.specs(args, keywords, given, inputs[0] as KerasTensor)));
  }

  /** Shapes and dtypes of what a call on placeholders gives. */
  protected specs(
    args: readonly unknown[],
    keywords: Readonly<Record<string, unknown>>,
    shapes: Shape | readonly Shape[],
    first: KerasTensor,
  ): readonly Spec[] {
    if (this.compute_output_shape === Layer.prototype.compute_output_shape) return this.#inferred(args, keywords);
    return [{ shape: this.compute_output_shape(shapes), dtype: this.outputDtype(first.dtype) }];
  }

  /** The dtype of the result for an input's: that of weights, unless the layer only moves elements. */
  protected outputDtype(_input: TensorDtype): TensorDtype {
    return "float32";
  }

  #inferred(args: readonly unknown[], keywords: Readonly<Record<string, unknown>>): readonly Spec[] {
    return infer(args, (given) => listed(this.run(given, keywords.training === true, keywords)));
  }

  /** The placeholder that the layer's only call made. */
  get output(): KerasTensor {
    const [first, second] = this.nodes;
    if (first && !second) return first.outputs[0] as KerasTensor;
    const given = first ? `${this.nodes.length} calls` : "no call";
    throw new ArgumentError({ op: "output", argument: `layer "${this.name}"`, expected: "one call", given });
  }

  /** What Python's repr gives. */
  override toString(): string {
    return `<${this.className} name=${this.name}, built=${this.built ? "True" : "False"}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Whether the call under way is one of training: what layers called without saying so take. */
let currentTraining: boolean | undefined;
