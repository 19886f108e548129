// From a chart's specification to an SVG element as text: Observable Plot, on the document it is given, with a legend inside
// the picture, a title for those who cannot see it, and coordinates no finer than a hundredth of a pixel.
import * as Plot from "@observablehq/plot";
import { paletteCss, SERIES, SYMBOLS } from "./palette.js";
import type { Canvas } from "./section.js";

export interface Series {
  name: string;
  colour: string;
  symbol: Plot.SymbolType;
}

/** Colours and symbols for up to six names; what is beyond shares the last. */
export function seriesOf(names: readonly string[]): Series[] {
  return names.map((name, i) => {
    const at = Math.min(i, SERIES.length - 1);
    return { name, colour: SERIES[at] as string, symbol: SYMBOLS[at] as Plot.SymbolType };
  });
}

export interface Drawing {
  /** What the picture shows, for screen readers. */
  label: string;
  legend?: readonly Series[];
  /** Without width and document, which the canvas gives. */
  plot: Plot.PlotOptions;
}

/** Below this width labels of rows stand above them, not beside them. */
const NARROW = 480;
export const isNarrow = ({ width }: Canvas): boolean => width < NARROW;

const FONT = 12;
const LEGEND_LINE = 18;
/** Width of a character, in parts of the font's size: of wide fonts, as which one a reader has is not known. */
const CHARACTER = 0.62;
export const textWidth = (text: string): number => Math.ceil(text.length * FONT * CHARACTER);

export function draw(canvas: Canvas, { label, legend = [], plot }: Drawing): string {
  const { document, width, mark } = canvas;
  const lines = placeLegend(legend, width);
  const head = lines.length + (mark === undefined ? 0 : 1);
  const room = head * LEGEND_LINE + (head > 0 ? 6 : 0);
  const colours = { domain: legend.map(({ name }) => name), range: legend.map(({ colour }) => colour) };
  const svg = Plot.plot({
    ...plot,
    ...(legend.length > 0 && {
      color: { ...colours, ...plot.color, legend: false },
      symbol: { domain: colours.domain, range: legend.map(({ symbol }) => symbol), ...plot.symbol, legend: false },
    }),
    document,
    width,
    marginTop: (plot.marginTop ?? 8) + room,
    ...(plot.height !== undefined && { height: plot.height + room }),
    className: "chart",
    style: { fontSize: `${FONT}px` },
  });
  if (svg.localName !== "svg") throw new TypeError(`draw: expected one SVG element, got <${svg.localName}>`);
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.prepend(make(document, "title", {}, label));
  for (const [i, line] of lines.entries())
    for (const item of line) svg.append(swatch(document, item.series, item.x, LEGEND_LINE * (i + 0.5)));
  if (mark !== undefined) svg.append(said(document, mark, LEGEND_LINE * (lines.length + 0.5)));
  return shorten(svg.outerHTML);
}

/** A line of text above the picture. */
const said = (document: Document, mark: string, y: number): Element =>
  make(
    document,
    "text",
    { x: "8", y: `${y}`, dy: "0.32em", fill: "var(--bad)", "font-weight": "bold", "text-anchor": "start" },
    mark,
  );

/** As a file of its own, on its own paper. */
export function standalone(svg: string): string {
  const style = `${paletteCss(".chart")}\n.chart{background:var(--paper);color:var(--ink)}`;
  return `${svg.replace(/>/, `><style>${style}</style>`)}\n`;
}

/** Lines of the legend, filled up to the width. */
function placeLegend(legend: readonly Series[], width: number): { series: Series; x: number }[][] {
  const lines: { series: Series; x: number }[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const series of legend) {
    const needs = 16 + textWidth(series.name) + 14;
    if (x + needs > width) {
      x = 8;
      lines.push([]);
    }
    lines.at(-1)?.push({ series, x });
    x += needs;
  }
  return lines;
}

const PATHS: Partial<Record<string, string>> = {
  circle: "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0",
  square: "M-4,-4H4V4H-4Z",
  triangle: "M0,-5L5,4H-5Z",
  diamond: "M0,-6L4.5,0L0,6L-4.5,0Z",
  cross: "M-5,-1.7H-1.7V-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5Z",
  star: "M0,-6L1.8,-1.9L6,-1.9L2.6,0.9L3.9,5.2L0,2.6L-3.9,5.2L-2.6,0.9L-6,-1.9L-1.8,-1.9Z",
};

function swatch(document: Document, { name, colour, symbol }: Series, x: number, y: number): Element {
  const group = make(document, "g", { transform: `translate(${x},${y})`, "text-anchor": "start" });
  const shape = { d: PATHS[symbol as string] ?? "", fill: colour, transform: "translate(5,0)" };
  group.append(make(document, "path", shape), make(document, "text", { x: "16", dy: "0.32em" }, name));
  return group;
}

/** An element of the picture. */
function make(document: Document, tag: string, attributes: Record<string, string>, text?: string): Element {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function shorten(svg: string): string {
  const numbers = /\s(?:d|transform|points|[xyr]|[xy][12]|c[xy]|width|height)="[^"]*"/g;
  return svg.replace(numbers, (attribute) =>
    attribute.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => `${Number(Number(number).toFixed(2))}`),
  );
}

/** A band scale's rows with their labels: beside them, or above them where the picture is narrow. */
export function labelledRows(
  canvas: Canvas,
  names: readonly string[],
  options: { rowHeight?: number; bad?: ReadonlySet<string> } = {},
): { height: number; marginLeft: number; y: Plot.ScaleOptions; marks: Plot.Markish[]; dy: number } {
  const narrow = isNarrow(canvas);
  const rowHeight = narrow ? 38 : (options.rowHeight ?? 22);
  const bad = options.bad ?? new Set();
  const fill = (name: string): string => (bad.has(name) ? "var(--bad)" : "currentColor");
  const text = (name: string): string => (bad.has(name) ? `${name} (slower)` : name);
  const longest = Math.max(...names.map((name) => textWidth(text(name))));
  return {
    height: names.length * rowHeight + 48,
    marginLeft: narrow ? 16 : Math.min(longest + 14, Math.round(canvas.width * 0.55)),
    y: { domain: [...names], axis: null, label: null },
    dy: narrow ? 7 : 0,
    marks: [
      Plot.text(names, {
        y: (name: string) => name,
        text,
        fill: fill,
        stroke: "var(--paper)",
        strokeWidth: 3,
        frameAnchor: "left",
        textAnchor: narrow ? "start" : "end",
        dx: narrow ? 0 : -8,
        dy: narrow ? -9 : 0,
      }),
    ],
  };
}

/** Faint lines for the eye, and the axis below. */
export const xAxis = (options: Plot.AxisXOptions = {}): Plot.Markish[] => [
  Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ...(options.ticks !== undefined && { ticks: options.ticks }) }),
  Plot.axisX({ labelArrow: "none", labelOffset: 32, tickSize: 4, ...options }),
];

/** The label stands above the axis, below the legend. */
export const yAxis = ({ label = null, ...options }: Plot.AxisYOptions = {}): Plot.Markish[] => [
  Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ...(options.ticks !== undefined && { ticks: options.ticks }) }),
  Plot.axisY({ label: null, tickSize: 4, ...options }),
  ...(label === null
    ? []
    : [Plot.text([label], { frameAnchor: "top-left", textAnchor: "start", lineAnchor: "bottom", dx: -40, dy: -10 })]),
];

/** 1, 2 and 5 times the powers of ten within the domain, or the powers alone where those are enough or the picture narrow. */
export function logTicks(canvas: Canvas, [low, high]: readonly [number, number]): number[] {
  const decades = Math.log10(high / low);
  const steps = decades > 3.5 || (isNarrow(canvas) && decades > 2) ? [1] : isNarrow(canvas) ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    ticks.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(1))));
  return ticks.filter((tick) => tick >= low && tick <= high);
}
