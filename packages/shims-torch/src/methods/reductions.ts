// Reductions, scans and what is read off sorted elements, as methods.
import { type Args, defineMethod, int } from "@facet/dialect";
import { dims, forms } from "../kinds.js";
import * as C from "../ops/scans.js";
import * as F from "../ops/searching.js";
import * as O from "../ops/sorting.js";
import * as T from "../ops/statistics.js";
import type { Tensor } from "../tensor.js";

const readCount = forms("Tensor.count_nonzero", { dim: dims.or(null) }, { "*dim": int as never });
type CountArgs = Args<[dim: number | readonly number[] | null], T.CountArguments> | number[];
const count_nonzero = (self: Tensor, ...args: CountArgs): Tensor =>
  T.count_nonzero(self, readCount(args).values.dim as number[] | null);

const readUnique: (
  self: Tensor,
  ...args: Args<
    [sorted: boolean, return_inverse: boolean, return_counts: boolean, dim: number | null],
    F.UniqueArguments
  >
) => Promise<Tensor | Tensor[]> = defineMethod(
  "torch.Tensor.unique",
  { sorted: true, return_inverse: false, return_counts: false, dim: int.or(null) },
  (self: Tensor, given) => F.unique(self, given),
);

export const reductions = {
  cumsum: C.cumsum,
  cumprod: C.cumprod,
  cummax: C.cummax,
  cummin: C.cummin,
  logcumsumexp: C.logcumsumexp,
  diff: C.diff,
  trace: C.trace,
  sort: O.sort,
  argsort: O.argsort,
  msort: O.msort,
  topk: O.topk,
  kthvalue: O.kthvalue,
  mode: O.mode,
  quantile: O.quantile,
  nanquantile: O.nanquantile,
  unique: readUnique,
  unique_consecutive: F.unique_consecutive,
  nansum: T.nansum,
  nanmean: T.nanmean,
  logsumexp: T.logsumexp,
  count_nonzero,
  aminmax: T.aminmax,
  bincount: T.bincount,
  histc: T.histc,
  histogram: T.histogram,
  renorm: T.renorm,
} as const;
