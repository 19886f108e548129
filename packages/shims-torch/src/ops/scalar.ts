// Numbers on their way into a tensor of a dtype, and dtypes that PyTorch has no kernel for.
import * as core from "@facet/autograd";
import { complain } from "../errors.js";

/** PyTorch's names of dtypes in error texts. */
export const typeName = (dtype: core.Dtype): string =>
  dtype === "float32" ? "Float" : dtype === "bool" ? "Bool" : dtype === "uint8" ? "Byte" : "Long";

/** Throws for a dtype that PyTorch has no kernel for, in its words. */
export function refuseDtype(op: string, x: core.Tensor, ...refused: readonly core.Dtype[]): core.Tensor {
  if (!refused.includes(x.dtype)) return x;
  return complain(core.DtypeError, `"${op}" not implemented for '${typeName(x.dtype)}'`, {
    op,
    argument: "input",
    expected: `a tensor that is not ${refused.join(" or ")}`,
    given: x.dtype,
  });
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
