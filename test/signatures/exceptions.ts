// Where a dialect's signatures may differ from the original's, each with its reason.
import { flaxExceptions } from "./exceptions_flax.js";
import { jaxExceptions } from "./exceptions_jax.js";
import { kerasExceptions } from "./exceptions_keras.js";
import { torchExceptions } from "./exceptions_torch.js";

export interface Exceptions {
  /** Members that only Facet's own packages call, or that frameworks call and users define: patterns, with the reason. */
  readonly internal: readonly (readonly [RegExp, string])[];
  /** Callables that the original does not have: patterns, with the reason. */
  readonly ours: readonly (readonly [RegExp, string])[];
  /** Arguments that differ: by callable, which may be a pattern of names ("torch.nn.init.*"), and argument. */
  readonly differences: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const every: readonly Exceptions[] = [torchExceptions, kerasExceptions, jaxExceptions, flaxExceptions];

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

export const exceptions = {
  internal: (name: string): boolean => every.some(({ internal }) => internal.some(([pattern]) => pattern.test(name))),
  ours: (name: string): boolean => every.some(({ ours }) => ours.some(([pattern]) => pattern.test(name))),
  /** Reasons by argument. */
  of(names: readonly string[]): Map<string, { readonly name: string; readonly reason: string }> {
    const found = new Map<string, { name: string; reason: string }>();
    for (const each of every)
      for (const [pattern, byArgument] of Object.entries(each.differences))
        if (names.some((name) => matches(pattern, name)))
          for (const [argument, reason] of Object.entries(byArgument)) found.set(argument, { name: pattern, reason });
    return found;
  },
  /** Every exception as "name: argument". */
  all: (): string[] =>
    every.flatMap((each) =>
      Object.entries(each.differences).flatMap(([name, byArgument]) =>
        Object.keys(byArgument).map((argument) => `${name}: ${argument}`),
      ),
    ),
};
