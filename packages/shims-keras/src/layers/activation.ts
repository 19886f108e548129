import { ArgumentError } from "@facet/autograd";
import * as activations from "../activations.js";
import { type Keywords, parseArguments, required, show } from "../arguments.js";
import { withoutNew } from "../callable.js";
import type { Tensor } from "../tensor.js";
import { type LayerKeywords, layerParameters, layerUnsupported, SameShapeLayer } from "./layer.js";

const common = layerParameters as unknown as LayerKeywords;

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
