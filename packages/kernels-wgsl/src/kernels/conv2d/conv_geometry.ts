// What convolutions of one, two and three dimensions check and compute alike.
import { ArgumentError, formatShape, ShapeError } from "../../errors.js";

/** Names of the spatial axes, outermost first. */
export type SpatialAxes = "W" | "HW" | "DHW";

export interface ConvOptions {
  /** How far the window moves from one result to the next, for each spatial axis. */
  stride: readonly number[];
  /** Zeros before and after each spatial axis, in pairs. */
  padding: readonly number[];
  /** How far apart the taps of the filter are, for each spatial axis. */
  dilation: readonly number[];
  /** Channels are cut into so many equal runs that do not see each other. */
  groups: number;
  /** Axes of x and y: N, the spatial ones, and C last or second. */
  layout: string;
  /** Axes of w: the spatial ones before or behind I (C_in / groups) and O. */
  filterLayout: string;
}

/** Extents by axis, and strides in elements of contiguous operands. */
export interface ConvGeometry {
  shape: number[];
  x: Record<string, number>;
  w: Record<string, number>;
  y: Record<string, number>;
  xStrides: Record<string, number>;
  wStrides: Record<string, number>;
  yStrides: Record<string, number>;
}

function checkIntegers(op: string, argument: string, values: readonly number[], count: number, least: number): void {
  if (values.length === count && values.every((value) => Number.isInteger(value) && value >= least)) return;
  const what = least === 0 ? "non-negative" : "positive";
  throw new ArgumentError({
    op,
    argument,
    expected: count === 1 ? `a ${what} integer` : `${count} ${what} integers`,
    given: count === 1 ? `${values[0]}` : formatShape(values),
  });
}

function checkLayout(op: string, argument: string, value: string, known: readonly string[]): void {
  if (!known.includes(value))
    throw new ArgumentError({ op, argument, expected: known.join(" or "), given: `${value}` });
}

/** Extents in the order of `axes`, none empty but that of the batch. */
function extents(op: string, argument: string, shape: readonly number[], axes: string): Record<string, number> {
  if (shape.length !== axes.length)
    throw new ShapeError({ op, argument, expected: `rank ${axes.length} (${axes})`, given: formatShape(shape) });
  if (!shape.every((extent, axis) => Number.isInteger(extent) && (extent > 0 || (extent === 0 && axes[axis] === "N"))))
    throw new ShapeError({
      op,
      argument,
      expected: `no empty axis (${axes})${axes.includes("N") ? " but N" : ""}`,
      given: formatShape(shape),
    });
  const result: Record<string, number> = {};
  for (let axis = 0; axis < axes.length; axis++) result[axes[axis] as string] = shape[axis] as number;
  return result;
}

/** Strides of a contiguous tensor whose axes stand in the order of `axes`. */
function strides(extent: Readonly<Record<string, number>>, axes: string): Record<string, number> {
  let stride = 1;
  const result: Record<string, number> = {};
  for (let i = axes.length - 1; i >= 0; i--) {
    const axis = axes[i] as string;
    result[axis] = stride;
    stride *= extent[axis] as number;
  }
  return result;
}

/**
 * Shape of y, extents and strides of a convolution of contiguous operands.
 *
 * Throws ShapeError for another rank, an empty axis other than the batch, channels of x that are not I * groups, or a dilated
 * window larger than the padded input; ArgumentError for strides, dilations or groups that are not positive integers,
 * padding that is not non-negative integers, an unknown layout, or groups that do not divide the channels.
 */
export function convGeometry(
  op: string,
  spatial: SpatialAxes,
  xShape: readonly number[],
  wShape: readonly number[],
  options: ConvOptions,
): ConvGeometry {
  const { stride, padding, dilation, groups, layout, filterLayout } = options;
  const axes = [...spatial];
  checkLayout(op, "layout", layout, [`N${spatial}C`, `NC${spatial}`]);
  checkLayout(op, "filterLayout", filterLayout, [`${spatial}IO`, `OI${spatial}`]);
  checkIntegers(op, "stride", stride, axes.length, 1);
  checkIntegers(op, "padding", padding, 2 * axes.length, 0);
  checkIntegers(op, "dilation", dilation, axes.length, 1);
  checkIntegers(op, "groups", [groups], 1, 1);
  const x = extents(op, "x", xShape, layout) as Record<"N" | "C", number> & Record<string, number>;
  const w = extents(op, "w", wShape, filterLayout) as Record<"I" | "O", number> & Record<string, number>;
  if (x.C % groups !== 0 || w.O % groups !== 0) {
    throw new ArgumentError({
      op,
      argument: "groups",
      expected: `a divisor of ${x.C} input and ${w.O} output channels`,
      given: `${groups}`,
    });
  }
  if (x.C !== w.I * groups) {
    throw new ShapeError({
      op,
      argument: "w",
      expected: `${x.C / groups} input channels (${x.C} of x in ${groups} group${groups === 1 ? "" : "s"})`,
      given: `${w.I} in ${formatShape(wShape)}`,
    });
  }
  const padded = axes.map((axis, d) => (x[axis] as number) + (padding[2 * d] ?? 0) + (padding[2 * d + 1] ?? 0));
  const window = axes.map((axis, d) => ((w[axis] as number) - 1) * (dilation[d] as number) + 1);
  if (window.some((reach, d) => reach > (padded[d] as number))) {
    throw new ShapeError({
      op,
      argument: "w",
      expected: `a dilated window within the padded input of ${padded.join(" x ")}`,
      given: `${window.join(" x ")} from ${formatShape(wShape)}`,
    });
  }
  const y: Record<string, number> = { N: x.N, C: w.O };
  for (const [d, axis] of axes.entries())
    y[axis] = Math.floor(((padded[d] as number) - (window[d] as number)) / (stride[d] as number)) + 1;
  return {
    shape: [...layout].map((axis) => y[axis] as number),
    x,
    w,
    y,
    xStrides: strides(x, layout),
    wStrides: strides(w, filterLayout),
    yStrides: strides(y, layout),
  };
}
