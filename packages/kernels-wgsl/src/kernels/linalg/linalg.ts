// Factorisations of matrices and what is solved by them: one workgroup for a matrix, or one thread for a column.
import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import {
  type BindingSpec,
  type Constants,
  defineKernel,
  divideUp,
  type ParamType,
  type ParamValues,
  sizeOf,
  spread,
  type Variant,
} from "../../kernel.js";
import choleskyWgsl from "./cholesky.wgsl";
import eighJacobiWgsl from "./eigh_jacobi.wgsl";
import householderApplyWgsl from "./householder_apply.wgsl";
import householderQrWgsl from "./householder_qr.wgsl";
import luWgsl from "./lu.wgsl";
import svdJacobiWgsl from "./svd_jacobi.wgsl";
import triangularSolveWgsl from "./triangular_solve.wgsl";

const LANES = 64;
/** Few lanes: adapters on a processor pay for each at every barrier. */
const software: Constants = { LANES: "8u" };

const read = { access: "read", dtype: "f32" } as const satisfies BindingSpec;
const write = { access: "read_write", dtype: "f32" } as const satisfies BindingSpec;
const faults = { access: "read_write", dtype: "u32", optional: true } as const satisfies BindingSpec;

const square = { count: "u32", n: "u32" } as const;
const oblong = { count: "u32", m: "u32", n: "u32" } as const;
const choleskyParams = { ...square, checked: "u32", fault_slot: "u32" } as const;
const luParams = { ...oblong, checked: "u32", fault_slot: "u32" } as const;
const triangularParams = {
  ...square,
  columns: "u32",
  upper: "u32",
  transposed: "u32",
  unit: "u32",
  permute: "u32",
} as const;
const applyParams = { ...oblong, reflections: "u32", columns: "u32", transposed: "u32", identity: "u32" } as const;

export type CholeskyParams = ParamValues<typeof choleskyParams>;
export type LuParams = ParamValues<typeof luParams>;
export type TriangularSolveParams = ParamValues<typeof triangularParams>;
export type HouseholderQrParams = ParamValues<typeof oblong>;
export type HouseholderApplyParams = ParamValues<typeof applyParams>;
export type EighParams = ParamValues<typeof square>;
export type SvdParams = ParamValues<typeof oblong>;

/** One workgroup for each matrix. */
const whole = <P extends Record<string, ParamType>>(order: string): Variant<P & { count: "u32" }>[] => [
  { name: "workgroup", order, workgroups: (p) => spread((p as unknown as { count: number }).count) },
];

/** One thread for each column, or for four. */
const columns = <P extends Record<string, ParamType>>(four: Constants): Variant<P>[] => {
  const groups = (width: number) => (p: unknown) => {
    const { count, columns } = p as { count: number; columns: number };
    return spread(divideUp((count * columns) / width, LANES));
  };
  return [
    {
      name: "four_columns",
      order: "sequential",
      constants: { V: "vec4<f32>", WIDTH: "4u", ...four },
      applies: (p) => (p as unknown as { columns: number }).columns % 4 === 0,
      workgroups: groups(4),
    },
    { name: "columns", order: "sequential", workgroups: groups(1) },
  ];
};

/** l with l l^T = a. See cholesky.wgsl. */
export const cholesky = defineKernel({
  name: "cholesky",
  wgsl: choleskyWgsl,
  software,
  bindings: { a: read, faults, y: write },
  params: choleskyParams,
  variants: whole<typeof choleskyParams>("columns"),
  cost: (p) => ({ flops: (p.count * p.n ** 3) / 3, bytes: 8 * p.count * p.n ** 2 }),
});

/** p a = l u. See lu.wgsl. */
export const lu = defineKernel({
  name: "lu",
  wgsl: luWgsl,
  software,
  bindings: { a: read, faults, y: write, order: { access: "read_write", dtype: "i32" }, sign: write },
  params: luParams,
  variants: whole<typeof luParams>("columns"),
  cost: (p) => ({
    flops:
      p.count *
      (p.m * p.n * Math.min(p.m, p.n) - ((p.m + p.n) * Math.min(p.m, p.n) ** 2) / 2 + Math.min(p.m, p.n) ** 3 / 1.5),
    bytes: 8 * p.count * p.m * p.n,
  }),
});

/** y with t y = b for a triangle t. See triangular_solve.wgsl. */
export const triangularSolve = defineKernel({
  name: "triangular_solve",
  wgsl: triangularSolveWgsl,
  bindings: { a: read, b: read, order: { access: "read", dtype: "i32", optional: true }, y: write },
  params: triangularParams,
  variants: columns<typeof triangularParams>({}),
  cost: (p) => ({ flops: p.count * p.n ** 2 * p.columns, bytes: 4 * p.count * p.n * (p.n / 2 + 2 * p.columns) }),
});

/** a = q r as reflections. See householder_qr.wgsl. */
export const householderQr = defineKernel({
  name: "householder_qr",
  wgsl: householderQrWgsl,
  software,
  bindings: { a: read, y: write, tau: write },
  params: oblong,
  variants: whole<typeof oblong>("columns"),
  cost: (p) => ({
    flops: 2 * p.count * Math.min(p.m, p.n) ** 2 * (Math.max(p.m, p.n) - Math.min(p.m, p.n) / 3),
    bytes: 8 * p.count * p.m * p.n,
  }),
});

/** q b or q^T b of reflections. See householder_apply.wgsl. */
export const householderApply = defineKernel({
  name: "householder_apply",
  wgsl: householderApplyWgsl,
  bindings: { a: read, tau: read, b: { ...read, optional: true }, y: write },
  params: applyParams,
  variants: columns<typeof applyParams>({
    ones: "vec4<f32>(vec4(i) == vec4(4u * column) + vec4(0u, 1u, 2u, 3u))",
  }),
  cost: (p) => ({
    flops: 4 * p.count * p.m * p.columns * p.reflections,
    bytes: 4 * p.count * p.m * (p.n + 2 * p.columns),
  }),
});

/** Eigenvalues and vectors of symmetric matrices. See eigh_jacobi.wgsl. */
export const eighJacobi = defineKernel({
  name: "eigh_jacobi",
  wgsl: eighJacobiWgsl,
  software,
  bindings: { a: read, work: write, vectors: write, y: write },
  params: square,
  variants: whole<typeof square>("rounds"),
  // Of the some eight sweeps that random matrices take.
  cost: (p) => ({ flops: 8 * 9 * p.count * p.n ** 3, bytes: 8 * p.count * p.n ** 2 }),
});

/** Singular values and vectors. See svd_jacobi.wgsl. */
export const svdJacobi = defineKernel({
  name: "svd_jacobi",
  wgsl: svdJacobiWgsl,
  software,
  bindings: { a: read, work: write, vectors: write, y: write },
  params: oblong,
  variants: whole<typeof oblong>("rounds"),
  cost: (p) => ({
    flops: 8 * p.count * p.n ** 2 * (6 * p.m + 3 * p.n),
    bytes: 4 * p.count * (2 * p.m * p.n + p.n ** 2),
  }),
});

/** Rows that eigh_jacobi has room for the turns of. */
export const EIGH_LIMIT = 1024;

/** Matrices along the last two dimensions of a shape: how many, and their extents. Throws ShapeError below two dimensions. */
export function matricesOf(op: string, argument: string, shape: readonly number[]) {
  const [m, n] = shape.slice(-2);
  if (shape.length < 2 || m === undefined || n === undefined)
    throw new ShapeError({ op, argument, expected: "two dimensions or more", given: formatShape(shape) });
  return { batch: shape.slice(0, -2), count: sizeOf(shape.slice(0, -2)), m, n };
}

/** The same of square matrices. Throws ShapeError on others. */
export function squaresOf(op: string, argument: string, shape: readonly number[]) {
  const { m, n, ...rest } = matricesOf(op, argument, shape);
  if (m !== n) throw new ShapeError({ op, argument, expected: "square matrices", given: formatShape(shape) });
  return { ...rest, n };
}

/** Params of `eighJacobi`. Throws ArgumentError beyond EIGH_LIMIT rows. */
export function eighParams(shape: readonly number[]): EighParams {
  const { count, n } = squaresOf("eigh", "a", shape);
  if (n > EIGH_LIMIT)
    throw new ArgumentError({
      op: "eigh",
      argument: "a",
      expected: `matrices of at most ${EIGH_LIMIT} rows`,
      given: formatShape(shape),
    });
  return { count, n };
}

export interface TriangularOptions {
  upper: boolean;
  transposed: boolean;
  /** Whether the diagonal is taken for ones. */
  unit: boolean;
  /** What an order of rows is for: those of b, or of the result. */
  permute?: "b" | "y" | undefined;
}

/** Params of `triangularSolve` of matrices a and b in one batch. Throws ShapeError when they do not match. */
export function triangularSolveParams(
  aShape: readonly number[],
  bShape: readonly number[],
  { upper, transposed, unit, permute }: TriangularOptions,
  op = "triangular_solve",
): TriangularSolveParams {
  const { batch, count, n } = squaresOf(op, "a", aShape);
  const b = matricesOf(op, "b", bShape);
  if (`${b.batch}` !== `${batch}` || b.m !== n)
    throw new ShapeError({ op, argument: "b", expected: formatShape([...batch, n, b.n]), given: formatShape(bShape) });
  return {
    count,
    n,
    columns: b.n,
    upper: Number(upper),
    transposed: Number(transposed),
    unit: Number(unit),
    permute: permute === undefined ? 0 : permute === "b" ? 1 : 2,
  };
}
