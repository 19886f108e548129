// Every kernel beside the walls of the roofline.
import * as Plot from "@observablehq/plot";
import { count, digits } from "../format.js";
import type { KernelRow, WrongKernel } from "../kernels.js";
import type { Report } from "../report.js";
import type { Roofline } from "../roofline.js";
import { median } from "../statistics.js";
import type { Table } from "../table.js";
import { draw, isNarrow, labelledRows, logTicks, seriesOf, xAxis, yAxis } from "./charts.js";
import type { Canvas, Section } from "./section.js";

/** Kinds of kernels, by the beginning of their names; the first that fits. */
const FAMILIES: readonly (readonly [name: string, prefixes: readonly string[]])[] = [
  ["convolution", ["conv2d"]],
  ["matmul", ["matmul"]],
  ["pooling", ["max_pool2d", "avg_pool2d"]],
  ["softmax and losses", ["softmax", "log_softmax"]],
  ["elementwise and optimisers", ["elementwise", "optimizer_step", "dropout", "fill"]],
];
const REST = "other";

const familyOf = ({ kernel }: KernelRow): string =>
  FAMILIES.find(([, prefixes]) => prefixes.some((prefix) => kernel.startsWith(prefix)))?.[0] ?? REST;

export function kernelsSection(report: Report): Section | undefined {
  const { kernels, roofline, adapter, wrongKernels = [], variants = [] } = report;
  if (!roofline) return undefined;
  const tables = [
    ...(wrongKernels.length > 0 ? [wrongTable(wrongKernels)] : []),
    ...(variants.length > 0 ? [variantTable(variants, kernels)] : []),
  ];
  const title = "What a kernel costs: the roofline";
  if (kernels.length === 0)
    return tables.length > 0 ? { id: "kernels", title, sentences: [], charts: [], tables } : undefined;
  const shares = kernels.map(({ percentOfRoofline }) => percentOfRoofline);
  const above = shares.filter((share) => share >= 50).length;
  const lowest = kernels.reduce((low, row) => (row.percentOfRoofline < low.percentOfRoofline ? row : low));
  const computing = kernels.filter(({ gigaflops }) => gigaflops > 0);
  return {
    id: "kernels",
    title,
    sentences: [
      ...wrongKernels.map(
        (wrong) =>
          `${wrong.kernel} ${wrong.case} (${wrong.variant}) is wrong on this adapter: ${wrong.output} differs from the reference by ${digits(wrong.difference)}.`,
      ),
      `This adapter computes ${digits(roofline.gigaflops)} GFLOP/s on registers and copies ${digits(roofline.gigabytesPerSecond)} GB/s, each the best of a family of shaders in the same run.${slowerWalls(roofline)} A kernel's roof is the nearest of these walls.${besideText(roofline)}`,
      `Over ${count(kernels.length, "case")} of ${count(new Set(kernels.map(({ kernel }) => kernel)).size, "kernel")} the median is ${digits(median(shares), 2)} % of the roofline; ${above} reach half of it, and ${lowest.kernel} ${lowest.case} is lowest with ${digits(lowest.percentOfRoofline, 2)} %.`,
      ...(adapter.kind === "hardware"
        ? []
        : [
            "This is a software adapter: kernels run on the CPU's cores, and small cases fit into its caches and may pass the copy's rate.",
          ]),
    ],
    charts: [
      {
        id: "roofline",
        timed: true,
        title: "Kernels under the roofline",
        caption: `A mark is one case of a kernel: work per byte to the right, work per second upwards, both logarithmic. The line is the roof of memory, on its slope, and of multiply-adds, on its flat part; the chart below knows the other walls too. ${count(kernels.length - computing.length, "case")} without arithmetic (copies, gathers) stand only in the table and in the chart below.`,
        draw: (canvas) => rooflineChart(canvas, computing, roofline),
      },
      {
        id: "roofline-share",
        timed: true,
        title: "How near each kernel comes to its roof",
        caption:
          "A mark is one case; the bar is the median of a kernel's cases. At 100 % a case takes the time that the roofline needs.",
        draw: (canvas) => shareChart(canvas, kernels),
        table: kernelTable(kernels, roofline),
      },
    ],
    tables,
  };
}

function wrongTable(rows: readonly WrongKernel[]): Table {
  return {
    title: "Wrong kernels",
    note: "Their results are not those of their references on this adapter; they are not timed.",
    head: ["kernel", "case", "variant", "output", "difference"],
    words: 4,
    rows: rows.map((row) => [row.kernel, row.case, row.variant, row.output, row.difference.toExponential(1)]),
  };
}

/** The walls of what takes longer than a multiply-add, and of doing nothing. Earlier reports do not know them. */
const slowerWalls = ({ gigaexps, gigaintegers, dispatchMs }: Roofline): string =>
  gigaexps === undefined || gigaintegers === undefined || dispatchMs === undefined
    ? ""
    : ` It computes ${digits(gigaexps)} thousand million exponentials and ${digits(gigaintegers)} thousand million operations on integers a second, and a dispatch that does nothing takes ${digits(1000 * dispatchMs)} us.`;

/** What is no roof for a shader. Earlier reports do not know it. */
const besideText = ({ bufferCopyGigabytesPerSecond: own }: Roofline): string =>
  own === undefined
    ? ""
    : ` The device's own copy from buffer to buffer, which is no shader, moves ${digits(own)} GB/s.`;

/** All variants of each case, the quickest first. */
function variantTable(rows: readonly KernelRow[], taken: readonly KernelRow[]): Table {
  const same = (a: KernelRow, b: KernelRow): boolean => a.kernel === b.kernel && a.case === b.case;
  const firsts = rows.filter((row, i) => rows.findIndex((other) => same(row, other)) === i);
  return {
    title: "Variants",
    note: "Every variant that can compute a case here, the quickest first; * is the one that the library takes. Variants of different orders add in different orders, so that one cannot stand in for the other.",
    head: ["kernel", "case", "variant", "", "ms", "quartiles", "% roofline"],
    words: 4,
    rows: firsts.flatMap((first) =>
      rows
        .filter((row) => same(row, first))
        .sort((a, b) => a.medianMs - b.medianMs)
        .map((row) => [
          row.kernel,
          row.case,
          row.variant,
          taken.some((own) => same(own, row) && own.variant === row.variant) ? "*" : "",
          digits(row.medianMs),
          `${digits(row.lowMs)} - ${digits(row.highMs)}`,
          digits(row.percentOfRoofline),
        ]),
    ),
  };
}

function kernelTable(rows: readonly KernelRow[], roofline: Roofline): Table {
  const { gigaflops, fmaShader, gigabytesPerSecond, copyShader } = roofline;
  return {
    title: "Kernels",
    note: `Roofline of this adapter: ${digits(gigaflops)} GFLOP/s on registers (${fmaShader ?? "eight vec4<f32>"}), ${digits(gigabytesPerSecond)} GB/s in a copy of 64 MiB by a shader (${copyShader ?? "elementwise_unary"}).${slowerWalls(roofline)}${besideText(roofline)} Small cases fit in caches and may exceed the copy. "error" is the largest difference from the reference, "of allowed" how much of its tolerance that is.`,
    head: ["kernel", "case", "variant", "ms", "quartiles", "GFLOP/s", "GB/s", "% roofline", "error", "of allowed"],
    words: 3,
    rows: rows.map((row) => [
      row.kernel,
      row.case,
      row.variant,
      digits(row.medianMs),
      `${digits(row.lowMs)} - ${digits(row.highMs)}`,
      row.gigaflops > 0 ? digits(row.gigaflops) : "-",
      digits(row.gigabytesPerSecond),
      digits(row.percentOfRoofline),
      row.maxError === 0 ? "0" : row.maxError.toExponential(1),
      `${row.percentOfAllowedError.toFixed(0)}%`,
    ]),
  };
}

const nameOf = (row: KernelRow): string =>
  `${row.kernel} ${row.case} (${row.variant})\n${digits(row.medianMs)} ms, ${digits(row.percentOfRoofline)} % of the roofline`;

function rooflineChart(
  canvas: Canvas,
  rows: readonly KernelRow[],
  { gigaflops, gigabytesPerSecond }: Roofline,
): string {
  const intensity = (row: KernelRow): number => row.gigaflops / row.gigabytesPerSecond;
  const xs = rows.map(intensity);
  const corner = gigaflops / gigabytesPerSecond;
  const [left, right] = [Math.min(...xs, corner / 4) / 1.5, Math.max(...xs, corner * 4) * 1.5];
  const bottom = Math.min(...rows.map((row) => row.gigaflops)) / 1.5;
  const top = Math.max(gigaflops, ...rows.map((row) => row.gigaflops)) * 1.8;
  const start = Math.max(left, bottom / gigabytesPerSecond);
  const roof = [
    { x: start, y: start * gigabytesPerSecond },
    { x: corner, y: gigaflops },
    { x: right, y: gigaflops },
  ];
  const families = [...FAMILIES.map(([name]) => name), REST].filter((name) =>
    rows.some((row) => familyOf(row) === name),
  );
  const narrow = isNarrow(canvas);
  return draw(canvas, {
    label: `Roofline: ${rows.length} kernel cases by work per byte and work per second, under ${digits(gigaflops)} GFLOP/s and ${digits(gigabytesPerSecond)} GB/s`,
    legend: seriesOf(families),
    plot: {
      height: narrow ? 320 : 400,
      marginLeft: 48,
      marginRight: 16,
      marginTop: 26,
      marginBottom: 38,
      x: { type: "log", domain: [left, right] },
      y: { type: "log", domain: [bottom, top] },
      marks: [
        ...xAxis({ label: "FLOP per byte", ticks: logTicks(canvas, [left, right]), text: String }),
        ...yAxis({ label: "GFLOP/s", ticks: logTicks(canvas, [bottom, top]), text: String }),
        Plot.line(roof, { x: "x", y: "y", stroke: "currentColor", strokeWidth: 2 }),
        Plot.text([`${digits(gigaflops)} GFLOP/s`], {
          x: right,
          y: gigaflops,
          textAnchor: "end",
          dy: -9,
          fontWeight: "bold",
        }),
        Plot.text([`${digits(gigabytesPerSecond)} GB/s`], {
          x: Math.sqrt(start * corner),
          y: Math.sqrt(start * corner) * gigabytesPerSecond,
          textAnchor: "end",
          dx: -4,
          dy: -8,
          fontWeight: "bold",
        }),
        Plot.dot(rows, {
          x: intensity,
          y: "gigaflops",
          r: narrow ? 3 : 4,
          fill: familyOf,
          fillOpacity: 0.75,
          symbol: familyOf,
          title: nameOf,
        }),
      ],
    },
  });
}

function shareChart(canvas: Canvas, rows: readonly KernelRow[]): string {
  const shares = (kernel: string): number[] =>
    rows.filter((row) => row.kernel === kernel).map(({ percentOfRoofline }) => percentOfRoofline);
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))]
    .map((kernel) => ({ kernel, share: median(shares(kernel)) }))
    .sort((a, b) => b.share - a.share);
  const { dy, marks, ...layout } = labelledRows(
    canvas,
    kernels.map(({ kernel }) => kernel),
    { rowHeight: 18 },
  );
  const values = rows.map(({ percentOfRoofline }) => percentOfRoofline);
  const domain: [number, number] = [Math.min(...values, 50) / 1.2, Math.max(...values, 100) * 1.2];
  return draw(canvas, {
    label: `Percent of the roofline for ${rows.length} cases of ${kernels.length} kernels`,
    plot: {
      ...layout,
      marginRight: 16,
      marginBottom: 38,
      x: { type: "log", domain },
      marks: [
        ...xAxis({ label: "% of the roofline", ticks: logTicks(canvas, domain), text: String }),
        Plot.ruleX([100], { stroke: "currentColor", strokeWidth: 1.5 }),
        ...marks,
        Plot.dot(rows, {
          x: "percentOfRoofline",
          y: "kernel",
          dy,
          r: 3.5,
          fill: "var(--s1)",
          fillOpacity: 0.55,
          title: nameOf,
        }),
        Plot.tickX(kernels, {
          x: "share",
          y: "kernel",
          dy,
          inset: dy === 0 ? 2 : 13,
          stroke: "var(--s2)",
          strokeWidth: 3,
        }),
      ],
    },
  });
}
