// jax.example_libraries.stax: layers are pairs [init_fun, apply_fun].
import "../start.js";
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, sizeOf } from "@facet/autograd";
import { define, func, number, oneOf } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { computable, type JaxArray, run } from "../array.js";
import { glorot_normal, type Initializer, normal } from "../initializers.js";
import * as nn from "../nn.js";
import { exp, tanh } from "../numpy/elementwise.js";
import { type PRNGKeyArray, split } from "../random/index.js";
import { extent, flatShape, init, keyOf, type Layer, layer, NAME, weightsOf } from "./stax_layer.js";

export { FanInConcat, FanInSum, FanOut, parallel, serial, shape_dependent } from "./stax_combinators.js";
export { AvgPool, Conv, GeneralConv, MaxPool, SumPool } from "./stax_convolution.js";
export type { ApplyFun, ApplyOptions, InitFun, Layer, Params, Shape } from "./stax_layer.js";

interface DenseNamed {
  out_dim: number;
  W_init: Initializer;
  b_init: Initializer;
}
/** y = x W + b. W is initialised glorot_normal, b normal(0.01). Parameters [W, b]. */
export const Dense: (
  ...args: Given<[out_dim: number], [W_init: Initializer, b_init: Initializer], DenseNamed>
) => Layer = define(
  `${NAME}.Dense`,
  { out_dim: extent, W_init: init.or(glorot_normal()), b_init: init.or(normal()) },
  ({ out_dim, W_init, b_init }) =>
    layer(
      (rng, input_shape) => {
        const shape = flatShape("Dense", input_shape);
        const [k1, k2] = split(keyOf("Dense", rng)) as [PRNGKeyArray, PRNGKeyArray];
        return [
          [...shape.slice(0, -1), out_dim],
          [W_init(k1, [shape.at(-1) ?? 1, out_dim]), b_init(k2, [out_dim])],
        ];
      },
      (params, inputs) =>
        run(() => {
          const [W, b] = weightsOf("Dense", params);
          const x = computable("Dense", "inputs", inputs);
          if (x.rank < 1)
            throw new ShapeError({ op: "Dense", argument: "inputs", expected: "rank 1 or more", given: "[]" });
          const rows = core.reshape(x, [x.rank === 1 ? 1 : sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number]);
          const y = core.matmul(rows, W.core, { bias: b.core });
          return core.reshape(y, [...x.shape.slice(0, -1), y.shape[1] as number]);
        }),
    ),
);

// biome-ignore lint/suspicious/noExplicitAny: the function's further arguments are its own affair.
type Elementwise = (fun: (x: JaxArray, ...options: any[]) => JaxArray, fun_kwargs?: object) => Layer;
/** A layer without parameters that applies a function of the same shape, with its keywords. */
export const elementwise: Elementwise = define(
  `${NAME}.elementwise`,
  { fun: func, "**fun_kwargs": null },
  ({ fun, fun_kwargs }) => {
    const options = Object.keys(fun_kwargs as object).length > 0 ? [fun_kwargs] : [];
    return unshaped((x) => fun(x, ...options));
  },
);

const unshaped = (fun: (x: JaxArray) => JaxArray): Layer =>
  layer(
    (_rng, input_shape) => [input_shape, []],
    (_params, inputs) => fun(inputs),
  );

export const Relu = unshaped((x) => nn.relu(x));
export const Tanh = unshaped((x) => tanh(x));
export const Exp = unshaped((x) => exp(x));
export const Sigmoid = unshaped((x) => nn.sigmoid(x));
export const Elu = unshaped((x) => nn.elu(x));
export const LeakyRelu = unshaped((x) => nn.leaky_relu(x));
export const Gelu = unshaped((x) => nn.gelu(x));
export const Softplus = unshaped((x) => nn.softplus(x));
export const Softmax = unshaped((x) => nn.softmax(x, -1));
export const LogSoftmax = unshaped((x) => nn.log_softmax(x, -1));
/** Passes its input through. */
export const Identity: Layer = unshaped((x) => x);

/** All dimensions but the first as one. */
export const Flatten: Layer = layer(
  (_rng, input_shape) => {
    const shape = flatShape("Flatten", input_shape);
    return [[shape[0] ?? 1, sizeOf(shape.slice(1))], []];
  },
  (_params, inputs) =>
    run(() => {
      const x = computable("Flatten", "inputs", inputs);
      return core.reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]);
    }),
);

type Mode = "train" | "test";
/**
 * Keeps each element with probability `rate`, divided by `rate`, else 0: the rate is that of KEEPING, as in the original.
 * mode "train" draws from `rng`, which must be given; "test" passes the input through.
 */
export const Dropout: (...args: Given<[rate: number], [mode: Mode], { rate: number; mode: Mode }>) => Layer = define(
  `${NAME}.Dropout`,
  {
    rate: number.where("a probability of keeping, above 0", (rate) => rate > 0 && rate <= 1),
    mode: oneOf("train", "test").or("train"),
  },
  ({ rate, mode }) =>
    layer(
      (_rng, input_shape) => [input_shape, []],
      (_params, inputs, rng) => {
        if (rng === null)
          throw new ArgumentError({
            op: "Dropout",
            argument: "rng",
            expected: "a key: call apply_fun(params, inputs, { rng }), with a random.key",
            given: "none",
          });
        return mode === "train"
          ? run(() => core.dropout(computable("Dropout", "inputs", inputs), 1 - rate, rng.words))
          : inputs;
      },
    ),
);
