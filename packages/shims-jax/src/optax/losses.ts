// Losses of optax. They give one value per example; take the mean yourself, as there.
import * as core from "@facet/autograd";
import { formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define } from "@facet/dialect";
import { array, arrayLike, type Given, ints } from "../arguments.js";
import { type ArrayLike, type Axis, computable, converted, inexact, integral, JaxArray, run } from "../array.js";
import { log_softmax, logsumexp } from "../nn.js";
import { axesOf, axisOf, permuted } from "../numpy/axes.js";
import { any, sum } from "../numpy/reduce.js";
import { expand_dims } from "../numpy/shape.js";

const rowsOf = (x: Tensor): Tensor =>
  core.reshape(x, [x.shape.slice(0, -1).reduce((n, e) => n * e, 1), x.shape.at(-1) ?? 1]);

const NONE = { reduction: "none", labelSmoothing: 0 } as const;

/** Real numbers, which is what optax takes. */
function floating(fn: string, argument: string, x: ArrayLike): Tensor {
  const tensor = computable(fn, argument, x);
  core.expectFloating(fn, argument, tensor.dtype);
  return tensor;
}

function logitsOf(fn: string, logits: ArrayLike): Tensor {
  const x = floating(fn, "logits", logits);
  if (x.rank > 0) return x;
  throw new ShapeError({ op: fn, argument: "logits", expected: "rank 1 or more", given: "[]" });
}

function expectShape(fn: string, argument: string, x: Tensor, shape: readonly number[]): void {
  if (`${x.shape}` !== `${shape}`)
    throw new ShapeError({ op: fn, argument, expected: formatShape(shape), given: formatShape(x.shape) });
}

type Where = JaxArray | null;
const where = array.or(null);

/** A mask of examples as one of logits. */
const maskOf = (mask: Where, x: Tensor, axis: number | readonly number[]): Where =>
  mask === null || mask.ndim === x.rank ? mask : expand_dims(mask, axis);

interface CrossEntropyNamed {
  logits: ArrayLike;
  labels: ArrayLike;
  axis: Axis;
  where: Where;
}
type CrossEntropy = (
  ...args: Given<[logits: ArrayLike, labels: ArrayLike], [axis: Axis, where: Where], CrossEntropyNamed>
) => JaxArray;

/**
 * Cross entropy of softmax(logits) and distributions labels of one shape, along `axis` (default the last; several; null for
 * all), over the elements or examples that `where` marks. Its shape is that of logits without the axis.
 */
export const softmax_cross_entropy: CrossEntropy = define(
  "optax.softmax_cross_entropy",
  { logits: arrayLike, labels: arrayLike, axis: ints.orNone.or(-1), where },
  ({ logits, labels, axis, where }) =>
    run(() => {
      const fn = "softmax_cross_entropy";
      const x = logitsOf(fn, logits);
      const targets = inexact(fn, "labels", labels);
      expectShape(fn, "labels", targets, x.shape);
      const axes = axesOf(fn, axis, x.rank);
      const last = axes.length === 1 && axes[0] === x.rank - 1;
      // The kernel takes the last axis, and gives its labels no gradient.
      if (!last || where !== null || core.isTracked(targets)) {
        const mask = maskOf(where, x, axes);
        const terms = core.mul(targets, log_softmax(new JaxArray(x), { axis: axes, where: mask }).core);
        return core.neg(sum(new JaxArray(terms), { axis: axes, where: mask }).core);
      }
      const { loss } = core.softmaxCrossEntropy(rowsOf(x), rowsOf(targets), { ...NONE, labels: "target" });
      return core.reshape(loss, x.shape.slice(0, -1));
    }),
);

/**
 * Cross entropy of softmax(logits) and class indices labels, which have the shape of logits without `axis` (default the
 * last), over the elements or examples that `where` marks. A label that is no class is an error at the next read; optax
 * would give NaN.
 */
export const softmax_cross_entropy_with_integer_labels: CrossEntropy = define(
  "optax.softmax_cross_entropy_with_integer_labels",
  { logits: arrayLike, labels: arrayLike, axis: ints.or(-1), where },
  ({ logits, labels, axis, where }) =>
    run(() => {
      const fn = "softmax_cross_entropy_with_integer_labels";
      const given = logitsOf(fn, logits);
      const axes = typeof axis === "number" ? [axisOf(fn, axis, given.rank)] : axesOf(fn, axis, given.rank);
      const rest = [...given.shape.keys()].filter((i) => !axes.includes(i));
      const flat = (tensor: Tensor): Tensor =>
        core.reshape(permuted(tensor, [...rest, ...axes]), [...rest.map((i) => tensor.shape[i] as number), -1]);
      const x = flat(given);
      const shape = x.shape.slice(0, -1);
      const index = integral(fn, "labels", labels);
      expectShape(fn, "labels", index, shape);
      if (where === null) {
        const { loss } = core.softmaxCrossEntropy(rowsOf(x), core.reshape(index, [index.size]), {
          ...NONE,
          labels: "index",
        });
        return core.reshape(loss, shape);
      }
      const whole = maskOf(where, given, axes) as JaxArray;
      const mask = new JaxArray(flat(core.expand(converted(whole.core, "bool"), given.shape)));
      const chosen = core.sum(core.mul(core.cast(core.oneHot(index, x.shape.at(-1) as number), x.dtype), x), {
        axes: [-1],
      });
      const total: JaxArray = logsumexp(new JaxArray(x), { axis: -1, where: mask });
      return core.where(any(mask, -1).core, core.sub(total.core, chosen), 0);
    }),
);

/** Binary cross entropy of sigmoid(logits), element by element. */
export const sigmoid_binary_cross_entropy: (
  ...args: Given<[logits: ArrayLike, labels: ArrayLike], [], { logits: ArrayLike; labels: ArrayLike }>
) => JaxArray = define(
  "optax.sigmoid_binary_cross_entropy",
  { logits: arrayLike, labels: arrayLike },
  ({ logits, labels }) =>
    run(() => {
      const x = floating("sigmoid_binary_cross_entropy", "logits", logits);
      const y = inexact("sigmoid_binary_cross_entropy", "labels", labels);
      return core.bceWithLogitsLoss(x, y, { softpluses: "two" });
    }),
);

interface ErrorNamed {
  predictions: ArrayLike;
  targets: ArrayLike | null;
}
type ErrorLoss = (...args: Given<[predictions: ArrayLike], [targets: ArrayLike | null], ErrorNamed>) => JaxArray;
const errorLoss = (name: string, finish: (error: Tensor) => Tensor): ErrorLoss =>
  define(`optax.${name}`, { predictions: arrayLike, targets: arrayLike.or(null) }, ({ predictions, targets }) =>
    run(() => {
      const x = floating(name, "predictions", predictions);
      if (targets === null) return finish(x);
      const y = inexact(name, "targets", targets);
      expectShape(name, "targets", y, x.shape);
      return finish(core.sub(x, y));
    }),
  );

/** (predictions - targets)^2, element by element; targets default to 0. */
export const squared_error = errorLoss("squared_error", core.square);
/** Half of squared_error. */
export const l2_loss = errorLoss("l2_loss", (error) => core.mul(core.square(error), 0.5));

interface SmoothNamed {
  labels: ArrayLike;
  alpha: ArrayLike;
  axis: Axis;
  where: Where;
}
/** (1 - alpha) labels + alpha / number of classes, which are along `axis` (default the last), or those that `where` marks. */
export const smooth_labels: (...args: Given<[labels: ArrayLike, alpha: ArrayLike], [], SmoothNamed>) => JaxArray =
  define(
    "optax.smooth_labels",
    { labels: arrayLike, alpha: arrayLike, "*": null, axis: ints.orNone.or(-1), where },
    ({ labels, alpha, axis, where }) =>
      run(() => {
        const x = floating("smooth_labels", "labels", labels);
        const axes = axesOf("smooth_labels", axis, x.rank);
        const classes =
          where === null
            ? axes.reduce((count, i) => count * (x.shape[i] as number), 1)
            : converted(sum(where, { axis: axes, keepdims: true }).core, x.dtype);
        if (typeof alpha === "number" && typeof classes === "number")
          return core.add(core.mul(x, 1 - alpha), alpha / classes);
        const share = converted(inexact("smooth_labels", "alpha", alpha), x.dtype);
        return core.add(core.mul(x, core.sub(1, share)), core.div(share, classes));
      }),
  );
