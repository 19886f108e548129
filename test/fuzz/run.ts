// facet fuzz: random programs run by PyTorch and by Facet's dialect side by side. README.md tells more.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { type Any, type Dialect, decode, dialects } from "../conformance/cases.js";
import { runBadArguments } from "./bad_run.js";
import { compilable, type Fault, faultOf, opsOf } from "./compare.js";
import { reasonFor } from "./known.js";
import type { Program } from "./programs.js";
import { revive } from "./revive.js";

const HELP = `Usage: facet fuzz torch [options]
       facet fuzz torch|keras|jax --arguments [--only NAME] [--show N]

Runs random programs through PyTorch and through Facet, and groups what differs. With --arguments: bad arguments to everything
that the dialect exports, each answer a value or a typed error.

  --python PATH    the Python that has PyTorch (default: python3)
  --seed S         of the programs (default: a new one, which is printed)
  --count N        so many programs (default 1000)
  --area A,B       of these areas only
  --cases FILE     programs that lie there, one JSON object a line, instead of new ones
  --compile        run them by torch.compile: traced, replayed on other values, then on their own
  --only ID        one program; of bad arguments, functions with this in their name
  --show N         so many of each group (default 2)
  --out FILE       write the programs that differ to FILE`;

/** Programs made by one process of Python: what they take in memory stays small. */
const CHUNK = 2000;

function* programsOf(values: Record<string, Any>, seed: number): Generator<Program> {
  const parse = (text: string): Program[] =>
    text
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line, revive));
  if (values.cases !== undefined) {
    const bytes = readFileSync(values.cases);
    yield* parse((values.cases.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
    return;
  }
  const generator = fileURLToPath(new URL("./generate_torch.py", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "facet-fuzz-"));
  try {
    for (let first = 0; first < Number(values.count); first += CHUNK) {
      const count = Math.min(CHUNK, Number(values.count) - first);
      const file = join(folder, "programs.jsonl");
      const args = [
        generator,
        "--seed",
        `${seed}`,
        "--first",
        `${first}`,
        "--count",
        `${count}`,
        "--area",
        values.area,
      ];
      const { status } = spawnSync(values.python, [...args, "--out", file], {
        stdio: ["ignore", "inherit", "inherit"],
      });
      if (status !== 0) throw new Error(`${values.python} ended with ${status}: it needs PyTorch`);
      yield* parse(readFileSync(file, "utf8"));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const number = (value: number): string => (Object.is(value, -0) ? "-0" : `${+value.toPrecision(6)}`);

function brief({ area, kw, groups, inputs, steps, grad }: Program): string {
  if (area === "optim") return JSON.stringify({ kw, groups });
  const shown = inputs.map((each) => {
    const values = decode(each);
    const list = values.length <= 8 ? `(${Array.from(values, number).join(",")})` : "";
    return `${each.t}[${each.s}]${each.req ? "*" : ""}${list}`;
  });
  const plain = (value: Any): string =>
    JSON.stringify(value, (_, each) => (typeof each === "number" && !Number.isFinite(each) ? `${each}` : each));
  const calls = steps.slice(0, 4).map(([op, args, keywords]) => `${op}(${plain(args)},${plain(keywords)})`);
  return `${shown.join(" ")} ${calls.join(" ; ")} ${grad ?? ""}`;
}

interface Failed {
  readonly program: Program;
  readonly fault: Fault;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      python: { type: "string", default: "python3" },
      seed: { type: "string", default: `${Math.floor(Math.random() * 1e6)}` },
      count: { type: "string", default: "1000" },
      area: { type: "string", default: "" },
      cases: { type: "string" },
      compile: { type: "boolean", default: false },
      arguments: { type: "boolean", default: false },
      only: { type: "string" },
      show: { type: "string", default: "2" },
      out: { type: "string" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const dialect = positionals[0] as Dialect;
  if (positionals.length !== 1 || !(values.arguments ? dialects : ["torch"]).includes(dialect)) {
    console.error(HELP);
    return 2;
  }
  if (values.arguments) return runBadArguments(dialect, values.only ?? "", Number(values.show));
  const seed = Number(values.seed);
  console.log(values.cases ?? `seed ${seed}`);
  const tried = new Map<string, { tried: number; failed: number }>();
  const failed: Failed[] = [];
  let known = 0;
  let turns = 0;
  for (const program of programsOf(values, seed)) {
    if ((values.only && program.id !== values.only) || (values.compile && !compilable(program))) continue;
    const row = tried.get(program.area) ?? { tried: 0, failed: 0 };
    tried.set(program.area, row);
    row.tried++;
    const fault = await faultOf(program, values.compile);
    if (fault && reasonFor(program, fault)) known++;
    else if (fault) {
      row.failed++;
      failed.push({ program, fault });
    }
    // Collected tensors are freed when the event loop turns.
    if (turns++ % 25 === 0) await new Promise((done) => setImmediate(done));
  }
  tell(failed, Number(values.show));
  const count = [...tried.values()].reduce((total, each) => total + each.tried, 0);
  console.log(
    `\n${count} programs${values.compile ? ", compiled" : ""}: ${failed.length} differ, ${known} more as known.json says`,
  );
  console.log([...tried].map(([area, row]) => `${area} ${row.failed}/${row.tried}`).join("  "));
  if (values.out) writeFileSync(values.out, failed.map(({ program }) => `${JSON.stringify(program)}\n`).join(""));
  return failed.length > 0 ? 1 : 0;
}

/** Groups by area, ops and kind of fault; the silent ones first, of each the smallest. */
function tell(failed: readonly Failed[], show: number): void {
  const groups = new Map<string, Failed[]>();
  for (const each of failed) {
    const key = `${each.program.area} | ${opsOf(each.program)} | ${each.fault.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const loud = ([, list]: [string, Failed[]]): number => Number(list[0]?.fault.kind === "raises");
  const size = ({ program }: Failed): number => JSON.stringify(program).length;
  for (const [key, list] of [...groups].sort((a, b) => loud(a) - loud(b) || (a[0] < b[0] ? -1 : 1))) {
    console.log(`\n## ${key}: ${list.length}`);
    for (const { program, fault } of list.sort((a, b) => size(a) - size(b)).slice(0, show))
      console.log(`  ${program.id} ${fault.text}\n      ${brief(program)}`);
  }
}

process.exitCode = await main();
