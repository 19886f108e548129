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
