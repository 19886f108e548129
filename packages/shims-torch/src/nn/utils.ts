// torch.nn.utils: what a training loop does to gradients.
import * as core from "@facet/autograd";
import { peekGradient } from "../gradient_slots.js";
import { type Args, only, required, signature } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";

interface ClipNormArguments {
  max_norm: number;
  norm_type: number;
}
const readClipNorm = signature<{ parameters: Iterable<Tensor> | Tensor } & ClipNormArguments>("clip_grad_norm_", {
  parameters: required,
  max_norm: required,
  norm_type: only(2),
  error_if_nonfinite: only(false),
  foreach: only(null),
});

function gradientsOf(parameters: Iterable<Tensor> | Tensor): Tensor[] {
  const list = parameters instanceof Tensor ? [parameters] : [...parameters];
  return list.flatMap(({ core: { node } }) => {
    const gradient = node && peekGradient(node);
    return gradient ? [gradient] : [];
  });
}

/** Scales all gradients so that their common 2-norm is at most max_norm. Returns the norm before; nothing is read back. */
export function clip_grad_norm_(
  parameters: Iterable<Tensor> | Tensor,
  ...args: Args<[max_norm: number, norm_type: number], ClipNormArguments>
): Tensor {
  const { max_norm } = readClipNorm([parameters, ...args]);
  const gradients = gradientsOf(parameters);
  return core.noGrad(() =>
    core.scope(() => {
      const squares = gradients.map((gradient) => core.sum(core.square(gradient.core)));
      const total = core.sqrt(squares.reduce((sum, part) => core.add(sum, part), core.zeros([])));
      const factor = wrap(core.minimum(core.div(max_norm, core.add(total, 1e-6)), 1));
      for (const gradient of gradients) gradient.mul_(factor);
      return wrap(total);
    }),
  );
}

const readClipValue = signature<{ parameters: Iterable<Tensor> | Tensor; clip_value: number }>("clip_grad_value_", {
  parameters: required,
  clip_value: required,
  foreach: only(null),
});

/** Moves every element of the gradients into [-clip_value, clip_value]. */
export function clip_grad_value_(
  parameters: Iterable<Tensor> | Tensor,
  ...args: Args<[clip_value: number], { clip_value: number }>
): void {
  const { clip_value } = readClipValue([parameters, ...args]);
  core.noGrad(() => {
    for (const gradient of gradientsOf(parameters)) gradient.clamp_(-clip_value, clip_value);
  });
}
