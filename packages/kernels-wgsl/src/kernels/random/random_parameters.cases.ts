import type { KernelCase, KernelEntry } from "../../cases.js";
import { randomGamma, randomGammaGeometry, randomPoisson, randomPoissonGeometry } from "./random_gamma.js";
import { randomGammaReference, randomPoissonReference } from "./random_gamma.ref.js";
import { randomIntegers, randomIntegersGeometry } from "./random_integers.js";
import { randomIntegersReference } from "./random_integers.ref.js";
import type { RandomKey } from "./threefry.js";

interface Fill {
  count: number;
  key?: RandomKey;
  bench?: boolean;
}

const integers: (Fill & { low: number; high: number })[] = [
  { count: 1, low: 0, high: 1 },
  { count: 2, low: -1, high: 1, key: [0, 0] },
  { count: 1023, low: -7, high: 2 ** 20 + 3 },
  { count: 1001, low: -(2 ** 31), high: 2 ** 31 },
  { count: 1001, low: -(2 ** 31), high: 2 ** 31 - 1, key: [0xffffffff, 0xffffffff] },
  { count: 2 ** 20, low: 0, high: 1000, bench: true },
];

function integersCase({ count, key = [0, 42], bench = false, low, high }: (typeof integers)[number]): KernelCase {
  return {
    name: `[${count}] ${low} to ${high}, key [${key}]`,
    params: randomIntegersGeometry([count], key, low, high).params,
    inputs: () => ({}),
    outputs: { y: count },
    bench,
  };
}

/** `low` and `high` are the interval that shapes, or rates, are drawn from; `put` some put first. */
interface Rates extends Fill {
  low: number;
  high: number;
  put?: readonly number[];
}

const { NaN: nan } = Number;
const gammas: (Rates & { logSpace?: boolean })[] = [
  { count: 1, low: 1, high: 1 },
  { count: 1000, low: 0.5, high: 4, put: [1, 0.999, 1000, nan, -1] },
  { count: 1000, low: 0.01, high: 1, logSpace: true, put: [1e-3, 0] },
  { count: 2 ** 18, low: 0.2, high: 5, bench: true },
];
// A draw whose uniform number lies within a rounding of the border goes the other way, about one in 300 000: none of these.
const rates: Rates[] = [
  { count: 1, low: 3, high: 3 },
  { count: 1000, low: 0, high: 10, put: [0, nan, 1e-3] },
  { count: 1000, low: 10, high: 60, put: [10, 100] },
  { count: 2 ** 16, key: [0, 43], low: 1, high: 20, bench: true },
];

const drawn =
  (name: string, { count, low, high, put = [] }: Rates): KernelCase["inputs"] =>
  (random) => {
    const values = random.uniform(count, low, high);
    values.set(put.slice(0, count));
    return { [name]: values };
  };

export const randomParametersEntries: KernelEntry[] = [
  { kernel: randomIntegers, reference: randomIntegersReference, cases: integers.map(integersCase) },
  {
    kernel: randomGamma,
    reference: randomGammaReference,
    cases: gammas.map((rates) => ({
      name: `[${rates.count}] shapes ${rates.low} to ${rates.high}${rates.logSpace ? ", logarithms" : ""}`,
      params: randomGammaGeometry([rates.count], rates.key ?? [0, 42], rates.logSpace).params,
      inputs: drawn("alpha", rates),
      outputs: { y: rates.count },
      // The exponent of a small shape is a logarithm over the shape, up to 16 / 0.2 and rounded to 2^-24 of it; v^3 and its
      // logarithm are off by 2^-20.
      tolerance: { rtol: 3e-5, atol: 3e-6 },
      bench: rates.bench ?? false,
    })),
  },
  {
    kernel: randomPoisson,
    reference: randomPoissonReference,
    cases: rates.map((own) => ({
      name: `[${own.count}] rates ${own.low} to ${own.high}`,
      params: randomPoissonGeometry([own.count], own.key ?? [0, 42]).params,
      inputs: drawn("rate", own),
      outputs: { y: own.count },
      bench: own.bench ?? false,
    })),
  },
];
