// The names in torch of what torch.linalg has.
import * as core from "@facet/autograd";
import type { Args } from "@facet/dialect";
import type { Tensor } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { logdetOf, type OfMatrices, ofSquares, type SignAndLog, slogdetNamed } from "./decompositions.js";
import { householderNamed, powerNamed } from "./matrix_functions.js";

export {
  cholesky,
  cholesky_inverse,
  cholesky_solve,
  qr,
  svd,
  triangular_solve,
} from "./decompositions.js";
export { pinverse, vander } from "./matrix_functions.js";

type OfInput = (input: Tensor) => Tensor;
/** Determinants. */
export const det: OfInput = ofSquares("det", "input", core.det, {});
/** Logarithms of determinants; NaN of negative ones. */
export const logdet: OfInput = ofSquares("logdet", "input", logdetOf, {});
export const matrix_exp: OfInput = ofSquares("matrix_exp", "input", core.matrixExp, {});
/** Inverses; a singular matrix raises ArgumentError when a value is next read. */
export const inverse: OfMatrices<"input"> = ofSquares("inverse", "input", core.inverse);
export const slogdet: (input: Tensor, ...args: Args<[], Out>) => SignAndLog = slogdetNamed("slogdet", "input");
export const matrix_power: (input: Tensor, ...args: Args<[n: number], { n: number } & Out>) => Tensor =
  powerNamed("matrix_power");
/** As linalg.householder_product. */
export const orgqr: (input: Tensor, ...args: Args<[input2: Tensor], { input2: Tensor } & Out>) => Tensor =
  householderNamed("orgqr", "input2");
