// Rows of a table by index: looked up, and gathered in bags.
import {
  ArgumentError,
  type BagMode,
  bagConstants,
  embeddingBagForward,
  embeddingBagGeometry,
  formatShape,
  gatherGeometry,
  gather as gatherKernel,
  indexConstants,
  ShapeError,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable, vjp } from "../define_op.js";
import { expectDtype, expectFloating } from "../dtype.js";
import { device } from "../engine.js";
import { noGrad } from "../tape.js";
import type { Tensor } from "../tensor.js";
import type { BatchedCall } from "../vmap/call.js";
import { repeated } from "../vmap/levels.js";
import { allBatched, mergedInto, splitFrom } from "../vmap/rules.js";
import { arange, ones } from "./create.js";
import {
  add,
  cast,
  div,
  equal,
  floorDivide,
  greater,
  logicalAnd,
  logicalOr,
  maximum,
  mul,
  notEqual,
  pow,
  sub,
  where,
} from "./elementwise.js";
import { abs } from "./elementwise_unary.js";
import { gather } from "./gather.js";
import { indexSlot } from "./indices.js";
import { norm } from "./moments.js";
import { max, sum } from "./reduce.js";
import { gatherBackward } from "./scatter_op.js";
import { expand, pad, reshape, sliceAlong } from "./shape.js";
import { searchSorted } from "./sort.js";
import { amongAll, joined } from "./tables_batch.js";

/** A row that is left out, from 0; negative ones count from the end. Throws ArgumentError for a row that the table has not. */
function paddingRow(op: string, rows: number, index: number | undefined): number | undefined {
  if (index === undefined) return undefined;
  const row = index < 0 ? index + rows : index;
  if (!Number.isInteger(index) || row < 0 || row >= rows)
    throw new ArgumentError({ op, argument: "paddingIndex", expected: `a row of ${rows}`, given: `${index}` });
  return row;
}

function expectTable(op: string, weight: Tensor, index: Tensor): void {
  expectFloating(op, "weight", weight.dtype);
  expectDtype(op, "index", index.dtype, "int32");
  if (weight.rank === 2) return;
  throw new ShapeError({ op, argument: "weight", expected: "[rows, width]", given: formatShape(weight.shape) });
}

/** Indices count rows from the first. */
const reading = { mode: "raise", negative: false } as const;

/** A condition on every index, for rows of values: with another dimension of extent 1. */
const forRows = (condition: Tensor): Tensor => reshape(condition, [...condition.shape, 1]);

interface EmbeddingAttrs {
  readonly padding: number | undefined;
  readonly scaleByFrequency: boolean;
  /** Rows of a table, where several lie behind one another. */
  readonly rows: number;
}

// y[i, :] = weight[index[i], :];  dweight[r, :] = sum of dy[i, :] over i with index[i] = r, by options 0 or the mean of these
const embeddingOp = defineOp<{ weight: Tensor; index: Tensor }, EmbeddingAttrs>({
  name: "embedding",
  shape: ({ weight, index }) => {
    expectTable("embedding", weight, index);
    return gatherGeometry(weight.shape, index.shape, 0, "rows", {}, "embedding").shape;
  },
  forward: ({ weight, index }, y) => {
    const faultSlot = indexSlot("embedding", weight.shape[0] as number, reading);
    const { params } = gatherGeometry(weight.shape, index.shape, 0, "rows", { faultSlot }, "embedding");
    launch(gatherKernel, { x: weight, index, y }, params, indexConstants(reading));
  },
  vjp: {
    weight: vjp(["index"], (dy, { index }, { attrs: { padding, scaleByFrequency, rows: own }, shapes }): Tensor => {
      const [rows] = shapes.weight as [number, number];
      const row = own === rows ? index : sub(index, mul(floorDivide(index, own), own));
      let rowsOf = padding === undefined ? dy : where(forRows(equal(row, padding)), 0, dy);
      if (scaleByFrequency) {
        const counts = gatherBackward(ones([...index.shape, 1]), index, [rows, 1]);
        rowsOf = div(rowsOf, gather(counts, index));
      }
      return gatherBackward(rowsOf, index, shapes.weight as number[]);
    }),
    index: nonDifferentiable,
  },
  batch: ({ weight, index }, isBatched, attrs) => {
    if (!isBatched("weight")) return { inputs: { weight, index }, attrs };
    const own = joined(weight, index, isBatched("index"));
    return { inputs: { weight: own.table, index: own.index }, attrs };
  },
});

export interface EmbeddingOptions {
  /** Row whose gradient is 0; negative ones count from the end. Default: none. */
  paddingIndex?: number | undefined;
  /** Whether a row's gradient is divided by how often the index names it. Default false. */
  scaleByFrequency?: boolean;
}

/**
 * Rows of weight [rows, width] by an int32 index of any shape. An index that is no row raises ArgumentError at the next read.
 * Throws ShapeError for a weight of another rank, ArgumentError for a paddingIndex that is no row.
 */
export function embedding(weight: Tensor, index: Tensor, options: EmbeddingOptions = {}): Tensor {
  expectTable("embedding", weight, index);
  const rows = weight.shape[0] as number;
  const padding = paddingRow("embedding", rows, options.paddingIndex);
  return embeddingOp({ weight, index }, { padding, scaleByFrequency: options.scaleByFrequency ?? false, rows });
}

/**
 * The table with rows that the index names scaled down to a norm of `most` where theirs is larger: PyTorch's max_norm, of which it is
 * the new weight. No gradient flows. `order` of the norm: default 2.
 */
export function renormRows(weight: Tensor, index: Tensor, most: number, order = 2): Tensor {
  expectTable("renorm_rows", weight, index);
  if (!(order > 0))
    throw new ArgumentError({ op: "renorm_rows", argument: "order", expected: "above 0", given: `${order}` });
  return noGrad(() => {
    const axes = [1];
    const size = abs(weight);
    const lengths =
      order === 2
        ? norm(weight, { axes, keepdims: true })
        : order === Number.POSITIVE_INFINITY
          ? max(size, { axes, keepdims: true })
          : pow(sum(pow(size, order), { axes, keepdims: true }), 1 / order);
    const named = gatherBackward(ones([...index.shape, 1]), index, [weight.shape[0] as number, 1]);
    const tooLong = logicalAnd(greater(lengths, most), greater(named, 0));
    // PyTorch's: a row at the limit stays a little below it.
    return where(tooLong, mul(weight, div(most, add(lengths, 1e-7))), weight);
  });
}

interface BagInputs {
  readonly [name: string]: Tensor | undefined;
  readonly weight: Tensor;
  readonly index: Tensor;
  readonly offsets: Tensor | undefined;
  readonly sampleWeights: Tensor | undefined;
}

interface BagAttrs {
  readonly mode: BagMode;
  readonly closed: boolean;
  readonly padding: number | undefined;
}

type BagSaved = Record<"index", Tensor> & Partial<Record<"weight" | "offsets" | "sampleWeights" | "places", Tensor>>;

const bagGeometry = ({ weight, index, offsets, sampleWeights }: BagInputs, attrs: BagAttrs, faults = [0, 0]) =>
  embeddingBagGeometry(weight.shape, index.shape, {
    offsets: offsets?.shape,
    factors: sampleWeights?.shape,
    closed: attrs.closed,
    padding: attrs.padding,
    faultSlot: faults[0] as number,
    offsetSlot: faults[1] as number,
  });

/** For every index the row of its bag: [...index, width]. */
function spreadOverBags(bags: Tensor, { index, offsets }: BagSaved, { closed }: BagAttrs): Tensor {
  if (!offsets)
    return expand(reshape(bags, [bags.shape[0] as number, 1, bags.shape[1] as number]), [
      ...index.shape,
      bags.shape[1] as number,
    ]);
  // Behind a last offset that ends the bags, indices are in none.
  return gather(
    closed
      ? pad(bags, [
          [0, 1],
          [0, 0],
        ])
      : bags,
    bagOf(index, offsets),
  );
}

/** The number of every index' bag. */
const bagOf = (index: Tensor, offsets: Tensor): Tensor =>
  sub(searchSorted(offsets, arange(0, index.size, 1, "int32"), { right: true }), 1);

/** dy of every bag's index before it is added up. */
function toMembers(dy: Tensor, saved: BagSaved, attrs: BagAttrs): Tensor {
  const { index, sampleWeights, places, offsets } = saved;
  const counted = attrs.padding === undefined ? undefined : forRows(notEqual(index, attrs.padding));
  if (attrs.mode === "max") {
    const members = reshape(arange(0, index.size, 1, "int32"), [...index.shape, 1]);
    const chosen = equal(spreadOverBags(places as Tensor, saved, attrs), members);
    return where(chosen, spreadOverBags(dy, saved, attrs), 0);
  }
  let bags = dy;
  if (attrs.mode === "mean") {
    const members = counted ? cast(counted, "float32") : ones([...index.shape, 1]);
    const counts = offsets
      ? sliceAlong(gatherBackward(members, bagOf(index, offsets), [offsets.size, 1]), 0, 0, dy.shape[0] as number)
      : sum(members, { axes: [1] });
    bags = div(dy, maximum(counts, 1));
  }
  const spread = spreadOverBags(bags, saved, attrs);
  const weighted = sampleWeights ? mul(spread, forRows(sampleWeights)) : spread;
  return counted ? where(counted, weighted, 0) : weighted;
}

/** Bags of every example behind one another: of indices in rows, or in one line with offsets. */
function bagsOfAll(
  inputs: BagInputs,
  isBatched: (name: string) => boolean,
  attrs: BagAttrs,
  size: number,
): BatchedCall<BagInputs, BagAttrs> {
  const { index: indices, offsets: given, sampleWeights: factors } = inputs;
  const members: Omit<BagInputs, "weight"> = { index: indices, offsets: given, sampleWeights: factors };
  const { offsets, sampleWeights, ...own } = allBatched(members, isBatched, size);
  let index = own.index as Tensor;
  let { weight } = inputs;
  if (isBatched("weight")) {
    const all = joined(weight, index, true);
    // What is left out is never read: one row stands for those of all tables.
    index = attrs.padding === undefined ? all.index : where(equal(index, attrs.padding), attrs.padding, all.index);
    weight = all.table;
  }
  const merged = { weight, index: mergedInto(index, 0), sampleWeights: sampleWeights && mergedInto(sampleWeights, 0) };
  const perExample = (y: Tensor, name: string): Tensor =>
    name === "places" && attrs.mode !== "max" ? repeated(y, size) : splitFrom(y, 0, size);
  if (!offsets) return { inputs: { ...merged, offsets }, attrs, finish: perExample };
  const count = index.shape[1] as number;
  // An offset beyond its own indices must not be one among those of others, nor may an example begin behind its first.
  const first = arange(0, offsets.shape[1] as number, 1, "int32");
  const begins = logicalOr(greater(first, 0), equal(offsets, 0));
  const starts = where(begins, amongAll(offsets, count + 1, size, count), -1);
  // Without the end of all: where an example has an end of its own, the bag behind it is no bag of the call.
  return {
    inputs: { ...merged, offsets: mergedInto(starts, 0) },
    attrs: { ...attrs, closed: false },
    finish: (y, name) => {
      const bags = perExample(y, name);
      return attrs.closed && bags.rank === 3 ? sliceAlong(bags, 1, 0, (bags.shape[1] as number) - 1) : bags;
    },
  };
}

const embeddingBagOp = defineOp<BagInputs, BagAttrs, "places">({
  name: "embedding_bag",
  shape: (inputs, attrs) => {
    expectTable("embedding_bag", inputs.weight, inputs.index);
    if (inputs.offsets) expectDtype("embedding_bag", "offsets", inputs.offsets.dtype, "int32");
    if (inputs.sampleWeights) expectFloating("embedding_bag", "sampleWeights", inputs.sampleWeights.dtype);
    return bagGeometry(inputs, attrs).shape;
  },
  aux: {
    places: (inputs, attrs) => ({
      shape: attrs.mode === "max" ? bagGeometry(inputs, attrs).shape : [4],
      dtype: "int32",
    }),
  },
  forward: (inputs, y, attrs, { places }) => {
    if (y.size === 0) return;
    const { weight, index, offsets, sampleWeights: factors } = inputs;
    const offsetSlot = device().faults.slot({
      op: "embedding_bag",
      argument: "offsets",
      expected: `ascending ones from 0 to at most ${index.size}`,
    });
    const slots = [indexSlot("embedding_bag", weight.shape[0] as number, reading), offsetSlot];
    const { params } = bagGeometry(inputs, attrs, slots);
    launch(embeddingBagForward, { weight, index, offsets, factors, y, places }, params, bagConstants[attrs.mode]);
  },
  vjp: {
    weight: vjp(
      ["index", "offsets", "sampleWeights", "places"],
      (dy, saved, { attrs, shapes }: { attrs: BagAttrs; shapes: Readonly<Record<string, readonly number[]>> }) =>
        gatherBackward(toMembers(dy, saved as BagSaved, attrs), saved.index, shapes.weight as number[]),
    ),
    sampleWeights: vjp(["weight", "index", "offsets"], (dy, saved, { attrs }: { attrs: BagAttrs }) => {
      const products = mul(spreadOverBags(dy, saved as BagSaved, attrs), gather(saved.weight, saved.index));
      const total = sum(products, { axes: [-1] });
      return attrs.padding === undefined ? total : where(equal(saved.index, attrs.padding), 0, total);
    }),
    index: nonDifferentiable,
    offsets: nonDifferentiable,
  } as never,
  batch: bagsOfAll,
});

export interface EmbeddingBagOptions {
  /** Where each bag begins in a one-dimensional index (int32, ascending from 0). Without, the index is [bags, length]. */
  offsets?: Tensor | undefined;
  /** Whether offsets end with the number of indices. Default false. */
  includeLastOffset?: boolean;
  /** How a bag becomes one row. Default "mean". */
  mode?: BagMode;
  /** Factors in the index' shape, for sums. Default: none. */
  sampleWeights?: Tensor | undefined;
  /** Row that is left out of every bag; negative ones count from the end. Default: none. */
  paddingIndex?: number | undefined;
}

/**
 * Sum, mean or maximum of the rows of weight [rows, width] in each bag: [bags, width]; an empty bag is 0. Indices and offsets out of
 * range raise ArgumentError at the next read. Throws ShapeError for other ranks, ArgumentError for sampleWeights where no sum is taken.
 */
export function embeddingBag(weight: Tensor, index: Tensor, options: EmbeddingBagOptions = {}): Tensor {
  const { offsets, includeLastOffset = false, mode = "mean", sampleWeights, paddingIndex } = options;
  expectTable("embedding_bag", weight, index);
  if (!Object.hasOwn(bagConstants, mode))
    throw new ArgumentError({ op: "embedding_bag", argument: "mode", expected: "sum, mean or max", given: `${mode}` });
  if (sampleWeights && mode !== "sum")
    throw new ArgumentError({ op: "embedding_bag", argument: "sampleWeights", expected: 'mode "sum"', given: mode });
  if (includeLastOffset && !offsets)
    throw new ArgumentError({
      op: "embedding_bag",
      argument: "includeLastOffset",
      expected: "offsets too",
      given: "none",
    });
  const padding = paddingRow("embedding_bag", weight.shape[0] as number, paddingIndex);
  return embeddingBagOp({ weight, index, offsets, sampleWeights }, { mode, closed: includeLastOffset, padding });
}
