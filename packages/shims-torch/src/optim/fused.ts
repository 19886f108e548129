import {
  type Adam as CoreAdam,
  type Sgd as CoreSgd,
  everyRun,
  ShapeError,
  succeed,
  UnsupportedError,
} from "@facet/autograd";
import { type Keywords, Only, type Reader, show } from "@facet/dialect";
import { peekGradient } from "../gradient_slots.js";
import { sizeText } from "../python.js";
import { Tensor, wrap } from "../tensor.js";
import { Optimizer, type ParamGroup, runClosure } from "./optimizer.js";

export type Engine = CoreAdam | CoreSgd;
type Row = Record<string, unknown>;

/** What updates each group. Kept outside the objects, as groups come while the base's constructor runs. */
const engines = new WeakMap<object, Engine>();

/** Base of the optimisers that the core has: one dispatch a group. */
export abstract class FusedOptimizer<S extends object> extends Optimizer<S> {
  /** Names of the core's state under PyTorch's. */
  protected abstract get stateNames(): Readonly<Record<string, string>>;
  /** Whether `step` is part of the state. */
  protected abstract get countsSteps(): boolean;
  /** What the settings of a group may be. */
  protected abstract get kinds(): Reader<object>;
  protected abstract engine(parameters: Tensor["core"][], settings: S): Engine;
  protected abstract update(engine: Engine, gradients: readonly (Tensor["core"] | undefined)[], settings: S): void;

  protected override checkKinds(settings: Partial<S>): void {
    this.kinds([settings]);
  }

  protected override check(settings: S): void {
    for (const { name, rule } of this.kinds.signature.parameters) {
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
  }

  protected override taken(group: ParamGroup<S>): void {
    engines.set(group, this.engine(coresOf(group), group));
  }

  /** What updates a group; when it has been given other parameters, one for these, which takes over the state of those that stay. */
  #engineOf(group: ParamGroup<S>): Engine {
    const known = engines.get(group);
    const cores = coresOf(group);
    if (known && known.parameters.length === cores.length && cores.every((core, i) => core === known.parameters[i]))
      return known;
    const made = succeed(() => this.engine(cores, group));
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
      this.update(this.#engineOf(group), gradients, group);
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
      if (this.countsSteps) Object.defineProperty(row, "step", { enumerable: true, get: () => engine.steps[i] });
      for (const [name, coreName] of Object.entries(this.stateNames)) {
        const tensor = tensors[coreName]?.[i];
        if (tensor) row[name] = wrap(tensor);
      }
      return Object.keys(row).length > 0 ? row : undefined;
    });
  }

  protected override checkState(group: ParamGroup<S>, rows: readonly (Row | undefined)[]): void {
    for (const [i, row] of rows.entries()) {
      for (const name of Object.keys(this.stateNames)) {
        const value = row?.[name];
        const shape = group.params[i]?.shape ?? [];
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
    for (const [name, coreName] of Object.entries(this.stateNames)) {
      const found = rows.map((row) => row?.[name]);
      if (found.some((value) => value instanceof Tensor))
        tensors[coreName] = found.map((value) =>
          value instanceof Tensor ? value.core : undefined,
        ) as Tensor["core"][];
    }
    // Of what counts no steps, those that have state are past their first.
    const hasState = (row: Row): boolean => Object.keys(this.stateNames).some((name) => row[name] instanceof Tensor);
    const steps = rows.map((row) => (this.countsSteps ? Number(row?.step ?? 0) : row && hasState(row) ? 1 : 0));
    this.#engineOf(group).loadState(tensors, steps);
  }
}

const coresOf = ({ params }: { readonly params: readonly Tensor[] }): Tensor["core"][] =>
  params.map(({ core }) => core);

/** The gradient, asked for without marking it as seen: an optimiser keeps no handle on it. */
function gradientOf(parameter: Tensor): Tensor["core"] | undefined {
  const { node } = parameter.core;
  return node ? peekGradient(node)?.core : undefined;
}
