// Where the example axes of batched tensors stand: moved in and out of one another.

import type { Dtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";
import { BatchedTensor, batched } from "./batched_tensor.js";

/** What moves axes, given by ops/index.ts. */
export interface BatchArithmetic {
  expand(x: Tensor, shape: readonly number[]): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  transpose(x: Tensor, permutation: readonly number[]): Tensor;
  /** Example i of a tensor of all. */
  pick(x: Tensor, i: number): Tensor;
  stack(tensors: readonly Tensor[]): Tensor;
  zeros(shape: readonly number[], dtype: Dtype): Tensor;
}

export let axes: BatchArithmetic;

export function setBatchArithmetic(given: BatchArithmetic): void {
  axes = given;
}

/** A vmap under way: its level, how many examples it has, and what its axis is called. */
export interface Level {
  readonly level: number;
  readonly size: number;
  readonly name?: string | undefined;
}

/** Those under way, the outermost first. */
export const activeLevels: Level[] = [];

/** Whether the code that asks runs inside a vmap. */
export const isMapping = (): boolean => activeLevels.length > 0;

/** The same tensor for every example: along a new first dimension. */
export function repeated(x: Tensor, size: number): Tensor {
  return axes.expand(axes.reshape(x, [1, ...x.shape]), [size, ...x.shape]);
}

/** Dimension `from` moved to place `to`. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = [...x.shape.keys()].filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return axes.transpose(x, order);
}

/** The tensor with the examples of `level` along a new first dimension. */
export function stripped(x: Tensor, { level, size }: Level): Tensor {
  if (!(x instanceof BatchedTensor) || x.level < level) return repeated(x, size);
  if (x.level === level) return x.physical;
  return batched(moveAxis(stripped(x.physical, { level, size }), 1, 0), x.level);
}

/** The reverse: the first dimension becomes the examples of `level`. */
function wrapped(x: Tensor, level: number): Tensor {
  if (!(x instanceof BatchedTensor) || x.level < level) return batched(x, level);
  return batched(wrapped(moveAxis(x.physical, 1, 0), level), x.level);
}

/** The levels that a tensor is batched by, the innermost first. */
function levelsOf(x: Tensor): Level[] {
  const levels: Level[] = [];
  for (let at: Tensor = x; at instanceof BatchedTensor; at = at.physical)
    levels.push({ level: at.level, size: at.examples });
  return levels;
}

/** Values for each example of `like`, as the gradient graph knows them: its example axes are dimensions. */
export function toGraph(x: Tensor, like: Tensor): Tensor {
  return levelsOf(like).reduce(stripped, x);
}

/** The reverse of toGraph. */
export function fromGraph(x: Tensor, like: Tensor): Tensor {
  return levelsOf(like).reduceRight((inner, { level }) => wrapped(inner, level), x);
}

/** The tensor as one for each example of every vmap under way, so that each has a gradient of its own. */
export function spread(x: Tensor): Tensor {
  const own = new Set(levelsOf(x).map(({ level }) => level));
  return activeLevels.reduce((all, { level, size }) => (own.has(level) ? all : wrapped(repeated(all, size), level)), x);
}
