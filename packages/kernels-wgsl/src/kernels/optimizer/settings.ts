import { ArgumentError } from "../../errors.js";

/**
 * Where weight decay acts: `l2` adds it to the gradient (torch.optim.Adam and SGD), `decoupled` scales the weights by
 * 1 - lr * decay before the step (torch.optim.AdamW), `keras` subtracts weight * decay * lr before the step.
 */
export type DecayMode = "l2" | "decoupled" | "keras";

export const decayModes = ["l2", "decoupled", "keras"];

/** Throws ArgumentError unless `value` is a finite number, at least `low` (default 0) and below `high`. */
export function requireIn(op: string, argument: string, value: number, low = 0, high = Number.POSITIVE_INFINITY): void {
  if (Number.isFinite(value) && value >= low && value < high) return;
  const range = [Number.isFinite(low) ? ` of ${low} or more` : "", Number.isFinite(high) ? ` and below ${high}` : ""];
  throw new ArgumentError({ op, argument, expected: `a finite number${range.join("")}`, given: `${value}` });
}

/** Throws ArgumentError unless `value` is one of `allowed`. */
export function requireOneOf(op: string, argument: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new ArgumentError({ op, argument, expected: `one of ${allowed.join(", ")}`, given: `${value}` });
}

/** Throws ArgumentError unless `value` is an integer of 1 or more. */
export function requireCount(op: string, argument: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new ArgumentError({ op, argument, expected: "an integer of 1 or more", given: `${value}` });
}

/** Whether arenas of `count` elements can be read four at a time. */
export function inFours(count: number, views: Readonly<Record<string, { offset: number }>>): boolean {
  return count % 4 === 0 && Object.values(views).every((view) => (view?.offset ?? 0) % 16 === 0);
}
