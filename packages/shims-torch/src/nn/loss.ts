// Losses as layers: a row each.
import { type Args, func, int, type Kind, number, type Rules } from "@facet/dialect";
import { tensor } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import * as D from "./functional_distance_loss.js";
import * as L from "./functional_label_loss.js";
import { functionLayer, type LayerClass, type LayerRow, type Three } from "./functional_layer.js";
import * as F from "./functional_loss.js";
import * as N from "./functional_norm.js";
import type { InputAndTarget } from "./inputs.js";

type Pair = { input: Tensor; target: Tensor };
const pair = { input: tensor, target: tensor } as const;
const weight = tensor.or(null);
export interface Reduced {
  reduction: F.Reduction;
}
export interface Weighted {
  weight: Tensor | null;
}
/** A class of losses of input and target: all arguments, and what is kept of them. */
type LossClass<
  Positional extends readonly unknown[],
  Settings extends object,
  Inputs extends readonly unknown[] = InputAndTarget,
> = LayerClass<Positional, Settings & F.LegacyReduction & Reduced, Inputs, Settings & Reduced>;

// biome-ignore lint/suspicious/noExplicitAny: settings of all losses; the class' type says which.
type Any = any;
/** The settings, with the reduction that the old arguments stand for. */
const keep = ({ size_average = null, reduce = null, reduction, ...settings }: Any): object => ({
  ...settings,
  reduction: F.reductionOf({ size_average, reduce, reduction }),
});
type Row = Omit<LayerRow, "rules" | "inputs"> & { inputs?: Rules };
const loss = <C>(name: string, rules: () => Rules, row: () => Row): C =>
  functionLayer<C>(name, () => ({
    rules: rules(),
    inputs: pair,
    buffers: ["weight", "pos_weight"],
    keep,
    ...row(),
  }));
/** A loss whose settings are its function's keywords, of the same names. */
const same = <C>(name: string, rules: () => Rules, f: (input: Tensor, target: Tensor, settings: Any) => Tensor): C => {
  const names = Object.keys(rules()).filter((key) => !["*", "size_average", "reduce"].includes(key));
  return loss<C>(name, rules, () => ({
    forward: ({ input, target }: Pair, self: Any) =>
      f(input, target, Object.fromEntries(names.map((key) => [key, self[key]]))),
  }));
};

type Plain = LossClass<[size_average: boolean | null, reduce: boolean | null, reduction: F.Reduction], object>;
/** Mean of squared differences. */
export const MSELoss: Plain = /* @__PURE__ */ same("MSELoss", () => F.reductions, F.mse_loss);
/** Mean of absolute differences. */
export const L1Loss: Plain = /* @__PURE__ */ same("L1Loss", () => F.reductions, F.l1_loss);
/** log(1 + e^(-target input)) of targets -1 and 1. */
export const SoftMarginLoss: Plain = /* @__PURE__ */ same("SoftMarginLoss", () => F.reductions, D.soft_margin_loss);
/** Hinges between the labels listed and other classes. */
export const MultiLabelMarginLoss: Plain = /* @__PURE__ */ same(
  "MultiLabelMarginLoss",
  () => F.reductions,
  L.multilabel_margin_loss,
);

const weighted = { weight, ...F.reductions } as const;
type OfWeight = LossClass<[weight: Tensor | null], Weighted>;
/** Binary cross entropy of probabilities. */
export const BCELoss: OfWeight = /* @__PURE__ */ same("BCELoss", () => weighted, D.binary_cross_entropy);
/** Mean over classes of the binary cross entropies of sigmoid(input). */
export const MultiLabelSoftMarginLoss: OfWeight = /* @__PURE__ */ same(
  "MultiLabelSoftMarginLoss",
  () => weighted,
  L.multilabel_soft_margin_loss,
);
type BceSettings = Weighted & { pos_weight: Tensor | null };
/** Binary cross entropy of sigmoid(logits). */
export const BCEWithLogitsLoss: LossClass<[weight: Tensor | null], BceSettings> = /* @__PURE__ */ same(
  "BCEWithLogitsLoss",
  () => ({ ...weighted, pos_weight: weight }),
  F.binary_cross_entropy_with_logits,
);
type ClassSettings = Weighted & { ignore_index: number };
/** Negative log-likelihood of log-probabilities [N, C, ...] and class numbers [N, ...]. */
export const NLLLoss: LossClass<[weight: Tensor | null], ClassSettings> = /* @__PURE__ */ same(
  "NLLLoss",
  () => F.classed,
  F.nll_loss,
);
/** Cross entropy of softmax(logits) [N, C, ...] with class numbers [N, ...] or probabilities [N, C, ...]. */
export const CrossEntropyLoss: LossClass<[weight: Tensor | null], ClassSettings & { label_smoothing: number }> =
  /* @__PURE__ */ same("CrossEntropyLoss", () => ({ ...F.classed, label_smoothing: number.or(0) }), F.cross_entropy);
/** Half the square of an error over beta below beta, from there on the error less beta / 2. */
export const SmoothL1Loss: LossClass<[], { beta: number }> = /* @__PURE__ */ same(
  "SmoothL1Loss",
  () => ({ ...F.reductions, beta: number.or(1) }),
  D.smooth_l1_loss,
);
type HuberSettings = Reduced & { delta: number };
/** Half the square of an error below delta, from there on delta (error - delta / 2). */
export const HuberLoss: LayerClass<[reduction: F.Reduction, delta: number], HuberSettings, InputAndTarget> =
  /* @__PURE__ */ same("HuberLoss", () => ({ reduction: F.reductions.reduction, delta: number.or(1) }), D.huber_loss);
type KlSettings = { log_target: boolean };
/** Kullback-Leibler divergence of log-probabilities from the target. */
export const KLDivLoss: LayerClass<
  [size_average: boolean | null, reduce: boolean | null, reduction: F.Reduction | "batchmean"],
  F.LegacyReduction & KlSettings & { reduction: F.Reduction | "batchmean" },
  InputAndTarget,
  KlSettings & { reduction: F.Reduction | "batchmean" }
> = /* @__PURE__ */ same("KLDivLoss", () => ({ ...F.reductions, log_target: false }), D.kl_div);
type Margin = { margin: number };
/** The input where the target is 1, what it lacks of the margin where it is -1. */
export const HingeEmbeddingLoss: LossClass<[margin: number], Margin> = /* @__PURE__ */ same(
  "HingeEmbeddingLoss",
  () => ({ margin: number.or(1), ...F.reductions }),
  D.hinge_embedding_loss,
);
/** Mean over classes of max(margin - x[label] + x[class], 0)^p. */
export const MultiMarginLoss: LossClass<[p: number, margin: number, weight: Tensor | null], L.MultiMarginArguments> =
  /* @__PURE__ */ same(
    "MultiMarginLoss",
    () => ({ p: number.or(1), margin: number.or(1), weight, ...F.reductions }),
    L.multi_margin_loss,
  );

type PoissonSettings = { log_input: boolean; full: boolean; eps: number };
type PoissonInputs = Args<[log_input: Tensor, target: Tensor], { log_input: Tensor; target: Tensor }>;
/** Negative log-likelihood of Poisson's distribution. */
export const PoissonNLLLoss: LossClass<[log_input: boolean, full: boolean], PoissonSettings, PoissonInputs> =
  /* @__PURE__ */ loss(
    "PoissonNLLLoss",
    () => ({
      log_input: true,
      full: false,
      size_average: F.reductions.size_average,
      eps: number.or(1e-8),
      reduce: F.reductions.reduce,
      reduction: F.reductions.reduction,
    }),
    () => ({
      inputs: { log_input: tensor, target: tensor },
      forward: (
        given: { log_input: Tensor; target: Tensor },
        { log_input, full, eps, reduction }: PoissonSettings & Reduced,
      ) => D.poisson_nll_loss(given.log_input, given.target, { log_input, full, eps, reduction }),
    }),
  );
type GaussianSettings = Reduced & { full: boolean; eps: number };
/** Negative log-likelihood of normal distributions with the variances given. */
export const GaussianNLLLoss: LayerClass<[], GaussianSettings, Three<"input", "target", "var">> = /* @__PURE__ */ loss(
  "GaussianNLLLoss",
  () => ({ "*": null, full: false, eps: number.or(1e-6), reduction: F.reductions.reduction }),
  () => ({
    inputs: { ...pair, var: tensor },
    forward: (given: Pair & { var: Tensor }, { full, eps, reduction }: GaussianSettings) =>
      D.gaussian_nll_loss(given.input, given.target, given.var, { full, eps, reduction }),
  }),
);
type OfThree = { input1: Tensor; input2: Tensor; target: Tensor };
const three = { input1: tensor, input2: tensor, target: tensor } as const;
const ofMargin = { margin: number.or(0), ...F.reductions } as const;
/** 1 - cosine where the target is 1, what the cosine is above the margin where it is -1. */
export const CosineEmbeddingLoss: LossClass<
  [margin: number],
  Margin,
  Three<"input1", "input2", "target">
> = /* @__PURE__ */ loss(
  "CosineEmbeddingLoss",
  () => ofMargin,
  () => ({
    inputs: three,
    forward: ({ input1, input2, target }: OfThree, { margin, reduction }: Margin & Reduced) =>
      L.cosine_embedding_loss(input1, input2, target, { margin, reduction }),
  }),
);
/** max(-target (input1 - input2) + margin, 0). */
export const MarginRankingLoss: LossClass<
  [margin: number],
  Margin,
  Three<"input1", "input2", "target">
> = /* @__PURE__ */ loss(
  "MarginRankingLoss",
  () => ofMargin,
  () => ({
    inputs: three,
    forward: ({ input1, input2, target }: OfThree, { margin, reduction }: Margin & Reduced) =>
      D.margin_ranking_loss(input1, input2, target, { margin, reduction }),
  }),
);
type Triplet = { anchor: Tensor; positive: Tensor; negative: Tensor };
const triplet = { anchor: tensor, positive: tensor, negative: tensor } as const;
type TripletSettings = Margin & { p: number; eps: number; swap: boolean };
/** max(d(anchor, positive) - d(anchor, negative) + margin, 0). */
export const TripletMarginLoss: LossClass<
  [margin: number, p: number, eps: number, swap: boolean],
  TripletSettings,
  Three<"anchor", "positive", "negative">
> = /* @__PURE__ */ loss(
  "TripletMarginLoss",
  () => ({ margin: number.or(1), p: number.or(2), eps: number.or(1e-6), swap: false, ...F.reductions }),
  () => ({
    inputs: triplet,
    forward: (
      { anchor, positive, negative }: Triplet,
      { margin, p, eps, swap, reduction }: TripletSettings & Reduced,
    ) => D.triplet_margin_loss(anchor, positive, negative, { margin, p, eps, swap, reduction }),
  }),
);
type Distance = (a: Tensor, b: Tensor) => Tensor;
/** TripletMarginLoss with a distance of one's own. */
export const TripletMarginWithDistanceLoss: LayerClass<
  [],
  L.TripletDistanceArguments,
  Three<"anchor", "positive", "negative">
> = /* @__PURE__ */ loss(
  "TripletMarginWithDistanceLoss",
  () => ({
    "*": null,
    distance_function: (func as Kind<Distance>).or(null),
    margin: number.or(1),
    swap: false,
    reduction: F.reductions.reduction,
  }),
  () => ({
    inputs: triplet,
    keep: ({ distance_function, ...rest }: L.TripletDistanceArguments) => ({
      distance_function: distance_function ?? new PairwiseDistance(),
      ...rest,
    }),
    forward: ({ anchor, positive, negative }: Triplet, self: L.TripletDistanceArguments) => {
      const { distance_function, margin, swap, reduction } = self;
      return L.triplet_margin_with_distance_loss(anchor, positive, negative, {
        distance_function,
        margin,
        swap,
        reduction,
      });
    },
  }),
);
type Lengths = Tensor | readonly number[];
type CtcInputs = { log_probs: Tensor; targets: Tensor; input_lengths: Lengths; target_lengths: Lengths };
/** -log of the probability of the targets over all their alignments. */
export const CTCLoss: LayerClass<
  [blank: number, reduction: F.Reduction, zero_infinity: boolean],
  L.CtcArguments,
  Args<[log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths], CtcInputs>
> = /* @__PURE__ */ loss(
  "CTCLoss",
  () => ({ blank: int.or(0), reduction: F.reductions.reduction, zero_infinity: false }),
  () => ({
    inputs: { log_probs: tensor, targets: tensor, input_lengths: L.lengthsKind, target_lengths: L.lengthsKind },
    forward: (given: CtcInputs, { blank, reduction, zero_infinity }: L.CtcArguments) =>
      L.ctc_loss(given.log_probs, given.targets, given.input_lengths, given.target_lengths, {
        blank,
        reduction,
        zero_infinity,
      }),
  }),
);

type OfX = { x1: Tensor; x2: Tensor };
const ofX = { x1: tensor, x2: tensor } as const;
type XInputs = Args<[x1: Tensor, x2: Tensor], OfX>;
type CosineSettings = { dim: number; eps: number };
/** The cosine of the angle between vectors along a dimension. */
export const CosineSimilarity: LayerClass<[dim: number, eps: number], CosineSettings, XInputs> =
  /* @__PURE__ */ functionLayer("CosineSimilarity", () => ({
    rules: { dim: int.or(1), eps: number.or(1e-8) },
    inputs: ofX,
    forward: ({ x1, x2 }: OfX, { dim, eps }: CosineSettings) => N.cosine_similarity(x1, x2, dim, eps),
  }));
type PairwiseSettings = { norm: number; eps: number; keepdim: boolean };
/** The p-norm of the differences along the last dimension. */
export const PairwiseDistance: LayerClass<
  [p: number, eps: number, keepdim: boolean],
  { p: number; eps: number; keepdim: boolean },
  XInputs,
  PairwiseSettings
> = /* @__PURE__ */ functionLayer("PairwiseDistance", () => ({
  rules: { p: number.or(2), eps: number.or(1e-6), keepdim: false },
  inputs: ofX,
  keep: ({ p, ...rest }: { p: number }) => ({ norm: p, ...rest }),
  forward: ({ x1, x2 }: OfX, { norm, eps, keepdim }: PairwiseSettings) =>
    N.pairwise_distance(x1, x2, norm, eps, keepdim),
}));

export type MSELoss = InstanceType<typeof MSELoss>;
export type L1Loss = InstanceType<typeof L1Loss>;
export type SoftMarginLoss = InstanceType<typeof SoftMarginLoss>;
export type MultiLabelMarginLoss = InstanceType<typeof MultiLabelMarginLoss>;
export type BCELoss = InstanceType<typeof BCELoss>;
export type MultiLabelSoftMarginLoss = InstanceType<typeof MultiLabelSoftMarginLoss>;
export type BCEWithLogitsLoss = InstanceType<typeof BCEWithLogitsLoss>;
export type NLLLoss = InstanceType<typeof NLLLoss>;
export type CrossEntropyLoss = InstanceType<typeof CrossEntropyLoss>;
export type SmoothL1Loss = InstanceType<typeof SmoothL1Loss>;
export type HuberLoss = InstanceType<typeof HuberLoss>;
export type KLDivLoss = InstanceType<typeof KLDivLoss>;
export type HingeEmbeddingLoss = InstanceType<typeof HingeEmbeddingLoss>;
export type MultiMarginLoss = InstanceType<typeof MultiMarginLoss>;
export type PoissonNLLLoss = InstanceType<typeof PoissonNLLLoss>;
export type GaussianNLLLoss = InstanceType<typeof GaussianNLLLoss>;
export type CosineEmbeddingLoss = InstanceType<typeof CosineEmbeddingLoss>;
export type MarginRankingLoss = InstanceType<typeof MarginRankingLoss>;
export type TripletMarginLoss = InstanceType<typeof TripletMarginLoss>;
export type TripletMarginWithDistanceLoss = InstanceType<typeof TripletMarginWithDistanceLoss>;
export type CTCLoss = InstanceType<typeof CTCLoss>;
export type CosineSimilarity = InstanceType<typeof CosineSimilarity>;
export type PairwiseDistance = InstanceType<typeof PairwiseDistance>;
