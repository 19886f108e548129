// Several results at once: a list that also has names, as PyTorch's named tuples.
import type * as core from "@facet/autograd";
import { type Tensor, wrap } from "../tensor.js";

/** A pair of tensors that also has names, as PyTorch's named tuple. */
export type ValuesAndIndices = [values: Tensor, indices: Tensor] & { values: Tensor; indices: Tensor };

/** The core's tensors as such a list, in the order of their names. */
export function tuple<T>(parts: Readonly<Record<string, core.Tensor>>): T {
  const named = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, wrap(part)]));
  return Object.assign(Object.values(named), named) as T;
}
