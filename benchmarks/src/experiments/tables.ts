import type { Estimate } from "../statistics.js";
import type { Table } from "../table.js";
import type { ExperimentSummary, ProgramSummary } from "./summary.js";

const percent = ({ mean, sd, n }: Estimate): string =>
  `${(100 * mean).toFixed(2)}${n > 1 ? ` ± ${(100 * sd).toFixed(2)}` : ""}`;
const seconds = (value: number): string =>
  Number.isFinite(value) ? (value < 10 ? value.toFixed(2) : value.toFixed(1)) : "-";

/** What an experiment found, for a terminal and for Markdown. */
export function experimentTables(summary: ExperimentSummary): Table[] {
  return [outcomes(summary), times(summary)];
}

function outcomes({ title, question, network, programs, published, notes }: ExperimentSummary): Table {
  const [first] = programs as [ProgramSummary, ...ProgramSummary[]];
  const scale = `${first.trainImages} training and ${first.testImages} test images, ${first.epochs} epoch${first.epochs > 1 ? "s" : ""}, ${first.accuracy.n} repetition${first.accuracy.n > 1 ? "s" : ""}`;
  return {
    title,
    note: `${question} ${network} ${scale}.${notes.length > 0 ? ` ${notes.join("; ")}.` : ""} Accuracies in %, ± one standard deviation.`,
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

function times({ title, programs }: ExperimentSummary): Table {
  return {
    title: `${title}: time and memory`,
    note: "Seconds, as the program sees them; the first step compiles pipelines and makes plans. Memory: most device memory held at once.",
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
      row.firstStepMs.toFixed(0),
      row.steadyStepMs.toFixed(1),
      (row.peakBytes / 2 ** 20).toFixed(1),
    ]),
  };
}
