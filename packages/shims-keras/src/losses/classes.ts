// Loss classes around the losses of every sample.
import type { Tensor as CoreTensor } from "@facet/autograd";
import { type Args, int, only, signature } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { snakeCase } from "../config.js";
import { nameKind } from "../kinds.js";
import type { Tensor } from "../tensor.js";
import {
  binaryCrossEntropy,
  crossEntropy,
  maskOf,
  mean_absolute_error,
  mean_squared_error,
  type PlainLoss,
  type SmoothingArguments,
  type SparseArguments,
  smoothingRules,
  sparseCrossEntropy,
} from "./functions.js";
import { Loss, type LossArguments, LossWrapper, type Reduction, reductionRule } from "./loss.js";
import {
  BinaryFocalCrossentropy,
  CategoricalFocalCrossentropy,
  CategoricalGeneralizedCrossEntropy,
  CategoricalHinge,
  Circle,
  CosineSimilarity,
  CTC,
  Dice,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  Poisson,
  SquaredHinge,
  Tversky,
} from "./table.js";

const common = (name: string) => ({ name: nameKind.or(name), dtype: only(null, "float32") });
const readSparse = signature("keras.losses.SparseCategoricalCrossentropy", {
  from_logits: false,
  ignore_class: int.or(null),
  reduction: reductionRule,
  axis: only(-1),
  ...common("sparse_categorical_crossentropy"),
});

type SparsePositions = [from_logits: boolean, ignore_class: number | null, reduction: Reduction | null, axis: -1];

class SparseCategoricalCrossentropyLoss extends Loss {
  static override readonly className = "SparseCategoricalCrossentropy";
  readonly from_logits: boolean;
  readonly ignore_class: number | null;

  constructor(...args: Args<SparsePositions, SparseArguments & LossArguments>) {
    const { name, reduction, from_logits, ignore_class } = readSparse(args);
    super({ name, reduction });
    this.from_logits = from_logits;
    this.ignore_class = ignore_class;
  }

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    return sparseCrossEntropy(yTrue, yPred, this);
  }

  protected override mask(yTrue: Tensor): CoreTensor | undefined {
    return maskOf(yTrue, this.ignore_class);
  }
}

type SmoothingPositions = [from_logits: boolean, label_smoothing: number, axis: number, reduction: Reduction | null];

type LossClass<P extends readonly unknown[], N> = new (...args: Args<P, N & LossArguments>) => Loss;

/** A loss class with label smoothing. */
function smoothing(className: string, f: typeof crossEntropy): LossClass<SmoothingPositions, SmoothingArguments> {
  const rules = { ...smoothingRules, reduction: reductionRule, ...common(snakeCase(className)) };
  const read = signature(`keras.losses.${className}`, rules);
  return class extends LossWrapper {
    static override readonly className = className;

    constructor(...args: Args<SmoothingPositions, SmoothingArguments & LossArguments>) {
      const given = read(args);
      super((yTrue, yPred) => f(yTrue, yPred, given), given as LossArguments);
    }
  };
}

/** A loss class that has a reduction and a name only. */
function plain(className: string, f: PlainLoss): LossClass<[reduction: Reduction | null, name: string | null], object> {
  const read = signature(`keras.losses.${className}`, { reduction: reductionRule, ...common(snakeCase(className)) });
  return class extends LossWrapper {
    static override readonly className = className;

    constructor(...args: Args<[reduction: Reduction | null, name: string | null], LossArguments>) {
      super((yTrue, yPred) => f(yTrue, yPred), read(args) as LossArguments);
    }
  };
}

export const SparseCategoricalCrossentropy = withoutNew(SparseCategoricalCrossentropyLoss);
export type SparseCategoricalCrossentropy = SparseCategoricalCrossentropyLoss;
export const CategoricalCrossentropy = withoutNew(smoothing("CategoricalCrossentropy", crossEntropy));
export const BinaryCrossentropy = withoutNew(smoothing("BinaryCrossentropy", binaryCrossEntropy));
export const MeanSquaredError = withoutNew(plain("MeanSquaredError", mean_squared_error));
export const MeanAbsoluteError = withoutNew(plain("MeanAbsoluteError", mean_absolute_error));

/** The classes by the names of their functions. */
export const TABLE = {
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  categorical_crossentropy: CategoricalCrossentropy,
  binary_crossentropy: BinaryCrossentropy,
  bce: BinaryCrossentropy,
  mean_squared_error: MeanSquaredError,
  mse: MeanSquaredError,
  mean_absolute_error: MeanAbsoluteError,
  mae: MeanAbsoluteError,
  mean_absolute_percentage_error: MeanAbsolutePercentageError,
  mape: MeanAbsolutePercentageError,
  mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
  msle: MeanSquaredLogarithmicError,
  cosine_similarity: CosineSimilarity,
  huber: Huber,
  log_cosh: LogCosh,
  logcosh: LogCosh,
  kl_divergence: KLDivergence,
  kld: KLDivergence,
  kullback_leibler_divergence: KLDivergence,
  poisson: Poisson,
  hinge: Hinge,
  squared_hinge: SquaredHinge,
  categorical_hinge: CategoricalHinge,
  categorical_focal_crossentropy: CategoricalFocalCrossentropy,
  binary_focal_crossentropy: BinaryFocalCrossentropy,
  categorical_generalized_cross_entropy: CategoricalGeneralizedCrossEntropy,
  ctc: CTC,
  dice: Dice,
  tversky: Tversky,
  circle: Circle,
} satisfies Record<string, new () => Loss>;

export type LossName = keyof typeof TABLE;
