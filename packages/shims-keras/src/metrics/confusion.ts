// Metrics of hits and misses at thresholds: counts, precision and recall, areas under curves.
import * as core from "@facet/autograd";
import { bool, int, listOf, number, oneOf, type Rules } from "@facet/dialect";
import { epsilon } from "../config.js";
import { fraction, positive } from "../kinds.js";
import { matchRanks } from "../losses/loss.js";
import { type Counts, type MetricOf, type Samples, stateMetric } from "./state.js";

type CoreTensor = core.Tensor;
/** Stands for no threshold: every prediction among the first k is above it. */
const LEAST = -1e10;

interface Asked {
  readonly thresholds: readonly number[];
  readonly top_k?: number | null;
  readonly class_id?: number | null;
  /** Whether each column is counted by itself. */
  readonly multi_label?: boolean;
  readonly label_weights?: readonly number[] | null;
}

/** Whether thresholds stand evenly from 0 to 1; Keras then sorts predictions into as many equal parts. */
function evenly(thresholds: readonly number[]): boolean {
  const last = thresholds.length - 1;
  const near = (value: number, i: number): boolean =>
    Math.abs(value - i / last) <= epsilon() + 1e-5 * Math.abs(i / last);
  return last >= 2 && thresholds.every(near);
}

/** Predictions of the k largest scores of a row; the others are below every threshold. */
function firstOnly(x: CoreTensor, k: number): CoreTensor {
  const classes = x.shape.at(-1) as number;
  const [, order] = core.topk(x, k);
  const chosen = core.sum(core.oneHot(order, classes), { axes: [-2] });
  return core.add(core.mul(x, chosen), core.mul(core.sub(1, chosen), LEAST));
}

/** True and false positives and negatives of a batch for each threshold (and column, where labels count by themselves). */
function confusion({ op, wanted, predicted, weights }: Samples, asked: Asked): Counts {
  let [p, t] = matchRanks(predicted, wanted);
  if (`${p.shape}` !== `${t.shape}`) {
    const [expected, given] = [`${core.formatShape(p.shape)}, the shape of y_pred`, core.formatShape(t.shape)];
    throw new core.ShapeError({ op, argument: "y_true", expected, given });
  }
  if (typeof asked.top_k === "number") p = firstOnly(p, asked.top_k);
  if (typeof asked.class_id === "number") {
    if (p.rank < 2 || asked.class_id >= (p.shape.at(-1) as number)) {
      const expected = `predictions of samples and classes, one of them ${asked.class_id}`;
      throw new core.ShapeError({ op, argument: "y_pred", expected, given: core.formatShape(p.shape) });
    }
    const at = asked.class_id;
    [p, t] = [core.sliceAlong(p, -1, at, at + 1), core.sliceAlong(t, -1, at, at + 1)];
  }
  let counted: CoreTensor | undefined;
  if (weights) {
    const missing = Math.max(0, p.rank - weights.rank);
    const like = core.reshape(weights, [...weights.shape, ...Array.from({ length: missing }, () => 1)]);
    counted = core.expand(like, p.shape);
  }
  const { label_weights: byLabel } = asked;
  if (byLabel && !asked.multi_label) {
    const each = core.expand(core.fromData(Float32Array.from(byLabel), [1, byLabel.length]), p.shape);
    counted = counted ? core.mul(counted, each) : each;
  }
  const columns = asked.multi_label ? (p.shape.at(-1) as number) : 1;
  const rows = [1, p.size / Math.max(1, columns), columns];
  const positive = core.cast(core.notEqual(t, 0), "float32");
  const hits = core.reshape(counted ? core.mul(positive, counted) : positive, rows);
  const negative = core.sub(1, positive);
  const misses = core.reshape(counted ? core.mul(negative, counted) : negative, rows);

  const { thresholds } = asked;
  const steps = thresholds.length - 1;
  // A first threshold below 0 lets everything pass; the rounding of parts is Keras'.
  const even = evenly(thresholds);
  const open = (thresholds[0] as number) < 0 || (thresholds[steps] as number) > 1;
  const levels = even ? thresholds.map((_, i) => (i === 0 && open ? -1 : i)) : thresholds;
  const scores = core.reshape(even ? core.mul(core.clamp(p, 0, 1), steps) : p, rows);
  const above = core.greater(scores, core.fromData(Float32Array.from(levels), [levels.length, 1, 1]));
  const passed = core.cast(above, "float32");
  const shape = asked.multi_label ? [levels.length, columns] : [levels.length];
  const total = (x: CoreTensor): CoreTensor => core.reshape(core.sum(x, { axes: [1] }), shape);
  const [passedHits, passedMisses] = [core.mul(passed, hits), core.mul(passed, misses)];
  return {
    true_positives: total(passedHits),
    false_positives: total(passedMisses),
    true_negatives: total(core.sub(misses, passedMisses)),
    false_negatives: total(core.sub(hits, passedHits)),
  };
}

const ALL = ["true_positives", "false_positives", "true_negatives", "false_negatives"] as const;
type Count = (typeof ALL)[number];
type Thresholds = number | readonly number[] | null;

const listOfThresholds = (given: Thresholds, otherwise = 0.5): readonly number[] => [given ?? otherwise].flat();
/** One value where there is one threshold. */
const packedValue = (x: CoreTensor): CoreTensor => (x.rank === 1 && x.size === 1 ? core.reshape(x, []) : x);
const get = (counts: Counts, count: Count): CoreTensor => counts[count] as CoreTensor;
/** a / (a + b), 0 where both are. */
const share = (counts: Counts, a: Count, b: Count): CoreTensor =>
  core.quotientOrZero(get(counts, a), core.add(get(counts, a), get(counts, b)));

const thresholdRules = { thresholds: fraction.either(listOf(fraction)).or(null) } as const;

function counting(className: string, count: Count): MetricOf<[thresholds: Thresholds], { thresholds: Thresholds }> {
  return stateMetric(className, thresholdRules, {
    counts: [count],
    shape: ({ thresholds }) => [listOfThresholds(thresholds).length],
    of: (samples, { thresholds }) => confusion(samples, { thresholds: listOfThresholds(thresholds) }),
    value: (counts) => packedValue(get(counts, count)),
  }) as never;
}
/** Positives that are above the threshold (default 0.5), or above each of several. */
export const TruePositives = /* @__PURE__ */ counting("TruePositives", "true_positives");
/** Negatives above the threshold. */
export const FalsePositives = /* @__PURE__ */ counting("FalsePositives", "false_positives");
/** Negatives that are not above the threshold. */
export const TrueNegatives = /* @__PURE__ */ counting("TrueNegatives", "true_negatives");
/** Positives that are not above the threshold. */
export const FalseNegatives = /* @__PURE__ */ counting("FalseNegatives", "false_negatives");

const classRule = int.where("an integer of at least 0", (value) => value >= 0).or(null);
const chosenRules = { ...thresholdRules, top_k: positive.or(null), class_id: classRule } as const;
type Chosen = { thresholds: Thresholds; top_k: number | null; class_id: number | null };

function chosen(
  className: string,
  other: Count,
): MetricOf<[thresholds: Thresholds, top_k: number | null, class_id: number | null], Chosen> {
  // Of the first k all count, unless thresholds are given.
  const levels = ({ thresholds, top_k }: Chosen): readonly number[] =>
    listOfThresholds(thresholds, top_k === null ? 0.5 : LEAST);
  return stateMetric(className, chosenRules, {
    counts: ["true_positives", other],
    shape: (given) => [levels(given as Chosen).length],
    of: (samples, given) => confusion(samples, { ...(given as Chosen), thresholds: levels(given as Chosen) }),
    value: (counts) => packedValue(share(counts, "true_positives", other)),
  }) as never;
}
/** Share of positives among what is above the threshold (default 0.5), of the first `top_k` or of one class where asked. */
export const Precision = /* @__PURE__ */ chosen("Precision", "false_positives");
/** Share of what is above the threshold among the positives. */
export const Recall = /* @__PURE__ */ chosen("Recall", "false_negatives");

const between = (count: number): number[] => Array.from({ length: count - 2 }, (_, i) => (i + 1) / (count - 1));
const levelsOf = (count: number): readonly number[] => (count === 1 ? [0.5] : [0, ...between(count), 1]);

type Rate = "sensitivity" | "specificity" | "precision" | "recall";
const RATES: Readonly<Record<Rate, readonly [Count, Count]>> = {
  sensitivity: ["true_positives", "false_negatives"],
  specificity: ["true_negatives", "false_positives"],
  precision: ["true_positives", "false_positives"],
  recall: ["true_positives", "false_negatives"],
};
type At<N extends Rate> = MetricOf<
  [value: number, num_thresholds: number, class_id: number | null],
  { num_thresholds: number; class_id: number | null } & Record<N, number>
>;

/** The largest value of one rate where another is at least what is asked. */
function bestAt<const N extends Rate>(className: string, wanted: Rate, least: N): At<N> {
  const rules: Rules = { [least]: fraction, num_thresholds: positive.or(200), class_id: classRule };
  type Given = { num_thresholds: number; class_id: number | null } & Record<N, number>;
  return stateMetric(className, rules, {
    counts: ALL,
    shape: (given) => [(given as unknown as Given).num_thresholds],
    of: (samples, given) => {
      const { num_thresholds, class_id } = given as unknown as Given;
      return confusion(samples, { thresholds: levelsOf(num_thresholds), class_id });
    },
    value: (counts, given) => {
      const fits = core.greaterEqual(share(counts, ...RATES[least as Rate]), (given as unknown as Given)[least]);
      return core.maximum(core.max(core.where(fits, share(counts, ...RATES[wanted]), 0)), 0);
    },
  }) as never;
}
export const SensitivityAtSpecificity = /* @__PURE__ */ bestAt(
  "SensitivityAtSpecificity",
  "sensitivity",
  "specificity",
);
export const SpecificityAtSensitivity = /* @__PURE__ */ bestAt(
  "SpecificityAtSensitivity",
  "specificity",
  "sensitivity",
);
export const PrecisionAtRecall = /* @__PURE__ */ bestAt("PrecisionAtRecall", "precision", "recall");
export const RecallAtPrecision = /* @__PURE__ */ bestAt("RecallAtPrecision", "recall", "precision");

const CURVES = ["ROC", "roc", "PR", "pr", "PRGAIN", "prgain"] as const;
const METHODS = ["interpolation", "Interpolation", "majoring", "Majoring", "minoring", "Minoring"] as const;
const aucRules = {
  num_thresholds: int.where("an integer above 1", (value) => value > 1).or(200),
  curve: oneOf(...CURVES).or("ROC"),
  summation_method: oneOf(...METHODS).or("interpolation"),
} as const;
const aucBehind = {
  thresholds: listOf(fraction).or(null),
  multi_label: bool.or(false),
  num_labels: positive.or(null),
  label_weights: listOf(number).or(null),
  from_logits: bool.or(false),
} as const;
export interface AucArguments {
  num_thresholds: number;
  curve: (typeof CURVES)[number];
  summation_method: (typeof METHODS)[number];
  thresholds: readonly number[] | null;
  multi_label: boolean;
  num_labels: number | null;
  label_weights: readonly number[] | null;
  from_logits: boolean;
}

function aucThresholds({ thresholds, num_thresholds }: AucArguments): readonly number[] {
  const inner = thresholds ? [...thresholds].sort((a, b) => a - b) : between(num_thresholds);
  return [-epsilon(), ...inner, 1 + epsilon()];
}

/** All but the last along the thresholds, and all but the first. */
const ends = (x: CoreTensor): [CoreTensor, CoreTensor] => {
  const count = x.shape[0] as number;
  return [core.sliceAlong(x, 0, 0, count - 1), core.sliceAlong(x, 0, 1, count)];
};
const fall = (x: CoreTensor): CoreTensor => core.sub(...ends(x));

/** The parts of the area under the precision-recall curve, precision interpolated as a function of the counts. */
function interpolatedParts(counts: Counts): CoreTensor {
  const hits = get(counts, "true_positives");
  const passed = core.add(hits, get(counts, "false_positives"));
  const [before, after] = ends(passed);
  const slope = core.quotientOrZero(fall(hits), core.maximum(fall(passed), 0));
  const [, hitsAfter] = ends(hits);
  const [, missedAfter] = ends(get(counts, "false_negatives"));
  const intercept = core.sub(hitsAfter, core.mul(slope, after));
  const both = core.logicalAnd(core.greater(before, 0), core.greater(after, 0));
  const ratio = core.where(both, core.quotientOrZero(before, core.maximum(after, 0)), 1);
  const area = core.mul(slope, core.add(fall(hits), core.mul(intercept, core.log(ratio))));
  return core.quotientOrZero(area, core.maximum(core.add(hitsAfter, missedAfter), 0));
}

/** Where the curve runs: both rates for each threshold. */
function curveOf(counts: Counts, curve: string): [x: CoreTensor, y: CoreTensor] {
  const recall = share(counts, "true_positives", "false_negatives");
  if (curve === "roc") return [share(counts, "false_positives", "true_negatives"), recall];
  if (curve === "pr") return [recall, share(counts, "true_positives", "false_positives")];
  const hits = get(counts, "true_positives");
  const scale = core.quotientOrZero(
    core.add(hits, get(counts, "false_negatives")),
    core.add(get(counts, "true_negatives"), get(counts, "false_positives")),
  );
  const none = core.equal(hits, 0);
  const gain = (count: Count, otherwise: number): CoreTensor =>
    core.where(none, otherwise, core.sub(1, core.mul(scale, core.quotientOrZero(get(counts, count), hits))));
  return [core.maximum(gain("false_negatives", 0), 0), gain("false_positives", 1)];
}

function area(counts: Counts, given: AucArguments): CoreTensor {
  const curve = given.curve.toLowerCase();
  const method = given.summation_method.toLowerCase();
  let parts: CoreTensor;
  if (curve === "pr" && method === "interpolation") parts = interpolatedParts(counts);
  else {
    const [x, y] = curveOf(counts, curve);
    const [before, after] = ends(y);
    const heights =
      method === "interpolation"
        ? core.div(core.add(before, after), 2)
        : (method === "minoring" ? core.minimum : core.maximum)(before, after);
    parts = core.mul(fall(x), heights);
  }
  if (!given.multi_label) return core.sum(parts);
  const byLabel = core.sum(parts, { axes: [0] });
  if (!given.label_weights) return core.mean(byLabel);
  const weights = core.fromData(Float32Array.from(given.label_weights), byLabel.shape);
  return core.quotientOrZero(core.sum(core.mul(byLabel, weights)), core.sum(weights));
}

/** Area under a curve of rates ("ROC", "PR", "PRGAIN"), summed between thresholds: 200 even ones unless said. */
export const AUC = /* @__PURE__ */ stateMetric(
  "AUC",
  aucRules,
  {
    counts: ALL,
    check: (op, { num_labels, multi_label }) => {
      if (num_labels === null || multi_label) return;
      const expected = "none without multi_label";
      throw new core.ArgumentError({ op, argument: "num_labels", expected, given: `${num_labels}` });
    },
    shape: (given) => {
      const { length } = aucThresholds(given as AucArguments);
      if (!given.multi_label) return [length];
      return given.num_labels ? [length, given.num_labels] : undefined;
    },
    of: (samples, given) => {
      const asked = { ...(given as AucArguments), thresholds: aucThresholds(given as AucArguments) };
      if (given.multi_label && samples.predicted.rank !== 2) {
        const [expected, shape] = ["predictions [samples, labels]", core.formatShape(samples.predicted.shape)];
        throw new core.ShapeError({ op: samples.op, argument: "y_pred", expected, given: shape });
      }
      const predicted = given.from_logits ? core.sigmoid(samples.predicted) : samples.predicted;
      return confusion({ ...samples, predicted }, asked);
    },
    value: (counts, given) => area(counts, given as AucArguments),
  },
  aucBehind,
) as MetricOf<
  [num_thresholds: number, curve: AucArguments["curve"], summation_method: AucArguments["summation_method"]],
  AucArguments
>;
