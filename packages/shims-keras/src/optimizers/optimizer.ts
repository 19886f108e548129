// The base of optimizers, and what all of them take.
import {
  ArgumentError,
  type Tensor as CoreTensor,
  everyRun,
  formatShape,
  type GradientSettings,
  hostScalar,
  hostValue,
  noGrad,
  Observed,
  scope,
  UnsupportedError,
} from "@facet/autograd";
import { type Args, int, Kind, listOf, number, only, show, signature, string } from "@facet/dialect";
import { classNameOf, refuseHooks } from "../callable.js";
import { automaticName } from "../config.js";
import { type InitializerArgument, initializerKind } from "../initializers.js";
import { atLeastZero, knownShape, nameKind, positive } from "../kinds.js";
import { Tensor } from "../tensor.js";
import { type StateArguments, stateVariable, VariableBase } from "../variable.js";
import { ScheduleBase } from "./schedules.js";

/** A finite number of at least 0, or a schedule; what else is refused where it is set. */
const learningRate = new Kind<number | ScheduleBase>(
  "a finite number of at least 0, or a schedule",
  (value) => value !== null && value !== undefined,
);
/** A learning rate with its default. */
export const rate = (otherwise: number) => learningRate.or(otherwise);
export const weightDecay = atLeastZero.orNone;

export const positiveAmount = number.where("a number above 0", (value) => value > 0 && Number.isFinite(value));
export const belowOne = number.where("a number of at least 0 and below 1", (value) => value >= 0 && value < 1);
const atLeastTwo = int.where("an integer of at least 2", (value) => value >= 2);

/** What all optimizers take between weight_decay and name. */
const shared = {
  clipnorm: positiveAmount.or(null),
  clipvalue: positiveAmount.or(null),
  global_clipnorm: positiveAmount.or(null),
  use_ema: false,
  ema_momentum: number.or(0.99),
  ema_overwrite_frequency: positive.or(null),
  loss_scale_factor: positiveAmount.or(null),
  gradient_accumulation_steps: atLeastTwo.or(null),
} as const;
export const last = { ...shared, name: nameKind.or(null) } as const;

export interface CoreOptimizer {
  step(
    gradients: readonly (CoreTensor | undefined)[],
    changes?: () => Record<string, unknown>,
    gradientSettings?: () => GradientSettings,
  ): void;
  average(weight: () => number): void;
  adoptAverage(): void;
  dispose(): void;
}

/** What a core's optimizer is made for: the weights, and which of them decay. */
export interface Made {
  readonly variables: readonly VariableBase[];
  readonly decays: readonly boolean[];
}

const variableKind = new Kind<VariableBase>("a Variable", (value) => value instanceof VariableBase);
const tensorKind = new Kind<Tensor>("a Tensor", (value) => value instanceof Tensor);
const pairKind = new Kind<readonly [Tensor | null, VariableBase]>(
  "a pair of a gradient (null for none) and a Variable",
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    (value[0] === null || value[0] instanceof Tensor) &&
    value[1] instanceof VariableBase,
);

const readOptimizer = signature("keras.optimizers.Optimizer", {
  learning_rate: learningRate,
  weight_decay: weightDecay.or(null),
  ...last,
});
const readBuild = signature("keras.optimizers.Optimizer.build", { variables: listOf(variableKind) });
const readExclude = signature("keras.optimizers.Optimizer.exclude_from_weight_decay", {
  var_list: listOf(variableKind).or(null),
  var_names: listOf(string).or(null),
});
const readApplyGradients = signature("keras.optimizers.Optimizer.apply_gradients", {
  grads_and_vars: listOf(pairKind),
});
const readApply = signature("keras.optimizers.Optimizer.apply", {
  grads: listOf(tensorKind.orNone),
  trainable_variables: listOf(variableKind).or(null),
});
const readScaleLoss = signature("keras.optimizers.Optimizer.scale_loss", { loss: tensorKind });
const readFinalize = signature("keras.optimizers.Optimizer.finalize_variable_values", {
  var_list: listOf(variableKind),
});
const readAddVariable = signature("keras.optimizers.Optimizer.add_variable", {
  shape: knownShape,
  initializer: initializerKind.or("zeros"),
  dtype: only(null, "float32"),
  aggregation: only("none", null),
  layout: only(null),
  name: nameKind.or(null),
});
const readAddFromReference = signature("keras.optimizers.Optimizer.add_variable_from_reference", {
  reference_variable: variableKind,
  name: nameKind.or(null),
  initializer: initializerKind.or("zeros"),
});

/** Hooks of Keras' optimizers that nothing here would call. */
const UNSUPPORTED_HOOKS = ["assign", "stateless_apply"];

export interface OptimizerArguments {
  learning_rate: number | ScheduleBase;
  weight_decay: number | null;
  clipnorm: number | null;
  clipvalue: number | null;
  global_clipnorm: number | null;
  use_ema: boolean;
  ema_momentum: number;
  ema_overwrite_frequency: number | null;
  loss_scale_factor: number | null;
  gradient_accumulation_steps: number | null;
  name: string | null;
}

/** The arguments of an optimizer that its base takes. */
export const baseOf = (given: OptimizerArguments): OptimizerArguments => ({
  learning_rate: given.learning_rate,
  weight_decay: given.weight_decay,
  clipnorm: given.clipnorm,
  clipvalue: given.clipvalue,
  global_clipnorm: given.global_clipnorm,
  use_ema: given.use_ema,
  ema_momentum: given.ema_momentum,
  ema_overwrite_frequency: given.ema_overwrite_frequency,
  loss_scale_factor: given.loss_scale_factor,
  gradient_accumulation_steps: given.gradient_accumulation_steps,
  name: given.name,
});

/**
 * `keras.optimizers.Optimizer`: one dispatch updates all weights. A class of the program's own gives
 * `update_step(gradient, variable, learning_rate)`, written in ops, and makes its state in `build(variables)`.
 */
export class Optimizer extends Observed {
  static readonly className: string = "Optimizer";
  readonly name: string;
  /** Share of each weight, times the learning rate, that a step takes off it; null for none. May be set between steps. */
  weight_decay: number | null;
  /** Gradients of each weight are scaled down to this norm; null for none. Of the three ways to clip at most one is given. */
  clipnorm: number | null;
  /** Gradients are cut to this size, element by element; null for none. */
  clipvalue: number | null;
  /** All gradients together are scaled down to this norm; null for none. */
  global_clipnorm: number | null;
  /** Whether an average of the weights is kept, which takes their place when training ends. */
  readonly use_ema: boolean;
  ema_momentum: number;
  /** After so many updates the weights are set to their average; null for never. */
  ema_overwrite_frequency: number | null;
  /** What `scale_loss` multiplies by, and gradients are divided by; null for none. */
  loss_scale_factor: number | null;
  /** Steps whose gradients are averaged for one update; null for one. */
  readonly gradient_accumulation_steps: number | null;
  #learningRate: number | ScheduleBase = 0;
  #core: CoreOptimizer | undefined;
  #variables: readonly VariableBase[] = [];
  readonly #own: VariableBase[] = [];
  #calls = 0;
  #undecayed: { list: readonly VariableBase[]; names: readonly string[] } = { list: [], names: [] };

  /** Without a name it has the next automatic one of its class: adam, adam_1 ... */
  constructor(...args: Args<[learning_rate: number | ScheduleBase, weight_decay: number | null], OptimizerArguments>) {
    super();
    refuseHooks(this, classNameOf(new.target), UNSUPPORTED_HOOKS);
    const given = readOptimizer(args);
    this.name = given.name ?? automaticName(classNameOf(new.target));
    this.weight_decay = given.weight_decay;
    this.clipnorm = given.clipnorm;
    this.clipvalue = given.clipvalue;
    this.global_clipnorm = given.global_clipnorm;
    this.use_ema = given.use_ema;
    this.ema_momentum = given.ema_momentum;
    this.ema_overwrite_frequency = given.ema_overwrite_frequency;
    this.loss_scale_factor = given.loss_scale_factor;
    this.gradient_accumulation_steps = given.gradient_accumulation_steps;
    if ([given.clipnorm, given.clipvalue, given.global_clipnorm].filter((value) => value !== null).length > 1) {
      const expected = "at most one of clipnorm, clipvalue and global_clipnorm";
      throw new ArgumentError({ op: this.name, argument: "clipnorm", expected, given: "several" });
    }
    if (given.use_ema && !(given.ema_momentum >= 0 && given.ema_momentum <= 1)) {
      const expected = "0 to 1";
      throw new ArgumentError({ op: this.name, argument: "ema_momentum", expected, given: `${given.ema_momentum}` });
    }
    this.learning_rate = given.learning_rate;
  }

  /** Step size, of a schedule that of the next step; may be set between steps. */
  get learning_rate(): number {
    const rate = this.#learningRate;
    return typeof rate === "number" ? rate : rate.rateAt(this.iterations);
  }

  set learning_rate(value: number | ScheduleBase) {
    if (value instanceof ScheduleBase) {
      this.#learningRate = value;
      return;
    }
    if (typeof value === "object" || typeof value === "function") {
      const expected = "a number or a LearningRateSchedule";
      throw new UnsupportedError({ op: this.name, argument: "learning_rate", expected, given: show(value) });
    }
    if (!(typeof value === "number" && Number.isFinite(value) && value >= 0)) {
      const expected = "a finite number of at least 0";
      throw new ArgumentError({ op: this.name, argument: "learning_rate", expected, given: show(value) });
    }
    this.#learningRate = value;
  }

  /** Updates made, which bias corrections go by. */
  get iterations(): number {
    return Math.floor(this.#calls / (this.gradient_accumulation_steps ?? 1));
  }

  set iterations(value: number) {
    this.#calls = value * (this.gradient_accumulation_steps ?? 1);
  }

  get built(): boolean {
    return this.#variables.length > 0;
  }

  /** The optimizer's own state: of a class of the program's own, what it made. */
  get variables(): readonly VariableBase[] {
    return this.#own;
  }

  /** The core's optimizer over these parameters; undefined for a class of the program's own. */
  protected make(_parameters: readonly CoreTensor[], _made: Made): CoreOptimizer | undefined {
    return undefined;
  }

  /** What the core's optimizer reads anew in every step. */
  protected settings(): Record<string, unknown> {
    return {};
  }

  /** State arrays for every weight. */
  protected get slots(): number {
    return 0;
  }

  /** Elements of the optimizer's own variables: state of every weight, iterations and learning rate. */
  get variableCount(): number {
    const own = this.#own.reduce((total, { core }) => total + core.size, 0);
    return 2 + own + this.slots * this.#variables.reduce((total, { core }) => total + core.size, 0);
  }

  /** Makes room for the state. Done by the first step; a second time with weights it does not know throws, as in Keras. */
  build(...args: [variables: readonly VariableBase[]]): void {
    const { variables } = readBuild(args);
    if (this.built) {
      const known = this.#variables;
      if (variables.every((variable, i) => variable === known[i] || known.includes(variable))) return;
      const expected = "the weights it was built for: make a new optimizer for other ones";
      throw new ArgumentError({ op: this.name, argument: "variables", expected, given: "others" });
    }
    if (this.#updatesItself) this.#refuseShared();
    else {
      const decays = variables.map((variable) => this.#decays(variable));
      this.#core = this.make(
        variables.map(({ core }) => core),
        { variables, decays },
      );
    }
    this.#variables = variables;
  }

  /** The weights it was built for. */
  protected get weights(): readonly VariableBase[] {
    return this.#variables;
  }

  /**
   * Says which weights are not decayed: those of `var_list`, and those in whose name one of `var_names`, regular expressions, is found.
   * Throws ArgumentError once the optimizer is built; a second call takes the place of the first.
   */
  exclude_from_weight_decay(
    ...args: Args<
      [var_list: readonly VariableBase[] | null, var_names: readonly string[] | null],
      { var_list: readonly VariableBase[] | null; var_names: readonly string[] | null }
    >
  ): void {
    const { var_list, var_names } = readExclude(args);
    if (this.built) {
      const expected = "a call before the optimizer is built";
      throw new ArgumentError({ op: this.name, argument: "exclude_from_weight_decay", expected, given: "one after" });
    }
    this.#undecayed = { list: var_list ?? [], names: var_names ?? [] };
  }

  #decays(variable: VariableBase): boolean {
    const { list, names } = this.#undecayed;
    return !list.includes(variable) && !names.some((name) => new RegExp(name).test(variable.name));
  }

  /** Makes a state variable, for `build` of a class of the program's own. */
  add_variable(...args: StateArguments): VariableBase {
    const { shape, initializer, name } = readAddVariable(args);
    return this.#variable(shape, initializer, name);
  }

  /** Makes a state variable of the shape of a weight. */
  add_variable_from_reference(
    ...args: Args<
      [reference_variable: VariableBase, name: string | null, initializer: InitializerArgument],
      { reference_variable: VariableBase; name: string | null; initializer: InitializerArgument }
    >
  ): VariableBase {
    const { reference_variable, name, initializer } = readAddFromReference(args);
    return this.#variable(reference_variable.shape, initializer, name && `${reference_variable.name}_${name}`);
  }

  #variable(shape: readonly number[], initializer: InitializerArgument, name: string | null): VariableBase {
    const made = stateVariable("add_variable", shape, initializer, name);
    this.#own.push(made);
    return made;
  }

  /** The update of one weight. Facet's own optimizers update all at once instead; a class of the program's own may give it. */
  update_step(_gradient: Tensor, _variable: VariableBase, _learningRate: Tensor): void {
    const expected = "a class that says in update_step(gradient, variable, learning_rate) how a weight changes";
    throw new UnsupportedError({ op: this.name, argument: "update_step", expected, given: "none" });
  }

  /** A class of the program's own updates weights by itself. */
  #refuseShared(): void {
    for (const name of Object.keys(shared) as (keyof typeof shared)[]) {
      if (name === "ema_momentum" || this[name] === null || this[name] === false) continue;
      const expected = "none in a class with an update_step of its own";
      throw new UnsupportedError({ op: this.name, argument: name, expected, given: `${this[name]}` });
    }
  }

  get #updatesItself(): boolean {
    return this.update_step !== Optimizer.prototype.update_step;
  }

  /** One step from pairs of gradient and weight. */
  apply_gradients(...args: [grads_and_vars: readonly (readonly [Tensor | null, VariableBase])[]]): void {
    const { grads_and_vars } = readApplyGradients(args);
    this.apply(
      grads_and_vars.map(([gradient]) => gradient),
      grads_and_vars.map(([, variable]) => variable),
    );
  }

  /** One step from gradients of the weights given, or of those it was built for; null where a weight has none. */
  apply(...args: [grads: readonly (Tensor | null)[], trainable_variables?: readonly VariableBase[] | null]): void {
    const { grads, trainable_variables } = readApply(args);
    if (trainable_variables !== null) this.build(trainable_variables);
    const weights = trainable_variables ?? this.#variables;
    if (grads.length !== weights.length || grads.length === 0) {
      const expected = `a gradient for each of the ${weights.length} weights`;
      throw new ArgumentError({ op: this.name, argument: "grads", expected, given: `${grads.length}` });
    }
    for (const [i, gradient] of grads.entries()) {
      const variable = weights[i] as VariableBase;
      if (gradient === null || `${gradient.shape}` === `${variable.shape}`) continue;
      const expected = `${formatShape(variable.shape)}, the shape of ${variable.path}`;
      const given = formatShape(gradient.shape);
      throw new ArgumentError({ op: this.name, argument: `grads[${i}]`, expected, given });
    }
    const gradientOf = new Map(weights.map((variable, i) => [variable, grads[i]] as const));
    if (this.#updatesItself) noGrad(() => scope(() => this.#stepByStep(gradientOf)));
    else if (this.#core) this.#stepAtOnce(this.#core, gradientOf);
    else this.update_step(undefined as never, undefined as never, undefined as never);
    everyRun(() => {
      this.#calls += 1;
    });
  }

  #stepAtOnce(core: CoreOptimizer, gradientOf: ReadonlyMap<VariableBase, Tensor | null | undefined>): void {
    const { clipnorm, global_clipnorm, gradient_accumulation_steps } = this;
    const handled = hostValue(() =>
      [clipnorm, global_clipnorm, gradient_accumulation_steps, this.loss_scale_factor].some((value) => value !== null),
    );
    core.step(
      this.#variables.map((variable) => gradientOf.get(variable)?.core),
      () => ({
        ...this.settings(),
        lr: this.learning_rate,
        weightDecay: this.weight_decay ?? 0,
        step: this.iterations + 1,
        ...(this.clipvalue !== null && { clipValue: this.clipvalue }),
      }),
      ...(handled
        ? [
            (): GradientSettings => ({
              scale: 1 / (this.loss_scale_factor ?? 1),
              accumulate: gradient_accumulation_steps ?? 1,
              ...(this.clipnorm !== null && { clipNorm: this.clipnorm }),
              ...(this.global_clipnorm !== null && { globalClipNorm: this.global_clipnorm }),
            }),
          ]
        : []),
    );
    if (!this.use_ema) return;
    core.average(() => (this.iterations === 0 ? 1 : 1 - this.ema_momentum));
    const overwrites = hostValue(
      () => this.ema_overwrite_frequency !== null && (this.iterations + 1) % this.ema_overwrite_frequency === 0,
    );
    if (overwrites) core.adoptAverage();
  }

  /** The loss times `loss_scale_factor`, for gradients that apply() divides by it again. */
  scale_loss(...args: [loss: Tensor]): Tensor {
    const { loss } = readScaleLoss(args);
    return this.loss_scale_factor === null ? loss : loss.mul(new Tensor(hostScalar(() => this.loss_scale_factor ?? 1)));
  }

  /** Sets the weights to their average, where one is kept: what `fit` does when it ends. */
  finalize_variable_values(...args: [var_list: readonly VariableBase[]]): void {
    readFinalize(args);
    if (this.use_ema && this.#calls > 0) this.#core?.adoptAverage();
  }

  #stepByStep(gradientOf: ReadonlyMap<VariableBase, Tensor | null | undefined>): void {
    const rate = new Tensor(hostScalar(() => this.learning_rate));
    for (const [variable, gradient] of gradientOf) {
      if (!gradient) continue;
      if (this.weight_decay && this.#decays(variable))
        variable.assign_sub(variable.mul(new Tensor(hostScalar(() => this.learning_rate * (this.weight_decay ?? 0)))));
      this.update_step(gradient, variable, rate);
    }
  }
}
