// Runs programs with mistakes in them: node run_mutants.ts FOLDER NAME..., a line of JSON on standard output for each.
import { pathToFileURL } from "node:url";
import { device, startDevice } from "@facet/autograd";
import { loadDataset } from "@facet/datasets";
import { type Program, record } from "@facet/examples/articles";
import { FacetError } from "@facet/kernels-wgsl";
import type { MutantRun } from "./mutants.js";

/**
 * Three epochs of one step each: what a step leaves behind shows in the loss after the next. Fewer images to test on than to
 * train on, as in the real sets, and enough of them that a wrong way to test shows in the accuracy.
 */
const EPOCHS = 3;
const IMAGES = { limit: 60, testLimit: 50 };
/** What a mistake may take before it is given up. */
const LIMIT = 20_000;

const [folder, ...names] = process.argv.slice(2) as [string, ...string[]];
await startDevice();
const data = await loadDataset("digits", IMAGES);

for (const name of names) {
  const run = await runOne(name);
  process.stdout.write(`${JSON.stringify({ name, ...run } satisfies MutantRun)}\n`);
}
// Work that a mistake left behind is no reason to stay.
device().close();
process.exit(0);

type Outcome = { error: string; typed: boolean } | { losses: number[]; accuracy: number; loss: number | undefined };

async function runOne(name: string): Promise<Outcome> {
  let unhandled: ((error: unknown) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  // What nobody awaits fails here, not in the program.
  const failed = new Promise<never>((_, reject) => {
    unhandled = reject;
    timer = setTimeout(() => reject(new Error(`no end after ${LIMIT / 1000} s`)), LIMIT);
    process.on("unhandledRejection", reject);
    process.on("uncaughtException", reject);
  });
  try {
    return await Promise.race([finished(name), failed]);
  } catch (error) {
    const [message = ""] = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n");
    return { error: message, typed: error instanceof FacetError };
  } finally {
    clearTimeout(timer);
    process.off("unhandledRejection", unhandled as never);
    process.off("uncaughtException", unhandled as never);
  }
}

async function finished(name: string): Promise<Outcome> {
  const { program } = (await import(pathToFileURL(`${folder}/${name}.ts`).href)) as { program: Program };
  const { losses, accuracy, loss } = await record(program, { data, epochs: EPOCHS, seed: 0 });
  // Time for what the program did not wait for.
  await new Promise((resolve) => setTimeout(resolve, 30));
  await device().finish();
  return { losses, accuracy, loss };
}
