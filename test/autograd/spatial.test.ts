// Convolutions, paddings, windows, poolings and resampling against what PyTorch, Keras and JAX give, with their gradients.
import * as F from "@facet/autograd";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { jaxCalls, kerasCalls, type SpatialCall, torchCalls } from "./spatial_calls.js";

await F.startDevice();
afterAll(() => F.closeDevice());

/** float32 sums of up to some hundred terms of size 1, held against float64. */
const tolerance = { rtol: 1e-5, atol: 1e-5 };

async function check(row: GoldenCase, calls: Readonly<Record<string, SpatialCall>>): Promise<void> {
  const names = row.tensors.filter((name) => row.has(`d${name}`) && name !== "y");
  const leaves = names.map((name) => F.variable(F.fromData(row.floats(name), row.tensor(name).shape)));
  const call = calls[row.params.fn] as SpatialCall;
  expect(call, `a call for ${row.params.fn}`).toBeDefined();
  const result = call(row.params, ...leaves);
  const { y, indices } = "y" in result ? result : { y: result, indices: undefined };
  expect(y.shape).toEqual(row.tensor("y").shape);
  expectClose((await y.data()) as Float32Array, row.floats("y"), { ...tolerance, label: "y" });
  expect(indices !== undefined).toBe(row.has("indices"));
  if (indices) expect([...(await indices.data())]).toEqual([...row.ints("indices")]);
  const found = F.gradients(y, leaves, { cotangents: F.fromData(row.floats("dy"), y.shape) });
  for (const [i, name] of names.entries())
    expectClose((await (found[i] as F.Tensor).data()) as Float32Array, row.floats(`d${name}`), {
      ...tolerance,
      label: `d${name}`,
    });
}

describe.each([
  ["spatial_torch", torchCalls],
  ["spatial_keras", kerasCalls],
  ["spatial_jax", jaxCalls],
])("%s", (file, calls) => {
  test.each(loadGolden(file).cases)("$name", (row) => check(row, calls as Record<string, SpatialCall>));
});

test("indices that are no places raise at the next read", async () => {
  const x = F.ones([1, 2, 1]);
  for (const place of [5, -1]) {
    const indices = F.fromData(new Int32Array([0, place]), [1, 2, 1], "int32");
    await expect(F.maxUnpool(x, indices, [5], true).data()).rejects.toThrow(F.ArgumentError);
  }
});

test("windows that lie in the padding have no gradient, nor a second one", async () => {
  const x = F.variable(F.fromData(new Float32Array([3, 4]), [1, 2, 1]));
  const pooling = { window: [1], stride: [1], padding: [1, 0], channelsLast: true };
  const { y, indices } = F.maxPoolWithIndices(x, pooling);
  expect([...(await y.data())]).toEqual([Number.NEGATIVE_INFINITY, 3, 4]);
  expect([...(await indices.data())]).toEqual([-1, 0, 1]);
  const dy = F.variable(F.fromData(new Float32Array([7, 8, 9]), y.shape));
  const [dx] = F.gradients(y, [x], { cotangents: dy, createGraph: true }) as [F.Tensor];
  expect([...(await dx.data())]).toEqual([8, 9]);
  const [ddy] = F.gradients(dx, [dy], { cotangents: F.fromData(new Float32Array([5, 6]), dx.shape) }) as [F.Tensor];
  expect([...(await ddy.data())]).toEqual([0, 5, 6]);
});

test("of several elements unpooled to one place the last stays, and all have its gradient", async () => {
  const x = F.variable(F.fromData(new Float32Array([1, 2, 3]), [1, 3, 1]));
  const indices = F.fromData(new Int32Array([2, 0, 2]), [1, 3, 1], "int32");
  const y = F.maxUnpool(x, indices, [4], true);
  expect([...(await y.data())]).toEqual([2, 0, 3, 0]);
  const dy = F.variable(F.fromData(new Float32Array([5, 6, 7, 8]), y.shape));
  const [dx] = F.gradients(y, [x], { cotangents: dy, createGraph: true }) as [F.Tensor];
  expect([...(await dx.data())]).toEqual([7, 5, 7]);
  const [ddy] = F.gradients(dx, [dy], { cotangents: F.fromData(new Float32Array([1, 2, 4]), dx.shape) }) as [F.Tensor];
  expect([...(await ddy.data())]).toEqual([2, 0, 5, 0]);
});

test("empty batches have empty results", () => {
  const pooling = { window: [2, 2, 2], stride: [1, 1, 1], padding: [0, 0, 0, 0, 0, 0], channelsLast: true };
  const x = F.variable(F.zeros([0, 2, 3, 3, 2]));
  const pools = [F.maxPool(x, pooling), F.avgPool(x, pooling), F.maxPoolWithIndices(x, pooling).y];
  for (const y of pools) {
    expect(y.shape).toEqual([0, 1, 2, 2, 2]);
    expect(F.gradients(y, [x], { cotangents: F.zeros(y.shape) })[0]?.shape).toEqual(x.shape);
  }
  const w = F.variable(F.ones([1, 2, 2, 2, 3]));
  const y = F.conv3d(x, w, undefined, {
    stride: [1, 1, 1],
    padding: [0, 0, 0, 0, 0, 0],
    dilation: [1, 1, 1],
    groups: 1,
    layout: "NDHWC",
    filterLayout: "DHWIO",
  });
  expect(y.shape).toEqual([0, 2, 2, 2, 3]);
  expect(F.gradients(y, [w], { cotangents: F.zeros(y.shape) })[0]?.shape).toEqual(w.shape);
});

test("a step of training finds the tables of an interpolation on the device", async () => {
  const x = F.fromData(new Float32Array([1, 2, 3, 4]), [1, 4, 1]);
  const grown = (): F.Tensor => F.resize(x, { size: [8], channelsLast: true });
  const first = await F.scope(grown).data();
  const held = F.device().memory().byOwner.tables;
  expect(held).toBeGreaterThan(0);
  for (let i = 0; i < 5; i++) expect(await F.scope(grown).data()).toEqual(first);
  expect(F.device().memory().byOwner.tables).toBe(held);
  const captured = F.capture(grown);
  expect(await captured().data()).toEqual(first);
});

test("points that are no numbers or far away lie outside, and what has no second derivative says so", async () => {
  const x = F.ones([1, 1, 2, 2]);
  const far = F.fromData(new Float32Array([Number.NaN, 0, 1e30, 0, Number.NEGATIVE_INFINITY, 0, 0, 0]), [1, 1, 4, 2]);
  const sampling = { mode: "bilinear", paddingMode: "zeros", alignCorners: false } as const;
  expect([...(await F.gridSample(x, far, sampling).data())]).toEqual([0, 0, 0, 1]);
  const grid = F.variable(F.zeros([1, 1, 1, 2]));
  const [dgrid] = F.gradients(F.gridSample(x, grid, sampling), [grid], { createGraph: true });
  expect(() => F.gradients(F.sum(dgrid as F.Tensor), [grid])).toThrow(F.UnsupportedError);
});

test("an activation after a convolution over volumes is captured as part of it, with the same bits", async () => {
  const filled = (shape: number[]): F.Tensor =>
    F.fromData(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
      shape,
    );
  const [x, w] = [filled([1, 3, 3, 3, 2]), filled([2, 2, 2, 2, 5])];
  const run = (): F.Tensor =>
    F.relu(
      F.conv3d(x, w, undefined, {
        stride: [1, 1, 1],
        padding: [0, 1, 0, 0, 1, 0],
        dilation: [1, 1, 1],
        groups: 1,
        layout: "NDHWC",
        filterLayout: "DHWIO",
      }),
    );
  const captured = F.capture(run);
  expect(await captured().data()).toEqual(await run().data());
  expect(captured.plans.map(({ calls }) => calls)).toEqual([1]);
});

describe("refused before the device is asked", () => {
  const x = F.ones([1, 4, 2]);
  const w = F.ones([3, 2, 3]);
  const sequence = {
    stride: [1],
    padding: [0, 0],
    dilation: [1],
    groups: 1,
    layout: "NWC",
    filterLayout: "WIO",
  } as const;
  const columns = { window: [2], stride: [1], dilation: [1], padding: [0, 0], channelsLast: false };
  const pooling = { window: [2], stride: [1], padding: [0, 0], channelsLast: true };
  const image = F.ones([1, 1, 2, 2]);
  const sampling = { mode: "bilinear", paddingMode: "zeros", alignCorners: false } as const;
  test.each<[string, () => unknown, string]>([
    ["conv1d: rank", () => F.conv1d(F.ones([4, 2]), w, undefined, sequence), "conv1d"],
    ["conv1d: channels", () => F.conv1d(F.ones([1, 4, 3]), w, undefined, sequence), "conv1d"],
    ["conv1d: layout", () => F.conv1d(x, w, undefined, { ...sequence, layout: "NHWC" }), "layout"],
    ["conv: no layout", () => F.conv(x, w, undefined, { ...sequence, layout: "toString" as "NWC" }), "layout"],
    ["conv1d: padding", () => F.conv1d(x, w, undefined, { ...sequence, padding: [0] }), "padding"],
    ["conv1d: crops all", () => F.conv1d(x, w, undefined, { ...sequence, padding: [-2, -2] }), "padding"],
    ["conv1d: window", () => F.conv1d(x, w, undefined, { ...sequence, dilation: [2] }), "w"],
    ["conv: inputDilation", () => F.conv(x, w, undefined, { ...sequence, inputDilation: [0] }), "inputDilation"],
    [
      "conv3d: rank",
      () => F.conv3d(x, w, undefined, { ...sequence, layout: "NDHWC", filterLayout: "DHWIO" } as never),
      "conv3d",
    ],
    ["conv_transpose1d: w", () => F.convTranspose(F.ones([1, 4, 2]), w, undefined, sequence), "w"],
    ["conv_transpose1d: rank", () => F.convTranspose(F.ones([4, 3]), w, undefined, sequence), "x"],
    [
      "conv_transpose1d: crop",
      () => F.convTranspose(F.ones([1, 1, 3]), w, undefined, { ...sequence, padding: [2, 1] }),
      "padding",
    ],
    ["conv_transpose1d: bias", () => F.convTranspose(F.ones([1, 4, 3]), w, F.ones([3]), sequence), "bias"],
    [
      "conv_transpose1d: outputPadding",
      () => F.convTranspose(F.ones([1, 4, 3]), w, undefined, { ...sequence, outputPadding: [-1] }),
      "outputPadding",
    ],
    ["pad_edges: pairs", () => F.padWith(x, [[1, 1]], "reflect"), "padding"],
    [
      "pad_edges: mode",
      () =>
        F.padWith(
          x,
          [
            [0, 0],
            [1, 1],
            [0, 0],
          ],
          "edge" as "reflect",
        ),
      "mode",
    ],
    [
      "pad_edges: an empty axis",
      () =>
        F.padWith(
          F.ones([0, 2]),
          [
            [1, 1],
            [0, 0],
          ],
          "reflect",
        ),
      "padding",
    ],
    ["pad_edges: crops too much", () => F.padWith(F.ones([2]), [[-2, -1]], "circular"), "padding"],
    ["pad: crops too much", () => F.pad(F.ones([2]), [[-3, 2]]), "slice"],
    ["unfold: window", () => F.unfold(x, { ...columns, window: [3] }), "window"],
    ["unfold: rank", () => F.unfold(F.ones([2, 2]), columns), "x"],
    ["unfold: stride", () => F.unfold(x, { ...columns, stride: [0] }), "stride"],
    ["max_pool1d: rank", () => F.maxPool(F.ones([4, 2]), pooling), "max_pool1d"],
    ["max_pool1d: an empty axis", () => F.maxPool(F.ones([1, 0, 2]), pooling), "max_pool1d"],
    ["avg_pool1d: window", () => F.avgPool(x, { ...pooling, window: [7] }), "window"],
    ["avg_pool1d: padding", () => F.avgPool(x, { ...pooling, padding: [-1, 0] }), "padding"],
    ["avg_pool1d: divisor", () => F.avgPool(x, { ...pooling, divisor: 0 }), "divisor"],
    ["max_pool3d: window", () => F.maxPool(F.ones([1, 2, 2, 2, 1]), pooling), "max_pool3d"],
    [
      "adaptive_avg_pool1d: outputSize",
      () => F.adaptiveAvgPool(x, { outputSize: [0], channelsLast: true }),
      "outputSize",
    ],
    ["max_pool1d: dtype", () => F.maxPoolWithIndices(F.cast(x, "int32"), pooling), "float32"],
    ["lp_pool: p", () => F.lpPool(x, 0, pooling), "p"],
    ["max_unpool1d: indices", () => F.maxUnpool(x, F.zeros([1, 4], "int32"), [8], true), "indices"],
    ["max_unpool1d: outputSize", () => F.maxUnpool(x, F.zeros([1, 4, 2], "int32"), [0], true), "outputSize"],
    ["max_unpool2d: rank", () => F.maxUnpool(x, F.zeros([1, 4, 2], "int32"), [8, 2], true), "x"],
    [
      "local_response_norm: axis",
      () => F.localResponseNorm(x, { before: 1, behind: 1, alpha: 1, beta: 1, k: 1, mean: true, axis: 3 }),
      "axis",
    ],
    ["resize: rank", () => F.resize(x, { size: [2, 2], channelsLast: true }), "resize"],
    ["resize: size", () => F.resize(x, { size: [0], channelsLast: true }), "size"],
    ["resize: method", () => F.resize(x, { size: [2], channelsLast: true, method: "bicubic" as "cubic" }), "method"],
    ["resize: step", () => F.resize(x, { size: [2], channelsLast: true, step: [-1] }), "step"],
    ["resize: an empty axis", () => F.resize(F.ones([1, 0, 2]), { size: [2], channelsLast: true }), "resize"],
    ["resample: tables", () => F.resampleAxes(x, 2, [undefined, undefined]), "tables"],
    ["pixel_shuffle: channels", () => F.pixelShuffle(F.ones([1, 6, 2, 2]), 2), "pixel_shuffle"],
    ["pixel_shuffle: factor", () => F.pixelShuffle(F.ones([1, 4, 2, 2]), 0.5), "factor"],
    ["pixel_unshuffle: height", () => F.pixelUnshuffle(F.ones([1, 1, 3, 4]), 2), "pixel_unshuffle"],
    ["channel_shuffle: groups", () => F.channelShuffle(x, 3), "groups"],
    ["grid_sample: grid", () => F.gridSample(image, F.ones([2, 1, 1, 2]), sampling), "grid"],
    ["grid_sample: rank", () => F.gridSample(x, F.ones([1, 1, 1, 2]), sampling), "x"],
    ["grid_sample: an empty image", () => F.gridSample(F.ones([1, 1, 0, 2]), F.ones([1, 1, 1, 2]), sampling), "x"],
    [
      "grid_sample: bicubic",
      () => F.gridSample(F.ones([1, 1, 2, 2, 2]), F.ones([1, 1, 1, 1, 3]), { ...sampling, mode: "bicubic" }),
      "bilinear or nearest in volumes",
    ],
    [
      "fractional_max_pool2d: x",
      () => F.fractionalMaxPool(image, F.ones([...image.shape.slice(0, 2), 3]), { window: [2, 2], outputSize: [9, 1] }),
      "for 9 windows of 2",
    ],
    [
      "fractional_max_pool2d: samples",
      () => F.fractionalMaxPool(image, F.ones([1, 1, 2]), { window: [1, 1], outputSize: [1, 1] }),
      "samples",
    ],
    [
      "grid_sample: mode",
      () => F.gridSample(image, F.ones([1, 1, 1, 2]), { ...sampling, mode: "trilinear" as "nearest" }),
      "mode",
    ],
    [
      "grid_sample: paddingMode",
      () => F.gridSample(image, F.ones([1, 1, 1, 2]), { ...sampling, paddingMode: "wrap" as "zeros" }),
      "paddingMode",
    ],
    ["affine_grid: theta", () => F.affineGrid(F.ones([1, 2, 2]), [1, 1, 2, 2], true), "theta"],
    ["affine_grid: size", () => F.affineGrid(F.ones([1, 2, 3]), [1, 1, 2], true), "size"],
    ["affine_grid: an empty size", () => F.affineGrid(F.ones([1, 2, 3]), [1, 1, 0, 2], true), "size"],
    ["fold: columns", () => F.fold(F.ones([1, 8, 2]), [1, 4, 2], columns), "columns"],
  ])("%s", (_, call, named) => {
    expect(call).toThrow(F.FacetError);
    expect(call).toThrow(named);
  });
});
