// Losses of several labels, of directions and of alignments, as functions.
import * as core from "@facet/autograd";
import { type Args, define, func, int, type Kind, listOf, number, oneOf } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { requireFloat } from "../ops/scalar.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { type LegacyReduction, type Reduction, readReduction, reductions } from "./functional_loss.js";
import { pairwise_distance } from "./functional_norm.js";
import { hostInts, known } from "./packed_sequence.js";

const named = (name: string): string => `torch.nn.functional.${name}`;
const wrong = (op: string, argument: string, sentence: string, expected: string, given: string): never =>
  complain(core.ShapeError, sentence, { op, argument, expected, given });

interface Reduced extends LegacyReduction {
  reduction: Reduction;
}
const pair = { input: tensor, target: tensor } as const;
type OfPair<Positional extends readonly unknown[], Named> = (
  input: Tensor,
  target: Tensor,
  ...args: Args<Positional, Named & Reduced>
) => Tensor;

/** Labels as int32. */
function labelsOf(op: string, target: Tensor): core.Tensor {
  if (target.core.dtype === "int32") return target.core;
  return complain(core.DtypeError, `expected scalar type Long but found ${target.dtype}`, {
    op,
    argument: "target",
    expected: "torch.int64",
    given: `${target.dtype}`,
  });
}
/** Scores [N, C] or [C] with labels of a shape made of theirs, as rows. */
function rowsOf(op: string, input: Tensor, target: Tensor, shape: readonly number[]): core.Tensor {
  requireFloat(op, "input", input.core.dtype);
  if (input.rank > 2 || input.core.size === 0)
    wrong(
      op,
      "input",
      `Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${sizeText(input.shape)}`,
      "[N, C] or [C]",
      sizeText(input.shape),
    );
  if (`${target.shape}` !== `${shape}` && !(input.rank < 2 && target.core.size === core.sizeOf(shape)))
    wrong(
      op,
      "target",
      `inconsistent target size, expected ${sizeText(shape)} but got ${sizeText(target.shape)}`,
      sizeText(shape),
      sizeText(target.shape),
    );
  return core.reshape(input.core, input.rank === 2 ? input.shape : [1, input.core.size]);
}
/** Losses of the rows, reduced; a vector's is one number. */
const reduced = (losses: core.Tensor, reduction: Reduction, input: Tensor): Tensor =>
  wrap(core.reduceLoss(reduction === "none" && input.rank < 2 ? core.reshape(losses, []) : losses, reduction));

export interface MultiMarginArguments {
  p: number;
  margin: number;
  /** Factor of each class, by the label. */
  weight: Tensor | null;
}
/** Mean over classes of max(margin - x[label] + x[class], 0)^p, without the label's own. */
export const multi_margin_loss: OfPair<[p: number, margin: number, weight: Tensor | null], MultiMarginArguments> =
  define(
    named("multi_margin_loss"),
    { ...pair, p: number.or(1), margin: number.or(1), weight: tensor.or(null), ...reductions },
    ({ input, target, p, margin, weight, ...old }) => {
      const op = "multi_margin_loss";
      const reduction = readReduction(op, old);
      if (p !== 1 && p !== 2)
        complain(core.ArgumentError, "only p == 1 and p == 2 supported", {
          op,
          argument: "p",
          expected: "1 or 2",
          given: `${p}`,
        });
      const classes = input.shape.at(-1) ?? 1;
      if (weight && `${weight.shape}` !== `${classes}`)
        wrong(
          op,
          "weight",
          weight.rank === 1 ? `inconsistent weight size, expected ${classes}` : "weight must be one-dimensional",
          `[${classes}]`,
          sizeText(weight.shape),
        );
      return core.scope(() => {
        const x = rowsOf(op, input, target, input.rank === 2 ? [input.shape[0] as number] : []);
        const labels = core.reshape(labelsOf(op, target), [target.core.size]);
        return reduced(core.multiMarginLoss(x, labels, { p, margin, weight: weight?.core }), reduction, input);
      });
    },
  );

/** Sum over labels and other classes of max(1 - (x[label] - x[class]), 0), by the number of classes; labels up to the first -1. */
export const multilabel_margin_loss: OfPair<[], object> = define(
  named("multilabel_margin_loss"),
  { ...pair, ...reductions },
  ({ input, target, ...old }) => {
    const op = "multilabel_margin_loss";
    const reduction = readReduction(op, old);
    return core.scope(() => {
      const x = rowsOf(op, input, target, input.shape);
      return reduced(core.multilabelMarginLoss(x, core.reshape(labelsOf(op, target), x.shape)), reduction, input);
    });
  },
);

/** Mean over classes of the binary cross entropies of sigmoid(input). */
export const multilabel_soft_margin_loss: OfPair<[weight: Tensor | null], { weight: Tensor | null }> = define(
  named("multilabel_soft_margin_loss"),
  { ...pair, weight: tensor.or(null), ...reductions },
  ({ input, target, weight, ...old }) => {
    const op = "multilabel_soft_margin_loss";
    const reduction = readReduction(op, old);
    requireFloat(op, "input", input.core.dtype);
    if (input.rank === 0) wrong(op, "input", "Dimension out of range", "rank 1 or more", "[]");
    return core.scope(() => {
      const y = convertCore(target.core, "float32");
      return wrap(core.reduceLoss(core.multilabelSoftMarginLoss(input.core, y, weight?.core), reduction));
    });
  },
);

/** 1 - cosine where the target is 1, what the cosine is above the margin where it is -1; of [N, D] and [N], or [D] and []. */
export const cosine_embedding_loss: (
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...args: Args<[margin: number], Reduced & { margin: number }>
) => Tensor = define(
  named("cosine_embedding_loss"),
  { input1: tensor, input2: tensor, target: tensor, margin: number.or(0), ...reductions },
  ({ input1, input2, target, margin, ...old }) => {
    const op = "cosine_embedding_loss";
    const reduction = readReduction(op, old);
    for (const [argument, x] of Object.entries({ input1, input2 })) {
      requireFloat(op, argument, x.core.dtype);
      if (target.rank > 1 || x.rank !== target.rank + 1)
        wrong(
          op,
          argument,
          target.rank === 1
            ? "1D target tensor expects 2D input tensors"
            : target.rank === 0
              ? "0D target tensor expects 1D input tensors"
              : "0D or 1D target tensor expected, multi-target not supported",
          `rank ${target.rank + 1}`,
          sizeText(x.shape),
        );
    }
    const [a, b] = [input1.shape, input2.shape];
    if (a.some((extent, d) => extent !== b[d] && extent !== 1 && b[d] !== 1))
      wrong(
        op,
        "input2",
        `The size of tensor a ${sizeText(a)} must match the size of tensor b ${sizeText(b)}`,
        sizeText(a),
        sizeText(b),
      );
    const count = Math.max(a[0] as number, b[0] as number);
    if (target.rank === 1 && target.length !== count && target.length !== 1 && count !== 1)
      wrong(op, "target", "The sizes of inputs and target must match", `[${count}]`, sizeText(target.shape));
    return core.scope(() =>
      wrap(core.reduceLoss(core.cosineEmbeddingLoss(input1.core, input2.core, target.core, margin), reduction)),
    );
  },
);

type Distance = (a: Tensor, b: Tensor) => Tensor;
export interface TripletDistanceArguments {
  /** Default: pairwise_distance. */
  distance_function: Distance | null;
  margin: number;
  swap: boolean;
  reduction: Reduction;
}
/** max(margin + d(anchor, positive) - d(anchor, negative), 0) with a distance of one's own. */
export const triplet_margin_with_distance_loss: (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Args<[], TripletDistanceArguments>
) => Tensor = define(
  named("triplet_margin_with_distance_loss"),
  {
    anchor: tensor,
    positive: tensor,
    negative: tensor,
    "*": null,
    distance_function: (func as Kind<Distance>).or(null),
    margin: number.or(1),
    swap: false,
    reduction: reductions.reduction,
  },
  ({ anchor, positive, negative, distance_function, margin, swap, reduction: given }) => {
    const op = "triplet_margin_with_distance_loss";
    const reduction = readReduction(op, { size_average: null, reduce: null, reduction: given });
    if (!(margin > 0))
      complain(core.ArgumentError, `margin must be greater than 0, got ${margin}`, {
        op,
        argument: "margin",
        expected: "above 0",
        given: `${margin}`,
      });
    const ranks = [anchor.rank, positive.rank, negative.rank];
    if (ranks.some((rank) => rank !== ranks[0]))
      wrong(
        op,
        "anchor",
        `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${ranks[0]}D, positive ${ranks[1]}D, and negative ${ranks[2]}D inputs`,
        "one rank",
        ranks.join(", "),
      );
    const distance = distance_function ?? ((a: Tensor, b: Tensor) => pairwise_distance(a, b));
    return core.scope(() => {
      const losses = core.tripletMarginLoss(anchor.core, positive.core, negative.core, {
        margin,
        swap,
        distance: (a, b) => distance(wrap(a), wrap(b)).core,
      });
      return wrap(core.reduceLoss(losses, reduction));
    });
  },
);

type Lengths = Tensor | readonly number[];
export const lengthsKind: Kind<Lengths> = tensor.either(listOf(int));
export interface CtcArguments {
  /** The class that stands for no label. */
  blank: number;
  reduction: Reduction;
  /** Whether losses that are infinite count as 0. */
  zero_infinity: boolean;
}
/**
 * -log of the probability of the targets over all their alignments: log_probs [steps, N, classes] (or [steps, classes]), targets [N, labels]
 * or, behind one another, [sum of their lengths], with lengths that the host knows. The mean is of losses by their lengths.
 */
export const ctc_loss: (
  log_probs: Tensor,
  targets: Tensor,
  input_lengths: Lengths,
  target_lengths: Lengths,
  ...args: Args<[blank: number, reduction: Reduction, zero_infinity: boolean], CtcArguments>
) => Tensor = define(
  named("ctc_loss"),
  {
    log_probs: tensor,
    targets: tensor,
    input_lengths: lengthsKind,
    target_lengths: lengthsKind,
    blank: int.or(0),
    reduction: oneOf("none", "mean", "sum").or("mean"),
    zero_infinity: false,
  },
  ({ log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity }) => {
    const op = "ctc_loss";
    requireFloat(op, "log_probs", log_probs.core.dtype);
    if (log_probs.rank !== 3 && log_probs.rank !== 2)
      wrong(
        op,
        "log_probs",
        "log_probs should be [steps, batch, classes] or [steps, classes]",
        "rank 2 or 3",
        sizeText(log_probs.shape),
      );
    const batched = log_probs.rank === 3;
    const count = batched ? (log_probs.shape[1] as number) : 1;
    const asTensor = (argument: string, given: Lengths): core.Tensor => {
      const made = given instanceof Tensor ? labelsOf(op, given) : core.fromData(given, [given.length], "int32");
      if (made.size !== count)
        wrong(op, argument, `${argument} must be of size batch_size`, `${count} numbers`, `${made.size}`);
      return core.reshape(made, [count]);
    };
    return core.scope(() => {
      const steps = log_probs.shape[0] as number;
      const probabilities = core.reshape(log_probs.core, [steps, count, log_probs.shape.at(-1) as number]);
      const inputLengths = asTensor("input_lengths", input_lengths);
      const lengths = asTensor("target_lengths", target_lengths);
      const labels = labelsInRows(op, labelsOf(op, targets), target_lengths, count);
      const losses = withTotals(
        core.ctcLoss(probabilities, labels, inputLengths, lengths, { blank, zeroInfinity: zero_infinity }),
        probabilities,
        core.sequenceMask(inputLengths, steps),
        zero_infinity,
      );
      if (reduction === "none") return wrap(batched ? losses : core.reshape(losses, []));
      if (reduction === "sum") return wrap(core.sum(losses));
      return wrap(core.mean(core.div(losses, core.maximum(core.cast(lengths, "float32"), 1))));
    });
  },
);

/**
 * The same losses with PyTorch's gradient, which takes log_probs for what log_softmax gave: e^log_probs of every step that counts is added
 * to it. The value that it would have is taken off again.
 */
function withTotals(losses: core.Tensor, logProbs: core.Tensor, counts: core.Tensor, finite: boolean): core.Tensor {
  const [steps, count] = counts.shape as [number, number];
  const valid = core.where(core.reshape(counts, [steps, count, 1]), core.exp(logProbs), 0);
  const totals = core.sum(valid, { axes: [0, 2] });
  const nothing = core.sub(
    totals,
    core.noGrad(() => core.add(totals, 0)),
  );
  if (!finite) return core.add(losses, nothing);
  // Losses that count as 0 have no gradient: those that were infinite are exactly 0.
  return core.where(core.equal(losses, 0), losses, core.add(losses, nothing));
}

/** Labels of all examples behind one another, as rows; those in rows as they are. */
function labelsInRows(op: string, labels: core.Tensor, given: Lengths, count: number): core.Tensor {
  if (labels.rank === 2) return labels;
  if (count === 1) return core.reshape(labels, [1, labels.size]);
  const own = known(op, "target_lengths", given);
  const longest = Math.max(0, ...own);
  const total = own.reduce((a, b) => a + b, 0);
  if (total !== labels.size)
    wrong(op, "targets", "targets must hold as many labels as target_lengths say", `${total} labels`, `${labels.size}`);
  let next = 0;
  const places = own.flatMap((length) => {
    const start = next;
    next += length;
    return Array.from({ length: longest }, (_, i) => (i < length ? start + i : 0));
  });
  if (total === 0) return core.zeros([count, Math.max(1, longest)], "int32");
  return core.reshape(core.gather(labels, hostInts(places)), [count, longest]);
}
