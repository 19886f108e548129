// What earlier runs of the bench found, one line of JSON a run: ratios that mean the same on another day and nearly the same on
// another machine, with the spread measured in the run, so that a loss can be told from noise.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { stepFlops } from "./models.js";
import type { Report } from "./report.js";
import { isFacet } from "./report_peers.js";
import { median } from "./statistics.js";

/** Higher is better: the median, and what the quartiles of the times make of it at worst and at best. */
export type Ratio = [value: number, low: number, high: number];

export interface HistoryEntry {
  date: string;
  /** Of the working tree; absent where there is none. */
  commit?: string;
  adapter: { name: string; driver: string };
  host: string;
  versions: Record<string, string>;
  /** How the roofline was found (ROOF_METHOD); absent in runs before there were several ways. */
  roof?: string;
  /** By kernel and case: part of the roofline measured in the same run. */
  kernels: Record<string, Ratio>;
  /** By workload and library ("relu [1024] beside jax-js"): the library's time over Facet's. */
  peers: Record<string, Ratio>;
  /**
   * By dialect: the time that the step's multiplications and additions would take at the rate of fused multiply-adds measured
   * in the same run, over the step's. A faster machine raises that rate too, which milliseconds would pass for an improvement.
   */
  programs: Record<string, Ratio>;
}

export const KINDS = ["kernels", "peers", "programs"] as const;
export type Kind = (typeof KINDS)[number];

const BESIDE = " beside ";
export const libraryOf = (name: string): string => name.slice(name.lastIndexOf(BESIDE) + BESIDE.length);

/** A line of the history that is none. */
export class HistoryError extends Error {
  constructor(file: string, line: number, defect: string, options?: { cause?: unknown }) {
    super(`${file}:${line}: ${defect}; mend or remove the line`, options);
    this.name = "HistoryError";
  }
}

/** The line of a whole run; a report without a roofline has none. */
export function historyEntry(report: Report, commit?: string): HistoryEntry | undefined {
  const { roofline } = report;
  if (!roofline) return undefined;
  const kernels = report.kernels.map((row): [string, Ratio] => {
    const share = row.percentOfRoofline / 100;
    return [
      `${row.kernel} ${row.case}`,
      short(share, (share * row.medianMs) / row.highMs, (share * row.medianMs) / row.lowMs),
    ];
  });
  const peers = report.peers.flatMap(({ workload, entries }) => {
    const timings = Object.entries(entries).flatMap(([name, entry]) =>
      "timing" in entry ? [{ name, ...entry.timing }] : [],
    );
    const [own] = timings.filter(({ name }) => isFacet(name)).sort((a, b) => a.medianMs - b.medianMs);
    return timings
      .filter(({ name }) => !isFacet(name))
      .flatMap(({ name, medianMs, lowMs, highMs }): [string, Ratio][] =>
        own
          ? [
              [
                `${workload.name}${BESIDE}${name}`,
                short(medianMs / own.medianMs, lowMs / own.highMs, highMs / own.lowMs),
              ],
            ]
          : [],
      );
  });
  const programs = report.programs.flatMap((row): [string, Ratio][] => {
    const quartiles = row.inTurn ? [row.inTurn.lowMs, row.inTurn.highMs] : row.steadyQuartilesMs;
    const stepMs = row.inTurn?.medianMs ?? row.steadyStepMs;
    if (!quartiles) return [];
    const [low, high] = quartiles as [number, number];
    const floorMs = stepFlops("mnist_cnn", row.batchSize) / roofline.gigaflops / 1e6;
    const name = row.aligned ? `${row.dialect} (aligned)` : row.dialect;
    return [[name, short(floorMs / stepMs, floorMs / high, floorMs / low)]];
  });
  return {
    date: report.date,
    ...(commit !== undefined && { commit }),
    adapter: { name: report.adapter.name, driver: report.adapter.driver },
    host: `${report.host.cpu}, ${report.host.cores} cores`,
    versions: report.versions,
    ...(roofline.method !== undefined && { roof: roofline.method }),
    kernels: Object.fromEntries(kernels),
    peers: Object.fromEntries(peers),
    programs: Object.fromEntries(programs),
  };
}

const short = (...values: Ratio): Ratio => values.map((value) => Number(value.toPrecision(3))) as Ratio;

/** All runs, oldest first; none where there is no file. @throws HistoryError */
export function readHistory(file: string): HistoryEntry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text
    .split("\n")
    .flatMap((line, i) => (line.trim() === "" ? [] : [parseLine(file, i + 1, line)]))
    .sort((a, b) => a.date.localeCompare(b.date));
}

function parseLine(file: string, number: number, line: string): HistoryEntry {
  let entry: Partial<HistoryEntry>;
  try {
    entry = JSON.parse(line) as Partial<HistoryEntry>;
  } catch (cause) {
    throw new HistoryError(file, number, `is no JSON (${(cause as Error).message})`, { cause });
  }
  if (typeof entry?.date !== "string" || Number.isNaN(Date.parse(entry.date)))
    throw new HistoryError(file, number, `expected a run with its date, got date ${JSON.stringify(entry?.date)}`);
  for (const kind of KINDS)
    for (const [name, ratio] of Object.entries(entry[kind] ?? { [kind]: undefined })) {
      const good = Array.isArray(ratio) && ratio.length === 3 && ratio.every((value) => Number.isFinite(value));
      if (!good)
        throw new HistoryError(
          file,
          number,
          `expected three numbers for ${kind} "${name}", got ${JSON.stringify(ratio)}`,
        );
    }
  return entry as HistoryEntry;
}

/** Adds a run. What is there already is read first: a file that cannot be read is not written to. @throws HistoryError */
export function appendHistory(file: string, entry: HistoryEntry): HistoryEntry[] {
  const before = readHistory(file);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
  return [...before, entry];
}

/** Of the working tree of `folder`; undefined outside of one. */
export function currentCommit(folder: string): string | undefined {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
    }).trim();
  } catch {
    return undefined;
  }
}

export interface Change {
  kind: Kind;
  name: string;
  before: Ratio;
  now: Ratio;
}

export interface Changes {
  before: HistoryEntry;
  now: HistoryEntry;
  /** Ratios that both runs have. */
  compared: number;
  /** Median of now over before of each kind that has enough ratios to tell: what all of them did together. */
  common: Partial<Record<Kind, number>>;
  /** Fell, or rose, so far that the spreads of the two runs do not touch; the largest change first. */
  regressions: Change[];
  gains: Change[];
}

/** Parts of a roofline say nothing beside parts of one that was found otherwise. */
export const comparable = (kind: Kind, a: HistoryEntry, b: HistoryEntry): boolean =>
  kind === "peers" || a.roof === b.roof;

/** Fewer ratios than this do not tell a common change from their own. */
const ENOUGH = 8;

/**
 * The newest run beside the one before it; undefined where there are not two. A machine that is busier in one run moves all its
 * ratios, by more than their spread within the run: what the ratios of a kind did together is said once, and does not count
 * against each of them.
 */
export function compareLast(history: readonly HistoryEntry[]): Changes | undefined {
  const [before, now] = history.slice(-2);
  if (!before || !now) return undefined;
  const common: Changes["common"] = {};
  const all = KINDS.flatMap((kind) => {
    if (!comparable(kind, before, now)) return [];
    const changes = Object.entries(now[kind]).flatMap(([name, ratio]): Change[] => {
      const old = before[kind][name];
      return old ? [{ kind, name, before: old, now: ratio }] : [];
    });
    if (changes.length >= ENOUGH) common[kind] = median(changes.map(({ before, now }) => now[0] / before[0]));
    return changes;
  });
  const size = ({ before, now }: Change): number => Math.abs(Math.log(now[0] / before[0]));
  const bySize = (changes: Change[]): Change[] => changes.sort((a, b) => size(b) - size(a));
  const shift = ({ kind }: Change): number => common[kind] ?? 1;
  return {
    before,
    now,
    compared: all.length,
    common,
    regressions: bySize(all.filter((change) => change.now[2] < change.before[1] * Math.min(1, shift(change)))),
    gains: bySize(all.filter((change) => change.now[1] > change.before[2] * Math.max(1, shift(change)))),
  };
}
