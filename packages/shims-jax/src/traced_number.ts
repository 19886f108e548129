import { CaptureError } from "@facet/autograd";
import { HostNumber } from "./array.js";

/**
 * A number that is an argument of a jitted function, while that is traced: a number in arithmetic, and one that the host asks
 * for anew in every run for keys, step counts and schedules. Using it where JavaScript wants a number throws: the number is
 * another one in the next run.
 */
export class TracedNumber extends HostNumber {
  override [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return "Traced<number>";
    throw new CaptureError({
      op: "jit",
      argument: "a number it was called with",
      expected: "arithmetic by methods (i.add(1)) or jnp functions, or its place in static_argnums",
      given: "JavaScript arithmetic on it (a ConcretizationTypeError in JAX)",
    });
  }
}

/** The number behind an argument that may be traced: of this run. */
export const hostNumber = (x: number): number =>
  (x as unknown) instanceof TracedNumber ? (x as unknown as TracedNumber).now() : x;

/** A number computed on the host from one that may be traced, and traced then too. */
export function derived(x: number, f: (now: number) => number): number {
  if (!((x as unknown) instanceof TracedNumber)) return f(x);
  const { now } = x as unknown as TracedNumber;
  return new TracedNumber(() => f(now())) as unknown as number;
}
