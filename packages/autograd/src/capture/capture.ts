import { CaptureError } from "@facet/kernels-wgsl";
import type { Tensor } from "../tensor.js";
import { Captured, type CaptureOptions, type CaptureResult, type RunOptions } from "./captured.js";
import type { PlanSummary } from "./compiled_plan.js";
import { Identities, putTogether, type Template, takeApart, templateKey } from "./template.js";

/** A function that runs as a plan. */
export interface CapturedFunction<A extends unknown[], R> {
  (...args: A): R;
  /** Plans that are kept: for each combination of shapes and of values that are neither tensors nor numbers. */
  readonly plans: readonly PlanSummary[];
  /** Frees the plans. */
  dispose(): void;
}

/**
 * Traces `fn` once for each combination of argument shapes and replays the trace from then on: one submission, no memory
 * taken but for results, next to no JavaScript. What `fn` computes is the same to the bit.
 *
 * Arguments and results are tensors, in arrays and plain objects if need be. Numbers are params of the plan from their second
 * value on; other arguments belong to the combination, objects and functions by identity. `fn` must be synchronous and may not
 * look at values. Tensors it uses from outside are read, and written, where they lie; one that it returns is another handle on
 * the same memory. Host code in it runs only while it is traced, except what everyRun() was given. What it reads of observed
 * objects (observe.ts) may change between calls; plain variables and fields of other objects are as they were in the trace.
 * Gradients do not flow through results: differentiate inside. With an argument that a gradient flows into, and
 * inside another capture, `fn` just runs.
 *
 * @throws CaptureError when `fn` reads a value, draws on the host, or returns a promise.
 */
export function capture<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: CaptureOptions & Pick<RunOptions<unknown>, "donated"> = {},
): CapturedFunction<A, R> {
  const captured = new Captured<Template>(options);
  const identities = new Identities();
  const call = (...args: A): R => {
    const inputs: Tensor[] = [];
    const numbers: number[] = [];
    const given = takeApart(args, inputs, undefined, numbers);
    const body = (standIns: Tensor[]): CaptureResult<Template> => {
      const results: Tensor[] = [];
      const result = fn(...(putTogether(given, (i) => standIns[i], numbers) as A));
      if (result instanceof Promise)
        throw new CaptureError({
          op: options.name ?? "capture",
          argument: "fn",
          expected: "a synchronous function",
          given: "one that returned a promise",
        });
      return { rest: takeApart(result, results), outputs: results };
    };
    const key = templateKey(given, identities);
    const { donated } = options;
    const { outputs, rest } = captured.run(inputs, body, donated ? { key, numbers, donated } : { key, numbers });
    return putTogether(rest, (i) => outputs[i]) as R;
  };
  return Object.defineProperties(call, {
    plans: { get: () => captured.plans },
    dispose: { value: () => captured.dispose() },
  }) as CapturedFunction<A, R>;
}
