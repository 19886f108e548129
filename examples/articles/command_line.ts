// A program of the articles from the command line.
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { device } from "@facet/autograd";
import { defaultDataset, loadDataset } from "@facet/datasets";
import { oneOf, UsageError, whole } from "../src/usage.js";
import { articleNetworks, type NetworkName } from "./index.js";
import type { Program } from "./run.js";
import { type RunProgress, record } from "./run_log.js";

const DATA = ["mnist", "fashion-mnist", "cifar10", "digits"] as const;
/** About a minute on two cores without a GPU. */
const LIMITS = { limit: "2048", "test-limit": "1000" };

const help = (file: string) => `Usage: npx tsx ${file} [options]

Trains the network and prints its test accuracy. The defaults take a minute or two on a machine without a GPU;
the articles train on all images, for 5 epochs.

  --data NAME       ${DATA.join(", ")} (default: cifar10 for cifar10_cnn, for the others
                    mnist if its files are here, else digits)
  --limit N         train on the first N images (default ${LIMITS.limit})
  --test-limit N    test on the first N images (default ${LIMITS["test-limit"]})
  --epochs E        default 1
  --seed S          default 0
  --help            print this
`;

function readCommandLine() {
  const text = { type: "string" } as const;
  const options = {
    data: text,
    limit: { ...text, default: LIMITS.limit },
    "test-limit": { ...text, default: LIMITS["test-limit"] },
    epochs: { ...text, default: "1" },
    seed: { ...text, default: "0" },
    help: { type: "boolean", default: false },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    values = parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    data: values.data === undefined ? undefined : oneOf("data", values.data.replaceAll("_", "-"), DATA),
    limit: whole("limit", values.limit, 1) as number,
    testLimit: whole("test-limit", values["test-limit"], 1) as number,
    epochs: whole("epochs", values.epochs, 1) as number,
    seed: whole("seed", values.seed, 0) as number,
    help: values.help,
  };
}

/** One line on standard error that is written over. Nothing when that is no terminal. */
function progressLine({ phase, epoch, epochs, steps, loss }: RunProgress): void {
  if (!process.stderr.isTTY) return;
  const parts = [phase, `epoch ${epoch + 1}/${epochs}`, `${steps} steps`];
  if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
  process.stderr.write(`\r${parts.join("  ")}\x1b[K`);
}

async function run(file: string, program: Program): Promise<void> {
  const { data: given, help: wanted, limit, testLimit, epochs, seed } = readCommandLine();
  if (wanted) {
    process.stdout.write(help(file));
    return;
  }
  const network = basename(dirname(file)) as NetworkName;
  const name = given ?? (articleNetworks[network].data === "cifar10" ? "cifar10" : await defaultDataset());
  const data = await loadDataset(name, { limit, testLimit });
  if (data.note !== undefined) console.log(data.note);
  const result = await record(program, { data, epochs, seed, onProgress: progressLine });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");

  const { parameters, accuracy, loss, losses, phases, firstStepMs } = result;
  const seconds = Object.entries(phases).map(([phase, time]) => `${phase} ${time.toFixed(1)} s`);
  console.log(`${parameters} parameters; ${data.train.count} images of ${data.name}; ${device().adapter.name}`);
  console.log(`${seconds.join(", ")}; ${losses.length} steps, the first ${firstStepMs.toFixed(0)} ms`);
  console.log(`loss of the first step ${losses[0]?.toFixed(4)}, of the last ${losses.at(-1)?.toFixed(4)}`);
  const tested = loss === undefined ? "" : `test loss ${loss.toFixed(4)}, `;
  console.log(`${tested}test accuracy ${(100 * accuracy).toFixed(2)} % of ${data.test.count} images`);
}

/** Runs a program with the options of the command line. A mistake in these is named, with exit status 2. */
export async function main(file: string, program: Program): Promise<void> {
  try {
    await run(file, program);
  } catch (error) {
    const usage = error instanceof UsageError;
    const name = basename(file);
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : error}\n`);
    if (usage) process.stderr.write(`See npx tsx ${file} --help\n`);
    process.exitCode = usage ? 2 : 1;
  }
}
