// Sums of products by labels.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const row = (equation: string, ...shapes: number[][]): GradientRow => ({
  op: "contract",
  variant: equation,
  shapes,
  call: (...operands) => F.einsum(equation, ...operands),
  eps: 0.5,
});

export const einsumRows: readonly GradientRow[] = [
  row("bthd,bshd->bhts", [2, 2, 2, 3], [2, 3, 2, 3]),
  row("ijk,kjl->li", [2, 3, 2], [2, 3, 2]),
  row("ab,bc,cd->da", [2, 3], [3, 2], [2, 2]),
];
