// Shapes and params of diagonals and of rolling, which strided_copy serves too.
import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { type CopyAxis, copyParams, type StridedCopyParams } from "./strided_copy.js";

function contiguous(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = (strides[d + 1] as number) * (shape[d + 1] as number);
  return strides;
}

function axisOf(shape: readonly number[], axis: number, op: string, argument: string): number {
  const d = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(axis) && d >= 0 && d < shape.length) return d;
  throw new ArgumentError({ op, argument, expected: `an axis of ${formatShape(shape)}`, given: `${axis}` });
}

export interface DiagonalOptions {
  /** How far beside the main diagonal, along axis2. Default 0. */
  offset?: number;
  /** Axes of the matrices; negative ones count from the last. Default 0 and 1. */
  axis1?: number;
  axis2?: number;
}

/**
 * Diagonals of matrices in a contiguous array: their shape, the other axes first and the diagonal last, and where both lie.
 * `reading` copies them out, `writing` back to their places.
 *
 * @throws ArgumentError for axes out of range or equal, or an offset that is no integer.
 */
export function diagonalGeometry(
  shape: readonly number[],
  { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions,
  op = "diagonal",
): { shape: number[]; reading: StridedCopyParams; writing: StridedCopyParams } {
  const [a, b] = [axisOf(shape, axis1, op, "axis1"), axisOf(shape, axis2, op, "axis2")];
  if (a === b)
    throw new ArgumentError({ op, argument: "axis2", expected: "another axis than axis1", given: `${axis2}` });
  if (!Number.isInteger(offset))
    throw new ArgumentError({ op, argument: "offset", expected: "an integer", given: `${offset}` });
  const [down, right] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min((shape[a] as number) - down, (shape[b] as number) - right));
  const strides = contiguous(shape);
  const [byRow, byColumn] = [strides[a] as number, strides[b] as number];
  const rest = shape.flatMap((extent, d) => (d === a || d === b ? [] : [{ extent, stride: strides[d] as number }]));
  const matrix = [...rest, { extent: length, stride: byRow + byColumn }];
  const result = matrix.map(({ extent }) => extent);
  const own = contiguous(result);
  const first = down * byRow + right * byColumn;
  const axes = (isReading: boolean): CopyAxis[] =>
    matrix.map(({ extent, stride }, d) => {
      const line = own[d] as number;
      return isReading ? { extent, x: stride, y: line } : { extent, x: line, y: stride };
    });
  return {
    shape: result,
    reading: copyParams(op, axes(true), first, 0),
    writing: copyParams(op, axes(false), 0, first),
  };
}

/**
 * Shape that has a diagonal of x's last axis along two new axes.
 *
 * @throws As diagonalGeometry; ShapeError when x has no axis.
 */
export function diagonalEmbedShape(
  shape: readonly number[],
  { offset = 0, axis1 = -2, axis2 = -1 }: DiagonalOptions,
  op = "diagonal_embed",
): number[] {
  const length = shape.at(-1);
  if (length === undefined) throw new ShapeError({ op, argument: "x", expected: "an axis", given: formatShape(shape) });
  const extents = [...shape, 1];
  const [a, b] = [axisOf(extents, axis1, op, "axis1"), axisOf(extents, axis2, op, "axis2")];
  if (a === b)
    throw new ArgumentError({ op, argument: "axis2", expected: "another axis than axis1", given: `${axis2}` });
  const rest = [...shape.slice(0, -1)];
  return extents.map((_, d) => (d === a || d === b ? length + Math.abs(offset) : (rest.shift() as number)));
}

/**
 * The two copies that move elements `shift` places along an axis, those that fall off the end to its beginning.
 *
 * @throws ArgumentError for an axis out of range or a shift that is no integer.
 */
export function rollGeometry(shape: readonly number[], axis: number, shift: number): StridedCopyParams[] {
  const op = "roll";
  const d = axisOf(shape, axis, op, "axis");
  if (!Number.isInteger(shift))
    throw new ArgumentError({ op, argument: "shift", expected: "an integer", given: `${shift}` });
  const extent = shape[d] as number;
  const by = extent === 0 ? 0 : ((shift % extent) + extent) % extent;
  const strides = contiguous(shape);
  const part = (count: number, from: number, to: number): StridedCopyParams =>
    copyParams(
      op,
      shape.map((e, i) => ({ extent: i === d ? count : e, x: strides[i] as number, y: strides[i] as number })),
      from * (strides[d] as number),
      to * (strides[d] as number),
    );
  return [part(extent - by, 0, by), part(by, extent - by, 0)].filter(({ count }) => count > 0);
}
