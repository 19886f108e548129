import { ArgumentError, formatShape } from "../../errors.js";
import {
  type BindingDtype,
  type Constants,
  defineKernel,
  divideUp,
  type ParamValues,
  sizeOf,
  spread,
} from "../../kernel.js";
import argReduceWgsl from "./arg_reduce.wgsl";

const params = { outer: "u32", extent: "u32", inner: "u32" } as const;

export type ArgReduceParams = ParamValues<typeof params>;

/** Index of the largest or smallest element along one axis, as i32. See arg_reduce.wgsl and `argReduceConstants`. */
export const argReduce = defineKernel({
  name: "arg_reduce",
  wgsl: argReduceWgsl,
  bindings: {
    x: { access: "read", dtype: ["f32", "i32", "u32"] },
    y: { access: "read_write", dtype: "i32" },
  },
  halves: ["x"],
  params,
  variants: [{ name: "sequential", order: "sequential", workgroups: (p) => spread(divideUp(p.outer * p.inner, 64)) }],
  cost: (p) => ({ flops: p.outer * p.extent * p.inner, bytes: 4 * p.outer * p.inner * (p.extent + 1) }),
});

const cache = new Map<string, Constants>();

/** Constants of `argReduce` for operands of a dtype. Of equal elements the first wins, a NaN wins over every number. */
export function argReduceConstants(name: "argmax" | "argmin", dtype: BindingDtype): Constants {
  const key = `${name} ${dtype}`;
  let constants = cache.get(key);
  if (!constants) {
    const order = name === "argmax" ? "v > best" : "v < best";
    const better = dtype === "f32" ? `${order} || (is_nan(v) && !is_nan(best))` : order;
    constants = { X: dtype, better };
    cache.set(key, constants);
  }
  return constants;
}

/**
 * Output shape and params for a contiguous operand.
 *
 * @param axis Axis searched; negative counts from the last.
 * @param keepdims Whether that axis stays, with extent 1.
 * @param op Name that errors carry. Default "arg_reduce".
 * @throws ArgumentError for an axis out of range, or one without elements.
 */
export function argReduceGeometry(
  shape: readonly number[],
  axis: number,
  keepdims: boolean,
  op = "arg_reduce",
): { shape: number[]; params: ArgReduceParams } {
  const d = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || d < 0 || d >= shape.length) {
    throw new ArgumentError({ op, argument: "axis", expected: `an axis of ${formatShape(shape)}`, given: `${axis}` });
  }
  if (shape[d] === 0) {
    throw new ArgumentError({ op, argument: "x", expected: `elements along axis ${d}`, given: formatShape(shape) });
  }
  return {
    shape: [...shape.slice(0, d), ...(keepdims ? [1] : []), ...shape.slice(d + 1)],
    params: { outer: sizeOf(shape.slice(0, d)), extent: shape[d] as number, inner: sizeOf(shape.slice(d + 1)) },
  };
}
