// This run beside earlier ones on the same kind of adapter.
import * as Plot from "@observablehq/plot";
import { count, digits, listed } from "../format.js";
import {
  type Change,
  type Changes,
  comparable,
  compareLast,
  type HistoryEntry,
  KINDS,
  type Kind,
  libraryOf,
  type Ratio,
} from "../history.js";
import { geometricMean } from "../report_peers.js";
import { median } from "../statistics.js";
import type { Table } from "../table.js";
import { draw, seriesOf, yAxis } from "./charts.js";
import type { Canvas, Chart, Section } from "./section.js";

interface Headline {
  title: string;
  caption: string;
  unit: string;
  headline: (values: readonly number[]) => number;
  scale: number;
  /** Which line of the chart a ratio counts for. */
  seriesOf: (name: string) => string;
}

const HEADLINES: Record<Kind, Headline> = {
  peers: {
    title: "Another library's time over Facet's",
    caption: "Geometric mean over the workloads of each run that the library has.",
    unit: "times",
    headline: geometricMean,
    scale: 1,
    seriesOf: libraryOf,
  },
  kernels: {
    title: "Kernels under the roofline",
    caption: "Median over the kernel cases of each run.",
    unit: "% of the roofline",
    headline: median,
    scale: 100,
    seriesOf: () => "all kernels",
  },
  programs: {
    title: "Train step of the CNN",
    caption:
      "Time that the step's arithmetic would take at the rate of fused multiply-adds measured in the same run, over the step's.",
    unit: "% of the FMA rate",
    headline: geometricMean,
    scale: 100,
    seriesOf: (name) => name.replace(" (aligned)", ""),
  },
};

/** Undefined where no run was ever noted. */
export function historySection(history: readonly HistoryEntry[]): Section | undefined {
  const newest = history.at(-1);
  if (!newest) return undefined;
  const changes = compareLast(history);
  const charts = KINDS.flatMap((kind) => headlineChart(kind, history) ?? []);
  return {
    id: "history",
    title: "History",
    sentences: changes
      ? changeSentences(changes)
      : ["This is the first run that is noted here; there is none to compare it with."],
    charts,
    tables: changes ? [changeTable(changes)] : [],
  };
}

const dayOf = ({ date, commit }: HistoryEntry): string =>
  `${date.slice(0, 10)}${commit ? ` (${commit.slice(0, 7)})` : ""}`;

function changeSentences({ before, now, compared, common, regressions, gains }: Changes): string[] {
  const [worst] = regressions;
  const together = KINDS.flatMap((kind) => (common[kind] === undefined ? [] : [`${kind} ${digits(common[kind])}x`]));
  return [
    ...(together.length > 0
      ? [
          `Beside the run of ${dayOf(before)} the median ratio changed thus: ${listed(together)}. A change that all share is a busier machine, or one in what all use; it is taken out of what follows.`,
        ]
      : []),
    `Beside the run of ${dayOf(before)}, ${regressions.length} of ${count(compared, "ratio")} fell and ${gains.length} rose beyond the quartiles measured in both runs.`,
    ...(worst
      ? [
          `The largest fall is ${worst.name}, from ${digits(worst.before[0])} to ${digits(worst.now[0])} (${worst.kind}).`,
        ]
      : []),
    ...(comparable("kernels", before, now)
      ? []
      : ["The run before found its roofline in another way: parts of it are not compared."]),
    ...(before.host !== now.host || before.adapter.driver !== now.adapter.driver
      ? [
          `The two runs were on different machines or drivers (${before.host}, ${before.adapter.driver}; ${now.host}, ${now.adapter.driver}), which ratios do not hide entirely.`,
        ]
      : []),
  ];
}

function changeTable({ before, regressions, gains }: Changes): Table {
  const ratio = ([value, low, high]: Ratio): string => `${digits(value)} (${digits(low)} - ${digits(high)})`;
  const rows = (what: string, changes: readonly Change[]): string[][] =>
    changes.map(({ kind, name, before, now }) => [
      what,
      kind,
      name,
      ratio(before),
      ratio(now),
      `${digits(now[0] / before[0])}x`,
    ]);
  return {
    title: "Changes beyond the measured spread",
    note: `Beside the run of ${dayOf(before)}; in brackets what the quartiles give. Kernels: part of the roofline; peers: the library's time over Facet's; programs: part of the measured FMA rate. Higher is better.`,
    head: ["", "of", "row", "before", "now", "change"],
    words: 3,
    rows: [...rows("fell", regressions), ...rows("rose", gains)],
  };
}

interface Point {
  run: string;
  series: string;
  value: number;
}

function headlineChart(kind: Kind, history: readonly HistoryEntry[]): Chart | undefined {
  const { title, caption } = HEADLINES[kind];
  const newest = history.at(-1) as HistoryEntry;
  const points = history.flatMap((entry, i) =>
    comparable(kind, entry, newest) ? pointsOf(kind, entry, `${i + 1}. ${entry.date.slice(5, 10)}`) : [],
  );
  if (new Set(points.map(({ run }) => run)).size < 2) return undefined;
  return {
    id: `history-${kind}`,
    title,
    caption,
    half: true,
    draw: (canvas) => lineChart(canvas, HEADLINES[kind], points),
  };
}

function pointsOf(kind: Kind, entry: HistoryEntry, run: string): Point[] {
  const { headline, scale, seriesOf } = HEADLINES[kind];
  const ratios = Object.entries(entry[kind]);
  return [...new Set(ratios.map(([name]) => seriesOf(name)))].map((series) => {
    const own = ratios.filter(([name]) => seriesOf(name) === series).map(([, [value]]) => value);
    return { run, series, value: scale * headline(own) };
  });
}

/** Runs that have room on the axis. */
const SHOWN = 10;

/** In pixels. */
const LABEL_HEIGHT = 13;

/** Where labels stand so that none covers another: upwards from the lowest, `gap` apart. */
function apart(points: readonly Point[], gap: number): (Point & { at: number })[] {
  let free = Number.NEGATIVE_INFINITY;
  return [...points]
    .sort((a, b) => a.value - b.value)
    .map((point) => {
      const at = Math.max(point.value, free);
      free = at + gap;
      return { ...point, at };
    });
}

function lineChart(canvas: Canvas, { title, unit }: Headline, points: readonly Point[]): string {
  const runs = [...new Set(points.map(({ run }) => run))].slice(-SHOWN);
  const shown = points.filter(({ run }) => runs.includes(run));
  const slanted = runs.length > 5;
  const [height, marginTop, marginBottom] = slanted ? [230, 26, 56] : [200, 26, 30];
  const top = 1.1 * Math.max(...shown.map(({ value }) => value));
  return draw(canvas, {
    label: `${title} by run: ${shown.map(({ run, series, value }) => `${run} ${series} ${digits(value)}`).join(", ")}`,
    legend: seriesOf([...new Set(shown.map(({ series }) => series))]),
    plot: {
      height,
      marginLeft: 44,
      marginRight: 44,
      marginTop,
      marginBottom,
      x: { type: "point", domain: runs, padding: 0.3 },
      y: { domain: [0, top] },
      marks: [
        ...yAxis({ label: unit, ticks: 4 }),
        Plot.axisX({ label: null, tickSize: 4, ...(slanted && { tickRotate: -45 }) }),
        Plot.line(shown, { x: "run", y: "value", stroke: "series", strokeWidth: 2 }),
        Plot.dot(shown, { x: "run", y: "value", fill: "series", symbol: "series", r: 4 }),
        Plot.text(
          apart(
            shown.filter(({ run }) => run === runs.at(-1)),
            (LABEL_HEIGHT * top) / (height - marginTop - marginBottom),
          ),
          { x: "run", y: "at", text: ({ value }: Point) => digits(value), textAnchor: "start", dx: 8 },
        ),
      ],
    },
  });
}
