// Attention: in one pass and by blocks of queries against the formula, dropout, layouts, empty arrays, and what is refused.
import * as F from "@facet/autograd";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const drawn = (seed: number, ...shapes: number[][]): F.Tensor[] => {
  const random = createRandom(seed);
  return shapes.map((shape) => F.variable(F.fromData(random.uniform(shape), shape)));
};
const floats = async (x: F.Tensor | undefined): Promise<Float32Array> => (await (x as F.Tensor).data()) as Float32Array;

/** Values and gradients of both ways: of kernels, and composed of ops. */
async function compare(
  inputs: F.Tensor[],
  call: (...inputs: F.Tensor[]) => F.Tensor,
  formula: (...inputs: F.Tensor[]) => F.Tensor,
) {
  const y = call(...inputs);
  const expected = formula(...inputs);
  const tolerance = { rtol: 1e-5, atol: 1e-5 };
  expectClose(await floats(y), await floats(expected), { ...tolerance, label: "y" });
  const cotangents = F.fromData(createRandom(9).uniform(y.shape), y.shape);
  const found = F.gradients(y, inputs, { cotangents });
  const others = F.gradients(expected, inputs, { cotangents });
  const composed = F.gradients(call(...inputs), inputs, { cotangents, createGraph: true });
  for (const [i, gradient] of found.entries()) {
    expectClose(await floats(gradient), await floats(others[i]), { ...tolerance, label: `gradient ${i}` });
    expectClose(await floats(composed[i]), await floats(others[i]), { ...tolerance, label: `composed gradient ${i}` });
  }
}

/** The formula, with a band of keys. */
const plain = (
  q: F.Tensor,
  k: F.Tensor,
  v: F.Tensor,
  before = Number.POSITIVE_INFINITY,
  after = Number.POSITIVE_INFINITY,
): F.Tensor => {
  const [t, s] = [q.shape.at(-2) as number, k.shape.at(-2) as number];
  const band = Array.from({ length: t * s }, (_, i) => {
    const away = (i % s) - Math.floor(i / s);
    return away <= after && away >= -before ? 0 : Number.NEGATIVE_INFINITY;
  });
  const scores = F.mul(F.matmul(q, k, { transposeB: true }), 1 / Math.sqrt(q.shape.at(-1) as number));
  return F.matmul(F.softmax(F.add(scores, F.fromData(band, [t, s]))), v);
};

// All scores would take 32 MiB; a block takes 16. GPUs go by blocks at any width, software adapters where vectors do not fit.
test.each([
  ["by blocks", 5, 28],
  ["in one pass", 4, F.device().adapter.kind === "hardware" ? 28 : 4],
])("memory does not grow with queries times keys, %s", async (_, width, most) => {
  const inputs = drawn(6, [1, 1, 4096, width], [1, 1, 2048, width], [1, 1, 2048, width]);
  await (inputs[0] as F.Tensor).data();
  const before = F.device().memory().live;
  F.device().resetPeak();
  const y = F.attention(...(inputs as [F.Tensor, F.Tensor, F.Tensor]));
  await y.data();
  expect(F.device().memory().peak - before).toBeLessThan(most * 2 ** 20);
});

// Widths in fours go in one pass on software adapters.
describe.each([
  ["several blocks of queries", [6, 5, 3]],
  ["several tiles of keys in one pass", [8, 4, 12]],
] as const)("%s", (_, [width, narrowest, valueWidth]) => {
  test("causal: later blocks see more keys", () =>
    compare(
      drawn(1, [1, 2, 300, width], [1, 2, 300, width], [1, 2, 300, width]),
      (q, k, v) => F.attention(q, k, v, { causal: true }),
      (q, k, v) => plain(q, k, v, undefined, 0),
    ));
  test("a window: they leave out earlier ones too", () =>
    compare(
      drawn(2, [1, 1, 700, narrowest], [1, 1, 650, narrowest], [1, 1, 650, valueWidth]),
      (q, k, v) => F.attention(q, k, v, { window: { before: 70, after: 3 } }),
      (q, k, v) => {
        // The last queries see no key: they are 0.
        const some = F.reshape(
          F.fromData(
            Array.from({ length: 700 }, (_, t) => Number(t - 70 < 650)),
            [700],
          ),
          [700, 1],
        );
        const on = F.notEqual(some, 0);
        const rows = plain(F.sliceAlong(q, 2, 0, 700), k, v, 720, 3);
        const narrow = plain(q, k, v, 70, 3);
        return F.where(on, narrow, F.mul(rows, 0));
      },
    ));
  test("groups of heads, heads inside", () =>
    compare(
      drawn(3, [2, 270, 4, width], [2, 270, 2, width], [2, 270, 2, width]),
      (q, k, v) => F.attention(q, k, v, { causal: true, layout: "BTHD" }),
      (q, k, v) => {
        const outside = (x: F.Tensor) => F.transpose(x, [0, 2, 1, 3]);
        const twice = (x: F.Tensor) =>
          F.reshape(F.expand(F.reshape(outside(x), [2, 2, 1, 270, width]), [2, 2, 2, 270, width]), [2, 4, 270, width]);
        return outside(plain(outside(q), twice(k), twice(v), undefined, 0));
      },
    ));
});

test("one pass says nothing of another NaN than a row's own, and keeps those", async () => {
  const [q, k, v] = drawn(8, [1, 1, 40, 4], [1, 1, 40, 4], [1, 1, 40, 4]) as [F.Tensor, F.Tensor, F.Tensor];
  const values = await floats(q);
  values[3 * 4] = Number.NaN;
  values[5 * 4] = Number.POSITIVE_INFINITY;
  const y = await floats(F.attention(F.fromData(values, q.shape), k, v, { causal: true }));
  const bad = Array.from({ length: 40 }, (_, t) => y.slice(4 * t, 4 * t + 4).every(Number.isNaN));
  expect(bad.flatMap((is, t) => (is ? [t] : []))).toEqual([3, 5]);
});

test("dropout draws what it draws of all probabilities, forward and backward", () => {
  const key = [7, 8] as const;
  return compare(
    drawn(4, [2, 2, 9, 4], [2, 2, 7, 4], [2, 2, 7, 4]),
    (q, k, v) => F.attention(q, k, v, { dropout: { rate: 0.4, key } }),
    (q, k, v) => F.matmul(F.dropout(F.softmax(F.mul(F.matmul(q, k, { transposeB: true }), 0.5)), 0.4, key), v),
  );
});

test("what is not seen adds nothing, not even where it is NaN", async () => {
  const [q, k] = drawn(5, [1, 1, 2, 2], [1, 1, 3, 2]) as [F.Tensor, F.Tensor];
  const bad = F.fromData([1, 2, 3, 4, Number.NaN, 5], [1, 1, 3, 2]);
  const mask = F.fromData([1, 1, 0], [3], "bool");
  const y = await F.attention(q, bad, k, { mask }).data();
  expect([...y].every(Number.isFinite)).toBe(true);
});

test("rows that see nothing: 0, equal shares or NaN", async () => {
  const [q, k] = drawn(7, [1, 2], [2, 2]) as [F.Tensor, F.Tensor];
  const v = F.fromData([1, 2, 3, 6], [2, 2]);
  const mask = F.fromData([0, 0], [1, 2], "bool");
  const of = async (emptyRows: "zero" | "uniform" | "nan"): Promise<number[]> => [
    ...(await F.attention(q, k, v, { mask, emptyRows }).data()),
  ];
  expect(await of("zero")).toEqual([0, 0]);
  expect(await of("uniform")).toEqual([2, 4]);
  expect(await of("nan")).toEqual([Number.NaN, Number.NaN]);
});

test("empty arrays", async () => {
  const of = (...shapes: number[][]): F.Tensor[] => shapes.map((shape) => F.variable(F.ones(shape)));
  const none = of([1, 2, 3, 4], [1, 2, 0, 4], [1, 2, 0, 5]) as [F.Tensor, F.Tensor, F.Tensor];
  const y = F.attention(...none);
  expect([...(await y.data())]).toEqual(new Array(30).fill(0));
  const [dq] = F.gradients(F.sum(y), none);
  expect([...(await floats(dq))]).toEqual(new Array(24).fill(0));
  const [q, k, v] = of([0, 2, 3, 4], [0, 2, 3, 4], [0, 2, 3, 4]) as [F.Tensor, F.Tensor, F.Tensor];
  expect(F.attention(q, k, v).shape).toEqual([0, 2, 3, 4]);
});

describe("refused before the device is asked", () => {
  const [q, k] = [F.ones([2, 4, 3, 8]), F.ones([2, 2, 5, 8])];
  const heads = { input: { weight: F.ones([18, 6]) }, output: { weight: F.ones([6, 6]) } };
  test.each<[string, () => unknown, RegExp]>([
    ["width", () => F.attention(q, F.ones([2, 2, 5, 7]), k), /attention: k: expected batch, width/],
    [
      "heads",
      () => F.attention(q, F.ones([2, 3, 5, 8]), F.ones([2, 3, 5, 8])),
      /attention: k: .* divisor of the heads/,
    ],
    ["values", () => F.attention(q, k, F.ones([2, 2, 4, 8])), /attention: v: expected batch, heads and length/],
    ["rank", () => F.attention(q, F.ones([2, 5, 8]), k), /attention: k: expected 4 dimensions/],
    ["one dimension", () => F.attention(F.ones([3]), k, k), /attention: q: expected two dimensions/],
    ["mask", () => F.attention(q, k, k, { mask: F.ones([3, 4]) }), /attention: mask: expected a shape that broadcasts/],
    ["mask's dtype", () => F.attention(q, k, k, { mask: F.zeros([3, 5], "int32") }), /attention: mask/],
    ["dropout", () => F.attention(q, k, k, { dropout: { rate: 1, key: [0, 0] } }), /attention: dropout/],
    ["window", () => F.attention(q, k, k, { window: { before: -1 } }), /attention: window.before/],
    ["layout", () => F.attention(q, k, k, { layout: "TBHD" as "BTHD" }), /attention: layout/],
    ["rows", () => F.attention(q, k, k, { emptyRows: "none" as "zero" }), /attention: emptyRows/],
    [
      "number of heads",
      () => F.multiHeadAttention(F.ones([1, 2, 6]), F.ones([1, 2, 6]), F.ones([1, 2, 6]), { ...heads, heads: 4 }),
      /multi_head_attention: heads: expected a divisor of 6, got 4/,
    ],
    [
      "query",
      () => F.multiHeadAttention(F.ones([2, 6]), F.ones([1, 2, 6]), F.ones([1, 2, 6]), { ...heads, heads: 2 }),
      /multi_head_attention: query/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(F.FacetError);
  });
});
