// Plants mistakes, and lets the compiler and a run of three steps say what becomes of each. None is judged by hand.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Mistake, type MistakenProgram, mistaken, mistakes, type Plant } from "./mistakes.js";
import { articlesFolder } from "./text.js";

export interface Verdict {
  mistake: string;
  program: MistakenProgram;
  /** Who notices: the compiler, else the library when it runs, else nobody. "impossible": the program has nothing to be mistaken in. */
  by: "compiler" | "run" | "nobody" | "impossible";
  /** First line of the error; for "nobody" what came out, for "impossible" why. */
  message: string;
  /** For "run": whether the error is one of Facet's, which names op, argument, what was expected and what was given. */
  typed?: boolean;
  /** For "nobody": whether losses and accuracy are to the bit those of the program without the mistake. */
  sameResult?: boolean;
}

/** A program with a mistake in it. */
export interface Mutant {
  mistake: string;
  program: MistakenProgram;
  text: string;
}

/** What a run of a mutant came to, as run_mutants.ts writes it, a line each. */
export type MutantRun = { name: string } & (
  | { error: string; typed: boolean }
  | { losses: number[]; accuracy: number; loss: number | undefined }
);

/** The mistake that is none: these programs must compile and run. */
const NONE = "none";
const benchmarks = fileURLToPath(new URL("../..", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));

const plantOf = ({ plant }: Mistake, program: MistakenProgram): Plant =>
  plant[program.split("_")[0] as keyof Mistake["plant"]];

/** The program's text with the mistake in it. Throws RangeError where an edit does not find its place, or several. */
export function planted(mistake: Mistake, program: MistakenProgram, text: string): string | undefined {
  const plant = plantOf(mistake, program);
  if ("because" in plant) return undefined;
  return plant.reduce((text, { find, put }) => {
    const places = text.split(find).length - 1;
    if (places !== 1)
      throw new RangeError(
        `${mistake.id} in ${program}: expected ${JSON.stringify(find)} once, found it ${places} times`,
      );
    return text.replace(find, () => put);
  }, text);
}

/** Every program with every mistake that can be made in it, and without one. */
export function allMutants(): Mutant[] {
  return mistaken.flatMap((program) => {
    const text = readFileSync(`${articlesFolder}mnist_cnn/${program}.ts`, "utf8");
    const mutants: Mutant[] = [{ mistake: NONE, program, text }];
    for (const mistake of mistakes) {
      const changed = planted(mistake, program, text);
      if (changed !== undefined) mutants.push({ mistake: mistake.id, program, text: changed });
    }
    return mutants;
  });
}

const nameOf = ({ program, mistake }: Pick<Mutant, "program" | "mistake">): string => `${program}__${mistake}`;

/** Compiles and runs all mutants; throws where a program without a mistake does not compile or run. */
export async function judgeMistakes(): Promise<Verdict[]> {
  // Below this package, so that its dependencies and its compiler's options are those of the mutants too.
  const folder = mkdtempSync(`${benchmarks}.mutants-`);
  try {
    const mutants = allMutants();
    for (const mutant of mutants) {
      const text = mutant.text.replaceAll('from "../', 'from "../../examples/articles/');
      writeFileSync(`${folder}/${nameOf(mutant)}.ts`, text);
    }
    const refused = await compileErrors(folder, mutants.map(nameOf));
    const running = mutants.map(nameOf).filter((name) => !refused.has(name));
    const runs = await runAll(folder, running);
    for (const program of mistaken) {
      const name = nameOf({ program, mistake: NONE });
      const run = runs.get(name);
      if (!run || "error" in run) throw new Error(`${program} without a mistake: ${refused.get(name) ?? run?.error}`);
    }
    return mistakes.flatMap((mistake) => mistaken.map((program) => verdictOf(mistake, program, refused, runs)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function verdictOf(
  mistake: Mistake,
  program: MistakenProgram,
  refused: ReadonlyMap<string, string>,
  runs: ReadonlyMap<string, MutantRun>,
): Verdict {
  const about = { mistake: mistake.id, program };
  const plant = plantOf(mistake, program);
  if ("because" in plant) return { ...about, by: "impossible", message: plant.because };
  const name = nameOf(about);
  const error = refused.get(name);
  if (error !== undefined) return { ...about, by: "compiler", message: error };
  const [run, right] = [name, nameOf({ program, mistake: NONE })].map((name) => runs.get(name)) as [
    MutantRun,
    MutantRun,
  ];
  if ("error" in run) return { ...about, by: "run", message: run.error, typed: run.typed };
  const outcome = ({ losses, accuracy, loss }: typeof run): string => JSON.stringify([losses, accuracy, loss]);
  const sameResult = "losses" in right && outcome(run) === outcome(right);
  const losses =
    run.losses.length > 0 ? `losses ${run.losses.map((loss) => loss.toPrecision(4)).join(", ")}` : "no step";
  return { ...about, by: "nobody", message: `${losses}, accuracy ${run.accuracy}`, sameResult };
}

/** First error of each file that the project's compiler refuses: one run over all. */
async function compileErrors(folder: string, names: readonly string[]): Promise<Map<string, string>> {
  const config = {
    extends: "../tsconfig.json",
    // What is asked is what an API's types catch; a name that an edit leaves unused is a linter's matter.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    files: names.map((name) => `${name}.ts`),
    include: [],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  const tsc = fileURLToPath(new URL("./bin/tsc", import.meta.resolve("typescript/package.json")));
  const output = await outputOf([tsc, "-p", folder, "--pretty", "false"]);
  const errors = new Map<string, string>();
  for (const [line, file, message] of output.matchAll(/^(\S.*?)\(\d+,\d+\): error (TS\d+: .*)$/gm)) {
    const name = (file as string).match(/([^/\\]+)\.ts$/)?.[1] as string;
    if (!names.includes(name)) throw new Error(`tsc over the planted mistakes: ${line}`);
    // Types of whole modules are told by their files.
    if (!errors.has(name)) errors.set(name, (message as string).replaceAll(root, ""));
  }
  if (/^error /m.test(output)) throw new Error(`tsc over the planted mistakes: ${output.trim()}`);
  return errors;
}

/** In a process of its own: a mistake may leave work behind, or settings, or end the process. */
async function runAll(folder: string, names: readonly string[]): Promise<Map<string, MutantRun>> {
  const program = fileURLToPath(new URL("./run_mutants.ts", import.meta.url));
  const output = await outputOf(["--import", import.meta.resolve("tsx"), program, folder, ...names]);
  const lines = output.split("\n").filter((line) => line.startsWith('{"name":'));
  const runs = new Map(lines.map((line) => JSON.parse(line) as MutantRun).map((run) => [run.name, run]));
  const missing = names.filter((name) => !runs.has(name));
  if (missing.length > 0) throw new Error(`no word of ${missing.join(", ")}: ${output.slice(-2000)}`);
  return runs;
}

/** Standard output, and after it standard error, of Node with these arguments. */
function outputOf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: benchmarks, stdio: ["ignore", "pipe", "pipe"] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (data: Buffer) => out.push(data));
    child.stderr.on("data", (data: Buffer) => err.push(data));
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat([...out, ...err]).toString()));
  });
}
