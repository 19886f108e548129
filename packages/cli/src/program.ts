import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Output } from "./output.js";

/** Commands that are programs of the repository, not of the published packages. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  compare: "benchmarks/src/compare.ts",
  census: "test/census/run.ts",
  conformance: "test/conformance/run.ts",
  fuzz: "test/fuzz/run.ts",
  gallery: "benchmarks/src/gallery.ts",
};

/** Runs such a program with the arguments that follow its name; returns its exit code. */
export async function runProgram(output: Output, command: string, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`../../../${PROGRAMS[command]}`, import.meta.url));
  if (!existsSync(file)) {
    output.error(`facet: ${command} runs a program of Facet's repository; it is here only in a checkout of that.`);
    return 1;
  }
  const tsx = pathToFileURL(createRequire(file).resolve("tsx")).href;
  const child = spawn(process.execPath, ["--import", tsx, file, ...args], { stdio: "inherit" });
  // Ctrl-C reaches both; the program decides how to end.
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
