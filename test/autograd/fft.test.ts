// Fourier transforms, windows and short-time transforms against what PyTorch gives, with gradients.
import * as F from "@facet/autograd";
import { createRandom, expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

// biome-ignore lint/suspicious/noExplicitAny: arguments of the original, as the golden file has them.
type Arguments = Readonly<Record<string, any>>;

const one =
  (f: (x: F.Tensor, options: F.FftOptions) => F.Tensor) =>
  ({ n, dim: axis, norm }: Arguments, x: F.Tensor): F.Tensor =>
    f(x, { n, axis, norm });
const several =
  (f: (x: F.Tensor, options: F.FftnOptions) => F.Tensor) =>
  ({ s, dim: axes, norm }: Arguments, x: F.Tensor): F.Tensor =>
    f(x, { s, axes, norm });
const framed = ({ n_fft: nFft, hop_length: hop, window, normalized, onesided: oneSided, center }: Arguments) => ({
  nFft,
  hop,
  normalized,
  oneSided,
  center,
  window: window === undefined ? undefined : F.window("hann", window),
});

const calls: Readonly<Record<string, (given: Arguments, x: F.Tensor) => F.Tensor>> = {
  fft: one(F.fft),
  ifft: one(F.ifft),
  rfft: one(F.rfft),
  irfft: one(F.irfft),
  hfft: one(F.hfft),
  ihfft: one(F.ihfft),
  fftn: several(F.fftn),
  ifftn: several(F.ifftn),
  rfftn: several(F.rfftn),
  irfftn: several(F.irfftn),
  fftshift: ({ dim }, x) => F.fftshift(x, dim),
  ifftshift: ({ dim }, x) => F.ifftshift(x, dim),
  stft: (given, x) => F.stft(x, { ...framed(given), padMode: given.pad_mode }),
  istft: (given, x) => F.istft(x, { ...framed(given), length: given.length }),
};

/** Relative to the largest: each pass rounds once. */
function expectNear(actual: ArrayLike<number>, expected: Float32Array, label: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0.1);
  expectClose(Float32Array.from(actual), expected, { rtol: 1e-6, atol: 2e-6 * largest, label });
}

async function check(row: GoldenCase): Promise<void> {
  if (!row.has("x")) {
    const { fn, n, d, ...options } = row.params;
    const y = fn.endsWith("freq") ? (fn === "fftfreq" ? F.fftfreq : F.rfftfreq)(n, d) : F.window(fn, n, options);
    expectNear(await y.data(), row.floats("y"), "y");
    return;
  }
  const x = F.variable(F.fromData(row.floats("x"), row.tensor("x").shape));
  const y = (calls[row.params.fn] as (typeof calls)[string])(row.params, x);
  expect(y.shape).toEqual(row.tensor("y").shape);
  expectNear(await y.data(), row.floats("y"), "y");
  const [dx] = F.gradients(y, [x], { cotangents: F.fromData(row.floats("dy"), y.shape) });
  expectNear(await (dx as F.Tensor).data(), row.floats("dx"), "dx");
}

describe("PyTorch", () => {
  test.each(loadGolden("fft").cases)("$name", check);
});

const random = createRandom(2);
const drawn = (...shape: number[]): F.Tensor => F.fromData(random.uniform(shape), shape);

describe("of many numbers", () => {
  test.each([4096, 5000, 65_537])("%i and back", async (n) => {
    const x = drawn(n, 2);
    const back = F.ifft(F.fft(x));
    expectClose((await back.data()) as Float32Array, (await x.data()) as Float32Array, { rtol: 0, atol: 3e-6 });
  });

  test("a captured transform is the same to the bit", async () => {
    for (const n of [64, 12]) {
      const x = drawn(2, n, 2);
      const plan = F.capture((given: F.Tensor) => F.fft(given));
      const eager = [...(await F.fft(x).data())];
      for (let run = 0; run < 2; run++) expect([...(await (plan(x) as F.Tensor).data())]).toEqual(eager);
    }
  });

  test("a product of transforms is that of a convolution", async () => {
    const [a, b] = [drawn(8), drawn(8)];
    const product = F.irfft(F.complexMultiply(F.rfft(a), F.rfft(b)));
    const [x, y] = [(await a.data()) as Float32Array, (await b.data()) as Float32Array];
    const expected = Float32Array.from({ length: 8 }, (_, i) =>
      x.reduce((sum, value, j) => sum + value * (y[(i - j + 8) % 8] as number), 0),
    );
    expectClose((await product.data()) as Float32Array, expected, { rtol: 1e-5, atol: 1e-6 });
  });

  test("none give none", () => {
    expect(F.fft(F.zeros([0, 4, 2])).shape).toEqual([0, 4, 2]);
    expect(F.rfft(F.zeros([0, 5])).shape).toEqual([0, 3, 2]);
  });
});

describe("refused before the device is asked", () => {
  const x = F.ones([3, 4, 2]);
  test.each<[string, () => unknown, string]>([
    ["pairs", () => F.fft(F.ones([3, 4])), "pairs"],
    ["length", () => F.fft(x, { n: 0 }), "n"],
    ["an axis without elements", () => F.fft(F.ones([3, 0, 2])), "n"],
    ["axis", () => F.fft(x, { axis: 2 }), "axis"],
    ["norm", () => F.fft(x, { norm: "both" as "ortho" }), "norm"],
    ["dtype", () => F.fft(F.cast(x, "int32")), "float32"],
    ["axes twice", () => F.fftn(x, { axes: [0, -2] }), "axes"],
    ["s and axes", () => F.fftn(x, { axes: [0], s: [2, 2] }), "s"],
    ["one pair to real", () => F.irfft(F.ones([1, 2])), "n"],
    ["window: name", () => F.window("flat" as "hann", 4), "name"],
    ["window: n", () => F.window("hann", -1), "n"],
    ["stft: window", () => F.stft(F.ones([40]), { nFft: 8, window: F.ones([9]) }), "window"],
    ["stft: hop", () => F.stft(F.ones([40]), { nFft: 8, hop: 0 }), "hop"],
    ["stft: short", () => F.stft(F.ones([4]), { nFft: 8, center: false }), "x"],
    ["stft: too short to reflect", () => F.stft(F.ones([4]), { nFft: 8 }), "x"],
    ["istft: frequencies", () => F.istft(F.ones([4, 3, 2]), { nFft: 8 }), "x"],
  ])("%s", (_, call, named) => {
    expect(call).toThrow(F.FacetError);
    expect(call).toThrow(named);
  });
});
