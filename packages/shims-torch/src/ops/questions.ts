// What tensors and dtypes are: questions that need no values.
import * as core from "@facet/autograd";
import { type Args, any, define, overloads } from "@facet/dialect";
import { type Dtype, dtypeOf, float32 } from "../dtype.js";
import { complain } from "../errors.js";
import { dtype, native, type Operand, operand, scalar, tensor } from "../kinds.js";
import { Tensor } from "../tensor.js";
import { commonDtype } from "./operands.js";

const question = <T>(name: string, body: (input: Tensor) => T): ((input: Tensor) => T) =>
  native(name, { input: tensor }, ({ input }) => body(input));

/** Whether a value is a Tensor. */
export const is_tensor: (obj: unknown) => obj is Tensor = define(
  "torch.is_tensor",
  { obj: any, "/": null },
  ({ obj }) => obj instanceof Tensor,
) as (obj: unknown) => obj is Tensor;
export const is_floating_point: (input: Tensor) => boolean = question(
  "is_floating_point",
  ({ dtype }) => dtype.is_floating_point,
);
/** false: there are no complex numbers. */
export const is_complex: (input: Tensor) => boolean = question("is_complex", () => false);
export const is_conj: (input: Tensor) => boolean = question("is_conj", () => false);
export const is_neg: (input: Tensor) => boolean = question("is_neg", () => false);
/** Whether the dtype has negative numbers. */
export const is_signed: (input: Tensor) => boolean = question(
  "is_signed",
  ({ core: x }) => x.dtype === "float32" || x.dtype === "int32",
);
/** Number of elements. */
export const numel: (input: Tensor) => number = question("numel", ({ core: x }) => x.size);
/** Whether the only element is not 0: a promise, as it is read. */
export const is_nonzero: (input: Tensor) => Promise<boolean> = question("is_nonzero", async (input) => {
  if (input.core.size !== 1)
    complain(
      core.ArgumentError,
      input.core.size === 0
        ? "Boolean value of Tensor with no values is ambiguous"
        : "Boolean value of Tensor with more than one value is ambiguous",
      { op: "is_nonzero", argument: "input", expected: "one element", given: `${input.core.size}` },
    );
  return Number(await input.core.item()) !== 0;
});
export const is_same_size: (input: Tensor, ...args: Args<[other: Tensor], { other: Tensor }>) => boolean = native(
  "is_same_size",
  { input: tensor, other: tensor },
  ({ input, other }) => `${input.shape}` === `${other.shape}`,
);

const readResultType = overloads(
  "torch.result_type",
  { tensor, other: operand },
  { scalar, tensor },
  { scalar1: scalar, scalar2: scalar },
);
type ResultTypeNamed = Record<"tensor" | "other" | "scalar" | "scalar1" | "scalar2", Operand>;
/** The dtype in which two operands meet, tensors or numbers. */
export const result_type = (...args: Args<[tensor: Operand, other: Operand], ResultTypeNamed>): Dtype => {
  const [a, b] = Object.values(readResultType(args).values) as [Operand, Operand];
  return dtypeOf(commonDtype(a, b));
};
/** The smallest dtype that holds both. */
export const promote_types: (...args: Args<[type1: Dtype, type2: Dtype], { type1: Dtype; type2: Dtype }>) => Dtype =
  define("torch.promote_types", { type1: dtype, type2: dtype }, ({ type1, type2 }) =>
    dtypeOf(core.promoteTypes(type1.core, type2.core)),
  );
const RANK: Partial<Record<core.Dtype, number>> = { bool: 0, uint8: 1, int32: 1, float32: 2 };
/** Whether results of one dtype may be written into another: never to a kind below. */
export const can_cast: (...args: Args<[from_: Dtype, to: Dtype], { from_: Dtype; to: Dtype }>) => boolean = define(
  "torch.can_cast",
  { from_: dtype, to: dtype },
  ({ from_, to }) => (RANK[from_.core] as number) <= (RANK[to.core] as number),
);

/** What floats of a dtype reach. */
export interface FloatInfo {
  readonly dtype: string;
  readonly bits: number;
  /** The distance from 1 to the next larger number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive normal number. */
  readonly tiny: number;
  readonly smallest_normal: number;
  readonly resolution: number;
}
const floatInfo: FloatInfo = {
  ...{ dtype: "float32", bits: 32, eps: 2 ** -23, max: (2 - 2 ** -23) * 2 ** 127, min: -(2 - 2 ** -23) * 2 ** 127 },
  ...{ tiny: 2 ** -126, smallest_normal: 2 ** -126, resolution: 1e-6 },
};
export const finfo: (...args: Args<[type: Dtype], { type: Dtype }>) => FloatInfo = define(
  "torch.finfo",
  { type: dtype.or(float32) },
  ({ type }) => {
    if (type.core !== "float32")
      complain(
        core.DtypeError,
        "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.iinfo'",
        {
          op: "finfo",
          argument: "type",
          expected: "torch.float32",
          given: `${type}`,
        },
      );
    return floatInfo;
  },
);

/** What integers of a dtype reach. */
export interface IntInfo {
  readonly dtype: string;
  readonly bits: number;
  readonly max: number;
  readonly min: number;
}
/** Of int64 what is held of it: 32 bits. */
export const iinfo: (...args: Args<[type: Dtype], { type: Dtype }>) => IntInfo = define(
  "torch.iinfo",
  { type: dtype },
  ({ type }) => {
    if (type.core === "uint8") return { dtype: "uint8", bits: 8, max: 255, min: 0 };
    if (type.core === "int32") return { dtype: "int64", bits: 32, max: 2 ** 31 - 1, min: -(2 ** 31) };
    return complain(
      core.DtypeError,
      "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.finfo'",
      {
        op: "iinfo",
        argument: "type",
        expected: "torch.int64 or torch.uint8",
        given: `${type}`,
      },
    );
  },
);
