// Schedules of optax made of pieces: lines, cosines, steps, one after another.
import { ArgumentError } from "@facet/autograd";
import { bool, define, func, int, isKeywords, Kind, listOf, number, oneOf, show } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { exponential_decay, type Schedule, schedule } from "./schedules.js";

type Pieces = Readonly<Record<number, number>>;
const pieces = new Kind<Pieces>("factors by count, as { 100: 0.5 }", isKeywords, true);
/** [count, factor] in order of counts. */
const sorted = (given: Pieces | null): [number, number][] =>
  Object.entries(given ?? {})
    .map(([count, factor]): [number, number] => [Number(count), factor])
    .sort(([a], [b]) => a - b);

function polynomial(init: number, end: number, power: number, steps: number, begin: number): Schedule {
  if (steps <= 0) return schedule(() => init);
  const from = Math.max(0, begin);
  return schedule((count) => {
    const left = 1 - Math.min(Math.max(count - from, 0), steps) / steps;
    return (init - end) * left ** power + end;
  });
}

interface PolynomialNamed {
  init_value: number;
  end_value: number;
  power: number;
  transition_steps: number;
  transition_begin: number;
}
/** From init_value to end_value in `transition_steps`, by a power of what is left of them. */
export const polynomial_schedule: (
  ...args: Given<
    [init_value: number, end_value: number, power: number, transition_steps: number],
    [transition_begin: number],
    PolynomialNamed
  >
) => Schedule = define(
  "optax.polynomial_schedule",
  { init_value: number, end_value: number, power: number, transition_steps: int, transition_begin: int.or(0) },
  ({ init_value, end_value, power, transition_steps, transition_begin }) =>
    polynomial(init_value, end_value, power, transition_steps, transition_begin),
);
/** From init_value to end_value in a line of `transition_steps`. */
export const linear_schedule: (
  ...args: Given<
    [init_value: number, end_value: number, transition_steps: number],
    [transition_begin: number],
    Omit<PolynomialNamed, "power">
  >
) => Schedule = define(
  "optax.linear_schedule",
  { init_value: number, end_value: number, transition_steps: int, transition_begin: int.or(0) },
  ({ init_value, end_value, transition_steps, transition_begin }) =>
    polynomial(init_value, end_value, 1, transition_steps, transition_begin),
);

/** init_value times each factor from its count on. */
export const piecewise_constant_schedule: (init_value: number, boundaries_and_scales?: Pieces | null) => Schedule =
  define(
    "optax.piecewise_constant_schedule",
    { init_value: number, boundaries_and_scales: pieces.or(null) },
    ({ init_value, boundaries_and_scales }) => {
      const list = positive("piecewise_constant_schedule", boundaries_and_scales);
      return schedule((count) =>
        list.reduce((value, [from, factor]) => (count >= from ? value * factor : value), init_value),
      );
    },
  );

function positive(fn: string, given: Pieces | null): [number, number][] {
  const list = sorted(given);
  for (const [, factor] of list)
    if (!(factor >= 0))
      throw new ArgumentError({
        op: fn,
        argument: "boundaries_and_scales",
        expected: "factors of 0 or more",
        given: show(factor),
      });
  return list;
}

type Interpolation = "linear" | "cosine";
const between = {
  linear: (start: number, end: number, part: number): number => (end - start) * part + start,
  cosine: (start: number, end: number, part: number): number =>
    end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1),
};
function interpolated(kind: Interpolation, init: number, list: readonly [number, number][]): Schedule {
  const bounds = [0, ...list.map(([count]) => count)];
  const values = [init];
  for (const [, factor] of list) values.push((values.at(-1) as number) * factor);
  return schedule((count) => {
    const last = bounds.length - 1;
    if (count >= (bounds[last] as number)) return values[last] as number;
    const i = bounds.findIndex((bound, k) => bound <= count && count < (bounds[k + 1] as number));
    if (i < 0) return 0;
    const [from, to] = [bounds[i] as number, bounds[i + 1] as number];
    return between[kind](values[i] as number, values[i + 1] as number, (count - from) / (to - from));
  });
}
/** Between init_value times the factors at their counts, in lines or half waves. */
export const piecewise_interpolate_schedule: (
  ...args: [interpolate_type: Interpolation, init_value: number, boundaries_and_scales?: Pieces | null]
) => Schedule = define(
  "optax.piecewise_interpolate_schedule",
  { interpolate_type: oneOf("linear", "cosine"), init_value: number, boundaries_and_scales: pieces.or(null) },
  ({ interpolate_type, init_value, boundaries_and_scales }) =>
    interpolated(interpolate_type, init_value, positive("piecewise_interpolate_schedule", boundaries_and_scales)),
);

function cosine(init: number, steps: number, alpha: number, exponent: number): Schedule {
  if (!(steps > 0))
    throw new ArgumentError({
      op: "cosine_decay_schedule",
      argument: "decay_steps",
      expected: "more than 0",
      given: `${steps}`,
    });
  return schedule((count) => {
    const wave = 0.5 * (1 + Math.cos((Math.PI * Math.min(count, steps)) / steps));
    return init * ((1 - alpha) * wave ** exponent + alpha);
  });
}
interface CosineNamed {
  init_value: number;
  decay_steps: number;
  alpha: number;
  exponent: number;
}
/** Half a wave from init_value to alpha times it in `decay_steps`. */
export const cosine_decay_schedule: (
  ...args: Given<[init_value: number, decay_steps: number], [alpha: number, exponent: number], CosineNamed>
) => Schedule = define(
  "optax.cosine_decay_schedule",
  { init_value: number, decay_steps: int, alpha: number.or(0), exponent: number.or(1) },
  ({ init_value, decay_steps, alpha, exponent }) => cosine(init_value, decay_steps, alpha, exponent),
);

const joined = (schedules: readonly Schedule[], boundaries: readonly number[]): Schedule =>
  schedule((count) => {
    let value = (schedules[0] as Schedule)(count);
    for (const [i, boundary] of boundaries.entries())
      if (count >= boundary && schedules[i + 1]) value = (schedules[i + 1] as Schedule)(count - boundary);
    return value;
  });
/** Schedules one after another: each from its boundary on, counted from there. */
export const join_schedules: (
  ...args: Given<
    [schedules: readonly Schedule[], boundaries: readonly number[]],
    [],
    { schedules: readonly Schedule[]; boundaries: readonly number[] }
  >
) => Schedule = define(
  "optax.join_schedules",
  { schedules: listOf(func as Kind<Schedule>), boundaries: listOf(int) },
  ({ schedules, boundaries }) => {
    if (schedules.length > 0) return joined(schedules, boundaries);
    throw new ArgumentError({ op: "join_schedules", argument: "schedules", expected: "at least one", given: "none" });
  },
);

/** A line to peak_value in `warmup_steps`, which it keeps. */
export const warmup_constant_schedule: (
  ...args: Given<
    [init_value: number, peak_value: number, warmup_steps: number],
    [],
    { init_value: number; peak_value: number; warmup_steps: number }
  >
) => Schedule = define(
  "optax.warmup_constant_schedule",
  { init_value: number, peak_value: number, warmup_steps: int },
  ({ init_value, peak_value, warmup_steps }) => polynomial(init_value, peak_value, 1, warmup_steps, 0),
);

interface WarmupCosine {
  init_value: number;
  peak_value: number;
  warmup_steps: number;
  decay_steps: number;
  end_value: number;
  exponent: number;
}
const WARMUP = {
  init_value: number,
  peak_value: number,
  warmup_steps: int,
  decay_steps: int,
  end_value: number.or(0),
  exponent: number.or(1),
} as const;
function warmupCosine({
  init_value,
  peak_value,
  warmup_steps,
  decay_steps,
  end_value,
  exponent,
}: WarmupCosine): Schedule {
  const alpha = peak_value === 0 ? 0 : end_value / peak_value;
  return joined(
    [
      polynomial(init_value, peak_value, 1, warmup_steps, 0),
      cosine(peak_value, decay_steps - warmup_steps, alpha, exponent),
    ],
    [warmup_steps],
  );
}
/** A line to peak_value in `warmup_steps`, then half a wave to end_value, at `decay_steps` altogether. */
export const warmup_cosine_decay_schedule: (
  ...args: Given<
    [init_value: number, peak_value: number, warmup_steps: number, decay_steps: number],
    [end_value: number, exponent: number],
    WarmupCosine
  >
) => Schedule = define("optax.warmup_cosine_decay_schedule", WARMUP, warmupCosine);

const readCosine = (given: unknown): Schedule => warmup_cosine_decay_schedule(given as WarmupCosine);
/** Such warmups and waves one after another, by their keywords. */
export const sgdr_schedule: (cosine_kwargs: readonly Partial<WarmupCosine>[]) => Schedule = define(
  "optax.sgdr_schedule",
  { cosine_kwargs: listOf(new Kind<WarmupCosine>("keywords of warmup_cosine_decay_schedule", isKeywords, true)) },
  ({ cosine_kwargs }) => {
    const ends: number[] = [];
    for (const { decay_steps } of cosine_kwargs) ends.push((ends.at(-1) ?? 0) + decay_steps);
    return joined(cosine_kwargs.map(readCosine), ends.slice(0, -1));
  },
);

interface WarmupExponential {
  init_value: number;
  peak_value: number;
  warmup_steps: number;
  transition_steps: number;
  decay_rate: number;
  transition_begin: number;
  staircase: boolean;
  end_value: number | null;
}
/** A line to peak_value in `warmup_steps`, then exponential_decay from there. */
export const warmup_exponential_decay_schedule: (
  ...args: Given<
    [init_value: number, peak_value: number, warmup_steps: number, transition_steps: number, decay_rate: number],
    [transition_begin: number, staircase: boolean, end_value: number | null],
    WarmupExponential
  >
) => Schedule = define(
  "optax.warmup_exponential_decay_schedule",
  {
    init_value: number,
    peak_value: number,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: number,
    transition_begin: int.or(0),
    staircase: bool.or(false),
    end_value: number.or(null),
  },
  ({ init_value, peak_value, warmup_steps, ...decay }) =>
    joined(
      [polynomial(init_value, peak_value, 1, warmup_steps, 0), exponential_decay({ init_value: peak_value, ...decay })],
      [warmup_steps],
    ),
);

const CYCLE = {
  transition_steps: int,
  peak_value: number,
  pct_start: number.or(0.3),
  div_factor: number.or(25),
  final_div_factor: number.or(1e4),
} as const;
interface Cycle {
  transition_steps: number;
  peak_value: number;
  pct_start: number;
  pct_final: number;
  div_factor: number;
  final_div_factor: number;
}
const atLeastOne = (fn: string, steps: number): void => {
  if (steps > 0) return;
  throw new ArgumentError({ op: fn, argument: "transition_steps", expected: "more than 0", given: `${steps}` });
};
/** Lines up to peak_value, down again, and on to the last value. */
export const linear_onecycle_schedule: (
  ...args: Given<
    [transition_steps: number, peak_value: number],
    [pct_start: number, pct_final: number, div_factor: number, final_div_factor: number],
    Cycle
  >
) => Schedule = define(
  "optax.linear_onecycle_schedule",
  {
    transition_steps: int,
    peak_value: number,
    pct_start: number.or(0.3),
    pct_final: number.or(0.85),
    div_factor: number.or(25),
    final_div_factor: number.or(1e4),
  },
  ({ transition_steps: steps, peak_value, pct_start, pct_final, div_factor, final_div_factor }) => {
    atLeastOne("linear_onecycle_schedule", steps);
    return interpolated("linear", peak_value / div_factor, [
      [Math.trunc(pct_start * steps), div_factor],
      [Math.trunc(pct_final * steps), 1 / div_factor],
      [steps, 1 / final_div_factor],
    ]);
  },
);
/** Half a wave up to peak_value, and one down to the last value. */
export const cosine_onecycle_schedule: (
  ...args: Given<
    [transition_steps: number, peak_value: number],
    [pct_start: number, div_factor: number, final_div_factor: number],
    Omit<Cycle, "pct_final">
  >
) => Schedule = define(
  "optax.cosine_onecycle_schedule",
  CYCLE,
  ({ transition_steps: steps, peak_value, pct_start, div_factor, final_div_factor }) => {
    atLeastOne("cosine_onecycle_schedule", steps);
    return interpolated("cosine", peak_value / div_factor, [
      [Math.trunc(pct_start * steps), div_factor],
      [steps, 1 / (div_factor * final_div_factor)],
    ]);
  },
);
