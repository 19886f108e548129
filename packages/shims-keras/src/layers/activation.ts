// Activations as layers.
import { cast, prelu as corePrelu, formatShape, greater, ShapeError, where } from "@facet/autograd";
import { listOf, number } from "@facet/dialect";
import * as activations from "../activations.js";
import { array, atLeastZero, intOrInts, positive } from "../kinds.js";
import { asTensor, floats, type Shape, Tensor, type TensorLike } from "../tensor.js";
import type { VariableBase } from "../variable.js";
import { activationKind, constraint, initializer, regularizer } from "./arguments.js";
import { layerClass, layerOf } from "./define.js";

const plain = { sameShape: true, masks: true } as const;

/** Any activation function as a layer. */
class ActivationLayer extends /* @__PURE__ */ layerOf("Activation", { activation: activationKind }, ["activation"], {
  ...plain,
  keepsDtype: true,
}) {
  override call(x: Tensor): Tensor {
    return this.activation(x);
  }
}

const reluRules = {
  max_value: atLeastZero.or(null),
  negative_slope: atLeastZero.or(0),
  threshold: atLeastZero.or(0),
} as const;
/** max(x, 0); at most max_value, and negative_slope (x - threshold) at or below the threshold, when these are given. */
class ReLULayer extends /* @__PURE__ */ layerOf(
  "ReLU",
  reluRules,
  ["max_value", "negative_slope", "threshold"],
  plain,
) {
  override call(x: Tensor): Tensor {
    return activations.relu(x, this.negative_slope, this.max_value, this.threshold);
  }
}

/** What stands in the place of what the mask leaves out. */
const LOWEST = -1e9;

/** e^x over its sum along `axis` (default the last), or several. Called with `mask`, what it leaves out counts as nothing. */
class SoftmaxLayer extends /* @__PURE__ */ layerOf("Softmax", { axis: intOrInts.or(-1) }, ["axis"], {
  ...plain,
  call: { mask: array.or(null) },
}) {
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

const leakyRules = { negative_slope: atLeastZero.or(0.3) } as const;
/** x where positive, else negative_slope x; default 0.3. */
class LeakyReLULayer extends /* @__PURE__ */ layerOf("LeakyReLU", leakyRules, ["negative_slope"], plain) {
  override call(x: Tensor): Tensor {
    return activations.leaky_relu(x, this.negative_slope);
  }
}

/** x where positive, else alpha (e^x - 1); default 1. */
class ELULayer extends /* @__PURE__ */ layerOf("ELU", { alpha: number.or(1) }, ["alpha"], plain) {
  override call(x: Tensor): Tensor {
    return activations.elu(x, this.alpha);
  }
}

const preluRules = {
  alpha_initializer: initializer.or("Zeros" as never),
  alpha_regularizer: regularizer,
  alpha_constraint: constraint,
  shared_axes: intOrInts.either(listOf(positive)).or(null),
} as const;
/** x where positive, else alpha x with a learned alpha for every element of an example; `shared_axes` count from 1. */
class PReLULayer extends /* @__PURE__ */ layerOf("PReLU", preluRules, ["alpha_initializer"], plain) {
  alpha: VariableBase | undefined;

  override build(inputShape: Shape): void {
    const shared = this.shared_axes === null ? [] : [this.shared_axes].flat();
    const extents = inputShape.map((_, axis) => (axis === 0 || shared.includes(axis) ? 1 : undefined));
    this.alpha = this.weightOf(
      "alpha",
      extents.slice(1).map((extent, i) => extent ?? this.knownExtent(inputShape, i + 1)),
    );
  }

  override call(x: Tensor): Tensor {
    return new Tensor(corePrelu(floats(x, "PReLU"), (this.alpha as VariableBase).core));
  }
}

export const Activation = /* @__PURE__ */ layerClass(ActivationLayer);
export type Activation = ActivationLayer;
export const ReLU = /* @__PURE__ */ layerClass(ReLULayer);
export type ReLU = ReLULayer;
export const Softmax = /* @__PURE__ */ layerClass(SoftmaxLayer);
export type Softmax = SoftmaxLayer;
export const LeakyReLU = /* @__PURE__ */ layerClass(LeakyReLULayer);
export type LeakyReLU = LeakyReLULayer;
export const ELU = /* @__PURE__ */ layerClass(ELULayer);
export type ELU = ELULayer;
export const PReLU = /* @__PURE__ */ layerClass(PReLULayer);
export type PReLU = PReLULayer;
