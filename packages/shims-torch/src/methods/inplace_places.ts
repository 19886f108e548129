// Methods that write what indexing and scanning functions give into their tensor.
import { type Args, bool, int, listOf, number, oneOf } from "@facet/dialect";
import type { Dtype } from "../dtype.js";
import { dtype, type Operand, operand, scalar, tensor } from "../kinds.js";
import * as C from "../ops/scans.js";
import * as P from "../ops/scattering.js";
import * as M from "../ops/selecting.js";
import * as T from "../ops/statistics.js";
import * as D from "../ops/triangles.js";
import type { Tensor } from "../tensor.js";
import { inPlaceOf } from "./inplace.js";

type InPlace<Positional extends readonly unknown[], Named> = (
  self: Tensor,
  ...args: Args<Positional, Omit<Named, "out">>
) => Tensor;

const rows = { dim: int, index: tensor, source: tensor } as const;
const index_add_: InPlace<[dim: number, index: Tensor, source: Tensor], P.RowsArguments & { alpha: number | boolean }> =
  inPlaceOf("index_add_", { ...rows, "*": null, alpha: scalar.or(1) }, (self, { dim, index, source, alpha }) =>
    P.index_add(self, dim, index, source, { alpha }),
  );
const index_copy_: InPlace<[dim: number, index: Tensor, source: Tensor], P.RowsArguments> = inPlaceOf(
  "index_copy_",
  rows,
  (self, given) => P.index_copy(self, given),
);
const index_fill_: InPlace<[dim: number, index: Tensor, value: Operand], P.IndexFillArguments> = inPlaceOf(
  "index_fill_",
  { dim: int, index: tensor, value: operand },
  (self, given) => P.index_fill(self, given),
);
const index_put_: InPlace<[indices: readonly Tensor[], values: Tensor, accumulate: boolean], P.IndexPutArguments> =
  inPlaceOf("index_put_", { indices: listOf(tensor), values: tensor, accumulate: bool.or(false) }, (self, given) =>
    P.index_put(self, given),
  );
const index_reduce_: InPlace<
  [dim: number, index: Tensor, source: Tensor, reduce: P.IndexReduceArguments["reduce"]],
  P.IndexReduceArguments
> = inPlaceOf(
  "index_reduce_",
  { ...rows, reduce: oneOf("prod", "mean", "amax", "amin"), "*": null, include_self: true },
  (self, given) => P.index_reduce(self, given),
);
const put_: InPlace<[index: Tensor, source: Tensor, accumulate: boolean], P.PutArguments> = inPlaceOf(
  "put_",
  { index: tensor, source: tensor, accumulate: false },
  (self, given) => P.put(self, given),
);
const masked_scatter_: InPlace<[mask: Tensor, source: Tensor], { mask: Tensor; source: Tensor }> = inPlaceOf(
  "masked_scatter_",
  { mask: tensor, source: tensor },
  (self, given) => M.masked_scatter(self, given),
);
const scatter_add_: InPlace<[dim: number, index: Tensor, src: Tensor], P.ScatterArguments> = inPlaceOf(
  "scatter_add_",
  { dim: int, index: tensor, src: tensor },
  (self, given) => P.scatter_add(self, given),
);
const scatter_reduce_: InPlace<
  [dim: number, index: Tensor, src: Tensor, reduce: P.ScatterReduceArguments["reduce"]],
  P.ScatterReduceArguments
> = inPlaceOf(
  "scatter_reduce_",
  {
    ...{ dim: int, index: tensor, src: tensor, reduce: oneOf("sum", "prod", "mean", "amax", "amin") },
    ...{ "*": null, include_self: true },
  },
  (self, given) => P.scatter_reduce(self, given),
);
type Diagonal = InPlace<[diagonal: number], { diagonal: number }>;
const tril_: Diagonal = inPlaceOf("tril_", { diagonal: int.or(0) }, (self, given) => D.tril(self, given));
const triu_: Diagonal = inPlaceOf("triu_", { diagonal: int.or(0) }, (self, given) => D.triu(self, given));
type Cumulative = InPlace<[dim: number], { dim: number; dtype: Dtype | null }>;
const cumulative = { dim: int, "*": null, dtype: dtype.or(null) } as const;
const cumsum_: Cumulative = inPlaceOf("cumsum_", cumulative, (self, given) => C.cumsum(self, given));
const cumprod_: Cumulative = inPlaceOf("cumprod_", cumulative, (self, given) => C.cumprod(self, given));
const renorm_: InPlace<[p: number, dim: number, maxnorm: number], { p: number; dim: number; maxnorm: number }> =
  inPlaceOf("renorm_", { p: number, dim: int, maxnorm: number }, (self, given) => T.renorm(self, given));

export const inPlacePlaces = {
  index_add_,
  index_copy_,
  index_fill_,
  index_put_,
  index_reduce_,
  put_,
  masked_scatter_,
  scatter_add_,
  scatter_reduce_,
  tril_,
  triu_,
  cumsum_,
  cumprod_,
  renorm_,
} as const;
