// jax.lax: order, running and whole reductions along dimensions, and what is built of a function of two elements.
import * as core from "@facet/autograd";
import { ArgumentError, type Dtype, DtypeError, formatShape, ShapeError, type Tensor } from "@facet/autograd";
import { bool, func, int, type Kind, number } from "@facet/dialect";
import { arrayLike, declared, dtype as dtypeKind, tree as treeKind } from "../arguments.js";
import { type ArrayLike, checkDtype, computable, converted, JaxArray, run } from "../array.js";
import { axesOf, axisOf, permuted } from "../numpy/axes.js";
import * as reductions from "../numpy/reduce.js";
import { flatten, leavesOf, type PyTreeDef, unflatten } from "../tree/pytree.js";
import { treeScope } from "../tree/scope.js";
import { type Ints, natural, naturals, out_sharding } from "./shapes.js";

/** Booleans are ordered as integers. */
const placesOf = (x: Tensor, axis: number): Tensor =>
  core.argsort(x.dtype === "bool" ? core.cast(x, "int32") : x, { axis });

type Operands = JaxArray | readonly JaxArray[];
const operands = treeKind as never as Kind<Operands>;

function listOfArrays(fn: string, argument: string, given: Operands): Tensor[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw new ArgumentError({ op: fn, argument, expected: "one Array at least", given: "[]" });
  return list.map((x, i) => computable(fn, Array.isArray(given) ? `${argument}[${i}]` : argument, x as ArrayLike));
}

/** Arrays of one shape, all in the order of the first `num_keys` of them along a dimension. */
function sortedTogether(fn: string, tensors: readonly Tensor[], dimension: number, num_keys: number): Tensor[] {
  const [first] = tensors as [Tensor];
  for (const [i, x] of tensors.entries())
    if (`${x.shape}` !== `${first.shape}`)
      throw new ShapeError({
        op: fn,
        argument: `operand[${i}]`,
        expected: formatShape(first.shape),
        given: formatShape(x.shape),
      });
  if (num_keys < 1 || num_keys > tensors.length)
    throw new ArgumentError({
      op: fn,
      argument: "num_keys",
      expected: `1 to ${tensors.length}, as many as there are operands`,
      given: `${num_keys}`,
    });
  const axis = axisOf(fn, dimension, first.rank);
  const keys = tensors.slice(0, num_keys).reverse();
  let order = placesOf(keys[0] as Tensor, axis);
  for (const key of keys.slice(1)) {
    const next = placesOf(core.gatherElements(key, order, { axis, unique: true }), axis);
    order = core.gatherElements(order, next, { axis, unique: true });
  }
  return tensors.map((x) => core.gatherElements(x, order, { axis, unique: true }));
}

interface Sort {
  (operand: JaxArray, ...rest: readonly unknown[]): JaxArray;
  (operand: readonly JaxArray[], ...rest: readonly unknown[]): JaxArray[];
}
/** The array in ascending order along a dimension (default the last), or a list of arrays, all in the order of the first `num_keys`. */
export const sort: Sort = declared<[operand: Operands], [dimension: number, is_stable: boolean, num_keys: number]>()(
  "jax.lax.sort",
  { operand: operands, dimension: int.or(-1), is_stable: bool.or(true), num_keys: int.or(1) },
  ({ operand, dimension, num_keys }) => {
    const results = core.scope(() =>
      sortedTogether("sort", listOfArrays("sort", "operand", operand), dimension, num_keys),
    );
    const wrapped = results.map((x) => new JaxArray(x));
    return Array.isArray(operand) ? wrapped : wrapped[0];
  },
) as never;

/** Keys in ascending order along a dimension, and values in that order. */
export const sort_key_val = declared<[keys: JaxArray, values: JaxArray], [dimension: number, is_stable: boolean]>()(
  "jax.lax.sort_key_val",
  { keys: arrayLike, values: arrayLike, dimension: int.or(-1), is_stable: bool.or(true) },
  ({ keys, values, dimension }): [keys: JaxArray, values: JaxArray] => {
    const fn = "sort_key_val";
    const [k, v] = core.scope(() =>
      sortedTogether(fn, [computable(fn, "keys", keys), computable(fn, "values", values)], dimension, 1),
    ) as [Tensor, Tensor];
    return [new JaxArray(k), new JaxArray(v)];
  },
);

function topk(fn: string, given: ArrayLike, k: number, axis: number, largest: boolean): [JaxArray, JaxArray] {
  const [values, places] = core.scope(() => {
    const x = computable(fn, "operand", given);
    return core.topk(x, k, { axis: axisOf(fn, axis, x.rank), largest });
  });
  return [new JaxArray(values), new JaxArray(places)];
}
/** The k largest elements along an axis (default the last), largest first, and their places (int32). */
export const top_k = declared<[operand: ArrayLike, k: number]>()(
  "jax.lax.top_k",
  { operand: arrayLike, k: natural, "*": null, axis: int.or(-1) },
  ({ operand, k, axis }) => topk("top_k", operand, k, axis, true),
);
const approximate = (fn: "approx_max_k" | "approx_min_k", largest: boolean) =>
  declared<[operand: ArrayLike, k: number], [reduction_dimension: number, recall_target: number]>()(
    `jax.lax.${fn}`,
    {
      operand: arrayLike,
      k: natural,
      reduction_dimension: int.or(-1),
      recall_target: number.or(0.95),
      reduction_input_size_override: int.or(-1),
      aggregate_to_topk: bool.or(true),
    },
    ({ operand, k, reduction_dimension }) => topk(fn, operand, k, reduction_dimension, largest),
  );
/** As top_k: all of the largest are found, which any `recall_target` allows. */
export const approx_max_k = approximate("approx_max_k", true);
/** The k smallest, otherwise as approx_max_k. */
export const approx_min_k = approximate("approx_min_k", false);

type Running = (x: Tensor, options: { axis: number; reverse: boolean }) => Tensor;
const running = (fn: string, op: Running) =>
  declared<[operand: ArrayLike], [axis: number, reverse: boolean]>()(
    `jax.lax.${fn}`,
    { operand: arrayLike, axis: int.or(0), reverse: bool.or(false) },
    ({ operand, axis, reverse }) =>
      run(() => {
        const x = computable(fn, "operand", operand);
        if (x.dtype === "bool")
          throw new DtypeError({ op: fn, argument: "operand", expected: "numbers", given: "bool" });
        return op(x, { axis: axisOf(fn, axis, x.rank), reverse });
      }),
  );
export const cumsum = running("cumsum", core.cumsum);
export const cumprod = running("cumprod", core.cumprod);
export const cummax = running("cummax", (x, options) => core.cummax(x, options)[0]);
export const cummin = running("cummin", (x, options) => core.cummin(x, options)[0]);
/** log of the sums of e^x so far. */
export const cumlogsumexp = running("cumlogsumexp", core.logcumsumexp);

const place = (fn: "argmax" | "argmin", op: (x: Tensor, axis: number) => Tensor) =>
  declared<[operand: ArrayLike, axis: number, index_dtype: Dtype]>()(
    `jax.lax.${fn}`,
    { operand: arrayLike, axis: int, index_dtype: dtypeKind },
    ({ operand, axis, index_dtype }) =>
      run(() => {
        const x = computable(fn, "operand", operand);
        const found = op(x.dtype === "bool" ? core.cast(x, "int32") : x, axisOf(fn, axis, x.rank));
        return converted(found, checkDtype(fn, index_dtype));
      }),
  );
/** Place of the largest element along an axis, the first of equal ones. */
export const argmax = place("argmax", (x, axis) => core.argmax(x, axis));
/** Place of the smallest element along an axis, the first of equal ones. */
export const argmin = place("argmin", (x, axis) => core.argmin(x, axis));

const whole = (fn: string, op: (x: ArrayLike, axes: Ints) => JaxArray) =>
  declared<[operand: ArrayLike, axes: Ints]>()(
    `jax.lax.${fn}`,
    { operand: arrayLike, axes: naturals },
    ({ operand, axes }) => op(operand, axes),
  );
/** Sum over some dimensions, which go. */
export const reduce_sum = declared<[operand: ArrayLike, axes: Ints]>()(
  "jax.lax.reduce_sum",
  { operand: arrayLike, axes: naturals, "*": null, out_sharding },
  ({ operand, axes }) => reductions.sum(operand, axes),
);
export const reduce_prod = whole("reduce_prod", (x, axes) => reductions.prod(x, axes));
export const reduce_max = whole("reduce_max", (x, axes) => reductions.max(x, axes));
export const reduce_min = whole("reduce_min", (x, axes) => reductions.min(x, axes));

/** Bits of integers, or truth, joined over some dimensions. */
const joined = (fn: string, op: (a: Tensor, b: Tensor) => Tensor, neutral: number) =>
  whole(fn, (given, axes) =>
    run(() => {
      const x = computable(fn, "operand", given);
      if (core.isFloating(x.dtype))
        throw new DtypeError({ op: fn, argument: "operand", expected: "integers or booleans", given: x.dtype });
      return folded(fn, [x], [core.cast(core.full([], neutral, "int32"), x.dtype)], axes, ([a], [b]) => [
        op(a as Tensor, b as Tensor),
      ])[0] as Tensor;
    }),
  );
export const reduce_and = joined("reduce_and", core.bitwiseAnd, -1);
export const reduce_or = joined("reduce_or", core.bitwiseOr, 0);
export const reduce_xor = joined("reduce_xor", core.bitwiseXor, 0);

type Combine = (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tensor[];

/** Tensors of one shape folded over some dimensions by halves, and with the initial values. */
function folded(fn: string, xs: readonly Tensor[], inits: readonly Tensor[], axes: Ints, combine: Combine): Tensor[] {
  const [first] = xs as [Tensor];
  const at = axesOf(fn, axes, first.rank);
  const rest = [...first.shape.keys()].filter((d) => !at.includes(d));
  const left = rest.map((d) => first.shape[d] as number);
  let count = core.sizeOf(at.map((d) => first.shape[d] as number));
  let parts: readonly Tensor[] = xs.map((x) => core.reshape(permuted(x, [...at, ...rest]), [count, ...left]));
  const starts = inits.map((init) => core.expand(init, left));
  if (count === 0) return starts;
  const rows = (from: number, to: number): Tensor[] => parts.map((x) => core.sliceAlong(x, 0, from, to));
  while (count > 1) {
    const half = Math.floor(count / 2);
    const met = combine(rows(0, half), rows(half, 2 * half));
    const odd = count % 2 === 1 ? rows(2 * half, count) : undefined;
    parts = met.map((x, i) => (odd ? core.concat([x, odd[i] as Tensor], 0) : x));
    count = half + (odd ? 1 : 0);
  }
  return [
    ...combine(
      starts,
      parts.map((x) => core.reshape(x, left)),
    ),
  ];
}

// biome-ignore lint/suspicious/noExplicitAny: trees of any structure.
type Computation = (a: any, b: any) => unknown;
const computation = func;

/** A function of trees of arrays as one of lists of tensors. */
const ofTensors =
  (f: Computation, treedef: PyTreeDef): Combine =>
  (a, b) =>
    leavesOf<JaxArray>(
      f(
        unflatten(
          treedef,
          a.map((x) => new JaxArray(x)),
        ),
        unflatten(
          treedef,
          b.map((x) => new JaxArray(x)),
        ),
      ),
    ).map((x) => x.core);

/** Leaves of a tree of arrays and numbers, as tensors. */
function tensorsOf(fn: string, argument: string, tree: unknown) {
  const [leaves, treedef] = flatten(tree);
  return { tensors: leaves.map((leaf) => computable(fn, argument, leaf as ArrayLike)), treedef };
}

/**
 * An array, or a tree of arrays of one shape, folded over some dimensions by a function of two, which must be associative and
 * commutative, from `init_values` (scalars, one for each).
 */
export const reduce = declared<[operands: unknown, init_values: unknown, computation: Computation, dimensions: Ints]>()(
  "jax.lax.reduce",
  { operands: treeKind, init_values: treeKind, computation, dimensions: naturals, out_sharding },
  // biome-ignore lint/suspicious/noExplicitAny: of the structure of the operands.
  ({ operands, init_values, computation, dimensions }): any =>
    treeScope("reduce", () => {
      const { tensors, treedef } = tensorsOf("reduce", "operands", operands);
      const starts = treedef.flatten_up_to(init_values).map((init, i) => {
        const start = converted(computable("reduce", "init_values", init as ArrayLike), (tensors[i] as Tensor).dtype);
        if (start.rank === 0) return start;
        const given = formatShape(start.shape);
        throw new ShapeError({ op: "reduce", argument: "init_values", expected: "scalars", given });
      });
      if (tensors.length === 0) return operands;
      const combined = folded("reduce", tensors, starts, dimensions, ofTensors(computation, treedef));
      return unflatten(
        treedef,
        combined.map((x) => new JaxArray(x)),
      );
    }),
);

/** Everything so far, by an associative function of lists of tensors: pairs first, then what lies between them. */
function scanned(xs: readonly Tensor[], axis: number, combine: Combine): readonly Tensor[] {
  const count = (xs[0] as Tensor).shape[axis] as number;
  if (count < 2) return xs;
  const every = (tensors: readonly Tensor[], start: number, stop: number, step: number): Tensor[] =>
    tensors.map((x) =>
      core.slice(
        x,
        x.shape.map((_, d) => (d === axis ? start : 0)),
        x.shape.map((extent, d) => (d === axis ? stop : extent)),
        x.shape.map((_, d) => (d === axis ? step : 1)),
      ),
    );
  const pairs = combine(every(xs, 0, count - 1, 2), every(xs, 1, count, 2));
  const odd = scanned(pairs, axis, combine);
  const half = Math.floor(count / 2);
  const later = count > 2 ? combine(every(odd, 0, count % 2 === 0 ? half - 1 : half, 1), every(xs, 2, count, 2)) : [];
  return xs.map((x, i) => {
    const first = core.sliceAlong(x, axis, 0, 1);
    const even = later[i] ? core.concat([first, later[i] as Tensor], axis) : first;
    const dtype = (odd[i] as Tensor).dtype;
    const steps = x.shape.map((_, d) => (d === axis ? 2 : 1));
    const from = (at: number) => x.shape.map((_, d) => (d === axis ? at : 0));
    const laid = core.updateSlice(core.zeros(x.shape, dtype), converted(even, dtype), from(0), steps);
    return core.updateSlice(laid, odd[i] as Tensor, from(1), steps);
  });
}

/**
 * Everything so far along an axis, by an associative function `fn(a, b)` of trees of arrays, in a logarithmic number of steps;
 * from the end on with `reverse`.
 */
export const associative_scan = declared<[fn: Computation, elems: unknown], [reverse: boolean, axis: number]>()(
  "jax.lax.associative_scan",
  { fn: computation, elems: treeKind, reverse: bool.or(false), axis: int.or(0) },
  // biome-ignore lint/suspicious/noExplicitAny: of the structure of the elements.
  ({ fn, elems, reverse, axis }): any =>
    treeScope("associative_scan", () => {
      const op = "associative_scan";
      const { tensors, treedef } = tensorsOf(op, "elems", elems);
      if (tensors.length === 0) return elems;
      const at = axisOf(op, axis, (tensors[0] as Tensor).rank);
      const count = (tensors[0] as Tensor).shape[at];
      for (const x of tensors)
        if (x.shape[at] !== count)
          throw new ShapeError({
            op,
            argument: "elems",
            expected: `${count} elements along axis ${at} of every array`,
            given: formatShape(x.shape),
          });
      const turned = (list: readonly Tensor[]) => (reverse ? list.map((x) => core.flip(x, [at])) : list);
      const results = turned(scanned(turned(tensors), at, ofTensors(fn, treedef)));
      return unflatten(
        treedef,
        results.map((x) => new JaxArray(x)),
      );
    }),
);
