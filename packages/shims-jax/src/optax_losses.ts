// Losses of optax. They give one value per example; take the mean yourself, as there.
import * as core from "@facet/autograd";
import { DtypeError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { arrayOf, converted, inexact, type JaxArray, run } from "./array.js";
import { type Keywords, keywords } from "./options.js";

const rowsOf = (x: Tensor): Tensor =>
  core.reshape(x, [x.shape.slice(0, -1).reduce((n, e) => n * e, 1), x.shape.at(-1) ?? 1]);

const NONE = { reduction: "none", labelSmoothing: 0 } as const;
const REFUSED = { axis: -1, where: undefined };

function logitsOf(fn: string, logits: JaxArray): Tensor {
  const x = inexact(fn, "logits", logits);
  if (x.rank > 0) return x;
  throw new ShapeError({ op: fn, argument: "logits", expected: "rank 1 or more", given: "[]" });
}

/** Cross entropy of softmax(logits) [..., c] and distributions labels [..., c]: shape [...]. */
export function softmax_cross_entropy(
  logits: JaxArray,
  labels: JaxArray,
  options?: Keywords<Record<never, never>>,
): JaxArray {
  const fn = "softmax_cross_entropy";
  keywords(fn, options, {}, REFUSED);
  return run(() => {
    const x = logitsOf(fn, logits);
    const targets = inexact(fn, "labels", labels);
    if (`${targets.shape}` !== `${x.shape}`)
      throw new ShapeError({
        op: fn,
        argument: "labels",
        expected: formatShape(x.shape),
        given: formatShape(targets.shape),
      });
    // The kernel gives its labels no gradient.
    if (core.isTracked(targets)) return core.neg(core.sum(core.mul(targets, core.logSoftmax(x, -1)), { axes: [-1] }));
    const { loss } = core.softmaxCrossEntropy(rowsOf(x), rowsOf(targets), { ...NONE, labels: "target" });
    return core.reshape(loss, x.shape.slice(0, -1));
  });
}

/**
 * Cross entropy of softmax(logits) [..., c] and class indices labels [...]: shape [...]. A label that is no class is an
 * error at the next read; optax would give NaN.
 */
export function softmax_cross_entropy_with_integer_labels(
  logits: JaxArray,
  labels: JaxArray,
  options?: Keywords<Record<never, never>>,
): JaxArray {
  const fn = "softmax_cross_entropy_with_integer_labels";
  keywords(fn, options, {}, REFUSED);
  return run(() => {
    const x = logitsOf(fn, logits);
    const given = arrayOf(fn, "labels", labels);
    if (given.dtype === "float32" || given.dtype === "bool")
      throw new DtypeError({ op: fn, argument: "labels", expected: "integers", given: given.dtype });
    const shape = x.shape.slice(0, -1);
    if (`${given.shape}` !== `${shape}`)
      throw new ShapeError({
        op: fn,
        argument: "labels",
        expected: formatShape(shape),
        given: formatShape(given.shape),
      });
    const index = core.reshape(converted(given, "int32"), [given.size]);
    const { loss } = core.softmaxCrossEntropy(rowsOf(x), index, { ...NONE, labels: "index" });
    return core.reshape(loss, shape);
  });
}

/** Binary cross entropy of sigmoid(logits), element by element. */
export const sigmoid_binary_cross_entropy = (logits: JaxArray, labels: JaxArray): JaxArray =>
  run(() => {
    const x = inexact("sigmoid_binary_cross_entropy", "logits", logits);
    const y = inexact("sigmoid_binary_cross_entropy", "labels", labels);
    // -y log s(x) - (1 - y) log(1 - s(x)), with log s(x) = -softplus(-x) and log(1 - s(x)) = -softplus(x).
    return core.add(core.mul(y, core.softplus(core.neg(x))), core.mul(core.sub(1, y), core.softplus(x)));
  });

/** (predictions - targets)^2, element by element; targets default to 0. */
export const squared_error = (predictions: JaxArray, targets?: JaxArray): JaxArray =>
  run(() => core.square(errorOf("squared_error", predictions, targets)));

/** Half of squared_error. */
export const l2_loss = (predictions: JaxArray, targets?: JaxArray): JaxArray =>
  run(() => core.mul(core.square(errorOf("l2_loss", predictions, targets)), 0.5));

function errorOf(fn: string, predictions: JaxArray, targets: JaxArray | undefined): Tensor {
  const x = inexact(fn, "predictions", predictions);
  if (targets === undefined) return x;
  const y = inexact(fn, "targets", targets);
  if (`${x.shape}` !== `${y.shape}`)
    throw new ShapeError({ op: fn, argument: "targets", expected: formatShape(x.shape), given: formatShape(y.shape) });
  return core.sub(x, y);
}

/** (1 - alpha) labels + alpha / number of classes. */
export const smooth_labels = (labels: JaxArray, alpha: number): JaxArray =>
  run(() => {
    const x = inexact("smooth_labels", "labels", labels);
    return core.add(core.mul(x, 1 - alpha), alpha / (x.shape.at(-1) ?? 1));
  });
