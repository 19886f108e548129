import { count, mebibytes } from "../format.js";
import { isBusy } from "../load.js";
import type { Estimate } from "../statistics.js";
import type { Table } from "../table.js";
import type { ExperimentSummary, ProgramSummary } from "./summary.js";

const percent = ({ mean, sd, n }: Estimate): string =>
  `${(100 * mean).toFixed(2)}${n > 1 ? ` ± ${(100 * sd).toFixed(2)}` : ""}`;
/** "-" for what was not measured: a second epoch or step of one. */
const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
const seconds = (value: number): string => fixed(value, value < 10 ? 2 : 1);

/** What an experiment found, for a terminal and for Markdown. */
export function experimentTables(summary: ExperimentSummary): Table[] {
  const compared = summary.comparisons.length > 0 ? [comparisons(summary)] : [];
  return [...compared, outcomes(summary), times(summary)];
}

function comparisons({ title, question, comparisons, programs }: ExperimentSummary): Table {
  const repetitions = Math.max(...comparisons.map(({ accuracy }) => accuracy.n));
  return {
    title,
    note: `${question} ${scaleOf(programs)}. Differences to the same program with the same seed without the change; ± half the 95 % confidence interval${repetitions < 2 ? ", which one repetition does not give" : ""}. Accuracy in percentage points, loss of the last epoch.`,
    head: ["change", "whose", "accuracy", "loss", "share of the accuracy's", "share of the loss'"],
    words: 2,
    rows: comparisons.map(({ title, framework, accuracy, loss, partOf, sameBits }) => {
      const whole = comparisons.find((other) => other.title === partOf);
      return [
        title,
        framework,
        sameBits ? "same bits" : difference(accuracy, 100, 2),
        sameBits ? "same bits" : difference(loss, 1, 4),
        whole ? share(accuracy, whole.accuracy) : "-",
        whole ? share(loss, whole.loss) : "-",
      ];
    }),
  };
}

function difference({ mean, ci95 }: Estimate, unit: number, digits: number): string {
  const text = `${mean < 0 ? "-" : "+"}${Math.abs(unit * mean).toFixed(digits)}`;
  return Number.isFinite(ci95) ? `${text} ± ${(unit * ci95).toFixed(digits)}` : text;
}

/** Part of the whole's effect in %, where the whole has one that its interval tells from none. */
function share(part: Estimate, whole: Estimate): string {
  // Adding 0 turns -0 into 0.
  return Math.abs(whole.mean) > whole.ci95 ? `${Math.round((100 * part.mean) / whole.mean) + 0}%` : "-";
}

function scaleOf(programs: readonly ProgramSummary[]): string {
  const [{ trainImages, testImages, epochs, accuracy }] = programs as [ProgramSummary, ...ProgramSummary[]];
  return `${trainImages} training and ${testImages} test images, ${count(epochs, "epoch")}, ${count(accuracy.n, "repetition")}`;
}

function outcomes({ title, question, network, programs, published, notes, comparisons }: ExperimentSummary): Table {
  return {
    title: comparisons.length > 0 ? `${title}: the runs` : title,
    note: `${question} ${network} ${scaleOf(programs)}.${notes.length > 0 ? ` ${notes.join("; ")}.` : ""} Accuracies in %, ± one standard deviation.${inPython(programs)}`,
    head: [
      "program",
      "images",
      "test accuracy",
      "articles",
      "first validation",
      "last epoch's loss",
      "losses (seed 0)",
    ],
    words: 2,
    rows: programs.map((row) => {
      const article = published.find(({ program, data }) => program === row.program && data === row.data);
      return [
        row.title,
        `${row.data} (${row.images})`,
        percent(row.accuracy),
        row.original ? percent(row.original.accuracy) : "-",
        article?.accuracy === undefined
          ? "-"
          : `${(100 * article.accuracy).toFixed(2)}${article.spread === undefined ? "" : ` ± ${(100 * article.spread).toFixed(2)}`}`,
        row.firstValidationAccuracy ? percent(row.firstValidationAccuracy) : "-",
        row.finalLoss.mean.toPrecision(4),
        row.lossDigest.slice(0, 8),
      ];
    }),
  };
}

function inPython(programs: readonly ProgramSummary[]): string {
  const versions = new Set(programs.flatMap(({ original }) => original?.versions ?? []));
  return versions.size > 0 ? ` In Python: the same program in its own framework (${[...versions].join("; ")}).` : "";
}

function times({ title, programs, load, host }: ExperimentSummary): Table {
  const busy = isBusy(load[1], host.cores)
    ? ` The machine was busy: ${load[0]} to ${load[1]} runnable processes on ${host.cores} cores.`
    : "";
  return {
    title: `${title}: time and memory`,
    note: `Seconds, as the program sees them; the first step compiles pipelines and makes plans. Memory: most device memory held at once.${busy}`,
    head: [
      "program",
      "images",
      "load",
      "build",
      "train",
      "predict",
      "first epoch",
      "later epochs",
      "first step ms",
      "steady step ms",
      "peak MiB",
    ],
    words: 2,
    rows: programs.map((row) => [
      row.title,
      row.data,
      ...[row.phases.load, row.phases.build, row.phases.train, row.phases.predict].map(seconds),
      seconds(row.firstEpochSeconds),
      seconds(row.steadyEpochSeconds),
      fixed(row.firstStepMs, 0),
      fixed(row.steadyStepMs, 1),
      mebibytes(row.peakBytes),
    ]),
  };
}
