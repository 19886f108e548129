import * as core from "@facet/autograd";
import { type Args, define, only } from "@facet/dialect";
import { convertCore } from "../convert.js";
import { complain } from "../errors.js";
import { native, out, tensor } from "../kinds.js";
import { sizeText } from "../python.js";
import { type Tensor, wrap } from "../tensor.js";
import type { Out } from "./arithmetic.js";
import { notImplemented, typeName } from "./scalar.js";

function mismatch(op: string, a: readonly number[], b: readonly number[]): never {
  const [m, k] = [a.slice(0, -1).reduce((x, y) => x * y, 1), a.at(-1)];
  const [n, p] = b.length === 1 ? [b[0], 1] : [b.at(-2), b.at(-1)];
  return complain(core.ShapeError, `mat1 and mat2 shapes cannot be multiplied (${m}x${k} and ${n}x${p})`, {
    op,
    argument: "mat2",
    expected: `${k} rows, the last extent of ${sizeText(a)}`,
    given: sizeText(b),
  });
}

/** Products are of floats, or of integers, not of a mixture. */
export function requireOneDtype(op: string, argument: string, a: Tensor, b: Tensor): void {
  const [x, y] = [a.core.dtype, b.core.dtype];
  if (x === y && x !== "bool") return;
  if (x === y) notImplemented(op, x, { op, argument, expected: "numbers" });
  complain(
    core.DtypeError,
    `expected both inputs to have the same dtype, but found ${typeName(x)} and ${typeName(y)}`,
    { op, argument, expected: x === "bool" ? "numbers" : `${a.dtype}`, given: `${b.dtype}` },
  );
}

/** Products of matrices; those of integers, for which there is no kernel, as sums of products. */
function multiplied(a: core.Tensor, b: core.Tensor): core.Tensor {
  if (a.dtype === "float32") return core.matmul(a, b);
  const [m, k, n] = [...a.shape.slice(-2), b.shape.at(-1)] as [number, number, number];
  const [x, y] = [convertCore(a, "int32"), convertCore(b, "int32")];
  const left = core.reshape(x, [...a.shape.slice(0, -2), m, k, 1]);
  const right = core.reshape(y, [...b.shape.slice(0, -2), 1, k, n]);
  const whole = core.sum(core.mul(left, right), { axes: -2 });
  const floats = core.matmul(core.cast(x, "float32"), core.cast(y, "float32"));
  return convertCore(core.checked.unlessWrapped(whole, floats), a.dtype);
}

export function product(op: string, argument: string, input: Tensor, other: Tensor): Tensor {
  if (input.rank === 0 || other.rank === 0)
    complain(
      core.ShapeError,
      `both arguments to matmul need to be at least 1D, but they are ${input.rank}D and ${other.rank}D`,
      {
        op: "matmul",
        argument: "input",
        expected: "rank 1 or more",
        given: `${sizeText(input.shape)}, ${sizeText(other.shape)}`,
      },
    );
  if (input.shape.at(-1) !== other.shape.at(other.rank === 1 ? 0 : -2)) mismatch(op, input.shape, other.shape);
  requireOneDtype(op, argument, input, other);
  return core.scope(() => {
    const a = input.rank === 1 ? core.reshape(input.core, [1, input.core.size]) : input.core;
    const b = other.rank === 1 ? core.reshape(other.core, [other.core.size, 1]) : other.core;
    const y = multiplied(a, b);
    const rows = input.rank === 1 ? [] : [y.shape.at(-2) as number];
    const columns = other.rank === 1 ? [] : [y.shape.at(-1) as number];
    return wrap(core.reshape(y, [...y.shape.slice(0, -2), ...rows, ...columns]));
  });
}

export function requireRank(op: string, argument: string, x: Tensor, rank: number): void {
  if (x.rank !== rank)
    complain(core.ShapeError, `${argument} must be a ${rank === 2 ? "matrix" : `${rank}D tensor`}`, {
      op,
      argument,
      expected: `rank ${rank}`,
      given: sizeText(x.shape),
    });
}

type Product<Name extends string> = (
  input: Tensor,
  ...args: Args<[other: Tensor], { readonly [K in Name]: Tensor } & Out>
) => Tensor;

/** Matrix product; vectors take part as a row on the left and a column on the right, further dimensions broadcast. */
export const matmul: Product<"other"> = native(
  "matmul",
  { input: tensor, other: tensor, "*": null, out },
  ({ input, other }) => product("matmul", "other", input, other),
);

/** Product of two matrices. */
export const mm: Product<"mat2"> = native(
  "mm",
  { input: tensor, mat2: tensor, out_dtype: only(null), "*": null, out },
  ({ input, mat2 }) => {
    requireRank("mm", "self", input, 2);
    requireRank("mm", "mat2", mat2, 2);
    return product("mm", "mat2", input, mat2);
  },
);

/** Product of two batches of matrices, equal in number. */
export const bmm: Product<"mat2"> = native(
  "bmm",
  { input: tensor, mat2: tensor, out_dtype: only(null), "*": null, out },
  ({ input, mat2 }) => {
    requireRank("bmm", "batch1", input, 3);
    requireRank("bmm", "batch2", mat2, 3);
    if (input.shape[0] !== mat2.shape[0])
      throw new core.ShapeError({
        op: "bmm",
        argument: "batch2",
        expected: `${input.shape[0]} matrices`,
        given: `${mat2.shape[0]}`,
      });
    return product("bmm", "mat2", input, mat2);
  },
);

interface LinearArguments {
  weight: Tensor;
  bias: Tensor | null;
}

/** input W^T + bias over the last dimension; weight [out, in] or [in], bias [out] or a number. */
export const linear: (input: Tensor, ...args: Args<[weight: Tensor, bias: Tensor | null], LinearArguments>) => Tensor =
  define("torch.nn.functional.linear", { input: tensor, weight: tensor, bias: tensor.or(null) }, (given) => {
    const { input, weight, bias } = given;
    if (weight.rank !== 1 && weight.rank !== 2)
      complain(core.ShapeError, `linear: weight must be a matrix or a vector, got ${weight.rank}D`, {
        op: "linear",
        argument: "weight",
        expected: "[out, in] or [in]",
        given: sizeText(weight.shape),
      });
    const features = weight.shape.at(-1) as number;
    const out = weight.rank === 1 ? 1 : (weight.shape[0] as number);
    if (input.rank === 0 || input.shape.at(-1) !== features) mismatch("linear", input.shape, [features, out]);
    requireOneDtype("linear", "weight", input, weight);
    if (bias && weight.rank === 1)
      complain(core.ShapeError, "mat2 must be a matrix, got 1-D tensor", {
        op: "linear",
        argument: "bias",
        expected: "null where the weight is a vector",
        given: sizeText(bias.shape),
      });
    if (bias && !["", "1", `${out}`, `1,${out}`].includes(`${bias.shape}`))
      complain(
        core.ShapeError,
        `The expanded size of the tensor (${out}) must match the existing size (${bias.shape.at(-1)}) at non-singleton dimension 1`,
        { op: "linear", argument: "bias", expected: sizeText([out]), given: sizeText(bias.shape) },
      );
    const lead = input.shape.slice(0, -1);
    return core.scope(() => {
      const rows = core.reshape(input.core, [core.sizeOf(lead), features]);
      const matrix = core.reshape(weight.core, [out, features]);
      const own = bias && (bias.core.size === out ? core.reshape(bias.core, [out]) : core.expand(bias.core, [out]));
      const y = core.matmul(rows, matrix, { transposeB: true, bias: own ?? undefined });
      return wrap(core.reshape(y, weight.rank === 1 ? lead : [...lead, out]));
    });
  });
