// jax.lax: strict forms of what jax.numpy does loosely, convolution and windowed reduction.
import "../start.js";

export { stop_gradient } from "../transforms.js";
export { all_gather, axis_index, axis_size, pmax, pmean, pmin, psum } from "./collectives.js";
export { cond, fori_loop, map, scan, switch_ as switch, while_loop } from "./control_flow.js";
export { conv, conv_general_dilated } from "./conv.js";
export { conv_dimension_numbers, conv_transpose, conv_with_general_padding } from "./conv_more.js";
export { ConvDimensionNumbers } from "./convolution.js";
export * from "./dynamic.js";
export * from "./elementwise.js";
export * from "./order.js";
export { reduce_window } from "./reduce_window.js";
export * from "./scatter.js";
export {
  batch_matmul,
  broadcast,
  broadcast_in_dim,
  broadcast_shapes,
  broadcast_to_rank,
  collapse,
  dtype,
  empty,
  expand_dims,
  full,
  full_like,
  index_in_dim,
  optimization_barrier,
  pad,
  select_n,
  shape_as_value,
  slice_in_dim,
  split,
  squeeze,
  stack,
  tile,
  unstack,
} from "./shapes.js";

import * as core from "@facet/autograd";
import { type Dtype, DtypeError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { define, int, listOf, only } from "@facet/dialect";
import { array, arrayLike, dtype as dtypeKind, type Given, inPreferred, precision, preferred } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, detached, JaxArray, operand, run } from "../array.js";
import { axesOf, axisOf, broadcast, permuted } from "../numpy/axes.js";
import { contracted, type DimensionNumbers, factors, multiplied } from "../numpy/linalg.js";
import { promoted } from "../numpy/ufunc.js";

const out_sharding = only(null);
/** Dimensions are counted from the front only. */
const natural = int.where("a whole number of 0 or more", (n) => n >= 0);
const ints = listOf(natural);
type Ints = readonly number[];

type Named<Names extends string, Others = unknown> = { readonly [K in Names]: ArrayLike } & Others;

/** on_true where pred (bool, of their shape or scalar) holds, else on_false; both of one shape and dtype. */
export const select: (
  ...args: Given<[pred: ArrayLike, on_true: ArrayLike, on_false: ArrayLike], [], Named<"pred" | "on_true" | "on_false">>
) => JaxArray = define(
  "jax.lax.select",
  { pred: arrayLike, on_true: arrayLike, on_false: arrayLike },
  ({ pred, on_true, on_false }) =>
    run(() => {
      const condition = operand("select", "pred", pred);
      const a = computable("select", "on_true", on_true);
      const b = computable("select", "on_false", on_false);
      if (`${a.shape}` !== `${b.shape}`)
        throw new ShapeError({
          op: "select",
          argument: "on_false",
          expected: formatShape(a.shape),
          given: formatShape(b.shape),
        });
      if (condition.rank > 0 && `${condition.shape}` !== `${a.shape}`)
        throw new ShapeError({
          op: "select",
          argument: "pred",
          expected: `${formatShape(a.shape)} or []`,
          given: formatShape(condition.shape),
        });
      return core.where(condition, a, b);
    }),
);

/** x cut to [min, max]. At a bound itself no gradient passes, to x or to the bound, as in JAX (unlike jnp.clip). */
export const clamp: (
  ...args: Given<[min: ArrayLike, x: ArrayLike, max: ArrayLike], [], Named<"min" | "x" | "max">>
) => JaxArray = define("jax.lax.clamp", { min: arrayLike, x: arrayLike, max: arrayLike }, ({ min, x, max }) =>
  run(() => {
    for (const [argument, bound] of Object.entries({ min, max }))
      if (bound instanceof JaxArray && x instanceof JaxArray && bound.dtype !== x.dtype)
        throw new DtypeError({ op: "clamp", argument, expected: x.dtype, given: bound.dtype });
    const [low, value, high] = promoted("clamp", { min, x, max }) as [Tensor, Tensor, Tensor];
    for (const [argument, bound] of Object.entries({ min: low, max: high }))
      if (bound.rank > 0 && `${bound.shape}` !== `${value.shape}`)
        throw new ShapeError({
          op: "clamp",
          argument,
          expected: `${formatShape(value.shape)} or []`,
          given: formatShape(bound.shape),
        });
    const cut = core.minimum(core.maximum(value, low), high);
    if (![low, value, high].some(core.isTracked)) return cut;
    const inside = core.logicalAnd(core.greater(value, low), core.less(value, high));
    const within = core.where(inside, value, detached(cut));
    // Where the bounds are the wrong way round the upper one counts.
    const below = core.logicalAnd(core.less(value, low), core.less(low, high));
    return core.where(below, low, core.where(core.greater(value, high), high, within));
  }),
);

type DotDimensions = readonly [DimensionNumbers["contracting"], DimensionNumbers["batch"]];
const pairOfLists = listOf(listOf(int), 2);
const dimensionNumbers = listOf(pairOfLists, 2);
interface DotNamed {
  lhs: ArrayLike;
  rhs: ArrayLike;
  dimension_numbers: DotDimensions | null;
  precision: string | null;
  preferred_element_type: "float32" | null;
  out_sharding: null;
}

const general = (fn: string, lhs: ArrayLike, rhs: ArrayLike, [contracting, batch]: DotDimensions): JaxArray =>
  run(() => contracted(fn, ...factors(fn, lhs, rhs), { contracting, batch }));

/** Vector or matrix product of rank 1 or 2 operands; with `dimension_numbers` as dot_general. */
export const dot: (...args: Given<[lhs: ArrayLike, rhs: ArrayLike], [], DotNamed>) => JaxArray = define(
  "jax.lax.dot",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    "*": null,
    dimension_numbers: dimensionNumbers.or(null),
    precision,
    preferred_element_type: preferred,
    out_sharding,
  },
  (values) => {
    const { lhs, rhs, dimension_numbers } = inPreferred(values);
    if (dimension_numbers !== null) return general("dot", lhs, rhs, dimension_numbers as unknown as DotDimensions);
    for (const [argument, x] of Object.entries({ lhs, rhs })) {
      const { rank, shape } = operand("dot", argument, x);
      if (rank < 1 || rank > 2)
        throw new ShapeError({ op: "dot", argument, expected: "rank 1 or 2", given: formatShape(shape) });
    }
    return multiplied("dot", lhs, rhs);
  },
);

/**
 * lax.dot_general: `dimension_numbers` is [[lhs_contracting, rhs_contracting], [lhs_batch, rhs_batch]]. The result has the
 * batch dimensions first, then those left of lhs, then those left of rhs. float32 only.
 */
export const dot_general: (
  ...args: Given<
    [lhs: ArrayLike, rhs: ArrayLike, dimension_numbers: DotDimensions],
    [precision: string | null, preferred_element_type: "float32" | null],
    DotNamed
  >
) => JaxArray = define(
  "jax.lax.dot_general",
  {
    lhs: arrayLike,
    rhs: arrayLike,
    dimension_numbers: dimensionNumbers,
    precision,
    preferred_element_type: preferred,
    "*": null,
    out_sharding,
  },
  (values) => {
    const { lhs, rhs, dimension_numbers } = inPreferred(values);
    return general("dot_general", lhs, rhs, dimension_numbers as unknown as DotDimensions);
  },
);

export const convert_element_type: (
  ...args: Given<[operand: ArrayLike, new_dtype: Dtype], [], { operand: ArrayLike; new_dtype: Dtype }>
) => JaxArray = define(
  "jax.lax.convert_element_type",
  { operand: arrayLike, new_dtype: dtypeKind },
  ({ operand: x, new_dtype }) =>
    run(() => {
      const fn = "convert_element_type";
      return converted(operand(fn, "operand", x), checkDtype(fn, new_dtype));
    }),
);

/** The same elements in another shape; `dimensions`, if given, must be all in their order. */
export const reshape: (
  ...args: Given<
    [operand: ArrayLike, new_sizes: Ints],
    [dimensions: Ints | null],
    { operand: ArrayLike; new_sizes: Ints; dimensions: Ints | null; out_sharding: null }
  >
) => JaxArray = define(
  "jax.lax.reshape",
  { operand: arrayLike, new_sizes: ints, dimensions: ints.or(null), "*": null, out_sharding },
  ({ operand: x, new_sizes, dimensions }) =>
    run(() => {
      const tensor = operand("reshape", "operand", x);
      const order = dimensions === null ? undefined : axesOf("reshape", dimensions, tensor.rank);
      return core.reshape(order === undefined ? tensor : permuted(tensor, order), new_sizes);
    }),
);

/** Dimensions in another order. */
export const transpose: (
  ...args: Given<[operand: ArrayLike, permutation: Ints], [], { operand: ArrayLike; permutation: Ints }>
) => JaxArray = define("jax.lax.transpose", { operand: arrayLike, permutation: ints }, ({ operand: x, permutation }) =>
  run(() => {
    const tensor = computable("transpose", "operand", x);
    return permuted(tensor, axesOf("transpose", permutation, tensor.rank));
  }),
);

/** Joins arrays of one dtype along a dimension. */
export const concatenate: (
  ...args: Given<
    [operands: readonly JaxArray[], dimension: number],
    [],
    { operands: readonly JaxArray[]; dimension: number }
  >
) => JaxArray = define(
  "jax.lax.concatenate",
  { operands: listOf(array), dimension: natural },
  ({ operands, dimension }) =>
    run(() => {
      const tensors = operands.map((x, i) => computable("concatenate", `operands[${i}]`, x));
      return core.concat(tensors, axisOf("concatenate", dimension, tensors[0]?.rank ?? 0));
    }),
);

/** Reverses dimensions. */
export const rev: (
  ...args: Given<[operand: ArrayLike, dimensions: Ints], [], { operand: ArrayLike; dimensions: Ints }>
) => JaxArray = define("jax.lax.rev", { operand: arrayLike, dimensions: ints }, ({ operand: x, dimensions }) =>
  run(() => {
    const tensor = computable("rev", "operand", x);
    return core.flip(tensor, axesOf("rev", dimensions, tensor.rank));
  }),
);

/** Static slice: bounds within the shape, strides positive. */
export const slice: (
  ...args: Given<
    [operand: ArrayLike, start_indices: Ints, limit_indices: Ints],
    [strides: Ints | null],
    { operand: ArrayLike; start_indices: Ints; limit_indices: Ints; strides: Ints | null }
  >
) => JaxArray = define(
  "jax.lax.slice",
  { operand: arrayLike, start_indices: ints, limit_indices: ints, strides: ints.or(null) },
  ({ operand: x, start_indices, limit_indices, strides }) =>
    run(() => core.slice(computable("slice", "operand", x), start_indices, limit_indices, strides ?? undefined)),
);

/** 0, 1, ... along one dimension of a shape. */
export const broadcasted_iota: (
  ...args: Given<
    [dtype: Dtype, shape: Ints, dimension: number],
    [],
    { dtype: Dtype; shape: Ints; dimension: number; out_sharding: null }
  >
) => JaxArray = define(
  "jax.lax.broadcasted_iota",
  { dtype: dtypeKind, shape: ints, dimension: natural, "*": null, out_sharding },
  ({ dtype, shape: extents, dimension }) =>
    run(() => {
      const at = axisOf("broadcasted_iota", dimension, extents.length);
      const count = core.arange(0, extents[at] as number, 1, countable("broadcasted_iota", dtype));
      return broadcast(
        core.reshape(
          count,
          extents.map((_, i) => (i === at ? -1 : 1)),
        ),
        extents,
      );
    }),
);

/** 0 to size - 1. */
export const iota: (...args: Given<[dtype: Dtype, size: number], [], { dtype: Dtype; size: number }>) => JaxArray =
  define("jax.lax.iota", { dtype: dtypeKind, size: natural }, ({ dtype, size }) => {
    return run(() => core.arange(0, size, 1, countable("iota", dtype)));
  });

function countable(fn: string, dtype: Dtype): Dtype {
  if (checkDtype(fn, dtype) !== "bool") return dtype;
  throw new DtypeError({ op: fn, argument: "dtype", expected: "a dtype of numbers", given: dtype });
}
