// npm run --silent train -- --dialect keras|torch|jax ...: the CNN of the articles in a dialect of your choice.
import { parseArgs } from "node:util";
import { device } from "@facet/autograd";
import { defaultDataset, loadDataset } from "@facet/datasets";
import type { StepInfo, TrainOptions, TrainResult } from "./options.js";
import { oneOf, UsageError, whole } from "./usage.js";

type Run = (options: TrainOptions) => Promise<TrainResult>;

const DIALECTS: Readonly<Record<string, () => Promise<Run>>> = {
  keras: async () => (await import("./keras_cnn.js")).runKeras,
  torch: async () => (await import("./torch_cnn.js")).runTorch,
  jax: async () => (await import("./jax_cnn.js")).runJax,
};
/** Sets of one channel, which is what the program's three layouts agree on. */
const DATA = ["mnist", "fashion-mnist", "digits"];

const HELP = `Usage: npm run --silent train -- [options]

Trains a small convolutional network and prints its test accuracy.

  --dialect NAME    ${Object.keys(DIALECTS).join(", ")} (default torch)
  --data NAME       ${DATA.join(", ")} (default: mnist if its files are here, else digits)
  --limit N         train on the first N images
  --test-limit N    test on the first N images
  --epochs E        default 1
  --batch-size B    default 128
  --seed S          default 0
  --plan on|off     replay the training step as one plan, or run it op by op (default: as the dialect does; torch is off)
  --align           denote the same arithmetic in every dialect: their losses are then bitwise equal
  --json            print one JSON object, and nothing else, on standard output
  --help            print this
`;

function readCommandLine(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    dialect: { ...text, default: "torch" },
    data: text,
    limit: text,
    "test-limit": text,
    epochs: { ...text, default: "1" },
    "batch-size": { ...text, default: "128" },
    seed: { ...text, default: "0" },
    plan: text,
    align: flag,
    json: flag,
    help: flag,
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    values = parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    dialect: oneOf("dialect", values.dialect, Object.keys(DIALECTS)),
    data: values.data === undefined ? undefined : oneOf("data", values.data.replaceAll("_", "-"), DATA),
    limit: whole("limit", values.limit, 1),
    testLimit: whole("test-limit", values["test-limit"], 1),
    epochs: whole("epochs", values.epochs, 1) as number,
    batchSize: whole("batch-size", values["batch-size"], 1) as number,
    seed: whole("seed", values.seed, 0) as number,
    plan: values.plan === undefined ? undefined : oneOf("plan", values.plan, ["on", "off"]) === "on",
    align: values.align,
    json: values.json,
    help: values.help,
  };
}

/** One line on standard error that is written over: bar, rate, loss, time left. Nothing when that is no terminal. */
function progressBar(epochs: number, batchSize: number): (info: StepInfo) => void {
  if (!process.stderr.isTTY) return () => {};
  const began = performance.now();
  return ({ epoch, step, steps, loss }) => {
    const done = epoch * steps + step;
    const seconds = (performance.now() - began) / 1000;
    const left = (seconds / done) * (epochs * steps - done);
    const width = 24;
    const filled = Math.round((width * step) / steps);
    const bar = `${"=".repeat(filled)}${".".repeat(width - filled)}`;
    const rate = Math.round((done * batchSize) / seconds);
    const parts = [`epoch ${epoch + 1}/${epochs}`, `[${bar}]`, `${step}/${steps}`, `${rate} images/s`];
    if (loss !== undefined) parts.push(`loss ${loss.toFixed(4)}`);
    parts.push(`${Math.ceil(left)} s left`);
    process.stderr.write(`\r${parts.join("  ")}\x1b[K${step === steps ? "\n" : ""}`);
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

async function main(): Promise<void> {
  const given = readCommandLine(process.argv.slice(2));
  if (given.help) {
    process.stdout.write(HELP);
    return;
  }
  const name = given.data ?? (await defaultDataset());
  const limits = { ...(given.limit && { limit: given.limit }), ...(given.testLimit && { testLimit: given.testLimit }) };
  const data = await loadDataset(name, limits);
  const run = await (DIALECTS[given.dialect] as () => Promise<Run>)();
  const { epochs, batchSize, seed, align } = given;
  const onStep = progressBar(epochs, batchSize);
  const { parameters, losses, testAccuracy, epochSeconds, stepMs } = await run({
    data,
    epochs,
    batchSize,
    seed,
    align,
    plan: given.plan,
    onStep,
  });
  const report = {
    dialect: given.dialect,
    data: data.name,
    adapter: device().adapter.name,
    parameters,
    losses,
    testAccuracy,
    epochSeconds,
    medianStepMs: median(stepMs),
    peakBytes: device().memory().peak,
  };
  if (given.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const seconds = epochSeconds.map((one) => `${one.toFixed(1)} s`).join(", ");
  console.log(`${report.dialect} on ${report.data} (${data.train.count} images), ${report.adapter}`);
  if (data.note !== undefined) console.log(data.note);
  console.log(`${parameters} parameters; epochs ${seconds}; ${report.medianStepMs.toFixed(1)} ms per step (median)`);
  console.log(
    `last loss ${losses.at(-1)?.toFixed(4)}; peak ${(report.peakBytes / 2 ** 20).toFixed(0)} MiB on the device`,
  );
  console.log(`test accuracy ${(100 * testAccuracy).toFixed(2)} % of ${data.test.count} images`);
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`train: ${error.message}\nSee npm run train -- --help\n`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`train: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
