// Losses as a table: each row is a function of keras.losses and the class around it.
import * as core from "@facet/autograd";
import { type Args, bool, define, int, number, only, type Rules, signature, type Values } from "@facet/dialect";
import { type WithoutNew, withoutNew } from "../callable.js";
import { epsilon } from "../config.js";
import { array, axes, fraction, nameKind } from "../kinds.js";
import { floats, Tensor, type TensorLike } from "../tensor.js";
import { type LossArguments, LossWrapper, matchRanks, type Reduction, reductionRule } from "./loss.js";

type Two = (wanted: core.Tensor, predicted: core.Tensor) => core.Tensor;
type Axis = number | readonly number[] | null;
export type LossFunctionOf<P extends readonly unknown[], N> = (
  y_true: TensorLike,
  y_pred: TensorLike,
  ...args: Args<P, N>
) => Tensor;
type LossClassOf<P extends readonly unknown[], N> = WithoutNew<
  new (
    ...args: Args<P, N & LossArguments>
  ) => LossWrapper
>;
type Plain = LossFunctionOf<[], object>;
type PlainClass = LossClassOf<[reduction: Reduction | null, name: string | null], object>;

/** Labels and predictions as floats, with dimensions. */
function operands(op: string, yTrue: TensorLike, yPred: TensorLike): [core.Tensor, core.Tensor] {
  const [wanted, predicted] = matchRanks(floats(yTrue, op), floats(yPred, op));
  if (predicted.rank > 0 || wanted.rank > 0) return [wanted, predicted];
  throw new core.ShapeError({ op, argument: "y_pred", expected: "at least one dimension", given: "a scalar" });
}
const last = { axes: [-1] };
const averaged =
  (f: Two): Two =>
  (t, p) =>
    core.mean(f(t, p), last);

const functionOf = <const R extends Rules>(
  name: string,
  rules: R,
  f: (t: core.Tensor, p: core.Tensor, given: Values<R>) => core.Tensor,
) =>
  define(`keras.losses.${name}`, { y_true: array, y_pred: array, ...rules }, ({ y_true, y_pred, ...given }) => {
    const [t, p] = operands(name, y_true as TensorLike, y_pred as TensorLike);
    return new Tensor(f(t, p, given as unknown as Values<R>));
  });

const dtype = only(null, "float32");
/** The class around a function; `behind` are arguments that stand after the name. */
function classOf<const R extends Rules>(
  className: string,
  f: unknown,
  rules: R,
  name: string,
  behind: Rules = {},
  maskOf?: (losses: core.Tensor) => core.Tensor,
): unknown {
  const read = signature(`keras.losses.${className}`, {
    ...(rules as Rules),
    reduction: reductionRule,
    name: nameKind.or(name),
    ...behind,
    dtype,
  });
  const call = f as (yTrue: Tensor, yPred: Tensor, given: object) => Tensor;
  const own = [...Object.keys(rules), ...Object.keys(behind)];
  return withoutNew(
    class extends LossWrapper {
      static override readonly className = className;

      constructor(...args: readonly unknown[]) {
        const given = read(args) as unknown as LossArguments & Record<string, unknown>;
        const options = Object.fromEntries(own.map((key) => [key, given[key]]));
        super((yTrue, yPred) => (own.length > 0 ? call(yTrue, yPred, options) : call(yTrue, yPred, {})), given);
      }

      protected override mask(_yTrue: Tensor, losses: core.Tensor): core.Tensor | undefined {
        return maskOf?.(losses);
      }
    },
  );
}
const plainClass = (className: string, f: Plain, name: string): PlainClass =>
  classOf(className, f, {}, name) as PlainClass;

/** Labels 0 and 1 as -1 and 1; where there are others, as they are. */
function signed(t: core.Tensor): core.Tensor {
  const binary = core.all(core.logicalOr(core.equal(t, 0), core.equal(t, 1)));
  return core.where(binary, core.sub(core.mul(t, 2), 1), t);
}

/** Mean of 100 |y_true - y_pred| / |y_true|. */
export const mean_absolute_percentage_error: Plain = functionOf("mean_absolute_percentage_error", {}, (t, p) =>
  averaged((a, b) => core.absolutePercentageError(b, a, epsilon()))(t, p),
);
/** Mean of (log(y_true + 1) - log(y_pred + 1))^2. */
export const mean_squared_logarithmic_error: Plain = functionOf("mean_squared_logarithmic_error", {}, (t, p) =>
  averaged((a, b) => core.squaredLogarithmicError(b, a, epsilon()))(t, p),
);
/** Mean of log(cosh(y_pred - y_true)). */
export const log_cosh: Plain = functionOf(
  "log_cosh",
  {},
  averaged((t, p) => core.logCoshLoss(p, t)),
);
/** Sum of y_true log(y_true / y_pred). */
export const kl_divergence: Plain = functionOf("kl_divergence", {}, (t, p) =>
  core.klDivergenceOfProbabilities(p, t, epsilon()),
);
/** Mean of y_pred - y_true log(y_pred). */
export const poisson: Plain = functionOf("poisson", {}, (t, p) =>
  averaged((a, b) => core.poissonLoss(b, a, epsilon()))(t, p),
);
/** Mean of max(1 - y_true y_pred, 0); labels of 0 count as -1. */
export const hinge: Plain = functionOf(
  "hinge",
  {},
  averaged((t, p) => core.hingeLoss(p, signed(t))),
);
/** Mean of the hinge's square. */
export const squared_hinge: Plain = functionOf(
  "squared_hinge",
  {},
  averaged((t, p) => core.squaredHingeLoss(p, signed(t))),
);
/** max(1 + the largest other class's score - that of the label's, 0). */
export const categorical_hinge: Plain = functionOf("categorical_hinge", {}, (t, p) => core.categoricalHingeLoss(p, t));
/** Half the error's square up to delta, then delta times the error. */
export const huber: LossFunctionOf<[delta: number], { delta: number }> = functionOf(
  "huber",
  { delta: number.or(1) },
  (t, p, { delta }) => averaged((a, b) => core.huberLoss(b, a, delta))(t, p),
);
/** Minus the cosine of the angle along `axis`. */
export const cosine_similarity: LossFunctionOf<[axis: number], { axis: number }> = functionOf(
  "cosine_similarity",
  { axis: int.or(-1) },
  (t, p, { axis }) => core.neg(core.cosineSimilarity(t, p, { axis, epsilon: 1e-12 })),
);

export interface Focal {
  alpha: number;
  gamma: number;
  from_logits: boolean;
  label_smoothing: number;
  axis: number;
}
type FocalPositions = [from_logits: boolean, label_smoothing: number, axis: number];
const focalRules = {
  alpha: number.or(0.25),
  gamma: number.or(2),
  from_logits: bool.or(false),
  label_smoothing: fraction.or(0),
  axis: int.or(-1),
} as const;
const binaryFocalRules = { apply_class_balancing: bool.or(false), ...focalRules } as const;
export type BinaryFocal = Focal & { apply_class_balancing: boolean };
type BinaryFocalPositions = [apply_class_balancing: boolean, alpha: number, gamma: number, ...FocalPositions];
/** Binary cross entropies, each times (1 - the probability of its class)^gamma. */
export const binary_focal_crossentropy: LossFunctionOf<BinaryFocalPositions, BinaryFocal> = functionOf(
  "binary_focal_crossentropy",
  binaryFocalRules,
  (t, p, { apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis }) => {
    const smooth = label_smoothing === 0 ? t : core.add(core.mul(t, 1 - label_smoothing), label_smoothing / 2);
    const probability = from_logits ? core.sigmoid(p) : p;
    const loss = core.bceLoss(probability, smooth, { clip: epsilon() });
    const weighted = core.focalLoss(loss, probability, smooth, {
      gamma,
      alpha: apply_class_balancing ? alpha : undefined,
    });
    return core.mean(weighted, { axes: [axis] });
  },
);
type CategoricalFocalPositions = [alpha: number, gamma: number, ...FocalPositions];
/** Sum along `axis` of alpha (1 - p)^gamma (-y_true log p). */
export const categorical_focal_crossentropy: LossFunctionOf<CategoricalFocalPositions, Focal> = functionOf(
  "categorical_focal_crossentropy",
  focalRules,
  (t, p, { alpha, gamma, from_logits, label_smoothing, axis }) => {
    const classes = t.shape.at(-1) as number;
    const smooth = label_smoothing === 0 ? t : core.add(core.mul(t, 1 - label_smoothing), label_smoothing / classes);
    const scores = from_logits ? core.softmax(p, axis) : p;
    const share = core.div(scores, core.sum(scores, { axes: [axis], keepdims: true }));
    const sure = core.clamp(share, epsilon(), 1 - epsilon());
    const entropy = core.mul(smooth, core.neg(core.log(sure)));
    return core.sum(core.mul(core.mul(core.pow(core.sub(1, sure), gamma), alpha), entropy), { axes: [axis] });
  },
);
const overlap = { axis: axes.or(null) };
const axesOf = (axis: Axis): { axes?: readonly number[] } => (axis === null ? {} : { axes: [axis].flat() });
/** 1 - 2 sum(t p) / (sum(t) + sum(p)), over `axis` (default all). */
export const dice: LossFunctionOf<[axis: Axis], { axis: Axis }> = functionOf("dice", overlap, (t, p, { axis }) => {
  const options = axesOf(axis as Axis);
  const both = core.mul(core.sum(core.mul(t, p), options), 2);
  return core.sub(1, core.div(both, core.add(core.add(core.sum(t, options), core.sum(p, options)), epsilon())));
});
export type Tversky_ = { alpha: number; beta: number; axis: Axis };
const tverskyRules = { alpha: number.or(0.5), beta: number.or(0.5) } as const;
/** 1 - sum(t p) / (sum(t p) + alpha sum(t (1 - p)) + beta sum((1 - t) p)), over `axis` (default all). */
export const tversky: LossFunctionOf<[alpha: number, beta: number, axis: Axis], Tversky_> = functionOf(
  "tversky",
  { ...tverskyRules, ...overlap },
  (t, p, { alpha, beta, axis }) =>
    core.tverskyLoss(p, t, { alpha: beta, beta: alpha, epsilon: epsilon(), ...axesOf(axis as Axis) }),
);
type Generalized = LossFunctionOf<[q: number], { q: number }>;
const quotient = number.where("a number above 0 and at most 1", (q) => q > 0 && q <= 1);
/** (1 - p^q) / q of the probability p of each label's class: y_true of class indices. */
export const categorical_generalized_cross_entropy: Generalized = define(
  "keras.losses.categorical_generalized_cross_entropy",
  { y_true: array, y_pred: array, q: quotient },
  ({ y_true, y_pred, q }) => {
    const p = floats(y_pred, "categorical_generalized_cross_entropy");
    const labels = core.cast(floats(y_true, "categorical_generalized_cross_entropy"), "int32");
    const own = core.sum(core.mul(p, core.oneHot(labels, p.shape.at(-1) as number)), last);
    return new Tensor(core.div(core.sub(1, core.pow(own, q)), q));
  },
) as Generalized;
type CircleRest = Args<
  [
    ref_labels: TensorLike | null,
    ref_embeddings: TensorLike | null,
    remove_diagonal: boolean,
    gamma: number,
    margin: number,
  ],
  CircleArguments & { ref_labels: TensorLike | null; ref_embeddings: TensorLike | null }
>;
export type CircleArguments = { remove_diagonal: boolean; gamma: number; margin: number };
/** The circle loss of embeddings of length 1: y_true of class indices, y_pred [n, features]. */
export const circle: (y_true: TensorLike, y_pred: TensorLike, ...rest: CircleRest) => Tensor = define(
  "keras.losses.circle",
  {
    y_true: array,
    y_pred: array,
    ref_labels: array.or(null),
    ref_embeddings: array.or(null),
    remove_diagonal: bool.or(true),
    gamma: number.or(80),
    margin: number.or(0.4),
  },
  ({ y_true, y_pred, ref_labels, ref_embeddings, remove_diagonal, gamma, margin }) => {
    const indices = (x: unknown): core.Tensor => {
      const labels = core.cast(floats(x as TensorLike, "circle"), "int32");
      return core.reshape(labels, [labels.size]);
    };
    const result = core.circleLoss(indices(y_true), floats(y_pred, "circle"), {
      ...(ref_labels === null ? {} : { refLabels: indices(ref_labels) }),
      ...(ref_embeddings === null ? {} : { refEmbeddings: floats(ref_embeddings as TensorLike, "circle") }),
      removeDiagonal: remove_diagonal,
      gamma,
      margin,
    });
    return new Tensor(result);
  },
) as never;
/** ctc_loss of labels [n, length], 0 for none, and logits [n, steps, classes]. */
export const ctc: Plain = define("keras.losses.ctc", { y_true: array, y_pred: array }, ({ y_true, y_pred }) => {
  const logits = floats(y_pred, "ctc");
  const labels = core.cast(floats(y_true, "ctc"), "int32");
  if (logits.rank !== 3 || labels.rank !== 2) {
    const given = `${core.formatShape(labels.shape)} and ${core.formatShape(logits.shape)}`;
    const expected = "labels [n, length] and logits [n, steps, classes]";
    throw new core.ShapeError({ op: "ctc", argument: "y_pred", expected, given });
  }
  const lengths = core.sum(core.cast(core.notEqual(labels, 0), "int32"), last);
  const steps = core.full([logits.shape[0] as number], logits.shape[1] as number, "int32");
  return new Tensor(core.ctcLoss(core.logSoftmax(core.transpose(logits, [1, 0, 2]), -1), labels, steps, lengths));
});

export const MeanAbsolutePercentageError = plainClass(
  "MeanAbsolutePercentageError",
  mean_absolute_percentage_error,
  "mean_absolute_percentage_error",
);
export const MeanSquaredLogarithmicError = plainClass(
  "MeanSquaredLogarithmicError",
  mean_squared_logarithmic_error,
  "mean_squared_logarithmic_error",
);
export const LogCosh = plainClass("LogCosh", log_cosh, "log_cosh");
export const KLDivergence = plainClass("KLDivergence", kl_divergence, "kl_divergence");
export const Poisson = plainClass("Poisson", poisson, "poisson");
export const Hinge = plainClass("Hinge", hinge, "hinge");
export const SquaredHinge = plainClass("SquaredHinge", squared_hinge, "squared_hinge");
export const CategoricalHinge = plainClass("CategoricalHinge", categorical_hinge, "categorical_hinge");
export const CTC = plainClass("CTC", ctc, "ctc");
export const Huber = classOf("Huber", huber, { delta: number.or(1) }, "huber_loss") as LossClassOf<
  [delta: number, reduction: Reduction | null, name: string | null],
  { delta: number }
>;
export const CosineSimilarity = classOf(
  "CosineSimilarity",
  cosine_similarity,
  { axis: int.or(-1) },
  "cosine_similarity",
) as LossClassOf<[axis: number, reduction: Reduction | null, name: string | null], { axis: number }>;
export const BinaryFocalCrossentropy = classOf(
  "BinaryFocalCrossentropy",
  binary_focal_crossentropy,
  binaryFocalRules,
  "binary_focal_crossentropy",
) as LossClassOf<[...BinaryFocalPositions, reduction: Reduction | null], BinaryFocal>;
export const CategoricalFocalCrossentropy = classOf(
  "CategoricalFocalCrossentropy",
  categorical_focal_crossentropy,
  focalRules,
  "categorical_focal_crossentropy",
) as LossClassOf<[...CategoricalFocalPositions, reduction: Reduction | null], Focal>;
export const CategoricalGeneralizedCrossEntropy = classOf(
  "CategoricalGeneralizedCrossEntropy",
  categorical_generalized_cross_entropy,
  { q: quotient.or(0.5) },
  "categorical_generalized_cross_entropy",
) as LossClassOf<[q: number, reduction: Reduction | null, name: string | null], { q: number }>;
export const Circle = classOf(
  "Circle",
  circle,
  { gamma: number.or(80), margin: number.or(0.4), remove_diagonal: bool.or(true) },
  "circle",
  {},
  // Examples without a loss do not count in the mean.
  (losses) => core.cast(core.greater(losses, 0), "float32"),
) as LossClassOf<[gamma: number, margin: number, remove_diagonal: boolean], CircleArguments>;
export const Dice = classOf("Dice", dice, {}, "dice", overlap) as LossClassOf<
  [reduction: Reduction | null, name: string | null, axis: Axis],
  { axis: Axis }
>;
export const Tversky = classOf("Tversky", tversky, tverskyRules, "tversky", overlap) as LossClassOf<
  [alpha: number, beta: number, reduction: Reduction | null, name: string | null, axis: Axis],
  Tversky_
>;
