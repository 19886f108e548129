// jax.nn.
import "./start.js";
import * as core from "@facet/autograd";
import { type Dtype, DtypeError, sizeOf, type Tensor } from "@facet/autograd";
import { bool, define, int, namespace, number } from "@facet/dialect";
import { array, arrayLike, axes as axesKind, dtype as dtypeKind, type Given, ints } from "./arguments.js";
import { type ArrayLike, type Axis, checkDtype, converted, inexact, integral, JaxArray, run } from "./array.js";
import * as initial from "./initializers.js";
import { axesOf, axisOf, broadcast, permuted } from "./numpy/axes.js";
import { promoted, promotedReal } from "./numpy/ufunc.js";

export { dot_product_attention, log1mexp, logmeanexp, standardize } from "./nn_more.js";
export const initializers = namespace("jax.nn.initializers", initial);

type Activation = (...args: Given<[x: ArrayLike], [], { x: ArrayLike }>) => JaxArray;

const activation = (name: string, op: (x: Tensor) => Tensor): Activation =>
  define(`jax.nn.${name}`, { x: arrayLike }, ({ x }) => run(() => op(inexact(name, "x", x))));

/** Defined for floats alone, as in JAX; a number is one. */
const strict = (name: string, op: (x: Tensor) => Tensor): Activation =>
  define(`jax.nn.${name}`, { x: arrayLike }, ({ x }) =>
    run(() => {
      const [a] = promoted(name, { x }) as [Tensor];
      if (core.isFloating(a.dtype)) return op(a);
      throw new DtypeError({ op: name, argument: "x", expected: "floats (convert with astype)", given: a.dtype });
    }),
  );

/** max(x, 0); at 0 the derivative is 0. Integers stay integers. */
export const relu: Activation = define("jax.nn.relu", { x: arrayLike }, ({ x }) =>
  run(() => {
    const [a] = promoted("relu", { x }) as [Tensor];
    return core.isFloating(a.dtype)
      ? core.relu(a)
      : core.maximum(converted(a, a.dtype === "bool" ? "int32" : a.dtype), 0);
  }),
);
/** min(max(x, 0), 6); at 0 and at 6 the derivative is 0. */
export const relu6 = activation("relu6", (x) => core.where(core.less(x, 6), core.relu(x), 6));
export const sigmoid = strict("sigmoid", core.sigmoid);
export const tanh: (x: ArrayLike) => JaxArray = define("jax.nn.tanh", { x: arrayLike, "/": null }, ({ x }) =>
  run(() => core.tanh(inexact("tanh", "x", x))),
);
export const silu = strict("silu", core.silu);
export const swish = strict("swish", core.silu);
export const softplus = activation("softplus", core.softplus);
/** log sigmoid(x). */
export const log_sigmoid = activation("log_sigmoid", (x) => core.neg(core.softplus(core.neg(x))));

type Sloped<Name extends string> = (
  ...args: Given<[x: ArrayLike], [parameter: number], { x: ArrayLike } & { readonly [K in Name]: number }>
) => JaxArray;
/** x where it is at least 0, else negative_slope x; at 0 the derivative is 1. */
export const leaky_relu: Sloped<"negative_slope"> = define(
  "jax.nn.leaky_relu",
  { x: arrayLike, negative_slope: number.or(0.01) },
  ({ x, negative_slope }) =>
    run(() => core.leakyRelu(inexact("leaky_relu", "x", x), negative_slope, { rightAtZero: true })),
);
/** x where it is above 0, else alpha (e^x - 1). */
export const elu: Sloped<"alpha"> = define("jax.nn.elu", { x: arrayLike, alpha: number.or(1) }, ({ x, alpha }) =>
  run(() => core.elu(inexact("elu", "x", x), alpha)),
);
/** x Phi(x); by default, as in JAX, approximated with tanh. */
export const gelu: (
  ...args: Given<[x: ArrayLike], [approximate: boolean], { x: ArrayLike; approximate: boolean }>
) => JaxArray = define("jax.nn.gelu", { x: arrayLike, approximate: bool.or(true) }, ({ x, approximate }) =>
  run(() => core.gelu(inexact("gelu", "x", x), approximate)),
);

type Where = JaxArray | null;
const where = array.or(null);

interface SoftmaxNamed {
  x: ArrayLike;
  axis: Axis;
  where: Where;
}
type Softmax = (...args: Given<[x: ArrayLike], [axis: Axis, where: Where], SoftmaxNamed>) => JaxArray;

/** An op along one axis, or along several as if they were one; elements outside a mask count for nothing. */
const along = (fn: string, op: (x: Tensor, axis: number) => Tensor, outside: number): Softmax =>
  define(`jax.nn.${fn}`, { x: arrayLike, axis: ints.orNone.or(-1), where }, ({ x: given, axis, where }) =>
    run(() => {
      const x = inexact(fn, "x", given);
      const mask = where === null ? undefined : broadcast(converted(where.core, "bool"), x.shape);
      const seen = mask ? core.where(mask, x, Number.NEGATIVE_INFINITY) : x;
      const y = typeof axis === "number" ? op(seen, axisOf(fn, axis, x.rank)) : joined(fn, op, seen, axis);
      return mask ? core.where(mask, y, outside) : y;
    }),
  );

function joined(fn: string, op: (x: Tensor, axis: number) => Tensor, x: Tensor, axis: Axis): Tensor {
  const axes = axesOf(fn, axis, x.rank);
  const order = [...[...x.shape.keys()].filter((i) => !axes.includes(i)), ...axes];
  const moved = permuted(x, order);
  const kept = moved.shape.slice(0, x.rank - axes.length);
  const rows = core.reshape(moved, [...kept, sizeOf(moved.shape.slice(kept.length))]);
  const back = [...x.shape.keys()].map((i) => order.indexOf(i));
  return permuted(core.reshape(op(rows, rows.rank - 1), moved.shape), back);
}

/** e^x over its sum along `axis` (default the last; several; null for all). Outside `where` it is 0. */
export const softmax = along("softmax", core.softmax, 0);
/** log(softmax(x)), computed without its underflow. Outside `where` it is -Infinity. */
export const log_softmax = along("log_softmax", core.logSoftmax, Number.NEGATIVE_INFINITY);

interface LogSumExpNamed {
  a: ArrayLike;
  axis: Axis;
  b: ArrayLike | null;
  keepdims: boolean;
  return_sign: boolean;
  where: Where;
}
type LogSumExpRest = [axis: Axis, b: ArrayLike | null, keepdims: boolean, return_sign: boolean, where: Where];

/**
 * log(sum(b e^a)) over `axis` (default all), computed from the largest element on. With `return_sign` a list of the logarithm
 * of the sum's size and of its sign; without, a negative sum gives NaN.
 */
// biome-ignore lint/suspicious/noExplicitAny: a list when return_sign is true, an Array otherwise.
export const logsumexp: (...args: Given<[a: ArrayLike], LogSumExpRest, LogSumExpNamed>) => any = define(
  "jax.nn.logsumexp",
  { a: arrayLike, axis: axesKind, b: arrayLike.or(null), keepdims: false, return_sign: false, where },
  ({ a, axis, b, keepdims, return_sign, where }) => {
    const results = core.scope(() => {
      const [given, factor] = promotedReal("logsumexp", b === null ? { a } : { a, b }) as [Tensor, Tensor?];
      let x = given;
      const outside: Tensor[] = [];
      if (where !== null) outside.push(core.logicalNot(broadcast(converted(where.core, "bool"), x.shape)));
      if (factor) outside.push(core.equal(core.expand(factor, x.shape), 0));
      for (const mask of outside) x = core.where(mask, Number.NEGATIVE_INFINITY, x);
      const axes = axesOf("logsumexp", axis, x.rank);
      const none = axes.some((i) => x.shape[i] === 0);
      const largest = none
        ? core.zeros(
            x.shape.map((extent, i) => (axes.includes(i) ? 1 : extent)),
            x.dtype,
          )
        : core.max(core.adopt(x.alias()), { axes, keepdims: true });
      // A row of -Infinity alone has no finite largest element to subtract.
      const shift = core.where(core.less(core.abs(largest), Number.POSITIVE_INFINITY), largest, 0);
      const terms = core.exp(core.sub(x, shift));
      const total = core.sum(factor ? core.mul(terms, factor) : terms, { axes, keepdims: true });
      // With factors the sum may be negative, which has a size to return, or is NaN, through which no gradient flows.
      const signed = core.add(core.log(factor ? core.abs(total) : total), shift);
      const size = factor && !return_sign ? core.where(core.less(total, 0), Number.NaN, signed) : signed;
      if (keepdims) return return_sign ? [size, core.sign(total)] : [size];
      const kept = x.shape.filter((_, i) => !axes.includes(i));
      return (return_sign ? [size, core.sign(total)] : [size]).map((y) => core.reshape(y, kept));
    });
    const [size, sign] = results.map((result) => new JaxArray(result));
    return sign === undefined ? size : [size, sign];
  },
);

interface OneHotNamed {
  x: ArrayLike;
  num_classes: number;
  dtype: Dtype | null;
  axis: number;
}
/** 1 at each index along a new dimension of `num_classes` (default the last), 0 elsewhere; an index that is no class gives zeros. */
export const one_hot: (...args: Given<[x: ArrayLike, num_classes: number], [], OneHotNamed>) => JaxArray = define(
  "jax.nn.one_hot",
  {
    x: arrayLike,
    num_classes: int.where("a whole number of 0 or more", (n) => n >= 0),
    "*": null,
    dtype: dtypeKind.or(null),
    axis: int.or(-1),
  },
  ({ x, num_classes, dtype, axis }) =>
    run(() => {
      const index = integral("one_hot", "x", x);
      const classes = num_classes === 0 ? core.zeros([...index.shape, 0]) : core.oneHot(index, num_classes);
      const rows = converted(classes, checkDtype("one_hot", dtype ?? "float32"));
      const order = [...rows.shape.keys()].slice(0, -1);
      order.splice(axisOf("one_hot", axis, rows.rank), 0, rows.rank - 1);
      return permuted(rows, order);
    }),
);

/** As elu, smooth at 0 for every alpha. */
export const celu: Sloped<"alpha"> = define("jax.nn.celu", { x: arrayLike, alpha: number.or(1) }, ({ x, alpha }) =>
  run(() => core.celu(inexact("celu", "x", x), alpha)),
);
/** elu by the constants that keep mean and variance through layers. */
export const selu = activation("selu", (x) => core.selu(x));
/** min(max(x + 3, 0), 6) / 6. */
export const hard_sigmoid = activation("hard_sigmoid", core.hardSigmoid);
/** x hard_sigmoid(x). */
export const hard_silu = activation("hard_silu", core.hardSwish);
export const hard_swish = activation("hard_swish", core.hardSwish);
/** x, at most 1 and at least -1. */
export const hard_tanh = activation("hard_tanh", (x) => core.hardTanh(x));
/** x tanh(softplus(x)). */
export const mish = activation("mish", core.mish);
/** x / (1 + |x|). */
export const soft_sign = activation("soft_sign", core.softsign);
export const sparse_plus = activation("sparse_plus", core.sparsePlus);
export const sparse_sigmoid = activation("sparse_sigmoid", core.sparseSigmoid);
/** (x + sqrt(x^2 + b)) / 2. */
export const squareplus: (...args: Given<[x: ArrayLike], [b: number], { x: ArrayLike; b: number }>) => JaxArray =
  define("jax.nn.squareplus", { x: arrayLike, b: number.or(4) }, ({ x, b }) =>
    run(() => core.squareplus(inexact("squareplus", "x", x), b)),
  );
/** x itself. */
export const identity: Activation = define("jax.nn.identity", { x: arrayLike }, ({ x }) =>
  run(() => promoted("identity", { x })[0] as Tensor),
);
/** One half along an axis by the sigmoid of the other. */
export const glu: (...args: Given<[x: ArrayLike], [axis: number], { x: ArrayLike; axis: number }>) => JaxArray = define(
  "jax.nn.glu",
  { x: arrayLike, axis: int.or(-1) },
  ({ x: given, axis }) =>
    run(() => {
      const x = inexact("glu", "x", given);
      return core.glu(x, axisOf("glu", axis, x.rank));
    }),
);
