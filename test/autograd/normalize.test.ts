// Normalisation: gradients in few passes against those composed of ops, values far from 0, empty arrays, and what is refused.
import * as F from "@facet/autograd";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

const epsilon = 1e-5;
type Call = (x: F.Tensor, scale: F.Tensor, bias: F.Tensor) => F.Tensor;
const ways: [string, number[], number[], Call][] = [
  ["layer norm of few long rows", [3, 1200], [1200], (x, scale, bias) => F.layerNorm(x, { epsilon, scale, bias })],
  ["layer norm of many rows", [600, 8], [8], (x, scale, bias) => F.layerNorm(x, { epsilon, scale, bias })],
  ["RMS norm of few long rows", [3, 1201], [1201], (x, scale) => F.rmsNorm(x, { epsilon, scale })],
  ["RMS norm of many rows", [70, 9], [9], (x, scale) => F.rmsNorm(x, { epsilon, scale })],
  ["batch norm, channels first", [3, 4, 20, 20], [4], (x, scale, bias) => F.batchNorm(x, { epsilon, scale, bias }).y],
  [
    "batch norm, channels last",
    [3, 20, 20, 4],
    [4],
    (x, scale, bias) => F.batchNorm(x, { epsilon, axis: -1, scale, bias }).y,
  ],
  ["group norm, channels first", [2, 6, 40], [6], (x, scale, bias) => F.groupNorm(x, 3, { epsilon, scale, bias })],
  [
    "group norm, channels last",
    [2, 300, 8],
    [8],
    (x, scale, bias) => F.groupNorm(x, 2, { epsilon, axis: -1, scale, bias }),
  ],
];

test.each(ways)("%s: the gradients of the kernels are those of the formula", async (_, shape, affine, call) => {
  const random = createRandom(2);
  const inputs = [shape, affine, affine].map((own) => F.variable(F.fromData(random.uniform(own), own)));
  const cotangents = F.fromData(random.uniform(shape), shape);
  const [x, scale, bias] = inputs as [F.Tensor, F.Tensor, F.Tensor];
  const wanted = call.length === 3 ? inputs : [x, scale];
  const found = F.gradients(call(x, scale, bias), wanted, { cotangents });
  const composed = F.gradients(call(x, scale, bias), wanted, { cotangents, createGraph: true });
  for (const [i, gradient] of found.entries()) {
    const [own, other] = await Promise.all([gradient, composed[i]].map((part) => (part as F.Tensor).data()));
    // Sums of up to 1200 terms below 2, in two orders.
    expectClose(own as Float32Array, other as Float32Array, { rtol: 2e-5, atol: 2e-5 });
  }
  // One gradient by itself is as it is among the others.
  const [alone] = F.gradients(call(x, scale, bias), [x], { cotangents });
  expect(await (alone as F.Tensor).data()).toEqual(await (found[0] as F.Tensor).data());
});

test.each([
  ["layer norm", (x: F.Tensor) => F.layerNorm(x, { epsilon })],
  ["batch norm", (x: F.Tensor) => F.transpose(F.batchNorm(F.transpose(x), { epsilon }).y)],
])("%s of values far from 0 keeps their deviations", async (_, call) => {
  const near = Array.from({ length: 64 }, (_, i) => (i % 8) / 8);
  const y = await call(
    F.fromData(
      near.map((v) => v + 4096),
      [1, 64],
    ),
  ).data();
  const mean = 7 / 16;
  const deviation = Math.sqrt(near.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 64 + epsilon);
  // Eighths are exact at 4096; E[x^2] - E[x]^2 would be off by more than they are.
  const expected = Float32Array.from(near, (v) => (v - mean) / deviation);
  expectClose(y as Float32Array, expected, { rtol: 1e-5, atol: 1e-5 });
});

test("empty arrays", async () => {
  for (const shape of [
    [0, 3],
    [2, 0],
  ]) {
    const x = F.variable(F.zeros(shape));
    const scale = F.variable(F.ones([shape[1] as number]));
    const { y, batch } = F.batchNorm(x, { epsilon, scale });
    expect(y.shape).toEqual(shape);
    expect([...(await batch.mean.data())]).toEqual(shape[1] === 0 ? [] : [Number.NaN, Number.NaN, Number.NaN]);
    const [dx, dscale] = F.gradients(F.sum(y), [x, scale]);
    expect(dx?.shape).toEqual(shape);
    expect([...(await (dscale as F.Tensor).data())]).toEqual(new Array(shape[1]).fill(0));
    expect(F.layerNorm(x, { epsilon }).shape).toEqual(shape);
  }
});

test("a following relu is applied by the kernel of a captured function", async () => {
  const x = F.fromData(createRandom(1).uniform([40, 8]), [40, 8]);
  const body = (x: F.Tensor): F.Tensor => F.relu(F.layerNorm(x, { epsilon }));
  const captured = F.capture(body);
  const expected = await body(x).data();
  for (let run = 0; run < 2; run++) expect(await captured(x).data()).toEqual(expected);
  expect(captured.plans[0]?.commands.map(({ kernel }) => kernel)).toEqual(["normalize_rows_forward"]);
});

describe("refused before the device is asked", () => {
  const x = F.ones([2, 6, 3]);
  test.each<[string, () => unknown, RegExp]>([
    ["groups", () => F.groupNorm(x, 4, { epsilon }), /group_norm: groups: expected a divisor of 6 channels, got 4/],
    ["axis 0", () => F.batchNorm(x, { epsilon, axis: 0 }), /batch_norm: axis: expected an axis of/],
    ["axis between", () => F.batchNorm(F.ones([2, 3, 4, 5]), { epsilon, axis: 2 }), /batch_norm: axis/],
    ["rank", () => F.instanceNorm(F.ones([3]), { epsilon }), /instance_norm: x: expected two dimensions/],
    ["scale", () => F.batchNorm(x, { epsilon, scale: F.ones([3]) }), /batch_norm: scale: expected \[6\], got \[3\]/],
    ["layer scale", () => F.layerNorm(x, { epsilon, scale: F.ones([6]) }), /layer_norm: scale: expected \[3\]/],
    ["count", () => F.layerNorm(x, { epsilon, count: 4 }), /layer_norm: axes: expected from 1 to 3/],
    ["dtype", () => F.rmsNorm(F.zeros([2, 2], "int32"), { epsilon }), /rms_norm: x/],
    [
      "statistics",
      () => F.batchNormInference(x, { mean: F.zeros([3]), variance: F.ones([6]) }, { epsilon }),
      /batch_norm_inference: mean/,
    ],
    ["length", () => F.weightNorm(F.ones([2, 3]), F.ones([2]), 0), /weight_norm: length: expected \[2, 1\]/],
    ["u", () => F.spectralNorm(F.ones([2, 3]), { u: F.ones([3]), v: F.ones([3]) }), /spectral_norm: u: expected \[2\]/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(F.FacetError);
  });
});
