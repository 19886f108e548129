// What originals.py found: the same programs in their own frameworks.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ResultsError } from "./store.js";

/** One Python program of the articles, run once in its own framework. */
export interface OriginalResult {
  program: string;
  data: string;
  seed: number;
  epochs: number;
  /** Images trained and tested on. */
  train: number;
  test: number;
  accuracy: number;
  /** Of the whole process, start of Python and loading included. */
  seconds: number;
  /** Of the libraries, by name. */
  versions: Record<string, string>;
  date: string;
}

/** Those of an experiment; none where it has no file. @throws ResultsError for a file that is no list of results */
export function readOriginals(experimentFolder: string): OriginalResult[] {
  const file = join(experimentFolder, "originals.json");
  if (!existsSync(file)) return [];
  let list: unknown;
  try {
    list = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ResultsError(file, `is no JSON (${(cause as Error).message})`, { cause });
  }
  if (!Array.isArray(list) || list.some((one) => typeof one?.program !== "string" || typeof one.accuracy !== "number"))
    throw new ResultsError(file, "is no list of results of originals.py");
  return list as OriginalResult[];
}
