// Schedules of optax: functions of how many updates there have been.
import { ArgumentError } from "@facet/autograd";
import { bool, define, int, Kind, number, show, signature } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { derived, hostNumber, TracedNumber } from "../traced_number.js";

/** A number for every count of updates. */
export type Schedule = (count: number) => number;
/** A number, or a function of how many updates there have been. */
export type ScalarOrSchedule = number | Schedule;

/** A number of this run; in a jitted function one of its arguments. */
export const scalar = new Kind<number>("a number", (x) => typeof x === "number" || x instanceof TracedNumber);
export const scalarOrSchedule = new Kind<ScalarOrSchedule>(
  "a number or a schedule, a function of the count of updates",
  (x) => scalar.accepts(x) || typeof x === "function",
);

/** The value after `count` updates, of this run. */
export function valueAt(fn: string, argument: string, value: ScalarOrSchedule, count: number): number {
  const now = hostNumber(typeof value === "function" ? value(hostNumber(count)) : value);
  if (typeof now === "number") return now;
  throw new ArgumentError({ op: fn, argument, expected: "a schedule that gives numbers", given: show(now) });
}

/** As valueAt, for use among arrays: in a jitted function it is another number in every run. */
export const valueFor = (fn: string, argument: string, value: ScalarOrSchedule, count: number): number =>
  typeof value === "function" ? derived(count, (now) => valueAt(fn, argument, value, now)) : value;

const read = signature("optax.Schedule", { count: scalar });

/** A schedule that reads its argument, and follows one that a jitted function was called with. */
export const schedule =
  (valueAfter: (count: number) => number) =>
  (...args: unknown[]): number =>
    derived(read(args).count, valueAfter);

/** A value that does not change. */
export const constant_schedule: (...args: Given<[value: number], [], { value: number }>) => Schedule = define(
  "optax.constant_schedule",
  { value: number },
  ({ value }) => schedule(() => value),
);

interface DecayNamed {
  init_value: number;
  transition_steps: number;
  decay_rate: number;
  transition_begin: number;
  staircase: boolean;
  end_value: number | null;
}
/**
 * init_value decay_rate^((count - transition_begin) / transition_steps), init_value until then; with `staircase` in whole
 * steps, and never beyond `end_value`. Without steps or with a rate of 0 it does not change, as in the original.
 */
export const exponential_decay: (
  ...args: Given<
    [init_value: number, transition_steps: number, decay_rate: number],
    [transition_begin: number, staircase: boolean, end_value: number | null],
    DecayNamed
  >
) => Schedule = define(
  "optax.exponential_decay",
  {
    init_value: number,
    transition_steps: number,
    decay_rate: number,
    transition_begin: int.or(0),
    staircase: bool.or(false),
    end_value: number.or(null),
  },
  ({ init_value, transition_steps, decay_rate, transition_begin, staircase, end_value }) => {
    if (transition_steps <= 0 || decay_rate === 0) return schedule(() => init_value);
    const begin = Math.max(0, transition_begin);
    return schedule((count) => {
      const steps = (count - begin) / transition_steps;
      const value = count <= begin ? init_value : init_value * decay_rate ** (staircase ? Math.floor(steps) : steps);
      if (end_value === null) return value;
      return decay_rate < 1 ? Math.max(value, end_value) : Math.min(value, end_value);
    });
  },
);
