import {
  lateHyper,
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
import type { PartFactors } from "./gradient_factors.js";
import type { LateSteps } from "./step_tables.js";

/** What a row keeps with these settings; a captured function is traced anew where they come to mean another formula. */
export function formOf<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  settings: () => S,
): OptimizerForm {
  let form!: OptimizerForm;
  // Before a replay texts are compared, not switches one by one.
  hostValue(() => {
    form = optimizerForm(row, settings());
    return form.key;
  });
  return form;
}

/**
 * One step of a row on flat tensors, in place: what optimisers and functional dialects share. `states` are by name, or what gives the one of a name.
 * Settings, with the step counted from 1, are asked for in every run. `factors` multiply the gradients, and may say that steps were
 * left out, which then do not count.
 */
export function optimizerUpdate<S extends OptimizerSettings, W extends Switches>(
  row: OptimizerRow<S, W>,
  p: Tensor,
  g: Tensor,
  state: ((name: string, initial: number | "p" | undefined) => Tensor) | Readonly<Record<string, Tensor | undefined>>,
  settings: () => S & { step: number },
  factors?: PartFactors,
): void {
  const form = formOf(row, settings);
  const initial = everyRunsParams(() => row.initial?.(settings()));
  const [a, b, c] = form.states.map((name) =>
    typeof state === "function" ? state(name, initial?.[name]) : state[name],
  );
  const shift = factors?.segments?.shift ?? 0;
  const params = () => {
    const { step, ...own } = settings();
    const options = { step, count: p.size };
    return optimizerParams(row, own as unknown as S, options, factors?.segments && { shift, start: factors.start });
  };
  const scaling = factors ? (factors.segments ? "each" : "all") : "none";
  const late = form.byStep.length > 0 && factors?.late ? lateNumbers(form, factors.late, settings) : undefined;
  const tensors = { p, g, a, b, c, scale: factors?.scale, segment: factors?.segments?.blocks, late };
  launch(optimizerStep, tensors, params, optimizerConstants(form, scaling, late !== undefined));
  late?.dispose();
}

/** The hyperparameters that are others in every step, of the step that the device counts. */
function lateNumbers<S extends OptimizerSettings>(
  form: OptimizerForm,
  late: LateSteps,
  settings: () => S & { step: number },
): Tensor {
  const numbers = (step: number): number[] => {
    const { step: _, ...own } = settings();
    return lateHyper(form, own as unknown as S, step);
  };
  // Learning rates change from step to step; few rows have numbers that depend on one other than as a factor.
  const key = (): string => {
    const { lr, step, weightDecay, clipValue, ...own } = settings();
    return JSON.stringify([form.row.name, own, numbers(3)]);
  };
  return late.tables.at(key, () => settings().step, numbers, late);
}
