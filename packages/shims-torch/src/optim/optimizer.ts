import {
  ArgumentError,
  type Adam as CoreAdam,
  type Sgd as CoreSgd,
  DtypeError,
  everyRun,
  Observed,
  observe,
  succeed,
} from "@facet/autograd";
import { peekGradient } from "../autograd.js";
import { complain } from "../errors.js";
import { zeroGradients } from "../nn/module.js";
import { pythonRepr } from "../python.js";
import type { Args } from "../signature.js";
import { Tensor, wrap } from "../tensor.js";

/** Parameters with the settings that hold for them. Settings may be changed between steps: `group.lr = 1e-4`. */
export type ParamGroup<S> = S & { params: Tensor[] };

/** What the constructor takes: parameters, or groups of them with settings of their own. */
export type Params<S> = Iterable<Tensor> | Iterable<Partial<S> & { params: Iterable<Tensor> | Tensor }>;

export interface OptimizerState<S> {
  /** Per parameter by number: its step count and its tensors by name. */
  state: Record<number, Record<string, number | Tensor>>;
  param_groups: (S & { params: number[] })[];
}

type Engine = CoreAdam | CoreSgd;

/**
 * Base of the optimisers: parameter groups over the core's fused ones, one dispatch a group. Settings are read again at every
 * step, of a compiled function too; groups may be added, removed and given other parameters.
 */
export abstract class Optimizer<S extends object> extends Observed {
  readonly param_groups: ParamGroup<S>[] = observe([]);
  readonly defaults: S;
  /** Names of the core's state under PyTorch's. */
  protected abstract readonly stateNames: Readonly<Record<string, string>>;
  readonly #engines = new WeakMap<ParamGroup<S>, Engine>();

  constructor(defaults: S) {
    super();
    this.defaults = defaults;
  }

  /** Throws on settings that make no sense. */
  protected abstract check(settings: S): void;
  protected abstract engine(params: Tensor[], settings: S): Engine;
  protected abstract update(engine: Engine, gradients: readonly (Tensor["core"] | undefined)[], settings: S): void;

  /** For constructors of subclasses: takes the parameters in. */
  protected takeIn(params: Params<S>): void {
    this.check(this.defaults);
    if (
      params instanceof Tensor ||
      typeof (params as { [Symbol.iterator]?: unknown })?.[Symbol.iterator] !== "function"
    )
      complain(
        ArgumentError,
        `params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${params instanceof Tensor ? "a Tensor" : typeof params}`,
        {
          op: this.#name(),
          argument: "params",
          expected: "an iterable of parameters or groups",
          given: "something else",
        },
      );
    const list = [...params] as (Tensor | (Partial<S> & { params: Iterable<Tensor> | Tensor }))[];
    if (list.length === 0) this.#refuse("optimizer got an empty parameter list", "at least one parameter", "none");
    const isGroup = (item: unknown): item is Partial<S> & { params: Iterable<Tensor> | Tensor } =>
      typeof item === "object" && item !== null && !(item instanceof Tensor) && "params" in item;
    if (isGroup(list[0]))
      for (const group of list) this.add_param_group(group as Partial<S> & { params: Iterable<Tensor> });
    else this.add_param_group({ params: list as Tensor[] } as Partial<S> & { params: Tensor[] });
  }

  #name(): string {
    return this.constructor.name;
  }

  #refuse(sentence: string, expected: string, given: string): never {
    complain(ArgumentError, sentence, { op: this.#name(), argument: "params", expected, given });
  }

  /** Adds parameters with settings of their own; what is not given is taken from the defaults. */
  add_param_group(group: Partial<S> & { params: Iterable<Tensor> | Tensor }): void {
    const params = group.params instanceof Tensor ? [group.params] : [...group.params];
    if (params.length === 0) this.#refuse("optimizer got an empty parameter list", "at least one parameter", "none");
    const known = new Set(this.param_groups.flatMap((other) => other.params));
    for (const parameter of params) {
      if (!(parameter instanceof Tensor))
        this.#refuse(
          `optimizer can only optimize Tensors, but one of the params is ${typeof parameter}`,
          "tensors",
          typeof parameter,
        );
      if (!parameter.is_leaf) this.#refuse("can't optimize a non-leaf Tensor", "leaves", "a computed tensor");
      if (known.has(parameter))
        this.#refuse("some parameters appear in more than one parameter group", "each parameter once", "one twice");
      known.add(parameter);
      if (!parameter.is_floating_point())
        throw new DtypeError({
          op: this.#name(),
          argument: "params",
          expected: "torch.float32",
          given: `${parameter.dtype}`,
        });
    }
    for (const key of Object.keys(group)) {
      if (key !== "params" && !(key in this.defaults))
        throw new ArgumentError({
          op: this.#name(),
          argument: key,
          expected: `one of its settings (${Object.keys(this.defaults).join(", ")})`,
          given: "a name it does not have",
        });
    }
    const settings = { ...this.defaults, ...group, params: observe(params) } as ParamGroup<S>;
    this.check(settings);
    const own = observe(settings);
    this.#engines.set(own, this.engine(params, settings));
    this.param_groups.push(own);
  }

  /** What updates a group; when it has been given other parameters, one for these, which takes over the state of those that stay. */
  #engineOf(group: ParamGroup<S>): Engine {
    const known = this.#engines.get(group);
    const cores = group.params.map((parameter) => parameter.core);
    if (known && known.parameters.length === cores.length && cores.every((core, i) => core === known.parameters[i]))
      return known;
    const made = succeed(() => this.engine(group.params, group));
    if (known) {
      const places = cores.map((core) => known.parameters.indexOf(core));
      const state = Object.entries(known.state()).map(([name, tensors]) => [name, places.map((i) => tensors[i])]);
      made.loadState(
        Object.fromEntries(state),
        places.map((i) => known.steps[i] ?? 0),
      );
    }
    this.#engines.set(group, made);
    return made;
  }

  /** Updates every parameter that has a gradient. A closure, if given, is run first and its result returned. */
  step(): undefined;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const result = closure?.();
    for (const group of this.param_groups) {
      everyRun(() => this.check(group));
      const gradients = group.params.map((parameter) => gradientOf(parameter));
      this.update(this.#engineOf(group), gradients, group);
    }
    return result;
  }

  /** Forgets the gradients (sets them to null); with `set_to_none: false` fills them with zeros. */
  zero_grad(...args: Args<[set_to_none: boolean], { set_to_none: boolean }>): void {
    zeroGradients(
      this.param_groups.flatMap((group) => group.params),
      args,
    );
  }

  /** State and settings, with parameters by number. The tensors share the optimiser's memory. */
  state_dict(): OptimizerState<S> {
    const state: OptimizerState<S>["state"] = {};
    let first = 0;
    const param_groups = this.param_groups.map((group) => {
      const engine = this.#engineOf(group);
      const tensors = engine.state();
      for (const j of group.params.keys()) {
        const step = engine.steps[j] as number;
        if (step === 0) continue;
        const own: Record<string, number | Tensor> = { step };
        for (const [name, coreName] of Object.entries(this.stateNames)) {
          const tensor = tensors[coreName]?.[j];
          if (tensor) own[name] = wrap(tensor);
        }
        state[first + j] = own;
      }
      const params = group.params.map((_, j) => first + j);
      first += params.length;
      return { ...group, params };
    });
    return { state, param_groups };
  }

  /** Puts back what state_dict gave, into an optimiser with as many groups of as many parameters. */
  load_state_dict(saved: OptimizerState<S>): void {
    const sizes = (groups: readonly { params: readonly unknown[] }[]): string =>
      groups.map((group) => group.params.length).join(", ");
    if (saved.param_groups.length !== this.param_groups.length)
      this.#refuse(
        "loaded state dict has a different number of parameter groups",
        `${this.param_groups.length}`,
        `${saved.param_groups.length}`,
      );
    if (sizes(saved.param_groups) !== sizes(this.param_groups))
      this.#refuse(
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
        sizes(this.param_groups),
        sizes(saved.param_groups),
      );
    for (const [i, group] of this.param_groups.entries()) {
      const { params: numbers, ...settings } = saved.param_groups[i] as S & { params: number[] };
      this.check(settings as S);
      Object.assign(group, settings);
      const rows = numbers.map((number) => saved.state[number]);
      const tensors: Record<string, Tensor["core"][]> = {};
      for (const [name, coreName] of Object.entries(this.stateNames)) {
        const found = rows.map((row) => row?.[name]);
        if (found.some((value) => value instanceof Tensor))
          tensors[coreName] = found.map((value) =>
            value instanceof Tensor ? value.core : undefined,
          ) as Tensor["core"][];
      }
      const steps = rows.map((row) => Number(row?.step ?? 0));
      this.#engineOf(group).loadState(tensors, steps);
    }
  }

  override toString(): string {
    const lines = this.param_groups.flatMap((group, i) => [
      `Parameter Group ${i}`,
      ...Object.keys(group)
        .filter((key) => key !== "params")
        .sort()
        .map((key) => `    ${key}: ${pythonRepr((group as Record<string, unknown>)[key])}`),
      ...(i + 1 < this.param_groups.length ? [""] : []),
    ]);
    return `${this.#name()} (\n${lines.join("\n")}\n)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The gradient, asked for without marking it as seen: an optimiser keeps no handle on it. */
function gradientOf(parameter: Tensor): Tensor["core"] | undefined {
  const { node } = parameter.core;
  return node ? peekGradient(node)?.core : undefined;
}

/** Throws with PyTorch's sentence unless the value passes. */
export function requireSetting(
  op: string,
  argument: string,
  ok: boolean,
  what: string,
  value: unknown,
  expected = "0 or more",
): void {
  if (ok) return;
  const given = typeof value === "number" ? `${value}`.toLowerCase() : `${value}`;
  complain(ArgumentError, `Invalid ${what}: ${given}`, { op, argument, expected, given });
}
