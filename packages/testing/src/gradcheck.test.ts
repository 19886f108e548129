import { describe, expect, test } from "vitest";
import { checkGradients } from "./gradcheck.js";
import { createRandom } from "./random.js";

const tolerance = { rtol: 1e-3, atol: 1e-3 };
const random = createRandom(11);

/** y = tanh(x), float32 as a kernel would compute it. */
const tanh = async ([x]: Float32Array[]) => x!.map(Math.tanh);
const tanhGradient = async ([x]: Float32Array[], dy: Float32Array) => [
  x!.map((value, i) => dy[i]! * (1 - Math.tanh(value) ** 2)),
];

/** y[i] = sum over j of a[i, j] * b[j], a [rows, columns]. */
const columns = 6;
const matvec = async ([a, b]: Float32Array[]) =>
  Float32Array.from({ length: a!.length / columns }, (_, i) =>
    b!.reduce((sum, value, j) => sum + a![i * columns + j]! * value, 0),
  );
const matvecGradients = async ([a, b]: Float32Array[], dy: Float32Array) => [
  a!.map((_, k) => dy[Math.floor(k / columns)]! * b![k % columns]!),
  b!.map((_, j) => dy.reduce((sum, d, i) => sum + d * a![i * columns + j]!, 0)),
];

describe("checkGradients accepts right gradients", () => {
  test("element by element", async () => {
    const result = await checkGradients({
      f: tanh,
      gradients: tanhGradient,
      inputs: [random.uniform(12)],
      ...tolerance,
    });
    expect(result.probes).toBe(12);
    expect(result.percentOfAllowed).toBeGreaterThan(0);
    expect(result.percentOfAllowed).toBeLessThan(50);
  });

  test("by directions and samples for a large input", async () => {
    const inputs = [random.uniform(2000, -2, 2)];
    const result = await checkGradients({ f: tanh, gradients: tanhGradient, inputs, ...tolerance });
    expect(result.probes).toBe(4 + 8);
  });

  test("sharply for a bilinear operation with a large eps", async () => {
    const inputs = [random.uniform([20, columns]), random.uniform(columns)];
    const result = await checkGradients({
      f: matvec,
      gradients: matvecGradients,
      inputs,
      eps: 1,
      rtol: 1e-5,
      atol: 1e-6,
    });
    expect(result.probes).toBe(12 + columns);
  });

  test("without changing the inputs, even if f does", async () => {
    const inputs = [random.uniform([3, columns]), random.uniform(columns)];
    const before = inputs.map((input) => [...input]);
    const f = async (values: Float32Array[]) => {
      const y = await matvec(values);
      for (const value of values) value.fill(0);
      return y;
    };
    await checkGradients({ f, gradients: matvecGradients, inputs, eps: 1, ...tolerance });
    expect(inputs.map((input) => [...input])).toEqual(before);
  });
});

describe("checkGradients refuses", () => {
  const x = random.uniform(10);

  test("one wrong element, and names it", async () => {
    const gradients = async (inputs: Float32Array[], dy: Float32Array) => {
      const [dx] = await tanhGradient(inputs, dy);
      dx![7]! *= 1.05;
      return [dx!];
    };
    await expect(checkGradients({ f: tanh, gradients, inputs: [x], names: ["x"], ...tolerance })).rejects.toThrow(
      /gradient of x, element 7: gradient says .* differences say/,
    );
  });

  test("a wrong small element beside a large one", async () => {
    const factors = [1000, 1];
    const f = async ([value]: Float32Array[]) => value!.map((v, i) => v * factors[i]!);
    const gradients = async (_: Float32Array[], dy: Float32Array) => [
      Float32Array.of(dy[0]! * factors[0]!, dy[1]! * factors[1]! * 1.1),
    ];
    const cotangent = Float32Array.of(1, 1);
    await expect(
      checkGradients({ f, gradients, inputs: [random.uniform(2)], cotangent, ...tolerance }),
    ).rejects.toThrow("element 1: gradient says");
  });

  test("a wrong sign of the second input, and names the input", async () => {
    const gradients = async (inputs: Float32Array[], dy: Float32Array) => {
      const [da, db] = await matvecGradients(inputs, dy);
      return [da!, db!.map((d) => -d)];
    };
    const inputs = [random.uniform([3, columns]), random.uniform(columns)];
    await expect(checkGradients({ f: matvec, gradients, inputs, ...tolerance })).rejects.toThrow("gradient of input 1");
  });

  test("one wrong element among a thousand", async () => {
    const inputs = [random.uniform(1000)];
    const gradients = async (values: Float32Array[], dy: Float32Array) => {
      const [dx] = await tanhGradient(values, dy);
      dx![501] = dx![501]! + 1;
      return [dx!];
    };
    await expect(checkGradients({ f: tanh, gradients, inputs, ...tolerance })).rejects.toThrow(
      /gradient of input 0, direction \d/,
    );
  });

  test("a gradient that is too small by 1% everywhere", async () => {
    const inputs = [random.uniform(500)];
    const gradients = async (values: Float32Array[], dy: Float32Array) => {
      const [dx] = await tanhGradient(values, dy);
      return [dx!.map((d) => d * 0.99)];
    };
    await expect(checkGradients({ f: tanh, gradients, inputs, rtol: 2e-3, atol: 1e-4 })).rejects.toThrow("gradient of");
  });

  test("gradients in another order, by directions alone", async () => {
    const inputs = [random.uniform(100)];
    const gradients = async (values: Float32Array[], dy: Float32Array) => [
      (await tanhGradient(values, dy))[0]!.reverse(),
    ];
    await expect(checkGradients({ f: tanh, gradients, inputs, samples: 0, ...tolerance })).rejects.toThrow("direction");
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("a gradient of %s, and names the element", async (value) => {
    const gradients = async (inputs: Float32Array[], dy: Float32Array) => {
      const [dx] = await tanhGradient(inputs, dy);
      dx![6] = value;
      return [dx!];
    };
    await expect(checkGradients({ f: tanh, gradients, inputs: [x], ...tolerance })).rejects.toThrow(
      `gradient of input 0 is ${value} at element 6`,
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("an output that becomes %s after a step", async (value) => {
    const f = async ([input]: Float32Array[]) => input!.map((v, i) => (i === 3 && v > x[3]! ? value : Math.tanh(v)));
    const cotangent = new Float32Array(x.length).fill(1);
    await expect(checkGradients({ f, gradients: tanhGradient, inputs: [x], cotangent, ...tolerance })).rejects.toThrow(
      `element 3: gradient says`,
    );
  });

  test("wrong lengths and a missing gradient", async () => {
    const short = async () => [new Float32Array(3)];
    await expect(checkGradients({ f: tanh, gradients: short, inputs: [x], ...tolerance })).rejects.toThrow(
      "gradient of input 0 has 3 values, the input 10",
    );
    const none = async () => [];
    await expect(checkGradients({ f: tanh, gradients: none, inputs: [x], ...tolerance })).rejects.toThrow(
      "0 gradients for 1 inputs",
    );
    const cotangent = new Float32Array(4);
    await expect(
      checkGradients({ f: tanh, gradients: tanhGradient, inputs: [x], cotangent, ...tolerance }),
    ).rejects.toThrow("cotangent has 4 values, the output 10");
  });

  test("a check that proves nothing, unless told that zero is right", async () => {
    const f = async ([value]: Float32Array[]) => value!.map(Math.sign);
    const gradients = async ([value]: Float32Array[]) => [new Float32Array(value!.length)];
    const inputs = [random.distinct(10)];
    await expect(checkGradients({ f, gradients, inputs, ...tolerance })).rejects.toThrow("proves nothing");
    await expect(checkGradients({ f, gradients, inputs, allowZero: true, ...tolerance })).resolves.toMatchObject({
      probes: 10,
    });
    await expect(
      checkGradients({ f: tanh, gradients: tanhGradient, inputs: [new Float32Array()], ...tolerance }),
    ).rejects.toThrow("without a single input element");
  });
});
