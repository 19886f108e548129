// What forward and gradients of attention share: sizes, and operands of products read by strides.
import {
  type AttentionBlock,
  type AttentionRows,
  attentionConstants,
  attentionSoftmaxParams,
  type Constants,
  copyParams,
  type EmptyRows,
  formatShape,
  type MatmulParams,
  ShapeError,
  stridedCopy,
} from "@facet/kernels-wgsl";
import { launch } from "../define_op.js";
import type { Key } from "../random.js";
import type { Tensor } from "../tensor.js";

export type Layout = "BHTD" | "BTHD";

export interface AttentionAttrs {
  readonly layout: Layout;
  readonly scale: number;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly emptyRows: EmptyRows;
  readonly dropout: { readonly rate: number; readonly key: Key } | undefined;
}

export type SavedOfAttention = Record<"q" | "k" | "v" | "statistics", Tensor> & { readonly mask?: Tensor };

/** `group` heads of q share one of k and v. */
export interface AttentionSizes extends AttentionRows {
  readonly kvHeads: number;
  readonly group: number;
  readonly width: number;
  readonly valueWidth: number;
}

type Shaped = { readonly shape: readonly number[] };

export function sizesOf(
  { q, k, v, mask }: { q: Shaped; k: Shaped; v: Shaped; mask?: Shaped | undefined },
  layout: Layout,
): AttentionSizes {
  const [h, t] = layout === "BHTD" ? [1, 2] : [2, 1];
  const extent = (x: Shaped, axis: number): number => x.shape[axis] as number;
  const [batch, heads, length, width] = [extent(q, 0), extent(q, h), extent(q, t), extent(q, 3)];
  const [kvHeads, keys, valueWidth] = [extent(k, h), extent(k, t), extent(v, 3)];
  const refuse = (argument: string, expected: string, { shape }: Shaped): never => {
    throw new ShapeError({ op: "attention", argument, expected, given: formatShape(shape) });
  };
  if (extent(k, 0) !== batch || extent(k, 3) !== width || (kvHeads === 0 ? heads > 0 : heads % kvHeads !== 0))
    refuse("k", `batch, width and a divisor of the heads of q ${formatShape(q.shape)} (${layout})`, k);
  if (extent(v, 0) !== batch || extent(v, h) !== kvHeads || extent(v, t) !== keys)
    refuse("v", `batch, heads and length of k ${formatShape(k.shape)}`, v);
  const full = [batch, heads, length, keys];
  if (mask?.shape.some((own, d) => own !== 1 && own !== full[d]))
    refuse("mask", `a shape that broadcasts to ${formatShape(full)}`, mask);
  return { batch, heads, length, keys, kvHeads, group: kvHeads === 0 ? 1 : heads / kvHeads, width, valueWidth };
}

/** Strides over batch, head and row. */
export interface Rows {
  readonly batch: number;
  readonly head: number;
  readonly row: number;
}

export function rowsOf([_, h, t, width]: readonly number[], layout: Layout): Rows {
  const [second, third, last] = [h, t, width] as [number, number, number];
  const inner = third * last;
  return layout === "BHTD"
    ? { batch: second * inner, head: inner, row: last }
    : { batch: second * inner, head: last, row: inner };
}

/** The tensor from one of its rows on. Blocks begin at multiples of 64 rows, so that it can be bound there. */
export function from(x: Tensor, rows: Rows, first: number): Rows & { tensor: Tensor } {
  return { ...rows, tensor: x.alias([x.size - first * rows.row], 4 * first * rows.row) };
}

/** Params of a product for every head of every example; b is of heads that a group shares, and may be read turned. */
export function heads(
  { batch, kvHeads, group }: AttentionSizes,
  { m, n, k }: { m: number; n: number; k: number },
  a: Rows,
  b: Rows & { turned?: boolean },
): MatmulParams {
  return {
    m,
    n,
    k,
    a_row: a.row,
    a_k: 1,
    b_k: b.turned ? 1 : b.row,
    b_col: b.turned ? b.row : 1,
    has_bias: 0,
    batch: [1, batch, kvHeads, group],
    a_batch: [0, a.batch, a.head * group, a.head],
    b_batch: [0, b.batch, b.head, 0],
  };
}

/** Copies rows [batch, heads, span, width] to where they belong in y. */
export function copyRows(
  part: Tensor,
  y: Tensor,
  sizes: AttentionSizes,
  block: AttentionBlock,
  width: number,
  layout: Layout,
): void {
  const { batch, heads } = sizes;
  const to = rowsOf(y.shape, layout);
  const axes = [
    { extent: batch, x: heads * block.span * width, y: to.batch },
    { extent: heads, x: block.span * width, y: to.head },
    { extent: block.span, x: width, y: to.row },
    { extent: width, x: 1, y: 1 },
  ];
  launch(stridedCopy, { x: part, y }, copyParams("attention", axes, 0, block.firstRow * to.row));
}

/** Strides of a mask over batch, head, row and key: 0 where it is repeated. */
function maskStrides({ shape }: Shaped): number[] {
  let stride = 1;
  const strides = [0, 0, 0, 0];
  for (let d = 3; d >= 0; d--) {
    const extent = shape[d] as number;
    if (extent !== 1) strides[d] = stride;
    stride *= extent;
  }
  return strides;
}

/** As a function: the words of a dropout key may change from run to run. */
export const softmaxParams =
  (sizes: AttentionSizes, block: AttentionBlock, attrs: AttentionAttrs, mask: Tensor | undefined) => () => {
    const { scale, low, high, emptyRows, dropout } = attrs;
    return attentionSoftmaxParams(sizes, block, {
      scale,
      low,
      high,
      emptyRows,
      ...(mask ? { maskStrides: maskStrides(mask) } : {}),
      dropout: dropout && { key: dropout.key, keepProb: 1 - dropout.rate },
    });
  };

export const attentionConstantsOf = ({ dropout, low, high }: AttentionAttrs, mask: Tensor | undefined): Constants =>
  attentionConstants(
    mask ? (mask.dtype === "bool" ? "seen" : "added") : "none",
    dropout !== undefined,
    low !== undefined || high !== undefined,
  );
