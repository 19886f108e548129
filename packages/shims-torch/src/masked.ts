// torch.masked: reductions and normalizations of the elements that a mask holds true, in which the others count for nothing.
import "./start.js";
import * as core from "@facet/autograd";
import { type Args, define, bool as flag, int, number } from "@facet/dialect";
import { type Dtype, dtypeOf } from "./dtype.js";

import { complain } from "./errors.js";
import { dims, dtype, tensor } from "./kinds.js";
import { requireNumbers } from "./ops/arithmetic.js";
import { logaddexp as logaddexpOf } from "./ops/binary.js";
import { where } from "./ops/elementwise.js";
import { vector_norm } from "./ops/matrix_functions.js";
import { broadcast_to } from "./ops/rearranging.js";
import * as reduce from "./ops/reduce.js";
import * as scans from "./ops/scans.js";
import { nanmedian } from "./ops/sorting.js";
import { logsumexp as logsumexpOf } from "./ops/statistics.js";
import { type Tensor, wrap } from "./tensor.js";

type Dims = number | readonly number[] | null;
export interface MaskedArguments {
  /** Dtype of the result. Default: that of the input, of sums and products of bools and bytes int64. */
  dtype: Dtype | null;
  /** Which elements count, in a shape that broadcasts to the input's. Default: all. */
  mask: Tensor | null;
}
export interface MaskedReduceArguments extends MaskedArguments {
  keepdim: boolean;
}
type Reduction = (input: Tensor, ...args: Args<[dim: Dims], { dim: Dims } & MaskedReduceArguments>) => Tensor;
type OfDim<D> = (input: Tensor, ...args: Args<[dim: D], { dim: D } & MaskedReduceArguments>) => Tensor;
type Normalization = (input: Tensor, ...args: Args<[dim: number], { dim: number } & MaskedArguments>) => Tensor;

const masking = { dtype: dtype.or(null), mask: tensor.or(null) } as const;
const reducing = { dim: dims.or(null), "*": null, keepdim: false, ...masking } as const;

/** All dimensions where none is named. */
const named = (dim: unknown, input: Tensor): readonly number[] => {
  if (typeof dim === "number") return [dim];
  const list = dim as readonly number[] | null;
  return list === null || list.length === 0 ? input.shape.map((_, i) => i) : list;
};
const to = (x: Tensor, given: Dtype | null): Tensor => (given === null ? x : (x.to(given) as Tensor));

/** The mask in the shape of the input. */
function maskOf(op: string, input: Tensor, mask: Tensor): Tensor {
  if (mask.rank > input.rank)
    complain(
      core.ShapeError,
      "_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)",
      { op, argument: "mask", expected: `at most ${input.rank} dimensions`, given: `${mask.rank}` },
    );
  return broadcast_to(mask.to(dtypeOf("bool")) as Tensor, [...input.shape]);
}
/** The input with a number in the place of what is masked out. */
const filled = (op: string, input: Tensor, mask: Tensor | null, by: number): Tensor =>
  mask === null ? input : where(maskOf(op, input, mask), input, by);

/** What an extreme begins with: infinity, of integers the last number there is. Bools have none. */
function farthest(op: string, input: Tensor, mask: Tensor | null, sign: 1 | -1): number {
  if (input.core.dtype === "float32") return sign * Number.POSITIVE_INFINITY;
  if (input.core.dtype === "bool" && mask !== null)
    complain(core.DtypeError, `identity of ${op} on torch.bool input`, {
      ...{ op: `masked.${op}`, argument: "input", expected: "numbers", given: "torch.bool" },
    });
  return sign > 0 ? 2 ** 31 - 1 : -(2 ** 31);
}

type Values = { input: Tensor; dim: unknown; keepdim: boolean; dtype: Dtype | null; mask: Tensor | null };
/** A reduction in which what is masked out is `identity`. */
const reduction = (
  name: string,
  identity: (input: Tensor, mask: Tensor | null) => number,
  f: (x: Tensor, dim: readonly number[], given: Values) => Tensor,
): Reduction =>
  define(`torch.masked.${name}`, { input: tensor, ...reducing }, (given) =>
    core.scope(() => {
      const { input, mask } = given as Values;
      return f(filled(`masked.${name}`, input, mask, identity(input, mask)), named(given.dim, input), given as Values);
    }),
  );

export const sum = /* @__PURE__ */ reduction(
  "sum",
  () => 0,
  (x, dim, { keepdim, dtype }) => reduce.sum(x, dim, keepdim, { dtype }),
);
export const prod = /* @__PURE__ */ reduction(
  "prod",
  () => 1,
  (x, dim, { keepdim, dtype }) => {
    // One after another, the last first.
    const places = dim.map((each) => (each < 0 ? each + x.rank : each)).sort((a, b) => b - a);
    if (places.length === 0) return reduce.prod(x, { dtype });
    return places.reduce((y, each) => reduce.prod(y, each, keepdim, { dtype }), x);
  },
);
export const amax = /* @__PURE__ */ reduction(
  "amax",
  (input, mask) => farthest("amax", input, mask, -1),
  (x, dim, given) => to(reduce.amax(x, dim, given.keepdim), given.dtype),
);
export const amin = /* @__PURE__ */ reduction(
  "amin",
  (input, mask) => farthest("amin", input, mask, 1),
  (x, dim, given) => to(reduce.amin(x, dim, given.keepdim), given.dtype),
);
/** Of integers an integer. */
export const logsumexp = /* @__PURE__ */ reduction(
  "logsumexp",
  (input, mask) => farthest("logsumexp", input, mask, -1),
  (x, dim, given) => to(logsumexpOf(x, dim, given.keepdim), given.dtype ?? dtypeOf(given.input.core.dtype)),
);

/** The number of elements that count along dimensions. */
const countOf = (op: string, { input, mask }: Values, dim: readonly number[], keepdim: boolean): Tensor => {
  const all = core.full(input.shape, 1);
  const ones = mask === null ? all : core.cast(maskOf(op, input, mask).core, "float32");
  return reduce.sum(wrap(ones), dim, keepdim);
};
/** NaN where nothing counts. Of floats, or with a dtype of floats. */
export const mean: Reduction = define("torch.masked.mean", { input: tensor, ...reducing }, (given) => {
  const result = given.dtype ?? dtypeOf(given.input.core.dtype);
  if (!result.is_floating_point)
    complain(
      core.DtypeError,
      `mean(): Could not infer output dtype. ${given.dtype === null ? "Input" : "Optional"} dtype must be either a floating point or complex dtype. Got: ${result}`,
      { op: "masked.mean", argument: "dtype", expected: "torch.float32", given: `${result}` },
    );
  return core.scope(() => {
    const dim = named(given.dim, given.input);
    const total = reduce.sum(filled("masked.mean", given.input, given.mask, 0), dim, given.keepdim, { dtype: result });
    return total.div(countOf("masked.mean", given as Values, dim, given.keepdim));
  });
});

type Spread = (
  input: Tensor,
  ...args: Args<
    [dim: Dims, unbiased: boolean | null],
    { dim: Dims; unbiased: boolean | null; correction: number | null } & MaskedReduceArguments
  >
) => Tensor;
const spread = (name: "var" | "std"): Spread =>
  define(
    `torch.masked.${name}`,
    {
      ...{ input: tensor, dim: dims.or(null), unbiased: flag.or(null), "*": null },
      ...{ correction: number.or(null), keepdim: false, ...masking },
    },
    ({ unbiased, correction, ...given }) => {
      const op = `masked.${name}`;
      if (unbiased !== null && correction !== null)
        complain(core.ArgumentError, "Only one of unbiased and correction may be given", {
          ...{ op, argument: "correction", expected: "null beside unbiased", given: `${correction}` },
        });
      requireNumbers(op, given.input, 1);
      return core.scope(() => {
        const { mask, keepdim } = given;
        const input = given.input.to(dtypeOf("float32")) as Tensor;
        const values = { ...given, input } as Values;
        const dim = named(given.dim, input);
        const total = reduce.sum(filled(op, input, mask, 0), dim, true);
        const apart = input.sub(total.div(countOf(op, values, dim, true)));
        const squares = reduce.sum(filled(op, apart.mul(apart), mask, 0), dim, keepdim);
        const free = countOf(op, values, dim, keepdim).sub(correction ?? (unbiased === false ? 0 : 1));
        const found = to(squares.div(free.clamp(0)), given.dtype);
        return name === "std" ? found.sqrt() : found;
      });
    },
  );
const variance = /* @__PURE__ */ spread("var");

export { variance as var };
export const std = /* @__PURE__ */ spread("std");

/** Where an extreme is, among what counts. */
const place = (name: string, f: typeof reduce.argmax, sign: 1 | -1): OfDim<number | null> =>
  define(
    `torch.masked.${name}`,
    { input: tensor, dim: int.or(null), "*": null, keepdim: false, ...masking },
    ({ input, dim, keepdim, dtype, mask }) =>
      core.scope(() => {
        const x = filled(`masked.${name}`, input, mask, farthest(name, input, mask, sign));
        return to(f(x, dim, keepdim), dtype ?? dtypeOf(input.core.dtype));
      }),
  );
/** In the dtype of the input, as PyTorch has it. */
export const argmax = /* @__PURE__ */ place("argmax", reduce.argmax, -1);
export const argmin = /* @__PURE__ */ place("argmin", reduce.argmin, 1);

/** NaN where nothing counts, which of integers throws when a value is next read. */
export const median: OfDim<number> = define(
  "torch.masked.median",
  { input: tensor, dim: int.or(-1), "*": null, keepdim: false, ...masking },
  ({ input, dim, keepdim, dtype, mask }) =>
    core.scope(() => {
      const floats = input.to(dtypeOf("float32")) as Tensor;
      const found = nanmedian(filled("masked.median", floats, mask, Number.NaN), dim, keepdim).values as Tensor;
      return input.core.dtype === "float32"
        ? found
        : to(to(found, dtypeOf("int32")), dtype ?? dtypeOf(input.core.dtype));
    }),
);

type Norm = (
  input: Tensor,
  ...args: Args<[ord: number, dim: Dims], { ord: number; dim: Dims } & MaskedReduceArguments>
) => Tensor;
export const norm: Norm = define(
  "torch.masked.norm",
  { input: tensor, ord: number.or(2), ...reducing },
  ({ input, ord, dim, keepdim, dtype, mask }) =>
    core.scope(() => {
      const x = filled("masked.norm", input, mask, ord === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : 0);
      return vector_norm(x, ord, named(dim, input), keepdim, { dtype });
    }),
);

/** A function of rows along a dimension in which what is masked out is `identity`. */
const alongRows = (
  name: string,
  identity: (input: Tensor, mask: Tensor | null) => number,
  f: (x: Tensor, dim: number, dtype: Dtype | null) => Tensor,
): Normalization =>
  define(`torch.masked.${name}`, { input: tensor, dim: int, "*": null, ...masking }, ({ input, dim, dtype, mask }) =>
    core.scope(() =>
      f(filled(`masked.${name}`, input, mask, identity(input, mask)), dim, dtype ?? dtypeOf(input.core.dtype)),
    ),
  );
export const cumsum = /* @__PURE__ */ alongRows(
  "cumsum",
  () => 0,
  (x, dim, dtype) => scans.cumsum(x, dim, { dtype }),
);
export const cumprod = /* @__PURE__ */ alongRows(
  "cumprod",
  () => 1,
  (x, dim, dtype) => scans.cumprod(x, dim, { dtype }),
);
export const softmax = /* @__PURE__ */ alongRows(
  "softmax",
  (input, mask) => farthest("amax", input, mask, -1),
  (x, dim, dtype) => reduce.softmax(x, dim, { dtype }),
);
export const log_softmax = /* @__PURE__ */ alongRows(
  "log_softmax",
  (input, mask) => farthest("amax", input, mask, -1),
  (x, dim, dtype) => reduce.log_softmax(x, dim, { dtype }),
);
export const softmin = /* @__PURE__ */ alongRows(
  "softmin",
  (input, mask) => farthest("amin", input, mask, 1),
  (x, dim, dtype) => reduce.softmax(x.neg(), dim, { dtype }),
);

type Normalize = (
  input: Tensor,
  ...args: Args<[ord: number, dim: number], { ord: number; dim: number; eps: number } & MaskedArguments>
) => Tensor;
/** Rows divided by their norms, which are at least eps. */
export const normalize: Normalize = define(
  "torch.masked.normalize",
  { input: tensor, ord: number, dim: int, "*": null, eps: number.or(1e-12), ...masking },
  ({ input, ord, dim, eps, dtype, mask }) =>
    core.scope(() => {
      const size = norm(input, ord, dim, { keepdim: true, dtype, mask });
      return filled("masked.normalize", input, mask, 0).div(size.clamp(eps));
    }),
);

interface LogaddexpArguments {
  dtype: Dtype | null;
  input_mask: Tensor | null;
  other_mask: Tensor | null;
}
export const logaddexp: (
  input: Tensor,
  ...args: Args<[other: Tensor], { other: Tensor } & LogaddexpArguments>
) => Tensor = define(
  "torch.masked.logaddexp",
  {
    ...{ input: tensor, other: tensor, "*": null, dtype: dtype.or(null) },
    ...{ input_mask: tensor.or(null), other_mask: tensor.or(null) },
  },
  ({ input, other, dtype, input_mask, other_mask }) =>
    core.scope(() => {
      const x = filled("masked.logaddexp", input, input_mask, Number.NEGATIVE_INFINITY);
      const y = filled("masked.logaddexp", other, other_mask, Number.NEGATIVE_INFINITY);
      return to(logaddexpOf(x, y), dtype);
    }),
);
