import { dropGradient } from "../gradient_slots.js";
import type { Tensor } from "../tensor.js";

/** What zero_grad does, for modules and optimisers. */
export function zeroGradients(parameters: Iterable<Tensor>, set_to_none: boolean): void {
  for (const parameter of parameters) {
    const { node } = parameter.core;
    if (!node) continue;
    if (set_to_none) dropGradient(node);
    else parameter.grad?.detach().zero_();
  }
}
