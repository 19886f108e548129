import { type SgdOptions, sgd as sgdKernel, sgdParams } from "@facet/kernels-wgsl";
import { hostValue } from "../capture/trace.js";
import { launch } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { FusedOptimizer } from "./fused.js";

export type SgdSettings = Omit<SgdOptions, "step" | "count">;

/** One SGD step on flat tensors, in place; `velocity` is needed when momentum is not 0. `step` counts from 1. Options are asked for in every run. */
export function sgdUpdate(
  p: Tensor,
  g: Tensor,
  velocity: Tensor | undefined,
  options: () => SgdSettings & { step: number },
): void {
  launch(sgdKernel, { p, g, velocity }, () => sgdParams({ ...options(), count: p.size }));
}

/** Gradient descent with momentum, Nesterov's too, in one dispatch. Keras' and torch's velocities are settings. */
export class Sgd extends FusedOptimizer {
  settings: SgdSettings;

  constructor(parameters: readonly Tensor[], settings: SgdSettings) {
    super("sgd", parameters);
    sgdParams({ ...settings, step: 1, count: 1 });
    this.settings = settings;
  }

  /** One update. `changes` replace settings for this step, or its number, and are asked for in every run. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: () => Partial<SgdSettings & { step: number }> = () => ({}),
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    const hasVelocity = hostValue(() => (settings().momentum ?? 0) !== 0);
    // Steps without momentum make no velocity: where momentum comes later, its first step is the velocity's first.
    this.apply(
      gradients,
      (p, g, state, step) => {
        const options = () => ({ step: Math.max(1, step()), ...settings() });
        sgdUpdate(p, g, hasVelocity ? state("velocity") : undefined, options);
      },
      hasVelocity,
    );
  }
}
