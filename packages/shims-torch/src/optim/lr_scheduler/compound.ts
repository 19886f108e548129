// Schedules made of schedules.

import type { Args } from "@facet/dialect";
import { instance, int, listOf, signature } from "@facet/dialect";
import {
  type AnyOptimizer,
  groupsOf,
  LRScheduler,
  last_epoch,
  optimizer,
  refuse,
  type ScheduleArgs,
  Start,
} from "./base.js";
import { ReduceLROnPlateau } from "./plateau.js";

const own = "torch.optim.lr_scheduler";
const schedulers = listOf(instance(() => LRScheduler, "an LRScheduler"));

/** Throws unless all are schedules of the optimiser that step() alone moves. */
function requireFit(op: string, list: readonly LRScheduler[], of: AnyOptimizer | undefined): void {
  if (list.length === 0)
    refuse(op, "schedulers", `${op} expects at least one scheduler, but got no scheduler.`, "one or more", "none");
  for (const [i, each] of list.entries()) {
    const argument = `schedulers[${i}]`;
    if (each instanceof ReduceLROnPlateau)
      refuse(
        op,
        argument,
        `${op} does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified when calling \`step\``,
        "a schedule whose step() takes nothing",
        "ReduceLROnPlateau",
      );
    if (each.optimizer !== of)
      refuse(
        op,
        argument,
        `${op} expects all schedulers to belong to the same optimizer`,
        "one of that optimizer",
        "one of another",
      );
  }
}

const readChained = signature(`${own}.ChainedScheduler`, { schedulers, optimizer: optimizer.or(null) });
const readChainedStep = signature(`${own}.ChainedScheduler.step`, {});

/** Several schedules, all of which step each time, one after another. */
export class ChainedScheduler extends LRScheduler {
  declare _schedulers: LRScheduler[];
  constructor(
    ...args: Args<
      [schedulers: readonly LRScheduler[], optimizer: AnyOptimizer | null],
      { schedulers: readonly LRScheduler[]; optimizer: AnyOptimizer | null }
    >
  ) {
    const given = readChained(args);
    const of = given.optimizer ?? given.schedulers[0]?.optimizer;
    requireFit("ChainedScheduler", given.schedulers, of);
    const optimizer = of as AnyOptimizer;
    const fields = { _schedulers: [...given.schedulers], _last_lr: groupsOf(optimizer).map((group) => group.lr) };
    super(new Start({ optimizer, last_epoch: -1 }, fields, false));
  }
  override step(...args: []): void {
    readChainedStep(args);
    for (const each of this._schedulers) each.step();
    this._last_lr = this._lrs();
  }
}

const readSequential = signature(`${own}.SequentialLR`, { optimizer, schedulers, milestones: listOf(int), last_epoch });
const readSequentialStep = signature(`${own}.SequentialLR.step`, {});

/** Takes back the first step of a schedule, or of those that it is made of. */
function undo(schedule: LRScheduler): void {
  const inner = (schedule as Partial<SequentialLR>)._schedulers;
  if (inner) for (const each of inner) undo(each);
  else schedule.last_epoch -= 1;
}

/** One schedule after another: the next one begins anew at each milestone. */
export class SequentialLR extends LRScheduler {
  declare _schedulers: LRScheduler[];
  declare _milestones: number[];
  constructor(
    ...args: ScheduleArgs<
      [schedulers: readonly LRScheduler[], milestones: readonly number[], last_epoch: number],
      { schedulers: readonly LRScheduler[]; milestones: readonly number[]; last_epoch: number }
    >
  ) {
    const given = readSequential(args);
    const { optimizer, schedulers, milestones } = given;
    requireFit("SequentialLR", schedulers, optimizer);
    if (milestones.length !== schedulers.length - 1)
      refuse(
        "SequentialLR",
        "milestones",
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
        `${schedulers.length - 1} milestones`,
        `${milestones.length}`,
      );
    const fields = { _schedulers: [...schedulers], _milestones: [...milestones], last_epoch: given.last_epoch + 1 };
    super(new Start(given, fields, false));
    for (const group of groupsOf(optimizer)) group.lr = group.initial_lr as number;
    for (const each of this._schedulers) undo(each);
    const first = this._schedulers[this._placeOf(0)] as LRScheduler;
    first._initial_step();
    this._last_lr = first._last_lr;
  }

  /** Which schedule a number of steps belongs to. */
  _placeOf(epoch: number): number {
    const at = this._milestones.findIndex((milestone) => milestone > epoch);
    return at < 0 ? this._milestones.length : at;
  }

  override step(...args: []): void {
    readSequentialStep(args);
    this.last_epoch += 1;
    const at = this._placeOf(this.last_epoch);
    const schedule = this._schedulers[at] as LRScheduler;
    if (at > 0 && this._milestones[at - 1] === this.last_epoch) schedule._update_lr(0);
    else schedule.step();
    this._last_lr = schedule._last_lr;
  }
}
