// keras.activations: functions of a Tensor or a placeholder, and the string names layers take.
import "./start.js";
import {
  ArgumentError,
  add,
  type Tensor as CoreTensor,
  cast,
  clamp,
  celu as coreCelu,
  elu as coreElu,
  exp as coreExp,
  gelu as coreGelu,
  glu as coreGlu,
  logSigmoid as coreLogSigmoid,
  mish as coreMish,
  relu as coreRelu,
  relu6 as coreRelu6,
  sigmoid as coreSigmoid,
  silu as coreSilu,
  softmax as coreSoftmax,
  softplus as coreSoftplus,
  softsign as coreSoftsign,
  sparsemax as coreSparsemax,
  squareplus as coreSquareplus,
  tanh as coreTanh,
  threshold as coreThreshold,
  expectDtype,
  greater,
  hardShrink,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  logSoftmax,
  maximum,
  mul,
  neg,
  reshape,
  softShrink,
  sparsePlus,
  sparseSigmoid,
  sub,
  tanhShrink,
  transpose,
} from "@facet/autograd";
import { type Args, any, define, func, int, isKeywords, number, type Rules, show, type Values } from "@facet/dialect";
import { arrayOrPlaceholder, intOrInts, showUnknown } from "./kinds.js";
import { defineOp } from "./operation.js";
import { asTensor, floats, KerasTensor, sameTensor, Tensor, type TensorLike } from "./tensor.js";

/** One axis or several. */
type Axis = number | readonly number[];

/** An activation: on placeholders a placeholder, on arrays a tensor. */
export interface Activation<Rest extends unknown[] = []> {
  (x: KerasTensor, ...rest: Rest): KerasTensor;
  (x: TensorLike, ...rest: Rest): Tensor;
}
export type ActivationFunction = (x: Tensor) => Tensor;
export type ActivationArgument = ActivationName | ActivationFunction | Activation;

/** An activation by name, with the arguments beside x. */
const activation = <const R extends Rules>(
  name: string,
  rules: R,
  compute: (x: TensorLike, values: Values<R>) => Tensor,
  className?: string,
  // biome-ignore lint/suspicious/noExplicitAny: the declared type of the constant says what it takes.
): any =>
  defineOp(
    `keras.activations.${name}`,
    { x: arrayOrPlaceholder, ...rules },
    {
      compute: ({ x, ...rest }) => compute(x as TensorLike, rest as unknown as Values<R>),
      ...(className ? { className } : {}),
    },
  );

const plain = (name: string, f: (x: CoreTensor) => CoreTensor): Activation =>
  activation(name, {}, (x) => new Tensor(f(asTensor(x, name).core)));
const ofFloats = (name: string, f: (x: CoreTensor) => CoreTensor): Activation =>
  activation(name, {}, (x) => new Tensor(f(floats(x, name))));

/** x. */
export const linear: Activation = define("keras.activations.linear", { x: arrayOrPlaceholder }, ({ x }) => {
  if (x instanceof KerasTensor) return x;
  return x instanceof Tensor ? sameTensor(x) : asTensor(x);
}) as Activation;

interface ReluArguments {
  negative_slope: number;
  max_value: number | null;
  threshold: number;
}
/**
 * max(x, 0). With the others: max_value from there on, x above the threshold, negative_slope (x - threshold) elsewhere.
 * Integers stay so unless there is more to it than max(x, 0).
 */
export const relu: Activation<
  Args<[negative_slope: number, max_value: number | null, threshold: number], ReluArguments>
> = activation(
  "relu",
  { negative_slope: 0, max_value: number.or(null), threshold: 0 },
  (x, given) => rectified(asTensor(x, "relu"), given),
  "ReLU",
);

function rectified(x: Tensor, { negative_slope, max_value, threshold }: ReluArguments): Tensor {
  const plain = negative_slope === 0 && max_value === null && threshold === 0;
  if (plain) return new Tensor(x.dtype === "int32" ? maximum(x.core, 0) : coreRelu(x.core));
  const core = cast(x.core, "float32");
  if (max_value === null && threshold === 0) return new Tensor(leakyRelu(core, negative_slope));
  let y = threshold === 0 ? coreRelu(core) : mul(core, cast(greater(core, threshold), "float32"));
  if (max_value !== null) y = clamp(y, 0, Math.max(0, max_value));
  if (negative_slope === 0) return new Tensor(y);
  return new Tensor(sub(y, mul(coreRelu(add(neg(core), threshold)), negative_slope)));
}

/** x where positive, else negative_slope x (default 0.2, as Keras' function; the layer LeakyReLU has 0.3). */
export const leaky_relu: Activation<Args<[negative_slope: number], { negative_slope: number }>> = activation(
  "leaky_relu",
  { negative_slope: 0.2 },
  (x, { negative_slope }) => new Tensor(leakyRelu(floats(x, "leaky_relu"), negative_slope)),
  "LeakyRelu",
);
/** x where positive, else alpha (e^x - 1). */
export const elu: Activation<Args<[alpha: number], { alpha: number }>> = activation(
  "elu",
  { alpha: 1 },
  (x, { alpha }) => new Tensor(coreElu(asTensor(x, "elu").core, alpha)),
);
/** 1.0507 elu(x, 1.6733). At 0 the derivative is that of the right side, 1.0507, as TensorFlow has it. */
export const selu = plain("selu", (x) =>
  mul(coreElu(x, 1.6732632423543772, { rightAtZero: true }), 1.0507009873554805),
);
export const tanh = ofFloats("tanh", coreTanh);
export const softplus = plain("softplus", coreSoftplus);
/** max(0, x), at most 6. */
export const relu6 = ofFloats("relu6", coreRelu6);
export const softsign = ofFloats("softsign", coreSoftsign);
/** e^x. */
export const exponential = ofFloats("exponential", coreExp);
/** x plus 3, between 0 and 6, over 6. */
export const hard_sigmoid = ofFloats("hard_sigmoid", hardSigmoid);
/** x hard_sigmoid(x). */
export const hard_silu = ofFloats("hard_silu", hardSwish);
export const hard_swish = ofFloats("hard_swish", hardSwish);
/** x, between -1 and 1. */
export const hard_tanh = ofFloats("hard_tanh", (x) => clamp(x, -1, 1));
/** x tanh(softplus(x)). */
export const mish = ofFloats("mish", coreMish);
export const log_sigmoid = ofFloats("log_sigmoid", coreLogSigmoid);
/** 0 up to -1, x from 1 on, (x + 1)^2 / 4 between. */
export const sparse_plus = ofFloats("sparse_plus", sparsePlus);
/** 0 up to -1, 1 from 1 on, (x + 1) / 2 between. */
export const sparse_sigmoid = ofFloats("sparse_sigmoid", sparseSigmoid);
/** x - tanh(x). */
export const tanh_shrink = ofFloats("tanh_shrink", tanhShrink);
/** x where positive, else alpha (e^(x / alpha) - 1). */
export const celu: Activation<Args<[alpha: number], { alpha: number }>> = activation(
  "celu",
  { alpha: 1 },
  (x, { alpha }) => new Tensor(coreCelu(floats(x, "celu"), alpha)),
);
/** The first half along `axis` times the sigmoid of the second. */
export const glu: Activation<Args<[axis: number], { axis: number }>> = activation(
  "glu",
  { axis: int.or(-1) },
  (x, { axis }) => new Tensor(coreGlu(floats(x, "glu"), axis)),
);
type ByThreshold = Activation<Args<[threshold: number], { threshold: number }>>;
/** x outside of +-threshold, 0 inside. */
export const hard_shrink: ByThreshold = activation(
  "hard_shrink",
  { threshold: 0.5 },
  (x, { threshold }) => new Tensor(hardShrink(floats(x, "hard_shrink"), threshold)),
);
/** x moved by `threshold` towards 0, which it stays at. */
export const soft_shrink: ByThreshold = activation(
  "soft_shrink",
  { threshold: 0.5 },
  (x, { threshold }) => new Tensor(softShrink(floats(x, "soft_shrink"), threshold)),
);
/** (x + sqrt(x^2 + b)) / 2. */
export const squareplus: Activation<Args<[b: number], { b: number }>> = activation(
  "squareplus",
  { b: 4 },
  (x, { b }) => new Tensor(coreSquareplus(floats(x, "squareplus"), b)),
);
/** x above the threshold, else `default_value`. */
export const threshold: Activation<
  Args<[threshold: number, default_value: number], { threshold: number; default_value: number }>
> = activation(
  "threshold",
  { threshold: number, default_value: number },
  (x, given) => new Tensor(coreThreshold(floats(x, "threshold"), given.threshold, given.default_value)),
);
/** The nearest point of the simplex along `axis`: shares that may be 0. */
export const sparsemax: Activation<Args<[axis: number], { axis: number }>> = activation(
  "sparsemax",
  { axis: int.or(-1) },
  (x, { axis }) => new Tensor(coreSparsemax(floats(x, "sparsemax"), axis)),
);
/** x sigmoid(x). */
export const silu = plain("silu", coreSilu);
export const swish = plain("swish", coreSilu);
/** x Phi(x); exact unless `approximate`, which takes the tanh form. */
export const gelu: Activation<Args<[approximate: boolean], { approximate: boolean }>> = activation(
  "gelu",
  { approximate: false },
  (x, { approximate }) => new Tensor(coreGelu(asTensor(x, "gelu").core, approximate)),
);
export const log_softmax: Activation<Args<[axis: Axis], { axis: Axis }>> = activation(
  "log_softmax",
  { axis: intOrInts.or(-1) },
  (x, { axis }) => {
    const { core } = asTensor(x, "log_softmax");
    return new Tensor(along("log_softmax", core, axis, logSoftmax));
  },
);

/** 1 / (1 + e^-x). Losses on its result go back to x, where they are stable. */
export const sigmoid: Activation = activation("sigmoid", {}, (x) => {
  const { core } = asTensor(x, "sigmoid");
  return new Tensor(coreSigmoid(core), { by: "sigmoid", logits: core });
});

/** e^x over its sum along `axis`, or several. Losses on its result (last axis) go back to x, where they are stable. */
export const softmax: Activation<Args<[axis: Axis], { axis: Axis }>> = activation(
  "softmax",
  { axis: intOrInts.or(-1) },
  (x, { axis }) => softmaxAlong(x, axis),
);

/** softmax along an axis, several, or with null all. */
export function softmaxAlong(x: TensorLike, axis: Axis | null): Tensor {
  const { core } = asTensor(x, "softmax");
  const last = axis === -1 || axis === core.rank - 1;
  return new Tensor(along("softmax", core, axis, coreSoftmax), last ? { by: "softmax", logits: core } : undefined);
}

/** A function of one axis, along several: they are moved to the end and made one. */
function along(
  op: string,
  x: CoreTensor,
  axis: Axis | null,
  f: (x: CoreTensor, axis: number) => CoreTensor,
): CoreTensor {
  if (typeof axis === "number") return f(x, axis);
  expectDtype(op, "x", x.dtype, "float32");
  const wanted = (axis ?? x.shape.map((_, i) => i)).map((each) => (each < 0 ? each + x.rank : each));
  if (wanted.some((each) => each < 0 || each >= x.rank) || new Set(wanted).size !== wanted.length) {
    const expected = `different axes of a shape of ${x.rank} dimensions`;
    throw new ArgumentError({ op, argument: "axis", expected, given: show(axis) });
  }
  const kept = x.shape.map((_, i) => i).filter((i) => !wanted.includes(i));
  const order = [...kept, ...wanted];
  const moved = transpose(x, order);
  const result = f(reshape(moved, [...kept.map((i) => x.shape[i] as number), -1]), -1);
  return transpose(
    reshape(result, moved.shape),
    order.map((_, i) => order.indexOf(i)),
  );
}

const TABLE = {
  linear,
  relu,
  leaky_relu,
  elu,
  selu,
  sigmoid,
  tanh,
  softplus,
  silu,
  swish: silu,
  gelu,
  softmax,
  log_softmax,
  relu6,
  softsign,
  exponential,
  hard_sigmoid,
  hard_silu,
  hard_swish: hard_silu,
  hard_tanh,
  mish,
  log_sigmoid,
  sparse_plus,
  sparse_sigmoid,
  tanh_shrink,
  celu,
  glu,
  hard_shrink,
  soft_shrink,
  squareplus,
  threshold,
  sparsemax,
};

export type ActivationName = keyof typeof TABLE;

/** The function of a name, or the function itself; linear for null. Throws ArgumentError on a name it does not know. */
export const get: (identifier: ActivationArgument | null) => ActivationFunction = define(
  "keras.activations.get",
  { identifier: any },
  ({ identifier }) => resolve(identifier),
);

/** The name of a function of this module; a function of the program's own stands for itself. */
export const serialize: (activation: ActivationFunction | Activation) => ActivationName | ActivationFunction = define(
  "keras.activations.serialize",
  { activation: func },
  ({ activation }) => {
    const found = Object.entries(TABLE).find(([, each]) => each === activation);
    return (found?.[0] ?? activation) as ActivationName;
  },
);

/** The function of a name that `serialize` gave. */
export const deserialize: (config: ActivationName | ActivationFunction) => ActivationFunction = define(
  "keras.activations.deserialize",
  { config: any, custom_objects: any.or(null) },
  ({ config, custom_objects }) =>
    typeof config === "string" && isKeywords(custom_objects) && Object.hasOwn(custom_objects, config)
      ? (custom_objects[config] as ActivationFunction)
      : resolve(config, "activations.deserialize"),
);

/** What `get` gives, for callers that have read their arguments. */
export function resolve(identifier: unknown, op = "activations.get"): ActivationFunction {
  if (identifier === null || identifier === undefined) return linear;
  if (typeof identifier === "function") return identifier as ActivationFunction;
  if (typeof identifier === "string" && Object.hasOwn(TABLE, identifier))
    return TABLE[identifier as ActivationName] as ActivationFunction;
  const expected = `a function or one of ${Object.keys(TABLE).join(", ")}`;
  const given = showUnknown(identifier, Object.keys(TABLE));
  throw new ArgumentError({ op, argument: op === "activations.get" ? "identifier" : "activation", expected, given });
}
