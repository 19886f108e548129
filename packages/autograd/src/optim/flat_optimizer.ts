import { type OptimizerRow, type OptimizerSettings, optimizerParams, type Switches } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { type DecayOptions, decayKinds, UNDECAYED } from "./decay.js";
import { FusedOptimizer } from "./fused.js";
import type { GradientSettings } from "./gradient_factors.js";
import { formOf, optimizerUpdate } from "./update.js";

/** An optimiser of the table: one dispatch for all parameters. */
export class FlatOptimizer<
  S extends OptimizerSettings = OptimizerSettings,
  W extends Switches = Switches,
> extends FusedOptimizer {
  readonly row: OptimizerRow<S, W>;
  settings: S;

  /** Throws ArgumentError on settings that the row refuses. */
  constructor(row: OptimizerRow<S, W>, parameters: readonly Tensor[], settings: S, { decays }: DecayOptions = {}) {
    super(row.name, parameters, decayKinds(row.name, parameters, decays));
    optimizerParams(row, settings, { step: 1, count: 1 });
    this.row = row;
    this.settings = settings;
  }

  /** One update. `changes` replace settings for this step (a scheduled learning rate), or its number, and are asked for in every run, as
   * what is done to gradients first is. */
  step(
    gradients: readonly (Tensor | undefined)[],
    changes: () => Partial<S & { step: number }> = () => ({}),
    gradientSettings?: () => GradientSettings,
  ): void {
    const settings = () => ({ ...this.settings, ...changes() });
    // Steps that keep no state are not counted: where momentum comes later, its first step is the velocity's first.
    const counts = formOf(this.row, settings).states.length > 0;
    this.apply(
      gradients,
      ({ p, g, state, step, kind, factors }) => {
        const own = () => ({ step: Math.max(1, step()), ...settings(), ...(kind === UNDECAYED && { weightDecay: 0 }) });
        optimizerUpdate(this.row, p, g, state, own, factors);
      },
      { counts, ...(gradientSettings && { settings: gradientSettings }) },
    );
  }
}
