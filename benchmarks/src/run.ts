// The main program of the bench: `npx turbo run bench`, or `npx turbo run bench -- --filter conv2d`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setDevice } from "@facet/autograd";
import { loadDataset } from "@facet/datasets";
import { openDevice } from "@facet/kernels-wgsl";
import { compare } from "./experiments/main.js";
import { benchCases, benchKernel } from "./kernels.js";
import { mergeReports } from "./merge.js";
import { benchWorkload, closePeers, defaultPeers, openPeers, peerNames } from "./peers.js";
import { profileStep } from "./profile.js";
import { benchProgram, describeData, dialects } from "./programs.js";
import { measureReplays } from "./replay.js";
import { type Report, tables, toMarkdown } from "./report.js";
import { measureRoofline } from "./roofline.js";
import { tableToText } from "./table.js";
import { chooseWorkloads } from "./workloads.js";

// An experiment is a program of its own, with options of its own.
const experiment = process.argv.indexOf("--experiment");
if (experiment > 0) {
  const args = process.argv.slice(2);
  args.splice(experiment - 2, 1);
  process.exit(await compare(args));
}

const HELP = `Measures Facet on one adapter.

  npx turbo run bench -- [options]

  --filter TEXT     only rows whose kernel, case, workload or dialect contains TEXT
  --only PART       kernels, peers, programs, profile or replay; may be repeated
  --peers LIST      libraries beside Facet, separated by commas (of ${peerNames.join(",")};
                    default ${defaultPeers.join(",")}; "" for none)
  --experiment NAME only this experiment; \`--experiment --help\` lists them and their options
  --full            the long list of workloads: matmul to 2048, batches 1 to 512, Adam over 25 million parameters
  --budget MS       time spent on one row and library, warm-up not counted (default 150)
  --images N        training images for the dialects' epoch (default 5120; a fifth of it for the aligned programs)
  --out FOLDER      where JSON and Markdown go (default benchmarks/results)
  --merge FILE      puts what torch_cuda.py wrote beside the report named by --into, writes that again, and ends
  --into FILE       a report of the bench, as JSON
  --help

FACET_ADAPTER chooses the adapter: hardware, lavapipe, swiftshader, or a part of its name.
A whole run writes <adapter>.json and <adapter>.md; a narrowed one writes partial.json and partial.md.`;

const parts = ["kernels", "peers", "programs", "profile", "replay"] as const;

function fail(message: string): never {
  console.error(`bench: ${message}\n\n${HELP}`);
  process.exit(2);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        filter: { type: "string" },
        only: { type: "string", multiple: true },
        budget: { type: "string", default: "150" },
        images: { type: "string", default: "5120" },
        peers: { type: "string", default: defaultPeers.join(",") },
        full: { type: "boolean", default: false },
        merge: { type: "string" },
        into: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const positive = (name: "budget" | "images"): number => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 1) fail(`--${name}: expected a positive integer, got ${values[name]}`);
      return value;
    };
    for (const part of values.only ?? [])
      if (!parts.includes(part as never)) fail(`--only: expected one of ${parts.join(", ")}, got ${part}`);
    const peers = values.peers.split(",").filter((name) => name !== "");
    for (const name of peers)
      if (!peerNames.includes(name)) fail(`--peers: expected ${peerNames.join(", ")}, got ${name}`);
    return { ...values, peers, budget: positive("budget"), images: positive("images") };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const options = readOptions();
if (options.help) {
  console.log(HELP);
  process.exit(0);
}

if (options.merge !== undefined) {
  if (options.into === undefined) fail("--merge: expected --into FILE beside it, got none");
  mergeReports(options.into, options.merge);
  process.exit(0);
}

const started = performance.now();
/** One line that is overwritten on a terminal; elsewhere a line every few seconds, so that logs show life. */
let lastLine = 0;
function progress(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(3);
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${seconds} s  ${text}`);
  else if (performance.now() - lastLine > 5000) {
    lastLine = performance.now();
    process.stderr.write(`${seconds} s  ${text}\n`);
  }
}

const wants = (part: (typeof parts)[number]): boolean => !options.only || options.only.includes(part);
const device = await openDevice();
setDevice(device);
const report: Report = {
  date: new Date().toISOString(),
  adapter: { name: device.adapter.name, kind: device.adapter.kind, driver: device.adapter.driver },
  host: {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
  },
  versions: versionsOf(
    "webgpu",
    "@tensorflow/tfjs-backend-webgpu",
    "@jax-js/jax",
    "onnxruntime-web",
    "gpu.js",
    "tinybench",
  ),
  commandLine: process.argv.slice(2),
  seconds: 0,
  kernels: [],
  peers: [],
  absentPeers: {},
  programs: [],
};
console.log(`adapter: ${device.adapter.name}`);

if (wants("programs")) {
  const chosen = dialects.filter((dialect) => !options.filter || dialect.includes(options.filter));
  if (chosen.length > 0) {
    progress("generating digits");
    const data = await loadDataset("digits", { limit: options.images, testLimit: 500 });
    report.data = describeData(data);
    for (const dialect of chosen) report.programs.push(await benchProgram(dialect, data, false, progress));
    const fewer = await loadDataset("digits", { limit: Math.ceil(options.images / 5), testLimit: 500 });
    for (const dialect of chosen) report.programs.push(await benchProgram(dialect, fewer, true, progress));
    device.trim();
  }
}
if (wants("profile") && !options.filter && device.gpu.features.has("timestamp-query")) {
  progress("profile of a step");
  report.step = await profileStep(128);
}
if (wants("replay") && !options.filter) report.replay = await measureReplays(progress);
if (wants("kernels")) {
  const cases = benchCases(options.filter);
  if (cases.length > 0) {
    progress("roofline");
    const roofline = await measureRoofline(device, 500);
    report.roofline = roofline;
    for (const [i, { entry, testCase }] of cases.entries()) {
      progress(`kernels ${i + 1}/${cases.length}: ${entry.kernel.name} ${testCase.name}`);
      report.kernels.push(await benchKernel(device, entry, testCase, roofline, options.budget));
      device.trim();
    }
  }
}
if (wants("peers")) {
  const chosen = chooseWorkloads(options.filter, options.full);
  if (chosen.length > 0) {
    const opened = await openPeers(options.peers, progress);
    report.absentPeers = opened.absent;
    for (const [i, workload] of chosen.entries()) {
      const say = (text: string): void => progress(`workloads ${i + 1}/${chosen.length}: ${text}`);
      report.peers.push(await benchWorkload(opened, workload, options.budget, say));
    }
    await closePeers(device, opened.peers);
  }
}
if (report.kernels.length + report.peers.length + report.programs.length === 0 && !report.step && !report.replay)
  fail(`nothing matches --filter ${options.filter}`);

report.seconds = (performance.now() - started) / 1000;
if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
for (const table of tables(report)) console.log(tableToText(table));

const folder = options.out ?? fileURLToPath(new URL("../results", import.meta.url));
const whole = !options.filter && !options.only;
const stem = `${folder}/${whole ? device.adapter.kind : "partial"}`;
mkdirSync(folder, { recursive: true });
writeFileSync(`${stem}.json`, `${JSON.stringify(report, undefined, 1)}\n`);
writeFileSync(`${stem}.md`, toMarkdown(report));
console.log(`\n${report.seconds.toFixed(0)} s. Written: ${stem}.json and .md`);
device.close();

function versionsOf(...names: string[]): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    names.map((name) => {
      // Not every package exports its package.json; the file is beside the main one's root all the same.
      const paths = require.resolve.paths(name) ?? [];
      for (const path of paths) {
        try {
          return [
            name,
            (JSON.parse(readFileSync(`${path}/${name}/package.json`, "utf8")) as { version: string }).version,
          ];
        } catch {
          // The next folder up may have it.
        }
      }
      return [name, "unknown"];
    }),
  );
}
