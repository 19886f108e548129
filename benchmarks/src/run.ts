// The main program of the bench: `npx turbo run bench`, or `npx turbo run bench -- --filter conv2d`.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setDevice } from "@facet/autograd";
import { loadDataset } from "@facet/datasets";
import { openDevice } from "@facet/kernels-wgsl";
import { dialects } from "./dialects.js";
import { emptyReport } from "./environment.js";
import { runSmallExperiments, storedExperiments } from "./experiments/in_bench.js";
import { compare } from "./experiments/main.js";
import { appendHistory, currentCommit, historyEntry, readHistory } from "./history.js";
import { benchCases, benchKernel } from "./kernels.js";
import { currentLoad } from "./load.js";
import { mergeReports } from "./merge.js";
import { fail, type Part, parts, readOptions } from "./options.js";
import { tables } from "./page/sections.js";
import { openingSentence } from "./page/sentences.js";
import { historyFile, writeAgain, writeReport } from "./page/write.js";
import { benchWorkload, closePeers, openPeers } from "./peers.js";
import { profileStep } from "./profile.js";
import { profileNetwork } from "./profile_networks.js";
import { benchProgram, describeData } from "./programs.js";
import { measureReplays } from "./replay.js";
import { measureRoofline } from "./roofline.js";
import type { Timing } from "./sample.js";
import { timeStepsInTurn } from "./steps_in_turn.js";
import { tableToText } from "./table.js";
import { type PartBudget, TimeBudget } from "./time_budget.js";
import { chooseWorkloads } from "./workloads.js";

// An experiment is a program of its own, with options of its own.
const experiment = process.argv.indexOf("--experiment");
if (experiment > 0) {
  const args = process.argv.slice(2);
  args.splice(experiment - 2, 1);
  process.exit(await compare(args));
}

const options = readOptions();
if (options.merge !== undefined && options.into !== undefined) {
  await mergeReports(options.into, options.merge);
  process.exit(0);
}
if (options.page !== undefined) process.exit(await writeAgain([options.page]));

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

const results = fileURLToPath(new URL("../results", import.meta.url));
const { filter } = options;
const device = await openDevice();
setDevice(device);
const report = emptyReport(device);
console.log(`adapter: ${device.adapter.name}`);

/** Each part, and the share of the whole time at which it ends. */
const program: Record<Part, [until: number, run: (budget: PartBudget) => Promise<void>]> = {
  programs: [0.16, benchPrograms],
  profile: [
    0.2,
    async (budget) => {
      if (!device.gpu.features.has("timestamp-query") || budget.over("profile of a step")) return;
      if (filter) return profileNetworks(filter);
      progress("profile of a step");
      report.step = await profileStep(128);
    },
  ],
  replay: [
    0.24,
    async (budget) => {
      if (filter || budget.over("what a replay costs")) return;
      report.replay = await measureReplays(progress);
    },
  ],
  api: [
    0.28,
    async (budget) => {
      if (filter) return;
      progress("what an API costs");
      const api = await openApiCost();
      if (!api) {
        time.leftOut.push("what an API costs, which is read off the repository's sources");
        return;
      }
      report.apiCost = { texts: api.measureTexts() };
      // Minutes of small runs there, and errors are the same on every adapter.
      if (device.adapter.kind === "swiftshader") time.leftOut.push("planted mistakes");
      else if (!budget.over("planted mistakes")) report.apiCost.verdicts = await api.judgeMistakes();
    },
  ],
  experiments: [
    0.42,
    async (budget) => {
      report.experiments = await runSmallExperiments(filter, budget, progress);
      report.storedExperiments = storedExperiments(`${results}/experiments`, device.adapter.kind);
      device.trim();
    },
  ],
  kernels: [0.62, benchKernels],
  peers: [1, benchPeers],
};

/** Command by command, those that a filter chooses. */
async function profileNetworks(filter: string): Promise<void> {
  const chosen = chooseWorkloads(filter, options.full).filter(({ kind }) => kind === "network_step");
  if (chosen.length === 0) return;
  progress("roofline");
  report.roofline = await measureRoofline(device, 500);
  report.networks = [];
  for (const workload of chosen) {
    progress(`profile of ${workload.name}`);
    report.networks.push(await profileNetwork(workload, report.roofline));
  }
}

/** Undefined in a bundle for other machines, which holds neither the programs' sources nor the scanner. */
async function openApiCost() {
  try {
    return { ...(await import("./api_cost/text.js")), ...(await import("./api_cost/mutants.js")) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function benchPrograms(budget: PartBudget): Promise<void> {
  const chosen = dialects.filter((dialect) => !filter || dialect.includes(filter));
  if (chosen.length === 0) return;
  progress("generating digits");
  const data = await loadDataset("digits", { limit: options.images, testLimit: 500 });
  const fewer = await loadDataset("digits", { limit: Math.ceil(options.images / 5), testLimit: 500 });
  report.data = describeData(data);
  for (const aligned of [false, true]) {
    for (const dialect of chosen) {
      if (budget.over(`${dialect}${aligned ? " (aligned)" : ""}`)) continue;
      report.programs.push(await benchProgram(dialect, aligned ? fewer : data, aligned, progress));
    }
  }
  const own = report.programs.filter(({ aligned }) => !aligned);
  if (own.length > 1 && !budget.over("the dialects' steps in turn")) {
    progress("the dialects' steps in turn");
    // At least a few, however slow; as many as there is time for.
    const round = own.reduce((sum, { steadyStepMs }) => sum + steadyStepMs, 0);
    const steps = Math.round(Math.min(24, Math.max(4, budget.each(1, 20_000) / round)));
    const timings = await timeStepsInTurn(
      own.map(({ dialect }) => dialect),
      128,
      steps,
    );
    for (const row of own) row.inTurn = timings.get(row.dialect) as Timing;
  }
  device.trim();
}

async function benchKernels(budget: PartBudget): Promise<void> {
  const cases = benchCases(filter);
  if (cases.length === 0) return;
  progress("roofline");
  const roofline = await measureRoofline(device, 500);
  report.roofline = roofline;
  for (const [i, { entry, testCase }] of cases.entries()) {
    const name = `${entry.kernel.name} ${testCase.name}`;
    if (budget.over(name)) continue;
    progress(`kernels ${i + 1}/${cases.length}: ${name}`);
    const each = budget.each(cases.length - i, options.budget);
    const { row, variants, wrong } = await benchKernel(device, entry, testCase, roofline, each, options.variants);
    if (row) report.kernels.push(row);
    if (options.variants) report.variants = [...(report.variants ?? []), ...variants];
    if (wrong.length > 0) report.wrongKernels = [...(report.wrongKernels ?? []), ...wrong];
    device.trim();
  }
}

async function benchPeers(budget: PartBudget): Promise<void> {
  const chosen = chooseWorkloads(filter, options.full);
  if (chosen.length === 0) return;
  const opened = await openPeers(options.peers, progress);
  report.absentPeers = opened.absent;
  for (const [i, workload] of chosen.entries()) {
    if (budget.over(workload.name)) continue;
    const say = (text: string): void => progress(`workloads ${i + 1}/${chosen.length}: ${text}`);
    const each = budget.each(chosen.length - i, opened.peers.length * options.budget) / opened.peers.length;
    report.peers.push(await benchWorkload(opened, workload, each, say));
  }
  await closePeers(device, opened.peers);
}

const time = new TimeBudget(options.minutes);
const loads = [currentLoad()];
for (const part of parts) {
  if (options.only && !options.only.includes(part)) continue;
  const [until, run] = program[part];
  const began = performance.now();
  // A narrowed run has all the time for what is left of it.
  await run(time.until(options.whole ? until : 1));
  report.partSeconds[part] = (performance.now() - began) / 1000;
  loads.push(currentLoad());
}
if (time.leftOut.length > 0) report.leftOut = time.leftOut;
const measured = [
  report.kernels,
  report.wrongKernels ?? [],
  report.peers,
  report.programs,
  report.experiments ?? [],
].some(({ length }) => length > 0);
if (!measured && !report.step && !report.networks && !report.replay && !report.apiCost)
  fail(`nothing matches --filter ${filter}`);

report.seconds = (performance.now() - started) / 1000;
report.host.load = [Math.min(...loads), Math.max(...loads)];
if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");

const folder = options.out ?? results;
const { whole } = options;
const file = `${folder}/${whole ? device.adapter.kind : "partial"}.json`;
mkdirSync(folder, { recursive: true });
writeFileSync(file, `${JSON.stringify(report, undefined, 1)}\n`);
const entry = whole ? historyEntry(report, currentCommit(folder)) : undefined;
const noted = historyFile(folder, report);
const history = entry ? appendHistory(noted, entry) : whole ? readHistory(noted) : [];
console.log(`\n${openingSentence(report)}`);
for (const table of tables(report, history)) console.log(tableToText(table));
if (report.leftOut) console.log(`\nLeft out for lack of time: ${report.leftOut.join("; ")}.`);
const written = await writeReport(file, report, history);
console.log(`\n${openingSentence(report)}\n${report.seconds.toFixed(0)} s. Written: ${[file, ...written].join(", ")}`);
device.close();
// What is wrong on this adapter is a row of the report, and does not pass for success.
if (report.wrongKernels) process.exitCode = 1;
