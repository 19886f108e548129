import { DtypeError, unscoped, variable } from "@facet/autograd";
import { type Args, bool, type Printable, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { tensor } from "../kinds.js";
import { zeros } from "../ops/creation.js";
import { Tensor, text } from "../tensor.js";

interface ParameterArguments {
  data: Tensor | null;
  requires_grad: boolean;
}
const read = signature("torch.nn.Parameter", { data: tensor.or(null), requires_grad: bool.or(true) });

/**
 * A tensor that a module registers as its parameter when it is assigned to one. It shares the memory of `data`; without data it
 * is empty.
 */
export class Parameter extends Tensor {
  constructor(...args: Args<[data: Tensor | null, requires_grad: boolean], ParameterArguments>) {
    const { data, requires_grad } = read(args);
    if (requires_grad && data && !data.is_floating_point())
      complain(DtypeError, "Only Tensors of floating point and complex dtype can require gradients", {
        op: "Parameter",
        argument: "data",
        expected: "torch.float32, or requires_grad false",
        given: `${data.dtype}`,
      });
    super(unscoped(() => (data ?? zeros(0)).core.alias()));
    if (requires_grad) variable(this.core);
  }

  override [text](array: Printable): string {
    return `Parameter containing:\n${super[text](array)}`;
  }
}
