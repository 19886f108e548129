// Weights written as direction times length, and weights divided by their largest singular value.
import { ArgumentError, formatShape, ShapeError } from "@facet/kernels-wgsl";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { div, maximum, mul } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { norm } from "./moments.js";
import { sum } from "./reduce.js";
import { reshape, transpose } from "./shape.js";

function axisOf(op: string, w: Tensor, axis: number): number {
  const at = axis < 0 ? axis + w.rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= w.rank)
    throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${formatShape(w.shape)}`, given: `${axis}` });
  return at;
}

/**
 * length * direction / |direction|, norms over all axes but `axis`, or over all when it is undefined. `length` has the norms' shape:
 * that of direction with extent 1 elsewhere, or []. Throws ShapeError for another.
 */
export function weightNorm(direction: Tensor, length: Tensor, axis: number | undefined): Tensor {
  const kept = axis === undefined ? undefined : axisOf("weight_norm", direction, axis);
  const axes = [...direction.shape.keys()].filter((d) => d !== kept);
  const norms = norm(direction, { axes, keepdims: kept !== undefined });
  if (`${norms.shape}` !== `${length.shape}`) {
    const expected = formatShape(norms.shape);
    throw new ShapeError({ op: "weight_norm", argument: "length", expected, given: formatShape(length.shape) });
  }
  return mul(direction, div(length, norms));
}

/** Estimates of the singular vectors: `u` for the axis, `v` for all others together. */
export interface SpectralState {
  readonly u: Tensor;
  readonly v: Tensor;
}

export interface SpectralOptions {
  /** The axis that is the rows of the matrix; the others, in their order, are its columns. Default 0. */
  axis?: number;
  /** Steps of the power iteration before. Default 1; 0 at inference. */
  iterations?: number;
  /** Least norm that vectors are divided by. Default 1e-12. */
  epsilon?: number;
}

/**
 * The weight divided by u' W v, an estimate of its largest singular value, and the vectors after the iterations: state of the caller.
 * No gradient flows through the iterations. Throws ShapeError for vectors of other lengths than the matrix has.
 */
export function spectralNorm(
  w: Tensor,
  state: SpectralState,
  { axis = 0, iterations = 1, epsilon = 1e-12 }: SpectralOptions = {},
): SpectralState & { weight: Tensor; sigma: Tensor } {
  const op = "spectral_norm";
  const at = axisOf(op, w, axis);
  if (!Number.isInteger(iterations) || iterations < 0)
    throw new ArgumentError({ op, argument: "iterations", expected: "a whole number", given: `${iterations}` });
  const rows = w.shape[at] as number;
  const columns = rows === 0 ? 0 : w.size / rows;
  for (const [argument, vector, extent] of [
    ["u", state.u, rows],
    ["v", state.v, columns],
  ] as const)
    if (`${vector.shape}` !== `${extent}`)
      throw new ShapeError({ op, argument, expected: formatShape([extent]), given: formatShape(vector.shape) });
  const order = [at, ...[...w.shape.keys()].filter((d) => d !== at)];
  const matrix = reshape(at === 0 ? w : transpose(w, order), [rows, columns]);
  const unit = (x: Tensor): Tensor => div(x, maximum(norm(x), epsilon));
  const { u, v } = noGrad(() => {
    let { u, v } = state;
    for (let i = 0; i < iterations; i++) {
      v = unit(reshape(matmul(reshape(u, [1, rows]), matrix), [columns]));
      u = unit(reshape(matmul(matrix, reshape(v, [columns, 1])), [rows]));
    }
    return { u, v };
  });
  const sigma = sum(mul(u, reshape(matmul(matrix, reshape(v, [columns, 1])), [rows])));
  return { weight: div(w, sigma), u, v, sigma };
}
