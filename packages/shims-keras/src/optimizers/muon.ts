// Muon: the core's, with Adam for what is not orthogonalised.

import { Muon as CoreMuon, type Tensor as CoreTensor, type MuonSettings } from "@facet/autograd";
import { type Args, bool, int, listOf, number, signature, string } from "@facet/dialect";
import { withoutNew } from "../callable.js";
import { atLeastZero } from "../kinds.js";
import type { VariableBase } from "../variable.js";
import {
  baseOf,
  belowOne,
  type CoreOptimizer,
  last,
  type Made,
  Optimizer,
  type OptimizerArguments,
  positiveAmount,
  rate,
  weightDecay,
} from "./optimizer.js";
import type { ScheduleBase } from "./schedules.js";

export interface MuonArguments extends OptimizerArguments {
  adam_beta_1: number;
  adam_beta_2: number;
  adam_weight_decay: number | null;
  epsilon: number;
  /** Regular expressions of paths: weights that one is found in are Adam's. */
  exclude_layers: readonly string[] | null;
  /** Whether weights with "embedding" in their path are Adam's. */
  exclude_embeddings: boolean;
  muon_a: number;
  muon_b: number;
  muon_c: number;
  adam_lr_ratio: number;
  momentum: number;
  ns_steps: number;
  nesterov: boolean;
  rms_rate: number | null;
}

const read = signature("keras.optimizers.Muon", {
  learning_rate: rate(0.001),
  adam_beta_1: belowOne.or(0.9),
  adam_beta_2: belowOne.or(0.999),
  adam_weight_decay: weightDecay.or(0.004),
  epsilon: atLeastZero.or(1e-7),
  weight_decay: weightDecay.or(0.004),
  ...last,
  exclude_layers: listOf(string).or(null),
  exclude_embeddings: bool.or(true),
  muon_a: number.or(3.4445),
  muon_b: number.or(-4.775),
  muon_c: number.or(2.0315),
  adam_lr_ratio: positiveAmount.or(1),
  momentum: belowOne.or(0.95),
  ns_steps: int.where("an integer, 0 to 99", (value) => value >= 0 && value < 100).or(5),
  nesterov: bool.or(true),
  rms_rate: number.orNone.or(0.2),
});

class MuonOptimizer extends Optimizer {
  static override readonly className = "Muon";
  adam_beta_1: number;
  adam_beta_2: number;
  adam_weight_decay: number | null;
  epsilon: number;
  readonly exclude_layers: readonly string[];
  readonly exclude_embeddings: boolean;
  muon_a: number;
  muon_b: number;
  muon_c: number;
  adam_lr_ratio: number;
  momentum: number;
  ns_steps: number;
  nesterov: boolean;
  rms_rate: number | null;

  constructor(
    ...args: Args<
      [
        learning_rate: number | ScheduleBase,
        adam_beta_1: number,
        adam_beta_2: number,
        adam_weight_decay: number | null,
        epsilon: number,
        weight_decay: number | null,
      ],
      MuonArguments
    >
  ) {
    const given = read(args) as unknown as MuonArguments;
    super(baseOf(given));
    this.adam_beta_1 = given.adam_beta_1;
    this.adam_beta_2 = given.adam_beta_2;
    this.adam_weight_decay = given.adam_weight_decay;
    this.epsilon = given.epsilon;
    this.exclude_layers = given.exclude_layers ?? [];
    this.exclude_embeddings = given.exclude_embeddings;
    this.muon_a = given.muon_a;
    this.muon_b = given.muon_b;
    this.muon_c = given.muon_c;
    this.adam_lr_ratio = given.adam_lr_ratio;
    this.momentum = given.momentum;
    this.ns_steps = given.ns_steps;
    this.nesterov = given.nesterov;
    this.rms_rate = given.rms_rate;
  }

  #isAdams({ shape, path }: VariableBase): boolean {
    if (shape.length !== 2) return true;
    if (this.exclude_embeddings && path.toLowerCase().includes("embedding")) return true;
    return this.exclude_layers.some((pattern) => new RegExp(pattern).test(path));
  }

  /** A momentum for every weight, a velocity for Adam's. */
  override get variableCount(): number {
    const sizes = this.weights.map((variable) => variable.core.size * (this.#isAdams(variable) ? 2 : 1));
    return sizes.reduce((total, size) => total + size, super.variableCount);
  }

  protected override settings(): Record<string, unknown> {
    const { rms_rate, adam_lr_ratio } = this;
    const settings: Omit<MuonSettings, "lr"> = {
      momentum: this.momentum,
      nesterov: this.nesterov,
      average: "sum",
      coefficients: [this.muon_a, this.muon_b, this.muon_c],
      eps: 1e-7,
      epsMode: "added",
      steps: this.ns_steps,
      scale: (rows, columns) => (rms_rate === null ? 1 : Math.sqrt(Math.max(rows, columns)) * rms_rate),
      decayMode: "keras",
      adam: {
        lr: this.learning_rate * adam_lr_ratio,
        beta1: this.adam_beta_1,
        beta2: this.adam_beta_2,
        eps: this.epsilon,
        epsMode: "keras",
        // Decay goes by the learning rate itself.
        weightDecay: (this.adam_weight_decay ?? 0) / adam_lr_ratio,
        decayMode: "keras",
      },
    };
    return settings as unknown as Record<string, unknown>;
  }

  protected override make(parameters: readonly CoreTensor[], { variables, decays }: Made): CoreOptimizer {
    const orthogonal = variables.map((variable) => !this.#isAdams(variable));
    const settings = { ...this.settings(), lr: this.learning_rate, weightDecay: this.weight_decay ?? 0 };
    return new CoreMuon(parameters, settings as MuonSettings, { decays, orthogonal });
  }
}

/**
 * Muon for matrices, Adam for other weights, for embeddings and for layers named in `exclude_layers`. The velocity of a matrix is the
 * sum of its gradients, of which `ns_steps` Newton-Schulz iterations make the singular values alike; steps are scaled by
 * sqrt(max(rows, columns)) rms_rate.
 */
export const Muon = withoutNew(MuonOptimizer);
export type Muon = MuonOptimizer;
