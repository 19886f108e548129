// float16 and bfloat16: conversions, and every op on them.
import * as F from "@facet/autograd";
import { halfBits, halfValue } from "@facet/kernels-wgsl";
import { createRandom, expectClose } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";
import { type GradientRow, gradientRows } from "./gradient_rows/index.js";

await F.startDevice();
afterAll(() => F.closeDevice());

const values = async (x: F.Tensor): Promise<Float32Array> => (await x.data()) as Float32Array;
const formats = [
  ["float16", "f16"],
  ["bfloat16", "bf16"],
] as const;

describe.each(formats)("%s", (dtype, format) => {
  const all = Float32Array.from({ length: 65_536 }, (_, bits) => halfValue[format](bits));

  test("every half is read as what it is", async () => {
    // As bits: host data would be rounded, and NaN is NaN.
    const words = Uint32Array.from({ length: 32_768 }, (_, i) => 2 * i + (2 * i + 1) * 65_536);
    const halves = F.fromData(words, [32_768], "uint32").alias([65_536], 0, dtype);
    expect(await values(F.cast(halves, "float32"))).toEqual(all);
    expect(await values(halves)).toEqual(all);
  });

  test("every half, what lies between two, and next to that, is rounded to the nearest", async () => {
    const finite = all.filter((x) => Number.isFinite(x));
    const bits = new Uint32Array(finite.buffer.slice(0));
    const beside = [...bits].flatMap((word) =>
      (dtype === "float16" ? [0, 1, 0xfff, 0x1000, 0x1001] : [0, 1, 0x7fff, 0x8000, 0x8001]).map((more) => word + more),
    );
    const inputs = new Float32Array(Uint32Array.from(beside).buffer);
    const expected = inputs.map((x) => halfValue[format](halfBits[format](x)));
    expect(await values(F.cast(F.fromData(inputs, [inputs.length]), dtype))).toEqual(expected);
    expect(await values(F.fromData(inputs, [inputs.length], dtype))).toEqual(expected);
  });
});

/** Both ways with the same numbers, which halves hold: the result, then the gradients. */
async function resultsOf(row: GradientRow, inputs: readonly Float32Array[], dtype: F.Dtype) {
  const leaves = inputs.map((data, i) => F.variable(F.fromData(data, row.shapes[i] as number[], dtype)));
  const y = row.call(...leaves);
  expect(y.dtype).toBe(dtype);
  const cotangent = F.fromData(createRandom(11).uniform(y.size), y.shape, "float16");
  const found = F.gradients(y, leaves, { cotangents: F.cast(cotangent, dtype) });
  for (const gradient of found) if (gradient) expect(gradient.dtype).toBe(dtype);
  return Promise.all([y, ...found].map((x) => x && values(x)));
}

describe("every op on float16", () => {
  for (const row of gradientRows) {
    test(row.variant ? `${row.op} (${row.variant})` : row.op, async () => {
      const random = createRandom(7);
      const inputs = row.shapes.map((shape, i) =>
        (row.values?.(random, shape, i) ?? random.uniform(shape)).map((x) => halfValue.f16(halfBits.f16(x))),
      );
      const [expected, actual] = [await resultsOf(row, inputs, "float32"), await resultsOf(row, inputs, "float16")];
      for (const [i, one] of expected.entries())
        expectClose(actual[i] ?? [], one ?? [], { rtol: 2e-3, atol: 2e-3, label: i === 0 ? "y" : `gradient ${i - 1}` });
    });
  }
});
