// Sorting along an axis, what is read off sorted lines, and places in them.
import {
  ArgumentError,
  axisOf,
  DtypeError,
  formatShape,
  searchSortedConstants,
  searchSortedGeometry,
  searchSorted as searchSortedKernel,
  sortBlocks,
  sortConstants,
  sortMerge,
  sortPlan,
  stridedCopy,
} from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable } from "../define_op.js";
import { bindingDtype } from "../dtype.js";
import { empty, type Tensor } from "../tensor.js";
import { allBatched, alongAxis } from "../vmap/rules.js";
import { refuseBytes } from "./elementwise_op.js";
import { gatherElements } from "./gather.js";
import { reshape, sliceAlong } from "./shape.js";

// Keys in the elements' order are sorted with their places; equal ones stay as they were.
const argsortOp = defineOp<{ x: Tensor }, { axis: number; descending: boolean }>({
  name: "argsort",
  shape: ({ x }, { axis }) => {
    refuseBytes("argsort", x);
    axisOf(x.shape, axis, "argsort");
    return x.shape;
  },
  dtype: () => "int32",
  forward: ({ x }, y, { axis, descending }) => {
    const plan = sortPlan(x.shape, axis, descending, "argsort");
    let pairs = empty([plan.words], "uint32", "workspace");
    launch(sortBlocks, { x, pairs }, plan.blocks, sortConstants(bindingDtype(x.dtype)));
    for (const merge of plan.merges) {
      const merged = empty([plan.words], "uint32", "workspace");
      launch(sortMerge, { pairs, y: merged }, merge);
      pairs.dispose();
      pairs = merged;
    }
    launch(stridedCopy, { x: pairs, y }, plan.places);
    pairs.dispose();
  },
  vjp: { x: nonDifferentiable },
  batch: alongAxis(),
});

export interface SortOptions {
  /** Negative counts from the last; a 0-d tensor counts as one element along axis 0. Default -1. */
  axis?: number;
  /** Largest first. Default false. */
  descending?: boolean;
}

/** A 0-d tensor as one of one element; what was made of it gets its shape back. */
export const asLine = (x: Tensor): Tensor => (x.rank === 0 ? reshape(x, [1]) : x);

/**
 * Places (int32) of the elements in ascending or descending order along an axis. Equal elements stay in their order. A NaN
 * is larger than every number, 0 and -0 are equal.
 */
export function argsort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  return reshape(argsortOp({ x: asLine(x) }, { axis, descending }), x.shape);
}

/** Elements at the places that an argsort, or a part of one, holds. */
export const inOrder = (x: Tensor, order: Tensor, axis: number): Tensor =>
  reshape(gatherElements(asLine(x), asLine(order), { axis, unique: true }), order.shape);

/** Elements in order along an axis, and the places they had. */
export function sort(x: Tensor, options: SortOptions = {}): [values: Tensor, indices: Tensor] {
  const order = argsort(x, options);
  return [inOrder(x, order, options.axis ?? -1), order];
}

function expectCount(op: string, k: number, low: number, extent: number): void {
  if (Number.isInteger(k) && k >= low && k <= extent) return;
  throw new ArgumentError({ op, argument: "k", expected: `an integer from ${low} to ${extent}`, given: `${k}` });
}

export interface TopkOptions {
  /** Negative counts from the last. Default -1. */
  axis?: number;
  /** Whether the largest are meant, else the smallest. Default true. */
  largest?: boolean;
}

/** The k largest elements along an axis, largest first, and their places (int32); of equal ones the first. */
export function topk(
  x: Tensor,
  k: number,
  { axis = -1, largest = true }: TopkOptions = {},
): [values: Tensor, indices: Tensor] {
  const line = asLine(x);
  const extent = line.shape[axisOf(line.shape, axis, "topk")] as number;
  expectCount("topk", k, 0, extent);
  const order = sliceAlong(argsort(line, { axis, descending: largest }), axis, 0, k);
  const shape = x.rank === 0 && k === 1 ? [] : order.shape;
  return [reshape(inOrder(line, order, axis), shape), reshape(order, shape)];
}

export interface SelectOptions {
  /** Negative counts from the last. Default -1. */
  axis?: number;
  /** Whether the axis stays, with extent 1. Default false. */
  keepdims?: boolean;
}

/** Shape without an axis, or with extent 1 along it. */
export function withoutAxis(shape: readonly number[], axis: number, keepdims: boolean): number[] {
  const d = axis < 0 ? axis + shape.length : axis;
  return shape.flatMap((extent, i) => (i !== d ? [extent] : keepdims ? [1] : []));
}

/** The k-th smallest element along an axis, counted from 1, and its place (int32). */
export function kthvalue(
  x: Tensor,
  k: number,
  { axis = -1, keepdims = false }: SelectOptions = {},
): [values: Tensor, indices: Tensor] {
  const line = asLine(x);
  expectCount("kthvalue", k, 1, line.shape[axisOf(line.shape, axis, "kthvalue")] as number);
  const order = sliceAlong(argsort(line, { axis }), axis, k - 1, k);
  const shape = x.rank === 0 ? [] : withoutAxis(line.shape, axis, keepdims);
  return [reshape(inOrder(line, order, axis), shape), reshape(order, shape)];
}

const searchSortedOp = defineOp<{ sorted: Tensor; values: Tensor }, { right: boolean }>({
  name: "search_sorted",
  shape: ({ sorted, values }) => {
    const op = "search_sorted";
    refuseBytes(op, sorted);
    if (sorted.dtype !== values.dtype)
      throw new DtypeError({ op, argument: "values", expected: sorted.dtype, given: values.dtype });
    return searchSortedGeometry(sorted.shape, values.shape, op).shape;
  },
  dtype: () => "int32",
  forward: ({ sorted, values }, y, { right }) =>
    launch(
      searchSortedKernel,
      { sorted, values, y },
      searchSortedGeometry(sorted.shape, values.shape).params,
      searchSortedConstants(bindingDtype(sorted.dtype), right),
    ),
  vjp: { sorted: nonDifferentiable, values: nonDifferentiable },
  batch: (inputs, isBatched, attrs, size) => {
    if (!isBatched("sorted") && inputs.sorted.rank === 1) return { inputs, attrs };
    const { sorted, values } = allBatched(inputs, isBatched, size);
    if (sorted.rank > 2) return { inputs: { sorted, values }, attrs };
    // One line for all values of an example.
    const lines = reshape(values, [size, values.size / Math.max(1, size)]);
    return { inputs: { sorted, values: lines }, attrs, finish: (y) => reshape(y, values.shape) };
  },
});

export interface SearchSortedOptions {
  /** Whether a value is put behind those equal to it. Default false. */
  right?: boolean;
  /** Places (int32) that bring `sorted` into ascending order, where it is not. */
  sorter?: Tensor | undefined;
}

/**
 * How many elements of the last axis of `sorted`, which ascends, go before each value (int32). `sorted` has the leading axes
 * of values, or one axis for all of them.
 */
export function searchSorted(
  sorted: Tensor,
  values: Tensor,
  { right = false, sorter }: SearchSortedOptions = {},
): Tensor {
  if (sorter && `${sorter.shape}` !== `${sorted.shape}`) {
    const expected = formatShape(sorted.shape);
    throw new ArgumentError({ op: "search_sorted", argument: "sorter", expected, given: formatShape(sorter.shape) });
  }
  const line = sorter ? gatherElements(sorted, sorter, { axis: -1 }) : sorted;
  return searchSortedOp({ sorted: line, values }, { right });
}
