// torch.autograd.Variable, which programs older than PyTorch 0.4 wrap tensors in.
import { ArgumentError } from "@facet/autograd";
import { type Args, any, bool, only, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { Tensor } from "../tensor.js";

type Given = Args<[data: Tensor, requires_grad: boolean], { requires_grad: boolean }>;
export interface VariableClass {
  new (...args: Given): Tensor;
  (...args: Given): Tensor;
}

const read = signature("torch.autograd.Variable", {
  data: any,
  requires_grad: bool.or(false),
  volatile: only(false),
});

function make(...args: unknown[]): Tensor {
  const { data, requires_grad } = read(args);
  if (data instanceof Tensor) return data.data.requires_grad_(requires_grad);
  return complain(ArgumentError, `Variable data has to be a tensor, but got ${typeof data}`, {
    op: "torch.autograd.Variable",
    argument: "data",
    expected: "a tensor",
    given: show(data),
  });
}
// Variables and tensors are one.
Object.defineProperty(make, Symbol.hasInstance, { value: (each: unknown) => each instanceof Tensor });
Object.defineProperty(make, "name", { value: "Variable" });

/**
 * A tensor on the memory of `data` and outside of its graph, float32 if it `requires_grad`: what PyTorch has made of its old class of
 * tensors with gradients. With or without `new`. Throws ArgumentError unless `data` is a tensor.
 */
export const Variable = make as unknown as VariableClass;
