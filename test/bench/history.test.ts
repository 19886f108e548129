// The history of bench runs: what counts as a regression, and what a damaged file is answered with.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  appendHistory,
  compareLast,
  type HistoryEntry,
  HistoryError,
  historyEntry,
  type Ratio,
  readHistory,
} from "../../benchmarks/src/history.js";
import { report, run } from "./report_fixture.js";

const folder = mkdtempSync(join(tmpdir(), "facet-history-"));
afterAll(() => rmSync(folder, { recursive: true }));
const around = (value: number, spread: number): Ratio => [value, value - spread, value + spread];

describe("a regression", () => {
  const flagged = (before: Ratio, now: Ratio) => {
    const changes = compareLast([run("2026-01-01", { matmul: before }), run("2026-01-02", { matmul: now })]);
    return [changes?.regressions.length, changes?.gains.length];
  };

  test("is a fall beyond the spread of both runs", () => {
    expect(flagged(around(0.8, 0.05), around(0.6, 0.05))).toEqual([1, 0]);
    expect(flagged(around(0.6, 0.05), around(0.8, 0.05))).toEqual([0, 1]);
  });

  test("is none while the spreads touch, whichever run is the wide one", () => {
    expect(flagged(around(0.8, 0.11), around(0.6, 0.11))).toEqual([0, 0]);
    expect(flagged(around(0.8, 0.01), around(0.6, 0.2))).toEqual([0, 0]);
    expect(flagged(around(0.8, 0.2), around(0.6, 0.01))).toEqual([0, 0]);
    expect(flagged(around(0.8, 0.05), around(0.8, 0.05))).toEqual([0, 0]);
  });

  test("is looked for in the two newest runs, in rows that both have, the largest fall first", () => {
    const changes = compareLast([
      run("2026-01-01", { a: around(9, 0.1), b: around(9, 0.1), c: around(9, 0.1) }),
      run("2026-01-02", { a: around(1, 0.1), b: around(1, 0.1), gone: around(1, 0.1) }),
      run("2026-01-03", { a: around(0.7, 0.1), b: around(0.5, 0.1), fresh: around(0.1, 0) }),
    ]);
    expect(changes?.compared).toBe(2);
    expect(changes?.regressions.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  test("is not what all ratios of a kind did together, which is said once", () => {
    const names = Array.from({ length: 12 }, (_, i) => `row ${i}`);
    const all = (value: number): Record<string, Ratio> =>
      Object.fromEntries(names.map((name) => [name, around(value, 0.01)]));
    const slower = { ...all(0.4), "row 3": around(0.1, 0.01) };
    const changes = compareLast([run("2026-01-01", all(0.8)), run("2026-01-02", slower)]);
    expect(changes?.common.kernels).toBeCloseTo(0.5, 12);
    expect(changes?.common.peers).toBeUndefined();
    expect(changes?.regressions.map(({ name }) => name)).toEqual(["row 3"]);
    // A faster machine does not make a row that stood still one that fell.
    const faster = compareLast([
      run("2026-01-01", all(0.4)),
      run("2026-01-02", { ...all(0.8), "row 3": around(0.4, 0.01) }),
    ]);
    expect(faster?.regressions).toEqual([]);
    expect(faster?.gains).toEqual([]);
  });

  test("is not looked for between parts of rooflines that were found in different ways", () => {
    const [before, now] = [
      run("2026-01-01", { a: around(0.9, 0.01) }, { "relu beside jax-js": around(3, 0.1) }),
      run("2026-01-02", { a: around(0.5, 0.01) }, { "relu beside jax-js": around(2, 0.1) }),
    ];
    expect(compareLast([before, now])?.compared).toBe(2);
    const changes = compareLast([before, { ...now, roof: "another way" }]);
    expect(changes?.compared).toBe(1);
    expect(changes?.regressions.map(({ kind }) => kind)).toEqual(["peers"]);
  });

  test("needs two runs", () => {
    expect(compareLast([])).toBeUndefined();
    expect(compareLast([run("2026-01-01", {})])).toBeUndefined();
  });
});

test("a run's line has the roofline's share, each library's ratio and the step's, with what the quartiles give", () => {
  const entry = historyEntry(report, "abc") as HistoryEntry;
  expect(entry.commit).toBe("abc");
  // 2 ms, quartiles 1.8 and 2.2.
  expect(entry.kernels["matmul [128,128] <&>"]).toEqual([0.8, 0.727, 0.889]);
  const [median, low, high] = entry.peers[`${report.peers[0]?.workload.name} beside jax-js`] as Ratio;
  expect([median, low, high]).toEqual([2, 1.64, 2.44]);
  // Facet's quicker entry counts, and a library that lacks the workload has no ratio.
  expect(entry.peers[`${report.peers[1]?.workload.name} beside tfjs-backend-webgpu`]?.[0]).toBe(0.5);
  expect(Object.keys(entry.peers)).toHaveLength(3);
  const [share, worst, best] = entry.programs.keras as Ratio;
  expect(worst / share).toBeCloseTo(10 / 11, 2);
  expect(best / share).toBeCloseTo(10 / 9, 2);
  const { roofline: _, ...without } = report;
  expect(historyEntry(without)).toBeUndefined();
});

describe("the file", () => {
  const file = join(folder, "deeper", "gpu.jsonl");

  test("grows by a line a run, and is read oldest first", () => {
    expect(readHistory(file)).toEqual([]);
    appendHistory(file, run("2026-01-02", { b: around(1, 0.1) }));
    expect(appendHistory(file, run("2026-01-01", { a: around(1, 0.1) }))).toHaveLength(2);
    expect(readHistory(file).map(({ date }) => date)).toEqual(["2026-01-01", "2026-01-02"]);
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(3);
  });

  test.each([
    ["{", "is no JSON"],
    ["null", "got date undefined"],
    ['{"date":"yesterday"}', 'got date "yesterday"'],
    ['{"date":"2026-01-01"}', 'for kernels "kernels", got undefined'],
    ['{"date":"2026-01-01","kernels":{"a":[1,null,2]},"peers":{},"programs":{}}', 'kernels "a", got [1,null,2]'],
  ])("with the line %s is refused by file and line, and not written to", (line, defect) => {
    const damaged = join(folder, "damaged.jsonl");
    const text = `${JSON.stringify(run("2026-01-01", {}))}\n${line}\n`;
    writeFileSync(damaged, text);
    expect(() => readHistory(damaged)).toThrow(HistoryError);
    expect(() => appendHistory(damaged, run("2026-01-03", {}))).toThrow(`${damaged}:2: `);
    expect(() => readHistory(damaged)).toThrow(defect);
    expect(readFileSync(damaged, "utf8")).toBe(text);
  });
});
