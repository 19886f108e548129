// keras.ops of functions: loops, choices, maps and gradients of one's own; and ops whose results have shapes that are values.
import { gradients, variable } from "@facet/autograd";
import * as keras from "@facet/shims-keras";
import { expect, test } from "vitest";

const { ops } = keras;
const t = (values: unknown, dtype: "float32" | "int32" | "bool" = "float32"): keras.Tensor =>
  ops.convert_to_tensor(values as number[], dtype);
const values = async (x: unknown): Promise<number[]> => [...(await (x as keras.Tensor).numpy()).data];

test("scan carries a structure and stacks what it gives", async () => {
  const step = (carry: { n: keras.Tensor; total: keras.Tensor }, x: keras.Tensor) =>
    [{ n: carry.n.add(1), total: carry.total.add(x) }, carry.total.mul(x)] as const;
  const first = { n: t(0), total: t(1) };
  const [carry, ys] = ops.scan(step as never, first, t([2, 3, 4]));
  expect(await values(carry.n)).toEqual([3]);
  expect(await values(carry.total)).toEqual([10]);
  expect(await values(ys)).toEqual([2, 9, 24]);
  const [, back] = ops.scan(step as never, first, t([2, 3, 4]), { reverse: true });
  expect(await values(back)).toEqual([16, 15, 4]);
  expect(() => ops.scan(step as never, first)).toThrow(/scan: length/);
});

test("loops", async () => {
  const doubled = await ops.while_loop(
    (i: keras.Tensor) => ops.less(i, 5),
    (i: keras.Tensor, x: keras.Tensor) => [i.add(1), x.mul(2)],
    [t(0, "int32"), t([1, 3])],
  );
  expect(await values((doubled as keras.Tensor[])[1])).toEqual([32, 96]);
  const twice = await ops.while_loop(
    () => t(true, "bool"),
    (x: keras.Tensor) => x.mul(3),
    t(1),
    { maximum_iterations: 2 },
  );
  expect(await values(twice)).toEqual([9]);
  expect(await values(ops.fori_loop(1, 4, (i, x) => x.add(i), t(0)))).toEqual([6]);
  expect(await values(ops.associative_scan((a, b) => a.mul(b), t([1, 2, 3, 4, 5])))).toEqual([1, 2, 6, 24, 120]);
  expect(await values(ops.associative_scan((a, b) => a.add(b), t([1, 2, 3]), true))).toEqual([6, 5, 3]);
});

test("choices", async () => {
  const x = t(3);
  const chosen = (holds: keras.Tensor): keras.Tensor =>
    ops.cond(
      holds,
      () => x.mul(2),
      () => x.sub(1),
    );
  expect(await values(chosen(t(true, "bool")))).toEqual([6]);
  expect(await values(chosen(t(false, "bool")))).toEqual([2]);
  const branches = [(y: keras.Tensor) => y.add(1), (y: keras.Tensor) => y.mul(5)];
  expect(await values(ops.switch(0, branches, x))).toEqual([4]);
  expect(await values(ops.switch(t(7, "int32"), branches, x))).toEqual([15]);
});

test("maps", async () => {
  const rows = t([
    [1, 2],
    [3, 4],
  ]);
  expect(await values(ops.map((row: keras.Tensor) => ops.sum(row), rows))).toEqual([3, 7]);
  expect(await values(ops.vectorized_map((row: keras.Tensor) => ops.sum(row), rows))).toEqual([3, 7]);
  const larger = ops.vectorize((a: keras.Tensor, b: keras.Tensor) => ops.maximum(a, b));
  expect(await values(larger(t([1, 5]), t([[3], [4]])))).toEqual([3, 5, 4, 5]);
});

test("gradients of one's own, and along a direction", async () => {
  const clipped = ops.custom_gradient<[keras.Tensor]>((x) => [ops.exp(x), (upstream) => upstream.mul(10)]);
  const x = variable(t([0, 1]).core);
  const [dx] = gradients(ops.sum(clipped(new keras.Tensor(x))).core, [x]);
  expect([...(await (dx as typeof x).data())]).toEqual([10, 10]);
  const [y, dy] = ops.jvp((a: keras.Tensor) => a.mul(a), [t([3, 4])], [t([1, 0.5])]);
  expect(await values(y)).toEqual([9, 16]);
  expect(await values(dy)).toEqual([6, 4]);
});

test("results whose shape is a value come as promises", async () => {
  const places = await ops.nonzero(
    t([
      [0, 1],
      [2, 0],
    ]),
  );
  expect(await Promise.all(places.map(values))).toEqual([
    [0, 1],
    [1, 0],
  ]);
  const [unique, counts] = (await ops.unique(t([3, 1, 3, 2], "int32"), { return_counts: true })) as keras.Tensor[];
  expect(await values(unique)).toEqual([1, 2, 3]);
  expect(await values(counts)).toEqual([1, 1, 2]);
  expect(await values(await ops.bincount(t([1, 1, 3], "int32")))).toEqual([0, 2, 0, 1]);
});

test("get_item is what Python's brackets are", async () => {
  const x = ops.reshape(ops.arange(12), [3, 4]);
  expect(await values(ops.get_item(x, [1, [null, null, 2]]))).toEqual([4, 6]);
  expect(await values(ops.get_item(x, ["...", -1]))).toEqual([3, 7, 11]);
  expect(await values(ops.get_item(x, [[null, null, -1], 0]))).toEqual([8, 4, 0]);
  expect(ops.get_item(x, [null, [1, null]]).shape).toEqual([1, 2, 4]);
  expect(() => ops.get_item(x, 3)).toThrow(/get_item: key: expected a place from -3 to 2/);
});
