// jnp arrays: creation, promotion, indexing, shapes, and errors for mistakes.
import * as jax from "@facet/shims-jax";
import { expect, test } from "vitest";

const { numpy: jnp, lax, nn } = jax;
type Arr = InstanceType<typeof jax.Array>;
const f32 = jnp.array([1, 2, 3]);
const i32 = jnp.array([1, 2, 3], jnp.int32);
const u32 = jnp.array(Uint32Array.of(1, 2, 3));
const bool = jnp.array([true, false, true]);
const bytes = jnp.array(Uint8Array.of(10, 20, 255));

test("arrays are made of numbers, lists, booleans and typed arrays", async () => {
  expect(jnp.array(2.5).shape).toEqual([]);
  expect([f32, i32, u32, bool, bytes].map((x) => x.dtype)).toEqual(["float32", "int32", "uint32", "bool", "uint8"]);
  expect(
    await jnp
      .array([
        [1, 2],
        [3, 4],
      ])
      .tolist(),
  ).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(jnp.asarray(f32)).toBe(f32);
  expect(jnp.asarray(f32, jnp.int32).dtype).toBe("int32");
  expect(`${jnp.zeros([3])} ${jnp.ones([2, 3], jnp.int32)}`).toBe(
    "Array(shape=(3,), dtype=float32) Array(shape=(2, 3), dtype=int32)",
  );
  expect(await jnp.arange(5).tolist()).toEqual([0, 1, 2, 3, 4]);
  expect(jnp.arange(5).dtype).toBe("int32");
  expect(await jnp.arange(0, 1, 0.25).tolist()).toEqual([0, 0.25, 0.5, 0.75]);
  expect(await jnp.linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(await jnp.linspace(0, 1, 4, { endpoint: false }).tolist()).toEqual([0, 0.25, 0.5, 0.75]);
  expect(await jnp.eye(2, 3, 1).tolist()).toEqual([
    [0, 1, 0],
    [0, 0, 1],
  ]);
  expect(await jnp.full([2], true).tolist()).toEqual([true, true]);
  expect(await jnp.full([2, 2], jnp.array([1, 2])).tolist()).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await jnp.full_like(i32, 7).tolist()).toEqual([7, 7, 7]);
  expect(await jnp.array(2.5).item()).toBe(2.5);
  expect(await bool.slice(0).item()).toBe(true);
  expect([f32.ndim, f32.size, f32.nbytes, bool.nbytes]).toEqual([1, 3, 12, 3]);
});

test("numbers take the arrays' dtype, arrays are promoted to the wider", () => {
  const dtype = (x: Arr) => x.dtype;
  expect(dtype(f32.add(2))).toBe("float32");
  expect(dtype(i32.add(2))).toBe("int32");
  expect(dtype(i32.add(2.5))).toBe("float32");
  expect(dtype(i32.div(2))).toBe("float32");
  expect(dtype(bool.add(1))).toBe("int32");
  expect(dtype(bool.add(true))).toBe("bool");
  expect(dtype(bool.mul(0.5))).toBe("float32");
  expect(dtype(i32.add(f32))).toBe("float32");
  expect(dtype(i32.add(bool))).toBe("int32");
  expect(dtype(i32.add(u32))).toBe("int32");
  expect(dtype(u32.add(bool))).toBe("uint32");
  expect(dtype(bytes.mul(f32))).toBe("float32");
  expect(dtype(bytes.mul(i32))).toBe("int32");
  expect(dtype(bytes.div(255))).toBe("float32");
  expect(dtype(i32.mean())).toBe("float32");
  expect(dtype(i32.sum())).toBe("int32");
  expect(dtype(bool.sum())).toBe("int32");
  expect(dtype(jnp.exp(i32))).toBe("float32");
  expect(dtype(nn.relu(i32))).toBe("int32");
  expect(dtype(f32.equal(i32))).toBe("bool");
  expect(dtype(f32.argmax())).toBe("int32");
  expect(jnp.promote_types("int32", "uint32")).toBe("int32");
});

test("values of mixed arithmetic", async () => {
  expect(await bool.add(bool).tolist()).toEqual([true, false, true]);
  expect(await bool.mul(jnp.array([true, true, false])).tolist()).toEqual([true, false, false]);
  expect(await bytes.astype(jnp.float32).div(255).slice(2).item()).toBe(1);
  expect(await bytes.astype(jnp.int32).sum().item()).toBe(285);
  expect(await i32.pow(2).tolist()).toEqual([1, 4, 9]);
  expect(await f32.sub(i32).neg().tolist()).toEqual([-0, -0, -0]);
  expect(await jnp.maximum(f32, 2).tolist()).toEqual([2, 2, 3]);
  expect(await jnp.clip(f32, null, 2).tolist()).toEqual([1, 2, 2]);
  expect(await jnp.where(bool, f32, 0).tolist()).toEqual([1, 0, 3]);
  expect(await jnp.round(jnp.array([0.5, 1.5, 2.4])).tolist()).toEqual([0, 2, 2]);
  expect(await jnp.round(jnp.array([1.25, 1234]), -2).tolist()).toEqual([0, 1200]);
  expect(await jnp.logical_and(f32, jnp.array([0, 1, 1])).tolist()).toEqual([false, true, true]);
  expect(await jnp.any(bool).item()).toBe(true);
  expect(await jnp.all(bool).item()).toBe(false);
  expect(await f32.std({ ddof: 1 }).item()).toBe(1);
  expect(await jnp.sqrt(4).item()).toBe(2);
});

test("shapes and indexing", async () => {
  const x = jnp.arange(24).reshape(2, 3, 4);
  expect(x.T.shape).toEqual([4, 3, 2]);
  expect(x.transpose(1, 0, 2).shape).toEqual([3, 2, 4]);
  expect(x.swapaxes(0, -1).shape).toEqual([4, 3, 2]);
  expect(jnp.moveaxis(x, 0, -1).shape).toEqual([3, 4, 2]);
  expect(x.reshape([-1, 8]).shape).toEqual([3, 8]);
  expect(x.flatten().shape).toEqual([24]);
  expect(jnp.expand_dims(x, [0, -1]).shape).toEqual([1, 2, 3, 4, 1]);
  expect(jnp.expand_dims(x, [0, -1]).squeeze().shape).toEqual([2, 3, 4]);
  expect(jnp.ones([1, 2, 1]).squeeze(0).shape).toEqual([2, 1]);
  expect(await x.slice(1, null, -1).tolist()).toEqual([15, 19, 23]);
  expect(await x.slice(0, [1], [null, null, -2]).tolist()).toEqual([
    [7, 5],
    [11, 9],
  ]);
  expect(await x.slice(0, 0, [1, 100]).tolist()).toEqual([1, 2, 3]);
  expect(x.slice([2, 1]).shape).toEqual([0, 3, 4]);
  expect(await x.take([0, -1], 2).slice(0).tolist()).toEqual([
    [0, 3],
    [4, 7],
    [8, 11],
  ]);
  expect(await x.take(jnp.array([[0, -1]], jnp.int32)).tolist()).toEqual([[0, 23]]);
  expect(await jnp.stack([f32, f32], 1).tolist()).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
  expect(await jnp.concatenate([i32, f32]).tolist()).toEqual([1, 2, 3, 1, 2, 3]);
  expect(jnp.concatenate([x, x], null).shape).toEqual([48]);
  expect(await Promise.all(jnp.split(jnp.arange(6), [2, 5]).map((part) => part.tolist()))).toEqual([
    [0, 1],
    [2, 3, 4],
    [5],
  ]);
  expect(jnp.split(x, 2, 2).map((part) => part.shape)).toEqual([
    [2, 3, 2],
    [2, 3, 2],
  ]);
  expect(await jnp.pad(f32, 1).tolist()).toEqual([0, 1, 2, 3, 0]);
  expect(await jnp.pad(f32, [0, 2], "constant", { constantValues: 9 }).tolist()).toEqual([1, 2, 3, 9, 9]);
  expect(await jnp.flip(f32).tolist()).toEqual([3, 2, 1]);
  expect(await lax.broadcasted_iota("int32", [2, 2], 0).tolist()).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test("products of every rank", async () => {
  const a = jnp.arange(6).reshape(2, 3).astype(jnp.float32);
  expect(await jnp.dot(f32, f32).item()).toBe(14);
  expect(await jnp.dot(a, f32).tolist()).toEqual([8, 26]);
  expect(await jnp.dot(2, f32).tolist()).toEqual([2, 4, 6]);
  expect(await jnp.outer(f32, f32).slice(2).tolist()).toEqual([3, 6, 9]);
  expect(await jnp.tensordot(a, a).item()).toBe(55);
  expect(
    await jnp
      .tensordot(a, a, [[0], [0]])
      .slice(0)
      .tolist(),
  ).toEqual([9, 12, 15]);
  expect(jnp.dot(jnp.ones([2, 3, 4]), jnp.ones([5, 4, 6])).shape).toEqual([2, 3, 5, 6]);
  const batched = lax.dot_general(jnp.ones([7, 2, 3]), jnp.ones([3, 7, 5]), [
    [[2], [0]],
    [[0], [1]],
  ]);
  expect(batched.shape).toEqual([7, 2, 5]);
  expect(await batched.slice(0, 0, 0).item()).toBe(3);
});

test("one_hot and logsumexp", async () => {
  expect(await nn.one_hot(jnp.array([0, 2, 5], jnp.int32), 3).tolist()).toEqual([
    [1, 0, 0],
    [0, 0, 1],
    [0, 0, 0],
  ]);
  const x = jnp.array([
    [1000, 1000],
    [Number.NEGATIVE_INFINITY, 0],
  ]);
  const [first, second] = (await nn.logsumexp(x, 1).tolist()) as [number, number];
  expect(first).toBeCloseTo(1000 + Math.log(2), 3);
  expect(second).toBeCloseTo(0, 6);
  const gradient = jax.grad((y: Arr) => nn.logsumexp(y, 0).sum())(jnp.array([1, 2, 3]));
  const softmax = await nn.softmax(jnp.array([1, 2, 3])).data();
  for (const [i, g] of (await gradient.data()).entries()) expect(g).toBeCloseTo(softmax[i] as number, 6);
});

test("an extreme bound gives half the gradient to clip, as in JAX", async () => {
  const g = jax.grad((x: Arr) => jnp.clip(x, 1, 3).sum())(jnp.array([0, 1, 2, 3, 4]));
  expect(await g.tolist()).toEqual([0, 0.5, 1, 0.5, 0]);
});

test("mistakes are typed and named", () => {
  const wrong: [() => unknown, RegExp][] = [
    [() => jnp.add([1, 2] as never, f32), /add: x: expected an Array or a number, got \[1,2\]/],
    [() => f32.add(jnp.ones([2])), /add: .*\[3\].*\[2\]|add: .*\[2\]/],
    [
      () => f32.astype("float64" as never),
      /astype: dtype: expected float32, float16, bfloat16, int32, uint32, bool, uint8, got "float64"/,
    ],
    [
      () => bytes.add(1),
      /add: x: expected float32, float16, bfloat16, int32, uint32 or bool \(convert with astype\), got uint8/,
    ],
    [() => jnp.sum(f32, 1), /sum: axis: expected an axis of an array of rank 1, got 1/],
    [
      () => jnp.sum(f32, { axes: 0 } as never),
      /sum: axes: expected one of its arguments \(a, axis, .*did you mean axis/,
    ],
    [() => jnp.sum(f32, { out: f32 } as never), /sum: out: expected null: other values are not supported/],
    [() => jnp.sum(jnp.ones([2, 2]), [0, -2]), /sum: axis: expected each axis once/],
    [() => f32.reshape(2, 2), /reshape: shape: expected 3 elements/],
    [() => f32.slice(3), /slice: index\[0\]: expected a position in 3, got 3/],
    [() => f32.slice(0, 0), /slice: index: expected at most 1 parts, got 2/],
    [() => f32.take([3]), /take: indices\[0\]: expected an index into 3, got 3/],
    [() => f32.take(f32), /take: indices: expected integers, got float32/],
    [() => jnp.split(f32, 2), /split: indices_or_sections: expected a divisor of 3, got 2/],
    [() => jnp.stack([f32, jnp.ones([2])]), /stack: arrays\[1\]: expected \[3\], got \[2\]/],
    [() => jnp.concatenate([]), /concatenate: arrays: expected a list of at least one Array/],
    [() => jnp.pad(f32, 1, "edge"), /pad: mode: expected "constant"/],
    [() => jnp.matmul(i32, i32), /matmul: a: expected floats \(convert with astype\), got int32/],
    [() => jnp.matmul(f32, jnp.ones([2, 2])), /matmul: b: expected 3 rows/],
    [() => jnp.zeros([-1]), /zeros: shape: expected whole numbers of 0 or more/],
    [() => jnp.ones([2]).squeeze(0), /squeeze: axis: expected axes of extent 1/],
    [() => lax.add(f32, i32), /add: y: expected operands of one dtype, float32, got int32/],
    [() => nn.one_hot(f32, 3), /one_hot: x: expected integers, got float32/],
    [() => jnp.array([1, "a"] as never), /array: object: expected numbers or booleans, got "a"/],
    [() => jnp.array(new Float64Array(2) as never), /array: object: expected a Float32Array.*got Float64Array/],
  ];
  for (const [act, message] of wrong) expect(act).toThrow(message);
  const conv =
    (options: object, strides = [1, 1], padding: unknown = "SAME") =>
    () =>
      lax.conv_general_dilated(jnp.ones([1, 1, 4, 4]), jnp.ones([1, 1, 3, 3]), strides, padding as never, options);
  expect(conv({ lhs_dilation: [2, 2] })).toThrow(/conv_general_dilated: padding: expected pairs beside lhs_dilation/);
  expect(conv({ batchGroupCount: 2 })).toThrow(/conv2d: x: expected rank 4 and a batch of a multiple of 2/);
  expect(conv({ batchGroupCount: 2, featureGroupCount: 2 })).toThrow(/conv2d: batchGroups: expected 1 beside groups/);
  expect(conv({}, [0, 1])).toThrow(/window_strides: expected 2 whole numbers of 1 or more/);
  expect(conv({}, [1, 1], "FULL")).toThrow(/padding: expected SAME, SAME_LOWER, VALID or pairs/);
  expect(conv({ dimension_numbers: ["NHWX", "HWIO", "NHWC"] })).toThrow(/dimension_numbers/);
  expect(conv({ feature_group_count: 2 })).toThrow(/conv2d/);
  const window =
    (init: number, computation: unknown, dims = [1, 2, 2, 1]) =>
    () =>
      lax.reduce_window(jnp.ones([1, 4, 4, 1]), init, computation as never, dims, [1, 1, 1, 1], "VALID");
  expect(window(0, lax.add, [2, 2, 2])).toThrow(/reduce_window: window_dimensions: expected 4 whole numbers/);
  expect(window(0, lax.add, [1, 5, 5, 1])).toThrow(/window/);
});
