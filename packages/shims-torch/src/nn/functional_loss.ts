import * as core from "@facet/autograd";
import { type Args, bool, define, int, number, signature, string } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { requireBroadcast } from "../ops/operands.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";

export type Reduction = "none" | "mean" | "sum";

/** What PyTorch's losses call the arguments that one of them was before. */
export interface LegacyReduction {
  /** Of programs before `reduction`: with `reduce` true the mean (true) or the sum (false). */
  size_average: boolean | null;
  /** Of programs before `reduction`: false gives a loss for each element. */
  reduce: boolean | null;
}

interface Reductions extends LegacyReduction {
  reduction: string;
}

/** The reduction that the old arguments stand for, or the one given. */
export function reductionOf({ size_average, reduce, reduction }: Reductions): string {
  if (size_average === null && reduce === null) return reduction;
  if (reduce === false) return "none";
  return size_average === false ? "sum" : "mean";
}

export function readReduction(op: string, given: Reductions): Reduction {
  const reduction = reductionOf(given);
  if (reduction === "none" || reduction === "mean" || reduction === "sum") return reduction;
  return complain(core.ArgumentError, `${reduction} is not a valid value for reduction`, {
    op,
    argument: "reduction",
    expected: "'none', 'mean' or 'sum'",
    given: reduction,
  });
}

/** Classes last: [N, C, d1, ...] as [N, d1, ..., C]. */
function classesLast(x: core.Tensor): core.Tensor {
  if (x.rank <= 2) return x;
  return core.transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
}

export interface CrossEntropyArguments extends LegacyReduction {
  /** Weight of each class, [C]. */
  weight: Tensor | null;
  ignore_index: number;
  reduction: Reduction;
  label_smoothing: number;
}
const losses = { input: tensor, target: tensor } as const;
/** What every loss takes. */
export const reductions = { size_average: bool.or(null), reduce: bool.or(null), reduction: string.or("mean") } as const;
/** What those of classes take, in PyTorch's order. */
export const classed = {
  weight: tensor.or(null),
  size_average: reductions.size_average,
  ignore_index: int.or(-100),
  reduce: reductions.reduce,
  reduction: reductions.reduction,
} as const;
const readCrossEntropy = signature("torch.nn.functional.cross_entropy", {
  ...losses,
  ...classed,
  label_smoothing: number.or(0),
});

/**
 * Cross entropy of softmax(input) [N, C, ...] (or [C]) with class numbers (int64 [N, ...]) or probabilities of input's
 * shape. The mean is over the class weights of the targets that count. A target that is no class throws at the next read.
 */
export function cross_entropy(
  ...args: [input: Tensor, target: Tensor, ...Args<[weight: Tensor | null], CrossEntropyArguments>]
): Tensor {
  const { input, target, weight, ignore_index, label_smoothing, ...old } = readCrossEntropy(args);
  const op = "cross_entropy";
  const reduction = readReduction(op, old);
  requireFloat(op, "input", input.core.dtype);
  const byIndex = !target.dtype.is_floating_point;
  const rank = input.rank;
  const labelShape = rank === 1 ? [] : [input.shape[0] as number, ...input.shape.slice(2)];
  requireTarget(op, input, target, byIndex ? labelShape : input.shape);
  requireClassWeight(op, input, weight);
  if (!(label_smoothing >= 0 && label_smoothing <= 1))
    complain(core.ArgumentError, `label_smoothing must be between 0.0 and 1.0. Got: ${label_smoothing}`, {
      op,
      argument: "label_smoothing",
      expected: "a number from 0 to 1",
      given: `${label_smoothing}`,
    });
  if (!byIndex && ignore_index >= 0)
    complain(core.ArgumentError, "ignore_index is not supported for floating point target", {
      op,
      argument: "ignore_index",
      expected: "none beside probabilities",
      given: `${ignore_index}`,
    });
  return core.scope(() => {
    const logits = classesLast(input.core);
    const classes = logits.shape.at(-1) as number;
    const rows = core.reshape(logits, [logits.size / classes, classes]);
    const labels = byIndex
      ? core.reshape(requireLabels(op, target), [target.core.size])
      : core.reshape(classesLast(target.core), [rows.shape[0] as number, classes]);
    const shape = reduction === "none" ? labelShape : [];
    if (!byIndex && target.requires_grad && core.isRecording())
      return wrap(core.reshape(ofProbabilities(rows, labels, weight, reduction, label_smoothing), shape));
    const { loss } = core.softmaxCrossEntropy(
      rows,
      labels,
      {
        labels: byIndex ? "index" : "target",
        reduction,
        labelSmoothing: label_smoothing,
        ignoreIndex: byIndex ? ignore_index : undefined,
      },
      weight?.core,
    );
    return wrap(core.reshape(loss, shape));
  });
}

/** The same written in ops, for probabilities that want a gradient themselves. */
function ofProbabilities(
  rows: core.Tensor,
  probabilities: core.Tensor,
  weight: Tensor | null,
  reduction: Reduction,
  smoothing: number,
): core.Tensor {
  const classes = rows.shape[1] as number;
  const smooth =
    smoothing === 0 ? probabilities : core.add(core.mul(probabilities, 1 - smoothing), smoothing / classes);
  const scores = core.logSoftmax(rows);
  const each = core.mul(core.neg(scores), weight ? core.mul(smooth, weight.core) : smooth);
  const perRow = core.sum(each, { axes: 1 });
  return core.reduceLoss(perRow, reduction);
}

function requireClassWeight(op: string, input: Tensor, weight: Tensor | null): void {
  if (!weight) return;
  requireFloat(op, "weight", weight.core.dtype);
  const classes = input.shape[input.rank === 1 ? 0 : 1];
  if (`${weight.shape}` === `${[classes]}`) return;
  complain(
    core.ShapeError,
    `weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${sizeText(weight.shape)}`,
    { op, argument: "weight", expected: `[${classes}]`, given: sizeText(weight.shape) },
  );
}

function requireLabels(op: string, target: Tensor): core.Tensor {
  if (target.core.dtype === "int32") return target.core;
  if (target.core.dtype === "uint8") return convertCore(target.core, "int32");
  return complain(core.DtypeError, `expected target dtype to be Long or Byte, but got ${target.dtype.name}`, {
    op,
    argument: "target",
    expected: "torch.int64 class numbers (convert with .long())",
    given: `${target.dtype}`,
  });
}

function requireTarget(op: string, input: Tensor, target: Tensor, shape: readonly number[]): void {
  if (input.rank === 0)
    throw new core.ShapeError({ op, argument: "input", expected: "[N, C, ...] or [C]", given: "[]" });
  if (`${target.shape}` === `${shape}`) return;
  const sentence =
    target.shape[0] === shape[0]
      ? `Expected target size ${sizeText(shape)}, got ${sizeText(target.shape)}`
      : `Expected input batch_size (${input.shape[0]}) to match target batch_size (${target.shape[0] ?? 1}).`;
  complain(core.ShapeError, sentence, {
    op,
    argument: "target",
    expected: sizeText(shape),
    given: sizeText(target.shape),
  });
}

export interface NllArguments extends LegacyReduction {
  weight: Tensor | null;
  ignore_index: number;
  reduction: Reduction;
}
const readNll = signature("torch.nn.functional.nll_loss", { ...losses, ...classed });

/** -input[n, target[n]] of log-probabilities [N, C, ...] (or [C]), weighted and averaged as cross_entropy does. */
export function nll_loss(
  ...args: [input: Tensor, target: Tensor, ...Args<[weight: Tensor | null], NllArguments>]
): Tensor {
  const { input, target, weight, ignore_index, ...old } = readNll(args);
  const reduction = readReduction("nll_loss", old);
  requireFloat("nll_loss", "input", input.core.dtype);
  const labelShape = input.rank === 1 ? [] : [input.shape[0] as number, ...input.shape.slice(2)];
  requireTarget("nll_loss", input, target, labelShape);
  requireClassWeight("nll_loss", input, weight);
  return core.scope(() => {
    const scores = classesLast(input.core);
    const classes = scores.shape.at(-1) as number;
    const labels = core.reshape(requireLabels("nll_loss", target), [target.core.size]);
    const { losses, weights } = core.nllLoss(core.reshape(scores, [-1, classes]), labels, {
      weight: weight?.core,
      ignoreIndex: ignore_index,
    });
    if (reduction === "none") return wrap(core.reshape(losses, labelShape));
    return wrap(reduction === "sum" ? core.sum(losses) : core.div(core.sum(losses), core.sum(weights)));
  });
}

export interface ReductionArguments extends LegacyReduction {
  reduction: Reduction;
}
export interface PointwiseArguments extends ReductionArguments {
  /** Factor of each element's loss, of their shape; the mean is over the weights. */
  weight: Tensor | null;
}
type PointwiseLoss = (input: Tensor, target: Tensor, ...args: Args<[], PointwiseArguments>) => Tensor;

function pointwise(
  op: string,
  requireDtypes: (x: Tensor, target: Tensor, reduction: Reduction) => void,
  f: (x: core.Tensor, target: core.Tensor) => core.Tensor,
): PointwiseLoss {
  const read = signature(`torch.nn.functional.${op}`, {
    ...losses,
    ...reductions,
    weight: tensor.or(null),
  });
  return (...args) => {
    const { input, target, weight, ...old } = read(args);
    const reduction = readReduction(op, old);
    requireBroadcast(op, input.shape, target.shape);
    requireDtypes(input, target, reduction);
    return core.scope(() => {
      const floats = input.is_floating_point() || target.is_floating_point();
      const each = floats
        ? f(convertCore(input.core, "float32"), convertCore(target.core, "float32"))
        : f(input.core, target.core);
      if (!weight) return wrap(core.reduceLoss(each, reduction));
      if (`${weight.shape}` !== `${each.shape}`)
        complain(core.ShapeError, "Weights and input must have the same size.", {
          op,
          argument: "weight",
          expected: sizeText(each.shape),
          given: sizeText(weight.shape),
        });
      const factor = convertCore(weight.core, "float32");
      const how = reduction === "mean" ? "weighted_mean" : reduction;
      return wrap(core.reduceLoss(each, how, { weight: factor }));
    });
  };
}

/** Mean of (input - target)^2. */
export const mse_loss = pointwise(
  "mse_loss",
  (input, target) => {
    if (!target.is_floating_point()) requireFloat("mse_loss", "input", input.core.dtype);
  },
  core.squaredError,
);
/** Mean of |input - target|. */
export const l1_loss = pointwise(
  "l1_loss",
  (input, target, reduction) => {
    const given = `${input.dtype} and ${target.dtype}`;
    if ([input, target].some((x) => x.core.dtype === "bool"))
      complain(core.DtypeError, "Subtraction, the `-` operator, with a bool tensor is not supported.", {
        op: "l1_loss",
        argument: "input",
        expected: "numbers",
        given,
      });
    if (reduction === "mean" && !input.is_floating_point() && !target.is_floating_point())
      complain(core.DtypeError, "mean(): could not infer output dtype. Input dtype must be a floating point dtype.", {
        op: "l1_loss",
        argument: "reduction",
        expected: "'none' or 'sum' for integers",
        given,
      });
  },
  core.absoluteError,
);

export interface BceWithLogitsArguments extends LegacyReduction {
  /** Factor of each element's loss; broadcast. */
  weight: Tensor | null;
  reduction: Reduction;
  /** Weight of the positive examples of each class; broadcast. */
  pos_weight: Tensor | null;
}

/** Binary cross entropy of sigmoid(input) with targets in [0, 1], of one shape. */
export const binary_cross_entropy_with_logits: (
  input: Tensor,
  target: Tensor,
  ...args: Args<[weight: Tensor | null], BceWithLogitsArguments>
) => Tensor = define(
  "torch.nn.functional.binary_cross_entropy_with_logits",
  {
    ...losses,
    weight: tensor.or(null),
    ...reductions,
    pos_weight: tensor.or(null),
  },
  ({ input, target, weight, pos_weight, ...old }) => {
    const op = "binary_cross_entropy_with_logits";
    const reduction = readReduction(op, old);
    if (`${input.shape}` !== `${target.shape}`)
      complain(
        core.ShapeError,
        `Target size (torch.Size(${sizeText(target.shape)})) must be the same as input size (torch.Size(${sizeText(input.shape)}))`,
        { op, argument: "target", expected: sizeText(input.shape), given: sizeText(target.shape) },
      );
    requireFloat(op, "input", input.core.dtype);
    requireFloat(op, "target", target.core.dtype);
    for (const [argument, factor] of [
      ["weight", weight],
      ["pos_weight", pos_weight],
    ] as const)
      if (factor) requireFactor(op, argument, factor, input);
    return core.scope(() => {
      const each = core.bceWithLogitsLoss(input.core, target.core, { posWeight: pos_weight?.core });
      return wrap(core.reduceLoss(each, reduction, { weight: weight?.core }));
    });
  },
);

/** Throws unless a factor of each element broadcasts to them. */
function requireFactor(op: string, argument: string, factor: Tensor, input: Tensor): void {
  requireFloat(op, argument, factor.core.dtype);
  const extra = input.rank - factor.rank;
  if (extra >= 0 && factor.shape.every((extent, i) => extent === 1 || extent === input.shape[i + extra])) return;
  throw new core.ShapeError({
    op,
    argument,
    expected: `a shape that broadcasts to ${sizeText(input.shape)}`,
    given: sizeText(factor.shape),
  });
}
