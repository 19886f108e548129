// Systems of equations, inverses and determinants, by one factorisation p a = l u that the gradient uses again.
import {
  ArgumentError,
  lu as luKernel,
  matricesOf,
  squaresOf,
  triangularSolve as triangularSolveKernel,
  triangularSolveParams,
} from "@facet/kernels-wgsl";
import { copyTensor, defineOp, jointVjp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { scope } from "../scope.js";
import { isRecording, noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { allBatched } from "../vmap/rules.js";
import { eye, fillWith } from "./create.js";
import { diagonalEmbed, tril, triu } from "./diagonal.js";
import { add, equal, mul, sub, where } from "./elementwise.js";
import { abs, neg, sign } from "./elementwise_unary.js";
import { adjoint, diagonalsOf, inOneBatch } from "./linalg_triangle.js";
import { matmul } from "./matmul.js";
import { log } from "./powers.js";
import { prod, sum } from "./reduce.js";
import { expand, reshape, sliceAlong, stack } from "./shape.js";

type Factored = Readonly<Record<"lu" | "order" | "sign", Tensor>>;

/** Auxiliary outputs of an op that factors its input a. */
const factored = {
  lu: ({ a }: { a: Tensor }) => ({ shape: a.shape, dtype: "float32" as const }),
  order: ({ a }: { a: Tensor }) => ({ shape: a.shape.slice(0, -1), dtype: "int32" as const }),
  sign: ({ a }: { a: Tensor }) => ({ shape: a.shape.slice(0, -2), dtype: "float32" as const }),
};

function factor(op: string, a: Tensor, { lu, order, sign }: Factored, checked: boolean): void {
  const { count, m, n } = matricesOf(op, "a", a.shape);
  const fault_slot = checked
    ? device().faults.slot({
        op,
        argument: "a",
        expected: "matrices that are not singular; given is the number of the first pivot that is 0",
        error: ArgumentError,
      })
    : 0;
  launch(luKernel, { a, y: lu, order, sign }, { count, m, n, checked: Number(checked), fault_slot });
}

/** Solves by both triangles, or by their transposes in the other order. */
function solveFactored(lu: Tensor, order: Tensor, b: Tensor, y: Tensor, transposed: boolean): void {
  const between = empty(b.shape, "float32", "workspace");
  const lower = triangularSolveParams(lu.shape, b.shape, {
    upper: false,
    transposed,
    unit: true,
    permute: transposed ? "y" : "b",
  });
  const upper = triangularSolveParams(lu.shape, b.shape, { upper: true, transposed, unit: false });
  if (transposed) {
    launch(triangularSolveKernel, { a: lu, b, y: between }, upper);
    launch(triangularSolveKernel, { a: lu, b: between, order, y }, lower);
  } else {
    launch(triangularSolveKernel, { a: lu, b, order, y: between }, lower);
    launch(triangularSolveKernel, { a: lu, b: between, y }, upper);
  }
  between.dispose();
}

function solvedBy(lu: Tensor, order: Tensor, b: Tensor, transposed: boolean): Tensor {
  const y = empty(b.shape);
  if (b.size > 0) solveFactored(lu, order, b, y, transposed);
  return y;
}

interface SolveAttrs {
  transposed: boolean;
  checked: boolean;
}

/** By the factors that there are; where the gradient is differentiated again, as an op of a. */
const gradientOfB = (dy: Tensor, a: Tensor, lu: Tensor, order: Tensor, attrs: SolveAttrs): Tensor =>
  isRecording()
    ? solveOp({ a, b: dy }, { ...attrs, transposed: !attrs.transposed })
    : solvedBy(lu, order, dy, !attrs.transposed);

const gradientOfA = (db: Tensor, y: Tensor, { transposed }: SolveAttrs): Tensor =>
  neg(transposed ? matmul(y, db, { transposeB: true }) : matmul(db, y, { transposeB: true }));

// y = t^-1 b with t = a or a^T: db = t^-T dy; dt = -db y^T.
const solveOp = defineOp<{ a: Tensor; b: Tensor }, SolveAttrs, "lu" | "order" | "sign">({
  name: "solve",
  shape: ({ a, b }) => {
    expectFloating("solve", "a", a.dtype);
    expectFloating("solve", "b", b.dtype);
    triangularSolveParams(a.shape, b.shape, { upper: false, transposed: false, unit: false }, "solve");
    return b.shape;
  },
  aux: factored,
  forward: ({ a, b }, y, { transposed, checked }, aux) => {
    if (a.size === 0) return;
    factor("solve", a, aux, checked);
    if (b.size > 0) solveFactored(aux.lu, aux.order, b, y, transposed);
  },
  vjp: {
    a: vjp(
      ["a", "y", "lu", "order"],
      (dy, { a, y, lu, order }, { attrs }): Tensor => gradientOfA(gradientOfB(dy, a, lu, order, attrs), y, attrs),
    ),
    b: vjp(["a", "lu", "order"], (dy, { a, lu, order }, { attrs }) => gradientOfB(dy, a, lu, order, attrs)),
  },
  joint: jointVjp(["y", "lu", "order"], (dy, { y, lu, order }, { attrs }) => {
    const b = solvedBy(lu, order, dy, !attrs.transposed);
    return { a: gradientOfA(b, y, attrs), b };
  }),
  batch: (inputs, isBatched, attrs, size) => ({ inputs: allBatched(inputs, isBatched, size), attrs }),
});

/**
 * y with a y = b for a [..., n, n] and b [..., n, columns], batch dimensions broadcast. A singular matrix raises ArgumentError at the next read,
 * as in PyTorch; where `checked` is false the result holds infinities or NaN, as in JAX.
 */
export function solve(a: Tensor, b: Tensor, { checked = true } = {}): Tensor {
  return scope(() => {
    const [own, right] = inOneBatch("solve", a, b);
    return solveOp({ a: own, b: right }, { transposed: false, checked });
  });
}

const identities = (batch: readonly number[], n: number): Tensor => expand(eye(n, n), [...batch, n, n]);

/** Inverses of matrices [..., n, n]. Singular ones are as in `solve`. */
export function inverse(a: Tensor, { checked = true } = {}): Tensor {
  return scope(() => {
    expectFloating("inverse", "a", a.dtype);
    const { batch, n } = squaresOf("inverse", "a", a.shape);
    return solveOp({ a, b: identities(batch, n) }, { transposed: false, checked });
  });
}

/** A number for each matrix, as a factor of it. */
const factorOf = (x: Tensor): Tensor => reshape(x, [...x.shape, 1, 1]);

/** In place of pivots that are 0, so that a matrix of one rank less has the gradient that its minors give. */
const TINY = 2 ** -40;

// d det = det a^-T; of a singular matrix by a product and an inverse with a tiny pivot in place of 0.
const detOp = defineOp<{ a: Tensor }, undefined, "lu" | "order" | "sign">({
  name: "det",
  shape: ({ a }) => {
    expectFloating("det", "a", a.dtype);
    return squaresOf("det", "a", a.shape).batch;
  },
  aux: factored,
  forward: ({ a }, y, _, aux) => {
    if (a.size === 0) return fillWith(y, 1);
    factor("det", a, aux, false);
    scope(() => noGrad(() => copyTensor(mul(prod(diagonalsOf(aux.lu), { axes: -1 }), aux.sign), y)));
  },
  vjp: {
    a: vjp(["a", "lu", "order", "sign"], (dy, { a, lu, order, sign }, { shapes }): Tensor => {
      const { batch, n } = squaresOf("det", "a", shapes.a as number[]);
      if (isRecording()) {
        const whole = mul(factorOf(mul(dy, detOp({ a }, undefined))), adjoint(inverse(a, { checked: false })));
        return whole;
      }
      if (a.size === 0) return empty(a.shape);
      const pivots = diagonalsOf(lu);
      const whole = where(equal(pivots, 0), TINY, pivots);
      const value = mul(mul(prod(whole, { axes: -1 }), sign), dy);
      const factors = add(lu, diagonalEmbed(sub(whole, pivots)));
      return solvedBy(factors, order, mul(identities(batch, n), factorOf(value)), true);
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/**
 * Determinants of matrices [..., n, n]; of n = 0 they are 1. A singular matrix has the gradient of its minors; where a gradient of the gradient is
 * asked for, it has NaN.
 */
export const det = (a: Tensor): Tensor => detOp({ a }, undefined);

// y = [sign, log |det|]: da = dy_log a^-T.
const slogdetOp = defineOp<{ a: Tensor }, undefined, "lu" | "order" | "sign">({
  name: "slogdet",
  shape: ({ a }) => {
    expectFloating("slogdet", "a", a.dtype);
    return [...squaresOf("slogdet", "a", a.shape).batch, 2];
  },
  aux: factored,
  forward: ({ a }, y, _, aux) => {
    if (y.size === 0) return;
    if (a.size > 0) factor("slogdet", a, aux, false);
    else fillWith(aux.sign, 1);
    scope(() =>
      noGrad(() => {
        const pivots = diagonalsOf(aux.lu);
        const signs = mul(prod(sign(pivots), { axes: -1 }), aux.sign);
        copyTensor(stack([signs, sum(log(abs(pivots)), { axes: -1 })], signs.rank), y);
      }),
    );
  },
  vjp: {
    a: vjp(["a", "lu", "order"], (dy, { a, lu, order }, { shapes }) => {
      const { batch, n } = squaresOf("slogdet", "a", shapes.a as number[]);
      const slope = factorOf(reshape(sliceAlong(dy, -1, 1, 2), batch));
      if (isRecording()) return mul(slope, adjoint(inverse(a, { checked: false })));
      return solvedBy(lu, order, mul(identities(batch, n), slope), true);
    }),
  },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/** Signs and logarithms of the magnitude of determinants; of a singular matrix 0 and -infinity. No gradient flows through the sign. */
export function slogdet(a: Tensor): { sign: Tensor; logabsdet: Tensor } {
  return scope(() => {
    const y = slogdetOp({ a }, undefined);
    const part = (i: number): Tensor => reshape(sliceAlong(y, -1, i, i + 1), y.shape.slice(0, -1));
    return { sign: part(0), logabsdet: part(1) };
  });
}

// The factorisation itself; no gradient is asked of it.
const luOp = defineOp<{ a: Tensor }, undefined, "order" | "sign">({
  name: "lu",
  shape: ({ a }) => {
    expectFloating("lu", "a", a.dtype);
    matricesOf("lu", "a", a.shape);
    return a.shape;
  },
  aux: { order: factored.order, sign: factored.sign },
  forward: ({ a }, y, _, { order, sign }) => {
    if (a.size > 0) factor("lu", a, { lu: y, order, sign }, false);
  },
  vjp: { a: nonDifferentiable },
  batch: (inputs, _, attrs) => ({ inputs, attrs }),
});

/**
 * p a = l u with partial pivoting, of matrices [..., m, n]: l [..., m, k] with ones on its diagonal, u [..., k, n], k = min(m, n), and `order` (int32):
 * row i of l u is row order[i] of a. No gradient flows through it.
 */
export function luFactor(a: Tensor): { l: Tensor; u: Tensor; order: Tensor } {
  return scope(() => {
    const { m, n } = matricesOf("lu", "a", a.shape);
    const k = Math.min(m, n);
    const { y, aux } = luOp.withAux({ a }, undefined);
    const l = add(tril(sliceAlong(y, -1, 0, k), -1), eye(m, k));
    return { l, u: triu(sliceAlong(y, -2, 0, k)), order: aux.order };
  });
}
