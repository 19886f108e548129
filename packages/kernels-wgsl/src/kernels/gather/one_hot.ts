import { ArgumentError } from "../../errors.js";
import { type BindingDtype, defineKernel, divideUp, type ParamValues, sizeOf, spread } from "../../kernel.js";
import oneHotWgsl from "./one_hot.wgsl";

const LANES = 64;
const oneHotParams = { outer: "u32", depth: "u32", inner: "u32", on: "u32", off: "u32" } as const;
const words = ["u32", "i32", "f32"] as const;

export type OneHotParams = ParamValues<typeof oneHotParams>;

/** y[o, c, i] = on where index[o, i] = c, else off; words of any type. See one_hot.wgsl. */
export const oneHot = defineKernel({
  name: "one_hot",
  wgsl: oneHotWgsl,
  bindings: { index: { access: "read", dtype: "i32" }, y: { access: "read_write", dtype: words } },
  params: oneHotParams,
  variants: [
    {
      name: "elements",
      order: "elementwise",
      workgroups: (p) => spread(divideUp(p.outer * p.depth * p.inner, LANES)),
    },
  ],
  cost: (p) => ({ flops: 0, bytes: 4 * p.outer * p.inner * (p.depth + 1) }),
});

export interface OneHotOptions {
  /** Value at the index. Default 1. */
  on?: number;
  /** Value elsewhere, and all along where the index is out of range. Default 0. */
  off?: number;
  /** Where the new dimension stands; negative ones count from the end. Default: it is the last. */
  axis?: number;
  /** What y holds. Default f32. */
  dtype?: BindingDtype;
}

/** A value as the word that stands for it. */
function wordOf(argument: string, value: number, dtype: BindingDtype): number {
  const view = new DataView(new ArrayBuffer(4));
  const [low, high] = dtype === "i32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  if (dtype === "f32") view.setFloat32(0, value);
  else if (Number.isInteger(value) && value >= low && value <= high) view.setInt32(0, value);
  else throw new ArgumentError({ op: "one_hot", argument, expected: `a value of ${dtype}`, given: `${value}` });
  return view.getUint32(0);
}

/** Shape and params of oneHot. Throws ArgumentError when depth is no positive integer, the axis none of y, or y has no such values. */
export function oneHotGeometry(
  indexShape: readonly number[],
  depth: number,
  { on = 1, off = 0, axis = -1, dtype = "f32" }: OneHotOptions = {},
): { shape: number[]; params: OneHotParams } {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError({ op: "one_hot", argument: "depth", expected: "a positive integer", given: `${depth}` });
  }
  const rank = indexShape.length + 1;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const expected = `an integer from ${-rank} to ${rank - 1}`;
    throw new ArgumentError({ op: "one_hot", argument: "axis", expected, given: `${axis}` });
  }
  const at = axis < 0 ? axis + rank : axis;
  const [before, after] = [indexShape.slice(0, at), indexShape.slice(at)];
  return {
    shape: [...before, depth, ...after],
    params: {
      outer: sizeOf(before),
      depth,
      inner: sizeOf(after),
      on: wordOf("on", on, dtype),
      off: wordOf("off", off, dtype),
    },
  };
}
