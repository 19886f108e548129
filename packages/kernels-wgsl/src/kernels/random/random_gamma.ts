import { defineKernel, divideUp, type ParamValues, spread, type Variant } from "../../kernel.js";
import { CIPHER, randomGeometry } from "./random.js";
import randomGammaWgsl from "./random_gamma.wgsl";
import randomPoissonWgsl from "./random_poisson.wgsl";
import type { RandomKey } from "./threefry.js";

const stream = { key0: "u32", key1: "u32", count: "u32" } as const;
const gammaParams = { ...stream, log_space: "u32", zero: "u32" } as const;

export type RandomGammaParams = ParamValues<typeof gammaParams>;
export type RandomPoissonParams = ParamValues<typeof stream>;

const elements: Variant<typeof stream> = {
  name: "elements",
  order: "elementwise",
  workgroups: (p) => spread(divideUp(p.count, 64)),
};

/** y[i] gamma-distributed with shape alpha[i], or its logarithm. See random_gamma.wgsl. */
export const randomGamma = defineKernel({
  name: "random_gamma",
  wgsl: randomGammaWgsl,
  bindings: { alpha: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
  params: gammaParams,
  variants: [elements],
  // Nine blocks of the cipher where the first round is taken, which 95 of 100 are.
  cost: (p) => ({ flops: 100 * p.count, integers: 9 * CIPHER * p.count, bytes: 8 * p.count }),
});

/** y[i] Poisson-distributed with mean rate[i]. See random_poisson.wgsl. */
export const randomPoisson = defineKernel({
  name: "random_poisson",
  wgsl: randomPoissonWgsl,
  bindings: { rate: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "i32" } },
  params: stream,
  variants: [elements],
  // Four blocks of the cipher a round; about one round for large rates, rate + 1 of three blocks for small ones.
  cost: (p) => ({ flops: 50 * p.count, integers: 4 * CIPHER * p.count, bytes: 8 * p.count }),
});

/** Params of `randomGamma`; with `logSpace` y is the logarithm. Throws ShapeError, or ArgumentError when the key is none. */
export function randomGammaGeometry(
  shape: readonly number[],
  key: RandomKey,
  logSpace = false,
): { shape: number[]; params: RandomGammaParams } {
  const { shape: own, params } = randomGeometry(shape, key, {}, "random_gamma");
  const { key0, key1, count } = params;
  return { shape: own, params: { key0, key1, count, log_space: logSpace ? 1 : 0, zero: 0 } };
}

/** Params of `randomPoisson`. Throws ShapeError, or ArgumentError when the key is none. */
export function randomPoissonGeometry(
  shape: readonly number[],
  key: RandomKey,
): { shape: number[]; params: RandomPoissonParams } {
  const { shape: own, params } = randomGeometry(shape, key, {}, "random_poisson");
  const { key0, key1, count } = params;
  return { shape: own, params: { key0, key1, count } };
}
