// What a run found, said from its numbers.

import { isSmall } from "../experiments/summary.js";
import { count, digits, listed } from "../format.js";
import { BUSY_MARK, isBusy } from "../load.js";
import type { Report } from "../report.js";
import { bestPeer, facetMs, geometricMean, ratioOf } from "../report_peers.js";
import { median } from "../statistics.js";

export function adapterText({ adapter }: Report): string {
  return `${adapter.name}${adapter.kind === "hardware" ? "" : " (a software adapter, on the CPU)"}`;
}

/** The one sentence that everything opens with. */
export function openingSentence(report: Report): string {
  const { adapter } = report;
  const where = `On ${adapter.kind === "hardware" ? adapter.name : `${adapter.kind}, a software adapter`}`;
  const found = [wrongText, peersText, accuraciesText, programsText, kernelsText, experimentsText].flatMap(
    (text) => text(report) ?? [],
  );
  return found.length === 0 ? `${where} nothing was measured.` : `${where}, ${found.slice(0, 2).join("; ")}.`;
}

function wrongText({ wrongKernels = [] }: Report): string | undefined {
  if (wrongKernels.length === 0) return undefined;
  const names = [...new Set(wrongKernels.map(({ kernel }) => kernel))];
  return `${listed(names)} ${names.length > 1 ? "do" : "does"} not compute what the reference does`;
}

function peersText({ peers }: Report): string | undefined {
  const compared = peers
    .map((row) => ({ row, ratio: ratioOf(row) ?? Number.NaN }))
    .filter(({ ratio }) => Number.isFinite(ratio))
    .sort((a, b) => a.ratio - b.ratio);
  const [worst] = compared;
  if (!worst) return undefined;
  const mean = geometricMean(compared.map(({ ratio }) => ratio));
  const speed =
    mean.toPrecision(3) === "1.00"
      ? "is as fast as"
      : mean > 1
        ? `is ${digits(mean)} times as fast as`
        : `takes ${digits(1 / mean)} times as long as`;
  const lost = compared.filter(({ ratio }) => ratio < 1).length;
  const by = digits((facetMs(worst.row) ?? Number.NaN) / (bestPeer(worst.row)?.ms ?? Number.NaN));
  const losing =
    lost === 0
      ? "and slower in none"
      : `and slower in ${lost} of them (${lost > 1 ? "most in " : ""}${worst.row.workload.name}, by ${by} times)`;
  return `Facet ${speed} the fastest other JavaScript library (geometric mean of ${count(compared.length, "workload")}) ${losing}`;
}

function programsText({ programs }: Report): string | undefined {
  const own = programs.filter(({ aligned }) => !aligned);
  if (own.length === 0) return undefined;
  const steps = own.map(({ inTurn, steadyStepMs }) => inTurn?.medianMs ?? steadyStepMs);
  const names = listed(own.map(({ dialect }) => dialect));
  return `a train step of the CNN takes ${digits(Math.min(...steps))} to ${digits(Math.max(...steps))} ms in ${names}`;
}

function kernelsText({ kernels }: Report): string | undefined {
  if (kernels.length === 0) return undefined;
  const share = median(kernels.map(({ percentOfRoofline }) => percentOfRoofline));
  return `the median of ${count(kernels.length, "kernel case")} reaches ${digits(share, 2)} % of the roofline`;
}

function accuraciesText({ storedExperiments = [] }: Report): string | undefined {
  const accuracies = storedExperiments
    .filter(({ comparisons, programs }) => comparisons.length === 0 && !programs.some(isSmall))
    .flatMap(({ programs: all }) => {
      // What was printed wrong is shown in its section, and is no result.
      const programs = all.filter(({ mistake }) => mistake === undefined);
      if (programs.length === 0) return [];
      const sorted = programs.map(({ accuracy }) => 100 * accuracy.mean).sort((a, b) => a - b);
      const sets = listed([...new Set(programs.map(({ data }) => data))]);
      const [worst, best] = [digits(sorted[0] as number), digits(sorted.at(-1) as number)];
      return [`${worst === best ? best : `${worst} to ${best}`} % on ${sets}`];
    });
  return accuracies.length > 0 ? `programs after the articles reach ${listed(accuracies)}` : undefined;
}

function experimentsText({ experiments = [], storedExperiments = [] }: Report): string | undefined {
  const programs = [...storedExperiments, ...experiments].flatMap((experiment) => experiment.programs);
  if (programs.length === 0) return undefined;
  return `${count(programs.length, "program")} of ${count(new Set([...storedExperiments, ...experiments].map(({ name }) => name)).size, "experiment")} ran at a small scale`;
}

export interface KeyFigure {
  value: string;
  label: string;
}

export function keyFigures(report: Report): KeyFigure[] {
  const ratios = report.peers.flatMap((row) => ratioOf(row) ?? []);
  const figures: KeyFigure[] = [];
  if (ratios.length > 0)
    figures.push(
      { value: `${digits(geometricMean(ratios))}x`, label: "best other library's time over Facet's, geometric mean" },
      {
        value: `${ratios.filter((ratio) => ratio < 1).length} of ${ratios.length}`,
        label: "workloads in which Facet is slower",
      },
    );
  const steps = report.programs.filter(({ aligned }) => !aligned).sort((a, b) => a.steadyStepMs - b.steadyStepMs);
  if (steps[0])
    figures.push({
      value: `${digits(steps[0].steadyStepMs)} ms`,
      label: `quickest train step of the CNN (${steps[0].dialect})`,
    });
  if (report.kernels.length > 0)
    figures.push({
      value: `${digits(median(report.kernels.map(({ percentOfRoofline }) => percentOfRoofline)), 2)} %`,
      label: `of the roofline, median of ${report.kernels.length} kernel cases`,
    });
  const { replay } = report;
  if (replay && replay.rows.length > 0) {
    const over = replay.rows.map(({ hostMs, bareMs }) => hostMs - bareMs);
    figures.push({
      value: `${digits(1000 * Math.min(...over))} µs`,
      label: "least JavaScript of a replayed step over bare WebGPU calls",
    });
  }
  return figures;
}

/** Where, on what, with what and when it was measured. */
export function circumstances(report: Report): [string, string][] {
  const { host, versions } = report;
  return [
    ["adapter", adapterText(report)],
    ...(report.adapter.name.includes(report.adapter.driver)
      ? []
      : [["driver", report.adapter.driver] as [string, string]]),
    ["host", `${host.cpu}, ${host.cores} cores, ${host.platform}, Node ${host.node}`],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ...(host.load && isBusy(host.load[1], host.cores)
      ? [["load", `up to ${host.load[1]} runnable processes: ${BUSY_MARK}`] as [string, string]]
      : []),
    ["date", `${report.date}, took ${report.seconds.toFixed(0)} s`],
    ...(report.leftOut ? [["left out for lack of time", report.leftOut.join("; ")] as [string, string]] : []),
  ];
}
