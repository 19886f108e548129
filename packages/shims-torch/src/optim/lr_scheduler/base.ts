// What all schedules of learning rates share. A schedule is host arithmetic: optimisers read `group.lr` again at every step, of
// compiled functions too.
import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { type Args, instance, int, number, show, signature } from "@facet/dialect";
import { complain } from "../../errors.js";
import { named } from "../../kinds.js";
import { hasStepped, Optimizer } from "../optimizer.js";

/** An optimiser of any settings, as schedules see it. */
// biome-ignore lint/suspicious/noExplicitAny: settings are contravariant in the methods of an optimiser.
export type AnyOptimizer = Optimizer<any>;

/** The optimiser, then what a schedule has of its own: by position or by name. */
export type ScheduleArgs<Positional extends readonly unknown[], Named> = Args<
  [optimizer: AnyOptimizer, ...Positional],
  Named & { optimizer: AnyOptimizer }
>;

export const optimizer = instance(() => Optimizer, "an Optimizer");
export const last_epoch = int.or(-1);

const readers = {
  construct: signature("torch.optim.lr_scheduler.LRScheduler", { optimizer, last_epoch }),
  step: signature("torch.optim.lr_scheduler.LRScheduler.step", { epoch: number.or(null) }),
  get_lr: signature("torch.optim.lr_scheduler.LRScheduler.get_lr", {}),
  get_last_lr: signature("torch.optim.lr_scheduler.LRScheduler.get_last_lr", {}),
  state_dict: signature("torch.optim.lr_scheduler.LRScheduler.state_dict", {}),
  load_state_dict: signature("torch.optim.lr_scheduler.LRScheduler.load_state_dict", {
    state_dict: named<ScheduleState>("state_dict", "what state_dict() gave"),
  }),
};

/** State of a schedule by the names of its fields: plain values that JSON holds. */
export type ScheduleState = Record<string, unknown>;

/** What the constructor of a schedule hands to the base: fields are there before the first rates are asked for. */
export class Start {
  readonly optimizer: AnyOptimizer;
  readonly last_epoch: number;
  readonly fields: object;
  /** Whether the base sets the first rates. */
  readonly whole: boolean;

  constructor(given: { readonly optimizer: AnyOptimizer; readonly last_epoch: number }, fields: object, whole = true) {
    this.optimizer = given.optimizer;
    this.last_epoch = given.last_epoch;
    this.fields = fields;
    this.whole = whole;
  }
}

/** Prints what Python's warnings module would. */
export function warnUser(sentence: string): void {
  console.warn(`UserWarning: ${sentence}`);
}

/** Throws ArgumentError with PyTorch's sentence. */
export function refuse(
  op: object | string,
  argument: string,
  sentence: string,
  expected: string,
  given: unknown,
): never {
  return complain(ArgumentError, sentence, {
    op: typeof op === "string" ? op : op.constructor.name,
    argument,
    expected,
    given: typeof given === "string" ? given : show(given),
  });
}

/**
 * Base of the schedules: sets `lr` of every group of an optimiser when it is made and at every `step()`. `last_epoch` is the number
 * of steps done, -1 to begin with. A subclass overrides `get_lr`, which gives a rate for each group and is called once before
 * `super(...)` returns.
 */
export class LRScheduler {
  readonly optimizer: AnyOptimizer;
  declare base_lrs: number[];
  declare last_epoch: number;
  declare _step_count: number;
  declare _last_lr: number[];
  declare _is_initial: boolean;
  declare _get_lr_called_within_step: boolean;

  constructor(...args: ScheduleArgs<[last_epoch: number], { last_epoch: number }> | [Start]) {
    const given = args[0];
    const start = given instanceof Start ? given : new Start(readers.construct(args), {});
    this.optimizer = start.optimizer;
    Object.assign(this, start.fields);
    if (start.whole) this._begin(start.last_epoch);
  }

  /** Remembers the first rates of the groups, or asks for those of a run that goes on, and sets the first ones. */
  _begin(epoch: number): void {
    const groups = groupsOf(this.optimizer);
    for (const [i, group] of groups.entries()) {
      if (epoch === -1) group.initial_lr ??= group.lr as number;
      else if (group.initial_lr === undefined)
        refuse(
          this,
          "last_epoch",
          `param 'initial_lr' is not specified in param_groups[${i}] when resuming scheduler with last_epoch >= 0`,
          "-1, or an optimizer that has loaded the state dict of one with a schedule",
          epoch,
        );
    }
    this.base_lrs = groups.map((group) => group.initial_lr as number);
    this.last_epoch = epoch;
    this._initial_step();
  }

  /** The first step, which the constructor does. */
  _initial_step(): void {
    this._step_count = 0;
    this._is_initial = true;
    try {
      this.step();
    } finally {
      this._is_initial = false;
    }
  }

  /** The next rates, into the groups. `epoch` sets the number of steps itself, which PyTorch gives up. */
  step(...args: Args<[epoch: number | null], { epoch: number | null }>): void {
    const { epoch } = readers.step(args);
    if (this._step_count === 1 && !hasStepped(this.optimizer))
      warnUser(
        "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite order: as it is, the first value of the learning rate schedule is skipped.",
      );
    this._step_count += 1;
    if (epoch !== null)
      warnUser("The epoch parameter in `scheduler.step()` is deprecated: call `scheduler.step()` without it.");
    this._update_lr(epoch);
  }

  _update_lr(epoch: number | null): void {
    this.last_epoch = epoch ?? this.last_epoch + 1;
    this._get_lr_called_within_step = true;
    try {
      this._set((epoch === null ? undefined : this._get_closed_form_lr()) ?? this.get_lr());
    } finally {
      this._get_lr_called_within_step = false;
    }
  }

  /** Writes rates into the groups. */
  _set(rates: readonly number[]): void {
    const groups = groupsOf(this.optimizer);
    if (rates.length !== groups.length || !rates.every((rate) => Number.isFinite(rate)))
      throw new ArgumentError({
        op: this.constructor.name,
        argument: "get_lr",
        expected: `a finite rate for each of ${groups.length} groups`,
        given: show(rates),
      });
    for (const [i, group] of groups.entries()) group.lr = rates[i] as number;
    this._last_lr = this._lrs();
  }

  /** Rates of the groups as they are. */
  _lrs(): number[] {
    return groupsOf(this.optimizer).map((group) => group.lr as number);
  }

  /** Rates of the next step, from those of the last: what the schedules override. */
  _rates(): number[] {
    return complain(UnsupportedError, "NotImplementedError: a subclass of LRScheduler overrides get_lr", {
      op: this.constructor.name,
      argument: "get_lr",
      expected: "a method of the subclass",
      given: "none",
    });
  }

  /** Rates from the number of steps alone, where there is such a formula: `step(epoch)` takes it. */
  _get_closed_form_lr(): number[] | undefined {
    return undefined;
  }

  /** Rates for the step being done, one for each group. What was set last is `get_last_lr()`. */
  get_lr(...args: []): number[] {
    readers.get_lr(args);
    if (!this._get_lr_called_within_step)
      warnUser("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.");
    return this._rates();
  }

  /** The rates that were set last, one for each group. */
  get_last_lr(...args: []): number[] {
    readers.get_last_lr(args);
    return this._last_lr;
  }

  /** Every field but the optimiser. Functions are not state: null stands for them. */
  state_dict(...args: []): ScheduleState {
    readers.state_dict(args);
    return this._state();
  }
  _state(): ScheduleState {
    const state: ScheduleState = {};
    for (const [key, value] of Object.entries(this)) {
      if (key === "optimizer") continue;
      state[key] = Array.isArray(value) ? value.map(stateOf) : stateOf(value);
    }
    return state;
  }

  /** Takes over what state_dict() gave. The optimiser has state of its own: load that too. */
  load_state_dict(...args: [state_dict: ScheduleState] | [{ readonly state_dict: ScheduleState }]): void {
    this._load(readers.load_state_dict(args as readonly unknown[]).state_dict as ScheduleState);
  }
  _load(state: ScheduleState): void {
    for (const [key, value] of Object.entries(state)) {
      const own = (this as unknown as ScheduleState)[key];
      const inside = Array.isArray(own) && own.length > 0 && own.every((each) => each instanceof LRScheduler);
      if (inside && Array.isArray(value)) {
        if (value.length !== own.length)
          throw new ArgumentError({
            op: "load_state_dict",
            argument: key,
            expected: `state of ${own.length} schedules`,
            given: `of ${value.length}`,
          });
        for (const [i, each] of own.entries()) (each as LRScheduler)._load(value[i] as ScheduleState);
      } else if (!isFunctions(own)) (this as unknown as ScheduleState)[key] = Array.isArray(value) ? [...value] : value;
    }
  }
}

const isFunctions = (value: unknown): boolean =>
  typeof value === "function" || (Array.isArray(value) && value.some((each) => typeof each === "function"));

const stateOf = (value: unknown): unknown =>
  value instanceof LRScheduler ? value._state() : typeof value === "function" ? null : value;

/** A group with what schedules keep in it. */
export interface ScheduledGroup {
  lr: number;
  initial_lr?: number;
  max_lr?: number;
  min_lr?: number;
  momentum?: number;
  betas?: readonly number[];
  max_momentum?: number;
  base_momentum?: number;
}

/** The groups of an optimiser, as schedules read and write them. */
export const groupsOf = (of: AnyOptimizer): ScheduledGroup[] => of.param_groups as unknown as ScheduledGroup[];

/** A value for each group, from one for all or a list. */
export function perGroup<T>(op: string, argument: string, of: AnyOptimizer, value: T | readonly T[]): T[] {
  const count = of.param_groups.length;
  if (!Array.isArray(value)) return Array<T>(count).fill(value as T);
  if (value.length !== count)
    refuse(
      op,
      argument,
      `${argument} must have the same length as optimizer.param_groups`,
      `${count} values`,
      `${value.length}`,
    );
  return [...value];
}
