// torch.nn.utils: what a training loop does to gradients.
import "../start.js";
import * as core from "@facet/autograd";
import { type Args, define, type Kind, number, only } from "@facet/dialect";
import { peekGradient } from "../gradient_slots.js";
import { iterable, tensor } from "../kinds.js";
import { Tensor, wrap } from "../tensor.js";

export * as rnn from "./packing.js";

type Parameters = Iterable<Tensor> | Tensor;
const parameters: Kind<Parameters> = tensor.either(iterable<Tensor>("an iterable of Tensors"));
/** There is one implementation. */
const foreach = only(null, true, false);

function gradientsOf(op: string, given: Parameters): Tensor[] {
  const list = given instanceof Tensor ? [given] : [...given];
  return list.flatMap((each: unknown) => {
    if (!(each instanceof Tensor))
      throw new core.ArgumentError({ op, argument: "parameters", expected: "Tensors", given: typeof each });
    const { node } = each.core;
    const gradient = node && peekGradient(node);
    return gradient ? [gradient] : [];
  });
}

export interface ClipNormArguments {
  max_norm: number;
  norm_type: number;
  error_if_nonfinite: false;
  foreach: boolean | null;
}

/** Scales all gradients so that their common 2-norm is at most max_norm. Returns the norm before; nothing is read back. */
export const clip_grad_norm_: (
  parameters: Parameters,
  ...args: Args<[max_norm: number, norm_type: number], ClipNormArguments>
) => Tensor = define(
  "torch.nn.utils.clip_grad_norm_",
  { parameters, max_norm: number, norm_type: only(2), error_if_nonfinite: only(false), foreach },
  ({ parameters: given, max_norm }) => {
    const gradients = gradientsOf("clip_grad_norm_", given);
    return core.noGrad(() =>
      core.scope(() => {
        const squares = gradients.map((gradient) => core.sum(core.square(gradient.core)));
        const total = core.sqrt(squares.reduce((sum, part) => core.add(sum, part), core.zeros([])));
        const factor = wrap(core.minimum(core.div(max_norm, core.add(total, 1e-6)), 1));
        for (const gradient of gradients) gradient.mul_(factor);
        return wrap(total);
      }),
    );
  },
);

export interface ClipValueArguments {
  clip_value: number;
  foreach: boolean | null;
}

/** Moves every element of the gradients into [-clip_value, clip_value]. */
export const clip_grad_value_: (
  parameters: Parameters,
  ...args: Args<[clip_value: number], ClipValueArguments>
) => void = define(
  "torch.nn.utils.clip_grad_value_",
  { parameters, clip_value: number, foreach },
  ({ parameters: given, clip_value }) => {
    core.noGrad(() => {
      for (const gradient of gradientsOf("clip_grad_value_", given)) gradient.clamp_(-clip_value, clip_value);
    });
  },
);
