// Gradients of elementwise ops; and that every op has a row.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";
import { checkRows } from "./gradient_checks.js";
import { elementwiseFamily, gradientRows, withoutGradient } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

checkRows(elementwiseFamily);

describe("the op table", () => {
  test("has a row for every op", () => {
    const covered = new Set([...gradientRows.map((row) => row.op), ...withoutGradient]);
    expect([...F.opTable.keys()].filter((name) => !covered.has(name))).toEqual([]);
    expect([...covered].filter((name) => !F.opTable.has(name))).toEqual([]);
  });

  test("says of every input of a gradient-free op that it has none", () => {
    for (const name of withoutGradient) {
      const rules = Object.values(F.opTable.get(name)?.spec.vjp ?? {});
      expect(
        rules.every((rule) => "nonDifferentiable" in (rule as object)),
        name,
      ).toBe(true);
    }
  });
});
