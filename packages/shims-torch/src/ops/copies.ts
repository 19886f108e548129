// torch.*_copy: what views give, in memory of its own.
import type { Args, Rules } from "@facet/dialect";
import { int } from "@facet/dialect";
import { copyOf } from "../convert.js";
import { ints, native, tensor } from "../kinds.js";
import { type Tensor, wrap } from "../tensor.js";
import { narrow, splitInto } from "./joining.js";
import { select, unfolded } from "./selecting.js";
import { expanded, permute, reshape, squeeze, t, transpose, unsqueeze } from "./shape.js";
import { unbind } from "./stacking.js";
import { as_strided } from "./strides.js";
import { diagonal } from "./triangles.js";

/** A result that lies where the input does is copied; others are new already. */
const apart = (input: Tensor, result: Tensor): Tensor =>
  result.core.storage === input.core.storage ? wrap(copyOf(result.core)) : result;

type Copy<Positional extends readonly unknown[], Named> = (input: Tensor, ...args: Args<Positional, Named>) => Tensor;
type Copies<Positional extends readonly unknown[], Named> = (
  input: Tensor,
  ...args: Args<Positional, Named>
) => Tensor[];

// biome-ignore lint/suspicious/noExplicitAny: views of all shapes; the declared type of each constant says what it takes.
function copying(name: string, rules: Rules, view: (input: Tensor, ...rest: any[]) => Tensor | Tensor[]) {
  return native(`${name}_copy`, { input: tensor, ...rules }, (values) => {
    const { input, ...rest } = values as { input: Tensor } & Record<string, unknown>;
    const found = view(input, ...Object.values(rest));
    return Array.isArray(found) ? found.map((one) => apart(input, one)) : apart(input, found);
  }) as (...args: unknown[]) => never;
}
const itself = (input: Tensor): Tensor => input;

/** The input in memory of its own. */
export const alias_copy: Copy<[], object> = copying("alias", {}, itself);
/** The input in memory of its own, without a gradient. */
export const detach_copy: Copy<[], object> = copying("detach", {}, (input) => input.data);
/** expand() in memory of its own: extents of 1 repeated, -1 for those that stay. */
export const expand_copy: Copy<[size: readonly number[]], { size: readonly number[] }> = copying(
  "expand",
  { size: ints },
  expanded,
);
export const view_copy: Copy<[size: readonly number[]], { size: readonly number[] }> = copying(
  "view",
  { size: ints },
  reshape,
);
/** permute() in memory of its own: dimension i of the result is dims[i] of the input. */
export const permute_copy: Copy<[dims: readonly number[]], { dims: readonly number[] }> = copying(
  "permute",
  { dims: ints },
  permute,
);
export const diagonal_copy: Copy<
  [offset: number, dim1: number, dim2: number],
  { offset: number; dim1: number; dim2: number }
> = copying("diagonal", { offset: int.or(0), dim1: int.or(0), dim2: int.or(1) }, diagonal);
/** narrow() in memory of its own: `length` places of one dimension from `start` on. */
export const narrow_copy: Copy<
  [dim: number, start: number, length: number],
  { dim: number; start: number; length: number }
> = copying("narrow", { dim: int, start: int, length: int }, narrow);
export const select_copy: Copy<[dim: number, index: number], { dim: number; index: number }> = copying(
  "select",
  { dim: int, index: int },
  select,
);
const squeezing = { dim: int.either(ints).or(null) } as const;
export const squeeze_copy: Copy<[dim: number | readonly number[]], { dim: number | readonly number[] }> = copying(
  "squeeze",
  squeezing,
  (input, dim: number | null) => (dim === null ? squeeze(input) : squeeze(input, dim)),
);
export const unsqueeze_copy: Copy<[dim: number], { dim: number }> = copying("unsqueeze", { dim: int }, unsqueeze);
export const transpose_copy: Copy<[dim0: number, dim1: number], { dim0: number; dim1: number }> = copying(
  "transpose",
  { dim0: int, dim1: int },
  transpose,
);
/** A matrix transposed, in memory of its own; of a vector a copy. */
export const t_copy: Copy<[], object> = copying("t", {}, t);
export const unfold_copy: Copy<
  [dimension: number, size: number, step: number],
  { dimension: number; size: number; step: number }
> = copying(
  "unfold",
  { dimension: int, size: int, step: int },
  (input, dimension: number, size: number, step: number) => unfolded("unfold", input, { dimension, size, step }),
);
export const as_strided_copy: Copy<
  [size: readonly number[], stride: readonly number[], storage_offset: number | null],
  { size: readonly number[]; stride: readonly number[]; storage_offset: number | null }
> = copying("as_strided", { size: ints, stride: ints, storage_offset: int.or(null) }, as_strided);
export const unbind_copy: Copies<[dim: number], { dim: number }> = copying("unbind", { dim: int.or(0) }, unbind);
export const split_copy: Copies<[split_size: number, dim: number], { split_size: number; dim: number }> = copying(
  "split",
  { split_size: int, dim: int.or(0) },
  (input, size: number, dim: number) => splitInto(input, size, dim, "split_size"),
);
export const split_with_sizes_copy: Copies<
  [split_sizes: readonly number[], dim: number],
  { split_sizes: readonly number[]; dim: number }
> = copying("split_with_sizes", { split_sizes: ints, dim: int.or(0) }, (input, sizes: number[], dim: number) =>
  splitInto(input, sizes, dim, "split_sizes"),
);
