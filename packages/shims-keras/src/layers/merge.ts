import { ArgumentError, add, concat, ShapeError } from "@facet/autograd";
import { type Keywords, parseArguments, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { pythonShape, type Shape, Tensor } from "../tensor.js";
import { Layer, type LayerKeywords, layerParameters, layerUnsupported } from "./layer.js";

const common = layerParameters as unknown as LayerKeywords;

/** Sum of inputs of one shape. */
class AddLayer extends Layer {
  static readonly className = "Add";

  constructor(...args: [options?: Keywords<LayerKeywords>]) {
    super(parseArguments<LayerKeywords>("Add", args, { parameters: common, unsupported: layerUnsupported }));
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
    this.compute_output_shape(inputs.map(({ shape }) => shape));
    const [first, ...rest] = inputs.map(({ core }) => core);
    return new Tensor(rest.reduce((sum, x) => add(sum, x), first as Tensor["core"]));
  }
}

/** Inputs one after another along `axis` (default the last); every other extent must agree. */
class ConcatenateLayer extends Layer {
  static readonly className = "Concatenate";
  readonly axis: number;

  constructor(...args: [axis?: number | Keywords<LayerKeywords & { axis: number }>, rest?: Keywords<LayerKeywords>]) {
    const given = parseArguments<LayerKeywords & { axis: number }>("Concatenate", args, {
      parameters: { axis: -1, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.axis = given.axis;
  }

  override compute_output_shape(shapes: readonly Shape[]): Shape {
    const [first, ...rest] = manyShapes("Concatenate", shapes);
    const axis = this.axis < 0 ? this.axis + first.length : this.axis;
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
    this.compute_output_shape(inputs.map(({ shape }) => shape));
    return new Tensor(
      concat(
        inputs.map(({ core }) => core),
        this.axis,
      ),
    );
  }
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
