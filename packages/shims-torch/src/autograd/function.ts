// torch.autograd.Function: functions whose gradient a program gives.
import * as core from "@facet/autograd";
import { any, bool, show, signature } from "@facet/dialect";
import { complain } from "../errors.js";
import { each, tensor as tensorKind } from "../kinds.js";
import { Tensor, wrap } from "../tensor.js";

const own = "torch.autograd.function.FunctionCtx";
const savable = each(tensorKind.orNone);
const readers = {
  construct: signature("torch.autograd.Function", { "*args": each(any), "**kwargs": null }),
  save_for_backward: signature(`${own}.save_for_backward`, { "*tensors": savable }),
  mark_non_differentiable: signature(`${own}.mark_non_differentiable`, { "*args": each(tensorKind) }),
  mark_dirty: signature(`${own}.mark_dirty`, { "*args": each(tensorKind) }),
  set_materialize_grads: signature(`${own}.set_materialize_grads`, { value: bool }),
};

/** What forward and backward of a Function share: tensors that were saved, and whatever else is assigned to it. */
export class FunctionCtx {
  [name: string]: unknown;
  /** Of each argument of forward, whether its gradient is asked for. */
  needs_input_grad: readonly boolean[] = [];
  /** What save_for_backward was given. Written to in place since, a tensor makes backward throw. */
  saved_tensors: readonly (Tensor | null)[] = [];
  /** Keeps inputs and outputs of forward for backward. */
  save_for_backward(...tensors: readonly (Tensor | null)[]): void {
    this.saved_tensors = readers.save_for_backward(tensors).tensors as readonly (Tensor | null)[];
  }
  /** Says of outputs that no gradient flows through them. */
  mark_non_differentiable(...args: readonly Tensor[]): void {
    fixed.set(this, readers.mark_non_differentiable(args).args as readonly Tensor[]);
  }
  /** Refused: forward computes new tensors. */
  mark_dirty(...args: readonly Tensor[]): void {
    readers.mark_dirty(args);
    throw new core.UnsupportedError({
      op: "Function.mark_dirty",
      argument: "args",
      expected: "outputs that are new tensors",
      given: "inputs that were written to in place",
    });
  }
  /** Whether gradients that do not arrive come as zeros (true, to begin with) or as null. */
  set_materialize_grads(...args: [value: boolean] | [{ readonly value: boolean }]): void {
    if (!readers.set_materialize_grads(args as readonly unknown[]).value) sparse.add(this);
  }
}
const fixed = new WeakMap<object, readonly Tensor[]>();
const sparse = new WeakSet<object>();

// biome-ignore lint/suspicious/noExplicitAny: forward and backward take and give what each Function says.
type Any = any;

/**
 * Base of functions with a gradient of their own: a subclass has static `forward(ctx, ...args)` and `backward(ctx, ...gradients)`, or
 * `forward(...args)` with `setup_context(ctx, inputs, output)`. It is called by `apply(...args)`. Gradients of gradients flow through
 * what backward computes and through what was saved; forward-mode derivatives and vmap need no rules of their own.
 */
export class AutogradFunction {
  constructor(...args: readonly unknown[]) {
    readers.construct(args);
    complain(core.UnsupportedError, "Instances of torch.autograd.Function are not made: call its apply", {
      op: new.target.name,
      argument: "constructor",
      expected: `${new.target.name}.apply(...)`,
      given: "new",
    });
  }

  static forward(..._args: Any[]): Any {
    return refuseMissing("forward", "You must implement the forward function for custom autograd.Function.");
  }
  static setup_context(_ctx: FunctionCtx, _inputs: Any, _output: Any): void {}
  static backward(_ctx: FunctionCtx, ..._gradients: Any[]): Any {
    return refuseMissing(
      "backward",
      "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.",
    );
  }

  /** Calls forward without recording it; the gradient of the result is backward's. */
  static apply(...args: Any[]): Any {
    // biome-ignore lint/complexity/noThisInStatic: apply is inherited, and means the subclass.
    return applied(this, args);
  }
}

function refuseMissing(argument: string, sentence: string): never {
  return complain(core.UnsupportedError, sentence, {
    ...{ op: "Function", argument, expected: "a static method of the subclass", given: "none" },
  });
}

function applied(target: typeof AutogradFunction, args: readonly unknown[]): unknown {
  const ctx = new FunctionCtx();
  const inputs = args.map((arg) => (arg instanceof Tensor ? arg.core : undefined));
  ctx.needs_input_grad = inputs.map((input) => input !== undefined && core.isTracked(input));
  return core.scope(() => {
    const parted = target.setup_context !== AutogradFunction.setup_context;
    const result = core.noGrad(() => {
      const found = parted ? target.forward(...args) : target.forward(ctx, ...args);
      if (parted) target.setup_context(ctx, args, found);
      return found as unknown;
    });
    const list = Array.isArray(result) ? result : [result];
    const outputs = list.flatMap((each) => (each instanceof Tensor ? [each.core] : []));
    if (outputs.length === 0) return result;
    const constant = (fixed.get(ctx) ?? []).map((each) => each.core);
    const saved = ctx.saved_tensors;
    const kept = saved.flatMap((each) => (each ? [each.core] : []));
    const results: core.Tensor[] = core.recordCustom(
      target.name,
      inputs,
      outputs,
      kept,
      (cotangents, values, wanted) => {
        // An output that was saved is, on the way back, the function's result: gradients of gradients flow through it.
        const again = values.map((value, k) => {
          const made = outputs.indexOf(kept[k] as core.Tensor);
          if (made < 0 || inputs.includes(kept[k])) return value;
          const same = core.sameValue(value);
          same.node = results[made]?.node;
          return same;
        });
        let next = 0;
        ctx.saved_tensors = saved.map((each) => (each ? wrap(again[next++] as core.Tensor) : null));
        let at = 0;
        const given = list.map((each) => {
          if (!(each instanceof Tensor)) return null;
          const cotangent = cotangents[at++];
          if (cotangent) return wrap(cotangent);
          return sparse.has(ctx) ? null : wrap(core.gradientZeros(each.core));
        });
        ctx.needs_input_grad = wanted;
        return gradientsOf(target, target.backward(ctx, ...given), inputs);
      },
      outputs.map((output) => !constant.includes(output) && output.dtype === "float32"),
    );
    core.keep(Object.values(ctx));
    let at = 0;
    const back = list.map((each) => (each instanceof Tensor ? wrap(results[at++] as core.Tensor) : each));
    return Array.isArray(result) ? back : back[0];
  });
}

function gradientsOf(
  target: typeof AutogradFunction,
  found: unknown,
  inputs: readonly (core.Tensor | undefined)[],
): (core.Tensor | undefined)[] {
  const list = Array.isArray(found) ? found : [found];
  const surplus = list.slice(inputs.length).some((each) => each !== null && each !== undefined);
  if (list.length < inputs.length || surplus)
    complain(
      core.ArgumentError,
      `function ${target.name}Backward returned an incorrect number of gradients (expected ${inputs.length}, got ${list.length})`,
      { op: target.name, argument: "backward", expected: `${inputs.length}`, given: `${list.length}` },
    );
  return inputs.map((input, i) => {
    const part = list[i];
    if (part === null || part === undefined) return undefined;
    if (!(part instanceof Tensor))
      throw new core.ArgumentError({
        op: target.name,
        argument: `gradient ${i}`,
        expected: "a Tensor or null",
        given: show(part),
      });
    if (!input)
      complain(
        core.ArgumentError,
        `function ${target.name}Backward returned a gradient different from None at position ${i + 1}, but the corresponding forward input was not a Variable`,
        { op: target.name, argument: `gradient ${i}`, expected: "null", given: "a Tensor" },
      );
    return part.core;
  });
}
