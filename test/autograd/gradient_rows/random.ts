// Ops that draw.
import * as F from "@facet/autograd";
import { FLAT, type GradientRow } from "./row.js";

const key: F.Key = [1, 2];

export const randomRows: readonly GradientRow[] = [
  { op: "dropout", shapes: [[4, 8]], call: (x) => F.dropout(x, 0.4, key), eps: 0.5, once: FLAT },
];
