import { oneHotGeometry, oneHot as oneHotKernel } from "@facet/kernels-wgsl";
import { defineOp, launch, nonDifferentiable } from "../define_op.js";
import { bindingDtype, type Dtype, expectDtype } from "../dtype.js";
import type { Tensor } from "../tensor.js";

interface OneHotAttrs extends OneHotOptions {
  readonly depth: number;
}

const oneHotOp = defineOp<{ index: Tensor }, OneHotAttrs>({
  name: "one_hot",
  shape: ({ index }, { depth, ...options }) => {
    expectDtype("one_hot", "index", index.dtype, "int32");
    return oneHotGeometry(index.shape, depth, { ...options, dtype: bindingDtype(options.dtype ?? "float32") }).shape;
  },
  dtype: (_, { dtype = "float32" }) => dtype,
  forward: ({ index }, y, { depth, ...options }) => {
    const { params } = oneHotGeometry(index.shape, depth, { ...options, dtype: bindingDtype(y.dtype) });
    launch(oneHotKernel, { index, y }, params);
  },
  vjp: { index: nonDifferentiable },
  batch: (inputs, _, { axis = -1, ...attrs }) => ({ inputs, attrs: { ...attrs, axis: axis < 0 ? axis : axis + 1 } }),
});

export interface OneHotOptions {
  /** Where the new dimension stands; negative ones count from the end. Default -1. */
  readonly axis?: number;
  /** Default float32. */
  readonly dtype?: Exclude<Dtype, "uint8">;
  /** Value at the index. Default 1. */
  readonly on?: number;
  /** Value elsewhere. Default 0. */
  readonly off?: number;
}

/**
 * 1 at each index, 0 elsewhere, along a new dimension, the last by default; an index out of range gives zeros all along, as in JAX.
 * Throws ArgumentError for an axis that is none, or values that the dtype has not.
 */
export const oneHot = (index: Tensor, depth: number, options: OneHotOptions = {}): Tensor =>
  oneHotOp({ index }, { ...options, depth });
