import { ArgumentError, add, concat, pad, ShapeError } from "@facet/autograd";
import * as activations from "../activations.js";
import { type Keywords, pair, parseArguments, required, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import { type DataFormat, dataFormat } from "../config.js";
import { pythonShape, type Shape, Tensor } from "../tensor.js";
import { Layer, type LayerKeywords, layerParameters, layerUnsupported } from "./layer.js";
import type { Pair } from "./spatial.js";

const common = layerParameters as unknown as LayerKeywords;

/** A layer whose result has its input's shape. */
abstract class SameShapeLayer extends Layer {
  override compute_output_shape(inputShape: Shape): Shape {
    return inputShape;
  }
}

/** Any activation function as a layer. */
class ActivationLayer extends SameShapeLayer {
  static readonly className = "Activation";
  readonly activation: activations.Activation;

  constructor(
    ...args: [
      activation:
        | activations.ActivationArgument
        | Keywords<LayerKeywords & { activation: activations.ActivationArgument }>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const given = parseArguments<LayerKeywords & { activation: activations.ActivationArgument }>("Activation", args, {
      parameters: { activation: required, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.activation = activations.get(given.activation);
  }

  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
}

interface ReluArguments extends LayerKeywords {
  max_value: number;
  negative_slope: number;
  threshold: number;
}

/** max(x, 0). Keras' max_value, negative_slope and threshold are not supported. */
class ReLULayer extends SameShapeLayer {
  static readonly className = "ReLU";

  constructor(...args: [options?: Keywords<ReluArguments>]) {
    const given = parseArguments<LayerKeywords>("ReLU", args, {
      parameters: common,
      unsupported: { max_value: null, negative_slope: 0, threshold: 0, ...layerUnsupported },
    });
    super(given);
  }

  override call(x: Tensor): Tensor {
    return activations.relu(x);
  }
}

/** e^x over its sum along `axis` (default the last). */
class SoftmaxLayer extends SameShapeLayer {
  static readonly className = "Softmax";
  readonly axis: number;

  constructor(...args: [axis?: number | Keywords<LayerKeywords & { axis: number }>, rest?: Keywords<LayerKeywords>]) {
    const given = parseArguments<LayerKeywords & { axis: number }>("Softmax", args, {
      parameters: { axis: -1, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.axis = given.axis;
  }

  override call(x: Tensor): Tensor {
    return activations.softmax(x, this.axis);
  }
}

/** x where positive, else negative_slope x; default 0.3. */
class LeakyReLULayer extends SameShapeLayer {
  static readonly className = "LeakyReLU";
  readonly negative_slope: number;

  constructor(
    ...args: [
      negative_slope?: number | Keywords<LayerKeywords & { negative_slope: number }>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const given = parseArguments<LayerKeywords & { negative_slope: number }>("LeakyReLU", args, {
      parameters: { negative_slope: 0.3, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.negative_slope = given.negative_slope;
    if (!(this.negative_slope >= 0)) {
      const expected = "a number of at least 0";
      throw new ArgumentError({
        op: "LeakyReLU",
        argument: "negative_slope",
        expected,
        given: show(given.negative_slope),
      });
    }
  }

  override call(x: Tensor): Tensor {
    return activations.leaky_relu(x, this.negative_slope);
  }
}

/** x where positive, else alpha (e^x - 1); default 1. */
class ELULayer extends SameShapeLayer {
  static readonly className = "ELU";
  readonly alpha: number;

  constructor(...args: [alpha?: number | Keywords<LayerKeywords & { alpha: number }>, rest?: Keywords<LayerKeywords>]) {
    const given = parseArguments<LayerKeywords & { alpha: number }>("ELU", args, {
      parameters: { alpha: 1, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.alpha = given.alpha;
  }

  override call(x: Tensor): Tensor {
    return activations.elu(x, this.alpha);
  }
}

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

interface RescalingArguments extends LayerKeywords {
  scale: number;
  offset: number;
}

/** x scale + offset. */
class RescalingLayer extends SameShapeLayer {
  static readonly className = "Rescaling";
  readonly scale: number;
  readonly offset: number;

  constructor(
    ...args: [
      scale: number | Keywords<RescalingArguments>,
      offset?: number | Keywords<RescalingArguments>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const given = parseArguments<RescalingArguments>("Rescaling", args, {
      parameters: { scale: required, offset: 0, ...common },
      unsupported: layerUnsupported,
    });
    super(given);
    this.scale = given.scale;
    this.offset = given.offset;
  }

  override call(x: Tensor): Tensor {
    const scaled = x.mul(this.scale);
    return this.offset === 0 ? scaled : scaled.add(this.offset);
  }
}

type PaddingArgument = number | Pair | readonly [Pair, Pair];
interface ZeroPaddingArguments extends LayerKeywords {
  padding: PaddingArgument;
  data_format: DataFormat;
}

/** Zeros around images: one number, [rows, columns], or [[top, bottom], [left, right]]. Default 1. */
class ZeroPadding2DLayer extends Layer {
  static readonly className = "ZeroPadding2D";
  readonly padding: readonly [Pair, Pair];
  readonly data_format: DataFormat;

  constructor(
    ...args: [
      padding?: PaddingArgument | Keywords<ZeroPaddingArguments>,
      data_format?: DataFormat | Keywords<ZeroPaddingArguments>,
      rest?: Keywords<LayerKeywords>,
    ]
  ) {
    const op = "ZeroPadding2D";
    const given = parseArguments<LayerKeywords & { padding: PaddingArgument; data_format: DataFormat | null }>(
      op,
      args,
      {
        parameters: { padding: [1, 1], data_format: null, ...common },
        unsupported: layerUnsupported,
      },
    );
    super(given);
    const { padding } = given;
    if (Array.isArray(padding) && padding.length === 2 && Array.isArray(padding[0])) {
      this.padding = [pair(op, "padding", padding[0], 0), pair(op, "padding", padding[1], 0)];
    } else {
      const [rows, columns] = pair(op, "padding", padding, 0);
      this.padding = [
        [rows, rows],
        [columns, columns],
      ];
    }
    this.data_format = dataFormat(op, given.data_format);
  }

  get #perAxis(): Pair[] {
    const [rows, columns] = this.padding;
    return this.data_format === "channels_last" ? [[0, 0], rows, columns, [0, 0]] : [[0, 0], [0, 0], rows, columns];
  }

  override compute_output_shape(inputShape: Shape): Shape {
    this.expectRank(inputShape, 4);
    const perAxis = this.#perAxis;
    return inputShape.map((extent, i) => (extent === null ? null : extent + perAxis[i]![0] + perAxis[i]![1]));
  }

  override call(x: Tensor): Tensor {
    this.expectRank(x.shape, 4);
    return new Tensor(pad(x.core, this.#perAxis));
  }
}

export const Activation = withoutNew(ActivationLayer);
export type Activation = ActivationLayer;
export const ReLU = withoutNew(ReLULayer);
export type ReLU = ReLULayer;
export const Softmax = withoutNew(SoftmaxLayer);
export type Softmax = SoftmaxLayer;
export const LeakyReLU = withoutNew(LeakyReLULayer);
export type LeakyReLU = LeakyReLULayer;
export const ELU = withoutNew(ELULayer);
export type ELU = ELULayer;
export const Add = withoutNew(AddLayer);
export type Add = AddLayer;
export const Concatenate = withoutNew(ConcatenateLayer);
export type Concatenate = ConcatenateLayer;
export const Rescaling = withoutNew(RescalingLayer);
export type Rescaling = RescalingLayer;
export const ZeroPadding2D = withoutNew(ZeroPadding2DLayer);
export type ZeroPadding2D = ZeroPadding2DLayer;
