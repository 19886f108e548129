// Sorting, searching in order, and what orders give: medians and quantiles.
import * as core from "@facet/autograd";
import { ArgumentError, type Interpolation, type Tensor } from "@facet/autograd";
import { type Args, bool, define, defineMethod, int, listOf, number, oneOf, only, show } from "@facet/dialect";
import { array, arrayLike, arrays, axes, type Given } from "../arguments.js";
import { type ArrayLike, type Axis, computable, converted, inexact, JaxArray, run } from "../array.js";
import { axesOf, axisOf, lineOf } from "./axes.js";
import { promoted } from "./ufunc.js";

/** Booleans are ordered as integers. */
const ordered = <T>(x: Tensor, order: (x: Tensor) => T): T => order(x.dtype === "bool" ? core.cast(x, "int32") : x);

export interface SortNamed {
  axis: number | null;
  kind: null;
  order: null;
  stable: boolean;
  descending: boolean;
}
const SORT = {
  axis: int.orNone.or(-1),
  "*": null,
  kind: only(null),
  order: only(null),
  // Sorting is stable, which is what either value allows.
  stable: bool.or(true),
  descending: bool.or(false),
} as const;

function sorted(a: ArrayLike, axis: number | null, descending: boolean): JaxArray {
  return run(() => {
    const [x, at] = lineOf("sort", computable("sort", "a", a), axis);
    return converted(
      ordered(x, (of) => core.sort(of, { axis: at, descending })[0]),
      x.dtype,
    );
  });
}
function places(a: ArrayLike, axis: number | null, descending: boolean): JaxArray {
  return run(() => {
    const [x, at] = lineOf("argsort", computable("argsort", "a", a), axis);
    return ordered(x, (of) => core.argsort(of, { axis: at, descending }));
  });
}

type Sort = (...args: Given<[a: ArrayLike], [axis: number | null], SortNamed & { a: ArrayLike }>) => JaxArray;
type SortMethod = (self: JaxArray, ...args: Args<[axis: number | null], SortNamed>) => JaxArray;
/** Elements in ascending order along an axis (default the last), or of the array laid flat; NaN comes last. */
export const sort: Sort = define("jax.numpy.sort", { a: arrayLike, ...SORT }, ({ a, axis, descending }) =>
  sorted(a, axis, descending),
);
const sortMethod: SortMethod = defineMethod("jax.Array.sort", SORT, (self: JaxArray, { axis, descending }) =>
  sorted(self, axis, descending),
);
/** Places (int32) of the elements in ascending order; equal ones stay in theirs. */
export const argsort: (
  ...args: Given<[a: ArrayLike], [axis: number | null], SortNamed & { a: ArrayLike; dtype: "int32" | null }>
) => JaxArray = define(
  "jax.numpy.argsort",
  { a: arrayLike, ...SORT, dtype: only(null, "int32") },
  ({ a, axis, descending }) => places(a, axis, descending),
);
const argsortMethod: SortMethod = defineMethod("jax.Array.argsort", SORT, (self: JaxArray, { axis, descending }) =>
  places(self, axis, descending),
);

/** Places (int32) in the order of the last key, where that is equal of the one before, and so on. */
export const lexsort: (
  ...args: Given<
    [keys: JaxArray | readonly ArrayLike[]],
    [axis: number],
    { keys: JaxArray | readonly ArrayLike[]; axis: number }
  >
) => JaxArray = define("jax.numpy.lexsort", { keys: arrays, axis: int.or(-1) }, ({ keys, axis }) =>
  run(() => {
    const rows =
      keys instanceof JaxArray
        ? Array.from({ length: keys.shape[0] ?? 0 }, (_, i) =>
            core.reshape(core.sliceAlong(keys.core, 0, i, i + 1), keys.shape.slice(1)),
          )
        : keys.map((key, i) => computable("lexsort", `keys[${i}]`, key));
    const [first] = rows;
    if (!first)
      throw new ArgumentError({ op: "lexsort", argument: "keys", expected: "at least one key", given: show(keys) });
    const at = axisOf("lexsort", axis, first.rank);
    let order = ordered(first, (x) => core.argsort(x, { axis: at }));
    for (const key of rows.slice(1)) {
      const next = ordered(core.gatherElements(key, order, { axis: at }), (x) => core.argsort(x, { axis: at }));
      order = core.gatherElements(order, next, { axis: at });
    }
    return order;
  }),
);

type Side = "left" | "right";
interface SearchNamed {
  a: ArrayLike;
  v: ArrayLike;
  side: Side;
  sorter: JaxArray | null;
  method: string;
}
function placed(fn: string, sorted: Tensor, values: Tensor, right: boolean, sorter?: Tensor): Tensor {
  if (sorted.rank === 1) {
    const line = core.reshape(values, [values.size]);
    return core.reshape(core.searchSorted(sorted, line, { right, sorter }), values.shape);
  }
  throw new ArgumentError({
    op: fn,
    argument: fn === "digitize" ? "bins" : "a",
    expected: "one dimension",
    given: core.formatShape(sorted.shape),
  });
}
/** How many elements of `a`, which ascends (or does in the order of `sorter`), go before each value (int32). */
export const searchsorted: (
  ...args: Given<[a: ArrayLike, v: ArrayLike], [side: Side, sorter: JaxArray | null], SearchNamed>
) => JaxArray = define(
  "jax.numpy.searchsorted",
  {
    a: arrayLike,
    v: arrayLike,
    side: oneOf("left", "right").or("left"),
    sorter: array.or(null),
    "*": null,
    method: oneOf("scan", "scan_unrolled", "sort", "compare_all").or("scan"),
  },
  ({ a, v, side, sorter }) =>
    run(() => {
      const [line, values] = promoted("searchsorted", { a, v }) as [Tensor, Tensor];
      return placed("searchsorted", line, values, side === "right", sorter?.core);
    }),
);

/** The bin of each element, counted from 1; `bins` are edges that all ascend or all descend. */
export const digitize: (
  ...args: Given<
    [x: ArrayLike, bins: JaxArray],
    [right: boolean],
    { x: ArrayLike; bins: JaxArray; right: boolean; method: string | null }
  >
) => JaxArray = define(
  "jax.numpy.digitize",
  {
    x: arrayLike,
    bins: array,
    right: bool.or(false),
    "*": null,
    method: oneOf("scan", "scan_unrolled", "sort", "compare_all").or(null),
  },
  ({ x, bins, right }) =>
    run(() => {
      const [values, edges] = promoted("digitize", { x, bins }) as [Tensor, Tensor];
      const count = edges.size;
      const up = placed("digitize", edges, values, !right);
      if (count < 2) return up;
      const down = core.sub(count, placed("digitize", core.flip(edges, [0]), values, !right));
      const first = core.sliceAlong(edges, 0, 0, 1);
      const last = core.sliceAlong(edges, 0, count - 1, count);
      return core.where(core.reshape(core.greater(first, last), []), down, up);
    }),
);

const METHODS = ["linear", "lower", "higher", "midpoint", "nearest"] as const satisfies Interpolation[];
interface QuantileNamed {
  a: ArrayLike;
  q: ArrayLike | readonly number[];
  axis: Axis;
  out: null;
  overwrite_input: boolean;
  method: Interpolation;
  keepdims: boolean;
  weights: null;
}
type Quantile<More = object> = (
  ...args: Given<
    [a: ArrayLike, q: ArrayLike | readonly number[]],
    [axis: Axis, out: null, overwrite_input: boolean, method: Interpolation, keepdims: boolean],
    QuantileNamed & More
  >
) => JaxArray;
const QUANTILE = {
  a: arrayLike,
  q: arrayLike.either(listOf(number)),
  axis: axes,
  out: only(null),
  // Nothing is overwritten, which true allows too.
  overwrite_input: bool.or(false),
  method: oneOf(...METHODS).or("linear"),
  keepdims: bool.or(false),
  "*": null,
  weights: only(null),
} as const;

function quantileOf(fn: string, values: Omit<QuantileNamed, "out" | "overwrite_input" | "weights">): JaxArray {
  const { a, q, axis, method, keepdims } = values;
  return run(() => {
    const x = inexact(fn, "a", a);
    const scale = fn.endsWith("percentile") ? 100 : 1;
    // As in the original the least and the largest element stand for what lies outside; lists are checked by the core.
    const level =
      q instanceof JaxArray
        ? core.clamp(core.div(converted(q.core, "float32"), scale), 0, 1)
        : typeof q === "object"
          ? q.map((one) => one / scale)
          : Number(q) / scale;
    const options = {
      axes: axesOf(fn, axis, x.rank),
      keepdims,
      interpolation: method,
      ignoreNan: fn.startsWith("nan"),
    };
    return core.quantile(x, level, options);
  });
}
const quantileFn = <More>(name: string, more: object = {}): Quantile<More> =>
  define(`jax.numpy.${name}`, { ...QUANTILE, ...more }, (values) =>
    quantileOf(name, values as unknown as QuantileNamed),
  );
/** Quantiles over `axis` (default all dimensions), in float32, of q from 0 to 1; for several q their dimension comes first. */
export const quantile = quantileFn("quantile");
/** As quantile, of q from 0 to 100. */
export const percentile = quantileFn<{ out_sharding: null }>("percentile", { out_sharding: only(null) });
/** As quantile, without NaN. */
export const nanquantile = quantileFn("nanquantile");
/** As percentile, without NaN. */
export const nanpercentile = quantileFn("nanpercentile");

interface MedianNamed {
  a: ArrayLike;
  axis: Axis;
  out: null;
  overwrite_input: boolean;
  keepdims: boolean;
}
const medianFn = (
  name: "median" | "nanmedian",
): ((
  ...args: Given<[a: ArrayLike], [axis: Axis, out: null, overwrite_input: boolean, keepdims: boolean], MedianNamed>
) => JaxArray) =>
  define(
    `jax.numpy.${name}`,
    { a: arrayLike, axis: axes, out: only(null), overwrite_input: bool.or(false), keepdims: bool.or(false) },
    ({ a, axis, keepdims }) =>
      quantileOf(name === "median" ? "quantile" : "nanquantile", { a, q: 0.5, axis, method: "midpoint", keepdims }),
  );
/** The middle element over `axis` (default all dimensions), or the mean of the two, in float32. */
export const median = medianFn("median");
/** As median, without NaN. */
export const nanmedian = medianFn("nanmedian");

export const orderingMethods = { sort: sortMethod, argsort: argsortMethod };
