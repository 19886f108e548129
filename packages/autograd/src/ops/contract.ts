// Products of two arrays summed over axes named by labels, as matrix products that read their operands by strides.
import {
  copyParams,
  formatShape,
  type MatmulParams,
  matmul as matmulKernel,
  ShapeError,
  stridedCopy,
} from "@facet/kernels-wgsl";
import { defineOp, launch, vjp } from "../define_op.js";
import { expectDtype } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { fillWith } from "./create.js";

type Labels = readonly string[];

export interface ContractAttrs {
  /** A label for every axis, each once in an operand. What both have and the result has not is summed over. */
  readonly a: Labels;
  readonly b: Labels;
  /** Every label of one operand alone, and any of both. */
  readonly out: Labels;
}

type Extents = ReadonlyMap<string, number>;
type Strides = ReadonlyMap<string, number>;

function stridesOf(labels: Labels, extents: Extents): Strides {
  const strides = new Map<string, number>();
  let stride = 1;
  for (const label of [...labels].reverse()) {
    strides.set(label, stride);
    stride *= extents.get(label) as number;
  }
  return strides;
}

/** Stride by which axes, given outermost first, are stepped through as one; undefined where they cannot be. */
function merged(labels: Labels, strides: Strides, extents: Extents): number | undefined {
  const real = labels.filter((label) => extents.get(label) !== 1);
  const steps = real.map((label) => strides.get(label) as number);
  const fits = steps.every((step, i) => {
    const next = real[i + 1];
    return next === undefined || step === (steps[i + 1] as number) * (extents.get(next) as number);
  });
  return fits ? (steps.at(-1) ?? 1) : undefined;
}

const sizeOf = (labels: Labels, extents: Extents): number =>
  labels.reduce((size, label) => size * (extents.get(label) as number), 1);

interface Side {
  readonly labels: Labels;
  /** Order in which a copy of it would be read as it lies; undefined: it is read where it is. */
  readonly copy: Labels | undefined;
}

export interface ContractPlan {
  /** Whether b is the left operand of the matrix product. */
  readonly swapped: boolean;
  readonly left: Side;
  readonly right: Side;
  readonly params: MatmulParams;
  /** Order of the axes that the product has; undefined: that of the result. */
  readonly natural: Labels | undefined;
}

/** The product with a on the left. */
function planned(a: Labels, b: Labels, out: Labels, extents: Extents): Omit<ContractPlan, "swapped"> {
  const both = out.filter((label) => a.includes(label) && b.includes(label));
  const last = both.length === 0 ? -1 : out.lastIndexOf(both.at(-1) as string);
  // Axes of one operand that stand outside of those of both are repeated for the other.
  let batch = out.slice(0, last + 1);
  const strides = { a: stridesOf(a, extents), b: stridesOf(b, extents) };
  let m = out.filter((label) => !b.includes(label) && !batch.includes(label));
  const n = out.filter((label) => !a.includes(label) && !batch.includes(label));
  while (m.length > 1 && merged(m, strides.a, extents) === undefined && out[batch.length] === m[0]) {
    batch = [...batch, m[0] as string];
    m = m.slice(1);
  }
  const summed = a.filter((label) => b.includes(label) && !out.includes(label));
  const orders = [summed, b.filter((label) => summed.includes(label))];
  const k =
    orders.find((order) => [strides.a, strides.b].every((own) => merged(order, own, extents) !== undefined)) ?? summed;
  // Batch axes that both step through as one, innermost last.
  const groups: { extent: number; a: number; b: number }[] = [];
  const grouped = (own: { a: Strides; b: Strides }): void => {
    groups.length = 0;
    for (const label of batch) {
      const extent = extents.get(label) as number;
      if (extent === 1) continue;
      const axis = { extent, a: own.a.get(label) ?? 0, b: own.b.get(label) ?? 0 };
      const outer = groups.at(-1);
      if (outer && outer.a === axis.a * extent && outer.b === axis.b * extent)
        groups[groups.length - 1] = { ...axis, extent: extent * outer.extent };
      else groups.push(axis);
    }
  };
  grouped(strides);
  const present = (labels: Labels, side: Labels): Labels => labels.filter((label) => side.includes(label));
  const needs = (side: "a" | "b", inner: Labels): boolean =>
    groups.length > 4 ||
    merged(k, strides[side], extents) === undefined ||
    merged(inner, strides[side], extents) === undefined;
  const copies = { a: needs("a", m), b: needs("b", n) };
  const orderOf = {
    a: copies.a ? [...present(batch, a), ...m, ...k] : a,
    b: copies.b ? [...present(batch, b), ...k, ...n] : b,
  };
  const own = { a: stridesOf(orderOf.a, extents), b: stridesOf(orderOf.b, extents) };
  grouped(own);
  if (groups.length > 4)
    throw new ShapeError({
      op: "contract",
      argument: "a",
      expected: "at most four runs of axes that are in the result and in one operand or both",
      given: `${groups.length}`,
    });
  const batches = [...new Array(4 - groups.length).fill({ extent: 1, a: 0, b: 0 }), ...groups];
  const natural = [...batch, ...m, ...n];
  return {
    left: { labels: a, copy: copies.a ? orderOf.a : undefined },
    right: { labels: b, copy: copies.b ? orderOf.b : undefined },
    params: {
      m: sizeOf(m, extents),
      n: sizeOf(n, extents),
      k: sizeOf(k, extents),
      a_row: merged(m, own.a, extents) as number,
      a_k: merged(k, own.a, extents) as number,
      b_k: merged(k, own.b, extents) as number,
      b_col: merged(n, own.b, extents) as number,
      has_bias: 0,
      batch: batches.map(({ extent }) => extent),
      a_batch: batches.map(({ a }) => a),
      b_batch: batches.map(({ b }) => b),
    },
    natural: `${natural}` === `${out}` ? undefined : natural,
  };
}

function extentsOf(aShape: readonly number[], bShape: readonly number[], { a, b }: ContractAttrs): Map<string, number> {
  const extents = new Map(a.map((label, d) => [label, aShape[d] as number]));
  for (const [d, label] of b.entries()) {
    const extent = bShape[d] as number;
    if (extents.has(label) && extents.get(label) !== extent)
      throw new ShapeError({
        op: "contract",
        argument: "b",
        expected: `extent ${extents.get(label)} of axis ${label}, as in a ${formatShape(aShape)}`,
        given: formatShape(bShape),
      });
    extents.set(label, extent);
  }
  return extents;
}

/** How two arrays are multiplied: of the two ways round the one that moves less. */
export function contractPlan(aShape: readonly number[], bShape: readonly number[], attrs: ContractAttrs): ContractPlan {
  const extents = extentsOf(aShape, bShape, attrs);
  const plan = planned(attrs.a, attrs.b, attrs.out, extents);
  const moves = ({ left, right, natural }: Omit<ContractPlan, "swapped">): number =>
    [left.copy, right.copy, natural].reduce((size, order) => size + (order ? sizeOf(order, extents) : 0), 0);
  if (moves(plan) === 0) return { ...plan, swapped: false };
  const other = planned(attrs.b, attrs.a, attrs.out, extents);
  return moves(other) < moves(plan) ? { ...other, swapped: true } : { ...plan, swapped: false };
}

/** Copies x with its axes in another order. */
function reordered(x: Tensor, from: Labels, to: Labels, extents: Extents, y: Tensor): void {
  const [source, target] = [stridesOf(from, extents), stridesOf(to, extents)];
  const axes = to.map((label) => ({
    extent: extents.get(label) as number,
    x: source.get(label) as number,
    y: target.get(label) as number,
  }));
  launch(stridedCopy, { x, y }, copyParams("contract", axes));
}

// Linear in each operand: the gradient of one is the product of dy and the other.
const contractOp = defineOp<{ a: Tensor; b: Tensor }, ContractAttrs>({
  name: "contract",
  shape: ({ a, b }, attrs) => {
    expectDtype("contract", "a", a.dtype, "float32");
    expectDtype("contract", "b", b.dtype, "float32");
    const extents = extentsOf(a.shape, b.shape, attrs);
    contractPlan(a.shape, b.shape, attrs);
    return attrs.out.map((label) => extents.get(label) as number);
  },
  forward: ({ a, b }, y, attrs) => {
    if (a.size === 0) return fillWith(y, 0);
    const extents = extentsOf(a.shape, b.shape, attrs);
    const { swapped, left, right, params, natural } = contractPlan(a.shape, b.shape, attrs);
    const read = (x: Tensor, { labels, copy }: Side): Tensor => {
      if (!copy) return x;
      const own = empty([x.size], "float32", "workspace");
      reordered(x, labels, copy, extents, own);
      return own;
    };
    const [first, second] = [read(swapped ? b : a, left), read(swapped ? a : b, right)];
    const product = natural ? empty([y.size], "float32", "workspace") : y;
    launch(matmulKernel, { a: first, b: second, y: product }, params);
    if (natural) reordered(product, natural, attrs.out, extents, y);
    for (const tensor of [first, second, product]) if (tensor !== a && tensor !== b && tensor !== y) tensor.dispose();
  },
  vjp: {
    a: vjp(
      ["b"],
      (dy, { b }, { attrs }): Tensor => contractOp({ a: dy, b }, { a: attrs.out, b: attrs.b, out: attrs.a }),
    ),
    b: vjp(
      ["a"],
      (dy, { a }, { attrs }): Tensor => contractOp({ a: dy, b: a }, { a: attrs.out, b: attrs.a, out: attrs.b }),
    ),
  },
  batch: (inputs, isBatched, { a, b, out }) => {
    // A label that nobody else has.
    const label = `${[...a, ...b].reduce((longest, own) => (own.length > longest.length ? own : longest), "")}'`;
    const own = (name: "a" | "b", labels: Labels): Labels => (isBatched(name) ? [label, ...labels] : labels);
    return { inputs, attrs: { a: own("a", a), b: own("b", b), out: [label, ...out] } };
  },
});

/** Product of two float32 arrays summed over the labels that both have and the result has not. */
export const contract = (a: Tensor, b: Tensor, attrs: ContractAttrs): Tensor => contractOp({ a, b }, attrs);
