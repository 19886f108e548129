// A tensor times beta and a product times alpha: addmm and its kin.
import * as core from "@facet/autograd";
import { type Args, only, type Rules } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { native, out, scalar, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import { type Out, requireAlpha } from "./arithmetic.js";
import { bmm, mm } from "./linalg.js";
import { commonDtype } from "./operands.js";
import { mv, outerOf } from "./products.js";

type Factor = number | boolean;
export interface SumArguments extends Out {
  /** Factor of the input; default 1. With 0 the input is not looked at: its NaN do not count. */
  beta: Factor;
  /** Factor of the product; default 1. */
  alpha: Factor;
}
export type SumOf<A extends string, B extends string> = (
  input: Tensor,
  ...args: Args<[first: Tensor, second: Tensor], { readonly [K in A | B]: Tensor } & SumArguments>
) => Tensor;

/** A factor in a dtype: of integers the whole part counts. */
const factorOf = (value: Factor, dtype: core.Dtype): number =>
  dtype === "float32" ? Number(value) : dtype === "bool" ? Number(Number(value) !== 0) : Math.trunc(Number(value));

function scaled(x: core.Tensor, factor: number): core.Tensor {
  if (factor === 1) return x;
  return x.dtype === "bool" ? core.full(x.shape, false, "bool") : core.checked.mul(x, factor);
}

function summed(op: string, input: Tensor, product: Tensor, { beta, alpha }: Pick<SumArguments, "beta" | "alpha">) {
  const { dtype } = product.core;
  if (input.core.dtype !== dtype)
    complain(
      core.DtypeError,
      `self and the product must have the same dtype, but got ${input.dtype} and ${product.dtype}`,
      {
        op,
        argument: "input",
        expected: `${product.dtype}`,
        given: `${input.dtype}`,
      },
    );
  const extra = product.rank - input.rank;
  if (extra < 0 || input.shape.some((extent, i) => extent !== 1 && extent !== product.shape[i + extra]))
    complain(
      core.ShapeError,
      `The expanded size of the tensor ${sizeText(product.shape)} must match the existing size ${sizeText(input.shape)}`,
      {
        op,
        argument: "input",
        expected: `a shape that broadcasts to ${sizeText(product.shape)}`,
        given: sizeText(input.shape),
      },
    );
  const right = scaled(product.core, factorOf(alpha, dtype));
  const factor = factorOf(beta, dtype);
  if (factor === 0) return wrap(right);
  const left = scaled(core.expand(input.core, product.shape), factor);
  return wrap(dtype === "bool" ? core.logicalOr(left, right) : core.checked.add(left, right));
}

const factors = { "*": null, beta: scalar.or(1), alpha: scalar.or(1), out } as const;
/** `names`: what the two factors are called. */
function sumOf<A extends string, B extends string>(
  name: string,
  [a, b]: readonly [A, B],
  product: (a: Tensor, b: Tensor, input: Tensor) => Tensor,
  further: Rules = {},
): SumOf<A, B> {
  return native(name, { input: tensor, [a]: tensor, [b]: tensor, ...further, ...factors } as Rules, (values) => {
    const given = values as unknown as Record<string, Tensor> & { input: Tensor } & SumArguments;
    return core.scope(() =>
      summed(name, given.input, product(given[a] as Tensor, given[b] as Tensor, given.input), given),
    );
  });
}

const out_dtype = { out_dtype: only(null) } as const;
/** beta input + alpha (mat1 mat2), of matrices. */
export const addmm: SumOf<"mat1", "mat2"> = sumOf("addmm", ["mat1", "mat2"], (a, b) => mm(a, b), out_dtype);
/** beta input + alpha (mat vec), of a matrix and a vector. */
export const addmv: SumOf<"mat", "vec"> = sumOf("addmv", ["mat", "vec"], (a, b) => mv(a, b));
/** beta input + alpha (batch1 batch2), of batches of matrices. */
export const baddbmm: SumOf<"batch1", "batch2"> = sumOf(
  "baddbmm",
  ["batch1", "batch2"],
  (a, b) => bmm(a, b),
  out_dtype,
);
/** beta input + alpha times the sum of the products of two batches of matrices. */
export const addbmm: SumOf<"batch1", "batch2"> = sumOf("addbmm", ["batch1", "batch2"], (a, b) =>
  wrap(core.checked.sum(bmm(a, b).core, { axes: 0 })),
);
/** beta input + alpha times the outer product of two vectors; in the dtype in which all three meet. */
export const addr: SumOf<"vec1", "vec2"> = native(
  "addr",
  { input: tensor, vec1: tensor, vec2: tensor, ...factors },
  ({ input, vec1, vec2, ...given }) =>
    core.scope(() => {
      const dtype = commonDtype(input, vec1, vec2);
      requireAlpha("addr", dtype, given.beta, "beta");
      requireAlpha("addr", dtype, given.alpha);
      const as = (x: Tensor): Tensor => wrap(convertCore(x.core, dtype));
      return summed("addr", as(input), outerOf("addr", as(vec1), as(vec2)), given);
    }),
);
