import * as jax from "@facet/shims-jax";
import { floats } from "../formula.js";

type Array = InstanceType<typeof jax.Array>;

/** A tree of the same shapes with the weights of the formula, by the order of its leaves. Vectors (biases, scales) stay as they are. */
export function start<T>(params: T): T {
  const [leaves, structure] = jax.tree_util.tree_flatten(params);
  const weight = (leaf: Array, i: number): Array => {
    const { shape } = leaf;
    if (shape.length < 2) return leaf;
    const fan = shape.slice(0, -1).reduce((size, extent) => size * extent, 1);
    return jax.numpy.array(floats(shape, 1 / Math.sqrt(fan), i + 1)).reshape(shape);
  };
  return jax.tree_util.tree_unflatten(structure, (leaves as Array[]).map(weight)) as T;
}
