// Schedules that move the momentum of an optimiser against its rate.
import { bool, func, int, number, oneOf, oneOrMore, signature } from "@facet/dialect";
import {
  type AnyOptimizer,
  groupsOf,
  LRScheduler,
  last_epoch,
  optimizer,
  perGroup,
  refuse,
  type ScheduleArgs,
  type ScheduledGroup,
  Start,
} from "./base.js";

const own = "torch.optim.lr_scheduler";
type PerGroup = number | readonly number[];
const perGroupKind = oneOrMore(number);

/** Whether an optimiser's momentum is the first of its betas. Throws where it has none. */
function usesBetas(op: string, { defaults }: AnyOptimizer): boolean {
  if (!("momentum" in defaults || "betas" in defaults))
    refuse(
      op,
      "cycle_momentum",
      "optimizer must support momentum or beta1 with `cycle_momentum` option enabled",
      "false, or an optimizer with momentum or betas",
      "true",
    );
  return "betas" in defaults;
}

function setMomentum(group: ScheduledGroup, betas: boolean, momentum: number): void {
  if (betas) group.betas = [momentum, ...(group.betas ?? []).slice(1)];
  else group.momentum = momentum;
}

/** Puts the bounds of momentum into the groups, and the upper one in force. */
function beginMomentum(of: AnyOptimizer, betas: boolean, low: readonly number[], high: readonly number[]): void {
  for (const [i, group] of groupsOf(of).entries()) {
    setMomentum(group, betas, high[i] as number);
    group.max_momentum = high[i] as number;
    group.base_momentum = low[i] as number;
  }
}

type CyclicMode = "triangular" | "triangular2" | "exp_range";
type ScaleMode = "cycle" | "iterations";
type Scale = (x: number) => number;
export interface CyclicArguments {
  base_lr: PerGroup;
  max_lr: PerGroup;
  step_size_up: number;
  step_size_down: number | null;
  mode: CyclicMode;
  gamma: number;
  scale_fn: Scale | null;
  scale_mode: ScaleMode;
  cycle_momentum: boolean;
  base_momentum: PerGroup;
  max_momentum: PerGroup;
  last_epoch: number;
}

const readCyclic = signature(`${own}.CyclicLR`, {
  optimizer,
  base_lr: perGroupKind,
  max_lr: perGroupKind,
  step_size_up: int.or(2000),
  step_size_down: int.or(null),
  mode: oneOf("triangular", "triangular2", "exp_range").or("triangular"),
  gamma: number.or(1),
  scale_fn: func.or(null),
  scale_mode: oneOf("cycle", "iterations").or("cycle"),
  cycle_momentum: bool.or(true),
  base_momentum: perGroupKind.or(0.8),
  max_momentum: perGroupKind.or(0.9),
  last_epoch,
});
const readScale = signature(`${own}.CyclicLR.scale_fn`, { x: number });

/** Up from base_lr to max_lr in step_size_up (2000) steps and down again; momentum the other way. */
export class CyclicLR extends LRScheduler {
  declare max_lrs: number[];
  declare total_size: number;
  declare step_ratio: number;
  declare mode: CyclicMode;
  declare gamma: number;
  declare _scale_fn_custom: Scale | null;
  declare scale_mode: ScaleMode;
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;
  declare base_momentums: number[];
  declare max_momentums: number[];

  constructor(
    ...args: ScheduleArgs<
      [base_lr: PerGroup, max_lr: PerGroup, step_size_up: number, step_size_down: number | null, mode: CyclicMode],
      CyclicArguments
    >
  ) {
    const given = readCyclic(args);
    const { optimizer, step_size_up, mode, gamma, scale_fn, cycle_momentum, last_epoch } = given;
    const op = "CyclicLR";
    const lists = (argument: "base_lr" | "max_lr" | "base_momentum" | "max_momentum"): number[] =>
      perGroup(op, argument, optimizer, given[argument]);
    const base_lrs = lists("base_lr");
    const max_lrs = lists("max_lr");
    const total_size = step_size_up + (given.step_size_down ?? step_size_up);
    const own = scale_fn === null;
    const fields = {
      max_lrs,
      total_size,
      step_ratio: step_size_up / total_size,
      mode,
      gamma,
      _scale_fn_custom: scale_fn,
      scale_mode: own ? (mode === "exp_range" ? "iterations" : "cycle") : given.scale_mode,
      cycle_momentum,
    };
    if (last_epoch === -1) for (const [i, group] of groupsOf(optimizer).entries()) group.lr = base_lrs[i] as number;
    let momenta: { use_beta1: boolean; base_momentums: number[]; max_momentums: number[] } | undefined;
    if (cycle_momentum) {
      const use_beta1 = usesBetas(op, optimizer);
      momenta = { use_beta1, base_momentums: lists("base_momentum"), max_momentums: lists("max_momentum") };
      if (last_epoch === -1) beginMomentum(optimizer, use_beta1, momenta.base_momentums, momenta.max_momentums);
    }
    super(new Start(given, { ...fields, ...momenta }));
    this.base_lrs = base_lrs;
  }

  /** How high a cycle goes, of its number (from 1) or of the number of steps, as scale_mode says. */
  scale_fn(...args: [x: number] | [{ readonly x: number }]): number {
    return this._scale(readScale(args as readonly unknown[]).x);
  }
  _scale(x: number): number {
    if (this._scale_fn_custom) return this._scale_fn_custom(x);
    return this.mode === "triangular" ? 1 : this.mode === "triangular2" ? 1 / 2 ** (x - 1) : this.gamma ** x;
  }

  override _rates(): number[] {
    const at = this.last_epoch / this.total_size;
    const cycle = Math.floor(1 + at);
    const x = 1 + at - cycle;
    const height = x <= this.step_ratio ? x / this.step_ratio : (x - 1) / (this.step_ratio - 1);
    const scale = (): number => this._scale(this.scale_mode === "cycle" ? cycle : this.last_epoch);
    const rates = this.base_lrs.map((base, i) => base + ((this.max_lrs[i] as number) - base) * height * scale());
    if (this.cycle_momentum)
      for (const [i, group] of groupsOf(this.optimizer).entries()) {
        const [low, high] = [this.base_momentums[i], this.max_momentums[i]] as [number, number];
        setMomentum(group, this.use_beta1, high - (high - low) * height * scale());
      }
    return rates;
  }
}

type Strategy = "cos" | "linear";
export interface OneCycleArguments {
  max_lr: PerGroup;
  total_steps: number | null;
  epochs: number | null;
  steps_per_epoch: number | null;
  pct_start: number;
  anneal_strategy: Strategy;
  cycle_momentum: boolean;
  base_momentum: PerGroup;
  max_momentum: PerGroup;
  div_factor: number;
  final_div_factor: number;
  three_phase: boolean;
  last_epoch: number;
}

const readOneCycle = signature(`${own}.OneCycleLR`, {
  optimizer,
  max_lr: perGroupKind,
  total_steps: int.or(null),
  epochs: int.or(null),
  steps_per_epoch: int.or(null),
  pct_start: number.or(0.3),
  anneal_strategy: oneOf("cos", "linear").or("cos"),
  cycle_momentum: bool.or(true),
  base_momentum: perGroupKind.or(0.85),
  max_momentum: perGroupKind.or(0.95),
  div_factor: number.or(25),
  final_div_factor: number.or(1e4),
  three_phase: bool.or(false),
  last_epoch,
});

/** Part of a cycle: where it ends, and what of a group it goes from and to. */
interface Phase {
  readonly end_step: number;
  readonly start_lr: "initial_lr" | "max_lr";
  readonly end_lr: "initial_lr" | "max_lr" | "min_lr";
  readonly start_momentum: "max_momentum" | "base_momentum";
  readonly end_momentum: "max_momentum" | "base_momentum";
}

const [low, high] = ["base_momentum", "max_momentum"] as const;
function phasesOf(total: number, start: number, three: boolean): Phase[] {
  const last = total - 1;
  const up: Phase = {
    ...{ end_step: start * total - 1, start_lr: "initial_lr", end_lr: "max_lr" },
    ...{ start_momentum: high, end_momentum: low },
  };
  if (!three)
    return [up, { end_step: last, start_lr: "max_lr", end_lr: "min_lr", start_momentum: low, end_momentum: high }];
  const turn = 2 * start * total - 2;
  return [
    up,
    { end_step: turn, start_lr: "max_lr", end_lr: "initial_lr", start_momentum: low, end_momentum: high },
    { end_step: last, start_lr: "initial_lr", end_lr: "min_lr", start_momentum: high, end_momentum: high },
  ];
}

function totalOf(given: { total_steps: number | null; epochs: number | null; steps_per_epoch: number | null }): number {
  const positive = (argument: "total_steps" | "epochs" | "steps_per_epoch", value: number): number =>
    value > 0
      ? value
      : refuse("OneCycleLR", argument, `Expected positive integer ${argument}, but got ${value}`, "1 or more", value);
  const { total_steps, epochs, steps_per_epoch } = given;
  if (total_steps !== null) return positive("total_steps", total_steps);
  if (epochs !== null && steps_per_epoch !== null)
    return positive("epochs", epochs) * positive("steps_per_epoch", steps_per_epoch);
  const sentence = "You must define either total_steps OR (epochs AND steps_per_epoch)";
  return refuse("OneCycleLR", "total_steps", sentence, "a number of steps", total_steps);
}

/** Up from max_lr / div_factor to max_lr in pct_start of all steps, then far down; momentum the other way. */
export class OneCycleLR extends LRScheduler {
  declare total_steps: number;
  declare _schedule_phases: Phase[];
  declare _anneal_func_type: Strategy;
  declare cycle_momentum: boolean;
  declare use_beta1: boolean;

  constructor(
    ...args: ScheduleArgs<
      [max_lr: PerGroup, total_steps: number | null, epochs: number | null, steps_per_epoch: number | null],
      OneCycleArguments
    >
  ) {
    const given = readOneCycle(args);
    const { optimizer, pct_start, cycle_momentum, last_epoch } = given;
    const op = "OneCycleLR";
    const total_steps = totalOf(given);
    if (!(pct_start >= 0 && pct_start <= 1))
      refuse(op, "pct_start", `Expected float between 0 and 1 pct_start, but got ${pct_start}`, "0 to 1", pct_start);
    const lists = (argument: "max_lr" | "base_momentum" | "max_momentum"): number[] =>
      perGroup(op, argument, optimizer, given[argument]);
    const rates = lists("max_lr");
    if (last_epoch === -1)
      for (const [i, group] of groupsOf(optimizer).entries()) {
        group.max_lr = rates[i] as number;
        group.initial_lr = group.max_lr / given.div_factor;
        group.min_lr = group.initial_lr / given.final_div_factor;
      }
    const use_beta1 = cycle_momentum ? { use_beta1: usesBetas(op, optimizer) } : undefined;
    if (use_beta1) {
      const [base, max] = [lists("base_momentum"), lists("max_momentum")];
      if (last_epoch === -1) beginMomentum(optimizer, use_beta1.use_beta1, base, max);
    }
    super(
      new Start(given, {
        total_steps,
        _schedule_phases: phasesOf(total_steps, pct_start, given.three_phase),
        _anneal_func_type: given.anneal_strategy,
        cycle_momentum,
        ...use_beta1,
      }),
    );
  }

  _anneal(start: number, end: number, part: number): number {
    if (this._anneal_func_type === "linear") return (end - start) * part + start;
    return end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1);
  }

  override _rates(): number[] {
    const step = this.last_epoch;
    if (step > this.total_steps)
      refuse(
        this,
        "step",
        `Tried to step ${step} times. The specified number of total steps is ${this.total_steps}`,
        `${this.total_steps} steps`,
        `${step}`,
      );
    const phases = this._schedule_phases;
    const found = phases.findIndex(({ end_step }) => step <= end_step);
    const at = found < 0 ? phases.length - 1 : found;
    const phase = phases[at] as Phase;
    const start = phases[at - 1]?.end_step ?? 0;
    const part = (step - start) / (phase.end_step - start);
    return groupsOf(this.optimizer).map((group) => {
      const between = (from: keyof ScheduledGroup, to: keyof ScheduledGroup): number =>
        this._anneal(group[from] as number, group[to] as number, part);
      if (this.cycle_momentum) setMomentum(group, this.use_beta1, between(phase.start_momentum, phase.end_momentum));
      return between(phase.start_lr, phase.end_lr);
    });
  }
}
