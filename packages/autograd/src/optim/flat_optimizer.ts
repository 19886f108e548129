import {
  type OptimizerForm,
  type OptimizerRow,
  type OptimizerSettings,
  optimizerConstants,
  optimizerForm,
  optimizerParams,
  optimizerStep,
  type Switches,
} from "@facet/kernels-wgsl";
import { everyRunsParams, hostValue } from "../capture/trace.js";
import { launch } from "../define_op.js";
import type { Tensor } from "../tensor.js";
import { FusedOptimizer } from "./fused.js";

/** What a row keeps with these settings; a captured function is traced anew where they come to mean another formula. */
export function formOf<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  settings: () => S,
): OptimizerForm {
  let form!: OptimizerForm;
  // Of the form only the switches are compared before a replay: the same ones give the same form.
  hostValue(() => {
    form = optimizerForm(row, settings());
    return [Object.values(form.switches), Object.values(form.common)];
  });
  return form;
}

/**
 * One step of a row on flat tensors, in place: what optimisers and functional dialects share. `states` are by name, or what gives the one of a name.
 * Settings, with the step counted from 1, are asked for in every run.
 */
export function optimizerUpdate<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  p: Tensor,
  g: Tensor,
  state: ((name: string, initial: number | "p" | undefined) => Tensor) | Readonly<Record<string, Tensor | undefined>>,
  settings: () => S & { step: number },
): void {
  const form = formOf(row, settings);
  const initial = everyRunsParams(() => row.initial?.(settings()));
  const [a, b, c] = form.states.map((name) =>
    typeof state === "function" ? state(name, initial?.[name]) : state[name],
  );
  const params = () => {
    const { step, ...own } = settings();
    return optimizerParams(row, own as unknown as S, { step, count: p.size });
  };
  launch(optimizerStep, { p, g, a, b, c }, params, optimizerConstants(form));
}

/** An optimiser of the table: one dispatch for all parameters. */
export class FlatOptimizer<
  S extends OptimizerSettings = OptimizerSettings,
  W extends Switches = Switches,
> extends FusedOptimizer {
  readonly row: OptimizerRow<S, W>;
  settings: S;

  /** Throws ArgumentError on settings that the row refuses. */
  constructor(row: OptimizerRow<S, W>, parameters: readonly Tensor[], settings: S) {
    super(row.name, parameters);
    optimizerParams(row, settings, { step: 1, count: 1 });
    this.row = row;
    this.settings = settings;
  }

  /** One update. `changes` replace settings for this step (a scheduled learning rate), or its number, and are asked for in every run. */
  step(gradients: readonly (Tensor | undefined)[], changes: () => Partial<S & { step: number }> = () => ({})): void {
    const settings = () => ({ ...this.settings, ...changes() });
    // Steps that keep no state are not counted: where momentum comes later, its first step is the velocity's first.
    const counts = formOf(this.row, settings).states.length > 0;
    this.apply(
      gradients,
      (p, g, state, step) =>
        optimizerUpdate(this.row, p, g, state, () => ({ step: Math.max(1, step()), ...settings() })),
      counts,
    );
  }
}
