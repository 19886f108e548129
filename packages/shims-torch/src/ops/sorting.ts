// Sorted elements, what is read off them, and places in them.
import * as core from "@facet/autograd";
import { type Args, bool, int, number, oneOf } from "@facet/dialect";
import { complain, dimension } from "../errors.js";
import { forms, native, type Operand, operand, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { commonDtype, tensorOf } from "./operands.js";
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

export interface BucketArguments extends Out {
  /** Taken; there is one type of integers. */
  out_int32: boolean;
  /** Whether a value is put behind those equal to it; default false. */
  right: boolean;
}
export interface SearchArguments extends BucketArguments {
  /** "right" is another way to say `right`. */
  side: "left" | "right" | null;
  /** Places that bring the sequence into order, where it is not. */
  sorter: Tensor | null;
}

function searched(op: string, sequence: Tensor, input: Operand, right: boolean, sorter: Tensor | null): Tensor {
  const { dtype } = sequence.core;
  if (sequence.rank === 0)
    complain(core.ShapeError, `torch.${op}(): the boundaries tensor should have positive dimension`, {
      op,
      argument: op === "bucketize" ? "boundaries" : "sorted_sequence",
      expected: "rank 1 or more",
      given: "[]",
    });
  if (input instanceof Tensor && input.core.dtype !== dtype && input.rank > 0)
    complain(
      core.DtypeError,
      `torch.${op}(): boundary tensor and input value tensor should have same dtype, but got boundary tensor's dtype ${dtype} and input value tensor's dtype ${input.core.dtype}`,
      { op, argument: "input", expected: `${sequence.dtype}`, given: `${input.dtype}` },
    );
  return core.noGrad(() =>
    core.scope(() => {
      const [line, values] = [sequence.core, tensorOf(input, dtype)].map((x) =>
        x.dtype === "bool" ? core.cast(x, "int32") : x,
      ) as [core.Tensor, core.Tensor];
      return wrap(core.searchSorted(line, values, { right, sorter: sorter?.core }));
    }),
  );
}

/** How many elements of the last dimension of a sorted sequence go before each value. */
export const searchsorted: (
  sorted_sequence: Tensor,
  ...args: Args<[input: Operand], SearchArguments & { input: Operand }>
) => Tensor = native(
  "searchsorted",
  {
    sorted_sequence: tensor,
    input: operand,
    "*": null,
    out_int32: false,
    right: false,
    side: oneOf("left", "right").or(null),
    sorter: tensor.or(null),
    out,
  },
  ({ sorted_sequence, input, right, side, sorter }) => {
    if (side === "left" && right)
      complain(
        core.ArgumentError,
        "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
        {
          op: "searchsorted",
          argument: "side",
          expected: '"right" where right is true',
          given: "left",
        },
      );
    return searched("searchsorted", sorted_sequence, input, right || side === "right", sorter);
  },
);
/** The number of the bucket, between sorted boundaries, that each value falls into. */
export const bucketize: (
  input: Operand,
  ...args: Args<[boundaries: Tensor], BucketArguments & { boundaries: Tensor }>
) => Tensor = native(
  "bucketize",
  { input: operand, boundaries: tensor, "*": null, out_int32: false, right: false, out },
  ({ input, boundaries, right }) => {
    if (boundaries.rank !== 1)
      complain(core.ShapeError, `boundaries tensor must be 1 dimension, but got dim(${boundaries.rank})`, {
        op: "bucketize",
        argument: "boundaries",
        expected: "rank 1",
        given: sizeText(boundaries.shape),
      });
    return searched("bucketize", boundaries, input, right, null);
  },
);

export interface UniqueArguments {
  /** Taken; they always are. */
  sorted: boolean;
  /** Whether the place of each element's like is given too. */
  return_inverse: boolean;
  /** Whether it is told how often each occurs. */
  return_counts: boolean;
  /** Slices along it are compared; default null: elements. */
  dim: number | null;
}

async function distinct(
  name: string,
  input: Tensor,
  { return_inverse, return_counts, dim }: Omit<UniqueArguments, "sorted">,
  consecutive: boolean,
): Promise<Tensor | Tensor[]> {
  const axis = dim === null ? undefined : dimension(name, dim, input.rank);
  const { dtype } = input.core;
  const x = core.scope(() =>
    dtype === "bool" ? core.cast(input.core, "int32") : core.reshape(input.core, input.shape),
  );
  const found = await core.unique(x, { axis, consecutive });
  return core.scope(() => {
    const values = wrap(core.cast(found.values, dtype));
    if (!return_inverse && !return_counts) return values;
    return [values, ...(return_inverse ? [wrap(found.inverse)] : []), ...(return_counts ? [wrap(found.counts)] : [])];
  });
}
/** Distinct elements, ascending, or distinct slices; with what else is asked for, a list. A promise: their number is read. */
export const unique: (
  input: Tensor,
  ...args: Args<[sorted: boolean, return_inverse: boolean, return_counts: boolean, dim: number | null], UniqueArguments>
) => Promise<Tensor | Tensor[]> = native(
  "unique",
  { input: tensor, sorted: true, return_inverse: false, return_counts: false, dim: int.or(null) },
  ({ input, ...given }) => distinct("unique", input, given, false),
);
/** Elements without those that are equal to the one before; with what else is asked for, a list. A promise. */
export const unique_consecutive: (
  input: Tensor,
  ...args: Args<[return_inverse: boolean, return_counts: boolean, dim: number | null], Omit<UniqueArguments, "sorted">>
) => Promise<Tensor | Tensor[]> = native(
  "unique_consecutive",
  { input: tensor, return_inverse: false, return_counts: false, dim: int.or(null), "*": null, out },
  ({ input, ...given }) => distinct("unique_consecutive", input, given, true),
);

const among = { "*": null, assume_unique: false, invert: false, out } as const;
const readIsin = forms(
  "isin",
  { elements: tensor, test_elements: tensor, ...among },
  { element: operand, test_elements: tensor, ...among },
  { elements: tensor, test_element: operand, ...among },
);
export interface IsinArguments extends Out {
  /** A tensor or a number. */
  test_elements: Operand;
  /** Taken; it changes nothing. */
  assume_unique: boolean;
  /** Whether it is not. */
  invert: boolean;
}
/** Whether an element is among others. */
export const isin = (elements: Operand, ...args: Args<[test_elements: Operand], IsinArguments>): Tensor => {
  const { form, values } = readIsin([elements, ...args]);
  const own = form === "1" ? values.element : values.elements;
  const others = form === "2" ? values.test_element : values.test_elements;
  return core.noGrad(() =>
    core.scope(() => {
      const dtype = commonDtype(own, others);
      const [x, y] = [tensorOf(own, dtype), tensorOf(others, dtype)];
      const same = core.equal(core.reshape(x, [...x.shape, 1]), core.reshape(y, [y.size]));
      const found = core.any(same, { axes: -1 });
      return wrap(values.invert ? core.logicalNot(found) : found);
    }),
  );
};
