import { type AdamOptions, adam as adamKernel, adamParams } from "@facet/kernels-wgsl";
import { hostValue } from "../capture/trace.js";
import { launch } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { FusedOptimizer } from "./fused.js";

export type AdamSettings = Omit<AdamOptions, "step" | "count">;

/** One Adam step on flat tensors, in place: what Adam and functional dialects share. `step` counts from 1. Options are asked for in every run. */
export function adamUpdate(
  p: Tensor,
  g: Tensor,
  m: Tensor,
  v: Tensor,
  vmax: Tensor | undefined,
  options: () => AdamSettings & { step: number },
): void {
  launch(adamKernel, { p, g, m, v, vmax }, () => adamParams({ ...options(), count: p.size }));
}

/**
 * Adam, AdamW and AMSGrad in one dispatch for all parameters. The conventions of Keras, torch and optax are settings;
 * see `AdamOptions` in kernels-wgsl for each. Bias corrections are computed in f64.
 */
export class Adam extends FusedOptimizer {
  settings: AdamSettings;

  constructor(parameters: readonly Tensor[], settings: AdamSettings) {
    super("adam", parameters);
    // Refuses bad settings before the first step.
    adamParams({ ...settings, step: 1, count: 1 });
    this.settings = settings;
  }

  /**
   * One update. `changes` replace settings for this step (a scheduled learning rate), or its number, and are asked for in every
   * run. Whoever reads `amsgrad` of an observed object may give it by itself, which spares every replay a guard.
   */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: () => Partial<AdamSettings & { step: number }> = () => ({}),
    amsgrad = hostValue(() => (changes().amsgrad ?? this.settings.amsgrad) === true),
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    this.apply(gradients, (p, g, state, step) => {
      const vmax = amsgrad ? state("vmax") : undefined;
      adamUpdate(p, g, state("m"), state("v"), vmax, () => ({ step: step(), ...settings() }));
    });
  }
}
