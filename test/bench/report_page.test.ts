// The report as people see it: opened in a real Chromium, in light and dark, on a phone, a desktop and paper.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { JSDOM } from "jsdom";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ExperimentSummary, ProgramSummary } from "../../benchmarks/src/experiments/summary.js";
import { toMarkdown } from "../../benchmarks/src/page/markdown.js";
import { toPage } from "../../benchmarks/src/page/page.js";
import { sections } from "../../benchmarks/src/page/sections.js";
import { openingSentence } from "../../benchmarks/src/page/sentences.js";
import { readReport, writeReport } from "../../benchmarks/src/page/write.js";
import type { Report } from "../../benchmarks/src/report.js";
import { estimate } from "../../benchmarks/src/statistics.js";
import { type OpenedChromium, openChromium } from "./chromium.js";
import { report, run } from "./report_fixture.js";

const history = [
  run("2026-01-01", { matmul: [0.8, 0.75, 0.85] }, { "relu beside jax-js": [2, 1.9, 2.1] }),
  run("2026-01-02", { matmul: [0.5, 0.45, 0.55] }, { "relu beside jax-js": [3, 2.9, 3.1] }),
];
const recorded = readReport(new URL("../../benchmarks/results/lavapipe.json", import.meta.url).pathname);
const reports: [string, Report][] = [
  ["made up, with every section", report],
  ["recorded on lavapipe", recorded],
];

const folder = mkdtempSync(join(tmpdir(), "facet-report-"));
let opened: OpenedChromium;
beforeAll(async () => {
  opened = await openChromium();
});
afterAll(async () => {
  await opened?.close();
  rmSync(folder, { recursive: true });
});

const screens = [
  { name: "phone", viewport: { width: 390, height: 844 }, media: "screen" },
  { name: "desktop", viewport: { width: 1280, height: 900 }, media: "screen" },
  { name: "paper", viewport: { width: 794, height: 1123 }, media: "print" },
] as const;
const schemes = ["light", "dark"] as const;
const views = screens.flatMap((screen) => schemes.map((scheme) => ({ ...screen, scheme })));

describe.each(reports)("the page of a report %s", (_, shown) => {
  const file = join(folder, `${shown.adapter.kind}-${shown.peers.length}.html`);
  beforeAll(() => writeFileSync(file, toPage(shown, history, new JSDOM("").window.document)));

  test.each(views)("on $name in $scheme: nothing fails, leaves the page, overflows or is missing", async (view) => {
    const context = await opened.browser.newContext({ viewport: view.viewport, colorScheme: view.scheme });
    try {
      const page = await context.newPage();
      const told: string[] = [];
      page.on("console", (message) => told.push(`console: ${message.text()}`));
      page.on("pageerror", (error) => told.push(`error: ${error.message}`));
      page.on("request", (request) => told.push(`request: ${request.url().slice(0, 80)}`));
      await page.emulateMedia({ media: view.media, colorScheme: view.scheme });
      const url = pathToFileURL(file).href;
      await page.goto(url);
      expect(told).toEqual([`request: ${url.slice(0, 80)}`]);
      const wide = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      expect(wide[0]).toBeLessThanOrEqual(wide[1] as number);
      expect(await undrawn(page)).toEqual([]);
      const charts = sections(shown, history).flatMap(({ charts }) => charts.map(({ id }) => id));
      expect(await page.$$eval("figure", (figures) => figures.map(({ id }) => id))).toEqual(charts);
      expect(charts.length).toBeGreaterThan(6);
      expect(await lowContrasts(page)).toEqual([]);
      const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = view.scheme === "dark" && view.media === "screen";
      expect(paper === "rgb(255, 255, 255)").toBe(!dark);
    } finally {
      await context.close();
    }
  });
});

/** What is wrong with the pictures that are to be seen: no marks, marks without size, text cut off, no name. */
function undrawn(page: Page): Promise<string[]> {
  return page.$$eval("figure", (figures) =>
    figures.flatMap((figure) => {
      const seen = [...figure.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().width > 0);
      const [svg] = seen;
      if (seen.length !== 1 || !svg) return [`${figure.id}: ${seen.length} pictures`];
      const defects: string[] = [];
      const frame = svg.getBoundingClientRect();
      // Bars may be of nothing, as a phase that took no time is; points and lines may not.
      const marks = [
        ...svg.querySelectorAll("[aria-label=dot] > *, [aria-label=line] > path, [aria-label=bar] > rect"),
      ];
      const drawn = marks.filter((mark) => {
        const { width, height } = mark.getBoundingClientRect();
        return width > 0 && height > 0 && getComputedStyle(mark).visibility === "visible";
      });
      if (drawn.length === 0) defects.push("no marks");
      if (drawn.length < marks.filter(({ tagName }) => tagName !== "rect").length) defects.push("marks without size");
      for (const text of svg.querySelectorAll("text")) {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        if (left < frame.left - 1 || right > frame.right + 1 || top < frame.top - 1 || bottom > frame.bottom + 1)
          defects.push(`"${text.textContent}" is cut off`);
        if (/NaN|undefined|Infinity/.test(text.textContent ?? "")) defects.push(`says "${text.textContent}"`);
      }
      if (!svg.getAttribute("aria-label") || !svg.querySelector("title")) defects.push("no name");
      return defects.map((defect) => `${figure.id}: ${defect}`);
    }),
  );
}

/** Texts whose contrast to the paper behind them is below 4.5, as WCAG computes it. */
function lowContrasts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string): number => {
      const [r = 0, g = 0, b = 0] = channels(colour).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      for (let at = element; at; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at);
        if (channels(backgroundColor)[3] !== 0) return backgroundColor;
      }
      return "rgb(255, 255, 255)";
    };
    const chosen = "h1, h2, h3, p, a, dt, dd, summary, th, td, .figures strong, .figures span, svg text";
    const low = [...document.querySelectorAll(chosen)].flatMap((element) => {
      const { color, fill } = getComputedStyle(element);
      const [a, b] = [luminance(element.tagName === "text" ? fill : color), luminance(behind(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      return contrast < 4.5
        ? [`${element.tagName} "${element.textContent?.slice(0, 30)}": ${contrast.toFixed(2)}`]
        : [];
    });
    return [...new Set(low)];
  });
}

test("the raw numbers come back from the link, without a request", async () => {
  const { document } = new JSDOM(toPage(report, [], new JSDOM("").window.document)).window;
  const link = document.querySelector<HTMLAnchorElement>("#raw a");
  expect(link?.getAttribute("download")).toBe("facet-bench-hardware-2026-01-02.json");
  const [, data = ""] = (link?.getAttribute("href") ?? "").split("base64,");
  const back = JSON.parse(Buffer.from(data, "base64").toString()) as Report;
  expect(back.adapter).toEqual(report.adapter);
  expect(back.kernels).toEqual(report.kernels);
  // What is measured is text, not markup.
  expect(document.querySelector("dd")?.textContent).toBe("GPU <1>");
});

test("Markdown, page and pictures are written beside the numbers, and again from them", async () => {
  const file = join(folder, "gpu.json");
  writeFileSync(file, JSON.stringify(report));
  const written = await writeReport(file, readReport(file), history);
  expect(written.map((path) => path.slice(folder.length + 1))).toEqual(
    ["md", "html"]
      .map((ending) => `gpu.${ending}`)
      .concat(
        ["dialects", "api-cost-writing", "step-kernels", "roofline", "peers"].map((id) => `charts/gpu-${id}.svg`),
      ),
  );
  const markdown = readFileSync(join(folder, "gpu.md"), "utf8");
  expect(markdown).toContain(openingSentence(report));
  expect(markdown).toContain("![Kernels under the roofline](charts/gpu-roofline.svg)");
  const svg = new JSDOM(readFileSync(join(folder, "charts", "gpu-roofline.svg"), "utf8"), {
    contentType: "image/svg+xml",
  }).window.document.documentElement;
  expect(svg.querySelector("style")?.textContent).toContain("prefers-color-scheme:dark");
  writeFileSync(file, "{");
  expect(() => readReport(file)).toThrow(`${file}: cannot be read as a report`);
  writeFileSync(file, "{}");
  expect(() => readReport(file)).toThrow("is no report of the bench");
});

describe("sentences", () => {
  test("say where Facet loses as well as where it leads", () => {
    expect(openingSentence(report)).toBe(
      "On GPU <1>, Facet is as fast as the fastest other JavaScript library (geometric mean of 2 workloads) and slower in 1 of them (train step mnist_cnn, batch 128, by 2.00 times); programs after the articles reach 90.0 to 99.0 % on mnist and fashion_mnist.",
    );
    const [step] = report.peers.slice(1);
    expect(openingSentence({ ...report, peers: step ? [step] : [] })).toMatch(
      /^On GPU <1>, Facet takes 2\.00 times as long as the fastest other JavaScript library/,
    );
    expect(openingSentence({ ...report, peers: report.peers.slice(0, 1) })).toContain("and slower in none;");
  });

  test("say when an adapter is software and a run small", () => {
    expect(openingSentence(recorded)).toMatch(/^On lavapipe, a software adapter, Facet is /);
    const text = toMarkdown(report);
    // Beside a longer run the small one is a row in a table; alone it has a section.
    expect(text).not.toContain("This is a small run");
    expect(text).toContain("## The experiments, run in passing");
    expect(toMarkdown({ ...report, storedExperiments: [] })).toContain("This is a small run");
    expect(text).toContain('"no change" leaves every loss the same, bit for bit.');
    expect(toMarkdown(recorded)).toContain("This is a software adapter");
  });

  test("say first that a kernel is wrong, and list it", () => {
    const wrong = { kernel: "matmul", case: "[2,2]", variant: "tiled", output: "y", difference: 0.5 };
    const text = toMarkdown({ ...report, wrongKernels: [wrong] });
    expect(text).toContain("On GPU <1>, matmul does not compute what the reference does;");
    expect(text).toMatch(/\| matmul \| \[2,2\] \| tiled \| y \| 5\.0e-1 \|/);
    expect(toMarkdown({ ...report, kernels: [], wrongKernels: [wrong] })).toContain("### Wrong kernels");
  });

  test("read no program with a mistake as a result", () => {
    const [stored] = report.storedExperiments as [ExperimentSummary];
    const programs = stored.programs.map((row) => ({ ...row, accuracy: estimate([0.9, 0.9]) }));
    const spoilt = { ...(programs[0] as ProgramSummary), accuracy: estimate([0.1, 0.1]), mistake: "images of bytes" };
    const said = (rows: ProgramSummary[]): string =>
      openingSentence({ ...report, storedExperiments: [{ ...stored, comparisons: [], programs: rows }] });
    expect(said([...programs, spoilt])).toMatch(/programs after the articles reach 90\.0 % on/);
    expect(said([spoilt])).not.toContain("programs after the articles");
  });

  test("mark the charts of times taken on a busy machine", () => {
    const mark = "busy machine: times are upper bounds";
    const at = (load: [number, number]): Report => ({ ...report, host: { ...report.host, load } });
    const charts = sections(at([1, 20]), history).flatMap((section) => section.charts);
    const marked = charts.filter((chart) => chart.mark === mark);
    expect(marked.map(({ id }) => id)).toEqual([
      "dialects",
      "dialects-first-step",
      "step-kernels",
      "roofline",
      "roofline-share",
      "peers",
    ]);
    const { document } = new JSDOM("").window;
    for (const chart of marked)
      expect(chart.draw({ document, width: 400, mark: chart.mark })).toContain(`>${mark}</text>`);
    expect(toPage(at([1, 20]), history, document)).toContain(`>${mark}</text>`);
    expect(toPage(at([1, 8]), history, document)).not.toContain(mark);
  });

  test("show no bar for one repetition", () => {
    const [stored] = report.storedExperiments as [ExperimentSummary];
    const once = {
      ...stored,
      comparisons: [],
      programs: stored.programs.map((row) => ({ ...row, accuracy: estimate([row.accuracy.mean]) })),
    };
    const text = toPage(
      { ...report, storedExperiments: [once], experiments: [] },
      history,
      new JSDOM("").window.document,
    );
    expect(text).toContain("Facet, one repetition");
    expect(text).toContain("One repetition each: no spread is known");
    expect(text).not.toContain("Bars are one standard deviation");
  });

  test("say what fell since the run before", () => {
    expect(toMarkdown(report, history)).toContain("1 of 2 ratios fell and 1 rose");
    expect(toMarkdown(report, history.slice(1))).toContain("This is the first run that is noted here");
  });

  test("are there when nothing was measured", () => {
    const { roofline: _, ...rest } = report;
    const empty = { ...rest, kernels: [], peers: [], programs: [], storedExperiments: [], experiments: [] };
    expect(openingSentence(empty)).toBe("On GPU <1> nothing was measured.");
  });
});
