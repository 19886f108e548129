// keras.activations: functions of a Tensor, and the string names layers take.
import {
  ArgumentError,
  type Tensor as CoreTensor,
  elu as coreElu,
  gelu as coreGelu,
  relu as coreRelu,
  sigmoid as coreSigmoid,
  silu as coreSilu,
  softmax as coreSoftmax,
  softplus as coreSoftplus,
  tanh as coreTanh,
  leakyRelu,
  logSoftmax,
  mul,
} from "@facet/autograd";
import { show } from "./arguments.js";
import { sameTensor, Tensor, type TensorLike, toTensor } from "./tensor.js";

export type Activation = (x: TensorLike) => Tensor;
export type ActivationArgument = ActivationName | Activation;

const elementwise =
  (f: (x: CoreTensor) => CoreTensor): Activation =>
  (x) =>
    new Tensor(f(toTensor(x).core));

/** x. */
export const linear: Activation = (x) => sameTensor(toTensor(x));
/** max(x, 0). */
export const relu: Activation = elementwise((x) => coreRelu(x));
/** x where positive, else negative_slope x (default 0.2, as Keras' function; the layer LeakyReLU has 0.3). */
export const leaky_relu = (x: TensorLike, negativeSlope = 0.2): Tensor =>
  new Tensor(leakyRelu(toTensor(x).core, negativeSlope));
/** x where positive, else alpha (e^x - 1). */
export const elu = (x: TensorLike, alpha = 1): Tensor => new Tensor(coreElu(toTensor(x).core, alpha));
/** 1.0507 elu(x, 1.6733). At 0 the derivative is that of the right side, 1.0507, as TensorFlow has it. */
export const selu: Activation = elementwise((x) =>
  mul(coreElu(x, 1.6732632423543772, { rightAtZero: true }), 1.0507009873554805),
);
export const tanh: Activation = elementwise((x) => coreTanh(x));
export const softplus: Activation = elementwise((x) => coreSoftplus(x));
/** x sigmoid(x). */
export const silu: Activation = elementwise((x) => coreSilu(x));
/** x Phi(x); exact unless `approximate`, which takes the tanh form. */
export const gelu = (x: TensorLike, approximate = false): Tensor => new Tensor(coreGelu(toTensor(x).core, approximate));
export const log_softmax = (x: TensorLike, axis = -1): Tensor => new Tensor(logSoftmax(toTensor(x).core, axis));

/** 1 / (1 + e^-x). Losses on its result go back to x, where they are stable. */
export const sigmoid: Activation = (x) => {
  const { core } = toTensor(x);
  return new Tensor(coreSigmoid(core), { by: "sigmoid", logits: core });
};

/** e^x over its sum along `axis`. Losses on its result (last axis) go back to x, where they are stable. */
export const softmax = (x: TensorLike, axis = -1): Tensor => {
  const { core } = toTensor(x);
  const last = axis === -1 || axis === core.rank - 1;
  return new Tensor(coreSoftmax(core, axis), last ? { by: "softmax", logits: core } : undefined);
};

const TABLE = {
  linear,
  relu,
  leaky_relu: (x: TensorLike) => leaky_relu(x),
  elu: (x: TensorLike) => elu(x),
  selu,
  sigmoid,
  tanh,
  softplus,
  silu,
  swish: silu,
  gelu: (x: TensorLike) => gelu(x),
  softmax: (x: TensorLike) => softmax(x),
  log_softmax: (x: TensorLike) => log_softmax(x),
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof TABLE;

/** The function of a name, or the function itself; linear for null. Throws ArgumentError on a name it does not know. */
export function get(identifier: ActivationArgument | null | undefined): Activation {
  if (identifier === null || identifier === undefined) return linear;
  if (typeof identifier === "function") return identifier;
  if (typeof identifier === "string" && Object.hasOwn(TABLE, identifier)) return TABLE[identifier];
  const expected = `a function or one of ${Object.keys(TABLE).join(", ")}`;
  throw new ArgumentError({ op: "activations.get", argument: "identifier", expected, given: show(identifier) });
}
