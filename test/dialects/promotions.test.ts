// The dtype in which operands meet, held against the three frameworks.
import { type Dtype, resultType, type Standing } from "@facet/autograd";
import { loadGolden } from "@facet/testing";
import { describe, expect, test } from "vitest";

type Row = [Standing, Dtype, Standing, Dtype, string];
const rowsOf = (framework: string): Row[] =>
  loadGolden(`promotions_${framework}`).cases.flatMap(({ params }) => params.results as Row[]);

describe.each([
  ["torch", (standing: Standing) => standing],
  ["jax", (standing: Standing): Standing => (standing === "scalar" ? "array" : standing)],
  ["keras", (standing: Standing) => standing],
] as const)("as %s has it", (framework, standing) => {
  // Keras alone widens int32 beside uint32, to a dtype that there is not.
  const rows = rowsOf(framework).filter(([, , , , expected]) => expected !== "int64");
  test(`${rows.length} pairs`, () => {
    expect(rows.length).toBeGreaterThan(70);
    const found = rows.map(([a, x, b, y]) => [
      a,
      x,
      b,
      y,
      resultType([
        [x, standing(a)],
        [y, standing(b)],
      ]),
    ]);
    expect(found).toEqual(rows);
  });
});
