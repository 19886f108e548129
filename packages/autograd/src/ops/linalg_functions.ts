// Functions of matrices that are made of other ops: powers, exponentials, condition numbers.
import { ArgumentError, formatShape, ShapeError, squaresOf } from "@facet/kernels-wgsl";
import { scope } from "../scope.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { eye } from "./create.js";
import { add, div, greater, mul, pow, where } from "./elementwise.js";
import { clamp } from "./elementwise_unary.js";
import { inverse } from "./linalg_solve.js";
import { svd } from "./linalg_spectral.js";
import { matmul } from "./matmul.js";
import { matrixNorm } from "./norms.js";
import { log } from "./powers.js";
import { ceil } from "./rounding.js";
import { expand, reshape, sliceAlong } from "./shape.js";

/** The power `n`, a whole number, of square matrices; of a negative one that of the inverse. */
export function matrixPower(a: Tensor, n: number, { checked = true } = {}): Tensor {
  const { n: size } = squaresOf("matrix_power", "a", a.shape);
  if (!Number.isInteger(n))
    throw new ArgumentError({ op: "matrix_power", argument: "n", expected: "an integer", given: `${n}` });
  return scope(() => {
    if (n === 0) return expand(eye(size, size), a.shape);
    let square = n < 0 ? inverse(a, { checked }) : a;
    let result: Tensor | undefined;
    for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = result ? matmul(result, square) : square;
      if (rest > 1) square = matmul(square, square);
    }
    return result === a ? add(a, 0) : (result as Tensor);
  });
}

/** Squarings that a plan always holds: for matrices of norms up to 2^16. */
const SQUARINGS = 16;

/**
 * The exponential of square matrices, by a polynomial of degree 12 of the matrix divided by a power of two, squared so often. Matrices of norms
 * (largest column sum) above 65 536 give less precise results.
 */
export function matrixExp(a: Tensor): Tensor {
  const { batch, n } = squaresOf("matrix_exp", "a", a.shape);
  if (a.size === 0) return a;
  return scope(() => {
    const times = noGrad(() => {
      const size = matrixNorm(a, 1);
      const halvings = clamp(ceil(div(log(size), Math.LN2)), 0, SQUARINGS);
      // A norm of 0 has no logarithm that counts.
      return reshape(where(greater(size, 0), halvings, 0), [...batch, 1, 1]);
    });
    const x = mul(
      a,
      noGrad(() => pow(0.5, times)),
    );
    const [x2, one] = [matmul(x, x), expand(eye(n, n), a.shape)];
    const [x3, x4] = [matmul(x2, x), matmul(x2, x2)];
    const coefficient = (k: number): number => {
      let factorial = 1;
      for (let i = 2; i <= k; i++) factorial *= i;
      return 1 / factorial;
    };
    // Of each four coefficients a sum of powers below the fourth, by which Horner's rule goes on.
    const four = (k: number): Tensor =>
      add(
        add(mul(one, coefficient(k)), mul(x, coefficient(k + 1))),
        add(mul(x2, coefficient(k + 2)), mul(x3, coefficient(k + 3))),
      );
    let y = add(four(8), mul(x4, coefficient(12)));
    y = add(four(4), matmul(x4, y));
    y = add(four(0), matmul(x4, y));
    for (let i = 0; i < SQUARINGS; i++) y = where(greater(times, i), matmul(y, y), y);
    return y;
  });
}

/** Condition numbers: with 2 (the default) and -2 of singular values, else the norm of a times that of its inverse, which must exist where `checked`. */
export function conditionNumber(a: Tensor, ord: "fro" | "nuc" | number = 2, { checked = true } = {}): Tensor {
  return scope(() => {
    if (ord === 2 || ord === -2) {
      const { s } = svd(a);
      const k = s.shape.at(-1) as number;
      const at = (i: number): Tensor => reshape(sliceAlong(s, -1, i, i + 1), s.shape.slice(0, -1));
      if (k === 0)
        throw new ShapeError({
          op: "condition_number",
          argument: "a",
          expected: "matrices with elements",
          given: formatShape(a.shape),
        });
      return ord === 2 ? div(at(0), at(k - 1)) : div(at(k - 1), at(0));
    }
    squaresOf("condition_number", "a", a.shape);
    return mul(matrixNorm(a, ord), matrixNorm(inverse(a, { checked }), ord));
  });
}
