// Writing into a tensor: the methods whose names end in an underscore.
import * as core from "@facet/autograd";
import { copyOf } from "./convert.js";
import { complain } from "./errors.js";
import { sizeText } from "./python.js";
import { baseOf, repeatsBase, type Tensor, writeBack } from "./tensor.js";

/** Throws unless a program may write into the tensor now. */
export function requireWritable(op: string, target: Tensor): void {
  const base = target[baseOf];
  if (base) requireWritable(op, base);
  // One value everywhere may be written more than once.
  if (target[repeatsBase] && op !== "fill_" && op !== "zero_")
    complain(
      core.ArgumentError,
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
      { op, argument: "self", expected: "a tensor none of whose elements is another's", given: "a view that repeats" },
    );
  if (!core.isTracked(target.core) || !core.isRecording()) return;
  if (target.is_leaf)
    complain(core.FacetError, "a leaf Variable that requires grad is being used in an in-place operation.", {
      op,
      argument: "self",
      expected: "a tensor that does not require grad, or torch.no_grad()",
      given: "a leaf that requires grad",
    });
  throw new core.UnsupportedError({
    op,
    argument: "self",
    expected: "a tensor outside the gradient graph (autograd does not follow writes in place)",
    given: "a tensor computed from one that requires grad",
  });
}

/** Puts the result of `compute`, in the target's dtype and repeated to its shape, into the target's memory. */
export function write(op: string, target: Tensor, compute: () => core.Tensor): Tensor {
  requireWritable(op, target);
  core.scope(() => {
    const value = compute();
    if (core.isTracked(value) && core.isRecording())
      throw new core.UnsupportedError({
        op,
        argument: "other",
        expected: "a tensor outside the gradient graph (autograd does not follow writes in place)",
        given: "one that requires grad",
      });
    const [from, to] = [value.dtype, target.core.dtype];
    if (core.promoteTypes(from, to) !== to && !(core.isFloating(from) && core.isFloating(to)))
      complain(
        core.DtypeError,
        `result type ${value.dtype} can't be cast to the desired output type ${target.dtype.name}`,
        {
          op,
          argument: "other",
          expected: `${target.dtype}`,
          given: value.dtype,
        },
      );
    const converted = core.cast(value, target.core.dtype);
    const fitting = fit(op, converted, target);
    if (target.core.size === 0) return;
    copy(fitting, target.core);
    target[writeBack]();
  });
  return target;
}

function copy(source: core.Tensor, target: core.Tensor): void {
  const shared = source.storage === target.storage;
  if (shared && source.offset === target.offset) return;
  // WebGPU copies between two buffers only, so that another part of the same memory goes by way of a new one.
  const apart = shared ? core.noGrad(() => copyOf(source)) : source;
  core.copyTensor(apart, target);
}

function fit(op: string, value: core.Tensor, target: Tensor): core.Tensor {
  if (`${value.shape}` === `${target.shape}`) return value;
  const extra = target.rank - value.rank;
  if (extra < 0 || value.shape.some((extent, i) => extent !== 1 && extent !== target.shape[i + extra]))
    complain(
      core.ShapeError,
      `output with shape ${sizeText(target.shape)} doesn't match the broadcast shape ${sizeText(value.shape)}`,
      {
        op,
        argument: "other",
        expected: `a shape that broadcasts to ${sizeText(target.shape)}`,
        given: sizeText(value.shape),
      },
    );
  return core.noGrad(() => core.expand(value, target.shape));
}
