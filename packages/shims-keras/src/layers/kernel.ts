// What layers with a kernel and a bias share.
import { any, bool, only } from "@facet/dialect";
import { type ActivationArgument, type ActivationFunction, resolve as resolveActivation } from "../activations.js";
import { type Initializer, type InitializerArgument, resolve as resolveInitializer } from "../initializers.js";
import type { VariableBase } from "../variable.js";
import { type LayerGiven, type LayerKeywords, layerPart } from "./arguments.js";
import { Layer } from "./layer.js";

export interface KernelArguments extends LayerKeywords {
  activation: ActivationArgument | null;
  use_bias: boolean;
  kernel_initializer: InitializerArgument | null;
  bias_initializer: InitializerArgument | null;
}

/** What these layers take after their own arguments. */
export const kernelRules = {
  activation: any.or(null),
  use_bias: bool.or(true),
  kernel_initializer: any.or("glorot_uniform"),
  bias_initializer: any.or("zeros"),
  kernel_regularizer: only(null),
  bias_regularizer: only(null),
  activity_regularizer: only(null),
  kernel_constraint: only(null),
  bias_constraint: only(null),
} as const;

interface KernelGiven extends LayerGiven {
  readonly activation: unknown;
  readonly use_bias: boolean;
  readonly kernel_initializer: unknown;
  readonly bias_initializer: unknown;
}

/** A layer that computes activation(x kernel + bias), whichever product that is. */
export abstract class KernelLayer extends Layer {
  readonly activation: ActivationFunction;
  readonly use_bias: boolean;
  readonly kernel_initializer: Initializer;
  readonly bias_initializer: Initializer;
  kernel: VariableBase | undefined;
  bias: VariableBase | undefined;

  constructor(op: string, given: KernelGiven) {
    super(layerPart(given));
    this.activation = resolveActivation(given.activation, op);
    this.use_bias = given.use_bias;
    this.kernel_initializer = resolveInitializer(given.kernel_initializer, op, "kernel_initializer");
    this.bias_initializer = resolveInitializer(given.bias_initializer, op, "bias_initializer");
  }

  /** Makes the weights: a kernel of this shape, and a bias for its last dimension. */
  protected addKernel(shape: readonly number[]): void {
    this.kernel = this.add_weight({ shape, initializer: this.kernel_initializer, name: "kernel" });
    if (this.use_bias)
      this.bias = this.add_weight({ shape: shape.slice(-1), initializer: this.bias_initializer, name: "bias" });
  }
}
