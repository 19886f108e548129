// Second moments as Adafactor keeps them: of a matrix the means of its rows and of its columns.
import { add, div, maximum, mul, sub } from "../ops/elementwise.js";
import { sqrt } from "../ops/elementwise_unary.js";
import { mean } from "../ops/reduce.js";
import type { Tensor } from "../tensor.js";

/** Two axes of an array: means over one of them are kept for every place of the other. */
export interface FactoredAxes {
  /** Summed over for the row factor. */
  readonly columns: number;
  /** Summed over for the column factor. */
  readonly rows: number;
}

/** The last two axes; undefined for arrays that have fewer. */
export const lastAxes = ({ length }: readonly number[]): FactoredAxes | undefined =>
  length < 2 ? undefined : { columns: length - 1, rows: length - 2 };

/** The second moment of one array: with axes `row` and `column`, the means over one axis each with the axis kept, else `variance`. */
export type SecondMoment = { readonly row: Tensor; readonly column: Tensor } | { readonly variance: Tensor };

/** Shapes of the second moment of an array. */
export function factoredShapes(
  shape: readonly number[],
  axes: FactoredAxes | undefined,
): Readonly<Record<string, number[]>> {
  if (!axes) return { variance: [...shape] };
  return { row: shape.with(axes.columns, 1), column: shape.with(axes.rows, 1) };
}

/** How eps acts: `added` (Keras, optax) to the squares of gradients, `clamped` (torch) as a lower bound of what divides. */
export type FactoredEps = "added" | "clamped";

/** old + weight (now - old). */
const towards = (old: Tensor, now: Tensor, weight: Tensor): Tensor => add(old, mul(sub(now, old), weight));

/** The next second moment, of which gradients weigh `weight`, and gradients divided by its root. */
export function factoredStep(
  g: Tensor,
  moment: SecondMoment,
  axes: FactoredAxes | undefined,
  weight: Tensor,
  eps: Tensor,
  mode: FactoredEps,
): { update: Tensor; next: SecondMoment } {
  const squares = mode === "added" ? add(mul(g, g), eps) : mul(g, g);
  const scaled = (variance: Tensor): Tensor =>
    div(g, sqrt(mode === "added" ? variance : maximum(variance, mul(eps, eps))));
  if (!axes || !("row" in moment)) {
    const variance = towards((moment as { variance: Tensor }).variance, squares, weight);
    return { update: scaled(variance), next: { variance } };
  }
  const row = towards(moment.row, mean(squares, { axes: axes.columns, keepdims: true }), weight);
  const column = towards(moment.column, mean(squares, { axes: axes.rows, keepdims: true }), weight);
  const whole = mean(row, { axes: axes.rows, keepdims: true });
  // Divided first: the product of both factors may be too small for a float.
  const share = div(row, mode === "added" ? whole : maximum(whole, eps));
  return { update: scaled(mul(share, column)), next: { row, column } };
}
