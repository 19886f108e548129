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
import { networksSection } from "./section_networks.js";
import { peersSection } from "./section_peers.js";
import { replaySection } from "./section_replay.js";
import { stepSection } from "./section_step.js";

export function sections(report: Report, history: readonly HistoryEntry[] = []): Section[] {
  const { storedExperiments: stored = [], experiments: passing = [] } = report;
  const isLonger = ({ name }: ExperimentSummary): boolean => stored.some((other) => other.name === name);
  const measured = [
    ...[dialectsSection, replaySection, apiCostSection, stepSection],
    ...[networksSection, kernelsSection, peersSection],
  ];
  return [
    ...stored.map((summary) => marked(experimentSection(summary), summary.host.cores, summary.load)),
    ...measured.map((section) => marked(section(report), report.host.cores, report.host.load)),
    ...passing
      .filter((summary) => !isLonger(summary))
      .map((summary) => marked(smallExperimentSection(summary), summary.host.cores, summary.load)),
    smallRunsSection(passing.filter(isLonger)),
    historySection(history),
  ].flatMap((section) => section ?? []);
}

/** Charts of times say so where the machine was busy. */
function marked(section: Section | undefined, cores: number, load?: readonly [number, number]): Section | undefined {
  if (!section || !load || !isBusy(load[1], cores)) return section;
  return { ...section, charts: section.charts.map((chart) => (chart.timed ? { ...chart, mark: BUSY_MARK } : chart)) };
}

export function tables(report: Report, history: readonly HistoryEntry[] = []): Table[] {
  return sections(report, history).flatMap(tablesOf);
}
