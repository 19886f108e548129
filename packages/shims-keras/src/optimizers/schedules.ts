// keras.optimizers.schedules: learning rates as functions of the step, computed on the host.
import "../start.js";
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { type Args, bool, define, Kind, listOf, mapping, number, type Rules, show, signature } from "@facet/dialect";
import { Callable, classNameOf, type Makes, withoutNew } from "../callable.js";
import { nameKind } from "../kinds.js";

/** A schedule is called like a function; Callable makes it one. */
export interface ScheduleBase {
  /** The rate of a step. */
  (step: number): number;
}

const readSchedule = signature("keras.optimizers.schedules.LearningRateSchedule", {});
/** The base of schedules: a class of the program's own gives `__call__(step)`, a number. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class ScheduleBase extends Callable {
  static readonly className: string = "LearningRateSchedule";
  readonly name: string | null = null;

  constructor(...args: []) {
    super();
    readSchedule(args);
  }

  override __call__(_step: number): number {
    const expected = "a class that says in __call__(step) what the rate is";
    const op = classNameOf(this.constructor as never);
    throw new UnsupportedError({ op, argument: "__call__", expected, given: "none" });
  }

  /** What a program can make the schedule of again. */
  get_config(): Record<string, unknown> {
    const expected = "a class that gives it, to be serialized";
    const op = classNameOf(this.constructor as never);
    throw new UnsupportedError({ op, argument: "get_config", expected, given: "none" });
  }

  /** The rate of a step. Throws ArgumentError where a class of the program's own gives no number. */
  rateAt(step: number): number {
    const rate: unknown = this.__call__(step);
    if (typeof rate === "number" && Number.isFinite(rate) && rate >= 0) return rate;
    const op = classNameOf(this.constructor as never);
    const expected = "a finite number of at least 0 from it, on the host";
    throw new ArgumentError({ op, argument: "__call__", expected, given: show(rate) });
  }
}

type Fields = Readonly<Record<string, never>>;
const readStep = signature("keras.optimizers.schedules.LearningRateSchedule.__call__", { step: number });
const registry = new Map<string, new (config: object) => ScheduleBase>();

/** A schedule class: its arguments, and the rate that they say for a step. */
function schedule<const P extends readonly unknown[], N>(
  className: string,
  rules: Rules,
  rate: (step: number, given: N) => number,
  check: (given: N) => void = () => {},
): Makes<Args<P, N & { name: string | null }>, ScheduleBase> {
  const read = signature(`keras.optimizers.schedules.${className}`, rules);
  class Made extends ScheduleBase {
    static override readonly className = className;
    readonly #given: N & { name: string };

    constructor(...args: readonly unknown[]) {
      super();
      this.#given = read(args) as never;
      check(this.#given);
      Object.assign(this, this.#given as object);
    }

    override __call__(...args: readonly unknown[]): number {
      return rate(readStep(args).step, this.#given);
    }

    override get_config(): Record<string, unknown> {
      return { ...(this.#given as Fields) };
    }
  }
  registry.set(className, Made as never);
  return withoutNew(Made) as never;
}

const above = number.where("a number above 0", (value) => value > 0);
const wrong = (op: string, argument: string, expected: string, given: unknown): never => {
  throw new ArgumentError({ op, argument, expected, given: show(given) });
};

type Decaying = { initial_learning_rate: number; decay_steps: number; decay_rate: number; staircase: boolean };
type DecayPositions = [initial_learning_rate: number, decay_steps: number, decay_rate: number, staircase: boolean];
const decayRules = (name: string) => ({
  initial_learning_rate: number,
  decay_steps: above,
  decay_rate: number,
  staircase: bool.or(false),
  name: nameKind.or(name),
});
const share = (step: number, { decay_steps, staircase }: Decaying): number =>
  staircase ? Math.floor(step / decay_steps) : step / decay_steps;
/** initial_learning_rate decay_rate^(step / decay_steps); with `staircase` the exponent is a whole number. */
export const ExponentialDecay = schedule<DecayPositions, Decaying>(
  "ExponentialDecay",
  decayRules("ExponentialDecay"),
  (step, given) => given.initial_learning_rate * given.decay_rate ** share(step, given),
);
/** initial_learning_rate / (1 + decay_rate step / decay_steps). */
export const InverseTimeDecay = schedule<DecayPositions, Decaying>(
  "InverseTimeDecay",
  decayRules("InverseTimeDecay"),
  (step, given) => given.initial_learning_rate / (1 + given.decay_rate * share(step, given)),
);
type Polynomial = {
  initial_learning_rate: number;
  decay_steps: number;
  end_learning_rate: number;
  power: number;
  cycle: boolean;
};
/** From initial_learning_rate to end_learning_rate in decay_steps, by a power; with `cycle` in longer and longer rounds. */
export const PolynomialDecay = schedule<
  [initial_learning_rate: number, decay_steps: number, end_learning_rate: number, power: number, cycle: boolean],
  Polynomial
>(
  "PolynomialDecay",
  {
    initial_learning_rate: number,
    decay_steps: above,
    end_learning_rate: number.or(1e-4),
    power: number.or(1),
    cycle: bool.or(false),
    name: nameKind.or("PolynomialDecay"),
  },
  (step, { initial_learning_rate: first, decay_steps, end_learning_rate: last, power, cycle }) => {
    const rounds = cycle && step !== 0 ? Math.ceil(step / decay_steps) : 1;
    const done = cycle ? step : Math.min(step, decay_steps);
    return (first - last) * (1 - done / (decay_steps * rounds)) ** power + last;
  },
);
type Piecewise = { boundaries: readonly number[]; values: readonly number[] };
/** values[i] up to and with boundaries[i], the last value beyond them. */
export const PiecewiseConstantDecay = schedule<[boundaries: readonly number[], values: readonly number[]], Piecewise>(
  "PiecewiseConstantDecay",
  { boundaries: listOf(number), values: listOf(number), name: nameKind.or("PiecewiseConstant") },
  (step, { boundaries, values }) => {
    const at = boundaries.findIndex((boundary) => step <= boundary);
    return values.at(at) as number;
  },
  ({ boundaries, values }) => {
    if (boundaries.length !== values.length - 1 || boundaries.length === 0)
      wrong("PiecewiseConstantDecay", "values", "one more than boundaries, of which there is at least one", values);
  },
);
const cosine = (share: number): number => 0.5 * (1 + Math.cos(Math.PI * share));
type Cosine = {
  initial_learning_rate: number;
  decay_steps: number;
  alpha: number;
  warmup_target: number | null;
  warmup_steps: number;
};
/** Along half a cosine to alpha times the rate; with a warmup_target, first up to it in warmup_steps. */
export const CosineDecay = schedule<[initial_learning_rate: number, decay_steps: number, alpha: number], Cosine>(
  "CosineDecay",
  {
    initial_learning_rate: number,
    decay_steps: above,
    alpha: number.or(0),
    name: nameKind.or("CosineDecay"),
    warmup_target: number.or(null),
    warmup_steps: number.where("a number of at least 0", (value) => value >= 0).or(0),
  },
  (step, { initial_learning_rate: first, decay_steps, alpha, warmup_target: target, warmup_steps }) => {
    const decayed = (done: number, from: number): number => from * ((1 - alpha) * cosine(done / decay_steps) + alpha);
    if (target === null) return decayed(Math.min(step, decay_steps), first);
    const at = Math.min(step, decay_steps + warmup_steps);
    if (at < warmup_steps) return first + ((target - first) * at) / warmup_steps;
    return decayed(at - warmup_steps, target);
  },
);
type Restarts = {
  initial_learning_rate: number;
  first_decay_steps: number;
  t_mul: number;
  m_mul: number;
  alpha: number;
};
/** Half cosines one after another, each t_mul times as long as the one before and beginning at m_mul times its rate. */
export const CosineDecayRestarts = schedule<
  [initial_learning_rate: number, first_decay_steps: number, t_mul: number, m_mul: number, alpha: number],
  Restarts
>(
  "CosineDecayRestarts",
  {
    initial_learning_rate: number,
    first_decay_steps: above,
    t_mul: number.or(2),
    m_mul: number.or(1),
    alpha: number.or(0),
    name: nameKind.or("SGDRDecay"),
  },
  (step, { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha }) => {
    let done = step / first_decay_steps;
    let restarts = Math.floor(done);
    if (t_mul === 1) done -= restarts;
    else {
      restarts = Math.floor(Math.log(1 - done * (1 - t_mul)) / Math.log(t_mul));
      done = (done - (1 - t_mul ** restarts) / (1 - t_mul)) / t_mul ** restarts;
    }
    return initial_learning_rate * ((1 - alpha) * m_mul ** restarts * cosine(done) + alpha);
  },
);
export const LearningRateSchedule = withoutNew(ScheduleBase);
export type LearningRateSchedule = ScheduleBase;

type Serialized = { class_name: string; config: Record<string, unknown> };
const scheduleKind = new Kind<ScheduleBase>("a LearningRateSchedule", (value) => value instanceof ScheduleBase);
/** The class and the configuration of a schedule. */
export const serialize: (learning_rate_schedule: ScheduleBase) => Serialized & Record<string, unknown> = define(
  "keras.optimizers.schedules.serialize",
  { learning_rate_schedule: scheduleKind },
  ({ learning_rate_schedule: given }) => ({
    module: "keras.optimizers.schedules",
    class_name: classNameOf(given.constructor as never),
    config: given.get_config(),
    registered_name: null,
  }),
);
/** The schedule that serialize() tells of; `custom_objects` are classes of the program's own by their names. */
export const deserialize: (config: Serialized, custom_objects?: Record<string, unknown> | null) => ScheduleBase =
  define(
    "keras.optimizers.schedules.deserialize",
    { config: mapping<Serialized>("what serialize gives"), custom_objects: mapping().or(null) },
    ({ config, custom_objects }) => {
      const own = (custom_objects as Record<string, unknown> | null)?.[config.class_name];
      const Made = (own ?? registry.get(config.class_name)) as (new (config: object) => ScheduleBase) | undefined;
      if (Made) return new Made(config.config);
      return wrong("deserialize", "config", `class_name one of ${[...registry.keys()].join(", ")}`, config.class_name);
    },
  ) as never;
