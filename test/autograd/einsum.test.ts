// einsum against sums written out, the plans of its products, and what is refused.
import * as F from "@facet/autograd";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

describe("a product reads its operands where they lie", () => {
  const plan = (equation: string, a: number[], b: number[]): F.ContractPlan => {
    const [terms, out] = equation.split("->") as [string, string];
    const [left, right] = terms.split(",") as [string, string];
    return F.contractPlan(a, b, { a: [...left], b: [...right], out: [...out] });
  };
  test.each([
    ["ij,jk->ik", [3, 4], [4, 5]],
    ["ji,kj->ik", [4, 3], [5, 4]],
    ["ij,jk->ki", [3, 4], [4, 5]],
    // Scores of attention and what they weigh, with heads inside and outside.
    ["bthd,bshd->bhts", [2, 5, 3, 4], [2, 6, 3, 4]],
    ["bhtd,bhsd->bhts", [2, 3, 5, 4], [2, 3, 6, 4]],
    ["bhts,bshd->bhtd", [2, 3, 5, 6], [2, 6, 3, 4]],
    ["btd,dhe->bthe", [2, 5, 4], [4, 3, 6]],
    ["bhtd,bsd->bhts", [2, 3, 5, 4], [2, 6, 4]],
  ])("%s", (equation, a, b) => {
    const { left, right, natural } = plan(equation, a, b);
    expect([left.copy, right.copy, natural]).toEqual([undefined, undefined, undefined]);
  });
  test("or one of them, or the result, is copied", () => {
    const other = plan("ijk,kji->", [2, 3, 4], [4, 3, 2]);
    expect([other.left.copy, other.right.copy].filter(Boolean)).toHaveLength(1);
    expect(plan("bthd,bshd->btsh", [2, 5, 3, 4], [2, 6, 3, 4]).natural).toBeUndefined();
    expect(plan("ik,kj->ji", [2, 3], [3, 4]).natural).toBeUndefined();
    expect(plan("ak,bck->bac", [2, 3], [4, 5, 3]).natural).not.toBeUndefined();
  });
});

test("three operands: the cheap pair first", async () => {
  const random = createRandom(1);
  const shapes = [
    [40, 3],
    [3, 50],
    [50, 2],
  ];
  const inputs = shapes.map((shape) => F.fromData(random.uniform(shape), shape));
  const captured = F.capture((...given: F.Tensor[]) => F.einsum("ij,jk,kl->il", ...given));
  const y = await captured(...inputs).data();
  const [a, b, c] = inputs as [F.Tensor, F.Tensor, F.Tensor];
  expectClose(y as Float32Array, (await F.matmul(a, F.matmul(b, c)).data()) as Float32Array, {
    rtol: 1e-5,
    atol: 1e-5,
  });
  expect(captured.plans[0]?.commands.filter(({ kernel }) => kernel === "matmul")).toHaveLength(2);
});

test("integers are multiplied and added as such", async () => {
  const a = F.fromData([1, 2, 3, 4], [2, 2], "int32");
  const y = F.einsum("ij,jk", a, a);
  expect([y.dtype, [...(await y.data())]]).toEqual(["int32", [7, 10, 15, 22]]);
});

test("empty arrays", async () => {
  expect([...(await F.einsum("ij,jk->ik", F.ones([2, 0]), F.ones([0, 3])).data())]).toEqual([0, 0, 0, 0, 0, 0]);
  expect(F.einsum("ij,jk->ik", F.ones([0, 2]), F.ones([2, 3])).shape).toEqual([0, 3]);
});

describe("refused before the device is asked", () => {
  const x = F.ones([2, 3]);
  test.each<[string, () => unknown, RegExp]>([
    ["two arrows", () => F.einsum("ij->i->j", x), /einsum: equation: expected at most one arrow/],
    ["terms", () => F.einsum("ij,jk", x), /einsum: equation: expected 1 terms/],
    ["a character", () => F.einsum("i1->i", x), /einsum: equation: expected letters/],
    ["an unknown label", () => F.einsum("ij->k", x), /einsum: equation: .* not k/],
    ["a label twice", () => F.einsum("ij->ii", x), /einsum: equation: expected each label of the result once/],
    ["axes", () => F.einsum("ijk->i", x), /einsum: operands\[0\]: expected the axes of ijk, got \[2, 3\]/],
    ["extents", () => F.einsum("ij,jk->ik", x, x), /einsum: operands: expected one extent for axis j/],
    ["a diagonal", () => F.einsum("ii->i", x), /einsum: operands: expected one extent for both axes i/],
    ["two ellipses", () => F.einsum("...i...->i", x), /einsum: equation/],
    ["nothing", () => F.einsum(""), /einsum: operands: expected at least one/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(F.FacetError);
  });
});
