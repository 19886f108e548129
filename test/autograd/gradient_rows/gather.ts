// Gather, scatter and indexing.
import * as F from "@facet/autograd";
import { apart, FLAT, type GradientRow } from "./row.js";

const ints = (values: number[], shape: number[] = [values.length]): F.Tensor => F.fromData(values, shape, "int32");
/** Along axis 1 of [2, 3]: a place named twice, one not at all. */
const along = (): F.Tensor => ints([2, 0, 2, 1, 1, -1, 0, 2], [2, 4]);

const two: readonly (readonly number[])[] = [
  [2, 3],
  [2, 4],
];
/** x with a zero at a named place and at one that is not; sources with one zero and with two at a place. */
const zeros = (_: unknown, __: readonly number[], i: number): Float32Array =>
  i === 0 ? Float32Array.of(0.5, 0, 2, 1.5, 0, -1) : Float32Array.of(1.5, 0, 0.5, 2, -1, 0, 0, 2);

export const gatherRows: readonly GradientRow[] = [
  { op: "gather", shapes: [[2, 3]], call: (x) => F.gatherAlong(x, along(), { axis: 1 }), eps: 0.5, once: FLAT },
  {
    op: "gather",
    variant: "rows of the first axis",
    shapes: [[4, 3]],
    call: (x) => F.gather(x, ints([3, 1, 3])),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "rows, added up again",
    shapes: [[3, 2]],
    call: (x) => F.sum(F.square(F.gather(x, ints([2, 2, 0])))),
  },
  {
    op: "gather",
    variant: "smaller index",
    shapes: [[3, 4]],
    call: (x) => F.gatherAlong(x, ints([2, 0, 1, 1], [2, 2]), { axis: 0 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "broadcast",
    shapes: [[3, 1]],
    call: (x) => F.takeAlongAxis(x, ints([2, 0, 1, 1], [2, 2]), { axis: 0 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "rows, dropped",
    shapes: [[2, 3, 2]],
    call: (x) => F.take(x, ints([2, 5, -1, 2, 0, -7], [3, 2]), { axis: 1, mode: "drop", fill: 3 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "clipped",
    shapes: [[4]],
    call: (x) => F.take(x, ints([2, 5, -9, 1]), { mode: "clip" }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "several indices",
    shapes: [[2, 3, 4]],
    call: (x) => F.indexGet(x, [ints([1, 0, -1], [3, 1]), null, ints([2, 2])]),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "tuples",
    shapes: [[2, 3, 4]],
    call: (x) => F.gatherNd(x, ints([2, 1, 0, 3, 1, 1, 2, 2], [2, 2, 2]), { batchDims: 1 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "gather",
    variant: "sorted",
    shapes: [[3, 4]],
    values: apart,
    call: (x) => F.sort(x, { axis: 1, descending: true })[0],
    once: FLAT,
  },
  {
    op: "gather",
    variant: "quantile",
    shapes: [[3, 4]],
    values: apart,
    call: (x) => F.quantile(x, [0.3, 0.8], { axes: 0 }),
    once: FLAT,
  },
  {
    op: "scatter_set",
    shapes: two,
    call: (x, source) => F.scatterAlong(x, along(), source, { axis: 1 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_set",
    variant: "smaller index, larger source",
    shapes: [
      [3, 4],
      [3, 3],
    ],
    call: (x, source) => F.scatterAlong(x, ints([2, 0, 2, 1], [2, 2]), source, { axis: 0 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_set",
    variant: "several indices",
    shapes: [
      [3, 2, 3],
      [2, 1],
    ],
    call: (x, source) => F.indexPut(x, [ints([2, 0]), null, ints([1, 1])], source),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_set",
    variant: "unique",
    shapes: [[3], [2]],
    call: (x, source) => F.scatterRows(x, ints([2, 0]), source, { unique: true }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_set",
    variant: "broadcast",
    shapes: [
      [2, 3],
      [2, 1],
    ],
    call: (x, source) => F.putAlongAxis(x, ints([2, 0], [1, 2]), source, { axis: 1 }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_add",
    shapes: two,
    call: (x, source) => F.scatterAlong(x, along(), source, { axis: 1, combination: "add" }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_add",
    variant: "mean without self",
    shapes: two,
    call: (x, source) => F.scatterReduce(x, along(), source, { axis: 1, reduction: "mean", includeSelf: false }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_add",
    variant: "tuples, dropped",
    shapes: [[2, 3], [3]],
    call: (x, source) => F.scatterNd(x, ints([1, 2, 0, 5, 1, 2], [3, 2]), source, { combination: "add", mode: "drop" }),
    eps: 0.5,
    once: FLAT,
  },
  {
    op: "scatter_mul",
    shapes: two,
    call: (x, source) => F.scatterAlong(x, along(), source, { axis: 1, combination: "mul" }),
    eps: 0.25,
  },
  {
    op: "scatter_mul",
    variant: "zeros",
    shapes: two,
    values: zeros,
    call: (x, source) => F.scatterAlong(x, along(), source, { axis: 1, combination: "mul" }),
    eps: 0.25,
    once: "second derivatives where two factors are 0 are not followed",
  },
  {
    op: "scatter_mul",
    variant: "without self",
    shapes: two,
    call: (x, source) => F.scatterReduce(x, along(), source, { axis: 1, reduction: "prod", includeSelf: false }),
    eps: 0.25,
  },
  {
    op: "scatter_max",
    shapes: two,
    values: apart,
    call: (x, source) => F.scatterReduce(F.mul(x, 1.01), along(), source, { axis: 1, reduction: "amax" }),
    once: FLAT,
  },
  {
    op: "scatter_min",
    shapes: two,
    values: apart,
    call: (x, source) =>
      F.scatterReduceRows(F.mul(x, 1.01), ints([1, 1]), F.sliceAlong(source, 1, 0, 3), {
        reduction: "amin",
        includeSelf: false,
      }),
    once: FLAT,
  },
  {
    op: "update_slice",
    shapes: [
      [4, 3],
      [2, 2],
    ],
    call: (x, source) => F.updateSlice(x, source, [3, 0], [-2, 1]),
    eps: 0.5,
    once: FLAT,
  },
];
