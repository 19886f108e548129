// Normalisation, embedding, attention and einsum against what PyTorch, Keras and JAX give, with their gradients.
import * as F from "@facet/autograd";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { type BlockCall, jaxCalls, kerasCalls, torchCalls } from "./block_calls.js";

await F.startDevice();
afterAll(() => F.closeDevice());

/** float32 sums of up to some hundred terms of size 1, held against float64. */
const tolerance = { rtol: 1e-5, atol: 1e-5 };

const floats = async (x: F.Tensor): Promise<Float32Array> => (await x.data()) as Float32Array;

async function check(row: GoldenCase, calls: Readonly<Record<string, BlockCall>>): Promise<void> {
  const { y: _, dy, ...wanted } = Object.fromEntries(row.tensors.map((name) => [name, row.tensor(name)]));
  const given = Object.keys(wanted).filter((name) => row.has(`d${name}`));
  const inputs = Object.fromEntries(
    given.map((name) => [name, F.variable(F.fromData(row.floats(name), row.tensor(name).shape))]),
  );
  const call = calls[row.params.fn] as BlockCall;
  expect(call, `a call for ${row.params.fn}`).toBeDefined();
  const result = call(row, inputs);
  const { y, ...further } = result instanceof F.Tensor ? { y: result } : result;
  expect(y.shape).toEqual(row.tensor("y").shape);
  expectClose(await floats(y), row.floats("y"), { ...tolerance, label: "y" });
  for (const [name, tensor] of Object.entries(further))
    expectClose(await floats(tensor), row.floats(name), { ...tolerance, label: name });
  const leaves = Object.values(inputs);
  const found = F.gradients(y, leaves, { cotangents: F.fromData(row.floats("dy"), y.shape) });
  for (const [i, name] of given.entries())
    expectClose(await floats(found[i] as F.Tensor), row.floats(`d${name}`), { ...tolerance, label: `d${name}` });
}

describe.each([
  ["blocks_torch", torchCalls],
  ["blocks_keras", kerasCalls],
  ["blocks_jax", jaxCalls],
])("%s", (file, calls) => {
  test.each(loadGolden(file).cases)("$name", (row) => check(row, calls));
});
