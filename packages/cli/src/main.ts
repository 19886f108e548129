// The facet command: picks a subcommand, turns errors into text and exit codes. 0 well, 1 failed, 2 called wrongly.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FacetError } from "@facet/kernels-wgsl";
import { doctor } from "./doctor.js";
import { listKernels } from "./kernels.js";
import { type Output, terminal } from "./output.js";
import { PROGRAMS, runProgram } from "./program.js";
import { tune } from "./tune.js";

const HELP = `Usage: facet <command> [options]

Commands
  doctor               what Facet computes on here, how fast it is, and what would make it faster
    --adapter NAME     look at this adapter: hardware, lavapipe, swiftshader or a part of a name (default: FACET_ADAPTER)
    --json             print one JSON object instead of text
  kernels [text]       the GPU kernels and their variants; with a text, those whose name has it, and their cases
  tune [text]          measure the variants of all kernels, or those whose name has the text, and store which is fastest
    --adapter NAME     on this adapter
    --out FILE         write what differs from the default to FILE, not to the cache
  compare NAME ...     train the programs of an experiment side by side; \`facet compare --help\` lists experiments and options
  census [NAME]        how many public programs the dialects can express, and what stops the rest; \`--help\` lists options
  conformance NAME     run cases of the original's own tests through the dialect torch, keras or jax; \`--help\` lists options
  fuzz torch           run random programs by PyTorch and by the dialect side by side; \`facet fuzz --help\` lists options
  gallery [text]       train the programs of examples/gallery beside their originals' losses, and draw both

Options
  -h, --help           print this
  -v, --version        print the version`;

const COMMANDS = ["doctor", "kernels", "tune", ...Object.keys(PROGRAMS)];

/** Runs the command with the process's own arguments and terminal; returns the exit code. */
export function run(): Promise<number> {
  return main(process.argv.slice(2), terminal());
}

/** Runs the command line `args` (without node and script), writes to `output` and returns the exit code. */
export async function main(args: readonly string[], output: Output): Promise<number> {
  // Their options are their own.
  if (args[0] !== undefined && Object.hasOwn(PROGRAMS, args[0])) return runProgram(output, args[0], args.slice(1));
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        version: { type: "boolean", short: "v" },
        json: { type: "boolean" },
        adapter: { type: "string" },
        out: { type: "string" },
      },
    });
    const [command, ...rest] = positionals;
    if (values.help) return print(output, HELP);
    if (values.version) return print(output, version());
    if (command === undefined) return misuse(output, "no command given");
    if (!COMMANDS.includes(command)) return misuse(output, `unknown command "${command}"`, command);
    if (values.out !== undefined && command !== "tune") return misuse(output, "--out belongs to tune");
    if (values.json && command !== "doctor") return misuse(output, "--json belongs to doctor");
    if (command === "doctor") {
      if (rest.length > 0) return misuse(output, `doctor takes no "${rest[0]}"`);
      return await doctor(output, { adapter: values.adapter, json: values.json ?? false });
    }
    if (rest.length > 1) return misuse(output, `${command} takes one text, not "${rest.join(" ")}"`);
    if (command === "tune")
      return await tune(output, { text: rest[0] ?? "", adapter: values.adapter, out: values.out });
    if (values.adapter !== undefined) return misuse(output, "--adapter belongs to doctor and tune");
    return listKernels(output, rest[0] ?? "");
  } catch (error) {
    // What parseArgs does not understand.
    if (error instanceof TypeError && "code" in error && `${error.code}`.startsWith("ERR_PARSE_ARGS")) {
      return misuse(output, error.message.split(". ")[0] as string);
    }
    if (!(error instanceof FacetError)) throw error;
    output.error(`facet: ${error.message}`);
    return 1;
  }
}

function print(output: Output, text: string): number {
  output.line(text);
  return 0;
}

function misuse(output: Output, problem: string, command?: string): number {
  const meant = COMMANDS.find((candidate) => command !== undefined && near(candidate, command.toLowerCase()));
  output.error(`facet: ${problem}.${meant ? ` Did you mean "${meant}"?` : ""}`);
  output.error("`facet --help` lists commands and options.");
  return 2;
}

/** Whether one begins as the other does, or they have most letters in common. */
function near(candidate: string, given: string): boolean {
  if (given.length >= 2 && (candidate.startsWith(given) || given.startsWith(candidate))) return true;
  const letters = [...candidate].filter(
    (letter, i) => given[i] === letter || given[i - 1] === letter || given[i + 1] === letter,
  );
  return letters.length >= candidate.length - 1;
}

/** Version of this package, which all of Facet's packages share. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return manifest.version as string;
}
