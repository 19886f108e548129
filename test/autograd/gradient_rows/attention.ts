// Attention: groups of heads, layouts, masks, bands and dropout.
import * as F from "@facet/autograd";
import type { GradientRow } from "./row.js";

const qkv: readonly number[][] = [
  [1, 2, 2, 3],
  [1, 2, 3, 3],
  [1, 2, 3, 2],
];
const row = (variant: string, options: F.AttentionOptions, shapes = qkv): GradientRow => ({
  op: "attention",
  variant,
  shapes,
  call: (q, k, v, mask) =>
    F.attention(q as F.Tensor, k as F.Tensor, v as F.Tensor, { ...options, mask: mask ?? options.mask }),
});

export const attentionRows: readonly GradientRow[] = [
  row("plain", {}),
  row("a mask that is added", { scale: 0.7 }, [...qkv, [2, 1, 3]]),
  row("causal, groups of heads, heads inside", { causal: true, layout: "BTHD" }, [
    [1, 3, 4, 2],
    [1, 3, 2, 2],
    [1, 3, 2, 2],
  ]),
  row("window, dropout", { window: { before: 1, after: 0 }, dropout: { rate: 0.3, key: [1, 5] } }, [
    [2, 3, 2],
    [2, 3, 2],
    [2, 3, 2],
  ]),
];
