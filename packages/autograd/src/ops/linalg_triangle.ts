// Triangles of matrices: taken, factored, solved by.
import {
  ArgumentError,
  cholesky as choleskyKernel,
  matricesOf,
  squaresOf,
  triangularSolve as triangularSolveKernel,
  triangularSolveParams,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { scope } from "../scope.js";
import type { Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { diagonal, diagonalEmbed, tril, triu } from "./diagonal.js";
import { add, mul, sub } from "./elementwise.js";
import { neg } from "./elementwise_unary.js";
import { matmul } from "./matmul.js";
import { expand, transpose } from "./shape.js";

/** Matrices with their last two dimensions exchanged. */
export function adjoint(x: Tensor): Tensor {
  const order = [...x.shape.keys()];
  return transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/** Both operands with the batch dimensions of both. Throws ShapeError when they do not broadcast. */
export function inOneBatch(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const [left, right] = [matricesOf(op, "a", a.shape), matricesOf(op, "b", b.shape)];
  const rank = Math.max(left.batch.length, right.batch.length);
  const filled = (batch: readonly number[]): number[] => [...new Array<number>(rank - batch.length).fill(1), ...batch];
  const [own, other] = [filled(left.batch), filled(right.batch)];
  const batch = own.map((extent, i) => (extent === 1 ? (other[i] as number) : extent));
  return [expand(a, [...batch, left.m, left.n]), expand(b, [...batch, right.m, right.n])];
}

/** The main diagonals of matrices in the last two axes. */
export const diagonalsOf = (x: Tensor): Tensor => diagonal(x, { axis1: -2, axis2: -1 });

export interface TriangularSolveOptions {
  /** Whether a's upper triangle is taken; the other is not read. Default false. */
  upper?: boolean;
  /** Whether that triangle's transpose is solved by. Default false. */
  transposed?: boolean;
  /** Whether its diagonal is taken for ones. Default false. */
  unit?: boolean;
  /** Whether t y = b, and not y t = b. Default true. */
  left?: boolean;
}

type TriangularAttrs = Required<Omit<TriangularSolveOptions, "left">>;

// y = t^-1 b with t = op(triangle of a): db = t^-T dy; dt = -db y^T.
const triangularSolveOp = defineOp<{ a: Tensor; b: Tensor }, TriangularAttrs>({
  name: "triangular_solve",
  shape: ({ a, b }, attrs) => {
    expectFloating("triangular_solve", "a", a.dtype);
    expectFloating("triangular_solve", "b", b.dtype);
    triangularSolveParams(a.shape, b.shape, attrs);
    return b.shape;
  },
  forward: ({ a, b }, y, attrs) =>
    launch(triangularSolveKernel, { a, b, y }, triangularSolveParams(a.shape, b.shape, attrs)),
  vjp: {
    a: vjp(["a", "y"], (dy, { a, y }, { attrs }) => {
      const db = triangularSolveOp({ a, b: dy }, { ...attrs, transposed: !attrs.transposed });
      const [left, right] = attrs.transposed ? [y, db] : [db, y];
      const whole = neg(matmul(left, right, { transposeB: true }));
      return attrs.upper ? triu(whole, Number(attrs.unit)) : tril(whole, -Number(attrs.unit));
    }),
    b: vjp(
      ["a"],
      (dy, { a }, { attrs }): Tensor => triangularSolveOp({ a, b: dy }, { ...attrs, transposed: !attrs.transposed }),
    ),
  },
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

/**
 * y with t y = b (or y t = b) for triangles t of a [..., n, n] and b [..., n, columns], batch dimensions broadcast. A 0 on the diagonal gives
 * infinities or NaN, as in PyTorch and JAX.
 */
export function triangularSolve(a: Tensor, b: Tensor, options: TriangularSolveOptions = {}): Tensor {
  const { upper = false, transposed = false, unit = false, left = true } = options;
  return scope(() => {
    const [own, right] = inOneBatch("triangular_solve", a, left ? b : adjoint(b));
    const y = triangularSolveOp({ a: own, b: right }, { upper, transposed: transposed === left, unit });
    return left ? y : adjoint(y);
  });
}

// y = l: da is the symmetric part of l^-T phi(l^T dl) l^-1, phi being the lower triangle with half its diagonal.
const choleskyOp = defineOp<{ a: Tensor }, { checked: boolean }>({
  name: "cholesky",
  shape: ({ a }) => {
    expectFloating("cholesky", "a", a.dtype);
    squaresOf("cholesky", "a", a.shape);
    return a.shape;
  },
  forward: ({ a }, y, { checked }) => {
    const { count, n } = squaresOf("cholesky", "a", a.shape);
    const fault_slot = checked
      ? device().faults.slot({
          op: "cholesky",
          argument: "a",
          expected: "positive definite matrices; given is the order of the first leading minor that is not positive",
          error: ArgumentError,
        })
      : 0;
    launch(choleskyKernel, { a, y }, { count, n, checked: Number(checked), fault_slot });
  },
  vjp: {
    a: vjp(["y"], (dy, { y }) => {
      const product = matmul(y, dy, { transposeA: true });
      const phi = sub(tril(product), mul(diagonalEmbed(diagonalsOf(product)), 0.5));
      const left = triangularSolve(y, phi, { transposed: true });
      const whole = triangularSolve(y, adjoint(left), { transposed: true });
      return mul(add(whole, adjoint(whole)), 0.5);
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/**
 * The lower triangle l with l l^T = a, of symmetric positive definite matrices [..., n, n], whose upper triangle is not read; with `upper` the
 * transpose of l. Other matrices raise ArgumentError at the next read, as in PyTorch; where `checked` is false the result is NaN from the column on
 * that fails, as in JAX.
 */
export function cholesky(a: Tensor, { upper = false, checked = true } = {}): Tensor {
  const l = choleskyOp({ a }, { checked });
  return upper ? adjoint(l) : l;
}

/** y with a y = b, given the Cholesky factor l (or with `upper` its transpose) of a. */
export function choleskySolve(l: Tensor, b: Tensor, { upper = false } = {}): Tensor {
  return scope(() => {
    const first = triangularSolve(l, b, { upper, transposed: upper });
    return triangularSolve(l, first, { upper, transposed: !upper });
  });
}
