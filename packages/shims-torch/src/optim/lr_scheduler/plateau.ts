import { ArgumentError } from "@facet/autograd";
import { type Args, int, number, oneOf, oneOrMore, signature } from "@facet/dialect";
import { complain } from "../../errors.js";
import {
  groupsOf,
  LRScheduler,
  optimizer,
  perGroup,
  refuse,
  type ScheduleArgs,
  type ScheduleState,
  Start,
  warnUser,
} from "./base.js";

const own = "torch.optim.lr_scheduler";
type PerGroup = number | readonly number[];

export interface PlateauArguments {
  mode: "min" | "max";
  factor: number;
  patience: number;
  threshold: number;
  threshold_mode: "rel" | "abs";
  cooldown: number;
  min_lr: PerGroup;
  eps: number;
}

const read = signature(`${own}.ReduceLROnPlateau`, {
  optimizer,
  mode: oneOf("min", "max").or("min"),
  factor: number.or(0.1),
  patience: int.or(10),
  threshold: number.or(1e-4),
  threshold_mode: oneOf("rel", "abs").or("rel"),
  cooldown: int.or(0),
  min_lr: oneOrMore(number).or(0),
  eps: number.or(1e-8),
});
const metric = number.where("a number (of a tensor: await loss.item())", () => true);
const readStep = signature(`${own}.ReduceLROnPlateau.step`, { metrics: metric, epoch: int.or(null) });

/**
 * The rate times factor (0.1) when a measure has not become better for more than patience (10) steps. `step(metrics)` takes a number:
 * of a tensor give `await loss.item()`.
 */
export class ReduceLROnPlateau extends LRScheduler {
  declare factor: number;
  declare default_min_lr: number | null;
  declare min_lrs: number[];
  declare patience: number;
  declare cooldown: number;
  declare eps: number;
  declare mode: "min" | "max";
  declare threshold: number;
  declare threshold_mode: "rel" | "abs";
  declare mode_worse: number;
  declare best: number;
  declare cooldown_counter: number;
  declare num_bad_epochs: number;

  constructor(
    ...args: ScheduleArgs<
      [
        mode: "min" | "max",
        factor: number,
        patience: number,
        threshold: number,
        threshold_mode: "rel" | "abs",
        cooldown: number,
        min_lr: PerGroup,
        eps: number,
      ],
      PlateauArguments
    >
  ) {
    const given = read(args);
    const { optimizer, min_lr, ...settings } = given;
    if (settings.factor >= 1)
      refuse("ReduceLROnPlateau", "factor", "Factor should be < 1.0.", "below 1", settings.factor);
    const worst = settings.mode === "min" ? Infinity : -Infinity;
    super(
      new Start(
        { optimizer, last_epoch: 0 },
        {
          ...settings,
          default_min_lr: typeof min_lr === "number" ? min_lr : null,
          min_lrs: perGroup("ReduceLROnPlateau", "min_lr", optimizer, min_lr),
          last_epoch: 0,
          _last_lr: groupsOf(optimizer).map((group) => group.lr),
          mode_worse: worst,
          best: worst,
          cooldown_counter: 0,
          num_bad_epochs: 0,
        },
        false,
      ),
    );
  }

  /** Whether the rate has just been reduced, so that bad steps do not count. */
  get in_cooldown(): boolean {
    return this.cooldown_counter > 0;
  }

  /** The measure of another step. */
  override step(
    ...args: Args<[metrics: number | null, epoch: number | null], { metrics: number; epoch: number | null }>
  ): void {
    const { metrics, epoch } = readStep(args);
    if (epoch !== null)
      warnUser("The epoch parameter in `scheduler.step()` is deprecated: call `scheduler.step(metrics)` without it.");
    this.last_epoch = epoch ?? this.last_epoch + 1;
    if (this._is_better(metrics, this.best)) {
      this.best = metrics;
      this.num_bad_epochs = 0;
    } else this.num_bad_epochs += 1;
    if (this.in_cooldown) {
      this.cooldown_counter -= 1;
      this.num_bad_epochs = 0;
    }
    if (this.num_bad_epochs > this.patience) {
      this._reduce_lr();
      this.cooldown_counter = this.cooldown;
      this.num_bad_epochs = 0;
    }
    this._last_lr = this._lrs();
  }

  _reduce_lr(): void {
    const groups = groupsOf(this.optimizer);
    if (groups.length !== this.min_lrs.length) {
      if (this.default_min_lr === null)
        complain(
          ArgumentError,
          `The number of param groups in the \`optimizer\` (${groups.length}) differs from when \`ReduceLROnPlateau\` was initialized (${this.min_lrs.length}). Please modify the \`min_lrs\` field to match the length of the \`optimizer\` param groups.`,
          {
            op: "ReduceLROnPlateau",
            argument: "min_lrs",
            expected: `${groups.length} rates`,
            given: `${this.min_lrs.length}`,
          },
        );
      this.min_lrs = groups.map(() => this.default_min_lr as number);
    }
    for (const [i, group] of groups.entries()) {
      const lr = Math.max(group.lr * this.factor, this.min_lrs[i] as number);
      if (group.lr - lr > this.eps) group.lr = lr;
    }
  }

  _is_better(value: number, best: number): boolean {
    const { threshold } = this;
    if (this.mode === "min") return value < (this.threshold_mode === "rel" ? best * (1 - threshold) : best - threshold);
    return value > (this.threshold_mode === "rel" ? best * (threshold + 1) : best + threshold);
  }

  override _load(state: ScheduleState): void {
    super._load(state);
    this.mode_worse = this.mode === "min" ? Infinity : -Infinity;
  }
}
