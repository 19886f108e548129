// Dropout of elements and of channels, as layers.
import { type Args, bool, number, signature } from "@facet/dialect";
import { pythonFloat, pythonRepr } from "../python.js";
import type { Tensor } from "../tensor.js";
import { dropout, requireProbability } from "./functional_activation.js";
import { alpha_dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout } from "./functional_dropout.js";
import { type Input, inputOf } from "./inputs.js";
import { Module } from "./module.js";

export interface DropoutLayerArguments {
  /** Default 0.5. */
  p: number;
  /** Printed; results have memory of their own. */
  inplace: boolean;
}
type DropoutArgs = Args<[p: number, inplace: boolean], DropoutLayerArguments>;

/** A layer that drops in training and is the identity else. */
export abstract class DropoutNd extends Module {
  readonly p: number;
  readonly inplace: boolean;
  constructor(name: string, { p, inplace }: DropoutLayerArguments) {
    super();
    requireProbability(name, p);
    this.p = p;
    this.inplace = inplace;
  }
  override extra_repr(): string {
    return `p=${Number.isInteger(this.p) ? pythonRepr(this.p) : pythonFloat(this.p)}, inplace=${pythonRepr(this.inplace)}`;
  }
}

/** The same with its function. */
export interface DropoutLayer extends DropoutNd {
  forward(...args: Input): Tensor;
}
type Apply = (input: Tensor, p: number, training: boolean) => Tensor;
function dropping(name: string, apply: Apply): new (...args: DropoutArgs) => DropoutLayer {
  const read = signature(`torch.nn.${name}`, { p: number.or(0.5), inplace: bool.or(false) });
  const inputs = inputOf(name);
  return class extends DropoutNd {
    constructor(...args: DropoutArgs) {
      super(name, read(args));
    }
    override forward(...args: Input): Tensor {
      return apply(inputs(args).input, this.p, this.training);
    }
  };
}

/** In training zeroes elements with probability p (default 0.5) and scales the rest by 1 / (1 - p); else the identity. */
export class Dropout extends dropping("Dropout", dropout) {}
/** Dropout of whole channels of [N, C, W] or [C, W]. */
export class Dropout1d extends dropping("Dropout1d", dropout1d) {}
/** Dropout of whole channels of [N, C, H, W]. */
export class Dropout2d extends dropping("Dropout2d", dropout2d) {}
/** Dropout of whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends dropping("Dropout3d", dropout3d) {}
/** In training sets elements to SELU's lower limit with probability p and keeps mean and variance; else the identity. */
export class AlphaDropout extends dropping("AlphaDropout", alpha_dropout) {}
/** AlphaDropout of whole channels of [N, C, ...]. */
export class FeatureAlphaDropout extends dropping("FeatureAlphaDropout", feature_alpha_dropout) {}
