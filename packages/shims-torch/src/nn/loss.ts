import { type Args, only, signature } from "../signature.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_loss.js";
import { Module } from "./module.js";

const legacy = { size_average: only(null), reduce: only(null) };

const readCrossEntropy = signature<F.CrossEntropyArguments>("CrossEntropyLoss", {
  weight: null,
  size_average: legacy.size_average,
  ignore_index: -100,
  reduce: legacy.reduce,
  reduction: "mean",
  label_smoothing: 0,
});

/** Cross entropy of softmax(logits) [N, C, ...] with class numbers [N, ...] or probabilities [N, C, ...]. */
export class CrossEntropyLoss extends Module {
  declare readonly weight: Tensor | null;
  readonly ignore_index: number;
  readonly reduction: F.Reduction;
  readonly label_smoothing: number;
  constructor(...args: Args<[weight: Tensor | null], F.CrossEntropyArguments>) {
    super();
    const { weight, ignore_index, reduction, label_smoothing } = readCrossEntropy(args);
    this.register_buffer("weight", weight);
    this.ignore_index = ignore_index;
    this.reduction = reduction;
    this.label_smoothing = label_smoothing;
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignore_index, reduction, label_smoothing } = this;
    return F.cross_entropy(input, target, { weight, ignore_index, reduction, label_smoothing });
  }
}

const readNll = signature<F.NllArguments>("NLLLoss", {
  weight: null,
  size_average: legacy.size_average,
  ignore_index: -100,
  reduce: legacy.reduce,
  reduction: "mean",
});

/** Negative log-likelihood of log-probabilities [N, C, ...] and class numbers [N, ...]. */
export class NLLLoss extends Module {
  declare readonly weight: Tensor | null;
  readonly ignore_index: number;
  readonly reduction: F.Reduction;
  constructor(...args: Args<[weight: Tensor | null], F.NllArguments>) {
    super();
    const { weight, ignore_index, reduction } = readNll(args);
    this.register_buffer("weight", weight);
    this.ignore_index = ignore_index;
    this.reduction = reduction;
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignore_index, reduction } = this;
    return F.nll_loss(input, target, { weight, ignore_index, reduction });
  }
}

const plain = { ...legacy, reduction: "mean" };
const readMse = signature<F.ReductionArguments>("MSELoss", plain);
const readL1 = signature<F.ReductionArguments>("L1Loss", plain);

/** Mean of squared differences. */
export class MSELoss extends Module {
  readonly reduction: F.Reduction;
  constructor(...args: Args<[], F.ReductionArguments>) {
    super();
    this.reduction = readMse(args).reduction;
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.mse_loss(input, target, { reduction: this.reduction });
  }
}

/** Mean of absolute differences. */
export class L1Loss extends Module {
  readonly reduction: F.Reduction;
  constructor(...args: Args<[], F.ReductionArguments>) {
    super();
    this.reduction = readL1(args).reduction;
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.l1_loss(input, target, { reduction: this.reduction });
  }
}

const readBce = signature<F.BceWithLogitsArguments>("BCEWithLogitsLoss", {
  weight: null,
  ...legacy,
  reduction: "mean",
  pos_weight: null,
});

/** Binary cross entropy of sigmoid(logits). */
export class BCEWithLogitsLoss extends Module {
  declare readonly weight: Tensor | null;
  declare readonly pos_weight: Tensor | null;
  readonly reduction: F.Reduction;
  constructor(...args: Args<[weight: Tensor | null], F.BceWithLogitsArguments>) {
    super();
    const { weight, reduction, pos_weight } = readBce(args);
    this.register_buffer("weight", weight);
    this.register_buffer("pos_weight", pos_weight);
    this.reduction = reduction;
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, pos_weight } = this;
    return F.binary_cross_entropy_with_logits(input, target, { weight, reduction, pos_weight });
  }
}
