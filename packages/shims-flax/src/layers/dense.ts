// Products of inputs and kernels, for the layers of nnx and linen.
import * as core from "@facet/autograd";
import { ArgumentError, DtypeError, formatShape, ShapeError, sizeOf } from "@facet/autograd";
import { show } from "@facet/dialect";
import { dot_general } from "@facet/shims-jax/lax";
import { broadcast_to, einsum, reshape, take } from "@facet/shims-jax/numpy";
import { type ArrayLike, inexact, JaxArray, run } from "@facet/shims-jax/parts";

/** An input as an array of float32. */
export const floats = (fn: string, x: ArrayLike): JaxArray =>
  x instanceof JaxArray && x.dtype === "float32" ? x : run(() => core.adopt(inexact(fn, "inputs", x).alias()));

/** x W + b along the last axis. Throws ShapeError where that is not as long as the kernel's first. */
export function dense(fn: string, inputs: ArrayLike, kernel: JaxArray, bias: JaxArray | null): JaxArray {
  return run(() => {
    const x = inexact(fn, "inputs", inputs);
    const [width, features] = kernel.shape as readonly [number, number];
    if (x.rank < 1 || x.shape.at(-1) !== width)
      throw new ShapeError({
        op: fn,
        argument: "inputs",
        expected: `a last dimension of ${width}`,
        given: formatShape(x.shape),
      });
    const rows = core.reshape(x, [sizeOf(x.shape.slice(0, -1)), width]);
    const y = core.matmul(rows, kernel.core, bias === null ? {} : { bias: bias.core });
    return core.reshape(y, [...x.shape.slice(0, -1), features]);
  });
}

export const listed = (given: number | readonly number[]): readonly number[] =>
  typeof given === "number" ? [given] : given;

/** Axes counted from the front, in order. */
export const normalAxes = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);

/** How the kernel of a general product is drawn: as a matrix, of which it is then another view. */
export function kernelShape(
  batch: readonly number[],
  inputs: readonly number[],
  features: readonly number[],
): { flat: [number, number]; whole: number[] } {
  return {
    flat: [sizeOf(batch) * sizeOf(inputs), sizeOf(features)],
    whole: [...batch, ...inputs, ...features],
  };
}

/** Contraction of some axes of the inputs, `batch` of them kept apart, and a bias of the batch and the features. */
export function denseGeneral(
  inputs: JaxArray,
  kernel: JaxArray,
  bias: JaxArray | null,
  { axis, batch, features }: { axis: readonly number[]; batch: readonly number[]; features: readonly number[] },
): JaxArray {
  const count = batch.length;
  const contract = axis.map((_, i) => count + i);
  const out = dot_general(inputs, kernel, [
    [axis, contract],
    [batch, batch.map((_, i) => i)],
  ]);
  if (bias === null) return out;
  const kept = inputs.shape.flatMap((extent, i) => (axis.includes(i) ? [] : [batch.includes(i) ? extent : 1]));
  return out.add(reshape(bias, [...kept, ...features]));
}

/** The equation of an Einsum layer. Throws ArgumentError unless it has two operands and a result. */
export function equation(fn: string, given: string): string {
  const text = given.replaceAll(" ", "");
  if (text.includes("->") && text.split(",").length === 2) return text;
  throw new ArgumentError({
    op: fn,
    argument: "einsum_str",
    expected: 'two operands and "->", as "ab,bc->ac"',
    given: JSON.stringify(given),
  });
}

/** The bias of an Einsum layer, spread over the result's dimensions that the kernel has. */
export function einsumBias(
  text: string,
  inputs: JaxArray,
  kernel: readonly number[],
): { shape: number[]; spread: number[] } {
  const [operands, result] = text.split("->") as [string, string];
  const [left, right] = operands.split(",") as [string, string];
  // An ellipsis stands for the dimensions of the inputs that have no letter.
  const letters = result.includes("...")
    ? [...result.replace("...", " ".repeat(inputs.ndim - left.replace("...", "").length))]
    : [...result];
  const at = (letter: string): number => right.indexOf(letter);
  const spread = letters.map((letter) => (letter !== " " && at(letter) >= 0 ? (kernel[at(letter)] as number) : 1));
  const shape = letters.flatMap((letter) => (letter !== " " && at(letter) >= 0 ? [kernel[at(letter)] as number] : []));
  return { shape, spread };
}

export const einsumOf = (text: string, inputs: JaxArray, kernel: JaxArray): JaxArray => einsum(text, inputs, kernel);

/** Rows of a table by their numbers. Throws DtypeError unless these are integers. */
export function looked(table: JaxArray, inputs: ArrayLike): JaxArray {
  if (!(inputs instanceof JaxArray) || !["int32", "uint32", "uint8"].includes(inputs.dtype))
    throw new DtypeError({
      op: "Embed",
      argument: "inputs",
      expected: "integers",
      given: inputs instanceof JaxArray ? inputs.dtype : show(inputs),
    });
  const [rows, features] = table.shape as readonly [number, number];
  if (rows === 1) return broadcast_to(table, [...inputs.shape, features]);
  return take(table, inputs, 0);
}
