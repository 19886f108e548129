// Charts of one experiment: accuracy beside the article's, differences, losses, times, memory.
import * as Plot from "@observablehq/plot";
import type { ExperimentSummary } from "../experiments/summary.js";
import { digits } from "../format.js";
import { draw, isNarrow, labelledRows, type Series, seriesOf, xAxis, yAxis } from "./charts.js";
import type { Canvas } from "./section.js";

/** A row's name; the data set is said where there is more than one. */
export function rowNames({ programs }: ExperimentSummary): (row: { program: string; data: string }) => string {
  const sets = new Set(programs.map(({ data }) => data));
  const titles = new Map(programs.map(({ program, title }) => [program, title]));
  return ({ program, data }) => `${titles.get(program) ?? program}${sets.size > 1 ? `, ${data}` : ""}`;
}

const OURS: Series = { name: "Facet, mean", colour: "var(--s1)", symbol: "circle" };
const PYTHON: Series = { name: "the same in Python", colour: "var(--s3)", symbol: "triangle" };
const ARTICLE: Series = { name: "article", colour: "var(--s2)", symbol: "diamond" };

/** Means with one standard deviation, every repetition, the framework's own outcome, and the article's figure. */
export function accuracyChart(canvas: Canvas, summary: ExperimentSummary): string {
  const name = rowNames(summary);
  const range = (row: { program: string; data: string }, mean: number, spread: number) => ({
    name: name(row),
    mean: 100 * mean,
    low: 100 * (mean - (spread || 0)),
    high: 100 * (mean + (spread || 0)),
  });
  const ours = summary.programs.map((row) => range(row, row.accuracy.mean, row.accuracy.sd));
  const python = summary.programs.flatMap((row) =>
    row.original ? [range(row, row.original.accuracy.mean, row.original.accuracy.sd)] : [],
  );
  const articles = summary.published.flatMap(({ accuracy, spread = 0, ...row }) =>
    accuracy === undefined || !summary.programs.some((own) => own.program === row.program && own.data === row.data)
      ? []
      : [range(row, accuracy, spread)],
  );
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    ours.map((row) => row.name),
    { rowHeight: 26 },
  );
  const at = { x: "mean", y: "name", dy };
  const spread = (stroke: string) => ({ x1: "low", x2: "high", y: "name", dy, stroke, strokeWidth: 2 });
  const several = summary.accuracies.length > summary.programs.length;
  const single = summary.programs.every(({ accuracy }) => accuracy.n < 2);
  // Filled marks are means; one repetition is a hollow one.
  const mean = single
    ? { fill: "var(--paper)", stroke: OURS.colour, strokeWidth: 2 }
    : { fill: OURS.colour, stroke: OURS.colour };
  return draw(canvas, {
    label: `Test accuracy: ${ours.map((row) => `${row.name} ${row.mean.toFixed(2)} %`).join(", ")}`,
    legend: [
      { ...OURS, name: single ? "Facet, one repetition" : OURS.name },
      ...(python.length > 0 ? [PYTHON] : []),
      ...(articles.length > 0 ? [ARTICLE] : []),
    ],
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { nice: true },
      marks: [
        ...xAxis({ label: "test accuracy in %", ticks: isNarrow(canvas) ? 4 : 8 }),
        ...marks,
        Plot.ruleY(articles, spread(ARTICLE.colour)),
        Plot.dot(articles, { ...at, fill: ARTICLE.colour, symbol: ARTICLE.symbol, r: 5, title: titleOf("article") }),
        Plot.ruleY(python, spread(PYTHON.colour)),
        Plot.dot(python, { ...at, fill: PYTHON.colour, symbol: PYTHON.symbol, r: 5, title: titleOf("in Python") }),
        ...(single ? [] : [Plot.ruleY(ours, spread(OURS.colour))]),
        ...(several
          ? [
              Plot.dot(summary.accuracies, {
                x: ({ accuracy }) => 100 * accuracy,
                y: name,
                dy: dy + 6,
                r: 2,
                fill: OURS.colour,
                fillOpacity: 0.7,
              }),
            ]
          : []),
        Plot.dot(ours, { ...at, ...mean, r: 5, title: titleOf("Facet") }),
      ],
    },
  });
}

const titleOf =
  (whose: string) =>
  (row: { name: string; mean: number }): string =>
    `${row.name}\n${whose}: ${row.mean.toFixed(2)} %`;

/** What a change does to the accuracy, with the interval of the mean where repetitions give one. */
export function differenceChart(canvas: Canvas, { comparisons }: ExperimentSummary): string {
  const rows = comparisons.map(({ title, accuracy, sameBits }) => ({
    title,
    mean: 100 * accuracy.mean,
    low: 100 * (accuracy.mean - (accuracy.ci95 || 0)),
    high: 100 * (accuracy.mean + (accuracy.ci95 || 0)),
    certain: !sameBits && Math.abs(accuracy.mean) > accuracy.ci95,
  }));
  const single = comparisons.every(({ accuracy }) => accuracy.n < 2);
  const kinds: Series[] = [
    { name: "beyond its interval", colour: "var(--s2)", symbol: "square" },
    { name: single ? "one repetition: may be chance" : "not told from none", colour: "var(--s1)", symbol: "circle" },
  ];
  const kind = ({ certain }: (typeof rows)[0]): string => (kinds[certain ? 0 : 1] as Series).name;
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    rows.map(({ title }) => title),
  );
  return draw(canvas, {
    label: `Change of accuracy: ${rows.map(({ title, mean }) => `${title} ${mean.toFixed(2)}`).join(", ")}`,
    legend: single ? kinds.slice(1) : kinds,
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { nice: true },
      marks: [
        ...xAxis({ label: "change of test accuracy in percentage points", ticks: isNarrow(canvas) ? 4 : 8 }),
        Plot.ruleX([0], { stroke: "currentColor", strokeWidth: 1.5 }),
        ...marks,
        Plot.ruleY(rows, { x1: "low", x2: "high", y: "title", dy, stroke: kind, strokeWidth: 2 }),
        Plot.dot(rows, {
          x: "mean",
          y: "title",
          dy,
          r: 5,
          fill: kind,
          symbol: kind,
          title: ({ title, mean, low, high }: (typeof rows)[0]) =>
            `${title}\n${mean.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}) points`,
        }),
      ],
    },
  });
}

/** Points of a line; what is between them is averaged. */
const POINTS = 150;

/** Mean losses over the steps, smoothed over a fiftieth of them. */
export function lossChart(canvas: Canvas, { programs }: ExperimentSummary, data: string): string {
  const own = programs.filter((row) => row.data === data);
  const points = own.flatMap(({ title, losses }) => smoothed(losses).map((point) => ({ title, ...point })));
  return draw(canvas, {
    label: `Training loss over steps on ${data}: ${own.map((row) => `${row.title} ends at ${digits(row.finalLoss.mean)}`).join(", ")}`,
    legend: seriesOf(own.map(({ title }) => title)),
    plot: {
      height: isNarrow(canvas) ? 240 : 300,
      marginLeft: 48,
      marginRight: 16,
      marginTop: 26,
      marginBottom: 38,
      x: { domain: [0, Math.max(...own.map(({ losses }) => losses.length))] },
      y: { zero: true, nice: true },
      marks: [
        ...xAxis({ label: "step", ticks: isNarrow(canvas) ? 4 : 8 }),
        ...yAxis({ label: "training loss", ticks: 5 }),
        Plot.line(points, { x: "step", y: "loss", stroke: "title", strokeWidth: 1.75 }),
      ],
    },
  });
}

function smoothed(losses: readonly number[]): { step: number; loss: number }[] {
  const half = Math.floor(losses.length / 100);
  const stride = Math.max(1, Math.floor(losses.length / POINTS));
  const points: { step: number; loss: number }[] = [];
  for (let step = 0; step < losses.length; step += stride) {
    const window = losses.slice(Math.max(0, step - half), step + half + 1).filter(Number.isFinite);
    if (window.length > 0)
      points.push({ step: step + 1, loss: window.reduce((sum, loss) => sum + loss, 0) / window.length });
  }
  return points;
}

const PHASES = ["load", "build", "train", "predict"] as const;

/** Seconds of a whole run, phase after phase. */
export function phasesChart(canvas: Canvas, summary: ExperimentSummary): string {
  const name = rowNames(summary);
  const bars = summary.programs.flatMap((row) =>
    PHASES.map((phase) => ({ name: name(row), phase, seconds: row.phases[phase] })),
  );
  const { dy, marks, ...layout } = labelledRows(canvas, summary.programs.map(name));
  return draw(canvas, {
    label: `Seconds to load, build, train and predict: ${summary.programs
      .map((row) => `${name(row)} ${PHASES.map((phase) => digits(row.phases[phase])).join(", ")}`)
      .join("; ")}`,
    legend: seriesOf(PHASES),
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { nice: true },
      marks: [
        ...xAxis({ label: "seconds", ticks: isNarrow(canvas) ? 4 : 8 }),
        ...marks,
        Plot.barX(
          bars,
          Plot.stackX({
            x: "seconds",
            y: "name",
            fill: "phase",
            order: [...PHASES],
            insetTop: dy === 0 ? 3 : 21,
            insetBottom: dy === 0 ? 3 : 4,
            title: ({ name, phase, seconds }: (typeof bars)[0]) => `${name}\n${phase}: ${digits(seconds)} s`,
          }),
        ),
      ],
    },
  });
}

/** The first epoch, which compiles, and the median of the later ones. */
export function epochChart(canvas: Canvas, summary: ExperimentSummary): string {
  const name = rowNames(summary);
  const kinds = seriesOf(["first epoch", "later epochs"]);
  const [first, later] = kinds.map((series) => series.name) as [string, string];
  const points = summary.programs
    .flatMap((row) => [
      { name: name(row), kind: first, seconds: row.firstEpochSeconds },
      { name: name(row), kind: later, seconds: row.steadyEpochSeconds },
    ])
    .filter(({ seconds }) => Number.isFinite(seconds));
  const { dy, marks, ...layout } = labelledRows(canvas, summary.programs.map(name));
  return draw(canvas, {
    label: `Seconds of an epoch: ${points.map((point) => `${point.name}, ${point.kind}: ${digits(point.seconds)}`).join("; ")}`,
    legend: kinds.filter((series) => points.some(({ kind }) => kind === series.name)),
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { zero: true, nice: true },
      marks: [
        ...xAxis({ label: "seconds", ticks: isNarrow(canvas) ? 4 : 6 }),
        ...marks,
        Plot.ruleY(
          points,
          Plot.groupY({ x1: "min", x2: "max" }, { x: "seconds", y: "name", dy, stroke: "var(--line)", strokeWidth: 3 }),
        ),
        Plot.dot(points, { x: "seconds", y: "name", dy, r: 5, fill: "kind", symbol: "kind" }),
      ],
    },
  });
}

export function memoryChart(canvas: Canvas, summary: ExperimentSummary): string {
  const name = rowNames(summary);
  const bars = summary.programs.map((row) => ({ name: name(row), mebibytes: row.peakBytes / 2 ** 20 }));
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    bars.map((bar) => bar.name),
  );
  return draw(canvas, {
    label: `Peak device memory in MiB: ${bars.map((bar) => `${bar.name} ${bar.mebibytes.toFixed(1)}`).join(", ")}`,
    plot: {
      ...layout,
      marginRight: 48,
      marginBottom: 38,
      x: { domain: [0, Math.max(...bars.map((bar) => bar.mebibytes))], nice: true },
      marks: [
        ...xAxis({ label: "MiB", ticks: 4 }),
        ...marks,
        Plot.barX(bars, {
          x: "mebibytes",
          y: "name",
          fill: "var(--s3)",
          insetTop: dy === 0 ? 3 : 21,
          insetBottom: dy === 0 ? 3 : 4,
        }),
        Plot.text(bars, {
          x: "mebibytes",
          y: "name",
          text: ({ mebibytes }: (typeof bars)[0]) => mebibytes.toFixed(1),
          textAnchor: "start",
          dx: 5,
          dy: dy === 0 ? 0 : 8,
        }),
      ],
    },
  });
}
