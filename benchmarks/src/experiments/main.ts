// Runs one experiment: `npx facet compare NAME`, or `npx turbo run bench -- --experiment NAME`.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setDevice } from "@facet/autograd";
import { DATASET_NAMES, DatasetError, type DatasetName } from "@facet/datasets";
import { FacetError, openDevice } from "@facet/kernels-wgsl";
import { experiments } from "../../experiments/index.js";
import { tableToText } from "../table.js";
import type { Experiment, Scale } from "./experiment.js";
import { readOriginals } from "./originals.js";
import { jsonListener, textListener } from "./progress.js";
import { type RunnerOptions, runExperiment } from "./runner.js";
import { FolderStore, ResultsError } from "./store.js";
import { summarise } from "./summary.js";
import { experimentTables } from "./tables.js";

const RESULTS = fileURLToPath(new URL("../../results/experiments", import.meta.url));

const HELP = `Usage: facet compare NAME [options]

Trains the programs of an experiment on this adapter and says what came out. What was measured before, at the same scale
on the same kind of adapter, is not measured again: a run that was interrupted goes on where it was.

Experiments
${experiments.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join("\n")}

Options
  --limit N         train on the first N images (default: all)
  --test-limit N    test on the first N images (default: all)
  --epochs E        default: as in the article
  --seeds N         repetitions, with seeds 0 to N - 1 (default: as in the article)
  --small           the scale at which the bench runs it in passing; the options above still count
  --programs LIST   only these, separated by commas
  --data LIST       these data sets instead: ${DATASET_NAMES.join(", ")}
  --download        fetch data sets that are not here; without it generated digits take their place
  --out FOLDER      where results are kept, in a folder for each experiment, adapter and scale
                    (default benchmarks/results/experiments)
  --json            tell what happens in JSON lines on standard output
  --help            print this

FACET_DATA names the folder of the data sets, FACET_ADAPTER chooses the adapter.
Ctrl-C stops at the next step; a second one at once.`;

/** A mistake in the command line. */
class UsageError extends Error {}

/** Runs the command line `args`; returns the exit code: 0 well, 1 failed, 2 called wrongly, 130 interrupted. */
export async function compare(args: readonly string[]): Promise<number> {
  try {
    const options = readCommandLine(args);
    if (options === undefined) {
      console.log(HELP);
      return 0;
    }
    return await run(options);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`compare: ${error.message}\nSee facet compare --help`);
      return 2;
    }
    // RangeError: more images asked for than the set has.
    const told = [FacetError, DatasetError, ResultsError, RangeError].some((type) => error instanceof type);
    if (told) {
      console.error(`compare: ${(error as Error).message}`);
      return 1;
    }
    throw error;
  }
}

interface CompareOptions extends Pick<RunnerOptions, "scale" | "programs" | "data" | "download"> {
  experiment: Experiment;
  out: string;
  json: boolean;
}

/** Undefined where help is asked for. */
function readCommandLine(args: readonly string[]): CompareOptions | undefined {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    limit: text,
    "test-limit": text,
    epochs: text,
    seeds: text,
    programs: text,
    data: text,
    out: { ...text, default: RESULTS },
    small: flag,
    download: flag,
    json: flag,
    help: { ...flag, short: "h" },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  const known = experiments.map(({ name }) => name);
  if (positionals.length !== 1)
    throw new UsageError(`expected one experiment of ${known.join(", ")}, got ${positionals.join(" ") || "none"}`);
  const experiment = experiments.find(({ name }) => name === positionals[0]);
  if (experiment === undefined)
    throw new UsageError(`no experiment is called "${positionals[0]}"; there are ${known.join(", ")}`);
  const count = (name: "limit" | "test-limit" | "epochs" | "seeds"): number | undefined => {
    const given = values[name];
    if (given === undefined) return undefined;
    if (/^[1-9]\d*$/.test(given)) return Number(given);
    throw new UsageError(`--${name}: expected a whole number of at least 1, got "${given}"`);
  };
  const list = <T extends string>(name: "programs" | "data", choices: readonly T[]): T[] | undefined => {
    const given = values[name]?.split(",").map((item) => item.trim());
    const wrong = given?.find((item) => !choices.includes(item as T));
    if (wrong !== undefined) throw new UsageError(`--${name}: expected some of ${choices.join(", ")}, got "${wrong}"`);
    return given as T[] | undefined;
  };
  const preset = values.small ? experiment.small : experiment.full;
  const limit = count("limit") ?? preset.limit;
  const testLimit = count("test-limit") ?? preset.testLimit;
  const scale: Scale = {
    ...(limit !== undefined && { limit }),
    ...(testLimit !== undefined && { testLimit }),
    epochs: count("epochs") ?? preset.epochs,
    seeds: count("seeds") ?? preset.seeds,
  };
  const chosen = list(
    "programs",
    experiment.programs.map(({ name }) => name),
  );
  const programs = chosen ?? (values.small ? experiment.small.programs : undefined);
  const data = list<DatasetName>("data", DATASET_NAMES);
  return {
    experiment,
    scale,
    ...(programs && { programs }),
    ...(data && { data }),
    download: values.download,
    out: values.out,
    json: values.json,
  };
}

async function run({ experiment, out, json, ...options }: CompareOptions): Promise<number> {
  const device = await openDevice();
  setDevice(device);
  const interrupt = interruption();
  const folder = `${out}/${experiment.name}/${device.adapter.kind}-${scaleName(options.scale)}`;
  const store = new FolderStore(folder);
  if (!json) console.log(`${experiment.title}\nadapter: ${device.adapter.name}\nresults: ${folder}`);
  const listener = json
    ? jsonListener((line) => process.stdout.write(line))
    : textListener(process.stderr, experiment.batchSize);
  let failure: unknown;
  try {
    await runExperiment(experiment, { ...options, signal: interrupt.signal }, store, listener);
  } catch (error) {
    failure = error;
  } finally {
    store.close();
    interrupt.stop();
  }
  const summary = summarise(experiment, store.units(), readOriginals(`${out}/${experiment.name}`));
  if (json) process.stdout.write(`${JSON.stringify({ event: "summary", summary })}\n`);
  else for (const table of summary ? experimentTables(summary) : []) console.log(tableToText(table));
  device.close();
  if (interrupt.signal.aborted) {
    console.error("compare: interrupted; the same command goes on from here");
    return 130;
  }
  if (failure !== undefined) throw failure;
  return 0;
}

/** For the folder of results: images and epochs decide what is comparable, the number of repetitions does not. */
function scaleName({ limit, testLimit, epochs }: Scale): string {
  return `${limit ?? "all"}-${testLimit ?? "all"}-${epochs}`;
}

/** Turns the first Ctrl-C into an aborted signal; the second ends the process as it would without this. */
function interruption(): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    process.stderr.write("\nstopping at the next step; Ctrl-C again stops at once\n");
    controller.abort(new Error("interrupted"));
  };
  process.once("SIGINT", onSignal);
  return { signal: controller.signal, stop: () => process.off("SIGINT", onSignal) };
}
