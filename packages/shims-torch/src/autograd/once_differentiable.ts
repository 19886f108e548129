// torch.autograd.function.once_differentiable.
import * as core from "@facet/autograd";
import { define, func } from "@facet/dialect";
import { complain } from "../errors.js";
import type { AnyFunction } from "../func/transforms.js";
import { Tensor, wrap } from "../tensor.js";

const refused = (): never =>
  complain(
    core.UnsupportedError,
    "trying to differentiate twice a function that was marked with @once_differentiable",
    { op: "once_differentiable", argument: "backward", expected: "to be differentiated once", given: "a second time" },
  );

/**
 * Around a Function's backward, `static backward = once_differentiable((ctx, grad) => ...)`: it is not recorded, and differentiating what it
 * gave throws UnsupportedError.
 */
export const once_differentiable: <F extends AnyFunction>(fn: F) => F = define(
  "torch.autograd.function.once_differentiable",
  { fn: func },
  ({ fn }) =>
    (...args: unknown[]) => {
      const found: unknown = core.noGrad(() => fn(...args));
      const given = args.flatMap((arg) => (arg instanceof Tensor ? [arg.core] : []));
      if (!core.isRecording() || !given.some(core.isTracked)) return found;
      const list = Array.isArray(found) ? found : [found];
      const made = list.flatMap((each) => (each instanceof Tensor ? [each.core] : []));
      const results = core.recordCustom("once_differentiable", given, made, [], refused);
      let next = 0;
      const back = list.map((each) => (each instanceof Tensor ? wrap(results[next++] as core.Tensor) : each));
      return Array.isArray(found) ? back : back[0];
    },
) as <F extends AnyFunction>(fn: F) => F;
