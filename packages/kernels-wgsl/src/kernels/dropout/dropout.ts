import { ArgumentError } from "../../errors.js";
import { defineKernel, type ParamValues } from "../../kernel.js";
import { CIPHER, drawVariants, randomGeometry } from "../random/random.js";
import type { RandomKey } from "../random/threefry.js";
import dropoutWgsl from "./dropout.wgsl";

const params = {
  key0: "u32",
  key1: "u32",
  count: "u32",
  offset: "u32",
  keep_prob: "f32",
  scale: "f32",
} as const;

export type DropoutParams = ParamValues<typeof params>;

/** y = x * scale where a random draw keeps the element, else 0. See dropout.wgsl. */
export const dropout = defineKernel({
  name: "dropout",
  wgsl: dropoutWgsl,
  bindings: { x: { access: "read", dtype: "f32" }, y: { access: "read_write", dtype: "f32" } },
  params,
  variants: drawVariants("f32", { given: "x[at / 4u]" }),
  // Integer operations of the cipher count as operations: the kernel is bound by them.
  cost: (p) => ({ flops: 3 * p.count, integers: CIPHER * p.count, bytes: 8 * p.count }),
});

export interface DropoutOptions {
  /** Probability that an element is kept, from 0 to 1. Keras' and PyTorch's rate is one minus it, stax' is it. */
  keepProb: number;
  /** Counter of the first element. Default 0. */
  offset?: number;
  /** Factor on kept elements. Default 1 / keepProb. */
  scale?: number;
}

/** Params of `dropout`, forward and backward alike. Throws ShapeError, or ArgumentError on a probability outside [0, 1]. */
export function dropoutGeometry(
  shape: readonly number[],
  key: RandomKey,
  options: DropoutOptions,
): { shape: number[]; params: DropoutParams } {
  const op = "dropout";
  const { keepProb } = options;
  if (!(keepProb >= 0 && keepProb <= 1)) {
    throw new ArgumentError({ op, argument: "keepProb", expected: "0 to 1", given: `${keepProb}` });
  }
  // Nothing is kept at 0, so that no element meets the infinite factor.
  const { scale = keepProb === 0 ? 0 : 1 / keepProb } = options;
  if (!Number.isFinite(scale)) {
    throw new ArgumentError({ op, argument: "scale", expected: "a finite number", given: `${scale}` });
  }
  const base = randomGeometry(shape, key, options, op);
  return { shape: base.shape, params: { ...base.params, keep_prob: keepProb, scale } };
}
