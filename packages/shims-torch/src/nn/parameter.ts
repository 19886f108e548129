import { unscoped, variable } from "@facet/autograd";
import { Tensor } from "../tensor.js";

/** A tensor that a module registers as its parameter when it is assigned to one. It shares the memory of `data`. */
export class Parameter extends Tensor {
  constructor(data: Tensor, requires_grad = true) {
    super(unscoped(() => data.core.alias()));
    if (requires_grad) variable(this.core);
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}
