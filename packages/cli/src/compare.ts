import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Output } from "./output.js";

/** The experiments are programs of the repository, not of the published packages. */
const PROGRAM = fileURLToPath(new URL("../../../benchmarks/src/compare.ts", import.meta.url));

/** Runs an experiment with the arguments that follow `facet compare`; returns its exit code. */
export async function compare(output: Output, args: readonly string[]): Promise<number> {
  if (!existsSync(PROGRAM)) {
    output.error("facet: compare runs the experiments of Facet's repository; it is here only in a checkout of that.");
    return 1;
  }
  const tsx = pathToFileURL(createRequire(PROGRAM).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", tsx, PROGRAM, ...args], { stdio: "inherit" });
  // Ctrl-C reaches both; the experiment decides how to end.
  const wait = (): void => {};
  process.on("SIGINT", wait);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
    });
  } finally {
    process.off("SIGINT", wait);
  }
}
