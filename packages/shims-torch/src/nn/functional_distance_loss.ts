// Losses of distances, margins and distributions, as functions.
import * as core from "@facet/autograd";
import { type Args, define, number, oneOf } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { requireBroadcast } from "../ops/operands.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { type LegacyReduction, type Reduction, readReduction, reductionOf, reductions } from "./functional_loss.js";

const named = (name: string): string => `torch.nn.functional.${name}`;

interface Reduced extends LegacyReduction {
  reduction: Reduction;
}
const pair = { input: tensor, target: tensor } as const;

/** Tensors that broadcast with one another, as floats. */
function floats(op: string, ...given: readonly Tensor[]): core.Tensor[] {
  for (const [i, a] of given.entries()) for (const b of given.slice(i + 1)) requireBroadcast(op, a.shape, b.shape);
  for (const [i, x] of given.entries())
    if (x.core.dtype === "bool")
      complain(core.DtypeError, "Subtraction, the `-` operator, with a bool tensor is not supported.", {
        op,
        argument: i === 0 ? "input" : "target",
        expected: "numbers",
        given: "torch.bool",
      });
  return given.map((x) => convertCore(x.core, "float32"));
}
function requireSameShape(op: string, input: Tensor, target: Tensor, argument = "target"): void {
  if (`${input.shape}` === `${target.shape}`) return;
  complain(
    core.ShapeError,
    `The size of tensor a ${sizeText(input.shape)} must match the size of tensor b ${sizeText(target.shape)}`,
    {
      op,
      argument,
      expected: sizeText(input.shape),
      given: sizeText(target.shape),
    },
  );
}

type OfPair<Positional extends readonly unknown[], Named> = (
  input: Tensor,
  target: Tensor,
  ...args: Args<Positional, Named & Reduced>
) => Tensor;

/** smooth_l1: half the square of an error over beta below beta, from there on the error less beta / 2. */
export const smooth_l1_loss: OfPair<[], { beta: number }> = define(
  named("smooth_l1_loss"),
  { ...pair, ...reductions, beta: number.or(1) },
  ({ input, target, beta, ...old }) => {
    const reduction = readReduction("smooth_l1_loss", old);
    return core.scope(() => {
      const [x, y] = floats("smooth_l1_loss", input, target) as [core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.smoothL1Loss(x, y, beta), reduction));
    });
  },
);

export interface HuberArguments {
  reduction: Reduction;
  delta: number;
  /** Factor of each element's loss; the mean is then weighted. */
  weight: Tensor | null;
}
/** Half the square of an error up to delta, beyond it delta (error - delta / 2). */
export const huber_loss: (
  input: Tensor,
  target: Tensor,
  ...args: Args<[reduction: Reduction, delta: number, weight: Tensor | null], HuberArguments>
) => Tensor = define(
  named("huber_loss"),
  { ...pair, reduction: reductions.reduction, delta: number.or(1), weight: tensor.or(null) },
  ({ input, target, delta, weight, reduction }) => {
    const how = readReduction("huber_loss", { size_average: null, reduce: null, reduction });
    return core.scope(() => {
      const [x, y] = floats("huber_loss", input, target) as [core.Tensor, core.Tensor];
      const each = core.huberLoss(x, y, delta);
      if (weight === null) return wrap(core.reduceLoss(each, how));
      if (`${weight.shape}` !== `${each.shape}`)
        complain(core.ShapeError, "Weights and input must have the same size.", {
          op: "huber_loss",
          argument: "weight",
          expected: sizeText(each.shape),
          given: sizeText(weight.shape),
        });
      const options = { weight: convertCore(weight.core, "float32") };
      return wrap(core.reduceLoss(each, how === "mean" ? "weighted_mean" : how, options));
    });
  },
);

/** Where the target is 1 the input, where it is -1 what the input lacks of the margin. */
export const hinge_embedding_loss: OfPair<[margin: number], { margin: number }> = define(
  named("hinge_embedding_loss"),
  { ...pair, margin: number.or(1), ...reductions },
  ({ input, target, margin, ...old }) => {
    const reduction = readReduction("hinge_embedding_loss", old);
    return core.scope(() => {
      const [x, y] = floats("hinge_embedding_loss", input, target) as [core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.hingeEmbeddingLoss(x, y, margin), reduction));
    });
  },
);
/** log(1 + e^(-target input)) of targets -1 and 1. */
export const soft_margin_loss: OfPair<[], object> = define(
  named("soft_margin_loss"),
  { ...pair, ...reductions },
  ({ input, target, ...old }) => {
    const reduction = readReduction("soft_margin_loss", old);
    requireSameShape("soft_margin_loss", input, target);
    return core.scope(() => {
      const [x, y] = floats("soft_margin_loss", input, target) as [core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.softMarginLoss(x, y), reduction));
    });
  },
);

export interface MarginRankingArguments extends Reduced {
  margin: number;
}
/** max(-target (input1 - input2) + margin, 0). */
export const margin_ranking_loss: (
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...args: Args<[margin: number], MarginRankingArguments>
) => Tensor = define(
  named("margin_ranking_loss"),
  { input1: tensor, input2: tensor, target: tensor, margin: number.or(0), ...reductions },
  ({ input1, input2, target, margin, ...old }) => {
    const op = "margin_ranking_loss";
    const reduction = readReduction(op, old);
    if (input1.rank !== target.rank || input2.rank !== target.rank)
      complain(
        core.ShapeError,
        `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${sizeText(input1.shape)}, input2: ${sizeText(input2.shape)}, target: ${sizeText(target.shape)} `,
        { op, argument: "target", expected: `rank ${input1.rank}`, given: sizeText(target.shape) },
      );
    return core.scope(() => {
      const [a, b, y] = floats(op, input1, input2, target) as [core.Tensor, core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.marginRankingLoss(a, b, y, margin), reduction));
    });
  },
);

export interface PoissonArguments {
  /** Whether the input is the logarithm of the rate; default true. */
  log_input: boolean;
  /** Whether Stirling's approximation of log(target!) is added; default false. */
  full: boolean;
  eps: number;
}
/** -log of the probability of a count under Poisson's distribution. */
export const poisson_nll_loss: OfPair<[log_input: boolean, full: boolean], PoissonArguments> = define(
  named("poisson_nll_loss"),
  {
    ...{ ...pair, log_input: true, full: false, size_average: reductions.size_average, eps: number.or(1e-8) },
    ...{ reduce: reductions.reduce, reduction: reductions.reduction },
  },
  ({ input, target, log_input, full, eps, ...old }) => {
    const reduction = readReduction("poisson_nll_loss", old);
    return core.scope(() => {
      const [x, y] = floats("poisson_nll_loss", input, target) as [core.Tensor, core.Tensor];
      const each = core.poissonNllLoss(x, y, { logInput: log_input, full, epsilon: eps });
      return wrap(core.reduceLoss(each, reduction));
    });
  },
);

export interface KlDivArguments extends LegacyReduction {
  /** Also "batchmean": the sum over the first dimension's extent. */
  reduction: Reduction | "batchmean";
  /** Whether the target is its own logarithm; default false. */
  log_target: boolean;
}
/** target (log(target) - input), the input being a logarithm. */
export const kl_div: (input: Tensor, target: Tensor, ...args: Args<[], KlDivArguments>) => Tensor = define(
  named("kl_div"),
  { ...pair, ...reductions, log_target: false },
  ({ input, target, log_target, ...old }) => {
    const asked = reductionOf(old);
    const reduction = asked === "batchmean" ? asked : readReduction("kl_div", old);
    return core.scope(() => {
      const [x, y] = floats("kl_div", input, target) as [core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.klDivergenceLoss(x, y, log_target), reduction));
    });
  },
);

export interface GaussianArguments {
  var: Tensor | number;
  full: boolean;
  /** Variances below it count as it; default 1e-6. */
  eps: number;
  reduction: Reduction;
}
/** -log of the density of the target under a normal distribution with the input as mean; `var` in its shape or of one less. */
export const gaussian_nll_loss: (
  input: Tensor,
  target: Tensor,
  ...args: Args<[variance: Tensor | number, full: boolean, eps: number, reduction: Reduction], GaussianArguments>
) => Tensor = define(
  named("gaussian_nll_loss"),
  {
    ...{ ...pair, var: tensor.either(number), full: false, eps: number.or(1e-6) },
    reduction: oneOf("none", "mean", "sum").or("mean"),
  },
  ({ input, target, var: variance, full, eps, reduction }) => {
    const op = "gaussian_nll_loss";
    const given = variance instanceof Tensor ? variance : wrap(core.full(input.shape, variance));
    const lead = `${given.shape}` === `${input.shape.slice(0, -1)}` && given.rank < input.rank;
    const own = lead ? wrap(core.reshape(given.core, [...given.shape, 1])) : given;
    const fits =
      `${own.shape}` === `${input.shape}` ||
      (own.rank === input.rank &&
        own.shape.at(-1) === 1 &&
        `${own.shape.slice(0, -1)}` === `${input.shape.slice(0, -1)}`);
    if (!fits)
      complain(core.ShapeError, "var is of incorrect size", {
        op,
        argument: "var",
        expected: sizeText(input.shape),
        given: sizeText(given.shape),
      });
    return core.scope(() => {
      const [x, y, v] = floats(op, input, target, own) as [core.Tensor, core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.gaussianNllLoss(x, y, v, { full, epsilon: eps }), reduction));
    });
  },
);

export interface BinaryArguments {
  /** Factor of each element's loss; it broadcasts. */
  weight: Tensor | null;
}
/** Binary cross entropy of probabilities with targets in [0, 1]. */
export const binary_cross_entropy: OfPair<[weight: Tensor | null], BinaryArguments> = define(
  named("binary_cross_entropy"),
  { ...pair, weight: tensor.or(null), ...reductions },
  ({ input, target, weight, ...old }) => {
    const op = "binary_cross_entropy";
    const reduction = readReduction(op, old);
    requireSameShape(op, input, target);
    return core.scope(() => {
      const [x, y] = floats(op, input, target) as [core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.bceLoss(x, y), reduction, { weight: weight?.core }));
    });
  },
);

export interface TripletArguments extends Reduced {
  margin: number;
  p: number;
  eps: number;
  /** Whether the negative's distance to the positive counts where it is the smaller one. */
  swap: boolean;
}
/** max(d(anchor, positive) - d(anchor, negative) + margin, 0), d the p-norm along the last dimension. */
export const triplet_margin_loss: (
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Args<[margin: number, p: number, eps: number, swap: boolean], TripletArguments>
) => Tensor = define(
  named("triplet_margin_loss"),
  {
    ...{ anchor: tensor, positive: tensor, negative: tensor, margin: number.or(1), p: number.or(2) },
    ...{ eps: number.or(1e-6), swap: false, ...reductions },
  },
  ({ anchor, positive, negative, margin, p, eps, swap, ...old }) => {
    const op = "triplet_margin_loss";
    const reduction = readReduction(op, old);
    if (anchor.rank !== positive.rank || anchor.rank !== negative.rank)
      complain(
        core.ShapeError,
        `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${anchor.rank}D, positive ${positive.rank}D, and negative ${negative.rank}D inputs`,
        { op, argument: "negative", expected: `rank ${anchor.rank}`, given: sizeText(negative.shape) },
      );
    return core.scope(() => {
      const [a, b, c] = floats(op, anchor, positive, negative) as [core.Tensor, core.Tensor, core.Tensor];
      return wrap(core.reduceLoss(core.tripletMarginLoss(a, b, c, { margin, p, epsilon: eps, swap }), reduction));
    });
  },
);
