import { ArgumentError, noGrad, ShapeError, scope, UnsupportedError, withLayer } from "@facet/autograd";
import { Callable, classNameOf } from "../callable.js";
import { automaticName } from "../config.js";
import * as initializers from "../initializers.js";
import type { HostArray, NdArray } from "../ndarray.js";
import { KerasTensor, type Node, pythonShape, type Shape, type Tensor, type TensorLike, toTensor } from "../tensor.js";
import { Variable } from "../variable.js";

/** Keywords every layer takes. */
export interface LayerKeywords {
  name: string;
  trainable: boolean;
}

/** Parameters every layer takes by keyword, to be spread at the end of its signature. */
export const layerParameters = { name: null, trainable: true } as const;
/** Keywords of Keras' Layer that Facet does not have. */
export const layerUnsupported = { dtype: "float32", autocast: true, activity_regularizer: null } as const;

export interface CallContext {
  /** Whether the layer behaves as in training: dropout drops. */
  readonly training: boolean;
}

export type LayerInput<T> = T | readonly T[];

/** A layer is called like a function; Callable makes it one. */
export interface Layer {
  /** On placeholders: extends a functional model by this layer. */
  (inputs: LayerInput<KerasTensor>): KerasTensor;
  /** On arrays: computes. `training` defaults to false. */
  (inputs: LayerInput<TensorLike>, options?: { training?: boolean }): Tensor;
}

/**
 * `keras.layers.Layer`: weights and a computation. Subclasses give `call`, `compute_output_shape` and, when they have
 * weights, `build`, which is called once with the shape of the first input.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export abstract class Layer extends Callable {
  name: string;
  trainable: boolean;
  built = false;
  /** Calls on placeholders so far. */
  readonly nodes: Node[] = [];
  readonly #weights: Variable[] = [];

  constructor(keywords: { name?: string | null | undefined; trainable?: boolean | null | undefined } = {}) {
    super();
    this.name = keywords.name ?? automaticName(classNameOf(new.target));
    this.trainable = keywords.trainable ?? true;
  }

  /** The class as Keras calls it. */
  get className(): string {
    return classNameOf(this.constructor);
  }

  /** Makes the weights, knowing the input's shape. */
  build(_inputShape: Shape | readonly Shape[]): void {}

  /** The computation. */
  // biome-ignore lint/suspicious/noExplicitAny: a layer takes one tensor or a list of them, as it says.
  abstract call(inputs: any, context: CallContext): Tensor;

  /** Shape of the result for an input's shape; a null extent stays null. */
  // biome-ignore lint/suspicious/noExplicitAny: one shape or a list of them, as `call`.
  compute_output_shape(_inputShape: any): Shape {
    throw new UnsupportedError({
      op: this.className,
      argument: "compute_output_shape",
      expected: "a method that gives the output shape: Facet does not trace `call` with placeholders",
    });
  }

  /** Makes a weight. Default initializer glorot_uniform, as Keras for floats. */
  add_weight(options: {
    shape: readonly number[];
    initializer?: initializers.InitializerArgument | null;
    trainable?: boolean;
    name?: string;
  }): Variable {
    const { shape, initializer, trainable = true, name = "variable" } = options;
    const make = initializers.get(initializer ?? "glorot_uniform");
    const weight = new Variable(() => make.values(shape), { name, path: `${this.name}/${name}`, trainable });
    this.#weights.push(weight);
    return weight;
  }

  /** Layers inside this one: its attributes, and lists of them. */
  protected get inner(): readonly Layer[] {
    return Object.values(this)
      .flat()
      .filter((value): value is Layer => value instanceof Layer);
  }

  get weights(): Variable[] {
    const all = [...this.#weights, ...this.inner.flatMap((layer) => layer.weights)];
    return [...new Set(all)];
  }

  get variables(): Variable[] {
    return this.weights;
  }

  get trainable_weights(): Variable[] {
    if (!this.trainable) return [];
    const own = this.#weights.filter((weight) => weight.trainable);
    return [...new Set([...own, ...this.inner.flatMap((layer) => layer.trainable_weights)])];
  }

  get trainable_variables(): Variable[] {
    return this.trainable_weights;
  }

  get non_trainable_weights(): Variable[] {
    const trained = new Set(this.trainable_weights);
    return this.weights.filter((weight) => !trained.has(weight));
  }

  get non_trainable_variables(): Variable[] {
    return this.non_trainable_weights;
  }

  /** Values of the weights, on the host. */
  get_weights(): Promise<NdArray[]> {
    return Promise.all(this.weights.map((weight) => weight.numpy()));
  }

  /** Overwrites all weights: NdArrays, nested arrays, or typed arrays with as many elements. */
  set_weights(values: readonly (HostArray | Tensor)[]): void {
    const { weights } = this;
    if (values.length !== weights.length) {
      const expected = `${weights.length} arrays for the weights of layer "${this.name}"`;
      throw new ArgumentError({ op: "set_weights", argument: "weights", expected, given: `${values.length}` });
    }
    for (const [i, weight] of weights.entries()) weight.assign(values[i] as HostArray | Tensor);
  }

  /** Number of weights' elements. Throws when the layer is not built. */
  count_params(): number {
    if (!this.built) {
      const expected = `a built layer: call "${this.name}" on data or build(input_shape) it first`;
      throw new ArgumentError({ op: "count_params", argument: "layer", expected, given: "one without weights yet" });
    }
    return this.weights.reduce((total, weight) => total + weight.core.size, 0);
  }

  /** Refuses an input of another rank, in Keras' words. */
  protected expectRank(shape: Shape, rank: number, atLeast = false): void {
    if (atLeast ? shape.length >= rank : shape.length === rank) return;
    throw new ShapeError({
      op: this.className,
      argument: `Input 0 of layer "${this.name}" is incompatible with the layer`,
      expected: `${atLeast ? "min_ndim" : "ndim"}=${rank}`,
      given: `ndim=${shape.length}. Full shape received: ${pythonShape(shape)}`,
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
    this.build(inputShape);
    this.built = true;
  }

  override __call__(inputs: LayerInput<KerasTensor | TensorLike>, options: { training?: boolean } = {}): unknown {
    if (isPlaceholder(inputs)) return this.connect(inputs);
    const tensors = asTensors(inputs);
    this.ensureBuilt(Array.isArray(tensors) ? tensors.map(({ shape }) => shape) : (tensors as Tensor).shape);
    return this.run(tensors, options.training ?? currentTraining);
  }

  /** `call` in a scope of its own; layers called inside behave as in training when this one does. */
  run(inputs: Tensor | readonly Tensor[], training: boolean): Tensor {
    const outer = currentTraining;
    currentTraining = training;
    try {
      return withLayer(this.name, () => scope(() => this.call(inputs, { training })));
    } finally {
      currentTraining = outer;
    }
  }

  /** Adds a call on placeholders to the graph. */
  protected connect(inputs: LayerInput<KerasTensor>): unknown {
    const list = Array.isArray(inputs) ? (inputs as KerasTensor[]) : [inputs as KerasTensor];
    const shapes = list.map(({ shape }) => shape);
    const given = Array.isArray(inputs) ? shapes : (shapes[0] as Shape);
    noGrad(() => this.ensureBuilt(given));
    return this.addNode(list, [this.compute_output_shape(given)])[0];
  }

  protected addNode(inputs: readonly KerasTensor[], shapes: readonly Shape[]): KerasTensor[] {
    const outputs: KerasTensor[] = [];
    const node: Node = { layer: this, inputs, outputs, index: this.nodes.length };
    for (const [i, shape] of shapes.entries()) outputs.push(new KerasTensor(shape, this.name, node, i));
    this.nodes.push(node);
    return outputs;
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

/** A layer whose result has its input's shape. */
export abstract class SameShapeLayer extends Layer {
  override compute_output_shape(inputShape: Shape): Shape {
    return inputShape;
  }
}

/** Whether the call under way is one of training: what layers called without saying so take. */
let currentTraining = false;

export function isPlaceholder(value: unknown): value is LayerInput<KerasTensor> {
  if (Array.isArray(value)) return value.length > 0 && value.every((part) => part instanceof KerasTensor);
  return value instanceof KerasTensor;
}

/** Host data as device tensors: a list of arrays is several inputs, nested numbers are one. */
function asTensors(inputs: LayerInput<KerasTensor | TensorLike>): Tensor | Tensor[] {
  if (Array.isArray(inputs) && inputs.some((part) => typeof part === "object" && !Array.isArray(part)))
    return inputs.map((part) => toTensor(part as TensorLike));
  return toTensor(inputs as TensorLike);
}
