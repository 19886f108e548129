/** A table of a report, to be printed, written as Markdown, or drawn. */
export interface Table {
  title: string;
  /** One sentence on how to read it. */
  note: string;
  head: string[];
  /** Columns of words are left-aligned, of numbers right-aligned. */
  words: number;
  rows: string[][];
}

/** For a terminal. */
export function tableToText({ title, note, head, rows, words }: Table): string {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (i < words ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join("  ");
  return [`\n${title}`, note, "", line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join(
    "\n",
  );
}

/** Under a heading of the third level: sections have the second. */
export function tableToMarkdown({ title, note, head, rows, words }: Table): string {
  const row = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `### ${title}`,
    "",
    note,
    "",
    row(head),
    row(head.map((_, i) => (i < words ? "---" : "---:"))),
    ...rows.map(row),
  ].join("\n");
}
