// Indexing, masks, and elements laid out in other ways, as methods.
import { type Args, defineMethod, int, overloads } from "@facet/dialect";
import { each, forms, ints, tensor } from "../kinds.js";
import * as E from "../ops/elementwise.js";
import * as X from "../ops/rearranging.js";
import * as P from "../ops/scattering.js";
import * as M from "../ops/selecting.js";
import { expanded, type OfTensor } from "../ops/shape.js";
import * as K from "../ops/stacking.js";
import * as D from "../ops/triangles.js";
import type { Tensor } from "../tensor.js";

/** A list of numbers, or numbers one by one. */
type Numbers<Name extends string> =
  | Args<[list: readonly number[]], { readonly [K in Name]: readonly number[] }>
  | number[];
const listed = <Name extends string>(
  name: string,
  argument: Name,
  body: (self: Tensor, list: readonly number[]) => Tensor,
): OfTensor<Numbers<Name>> => {
  const read = forms(`Tensor.${name}`, { [argument]: ints }, { [`*${argument}`]: each(int) });
  return (self, ...args) =>
    body(self, (read(args).values as Readonly<Record<string, readonly number[]>>)[argument] as readonly number[]);
};
const tile: OfTensor<Numbers<"dims">> = listed("tile", "dims", X.tiled);
const sum_to_size: OfTensor<Numbers<"size">> = listed("sum_to_size", "size", X.summedTo);
const broadcast_to: OfTensor<Numbers<"size">> = listed("broadcast_to", "size", expanded);

const unfold: OfTensor<Args<[dimension: number, size: number, step: number], M.UnfoldArguments>> = defineMethod(
  "torch.Tensor.unfold",
  { dimension: int, size: int, step: int },
  (self, given) => M.unfolded("unfold", self, given),
);
const repeat_interleave: OfTensor<
  Args<[repeats: number | Tensor, dim: number | null], X.RepeatInterleaveArguments>,
  Tensor | Promise<Tensor>
> = defineMethod(
  "torch.Tensor.repeat_interleave",
  { repeats: tensor.either(int), dim: int.or(null), "*": null, output_size: int.or(null) },
  (self, given) => X.repeated("repeat_interleave", self, given),
);
const reshape_as: OfTensor<Args<[other: Tensor], { other: Tensor }>> = defineMethod(
  "torch.Tensor.reshape_as",
  { other: tensor },
  (self: Tensor, { other }) => self.reshape(other.shape),
);
type SplitArgs =
  | Args<[indices_or_sections: number | readonly number[]], { indices: readonly number[]; sections: number }>
  | number[];
function split(name: string, f: K.Split): OfTensor<SplitArgs, Tensor[]> {
  const read = overloads(`torch.Tensor.${name}`, { sections: int }, { indices: ints }, { "*indices": each(int) });
  return (self, ...args) => {
    const { form, values } = read(args);
    return f(self, form === "0" ? values.sections : values.indices);
  };
}
const hsplit = split("hsplit", K.hsplit);
const vsplit = split("vsplit", K.vsplit);
const dsplit = split("dsplit", K.dsplit);

export const places = {
  masked_fill: E.masked_fill,
  where: E.whereMethod,
  masked_select: M.masked_select,
  masked_scatter: M.masked_scatter,
  nonzero: M.nonzero,
  nonzero_static: M.nonzero_static,
  argwhere: M.argwhere,
  take_along_dim: M.take_along_dim,
  select: M.select,
  select_scatter: M.select_scatter,
  slice_scatter: M.slice_scatter,
  unfold,
  take: P.take,
  put: P.put,
  index_fill: P.index_fill,
  index_add: P.index_add,
  index_copy: P.index_copy,
  index_reduce: P.index_reduce,
  index_put: P.index_put,
  scatter: P.scatter,
  scatter_add: P.scatter_add,
  scatter_reduce: P.scatter_reduce,
  roll: X.roll,
  rot90: X.rot90,
  fliplr: X.fliplr,
  flipud: X.flipud,
  tile,
  repeat_interleave,
  movedim: X.movedim,
  moveaxis: X.movedim,
  swapaxes: X.swapaxes,
  swapdims: X.swapdims,
  unflatten: X.unflatten,
  ravel: X.ravel,
  adjoint: X.adjoint,
  reshape_as,
  broadcast_to,
  sum_to_size,
  tril: D.tril,
  triu: D.triu,
  diag: D.diag,
  diagflat: D.diagflat,
  diag_embed: D.diag_embed,
  diagonal: D.diagonal,
  diagonal_scatter: D.diagonal_scatter,
  unbind: K.unbind,
  tensor_split: K.tensor_split,
  hsplit,
  vsplit,
  dsplit,
  split_with_sizes: K.split_with_sizes,
} as const;
