// Scaled dot product attention, in one pass or by blocks of queries: scores never take more than some megabytes, and the gradient makes
// them again.
import {
  ArgumentError,
  type AttentionBlock,
  attentionBlocks,
  attentionForward,
  attentionForwardParams,
  attentionSoftmaxForward,
  type EmptyRows,
  formatShape,
  matmul as matmulKernel,
  ShapeError,
  sizeOf,
} from "@facet/kernels-wgsl";
import { defineOp, jointVjp, launch, type VjpContext, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { device } from "../engine.js";
import type { Key } from "../random.js";
import { isRecording } from "../tape.js";
import { empty, type Tensor } from "../tensor.js";
import { repeated } from "../vmap/levels.js";
import { asMoreRows, mergedInto, splitFrom } from "../vmap/rules.js";
import {
  type AttentionAttrs,
  type AttentionSizes,
  attentionConstantsOf,
  copyRows,
  from,
  heads,
  rowsOf,
  type SavedOfAttention,
  sizesOf,
  softmaxParams,
} from "./attention_blocks.js";
import { composedGradient, fusedGradients } from "./attention_gradients.js";
import { fillWith } from "./create.js";
import { expand, reshape } from "./shape.js";

type Inputs = {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly mask: Tensor | undefined;
};

/** y of one block of queries, and what its softmax leaves for the gradient. */
function attend(
  inputs: Inputs,
  sizes: AttentionSizes,
  block: AttentionBlock,
  y: Tensor,
  statistics: Tensor,
  attrs: AttentionAttrs,
) {
  const { q, k, v, mask } = inputs;
  const { batch, group, kvHeads, width, valueWidth } = sizes;
  const all = batch * kvHeads * group * block.span;
  const scores = empty([all, block.keys], "float32", "workspace");
  const rows = from(q, rowsOf(q.shape, attrs.layout), block.firstRow);
  const keys = from(k, rowsOf(k.shape, attrs.layout), block.firstKey);
  const values = from(v, rowsOf(v.shape, attrs.layout), block.firstKey);
  const products = heads(sizes, { m: block.span, n: block.keys, k: width }, rows, { ...keys, turned: true });
  launch(matmulKernel, { a: rows.tensor, b: keys.tensor, y: scores }, products);
  launch(
    attentionSoftmaxForward,
    { scores, mask, statistics },
    softmaxParams(sizes, block, attrs, mask),
    attentionConstantsOf(attrs, mask),
  );
  const whole = block.span === sizes.length && attrs.layout === "BHTD";
  const part = whole ? y : empty([all, valueWidth], "float32", "workspace");
  const own = { head: block.span * block.keys, batch: sizes.heads * block.span * block.keys, row: block.keys };
  launch(
    matmulKernel,
    { a: scores, b: values.tensor, y: part },
    heads(sizes, { m: block.span, n: valueWidth, k: block.keys }, own, values),
  );
  if (!whole) copyRows(part, y, sizes, block, valueWidth, attrs.layout);
  for (const tensor of [scores, rows.tensor, keys.tensor, values.tensor]) tensor.dispose();
  if (!whole) part.dispose();
}

/**
 * y in one pass, where that can be and is quicker: on software adapters, without mask and dropout. Whether it did. GPUs, whose products
 * are quickest in tiles of shared memory, go by blocks.
 */
function attendInOnePass(
  { q, k, v, mask }: Inputs,
  sizes: AttentionSizes,
  y: Tensor,
  statistics: Tensor,
  { layout, emptyRows, dropout, scale, low, high }: AttentionAttrs,
): boolean {
  const { kvHeads, width, valueWidth } = sizes;
  const banded = low !== undefined || high !== undefined;
  if (device().adapter.kind === "hardware" || mask || dropout || (banded && emptyRows === "uniform")) return false;
  if (width % 4 !== 0 || valueWidth % 4 !== 0) return false;
  const strides = {
    q: rowsOf(q.shape, layout),
    k: rowsOf(k.shape, layout),
    v: rowsOf(v.shape, layout),
    y: rowsOf(y.shape, layout),
  };
  const empty = emptyRows === "nan" ? "nan" : "zero";
  const params = attentionForwardParams(sizes, {
    scale,
    low,
    high,
    emptyRows: empty,
    kvHeads,
    width,
    valueWidth,
    strides,
  });
  launch(attentionForward, { q, k, v, y, statistics }, params);
  return true;
}

const one =
  (input: "q" | "k" | "v" | "mask") =>
  (dy: Tensor, saved: SavedOfAttention, context: VjpContext<AttentionAttrs>): Tensor =>
    input === "mask" || isRecording()
      ? composedGradient(input, dy, saved, context)
      : (fusedGradients(dy, saved, context, new Set([input]))[input] as Tensor);
const saves = ["q", "k", "v", "mask", "statistics"] as const;

// y = p v with p the softmax of q k' scale + mask;  dv = p' dy, ds = p (dy v' - sum of p dy v'), dq = ds k scale, dk = ds' q scale
const attentionOp = defineOp<Inputs, AttentionAttrs, "statistics">({
  name: "attention",
  shape: (inputs, attrs) => {
    for (const name of ["q", "k", "v"] as const) expectDtype("attention", name, inputs[name].dtype, "float32");
    if (inputs.mask) expectDtype("attention", "mask", inputs.mask.dtype, "float32", "bool");
    const { valueWidth } = sizesOf(inputs, attrs.layout);
    return [...inputs.q.shape.slice(0, 3), valueWidth];
  },
  aux: {
    statistics: (inputs, attrs) => {
      const { batch, heads, length } = sizesOf(inputs, attrs.layout);
      return { shape: [2, batch, heads, length], dtype: "float32" };
    },
  },
  forward: (inputs, y, attrs, { statistics }) => {
    if (y.size === 0) return;
    const sizes = sizesOf(inputs, attrs.layout);
    if (sizes.keys === 0) {
      fillWith(statistics, 0);
      return fillWith(y, attrs.emptyRows === "zero" ? 0 : Number.NaN);
    }
    if (attendInOnePass(inputs, sizes, y, statistics, attrs)) return;
    for (const block of attentionBlocks(sizes, attrs)) attend(inputs, sizes, block, y, statistics, attrs);
  },
  vjp: {
    q: vjp(saves, one("q")),
    k: vjp(saves, one("k")),
    v: vjp(saves, one("v")),
    mask: vjp(saves, one("mask")),
  },
  joint: jointVjp<(typeof saves)[number], AttentionAttrs>(saves, (dy, saved, context, wanted) => ({
    ...fusedGradients(dy, saved, context, wanted),
    ...(wanted.has("mask") ? { mask: composedGradient("mask", dy, saved, context) } : {}),
  })),
  batch: ({ mask, ...given }, isBatched, attrs, size) => {
    // One key is one mask, which more examples would not share.
    if (attrs.dropout) return undefined;
    const rows = asMoreRows<Omit<Inputs, "mask">, AttentionAttrs>()(given, isBatched, attrs, size);
    const finish = (y: Tensor, name: string): Tensor => splitFrom(y, name === "statistics" ? 1 : 0, size);
    if (!mask || (!isBatched("mask") && mask.shape[0] === 1))
      return { inputs: { ...rows.inputs, mask }, attrs, finish };
    const all = isBatched("mask") ? mask : repeated(mask, size);
    const own = expand(all, [size, (rows.inputs.q.shape[0] as number) / size, ...all.shape.slice(2)]);
    return { inputs: { ...rows.inputs, mask: mergedInto(own, 0) }, attrs, finish };
  },
});

export interface AttentionOptions {
  /** [batch, heads, length, width], or [batch, length, heads, width]. Default "BHTD". */
  layout?: "BHTD" | "BTHD";
  /**
   * Broadcast to [batch, heads, queries, keys]: bool, true where a key is seen, or float32, added to the scores. Default: none.
   */
  mask?: Tensor | undefined;
  /** Whether query t sees keys up to t alone. Default false. */
  causal?: boolean;
  /** How many keys before and after its own place a query sees. Default: all. */
  window?: { before?: number | undefined; after?: number | undefined };
  /** Factor on products. Default 1 / sqrt(width). */
  scale?: number | undefined;
  /** Drops probabilities by chance, as `dropout` would those of [batch, heads, queries, keys]. */
  dropout?: { rate: number; key: Key } | undefined;
  /** What becomes of queries that see no key: 0 as in PyTorch (default), equal shares of all keys as in JAX and Keras, or NaN. */
  emptyRows?: EmptyRows;
}

const attrsOf = (width: number, given: AttentionOptions): AttentionAttrs => {
  const { layout = "BHTD", causal = false, window = {}, scale, dropout, emptyRows = "zero" } = given;
  const refuse = (argument: string, expected: string, value: unknown): never => {
    throw new ArgumentError({ op: "attention", argument, expected, given: `${value}` });
  };
  if (layout !== "BHTD" && layout !== "BTHD") refuse("layout", '"BHTD" or "BTHD"', layout);
  if (!["zero", "uniform", "nan"].includes(emptyRows)) refuse("emptyRows", '"zero", "uniform" or "nan"', emptyRows);
  for (const [name, value] of Object.entries(window))
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      refuse(`window.${name}`, "a whole number", value);
  if (dropout && !(dropout.rate >= 0 && dropout.rate < 1)) refuse("dropout", "a probability below 1", dropout.rate);
  if (scale !== undefined && !Number.isFinite(scale)) refuse("scale", "a finite number", scale);
  return {
    layout,
    low: window.before,
    high: causal ? 0 : window.after,
    scale: scale ?? 1 / Math.sqrt(Math.max(1, width)),
    dropout: dropout?.rate ? dropout : undefined,
    emptyRows,
  };
};

/** Four dimensions of fewer or more: what stands before is one. */
function fourDims(argument: string, x: Tensor, layout: "BHTD" | "BTHD"): Tensor {
  const least = layout === "BHTD" ? 2 : 3;
  if (x.rank < least || (layout === "BTHD" && x.rank > 4)) {
    const expected = layout === "BHTD" ? "two dimensions or more" : "three or four dimensions";
    throw new ShapeError({ op: "attention", argument, expected, given: formatShape(x.shape) });
  }
  if (x.rank === 4) return x;
  const inner = x.shape.slice(-Math.min(3, x.rank));
  return reshape(x, [sizeOf(x.shape.slice(0, -3)), ...(inner.length === 2 ? [1] : []), ...inner]);
}

function fourDimsOfMask(mask: Tensor, leading: readonly number[], rank: number): Tensor {
  if (mask.rank > Math.max(rank, 4)) {
    const expected = `at most ${rank} dimensions`;
    throw new ShapeError({ op: "attention", argument: "mask", expected, given: formatShape(mask.shape) });
  }
  const padded = (to: number): number[] => [...new Array<number>(to - mask.rank).fill(1), ...mask.shape];
  if (rank <= 4) return reshape(mask, padded(4));
  const whole = padded(rank);
  const full = [...leading, ...whole.slice(leading.length)];
  return reshape(expand(reshape(mask, whole), full), [sizeOf(leading), ...full.slice(-3)]);
}

/**
 * softmax(q k' scale + mask) v for every head, in one op that keeps no scores. k and v may have fewer heads than q: each serves a
 * group of neighbours. Layout BHTD also takes [length, width], [heads, length, width] and more leading dimensions; the result has
 * q's, with the width of v.
 *
 * Throws ShapeError for shapes that do not go together, DtypeError for other dtypes than float32 (mask: or bool), ArgumentError for
 * options out of their range.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const attrs = attrsOf(q.shape.at(-1) ?? 0, options);
  const [ownQ, ownK, ownV] = [q, k, v].map((x, i) => fourDims("qkv"[i] as string, x, attrs.layout)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const leading = attrs.layout === "BHTD" ? q.shape.slice(0, -3) : [];
  for (const [argument, x] of [
    ["k", k],
    ["v", v],
  ] as const)
    if (x.rank !== q.rank || (q.rank > 4 && `${x.shape.slice(0, -3)}` !== `${leading}`)) {
      const expected = `${q.rank} dimensions, the first ones as of q ${formatShape(q.shape)}`;
      throw new ShapeError({ op: "attention", argument, expected, given: formatShape(x.shape) });
    }
  const mask = options.mask && fourDimsOfMask(options.mask, leading, q.rank);
  const y = attentionOp({ q: ownQ, k: ownK, v: ownV, mask }, attrs);
  return q.rank === 4 ? y : reshape(y, [...q.shape.slice(0, -1), y.shape[3] as number]);
}

/** Probabilities [batch, heads, queries, keys] of an attention in ops, before dropout: for those who want to see them. */
export { attentionProbabilities } from "./attention_gradients.js";
