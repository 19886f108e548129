// One CNN in the three dialects.
import * as Plot from "@observablehq/plot";
import { isCaptured } from "../dialects.js";
import { count, digits, mebibytes } from "../format.js";
import type { ProgramRow } from "../programs.js";
import type { Report } from "../report.js";
import type { Table } from "../table.js";
import { draw, labelledRows, type Series, seriesOf, xAxis } from "./charts.js";
import type { Canvas, Chart, Section } from "./section.js";

const [EAGER, CAPTURED] = ["op by op", "as a plan, replayed"];
const modeOf = ({ dialect }: ProgramRow): string => (isCaptured(dialect) ? CAPTURED : EAGER) as string;
/** What compares the dialects: steps in turn where they were timed, else those of the training run. */
const stepMs = (row: ProgramRow): number => row.inTurn?.medianMs ?? row.steadyStepMs;
const nameOf = ({ dialect, aligned }: ProgramRow): string => (aligned ? `${dialect} (aligned)` : dialect);

export function dialectsSection({ programs, data }: Report): Section | undefined {
  const [first] = programs;
  if (!first) return undefined;
  const own = programs.filter(({ aligned }) => !aligned);
  const compared = own.length > 0 ? own : programs;
  const sorted = [...compared].sort((a, b) => stepMs(a) - stepMs(b));
  const [fastest, slowest] = [sorted[0], sorted.at(-1)] as [ProgramRow, ProgramRow];
  const [eager, compiled] = ["torch", "torch.compile"].map((name) => own.find(({ dialect }) => dialect === name));
  const inTurn = own.some((row) => row.inTurn);
  const memory = [...compared].sort((a, b) => a.peakBytes - b.peakBytes);
  return {
    id: "dialects",
    title: "One CNN in three dialects",
    sentences: [
      `A step of ${count(first.parameters, "parameter")} with batch ${first.batchSize} takes ${digits(stepMs(fastest))} ms (${fastest.dialect}) to ${digits(stepMs(slowest))} ms (${slowest.dialect}) once it runs steadily.`,
      ...(eager && compiled
        ? [
            `Replayed as a plan, the PyTorch step takes ${digits(stepMs(compiled))} ms, op by op ${digits(stepMs(eager))} ms; the most memory it holds is ${mebibytes(compiled.peakBytes)} and ${mebibytes(eager.peakBytes)} MiB.`,
          ]
        : []),
      `Peak device memory lies between ${mebibytes(memory[0]?.peakBytes ?? Number.NaN)} and ${mebibytes(memory.at(-1)?.peakBytes ?? Number.NaN)} MiB.`,
      ...alignedSentence(programs),
    ],
    charts: [
      bars(
        "dialects",
        "Steady step",
        inTurn
          ? "Milliseconds of a step on one batch over and over, one of each program after the other; of the aligned programs, which ran one after another, the median of their epoch's later steps."
          : "Median of the steps after the first, in milliseconds, program after program.",
        programs,
        "ms",
        stepMs,
      ),
      bars(
        "dialects-first-step",
        "First step",
        "The first step traces the program and compiles pipelines; who comes first compiles for those after it.",
        programs,
        "ms",
        (row) => row.firstStepMs,
      ),
      bars(
        "dialects-memory",
        "Peak device memory",
        "Most memory held at once, data set included, in MiB.",
        programs,
        "MiB",
        (row) => row.peakBytes / 2 ** 20,
      ),
    ],
    tables: [programTable(programs, data)],
  };
}

/** "Aligned" programs are to lose the same to the bit; whether they did is for the reader to know. */
function alignedSentence(programs: readonly ProgramRow[]): string[] {
  const aligned = programs.filter(({ aligned }) => aligned);
  if (aligned.length < 2) return [];
  const losses = new Set(aligned.map(({ finalLoss }) => finalLoss));
  return [
    losses.size === 1
      ? `The ${aligned.length} aligned programs end with the same loss, bit for bit.`
      : `The ${aligned.length} aligned programs end with ${losses.size} different losses; they are to end with one.`,
  ];
}

function bars(
  id: string,
  title: string,
  caption: string,
  programs: readonly ProgramRow[],
  unit: string,
  value: (row: ProgramRow) => number,
): Chart {
  return {
    id,
    title,
    caption,
    half: true,
    timed: unit === "ms",
    draw: (canvas) => barChart(canvas, title, programs, unit, value),
  };
}

function barChart(
  canvas: Canvas,
  title: string,
  programs: readonly ProgramRow[],
  unit: string,
  value: (row: ProgramRow) => number,
): string {
  const modes: Series[] = seriesOf([CAPTURED as string, EAGER as string]);
  const { dy: _, marks, ...layout } = labelledRows({ ...canvas, width: 600 }, programs.map(nameOf));
  return draw(canvas, {
    label: `${title}: ${programs.map((row) => `${nameOf(row)} ${digits(value(row))} ${unit}`).join(", ")}`,
    legend: modes,
    plot: {
      ...layout,
      marginRight: 44,
      marginBottom: 38,
      x: { domain: [0, Math.max(...programs.map(value))], nice: true },
      marks: [
        ...xAxis({ label: unit, ticks: 4 }),
        ...marks,
        Plot.barX(programs, { x: value, y: nameOf, fill: modeOf, insetTop: 3, insetBottom: 3 }),
        Plot.text(programs, {
          x: value,
          y: nameOf,
          text: (row: ProgramRow) => digits(value(row)),
          textAnchor: "start",
          dx: 5,
        }),
      ],
    },
  });
}

function programTable(programs: readonly ProgramRow[], data: string | undefined): Table {
  return {
    title: "The CNN in three dialects",
    note: `34 826 parameters, Adam, batch ${programs[0]?.batchSize}, one epoch of ${data}. "aligned" programs denote the same arithmetic; the others follow their own framework's defaults. "in turn": a step on one batch over and over, one of each program after the other, which compares them; the steady step is the epoch's, program after program, and moves with the machine.`,
    head: [
      "dialect",
      "images",
      "first step ms",
      "steady step ms",
      "in turn ms",
      "quartiles",
      "epoch s",
      "final loss",
      "test accuracy",
      "peak MiB",
    ],
    words: 1,
    rows: programs.map((row) => [
      nameOf(row),
      `${row.images}`,
      digits(row.firstStepMs),
      digits(row.steadyStepMs),
      row.inTurn ? digits(row.inTurn.medianMs) : "-",
      row.inTurn ? `${digits(row.inTurn.lowMs)} - ${digits(row.inTurn.highMs)}` : "-",
      digits(row.epochSeconds),
      row.finalLoss.toFixed(4),
      row.testAccuracy.toFixed(4),
      mebibytes(row.peakBytes),
    ]),
  };
}
