// Random fills against published values of Random123 and JAX, and what cases of the kernel table cannot show.
import {
  type AnyKernel,
  type BindingSpec,
  openDevice,
  type RandomKey,
  randomBernoulli,
  randomBernoulliGeometry,
  randomBits,
  randomGeometry,
  randomNormal,
  randomNormalGeometry,
  randomUniform,
  randomUniformGeometry,
  threefry2x32,
  type Views,
} from "@facet/kernels-wgsl";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

const device = await openDevice();
afterAll(() => device.close());

const golden = loadGolden("random");

async function fill(kernel: AnyKernel, params: { count: number }): Promise<ArrayBuffer> {
  const y = { block: device.allocate(4 * params.count, "test"), offset: 0, bytes: 4 * params.count };
  device.run(kernel, { y } as Views<Record<string, BindingSpec>>, params as never);
  const bytes = await device.read(y);
  device.free(y.block);
  return bytes;
}

const keyOf = (row: GoldenCase): RandomKey => [...row.words("key")] as unknown as RandomKey;
const casesOf = (fn: string): GoldenCase[] => golden.cases.filter((row) => row.params.fn === fn);

test("threefry2x32 gives the known answers of Random123", () => {
  const row = golden.case("published_threefry2x32");
  const pairs = (name: string) => Array.from({ length: 3 }, (_, i) => [...row.words(name).slice(2 * i, 2 * i + 2)]);
  const counters = pairs("counter");
  const keys = pairs("key");
  const answers = keys.map((key, i) => threefry2x32(key as [number, number], counters[i] as [number, number]));
  expect(answers).toEqual(pairs("y"));
  expect(answers[0]).toEqual([0x6b200159, 0x99ba4efe]);
});

test("threefry2x32 gives JAX's bits for counters of 64 bits", () => {
  for (const row of casesOf("bits_at")) {
    const index = row.words("index");
    const answers = Array.from(row.words("y"), (_, i) => {
      const [x0, x1] = threefry2x32(keyOf(row), [index[2 * i] as number, index[2 * i + 1] as number]);
      return (x0 ^ x1) >>> 0;
    });
    expect(answers).toEqual([...row.words("y")]);
  }
});

describe("golden values", () => {
  test.each(casesOf("bits"))("$name", async (row) => {
    const { params } = randomGeometry(row.params.shape, keyOf(row));
    expect(new Uint32Array(await fill(randomBits, params))).toEqual(row.words("y"));
  });

  test.each(casesOf("uniform"))("$name", async (row) => {
    const { shape, minval = 0, maxval = 1, source } = row.params;
    const { params } = randomUniformGeometry(shape, keyOf(row), { low: minval, high: maxval });
    // Published values have been printed with 6 to 9 digits.
    const tolerance = source === undefined ? { rtol: 0, atol: 0 } : { rtol: 1e-6, atol: 0 };
    expectClose(new Float32Array(await fill(randomUniform, params)), row.floats("y"), tolerance);
  });

  // The golden values are exact; Giles' polynomial on a rounded x^2, which is what JAX computes, is within 6e-6 of erfinv.
  test.each([...casesOf("normal"), ...casesOf("truncated_normal")])("$name", async (row) => {
    const { shape, lower, upper, source } = row.params;
    const options = lower === undefined ? {} : { truncate: [lower, upper] as [number, number] };
    const { params } = randomNormalGeometry(shape, keyOf(row), options);
    // Of a truncated normal, erf of the bounds is rounded to f32 as well: 2^-24 in u, times the slope of sqrt(2) erfinv below 10.
    const tolerance =
      source === undefined ? { rtol: 6e-6, atol: lower === undefined ? 0 : 1e-6 } : { rtol: 1e-6, atol: 0 };
    expectClose(new Float32Array(await fill(randomNormal, params)), row.floats("y"), tolerance);
  });

  test.each(casesOf("bernoulli"))("$name", async (row) => {
    const { params } = randomBernoulliGeometry(row.params.shape, keyOf(row), { p: row.params.p });
    expect(new Int32Array(await fill(randomBernoulli, params))).toEqual(row.ints("y"));
  });
});

test("an offset continues the stream", async () => {
  const key: RandomKey = [7, 11];
  const whole = new Uint32Array(await fill(randomBits, randomGeometry([300], key).params));
  const rest = new Uint32Array(await fill(randomBits, randomGeometry([187], key, { offset: 113 }).params));
  expect(rest).toEqual(whole.slice(113));
});

test("a truncated normal stays inside its bounds, even where erf has become 1", async () => {
  for (const truncate of [
    [-2, 2],
    [-40, 40],
    [0, 0.25],
    [-3, 50],
  ] as const) {
    const { params } = randomNormalGeometry([100_000], [3, 4], { truncate });
    const y = new Float32Array(await fill(randomNormal, params));
    expect(y.every((value) => value > truncate[0] && value < truncate[1])).toBe(true);
  }
});

test("a fill of more workgroups than one dimension holds reaches every element", async () => {
  const count = 65_536 * 256 + 7;
  const key: RandomKey = [0, 9];
  const y = new Uint32Array(await fill(randomBits, randomGeometry([count], key).params));
  expect(y.length).toBe(count);
  for (const i of [0, 1, 8_388_607, 8_388_608, 65_535 * 256, 65_536 * 256, count - 1]) {
    const [x0, x1] = threefry2x32(key, [0, i]);
    expect(y[i], `element ${i}`).toBe((x0 ^ x1) >>> 0);
  }
});
