// Sums that pass over NaN, several results at once, and counts of values.
import * as core from "@facet/autograd";
import { type Args, bool, int, listOf, number } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain, dimension } from "../errors.js";
import { dims, forms, native, out, scalar, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import {
  axesOf,
  type Dims,
  floats,
  type ReduceArguments,
  readSpread,
  several,
  type TypedReduceArgs,
  type VarArgs,
} from "./reduce.js";
import { notImplemented, requireFloat } from "./scalar.js";
import { tuple } from "./tuples.js";

const withoutNan = (x: core.Tensor): core.Tensor => (x.dtype === "float32" ? core.where(core.isNan(x), 0, x) : x);

/** Sum of what is not NaN, over all dimensions or the given ones. */
export const nansum: (input: Tensor, ...args: TypedReduceArgs) => Tensor = native(
  "nansum",
  { input: tensor, ...several, dim: dims.or(null) },
  ({ input, dim, keepdim, dtype }) => {
    const options = axesOf("nansum", input, dim, keepdim);
    return core.scope(() => {
      const x = dtype === null ? input.core : convertCore(input.core, dtype.core);
      return wrap(core.checked.sum(withoutNan(x), options));
    });
  },
);
/** Mean of what is not NaN, of floats. */
export const nanmean: (input: Tensor, ...args: TypedReduceArgs) => Tensor = native(
  "nanmean",
  { input: tensor, ...several, dim: dims.or(null) },
  ({ input, dim, keepdim, dtype }) => {
    floats("nanmean", input.core);
    const options = axesOf("nanmean", input, dim, keepdim);
    return core.scope(() => {
      const x = dtype === null ? input.core : floats("nanmean", convertCore(input.core, dtype.core));
      const counts = core.sum(core.cast(core.logicalNot(core.isNan(x)), "float32"), options);
      return wrap(core.div(core.sum(withoutNan(x), options), counts));
    });
  },
);

/** log of the sum of e^x over dimensions, without overflow; integers as floats. */
export const logsumexp: (
  input: Tensor,
  ...args: Args<[dim: number | readonly number[], keepdim: boolean], ReduceArguments>
) => Tensor = native(
  "logsumexp",
  { input: tensor, dim: dims, keepdim: false, "*": null, out },
  ({ input, dim, keepdim }) => {
    const options = axesOf("logsumexp", input, dim, keepdim);
    return core.scope(() => wrap(core.logsumexp(convertCore(input.core, "float32"), options)));
  },
);

export interface CountArguments {
  /** One dimension or several; null for all. */
  dim: Dims;
}
/** How many elements are not 0. */
export const count_nonzero: (input: Tensor, ...args: Args<[dim: Dims], CountArguments>) => Tensor = native(
  "count_nonzero",
  { input: tensor, dim: dims.or(null) },
  ({ input, dim }) => {
    const options = axesOf("count_nonzero", input, dim, false);
    return core.scope(() => wrap(core.sum(core.cast(convertCore(input.core, "bool"), "int32"), options)));
  },
);

type MinAndMax = [min: Tensor, max: Tensor] & { min: Tensor; max: Tensor };
/** The smallest and the largest element, along a dimension or of all. */
export const aminmax: (input: Tensor, ...args: Args<[], { dim: number | null; keepdim: boolean } & Out>) => MinAndMax =
  native("aminmax", { input: tensor, "*": null, dim: int.or(null), keepdim: false, out }, ({ input, dim, keepdim }) => {
    if (input.core.size === 0 && (dim === null || input.shape[dimension("aminmax", dim, input.rank)] === 0))
      complain(
        core.ShapeError,
        "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.",
        { op: "aminmax", argument: "input", expected: "at least one element", given: sizeText(input.shape) },
      );
    const options = axesOf("aminmax", input, dim, keepdim);
    return core.scope(() => tuple({ min: core.min(input.core, options), max: core.max(input.core, options) }));
  });

type SpreadAndMean<Name extends "var" | "std"> = [spread: Tensor, mean: Tensor] & { [K in Name | "mean"]: Tensor };
function withMean<Name extends "var" | "std">(
  name: Name,
  f: typeof core.variance,
): (input: Tensor, ...args: VarArgs) => SpreadAndMean<Name> {
  const read = readSpread(`${name}_mean`);
  return (...args) => {
    const { input, options, correction } = read(args);
    return core.scope(() =>
      tuple({ [name]: f(input.core, options, correction), mean: core.mean(input.core, options) }),
    );
  };
}
/** Variance and mean. */
export const var_mean = withMean("var", core.variance);
/** Standard deviation and mean. */
export const std_mean = withMean("std", core.std);

/** How often each of 0 to the largest element occurs, or the sums of weights. A promise: the largest is read. */
export const bincount: (
  input: Tensor,
  ...args: Args<[weights: Tensor | null, minlength: number], { weights: Tensor | null; minlength: number }>
) => Promise<Tensor> = native(
  "bincount",
  { input: tensor, weights: tensor.or(null), minlength: int.or(0) },
  async ({ input, weights, minlength }) => {
    const { dtype } = input.core;
    if (dtype === "float32" || dtype === "bool")
      notImplemented("bincount_cpu", dtype, { op: "bincount", argument: "input", expected: "torch.int64" });
    if (minlength < 0)
      complain(core.ArgumentError, "minlength should be >= 0", {
        op: "bincount",
        argument: "minlength",
        expected: "0 or more",
        given: `${minlength}`,
      });
    if (input.rank !== 1)
      complain(core.ShapeError, "bincount only supports 1-d non-negative integral inputs.", {
        op: "bincount",
        argument: "input",
        expected: "rank 1",
        given: sizeText(input.shape),
      });
    const [x, own] = core.scope(() => [
      convertCore(core.reshape(input.core, input.shape), "int32"),
      weights && convertCore(core.reshape(weights.core, weights.shape), "float32"),
    ]) as [core.Tensor, core.Tensor | null];
    return wrap(await core.bincountToMaximum(x, { minLength: minlength, ...(own ? { weights: own } : {}) }));
  },
);

function requireBins(op: string, bins: number, low: number, high: number): void {
  if (bins <= 0)
    complain(core.ArgumentError, `${op}(): bins must be > 0, but got ${bins}`, {
      op,
      argument: "bins",
      expected: "1 or more",
      given: `${bins}`,
    });
  if (!(low <= high && Number.isFinite(low) && Number.isFinite(high)))
    complain(core.ArgumentError, `${op}(): max must be larger than min`, {
      op,
      argument: "max",
      expected: `a number of ${low} or more`,
      given: `${high}`,
    });
}

export interface HistcArguments extends Out {
  bins: number;
  /** Ends of the bins; where both are the same, the smallest and the largest element. */
  min: number | boolean;
  max: number | boolean;
}
/** How many elements lie in each of `bins` bins of one width, as floats. */
export const histc: (input: Tensor, ...args: Args<[bins: number, min: number, max: number], HistcArguments>) => Tensor =
  native(
    "histc",
    { input: tensor, bins: int.or(100), min: scalar.or(0), max: scalar.or(0), "*": null, out },
    ({ input, bins, min, max }) => {
      requireFloat("histc", "input", input.core.dtype, "histogram_cpu");
      const range = [Number(min), Number(max)] as const;
      requireBins("torch.histc", bins, ...range);
      return core.noGrad(() =>
        core.scope(() => {
          const { counts } = core.histogram(input.core, {
            ...{ bins, margin: 1 },
            ...(range[0] === range[1] ? {} : { range }),
          });
          return wrap(core.cast(counts, "float32"));
        }),
      );
    },
  );

export interface HistogramArguments extends Out {
  /** Their number, or their edges. Default 100. */
  bins: number | Tensor;
  /** Ends of the bins; default null: the smallest and the largest element. */
  range: readonly number[] | null;
  /** Added instead of 1. */
  weight: Tensor | null;
  /** Whether counts are divided by their sum and the bins' widths. */
  density: boolean;
}
type Histogram = [hist: Tensor, bin_edges: Tensor] & { hist: Tensor; bin_edges: Tensor };
const readHistogram = forms(
  "histogram",
  { input: tensor, bins: tensor, "*": null, weight: tensor.or(null), density: bool.or(false), out },
  {
    input: tensor,
    bins: int.or(100),
    "*": null,
    range: listOf(number, 2).or(null),
    weight: tensor.or(null),
    density: false,
    out,
  },
);
/** How many elements lie in each bin, as floats, and the bins' edges. */
export const histogram = (input: Tensor, ...args: Args<[bins: number | Tensor], HistogramArguments>): Histogram => {
  const { form, values } = readHistogram([input, ...args]);
  requireFloat("histogram", "input", values.input.core.dtype, "histogramdd");
  const range = form === "1" ? values.range : null;
  if (form === "1") requireBins("torch.histogram", values.bins, range?.[0] ?? 0, range?.[1] ?? 0);
  return core.noGrad(() =>
    core.scope(() => {
      const { counts, edges } = core.histogram(values.input.core, {
        bins: form === "0" ? values.bins.core : values.bins,
        ...(range === null ? {} : { range: range as unknown as readonly [number, number] }),
        ...(values.weight === null ? {} : { weights: values.weight.core }),
        density: values.density,
      });
      return tuple({ hist: core.cast(counts, "float32"), bin_edges: core.reshape(edges, edges.shape) });
    }),
  );
};

/** Slices along a dimension scaled down to a p-norm of at most maxnorm. */
export const renorm: (
  input: Tensor,
  ...args: Args<[p: number, dim: number, maxnorm: number], { p: number; dim: number; maxnorm: number } & Out>
) => Tensor = native(
  "renorm",
  { input: tensor, p: number, dim: int, maxnorm: number, "*": null, out },
  ({ input, p, dim, maxnorm }) => {
    requireFloat("renorm", "input", input.core.dtype);
    const refuse = (argument: string, expected: string, given: string): never =>
      complain(core.ArgumentError, `renorm: expected ${argument} of ${expected}`, {
        op: "renorm",
        argument,
        expected,
        given,
      });
    if (input.rank < 2) refuse("input", "rank 2 or more", sizeText(input.shape));
    if (!(p > 0)) refuse("p", "more than 0", `${p}`);
    if (!(maxnorm >= 0)) refuse("maxnorm", "0 or more", `${maxnorm}`);
    const axis = dimension("renorm", dim, input.rank);
    const axes = [...input.shape.keys()].filter((d) => d !== axis);
    return core.scope(() => {
      const size = core.vectorNorm(input.core, p, { axes, keepdims: true });
      const factor = core.where(core.greater(size, maxnorm), core.div(maxnorm, core.add(size, 1e-7)), 1);
      return wrap(core.mul(input.core, factor));
    });
  },
);
