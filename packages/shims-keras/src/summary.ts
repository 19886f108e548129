// The table that model.summary() prints, as Keras 3 prints it through Rich.
import { ArgumentError } from "@facet/autograd";
import type { Layer } from "./layers/layer.js";
import type { Model } from "./models/model.js";
import { fixed as fixedText, roundEven } from "./numbers.js";
import { type Node, type Operation, pythonShape } from "./tensor.js";

export interface SummaryOptions {
  /** Characters per line. Default 88 (108 with a column of connections), cut to what the terminal has less 4. */
  line_length?: number | null | undefined;
  /** Ends of the columns as shares of the line. */
  positions?: readonly number[] | null | undefined;
  /** Receives the whole text. Default: written to standard output. */
  print_fn?: ((text: string) => void) | null | undefined;
  show_trainable?: boolean | null | undefined;
}

type Alignment = "left" | "right" | "center";

/** Text of the summary, a newline at the end of every line. */
export function summaryText(model: Model, terminalColumns: number, options: SummaryOptions = {}): string {
  const graph = model.graph;
  const linear = graph === undefined || model.isSequential || graph.linear;
  const header = ["Layer (type)", "Output Shape", "Param #", ...(linear ? [] : ["Connected to"])];
  const alignments: Alignment[] = ["left", "left", "right", ...(linear ? [] : (["left"] as const))];
  let positions = options.positions ?? (linear ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1]);
  let preferred = linear ? 88 : 108;
  if (options.show_trainable) {
    preferred += 12;
    positions = [...positions.map((position) => position * 0.9), 1];
    header.push("Trainable");
    alignments.push("center");
  }
  const lineLength = options.line_length ?? Math.min(preferred, terminalColumns - 4);
  const ends = positions.map((position) => Math.floor(position * lineLength));
  const widths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
  if (widths.length !== header.length || widths.some((width) => width < 4)) {
    const expected = `${header.length} columns of at least 4 characters`;
    throw new ArgumentError({ op: "summary", argument: "line_length", expected, given: widths.join(", ") });
  }
  const rows = model.summaryLayers.map((layer) => {
    const fields = [`${layer.name} (${layer.className})`, outputShape(layer), parameters(layer)];
    if (!linear) fields.push(connections(layer, graph.nodes));
    if (options.show_trainable)
      fields.push(!isLayer(layer) || layer.weights.length === 0 ? "-" : layer.trainable ? "Y" : "N");
    return fields;
  });
  const lines = [`Model: "${model.name}"`, ...table(header, rows, shrink(widths, lineLength), alignments)];
  for (const [title, count, bytes] of totals(model)) {
    lines.push(` ${title} params: ${count.toLocaleString("en-US")} (${memory(bytes)})`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function totals(model: Model): [string, number, number][] {
  const elements = (list: readonly { core: { size: number } }[]): number =>
    list.reduce((total, { core }) => total + core.size, 0);
  const trainable = elements(model.trainable_weights);
  const fixed = elements(model.non_trainable_weights);
  const own = model.optimizer?.built ? model.optimizer.variableCount : 0;
  const all = trainable + fixed + own;
  // The count of iterations is an int64.
  const ownBytes = own > 0 ? 4 * own + 4 : 0;
  const result: [string, number, number][] = [
    ["Total", all, 4 * (trainable + fixed) + ownBytes],
    ["Trainable", trainable, 4 * trainable],
    ["Non-trainable", fixed, 4 * fixed],
  ];
  if (own > 0) result.push(["Optimizer", own, ownBytes]);
  return result;
}

/** `136.04 KB`. */
export function memory(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${fixedText(value, 2)} ${units[unit]}`;
}

const isLayer = (layer: Layer | Operation): layer is Layer => "weights" in layer;

function outputShape(layer: Layer | Operation): string {
  const outputs = layer.nodes.at(-1)?.outputs;
  if (!outputs) return "?";
  // Keras' summaries have no comma after the only extent.
  const shapes = outputs.map(({ shape }) => pythonShape(shape).replace(",)", ")"));
  return shapes.length === 1 ? (shapes[0] as string) : `[${shapes.join(", ")}]`;
}

function parameters(layer: Layer | Operation): string {
  if (!isLayer(layer)) return "0";
  return layer.built ? layer.count_params().toLocaleString("en-US") : "0 (unbuilt)";
}

function connections(layer: Layer | Operation, relevant: readonly Node[]): string {
  const sources = layer.nodes
    .filter((node) => relevant.includes(node))
    .flatMap(({ inputs }) => inputs)
    .map(({ history, index }) => `${history?.layer.name}[${history?.index}][${index}]`);
  return sources.join(", ") || "-";
}

/**
 * Widths of the columns, padding included, in a table of the given width. Rich adds a space on both sides to the widths
 * that were asked for, finds the table too wide, and takes the excess off the columns one after another in equal shares.
 */
function shrink(widths: readonly number[], tableWidth: number): number[] {
  const padded = widths.map((width) => width + 2);
  let excess = padded.reduce((total, width) => total + width, 0) - (tableWidth - widths.length - 1);
  return padded.map((width, i) => {
    const part = Math.min(width, roundEven(excess / (padded.length - i)));
    excess -= part;
    return width - part;
  });
}

function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  alignments: readonly Alignment[],
): string[] {
  const rule = (left: string, line: string, middle: string, right: string): string =>
    left + widths.map((width) => line.repeat(width)).join(middle) + right;
  const print = (cells: readonly string[], edge: string, bottom = false): string[] => {
    const wrapped = cells.map((cell, i) => wrap(cell, (widths[i] as number) - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => {
      const parts = wrapped.map((lines, i) => {
        const line = lines[bottom ? at - height + lines.length : at] ?? "";
        return align(line, (widths[i] as number) - 2, alignments[i] as Alignment);
      });
      return `${edge} ${parts.join(` ${edge} `)} ${edge}`;
    });
  };
  const lines = [rule("┏", "━", "┳", "┓"), ...print(header, "┃", true), rule("┡", "━", "╇", "┩")];
  for (const [i, row] of rows.entries()) {
    if (i > 0) lines.push(rule("├", "─", "┼", "┤"));
    lines.push(...print(row, "│"));
  }
  return [...lines, rule("└", "─", "┴", "┘")];
}

/** Lines of at most `width` characters, broken between words; a word that is longer is cut and ends in an ellipsis. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/\s*\S+\s*/g) ?? [""]) {
    if (line.length > 0 && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = word;
    } else {
      line += word;
    }
  }
  lines.push(line);
  return lines.map((each) => {
    const trimmed = each.trimEnd();
    return trimmed.length > width ? `${trimmed.slice(0, width - 1)}…` : trimmed;
  });
}

function align(text: string, width: number, alignment: Alignment): string {
  if (alignment === "right") return text.padStart(width);
  if (alignment === "left") return text.padEnd(width);
  const left = Math.floor((width - text.length) / 2);
  return " ".repeat(left) + text.padEnd(width - left);
}
