// torch.compile: the function, or the forward pass of a module without gradients, as a replayed plan.
import * as core from "@facet/autograd";
import { type Args, func, type Keywords, only, signature } from "@facet/dialect";
import { complain } from "./errors.js";
import { Module } from "./nn/module.js";
import { Tensor, wrap } from "./tensor.js";

export interface CompileArguments {
  /** Taken, and always so: there are no graph breaks. */
  fullgraph: boolean;
  /** Gives the function back as it is. Default false. */
  disable: boolean;
}

const readCompile = signature("torch.compile", {
  model: func.or(null),
  "*": null,
  fullgraph: false,
  dynamic: only(null),
  backend: only(null, "inductor"),
  mode: only(null, "default"),
  options: only(null),
  name: only(null),
  disable: false,
  recompile_limit: only(null),
  isolate_recompiles: only(false),
  shapes_spec: only(null),
});

const asTensor: core.AsTensor = (value) => (value instanceof Tensor ? value.core : undefined);

/**
 * `torch.compile(fn)`: traces the function once for each combination of shapes, dtypes and other arguments, and replays that
 * from then on, to the same bits. The function may take whole training steps: zero_grad, forward, backward, optimizer.step().
 *
 * What it reads of modules, parameters, optimisers and generators may change between calls: settings, draws and step counts are
 * read again by every call, anything else makes it trace anew. Numbers among the arguments are params of the plan from their
 * second value on. What cannot be seen are plain JavaScript variables and fields of other objects: their values are those of
 * the trace, so make them arguments or properties of a module. Other JavaScript in the function runs only when it is traced.
 * The 32 plans last used are kept.
 *
 * `torch.compile(module)` is called like the module and shares everything with it. While gradients are recorded it is the
 * module itself: to train through a plan, compile the step.
 *
 * Without a function it gives one that compiles functions with the settings given.
 *
 * @throws CaptureError when the function reads a value or returns a tensor that still carries its graph.
 */
export function compile<F extends (...args: never[]) => unknown>(model: F, ...args: Args<[], CompileArguments>): F;
export function compile(options?: Keywords<CompileArguments>): <F extends (...args: never[]) => unknown>(model: F) => F;
export function compile(...args: unknown[]): unknown {
  const { model, disable } = readCompile(args);
  if (model === null) return (fn: (...args: never[]) => unknown) => compile(fn, { disable });
  return disable ? model : planned(model as (...args: never[]) => unknown);
}

function planned<F extends (...args: never[]) => unknown>(model: F): F {
  if (!((model as unknown) instanceof Module)) return compiled(model);
  const run = compiled(model);
  return new Proxy(model, {
    apply: (target, _, inputs) => (core.isRecording() ? target : run)(...(inputs as never[])),
  });
}

function compiled<F extends (...args: never[]) => unknown>(fn: F): F {
  const captured = new core.Captured<core.Template>({ name: "compile" });
  const identities = new core.Identities();
  return ((...args: never[]) => {
    const inputs: core.Tensor[] = [];
    const numbers: number[] = [];
    const given = core.takeApart(args, inputs, asTensor, numbers);
    const body = (standIns: core.Tensor[]): core.CaptureResult<core.Template> => {
      const result = fn(...(core.putTogether(given, (i) => wrap(standIns[i] as core.Tensor), numbers) as never[]));
      if (result instanceof Promise) refuse("an asynchronous function");
      const outputs: core.Tensor[] = [];
      const rest = core.takeApart(result, outputs, asTensor);
      const made = core.tracing()?.made;
      if (made && outputs.some((output) => made.has(output) && core.awaitsBackward(output)))
        refuse("a result whose backward() is yet to come");
      return { outputs, rest };
    };
    const key = core.templateKey(given, identities);
    const { outputs, rest } = captured.run(inputs, body, { key, numbers });
    return core.putTogether(rest, (i) => wrap(outputs[i] as core.Tensor));
  }) as F;
}

function refuse(given: string): never {
  return complain(core.CaptureError, "torch.compile: the function cannot be captured as one graph", {
    op: "compile",
    argument: "model",
    expected: "a synchronous function that calls backward() itself, or returns results detached or made under no_grad",
    given,
  });
}
