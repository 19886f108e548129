// facet conformance: the originals' own test suites as cases, run by Facet's dialects. README.md tells more.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Dialect, dialects, loadCases, nameOf } from "./cases.js";
import { forked } from "./forked.js";
import { FAULTS, type Found, listed, reportOf, table } from "./report.js";
import { type Kind, kinds, type Verdict } from "./verdict.js";

const HELP = `Usage: facet conformance torch|keras|jax [options]

Runs cases of the original's own test suite through Facet's dialect and counts what agrees.

  --cases PATH     a file of cases, or a folder with <dialect>/cases.jsonl.gz or cases.jsonl.gz (default: the short form)
  --python PATH    make the cases anew with this Python, which has the original installed; --cases then says where they go
  --tests FOLDER   with --python, for jax: its own tests, of the installed version
  --only NAME      cases of one name
  --show N         so many cases of each name in lists (default 1)
  --list KIND      list cases of a kind: ${kinds.join(", ")} (default: faults that are not known)
  --json FILE      write the table as JSON`;

/** A case that takes longer has crashed. */
const SECONDS = 20;

const here = fileURLToPath(new URL(".", import.meta.url));

/** Verdicts on all cases. */
async function verdicts(dialect: Dialect, file: string, only: string): Promise<Found[]> {
  const cases = loadCases(file).filter((each) => only === "" || nameOf(dialect, each) === only);
  const found = await forked<Verdict>({
    program: join(here, "child.ts"),
    args: [dialect, file, only],
    total: cases.length,
    seconds: SECONDS,
    crashed: (text) => ({ kind: "crash", text }),
  });
  return cases.map((each, at) => ({ each, verdict: found[at] as Verdict }));
}

function casesFile(dialect: Dialect, given: string | undefined): string {
  if (given === undefined) return join(here, `short_${dialect}.jsonl.gz`);
  const places = [join(given, dialect, "cases.jsonl.gz"), join(given, "cases.jsonl.gz"), given];
  return places.find((each) => existsSync(each) && (each !== given || given.endsWith(".gz"))) ?? given;
}

/** Makes cases with the original; returns the file. */
function makeCases(dialect: Dialect, python: string, out: string, tests: string | undefined): void {
  const run = (...args: string[]): void => {
    const { status } = spawnSync(python, [join(here, `generate_${dialect}.py`), ...args], {
      stdio: "inherit",
      env: { ...process.env, PYTHONPATH: join(here, "stand_ins"), KERAS_BACKEND: "tensorflow" },
    });
    if (status !== 0)
      throw new Error(`${python} ended with ${status}: it needs the original; generate_${dialect}.py says what else`);
  };
  if (dialect !== "keras") {
    run("--out", out, ...(tests === undefined ? [] : ["--tests", tests]));
    return;
  }
  const records = mkdtempSync(join(tmpdir(), "facet-conformance-"));
  try {
    run("record", "--out", records);
    run("own", "--out", records);
    run("merge", records, "--out", out);
  } finally {
    rmSync(records, { recursive: true });
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      cases: { type: "string" },
      python: { type: "string" },
      tests: { type: "string" },
      only: { type: "string", default: "" },
      show: { type: "string", default: "1" },
      list: { type: "string" },
      json: { type: "string" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const dialect = positionals[0] as Dialect;
  const wrongList = values.list !== undefined && !kinds.includes(values.list as Kind);
  if (positionals.length !== 1 || !dialects.includes(dialect) || wrongList) {
    console.error(HELP);
    return 2;
  }
  let file = casesFile(dialect, values.cases);
  if (values.python !== undefined) {
    file = values.cases ?? join(mkdtempSync(join(tmpdir(), "facet-conformance-")), "cases.jsonl.gz");
    makeCases(dialect, values.python, file, values.tests);
  }
  const found = await verdicts(dialect, file, values.only);
  const report = reportOf(dialect, found);
  const show = Number(values.show);
  const lines = values.list
    ? listed(dialect, found, values.list as Kind, show)
    : FAULTS.flatMap((kind) => listed(dialect, report.faults, kind, show));
  for (const line of lines) console.log(line);
  console.log(`\n${file}\n${table(report)}`);
  const otherwise = found.filter(({ verdict }) => verdict.otherwise).length;
  if (otherwise > 0)
    console.log(`of the right ones ${otherwise} only with arguments given in another way than the test's`);
  if (values.json !== undefined) {
    const { rows, parts, faults } = report;
    const told = faults.map(({ name, verdict }) => ({ name, ...verdict }));
    writeFileSync(values.json, `${JSON.stringify({ dialect, rows, parts, faults: told }, null, 1)}\n`);
  }
  return report.faults.length > 0 ? 1 : 0;
}

process.exitCode = await main();
