// Schedules along half a cosine.
import { type Args, int, number, signature } from "@facet/dialect";
import { LRScheduler, last_epoch, optimizer, refuse, type ScheduleArgs, Start } from "./base.js";

const own = "torch.optim.lr_scheduler";
const readCosine = signature(`${own}.CosineAnnealingLR`, {
  optimizer,
  T_max: number,
  eta_min: number.or(0),
  last_epoch,
});

/** From the first rate to eta_min (0) in T_max steps along a cosine, and back in as many. */
export class CosineAnnealingLR extends LRScheduler {
  declare T_max: number;
  declare eta_min: number;
  constructor(
    ...args: ScheduleArgs<
      [T_max: number, eta_min: number, last_epoch: number],
      { T_max: number; eta_min: number; last_epoch: number }
    >
  ) {
    const given = readCosine(args);
    super(new Start(given, { T_max: given.T_max, eta_min: given.eta_min }));
  }
  override _rates(): number[] {
    const { T_max, eta_min, last_epoch: epoch } = this;
    if (this._is_initial) return this._lrs();
    const height = (base: number): number => base - eta_min;
    if (this._step_count === 1 && epoch > 0)
      return this.base_lrs.map((base) => eta_min + (height(base) * (1 + Math.cos((epoch * Math.PI) / T_max))) / 2);
    if ((epoch - 1 - T_max) % (2 * T_max) === 0) {
      const rates = this._lrs();
      return this.base_lrs.map(
        (base, i) => (rates[i] as number) + (height(base) * (1 - Math.cos(Math.PI / T_max))) / 2,
      );
    }
    const [now, before] = [epoch, epoch - 1].map((at) => 1 + Math.cos((Math.PI * at) / T_max)) as [number, number];
    return this._lrs().map((rate) => (now / before) * height(rate) + eta_min);
  }
  override _get_closed_form_lr(): number[] {
    const { T_max, eta_min } = this;
    const at = 1 + Math.cos((Math.PI * this.last_epoch) / T_max);
    return this.base_lrs.map((base) => eta_min + ((base - eta_min) * at) / 2);
  }
}

const readRestarts = signature(`${own}.CosineAnnealingWarmRestarts`, {
  optimizer,
  T_0: int,
  T_mult: int.or(1),
  eta_min: number.or(0),
  last_epoch,
});
const readRestartStep = signature(`${own}.CosineAnnealingWarmRestarts.step`, { epoch: number.or(null) });

/** From the first rate to eta_min (0) along a cosine in T_0 steps, then anew, T_mult (1) times as long each. */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  declare T_0: number;
  declare T_i: number;
  declare T_mult: number;
  declare eta_min: number;
  declare T_cur: number;
  constructor(
    ...args: ScheduleArgs<
      [T_0: number, T_mult: number, eta_min: number, last_epoch: number],
      { T_0: number; T_mult: number; eta_min: number; last_epoch: number }
    >
  ) {
    const given = readRestarts(args);
    const { T_0, T_mult, eta_min } = given;
    const op = "CosineAnnealingWarmRestarts";
    if (T_0 <= 0) refuse(op, "T_0", `Expected positive integer T_0, but got ${T_0}`, "1 or more", T_0);
    if (T_mult < 1) refuse(op, "T_mult", `Expected integer T_mult >= 1, but got ${T_mult}`, "1 or more", T_mult);
    super(new Start(given, { T_0, T_i: T_0, T_mult, eta_min, T_cur: given.last_epoch }));
  }
  override _rates(): number[] {
    const at = 1 + Math.cos((Math.PI * this.T_cur) / this.T_i);
    return this.base_lrs.map((base) => this.eta_min + ((base - this.eta_min) * at) / 2);
  }

  /** The next rates. `epoch`, which may be a fraction of one (epoch + batch / batches), says where the schedule is. */
  override step(...args: Args<[epoch: number | null], { epoch: number | null }>): void {
    let { epoch } = readRestartStep(args);
    if (epoch === null && this.last_epoch < 0) epoch = 0;
    if (epoch === null) {
      epoch = this.last_epoch + 1;
      this.T_cur += 1;
      if (this.T_cur >= this.T_i) {
        this.T_cur %= this.T_i;
        this.T_i *= this.T_mult;
      }
    } else this._go_to(epoch);
    this.last_epoch = Math.floor(epoch) - 1;
    this._update_lr(null);
  }

  /** Where in which cycle a number of steps is. Not private to JavaScript: the base's constructor gets here. */
  _go_to(epoch: number): void {
    const { T_0, T_mult } = this;
    if (!(epoch >= 0)) refuse(this, "epoch", `Expected non-negative epoch, but got ${epoch}`, "0 or more", epoch);
    if (epoch < T_0) {
      this.T_i = T_0;
      this.T_cur = epoch;
      return;
    }
    if (T_mult === 1) {
      this.T_cur = epoch % T_0;
      return;
    }
    const n = Math.trunc(Math.log((epoch / T_0) * (T_mult - 1) + 1) / Math.log(T_mult));
    this.T_cur = epoch - (T_0 * (T_mult ** n - 1)) / (T_mult - 1);
    this.T_i = T_0 * T_mult ** n;
  }
}
