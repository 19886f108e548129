// Gradients of attention: by blocks, making scores again, or composed of ops, which can be differentiated again.
import {
  type AttentionBlock,
  attentionBlocks,
  attentionSoftmaxBackward,
  copyParams,
  matmul as matmulKernel,
  stridedCopy,
} from "@facet/kernels-wgsl";
import { launch, type VjpContext } from "../define_op.js";
import { dropout } from "../random.js";
import { noGrad } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import {
  type AttentionAttrs,
  type AttentionSizes,
  attentionConstantsOf,
  copyRows,
  from,
  heads,
  type Layout,
  type Rows,
  rowsOf,
  type SavedOfAttention,
  sizesOf,
  softmaxParams,
} from "./attention_blocks.js";
import { arange, zeros } from "./create.js";
import { add, equal, greaterEqual, lessEqual, logicalAnd, mul, sub, where } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { max, sum, sumTo } from "./reduce.js";
import { expand, place, reshape, transpose } from "./shape.js";
import { softmax } from "./softmax.js";

type Context = VjpContext<AttentionAttrs>;

/** [batch, heads, length, width] of either layout, and back: it is its own reverse. */
const turned = (x: Tensor, layout: Layout): Tensor => (layout === "BHTD" ? x : transpose(x, [0, 2, 1, 3]));

const workspace = (...shape: number[]): Tensor => empty(shape, "float32", "workspace");

/** Rows of a block of all heads of a group as neighbours: [batch, kv heads, group span, width]. */
function gathered(x: Tensor, sizes: AttentionSizes, block: AttentionBlock, layout: Layout): Rows & { tensor: Tensor } {
  const rows = rowsOf(x.shape, layout);
  const start = from(x, rows, block.firstRow);
  if (sizes.group === 1) return start;
  const width = x.shape[3] as number;
  const { batch, heads: count, group } = sizes;
  const tensor = workspace(batch, count, block.span, width);
  const axes = [
    { extent: batch, x: rows.batch, y: count * block.span * width },
    { extent: count, x: rows.head, y: block.span * width },
    { extent: block.span, x: rows.row, y: width },
    { extent: width, x: 1, y: 1 },
  ];
  launch(stridedCopy, { x: start.tensor, y: tensor }, copyParams("attention", axes));
  start.tensor.dispose();
  return { tensor, batch: count * block.span * width, head: group * block.span * width, row: width };
}

/** Sum over the queries of a block and the heads of a group of weights [.., span, keys] times rows: [batch, kv heads, keys, width]. */
function overQueries(weights: Tensor, x: Tensor, sizes: AttentionSizes, block: AttentionBlock, layout: Layout): Tensor {
  const { batch, kvHeads, group, heads: count, keys } = sizes;
  const width = x.shape[3] as number;
  const rows = gathered(x, sizes, block, layout);
  const y = empty([batch, kvHeads, block.keys, width]);
  launch(
    matmulKernel,
    { a: weights, b: rows.tensor, y },
    {
      m: block.keys,
      n: width,
      k: group * block.span,
      a_row: 1,
      a_k: block.keys,
      b_k: rows.row,
      b_col: 1,
      has_bias: 0,
      batch: [1, 1, batch, kvHeads],
      a_batch: [0, 0, count * block.span * block.keys, group * block.span * block.keys],
      b_batch: [0, 0, rows.batch, rows.head],
    },
  );
  rows.tensor.dispose();
  return block.keys === keys ? y : place(y, [batch, kvHeads, keys, width], [0, 0, block.firstKey, 0]);
}

/** Gradients of q, k and v by blocks. Nothing of these calls can be differentiated. */
export function fusedGradients(
  dy: Tensor,
  saved: SavedOfAttention,
  { attrs }: Context,
  wanted: ReadonlySet<string>,
): Record<string, Tensor> {
  const { q, k, v, mask, statistics } = saved;
  const sizes = sizesOf(saved, attrs.layout);
  const found: Record<string, Tensor> = {};
  if (dy.size === 0 || sizes.keys === 0) {
    for (const name of ["q", "k", "v"] as const) if (wanted.has(name)) found[name] = zeros(saved[name].shape);
    return found;
  }
  const { width, valueWidth } = sizes;
  const dq = wanted.has("q") ? empty(q.shape) : undefined;
  const sums: { k?: Tensor; v?: Tensor } = {};
  const addTo = (name: "k" | "v", part: Tensor): void => {
    const before = sums[name];
    sums[name] = before ? add(before, part) : part;
  };
  for (const block of attentionBlocks(sizes, attrs)) {
    const all = sizes.batch * sizes.heads * block.span;
    const [scores, dp] = [workspace(all, block.keys), workspace(all, block.keys)];
    const rows = from(q, rowsOf(q.shape, attrs.layout), block.firstRow);
    const dyRows = from(dy, rowsOf(dy.shape, attrs.layout), block.firstRow);
    const keys = from(k, rowsOf(k.shape, attrs.layout), block.firstKey);
    const values = from(v, rowsOf(v.shape, attrs.layout), block.firstKey);
    const shape = { m: block.span, n: block.keys };
    launch(
      matmulKernel,
      { a: rows.tensor, b: keys.tensor, y: scores },
      heads(sizes, { ...shape, k: width }, rows, { ...keys, turned: true }),
    );
    launch(
      matmulKernel,
      { a: dyRows.tensor, b: values.tensor, y: dp },
      heads(sizes, { ...shape, k: valueWidth }, dyRows, { ...values, turned: true }),
    );
    // From here on scores are probabilities, and dp the gradient of products.
    launch(
      attentionSoftmaxBackward,
      { scores, dp, mask, statistics },
      softmaxParams(sizes, block, attrs, mask),
      attentionConstantsOf(attrs, mask),
    );
    if (wanted.has("v")) addTo("v", overQueries(scores, dy, sizes, block, attrs.layout));
    if (wanted.has("k")) addTo("k", overQueries(dp, q, sizes, block, attrs.layout));
    if (dq) {
      const part = workspace(all, width);
      const own = { head: block.span * block.keys, batch: sizes.heads * block.span * block.keys, row: block.keys };
      launch(
        matmulKernel,
        { a: dp, b: keys.tensor, y: part },
        heads(sizes, { m: block.span, n: width, k: block.keys }, own, keys),
      );
      copyRows(part, dq, sizes, block, width, attrs.layout);
      part.dispose();
    }
    for (const tensor of [scores, dp, rows.tensor, dyRows.tensor, keys.tensor, values.tensor]) tensor.dispose();
  }
  if (dq) found.q = dq;
  for (const name of ["k", "v"] as const) {
    const total = sums[name];
    if (total) found[name] = turned(total, attrs.layout);
  }
  return found;
}

/** k or v with a head for each of q. */
function repeated(x: Tensor, { batch, kvHeads, group, keys }: AttentionSizes): Tensor {
  if (group === 1) return x;
  const width = x.shape[3] as number;
  return reshape(expand(reshape(x, [batch, kvHeads, 1, keys, width]), [batch, kvHeads, group, keys, width]), [
    batch,
    kvHeads * group,
    keys,
    width,
  ]);
}

/** The reverse: sums over the heads of a group. */
const grouped = (x: Tensor, { batch, kvHeads, group, keys }: AttentionSizes): Tensor =>
  group === 1 ? x : sum(reshape(x, [batch, kvHeads, group, keys, x.shape[3] as number]), { axes: [2] });

/** Which keys each query sees, by band and mask; undefined: all. */
function seenBy(
  { length, keys }: AttentionSizes,
  { low, high }: AttentionAttrs,
  mask: Tensor | undefined,
): Tensor | undefined {
  const away = (): Tensor => sub(arange(0, keys, 1, "int32"), reshape(arange(0, length, 1, "int32"), [length, 1]));
  const conditions = [
    ...(high === undefined ? [] : [lessEqual(away(), high)]),
    ...(low === undefined ? [] : [greaterEqual(away(), -low)]),
    ...(mask?.dtype === "bool" ? [mask] : []),
  ];
  return conditions.length === 0 ? undefined : conditions.reduce((all, next) => logicalAnd(all, next));
}

/** Probabilities in ops, of q and k of one layout and as many heads. */
function probabilities(q: Tensor, k: Tensor, mask: Tensor | undefined, sizes: AttentionSizes, attrs: AttentionAttrs) {
  const seen = seenBy(sizes, attrs, mask);
  let scores = mul(matmul(q, k, { transposeB: true }), attrs.scale);
  if (mask?.dtype === "float32") scores = add(scores, mask);
  const unseen = attrs.emptyRows === "uniform" ? -0.7 * 3.4028234663852886e38 : Number.NEGATIVE_INFINITY;
  if (seen) scores = where(seen, scores, unseen);
  if (attrs.emptyRows !== "zero" || !mask) return { p: softmax(scores), seen };
  const nothing = noGrad(() => equal(max(scores, { axes: [-1], keepdims: true }), Number.NEGATIVE_INFINITY));
  return { p: where(nothing, 0, softmax(where(nothing, 0, scores))), seen };
}

/** Probabilities [batch, heads, queries, keys] of q and k [batch, heads, length, width] with as many heads, before dropout. */
export function attentionProbabilities(
  q: Tensor,
  k: Tensor,
  mask: Tensor | undefined,
  attrs: Pick<AttentionAttrs, "scale" | "low" | "high" | "emptyRows">,
): Tensor {
  const all = { layout: "BHTD", dropout: undefined, ...attrs } as const;
  return probabilities(q, k, mask, sizesOf({ q, k, v: k, mask }, "BHTD"), all).p;
}

/** One gradient in ops. */
export function composedGradient(
  input: "q" | "k" | "v" | "mask",
  dy: Tensor,
  saved: SavedOfAttention,
  { attrs }: Context,
): Tensor {
  const sizes = sizesOf(saved, attrs.layout);
  const [q, own, dyRows] = [saved.q, saved.k, dy].map((x) => turned(x, attrs.layout)) as [Tensor, Tensor, Tensor];
  const k = repeated(own, sizes);
  const { p, seen } = probabilities(q, k, saved.mask, sizes, attrs);
  const drop = (x: Tensor): Tensor => (attrs.dropout ? dropout(x, attrs.dropout.rate, attrs.dropout.key) : x);
  if (input === "v") return turned(grouped(matmul(drop(p), dyRows, { transposeA: true }), sizes), attrs.layout);
  const g = drop(matmul(dyRows, repeated(turned(saved.v, attrs.layout), sizes), { transposeB: true }));
  const ds = mul(p, sub(g, sum(mul(p, g), { axes: [-1], keepdims: true })));
  const through = seen ? where(seen, ds, 0) : ds;
  if (input === "mask") return sumTo(through, saved.mask?.shape);
  const scaled = mul(through, attrs.scale);
  if (input === "q") return turned(matmul(scaled, k), attrs.layout);
  return turned(grouped(matmul(scaled, q, { transposeA: true }), sizes), attrs.layout);
}
