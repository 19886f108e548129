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
  // A row may bring floats of its own, with which the result is float32; and `convert` is from one dtype to another.
  if (row.elementwise && row.op !== "convert") expect(y.dtype).toBe(dtype);
  const cotangent = F.fromData(createRandom(11).uniform(y.size), y.shape, "float16");
  const found = F.gradients(y, leaves, { cotangents: F.cast(cotangent, y.dtype) });
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

describe("what halves become", () => {
  const half = (values: number[], dtype: F.Dtype = "float16"): F.Tensor => F.fromData(values, [values.length], dtype);

  test("beside halves of the other format, or float32, float32", () => {
    expect(F.add(half([1]), half([1], "bfloat16")).dtype).toBe("float32");
    expect(F.add(half([1]), F.fromData([1], [1])).dtype).toBe("float32");
    expect(F.matmul(F.zeros([2, 3], "float16"), F.zeros([3, 2], "bfloat16")).dtype).toBe("float32");
  });

  test("beside a number, what they are", async () => {
    const y = F.mul(half([1.5, 3], "bfloat16"), 0.1);
    expect(y.dtype).toBe("bfloat16");
    // 0.1 is 0.10009765625 in bfloat16.
    expect(await values(y)).toEqual(Float32Array.of(0.150390625, 0.30078125));
  });

  test("compared, bools; counted, integers", () => {
    expect(F.greater(half([1]), 0).dtype).toBe("bool");
    expect(F.argmax(half([1, 2]), 0).dtype).toBe("int32");
    expect(F.cast(half([1.75, -1.75]), "int32").dtype).toBe("int32");
  });

  test("beside integers, a DtypeError of the op", () => {
    expect(() => F.add(half([1]), F.fromData([1], [1], "int32"))).toThrow(/add: b: expected float16, got int32/);
    expect(() => F.bitwiseAnd(half([1]), half([1]))).toThrow(/bitwise_and: a: expected int32 or uint32, got float16/);
  });

  test("sums are added up in float32: of 4096 ones above 2048", async () => {
    expect(await F.sum(F.ones([4096], "float16")).item()).toBe(4096);
    expect(await F.mean(F.full([4096], 1000, "float16")).item()).toBe(1000);
  });

  test("gradients have the dtype of their input, whatever that of the result", async () => {
    const x = F.variable(half([1, 2]));
    const w = F.variable(F.fromData([3, 4], [2]));
    const [dx, dw] = F.gradients(F.sum(F.mul(x, w)), [x, w]);
    expect([dx?.dtype, dw?.dtype]).toEqual(["float16", "float32"]);
    expect(await values(dx as F.Tensor)).toEqual(Float32Array.of(3, 4));
    expect(() => F.gradients(F.mul(x, 2), [x], { cotangents: F.ones([2]) })).toThrow(
      /cotangents\[0\]: expected float16/,
    );
  });

  test("odd numbers of them, none, and scalars", async () => {
    for (const shape of [[], [0], [1], [3], [5, 7], [2, 0, 3]]) {
      const x = F.cast(F.full(shape, 1.25), "bfloat16");
      expect(await values(F.relu(F.add(x, x)))).toEqual(new Float32Array(x.size).fill(2.5));
    }
  });
});

test("a captured function of halves has the bits of the eager one, and its conversions are part of one kernel", async () => {
  const forward = (x: F.Tensor, w: F.Tensor): F.Tensor => F.tanh(F.add(F.mul(x, w), 0.5));
  const both = (x: F.Tensor, w: F.Tensor): F.Tensor => {
    const leaf = F.variable(x.alias());
    const y = forward(leaf, w);
    const [dx] = F.gradients(y, [leaf], { cotangents: F.ones(y.shape, y.dtype) });
    return F.sub(y, dx as F.Tensor);
  };
  const random = createRandom(3);
  for (const size of [64, 33]) {
    const [x, w] = [0, 1].map(() => F.fromData(random.uniform(size), [size], "float16")) as [F.Tensor, F.Tensor];
    for (const f of [forward, both]) {
      const captured = F.capture(f);
      const eager = await values(f(x, w));
      expect(await values(captured(x, w))).toEqual(eager);
      expect(await values(captured(x, w))).toEqual(eager);
      const kernels = captured.plans[0]?.commands.map(({ kernel }) => kernel);
      expect(kernels).toEqual(
        f === forward ? ["elementwise_chain"] : ["elementwise_chain", "fill", "elementwise_chain"],
      );
    }
  }
});

test("halves are moved by kernels that read halves: no copy in float32 is made", async () => {
  const x = F.fromData(createRandom(5).uniform(6 * 8), [6, 8], "float16");
  const moves: Record<string, [(x: F.Tensor) => F.Tensor, string[]]> = {
    transpose: [(x) => F.transpose(x), ["strided_copy_half"]],
    rows: [(x) => F.sliceAlong(x, 0, 1, 4), ["strided_copy"]],
    columns: [(x) => F.sliceAlong(x, 1, 1, 4), ["strided_copy_half"]],
    flip: [(x) => F.flip(x, [1]), ["strided_copy_half"]],
    expand: [(x) => F.expand(F.reshape(x, [6, 1, 8]), [6, 2, 8]), ["strided_copy"]],
    concat: [(x) => F.concat([x, x], 1), ["strided_copy", "strided_copy"]],
    pad: [
      (x) =>
        F.pad(
          x,
          [
            [1, 0],
            [2, 4],
          ],
          7,
        ),
      ["fill", "strided_copy"],
    ],
    gather: [(x) => F.gather(x, F.fromData([3, 0], [2], "int32")), ["gather"]],
  };
  for (const [name, [move, kernels]] of Object.entries(moves)) {
    const captured = F.capture(move);
    expect(await values(captured(x)), name).toEqual(await values(move(F.cast(x, "float32"))));
    expect(
      captured.plans[0]?.commands.map(({ kernel }) => kernel),
      name,
    ).toEqual(kernels);
  }
});

test("products of float16 take kernels that read halves, or float32 copies: the same bits", async () => {
  const random = createRandom(9);
  for (const [m, k, n] of [
    [5, 7, 3],
    [48, 40, 36],
  ] as const) {
    const a = F.fromData(random.uniform(m * k), [m, k], "float16");
    const b = F.fromData(random.uniform(n * k), [n, k], "float16");
    const bias = F.fromData(random.uniform(n), [n], "float16");
    const product = (a: F.Tensor, b: F.Tensor, bias: F.Tensor): F.Tensor => F.matmul(a, b, { transposeB: true, bias });
    const wide = product(F.cast(a, "float32"), F.cast(b, "float32"), F.cast(bias, "float32"));
    expect(await values(product(a, b, bias))).toEqual(await values(F.cast(wide, "float16")));
  }
  const captured = F.capture((a: F.Tensor) => F.matmul(a, a));
  await captured(F.ones([4, 4], "float16")).data();
  expect(captured.plans[0]?.commands.map(({ kernel }) => kernel)).toEqual(["matmul_f16", "elementwise_chain"]);
});
