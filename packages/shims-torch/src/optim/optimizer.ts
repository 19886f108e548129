import {
  ArgumentError,
  DtypeError,
  Observed,
  ObservedMap,
  observe,
  UnsupportedError,
  withRecording,
} from "@facet/autograd";
import {
  bool,
  func,
  isKeywords,
  type Keywords,
  type Methods,
  mapping,
  methods,
  required,
  signature,
} from "@facet/dialect";
import { complain } from "../errors.js";
import { refuseHooks } from "../hooks.js";
import { named } from "../kinds.js";
import { zeroGradients } from "../nn/zero_grad.js";
import { pythonRepr } from "../python.js";
import { Tensor } from "../tensor.js";
import { hookMethods, throughHooks, watchSteps } from "./hooks.js";

export { hasStepped } from "./hooks.js";

/** Parameters with the settings that hold for them. Settings may be changed between steps: `group.lr = 1e-4`. */
export type ParamGroup<S> = S & { params: Tensor[]; param_names?: string[] };

type Listed = Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;
type GivenGroup<S> = Partial<S> & { params: Listed | Tensor };

/** What the constructor takes: parameters, alone or with their names, or groups of them with settings of their own. */
export type Params<S> = Listed | Iterable<GivenGroup<S>>;

export interface OptimizerState<S> {
  /** Per parameter by number: its step count and its tensors by name. */
  state: Record<number, Record<string, unknown>>;
  param_groups: (S & { params: number[] })[];
}

const readers = {
  construct: signature("torch.optim.Optimizer", { params: required, defaults: mapping() }),
  add_param_group: signature("torch.optim.Optimizer.add_param_group", {
    param_group: named<Record<string, unknown>>("param_group", "an object with params and settings"),
  }),
  step: signature("torch.optim.Optimizer.step", { closure: func.or(null) }),
  zero_grad: signature("torch.optim.Optimizer.zero_grad", { set_to_none: bool.or(true) }),
  state_dict: signature("torch.optim.Optimizer.state_dict", {}),
  load_state_dict: signature("torch.optim.Optimizer.load_state_dict", {
    state_dict: named<OptimizerState<object>>("state_dict", "what state_dict() gave").where(
      "what state_dict() gave",
      (value) =>
        Object.hasOwn(value, "state") &&
        isKeywords(value.state) &&
        Object.hasOwn(value, "param_groups") &&
        Array.isArray(value.param_groups) &&
        value.param_groups.every((group) => Array.isArray(group?.params)),
    ),
  }),
};

/** What schedules keep in a group beside its settings. */
const SCHEDULED = ["initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum"];

/** Methods of PyTorch's class that are called there by its own machinery. */
const HOOKS = {
  _init_group: "state made in step()",
  _process_value_according_to_param_policy: "values as load_state_dict() copies them",
  _patch_step_function: "register_step_pre_hook() and register_step_post_hook()",
  profile_hook_step: "register_step_pre_hook() and register_step_post_hook()",
  __getstate__: "state_dict()",
  __setstate__: "load_state_dict()",
  __repr__: "toString()",
};

/**
 * Base of the optimisers: parameter groups, and state by parameter. A subclass gives `params` and `defaults` to the constructor
 * and overrides `step`. Settings are read again at every step, of a compiled function too; groups may be added, removed and
 * given other parameters.
 */
// biome-ignore lint/correctness/noUnusedVariables: both declarations of a class have its parameters.
export interface Optimizer<S extends object = Record<string, unknown>> extends Methods<typeof hookMethods> {}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put onto the prototype from their table.
export abstract class Optimizer<S extends object = Record<string, unknown>> extends Observed {
  readonly param_groups: ParamGroup<S>[] = observe([]);
  readonly defaults: S;
  readonly #state: Map<Tensor, Record<string, unknown>> = new ObservedMap();

  constructor(...args: [params: Params<S>, defaults: S] | [Keywords<{ params: Params<S>; defaults: S }>]) {
    super();
    const { params, defaults } = readers.construct(args);
    refuseHooks(this, Optimizer, HOOKS);
    watchSteps(new.target.prototype);
    this.defaults = defaults as S;
    this.#takeIn(params as Params<S>);
  }

  /** State by parameter, as a subclass keeps it. */
  get state(): Map<Tensor, Record<string, unknown>> {
    return this.#state;
  }

  /** Throws on settings that make no sense, before every step too. */
  protected check(_settings: S): void {}
  /** Throws on settings of a kind that they never have. */
  protected checkKinds(_settings: Partial<S>): void {}
  /** A group has come. */
  protected taken(_group: ParamGroup<S>): void {}
  /** State of a group's parameters, in their order. */
  protected stateOf(group: ParamGroup<S>): readonly (Record<string, unknown> | undefined)[] {
    return group.params.map((parameter) => this.state.get(parameter));
  }
  /** Throws unless `rows` can be the state of the group's parameters. */
  protected checkState(_group: ParamGroup<S>, _rows: readonly (Record<string, unknown> | undefined)[]): void {}
  protected loadState(group: ParamGroup<S>, rows: readonly (Record<string, unknown> | undefined)[]): void {
    for (const [i, parameter] of group.params.entries()) {
      if (rows[i]) this.state.set(parameter, { ...rows[i] });
      else this.state.delete(parameter);
    }
  }

  #takeIn(params: Params<S>): void {
    this.check(this.defaults);
    if (params instanceof Tensor || !isIterable(params))
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
    const list = [...params] as (Tensor | GivenGroup<S>)[];
    if (list.length === 0) this.#refuse("optimizer got an empty parameter list", "at least one parameter", "none");
    const isGroup = (item: unknown): item is GivenGroup<S> =>
      typeof item === "object" && item !== null && !(item instanceof Tensor) && "params" in item;
    if (isGroup(list[0])) {
      for (const group of list) {
        if (!isGroup(group)) this.#refuse("param_group must be a dict", "groups alone", typeof group);
        this.add_param_group(group as GivenGroup<S>);
      }
    } else this.add_param_group({ params: list } as unknown as GivenGroup<S>);
  }

  #name(): string {
    return this.constructor.name;
  }

  #refuse(sentence: string, expected: string, given: string): never {
    complain(ArgumentError, sentence, { op: this.#name(), argument: "params", expected, given });
  }

  /** The parameters of a group, and their names where they came with them. */
  #listed(given: Listed | Tensor): { params: Tensor[]; param_names?: string[] } {
    if (!(given instanceof Tensor || isIterable(given)))
      this.#refuse("optimizer parameters must be iterable", "a tensor or an iterable of tensors", typeof given);
    const list = given instanceof Tensor ? [given] : [...given];
    if (!Array.isArray(list[0])) return { params: list as Tensor[] };
    const pairs = list as (readonly [string, Tensor])[];
    if (!pairs.every((pair) => Array.isArray(pair) && typeof pair[0] === "string"))
      this.#refuse(
        "all optimizer params should be with/without names. Some param names are missing",
        "pairs of a name and a parameter",
        "others among them",
      );
    return { params: pairs.map(([, parameter]) => parameter), param_names: pairs.map(([name]) => name) };
  }

  /** Adds parameters with settings of their own; what is not given is taken from the defaults. */
  add_param_group(...args: [param_group: GivenGroup<S>] | [Keywords<{ param_group: GivenGroup<S> }>]): void {
    const { params: given, ...own } = readers.add_param_group(args).param_group as GivenGroup<S>;
    const { params, ...names } = this.#listed(given);
    if (params.length === 0) this.#refuse("optimizer got an empty parameter list", "at least one parameter", "none");
    const taken = new Set(this.param_groups.flatMap((other) => other.params));
    for (const parameter of params) {
      if (!(parameter instanceof Tensor))
        this.#refuse(
          `optimizer can only optimize Tensors, but one of the params is ${typeof parameter}`,
          "tensors",
          typeof parameter,
        );
      if (!parameter.is_leaf) this.#refuse("can't optimize a non-leaf Tensor", "leaves", "a computed tensor");
      if (taken.has(parameter))
        this.#refuse("some parameters appear in more than one parameter group", "each parameter once", "one twice");
      taken.add(parameter);
      if (!parameter.is_floating_point())
        throw new DtypeError({
          op: this.#name(),
          argument: "params",
          expected: "torch.float32",
          given: `${parameter.dtype}`,
        });
    }
    for (const key of Object.keys(own)) {
      if (!Object.hasOwn(this.defaults, key) && !SCHEDULED.includes(key))
        throw new ArgumentError({
          op: this.#name(),
          argument: key,
          expected: `one of its settings (${Object.keys(this.defaults).join(", ")})`,
          given: "a name it does not have",
        });
    }
    const known = Object.entries(own).filter(([key]) => Object.hasOwn(this.defaults, key));
    this.checkKinds(Object.fromEntries(known) as Partial<S>);
    const settings = { ...this.defaults, ...own, ...names, params: observe(params) } as unknown as ParamGroup<S>;
    this.check(settings);
    const group = observe(settings);
    this.taken(group);
    this.param_groups.push(group);
  }

  /** Updates every parameter that has a gradient. A closure, if given, is run first, with gradients, and its result returned. */
  step(): undefined;
  step<T>(closure: (() => T) | Keywords<{ closure: () => T }>): T;
  step(...args: unknown[]): unknown {
    readers.step(args);
    return complain(UnsupportedError, "NotImplementedError: a subclass of Optimizer overrides step", {
      op: this.#name(),
      argument: "step",
      expected: "a method of the subclass",
      given: "none",
    });
  }

  /** Forgets the gradients (sets them to null); with `set_to_none: false` fills them with zeros. */
  zero_grad(...args: [set_to_none?: boolean | undefined] | [Keywords<{ set_to_none: boolean }>]): void {
    const { set_to_none } = readers.zero_grad(args);
    zeroGradients(
      this.param_groups.flatMap((group) => group.params),
      set_to_none,
    );
  }

  /**
   * State and settings, with parameters by number. State is live, as PyTorch's is: the next step changes its tensors and its
   * step counts together. Settings are copies.
   */
  state_dict(...args: []): OptimizerState<S> {
    readers.state_dict(args);
    throughHooks(this, "state_dict_pre", null);
    const state: OptimizerState<S>["state"] = {};
    let first = 0;
    const param_groups = this.param_groups.map((group) => {
      for (const [j, row] of this.stateOf(group).entries()) if (row) state[first + j] = row;
      const params = group.params.map((_, j) => first + j);
      first += params.length;
      return { ...group, params };
    });
    return throughHooks(this, "state_dict_post", { state, param_groups });
  }

  /**
   * Copies what state_dict gave into an optimiser with as many groups of as many parameters: all of it, or nothing where
   * something does not fit.
   */
  load_state_dict(...args: [state_dict: OptimizerState<S>] | [Keywords<{ state_dict: OptimizerState<S> }>]): void {
    const given = readers.load_state_dict(args).state_dict as OptimizerState<S>;
    const saved = throughHooks(this, "load_state_dict_pre", given);
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
    const loads = this.param_groups.map((group, i) => {
      const { params: numbers, ...settings } = saved.param_groups[i] as S & { params: number[] };
      const known = Object.entries(settings).filter(([key]) => Object.hasOwn(this.defaults, key));
      this.checkKinds(Object.fromEntries(known) as Partial<S>);
      this.check({ ...this.defaults, ...settings } as S);
      const rows = numbers.map((number) => saved.state[number]);
      this.checkState(group, rows);
      return () => {
        Object.assign(group, settings);
        this.loadState(group, rows);
      };
    });
    for (const load of loads) load();
    throughHooks(this, "load_state_dict_post", null);
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

methods(Optimizer, hookMethods);

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value;

/** What step() is given: the closure's result, run with gradients as PyTorch does. */
export function runClosure(args: readonly unknown[]): unknown {
  const { closure } = readers.step(args);
  return closure === null ? undefined : withRecording(true, closure);
}

/** Whether a setting is a number of 0 or more. */
export const isAmount = (value: unknown): boolean => typeof value === "number" && value >= 0;

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
