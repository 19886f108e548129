// A convolution whose batch is cut into groups, as one whose channels are. By itself, so that images bring no volumes along.
import { ArgumentError, formatShape, ShapeError, type SpatialAxes } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { reshape, transpose } from "./shape.js";

/** The spatial axes of a layout. */
export interface SpatialPlaces {
  spatial: SpatialAxes;
  count: number;
  /** Dimension of x at which the spatial axes begin. */
  first: number;
}

/** Integers, as many as the spatial axes need. */
export function expectIntegers(
  op: string,
  argument: string,
  values: readonly number[],
  count: number,
  least: number,
): void {
  if (values.length === count && values.every((value) => Number.isInteger(value) && value >= least)) return;
  const expected = Number.isFinite(least) ? `${count} integers of at least ${least}` : `${count} integers`;
  throw new ArgumentError({ op, argument, expected, given: formatShape(values) });
}

/** Runs of the batch as groups of channels, of a batch that is one run long. */
export function runsAsChannels(
  op: string,
  x: Tensor,
  runs: number,
  groups: number,
  { count, first }: Pick<SpatialPlaces, "count" | "first">,
): Tensor {
  expectIntegers(op, "batchGroups", [runs], 1, 1);
  if (groups !== 1)
    throw new ArgumentError({ op, argument: "batchGroups", expected: "1 beside groups", given: `${runs}` });
  if (x.rank !== count + 2 || (x.shape[0] as number) % runs !== 0)
    throw new ShapeError({
      op,
      argument: "x",
      expected: `rank ${count + 2} and a batch of a multiple of ${runs}`,
      given: formatShape(x.shape),
    });
  const [n, ...rest] = x.shape as [number, ...number[]];
  // [runs, batch, ...]: the runs go before the channels.
  const channels = first === 1 ? rest.length - 1 : 0;
  const apart = reshape(x, [runs, n / runs, ...rest]);
  const order = [1, ...rest.keys()].flatMap((_, at) => (at === 0 ? [1] : at - 1 === channels ? [0, at + 1] : [at + 1]));
  return reshape(
    transpose(apart, order),
    [n / runs, ...rest].map((extent, d) => (d === channels + 1 ? extent * runs : extent)),
  );
}
