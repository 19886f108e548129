// Scores made of sums over samples: F-scores, R squared, and the root of a mean.
import * as core from "@facet/autograd";
import { number, oneOf, type Rules } from "@facet/dialect";
import { epsilon } from "../config.js";
import { wholeNumber } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { type Counts, type MetricOf, type Samples, stateMetric } from "./state.js";

type CoreTensor = core.Tensor;

export type Average = "micro" | "macro" | "weighted" | null;
export interface FGiven {
  average: Average;
  beta: number;
  threshold: number | null;
}

function expectColumns(op: string, ...tensors: CoreTensor[]): void {
  const wrong = tensors.find(({ rank }) => rank !== 2);
  if (!wrong) return;
  const expected = "labels and predictions [samples, outputs]";
  throw new core.ShapeError({ op, argument: "y_pred", expected, given: core.formatShape(wrong.shape) });
}

function hitsOf({ op, wanted: t, predicted, weights }: Samples, { average, threshold }: FGiven): Counts {
  expectColumns(op, t, predicted);
  // Without a threshold a row's largest scores are chosen, unless they are 0.
  const chosen =
    threshold === null
      ? core.logicalAnd(
          core.greaterEqual(predicted, core.max(predicted, { axes: [-1], keepdims: true })),
          core.greater(core.abs(predicted), 1e-9),
        )
      : core.greater(predicted, threshold);
  const p = core.cast(chosen, "float32");
  const total = (x: CoreTensor): CoreTensor => {
    const each = weights ? core.mul(x, core.reshape(weights, [weights.size, 1])) : x;
    return average === "micro" ? core.sum(each) : core.sum(each, { axes: [0] });
  };
  return {
    true_positives: total(core.mul(p, t)),
    false_positives: total(core.mul(p, core.sub(1, t))),
    false_negatives: total(core.mul(core.sub(1, p), t)),
    intermediate_weights: total(t),
  };
}

function fScore(counts: Counts, { average, beta }: FGiven): CoreTensor {
  const of = (name: string): CoreTensor => counts[name] as CoreTensor;
  const hits = of("true_positives");
  const share = (others: string): CoreTensor => core.div(hits, core.add(core.add(hits, of(others)), epsilon()));
  const [precision, recall] = [share("false_positives"), share("false_negatives")];
  const both = core.add(core.add(core.mul(precision, beta ** 2), recall), epsilon());
  const scores = core.mul(core.div(core.mul(precision, recall), both), 1 + beta ** 2);
  if (average === null) return scores;
  if (average !== "weighted") return core.mean(scores);
  const weights = of("intermediate_weights");
  return core.sum(core.mul(scores, core.div(weights, core.add(core.sum(weights), epsilon()))));
}

const average = { average: oneOf("micro", "macro", "weighted").orNone.or(null) };
const threshold = {
  threshold: number.where("a number above 0 and at most 1", (value) => value > 0 && value <= 1).or(null),
};

const fMetric = (className: string, name: string, rules: Rules): unknown =>
  stateMetric(
    className,
    rules,
    {
      counts: ["true_positives", "false_positives", "false_negatives", "intermediate_weights"],
      of: (samples, given) => hitsOf(samples, given as unknown as FGiven),
      value: (counts, given) => fScore(counts, Object.assign({ beta: 1 }, given as unknown as FGiven)),
    },
    {},
    name,
  );

/** (1 + beta^2) precision recall / (beta^2 precision + recall) of each output, or an average of them. */
export const FBetaScore = /* @__PURE__ */ fMetric("FBetaScore", "fbeta_score", {
  ...average,
  beta: number.where("a number above 0", (value) => value > 0).or(1),
  ...threshold,
}) as MetricOf<[average: Average, beta: number, threshold: number | null], FGiven>;
/** FBetaScore with beta 1. */
export const F1Score = /* @__PURE__ */ fMetric("F1Score", "f1_score", { ...average, ...threshold }) as MetricOf<
  [average: Average, threshold: number | null],
  Omit<FGiven, "beta">
>;

type Aggregation = "uniform_average" | "variance_weighted_average" | null;

/** Weighted sums of each output; `num_samples` is the number of targets, as in Keras. */
function sumsOf({ op, wanted, predicted, weights }: Samples): Counts {
  const [t, p] = matchRanks(wanted, predicted);
  expectColumns(op, t, p);
  const column = weights?.rank === 1 ? core.reshape(weights, [weights.size, 1]) : weights;
  const each = column ? core.expand(column, t.shape) : core.full(t.shape, 1);
  const total = (x: CoreTensor): CoreTensor => core.sum(x, { axes: [0] });
  const weighted = core.mul(t, each);
  const error = core.sub(t, p);
  return {
    num_samples: core.full([], t.size),
    squared_sum: total(core.mul(t, weighted)),
    sum: total(weighted),
    residual: total(core.mul(core.mul(error, error), each)),
    count: total(each),
  };
}

/** 1 - the squared errors' sum over that of the deviations from the mean. */
export const R2Score = /* @__PURE__ */ stateMetric(
  "R2Score",
  {
    class_aggregation: oneOf("uniform_average", "variance_weighted_average").orNone.or("uniform_average"),
    num_regressors: wholeNumber.or(0),
  },
  {
    counts: ["num_samples", "squared_sum", "sum", "residual", "count"],
    of: sumsOf,
    value: (counts, { class_aggregation, num_regressors }) => {
      const of = (name: string): CoreTensor => counts[name] as CoreTensor;
      const spread = core.sub(of("squared_sum"), core.mul(of("sum"), core.div(of("sum"), of("count"))));
      const raw = core.sub(1, core.div(of("residual"), spread));
      const each = core.where(core.isInf(raw), 0, raw);
      let score = each;
      if (class_aggregation === "uniform_average") score = core.mean(each);
      else if (class_aggregation !== null) score = core.div(core.sum(core.mul(spread, each)), core.sum(spread));
      if (num_regressors === 0) return score;
      // Where there are too few samples for so many regressors, the score stays as it is.
      const free = core.sub(of("num_samples"), num_regressors + 1);
      const scale = core.div(core.sub(of("num_samples"), 1), core.maximum(free, 1));
      return core.where(core.greater(free, 0), core.sub(1, core.mul(core.sub(1, score), scale)), score);
    },
  },
  {},
  "r2_score",
) as MetricOf<
  [class_aggregation: Aggregation, num_regressors: number],
  { class_aggregation: Aggregation; num_regressors: number }
>;
