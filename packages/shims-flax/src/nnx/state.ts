// nnx.State: variables under their names, level by level, as a tree.
import { ArgumentError } from "@facet/autograd";
import { define, func, isKeywords, Kind, only, show, signature } from "@facet/dialect";
import { register, tree } from "@facet/shims-jax/parts";
import { type Filter, filter, type Path, predicateOf } from "./filters.js";
import { Variable } from "./variable.js";

/** Names in Python's order: numbers by their size, before words. */
export const sortedKeys = (object: object): string[] => {
  const keys = Object.keys(object);
  const numbers = keys.filter((key) => /^\d+$/.test(key)).sort((a, b) => Number(a) - Number(b));
  return [...numbers, ...keys.filter((key) => !/^\d+$/.test(key)).sort()];
};

const levels = new Kind<object>("variables by their names", (x) => isKeywords(x) || x instanceof State, true);
const read = signature("flax.nnx.State", { mapping: levels, "/": null, "*": null, _copy: only(true) });
const readers = {
  filter: signature("flax.nnx.State.filter", { first: filter, "/": null, "*filters": filter }),
  split: signature("flax.nnx.State.split", { first: filter, "/": null, "*filters": filter }),
  flat_state: signature("flax.nnx.State.flat_state", {}),
  to_pure_dict: signature("flax.nnx.State.to_pure_dict", { extract_fn: func.or(null) }),
  replace_by_pure_dict: signature("flax.nnx.State.replace_by_pure_dict", {
    pure_dict: tree,
    replace_fn: func.or(null),
  }),
};

/** Variables, or whatever stands in their places, by path. */
export type Flat = readonly (readonly [path: Path, value: unknown])[];

// biome-ignore lint/suspicious/noExplicitAny: what a state has under its names is the module's affair.
type Any = any;

/** Variables of a module under the names of its attributes: `state.linear.kernel.value`. A tree for JAX' functions. */
export class State {
  [name: string]: Any;

  constructor(...args: [mapping: object]) {
    const { mapping } = read(args);
    for (const key of sortedKeys(mapping)) this[key] = nested((mapping as Record<string, unknown>)[key]);
  }

  /** [path, variable] of each, in order. */
  flat_state(...args: []): Flat {
    readers.flat_state(args);
    return flatOf(this);
  }
  /** The variables that a filter means, or a list of states for several. */
  filter(...args: [first: Filter, ...filters: Filter[]]): Any {
    const { first, filters } = readers.filter(args);
    const parts = apart(flatOf(this), [first, ...(filters as unknown as Filter[])]).slice(0, args.length);
    return one(parts.map(stateOf));
  }
  /** As filter; throws ArgumentError where a variable is meant by none. */
  split(...args: [first: Filter, ...filters: Filter[]]): Any {
    const { first, filters } = readers.split(args);
    return one(exhausted("split", flatOf(this), [first, ...(filters as unknown as Filter[])]).map(stateOf));
  }
  /** Plain objects of values. */
  to_pure_dict(...args: [extract_fn?: ((x: unknown) => unknown) | null]): Record<string, Any> {
    const { extract_fn } = readers.to_pure_dict(args);
    return pure(this, extract_fn ?? contentOf) as Record<string, Any>;
  }
  /** Takes the values of plain objects. */
  replace_by_pure_dict(...args: [pure_dict: object, replace_fn?: ((x: Any, value: Any) => unknown) | null]): void {
    const { pure_dict, replace_fn } = readers.replace_by_pure_dict(args);
    takeValues(this, pure_dict, replace_fn);
  }

  toString(): string {
    return `State(${Object.keys(this).map((key) => `${key}=${show(this[key])}`)})`;
  }
}

register(
  State,
  (state: State) => {
    const keys = sortedKeys(state);
    return [keys.map((key) => state[key]), Object.freeze(keys)] as const;
  },
  (keys, children) => made(keys as readonly string[], children),
);

function made(keys: readonly string[], values: readonly unknown[]): State {
  const state = new State({});
  for (const [i, key] of keys.entries()) state[key] = values[i];
  return state;
}

const contentOf = (x: unknown): unknown => (x instanceof Variable ? x.value : x);
const nested = (x: unknown): unknown => (isKeywords(x) ? new State(x) : x);
const one = (list: State[]): Any => (list.length === 1 ? list[0] : list);

function pure(x: unknown, extract: (x: unknown) => unknown): unknown {
  if (!(x instanceof State)) return extract(x);
  return Object.fromEntries(sortedKeys(x).map((key) => [key, pure(x[key], extract)]));
}

function takeValues(state: State, given: unknown, replace: ((x: Any, value: Any) => unknown) | null): void {
  for (const [key, value] of Object.entries(given as object)) {
    if (!Object.hasOwn(state, key))
      throw new ArgumentError({
        op: "replace_by_pure_dict",
        argument: "pure_dict",
        expected: `names of the state (${Object.keys(state).join(", ")})`,
        given: key,
      });
    const own = state[key];
    if (own instanceof State) takeValues(own, value, replace);
    else if (replace) state[key] = replace(own, value);
    else state[key] = own instanceof Variable ? own.replace(value) : value;
  }
}

/** [path, variable] of each in a state or plain objects. */
export function flatOf(state: object): Flat {
  const list: [Path, unknown][] = [];
  const walk = (level: object, path: Path): void => {
    for (const key of sortedKeys(level)) {
      const value = (level as Record<string, unknown>)[key];
      if (value instanceof State || isKeywords(value)) walk(value, [...path, key]);
      else list.push([[...path, key], value]);
    }
  };
  walk(state, []);
  return list;
}

/** A state of variables by path. */
export function stateOf(flat: Flat): State {
  const state = new State({});
  for (const [path, value] of flat) {
    let level = state;
    for (const key of path.slice(0, -1)) {
      if (!Object.hasOwn(level, key)) level[key as string] = new State({});
      level = level[key as string];
    }
    level[path.at(-1) as string] = value;
  }
  return state;
}

/** What each filter means of what those before it did not, and last what none means. */
export function apart(flat: Flat, filters: readonly Filter[]): Flat[] {
  const predicates = filters.map(predicateOf);
  const parts: [Path, unknown][][] = [...filters.map(() => []), []];
  for (const [path, value] of flat) {
    const at = predicates.findIndex((each) => each(path, value));
    (parts[at < 0 ? filters.length : at] as [Path, unknown][]).push([path, value]);
  }
  return parts;
}

/** As apart, where nothing may be left over. */
export function exhausted(fn: string, flat: Flat, filters: readonly Filter[]): Flat[] {
  const parts = apart(flat, filters);
  const rest = parts.pop() as Flat;
  if (rest.length === 0) return parts;
  throw new ArgumentError({
    op: fn,
    argument: "filters",
    expected: 'filters that mean every variable (end with "...")',
    given: `none that means ${rest.map(([path]) => path.join(".")).join(", ")}`,
  });
}

const state = levels as Kind<State>;
const further = { "/": null, "*filters": filter } as const;
export const to_flat_state: (...args: [state: State]) => Flat = define(
  "flax.nnx.to_flat_state",
  { state },
  ({ state }) => flatOf(state),
);
/** A state of [path, variable] pairs. */
export const from_flat_state: (...args: [flat_state: Flat]) => State = define(
  "flax.nnx.from_flat_state",
  { flat_state: tree, "*": null, cls: func.or(State) },
  ({ flat_state }) => stateOf(flat_state as Flat),
);
export const to_pure_dict: (
  ...args: [state: State, extract_fn?: ((x: unknown) => unknown) | null]
) => Record<string, Any> = define(
  "flax.nnx.to_pure_dict",
  { state, extract_fn: func.or(null) },
  ({ state, extract_fn }) => pure(new State(state), extract_fn ?? contentOf) as Record<string, Any>,
);
export const replace_by_pure_dict: (
  ...args: [state: State, pure_dict: object, replace_fn?: ((x: Any, value: Any) => unknown) | null]
) => void = define(
  "flax.nnx.replace_by_pure_dict",
  { state, pure_dict: tree, replace_fn: func.or(null) },
  ({ state, pure_dict, replace_fn }) => takeValues(state as State, pure_dict, replace_fn),
);
export const filter_state: (...args: [state: State, first: Filter, ...filters: Filter[]]) => Any = define(
  "flax.nnx.filter_state",
  { state, first: filter, ...further },
  ({ state, first, filters }) => {
    const all = [first, ...(filters as unknown as Filter[])];
    return one(apart(flatOf(state), all).slice(0, all.length).map(stateOf));
  },
);
export const split_state: (...args: [state: State, first: Filter, ...filters: Filter[]]) => Any = define(
  "flax.nnx.split_state",
  { state, first: filter, ...further },
  ({ state, first, filters }) =>
    one(exhausted("split_state", flatOf(state), [first, ...(filters as unknown as Filter[])]).map(stateOf)),
);
/** All variables of several states. */
export const merge_state: (...args: [state: State, ...states: State[]]) => State = define(
  "flax.nnx.merge_state",
  { state, "/": null, "*states": state, cls: func.or(State) },
  ({ state, states }) => stateOf([state, ...(states as unknown as State[])].flatMap(flatOf)),
);
/** f(path, variable) in the place of each variable. */
export const map_state: (...args: [f: (path: Path, value: Any) => unknown, state: State]) => State = define(
  "flax.nnx.map_state",
  { f: func, state },
  ({ f, state }) => stateOf(flatOf(state).map(([path, value]) => [path, f(path, value)] as const)),
);
