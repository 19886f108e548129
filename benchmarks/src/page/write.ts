// Files of a report: raw numbers, Markdown, page, and the pictures that Markdown and README show.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type HistoryEntry, readHistory } from "../history.js";
import type { Report } from "../report.js";
import { standalone } from "./charts.js";
import { toMarkdown } from "./markdown.js";
import { toPage, WIDTHS } from "./page.js";
import type { Chart } from "./section.js";
import { sections } from "./sections.js";

/** Charts that are kept as pictures. */
const PICTURES: ReadonlySet<string> = new Set([
  "experiment-mnist-cnn-accuracy",
  "experiment-ablation-differences",
  "dialects",
  "api-cost-writing",
  "step-kernels",
  "roofline",
  "peers",
]);
/** Of pictures across the page: what GitHub shows without scaling it down. */
const PICTURE_WIDTH = 840;

export const historyFile = (folder: string, { adapter }: Report): string =>
  join(folder, "history", `${adapter.kind}.jsonl`);

/** A report as it was written; what JSON had no number for is NaN again. */
export function readReport(file: string): Report {
  let report: Partial<Report>;
  try {
    report = JSON.parse(readFileSync(file, "utf8"), (_, value) =>
      value === null ? Number.NaN : value,
    ) as Partial<Report>;
  } catch (cause) {
    throw new Error(`${file}: cannot be read as a report (${(cause as Error).message})`, { cause });
  }
  if (report?.adapter?.kind === undefined || !Array.isArray(report.kernels) || !Array.isArray(report.peers))
    throw new Error(`${file}: is no report of the bench; expected adapter, kernels and peers`);
  if (report.peers.some(({ entries }) => entries === undefined))
    throw new Error(`${file}: was written by an earlier bench, whose rows have no entries; measure again`);
  return report as Report;
}

/**
 * Writes FILE.md and FILE.html beside FILE.json, and pictures into charts/. Returns what was written; without jsdom, which a
 * bundle for other machines leaves behind, Markdown alone.
 */
export async function writeReport(
  file: string,
  report: Report,
  history: readonly HistoryEntry[] = readHistory(historyFile(dirname(file), report)),
): Promise<string[]> {
  const stem = file.replace(/\.json$/, "");
  const document = await openDocument();
  if (!document) {
    writeFileSync(`${stem}.md`, toMarkdown(report, history));
    return [`${stem}.md`];
  }
  const folder = join(dirname(file), "charts");
  const pictureOf = ({ id }: Chart): string | undefined =>
    PICTURES.has(id) ? `charts/${basename(stem)}-${id}.svg` : undefined;
  mkdirSync(folder, { recursive: true });
  const written = [`${stem}.md`, `${stem}.html`];
  for (const chart of sections(report, history).flatMap(({ charts }) => charts)) {
    const picture = pictureOf(chart);
    if (picture === undefined) continue;
    const svg = chart.draw({ document, width: chart.half ? WIDTHS.half : PICTURE_WIDTH, mark: chart.mark });
    writeFileSync(join(dirname(file), picture), standalone(svg));
    written.push(join(dirname(file), picture));
  }
  writeFileSync(`${stem}.md`, toMarkdown(report, history, pictureOf));
  writeFileSync(`${stem}.html`, toPage(report, history, document));
  return written;
}

/** From the JSON, and from what `facet compare` has found since; returns the exit code. */
export async function writeAgain(files: readonly string[]): Promise<number> {
  try {
    // Opens no GPU, but loads what trains on one: only where it is needed.
    const { storedExperiments } = await import("../experiments/in_bench.js");
    for (const file of files) {
      const report = readReport(file);
      report.storedExperiments = storedExperiments(join(dirname(file), "experiments"), report.adapter.kind);
      for (const written of await writeReport(file, report)) console.log(written);
    }
    return 0;
  } catch (error) {
    console.error(`page: ${(error as Error).message}`);
    return 1;
  }
}

/** Undefined where jsdom is not installed. */
export async function openDocument(): Promise<Document | undefined> {
  try {
    const { JSDOM } = await import("jsdom");
    return new JSDOM("").window.document;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
