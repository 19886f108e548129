// Schedules that multiply: by functions, at steps and milestones, along lines and powers.
import { func, int, number, oneOrMore, signature } from "@facet/dialect";
import { iterable } from "../../kinds.js";
import { LRScheduler, last_epoch, optimizer, perGroup, refuse, type ScheduleArgs, Start } from "./base.js";

const own = "torch.optim.lr_scheduler";

/** A function of the number of steps, or one for each group. */
type Lambda = (epoch: number) => number;
type Lambdas = Lambda | readonly Lambda[];
type LambdaArgs = ScheduleArgs<[lr_lambda: Lambdas, last_epoch: number], { lr_lambda: Lambdas; last_epoch: number }>;

const lambdas = { optimizer, lr_lambda: oneOrMore(func), last_epoch } as const;
const readLambda = signature(`${own}.LambdaLR`, lambdas);
const readMultiplicative = signature(`${own}.MultiplicativeLR`, lambdas);

function lambdaStart(op: string, given: ReturnType<typeof readLambda>): Start {
  const { lr_lambda, optimizer } = given;
  if (Array.isArray(lr_lambda) && lr_lambda.length !== optimizer.param_groups.length)
    refuse(
      op,
      "lr_lambda",
      `Expected ${optimizer.param_groups.length} lr_lambdas, but got ${lr_lambda.length}`,
      "one function, or one for each group",
      `${lr_lambda.length}`,
    );
  return new Start(given, { lr_lambdas: perGroup(op, "lr_lambda", optimizer, lr_lambda as Lambdas) });
}

/** The first rate times a function of the number of steps. */
export class LambdaLR extends LRScheduler {
  declare lr_lambdas: Lambda[];
  constructor(...args: LambdaArgs) {
    super(lambdaStart("LambdaLR", readLambda(args)));
  }
  override _rates(): number[] {
    return this.base_lrs.map((base, i) => base * (this.lr_lambdas[i] as Lambda)(this.last_epoch));
  }
}

/** The last rate times a function of the number of steps. */
export class MultiplicativeLR extends LRScheduler {
  declare lr_lambdas: Lambda[];
  constructor(...args: LambdaArgs) {
    super(lambdaStart("MultiplicativeLR", readMultiplicative(args)));
  }
  override _rates(): number[] {
    const rates = this._lrs();
    if (this._is_initial) return rates;
    return rates.map((rate, i) => rate * (this.lr_lambdas[i] as Lambda)(this.last_epoch));
  }
}

const readStep = signature(`${own}.StepLR`, { optimizer, step_size: int, gamma: number.or(0.1), last_epoch });

/** The rate times gamma (0.1) after every step_size steps. */
export class StepLR extends LRScheduler {
  declare step_size: number;
  declare gamma: number;
  constructor(
    ...args: ScheduleArgs<
      [step_size: number, gamma: number, last_epoch: number],
      { step_size: number; gamma: number; last_epoch: number }
    >
  ) {
    const given = readStep(args);
    const { step_size, gamma } = given;
    if (step_size === 0) refuse("StepLR", "step_size", "integer modulo by zero", "a number of steps", step_size);
    super(new Start(given, { step_size, gamma }));
  }
  override _rates(): number[] {
    const due = this.last_epoch !== 0 && this.last_epoch % this.step_size === 0;
    return due ? this._lrs().map((rate) => rate * this.gamma) : this._lrs();
  }
  override _get_closed_form_lr(): number[] {
    return this.base_lrs.map((base) => base * this.gamma ** Math.floor(this.last_epoch / this.step_size));
  }
}

const readMultiStep = signature(`${own}.MultiStepLR`, {
  optimizer,
  milestones: iterable<number>("an iterable of numbers of steps"),
  gamma: number.or(0.1),
  last_epoch,
});

/** The rate times gamma (0.1) at each milestone; one that is listed twice counts twice. */
export class MultiStepLR extends LRScheduler {
  /** How often each milestone was listed. */
  declare milestones: Record<number, number>;
  declare gamma: number;
  constructor(
    ...args: ScheduleArgs<
      [milestones: Iterable<number>, gamma: number, last_epoch: number],
      { milestones: Iterable<number>; gamma: number; last_epoch: number }
    >
  ) {
    const given = readMultiStep(args);
    const milestones: Record<number, number> = {};
    for (const each of given.milestones) milestones[each] = (milestones[each] ?? 0) + 1;
    super(new Start(given, { milestones, gamma: given.gamma }));
  }
  override _rates(): number[] {
    const count = this.milestones[this.last_epoch];
    return count === undefined ? this._lrs() : this._lrs().map((rate) => rate * this.gamma ** count);
  }
  override _get_closed_form_lr(): number[] {
    const passed = Object.entries(this.milestones)
      .filter(([at]) => Number(at) <= this.last_epoch)
      .reduce((sum, [, count]) => sum + count, 0);
    return this.base_lrs.map((base) => base * this.gamma ** passed);
  }
}

const readConstant = signature(`${own}.ConstantLR`, {
  optimizer,
  factor: number.or(1 / 3),
  total_iters: int.or(5),
  last_epoch,
});

/** The rate times factor (1/3) for the first total_iters (5) steps. */
export class ConstantLR extends LRScheduler {
  declare factor: number;
  declare total_iters: number;
  constructor(
    ...args: ScheduleArgs<
      [factor: number, total_iters: number, last_epoch: number],
      { factor: number; total_iters: number; last_epoch: number }
    >
  ) {
    const given = readConstant(args);
    const { factor, total_iters } = given;
    if (factor > 1 || factor < 0)
      refuse(
        "ConstantLR",
        "factor",
        "Constant multiplicative factor expected to be between 0 and 1.",
        "0 to 1",
        factor,
      );
    super(new Start(given, { factor, total_iters }));
  }
  override _rates(): number[] {
    if (this.last_epoch === 0) return this._lrs().map((rate) => rate * this.factor);
    if (this.last_epoch !== this.total_iters) return this._lrs();
    return this._lrs().map((rate) => rate * (1 / this.factor));
  }
  override _get_closed_form_lr(): number[] {
    const over = this.last_epoch >= this.total_iters ? 1 : 0;
    return this.base_lrs.map((base) => base * (this.factor + over * (1 - this.factor)));
  }
}

const readLinear = signature(`${own}.LinearLR`, {
  optimizer,
  start_factor: number.or(1 / 3),
  end_factor: number.or(1),
  total_iters: int.or(5),
  last_epoch,
});

/** The rate times a factor that goes from start_factor (1/3) to end_factor (1) in total_iters (5) steps. */
export class LinearLR extends LRScheduler {
  declare start_factor: number;
  declare end_factor: number;
  declare total_iters: number;
  constructor(
    ...args: ScheduleArgs<
      [start_factor: number, end_factor: number, total_iters: number, last_epoch: number],
      { start_factor: number; end_factor: number; total_iters: number; last_epoch: number }
    >
  ) {
    const given = readLinear(args);
    const { start_factor, end_factor, total_iters } = given;
    const [start, end] = [
      "Starting multiplicative factor expected to be",
      "Ending multiplicative factor expected to be",
    ];
    if (start_factor > 1 || start_factor <= 0)
      refuse(
        "LinearLR",
        "start_factor",
        `${start} greater than 0 and less or equal to 1.`,
        "above 0 to 1",
        start_factor,
      );
    if (end_factor > 1 || end_factor < 0)
      refuse("LinearLR", "end_factor", `${end} between 0 and 1.`, "0 to 1", end_factor);
    super(new Start(given, { start_factor, end_factor, total_iters }));
  }
  override _rates(): number[] {
    const { start_factor: start, total_iters: total, last_epoch: epoch } = this;
    if (epoch === 0) return this._lrs().map((rate) => rate * start);
    if (this._is_initial || epoch > total) return this._lrs();
    const rise = this.end_factor - start;
    return this._lrs().map((rate) => rate * (1 + rise / (total * start + (epoch - 1) * rise)));
  }
  override _get_closed_form_lr(): number[] {
    const done = Math.min(this.total_iters, this.last_epoch);
    const rise = ((this.end_factor - this.start_factor) * done) / this.total_iters;
    return this.base_lrs.map((base) => base * (this.start_factor + rise));
  }
}

const readExponential = signature(`${own}.ExponentialLR`, { optimizer, gamma: number, last_epoch });

/** The rate times gamma at every step. */
export class ExponentialLR extends LRScheduler {
  declare gamma: number;
  constructor(...args: ScheduleArgs<[gamma: number, last_epoch: number], { gamma: number; last_epoch: number }>) {
    const given = readExponential(args);
    super(new Start(given, { gamma: given.gamma }));
  }
  override _rates(): number[] {
    return this._is_initial ? this._lrs() : this._lrs().map((rate) => rate * this.gamma);
  }
  override _get_closed_form_lr(): number[] {
    return this.base_lrs.map((base) => base * this.gamma ** this.last_epoch);
  }
}

const readPolynomial = signature(`${own}.PolynomialLR`, {
  optimizer,
  total_iters: int.or(5),
  power: number.or(1),
  last_epoch,
});

/** The rate to 0 in total_iters (5) steps, along a power (1) of what is left of them. */
export class PolynomialLR extends LRScheduler {
  declare total_iters: number;
  declare power: number;
  constructor(
    ...args: ScheduleArgs<
      [total_iters: number, power: number, last_epoch: number],
      { total_iters: number; power: number; last_epoch: number }
    >
  ) {
    const given = readPolynomial(args);
    super(new Start(given, { total_iters: given.total_iters, power: given.power }));
  }
  override _rates(): number[] {
    const { total_iters: total, last_epoch: epoch } = this;
    if (this._is_initial || epoch > total) return this._lrs();
    const factor = ((1 - epoch / total) / (1 - (epoch - 1) / total)) ** this.power;
    return this._lrs().map((rate) => rate * factor);
  }
  override _get_closed_form_lr(): number[] {
    const left = 1 - Math.min(this.total_iters, this.last_epoch) / this.total_iters;
    return this.base_lrs.map((base) => base * left ** this.power);
  }
}
