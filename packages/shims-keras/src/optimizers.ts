// keras.optimizers: the core's fused optimisers with Keras' defaults and arithmetic.
import {
  type AdamSettings,
  ArgumentError,
  Adam as CoreAdam,
  Sgd as CoreSgd,
  type Tensor as CoreTensor,
  everyRun,
  type SgdSettings,
  UnsupportedError,
} from "@facet/autograd";
import { type Keywords, oneOf, parseArguments, show } from "./arguments.js";
import { withoutNew } from "./callable.js";
import { automaticName } from "./config.js";
import type { Tensor } from "./tensor.js";
import type { Variable } from "./variable.js";

/** What Keras' optimizers have and these do not. */
const unsupported = {
  clipnorm: null,
  clipvalue: null,
  global_clipnorm: null,
  use_ema: false,
  ema_momentum: 0.99,
  ema_overwrite_frequency: null,
  loss_scale_factor: null,
  gradient_accumulation_steps: null,
} as const;

interface CoreOptimizer {
  step(gradients: readonly (CoreTensor | undefined)[], changes?: () => Record<string, unknown>): void;
  dispose(): void;
}

/** `keras.optimizers.Optimizer`: one dispatch updates all weights. */
export abstract class Optimizer {
  readonly name: string;
  #learningRate = 0;
  #core: CoreOptimizer | undefined;
  #variables: readonly Variable[] = [];
  /** Steps taken. */
  iterations = 0;

  /** Without a name it has the next automatic one of `className`: adam, adam_1 ... */
  constructor(className: string, name: string | null, learningRate: unknown) {
    this.name = name ?? automaticName(className);
    this.learning_rate = learningRate as number;
  }

  /** Step size; may be set between steps. */
  get learning_rate(): number {
    return this.#learningRate;
  }

  set learning_rate(value: number) {
    if (typeof value === "object" || typeof value === "function") {
      const expected = "a number: Facet has no learning rate schedules";
      throw new UnsupportedError({ op: this.name, argument: "learning_rate", expected, given: show(value) });
    }
    if (!(Number.isFinite(value) && value >= 0)) {
      const expected = "a finite number of at least 0";
      throw new ArgumentError({ op: this.name, argument: "learning_rate", expected, given: `${value}` });
    }
    this.#learningRate = value;
  }

  get built(): boolean {
    return this.#core !== undefined;
  }

  protected abstract make(parameters: readonly CoreTensor[]): CoreOptimizer;
  /** State arrays for every weight. */
  protected abstract readonly slots: number;

  /** Elements of the optimizer's own variables: state of every weight, iterations and learning rate. */
  get variableCount(): number {
    return 2 + this.slots * this.#variables.reduce((total, { core }) => total + core.size, 0);
  }

  /** Makes room for the state. Done by the first step; a second time with other weights throws, as in Keras. */
  build(variables: readonly Variable[]): void {
    if (this.#core) {
      const same = variables.length === this.#variables.length && variables.every((v, i) => v === this.#variables[i]);
      if (same) return;
      const expected = "the weights it was built for: make a new optimizer for other ones";
      throw new ArgumentError({ op: this.name, argument: "variables", expected, given: "others" });
    }
    this.#core = this.make(variables.map(({ core }) => core));
    this.#variables = variables;
  }

  /** One step on the built weights. */
  update(gradients: readonly (CoreTensor | undefined)[]): void {
    (this.#core as CoreOptimizer).step(gradients, () => ({ lr: this.#learningRate }));
    everyRun(() => {
      this.iterations += 1;
    });
  }

  /** One step from pairs of gradient and weight. */
  apply_gradients(pairs: readonly (readonly [Tensor, Variable])[]): void {
    this.build(pairs.map(([, variable]) => variable));
    this.update(pairs.map(([gradient]) => gradient.core));
  }
}

interface AdamArguments {
  learning_rate: number;
  beta_1: number;
  beta_2: number;
  epsilon: number;
  amsgrad: boolean;
  weight_decay: number;
  name: string;
  /** What Keras has not: `epsilon: "torch"` adds epsilon after the bias correction, as PyTorch and optax do. */
  facet: { epsilon?: "keras" | "torch" };
}

/** Arguments after parsing: those that default to None may be null. */
type Unset<T extends { weight_decay: number; name: string }> = Omit<T, "weight_decay" | "name"> & {
  weight_decay: number | null;
  name: string | null;
};

type AdamPositional = [
  learning_rate?: number | Keywords<AdamArguments>,
  beta_1?: number | Keywords<AdamArguments>,
  beta_2?: number | Keywords<AdamArguments>,
  epsilon?: number | Keywords<AdamArguments>,
  rest?: Keywords<AdamArguments>,
];

class AdamOptimizer extends Optimizer {
  static readonly className: string = "Adam";
  protected static readonly decay: number | null = null;
  readonly #settings: AdamSettings;
  protected readonly slots: number;

  constructor(...args: AdamPositional) {
    const given = AdamOptimizer.parse(new.target.className, args, new.target.decay);
    super(new.target.className, given.name, given.learning_rate);
    this.#settings = AdamOptimizer.settings(this.name, given);
    this.slots = given.amsgrad ? 3 : 2;
  }

  private static parse(op: string, args: readonly unknown[], decay: number | null) {
    return parseArguments<Unset<AdamArguments>>(op, args, {
      parameters: {
        learning_rate: 0.001,
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-7,
        amsgrad: false,
        weight_decay: decay,
        name: null,
        facet: {},
      },
      unsupported,
    });
  }

  private static settings(name: string, given: ReturnType<typeof AdamOptimizer.parse>): AdamSettings {
    const { epsilon: where = "keras", ...rest } = given.facet;
    const [unknown] = Object.keys(rest);
    if (unknown)
      throw new ArgumentError({
        op: name,
        argument: `facet.${unknown}`,
        expected: "epsilon",
        given: "an unknown name",
      });
    return {
      lr: given.learning_rate,
      beta1: given.beta_1,
      beta2: given.beta_2,
      eps: given.epsilon,
      epsMode: oneOf(name, "facet.epsilon", where, ["keras", "torch"]),
      amsgrad: given.amsgrad,
      weightDecay: given.weight_decay ?? 0,
      // Keras decays weights before the step, not through the gradient, in Adam too.
      decayMode: "keras",
    };
  }

  protected override make(parameters: readonly CoreTensor[]): CoreOptimizer {
    return new CoreAdam(parameters, { ...this.#settings, lr: this.learning_rate });
  }
}

class AdamWOptimizer extends AdamOptimizer {
  static override readonly className = "AdamW";
  protected static override readonly decay = 0.004;
}

interface SgdArguments {
  learning_rate: number;
  momentum: number;
  nesterov: boolean;
  weight_decay: number;
  name: string;
}

class SgdOptimizer extends Optimizer {
  readonly #settings: SgdSettings;
  protected readonly slots: number;

  constructor(
    ...args: [
      learning_rate?: number | Keywords<SgdArguments>,
      momentum?: number | Keywords<SgdArguments>,
      nesterov?: boolean | Keywords<SgdArguments>,
      rest?: Keywords<SgdArguments>,
    ]
  ) {
    const given = parseArguments<Unset<SgdArguments>>("SGD", args, {
      parameters: { learning_rate: 0.01, momentum: 0, nesterov: false, weight_decay: null, name: null },
      unsupported,
    });
    super("SGD", given.name, given.learning_rate);
    if (!(given.momentum >= 0 && given.momentum <= 1)) {
      const expected = "a number from 0 to 1";
      throw new ArgumentError({ op: "SGD", argument: "momentum", expected, given: show(given.momentum) });
    }
    this.slots = given.momentum > 0 ? 1 : 0;
    this.#settings = {
      lr: given.learning_rate,
      momentum: given.momentum,
      // Keras ignores nesterov where there is no momentum; the core refuses the pair.
      nesterov: given.nesterov && given.momentum > 0,
      velocityMode: "keras",
      weightDecay: given.weight_decay ?? 0,
      decayMode: "keras",
    };
  }

  protected override make(parameters: readonly CoreTensor[]): CoreOptimizer {
    return new CoreSgd(parameters, { ...this.#settings, lr: this.learning_rate });
  }
}

/** Adam with epsilon 1e-7 added before the bias correction: larger in effect by 1 / sqrt(1 - beta_2^t) than PyTorch's. */
export const Adam = withoutNew(AdamOptimizer);
export type Adam = AdamOptimizer;
/** Adam with weight_decay 0.004: w -= w decay learning_rate before the step. */
export const AdamW = withoutNew(AdamWOptimizer);
export type AdamW = AdamWOptimizer;
/** Learning rate 0.01; with momentum, velocity = momentum velocity - learning_rate g. */
export const SGD = withoutNew(SgdOptimizer);
export type SGD = SgdOptimizer;

const TABLE = { adam: Adam, adamw: AdamW, sgd: SGD } satisfies Record<string, new () => Optimizer>;

export type OptimizerName = "adam" | "adamw" | "sgd";
export type OptimizerArgument = OptimizerName | Optimizer;

/** The optimizer of a name (in any case), or the object itself. */
export function get(identifier: OptimizerArgument): Optimizer {
  if (identifier instanceof Optimizer) return identifier;
  const name = typeof identifier === "string" ? identifier.toLowerCase() : "";
  if (Object.hasOwn(TABLE, name)) return new TABLE[name as OptimizerName]();
  const expected = `an optimizer or one of ${Object.keys(TABLE).join(", ")}`;
  throw new UnsupportedError({ op: "optimizers.get", argument: "identifier", expected, given: show(identifier) });
}
