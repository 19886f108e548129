import * as core from "@facet/autograd";
import { complain } from "../errors.js";
import { requireBroadcast } from "../ops/operands.js";
import { sizeText } from "../python.js";
import { type Args, only, required, signature } from "../signature.js";
import { type Tensor, wrap } from "../tensor.js";

export type Reduction = "none" | "mean" | "sum";

/** Arguments that PyTorch keeps for old programs; they stay at their defaults. */
const legacy = { size_average: only(null), reduce: only(null) };

function requireReduction(op: string, reduction: string): void {
  if (reduction === "none" || reduction === "mean" || reduction === "sum") return;
  complain(core.ArgumentError, `${reduction} is not a valid value for reduction`, {
    op,
    argument: "reduction",
    expected: "'none', 'mean' or 'sum'",
    given: `${reduction}`,
  });
}

const reduced = (losses: core.Tensor, reduction: Reduction): core.Tensor =>
  reduction === "none" ? losses : reduction === "sum" ? core.sum(losses) : core.mean(losses);

/** Classes last: [N, C, d1, ...] as [N, d1, ..., C]. */
function classesLast(x: core.Tensor): core.Tensor {
  if (x.rank <= 2) return x;
  return core.transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);
}

export interface CrossEntropyArguments {
  /** Weight of each class, [C]. */
  weight: Tensor | null;
  ignore_index: number;
  reduction: Reduction;
  label_smoothing: number;
}
type Losses = { input: Tensor; target: Tensor };
const readCrossEntropy = signature<Losses & CrossEntropyArguments>("cross_entropy", {
  input: required,
  target: required,
  weight: null,
  size_average: legacy.size_average,
  ignore_index: -100,
  reduce: legacy.reduce,
  reduction: "mean",
  label_smoothing: 0,
});

/**
 * Cross entropy of softmax(input) [N, C, ...] (or [C]) with class numbers (int64 [N, ...]) or probabilities of input's
 * shape. The mean is over the class weights of the targets that count. A target that is no class throws at the next read.
 */
export function cross_entropy(
  ...args: [input: Tensor, target: Tensor, ...Args<[weight: Tensor | null], CrossEntropyArguments>]
): Tensor {
  const { input, target, weight, ignore_index, reduction, label_smoothing } = readCrossEntropy(args);
  requireReduction("cross_entropy", reduction);
  const byIndex = !target.dtype.is_floating_point;
  const rank = input.rank;
  const labelShape = rank === 1 ? [] : [input.shape[0] as number, ...input.shape.slice(2)];
  requireTarget("cross_entropy", input, target, byIndex ? labelShape : input.shape);
  if (target.requires_grad && core.isRecording())
    throw new core.UnsupportedError({
      op: "cross_entropy",
      argument: "target",
      expected: "a target that does not require grad (detach() it, or write the loss with log_softmax)",
      given: "one that does",
    });
  return core.scope(() => {
    const logits = classesLast(input.core);
    const classes = logits.shape.at(-1) as number;
    const labels = byIndex
      ? core.reshape(requireLabels("cross_entropy", target), [target.core.size])
      : core.reshape(classesLast(target.core), [-1, classes]);
    const { loss } = core.softmaxCrossEntropy(
      core.reshape(logits, [logits.size / classes, classes]),
      labels,
      {
        labels: byIndex ? "index" : "target",
        reduction,
        labelSmoothing: label_smoothing,
        ignoreIndex: byIndex ? ignore_index : undefined,
      },
      weight?.core,
    );
    return wrap(core.reshape(loss, reduction === "none" ? labelShape : []));
  });
}

function requireLabels(op: string, target: Tensor): core.Tensor {
  if (target.core.dtype === "int32") return target.core;
  return complain(core.DtypeError, `expected scalar type Long but found ${target.dtype.name}`, {
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

export interface NllArguments {
  weight: Tensor | null;
  ignore_index: number;
  reduction: Reduction;
}
const readNll = signature<Losses & NllArguments>("nll_loss", {
  input: required,
  target: required,
  weight: null,
  size_average: legacy.size_average,
  ignore_index: -100,
  reduce: legacy.reduce,
  reduction: "mean",
});

/** -input[n, target[n]] of log-probabilities [N, C, ...] (or [C]), weighted and averaged as cross_entropy does. */
export function nll_loss(
  ...args: [input: Tensor, target: Tensor, ...Args<[weight: Tensor | null], NllArguments>]
): Tensor {
  const { input, target, weight, ignore_index, reduction } = readNll(args);
  requireReduction("nll_loss", reduction);
  const labelShape = input.rank === 1 ? [] : [input.shape[0] as number, ...input.shape.slice(2)];
  requireTarget("nll_loss", input, target, labelShape);
  return core.scope(() => {
    const scores = classesLast(input.core);
    const classes = scores.shape.at(-1) as number;
    const labels = core.reshape(requireLabels("nll_loss", target), [target.core.size]);
    const kept = core.notEqual(labels, ignore_index);
    const safe = core.where(kept, labels, 0);
    // Looking the weights up also finds labels that are no class.
    const weights = core.where(kept, core.gather(weight?.core ?? core.ones([classes]), safe), 0);
    const chosen = core.equal(core.oneHot(safe, classes), 1);
    const rows = core.sum(core.where(chosen, core.reshape(scores, [-1, classes]), 0), { axes: 1 });
    const losses = core.where(kept, core.neg(core.mul(rows, weights)), 0);
    if (reduction === "none") return wrap(core.reshape(losses, labelShape));
    return wrap(reduction === "sum" ? core.sum(losses) : core.div(core.sum(losses), core.sum(weights)));
  });
}

export interface ReductionArguments {
  reduction: Reduction;
}
type PlainArgs = [input: Tensor, target: Tensor, ...Args<[], ReductionArguments>];

function pointwise(op: string, f: (x: core.Tensor, target: core.Tensor) => core.Tensor) {
  const read = signature<Losses & ReductionArguments>(op, {
    input: required,
    target: required,
    ...legacy,
    reduction: "mean",
  });
  return (...args: PlainArgs): Tensor => {
    const { input, target, reduction } = read(args);
    requireReduction(op, reduction);
    requireBroadcast(op, input.shape, target.shape);
    return core.scope(() => wrap(reduced(f(input.core, target.float().core), reduction)));
  };
}

/** Mean of (input - target)^2. */
export const mse_loss = pointwise("mse_loss", (x, target) => core.square(core.sub(x, target)));
/** Mean of |input - target|. */
export const l1_loss = pointwise("l1_loss", (x, target) => core.abs(core.sub(x, target)));

export interface BceWithLogitsArguments {
  /** Factor of each element's loss; broadcast. */
  weight: Tensor | null;
  reduction: Reduction;
  /** Weight of the positive examples of each class; broadcast. */
  pos_weight: Tensor | null;
}
const readBce = signature<Losses & BceWithLogitsArguments>("binary_cross_entropy_with_logits", {
  input: required,
  target: required,
  weight: null,
  ...legacy,
  reduction: "mean",
  pos_weight: null,
});

/** Binary cross entropy of sigmoid(input) with targets in [0, 1], of one shape. */
export function binary_cross_entropy_with_logits(
  ...args: [input: Tensor, target: Tensor, ...Args<[weight: Tensor | null], BceWithLogitsArguments>]
): Tensor {
  const { input, target, weight, reduction, pos_weight } = readBce(args);
  const op = "binary_cross_entropy_with_logits";
  requireReduction(op, reduction);
  if (`${input.shape}` !== `${target.shape}`)
    complain(
      core.ShapeError,
      `Target size (torch.Size(${sizeText(target.shape)})) must be the same as input size (torch.Size(${sizeText(input.shape)}))`,
      { op, argument: "target", expected: sizeText(input.shape), given: sizeText(target.shape) },
    );
  return core.scope(() => {
    const [x, t] = [input.core, target.float().core];
    // (1 - t) x + (1 + (p - 1) t) log(1 + e^-x)
    const tail = core.softplus(core.neg(x));
    const weighted = pos_weight ? core.mul(tail, core.add(core.mul(core.sub(pos_weight.core, 1), t), 1)) : tail;
    const losses = core.add(core.mul(core.sub(1, t), x), weighted);
    return wrap(reduced(weight ? core.mul(losses, weight.core) : losses, reduction));
  });
}
