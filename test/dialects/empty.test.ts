// Tensors without elements and scalars in the three dialects: shapes and values as PyTorch 2.13, Keras 3.15 and JAX 0.10 give.
import { FacetError } from "@facet/kernels-wgsl";
import * as jax from "@facet/shims-jax";
import * as keras from "@facet/shims-keras";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

type Row = [name: string, call: () => torch.Tensor, shape: number[], values: unknown];
const { nn } = torch;
const F = nn.functional;
const empty = (...shape: number[]): torch.Tensor => torch.zeros(shape);
const labels = (): torch.Tensor => torch.zeros([0], { dtype: torch.int64 });

describe("torch", () => {
  const rows: Row[] = [
    ["sum", () => empty(0).sum(), [], 0],
    ["mean", () => empty(0).mean(), [], Number.NaN],
    ["std", () => empty(0).std(), [], Number.NaN],
    ["prod", () => empty(2, 0).prod(1), [2], [1, 1]],
    ["softmax of a scalar", () => torch.tensor(3.5).softmax(0), [], 1],
    ["cat", () => torch.cat([empty(0), torch.ones([1, 2])]), [1, 2], [[1, 1]]],
    [
      "matmul",
      () => empty(2, 0).matmul(empty(0, 2)),
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    ["linear", () => new nn.Linear(3, 2).forward(empty(0, 3)), [0, 2], []],
    ["conv2d", () => new nn.Conv2d(1, 2, 3).forward(empty(0, 1, 5, 5)), [0, 2, 3, 3], []],
    ["max_pool2d", () => F.max_pool2d(empty(0, 1, 4, 4), 2), [0, 1, 2, 2], []],
    ["cross_entropy, mean", () => F.cross_entropy(empty(0, 3), labels()), [], Number.NaN],
    ["cross_entropy, sum", () => F.cross_entropy(empty(0, 3), labels(), { reduction: "sum" }), [], 0],
    ["mse_loss", () => F.mse_loss(empty(0), empty(0)), [], Number.NaN],
    ["narrow", () => torch.ones([3]).narrow(0, 3, 0), [0], []],
    ["cat of dtypes", () => torch.cat([torch.tensor([1, 2]), torch.tensor([1.5])]), [3], [1, 2, 1.5]],
  ];
  test.each(rows)("%s", async (_, call, shape, values) => {
    const y = call();
    expect(y.shape).toEqual(shape);
    expect(await y.tolist()).toEqual(values);
  });

  test("a layer that saw no rows has a gradient of zeros, and is stepped", async () => {
    const layer = new nn.Linear(3, 2);
    const before = await layer.weight.tolist();
    layer.forward(empty(0, 3)).sum().backward();
    expect(await (layer.weight.grad as torch.Tensor).tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    new torch.optim.SGD(layer.parameters(), { lr: 1 }).step();
    expect(await layer.weight.tolist()).toEqual(before);
  });

  test("a compiled step takes no rows", async () => {
    const step = torch.compile((x: torch.Tensor) => x.mul(2).sum());
    expect(await step(empty(0, 3)).item()).toBe(0);
    expect(await step(torch.ones([2, 3])).item()).toBe(12);
  });

  test("more rows and matrices than one dimension of a grid holds", async () => {
    const rows = torch.ones([1_100_000, 1]);
    expect(
      await rows
        .matmul(torch.ones([1, 1]))
        .sum()
        .item(),
    ).toBe(1_100_000);
    expect(
      await torch
        .bmm(torch.ones([70_000, 2, 3]), torch.ones([70_000, 3, 2]))
        .sum()
        .item(),
    ).toBe(840_000);
  });
});

describe("keras", () => {
  const none = (...shape: number[]): keras.Tensor =>
    keras.ops.reshape(keras.ops.convert_to_tensor([], "float32"), shape);
  test("losses of no samples are no loss; of samples without elements 0", async () => {
    for (const reduction of ["sum", "mean", "sum_over_batch_size", "mean_with_sample_weight"] as const) {
      const loss = new keras.losses.MeanSquaredError({ reduction });
      expect(loss(none(0, 3), none(0, 3)).shape).toEqual([0]);
      expect(await loss(none(2, 0, 3), none(2, 0, 3)).item()).toBe(0);
    }
  });

  test("layers", () => {
    expect(new keras.layers.Dense(2)(none(0, 3)).shape).toEqual([0, 2]);
    expect(new keras.layers.Conv2D(2, 3)(none(0, 5, 5, 1)).shape).toEqual([0, 3, 3, 2]);
    expect(new keras.layers.Flatten()(none(0, 4, 4, 1)).shape).toEqual([0, 16]);
  });
});

describe("jax", () => {
  const { numpy: jnp } = jax;
  test("reductions", async () => {
    expect(await jnp.sum(jnp.zeros([0])).item()).toBe(0);
    expect(await jnp.prod(jnp.zeros([0])).item()).toBe(1);
    expect(await jnp.mean(jnp.zeros([0])).item()).toBeNaN();
    expect(() => jnp.max(jnp.zeros([0]))).toThrow(FacetError);
    expect(() => jax.nn.softmax(jnp.array(1.5))).toThrow(FacetError);
  });

  test("gradients, also jitted", () => {
    const gradient = jax.grad((x: jax.Array) => jnp.sum(jnp.square(x)));
    expect(gradient(jnp.zeros([0, 2])).shape).toEqual([0, 2]);
    expect(jax.jit(gradient)(jnp.zeros([0, 2])).shape).toEqual([0, 2]);
  });
});
