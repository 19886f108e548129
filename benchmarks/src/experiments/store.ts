// Results of an experiment on disk: a folder per adapter and scale, a file per program, data set and seed. A file that is
// there is not measured again, which is how an interrupted experiment goes on.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord } from "@facet/examples/articles";
import type { Scale } from "./experiment.js";

/** One program, run once. */
export interface UnitResult {
  experiment: string;
  program: string;
  /** `images` says whether people made them or this library did. */
  data: { name: string; images: "real" | "generated"; train: number; test: number; note?: string };
  seed: number;
  scale: Scale;
  adapter: { name: string; kind: string; driver: string };
  /** `load`: runnable processes over the last minute when the program ended; beyond `cores`, its times are those of a busy machine. */
  host: { cpu: string; cores: number; node: string; load: number };
  date: string;
  loadSeconds: number;
  /** SHA-256 of the losses as float32: equal where two programs did the same arithmetic. */
  lossDigest: string;
  record: RunRecord;
  memory: { peak: number; live: number; byOwner: Record<string, number> };
}

/** Results that cannot be kept or read. The message says which file, and what is wrong with it. */
export class ResultsError extends Error {
  constructor(file: string, defect: string, options?: { cause?: unknown }) {
    super(`${file}: ${defect}`, options);
    this.name = "ResultsError";
  }
}

/** Where units are kept while and after they are measured. */
export interface UnitStore {
  find(program: string, data: string, seed: number): UnitResult | undefined;
  save(unit: UnitResult): void;
  units(): UnitResult[];
}

/** Keeps results for the length of the process. */
export class MemoryStore implements UnitStore {
  readonly #units: UnitResult[] = [];

  find(program: string, data: string, seed: number): UnitResult | undefined {
    return this.#units.find((unit) => unit.program === program && unit.data.name === data && unit.seed === seed);
  }

  save(unit: UnitResult): void {
    this.#units.push(unit);
  }

  units(): UnitResult[] {
    return [...this.#units];
  }
}

const LOCK = "running.lock";

/** Keeps each result in a file of `folder`, which one process at a time may have. */
export class FolderStore implements UnitStore {
  readonly folder: string;

  /** @throws ResultsError where the folder cannot be written to, or another process that lives has it */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      this.#lock();
    } catch (cause) {
      if (cause instanceof ResultsError) throw cause;
      throw new ResultsError(folder, `no results can be kept there (${message(cause)})`, { cause });
    }
  }

  find(program: string, data: string, seed: number): UnitResult | undefined {
    const file = join(this.folder, unitFile(program, data, seed));
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new ResultsError(file, `cannot be read (${message(cause)})`, { cause });
    }
    return parseUnit(file, text);
  }

  /** Whole or not at all: the file is written beside its place and moved there. */
  save(unit: UnitResult): void {
    const file = join(this.folder, unitFile(unit.program, unit.data.name, unit.seed));
    const unfinished = `${file}.unfinished`;
    try {
      writeFileSync(unfinished, formatUnit(unit));
      renameSync(unfinished, file);
    } catch (cause) {
      rmSync(unfinished, { force: true });
      throw new ResultsError(file, `cannot be written (${message(cause)})`, { cause });
    }
  }

  units(): UnitResult[] {
    return readUnits(this.folder);
  }

  /** Lets other processes have the folder. */
  close(): void {
    rmSync(join(this.folder, LOCK), { force: true });
  }

  #lock(): void {
    const file = join(this.folder, LOCK);
    for (;;) {
      try {
        writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      }
      const holder = Number(readFileSync(file, "utf8"));
      if (lives(holder)) {
        throw new ResultsError(
          this.folder,
          `process ${holder} is writing its results there; wait for it, or use --out`,
        );
      }
      // Left behind by a process that was killed.
      rmSync(file, { force: true });
    }
  }
}

/** All results of a folder, in the order of their names. @throws ResultsError for a file that is none */
export function readUnits(folder: string): UnitResult[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.sort().map((name) => parseUnit(join(folder, name), readFileSync(join(folder, name), "utf8")));
}

function unitFile(program: string, data: string, seed: number): string {
  return `${program}.${data}.seed${seed}.json`;
}

/** Arrays of numbers take one line each, with the digits that a chart can show. */
function formatUnit(unit: UnitResult): string {
  const short = (numbers: number[], digits: number): string =>
    `[${numbers.map((number) => (Number.isFinite(number) ? Number(number.toPrecision(digits)) : null)).join(",")}]`;
  const { losses, stepMs, ...record } = unit.record;
  return JSON.stringify({ ...unit, record: { ...record, losses: "LOSSES", stepMs: "STEP_MS" } }, undefined, 1)
    .replace('"LOSSES"', () => short(losses, 6))
    .replace('"STEP_MS"', () => short(stepMs, 4))
    .concat("\n");
}

function parseUnit(file: string, text: string): UnitResult {
  let unit: Partial<UnitResult>;
  try {
    unit = JSON.parse(text) as Partial<UnitResult>;
  } catch (cause) {
    throw new ResultsError(file, `is no JSON (${message(cause)}); move it away and run again`, { cause });
  }
  if (typeof unit.program !== "string" || typeof unit.seed !== "number" || !Array.isArray(unit.record?.losses))
    throw new ResultsError(file, "is no result of an experiment; move it away and run again");
  // JSON has no NaN: a loss that was one is null in the file.
  unit.record.losses = unit.record.losses.map((loss) => loss ?? Number.NaN);
  return unit as UnitResult;
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
