// All subjects of the report, in order. A new one adds a file that makes its section, and a line here.
import type { ExperimentSummary } from "../experiments/summary.js";
import type { HistoryEntry } from "../history.js";
import { BUSY_MARK, isBusy } from "../load.js";
import type { Report } from "../report.js";
import type { Table } from "../table.js";
import { type Section, tablesOf } from "./section.js";
import { apiCostSection } from "./section_api_cost.js";
import { dialectsSection } from "./section_dialects.js";
import { experimentSection, smallExperimentSection, smallRunsSection } from "./section_experiment.js";
import { historySection } from "./section_history.js";
import { kernelsSection } from "./section_kernels.js";
import { peersSection } from "./section_peers.js";
import { replaySection } from "./section_replay.js";
import { stepSection } from "./section_step.js";

export function sections(report: Report, history: readonly HistoryEntry[] = []): Section[] {
  const { storedExperiments: stored = [], experiments: passing = [] } = report;
  const isLonger = ({ name }: ExperimentSummary): boolean => stored.some((other) => other.name === name);
  return [
    ...stored.map((summary) => experimentSection(summary)),
    ...[
      dialectsSection(report),
      replaySection(report),
      apiCostSection(report),
      stepSection(report),
      kernelsSection(report),
      peersSection(report),
    ].map((section) => section && marked(section, report)),
    ...passing.filter((summary) => !isLonger(summary)).map(smallExperimentSection),
    smallRunsSection(passing.filter(isLonger)),
    historySection(history),
  ].flatMap((section) => section ?? []);
}

/** Charts of times say so where the machine was busy. */
function marked(section: Section, { host }: Report): Section {
  if (!host.load || !isBusy(host.load[1], host.cores)) return section;
  return { ...section, charts: section.charts.map((chart) => (chart.timed ? { ...chart, mark: BUSY_MARK } : chart)) };
}

export function tables(report: Report, history: readonly HistoryEntry[] = []): Table[] {
  return sections(report, history).flatMap(tablesOf);
}
