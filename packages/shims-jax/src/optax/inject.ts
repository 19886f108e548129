// optax.inject_hyperparams: settings of a transformation in its state, where a program may change them.
import { ArgumentError } from "@facet/autograd";
import { define, func, isKeywords, oneOrMore, only, signatures, string } from "@facet/dialect";
import { parameterNames } from "../parameter_names.js";
import { TracedNumber } from "../traced_number.js";
import type { AnyFunction } from "../tree/scope.js";
import { computed, type GradientTransformation, increment, passed, refusedState, transformation } from "./base.js";
import * as optax from "./index.js";

/** Parameters of a factory in order, with their defaults where those are known. */
function parametersOf(factory: AnyFunction): readonly (readonly [name: string | undefined, otherwise: unknown])[] {
  const found = Object.entries(optax).find(([, member]) => (member as unknown) === factory);
  const own = found && signatures.get(`optax.${found[0]}`)?.[0];
  if (own) return own.parameters.map(({ name, otherwise, required }) => [name, required ? undefined : otherwise]);
  return parameterNames(factory).map((name) => [name, undefined]);
}

interface InjectState {
  count: number;
  hyperparams: Readonly<Record<string, number>>;
  hyperparams_states: object;
  inner_state: unknown;
}
const isNumber = (x: unknown): x is number => typeof x === "number" || x instanceof TracedNumber;

/**
 * inject_hyperparams(optax.adam)({ learning_rate: 0.1 }): a transformation whose numbers stand in `state.hyperparams`, by name, and
 * are read there at every step; schedules among them give theirs of the count.
 */
// biome-ignore lint/suspicious/noExplicitAny: factories take arguments of their own.
export const inject_hyperparams: <F extends (...args: any[]) => GradientTransformation>(
  inner_factory: F,
  static_args?: string | readonly string[],
) => F = define(
  "optax.inject_hyperparams",
  { inner_factory: func, static_args: oneOrMore(string).or([]), hyperparam_dtype: only(null, "float32") },
  ({ inner_factory, static_args }) => {
    const statics = [static_args].flat() as string[];
    const parameters = parametersOf(inner_factory);
    for (const name of statics)
      if (!parameters.some(([own]) => own === name))
        throw new ArgumentError({
          op: "inject_hyperparams",
          argument: "static_args",
          expected: `names of its parameters (${parameters.map(([own]) => own).join(", ")})`,
          given: name,
        });
    return (...args: unknown[]): GradientTransformation => {
      const last = args.at(-1);
      const named = isKeywords(last) ? last : {};
      const places = isKeywords(last) ? args.slice(0, -1) : args;
      const given: Record<string, unknown> = {};
      for (const [name, otherwise] of parameters)
        if (name !== undefined && otherwise !== undefined) given[name] = otherwise;
      for (const [i, value] of places.entries()) {
        const name = parameters[i]?.[0];
        if (name === undefined)
          throw new ArgumentError({
            op: "inject_hyperparams",
            argument: "inner_factory",
            expected: "a function whose parameters have names, or arguments by name",
            given: `argument ${i} by position`,
          });
        given[name] = value;
      }
      Object.assign(given, named);
      const others: Record<string, unknown> = {};
      const numbers: Record<string, number> = {};
      const schedules: Record<string, (count: number) => number> = {};
      for (const [name, value] of Object.entries(given)) {
        if (statics.includes(name)) others[name] = value;
        else if (isNumber(value)) numbers[name] = value;
        else if (typeof value === "function" && name !== "mask") schedules[name] = value as (count: number) => number;
        else others[name] = value;
      }
      const scheduled = (count: number): Record<string, number> =>
        Object.fromEntries(Object.entries(schedules).map(([name, f]) => [name, computed((now) => f(now), count)]));
      const made = (hyperparams: object): GradientTransformation => inner_factory({ ...others, ...hyperparams });
      return transformation(
        (params): InjectState => {
          const hyperparams = { ...numbers, ...scheduled(0) };
          return { count: 0, hyperparams, hyperparams_states: {}, inner_state: made(hyperparams).init(params) };
        },
        (updates, state, params, extra_args) => {
          if (!isKeywords(state) || !isKeywords(state.hyperparams)) throw refusedState("inject_hyperparams", state);
          const { count, hyperparams: own, inner_state } = state as unknown as InjectState;
          const hyperparams = { ...own, ...scheduled(count) };
          const [next, after] = made(hyperparams).update(updates, inner_state, params, ...passed(extra_args));
          return [next, { count: increment(count), hyperparams, hyperparams_states: {}, inner_state: after }];
        },
      );
    };
  },
) as never;
/** The older name. */
export const inject_stateful_hyperparams: typeof inject_hyperparams = inject_hyperparams;
