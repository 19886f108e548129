// Masks: bools that say which steps of a sequence count. They stand at tensors, and layers pass them on.
import { logicalOr } from "@facet/autograd";
import { Tensor } from "../tensor.js";
import type { LayerInput } from "./arguments.js";
import { listed } from "./inputs.js";

/** A mask, one for each of several tensors, or null where all counts. */
export type Masks = Tensor | null | readonly (Tensor | null)[];

/** The masks of what a layer is called with; null where no tensor has one. */
export function masksOf(inputs: LayerInput<Tensor>): Masks {
  if (!Array.isArray(inputs)) return (inputs as Tensor)._keras_mask ?? null;
  const masks = inputs.map((each) => (each instanceof Tensor ? (each._keras_mask ?? null) : null));
  return masks.some((mask) => mask !== null) ? masks : null;
}

/** Sets the masks of results that have none of their own. */
export function giveMasks(results: LayerInput<Tensor>, compute: () => Masks): void {
  const tensors = listed<Tensor>(results).filter((each) => each instanceof Tensor);
  if (tensors.every((each) => each._keras_mask)) return;
  const masks = listed(compute() as LayerInput<Tensor | null>);
  for (const [i, tensor] of tensors.entries()) tensor._keras_mask ??= masks[i] ?? undefined;
}

/** Where any of the masks says so; null when a tensor has none. */
export function anyMask(masks: Masks): Tensor | null {
  const list = listed(masks as LayerInput<Tensor | null>);
  if (list.some((mask) => !mask)) return null;
  return (list as readonly Tensor[]).reduce((a, b) => new Tensor(logicalOr(a.core, b.core)));
}
