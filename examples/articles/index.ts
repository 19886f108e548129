// The programs of the articles, by the names that experiments and reports use.
import type { Program } from "./run.js";

export type { EpochLogs, Outcome, PendingLoss, Phase, Program, Run } from "./run.js";
export { type EpochRecord, type RunProgress, type RunRecord, type RunSettings, record } from "./run_log.js";

export interface ArticleProgram {
  /** File of the program without its extension, below this folder; the Python beside it has the same name. */
  readonly file: string;
  readonly load: () => Promise<Program>;
}

/** Keys are "<network>/<program>". */
export const articlePrograms: Readonly<Record<string, ArticleProgram>> = {};
