import { ArgumentError, fill } from "@facet/kernels-wgsl";
import { launch } from "../define_op.js";
import { bindingDtype, type Dtype } from "../dtype.js";
import { empty, fromData, type Tensor } from "../tensor.js";

const words = new DataView(new ArrayBuffer(4));

/** Sets every element of a tensor that has no content yet. Not uint8. */
export function fillWith(y: Tensor, value: number | boolean): void {
  if (y.dtype === "uint8") {
    throw new ArgumentError({
      op: "full",
      argument: "dtype",
      expected: "float32, int32, uint32 or bool",
      given: y.dtype,
    });
  }
  if (y.size === 0) return;
  launch(fill, { y }, fillParams(y, value));
}

function fillParams({ dtype, size }: Tensor, value: number | boolean): { count: number; bits: number } {
  if (bindingDtype(dtype) === "f32") words.setFloat32(0, Number(value), true);
  else words.setInt32(0, Number(value), true);
  return { count: size, bits: words.getUint32(0, true) };
}

/** A scalar whose value the host knows; in a captured function it is asked for anew in every run. */
export function hostScalar(value: () => number, dtype: Dtype = "float32"): Tensor {
  const y = empty([], dtype);
  launch(fill, { y }, () => fillParams(y, value()));
  return y;
}

/** A tensor filled with one value. Not uint8. */
export function full(
  shape: readonly number[],
  value: number | boolean,
  dtype: Dtype = "float32",
  owner?: string,
): Tensor {
  const y = empty(shape, dtype, owner);
  fillWith(y, value);
  return y;
}

export const zeros = (shape: readonly number[], dtype?: Dtype): Tensor => full(shape, 0, dtype);
export const ones = (shape: readonly number[], dtype?: Dtype): Tensor => full(shape, 1, dtype);

/** start, start + step, ... below stop (above it for a negative step). */
export function arange(start: number, stop: number, step = 1, dtype: Dtype = "float32"): Tensor {
  if (!(Number.isFinite(start) && Number.isFinite(stop) && Number.isFinite(step)) || step === 0) {
    throw new ArgumentError({
      op: "arange",
      argument: "step",
      expected: "finite bounds and a step other than 0",
      given: `${start}, ${stop}, ${step}`,
    });
  }
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return fromData(
    Array.from({ length: count }, (_, i) => start + i * step),
    [count],
    dtype,
  );
}
