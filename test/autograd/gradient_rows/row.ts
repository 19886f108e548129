// A row of the gradient tests, and what rows are made of.
import type * as F from "@facet/autograd";
import type { Random } from "@facet/testing";

export interface GradientRow {
  /** Name in the op table. */
  readonly op: string;
  /** What is special about this row, when an op has several. */
  readonly variant?: string;
  readonly shapes: readonly (readonly number[])[];
  /** Takes operands of any shape, element by element. */
  readonly elementwise?: boolean;
  /** Values of input i; default uniform in [-1, 1). */
  readonly values?: (random: Random, shape: readonly number[], i: number) => Float32Array;
  readonly call: (...inputs: F.Tensor[]) => F.Tensor;
  /** Half width of the difference; 1/2 for ops linear in each input, for which it is exact. Default 1/64. */
  readonly eps?: number;
  /** Relative rounding of a value on its way, where it is not held in float32 throughout. */
  readonly rounding?: number;
  /** Gradients that are zero everywhere, as of sign and floor. */
  readonly allowZero?: boolean;
  /**
   * Why second derivatives are not checked: the only reasons are that the first is piecewise constant, no gradient at all, or a
   * limit that the op itself tells of.
   */
  readonly once?: string;
}

export const positive = (random: Random, shape: readonly number[]): Float32Array => random.uniform(shape, 0.5, 2);
export const apart = (random: Random, shape: readonly number[]): Float32Array => random.distinct(shape);
export const FLAT = "the first derivative is constant between kinks";

export const unary = (op: string, call: (x: F.Tensor) => F.Tensor, more: Partial<GradientRow> = {}): GradientRow => ({
  op,
  shapes: [[2, 3]],
  elementwise: true,
  call,
  ...more,
});
export const binary = (
  op: string,
  call: (a: F.Tensor, b: F.Tensor) => F.Tensor,
  more: Partial<GradientRow> = {},
): GradientRow[] => [
  {
    op,
    shapes: [
      [2, 3],
      [2, 3],
    ],
    elementwise: true,
    call,
    ...more,
  },
  {
    op,
    variant: "broadcast",
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    call,
    ...more,
  },
];
