import type { KernelCase, KernelEntry } from "../../cases.js";
import {
  type BernoulliOptions,
  type NormalOptions,
  randomBernoulli,
  randomBernoulliGeometry,
  randomBits,
  randomGeometry,
  randomNormal,
  randomNormalGeometry,
  randomUniform,
  randomUniformGeometry,
  type UniformOptions,
} from "./random.js";
import {
  randomBernoulliReference,
  randomBitsReference,
  randomNormalReference,
  randomUniformReference,
} from "./random.ref.js";
import type { RandomKey } from "./threefry.js";

interface Fill<Options> {
  count: number;
  key?: RandomKey;
  options?: Options;
  bench?: boolean;
}

type Geometry<Options> = (
  shape: readonly number[],
  key: RandomKey,
  options: Options,
) => { params: KernelCase["params"] & { count: number } };

function fillCase<Options extends object>(
  geometry: Geometry<Options>,
  { count, key = [0, 42], options = {} as Options, bench = false }: Fill<Options>,
): KernelCase {
  const words = [...Object.entries(options).map(([name, value]) => `${name} ${value}`), `key [${key}]`];
  return {
    name: `[${count}] ${words.join(", ")}`,
    params: geometry([count], key, options).params,
    inputs: () => ({}),
    outputs: { y: count },
    bench,
  };
}

/** One element, every remainder of four, counters up to the last, keys of large words, and a fill worth timing. */
const everyFill: Fill<object>[] = [
  { count: 1 },
  { count: 2, key: [0, 0] },
  { count: 3, key: [0xffffffff, 0xffffffff] },
  { count: 1023, key: [0x13198a2e, 0x03707344] },
  { count: 1000, options: { offset: 4_294_966_296 } },
  { count: 2 ** 20, bench: true },
];

const uniforms: Fill<UniformOptions>[] = [
  ...everyFill,
  { count: 4099, options: { low: -2, high: 3 } },
  { count: 4099, options: { low: -0.0416, high: 0.0416, offset: 5 } },
  { count: 5, options: { low: 2, high: 2 } },
];

const normals: Fill<NormalOptions>[] = [
  ...everyFill,
  { count: 4099, options: { mean: 3, deviation: 0.5 } },
  { count: 4099, options: { truncate: [-2, 2] } },
  { count: 65_537, options: { truncate: [-2, 2], deviation: 0.05 } },
  { count: 4099, options: { truncate: [0.5, 40] } },
  { count: 65_537, options: { truncate: [-40, 40] } },
];

const bernoullis: Fill<BernoulliOptions>[] = [
  ...everyFill,
  // Equal to the first draw of the key, which is not below it.
  { count: 5, options: { p: 4_099_593 / 2 ** 23 } },
  { count: 1001, options: { p: 0 } },
  { count: 1001, options: { p: 1 } },
  { count: 100_001, options: { p: 0.1 } },
];

// |z| < 6. The polynomial of nine fused steps and two products, in f32 against f64, ends a few units of 2^-24 away, times
// the sum of its terms' sizes, at most 1.3 times the result; the logarithm it takes is within 3 units and weighs less than 1.
const ROUNDINGS = 8 * 2 ** -24;

function normalCase(fill: Fill<NormalOptions>): KernelCase {
  const { mean = 0, deviation = 1 } = fill.options ?? {};
  // z * deviation + mean is rounded twice more; the mean can cancel the product.
  return {
    ...fillCase(randomNormalGeometry, fill),
    tolerance: { rtol: ROUNDINGS, atol: (Math.abs(mean) + 6 * deviation * Math.sign(mean)) * ROUNDINGS },
  };
}

export const randomEntries: KernelEntry[] = [
  {
    kernel: randomBits,
    reference: randomBitsReference,
    cases: everyFill.map((fill) => fillCase(randomGeometry, fill)),
  },
  {
    kernel: randomUniform,
    reference: randomUniformReference,
    cases: uniforms.map((fill) => fillCase(randomUniformGeometry, fill)),
  },
  { kernel: randomNormal, reference: randomNormalReference, cases: normals.map(normalCase) },
  {
    kernel: randomBernoulli,
    reference: randomBernoulliReference,
    cases: bernoullis.map((fill) => fillCase(randomBernoulliGeometry, fill)),
  },
];
