// Further losses of optax: of distances, margins and distributions. They give one value per example.
import { ArgumentError } from "@facet/autograd";
import { define, int, number } from "@facet/dialect";
import { array, arrayLike, type Given, ints } from "../arguments.js";
import { type ArrayLike, type Axis, inexact, JaxArray, run } from "../array.js";
import { log_sigmoid, log_softmax, logsumexp, one_hot, softmax, sparse_plus } from "../nn.js";
import * as jnp from "../numpy/index.js";
import { stop_gradient } from "../transforms.js";
import { sigmoid_binary_cross_entropy, softmax_cross_entropy } from "./losses.js";

type Where = JaxArray | null;
const where = array.or(null);
const float = (fn: string, argument: string, x: ArrayLike): JaxArray =>
  run(() => {
    const made = inexact(fn, argument, x);
    return x instanceof JaxArray && made === x.core ? made.alias() : made;
  });
const floats = <K extends string>(fn: string, given: Readonly<Record<K, ArrayLike>>): Record<K, JaxArray> =>
  Object.fromEntries(Object.entries(given).map(([name, x]) => [name, arrayOf(fn, name, x as ArrayLike)])) as Record<
    K,
    JaxArray
  >;
const arrayOf = (fn: string, argument: string, x: ArrayLike): JaxArray =>
  x instanceof JaxArray && x.dtype === "float32" ? x : float(fn, argument, x);

type Errors<More = object> = (
  ...args: Given<
    [predictions: ArrayLike],
    [targets: ArrayLike | null],
    { predictions: ArrayLike; targets: ArrayLike | null } & More
  >
) => JaxArray;
const ERRORS = { predictions: arrayLike, targets: arrayLike.or(null) } as const;
function errorsOf(fn: string, predictions: ArrayLike, targets: ArrayLike | null): JaxArray {
  const x = arrayOf(fn, "predictions", predictions);
  return targets === null ? x : x.sub(targets);
}
/** Half the square of errors up to delta, a line beyond. */
export const huber_loss: Errors<{ delta: number }> = define(
  "optax.huber_loss",
  { ...ERRORS, "*": null, delta: number.or(1) },
  ({ predictions, targets, delta }) => {
    const sizes = errorsOf("huber_loss", predictions, targets).abs();
    const inner = jnp.minimum(sizes, delta);
    return inner.mul(inner).mul(0.5).add(sizes.sub(inner).mul(delta));
  },
);
/** log(cosh(error)). */
export const log_cosh: Errors = define("optax.log_cosh", ERRORS, ({ predictions, targets }) => {
  const errors = errorsOf("log_cosh", predictions, targets);
  return jnp.logaddexp(errors, errors.neg()).sub(Math.LN2);
});

interface CosineNamed {
  predictions: ArrayLike;
  targets: ArrayLike;
  epsilon: number;
  axis: Axis;
  where: Where;
}
type Cosine = (...args: Given<[predictions: ArrayLike, targets: ArrayLike], [], CosineNamed>) => JaxArray;
const COSINE = {
  predictions: arrayLike,
  targets: arrayLike,
  "*": null,
  epsilon: number.or(0),
  axis: ints.orNone.or(-1),
  where,
} as const;
function cosineOf(fn: string, { predictions, targets, epsilon, axis, where }: CosineNamed): JaxArray {
  const { predictions: a, targets: b } = floats(fn, { predictions, targets });
  const length = (x: JaxArray): JaxArray =>
    jnp.sqrt(jnp.maximum(jnp.sum(jnp.square(x), { axis, where, keepdims: true }), epsilon));
  return jnp.sum(a.div(length(a)).mul(b.div(length(b))), { axis, where });
}
/** Cosine of the angle between predictions and targets; squares of lengths are at least epsilon. */
export const cosine_similarity: Cosine = define("optax.cosine_similarity", COSINE, (given) =>
  cosineOf("cosine_similarity", given as CosineNamed),
);
/** 1 - cosine_similarity. */
export const cosine_distance: Cosine = define("optax.cosine_distance", COSINE, (given) =>
  cosineOf("cosine_distance", given as CosineNamed)
    .neg()
    .add(1),
);

type Margin = (
  ...args: Given<
    [predictor_outputs: ArrayLike, targets: ArrayLike],
    [],
    { predictor_outputs: ArrayLike; targets: ArrayLike }
  >
) => JaxArray;
const MARGIN = { predictor_outputs: arrayLike, targets: arrayLike } as const;
/** max(0, 1 - output target), targets -1 or 1. */
export const hinge_loss: Margin = define("optax.hinge_loss", MARGIN, ({ predictor_outputs, targets }) => {
  const { x, y } = floats("hinge_loss", { x: predictor_outputs, y: targets });
  return jnp.maximum(x.mul(y).neg().add(1), 0);
});
/** max(0, -output target). */
export const perceptron_loss: Margin = define(
  "optax.losses.perceptron_loss",
  MARGIN,
  ({ predictor_outputs, targets }) => {
    const { x, y } = floats("perceptron_loss", { x: predictor_outputs, y: targets });
    return jnp.maximum(x.mul(y).neg(), 0);
  },
);
type Labelled<Name extends "logits" | "scores"> = (
  ...args: Given<[x: ArrayLike, labels: ArrayLike], [], Record<Name | "labels", ArrayLike>>
) => JaxArray;
/** The loss of a sparse sigmoid, labels 0 or 1. */
export const sparsemax_loss: Labelled<"logits"> = define(
  "optax.losses.sparsemax_loss",
  { logits: arrayLike, labels: arrayLike },
  ({ logits, labels }) => {
    const { x, y } = floats("sparsemax_loss", { x: logits, y: labels });
    return sparse_plus(jnp.where(y.not_equal(0), x.neg(), x));
  },
);
const SCORES = { scores: arrayLike, labels: arrayLike } as const;
const scoresOf = (fn: string, given: ArrayLike, labels: ArrayLike): [scores: JaxArray, hot: JaxArray] => {
  const scores = arrayOf(fn, "scores", given);
  return [scores, one_hot(labels, scores.shape.at(-1) ?? 1)];
};
/** max over classes of score + 1 (of the label: score), less the label's score. */
export const multiclass_hinge_loss: Labelled<"scores"> = define(
  "optax.losses.multiclass_hinge_loss",
  SCORES,
  ({ scores: given, labels }) => {
    const [scores, hot] = scoresOf("multiclass_hinge_loss", given, labels);
    return jnp.max(scores.add(1).sub(hot), { axis: -1 }).sub(scores.mul(hot).sum({ axis: -1 }));
  },
);
/** The largest score less the label's. */
export const multiclass_perceptron_loss: Labelled<"scores"> = define(
  "optax.losses.multiclass_perceptron_loss",
  SCORES,
  ({ scores: given, labels }) => {
    const [scores, hot] = scoresOf("multiclass_perceptron_loss", given, labels);
    return jnp.max(scores, { axis: -1 }).sub(scores.mul(hot).sum({ axis: -1 }));
  },
);

interface Divergence {
  log_predictions: ArrayLike;
  targets: ArrayLike;
  axis: Axis;
  where: Where;
}
type Diverges = (
  ...args: Given<[log_predictions: ArrayLike, targets: ArrayLike], [axis: Axis, where: Where], Divergence>
) => JaxArray;
const DIVERGES = { log_predictions: arrayLike, targets: arrayLike, axis: ints.orNone.or(-1), where } as const;
function divergence(fn: string, { log_predictions, targets, axis, where }: Divergence): JaxArray {
  const { p, t } = floats(fn, { p: log_predictions, t: targets });
  const safe = jnp.where(t.equal(0), 1, t);
  return jnp.sum(t.mul(jnp.where(t.equal(0), 0, jnp.log(safe)).sub(p)), { axis, where });
}
/** Sum of t (log t - log p). */
export const kl_divergence: Diverges = define("optax.kl_divergence", DIVERGES, (given) =>
  divergence("kl_divergence", given as Divergence),
);
interface LogDivergence extends Omit<Divergence, "targets"> {
  log_targets: ArrayLike;
}
/** kl_divergence of logarithms of targets. */
export const kl_divergence_with_log_targets: (
  ...args: Given<[log_predictions: ArrayLike, log_targets: ArrayLike], [axis: Axis, where: Where], LogDivergence>
) => JaxArray = define(
  "optax.losses.kl_divergence_with_log_targets",
  { log_predictions: arrayLike, log_targets: arrayLike, axis: ints.orNone.or(-1), where },
  ({ log_predictions, log_targets, axis, where }) => {
    const { p, t } = floats("kl_divergence_with_log_targets", { p: log_predictions, t: log_targets });
    return jnp.sum(jnp.exp(t).mul(t.sub(p)), { axis, where });
  },
);
/** kl_divergence of what need not sum to 1: plus the sum of p - t. */
export const generalized_kl_divergence: Diverges = define("optax.generalized_kl_divergence", DIVERGES, (given) => {
  const { log_predictions, targets, axis, where } = given as Divergence;
  const { p, t } = floats("generalized_kl_divergence", { p: log_predictions, t: targets });
  const rest = jnp.sum(jnp.exp(p).sub(t), { axis, where });
  return divergence("generalized_kl_divergence", given as Divergence).add(rest);
});
/** The older name. */
export const convex_kl_divergence: Diverges = define("optax.convex_kl_divergence", DIVERGES, (given) =>
  generalized_kl_divergence(given as Divergence),
);

/** softmax_cross_entropy where labels of 0 count for nothing, whatever the logits are. */
export const safe_softmax_cross_entropy: Labelled<"logits"> = define(
  "optax.safe_softmax_cross_entropy",
  { logits: arrayLike, labels: arrayLike },
  ({ logits, labels }) => {
    const { x, y } = floats("safe_softmax_cross_entropy", { x: logits, y: labels });
    const p = log_softmax(x, -1);
    const counts = y.not_equal(0);
    return jnp
      .where(counts, jnp.where(counts, p, 0).mul(y), 0)
      .sum({ axis: -1 })
      .neg();
  },
);
interface PolyNamed {
  logits: ArrayLike;
  labels: ArrayLike;
  epsilon: number;
  axis: Axis;
  where: Where;
}
/** softmax_cross_entropy plus epsilon times the sum of labels times 1 - p. */
export const poly_loss_cross_entropy: (
  ...args: Given<[logits: ArrayLike, labels: ArrayLike], [], PolyNamed>
) => JaxArray = define(
  "optax.losses.poly_loss_cross_entropy",
  { logits: arrayLike, labels: arrayLike, "*": null, epsilon: number.or(2), axis: ints.orNone.or(-1), where },
  ({ logits, labels, epsilon, axis, where }) => {
    const { x, y } = floats("poly_loss_cross_entropy", { x: logits, y: labels });
    const missed = jnp.sum(y.mul(softmax(x, { axis, where }).neg().add(1)), { axis, where });
    return softmax_cross_entropy(x, y, { axis, where }).add(missed.mul(epsilon));
  },
);
interface FocalNamed {
  logits: ArrayLike;
  labels: ArrayLike;
  alpha: number | null;
  gamma: number;
}
/** sigmoid_binary_cross_entropy times (1 - p of the label)^gamma, and alpha (label 1) or 1 - alpha (label 0). */
export const sigmoid_focal_loss: (...args: Given<[logits: ArrayLike, labels: ArrayLike], [], FocalNamed>) => JaxArray =
  define(
    "optax.sigmoid_focal_loss",
    { logits: arrayLike, labels: arrayLike, "*": null, alpha: number.or(null), gamma: number.or(2) },
    ({ logits, labels, alpha, gamma }) => {
      const { x, y } = floats("sigmoid_focal_loss", { x: logits, y: labels });
      const other = y.neg().add(1);
      const missed = logsumexp(jnp.stack([log_sigmoid(x), log_sigmoid(x.neg())], -1), {
        axis: -1,
        b: jnp.stack([other, y], -1),
      }) as JaxArray;
      const loss = sigmoid_binary_cross_entropy(x, y).mul(jnp.exp(missed.mul(gamma)));
      return alpha === null
        ? loss
        : y
            .mul(alpha)
            .add(other.mul(1 - alpha))
            .mul(loss);
    },
  );

interface TripletNamed {
  anchors: ArrayLike;
  positives: ArrayLike;
  negatives: ArrayLike;
  axis: number;
  norm_degree: number;
  margin: number;
  eps: number;
}
/** max(0, distance to what is alike - distance to what is not + margin). */
export const triplet_margin_loss: (
  ...args: Given<
    [anchors: ArrayLike, positives: ArrayLike, negatives: ArrayLike],
    [axis: number, norm_degree: number, margin: number, eps: number],
    TripletNamed
  >
) => JaxArray = define(
  "optax.losses.triplet_margin_loss",
  {
    anchors: arrayLike,
    positives: arrayLike,
    negatives: arrayLike,
    axis: int.or(-1),
    norm_degree: number.or(2),
    margin: number.or(1),
    eps: number.or(1e-6),
  },
  ({ anchors, positives, negatives, axis, norm_degree, margin, eps }) => {
    const { a, p, n } = floats("triplet_margin_loss", { a: anchors, p: positives, n: negatives });
    const distance = (other: JaxArray): JaxArray => {
      const sum = a.sub(other).pow(norm_degree).sum({ axis }).add(eps);
      return sum.pow(1 / norm_degree);
    };
    return jnp.maximum(distance(p).sub(distance(n)).add(margin), 0);
  },
);
interface NtxentNamed {
  embeddings: ArrayLike;
  labels: JaxArray;
  temperature: number;
}
/** The normalised, temperature-scaled cross entropy of embeddings [n, d], of which those of one label belong together: a number. */
export const ntxent: (
  ...args: Given<[embeddings: ArrayLike, labels: JaxArray], [temperature: number], NtxentNamed>
) => JaxArray = define(
  "optax.ntxent",
  { embeddings: arrayLike, labels: array, temperature: number.or(0.07) },
  ({ embeddings, labels, temperature }) => {
    const x = arrayOf("ntxent", "embeddings", embeddings);
    const n = x.shape[0] as number;
    if (labels.shape[0] !== n)
      throw new ArgumentError({ op: "ntxent", argument: "labels", expected: `${n} labels`, given: `${labels.shape}` });
    const cosines = cosineOf("ntxent", {
      predictions: jnp.expand_dims(x, 0),
      targets: jnp.expand_dims(x, 1),
      epsilon: 1.1920928955078125e-7,
      axis: -1,
      where: null,
    }).div(temperature);
    const same = jnp.equal(jnp.expand_dims(labels, 1), jnp.expand_dims(labels, 0));
    const own = jnp.eye(n).astype("bool");
    const alike = jnp.logical_and(same, jnp.logical_not(own));
    const largest = stop_gradient(
      jnp.max(jnp.where(own, Number.NEGATIVE_INFINITY, cosines), { axis: 1, keepdims: true }),
    );
    const shifted = cosines.sub(largest);
    const terms = jnp.exp(shifted);
    const others = jnp.sum(jnp.where(same, 0, terms), { axis: 1, keepdims: true });
    const logs = shifted.sub(jnp.log(others.add(terms)));
    return jnp.where(alike, logs, 0).sum().div(alike.astype("float32").sum()).neg();
  },
);
