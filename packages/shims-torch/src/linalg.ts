// torch.linalg.
import "./start.js";
import * as core from "@facet/autograd";
import type { Args } from "@facet/dialect";
import type { Out } from "./ops/arithmetic.js";
import { type OfMatrices, ofSquares, type SignAndLog, slogdetNamed } from "./ops/decompositions.js";
import { householderNamed, powerNamed } from "./ops/matrix_functions.js";
import type { Tensor } from "./tensor.js";

export {
  cholesky_ex,
  choleskyLinalg as cholesky,
  eigh,
  eigvalsh,
  inv_ex,
  qrLinalg as qr,
  solve,
  solve_ex,
  solve_triangular,
  svdLinalg as svd,
  svdvals,
} from "./ops/decompositions.js";
export { matmul } from "./ops/linalg.js";
export {
  cond,
  crossLinalg as cross,
  diagonalLinalg as diagonal,
  matrix_norm,
  matrix_rank,
  multi_dot,
  norm,
  pinv,
  tensorinv,
  tensorsolve,
  vanderLinalg as vander,
  vecdot,
  vector_norm,
} from "./ops/matrix_functions.js";

/** Determinants. */
export const det: OfMatrices<"A"> = ofSquares("linalg.det", "A", core.det);
/** Inverses; a singular matrix raises ArgumentError when a value is next read. */
export const inv: OfMatrices<"A"> = ofSquares("linalg.inv", "A", core.inverse);
export const matrix_exp: OfMatrices<"input"> = ofSquares("linalg.matrix_exp", "input", core.matrixExp);
export const slogdet: (A: Tensor, ...args: Args<[], Out>) => SignAndLog = slogdetNamed("linalg.slogdet", "A");
export const matrix_power: (input: Tensor, ...args: Args<[n: number], { n: number } & Out>) => Tensor =
  powerNamed("linalg.matrix_power");
/** The first columns of the product of reflections that input and tau hold. */
export const householder_product: (input: Tensor, ...args: Args<[tau: Tensor], { tau: Tensor } & Out>) => Tensor =
  householderNamed("linalg.householder_product", "tau");
