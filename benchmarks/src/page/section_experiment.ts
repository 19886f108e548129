// One experiment: what it asked, what came out, beside what the article says.
import {
  type ComparisonSummary,
  type ExperimentSummary,
  isSmall,
  type ProgramSummary,
} from "../experiments/summary.js";
import { experimentTables } from "../experiments/tables.js";
import { count, digits, listed } from "../format.js";
import { BUSY_MARK, isBusy } from "../load.js";
import {
  accuracyChart,
  differenceChart,
  epochChart,
  lossChart,
  memoryChart,
  phasesChart,
  rowNames,
} from "./experiment_charts.js";
import type { Chart, Section } from "./section.js";

/** More lines than this in one picture nobody tells apart. */
const MOST_LINES = 6;

export function experimentSection(summary: ExperimentSummary): Section | undefined {
  return sectionOf(summary, `experiment-${summary.name}`, "");
}

/** A run in passing of an experiment that has no longer one: it shows that the programs work and what a step takes. */
export function smallExperimentSection(summary: ExperimentSummary): Section | undefined {
  return sectionOf(summary, `small-${summary.name}`, " (small run)");
}

/** Runs in passing of experiments whose longer runs have sections of their own: what a step took now, in one table. */
export function smallRunsSection(summaries: readonly ExperimentSummary[]): Section | undefined {
  if (summaries.length === 0) return undefined;
  const busy = summaries.some(({ load, host }) => isBusy(load[1], host.cores)) ? ` ${BUSY_MARK}.` : "";
  const programs = summaries.reduce((sum, summary) => sum + summary.programs.length, 0);
  return {
    id: "small-runs",
    title: "The experiments, run in passing",
    sentences: [
      `${count(programs, "program")} of ${count(summaries.length, "experiment")} ran on few images in this run of the bench: that they run and what a step takes is seen, not what they learn. Their longer runs have sections above.`,
    ],
    charts: [],
    tables: [
      {
        title: "Experiments in passing",
        note: `Milliseconds of a step once it runs steadily, the median.${busy}`,
        head: ["experiment", "program", "images", "trained on", "first step ms", "steady step ms"],
        words: 3,
        rows: summaries.flatMap(({ title, programs }) =>
          programs.map((row) => [
            title,
            row.title,
            row.data,
            `${row.trainImages}`,
            row.firstStepMs.toFixed(0),
            row.steadyStepMs.toFixed(1),
          ]),
        ),
      },
    ],
  };
}

function sectionOf(summary: ExperimentSummary, id: string, suffix: string): Section | undefined {
  const { programs, comparisons } = summary;
  const [first] = programs;
  if (!first) return undefined;
  const title = `${summary.title}${suffix}`;
  const tables = experimentTables(summary).map((table) => ({ ...table, title: `${table.title}${suffix}` }));
  const times = tables.at(-1);
  const outcomes = tables.at(-2);
  const differences = tables.length > 2 ? tables[0] : undefined;
  const sets = [...new Set(programs.map(({ data }) => data))];
  const charts: Chart[] = [];
  // What a few steps learn says nothing.
  const small = isSmall(first);
  const single = first.accuracy.n < 2;
  if (!small && comparisons.length > 0)
    charts.push({
      id: `${id}-differences`,
      title: "What each change does to the accuracy",
      caption: `The same program with the same seed, with and without the change. ${single ? "One repetition has no spread: a difference may be chance." : "Bars are 95 % confidence intervals of the mean difference."}`,
      draw: (canvas) => differenceChart(canvas, summary),
      ...(differences && { table: differences }),
    });
  if (!small)
    charts.push({
      id: `${id}-accuracy`,
      title: "Test accuracy",
      caption: `${single ? "One repetition each: no spread is known, and differences may be chance." : `Bars are one standard deviation over ${count(first.accuracy.n, "repetition")}, small dots the repetitions.`} Triangles are the same programs in Python, run in their own frameworks at the same scale; diamonds the article's figures, where there are any.`,
      draw: (canvas) => accuracyChart(canvas, summary),
      ...(outcomes && { table: outcomes }),
    });
  if (!small && programs.length / sets.length <= MOST_LINES)
    for (const data of sets)
      charts.push({
        id: `${id}-loss-${data.replaceAll("_", "-")}`,
        title: `Training loss${sets.length > 1 ? ` on ${data}` : ""}`,
        caption: "Loss of each step, mean over the repetitions, smoothed over a fiftieth of all steps.",
        draw: (canvas) => lossChart(canvas, summary, data),
      });
  charts.push({
    id: `${id}-phases`,
    timed: true,
    title: "Time by phase",
    caption: "Seconds of a whole run, in the order in which a program goes through them.",
    half: true,
    draw: (canvas) => phasesChart(canvas, summary),
    ...(times && { table: times }),
  });
  if (programs.some(({ steadyEpochSeconds }) => Number.isFinite(steadyEpochSeconds)))
    charts.push({
      id: `${id}-epochs`,
      timed: true,
      title: "Time of an epoch",
      caption: "The first epoch compiles pipelines and makes plans; of the later ones the median.",
      half: true,
      draw: (canvas) => epochChart(canvas, summary),
    });
  charts.push({
    id: `${id}-memory`,
    title: "Peak device memory",
    caption: "Most memory held at once, data set included.",
    half: true,
    draw: (canvas) => memoryChart(canvas, summary),
  });
  return { id, title, sentences: sentences(summary), charts, tables: small ? tables.slice(0, -1) : [] };
}

function sentences(summary: ExperimentSummary): string[] {
  const { question, network, programs, notes, load, host } = summary;
  const [first] = programs as [ProgramSummary, ...ProgramSummary[]];
  return [
    `${question} ${network}`,
    `Each program trained on ${count(first.trainImages, "image")} for ${count(first.epochs, "epoch")} and was tested on ${count(first.testImages, "image")}, with ${count(first.accuracy.n, "repetition")}.`,
    ...notes.map((note) => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`),
    ...sizeSentence(first),
    ...differenceSentences(summary.comparisons),
    ...[...new Set(programs.map(({ data }) => data))].flatMap((data) => accuracySentence(summary, data)),
    ...sameBitsSentence(summary),
    ...pythonSentence(summary),
    ...articleSentence(summary),
    ...timeSentence(summary),
    ...(isBusy(load[1], host.cores)
      ? [
          `The machine was busy (up to ${digits(load[1])} runnable processes on ${host.cores} cores): times are upper bounds.`,
        ]
      : []),
  ];
}

function sizeSentence(first: ProgramSummary): string[] {
  if (isSmall(first))
    return ["This is a small run: it shows that the programs run and what they cost, not how accurate they become."];
  return first.accuracy.n < 2 ? ["One repetition has no spread: differences between programs may be chance."] : [];
}

const points = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(100 * value).toFixed(2)}`;

function differenceSentences(comparisons: readonly ComparisonSummary[]): string[] {
  if (comparisons.length === 0) return [];
  const same = comparisons.filter(({ sameBits }) => sameBits);
  const told = comparisons
    .filter(({ accuracy, sameBits }) => !sameBits && Math.abs(accuracy.mean) > accuracy.ci95)
    .sort((a, b) => Math.abs(b.accuracy.mean) - Math.abs(a.accuracy.mean));
  const repeated = comparisons.some(({ accuracy }) => accuracy.n > 1);
  return [
    ...(repeated
      ? [
          told.length > 0
            ? `Of ${count(comparisons.length, "change")}, ${told.length} ${told.length > 1 ? "move" : "moves"} the accuracy beyond the 95 % interval, most of all "${told[0]?.title}" with ${points(told[0]?.accuracy.mean ?? Number.NaN)} points.`
            : `None of ${count(comparisons.length, "change")} moves the accuracy beyond its 95 % interval.`,
        ]
      : ["With one repetition no difference can be told from chance."]),
    ...(same.length > 0
      ? [
          `${listed(same.map(({ title }) => `"${title}"`))} ${same.length > 1 ? "leave" : "leaves"} every loss the same, bit for bit.`,
        ]
      : []),
  ];
}

function accuracySentence(summary: ExperimentSummary, data: string): string[] {
  const rows = summary.programs.filter((row) => row.data === data).sort((a, b) => b.accuracy.mean - a.accuracy.mean);
  const [best, worst] = [rows[0], rows.at(-1)];
  if (summary.comparisons.length > 0 || rows.some(isSmall) || !best || !worst || best === worst) return [];
  const say = ({ title, accuracy }: ProgramSummary): string =>
    `${title} ${(100 * accuracy.mean).toFixed(2)}${accuracy.n > 1 ? ` ± ${(100 * accuracy.sd).toFixed(2)}` : ""} %`;
  const text = `On ${data} the accuracy goes from ${say(worst)} to ${say(best)}`;
  if (best.accuracy.n < 2) return [`${text}.`];
  const apart = best.accuracy.mean - best.accuracy.ci95 > worst.accuracy.mean + worst.accuracy.ci95;
  return [`${text}; their 95 % intervals ${apart ? "lie apart" : "overlap"}.`];
}

function sameBitsSentence({ programs, comparisons }: ExperimentSummary): string[] {
  if (comparisons.length > 0) return [];
  const groups = programs
    .map((row) => programs.filter((other) => other.data === row.data && other.lossDigest === row.lossDigest))
    .filter((group, i) => group.length > 1 && group[0] === programs[i]);
  return groups.map(
    (group) =>
      `The losses of ${listed(group.map(({ title }) => title))} on ${group[0]?.data} are the same, bit for bit.`,
  );
}

function pythonSentence(summary: ExperimentSummary): string[] {
  const name = rowNames(summary);
  const pairs = summary.programs.flatMap((own) => (own.original ? [{ own, python: own.original }] : []));
  if (pairs.length === 0 || pairs.some(({ own }) => isSmall(own))) return [];
  const texts = pairs.map(({ own, python }) => `${name(own)} ${points(own.accuracy.mean - python.accuracy.mean)}`);
  return [`Percentage points to the same program in its own framework: ${listed(texts)}.`];
}

function articleSentence(summary: ExperimentSummary): string[] {
  const name = rowNames(summary);
  const pairs = summary.published.flatMap((article) => {
    const own = summary.programs.find(({ program, data }) => program === article.program && data === article.data);
    return own && article.accuracy !== undefined ? [{ own, accuracy: article.accuracy }] : [];
  });
  if (pairs.length === 0) return [];
  if (pairs.some(({ own }) => isSmall(own)))
    return ["The article's figures stand beside for orientation; at this scale they cannot be compared."];
  const texts = pairs.map(({ own, accuracy }) => `${name(own)} ${points(own.accuracy.mean - accuracy)}`);
  return [`Percentage points to the article's accuracy: ${listed(texts)}.`];
}

function timeSentence({ programs }: ExperimentSummary): string[] {
  const rows = [...programs].sort((a, b) => a.steadyStepMs - b.steadyStepMs);
  const [fastest, slowest] = [rows[0], rows.at(-1)] as [ProgramSummary, ProgramSummary];
  if (fastest === slowest) return [];
  return [
    `A steady step takes ${digits(fastest.steadyStepMs)} ms (${fastest.title}, ${fastest.data}) to ${digits(slowest.steadyStepMs)} ms (${slowest.title}, ${slowest.data}).`,
  ];
}
