// torch.utils.checkpoint: parts of a network that the backward pass computes again.
import * as core from "@facet/autograd";
import { ArgumentError } from "@facet/autograd";
import { any, bool, define, func, int, listOf, mapping, oneOf, only } from "@facet/dialect";
import { buildTree, takeTree } from "../func/trees.js";
import { each } from "../kinds.js";
import { Sequential } from "../nn/containers.js";
import { type DrawnKeys, withKeys } from "../random.js";
import type { Tensor } from "../tensor.js";
import "../start.js";

// biome-ignore lint/suspicious/noExplicitAny: functions of all arguments.
type AnyFunction = (...args: any[]) => any;
interface Options {
  readonly use_reentrant?: boolean | null;
  readonly preserve_rng_state?: boolean;
  readonly determinism_check?: "default" | "none";
  readonly early_stop?: boolean;
}

/** Calls a function of a list of arguments, so that what its gradient needs is computed again. */
function again(fn: AnyFunction, args: readonly unknown[], preserve: boolean): unknown {
  const tree = takeTree(args);
  const keys: DrawnKeys = { keys: [], next: 0 };
  const { outputs, rest } = core.checkpoint(tree.tensors, (tensors) => {
    const call = (): unknown => fn(...(buildTree(tree.template, tensors) as unknown[]));
    const result = preserve ? withKeys(keys, call) : call();
    if (result instanceof Promise)
      throw new ArgumentError({
        op: "checkpoint",
        argument: "function",
        expected: "a synchronous function",
        given: "one that returned a promise",
      });
    const out = takeTree(result);
    return { outputs: out.tensors, rest: out.template };
  });
  return buildTree(rest, outputs);
}

const preserved = (kwargs: unknown): [preserve: boolean, others: Record<string, unknown>] => {
  const {
    preserve_rng_state = true,
    preserveRngState = preserve_rng_state,
    ...others
  } = (kwargs ?? {}) as {
    preserve_rng_state?: boolean;
    preserveRngState?: boolean;
  };
  if (typeof preserveRngState !== "boolean")
    throw new ArgumentError({
      op: "checkpoint",
      argument: "preserve_rng_state",
      expected: "true or false",
      given: "another",
    });
  return [preserveRngState, others];
};

type Checkpoint = <F extends AnyFunction>(
  fn: F,
  ...args: [...Parameters<F>] | [...Parameters<F>, Options]
) => ReturnType<F>;

/**
 * Calls `function` with the arguments and frees what its gradient needs: the backward pass calls it again, with the same random numbers unless
 * `preserve_rng_state` is false. Other keywords go to the function. `use_reentrant`, `determinism_check` and `early_stop` change nothing.
 */
export const checkpoint: Checkpoint = define(
  "torch.utils.checkpoint.checkpoint",
  {
    function: func,
    "*args": each(any),
    use_reentrant: bool.orNone.or(null),
    context_fn: only(null),
    determinism_check: oneOf("default", "none").or("default"),
    debug: only(false),
    early_stop: bool.or(true),
    "**kwargs": mapping(),
  },
  (given) => {
    const [preserve, others] = preserved(given.kwargs);
    const named = Object.keys(others).length > 0 ? [others] : [];
    return again(given.function, [...(given.args as readonly unknown[]), ...named], preserve);
  },
) as Checkpoint;

type InSegments = (
  functions: Sequential | readonly ((x: Tensor) => Tensor)[],
  segments: number,
  input: Tensor,
  named?: Options,
) => Tensor;

/** A chain of functions in `segments` parts, of which all but the last are checkpointed. */
export const checkpoint_sequential: InSegments = define(
  "torch.utils.checkpoint.checkpoint_sequential",
  {
    functions: listOf(func).either(
      func.where("a Sequential", (value) => (value as unknown) instanceof Sequential) as never,
    ),
    segments: int.where("a positive integer", (value) => value > 0),
    input: any,
    use_reentrant: bool.orNone.or(null),
    "**kwargs": mapping(),
  },
  ({ functions, segments, input, kwargs }) => {
    const [preserve, others] = preserved(kwargs);
    const [odd] = Object.keys(others);
    if (odd !== undefined)
      throw new ArgumentError({
        op: "checkpoint_sequential",
        argument: odd,
        expected: "preserve_rng_state",
        given: "a name it does not have",
      });
    const list = (
      Array.isArray(functions) ? functions : [...(functions as unknown as Sequential).children()]
    ) as AnyFunction[];
    const size = Math.floor(list.length / segments);
    const run =
      (start: number, end: number) =>
      (x: unknown): unknown =>
        list.slice(start, end).reduce((at, fn) => fn(at), x);
    let value: unknown = input;
    let start = 0;
    for (let k = 0; k < segments - 1; k++, start += size) value = again(run(start, start + size), [value], preserve);
    return run(start, list.length)(value) as Tensor;
  },
);
