import { cast, formatShape, greater, ShapeError, where } from "@facet/autograd";
import { type Args, any, number, signature } from "@facet/dialect";
import * as activations from "../activations.js";
import { withoutNew } from "../callable.js";
import { array, atLeastZero, intOrInts } from "../kinds.js";
import { asTensor, Tensor, type TensorDtype, type TensorLike } from "../tensor.js";
import { callSignature, type LayerKeywords, layerPart, layerRules } from "./arguments.js";
import { SameShapeLayer } from "./layer.js";

const readActivation = signature("keras.layers.Activation", { activation: any, ...layerRules });

/** Any activation function as a layer. */
class ActivationLayer extends SameShapeLayer {
  static override readonly className = "Activation";
  static override readonly callReader = callSignature("Activation");
  readonly activation: activations.ActivationFunction;

  constructor(
    ...args: Args<
      [activation: activations.ActivationArgument],
      LayerKeywords & { activation: activations.ActivationArgument }
    >
  ) {
    const given = readActivation(args);
    super(layerPart(given));
    this.activation = activations.resolve(given.activation, "Activation");
  }

  override call(x: Tensor): Tensor {
    return this.activation(x);
  }

  protected override outputDtype(input: TensorDtype): TensorDtype {
    return input;
  }
}

interface ReluArguments {
  max_value: number | null;
  negative_slope: number;
  threshold: number;
}
const readRelu = signature("keras.layers.ReLU", {
  max_value: atLeastZero.or(null),
  negative_slope: atLeastZero.or(0),
  threshold: atLeastZero.or(0),
  ...layerRules,
});

/** max(x, 0); at most max_value, and negative_slope (x - threshold) at or below the threshold, when these are given. */
class ReLULayer extends SameShapeLayer {
  static override readonly className = "ReLU";
  static override readonly callReader = callSignature("ReLU");
  readonly max_value: number | null;
  readonly negative_slope: number;
  readonly threshold: number;

  constructor(
    ...args: Args<[max_value: number | null, negative_slope: number, threshold: number], LayerKeywords & ReluArguments>
  ) {
    const given = readRelu(args);
    super(layerPart(given));
    this.max_value = given.max_value;
    this.negative_slope = given.negative_slope;
    this.threshold = given.threshold;
  }

  override call(x: Tensor): Tensor {
    return activations.relu(x, this.negative_slope, this.max_value, this.threshold);
  }
}

const readSoftmax = signature("keras.layers.Softmax", { axis: intOrInts.or(-1), ...layerRules });

/** What stands in the place of what the mask leaves out. */
const LOWEST = -1e9;

/** e^x over its sum along `axis` (default the last), or several. Called with `mask`, what it leaves out counts as nothing. */
class SoftmaxLayer extends SameShapeLayer {
  static override readonly className = "Softmax";
  static override readonly callReader = callSignature("Softmax", { mask: array.or(null) });
  readonly axis: number | readonly number[];

  constructor(...args: Args<[axis: number | readonly number[]], LayerKeywords & { axis: number | readonly number[] }>) {
    const given = readSoftmax(args);
    super(layerPart(given));
    this.axis = given.axis;
  }

  override call(x: Tensor, { mask = null }: { mask?: TensorLike | null } = {}): Tensor {
    if (mask === null) return activations.softmaxAlong(x, this.axis);
    const keep = maskFor(x, mask);
    const y = activations.softmaxAlong(new Tensor(where(keep, x.core, LOWEST)), this.axis);
    // Along an axis with nothing to keep it would be uniform.
    return new Tensor(where(keep, y.core, 0));
  }
}

/** A mask as bools: numbers above a half keep. Throws ShapeError unless it broadcasts to x. */
function maskFor(x: Tensor, mask: TensorLike): Tensor["core"] {
  const { core } = asTensor(mask, "Softmax");
  const fits = core.shape.every((extent, i) => extent === 1 || extent === x.shape.at(i - core.rank));
  if (core.rank > x.ndim || !fits) {
    const expected = `a shape that broadcasts to ${formatShape(x.shape)}`;
    throw new ShapeError({ op: "Softmax", argument: "mask", expected, given: formatShape(core.shape) });
  }
  return core.dtype === "bool" ? core : greater(cast(core, "float32"), 0.5);
}

const readLeaky = signature("keras.layers.LeakyReLU", { negative_slope: atLeastZero.or(0.3), ...layerRules });

/** x where positive, else negative_slope x; default 0.3. */
class LeakyReLULayer extends SameShapeLayer {
  static override readonly className = "LeakyReLU";
  static override readonly callReader = callSignature("LeakyReLU");
  readonly negative_slope: number;

  constructor(...args: Args<[negative_slope: number], LayerKeywords & { negative_slope: number }>) {
    const given = readLeaky(args);
    super(layerPart(given));
    this.negative_slope = given.negative_slope;
  }

  override call(x: Tensor): Tensor {
    return activations.leaky_relu(x, this.negative_slope);
  }
}

const readElu = signature("keras.layers.ELU", { alpha: number.or(1), ...layerRules });

/** x where positive, else alpha (e^x - 1); default 1. */
class ELULayer extends SameShapeLayer {
  static override readonly className = "ELU";
  static override readonly callReader = callSignature("ELU");
  readonly alpha: number;

  constructor(...args: Args<[alpha: number], LayerKeywords & { alpha: number }>) {
    const given = readElu(args);
    super(layerPart(given));
    this.alpha = given.alpha;
  }

  override call(x: Tensor): Tensor {
    return activations.elu(x, this.alpha);
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
