// Elementwise functions and their gradients against PyTorch and JAX, at special values too.
import * as F from "@facet/autograd";
import { expectClose, type GoldenCase, loadGolden } from "@facet/testing";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

// biome-ignore lint/suspicious/noExplicitAny: arguments under the original's names, as the golden file has them.
type Call = (operands: F.Tensor[], params: Record<string, any>) => F.Tensor;
const of =
  (f: (...operands: F.Tensor[]) => F.Tensor): Call =>
  (operands) =>
    f(...operands);
const plain = (names: string): Record<string, Call> =>
  Object.fromEntries(
    names
      .split(" ")
      .map((name) => [name, of((F as unknown as Record<string, () => F.Tensor>)[name] as () => F.Tensor)]),
  );

const torch: Record<string, Call> = {
  ...plain("sin cos tan asin acos atan atan2 sinh cosh asinh acosh atanh sinc hypot deg2rad rad2deg"),
  ...plain("exp exp2 expm1 log log2 log10 log1p sqrt rsqrt logaddexp logaddexp2 ldexp xlogy"),
  ...plain(
    "frac trunc floor ceil fmod remainder copysign signbit heaviside erf erfc erfinv sigmoid lgamma digamma lerp",
  ),
  ...plain("igamma igammac"),
  isnan: of(F.isNan),
  isinf: of(F.isInf),
  isposinf: of(F.isPosInf),
  isneginf: of(F.isNegInf),
  isfinite: of(F.isFinite),
  nan_to_num: ([x], options) => F.nanToNum(x as F.Tensor, options),
  round: ([x], { decimals }) => F.round(x as F.Tensor, decimals),
  logit: ([x], { eps }) => F.logit(x as F.Tensor, eps),
  polygamma: ([x], { n }) => F.polygamma(n, x as F.Tensor),
  addcmul: ([a, b, c], { value }) => F.addcmul(a as F.Tensor, b as F.Tensor, c as F.Tensor, value),
  addcdiv: ([a, b, c], { value }) => F.addcdiv(a as F.Tensor, b as F.Tensor, c as F.Tensor, value),
  "special.entr": of(F.entr),
  "special.multigammaln": ([x], { p }) => F.multigammaln(x as F.Tensor, p),
  "special.i0": of(F.besselI0),
  "special.i0e": of(F.besselI0e),
  "special.i1": of(F.besselI1),
  "special.i1e": of(F.besselI1e),
  "special.bessel_j0": of(F.besselJ0),
  "special.bessel_j1": of(F.besselJ1),
  "special.erfcx": of(F.erfcx),
  "special.ndtr": of(F.ndtr),
  "special.log_ndtr": of(F.logNdtr),
  "special.ndtri": of(F.ndtri),
  ...Object.fromEntries(
    (["t", "u", "v", "w"] as const).flatMap((kind): [string, Call][] => [
      [`special.chebyshev_polynomial_${kind}`, of((x, n) => F.chebyshev(kind, x as F.Tensor, n as F.Tensor))],
      [
        `special.shifted_chebyshev_polynomial_${kind}`,
        of((x, n) => F.chebyshev(kind, F.sub(F.mul(x as F.Tensor, 2), 1), n as F.Tensor)),
      ],
    ]),
  ),
  "special.hermite_polynomial_h": of((x, n) => F.hermite(x as F.Tensor, n as F.Tensor, "physicists")),
  "special.hermite_polynomial_he": of((x, n) => F.hermite(x as F.Tensor, n as F.Tensor, "probabilists")),
  "special.laguerre_polynomial_l": of(F.laguerre),
  "special.legendre_polynomial_p": of(F.legendre),
  "special.xlog1py": of(F.xlog1py),
  "special.zeta": of(F.zeta),
  "nn.functional.relu": of(F.relu),
  "nn.functional.relu6": of(F.relu6),
  "nn.functional.hardtanh": ([x], { min_val, max_val }) => F.hardTanh(x as F.Tensor, min_val, max_val),
  "nn.functional.hardswish": of(F.hardSwish),
  "nn.functional.hardsigmoid": of(F.hardSigmoid),
  "nn.functional.hardshrink": ([x], { lambd }) => F.hardShrink(x as F.Tensor, lambd),
  "nn.functional.softshrink": ([x], { lambd }) => F.softShrink(x as F.Tensor, lambd),
  "nn.functional.tanhshrink": of(F.tanhShrink),
  "nn.functional.threshold": ([x], { threshold, value }) => F.threshold(x as F.Tensor, threshold, value),
  "nn.functional.selu": of((x) => F.selu(x as F.Tensor)),
  "nn.functional.celu": ([x], { alpha }) => F.celu(x as F.Tensor, alpha),
  "nn.functional.elu": of((x) => F.elu(x as F.Tensor)),
  "nn.functional.mish": of(F.mish),
  "nn.functional.silu": of(F.silu),
  "nn.functional.gelu": of((x) => F.gelu(x as F.Tensor)),
  "nn.functional.logsigmoid": of(F.logSigmoid),
  "nn.functional.softsign": of(F.softsign),
  "nn.functional.softplus": of(F.softplus),
  "nn.functional.prelu": of(F.prelu),
};

const jax: Record<string, Call> = {
  "jax.numpy.cbrt": of(F.cbrt),
  "jax.numpy.sinc": of(F.sinc),
  "jax.numpy.exp2": of(F.exp2),
  "jax.nn.squareplus": ([x], { b }) => F.squareplus(x as F.Tensor, b),
  "jax.nn.sparse_plus": of(F.sparsePlus),
  "jax.nn.sparse_sigmoid": of(F.sparseSigmoid),
  "jax.nn.hard_silu": of(F.hardSwish),
  "jax.nn.hard_sigmoid": of(F.hardSigmoid),
  // At the ends its gradient passes.
  "jax.nn.hard_tanh": of((x) => F.clamp(x as F.Tensor, -1, 1)),
  "jax.nn.relu6": of(F.relu6),
  "jax.nn.soft_sign": of(F.softsign),
  "jax.nn.mish": of(F.mish),
  "jax.nn.celu": of((x) => F.celu(x as F.Tensor)),
  "jax.nn.selu": of((x) => F.selu(x as F.Tensor)),
  "jax.nn.log_sigmoid": of(F.logSigmoid),
  "jax.scipy.special.rel_entr": of(F.relEntr),
  "jax.scipy.special.kl_div": of(F.klDiv),
  "jax.scipy.special.betaln": of(F.betaln),
  "jax.scipy.special.beta": of(F.beta),
  "jax.scipy.special.digamma": of(F.digamma),
  "jax.scipy.special.gammaln": of(F.lgamma),
  "jax.scipy.special.entr": of(F.entr),
  "jax.scipy.special.i0": of(F.besselI0),
  "jax.scipy.special.i0e": of(F.besselI0e),
  "jax.scipy.special.i1": of(F.besselI1),
  "jax.scipy.special.i1e": of(F.besselI1e),
  "jax.scipy.special.ndtri": of(F.ndtri),
  "jax.scipy.special.log_ndtr": of(F.logNdtr),
};

const keras: Record<string, Call> = {
  glu: ([x], { axis }) => F.glu(x as F.Tensor, axis),
  hard_shrink: of((x) => F.hardShrink(x as F.Tensor)),
  soft_shrink: of((x) => F.softShrink(x as F.Tensor)),
  tanh_shrink: of(F.tanhShrink),
  threshold: ([x], { threshold, default_value }) => F.threshold(x as F.Tensor, threshold, default_value),
  squareplus: of((x) => F.squareplus(x as F.Tensor)),
  sparse_plus: of(F.sparsePlus),
  sparse_sigmoid: of(F.sparseSigmoid),
  hard_silu: of(F.hardSwish),
  celu: of((x) => F.celu(x as F.Tensor)),
  softsign: of(F.softsign),
};

/** Sums of terms that cancel are near in absolute terms; the largest terms here are about 10. */
const tolerance = { rtol: 1e-5, atol: 2e-6 };

async function holds(golden: GoldenCase, call: Call): Promise<void> {
  const letters = ["a", "b", "c"].filter((letter) => golden.has(letter));
  const operands = letters.map((letter) => {
    const x = F.fromData(golden.floats(letter), [...golden.tensor(letter).shape]);
    return golden.has(`d${letter}`) ? F.variable(x) : x;
  });
  const { fn, ...params } = golden.params;
  const y = call(operands, params);
  const shape = golden.tensor("y").shape;
  expect(y.shape).toEqual(shape);
  expectClose(Float32Array.from(await y.data()), golden.floats("y"), { ...tolerance, shape, label: `${fn} y` });
  if (!golden.has("dy")) return;
  const wanted = operands.filter((_, i) => golden.has(`d${letters[i]}`));
  const names = letters.filter((letter) => golden.has(`d${letter}`));
  const found = F.gradients(y, wanted, { cotangents: [F.fromData(golden.floats("dy"), [...shape])] });
  for (const [i, gradient] of found.entries()) {
    const name = `d${names[i]}`;
    const actual = gradient
      ? ((await gradient.data()) as Float32Array)
      : new Float32Array((wanted[i] as F.Tensor).size);
    expectClose(actual, golden.floats(name), { ...tolerance, label: `${fn} ${name}` });
  }
}

describe.each([
  ["functions", torch],
  ["functions_jax", jax],
  ["functions_keras", keras],
] as const)("%s", (file, table) => {
  const { cases } = loadGolden(file);
  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_, golden) => {
    await holds(golden, table[golden.params.fn] as Call);
  });
  test("the file has a case of every name in the table", () => {
    const held = new Set(cases.map(({ params }) => params.fn));
    expect(Object.keys(table).filter((name) => !held.has(name))).toEqual([]);
  });
});

describe("what is refused", () => {
  const x = F.zeros([2, 3]);
  test.each([
    ["an odd extent", () => F.glu(x), F.ShapeError, "x"],
    ["an axis that is none", () => F.glu(x, 2), F.ArgumentError, "axis"],
    ["an axis that is none for sparsemax", () => F.sparsemax(x, 2), F.ArgumentError, "axis"],
    ["an alpha of 0", () => F.celu(x, 0), F.ArgumentError, "alpha"],
    ["a negative lambda", () => F.softShrink(x, -1), F.ArgumentError, "lambda"],
    ["a slope that x does not hold", () => F.prelu(x, F.zeros([4, 2, 3])), F.ShapeError, "slope"],
    ["an upper slope below the lower", () => F.rrelu(x, 1, 0), F.ArgumentError, "upper"],
    ["half a derivative", () => F.polygamma(0.5, x), F.ArgumentError, "n"],
    ["matrices of no rows", () => F.multigammaln(x, 0), F.ArgumentError, "p"],
    ["integers in sin", () => F.sin(F.zeros([2], "int32")), F.DtypeError, "x"],
    ["an empty tensor of integers in sin", () => F.sin(F.zeros([0], "int32")), F.DtypeError, "x"],
    ["floats in gcd", () => F.gcd(x, x), F.DtypeError, "a"],
    ["bools in a shift", () => F.shiftLeft(F.zeros([2], "bool"), F.zeros([2], "bool")), F.DtypeError, "a"],
    ["dtypes that differ", () => F.bitwiseAnd(F.zeros([2], "int32"), F.zeros([2], "uint32")), F.DtypeError, "b"],
  ] as const)("%s", (_, call, error, argument) => {
    let thrown: unknown;
    try {
      call();
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(error);
    expect(thrown).toMatchObject({ argument });
  });

  test("gradients of a zeta's power and of a gamma function's shape", () => {
    for (const f of [F.zeta, F.igamma, F.igammac]) {
      const a = F.variable(F.fromData([2.5], [1]));
      const y = f(a, F.fromData([1.5], [1]));
      expect(() => F.gradients(y, [a])).toThrow(F.UnsupportedError);
    }
  });
});

test("bits, integers and parts of floats", async () => {
  const i = (...values: number[]): F.Tensor => F.fromData(values, [values.length], "int32");
  const read = async (x: F.Tensor): Promise<number[]> => [...(await x.data())];
  expect(await read(F.bitwiseNot(F.fromData([1, 0], [2], "bool")))).toEqual([0, 1]);
  expect(await read(F.bitwiseNot(i(0, 5)))).toEqual([-1, -6]);
  expect(await read(F.shiftRight(i(-8, -8, 8), i(1, 40, -1)))).toEqual([-4, -1, 0]);
  expect(await read(F.gcd(i(12, 0, -4), i(18, 0, 6)))).toEqual([6, 0, 2]);
  const { mantissa, exponent } = F.frexp(F.fromData([8, -0.75, 0], [3]));
  expect(await read(mantissa)).toEqual([0.5, -0.75, 0]);
  expect(await read(exponent)).toEqual([4, 0, 0]);
  const large = await read(F.nanToNum(F.fromData([Infinity, -Infinity, Number.NaN], [3])));
  expect(large).toEqual([3.4028234663852886e38, -3.4028234663852886e38, 0]);
  const bounds = F.clampBetween(F.fromData([1, 5, 9], [3]), F.fromData([2, 2, Number.NaN], [3]), 4);
  expect(await read(bounds)).toEqual([2, 4, Number.NaN]);
});

/** What bounds x so that what is above it sums to 1, by bisection. */
function boundOf(x: readonly number[]): number {
  let [low, high] = [Math.min(...x) - 1, Math.max(...x)];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (x.reduce((sum, value) => sum + Math.max(value - middle, 0), 0) > 1) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

test.each([[-1], [0], [1]])(
  "sparsemax along axis %i is the nearest distribution, its gradient that of its support",
  async (axis) => {
    const values = [3, 0.5, 0.5, -2, 0.25, 0.75, 0, 1.5, 1.5, 1.5, -9, 0.125];
    const dys = values.map((_, i) => ((i * 5) % 7) / 4);
    const x = F.variable(F.fromData(values, [3, 4]));
    const y = F.sparsemax(x, axis);
    const lines =
      axis === 0
        ? [0, 1, 2, 3].map((c) => [0, 1, 2].map((r) => 4 * r + c))
        : [0, 1, 2].map((r) => [0, 1, 2, 3].map((c) => 4 * r + c));
    const expected = new Float32Array(12);
    const slopes = new Float32Array(12);
    for (const line of lines) {
      const bound = boundOf(line.map((i) => values[i] as number));
      const support = line.filter((i) => (values[i] as number) > bound + 1e-9);
      const mean = support.reduce((sum, i) => sum + (dys[i] as number), 0) / support.length;
      for (const i of support) {
        expected[i] = (values[i] as number) - bound;
        slopes[i] = (dys[i] as number) - mean;
      }
    }
    expectClose((await y.data()) as Float32Array, expected, tolerance);
    const [gradient] = F.gradients(y, [x], { cotangents: F.fromData(dys, [3, 4]) });
    expectClose((await (gradient as F.Tensor).data()) as Float32Array, slopes, tolerance);
  },
);
