// Methods of Array: those of jax.numpy's functions that have one, and what reads values.
import { type Dtype, device, type NestedArray, reshape, ShapeError, type TypedArray } from "@facet/autograd";
import { bool, defineMethod, int, methods, only } from "@facet/dialect";
import { dtype as dtypeKind } from "./arguments.js";
import { checkDtype, converted, JaxArray, run } from "./array.js";
import { atMethods } from "./numpy/at.js";
import { cumulativeMethods } from "./numpy/cumulative.js";
import { elementwiseMethods } from "./numpy/elementwise.js";
import { indexingMethods, slice } from "./numpy/indexing.js";
import { linalgMethods } from "./numpy/linalg.js";
import { matrixMethods } from "./numpy/matrices.js";
import { orderingMethods } from "./numpy/ordering.js";
import { rearrangeMethods } from "./numpy/rearrange.js";
import { reduceMethods } from "./numpy/reduce.js";
import { shapeMethods } from "./numpy/shape.js";
import { statisticsMethods } from "./numpy/statistics.js";

const astype: (self: JaxArray, dtype: Dtype, copy?: boolean, device?: null) => JaxArray = defineMethod(
  "jax.Array.astype",
  { dtype: dtypeKind, copy: bool.or(false), device: only(null) },
  (self: JaxArray, { dtype }) => run(() => converted(self.core, checkDtype("astype", dtype))),
);

/** The only element, the n-th of the array laid flat, or the one at a position in each dimension. */
const item: (self: JaxArray, ...args: number[]) => Promise<number | boolean> = defineMethod(
  "jax.Array.item",
  { "*args": int },
  async (self: JaxArray, { args }) => {
    const index = args as unknown as readonly number[];
    if (index.length > 1 && index.length !== self.ndim)
      throw new ShapeError({
        op: "item",
        argument: "args",
        expected: `one position, or ${self.ndim}`,
        given: `${index.length}`,
      });
    const source = index.length === 1 ? run(() => reshape(self.core, [self.size])) : self;
    const { core } = index.length === 0 ? self : slice(source, index);
    const value = await core.item();
    return self.dtype === "bool" ? value !== 0 : value;
  },
);

/** Nested arrays of the shape; a number for shape []. */
const tolist: (self: JaxArray) => Promise<NestedArray> = defineMethod("jax.Array.tolist", {}, (self: JaxArray) =>
  self.core.array(),
);

/** The elements in row-major order: what numpy.asarray gives the original. */
const data: (self: JaxArray) => Promise<TypedArray> = defineMethod("jax.Array.data", {}, (self: JaxArray) =>
  self.core.data(),
);

/** Waits until the device has computed the array; errors of its computation surface here. */
const block_until_ready: (self: JaxArray) => Promise<JaxArray> = defineMethod(
  "jax.Array.block_until_ready",
  {},
  async (self: JaxArray) => {
    void self.core.storage;
    await device().finish();
    return self;
  },
);

export const arrayMethods = {
  ...elementwiseMethods,
  ...linalgMethods,
  ...reduceMethods,
  ...shapeMethods,
  ...indexingMethods,
  ...atMethods,
  ...cumulativeMethods,
  ...matrixMethods,
  ...orderingMethods,
  ...rearrangeMethods,
  ...statisticsMethods,
  astype,
  item,
  tolist,
  data,
  block_until_ready,
};

methods(JaxArray, arrayMethods);
