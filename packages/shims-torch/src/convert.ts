import * as core from "@facet/autograd";

/**
 * A core tensor in another dtype; bytes become what they count, numbers their low bytes. A float beyond 32 bits is an error at
 * the next read where integers are asked for.
 */
export function convertCore(x: core.Tensor, dtype: core.Dtype): core.Tensor {
  if (x.dtype === "uint8" && dtype !== "uint8") return core.cast(core.u8ToF32(x, { divisor: 1 }), dtype);
  return dtype === "uint8" ? core.toBytes(x) : core.checked.cast(x, dtype);
}

/** The same values in memory of their own; gradients flow through. */
export function copyOf(x: core.Tensor): core.Tensor {
  if (x.size === 0) return core.reshape(x, x.shape);
  if (x.dtype !== "uint8")
    return core.scope(() => core.reshape(core.transpose(core.reshape(x, [x.size]), [0]), x.shape));
  const copy = core.empty(x.shape, x.dtype, "data");
  core.copyTensor(x, copy);
  return copy;
}
