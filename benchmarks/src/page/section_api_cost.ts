// What each API makes its user write, and which mistakes it lets pass.
import * as Plot from "@observablehq/plot";
import { apiCostTables } from "../api_cost/tables.js";
import type { ProgramText } from "../api_cost/text.js";
import { timeTable } from "../api_cost/time_table.js";
import type { Report } from "../report.js";
import { draw, labelledRows, seriesOf, xAxis } from "./charts.js";
import { mistakeChart, mistakeSentence } from "./mistake_chart.js";
import type { Canvas, Section } from "./section.js";

/** What is counted and has a size of the same order. */
const COUNTS: readonly (readonly [name: string, of: (text: ProgramText) => number])[] = [
  ["lines", ({ lines }) => lines],
  ["names", ({ names }) => names.length],
  ["options", ({ options }) => options.length],
  ["concepts", ({ concepts }) => concepts.length],
];

export function apiCostSection({ apiCost, programs, replay }: Report): Section | undefined {
  const network = apiCost?.texts[0]?.network;
  if (!apiCost || network === undefined) return undefined;
  const texts = apiCost.texts.filter((text) => text.network === network);
  const { verdicts } = apiCost;
  const [writing, concepts, mistakes] = apiCostTables(apiCost);
  const sorted = [...texts].sort((a, b) => a.tokens - b.tokens);
  const [least, most] = [sorted[0], sorted.at(-1)] as [ProgramText, ProgramText];
  const told = [...texts].sort((a, b) => a.concepts.length - b.concepts.length);
  return {
    id: "api-cost",
    title: "What an API costs",
    sentences: [
      `The network ${network} takes ${least.tokens} tokens (${least.title}) to ${most.tokens} (${most.title}) as a user of each API writes it,`.concat(
        ` and asks its reader to know ${told[0]?.concepts.length} (${told[0]?.title}) to ${told.at(-1)?.concepts.length} (${told.at(-1)?.title}) concepts.`,
      ),
      ...(verdicts ? [mistakeSentence(verdicts)] : []),
    ],
    charts: [
      {
        id: "api-cost-writing",
        title: `What a program of ${network} holds`,
        caption:
          "Lines, distinct names of the API, distinct options handed to it, and concepts that a reader must know; fewer is less to learn.",
        draw: (canvas) => countChart(canvas, texts),
        ...(writing && { table: writing }),
      },
      ...(verdicts ? [{ ...mistakeChart(verdicts), ...(mistakes && { table: mistakes }) }] : []),
    ],
    tables: [
      ...(concepts ? [concepts] : []),
      ...(programs.some(({ aligned }) => !aligned) ? [timeTable(programs, replay)] : []),
    ],
  };
}

function countChart(canvas: Canvas, texts: readonly ProgramText[]): string {
  const points = texts.flatMap((text) => COUNTS.map(([kind, of]) => ({ title: text.title, kind, value: of(text) })));
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    texts.map(({ title }) => title),
    { rowHeight: 26 },
  );
  return draw(canvas, {
    label: `Counts by program: ${points.map(({ title, kind, value }) => `${title} ${value} ${kind}`).join(", ")}`,
    legend: seriesOf(COUNTS.map(([kind]) => kind)),
    plot: {
      ...layout,
      marginRight: 20,
      marginBottom: 38,
      x: { zero: true, nice: true },
      marks: [
        ...xAxis({ label: "count", ticks: 6 }),
        ...marks,
        Plot.dot(points, {
          x: "value",
          y: "title",
          dy,
          r: 5,
          fill: "kind",
          symbol: "kind",
          title: ({ title, kind, value }: (typeof points)[0]) => `${title}: ${value} ${kind}`,
        }),
      ],
    },
  });
}
