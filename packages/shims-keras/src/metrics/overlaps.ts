// Metrics of overlapping regions: intersection over union, from a matrix of labels by predictions.
import * as core from "@facet/autograd";
import { bool, int, listOf, type Rules } from "@facet/dialect";
import { epsilon } from "../config.js";
import { positive, wholeNumber } from "../kinds.js";
import { type MetricOf, type Samples, stateMetric } from "./state.js";

type CoreTensor = core.Tensor;

export interface OverlapArguments {
  num_classes: number;
  target_class_ids: readonly number[];
  ignore_class: number | null;
  sparse_y_true: boolean;
  sparse_y_pred: boolean;
  axis: number;
  threshold: number | null;
  dtype: null | "float32";
}

/** Weights of the samples by label (rows) and prediction (columns); other classes count nowhere. */
function matrixOf({ op, wanted, predicted, weights }: Samples, given: OverlapArguments): CoreTensor {
  const { num_classes, ignore_class, axis, threshold } = given;
  const indices = (x: CoreTensor, sparse: boolean): CoreTensor => {
    const found = sparse ? core.cast(x, "int32") : core.argmax(x, axis);
    return core.reshape(found, [found.size]);
  };
  const t = indices(wanted, given.sparse_y_true);
  const scores = threshold === null ? predicted : core.cast(core.greaterEqual(predicted, threshold), "float32");
  const p = indices(scores, given.sparse_y_pred);
  if (t.size !== p.size) {
    const expected = `as many labels as predictions, ${p.size}`;
    throw new core.ShapeError({ op, argument: "y_true", expected, given: `${t.size}` });
  }
  const inside = (x: CoreTensor): CoreTensor => core.logicalAnd(core.greaterEqual(x, 0), core.less(x, num_classes));
  let counts = core.logicalAnd(inside(t), inside(p));
  if (ignore_class !== null) counts = core.logicalAnd(counts, core.notEqual(t, ignore_class));
  let each = core.cast(counts, "float32");
  if (weights) {
    const flat = weights.rank > 1 ? core.reshape(weights, [weights.size]) : weights;
    // Keras counts in integers unless a dtype is given.
    const whole = given.dtype === null ? core.cast(core.cast(flat, "int32"), "float32") : flat;
    each = core.mul(each, core.expand(whole, each.shape));
  }
  const rows = (x: CoreTensor): CoreTensor => core.oneHot(core.where(counts, x, 0), num_classes);
  const weighted = core.mul(rows(p), core.reshape(each, [each.size, 1]));
  return core.matmul(core.transpose(rows(t), [1, 0]), weighted);
}

/** The mean over the target classes that occur of intersection over union. */
function overlap(matrix: CoreTensor, targets: readonly number[]): CoreTensor {
  const both = core.diagonal(matrix);
  const either = core.sub(core.add(core.sum(matrix, { axes: [0] }), core.sum(matrix, { axes: [1] })), both);
  const chosen = core.fromData(Int32Array.from(targets), [targets.length], "int32");
  const [own, all] = [both, either].map((x) => core.takeAlongAxis(x, chosen, { axis: 0 })) as [CoreTensor, CoreTensor];
  const occurs = core.greater(all, 1e-9);
  const shares = core.where(occurs, core.div(own, core.add(all, epsilon())), 0);
  return core.div(core.sum(shares), core.add(core.sum(core.cast(occurs, "float32")), epsilon()));
}

/** What a class fixes instead of taking it. */
const PLAIN = {
  ignore_class: null,
  sparse_y_true: true,
  sparse_y_pred: true,
  axis: -1,
  threshold: null,
};

function overlapMetric(className: string, rules: Rules, behind: Rules, fixed: Partial<OverlapArguments> = {}): unknown {
  const complete = (given: object): OverlapArguments => {
    const all = { ...PLAIN, ...fixed, ...given } as OverlapArguments;
    return { ...all, target_class_ids: all.target_class_ids ?? Array.from({ length: all.num_classes }, (_, i) => i) };
  };
  return stateMetric(
    className,
    rules,
    {
      counts: ["total_confusion_matrix"],
      check: (op, given) => {
        const { num_classes, target_class_ids } = complete(given);
        if (target_class_ids.every((id) => id < num_classes)) return;
        const [expected, shown] = [`classes from 0 to ${num_classes - 1}`, `[${target_class_ids.join(", ")}]`];
        throw new core.ArgumentError({ op, argument: "target_class_ids", expected, given: shown });
      },
      shape: (given) => {
        const { num_classes } = complete(given);
        return [num_classes, num_classes];
      },
      of: (samples, given) => ({ total_confusion_matrix: matrixOf(samples, complete(given)) }),
      value: (counts, given) => overlap(counts.total_confusion_matrix as CoreTensor, complete(given).target_class_ids),
    },
    behind,
  );
}

const classes = { num_classes: positive };
const targets = { target_class_ids: listOf(wholeNumber) };
const ignore = { ignore_class: int.or(null) };
const sparseLabels = { sparse_y_true: bool.or(true), sparse_y_pred: bool.or(true), axis: int.or(-1) };
const oneHotLabels = { sparse_y_pred: bool.or(false), axis: int.or(-1) };

type Classes = Pick<OverlapArguments, "num_classes">;
type Targets = Classes & Pick<OverlapArguments, "target_class_ids">;
type Sparse = Pick<OverlapArguments, "ignore_class" | "sparse_y_true" | "sparse_y_pred" | "axis">;
type TargetPositions = [num_classes: number, target_class_ids: readonly number[]];

/** Intersection over union of the target classes, a mean over those that occur. */
export const IoU = /* @__PURE__ */ overlapMetric(
  "IoU",
  { ...classes, ...targets },
  { ...ignore, ...sparseLabels },
) as MetricOf<TargetPositions, Targets & Sparse>;
/** As IoU of two classes: predictions of at least `threshold` are of class 1. */
export const BinaryIoU = /* @__PURE__ */ overlapMetric(
  "BinaryIoU",
  { target_class_ids: listOf(wholeNumber).or([0, 1]), threshold: 0.5 },
  {},
  { num_classes: 2 },
) as MetricOf<
  [target_class_ids: readonly number[], threshold: number],
  { target_class_ids: readonly number[]; threshold: number }
>;
/** As IoU of all classes. */
export const MeanIoU = /* @__PURE__ */ overlapMetric("MeanIoU", classes, { ...ignore, ...sparseLabels }) as MetricOf<
  [num_classes: number],
  Classes & Sparse
>;
/** As IoU of one-hot labels. */
export const OneHotIoU = /* @__PURE__ */ overlapMetric(
  "OneHotIoU",
  { ...classes, ...targets },
  { ...ignore, ...oneHotLabels },
  { sparse_y_true: false },
) as MetricOf<TargetPositions, Targets & Omit<Sparse, "sparse_y_true">>;
/** As MeanIoU of one-hot labels. */
export const OneHotMeanIoU = /* @__PURE__ */ overlapMetric(
  "OneHotMeanIoU",
  classes,
  { ...ignore, ...oneHotLabels },
  {
    sparse_y_true: false,
  },
) as MetricOf<[num_classes: number], Classes & Omit<Sparse, "sparse_y_true">>;
