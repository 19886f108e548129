import { ArgumentError, scope } from "@facet/autograd";
import { leavesOf } from "./pytree.js";

// biome-ignore lint/suspicious/noExplicitAny: functions of any arguments are transformed.
export type AnyFunction = (...args: any[]) => any;

/** A scope that keeps every leaf of the tree that `body` returns, those inside registered classes too. */
export function treeScope<T>(fn: string, body: () => T): T {
  const { result } = scope(() => {
    const result = body();
    if (result instanceof Promise) throw synchronous(fn);
    return { result, leaves: leavesOf(result) };
  });
  return result;
}

export const synchronous = (fn: string): ArgumentError =>
  new ArgumentError({
    op: fn,
    argument: "fun",
    expected: "a synchronous function",
    given: "one that returned a promise",
  });
