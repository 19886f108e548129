// Where the device time of one training step goes.

import type { ProfileRow } from "@facet/kernels-wgsl";
import * as Plot from "@observablehq/plot";
import { digits } from "../format.js";
import type { StepProfile } from "../profile.js";
import type { Report } from "../report.js";
import type { Table } from "../table.js";
import { draw, labelledRows, xAxis } from "./charts.js";
import type { Canvas, Section } from "./section.js";

/** Kernels with a row of their own; the rest are summed. */
const SHOWN = 10;

export function stepSection({ step }: Report): Section | undefined {
  if (!step || step.kernels.length === 0) return undefined;
  const [kernels, layers] = profileTables(step);
  const sorted = [...step.kernels].sort((a, b) => b.share - a.share);
  const [first] = sorted as [(typeof sorted)[0]];
  const convolutions = sorted
    .filter(({ name }) => name.startsWith("conv2d"))
    .reduce((sum, { share }) => sum + share, 0);
  return {
    id: "step",
    title: "Where a step's time goes",
    sentences: [
      `One step of Keras' fit with batch ${step.batchSize} keeps the device busy for ${digits(step.gpuMs)} ms of ${digits(step.wallMs)} ms; JavaScript encodes its dispatches in ${digits(step.encodeMs)} ms.`,
      `${first.name} takes the largest part, ${(100 * first.share).toFixed(0)} %; all kernels of convolutions together ${(100 * convolutions).toFixed(0)} %.`,
    ],
    charts: [
      {
        id: "step-kernels",
        timed: true,
        title: "Share of a step's device time, by kernel",
        caption: `Timestamps of every dispatch, over a few steps. What is not among the first ${SHOWN} is summed.`,
        draw: (canvas) => shareChart(canvas, step),
        ...(kernels && { table: kernels }),
      },
    ],
    tables: layers ? [layers] : [],
  };
}

function shareChart(canvas: Canvas, { kernels }: StepProfile): string {
  const sorted = [...kernels].sort((a, b) => b.share - a.share);
  const rest = sorted.slice(SHOWN);
  const bars = sorted.slice(0, SHOWN).map(({ name, share }) => ({ name, percent: 100 * share }));
  if (rest.length > 0)
    bars.push({
      name: `${rest.length} others`,
      percent: 100 * rest.reduce((sum, { share }) => sum + share, 0),
    });
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    bars.map(({ name }) => name),
  );
  return draw(canvas, {
    label: `Share of device time by kernel: ${bars.map(({ name, percent }) => `${name} ${percent.toFixed(1)} %`).join(", ")}`,
    plot: {
      ...layout,
      marginRight: 48,
      marginBottom: 38,
      x: { domain: [0, Math.max(...bars.map(({ percent }) => percent))], nice: true },
      marks: [
        ...xAxis({ label: "% of a step's device time", ticks: 5 }),
        ...marks,
        Plot.barX(bars, {
          x: "percent",
          y: "name",
          fill: "var(--s1)",
          insetTop: dy === 0 ? 3 : 21,
          insetBottom: dy === 0 ? 3 : 4,
        }),
        Plot.text(bars, {
          x: "percent",
          y: "name",
          text: ({ percent }: (typeof bars)[0]) => `${percent.toFixed(1)} %`,
          textAnchor: "start",
          dx: 5,
          dy: dy === 0 ? 0 : 8,
        }),
      ],
    },
  });
}

/** By kernel and by layer. */
function profileTables(step: StepProfile): Table[] {
  const rows = (list: readonly ProfileRow[]): string[][] =>
    list.map((row) => [
      row.name || "(none)",
      `${Number(row.count.toFixed(2))}`,
      row.gpuMs.toFixed(3),
      `${(100 * row.share).toFixed(1)}%`,
      row.gigaflops.toFixed(1),
      row.gigabytesPerSecond.toFixed(1),
    ]);
  const head = ["dispatches", "ms", "share", "GFLOP/s", "GB/s"];
  const note =
    `Keras' fit, batch ${step.batchSize}, per step by timestamps: ${step.gpuMs.toFixed(1)} ms on the device in ${step.dispatches} ` +
    `dispatches, ${step.encodeMs.toFixed(2)} ms of JavaScript encoding them, ${step.wallMs.toFixed(1)} ms in all.`;
  return [
    { title: "Where a step's time goes: kernels", note, head: ["kernel", ...head], words: 1, rows: rows(step.kernels) },
    { title: "Where a step's time goes: layers", note, head: ["layer", ...head], words: 1, rows: rows(step.layers) },
  ];
}
