import type { BindingArrays } from "../../cases.js";
import { erfinv } from "./random.ref.js";
import type { RandomGammaParams, RandomPoissonParams } from "./random_gamma.js";
import { type RandomKey, threefry2x32 } from "./threefry.js";

const { fround } = Math;
const split = (key: RandomKey, i: number): RandomKey => threefry2x32(key, [0, i]);

/** The number of an index that jax.random.uniform draws with a key. */
function unit(key: RandomKey, index = 0): number {
  const [x0, x1] = threefry2x32(key, [0, index]);
  return ((x0 ^ x1) >>> 9) / 2 ** 23;
}

function normal(key: RandomKey): number {
  const lowest = -(1 - 2 ** -24);
  return Math.SQRT2 * erfinv(Math.max(lowest, fround(unit(key) * 2 + lowest)));
}

/** Marsaglia and Tsang's draw for one shape, as a logarithm. */
function logGamma(own: RandomKey, alpha: number): number {
  if (!(alpha >= 0)) return Number.NaN;
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  const c = 1 / 3 / Math.sqrt(d);
  let key = split(own, 0);
  const last = unit(split(own, 1));
  const boost = alpha < 1 && last !== 0 ? Math.log1p(-last) / alpha : 0;
  for (;;) {
    let xKey = split(key, 1);
    const u = unit(split(key, 2));
    key = split(key, 0);
    let [x, v] = [0, -1];
    while (v <= 0) {
      x = normal(split(xKey, 1));
      xKey = split(xKey, 0);
      v = 1 + x * c;
    }
    const cube = v ** 3;
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < x ** 2 / 2 + d * (1 - cube + Math.log(cube)))
      return Math.log(d) + Math.log(cube) + boost;
  }
}

export function randomGammaReference(inputs: BindingArrays, given: object): BindingArrays {
  const { key0, key1, log_space } = given as RandomGammaParams;
  const sample = (alpha: number, i: number): number => {
    const log = logGamma(split([key0, key1], i), alpha);
    return log_space ? log : Math.exp(log);
  };
  return { y: Float32Array.from(inputs.alpha as Float32Array, sample) };
}

function logFactorial(k: number): number {
  let sum = 0;
  for (let i = 2; i <= k; i++) sum += Math.log(i);
  return sum;
}

function poisson(start: RandomKey, rate: number, at: number): number {
  let key = start;
  if (rate === 0) return 0;
  if (!(rate >= 10)) {
    let k = 0;
    for (let product = 0; product > -rate; k++) {
      const u = unit(split(key, 1), at);
      key = split(key, 0);
      product += Math.log(u);
    }
    return k - 1;
  }
  const b = 0.931 + 2.53 * Math.sqrt(rate);
  const a = -0.059 + 0.02483 * b;
  for (;;) {
    const u = unit(split(key, 1), at) - 0.5;
    const v = unit(split(key, 2), at);
    key = split(key, 0);
    const shifted = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / shifted + b) * u + rate + 0.43);
    if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2)) return k;
    if (k < 0 || (shifted < 0.013 && v > shifted)) continue;
    const s = Math.log((v * (1.1239 + 1.1328 / (b - 3.4))) / (a / shifted ** 2 + b));
    if (s <= -rate + k * Math.log(rate) - logFactorial(k)) return k;
  }
}

export function randomPoissonReference(inputs: BindingArrays, given: object): BindingArrays {
  const { key0, key1 } = given as RandomPoissonParams;
  const sample = (rate: number, i: number): number => poisson([key0, key1], rate, i);
  return { y: Int32Array.from(inputs.rate as Float32Array, sample) };
}
