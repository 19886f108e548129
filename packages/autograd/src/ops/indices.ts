// How gather and scatter read their indices, and how both work for all examples of a vmap.
import { axisOf, type IndexForm, type IndexMode, type IndexOptions, sizeOf } from "@facet/kernels-wgsl";
import type { OpInputs } from "../define_op.js";
import { device } from "../engine.js";
import type { Tensor } from "../tensor.js";
import type { BatchRule } from "../vmap/call.js";
import { moveAxis } from "../vmap/levels.js";
import { allBatched } from "../vmap/rules.js";
import { reshape } from "./shape.js";

/** How indices are read. */
export interface Reading {
  readonly axis: number;
  readonly form: IndexForm;
  readonly mode: IndexMode;
  readonly negative: boolean;
  /** Leading axes that index and x share, in the form `rows`. */
  readonly batchDims: number;
}

export interface GatherAttrs extends Reading {
  readonly op: string;
  readonly fill: number;
  readonly unique: boolean;
}

export interface ScatterAttrs extends Reading {
  readonly op: string;
  readonly unique: boolean;
  /** Shape of the result where it begins with zeros and not with x. */
  readonly into?: readonly number[];
}

export interface GatherInputs extends OpInputs {
  readonly x: Tensor;
  readonly index: Tensor;
}
export interface ScatterInputs extends OpInputs {
  readonly x: Tensor | undefined;
  readonly index: Tensor;
  readonly source: Tensor;
}

/** Examples are one axis more in front. */
export function acrossExamples<
  I extends GatherInputs | ScatterInputs,
  A extends Reading & { into?: readonly number[] },
>(inputs: I, isBatched: (name: keyof I & string) => boolean, attrs: A, size: number): ReturnType<BatchRule<I, A>> {
  const { axis, form, batchDims, into } = attrs;
  const next = { ...attrs, axis: axis + 1, ...(into ? { into: [size, ...into] } : {}) };
  const all = allBatched(inputs, isBatched, size);
  if (form === "along") return { inputs: all, attrs: next };
  if (!isBatched("index") && batchDims === 0) return { inputs: { ...all, index: inputs.index }, attrs: next };
  // One table for all: the examples' indices are more of them.
  if (!isBatched("x") && !inputs.source && batchDims === 0)
    return { inputs, attrs, finish: (y) => moveAxis(y, axis, 0) };
  const own = { ...next, batchDims: batchDims + 1 };
  if (axis === batchDims) return { inputs: all, attrs: own };
  // Indices of its own has only the axis behind the examples.
  const { x, source, index } = all as ScatterInputs;
  const front = (part: Tensor): Tensor => moveAxis(part, axis + 1, 1);
  const shape = (x ?? { shape: next.into as number[] }).shape;
  const places = index.shape.slice(1);
  const moved = {
    x: x && front(x),
    index: reshape(index, [size, sizeOf(places)]),
    ...(source ? { source: front(source) } : {}),
  };
  return {
    inputs: moved as unknown as I,
    attrs: { ...own, axis: 1, ...(into ? { into: movedShape(shape, axis + 1) } : {}) },
    finish: (y) => {
      const back = moveAxis(y, 1, axis + 1);
      return source ? back : reshape(back, [...shape.slice(0, axis + 1), ...places, ...shape.slice(axis + 2)]);
    },
  };
}

/** A shape with dimension `from` as dimension 1. */
const movedShape = (shape: readonly number[], from: number): number[] => [
  shape[0] as number,
  shape[from] as number,
  ...shape.slice(1, from),
  ...shape.slice(from + 1),
];

/** Where a kernel notes an index out of range. */
export function indexSlot(op: string, extent: number, { mode, negative }: Pick<Reading, "mode" | "negative">): number {
  if (mode !== "raise") return 0;
  const expected = `indices from ${negative ? -extent : 0} to ${extent - 1}`;
  return device().faults.slot({ op, argument: "index", expected });
}

/** Along which axis, and how indices are read. */
export interface AlongOptions extends IndexOptions {
  /** Negative counts from the last. Default 0. */
  axis?: number;
}

export function reading(
  x: Tensor,
  form: IndexForm,
  op: string,
  { axis = 0, mode = "raise", negative = true }: AlongOptions,
) {
  return { axis: axisOf(x.shape, axis, op), form, mode, negative, batchDims: 0, op };
}

/** Rows along the first axis by indices that are counted from there. */
export const rowsOfFirst = (op: string): Reading & { op: string } => ({
  axis: 0,
  form: "rows",
  mode: "raise",
  negative: false,
  batchDims: 0,
  op,
});
