import { type Args, number, signature } from "@facet/dialect";
import { tensor } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import * as F from "./functional_loss.js";
import { type InputAndTarget, inputAndTargetOf } from "./inputs.js";
import { Module } from "./module.js";

const readCrossEntropy = signature("torch.nn.CrossEntropyLoss", { ...F.classed, label_smoothing: number.or(0) });
const crossEntropyInputs = inputAndTargetOf("CrossEntropyLoss");

/** Cross entropy of softmax(logits) [N, C, ...] with class numbers [N, ...] or probabilities [N, C, ...]. */
export class CrossEntropyLoss extends Module {
  declare readonly weight: Tensor | null;
  readonly ignore_index: number;
  readonly reduction: F.Reduction;
  readonly label_smoothing: number;
  constructor(...args: Args<[weight: Tensor | null], F.CrossEntropyArguments>) {
    super();
    const { weight, ignore_index, label_smoothing, ...old } = readCrossEntropy(args);
    this.register_buffer("weight", weight);
    this.ignore_index = ignore_index;
    this.reduction = F.reductionOf(old) as F.Reduction;
    this.label_smoothing = label_smoothing;
  }
  override forward(...args: InputAndTarget): Tensor {
    const { input, target } = crossEntropyInputs(args);
    const { weight, ignore_index, reduction, label_smoothing } = this;
    return F.cross_entropy(input, target, { weight, ignore_index, reduction, label_smoothing });
  }
}

const readNll = signature("torch.nn.NLLLoss", F.classed);
const nllInputs = inputAndTargetOf("NLLLoss");

/** Negative log-likelihood of log-probabilities [N, C, ...] and class numbers [N, ...]. */
export class NLLLoss extends Module {
  declare readonly weight: Tensor | null;
  readonly ignore_index: number;
  readonly reduction: F.Reduction;
  constructor(...args: Args<[weight: Tensor | null], F.NllArguments>) {
    super();
    const { weight, ignore_index, ...old } = readNll(args);
    this.register_buffer("weight", weight);
    this.ignore_index = ignore_index;
    this.reduction = F.reductionOf(old) as F.Reduction;
  }
  override forward(...args: InputAndTarget): Tensor {
    const { input, target } = nllInputs(args);
    const { weight, ignore_index, reduction } = this;
    return F.nll_loss(input, target, { weight, ignore_index, reduction });
  }
}

type PlainArgs = Args<
  [size_average: boolean | null, reduce: boolean | null, reduction: F.Reduction],
  F.ReductionArguments
>;
const readMse = signature("torch.nn.MSELoss", F.reductions);
const readL1 = signature("torch.nn.L1Loss", F.reductions);
const mseInputs = inputAndTargetOf("MSELoss");
const l1Inputs = inputAndTargetOf("L1Loss");

/** Mean of squared differences. */
export class MSELoss extends Module {
  readonly reduction: F.Reduction;
  constructor(...args: PlainArgs) {
    super();
    this.reduction = F.reductionOf(readMse(args)) as F.Reduction;
  }
  override forward(...args: InputAndTarget): Tensor {
    const { input, target } = mseInputs(args);
    return F.mse_loss(input, target, { reduction: this.reduction });
  }
}

/** Mean of absolute differences. */
export class L1Loss extends Module {
  readonly reduction: F.Reduction;
  constructor(...args: PlainArgs) {
    super();
    this.reduction = F.reductionOf(readL1(args)) as F.Reduction;
  }
  override forward(...args: InputAndTarget): Tensor {
    const { input, target } = l1Inputs(args);
    return F.l1_loss(input, target, { reduction: this.reduction });
  }
}

const readBce = signature("torch.nn.BCEWithLogitsLoss", {
  weight: tensor.or(null),
  ...F.reductions,
  pos_weight: tensor.or(null),
});
const bceInputs = inputAndTargetOf("BCEWithLogitsLoss");

/** Binary cross entropy of sigmoid(logits). */
export class BCEWithLogitsLoss extends Module {
  declare readonly weight: Tensor | null;
  declare readonly pos_weight: Tensor | null;
  readonly reduction: F.Reduction;
  constructor(...args: Args<[weight: Tensor | null], F.BceWithLogitsArguments>) {
    super();
    const { weight, pos_weight, ...old } = readBce(args);
    this.register_buffer("weight", weight);
    this.register_buffer("pos_weight", pos_weight);
    this.reduction = F.reductionOf(old) as F.Reduction;
  }
  override forward(...args: InputAndTarget): Tensor {
    const { input, target } = bceInputs(args);
    const { weight, reduction, pos_weight } = this;
    return F.binary_cross_entropy_with_logits(input, target, { weight, reduction, pos_weight });
  }
}
