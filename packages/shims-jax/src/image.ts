// jax.image and jax.ops: images in other sizes, and sums of segments.
import * as core from "@facet/autograd";
import { ArgumentError, ShapeError, type Tensor } from "@facet/autograd";
import { bool, int, listOf, oneOf, only, show, string } from "@facet/dialect";
import { array, arrayLike, declared } from "./arguments.js";
import { type ArrayLike, computable, inexact, integral, type JaxArray, run } from "./array.js";

const METHODS = {
  nearest: "nearest",
  linear: "linear",
  bilinear: "linear",
  trilinear: "linear",
  triangle: "linear",
  cubic: "cubic",
  bicubic: "cubic",
  tricubic: "cubic",
  lanczos3: "lanczos3",
  lanczos5: "lanczos5",
} as const;
type Method = keyof typeof METHODS;
const method = oneOf(...(Object.keys(METHODS) as Method[]));

/**
 * The array in another shape of as many dimensions, interpolated along those whose extent differs: pixels are squares, beyond the edges is
 * nothing. Where there are fewer the kernel gets wider, unless `antialias` is false. float32.
 */
export const resize = declared<[image: ArrayLike, shape: readonly number[], method: Method], [antialias: boolean]>()(
  "jax.image.resize",
  {
    image: arrayLike,
    shape: listOf(int.where("whole numbers of 1 or more", (n) => n >= 1)),
    method,
    antialias: bool.or(true),
    precision: string.or("highest"),
  },
  ({ image, shape, method, antialias }) =>
    run(() => {
      const x = inexact("resize", "image", image);
      if (shape.length !== x.rank || x.shape.includes(0))
        throw new ShapeError({
          op: "resize",
          argument: "shape",
          expected: x.shape.includes(0) ? "an image with elements" : `${x.rank} extents`,
          given: show(x.shape.includes(0) ? x.shape : shape),
        });
      // One dimension after another, each as the only spatial one of a batch.
      return shape.reduce((y: Tensor, extent, d) => {
        const own = y.shape[d] as number;
        if (own === extent) return y;
        const [before, behind] = [core.sizeOf(y.shape.slice(0, d)), core.sizeOf(y.shape.slice(d + 1))];
        const line = core.reshape(y, [before, own, behind]);
        const kind = METHODS[method as Method];
        const z = core.resize(line, {
          size: [extent],
          channelsLast: true,
          method: kind,
          antialias: antialias && kind !== "nearest",
          edges: "renormalise",
          coordinates: "half_pixel",
        });
        return core.reshape(z, y.shape.with(d, extent));
      }, x);
    }),
);

const SEGMENTS = {
  data: arrayLike,
  segment_ids: array,
  num_segments: int.where("a whole number of 0 or more", (n) => n >= 0).or(null),
  indices_are_sorted: bool.or(false),
  unique_indices: bool.or(false),
  bucket_size: only(null),
  mode: oneOf("drop", "fill", "clip", "promise_in_bounds").or(null),
  out_sharding: only(null),
} as const;
type Combination = "add" | "mul" | "min" | "max";
const segments = (name: string, combination: Combination, neutral: (dtype: core.Dtype) => number) =>
  declared<[data: ArrayLike, segment_ids: JaxArray], [num_segments: number | null]>()(
    `jax.ops.${name}`,
    SEGMENTS,
    ({ data, segment_ids, num_segments, mode, unique_indices }) =>
      run(() => {
        const x = computable(name, "data", data);
        const ids = integral(name, "segment_ids", segment_ids);
        if (num_segments === null)
          throw new ArgumentError({
            op: name,
            argument: "num_segments",
            expected: "how many there are: the extent of a result does not depend on values",
            given: "null",
          });
        if (x.rank === 0 || ids.rank !== 1 || ids.size !== x.shape[0])
          throw new ShapeError({
            op: name,
            argument: "segment_ids",
            expected: `one for each of the ${x.shape[0]} rows`,
            given: core.formatShape(ids.shape),
          });
        const start = core.full([num_segments, ...x.shape.slice(1)], neutral(x.dtype), x.dtype);
        const held = mode === "clip" || mode === "promise_in_bounds" ? "clip" : "drop";
        return core.scatterRows(start, ids, x, { axis: 0, combination, mode: held, unique: unique_indices });
      }),
  );
const lowest = (dtype: core.Dtype): number =>
  core.isFloating(dtype) ? Number.NEGATIVE_INFINITY : dtype === "int32" ? -(2 ** 31) : 0;
const highest = (dtype: core.Dtype): number =>
  core.isFloating(dtype) ? Number.POSITIVE_INFINITY : dtype === "int32" ? 2 ** 31 - 1 : 2 ** 32 - 1;
/** Sums of the rows of each segment; an id that is none is passed over, negative ones count from the last. */
export const segment_sum = segments("segment_sum", "add", () => 0);
export const segment_prod = segments("segment_prod", "mul", () => 1);
/** The largest of each segment; of an empty one the least there is. */
export const segment_max = segments("segment_max", "max", lowest);
export const segment_min = segments("segment_min", "min", highest);
