// Verdicts by name and area, as a table.
import { areaOf, brief, type Case, type Dialect, nameOf } from "./cases.js";
import { reasonFor } from "./known.js";
import { type Kind, kinds, type Verdict } from "./verdict.js";

/** Kinds that are faults unless they are known. A refusal says what it refuses, and what is absent is listed in COMPAT.md. */
export const FAULTS: readonly Kind[] = ["wrong", "untyped", "no-raise", "crash"];

export interface Found {
  readonly each: Case;
  readonly verdict: Verdict;
}

export interface Row {
  readonly name: string;
  readonly area: string;
  readonly cases: number;
  readonly counts: Readonly<Partial<Record<Kind | "known", number>>>;
}

export interface Report {
  readonly dialect: Dialect;
  readonly rows: readonly Row[];
  readonly parts: Readonly<Record<string, Readonly<Partial<Record<Kind, number>>>>>;
  /** Faults that no known difference explains. */
  readonly faults: readonly (Found & { readonly name: string })[];
}

export function reportOf(dialect: Dialect, found: readonly Found[]): Report {
  const rows = new Map<string, { name: string; area: string; cases: number; counts: Record<string, number> }>();
  const parts: Record<string, Record<string, number>> = {};
  const faults: (Found & { name: string })[] = [];
  for (const { each, verdict } of found) {
    const name = nameOf(dialect, each);
    const row = rows.get(name) ?? { name, area: areaOf(dialect, each), cases: 0, counts: {} };
    rows.set(name, row);
    row.cases++;
    const count = (table: Record<string, number>, key: string): void => {
      table[key] = (table[key] ?? 0) + 1;
    };
    const faulty = FAULTS.includes(verdict.kind);
    if (faulty && reasonFor(dialect, name, verdict)) count(row.counts, "known");
    else {
      count(row.counts, verdict.kind);
      if (faulty) faults.push({ each, verdict, name });
    }
    for (const [part, one] of Object.entries(verdict.parts ?? {})) {
      parts[part] ??= {};
      count(parts[part], one.kind);
      if (FAULTS.includes(one.kind) && !reasonFor(dialect, name, one)) faults.push({ each, verdict: one, name });
    }
  }
  return { dialect, rows: [...rows.values()], parts, faults };
}

const present = ({ counts, cases }: Row): boolean => (counts.absent ?? 0) < cases;
const whole = ({ counts, cases }: Row): boolean => (counts.right ?? 0) + (counts.known ?? 0) === cases;

/** The table as text: a line for each area, and one for all. */
export function table({ rows, parts }: Report): string {
  const columns = [...kinds, "known"] as const;
  const line = (title: string, list: readonly Row[]): string => {
    const sum = (key: Kind | "known"): number => list.reduce((total, { counts }) => total + (counts[key] ?? 0), 0);
    const cases = list.reduce((total, each) => total + each.cases, 0);
    const numbers = [list.length, list.filter(present).length, list.filter(whole).length, cases, ...columns.map(sum)];
    return title.padEnd(26) + numbers.map((each) => `${each}`.padStart(9)).join("");
  };
  const areas = [...new Set(rows.map(({ area }) => area))].sort();
  const lines = [
    "".padEnd(26) + ["names", "present", "whole", "cases", ...columns].map((each) => each.padStart(9)).join(""),
  ];
  for (const area of areas) {
    lines.push(
      line(
        area || "top level",
        rows.filter((row) => row.area === area),
      ),
    );
  }
  lines.push(line("all", rows));
  for (const [part, counts] of Object.entries(parts))
    lines.push(
      `${part}: ${Object.entries(counts)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(", ")}`,
    );
  return lines.join("\n");
}

/** Cases of one kind by name, the smallest first, `show` of each. */
export function listed(dialect: Dialect, found: readonly Found[], kind: Kind, show: number): string[] {
  const by = new Map<string, Found[]>();
  for (const one of found) {
    if (one.verdict.kind !== kind) continue;
    const name = nameOf(dialect, one.each);
    by.set(name, [...(by.get(name) ?? []), one]);
  }
  const size = ({ each }: Found): number => JSON.stringify(each).length;
  return [...by].flatMap(([name, list]) => [
    `${kind} ${name}: ${list.length}`,
    ...list
      .sort((a, b) => size(a) - size(b))
      .slice(0, show)
      .map(({ each, verdict }) => `    ${verdict.text ?? ""}\n    ${brief(each)}`),
  ]);
}
