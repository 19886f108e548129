// Shapes and params of the ops that strided_copy serves, for contiguous operands.

import { ArgumentError, formatShape, ShapeError } from "../../errors.js";
import { sizeOf } from "../../kernel.js";
import { copyParams, type FillParams, type StridedCopyParams } from "./strided_copy.js";

interface Move {
  shape: number[];
  params: StridedCopyParams;
}

/** Words between neighbours along each dimension of a contiguous array. */
function contiguous(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d] as number;
  }
  return strides;
}

function checkLength(op: string, argument: string, list: readonly number[], shape: readonly number[]): void {
  if (list.length === shape.length) return;
  throw new ShapeError({
    op,
    argument,
    expected: `${shape.length} numbers for ${formatShape(shape)}`,
    given: formatShape(list),
  });
}

function checkStep(op: string, d: number, step: number): void {
  if (Number.isInteger(step) && step !== 0) return;
  throw new ArgumentError({ op, argument: `steps[${d}]`, expected: "an integer other than 0", given: `${step}` });
}

function checkAxis(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && at >= 0 && at < rank) return at;
  throw new ArgumentError({
    op,
    argument: "axis",
    expected: `an integer from ${-rank} to ${rank - 1}`,
    given: `${axis}`,
  });
}

/** y = x with its dimensions in the order `permutation` names. Throws ShapeError unless that names each once. */
export function transposeGeometry(shape: readonly number[], permutation: readonly number[]): Move {
  const op = "transpose";
  if (permutation.length !== shape.length || shape.some((_, d) => !permutation.includes(d))) {
    throw new ShapeError({
      op,
      argument: "permutation",
      expected: `each of 0 to ${shape.length - 1} once`,
      given: formatShape(permutation),
    });
  }
  const target = permutation.map((d) => shape[d] as number);
  const from = contiguous(shape);
  const to = contiguous(target);
  return {
    shape: target,
    params: copyParams(
      op,
      permutation.map((d, i) => ({ extent: shape[d] as number, x: from[d] as number, y: to[i] as number })),
    ),
  };
}

/**
 * y = x[start:stop:step] in every dimension. With a positive step 0 <= start <= stop <= extent; with a negative one the
 * elements go down from start and stop may be -1, past element 0. Nothing is left where start is stop. Bounds are places: negative indices are the caller's to
 * resolve. Throws ArgumentError otherwise.
 */
export function sliceGeometry(
  shape: readonly number[],
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[] = shape.map(() => 1),
): Move {
  const op = "slice";
  for (const [argument, list] of [
    ["starts", starts],
    ["stops", stops],
    ["steps", steps],
  ] as const)
    checkLength(op, argument, list, shape);
  const target = shape.map((extent, d) => {
    const [start, stop, step] = [starts[d], stops[d], steps[d]] as [number, number, number];
    checkStep(op, d, step);
    const fits =
      step > 0 ? start >= 0 && start <= stop && stop <= extent : stop >= -1 && stop <= start && start < extent;
    if (!(Number.isInteger(start) && Number.isInteger(stop) && fits)) {
      throw new ArgumentError({
        op,
        argument: `dimension ${d}`,
        expected: step > 0 ? `0 <= start <= stop <= ${extent}` : `${extent} > start >= stop >= -1`,
        given: `${start} to ${stop}`,
      });
    }
    return Math.ceil((stop - start) / step);
  });
  const from = contiguous(shape);
  const to = contiguous(target);
  const offset = from.reduce((sum, stride, d) => sum + stride * (starts[d] as number), 0);
  const axes = target.map((extent, d) => ({
    extent,
    x: (from[d] as number) * (steps[d] as number),
    y: to[d] as number,
  }));
  return { shape: target, params: copyParams(op, axes, offset) };
}

/** y = x repeated to `target`: dimensions of extent 1 stretch, leading ones may be added. Throws ShapeError otherwise. */
export function expandGeometry(shape: readonly number[], target: readonly number[]): Move {
  const op = "expand";
  const added = target.length - shape.length;
  const fits = added >= 0 && shape.every((extent, d) => extent === 1 || extent === target[d + added]);
  if (!fits)
    throw new ShapeError({
      op,
      argument: "shape",
      expected: `a shape that ${formatShape(shape)} broadcasts to`,
      given: formatShape(target),
    });
  const from = contiguous(shape);
  const to = contiguous(target);
  const axes = target.map((extent, d) => {
    const stretched = d < added || shape[d - added] === 1;
    return { extent, x: stretched ? 0 : (from[d - added] as number), y: to[d] as number };
  });
  return { shape: [...target], params: copyParams(op, axes) };
}

/** y = parts joined along `axis`, one copy for each part; that of an empty part copies nothing. Throws ShapeError when other dimensions differ. */
export function concatGeometry(
  shapes: readonly (readonly number[])[],
  axis: number,
): { shape: number[]; parts: StridedCopyParams[] } {
  const op = "concat";
  const [first] = shapes;
  if (!first) throw new ArgumentError({ op, argument: "tensors", expected: "at least one tensor", given: "none" });
  const at = checkAxis(op, axis, first.length);
  for (const [i, shape] of shapes.entries()) {
    const fits = shape.length === first.length && shape.every((extent, d) => d === at || extent === first[d]);
    if (!fits)
      throw new ShapeError({
        op,
        argument: `tensors[${i}]`,
        expected: `${formatShape(first)} but for dimension ${at}`,
        given: formatShape(shape),
      });
  }
  const total = shapes.reduce((sum, shape) => sum + (shape[at] as number), 0);
  const target = first.map((extent, d) => (d === at ? total : extent));
  const to = contiguous(target);
  let offset = 0;
  const parts = shapes.map((shape) => {
    const from = contiguous(shape);
    const params = copyParams(
      op,
      shape.map((extent, d) => ({ extent, x: from[d] as number, y: to[d] as number })),
      0,
      offset,
    );
    offset += (shape[at] as number) * (to[at] as number);
    return params;
  });
  return { shape: target, parts };
}

/**
 * Writes x into y of shape `target` from `starts` on, `steps` apart, downwards where a step is negative: the reverse of
 * slice. The rest of y stays. Throws ArgumentError when x sticks out.
 */
export function placeGeometry(
  shape: readonly number[],
  target: readonly number[],
  starts: readonly number[],
  steps: readonly number[] = shape.map(() => 1),
): Move {
  const op = "place";
  for (const [argument, list] of [
    ["shape", target],
    ["starts", starts],
    ["steps", steps],
  ] as const)
    checkLength(op, argument, list, shape);
  for (const [d, extent] of shape.entries()) {
    const [start, step, room] = [starts[d], steps[d], target[d]] as [number, number, number];
    checkStep(op, d, step);
    const last = start + (extent - 1) * step;
    const fits =
      extent === 0 ? start >= 0 && start <= room : Math.min(start, last) >= 0 && Math.max(start, last) < room;
    if (!Number.isInteger(start) || !fits) {
      throw new ArgumentError({
        op,
        argument: `dimension ${d}`,
        expected: `${extent} places within ${room}`,
        given: `start ${start}, step ${step}`,
      });
    }
  }
  const from = contiguous(shape);
  const to = contiguous(target);
  const offset = to.reduce((sum, stride, d) => sum + stride * (starts[d] as number), 0);
  const axes = shape.map((extent, d) => ({
    extent,
    x: from[d] as number,
    y: (to[d] as number) * (steps[d] as number),
  }));
  return { shape: [...target], params: copyParams(op, axes, 0, offset) };
}

/** y = x with the given dimensions reversed. */
export function flipGeometry(shape: readonly number[], axes: readonly number[]): Move {
  const op = "flip";
  const flipped = new Set(axes.map((axis) => checkAxis(op, axis, shape.length)));
  const from = contiguous(shape);
  const offset = from.reduce((sum, stride, d) => sum + (flipped.has(d) ? stride * ((shape[d] as number) - 1) : 0), 0);
  const list = shape.map((extent, d) => ({
    extent,
    x: (flipped.has(d) ? -1 : 1) * (from[d] as number),
    y: from[d] as number,
  }));
  return { shape: [...shape], params: copyParams(op, list, offset) };
}

/** Elements of a shape; the count of a fill. */
export const fillGeometry = (shape: readonly number[], bits: number): { shape: number[]; params: FillParams } => ({
  shape: [...shape],
  params: { count: sizeOf(shape), bits },
});
