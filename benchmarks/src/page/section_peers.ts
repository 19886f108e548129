// Facet beside other libraries on the same adapter.
import * as Plot from "@observablehq/plot";
import { count, digits, listed } from "../format.js";
import type { Report } from "../report.js";
import {
  bestPeer,
  facetMs,
  geometricMean,
  isFacet,
  medianOf,
  type PeerRow,
  peerTables,
  ratioOf,
} from "../report_peers.js";
import { draw, labelledRows, logTicks, seriesOf, xAxis } from "./charts.js";
import type { Canvas, Section } from "./section.js";

export function peersSection({ peers, absentPeers }: Report): Section | undefined {
  const tables = peerTables(peers, absentPeers);
  const compared = comparedRows(peers);
  if (compared.length === 0) return tables.length > 0 ? { ...HEAD, sentences: [NONE], charts: [], tables } : undefined;
  const lost = compared.filter(({ ratio }) => ratio < 1);
  const names = peerNamesOf(peers);
  const means = names.map((name) => {
    const ratios = compared.flatMap(({ row }) => shareOf(row, name) ?? []);
    return `${digits(geometricMean(ratios))} for ${name} (${count(ratios.length, "workload")})`;
  });
  const beside = tables.find(({ title }) => title === "Facet beside its peers");
  const worst = [...lost].sort((a, b) => a.ratio - b.ratio)[0];
  return {
    ...HEAD,
    sentences: [
      `Another library's time over Facet's, in the geometric mean, is ${listed(means)}.`,
      worst
        ? `Facet is slower than the best of them in ${lost.length} of ${count(compared.length, "workload")}, ${lost.length > 1 ? "most in" : "in"} ${worst.row.workload.name}, where ${bestPeer(worst.row)?.name} takes ${digits(bestPeer(worst.row)?.ms ?? Number.NaN)} ms and Facet ${digits(facetMs(worst.row) ?? Number.NaN)} ms.`
        : `In none of ${count(compared.length, "workload")} is another library faster.`,
    ],
    charts: [
      {
        id: "peers",
        timed: true,
        title: "Each library's time over Facet's",
        caption:
          "A row is a workload, a mark a library. Right of the line Facet is faster, left of it the library is; the axis is logarithmic. Sorted by the best library's mark; rows that Facet loses say so.",
        draw: (canvas) => ratioChart(canvas, compared, names),
        ...(beside && { table: beside }),
      },
    ],
    tables: tables.filter((table) => table !== beside),
  };
}

const HEAD = { id: "peers", title: "Beside other libraries" };
const NONE = "No other library could run any of the workloads.";

interface ComparedRow {
  row: PeerRow;
  ratio: number;
}

const comparedRows = (rows: readonly PeerRow[]): ComparedRow[] =>
  rows.flatMap((row) => {
    const ratio = ratioOf(row);
    return ratio === undefined ? [] : [{ row, ratio }];
  });

/** Everybody but Facet. */
const peerNamesOf = (rows: readonly PeerRow[]): string[] =>
  [...new Set(rows.flatMap(({ entries }) => Object.keys(entries)))].filter(
    (name) => !isFacet(name) && rows.some((row) => medianOf(row, name) !== undefined),
  );

/** One library's time over Facet's. */
function shareOf(row: PeerRow, name: string): number | undefined {
  const [theirs, own] = [medianOf(row, name), facetMs(row)];
  return theirs !== undefined && own !== undefined ? theirs / own : undefined;
}

function ratioChart(canvas: Canvas, compared: readonly ComparedRow[], names: readonly string[]): string {
  const sorted = [...compared].sort((a, b) => a.ratio - b.ratio);
  const title = ({ row }: ComparedRow): string => row.workload.name;
  const lost = new Set(sorted.filter(({ ratio }) => ratio < 1).map(title));
  const { dy, marks, ...layout } = labelledRows(canvas, sorted.map(title), { rowHeight: 20, bad: lost });
  const points = sorted.flatMap(({ row }) =>
    names.flatMap((name) => {
      const ratio = shareOf(row, name);
      return ratio === undefined ? [] : [{ workload: row.workload.name, name, ratio }];
    }),
  );
  const ratios = points.map(({ ratio }) => ratio);
  const domain: [number, number] = [Math.min(0.8, ...ratios) / 1.1, Math.max(2, ...ratios) * 1.15];
  return draw(canvas, {
    label: `Other libraries' time over Facet's in ${sorted.length} workloads; Facet is slower in ${lost.size}`,
    legend: seriesOf(names),
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { type: "log", domain },
      marks: [
        ...xAxis({
          label: "library's time over Facet's",
          ticks: logTicks(canvas, domain),
          text: (value: number) => `${value}x`,
        }),
        Plot.ruleX([1], { stroke: "currentColor", strokeWidth: 1.5 }),
        ...marks,
        Plot.ruleY(sorted, {
          y: title,
          x1: "ratio",
          x2: 1,
          dy,
          stroke: ({ ratio }: ComparedRow) => (ratio < 1 ? "var(--bad)" : "var(--line)"),
          strokeWidth: 2,
        }),
        Plot.dot(points, {
          x: "ratio",
          y: "workload",
          dy,
          r: 4,
          fill: "name",
          symbol: "name",
          title: ({ workload, name, ratio }: (typeof points)[0]) =>
            `${workload}\n${name}: ${digits(ratio)} times Facet's time`,
        }),
      ],
    },
  });
}
