import { ArgumentError, add, concat, ShapeError } from "@facet/autograd";
import { type Args, int, show, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { pythonShape, type Shape, Tensor, type TensorDtype } from "../tensor.js";
import { callSignature, type LayerKeywords, layerPart, layerRules } from "./arguments.js";
import { Layer } from "./layer.js";

const readAdd = signature("keras.layers.Add", layerRules);

/** A layer of several inputs of one dtype, which its result has too. */
abstract class MergeLayer extends Layer {
  protected override outputDtype(input: TensorDtype): TensorDtype {
    return input;
  }
}

/** Sum of inputs of one shape. */
class AddLayer extends MergeLayer {
  static override readonly className = "Add";
  static override readonly callReader = callSignature("Add");

  constructor(...args: Args<[], LayerKeywords>) {
    super(layerPart(readAdd(args)));
  }

  override compute_output_shape(shapes: readonly Shape[]): Shape {
    const [first, ...rest] = manyShapes("Add", shapes);
    for (const [i, shape] of rest.entries()) {
      if (`${shape}` === `${first}`) continue;
      const expected = pythonShape(first);
      throw new ShapeError({ op: "Add", argument: `inputs[${i + 1}]`, expected, given: pythonShape(shape) });
    }
    return first;
  }

  override call(inputs: readonly Tensor[]): Tensor {
    this.compute_output_shape(shapesIn(this.className, inputs));
    const [first, ...rest] = inputs.map(({ core }) => core);
    return new Tensor(rest.reduce((sum, x) => add(sum, x), first as Tensor["core"]));
  }
}

const readConcatenate = signature("keras.layers.Concatenate", { axis: int.or(-1), ...layerRules });

/** Inputs one after another along `axis` (default the last); every other extent must agree. */
class ConcatenateLayer extends MergeLayer {
  static override readonly className = "Concatenate";
  static override readonly callReader = callSignature("Concatenate");
  readonly axis: number;

  constructor(...args: Args<[axis: number], LayerKeywords & { axis: number }>) {
    const given = readConcatenate(args);
    super(layerPart(given));
    this.axis = given.axis;
  }

  override compute_output_shape(shapes: readonly Shape[]): Shape {
    const [first, ...rest] = manyShapes("Concatenate", shapes);
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
    if (!(axis >= 0 && axis < first.length)) {
      const expected = `an axis of ${pythonShape(first)}`;
      throw new ArgumentError({ op: "Concatenate", argument: "axis", expected, given: `${this.axis}` });
    }
    let total = first[axis] ?? null;
    for (const [i, shape] of rest.entries()) {
      const fits = shape.length === first.length && shape.every((extent, at) => at === axis || extent === first[at]);
      if (!fits) {
        const expected = `${pythonShape(first)} except along axis ${this.axis}`;
        throw new ShapeError({ op: "Concatenate", argument: `inputs[${i + 1}]`, expected, given: pythonShape(shape) });
      }
      const extent = shape[axis] ?? null;
      total = total === null || extent === null ? null : total + extent;
    }
    return first.map((extent, at) => (at === axis ? total : extent));
  }

  override call(inputs: readonly Tensor[]): Tensor {
    this.compute_output_shape(shapesIn(this.className, inputs));
    return new Tensor(
      concat(
        inputs.map(({ core }) => core),
        this.axis,
      ),
    );
  }
}

function shapesIn(op: string, inputs: unknown): Shape[] {
  if (Array.isArray(inputs)) return inputs.map(({ shape }) => shape);
  throw new ArgumentError({ op, argument: "inputs", expected: "a list of tensors", given: show(inputs) });
}

function manyShapes(op: string, shapes: readonly Shape[]): [Shape, ...Shape[]] {
  if (Array.isArray(shapes) && shapes.length >= 2 && shapes.every((shape) => Array.isArray(shape)))
    return shapes as unknown as [Shape, ...Shape[]];
  throw new ArgumentError({ op, argument: "inputs", expected: "a list of at least 2 tensors", given: show(shapes) });
}

export const Add = withoutNew(AddLayer);
export type Add = AddLayer;
export const Concatenate = withoutNew(ConcatenateLayer);
export type Concatenate = ConcatenateLayer;
