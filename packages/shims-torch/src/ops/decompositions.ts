// Inverses, determinants, systems of equations and factors of matrices; torch.linalg.ts names them.
import * as core from "@facet/autograd";
import { type Args, bool, oneOf, only, type Rules } from "@facet/dialect";
import { complain } from "../errors.js";
import { native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { requireFloat } from "./scalar.js";
import { tuple } from "./tuples.js";

/** Matrices of floats in the last two dimensions. */
export function requireMatrices(op: string, argument: string, x: Tensor): void {
  if (x.rank < 2)
    complain(core.ShapeError, `${op}: The input tensor ${argument} must have at least 2 dimensions.`, {
      op,
      argument,
      expected: "rank 2 or more",
      given: sizeText(x.shape),
    });
  requireFloat(op, argument, x.core.dtype, `${op}: Expected a floating point or complex tensor as input. Got`);
}
export function requireSquares(op: string, argument: string, x: Tensor): void {
  requireMatrices(op, argument, x);
  if (x.shape.at(-1) !== x.shape.at(-2))
    complain(
      core.ShapeError,
      `${op}: ${argument} must be batches of square matrices, but they are ${x.shape.at(-2)} by ${x.shape.at(-1)} matrices`,
      { op, argument, expected: "square matrices", given: sizeText(x.shape) },
    );
}

export type OfMatrices<Name extends string> = (
  input: Tensor,
  ...args: Args<[], { readonly [K in Name]: Tensor } & Out>
) => Tensor;
/** A function of square matrices alone. */
export function ofSquares<Name extends string>(
  name: string,
  argument: Name,
  f: (a: core.Tensor) => core.Tensor,
  rules: Rules = { "*": null, out },
): OfMatrices<Name> {
  return native(name, { [argument]: tensor, ...rules }, (given) => {
    const a = (given as Record<string, Tensor>)[argument] as Tensor;
    requireSquares(name, argument, a);
    return core.scope(() => wrap(f(a.core)));
  });
}
export const logdetOf = (a: core.Tensor): core.Tensor => {
  const { sign, logabsdet } = core.slogdet(a);
  return core.where(core.less(sign, 0), Number.NaN, logabsdet);
};

export type SignAndLog = [sign: Tensor, logabsdet: Tensor] & { sign: Tensor; logabsdet: Tensor };
/** Signs and logarithms of the magnitude of determinants. */
export const slogdetNamed = (name: string, argument: string): ((A: Tensor, ...args: Args<[], Out>) => SignAndLog) =>
  native(name, { [argument]: tensor, "*": null, out } as Rules, (given) => {
    const a = (given as Record<string, Tensor>)[argument] as Tensor;
    requireSquares(name, argument, a);
    return core.scope(() => {
      const { sign, logabsdet } = core.slogdet(a.core);
      return tuple<SignAndLog>({ sign, logabsdet });
    });
  });

/** The number of the first of the last dimension's elements that is true, from 1; 0 where none is. */
const firstOf = (holds: core.Tensor): core.Tensor =>
  holds.shape.at(-1) === 0
    ? core.zeros(holds.shape.slice(0, -1), "int32")
    : core.where(core.any(holds, { axes: -1 }), core.add(core.argmax(core.cast(holds, "int32"), -1), 1), 0);
const diagonals = (x: core.Tensor): core.Tensor => core.diagonal(x, { axis1: -2, axis2: -1 });
/** The number of the first pivot that is 0. */
const singularity = (a: core.Tensor): core.Tensor =>
  core.noGrad(() =>
    a.size === 0 ? core.zeros(a.shape.slice(0, -2), "int32") : firstOf(core.equal(diagonals(core.luFactor(a).u), 0)),
  );

export type ResultAndInfo<Name extends string> = [Tensor, Tensor] & { readonly [K in Name | "info"]: Tensor };
export interface Checking extends Out {
  check_errors: boolean;
}
const checking = { check_errors: bool.or(false), out } as const;
/** Inverses, and the number of the first pivot that is 0, else 0. */
export const inv_ex: (A: Tensor, ...args: Args<[], Checking>) => ResultAndInfo<"inverse"> = native(
  "linalg.inv_ex",
  { A: tensor, "*": null, ...checking },
  ({ A, check_errors }) => {
    requireSquares("linalg.inv_ex", "A", A);
    return core.scope(() =>
      tuple<ResultAndInfo<"inverse">>({
        inverse: core.inverse(A.core, { checked: check_errors }),
        info: singularity(A.core),
      }),
    );
  },
);

/** x with A x = B; `vector` where B holds vectors. */
function solved(op: string, A: Tensor, B: Tensor, left: boolean, checked: boolean): core.Tensor {
  requireSquares(op, "A", A);
  requireFloat(op, "B", B.core.dtype);
  const vector = B.rank === 1 || (A.rank - 1 === B.rank && `${B.shape}` === `${A.shape.slice(0, -1)}`);
  if (vector && !left)
    complain(core.ArgumentError, `${op}: Vector broadcasting of the left hand side is not supported for left=False.`, {
      op,
      argument: "left",
      expected: "true where B holds vectors",
      given: "false",
    });
  const b = vector ? core.reshape(B.core, [...B.shape, 1]) : B.core;
  const n = A.shape.at(-1);
  if (b.shape.at(left ? -2 : -1) !== n)
    complain(
      core.ShapeError,
      `${op}: Incompatible shapes of A and B for the equation ${left ? "AX = B" : "XA = B"} (${A.shape.at(-2)}x${n} and ${b.shape.at(-2)}x${b.shape.at(-1)})`,
      { op, argument: "B", expected: `${n} ${left ? "rows" : "columns"}`, given: sizeText(B.shape) },
    );
  if (!left) return turned(core.solve(turned(A.core), turned(b), { checked }));
  const y = core.solve(A.core, b, { checked });
  return vector ? core.reshape(y, y.shape.slice(0, -1)) : y;
}
const turned = (x: core.Tensor): core.Tensor => {
  const order = [...x.shape.keys()];
  return core.transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
};
interface SolveArguments extends Out {
  A: Tensor;
  B: Tensor;
  /** Whether A x = B, and not x A = B; default true. */
  left: boolean;
}
/** x with A x = B, of matrices or vectors; a singular A raises ArgumentError when a value is next read. */
export const solve: (A: Tensor, ...args: Args<[B: Tensor], SolveArguments>) => Tensor = native(
  "linalg.solve",
  { A: tensor, B: tensor, "*": null, left: true, out },
  ({ A, B, left }) => core.scope(() => wrap(solved("linalg.solve", A, B, left, true))),
);
export const solve_ex: (A: Tensor, ...args: Args<[B: Tensor], SolveArguments & Checking>) => ResultAndInfo<"result"> =
  native("linalg.solve_ex", { A: tensor, B: tensor, "*": null, left: true, ...checking }, (given) => {
    const { A, B, left, check_errors } = given;
    return core.scope(() =>
      tuple<ResultAndInfo<"result">>({
        result: solved("linalg.solve_ex", A, B, left, check_errors),
        info: singularity(A.core),
      }),
    );
  });

/** y with t y = b. */
function triangular(op: string, a: Tensor, b: Tensor, options: core.TriangularSolveOptions): core.Tensor {
  requireSquares(op, "A", a);
  requireMatrices(op, "B", b);
  const n = a.shape.at(-1);
  if (b.shape.at(options.left === false ? -1 : -2) !== n)
    complain(
      core.ShapeError,
      `${op}: Incompatible shapes of A and B for the equation (${sizeText(a.shape)} and ${sizeText(b.shape)})`,
      {
        op,
        argument: "B",
        expected: `${n} ${options.left === false ? "columns" : "rows"}`,
        given: sizeText(b.shape),
      },
    );
  return core.triangularSolve(a.core, b.core, options);
}
/** y with t y = B (or y t = B) for a triangle t of the input; the other triangle is not read. */
export const solve_triangular: (
  input: Tensor,
  ...args: Args<[B: Tensor], { B: Tensor; upper: boolean; left: boolean; unitriangular: boolean } & Out>
) => Tensor = native(
  "linalg.solve_triangular",
  { input: tensor, B: tensor, "*": null, upper: bool, left: true, unitriangular: false, out },
  ({ input, B, upper, left, unitriangular }) =>
    core.scope(() => wrap(triangular("linalg.solve_triangular", input, B, { upper, left, unit: unitriangular }))),
);
export type SolutionAndFactor = [Tensor, Tensor] & { solution: Tensor; cloned_coefficient: Tensor };
/** y with A y = input for a triangle of A, and A. */
export const triangular_solve: (
  input: Tensor,
  ...args: Args<
    [A: Tensor, upper: boolean, transpose: boolean, unitriangular: boolean],
    { A: Tensor; upper: boolean; transpose: boolean; unitriangular: boolean } & Out
  >
) => SolutionAndFactor = native(
  "triangular_solve",
  { input: tensor, A: tensor, upper: true, transpose: false, unitriangular: false, "*": null, out },
  ({ input, A, upper, transpose, unitriangular }) =>
    core.scope(() => {
      const options = { upper, transposed: transpose, unit: unitriangular };
      const solution = triangular("triangular_solve", A, input, options);
      return tuple<SolutionAndFactor>({ solution, cloned_coefficient: core.reshape(A.core, A.shape) });
    }),
);

export interface Upper extends Out {
  upper: boolean;
}
/** Triangles l with l l^T = the matrix; one that is not positive definite raises ArgumentError when a value is next read. */
export const choleskyLinalg: (input: Tensor, ...args: Args<[], Upper>) => Tensor = native(
  "linalg.cholesky",
  { input: tensor, "*": null, upper: false, out },
  ({ input, upper }) => {
    requireSquares("linalg.cholesky", "A", input);
    return core.scope(() => wrap(core.cholesky(input.core, { upper })));
  },
);
/** Triangles, and the order of the first leading minor that is not positive, else 0; beyond it the triangle is NaN. */
export const cholesky_ex: (input: Tensor, ...args: Args<[], { upper: boolean } & Checking>) => ResultAndInfo<"L"> =
  native(
    "linalg.cholesky_ex",
    { input: tensor, "*": null, upper: false, ...checking },
    ({ input, upper, check_errors }) => {
      requireSquares("linalg.cholesky_ex", "A", input);
      return core.scope(() => {
        const L = core.cholesky(input.core, { upper, checked: check_errors });
        const info = core.noGrad(() => firstOf(core.logicalNot(core.greater(diagonals(L), 0))));
        return tuple<ResultAndInfo<"L">>({ L, info });
      });
    },
  );
export const cholesky: (input: Tensor, ...args: Args<[upper: boolean], Upper>) => Tensor = native(
  "cholesky",
  { input: tensor, upper: false, "*": null, out },
  ({ input, upper }) => {
    requireSquares("cholesky", "input", input);
    return core.scope(() => wrap(core.cholesky(input.core, { upper })));
  },
);
const identityLike = (x: core.Tensor): core.Tensor => {
  const n = x.shape.at(-1) as number;
  return core.expand(core.eye(n, n), x.shape);
};
/** Inverses of matrices whose Cholesky triangles are given. */
export const cholesky_inverse: (input: Tensor, ...args: Args<[upper: boolean], Upper>) => Tensor = native(
  "cholesky_inverse",
  { input: tensor, upper: false, "*": null, out },
  ({ input, upper }) => {
    requireSquares("cholesky_inverse", "input", input);
    if (input.core.size === 0) return wrap(core.reshape(input.core, input.shape));
    return core.scope(() => wrap(core.choleskySolve(input.core, identityLike(input.core), { upper })));
  },
);
/** y with l l^T y = input, where input2 is l (or l^T). */
export const cholesky_solve: (
  input: Tensor,
  ...args: Args<[input2: Tensor, upper: boolean], { input2: Tensor } & Upper>
) => Tensor = native(
  "cholesky_solve",
  { input: tensor, input2: tensor, upper: false, "*": null, out },
  ({ input, input2, upper }) => {
    requireMatrices("cholesky_solve", "input", input);
    requireSquares("cholesky_solve", "input2", input2);
    if (input.shape.at(-2) !== input2.shape.at(-1))
      complain(
        core.ShapeError,
        `Incompatible matrix sizes for cholesky_solve: each A matrix is ${input2.shape.at(-1)} by ${input2.shape.at(-1)} but each b matrix is ${input.shape.at(-2)} by ${input.shape.at(-1)}`,
        {
          op: "cholesky_solve",
          argument: "input",
          expected: `${input2.shape.at(-1)} rows`,
          given: sizeText(input.shape),
        },
      );
    return core.scope(() => wrap(core.choleskySolve(input2.core, input.core, { upper })));
  },
);

export type QAndR = [Q: Tensor, R: Tensor] & { Q: Tensor; R: Tensor };
const qAndR = (op: string, argument: string, a: Tensor, mode: core.QrMode): QAndR => {
  requireMatrices(op, argument, a);
  return core.scope(() => {
    const { q, r } = core.qr(a.core, mode);
    return tuple<QAndR>({ Q: q, R: r });
  });
};
type Mode = "reduced" | "complete" | "r";
/** a = Q R with orthonormal columns of Q; in mode "r" Q is empty, and no gradient flows. */
export const qrLinalg: (A: Tensor, ...args: Args<[mode: Mode], { mode: Mode } & Out>) => QAndR = native(
  "linalg.qr",
  { A: tensor, mode: oneOf("reduced", "complete", "r").or("reduced"), "*": null, out },
  ({ A, mode }) => {
    if (mode !== "r") return qAndR("linalg.qr", "A", A, mode);
    requireMatrices("linalg.qr", "A", A);
    return core.noGrad(() => core.scope(() => tuple<QAndR>({ Q: core.zeros([0]), R: core.qr(A.core).r })));
  },
);
export const qr: (input: Tensor, ...args: Args<[some: boolean], { some: boolean } & Out>) => QAndR = native(
  "qr",
  { input: tensor, some: true, "*": null, out },
  ({ input, some }) => qAndR("qr", "input", input, some ? "reduced" : "complete"),
);

export type Values = [eigenvalues: Tensor, eigenvectors: Tensor] & { eigenvalues: Tensor; eigenvectors: Tensor };
type Triangle = "L" | "U";
const triangleKind = oneOf("L", "U").or("L");
type OfTriangle<R> = (input: Tensor, ...args: Args<[UPLO: Triangle], { UPLO: Triangle } & Out>) => R;
/** Eigenvalues of symmetric matrices, ascending, and their vectors in columns; one triangle is read. */
export const eigh: OfTriangle<Values> = native(
  "linalg.eigh",
  { input: tensor, UPLO: triangleKind, "*": null, out },
  ({ input, UPLO }) => {
    requireSquares("linalg.eigh", "A", input);
    return core.scope(() => {
      const { values, vectors } = core.eigh(input.core, { upper: UPLO === "U" });
      return tuple<Values>({ eigenvalues: values, eigenvectors: vectors });
    });
  },
);
export const eigvalsh: OfTriangle<Tensor> = native(
  "linalg.eigvalsh",
  { input: tensor, UPLO: triangleKind, "*": null, out },
  ({ input, UPLO }) => {
    requireSquares("linalg.eigvalsh", "A", input);
    return core.scope(() => wrap(core.eigh(input.core, { upper: UPLO === "U" }).values));
  },
);

export type UsVh = [U: Tensor, S: Tensor, Vh: Tensor] & { U: Tensor; S: Tensor; Vh: Tensor };
export type UsV = [U: Tensor, S: Tensor, V: Tensor] & { U: Tensor; S: Tensor; V: Tensor };
/** What is made of no elements follows them in the graph all the same. */
const following = (a: core.Tensor, made: core.Svd): core.Svd => {
  if (a.size > 0 || !core.isTracked(a)) return made;
  const zero = core.sum(a);
  return { u: core.add(made.u, zero), s: core.add(made.s, zero), v: core.add(made.v, zero) };
};
/** a = U diag(S) Vh, S descending. */
export const svdLinalg: (
  A: Tensor,
  ...args: Args<[full_matrices: boolean], { full_matrices: boolean; driver: null } & Out>
) => UsVh = native(
  "linalg.svd",
  { A: tensor, full_matrices: true, "*": null, driver: only(null), out },
  ({ A, full_matrices }) => {
    requireMatrices("linalg.svd", "A", A);
    return core.scope(() => {
      const { u, s, v } = following(A.core, core.svd(A.core, { full: full_matrices }));
      return tuple<UsVh>({ U: u, S: s, Vh: turned(v) });
    });
  },
);
export const svdvals: (A: Tensor, ...args: Args<[], { driver: null } & Out>) => Tensor = native(
  "linalg.svdvals",
  { A: tensor, "*": null, driver: only(null), out },
  ({ A }) => {
    requireMatrices("linalg.svdvals", "A", A);
    return core.scope(() => wrap(core.svd(A.core).s));
  },
);
/** a = U diag(S) V^T, S descending; without `some` U and V are square, without `compute_uv` they are zeros. */
export const svd: (
  input: Tensor,
  ...args: Args<[some: boolean, compute_uv: boolean], { some: boolean; compute_uv: boolean } & Out>
) => UsV = native(
  "svd",
  { input: tensor, some: true, compute_uv: true, "*": null, out },
  ({ input, some, compute_uv }) => {
    requireMatrices("svd", "input", input);
    return core.scope(() => {
      const { u, s, v } = following(input.core, core.svd(input.core, { full: !some }));
      const [m, n] = input.shape.slice(-2) as [number, number];
      const none = (k: number): core.Tensor => core.zeros([...input.shape.slice(0, -2), k, k]);
      return tuple<UsV>(compute_uv ? { U: u, S: s, V: v } : { U: none(m), S: s, V: none(n) });
    });
  },
);
