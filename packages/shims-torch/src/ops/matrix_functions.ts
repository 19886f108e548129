// Norms, ranks, pseudoinverses, powers and other functions of matrices; torch.linalg.ts names them.
import * as core from "@facet/autograd";
import { type Args, int, number, oneOf, type Rules } from "@facet/dialect";
import type { Dtype } from "../dtype.js";
import { complain, dimension, dimensions } from "../errors.js";
import { dims, dtype as dtypeKind, forms, ints, native, out, tensor, tensors } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, viewed, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { requireMatrices, requireSquares } from "./decompositions.js";
import { product, requireOneDtype } from "./linalg.js";
import { requireBroadcast } from "./operands.js";
import { crossed, productOfAll } from "./products.js";
import { requireFloat } from "./scalar.js";

type Axes = number | readonly number[] | null;
interface NormSettings extends Out {
  dim: Axes;
  keepdim: boolean;
  dtype: Dtype | null;
}
const normSettings = { keepdim: false, "*": null, dtype: dtypeKind.or(null), out } as const;

function floatsOf(op: string, x: Tensor, dtype: Dtype | null): core.Tensor {
  requireFloat(op, "input", x.core.dtype, `${op}: Expected a floating point or complex tensor as input. Got`);
  if (dtype) requireFloat(op, "dtype", dtype.core);
  return x.core;
}

function ofVectors(op: string, input: Tensor, ord: number, { dim, keepdim, dtype }: Omit<NormSettings, "out">): Tensor {
  const x = floatsOf(op, input, dtype);
  const axes =
    dim === null || (Array.isArray(dim) && dim.length === 0)
      ? [...input.shape.keys()]
      : dimensions(op, dim as number, input.rank);
  const own = axes.filter((axis) => axis < input.rank);
  const extents = own.reduce((size, axis) => size * (input.shape[axis] as number), 1);
  if (
    extents === 0 &&
    (ord < 0 || ord === Number.POSITIVE_INFINITY) &&
    core.sizeOf(input.shape.filter((_, d) => !own.includes(d))) > 0
  )
    complain(
      core.ArgumentError,
      `${op} cannot compute the ${ord} norm on an empty tensor because the operation does not have an identity`,
      {
        op,
        argument: "input",
        expected: "elements to compare",
        given: sizeText(input.shape),
      },
    );
  return core.scope(() => {
    if (own.length === 0) return wrap(ord === 0 ? core.vectorNorm(core.reshape(x, [1]), 0) : core.abs(x));
    return wrap(core.vectorNorm(x, ord, { axes: own, keepdims: keepdim }));
  });
}

export interface VectorNormArguments extends NormSettings {
  /** Any number, Infinity included; default 2. */
  ord: number;
}
/** (sum |x|^ord)^(1/ord) over dimensions, by default all. */
export const vector_norm: (
  input: Tensor,
  ...args: Args<[ord: number, dim: Axes, keepdim: boolean], VectorNormArguments>
) => Tensor = native(
  "linalg.vector_norm",
  { input: tensor, ord: number.or(2), dim: dims.orNone.or(null), ...normSettings },
  ({ input, ord, ...given }) => ofVectors("linalg.vector_norm", input, ord, given),
);

export type MatrixOrder = number | "fro" | "nuc";
const orders = number.either(oneOf("fro", "nuc"));
function ofMatrix(
  op: string,
  input: Tensor,
  ord: MatrixOrder,
  dim: readonly number[],
  keepdim: boolean,
  dtype: Dtype | null,
): Tensor {
  const x = floatsOf(op, input, dtype);
  if (input.rank < 2)
    complain(core.ShapeError, `${op}: The input tensor A must have at least 2 dimensions.`, {
      op,
      argument: "input",
      expected: "rank 2 or more",
      given: sizeText(input.shape),
    });
  if (dim.length !== 2)
    complain(core.ArgumentError, `${op}: dim must be a 2-tuple of ints`, {
      op,
      argument: "dim",
      expected: "two dimensions",
      given: sizeText(dim),
    });
  if (typeof ord === "number" && ![1, 2, Number.POSITIVE_INFINITY].includes(Math.abs(ord)))
    complain(core.ArgumentError, `${op}: Order ${ord} not supported.`, {
      op,
      argument: "ord",
      expected: "'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity",
      given: `${ord}`,
    });
  const axes = dimensions(op, dim, input.rank) as [number, number];
  return core.scope(() => wrap(core.matrixNorm(x, ord, { axes, keepdims: keepdim })));
}
/** Norms of matrices in two dimensions. */
export const matrix_norm: (
  input: Tensor,
  ...args: Args<
    [ord: MatrixOrder, dim: readonly number[], keepdim: boolean],
    Omit<NormSettings, "dim"> & { ord: MatrixOrder; dim: readonly number[] }
  >
) => Tensor = native(
  "linalg.matrix_norm",
  { input: tensor, ord: orders.or("fro"), dim: ints.or([-2, -1]), ...normSettings },
  ({ input, ord, dim, keepdim, dtype }) =>
    ofMatrix("linalg.matrix_norm", input, ord, dim as readonly number[], keepdim, dtype),
);
/** Of two dimensions, or a matrix, its norm of order `ord`; else that of a vector. Without `ord` the root of the sum of squares of all. */
export const norm: (
  input: Tensor,
  ...args: Args<[ord: MatrixOrder | null, dim: Axes, keepdim: boolean], NormSettings & { ord: MatrixOrder | null }>
) => Tensor = native(
  "linalg.norm",
  { input: tensor, ord: orders.orNone.or(null), dim: dims.orNone.or(null), ...normSettings },
  ({ input, ord, dim, keepdim, dtype }) => {
    if (ord === null) return ofVectors("linalg.norm", input, 2, { dim, keepdim, dtype });
    if (dim === null && input.rank !== 1 && input.rank !== 2)
      complain(
        core.ShapeError,
        `linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${input.rank}D.`,
        {
          op: "linalg.norm",
          argument: "input",
          expected: "rank 1 or 2",
          given: sizeText(input.shape),
        },
      );
    const both = dim === null ? (input.rank === 2 ? [0, 1] : [0]) : typeof dim === "number" ? [dim] : dim;
    if (both.length === 2) return ofMatrix("linalg.norm", input, ord, both, keepdim, dtype);
    if (typeof ord !== "number")
      complain(core.ArgumentError, `linalg.norm: Order ${ord} can only be used with matrices`, {
        op: "linalg.norm",
        argument: "ord",
        expected: "a number for vectors",
        given: ord,
      });
    return ofVectors("linalg.norm", input, ord as number, { dim: both, keepdim, dtype });
  },
);
/** Condition numbers; `p` as ord of matrix_norm, default 2. */
export const cond: (input: Tensor, ...args: Args<[p: MatrixOrder | null], { p: MatrixOrder | null } & Out>) => Tensor =
  native("linalg.cond", { input: tensor, p: orders.orNone.or(null), "*": null, out }, ({ input, p }) => {
    if (p === null || p === 2 || p === -2) requireMatrices("linalg.cond", "A", input);
    else requireSquares("linalg.cond", "A", input);
    return core.scope(() => wrap(core.conditionNumber(input.core, p ?? 2)));
  });

interface Cutoffs extends Out {
  atol: number | null;
  rtol: number | null;
  /** Whether matrices are symmetric: then their lower triangles alone are read. */
  hermitian: boolean;
}
const cutoffs = { "*": null, atol: number.or(null), rtol: number.or(null), hermitian: false, out } as const;
/** The symmetric matrices whose lower triangles are given. */
function symmetric(a: core.Tensor): core.Tensor {
  const order = [...a.shape.keys()];
  const upper = core.transpose(core.tril(a, -1), [...order.slice(0, -2), a.rank - 1, a.rank - 2]);
  return core.add(core.tril(a), upper);
}
/** With an atol above 0 alone there is no rtol. */
const cutoffOf = ({ atol, rtol }: Pick<Cutoffs, "atol" | "rtol">): core.Cutoff => ({
  atol: atol ?? 0,
  rtol: rtol ?? (atol !== null && atol > 0 ? 0 : undefined),
});
const older = <const Name extends string>(name: Name) =>
  ({ input: tensor, [name]: number, hermitian: false, "*": null, out }) as unknown as Record<Name, typeof number> & {
    input: typeof tensor;
    hermitian: false;
  };
const readRank = forms("linalg.matrix_rank", { input: tensor, ...cutoffs }, older("tol"));
type RankArgs = Args<[], Cutoffs> | Args<[tol: number, hermitian: boolean], { tol: number; hermitian: boolean }>;
/** How many singular values are above the larger of atol and rtol times the largest; `tol` is atol alone. */
export const matrix_rank = (input: Tensor, ...args: RankArgs): Tensor => {
  const { form, values } = readRank([input, ...args]);
  const { input: x, hermitian } = values;
  (hermitian ? requireSquares : requireMatrices)("linalg.matrix_rank", "input", x);
  const cutoff = form === "0" ? cutoffOf(values) : { atol: values.tol, rtol: 0 };
  return core.scope(() => wrap(core.matrixRank(hermitian ? symmetric(x.core) : x.core, cutoff)));
};
/** Of the symmetric matrices that lower triangles stand for; the gradient goes to the whole matrix, as in PyTorch. */
function symmetricPinv(a: core.Tensor, cutoff: core.Cutoff): core.Tensor {
  const rest = core.noGrad(() => core.sub(symmetric(a), a));
  return core.pinv(core.add(a, rest), cutoff);
}
const readPinv = forms("linalg.pinv", { input: tensor, ...cutoffs }, older("rcond"));
type PinvArgs = Args<[], Cutoffs> | Args<[rcond: number, hermitian: boolean], { rcond: number; hermitian: boolean }>;
/** Pseudoinverses; singular values up to the larger of atol and rtol (or rcond) times the largest count as 0. */
export const pinv = (input: Tensor, ...args: PinvArgs): Tensor => {
  const { form, values } = readPinv([input, ...args]);
  const { input: x, hermitian } = values;
  (hermitian ? requireSquares : requireMatrices)("linalg.pinv", "input", x);
  const cutoff = form === "0" ? cutoffOf(values) : { rtol: values.rcond };
  return core.scope(() => wrap(hermitian ? symmetricPinv(x.core, cutoff) : core.pinv(x.core, cutoff)));
};
/** Pseudoinverses; singular values up to rcond times the largest count as 0. */
export const pinverse: (input: Tensor, ...args: Args<[rcond: number], { rcond: number }>) => Tensor = native(
  "pinverse",
  { input: tensor, rcond: number.or(1e-15) },
  ({ input, rcond }) => {
    requireMatrices("pinverse", "input", input);
    return core.scope(() => wrap(core.pinv(input.core, { rtol: rcond })));
  },
);

/** The power n of square matrices; of a negative one that of the inverse. */
export const powerNamed = (
  name: string,
): ((input: Tensor, ...args: Args<[n: number], { n: number } & Out>) => Tensor) =>
  native(name, { input: tensor, n: int, "*": null, out }, ({ input, n }) => {
    requireSquares(name, "A", input);
    return core.scope(() => {
      // The power 0 follows the input, with gradient 0.
      const y = core.matrixPower(input.core, n);
      if (n !== 0 || !core.isTracked(input.core)) return wrap(y);
      return wrap(core.where(core.full(y.shape, false, "bool"), input.core, y));
    });
  });

/** Products of two matrices or more, in the order that takes least; the first and last may be vectors. */
export const multi_dot: (list: readonly Tensor[], ...args: Args<[], Out>) => Tensor = native(
  "linalg.multi_dot",
  { tensors, "*": null, out },
  ({ tensors: list }) => {
    const wrong = (i: number, expected: string): never =>
      complain(core.ShapeError, `multi_dot(): tensor ${i} must be ${expected} but got ${list[i]?.rank}D`, {
        op: "multi_dot",
        argument: `tensors[${i}]`,
        expected,
        given: sizeText(list[i]?.shape ?? []),
      });
    if (list.length < 2)
      complain(core.ArgumentError, `multi_dot(): expected at least 2 tensors but got ${list.length}`, {
        op: "multi_dot",
        argument: "tensors",
        expected: "two or more",
        given: `${list.length}`,
      });
    const last = list.length - 1;
    for (const [i, x] of list.entries()) {
      requireOneDtype("multi_dot", `tensors[${i}]`, list[0] as Tensor, x);
      if (x.rank !== 2 && !(x.rank === 1 && (i === 0 || i === last)))
        wrong(i, i === 0 || i === last ? "1D or 2D" : "2D");
    }
    return core.scope(() => {
      const matrices = list.map((x, i) => (x.rank === 2 ? x : x.reshape(i === 0 ? [1, -1] : [-1, 1])));
      for (const [i, x] of matrices.slice(1).entries())
        if (x.shape[0] !== matrices[i]?.shape[1]) product("multi_dot", `tensors[${i + 1}]`, matrices[i] as Tensor, x);
      const y = productOfAll("multi_dot", matrices);
      const shape = [
        ...(list[0]?.rank === 1 ? [] : [y.shape[0] as number]),
        ...(list[last]?.rank === 1 ? [] : [y.shape[1] as number]),
      ];
      return wrap(core.reshape(y.core, shape));
    });
  },
);
/** The first columns of the product of reflections that input and tau hold. */
export const householderNamed = (
  name: string,
  tau: string,
): ((input: Tensor, ...args: Args<[tau: Tensor], Record<string, unknown>>) => Tensor) =>
  native(name, { input: tensor, [tau]: tensor, "*": null, out } as Rules, (given) => {
    const { input, [tau]: factors } = given as unknown as Record<string, Tensor> & { input: Tensor };
    requireMatrices(name, "input", input);
    return core.scope(() => wrap(core.householderProduct(input.core, (factors as Tensor).core)));
  });

/** Powers of elements in a new last dimension: 1, x, x^2, ... */
function powers(x: core.Tensor, count: number): core.Tensor {
  const line = core.reshape(x, [...x.shape, 1]);
  const shape = [...x.shape, 1];
  if (count === 0) return core.sliceAlong(line, -1, 0, 0);
  const ones = core.full(shape, 1, x.dtype);
  if (count === 1) return ones;
  return core.concat([ones, core.checked.cumprod(core.expand(line, [...x.shape, count - 1]), { axis: x.rank })], -1);
}
/** Powers of the last dimension's elements from 0 to N - 1, by default as many as there are. */
export const vanderLinalg: (x: Tensor, ...args: Args<[], { N: number | null }>) => Tensor = native(
  "linalg.vander",
  { x: tensor, "*": null, N: int.or(null) },
  ({ x, N }) => {
    const own = x.rank === 0 ? core.reshape(x.core, [1]) : x.core;
    const count = N ?? (own.shape.at(-1) as number);
    if (x.core.dtype === "bool")
      complain(core.DtypeError, "linalg.vander supports floating point, complex, and integer tensors, but got Bool", {
        op: "vander",
        argument: "x",
        expected: "numbers",
        given: "torch.bool",
      });
    if (N === null ? x.rank === 0 : N <= 1)
      complain(core.ArgumentError, "N must be greater than 1.", {
        op: "vander",
        argument: "N",
        expected: "2 or more",
        given: `${N}`,
      });
    return core.scope(() => wrap(powers(own, count)));
  },
);
/** Powers of a vector's elements, falling unless `increasing`. */
export const vander: (
  x: Tensor,
  ...args: Args<[N: number | null, increasing: boolean], { N: number | null; increasing: boolean }>
) => Tensor = native("vander", { x: tensor, N: int.or(null), increasing: false }, ({ x, N, increasing }) => {
  if (x.rank !== 1)
    complain(core.ShapeError, "x must be a one-dimensional tensor.", {
      op: "vander",
      argument: "x",
      expected: "rank 1",
      given: sizeText(x.shape),
    });
  const count = N ?? x.core.size;
  if (count < 0)
    complain(core.ArgumentError, "N must be non-negative.", {
      op: "vander",
      argument: "N",
      expected: "0 or more",
      given: `${N}`,
    });
  return core.scope(() => {
    const y = powers(x.core.dtype === "bool" ? core.cast(x.core, "int32") : x.core, count);
    return wrap(increasing || count === 0 ? y : core.flip(y, [1]));
  });
});
/** Sums of products along a dimension. */
export const vecdot: (x: Tensor, ...args: Args<[y: Tensor], { y: Tensor; dim: number } & Out>) => Tensor = native(
  "linalg.vecdot",
  { x: tensor, y: tensor, "*": null, dim: int.or(-1), out },
  ({ x, y, dim }) => {
    requireFloat(
      "vecdot",
      "x",
      x.core.dtype,
      "linalg.vecdot: Expected a floating point or complex tensor as input. Got",
    );
    requireOneDtype("vecdot", "y", x, y);
    requireBroadcast("vecdot", x.shape, y.shape);
    return core.scope(() => {
      const products = core.mul(x.core, y.core);
      return wrap(core.sum(products, { axes: dimension("vecdot", dim, products.rank) }));
    });
  },
);
export const crossLinalg: (
  input: Tensor,
  ...args: Args<[other: Tensor], { other: Tensor; dim: number } & Out>
) => Tensor = native(
  "linalg.cross",
  { input: tensor, other: tensor, "*": null, dim: int.or(-1), out },
  ({ input, other, dim }) => crossed("linalg.cross", input, other, dim),
);
/** The diagonals along two dimensions, by default the last, as a view. */
export const diagonalLinalg: (A: Tensor, ...args: Args<[], { offset: number; dim1: number; dim2: number }>) => Tensor =
  native(
    "linalg.diagonal",
    { A: tensor, "*": null, offset: int.or(0), dim1: int.or(-2), dim2: int.or(-1) },
    ({ A, offset, dim1, dim2 }) => {
      const [axis1, axis2] = [dimension("diagonal", dim1, A.rank, "dim1"), dimension("diagonal", dim2, A.rank, "dim2")];
      if (axis1 === axis2)
        complain(core.ArgumentError, `diagonal dimensions cannot be identical ${dim1}, ${dim2}`, {
          op: "linalg.diagonal",
          argument: "dim2",
          expected: "another dimension than dim1",
          given: `${dim2}`,
        });
      return viewed(A, (x) => core.diagonal(x, { offset, axis1, axis2 }));
    },
  );
/** The inverse of the map that tensordot with the input is. */
export const tensorinv: (input: Tensor, ...args: Args<[ind: number], { ind: number } & Out>) => Tensor = native(
  "linalg.tensorinv",
  { input: tensor, ind: int.or(2), "*": null, out },
  ({ input, ind }) => {
    const [rows, columns] = [input.shape.slice(0, ind), input.shape.slice(ind)];
    const n = core.sizeOf(rows);
    if (ind <= 0 || n !== core.sizeOf(columns))
      complain(
        core.ShapeError,
        `Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${core.sizeOf(columns)} != ${n}.`,
        {
          op: "linalg.tensorinv",
          argument: ind <= 0 ? "ind" : "input",
          expected: ind <= 0 ? "1 or more" : `${n} elements after dimension ${ind}`,
          given: ind <= 0 ? `${ind}` : sizeText(input.shape),
        },
      );
    requireFloat("linalg.tensorinv", "input", input.core.dtype);
    return core.scope(() => wrap(core.reshape(core.inverse(core.reshape(input.core, [n, n])), [...columns, ...rows])));
  },
);
/** x with tensordot(input, x) = other. */
export const tensorsolve: (
  input: Tensor,
  ...args: Args<
    [other: Tensor, dims: readonly number[] | null],
    { other: Tensor; dims: readonly number[] | null } & Out
  >
) => Tensor = native(
  "linalg.tensorsolve",
  { input: tensor, other: tensor, dims: ints.orNone.or(null), "*": null, out },
  ({ input, other, dims: moved }) =>
    core.scope(() => {
      const last = moved ? dimensions("tensorsolve", moved, input.rank) : [];
      const order = [...[...input.shape.keys()].filter((d) => !last.includes(d)), ...last];
      const a = core.transpose(input.core, order);
      const shape = a.shape.slice(other.rank);
      const n = other.core.size;
      if (core.sizeOf(shape) !== n || a.size !== n * n)
        complain(
          core.ShapeError,
          `Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${core.sizeOf(shape)} != ${n}`,
          {
            op: "linalg.tensorsolve",
            argument: "input",
            expected: `${n} unknowns`,
            given: sizeText(input.shape),
          },
        );
      return wrap(core.reshape(core.solve(core.reshape(a, [n, n]), core.reshape(other.core, [n, 1])), shape));
    }),
);
