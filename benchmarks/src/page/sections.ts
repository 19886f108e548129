// All subjects of the report, in order. A new one adds a file that makes its section, and a line here.
import type { HistoryEntry } from "../history.js";
import type { Report } from "../report.js";
import type { Table } from "../table.js";
import { type Section, tablesOf } from "./section.js";
import { apiCostSection } from "./section_api_cost.js";
import { dialectsSection } from "./section_dialects.js";
import { experimentSection, smallExperimentSection } from "./section_experiment.js";
import { historySection } from "./section_history.js";
import { kernelsSection } from "./section_kernels.js";
import { peersSection } from "./section_peers.js";
import { replaySection } from "./section_replay.js";
import { stepSection } from "./section_step.js";

export function sections(report: Report, history: readonly HistoryEntry[] = []): Section[] {
  const stored = report.storedExperiments ?? [];
  return [
    ...stored.map((summary) => experimentSection(summary)),
    dialectsSection(report),
    replaySection(report),
    apiCostSection(report),
    stepSection(report),
    kernelsSection(report),
    peersSection(report),
    ...(report.experiments ?? []).map((summary) =>
      smallExperimentSection(
        summary,
        stored.some(({ name }) => name === summary.name),
      ),
    ),
    historySection(history),
  ].flatMap((section) => section ?? []);
}

export function tables(report: Report, history: readonly HistoryEntry[] = []): Table[] {
  return sections(report, history).flatMap(tablesOf);
}
