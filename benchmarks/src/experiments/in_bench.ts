// The experiments in a report of the bench: a small run of each, and beside it what `facet compare` found and kept.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { experiments } from "../../experiments/index.js";
import type { PartBudget } from "../time_budget.js";
import { readOriginals } from "./originals.js";
import type { Listener } from "./runner.js";
import { runExperiment } from "./runner.js";
import { MemoryStore, readUnits, type UnitResult } from "./store.js";
import { type ExperimentSummary, summarise } from "./summary.js";

/** Runs every experiment at its small scale; those for which there is no time are noted. */
export async function runSmallExperiments(
  filter: string | undefined,
  budget: PartBudget,
  progress: (text: string) => void,
): Promise<ExperimentSummary[]> {
  const summaries: ExperimentSummary[] = [];
  for (const experiment of experiments.filter(({ name }) => !filter || name.includes(filter))) {
    if (budget.over(`experiment ${experiment.name}`)) continue;
    const store = new MemoryStore();
    const say: Listener["begun"] = ({ program, data, number, of }) =>
      progress(`${experiment.name} ${number}/${of}: ${program.name} on ${data}`);
    const nothing = (): void => {};
    const { programs, ...scale } = experiment.small;
    await runExperiment(experiment, { scale, download: false, ...(programs && { programs }) }, store, {
      found: nothing,
      begun: say,
      progressed: nothing,
      done: nothing,
      unsaved: nothing,
    });
    const summary = summarise(experiment, store.units());
    if (summary) summaries.push(summary);
  }
  return summaries;
}

/** Of each experiment the stored results with most training on this kind of adapter. `folder`: where `facet compare` keeps them. */
export function storedExperiments(folder: string, adapterKind: string): ExperimentSummary[] {
  return experiments.flatMap((experiment) => {
    const place = join(folder, experiment.name);
    const scales = existsSync(place) ? readdirSync(place).filter((name) => name.startsWith(`${adapterKind}-`)) : [];
    const [most] = scales
      .map((name) => readUnits(join(place, name)))
      .filter((units) => units.length > 0)
      .sort((a, b) => trained(b) - trained(a));
    return (most && summarise(experiment, most, readOriginals(place))) ?? [];
  });
}

/** Images seen in training, over all results. */
const trained = (units: readonly UnitResult[]): number =>
  units.reduce((sum, { data, scale }) => sum + data.train * scale.epochs, 0);
