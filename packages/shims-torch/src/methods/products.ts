// Products of vectors, matrices and batches, and what is computed of whole matrices, as methods.
import type { Args, Rules } from "@facet/dialect";
import { scalar, tensor } from "../kinds.js";
import * as V from "../ops/covariance.js";
import * as N from "../ops/matrix_names.js";
import * as S from "../ops/matrix_sums.js";
import * as P from "../ops/products.js";
import type { Tensor } from "../tensor.js";
import { inPlaceOf } from "./inplace.js";

type SumInPlace<A extends string, B extends string> = (
  self: Tensor,
  ...args: Args<[first: Tensor, second: Tensor], { readonly [K in A | B]: Tensor } & Omit<S.SumArguments, "out">>
) => Tensor;
const sumInPlace = <A extends string, B extends string>(
  name: string,
  [a, b]: readonly [A, B],
  f: S.SumOf<A, B>,
): SumInPlace<A, B> =>
  inPlaceOf(name, { [a]: tensor, [b]: tensor, "*": null, beta: scalar.or(1), alpha: scalar.or(1) } as Rules, f);

const addmm_: SumInPlace<"mat1", "mat2"> = sumInPlace("addmm_", ["mat1", "mat2"], S.addmm);
const addmv_: SumInPlace<"mat", "vec"> = sumInPlace("addmv_", ["mat", "vec"], S.addmv);
const addbmm_: SumInPlace<"batch1", "batch2"> = sumInPlace("addbmm_", ["batch1", "batch2"], S.addbmm);
const baddbmm_: SumInPlace<"batch1", "batch2"> = sumInPlace("baddbmm_", ["batch1", "batch2"], S.baddbmm);
const addr_: SumInPlace<"vec1", "vec2"> = sumInPlace("addr_", ["vec1", "vec2"], S.addr);

export const products = {
  det: N.det,
  logdet: N.logdet,
  slogdet: N.slogdet,
  inverse: N.inverse,
  pinverse: N.pinverse,
  matrix_exp: N.matrix_exp,
  matrix_power: N.matrix_power,
  cholesky: N.cholesky,
  cholesky_inverse: N.cholesky_inverse,
  cholesky_solve: N.cholesky_solve,
  triangular_solve: N.triangular_solve,
  qr: N.qr,
  svd: N.svd,
  orgqr: N.orgqr,
  dot: P.dot,
  vdot: P.vdot,
  mv: P.mv,
  inner: P.inner,
  outer: P.outer,
  ger: P.ger,
  kron: P.kron,
  cross: P.cross,
  cov: V.cov,
  corrcoef: V.corrcoef,
  addmm: S.addmm,
  addmv: S.addmv,
  addbmm: S.addbmm,
  baddbmm: S.baddbmm,
  addr: S.addr,
  addmm_,
  addmv_,
  addbmm_,
  baddbmm_,
  addr_,
} as const;
