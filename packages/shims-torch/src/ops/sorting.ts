// Sorted elements, and what is read off them.
import * as core from "@facet/autograd";
import { type Args, bool, int, number, oneOf } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { forms, native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { notImplemented, refuseDtype } from "./scalar.js";
import { tuple, type ValuesAndIndices } from "./tuples.js";

export interface SortArguments extends Out {
  dim: number;
  descending: boolean;
  /** Changes nothing: equal elements always stay in their order. */
  stable: boolean | null;
}
export type SortArgs = Args<[dim: number, descending: boolean], SortArguments>;
const sortForms = (name: string) =>
  forms(
    name,
    { input: tensor, dim: int.or(-1), descending: false, "*": null, out },
    { input: tensor, "*": null, stable: bool.orNone, dim: int.or(-1), descending: false, out },
  );

const readSort = sortForms("sort");
/** Elements in order along a dimension, NaN last of all, and the places they had. Equal ones stay in their order. */
export const sort = (input: Tensor, ...args: SortArgs): ValuesAndIndices => {
  const { dim, descending, input: x } = readSort([input, ...args]).values;
  const axis = dimension("sort", dim, x.rank);
  return core.scope(() => {
    const [values, indices] = core.sort(x.core, { axis, descending });
    return tuple({ values, indices });
  });
};
const readArgsort = forms(
  "argsort",
  { input: tensor, dim: int.or(-1), descending: false },
  { input: tensor, "*": null, stable: bool, dim: int.or(-1), descending: false, out },
);
/** The places of the elements in order along a dimension. */
export const argsort = (input: Tensor, ...args: SortArgs): Tensor => {
  const { dim, descending, input: x } = readArgsort([input, ...args]).values;
  return core.scope(() => wrap(core.argsort(x.core, { axis: dimension("argsort", dim, x.rank), descending })));
};
/** Elements in order along the first dimension. */
export const msort: (input: Tensor, ...args: Args<[], Out>) => Tensor = native(
  "msort",
  { input: tensor, "*": null, out },
  ({ input }) => core.scope(() => wrap(core.sort(input.core, { axis: 0 })[0])),
);

export interface TopkArguments extends Out {
  k: number;
  dim: number;
  /** Else the smallest; default true. */
  largest: boolean;
  /** Taken; they always are. */
  sorted: boolean;
}
/** The k largest elements along a dimension, largest first, and where they stand. */
export const topk: (
  input: Tensor,
  ...args: Args<[k: number, dim: number, largest: boolean, sorted: boolean], TopkArguments>
) => ValuesAndIndices = native(
  "topk",
  { input: tensor, k: int, dim: int.or(-1), largest: true, sorted: true, "*": null, out },
  ({ input, k, dim, largest }) => {
    const axis = dimension("topk", dim, input.rank);
    refuseDtype("topk", input.core, "bool");
    const extent = input.shape[axis] ?? 1;
    if (k < 0 || k > extent)
      complain(core.ArgumentError, "selected index k out of range", {
        op: "topk",
        argument: "k",
        expected: `0 to ${extent}`,
        given: `${k}`,
      });
    return core.scope(() => {
      const [values, indices] = core.topk(input.core, k, { axis, largest });
      return tuple({ values, indices });
    });
  },
);

export interface SelectArguments extends Out {
  dim: number;
  keepdim: boolean;
}
type Picked = [values: core.Tensor, indices: core.Tensor];

/** Throws where a dimension that something is picked from has no elements. */
function requireElements(op: string, input: Tensor, axis: number): void {
  if (input.rank === 0 || (input.shape[axis] as number) > 0) return;
  complain(core.ShapeError, `${op}(): Expected reduction dim ${axis} to have non-zero size.`, {
    op,
    argument: "input",
    expected: "at least one element",
    given: sizeText(input.shape),
  });
}

/** The k-th smallest element along a dimension, counted from 1, and where it stands. Not of bools. */
export const kthvalue: (
  input: Tensor,
  ...args: Args<[k: number, dim: number, keepdim: boolean], SelectArguments & { k: number }>
) => ValuesAndIndices = native(
  "kthvalue",
  { input: tensor, k: int, dim: int.or(-1), keepdim: false, "*": null, out },
  ({ input, k, dim, keepdim }) => {
    const axis = dimension("kthvalue", dim, input.rank);
    requireElements("kthvalue", input, axis);
    refuseDtype("kthvalue", input.core, "bool");
    const extent = input.shape[axis] ?? 1;
    if (k < 1 || k > extent)
      complain(core.ArgumentError, "kthvalue(): selected number k out of range for dimension", {
        op: "kthvalue",
        argument: "k",
        expected: `1 to ${extent}`,
        given: `${k}`,
      });
    return core.scope(() => {
      const [values, indices] = core.kthvalue(input.core, k, { axis, keepdims: keepdim });
      return tuple({ values, indices });
    });
  },
);

/** The most frequent element along a dimension, of several the smallest, and the last place where it stands. */
export const mode: (
  input: Tensor,
  ...args: Args<[dim: number, keepdim: boolean], SelectArguments>
) => ValuesAndIndices = native(
  "mode",
  { input: tensor, dim: int.or(-1), keepdim: false, "*": null, out },
  ({ input, dim, keepdim }) => {
    const axis = dimension("mode", dim, input.rank);
    requireElements("mode", input, axis);
    return core.scope(() => picked(input, (x) => core.mode(x, { axis, keepdims: keepdim })));
  },
);

/** What is picked of bools is picked of integers. */
function picked(input: Tensor, pick: (x: core.Tensor) => Picked): ValuesAndIndices {
  const { dtype } = input.core;
  const [values, indices] = pick(dtype === "bool" ? core.cast(input.core, "int32") : input.core);
  return tuple({ values: core.cast(values, dtype), indices });
}

export interface Median {
  (input: Tensor): Tensor;
  (input: Tensor, dim: number, ...args: Args<[keepdim: boolean], Omit<SelectArguments, "dim">>): ValuesAndIndices;
  (input: Tensor, options: { dim: number; keepdim?: boolean; out?: null }): ValuesAndIndices;
}
export interface MedianMethod {
  (): Tensor;
  (dim: number, keepdim?: boolean): ValuesAndIndices;
  (dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}
function medianOf(name: string, ignoreNan: boolean): Median {
  const read = forms(name, { input: tensor }, { input: tensor, dim: int, keepdim: false, "*": null, out });
  const call = (...args: unknown[]): Tensor | ValuesAndIndices => {
    const { form, values: given } = read(args);
    const { input } = given;
    if (input.core.dtype === "bool")
      notImplemented("median_cpu", "bool", { op: name, argument: "input", expected: "numbers" });
    if (form === "0") {
      if (input.core.size === 0)
        return wrap(core.full([], input.core.dtype === "float32" ? Number.NaN : 0, input.core.dtype));
      return core.scope(() =>
        wrap(core.median(core.reshape(input.core, [input.core.size]), { axis: 0, ignoreNan })[0]),
      );
    }
    const axis = dimension(name, given.dim, input.rank);
    requireElements(name, input, axis);
    return core.scope(() => picked(input, (x) => core.median(x, { axis, keepdims: given.keepdim, ignoreNan })));
  };
  return call as Median;
}
/** The median, of two in the middle the lower; with `dim` the pair [values, indices]. NaN where one is among the elements. */
export const median = medianOf("median", false);
/** The median of what is not NaN. */
export const nanmedian = medianOf("nanmedian", true);

export type Interpolation = core.Interpolation;
export interface QuantileArguments extends Out {
  /** A number from 0 to 1, or several in a tensor of at most one dimension: theirs comes first in the result. */
  q: number | Tensor;
  dim: number | null;
  keepdim: boolean;
  /** Between two elements; default "linear". */
  interpolation: Interpolation;
}
export type QuantileArgs = Args<[q: number | Tensor, dim: number | null, keepdim: boolean], QuantileArguments>;
function quantileOf(name: string, ignoreNan: boolean): (input: Tensor, ...args: QuantileArgs) => Tensor {
  const complains = (
    kind: typeof core.ArgumentError,
    sentence: string,
    argument: string,
    expected: string,
    given: string,
  ) => complain(kind, `${name}() ${sentence}`, { op: name, argument, expected, given });
  return native(
    name,
    {
      input: tensor,
      q: number.either(tensor),
      dim: int.or(null),
      keepdim: false,
      "*": null,
      interpolation: oneOf("linear", "lower", "higher", "midpoint", "nearest").or("linear"),
      out,
    },
    ({ input, q, dim, keepdim, interpolation }) => {
      if (input.core.size === 0)
        complains(core.ShapeError, "input tensor must be non-empty", "input", "elements", sizeText(input.shape));
      if (input.core.dtype !== "float32")
        complains(
          core.DtypeError,
          "input tensor must be either float or double dtype",
          "input",
          "torch.float32",
          `${input.dtype}`,
        );
      if (q instanceof Tensor && q.core.dtype !== "float32")
        complains(
          core.DtypeError,
          "q tensor must be same dtype as the input tensor",
          "q",
          "torch.float32",
          `${q.dtype}`,
        );
      if (q instanceof Tensor && q.rank > 1)
        complains(core.ShapeError, "q must be a scalar or 1D tensor", "q", "rank 1 or less", sizeText(q.shape));
      if (typeof q === "number" && !(q >= 0 && q <= 1))
        complains(core.ArgumentError, `q must be in the range [0, 1] but got ${q}`, "q", "0 to 1", `${q}`);
      const axes = dim === null ? undefined : dimension(name, dim, input.rank);
      return core.scope(() => {
        const x = input.rank === 0 ? core.reshape(input.core, [1]) : input.core;
        const y = core.quantile(x, q instanceof Tensor ? q.core : q, {
          ...(axes === undefined ? {} : { axes }),
          ...{ keepdims: keepdim && input.rank > 0, interpolation, ignoreNan },
        });
        return wrap(y);
      });
    },
  );
}
/** Quantiles along a dimension, or of all elements; NaN where one is among them. */
export const quantile = quantileOf("quantile", false);
/** Quantiles of what is not NaN. */
export const nanquantile = quantileOf("nanquantile", true);
