// keras.ops: products of matrices and vectors, and what is asked of matrices.
import * as core from "@facet/autograd";
import { type Args, bool, int, Kind, number, oneOf, string } from "@facet/dialect";
import { arrayOrPlaceholder, axes, intOrInts } from "../kinds.js";
import { defineOp } from "../operation.js";
import { type KerasTensor, Tensor, type TensorLike } from "../tensor.js";
import type { Operand } from "./arithmetic.js";
import {
  type Axis,
  axesOf,
  axisOf,
  type BinaryOp,
  elementwise,
  floated,
  kept,
  type ListOp,
  numbers,
  type Op,
  together,
} from "./define.js";
import { product } from "./shapes.js";

type Two = (a: core.Tensor, b: core.Tensor) => core.Tensor;

/** A product of two operands. Of integers it is computed in float32, as far as that is exact, and rounded back. */
const productOp = (name: string, f: Two, names: readonly [string, string] = ["x1", "x2"]): BinaryOp =>
  defineOp(`keras.ops.${name}`, { [names[0]]: arrayOrPlaceholder, [names[1]]: arrayOrPlaceholder }, {
    compute: (given: Record<string, unknown>) => new Tensor(inFloats(f, name, given[names[0]], given[names[1]])),
  } as never);

function inFloats(f: Two, op: string, x1: unknown, x2: unknown): core.Tensor {
  const [a, b] = together([x1, x2], op) as [core.Tensor, core.Tensor];
  if (core.isFloating(a.dtype)) return f(a, b);
  return core.cast(f(core.cast(a, "float32"), core.cast(b, "float32")), a.dtype);
}

/** Matrix product of the last two dimensions; vectors as in NumPy. */
export const matmul = productOp("matmul", product);
/** The product with a number; of vectors the sum of products; else over the last dimension of x1 and the last but one of x2. */
export const dot = productOp("dot", (a, b) => {
  if (a.rank === 0 || b.rank === 0) return core.mul(a, b);
  return contracted(a, [a.rank - 1], b, [Math.max(0, b.rank - 2)]);
});
/** The sum of products over the last dimensions. */
export const inner = productOp("inner", (a, b) => {
  if (a.rank === 0 || b.rank === 0) return core.mul(a, b);
  return contracted(a, [a.rank - 1], b, [b.rank - 1]);
});
/** The sum of the products of all elements. */
export const vdot = productOp("vdot", (a, b) => core.sum(core.mul(core.reshape(a, [-1]), core.reshape(b, [-1]))));
/** The product of each element of x1 with each of x2: [n, m], of all elements in one line. */
export const outer = productOp("outer", (a, b) => core.outer(core.reshape(a, [a.size]), core.reshape(b, [b.size])));
/** Blocks of x2, each times an element of x1. */
export const kron = productOp("kron", (a, b) => {
  const rank = Math.max(a.rank, b.rank);
  const whole = (x: core.Tensor): core.Tensor => core.reshape(x, [...Array<number>(rank - x.rank).fill(1), ...x.shape]);
  return core.kron(whole(a), whole(b));
});

/** Sums of products over axes of both. */
function contracted(a: core.Tensor, over: readonly number[], b: core.Tensor, of: readonly number[]): core.Tensor {
  const wrong = over.findIndex((axis, i) => a.shape[axis] !== b.shape[of[i] as number]);
  if (wrong >= 0 || over.length !== of.length) {
    const [expected, given] = [`extents that meet those of ${core.formatShape(a.shape)}`, core.formatShape(b.shape)];
    throw new core.ShapeError({ op: "tensordot", argument: "x2", expected, given });
  }
  const rest = (x: core.Tensor, gone: readonly number[]): number[] =>
    x.shape.map((_, i) => i).filter((i) => !gone.includes(i));
  const [left, right] = [rest(a, over), rest(b, of)];
  const shape = [...left.map((i) => a.shape[i] as number), ...right.map((i) => b.shape[i] as number)];
  const inner = core.sizeOf(over.map((i) => a.shape[i] as number));
  const [rows, columns] = [a.size / Math.max(1, inner), b.size / Math.max(1, inner)];
  if (inner === 0) return core.zeros(shape);
  const plane = core.matmul(
    core.reshape(core.transpose(a, [...left, ...over]), [rows, inner]),
    core.reshape(core.transpose(b, [...of, ...right]), [inner, columns]),
  );
  return core.reshape(plane, shape);
}
type Ints = number | readonly number[];
type ContractionAxes = number | readonly [Ints, Ints];
const contractionAxes = new Kind<ContractionAxes>(
  "a number of axes, or the axes of both",
  (value) => Number.isInteger(value) || (Array.isArray(value) && value.length === 2 && value.every(intOrInts.accepts)),
);
/** Sums of products over the last `axes` axes of x1 and the first of x2, or over axes that a pair of lists names. */
export const tensordot: BinaryOp<Args<[axes: ContractionAxes], { axes: ContractionAxes }>> = defineOp(
  "keras.ops.tensordot",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, axes: contractionAxes.or(2) },
  {
    compute: ({ x1, x2, axes: over }) =>
      new Tensor(
        inFloats(
          (a, b) => {
            if (typeof over !== "number") {
              const [first, second] = over as readonly [Ints, Ints];
              return contracted(
                a,
                axesOf("tensordot", first, a.rank, "axes"),
                b,
                axesOf("tensordot", second, b.rank, "axes"),
              );
            }
            const count = Array.from({ length: over }, (_, i) => i);
            return contracted(
              a,
              axesOf(
                "tensordot",
                count.map((i) => i - over),
                a.rank,
                "axes",
              ),
              b,
              axesOf("tensordot", count, b.rank, "axes"),
            );
          },
          "tensordot",
          x1,
          x2,
        ),
      ),
  },
);
/** Sums of products by an equation: `einsum("ij,jk->ik", a, b)`. */
export const einsum: {
  (subscripts: string, ...operands: TensorLike[]): Tensor;
  (subscripts: string, ...operands: Operand[]): KerasTensor;
} = defineOp(
  "keras.ops.einsum",
  { subscripts: string, "*operands": arrayOrPlaceholder },
  {
    compute: ({ subscripts, operands }) => {
      const given = together((operands ?? []) as unknown as readonly unknown[], "einsum");
      const dtype = given[0]?.dtype ?? "float32";
      const result = core.einsum(
        subscripts as string,
        ...given.map((x) => core.cast(x, core.isFloating(dtype) ? dtype : "float32")),
      );
      return new Tensor(core.cast(result, dtype));
    },
  },
);
type CrossArguments = { axisa: number; axisb: number; axisc: number; axis: number | null };
type CrossRest = Args<[axisa: number, axisb: number, axisc: number, axis: number | null], CrossArguments>;
/** The cross product of vectors of 3 (or 2, whose third number is 0; of two such the number alone). */
export const cross: BinaryOp<CrossRest> = defineOp(
  "keras.ops.cross",
  {
    x1: arrayOrPlaceholder,
    x2: arrayOrPlaceholder,
    axisa: int.or(-1),
    axisb: int.or(-1),
    axisc: int.or(-1),
    axis: int.or(null),
  },
  {
    compute: ({ x1, x2, axisa, axisb, axisc, axis }) => {
      const [a, b] = together([x1, x2], "cross").map((x) => (x.dtype === "bool" ? core.cast(x, "int32") : x)) as [
        core.Tensor,
        core.Tensor,
      ];
      const left = lastOf("cross", a, axis ?? axisa);
      const right = lastOf("cross", b, axis ?? axisb);
      const flat = left.shape.at(-1) === 2 && right.shape.at(-1) === 2;
      const [p, q] = [inSpace(left, "x1"), inSpace(right, "x2")];
      const shape = core.add(p, q).shape;
      const result = core.cross(core.expand(p, shape), core.expand(q, shape), -1);
      if (flat) return new Tensor(core.reshape(core.sliceAlong(result, result.rank - 1, 2, 3), shape.slice(0, -1)));
      const at = axisOf("cross", axis ?? axisc, result.rank);
      const order = result.shape.map((_, i) => i).slice(0, -1);
      order.splice(at, 0, result.rank - 1);
      return new Tensor(core.transpose(result, order));
    },
  },
);
const lastOf = (op: string, x: core.Tensor, axis: number): core.Tensor => {
  const at = axisOf(op, axis, x.rank);
  return core.transpose(x, [...x.shape.map((_, i) => i).filter((i) => i !== at), at]);
};
function inSpace(x: core.Tensor, argument: string): core.Tensor {
  const extent = x.shape.at(-1);
  if (extent === 3) return x;
  if (extent === 2)
    return core.pad(
      x,
      x.shape.map((_, i): [number, number] => [0, i === x.rank - 1 ? 1 : 0]),
    );
  throw new core.ShapeError({
    op: "cross",
    argument,
    expected: "vectors of 2 or 3 numbers",
    given: core.formatShape(x.shape),
  });
}

/** Refuses what is no matrix. */
const plane = (op: string, x: unknown, square = true): core.Tensor => {
  const given = floated(x, op);
  const [rows, columns] = given.shape.slice(-2);
  if (given.rank >= 2 && (!square || rows === columns)) return given;
  const expected = square ? "square matrices [..., n, n]" : "matrices [..., m, n]";
  throw new core.ShapeError({ op, argument: "x", expected, given: core.formatShape(given.shape) });
};
const ofSquares = (name: string, f: (x: core.Tensor) => core.Tensor): Op =>
  elementwise(name, f, { read: (x, op) => plane(op, x) });
const diagonals = (x: core.Tensor): core.Tensor => core.diagonal(x, { axis1: -2, axis2: -1 });
const turned = (x: core.Tensor): core.Tensor => {
  const order = x.shape.map((_, i) => i);
  return core.transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
};
/** Determinants. */
export const det = ofSquares("det", core.det);
/** The logarithm of the determinant of positive definite matrices, by their Cholesky factors. */
export const logdet = ofSquares("logdet", (x) =>
  core.mul(core.sum(core.log(diagonals(core.cholesky(x, { checked: false }))), { axes: [-1] }), 2),
);
/** Inverses. */
export const inv = ofSquares("inv", (x) => core.inverse(x));
const list = (...tensors: readonly core.Tensor[]): Tensor[] => tensors.map((each) => new Tensor(each));
/** Sign and logarithm of the size of the determinant. */
export const slogdet: ListOp<[], 2> = defineOp(
  "keras.ops.slogdet",
  { x: arrayOrPlaceholder },
  {
    compute: ({ x }) => {
      const { sign, logabsdet } = core.slogdet(plane("slogdet", x));
      return list(sign, logabsdet);
    },
  },
);
type Upper = Args<[upper: boolean], { upper: boolean }>;
/** The lower (or upper) factor of a symmetric positive definite matrix. */
export const cholesky: Op<Upper> = defineOp(
  "keras.ops.cholesky",
  { x: arrayOrPlaceholder, upper: bool.or(false) },
  { compute: ({ x, upper }) => new Tensor(core.cholesky(plane("cholesky", x), { upper })) },
);
/** The inverse of the matrix whose Cholesky factor is given. */
export const cholesky_inverse: Op<Upper> = defineOp(
  "keras.ops.cholesky_inverse",
  { x: arrayOrPlaceholder, upper: bool.or(false) },
  {
    compute: ({ x, upper }) => {
      const factor = plane("cholesky_inverse", x);
      const n = factor.shape.at(-1) as number;
      const half = core.triangularSolve(factor, core.expand(core.eye(n, n), factor.shape), { upper });
      return new Tensor(
        upper ? core.matmul(half, half, { transposeB: true }) : core.matmul(half, half, { transposeA: true }),
      );
    },
  },
);
/** Eigenvalues, ascending, and eigenvectors, in columns, of symmetric matrices. */
export const eigh: ListOp<[], 2> = defineOp(
  "keras.ops.eigh",
  { x: arrayOrPlaceholder },
  {
    compute: ({ x }) => {
      const { values, vectors } = core.eigh(plane("eigh", x));
      return list(values, vectors);
    },
  },
);
type QrMode = "reduced" | "complete";
/** Orthonormal columns and an upper triangle whose product is the matrix. */
export const qr: ListOp<Args<[mode: QrMode], { mode: QrMode }>, 2> = defineOp(
  "keras.ops.qr",
  { x: arrayOrPlaceholder, mode: oneOf("reduced", "complete").or("reduced") },
  {
    compute: ({ x, mode }) => {
      const { q, r } = core.qr(plane("qr", x, false), mode);
      return list(q, r);
    },
  },
);
type SvdArguments = { full_matrices: boolean; compute_uv: boolean };
type SvdRest = Args<[full_matrices: boolean, compute_uv: boolean], SvdArguments>;
type SvdOp = {
  (x: TensorLike, full_matrices: boolean, compute_uv: false): Tensor;
  (x: TensorLike, ...rest: SvdRest): [u: Tensor, s: Tensor, vh: Tensor];
  (x: KerasTensor, ...rest: SvdRest): [u: KerasTensor, s: KerasTensor, vh: KerasTensor];
};
/** u, s and vh with x = u diag(s) vh; s alone where `compute_uv` is false. */
export const svd: SvdOp = defineOp(
  "keras.ops.svd",
  { x: arrayOrPlaceholder, full_matrices: bool.or(true), compute_uv: bool.or(true) },
  {
    compute: ({ x, full_matrices, compute_uv }) => {
      const { u, s, v } = core.svd(plane("svd", x, false), { full: compute_uv && full_matrices });
      return compute_uv ? list(u, s, turned(v)) : new Tensor(s);
    },
  },
);
/** The factors of LU decompositions in one matrix (L below the diagonal), and the row of x that each row is (int32). */
export const lu_factor: ListOp<[], 2> = defineOp(
  "keras.ops.lu_factor",
  { x: arrayOrPlaceholder },
  {
    compute: ({ x }) => {
      const { l, u, order } = core.luFactor(plane("lu_factor", x));
      return list(core.add(core.tril(l, -1), core.triu(u)), core.argsort(order));
    },
  },
);
type Solve<Rest extends unknown[] = []> = {
  (a: TensorLike, b: TensorLike, ...rest: Rest): Tensor;
  (a: Operand, b: Operand, ...rest: Rest): KerasTensor;
};
const asColumn = (f: Two, a: core.Tensor, b: core.Tensor): core.Tensor => {
  if (b.rank !== a.rank - 1) return f(a, b);
  return core.reshape(f(a, core.reshape(b, [...b.shape, 1])), b.shape);
};
/** x with a x = b; b has vectors or columns. */
export const solve: Solve = defineOp(
  "keras.ops.solve",
  { a: arrayOrPlaceholder, b: arrayOrPlaceholder },
  {
    compute: ({ a, b }) => new Tensor(asColumn((x, y) => core.solve(x, y), plane("solve", a), floated(b, "solve"))),
  },
);
/** x with a x = b, of triangular a: upper unless `lower`. */
export const solve_triangular: Solve<Args<[lower: boolean], { lower: boolean }>> = defineOp(
  "keras.ops.solve_triangular",
  { a: arrayOrPlaceholder, b: arrayOrPlaceholder, lower: bool.or(false) },
  {
    compute: ({ a, b, lower }) =>
      new Tensor(
        asColumn(
          (x, y) => core.triangularSolve(x, y, { upper: !lower }),
          plane("solve_triangular", a),
          floated(b, "solve_triangular"),
        ),
      ),
  },
);
/** x of least |a x - b|. */
export const lstsq: Solve<Args<[rcond: number | null], { rcond: number | null }>> = defineOp(
  "keras.ops.lstsq",
  { a: arrayOrPlaceholder, b: arrayOrPlaceholder, rcond: number.or(null) },
  {
    compute: ({ a, b, rcond }) => {
      const [x, y] = [plane("lstsq", a, false), floated(b, "lstsq")];
      if (x.rank !== 2 || y.rank < 1 || y.rank > 2 || x.shape[0] !== y.shape[0]) {
        const expected = "a matrix and as many rows of b";
        const given = `${core.formatShape(x.shape)} and ${core.formatShape(y.shape)}`;
        throw new core.ShapeError({ op: "lstsq", argument: "b", expected, given });
      }
      // By the pseudoinverse, so that what has no unique solution has the shortest.
      const rtol = rcond ?? 1.1920929e-7 * Math.max(...x.shape);
      return new Tensor(asColumn((m, n) => core.matmul(core.pinv(m, { rtol }), n), x, y));
    },
  },
);
/** The inverse of what has one, in the sense of least squares. */
export const pinv: Op<Args<[rcond: number | null], { rcond: number | null }>> = defineOp(
  "keras.ops.pinv",
  { x: arrayOrPlaceholder, rcond: number.or(null) },
  {
    compute: ({ x, rcond }) => {
      const given = plane("pinv", x, false);
      return new Tensor(core.pinv(given, { rtol: rcond ?? 10 * Math.max(...given.shape.slice(-2)) * 1.1920929e-7 }));
    },
  },
);
/** How many singular values are above `tol`, by default what rounding makes of 0: int32. */
export const matrix_rank: Op<Args<[tol: number | null], { tol: number | null }>> = defineOp(
  "keras.ops.matrix_rank",
  { x: arrayOrPlaceholder, tol: number.or(null) },
  {
    compute: ({ x, tol }) =>
      new Tensor(core.matrixRank(plane("matrix_rank", x, false), tol === null ? {} : { atol: tol, rtol: 0 })),
  },
);

type Order = number | "fro" | "nuc" | null;
type NormArguments = { ord: Order; axis: Axis; keepdims: boolean };
/** The norm of vectors along one axis, of matrices in the plane of two, or (with no `axis` and `ord`) of all elements. */
export const norm: Op<Args<[ord: Order, axis: Axis, keepdims: boolean], NormArguments>> = defineOp(
  "keras.ops.norm",
  { x: arrayOrPlaceholder, ord: number.either(oneOf("fro", "nuc")).or(null), axis: axes.or(null), keepdims: false },
  {
    compute: ({ x, ord, axis, keepdims }) => {
      const given = floated(x, "norm");
      const over = axesOf("norm", axis as Axis, given.rank);
      const refused = (argument: string, expected: string, shown: unknown): never => {
        throw new core.ArgumentError({ op: "norm", argument, expected, given: JSON.stringify(shown) });
      };
      if (over.length === 1) {
        if (typeof ord === "string") refused("ord", "a number for vectors", ord);
        return new Tensor(core.vectorNorm(given, (ord as number | null) ?? 2, { axes: over, keepdims }));
      }
      if (over.length !== 2) return refused("axis", "one axis or two", axis);
      if (typeof ord === "number" && ![1, -1, 2, -2, Infinity, -Infinity].includes(ord))
        refused("ord", '"fro", "nuc", 1, -1, 2, -2, or an infinity for matrices', ord);
      const options = { axes: over as [number, number], keepdims };
      return new Tensor(core.matrixNorm(given, (ord as "fro" | number | null) ?? "fro", options));
    },
  },
);
type NormalizeArguments = { axis: number; order: number; epsilon: number | null };
/** Vectors along `axis` by their norm, where that is above epsilon (default 1e-12). */
export const normalize: Op<Args<[axis: number, order: number, epsilon: number | null], NormalizeArguments>> = defineOp(
  "keras.ops.normalize",
  {
    x: arrayOrPlaceholder,
    axis: int.or(-1),
    order: int.where("an integer of at least 1", (n) => n >= 1).or(2),
    epsilon: number.or(null),
  },
  {
    compute: ({ x, axis, order, epsilon }) => {
      const given = floated(x, "normalize");
      const line = given.rank === 0 ? core.reshape(given, [1]) : given;
      const at = axisOf("normalize", axis, line.rank);
      const least = epsilon ?? 1e-12;
      if (order === 2) {
        const squares = core.sum(core.square(line), { axes: [at], keepdims: true });
        return new Tensor(core.reshape(core.mul(line, core.rsqrt(core.maximum(squares, least ** 2))), given.shape));
      }
      const length = core.vectorNorm(line, order, { axes: [at], keepdims: true });
      return new Tensor(core.reshape(core.div(line, core.maximum(length, least)), given.shape));
    },
  },
);
/** Distances [n, m] between the rows of two matrices. */
export const cdist: Solve = defineOp(
  "keras.ops.cdist",
  { x: arrayOrPlaceholder, y: arrayOrPlaceholder },
  { compute: ({ x, y }) => new Tensor(core.cdist(floated(x, "cdist"), floated(y, "cdist"))) },
);
/** Correlations between the rows of a matrix. */
export const corrcoef = elementwise("corrcoef", (x) => {
  if (x.rank === 0) return core.full([], Number.NaN);
  const rows = x.rank === 1 ? core.reshape(x, [1, x.size]) : x;
  const centred = core.sub(rows, core.mean(rows, { axes: [-1], keepdims: true }));
  const c = core.matmul(centred, centred, { transposeB: true });
  const deviation = core.sqrt(diagonals(c));
  const n = deviation.size;
  const r = core.div(core.div(c, core.reshape(deviation, [n, 1])), core.reshape(deviation, [1, n]));
  return core.reshape(core.clamp(r, -1, 1), x.rank === 1 ? [] : [n, n]);
});
type Mode = "valid" | "same" | "full";
/** Sums of products of x1 and x2 moved along it. */
export const correlate: BinaryOp<Args<[mode: Mode], { mode: Mode }>> = defineOp(
  "keras.ops.correlate",
  { x1: arrayOrPlaceholder, x2: arrayOrPlaceholder, mode: oneOf("valid", "same", "full").or("valid") },
  {
    compute: ({ x1, x2, mode }) => {
      const [a, b] = [floated(x1, "correlate"), floated(x2, "correlate")];
      if (a.rank !== 1 || b.rank !== 1) {
        const given = `${core.formatShape(a.shape)} and ${core.formatShape(b.shape)}`;
        throw new core.ShapeError({ op: "correlate", argument: "x1", expected: "two vectors", given });
      }
      const [n, m] = [a.size, b.size];
      const around = mode === "valid" ? 0 : m - 1;
      const full = core.conv(core.reshape(a, [1, n, 1]), core.reshape(b, [m, 1, 1]), undefined, {
        layout: "NWC",
        filterLayout: "WIO",
        stride: [1],
        padding: [around, around],
        dilation: [1],
        groups: 1,
      });
      const line = core.reshape(full, [full.size]);
      if (mode !== "same") return new Tensor(line);
      const start = Math.floor((n + m - 1 - Math.max(n, m)) / 2);
      return new Tensor(core.sliceAlong(line, 0, start, start + Math.max(n, m)));
    },
  },
);
type DiffArguments = { n: number; axis: number };
/** Differences of neighbours along `axis`, `n` times; of bools whether they differ. */
export const diff: {
  (a: KerasTensor, ...rest: Args<[n: number, axis: number], DiffArguments>): KerasTensor;
  (a: TensorLike, ...rest: Args<[n: number, axis: number], DiffArguments>): Tensor;
} = defineOp(
  "keras.ops.diff",
  { a: arrayOrPlaceholder, n: int.where("an integer of at least 0", (n) => n >= 0).or(1), axis: int.or(-1) },
  {
    compute: ({ a, n, axis }) => {
      const x = kept(a, "diff");
      if (x.rank === 0)
        throw new core.ShapeError({ op: "diff", argument: "a", expected: "at least one dimension", given: "[]" });
      axisOf("diff", axis, x.rank);
      if (x.dtype !== "bool") return new Tensor(core.diff(x, { n, axis }));
      let result = core.cast(x, "int32");
      for (let i = 0; i < n; i++) result = core.abs(core.diff(result, { axis }));
      return new Tensor(core.cast(result, "bool"));
    },
  },
);
type TrapezoidArguments = { x: TensorLike | null; dx: number; axis: number };
/** The integral of y by trapezoids: between the places x, or dx apart. */
export const trapezoid: (
  y: TensorLike,
  ...rest: Args<[x: TensorLike | null, dx: number, axis: number], TrapezoidArguments>
) => Tensor = defineOp(
  "keras.ops.trapezoid",
  { y: arrayOrPlaceholder, x: arrayOrPlaceholder.or(null), dx: number.or(1), axis: int.or(-1) },
  {
    compute: ({ y, x, dx, axis }) => {
      const given = floated(y, "trapezoid");
      const at = axisOf("trapezoid", axis, given.rank);
      const extent = given.shape[at] as number;
      const middles = core.div(
        core.add(core.sliceAlong(given, at, 1, extent), core.sliceAlong(given, at, 0, extent - 1)),
        2,
      );
      if (x === null) return new Tensor(core.mul(core.sum(middles, { axes: [at] }), dx));
      const places = floated(x, "trapezoid");
      const steps = core.diff(places, { axis: places.rank === 1 ? 0 : at });
      const shape = given.shape.map((_, i) => (i === at ? extent - 1 : 1));
      const shaped = places.rank === 1 ? core.reshape(steps, shape) : steps;
      return new Tensor(core.sum(core.mul(middles, shaped), { axes: [at] }));
    },
  },
);
type VanderArguments = { N: number | null; increasing: boolean };
/** Powers of a vector's elements in columns, the highest first unless `increasing`. */
export const vander: Op<Args<[N: number | null, increasing: boolean], VanderArguments>> = defineOp(
  "keras.ops.vander",
  {
    x: arrayOrPlaceholder,
    N: int.where("an integer of at least 0", (n) => n >= 0).or(null),
    increasing: bool.or(false),
  },
  {
    compute: ({ x, N, increasing }) => {
      const given = numbers(x, "vander");
      const count = (N as number | null) ?? given.size;
      const powers = core.arange(0, count, 1, given.dtype === "int32" ? "int32" : "float32");
      const order = increasing ? powers : core.flip(powers, [0]);
      return new Tensor(core.pow(core.reshape(given, [given.size, 1]), core.reshape(order, [1, count])));
    },
  },
);
