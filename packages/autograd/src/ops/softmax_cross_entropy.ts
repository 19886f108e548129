import {
  ArgumentError,
  type CrossEntropyOptions,
  softmaxCrossEntropyBackward,
  softmaxCrossEntropyForward,
  softmaxCrossEntropyGeometry,
  softmaxCrossEntropySummary,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, launch, nonDifferentiable, type OpInputs, vjp } from "../define_op.js";
import { expectDtype, expectFloating, isHalf } from "../dtype.js";
import { device } from "../engine.js";
import { empty, type Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { allBatched, mergedInto, splitFrom } from "../vmap/rules.js";
import { full } from "./create.js";
import { add, div, equal, mul, sub, where } from "./elementwise.js";
import { convertHalves } from "./elementwise_op.js";
import { oneHot } from "./one_hot.js";
import { sum } from "./reduce.js";
import { expand, reshape, slice, sliceAlong } from "./shape.js";
import { softmax } from "./softmax.js";

export interface CrossEntropyAttrs extends Omit<CrossEntropyOptions, "classWeights"> {}

type Inputs = {
  logits: Tensor;
  labels: Tensor | undefined;
  targets: Tensor | undefined;
  classWeights: Tensor | undefined;
};

function geometry({ logits, labels, targets, classWeights }: Inputs, attrs: CrossEntropyAttrs) {
  const classes = logits.shape.at(-1) ?? 0;
  const slot = device().faults.slot({
    op: "softmax_cross_entropy",
    argument: "labels",
    expected: `class indices from 0 to ${classes - 1}`,
  });
  const given = attrs.labels === "index" ? labels : targets;
  if (!given)
    throw new ArgumentError({
      op: "softmax_cross_entropy",
      argument: "labels",
      expected: `labels of kind ${attrs.labels}`,
      given: "none",
    });
  if (attrs.labels === "target") expectFloating("softmax_cross_entropy", "labels", given.dtype);
  else expectDtype("softmax_cross_entropy", "labels", given.dtype, "int32");
  return softmaxCrossEntropyGeometry(
    logits.shape,
    given.shape,
    { ...attrs, classWeights: classWeights !== undefined },
    slot,
  );
}

// loss = reduce over rows of -sum over classes of t log softmax(logits);  dlogits = dy (softmax sum(t) - t) / denominator
// with t the (smoothed, class-weighted) target distribution of the row.
const crossEntropyOp = defineOp<Inputs, CrossEntropyAttrs, "summary">({
  name: "softmax_cross_entropy",
  shape: (inputs, attrs) => geometry(inputs, attrs).shape,
  aux: { summary: (_, { examples }) => ({ shape: examples === undefined ? [4] : [examples, 4], dtype: "float32" }) },
  forward: (inputs, y, attrs, { summary }) => {
    const { params } = geometry(inputs, attrs);
    const { logits, labels, targets, classWeights } = inputs;
    const perRow = attrs.reduction === "none";
    const rows = empty([params.n, 4], "float32", "workspace");
    const losses = isHalf(y.dtype) ? empty(y.shape, "float32", "workspace") : y;
    launch(softmaxCrossEntropyForward, { logits, labels, targets, class_weights: classWeights, rows }, params);
    launch(softmaxCrossEntropySummary, { rows, ...(perRow ? { losses } : {}), summary }, params);
    rows.dispose();
    if (!perRow) {
      const loss = attrs.examples === undefined ? summary.alias(y.shape) : columnOf(summary, 0);
      copyTensor(loss, losses);
      loss.dispose();
    }
    if (losses === y) return;
    convertHalves(losses, y);
    losses.dispose();
  },
  vjp: {
    logits: vjp(
      ["logits", "labels", "targets", "classWeights", "summary"],
      (dy, saved, { attrs }): Tensor => backwardOp({ ...(saved as Inputs & { summary: Tensor }), dy }, attrs),
    ),
    labels: nonDifferentiable,
    targets: nonDifferentiable,
    classWeights: nonDifferentiable,
  },
  batch: asMoreExamples((name, { reduction }) => name === "y" && reduction === "none"),
  halves: { forward: "kernels", gradients: "own" },
});

/** Column k of a summary of several examples. */
const columnOf = (summary: Tensor, k: number): Tensor =>
  reshape(sliceAlong(summary, 1, k, k + 1), [summary.shape[0] as number]);

/**
 * Rows of every example of a vmap behind one another, each reduced by itself. `hasRows` says which results have rows, as logits, labels and
 * targets have; others are one for each example.
 */
function asMoreExamples<I extends Partial<Inputs>>(
  hasRows: (name: string, attrs: CrossEntropyAttrs) => boolean,
): BatchRule<I & OpInputs, CrossEntropyAttrs> {
  return ({ classWeights, ...given }, isBatched, attrs, size) => {
    if (isBatched("classWeights" as never)) return undefined;
    // Examples of vmaps further in are merged with these too.
    const merges = (name: string): boolean =>
      attrs.examples !== undefined ||
      ["logits", "labels", "targets"].includes(name) ||
      (name === "dy" && attrs.reduction === "none") ||
      hasRows(name, attrs);
    const all = Object.entries(allBatched(given, isBatched as never, size));
    const merged = all.map(([name, x]) => [name, x && merges(name) ? mergedInto(x, 0) : x]);
    return {
      inputs: { ...Object.fromEntries(merged), classWeights },
      attrs: { ...attrs, examples: size * (attrs.examples ?? 1) },
      finish: (y, name) => (merges(name) ? splitFrom(y, 0, size) : y),
    };
  };
}

const backwardOp = defineOp<Inputs & { summary: Tensor; dy: Tensor }, CrossEntropyAttrs>({
  name: "softmax_cross_entropy_backward",
  shape: ({ logits }) => logits.shape,
  dtype: ({ logits }) => logits.dtype,
  forward: (inputs, dlogits, attrs) => {
    const { params } = geometry(inputs, attrs);
    const { logits, labels, targets, classWeights, summary, dy } = inputs;
    launch(
      softmaxCrossEntropyBackward,
      { logits, labels, targets, class_weights: classWeights, summary, dy, dlogits },
      params,
    );
  },
  vjp: {
    // dlogits = r (s W - t) with r the row's dy / denominator and W = sum t: by logits only s varies, and its gradient is
    // r W s (g - sum(g s)).
    logits: vjp(["logits", "labels", "targets", "classWeights", "summary", "dy"], (g, saved, { attrs }): Tensor => {
      const inputs = saved as unknown as Inputs & { summary: Tensor; dy: Tensor };
      const s = softmax(inputs.logits);
      const centred = mul(s, sub(g, sum(mul(g, s), { axes: [-1], keepdims: true })));
      return mul(rowScale(inputs, attrs), centred);
    }),
    labels: nonDifferentiable,
    targets: nonDifferentiable,
    classWeights: nonDifferentiable,
    summary: nonDifferentiable,
    // Linear in dy: the same formula with dy = 1, times g, summed over what one element of dy scaled.
    dy: vjp(["logits", "labels", "targets", "classWeights", "summary", "dy"], (g, saved, { attrs }): Tensor => {
      const inputs = saved as unknown as Inputs & { summary: Tensor; dy: Tensor };
      const unit = backwardOp({ ...inputs, dy: full(inputs.dy.shape, 1) }, attrs);
      const rows = sum(mul(g, unit), { axes: [-1] });
      if (attrs.reduction === "none") return rows;
      return attrs.examples === undefined ? sum(rows) : sum(reshape(rows, [attrs.examples, -1]), { axes: [1] });
    }),
  },
  batch: asMoreExamples((name) => name === "y"),
  halves: { forward: "kernels" },
});

/** r W for every row as [n, 1]. */
function rowScale(inputs: Inputs & { summary: Tensor; dy: Tensor }, attrs: CrossEntropyAttrs): Tensor {
  const weights = targetWeights(inputs, attrs);
  const { examples, reduction } = attrs;
  const [rows] = weights.shape as [number];
  /** What there is one of for each example, for each of its rows. */
  const forRows = (x: Tensor): Tensor => {
    if (examples === undefined) return reshape(x, [1, 1]);
    return reshape(expand(reshape(x, [examples, 1]), [examples, rows / examples]), [rows, 1]);
  };
  const scaled = mul(weights, reduction === "none" ? reshape(inputs.dy, [-1, 1]) : forRows(inputs.dy));
  const denominators = (): Tensor =>
    forRows(examples === undefined ? slice(inputs.summary, [1], [2]) : columnOf(inputs.summary, 1));
  const scale = reduction === "mean" ? div(scaled, denominators()) : scaled;
  if (attrs.labels !== "index" || attrs.ignoreIndex === undefined) return scale;
  // Also where all rows are ignored and the denominator is 0.
  return where(reshape(equal(inputs.labels as Tensor, attrs.ignoreIndex), [-1, 1]), 0, scale);
}

/** W: the sum of each row's target distribution, [n, 1], as if none were ignored. */
function targetWeights({ logits, labels, targets, classWeights }: Inputs, attrs: CrossEntropyAttrs): Tensor {
  const classes = logits.shape.at(-1) as number;
  const rows = logits.size / classes;
  const smoothing = attrs.labelSmoothing;
  const perClass = classWeights ? reshape(classWeights, [1, classes]) : full([1, classes], 1);
  const uniform = mul(sum(perClass, { axes: [-1], keepdims: true }), smoothing / classes);
  if (attrs.labels === "target") {
    const weighted = sum(mul(reshape(targets as Tensor, [rows, classes]), perClass), { axes: [-1], keepdims: true });
    return add(mul(weighted, 1 - smoothing), uniform);
  }
  const flat = reshape(labels as Tensor, [rows]);
  const weighted = sum(mul(oneHot(flat, classes), perClass), { axes: [-1], keepdims: true });
  return add(mul(weighted, 1 - smoothing), uniform);
}

export interface CrossEntropyResult {
  /** One element for mean and sum (or one per example), one per row for none. */
  loss: Tensor;
  /** [reduced loss, denominator, rows whose largest logit is the label, rows counted], of each example where there are `examples`. */
  summary: Tensor;
}

/**
 * Cross entropy of softmax(logits) [n, c] against class indices (int32 [n]) or distributions (float32 [n, c]), with
 * label smoothing, ignored labels, class weights and all reductions, in one kernel each way. Semantics are torch's
 * `CrossEntropyLoss`. A label that is no class raises ArgumentError at the next read.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  attrs: CrossEntropyAttrs,
  classWeights?: Tensor,
): CrossEntropyResult {
  const byIndex = attrs.labels === "index";
  const inputs = { logits, labels: byIndex ? labels : undefined, targets: byIndex ? undefined : labels, classWeights };
  const { y, aux } = crossEntropyOp.withAux(inputs, attrs);
  return { loss: y, summary: aux.summary };
}
