// torch.nn.init beyond plain fills: matrices of a structure, and draws within bounds.
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn } = torch;
const { init } = nn;
type Shape = [number, ...number[]];
const blank = (...shape: Shape): torch.Tensor => torch.full(shape, 7.5);
const list = async (x: torch.Tensor): Promise<number[]> => [...((await x.numpy()) as Float32Array)];

test.each<[number, ...Shape]>([
  [1, 3, 5],
  [2, 5, 3],
  [1, 4, 2, 3, 3],
])("orthogonal_ of gain %d and shape %d, ... has orthonormal rows, or columns", async (gain, ...shape) => {
  torch.manual_seed(3);
  const w = init.orthogonal_(blank(...shape), gain).flatten(1);
  const [rows, columns] = w.shape as [number, number];
  const gram = await list(rows <= columns ? w.matmul(w.t()) : w.t().matmul(w));
  const n = Math.min(rows, columns);
  for (const [i, value] of gram.entries()) expect(value).toBeCloseTo(i % (n + 1) === 0 ? gain * gain : 0, 5);
});

test("orthogonal_ draws anew, and by a generator of its own", async () => {
  const draw = (generator: torch.Generator) => list(init.orthogonal_(blank(3, 3), { generator }));
  const own = new torch.Generator().manual_seed(5);
  const first = await draw(own);
  expect(await draw(own)).not.toEqual(first);
  expect(await draw(new torch.Generator().manual_seed(5))).toEqual(first);
  expect(await list(init.orthogonal_(torch.zeros(0, 4)))).toEqual([]);
});

test("trunc_normal_ cuts at values, which the mean and the deviation do not move", async () => {
  torch.manual_seed(1);
  const wide = await list(init.trunc_normal_(blank(200, 100)));
  // Of a normal distribution within two deviations.
  const variance = (values: number[]): number => values.reduce((sum, v) => sum + v * v, 0) / values.length;
  expect(Math.max(...wide.map(Math.abs))).toBeLessThanOrEqual(2);
  expect(Math.max(...wide)).toBeGreaterThan(1.98);
  expect(Math.sqrt(variance(wide))).toBeCloseTo(0.8796, 2);
  const small = await list(init.trunc_normal_(blank(200, 100), { std: 0.02 }));
  expect(Math.sqrt(variance(small))).toBeCloseTo(0.02, 3);
  const cut = await list(init.trunc_normal_(blank(100, 10), 1, 2, 0.5, 1));
  expect(Math.min(...cut)).toBeGreaterThanOrEqual(0.5);
  expect(Math.max(...cut)).toBeLessThanOrEqual(1);
  expect(Math.max(...cut) - Math.min(...cut)).toBeGreaterThan(0.49);
});

test("zeros_, ones_ and constant_ fill", async () => {
  expect(await list(init.zeros_(blank(2)))).toEqual([0, 0]);
  expect(await list(init.ones_(blank(2)))).toEqual([1, 1]);
  expect(await list(init.constant_(blank(2), 0.5))).toEqual([0.5, 0.5]);
});

test("eye_ is the identity, as far as it goes", async () => {
  expect(await init.eye_(blank(2, 3)).tolist()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(await init.eye_(blank(3, 1)).tolist()).toEqual([[1], [0], [0]]);
});

test("a convolution by dirac_ gives its input back, in every group", async () => {
  torch.manual_seed(2);
  const x = torch.randn(1, 4, 5, 6);
  const convolved = (w: torch.Tensor, groups: number) => nn.functional.conv2d(x, w, { padding: "same", groups });
  expect(await list(convolved(init.dirac_(blank(4, 4, 3, 3)), 1))).toEqual(await list(x));
  expect(await list(convolved(init.dirac_(blank(4, 2, 3, 3), 2), 2))).toEqual(await list(x));
  // Channels beyond those of the input are 0.
  expect(await init.dirac_(blank(3, 2, 1)).tolist()).toEqual([
    [[1], [0]],
    [[0], [1]],
    [[0], [0]],
  ]);
});

test("sparse_ has as many zeros in every column", async () => {
  torch.manual_seed(4);
  const w = init.sparse_(blank(10, 6), 0.25, 0.5);
  const zeros = await list(w.eq(0).sum(0));
  expect(zeros).toEqual([3, 3, 3, 3, 3, 3]);
  const places = (await list(w)).flatMap((value, i) => (value === 0 ? [i] : []));
  expect(new Set(places.map((i) => Math.floor(i / 6))).size).toBeGreaterThan(3);
  expect(await list(init.sparse_(blank(2, 2), 1))).toEqual([0, 0, 0, 0]);
});

describe("mistakes", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["orthogonal_", () => init.orthogonal_(blank(3)), /Only tensors with 2 or more dimensions are supported/],
    ["eye_", () => init.eye_(blank(3)), /Only tensors with 2 dimensions are supported/],
    ["dirac_", () => init.dirac_(blank(3, 3)), /Only tensors with 3, 4, or 5 dimensions are supported/],
    ["groups", () => init.dirac_(blank(3, 3, 1), 2), /dim 0 must be divisible by groups/],
    ["sparse_", () => init.sparse_(blank(3), 0.5), /Only tensors with 2 dimensions are supported/],
    ["a share", () => init.sparse_(blank(3, 3), 1.5), /sparse_: sparsity: expected from 0 to 1, got 1.5/],
    ["bounds", () => init.trunc_normal_(blank(3), 0, 1, 2, -2), /trunc_normal_: b: expected at least a, 2, got -2/],
    ["a deviation", () => init.trunc_normal_(blank(3), 0, 0), /trunc_normal_: std: expected above 0, got 0/],
  ])("%s", (_, call, message) => expect(call).toThrow(message));
});
