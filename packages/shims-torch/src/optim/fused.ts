import {
  type FusedOptimizer as CoreOptimizer,
  everyRun,
  FlatOptimizer,
  type OptimizerRow,
  type OptimizerSettings,
  ShapeError,
  succeed,
  UnsupportedError,
} from "@facet/autograd";
import { type Keywords, Only, type Reader, show } from "@facet/dialect";
import { peekGradient } from "../gradient_slots.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { isAmount, Optimizer, type ParamGroup, requireSetting, runClosure } from "./optimizer.js";

/** What updates a group. */
type Engine = CoreOptimizer & {
  step(gradients: readonly (Tensor["core"] | undefined)[], changes: () => object): void;
};

/** One of PyTorch's optimisers, told in the core's words. */
export interface OptimizerSpec<S extends object> {
  /** Names of the core's state under PyTorch's. */
  readonly state: Readonly<Record<string, string>>;
  /** Shape of a state by PyTorch's name, of a parameter's shape. Default: that. */
  readonly shapeOf?: (name: string, shape: readonly number[]) => readonly number[];
  /** State that is a number, computed from the step count; `step` is one as a rule. */
  readonly numbers: Readonly<Record<string, (step: number, group: S) => number>>;
  /** What the settings of a group may be. */
  readonly kinds: Reader<object>;
  /** Throws where PyTorch does; its kinds are checked already. */
  readonly check: (group: S, op: string) => void;
  readonly toCore: (group: S) => object;
  readonly make: (parameters: Tensor["core"][], settings: object) => Engine;
}

/** Makes engines of a row of the core's table. */
export const flat =
  // biome-ignore lint/suspicious/noExplicitAny: settings are contravariant in the functions of a row.
    (row: OptimizerRow<any, any>): OptimizerSpec<object>["make"] =>
    (parameters, settings) =>
      new FlatOptimizer(row, parameters, settings as OptimizerSettings);

/** The step count, which most optimisers hold. */
export const counted = { step: (step: number): number => step } as const;

/** Checks that several of PyTorch's optimisers make, with their sentences. */
export const checks = {
  lr: ({ lr }: { lr: number }, op: string): void => requireSetting(op, "lr", isAmount(lr), "learning rate", lr),
  eps: ({ eps }: { eps: number }, op: string): void => requireSetting(op, "eps", isAmount(eps), "epsilon value", eps),
  betas: ({ betas }: { betas: readonly [number, number] }, op: string): void => {
    for (const [i, beta] of betas.entries())
      requireSetting(
        op,
        "betas",
        isAmount(beta) && beta < 1,
        `beta parameter at index ${i}`,
        beta,
        "0 or more and below 1",
      );
  },
  weight_decay: ({ weight_decay }: { weight_decay: number }, op: string): void =>
    requireSetting(op, "weight_decay", isAmount(weight_decay), "weight_decay value", weight_decay),
} as const;

type Row = Record<string, unknown>;

/** What updates each group. Kept outside the objects, as groups come while the base's constructor runs. */
const engines = new WeakMap<object, Engine>();

/** Base of the optimisers that the core has: one dispatch a group. */
export abstract class FusedOptimizer<S extends object> extends Optimizer<S> {
  protected abstract get spec(): OptimizerSpec<S>;

  protected override checkKinds(settings: Partial<S>): void {
    this.spec.kinds([settings]);
  }

  protected override check(settings: S): void {
    for (const { name, rule } of this.spec.kinds.signature.parameters) {
      if (!(rule instanceof Only)) continue;
      const given = (settings as Row)[name];
      if (given !== rule.value && !rule.also.includes(given))
        throw new UnsupportedError({
          op: this.constructor.name,
          argument: name,
          expected: `${show(rule.value)}: other values are not supported`,
          given: show(given),
        });
    }
    this.spec.check(settings, this.constructor.name);
  }

  protected override taken(group: ParamGroup<S>): void {
    engines.set(group, this.spec.make(coresOf(group), this.spec.toCore(group)));
  }

  /** What updates a group; when it has been given other parameters, one for these, which takes over the state of those that stay. */
  #engineOf(group: ParamGroup<S>): Engine {
    const known = engines.get(group);
    const cores = coresOf(group);
    if (known && known.parameters.length === cores.length && cores.every((core, i) => core === known.parameters[i]))
      return known;
    const made = succeed(() => this.spec.make(cores, this.spec.toCore(group)));
    if (known) {
      const places = cores.map((core) => known.parameters.indexOf(core));
      const state = Object.entries(known.state()).map(([name, tensors]) => [name, places.map((i) => tensors[i])]);
      made.loadState(
        Object.fromEntries(state),
        places.map((i) => known.steps[i] ?? 0),
      );
    }
    engines.set(group, made);
    return made;
  }

  override step(): undefined;
  override step<T>(closure: (() => T) | Keywords<{ closure: () => T }>): T;
  override step(...args: unknown[]): unknown {
    const result = runClosure(args);
    for (const group of this.param_groups) {
      everyRun(() => this.check(group));
      const gradients = group.params.map((parameter) => gradientOf(parameter));
      this.#engineOf(group).step(gradients, () => this.spec.toCore(group));
    }
    return result;
  }

  override get state(): Map<Tensor, Row> {
    const rows = this.param_groups.flatMap((group) => {
      const own = this.stateOf(group);
      return group.params.flatMap((parameter, i): [Tensor, Row][] => (own[i] ? [[parameter, own[i]]] : []));
    });
    return new Map(rows);
  }

  protected override stateOf(group: ParamGroup<S>): (Row | undefined)[] {
    const engine = this.#engineOf(group);
    const tensors = engine.state();
    return group.params.map((_, i) => {
      if (engine.steps[i] === 0) return undefined;
      const row: Row = {};
      for (const [name, value] of Object.entries(this.spec.numbers))
        Object.defineProperty(row, name, { enumerable: true, get: () => value(engine.steps[i] as number, group) });
      for (const [name, coreName] of Object.entries(this.spec.state)) {
        const tensor = tensors[coreName]?.[i];
        if (tensor) row[name] = wrap(tensor);
      }
      return Object.keys(row).length > 0 ? row : undefined;
    });
  }

  protected override checkState(group: ParamGroup<S>, rows: readonly (Row | undefined)[]): void {
    for (const [i, row] of rows.entries()) {
      for (const name of Object.keys(this.spec.state)) {
        const value = row?.[name];
        const whole = group.params[i]?.shape ?? [];
        const shape = this.spec.shapeOf?.(name, whole) ?? whole;
        if (value === undefined || value === null || (value instanceof Tensor && `${value.shape}` === `${shape}`))
          continue;
        throw new ShapeError({
          op: "load_state_dict",
          argument: name,
          expected: `a tensor of shape ${sizeText(shape)}`,
          given: show(value),
        });
      }
    }
  }

  protected override loadState(group: ParamGroup<S>, rows: readonly (Row | undefined)[]): void {
    const tensors: Record<string, Tensor["core"][]> = {};
    for (const [name, coreName] of Object.entries(this.spec.state)) {
      const found = rows.map((row) => row?.[name]);
      if (found.some((value) => value instanceof Tensor))
        tensors[coreName] = found.map((value) =>
          value instanceof Tensor ? value.core : undefined,
        ) as Tensor["core"][];
    }
    // Of what counts no steps, those that have state are past their first.
    const hasState = (row: Row): boolean => Object.keys(this.spec.state).some((name) => row[name] instanceof Tensor);
    const steps = rows.map((row) =>
      "step" in this.spec.numbers ? Number(row?.step ?? 0) : row && hasState(row) ? 1 : 0,
    );
    this.#engineOf(group).loadState(tensors, steps);
  }
}

const coresOf = ({ params }: { readonly params: readonly Tensor[] }): Tensor["core"][] =>
  params.map(({ core }) => core);

/** The gradient, asked for without marking it as seen: an optimiser keeps no handle on it. */
export function gradientOf(parameter: Tensor): Tensor["core"] | undefined {
  const { node } = parameter.core;
  return node ? peekGradient(node)?.core : undefined;
}
