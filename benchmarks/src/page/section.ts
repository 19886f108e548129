import type { Table } from "../table.js";

/** What a chart is drawn with. */
export interface Canvas {
  document: Document;
  /** Of the picture, in CSS pixels. */
  width: number;
  /** Said in the picture, in the colour of what is bad. */
  mark?: string | undefined;
}

export interface Chart {
  /** In names of files and in links: lower case letters, digits, hyphens. Unique in a report. */
  id: string;
  title: string;
  /** How to read it, in a sentence or two. */
  caption: string;
  /** Whether it shows times, which a busy machine spoils. */
  timed?: boolean;
  /** Said in the picture: what its reader must know before he reads it. */
  mark?: string;
  /** Half of the page's width: it is drawn once. A whole one is drawn a second time for phones. */
  half?: boolean;
  /** An SVG element as text. Its colours are the variables of palette.ts. */
  draw: (canvas: Canvas) => string;
  /** The numbers behind it. */
  table?: Table;
}

/** One subject of the report, on the page, in Markdown, and its tables in the terminal. A new subject adds a file that makes one. */
export interface Section {
  /** As a chart's. */
  id: string;
  title: string;
  /** What the numbers say: generated from them. */
  sentences: string[];
  charts: Chart[];
  /** Tables that no chart stands for. */
  tables: Table[];
}

/** Every table of a section, once, in the order of the page. */
export function tablesOf({ charts, tables }: Section): Table[] {
  return [...new Set([...charts.flatMap(({ table }) => table ?? []), ...tables])];
}
