// How often values occur.
import * as core from "@facet/autograd";
import { ArgumentError, type Tensor } from "@facet/autograd";
import { type Args, bool, define, int, listOf, number, only, show } from "@facet/dialect";
import { array, arrayLike, type Given } from "../arguments.js";
import { type ArrayLike, computable, converted, inexact, JaxArray, pair, run } from "../array.js";
import { linspace } from "./creation.js";

interface HistogramNamed {
  a: ArrayLike;
  bins: number | JaxArray;
  range: readonly [number, number] | null;
  weights: JaxArray | null;
  density: boolean | null;
}
type HistogramRest<Density> = [
  bins: number | JaxArray,
  range: readonly [number, number] | null,
  weights: JaxArray | null,
  ...Density[],
];
const HISTOGRAM = {
  a: arrayLike,
  bins: int.either(array).or(10),
  range: listOf(number, 2).or(null),
  weights: array.or(null),
} as const;

/** Edges of bins of one width, through which gradients reach the least and the largest element. */
function edgesOf(fn: string, { a, bins, range }: Pick<HistogramNamed, "a" | "bins" | "range">): Tensor {
  if (bins instanceof JaxArray) return inexact(fn, "bins", bins);
  const x = inexact(fn, "a", a);
  if (bins < 1 || (range && !(range[0] <= range[1])))
    throw new ArgumentError({
      op: fn,
      argument: bins < 1 ? "bins" : "range",
      expected: "at least one bin, the lower end first",
      given: show(bins < 1 ? bins : range),
    });
  const ends = range ?? (x.size === 0 ? [0, 1] : undefined);
  const [low, high] = ends ? ends.map((end) => core.full([], end, x.dtype)) : [core.min(x), core.max(x)];
  const one = core.equal(low as Tensor, high as Tensor);
  const from = core.where(one, core.sub(low as Tensor, 0.5), low as Tensor);
  const to = core.where(one, core.add(high as Tensor, 0.5), high as Tensor);
  return (linspace(new JaxArray(from), new JaxArray(to), bins + 1) as JaxArray).core;
}

function counted(fn: string, values: HistogramNamed): { counts: Tensor; edges: Tensor } {
  const { a, weights, density } = values;
  const x = inexact(fn, "a", a);
  const edges = edgesOf(fn, values);
  const { counts } = core.histogram(converted(x, "float32"), {
    bins: converted(edges, "float32"),
    weights: weights === null ? undefined : converted(weights.core, "float32"),
    density: density ?? false,
  });
  const own = weights === null || !core.isFloating(weights.dtype) ? x.dtype : weights.dtype;
  return { counts: core.cast(counts, own), edges };
}
/** Counts (float32) in bins of one width, or between given edges, and the edges. The last bin takes both of its ends. */
export const histogram: (
  ...args: Given<[a: ArrayLike], HistogramRest<boolean | null>, HistogramNamed>
) => [counts: JaxArray, edges: JaxArray] = define(
  "jax.numpy.histogram",
  { ...HISTOGRAM, density: bool.or(null) },
  (values) => {
    const given = values as unknown as HistogramNamed;
    return pair(
      () => {
        return counted("histogram", given);
      },
      "counts",
      "edges",
    );
  },
);
/** The edges that histogram would count between. */
export const histogram_bin_edges: (
  ...args: Given<[a: ArrayLike], HistogramRest<never>, Omit<HistogramNamed, "density">>
) => JaxArray = define("jax.numpy.histogram_bin_edges", { ...HISTOGRAM }, (values) =>
  run(() => edgesOf("histogram_bin_edges", values as unknown as HistogramNamed)),
);

interface BincountNamed {
  x: JaxArray;
  weights: JaxArray | null;
  minlength: number;
  length: number;
  out_sharding: null;
}
const counts = int.where("a whole number of 0 or more", (n) => n >= 0);
/**
 * How often each of 0, 1, ... length - 1 occurs among integers (int32), or the sum of its weights (float32). Negative integers
 * count as 0, those of `length` and more are not counted. Unlike in JAX `length` must be given: it does not depend on x.
 */
export const bincount: (
  x: JaxArray,
  ...args: Args<[weights: JaxArray | null, minlength: number], Omit<BincountNamed, "x">>
) => JaxArray = define(
  "jax.numpy.bincount",
  {
    x: array,
    weights: array.or(null),
    minlength: counts.or(0),
    "*": null,
    length: counts.or(null),
    out_sharding: only(null),
  },
  // A length that is given is not enlarged, as in the original.
  ({ x, weights, length }) =>
    run(() => {
      const fn = "bincount";
      if (length === null)
        throw new ArgumentError({ op: fn, argument: "length", expected: "the number of counts", given: "null" });
      const given = computable(fn, "x", x);
      const index = core.maximum(converted(given, "int32"), 0);
      if (weights === null) return core.bincount(index, length, { mode: "drop" });
      const added = inexact(fn, "weights", weights);
      return core.cast(
        core.bincount(index, length, { weights: converted(added, "float32"), mode: "drop" }),
        added.dtype,
      );
    }),
);
