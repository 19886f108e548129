// What a row of the tables of expressions holds, and the words that rows are written in.
import type { BindingDtype } from "../../../kernel.js";

export interface Expression {
  readonly arity: 1 | 2 | 3;
  /** The shader that has its functions, when it is not the one of its arity; such an expression is never fused with others. */
  readonly shader?: "transcendental" | "special" | "bessel" | "binary_special" | "incomplete_gamma" | "polynomial";
  /** WGSL of the operands `a`, `b`, `c` and the scalars `params.s0`, `params.s1`. */
  readonly wgsl: string;
  /** The same for i32 and u32 operands, where it takes other words. */
  readonly integer?: string;
  /** Operand dtypes it takes. */
  readonly dtypes: readonly (readonly BindingDtype[])[];
  /** Dtype of the result; default: the last operand's. */
  readonly result?: BindingDtype;
  /** Definition in f64, of the operands and then s0 and s1. */
  readonly reference: (...values: number[]) => number;
  /** Interval per operand that tests draw from: clear of poles and jumps. Default [-4, 4). */
  readonly domain?: readonly (readonly [number, number])[];
  /** Operands whose results must hold too: NaN, infinities, zeros, ties. */
  readonly edges?: readonly (readonly number[])[];
  /** Values of s0 and s1 in tests. Default 0. */
  readonly scalars?: readonly [number, number];
  /** |result - reference| <= atol + rtol * |reference|. Default: the reference, rounded to the dtype. */
  readonly tolerance?: { rtol: number; atol: number };
}

export type Rest = Omit<Partial<Expression>, "arity" | "wgsl" | "reference">;
export type Of<Arity> = Expression & { readonly arity: Arity };

/** Operands of f32 unless `rest` says otherwise. */
function expression<Arity extends 1 | 2 | 3>(
  arity: Arity,
  wgsl: string,
  reference: (...values: number[]) => number,
  rest: Rest,
): Of<Arity> {
  return { arity, wgsl, reference, dtypes: [new Array<BindingDtype>(arity).fill("f32")], ...rest };
}

export const unary = (wgsl: string, reference: (...v: [number, number, number]) => number, rest: Rest = {}): Of<1> =>
  expression(1, wgsl, reference as Expression["reference"], rest);
export const binary = (
  wgsl: string,
  reference: (...v: [number, number, number?, number?]) => number,
  rest: Rest = {},
): Of<2> => expression(2, wgsl, reference as Expression["reference"], rest);
export const ternary = (
  wgsl: string,
  reference: (...v: [number, number, number, number]) => number,
  rest: Rest = {},
): Of<3> => expression(3, wgsl, reference as Expression["reference"], rest);

/** Allowed errors in units of the last place (relative) and absolute. */
export const within = (ulps: number, atol = 0): Rest => ({ tolerance: { rtol: ulps * 2 ** -23, atol } });
/** Operands all of one of these dtypes. */
export const takes = (arity: number, ...dtypes: BindingDtype[]): Rest => ({
  dtypes: dtypes.map((dtype) => new Array<BindingDtype>(arity).fill(dtype)),
});
export const numbers = (arity: number): Rest => takes(arity, "f32", "i32", "u32");
export const signed = (arity: number): Rest => takes(arity, "f32", "i32");
export const domain = (...intervals: [number, number][]): Rest => ({ domain: intervals });
export const edges = (...operands: (number | number[])[]): Rest => ({ edges: operands.map((v) => [v].flat()) });
export const scalars = (s0: number, s1 = 0): Rest => ({ scalars: [s0, s1] });

export const inf = Number.POSITIVE_INFINITY;
export const nan = Number.NaN;
export const LARGEST = (2 - 2 ** -23) * 2 ** 127;
export const SPECIAL = [nan, inf, -inf, 0, -0];
export const special = edges(...SPECIAL);
export const ordered = edges([nan, 1], [1, nan], [nan, nan], [2, 2], [0, -0], [inf, inf], [-inf, inf], [3, -2], [1, 2]);
/** A comparison: numbers of one dtype in, u32 0 or 1 out. */
export const comparison: Rest = { ...numbers(2), ...ordered, result: "u32" };
export const logic: Rest = { ...comparison, ...edges([0, 0], [0, 2], [3, 0], [3, 2], [nan, 1], [-0, 1]) };
