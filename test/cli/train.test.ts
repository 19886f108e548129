// npm run train as a program: what it refuses, and what it prints. Runs the packages' dist.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function train(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "examples/src/train.ts", ...args],
    { cwd: root, encoding: "utf8", timeout: 100_000 },
  );
  return { status, stdout, stderr };
}

describe("a mistake in the command line is named, with exit status 2 and nothing on standard output", () => {
  test.each([
    ["--dialect: expected keras, torch, jax", ["--dialect", "tf"]],
    ["Unknown option '--bogus'", ["--bogus"]],
    ["Unexpected argument 'mnist'", ["mnist"]],
    ["--epochs: expected a whole number of at least 1", ["--epochs", "0"]],
    ["--batch-size: expected a whole number of at least 1", ["--batch-size", "1.5"]],
    ["--limit: expected a whole number of at least 1", ["--limit", "many"]],
    ["--plan: expected on, off", ["--plan", "yes"]],
    ["--data: expected mnist, fashion-mnist, digits", ["--data", "imagenet"]],
  ])("%s", (message, args) => {
    const { status, stdout, stderr } = train(...args);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

test("--help lists every option", () => {
  const { status, stdout } = train("--help");
  expect(status).toBe(0);
  for (const option of "dialect data limit test-limit epochs batch-size seed plan align json help".split(" "))
    expect(stdout).toContain(`--${option} `);
});

test("--json prints one line of JSON and nothing else on standard output", () => {
  const size = ["--limit", "80", "--test-limit", "40", "--batch-size", "32", "--epochs", "2"];
  const { status, stdout } = train("--dialect", "jax", "--data", "digits", ...size, "--json");
  expect(status).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const report = JSON.parse(stdout);
  expect(report).toEqual({
    dialect: "jax",
    data: "digits",
    adapter: expect.any(String),
    parameters: 34826,
    losses: expect.any(Array),
    testAccuracy: expect.any(Number),
    epochSeconds: [expect.any(Number), expect.any(Number)],
    medianStepMs: expect.any(Number),
    peakBytes: expect.any(Number),
  });
  expect(report.losses).toHaveLength(6);
  for (const loss of report.losses) expect(loss).toBeGreaterThan(0);
});

test("without --json a person reads a summary", () => {
  const { status, stdout } = train("--dialect", "jax", "--data", "digits", "--limit", "32", "--test-limit", "20");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^jax on digits \(32 images\), \S/);
  expect(stdout).toMatch(/34826 parameters; epochs [\d.]+ s; [\d.]+ ms per step \(median\)/);
  expect(stdout).toMatch(/test accuracy [\d.]+ % of 20 images/);
});
