// Functions whose results have as many elements as values say. With `size` they have that many, and are there at once, as in a jitted
// function of the original; without they are promises, as the number must be read first.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor, type Unique } from "@facet/autograd";
import { bool, define, int, type Keywords, only } from "@facet/dialect";
import { arrayLike } from "../arguments.js";
import { type ArrayLike, computable, converted, JaxArray, operand, run } from "../array.js";
import { lineOf } from "./axes.js";
import { promoted } from "./ufunc.js";

interface SizedNamed {
  size: number;
  fill_value: ArrayLike | null;
}
/** A function that gives T with `size`, and a promise of it without. */
type Sized<Args extends readonly unknown[], Named, T> = {
  (...args: [...Args, Keywords<Named & SizedNamed> & { readonly size: number }]): T;
  (...args: [...Args, Keywords<Named & { fill_value: ArrayLike | null; size: null }>?]): Promise<T>;
};

export const SIZED = {
  "*": null,
  size: int.where("a whole number of 0 or more", (n) => n >= 0).or(null),
  fill_value: arrayLike.or(null),
} as const;

const later = <A, T>(value: A | Promise<A>, next: (value: A) => T): T | Promise<T> =>
  value instanceof Promise ? value.then(next) : next(value);

/** One column of coordinates a dimension. */
const columns = (x: Tensor): JaxArray[] =>
  Array.from({ length: x.shape[1] as number }, (_, d) =>
    run(() => core.reshape(core.sliceAlong(x, 1, d, d + 1), [x.shape[0] as number])),
  );

function coordinates(
  fn: string,
  a: ArrayLike,
  size: number | null,
  fill_value: ArrayLike | null,
): Tensor | Promise<Tensor> {
  const x = computable(fn, "a", a);
  const line = x.rank === 0 ? core.reshape(x, [1]) : x;
  if (size === null) return core.nonzero(line);
  const fill = fill_value ?? 0;
  if (typeof fill === "number") return core.nonzeroOfSize(line, size, fill);
  throw new ArgumentError({ op: fn, argument: "fill_value", expected: "a number", given: "an Array" });
}

/** Places of the elements that are not 0, in row-major order: an int32 array for each dimension. */
export const nonzero: Sized<[a: ArrayLike], unknown, JaxArray[]> = define(
  "jax.numpy.nonzero",
  { a: arrayLike, ...SIZED },
  ({ a, size, fill_value }) => later(coordinates("nonzero", a, size, fill_value), columns),
) as never;
/** The same in the array laid flat. */
export const flatnonzero: Sized<[a: ArrayLike], unknown, JaxArray> = define(
  "jax.numpy.flatnonzero",
  { a: arrayLike, ...SIZED },
  ({ a, size, fill_value }) => {
    const line = run(() => {
      const x = computable("flatnonzero", "a", a);
      return core.reshape(x, [x.size]);
    });
    return later(coordinates("flatnonzero", line, size, fill_value), (found) => columns(found)[0]);
  },
) as never;
/** Places of the elements that are not 0: int32 [count, dimensions]. */
export const argwhere: Sized<[a: ArrayLike], unknown, JaxArray> = define(
  "jax.numpy.argwhere",
  { a: arrayLike, ...SIZED },
  ({ a, size, fill_value }) => later(coordinates("argwhere", a, size, fill_value), (found) => new JaxArray(found)),
) as never;

interface UniqueNamed {
  return_index: boolean;
  return_inverse: boolean;
  return_counts: boolean;
  axis: number | null;
  equal_nan: boolean;
  sorted: boolean;
}

function found(
  fn: string,
  ar: ArrayLike,
  {
    axis = null,
    equal_nan = true,
    size,
    fill_value,
  }: { axis?: number | null; equal_nan?: boolean; size: number | null; fill_value: ArrayLike | null },
): Unique | Promise<Unique> {
  const given = computable(fn, "ar", ar);
  const x = given.rank === 0 ? core.reshape(given, [1]) : given;
  const options = { ...(axis === null ? {} : { axis }), equalNan: equal_nan };
  if (size === null) return core.unique(x, options);
  const all = core.uniqueOfSize(x, size, options);
  // Beyond their number stands the fill value, by default the least.
  const along = axis === null ? 0 : axis < 0 ? axis + x.rank : axis;
  const shape = all.values.shape.map((_, d) => (d === along ? size : 1));
  const isThere = core.reshape(core.greater(all.counts, 0), shape);
  const fill =
    fill_value === null
      ? size === 0
        ? all.values
        : core.sliceAlong(all.values, along, 0, 1)
      : converted(operand(fn, "fill_value", fill_value), x.dtype);
  const first = core.sliceAlong(all.indices, 0, 0, Math.min(1, size));
  return {
    ...all,
    values: core.where(isThere, all.values, fill),
    indices: size === 0 ? all.indices : core.where(core.greater(all.counts, 0), all.indices, first),
  };
}

const kept = (parts: readonly Tensor[]): JaxArray[] => parts.map((x) => new JaxArray(x));

/**
 * Distinct elements in ascending order, or distinct slices along an axis; a list with where each stands first, the place of each element
 * among them, and how often each occurs, as far as they are asked for. All NaN are one.
 */
export const unique: Sized<[ar: ArrayLike], UniqueNamed, JaxArray | JaxArray[]> = define(
  "jax.numpy.unique",
  {
    ar: arrayLike,
    return_index: bool.or(false),
    return_inverse: bool.or(false),
    return_counts: bool.or(false),
    axis: int.or(null),
    "*": null,
    equal_nan: bool.or(true),
    size: SIZED.size,
    fill_value: SIZED.fill_value,
    sorted: bool.or(true),
  },
  ({ ar, return_index, return_inverse, return_counts, ...options }) =>
    later(found("unique", ar, options), ({ values, indices, inverse, counts }) => {
      const asked = [
        values,
        ...(return_index ? [indices] : []),
        ...(return_inverse ? [inverse] : []),
        ...(return_counts ? [counts] : []),
      ];
      return asked.length === 1 ? new JaxArray(values) : kept(asked);
    }),
) as never;

const some = <T>(name: string, pick: (found: Unique) => T): Sized<[x: ArrayLike], unknown, T> =>
  define(`jax.numpy.${name}`, { x: arrayLike, "/": null, ...SIZED }, ({ x, size, fill_value }) =>
    later(found(name, x, { size, fill_value, equal_nan: false }), pick),
  ) as never;
type Four = [values: JaxArray, indices: JaxArray, inverse_indices: JaxArray, counts: JaxArray];
/** [values, indices, inverse, counts]. No NaN is another. */
export const unique_all = some(
  "unique_all",
  ({ values, indices, inverse, counts }) => kept([values, indices, inverse, counts]) as Four,
);
export const unique_counts = some(
  "unique_counts",
  ({ values, counts }) => kept([values, counts]) as [JaxArray, JaxArray],
);
export const unique_inverse = some(
  "unique_inverse",
  ({ values, inverse }) => kept([values, inverse]) as [JaxArray, JaxArray],
);
export const unique_values = some("unique_values", ({ values }) => new JaxArray(values));

/** Elements of both, each once, in ascending order. */
export const union1d: Sized<[ar1: ArrayLike, ar2: ArrayLike], unknown, JaxArray> = define(
  "jax.numpy.union1d",
  { ar1: arrayLike, ar2: arrayLike, ...SIZED },
  ({ ar1, ar2, size, fill_value }) => {
    const both = run(() =>
      core.concat(
        promoted("union1d", { ar1, ar2 }).map((x) => core.reshape(x, [x.size])),
        0,
      ),
    );
    return later(found("union1d", both, { size, fill_value }), ({ values }) => new JaxArray(values));
  },
) as never;

/** Which elements are among others. */
export function among(element: Tensor, others: Tensor): Tensor {
  if (others.size === 0) return core.full(element.shape, false, "bool");
  const each = core.reshape(element, [element.size, 1]);
  const hit = core.any(core.equal(each, core.reshape(others, [1, others.size])), { axes: 1 });
  return core.reshape(hit, element.shape);
}

/** Elements of the line that a mask marks; beyond their number the fill value. */
function marked(
  fn: string,
  line: Tensor,
  mask: Tensor,
  size: number | null,
  fill: ArrayLike,
): JaxArray | Promise<JaxArray> {
  if (size === null) return core.maskedSelect(line, mask).then((x) => new JaxArray(x));
  return run(() => {
    const places = core.reshape(core.nonzeroOfSize(mask, size, -1), [size]);
    const values = core.take(line, places, { axis: 0, mode: "clip", negative: false });
    return core.where(core.less(places, 0), converted(operand(fn, "fill_value", fill), line.dtype), values);
  });
}

const difference =
  (name: "setdiff1d" | "setxor1d" | "intersect1d") =>
  ({
    ar1,
    ar2,
    size,
    fill_value,
  }: {
    ar1: ArrayLike;
    ar2: ArrayLike;
    size: number | null;
    fill_value: ArrayLike | null;
  }) => {
    const [a, b] = promoted(name, { ar1, ar2 }).map((x) => core.reshape(x, [x.size])) as [Tensor, Tensor];
    const whole = name === "setxor1d" ? core.concat([a, b], 0) : a;
    const room = whole.size;
    const select = ({ values, counts }: Unique): JaxArray | Promise<JaxArray> => {
      const there = core.greater(counts, 0);
      const [inA, inB] = [among(values, a), among(values, b)];
      const wanted =
        name === "setdiff1d" ? core.logicalNot(inB) : name === "intersect1d" ? inB : core.logicalXor(inA, inB);
      const least = core.reshape(core.sliceAlong(values, 0, 0, 1), []);
      return marked(name, values, core.logicalAnd(there, wanted), size, fill_value ?? new JaxArray(least));
    };
    if (room === 0)
      return size === null
        ? Promise.resolve(new JaxArray(whole))
        : marked(name, whole, core.zeros([0], "bool"), size, fill_value ?? 0);
    return size === null ? core.unique(whole).then(select) : select(core.uniqueOfSize(whole, room));
  };
const SETS = { ar1: arrayLike, ar2: arrayLike, assume_unique: bool.or(false) } as const;
type OfTwo = Sized<[ar1: ArrayLike, ar2: ArrayLike], { assume_unique: boolean }, JaxArray>;
/** Elements of the first that the second has not, each once, in ascending order. */
export const setdiff1d: OfTwo = define("jax.numpy.setdiff1d", { ...SETS, ...SIZED }, difference("setdiff1d")) as never;
/** Elements of one alone. */
export const setxor1d: OfTwo = define("jax.numpy.setxor1d", { ...SETS, ...SIZED }, difference("setxor1d")) as never;
/** Elements of both at once, each once, in ascending order. */
export const intersect1d: OfTwo = define(
  "jax.numpy.intersect1d",
  { ...SETS, return_indices: only(false), ...SIZED },
  difference("intersect1d"),
) as never;

/** Whether each element is among others, or with `invert` is not. */
export const isin: (
  element: ArrayLike,
  test_elements: ArrayLike,
  options?: Keywords<{ assume_unique: boolean; invert: boolean; method: string }>,
) => JaxArray = define(
  "jax.numpy.isin",
  {
    element: arrayLike,
    test_elements: arrayLike,
    assume_unique: bool.or(false),
    invert: bool.or(false),
    "*": null,
    method: only("auto", "compare_all", "binary_search", "sort"),
  },
  ({ element, test_elements, invert }) =>
    run(() => {
      const [x, others] = promoted("isin", { element, test_elements }) as [Tensor, Tensor];
      const hit = among(x, others);
      return invert ? core.logicalNot(hit) : hit;
    }),
);

interface ExtractNamed {
  fill_value: ArrayLike;
}
const SELECTED = { size: SIZED.size, fill_value: arrayLike.or(0) } as const;
/** Elements where the condition, laid flat, is not 0. */
export const extract: Sized<[condition: ArrayLike, arr: ArrayLike], ExtractNamed, JaxArray> = define(
  "jax.numpy.extract",
  { condition: arrayLike, arr: arrayLike, "*": null, ...SELECTED },
  ({ condition, arr, size, fill_value }) => compressed("extract", condition, "arr", arr, null, size, fill_value),
) as never;
/** Slices along an axis (or elements of the array laid flat) where the condition is not 0; what is beyond it is left out. */
export const compress: Sized<[condition: ArrayLike, a: ArrayLike], ExtractNamed & { axis: number | null }, JaxArray> =
  define(
    "jax.numpy.compress",
    { condition: arrayLike, a: arrayLike, axis: int.or(null), "*": null, ...SELECTED, out: only(null) },
    ({ condition, a, axis, size, fill_value }) => compressed("compress", condition, "a", a, axis, size, fill_value),
  ) as never;

function compressed(
  fn: string,
  condition: ArrayLike,
  argument: string,
  a: ArrayLike,
  axis: number | null,
  size: number | null,
  fill: ArrayLike,
): JaxArray | Promise<JaxArray> {
  const [x, at] = lineOf(fn, computable(fn, argument, a), axis);
  const given = operand(fn, "condition", condition);
  const extent = x.shape[at] as number;
  const line = converted(core.reshape(given, [given.size]), "bool");
  const mask =
    line.size > extent
      ? core.sliceAlong(line, 0, 0, extent)
      : core.concat([line, core.zeros([extent - line.size], "bool")], 0);
  const rows = (places: Tensor): JaxArray => run(() => core.take(x, core.reshape(places, [places.size]), { axis: at }));
  if (size === null) return core.nonzero(mask).then(rows);
  return run(() => {
    const places = core.reshape(core.nonzeroOfSize(mask, size, -1), [size]);
    const values = core.take(x, places, { axis: at, mode: "clip", negative: false });
    const none = core.reshape(
      core.less(places, 0),
      x.shape.map((_, d) => (d === at ? size : 1)),
    );
    return core.where(none, converted(operand(fn, "fill_value", fill), x.dtype), values);
  });
}
