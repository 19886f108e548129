// How the core says what PyTorch's functions of the golden files do.
import * as F from "@facet/autograd";

type Results = F.Tensor | F.Tensor[];
// biome-ignore lint/suspicious/noExplicitAny: arguments are JSON of the golden file; each row knows its own.
type Call = (args: any[], named: any) => Results | Promise<Results>;

/** JSON has no infinity. */
const number = (given: number | string): number =>
  typeof given === "number" ? given : given === "inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
const strict = { negative: false } as const;
const value = (x: F.Tensor, given: F.Tensor | number): F.Tensor =>
  typeof given === "number" ? F.full([], given, x.dtype) : given;

export const goldenCalls: Readonly<Record<string, Call>> = {
  cumsum: ([x], { dim }) => F.cumsum(x, { axis: dim }),
  cumprod: ([x], { dim }) => F.cumprod(x, { axis: dim }),
  cummax: ([x], { dim }) => F.cummax(x, { axis: dim }),
  cummin: ([x], { dim }) => F.cummin(x, { axis: dim }),
  logcumsumexp: ([x], { dim }) => F.logcumsumexp(x, { axis: dim }),
  logsumexp: ([x], { dim, keepdim = false }) => F.logsumexp(x, { axes: dim, keepdims: keepdim }),

  gather: ([x, axis, index]) => F.gatherAlong(x, index, { axis, ...strict }),
  take_along_dim: ([x, index, axis]) => F.takeAlongAxis(x, index, { axis, ...strict }),
  index_select: ([x, axis, index]) => F.take(x, index, { axis, ...strict }),
  scatter: ([x, axis, index, source]) => F.scatterAlong(x, index, value(x, source), { axis, ...strict }),
  scatter_add: ([x, axis, index, source]) => F.scatterAlong(x, index, source, { axis, combination: "add", ...strict }),
  scatter_reduce: ([x, axis, index, source], { reduce, include_self }) =>
    F.scatterReduce(x, index, source, { axis, reduction: reduce, includeSelf: include_self, ...strict }),
  index_add: ([x, axis, index, source]) => F.scatterRows(x, index, source, { axis, combination: "add", ...strict }),
  index_copy: ([x, axis, index, source]) => F.scatterRows(x, index, source, { axis, ...strict }),
  index_reduce: ([x, axis, index, source, reduction], { include_self }) =>
    F.scatterReduceRows(x, index, source, { axis, reduction, includeSelf: include_self, ...strict }),
  index_fill: ([x, axis, index, source]) => F.scatterRows(x, index, value(x, source), { axis, ...strict }),
  get: ([x, ...indices]) => F.indexGet(x, indices),
  put: ([x, ...rest]) => {
    const [source, accumulate] = rest.slice(-2);
    return F.indexPut(x, rest.slice(0, -2), source, { combination: accumulate ? "add" : "set" });
  },

  sort: ([x], { dim, descending }) => F.sort(x, { axis: dim, descending }),
  argsort: ([x], { dim }) => F.argsort(x, { axis: dim }),
  topk: ([x, k], { dim = -1, largest = true }) => F.topk(x, k, { axis: dim, largest }),
  kthvalue: ([x, k], { dim, keepdim = false }) => F.kthvalue(x, k, { axis: dim, keepdims: keepdim }),
  median: ([x], { dim, keepdim = false }) => F.median(x, { axis: dim, keepdims: keepdim }),
  nanmedian: ([x], { dim }) => F.median(x, { axis: dim, ignoreNan: true }),
  mode: ([x], { dim, keepdim = false }) => F.mode(x, { axis: dim, keepdims: keepdim }),
  quantile: ([x, q], { dim, keepdim = false, interpolation }) =>
    F.quantile(x, q, { axes: dim, keepdims: keepdim, interpolation }),
  nanquantile: ([x, q], { dim, interpolation }) => F.quantile(x, q, { axes: dim, interpolation, ignoreNan: true }),
  searchsorted: ([sorted, values], { right, sorter }) => F.searchSorted(sorted, values, { right, sorter }),
  bucketize: ([values, sorted], { right }) => F.searchSorted(sorted, values, { right }),

  nonzero: ([x]) => F.nonzero(x),
  masked_select: ([x, mask]) => F.maskedSelect(x, mask),
  unique: async ([x], { dim }) => {
    const { values, inverse, counts } = await F.unique(x, { axis: dim });
    return [values, inverse, counts];
  },
  unique_consecutive: async ([x]) => {
    const { values, inverse, counts } = await F.unique(x, { consecutive: true });
    return [values, inverse, counts];
  },
  bincount: ([x, weights], { minlength }) => F.bincountToMaximum(x, { weights, minLength: minlength }),
  histc: ([x], { bins, min, max }) => {
    const range = min === undefined ? undefined : ([min, max] as const);
    return F.cast(F.histogram(x, { bins, range, margin: 1 }).counts, "float32");
  },
  histogram: ([x, bins], { weight, density }) => {
    const { counts, edges } = F.histogram(x, { bins, weights: weight, density });
    return [F.cast(counts, "float32"), edges];
  },

  roll: ([x, shift, axes]) => F.roll(x, shift, axes),
  tile: ([x, repeats]) => F.tile(x, repeats),
  repeat_interleave: ([x, repeats], { dim }) =>
    typeof repeats === "number"
      ? F.repeatElements(x, repeats, { axis: dim })
      : F.repeatElementsByCounts(x, repeats, { axis: dim }),
  triu: ([x, k]) => F.triu(x, k),
  tril: ([x, k]) => F.tril(x, k),
  diagonal: ([x, offset, axis1, axis2]) => F.diagonal(x, { offset, axis1, axis2 }),
  diag: ([x, offset]) => F.diag(x, offset),
  diag_embed: ([x], { offset, dim1, dim2 }) => F.diagonalEmbed(x, { offset, axis1: dim1, axis2: dim2 }),
  diagonal_scatter: ([x, source, offset]) => F.diagonalScatter(x, source, { offset }),
  trace: ([x]) => F.trace(x),
  kron: ([a, b]) => F.kron(a, b),
  outer: ([a, b]) => F.outer(a, b),
  "linalg.cross": ([a, b], { dim }) => F.cross(a, b, dim),
  cdist: ([a, b], { p = 2 }) => F.cdist(a, b, number(p)),
  "linalg.vector_norm": ([x, p], { dim, keepdim }) =>
    F.vectorNorm(x, number(p), { axes: dim ?? undefined, keepdims: keepdim }),
  "linalg.matrix_norm": ([x, ord], { dim, keepdim }) =>
    F.matrixNorm(x, ord === "fro" ? ord : number(ord), { axes: dim, keepdims: keepdim }),
  diff: ([x], { n, dim, prepend, append }) => F.diff(x, { n, axis: dim, prepend, append }),
  flip: ([x, axes]) => F.flip(x, axes),
  rot90: ([x, k, axes]) => F.rot90(x, k, axes),
  meshgrid: (x, { indexing }) => F.meshgrid(x, indexing),
};
