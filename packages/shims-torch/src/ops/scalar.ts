// Numbers on their way into a tensor of a dtype, and dtypes that PyTorch has no kernel for.
import * as core from "@facet/autograd";
import { dtypeOf } from "../dtype.js";
import { complain } from "../errors.js";

/** PyTorch's names of dtypes in error texts. */
export const typeName = (dtype: core.Dtype): string =>
  dtype === "float32" ? "Float" : dtype === "bool" ? "Bool" : dtype === "uint8" ? "Byte" : "Long";

/** Throws: PyTorch has no kernel of that name for the dtype. In its words. */
export function notImplemented(
  kernel: string,
  dtype: core.Dtype,
  detail: { readonly op: string; readonly argument: string; readonly expected: string },
): never {
  const sentence = `"${kernel}" not implemented for '${typeName(dtype)}'`;
  return complain(core.DtypeError, sentence, { ...detail, given: `${dtypeOf(dtype)}` });
}

/** Throws for the dtypes that PyTorch has no kernel for. */
export function refuseDtype(op: string, x: core.Tensor, ...refused: readonly core.Dtype[]): core.Tensor {
  if (!refused.includes(x.dtype)) return x;
  const expected = `a tensor that is not ${refused.map(dtypeOf).join(" or ")}`;
  return notImplemented(op, x.dtype, { op, argument: "input", expected });
}

/** Throws for all dtypes but that of floats. */
export function requireFloat(op: string, argument: string, dtype: core.Dtype, kernel = op): void {
  if (dtype !== "float32") notImplemented(kernel, dtype, { op, argument, expected: "torch.float32" });
}

/** What integers of a dtype reach; those of 64 bits are held in 32. */
const RANGES: Partial<Record<core.Dtype, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [-255, 255],
};

/** A number as PyTorch puts it into a tensor of a dtype: fractions are cut off, everything but 0 is true. Throws on one too large. */
export function scalarOf(op: string, value: number | boolean, dtype: core.Dtype): number | boolean {
  if (dtype === "bool") return Number(value) !== 0;
  const range = RANGES[dtype];
  if (!range) return Number(value);
  const whole = Math.trunc(Number(value));
  // PyTorch wraps negative whole numbers into bytes, and refuses negative fractions.
  const wraps = dtype !== "uint8" || whole >= 0 || whole === value;
  if (wraps && whole >= range[0] && whole <= range[1]) return dtype === "uint8" ? whole & 255 : whole;
  return complain(
    core.DtypeError,
    `value cannot be converted to type ${dtype === "uint8" ? "uint8_t" : "int64_t"} without overflow`,
    {
      op,
      argument: "value",
      expected: dtype === "uint8" ? "0 to 255" : "a whole number of 32 bits (int64 is held in 32)",
      given: `${value}`,
    },
  );
}
