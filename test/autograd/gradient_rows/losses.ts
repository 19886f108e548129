// Losses that are ops of their own.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const NOT_TWICE = "a second derivative is refused, as in PyTorch";
const integers = (values: number[], shape: number[]): F.Tensor => F.fromData(values, shape, "int32");
const ctc = (logProbs: F.Tensor): F.Tensor =>
  F.ctcLoss(logProbs, integers([1, 2, 1, 3, 3, 1], [2, 3]), integers([5, 4], [2]), integers([2, 1], [2]));

export const lossRows: readonly GradientRow[] = [
  { op: "ctc", shapes: [[5, 2, 4]], call: ctc, once: NOT_TWICE },
  { op: "ctc_backward", shapes: [[5, 2, 4]], call: ctc, once: NOT_TWICE },
];
