import { ArgumentError, noGrad } from "@facet/autograd";
import { type Keywords, parseArguments, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { Input, InputLayer } from "../layers/core.js";
import { Layer } from "../layers/layer.js";
import { KerasTensor, type Shape, type Tensor } from "../tensor.js";
import { ModelBase } from "./model.js";

interface SequentialArguments {
  layers: readonly (Layer | KerasTensor)[];
  name: string;
  trainable: boolean;
}

/** `keras.Sequential([...])`: layers one after another. Built at once when it begins with an Input, else by its first data. */
class SequentialModel extends ModelBase {
  static override readonly className = "Sequential";
  readonly #layers: Layer[] = [];
  #input: KerasTensor | undefined;
  #end: KerasTensor | undefined;

  constructor(
    ...args: [
      layers?: readonly (Layer | KerasTensor)[] | Keywords<SequentialArguments>,
      rest?: Keywords<Omit<SequentialArguments, "layers">>,
    ]
  ) {
    const given = parseArguments<Omit<SequentialArguments, "name"> & { name: string | null }>("Sequential", args, {
      parameters: { layers: [], name: null, trainable: true },
    });
    super({ name: given.name } as Keywords<{ name: string }>);
    this.trainable = given.trainable;
    for (const layer of given.layers) this.add(layer);
  }

  /** Puts a layer (or, first, an Input) at the end. */
  add(layer: Layer | KerasTensor): void {
    const added = layer instanceof KerasTensor ? (layer.history.layer as Layer) : layer;
    if (!(added instanceof Layer)) {
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
    const shape = (added as Layer & { input_shape?: Shape | null }).input_shape;
    if (this.#layers.length === 0 && !this.#input && shape) this.#begin(Input({ shape: [...shape] }));
    this.#layers.push(added);
    if (this.#end) this.#extend(added);
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

  override build(inputShape: Shape): void {
    if (this.#input) return;
    const [, ...shape] = inputShape;
    noGrad(() => this.#begin(Input({ shape })));
  }

  override runAll(inputs: readonly Tensor[], training: boolean): Tensor[] {
    if (this.#layers.length === 0) {
      const expected = "at least one layer";
      throw new ArgumentError({ op: "Sequential", argument: "layers", expected, given: "none" });
    }
    this.ensureBuilt((inputs[0] as Tensor).shape);
    return super.runAll(inputs, training);
  }
}

export const Sequential = withoutNew(SequentialModel);
export type Sequential = SequentialModel;
