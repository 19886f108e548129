// Gather and scatter as PyTorch, numpy and JAX have them, by the ops along an axis.
import { axisOf, type Combination, formatShape, ShapeError } from "@facet/kernels-wgsl";
import type { Dtype } from "../dtype.js";
import { isFloating } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { full, ones, zeros } from "./create.js";
import { div, equal, floorDivide, where } from "./elementwise.js";
import { type GatherOptions, gatherElements } from "./gather.js";
import type { AlongOptions } from "./indices.js";
import { type ScatterOptions, scatterElements, scatterRows } from "./scatter_op.js";
import { expand, reshape, slice } from "./shape.js";
import { updateSlice } from "./update_slice.js";

const origin = (x: Tensor): number[] => x.shape.map(() => 0);
const asLine = (x: Tensor): Tensor => (x.rank === 0 ? reshape(x, [1]) : x);

/** The extents of `shape` but for the axis, where it is that of `index`. */
const alongShape = (shape: readonly number[], index: readonly number[], axis: number): number[] =>
  shape.map((extent, d) => (d === axis ? (index[d] as number) : extent));

function expectRank(op: string, argument: string, x: Tensor, index: Tensor): void {
  if (x.rank !== index.rank)
    throw new ShapeError({ op, argument, expected: `${x.rank} dimensions`, given: formatShape(index.shape) });
}

/** Refuses an index that sticks out of a tensor, save along one axis. */
function expectWithin(op: string, argument: string, x: Tensor, index: Tensor, except: number): void {
  expectRank(op, argument, x, index);
  if (index.shape.every((extent, d) => d === except || extent <= (x.shape[d] as number))) return;
  const expected = `at most ${formatShape(x.shape)}${except < 0 ? "" : ` but for axis ${except}`}`;
  throw new ShapeError({ op, argument, expected, given: formatShape(index.shape) });
}

/** The part of x that begins where x does. */
function corner(x: Tensor, shape: readonly number[]): Tensor {
  return `${x.shape}` === `${shape}` ? x : slice(x, origin(x), shape);
}

/**
 * y[i, j, k] = x[i, index[i, j, k], k] for axis 1: torch.gather. The index may be smaller than x along the other axes. A 0-d
 * tensor counts as one element.
 */
export function gatherAlong(x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor {
  const [line, places] = [asLine(x), asLine(index)];
  const axis = axisOf(line.shape, options.axis ?? 0, "gather_along");
  expectWithin("gather_along", "index", line, places, axis);
  const part = corner(
    line,
    places.shape.map((extent, d) => (d === axis ? (line.shape[d] as number) : extent)),
  );
  return reshape(gatherElements(part, places, { ...options, axis }), index.shape);
}

/** Extents that two shapes broadcast to, save along one axis, where each keeps its own. */
function aligned(op: string, x: Tensor, index: Tensor, axis: number): [x: number[], index: number[]] {
  expectRank(op, "index", x, index);
  const common = x.shape.map((extent, d) => (extent === 1 ? (index.shape[d] as number) : extent));
  const target = common.map((extent, d) => (d === axis ? (index.shape[d] as number) : extent));
  const own = common.map((extent, d) => (d === axis ? (x.shape[d] as number) : extent));
  return [own, target];
}

/** As gatherAlong, where x and index broadcast along the other axes: numpy.take_along_axis. */
export function takeAlongAxis(x: Tensor, index: Tensor, options: GatherOptions = {}): Tensor {
  const axis = axisOf(x.shape, options.axis ?? 0, "take_along_axis");
  const [own, target] = aligned("take_along_axis", x, index, axis);
  return gatherElements(expand(x, own), expand(index, target), { ...options, axis });
}

/** x with elements along an axis replaced: numpy.put_along_axis. Index and source broadcast along the other axes. */
export function putAlongAxis(x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions = {}): Tensor {
  const axis = axisOf(x.shape, options.axis ?? 0, "put_along_axis");
  expectRank("put_along_axis", "index", x, index);
  const places = expand(index, alongShape(x.shape, index.shape, axis));
  return scatterElements(x, places, expand(source, places.shape), { ...options, axis });
}

/**
 * x with y[i, index[i, j, k], k] combined with source[i, j, k] for axis 1: torch.scatter and, by `combination`, scatter_add.
 * The index may be smaller than x along the other axes, and the source larger than the index. A source of one element
 * stands for all.
 */
export function scatterAlong(x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions = {}): Tensor {
  const op = `scatter_${options.combination ?? "set"}`;
  const [line, places] = [asLine(x), asLine(index)];
  const axis = axisOf(line.shape, options.axis ?? 0, op);
  expectWithin(op, "index", line, places, axis);
  let given = asLine(source);
  if (source.rank === 0) given = expand(source, places.shape);
  else {
    expectWithin(op, "index", given, places, -1);
    given = corner(given, places.shape);
  }
  if (places.size === 0) return x;
  const region = alongShape(line.shape, line.shape, axis).map((extent, d) =>
    d === axis ? extent : (places.shape[d] as number),
  );
  const part = scatterElements(corner(line, region), places, given, { ...options, axis });
  return reshape(`${region}` === `${line.shape}` ? part : updateSlice(line, part, origin(line)), x.shape);
}

/** How a scatter combines: `mean` adds and divides by how many there were. */
export type ScatterReduction = "sum" | "prod" | "mean" | "amax" | "amin";

export interface ScatterReduceOptions extends AlongOptions {
  reduction: ScatterReduction;
  /** Whether what x holds is combined too, at places that are named. Default true. */
  includeSelf?: boolean;
  unique?: boolean;
}

const lowest: Readonly<Record<string, number>> = { float32: Number.NEGATIVE_INFINITY, int32: -(2 ** 31) };
const highest: Readonly<Record<string, number>> = {
  float32: Number.POSITIVE_INFINITY,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
};
const reductions: Readonly<Record<ScatterReduction, { combination: Combination; neutral: (dtype: Dtype) => number }>> =
  {
    sum: { combination: "add", neutral: () => 0 },
    mean: { combination: "add", neutral: () => 0 },
    prod: { combination: "mul", neutral: () => 1 },
    amax: { combination: "max", neutral: (dtype) => lowest[dtype] ?? 0 },
    amin: { combination: "min", neutral: (dtype) => highest[dtype] ?? 1 },
  };

type Scatter = (x: Tensor, index: Tensor, source: Tensor, options: ScatterOptions) => Tensor;

function reduceBy(scatter: Scatter, x: Tensor, index: Tensor, source: Tensor, options: ScatterReduceOptions): Tensor {
  const { reduction, includeSelf = true, ...rest } = options;
  const { combination, neutral } = reductions[reduction];
  const start = includeSelf
    ? x
    : scatter(x, index, full([], neutral(x.dtype), x.dtype), { ...rest, combination: "set" });
  const y = scatter(start, index, source, { ...rest, combination });
  if (reduction !== "mean") return y;
  const none = includeSelf ? ones(x.shape, x.dtype) : zeros(x.shape, x.dtype);
  const found = scatter(none, index, ones([], x.dtype), { ...rest, combination: "add" });
  const counts = where(equal(found, 0), 1, found);
  return (isFloating(x.dtype) ? div : floorDivide)(y, counts);
}

/** torch.scatter_reduce: a mean of integers is rounded down. */
export const scatterReduce = (x: Tensor, index: Tensor, source: Tensor, options: ScatterReduceOptions): Tensor =>
  reduceBy(scatterAlong, x, index, source, options);

/** The same for whole rows along the axis: torch.index_reduce, segment reductions. A source of one element stands for all. */
export const scatterReduceRows = (x: Tensor, index: Tensor, source: Tensor, options: ScatterReduceOptions): Tensor =>
  reduceBy(scatterRows, x, index, source, options);
