// A few cases a name of the originals' own test suites (test/conformance/short_*.jsonl.gz): nothing is wrong, untyped, or
// answered where the original refuses, except what known.json explains. All cases: npx facet conformance torch
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type Dialect, dialects, loadCases } from "./cases.js";
import { known } from "./known.js";
import { type Found, type Report, reportOf, table } from "./report.js";
import { judge, Wrong } from "./verdict.js";

const at = (path: string): string => fileURLToPath(new URL(`./${path}`, import.meta.url));

const reports = new Map<Dialect, Report>();
async function reportOn(dialect: Dialect): Promise<Report> {
  const made = reports.get(dialect);
  if (made) return made;
  const { run } = (await import(`./${dialect}.ts`)) as typeof import("./torch.js");
  const found: Found[] = [];
  for (const each of loadCases(at(`short_${dialect}.jsonl.gz`))) found.push({ each, verdict: await run(each) });
  const report = reportOf(dialect, found);
  reports.set(dialect, report);
  return report;
}

describe.each(dialects)("%s", (dialect) => {
  test("nothing is wrong that is not known", async () => {
    const { faults } = await reportOn(dialect);
    expect(faults.map(({ name, verdict }) => `${name}: ${verdict.kind}: ${verdict.text}`)).toEqual([]);
  });

  test("most of what is present is right", async () => {
    const { rows } = await reportOn(dialect);
    const sum = (kind: "right" | "absent"): number =>
      rows.reduce((total, { counts }) => total + (counts[kind] ?? 0), 0);
    const cases = rows.reduce((total, each) => total + each.cases, 0);
    expect(sum("right")).toBeGreaterThan((cases - sum("absent")) / 2);
  });
});

test("known differences have reasons", () => {
  for (const { reason } of known) expect(reason.length).toBeGreaterThan(20);
});

test("a wrong value is told from a refusal and from an error without a type", () => {
  expect(judge(new Wrong("x")).kind).toBe("wrong");
  expect(judge(new TypeError("x")).kind).toBe("untyped");
  expect(judge(null, "ValueError").kind).toBe("no-raise");
});

afterAll(() => {
  for (const [dialect, report] of reports) console.log(`${dialect}, the short form:\n${table(report)}`);
});
