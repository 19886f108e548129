import { formatShape, ShapeError } from "../../errors.js";
import { defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import cdistBackwardWgsl from "./cdist_backward.wgsl";
import cdistForwardWgsl from "./cdist_forward.wgsl";

const LANES = 64;
const params = { batch: "u32", n: "u32", m: "u32", d: "u32" } as const;
const read = { access: "read", dtype: "f32" } as const;
const write = { access: "read_write", dtype: "f32" } as const;

export type CdistParams = ParamValues<typeof params>;

const operands = (p: CdistParams): number => p.batch * (p.n * p.d + p.m * p.d + p.n * p.m);

/** Euclidean distances of all rows of a to all of b. See cdist_forward.wgsl and `cdistGeometry`. */
export const cdistForward = defineKernel({
  name: "cdist_forward",
  wgsl: cdistForwardWgsl,
  bindings: { a: read, b: read, y: write },
  params,
  variants: [
    {
      name: "tile_4x4",
      order: "sequential",
      workgroups: (p) => spread(divideUp(p.batch * divideUp(p.n, 4) * divideUp(p.m, 4), LANES)),
    },
  ],
  cost: (p) => ({ flops: 3 * p.batch * p.n * p.m * p.d, bytes: 4 * operands(p) }),
});

/** Sums of differences of rows, weighted: the gradient of distances by one of their operands. See cdist_backward.wgsl. */
export const cdistBackward = defineKernel({
  name: "cdist_backward",
  wgsl: cdistBackwardWgsl,
  bindings: { weights: read, a: read, b: read, da: write },
  params,
  variants: [
    {
      name: "vec4",
      order: "sequential",
      constants: { V: "vec4<f32>", WIDTH: "4u" },
      applies: (p) => p.d % 4 === 0,
      workgroups: (p) => spread(divideUp((p.batch * p.n * p.d) / 4, LANES)),
    },
    { name: "scalar", order: "sequential", workgroups: (p) => spread(divideUp(p.batch * p.n * p.d, LANES)) },
  ],
  cost: (p) => ({ flops: 3 * p.batch * p.n * p.m * p.d, bytes: 4 * (operands(p) + p.batch * p.n * p.d) }),
});

/**
 * Shape of the distances, and params of both kernels, for a [..., n, d] and b [..., m, d].
 *
 * @throws ShapeError when leading axes or the rows' lengths differ, or one has no rows.
 */
export function cdistGeometry(
  a: readonly number[],
  b: readonly number[],
  op = "cdist",
): { shape: number[]; params: CdistParams } {
  const lead = a.slice(0, -2);
  const [n, d] = a.slice(-2);
  const m = b.at(-2);
  if (n === undefined || d === undefined || m === undefined || `${b}` !== `${[...lead, m, d]}`) {
    const expected = `[..., n, d] and [..., m, d] of the same leading axes, a being ${formatShape(a)}`;
    throw new ShapeError({ op, argument: "b", expected, given: formatShape(b) });
  }
  return { shape: [...lead, n, m], params: { batch: sizeOf(lead), n, m, d } };
}
