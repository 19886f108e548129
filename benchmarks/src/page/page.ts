// The report as one HTML file that needs nothing beside itself: no script, no request.
import { readFileSync } from "node:fs";
import type { HistoryEntry } from "../history.js";
import type { Report } from "../report.js";
import type { Table } from "../table.js";
import { paletteCss } from "./palette.js";
import type { Chart, Section } from "./section.js";
import { sections } from "./sections.js";
import { circumstances, keyFigures, openingSentence } from "./sentences.js";

/** Widths that charts are drawn in: beside each other or on a phone, and across the page. */
export const WIDTHS = { narrow: 360, half: 400, wide: 1000 };

const REPOSITORY_METHOD = "../../docs/method.md";

export function toPage(report: Report, history: readonly HistoryEntry[], document: Document): string {
  const all = sections(report, history);
  const links = [
    ["found", "What was found"],
    ...all.map(({ id, title }) => [id, title]),
    ["method", "Method"],
    ["raw", "Raw data"],
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Facet benchmark report: ${escaped(report.adapter.kind)}, ${report.date.slice(0, 10)}</title>
<style>
${paletteCss(":root")}
${readFileSync(new URL("style.css", import.meta.url), "utf8")}</style>
</head>
<body>
<header id="found">
<p class="kicker">Facet benchmark report, ${report.date.slice(0, 10)}</p>
<h1>${escaped(openingSentence(report))}</h1>
<ul class="figures">
${keyFigures(report)
  .map(({ value, label }) => `<li><strong>${escaped(value)}</strong> <span>${escaped(label)}</span></li>`)
  .join("\n")}
</ul>
<dl>
${circumstances(report)
  .map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`)
  .join("\n")}
</dl>
<nav aria-label="Sections"><ul>
${links.map(([id, title]) => `<li><a href="#${id}">${escaped(title as string)}</a></li>`).join("\n")}
</ul></nav>
</header>
<main>
${all.map((section) => sectionHtml(section, document)).join("\n")}
${methodHtml(report)}
${rawHtml(report)}
</main>
</body>
</html>
`;
}

function sectionHtml({ id, title, sentences, charts, tables }: Section, document: Document): string {
  return `<section id="${id}">
<h2>${escaped(title)}</h2>
${sentences.map((sentence) => `<p>${escaped(sentence)}</p>`).join("\n")}
<div class="charts">
${charts.map((chart) => chartHtml(chart, document)).join("\n")}
</div>
${tables.map((table) => tableHtml(table, table.rows.length <= OPEN_ROWS)).join("\n")}
</section>`;
}

/** Tables up to this long stand open. */
const OPEN_ROWS = 8;

function chartHtml({ id, title, caption, half = false, mark, draw, table }: Chart, document: Document): string {
  const at = (width: number): string => draw({ document, width, mark });
  const pictures = half
    ? at(WIDTHS.half)
    : `<div class="wide">${at(WIDTHS.wide)}</div>\n<div class="narrow">${at(WIDTHS.narrow)}</div>`;
  return `<figure id="${id}"${half ? ' class="half"' : ""}>
<figcaption><h3>${escaped(title)}</h3><p>${escaped(caption)}</p></figcaption>
${pictures}
${table ? tableHtml(table, false) : ""}
</figure>`;
}

function tableHtml({ title, note, head, words, rows }: Table, open: boolean): string {
  const cell = (tag: string, text: string, i: number): string =>
    `<${tag}${i < words ? ' class="word"' : ""}${tag === "th" ? ' scope="col"' : ""}>${escaped(text)}</${tag}>`;
  const body =
    rows.length === 0
      ? `<p>${escaped(note)}</p>`
      : `<p>${escaped(note)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${escaped(title)}"><table>
<thead><tr>${head.map((text, i) => cell("th", text, i)).join("")}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map((text, i) => cell("td", text, i)).join("")}</tr>`).join("\n")}
</tbody>
</table></div>`;
  return `<details${open ? " open" : ""}><summary>Table: ${escaped(title)}</summary>
${body}
</details>`;
}

function methodHtml({ commandLine }: Report): string {
  const options = commandLine.length > 0 ? ` with the options ${commandLine.join(" ")}` : "";
  return `<section id="method">
<h2>Method</h2>
<p>Measured by <code>npx turbo run bench</code>${escaped(options)}. Every answer is compared with a plain reference, or with the other
libraries', before it is timed. Libraries take turns on the same adapter, so that a machine that slows down slows all of them; a time is the
median of the samples, and its spread their quartiles. The roofline is measured in the same run: the best of
many shaders that copy 64 MiB, and of many that do nothing but fused multiply-adds on registers. Only ratios within one run carry over to other machines. More is in the repository, in
<a href="${REPOSITORY_METHOD}">docs/method.md</a>.</p>
</section>`;
}

function rawHtml(report: Report): string {
  const json = JSON.stringify(report, (_, value) => (typeof value === "number" ? rounded(value) : value));
  const name = `facet-bench-${report.adapter.kind}-${report.date.slice(0, 10)}.json`;
  const data = Buffer.from(json).toString("base64");
  return `<section id="raw">
<h2>Raw data</h2>
<p><a download="${name}" href="data:application/json;base64,${data}">${name}</a> (${(json.length / 1024).toFixed(0)} KiB) is in this page:
every median with its quartiles, every difference from a reference, with seven digits. <code>npx tsx benchmarks/src/page/main.ts FILE.json</code> makes this
page again from it.</p>
</section>`;
}

/** What was measured has fewer digits than a number of JavaScript, and the page is to stay small. */
const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)));

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
