import { ArgumentError, noGrad, outsideCapture } from "@facet/autograd";
import { type Args, any, bool, Kind, listOf, show, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { nameKind, shape as shapeKind } from "../kinds.js";
import { Input, InputLayer } from "../layers/core.js";
import { Layer } from "../layers/layer.js";
import { KerasTensor, type Shape, type Tensor } from "../tensor.js";
import { ModelBase } from "./model.js";

interface SequentialArguments {
  layers: readonly (Layer | KerasTensor)[] | null;
  name: string | null;
  trainable: boolean;
}

const layerKind = new Kind<Layer | KerasTensor>(
  "a layer or keras.Input",
  (value) => value instanceof Layer || value instanceof KerasTensor,
);
const readSequential = signature("keras.Sequential", {
  layers: listOf(layerKind).or(null),
  trainable: bool.or(true),
  name: nameKind.or(null),
});
const readAdd = signature("keras.Sequential.add", { layer: layerKind, rebuild: bool.or(true) });
const readPop = signature("keras.Sequential.pop", { rebuild: bool.or(true) });
const readBuild = signature("keras.Sequential.build", { input_shape: any.or(null) });

/** `keras.Sequential([...])`: layers one after another. Built at once when it begins with an Input, else by its first data. */
class SequentialModel extends ModelBase {
  static override readonly className = "Sequential";
  readonly #layers: Layer[] = [];
  #input: KerasTensor | undefined;
  #end: KerasTensor | undefined;

  constructor(
    ...args: Args<
      [layers: readonly (Layer | KerasTensor)[] | null, trainable: boolean, name: string | null],
      SequentialArguments
    >
  ) {
    const given = readSequential(args);
    super({ name: given.name, trainable: given.trainable });
    for (const layer of given.layers ?? []) this.add(layer);
  }

  /** Puts a layer (or, first, an Input) at the end. */
  add(
    ...args: Args<[layer: Layer | KerasTensor, rebuild: boolean], { layer: Layer | KerasTensor; rebuild: boolean }>
  ): void {
    const { layer } = readAdd(args);
    const added = layer instanceof KerasTensor ? layer.history?.layer : layer;
    if (!(added instanceof Layer) || (layer instanceof KerasTensor && !(added instanceof InputLayer))) {
      const expected = "a layer or keras.Input";
      throw new ArgumentError({ op: "Sequential.add", argument: "layer", expected, given: show(layer) });
    }
    if (added instanceof InputLayer) {
      if (this.#layers.length > 0 || this.#input) {
        const expected = "an Input before all layers, and only one";
        throw new ArgumentError({ op: "Sequential.add", argument: "layer", expected, given: added.name });
      }
      this.#begin(added.output);
      return;
    }
    if (this.#layers.some(({ name }) => name === added.name)) {
      const expected = "layers of unique names";
      throw new ArgumentError({ op: "Sequential.add", argument: "layer", expected, given: `a second "${added.name}"` });
    }
    const shape = added.batch_input_shape;
    if (this.#layers.length === 0 && !this.#input && shape) this.#begin(Input({ batch_shape: shape }));
    this.#layers.push(added);
    if (this.#end) this.#extend(added);
  }

  /** Takes the last layer off, and returns it. */
  pop(...args: Args<[rebuild: boolean], { rebuild: boolean }>): Layer | undefined {
    readPop(args);
    const layer = this.#layers.pop();
    const input = this.#input;
    if (layer && input) this.#begin(input);
    return layer;
  }

  #begin(input: KerasTensor): void {
    this.#input = input;
    this.#end = input;
    for (const layer of this.#layers) this.#extend(layer);
  }

  #extend(layer: Layer): void {
    this.#end = layer(this.#end as KerasTensor);
    this.setGraph([this.#input as KerasTensor], [this.#end]);
  }

  override get isSequential(): boolean {
    return true;
  }

  protected override get inner(): readonly Layer[] {
    return this.#layers ?? [];
  }

  /** Builds the layers for inputs of a shape, the batch with it. */
  override build(...args: Args<[input_shape: Shape | readonly Shape[] | null], { input_shape: Shape | null }>): void {
    const { input_shape } = readBuild(args);
    if (this.#input) return;
    if (input_shape === null || !shapeKind.accepts(input_shape)) {
      const expected = "a shape, the batch with it";
      throw new ArgumentError({ op: "build", argument: "input_shape", expected, given: show(input_shape) });
    }
    const [, ...shape] = input_shape as Shape;
    noGrad(() => this.#begin(Input({ shape })));
    this.built = true;
  }

  override runAll(inputs: readonly Tensor[], training: boolean): readonly Tensor[] {
    if (this.#layers.length === 0) {
      const expected = "at least one layer";
      throw new ArgumentError({ op: "Sequential", argument: "layers", expected, given: "none" });
    }
    outsideCapture(() => this.ensureBuilt((inputs[0] as Tensor).shape));
    return super.runAll(inputs, training);
  }
}

export const Sequential = withoutNew(SequentialModel);
export type Sequential = SequentialModel;
