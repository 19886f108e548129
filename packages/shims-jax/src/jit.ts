// jax.jit: arguments taken apart into arrays, numbers and keys, which the core's capture traces once per combination of shapes.
import {
  Captured,
  type CaptureResult,
  findTensors,
  Identities,
  isDifferentiating,
  isMapping,
  type Key,
  type Tensor,
  tracing,
} from "@facet/autograd";
import { bool, define, func, int, isKeywords, type Keywords, listOf, only, string } from "@facet/dialect";
import { JaxArray } from "./array.js";
import { collected, type Effect, perform } from "./effects.js";
import { parameterNames } from "./parameter_names.js";
import { PRNGKeyArray } from "./random/index.js";
import { TracedNumber } from "./traced_number.js";
import { flatten, leavesOf, type PyTreeDef, unflatten } from "./tree/pytree.js";
import { type AnyFunction, synchronous, treeScope } from "./tree/scope.js";

interface JitOptions {
  static_argnums: number | readonly number[] | null;
  static_argnames: string | readonly string[] | null;
  donate_argnums: number | readonly number[] | null;
  donate_argnames: null;
  keep_unused: false;
  inline: false;
  in_shardings: null;
  out_shardings: null;
  device: null;
  backend: null;
  compiler_options: null;
}

let disabled = false;

/** jax.config's jax_disable_jit. */
export const disabledJit = (value: boolean): void => {
  disabled = value;
};

/** jax.disable_jit: within `body` jitted functions run op by op, for debugging. `with` becomes a callback. */
export const disable_jit: <R>(body: () => R, options?: Keywords<{ disable: boolean }>) => R = define(
  "jax.disable_jit",
  { body: func, "*": null, disable: bool.or(true) },
  ({ body, disable }) => {
    const before = disabled;
    disabled = disable;
    try {
      return body();
    } finally {
      disabled = before;
    }
  },
);

/** What a trace knows beside its arrays: places for this run's numbers and keys, and the result with arrays left out. */
interface Rest {
  readonly numbers: number[];
  readonly keys: [number, number][];
  readonly treedef: PyTreeDef;
  readonly leaves: readonly ResultLeaf[];
  /** What every run does with values on the host: their arrays stand behind those of the result. */
  readonly effects: readonly Effect[];
}

type ResultLeaf = { array: true } | { number: () => number } | { key: Key } | { value: unknown };

/** Arguments by kind. */
interface Arguments {
  readonly treedef: PyTreeDef;
  readonly leaves: readonly unknown[];
  readonly tensors: Tensor[];
  readonly numbers: number[];
  readonly keys: Key[];
  /** Which of the arrays are given up. */
  readonly donated: Set<number>;
  /** Structure, kinds of numbers, and values that are neither array, number nor key. */
  readonly key: string;
}

function takeApart(
  args: readonly unknown[],
  statics: Statics,
  donations: readonly number[],
  identities: Identities,
): Arguments {
  const [leaves, treedef] = flatten(args.map((arg, at) => statics.without(arg, at, args.length)));
  const [tensors, numbers, keys]: [Tensor[], number[], Key[]] = [[], [], []];
  const donated = new Set<number>();
  let key = `${treedef}`;
  for (const [at, arg] of args.entries())
    for (const [name, value] of statics.among(arg, at, args.length)) key += ` ${name}:${identities.describe(value)}`;
  let next = 0;
  for (const [at, { num_leaves }] of treedef.children_.entries()) {
    for (const leaf of leaves.slice(next, next + num_leaves)) {
      if (leaf instanceof JaxArray) {
        if (donations.includes(at) || donations.includes(at - treedef.children_.length)) donated.add(tensors.length);
        tensors.push(leaf.core);
      } else if (typeof leaf === "number") {
        numbers.push(leaf);
        key += Number.isInteger(leaf) ? " int" : " float";
      } else if (leaf instanceof PRNGKeyArray) keys.push(leaf.words as Key);
      else key += ` ${identities.describe(leaf)}`;
    }
    next += num_leaves;
  }
  return { treedef, leaves, tensors, numbers, keys, donated, key };
}

/** The arguments with stand-ins for arrays, and with numbers and keys that change from run to run. */
function standIn({ treedef, leaves }: Arguments, tensors: Tensor[], { numbers, keys }: Pick<Rest, "numbers" | "keys">) {
  const count = { tensors: 0, numbers: 0, keys: 0 };
  const stand = (leaf: unknown): unknown => {
    if (leaf instanceof JaxArray) return new JaxArray(tensors[count.tensors++] as Tensor);
    if (leaf instanceof PRNGKeyArray) return new PRNGKeyArray(keys[count.keys++] as Key);
    if (typeof leaf !== "number") return leaf;
    const at = count.numbers++;
    return new TracedNumber(() => numbers[at] as number);
  };
  return unflatten(treedef, leaves.map(stand)) as unknown[];
}

function resultLeaf(leaf: unknown): ResultLeaf {
  if (leaf instanceof TracedNumber) return { number: leaf.now };
  if (leaf instanceof JaxArray) return { array: true };
  return leaf instanceof PRNGKeyArray ? { key: leaf.words as Key } : { value: leaf };
}

function putTogether({ outputs, rest }: CaptureResult<Rest>): unknown {
  let next = 0;
  const leaf = (kind: ResultLeaf): unknown => {
    if ("array" in kind) return new JaxArray(outputs[next++] as Tensor);
    if ("number" in kind) return kind.number();
    return "key" in kind ? new PRNGKeyArray([kind.key[0], kind.key[1]]) : kind.value;
  };
  return unflatten(rest.treedef, rest.leaves.map(leaf));
}

function performAll({ outputs, rest: { effects } }: CaptureResult<Rest>): void {
  let next = outputs.length - effects.reduce((sum, { tensors }) => sum + tensors.length, 0);
  for (const effect of effects) {
    const end = next + effect.tensors.length;
    perform(effect, outputs.slice(next, end) as Tensor[]);
    next = end;
  }
}

/** Arguments that are part of what a trace is made for: some positions, and some keywords of a trailing object. */
interface Statics {
  /** An argument with null in the place of what is static. */
  without(arg: unknown, at: number, count: number): unknown;
  /** What is static of an argument, by name. */
  among(arg: unknown, at: number, count: number): readonly (readonly [name: string | number, value: unknown])[];
  /** A stand-in with what is static put back from the argument. */
  back(standIn: unknown, arg: unknown, at: number, count: number): unknown;
}

function staticsOf(positions: readonly number[], names: readonly string[]): Statics {
  const whole = (at: number, count: number): boolean => positions.includes(at) || positions.includes(at - count);
  const named = (arg: unknown, at: number, count: number): readonly string[] =>
    names.length > 0 && at === count - 1 && isKeywords(arg) ? names.filter((name) => Object.hasOwn(arg, name)) : [];
  const replaced = (arg: unknown, keys: readonly string[], value: (key: string) => unknown): unknown =>
    keys.length === 0 ? arg : { ...(arg as object), ...Object.fromEntries(keys.map((key) => [key, value(key)])) };
  const partOf = (arg: unknown, key: string): unknown => (arg as Record<string, unknown>)[key];
  return {
    without: (arg, at, count) => (whole(at, count) ? null : replaced(arg, named(arg, at, count), () => null)),
    among: (arg, at, count) =>
      whole(at, count) ? [[at, arg]] : named(arg, at, count).map((key) => [key, partOf(arg, key)] as const),
    back: (standIn, arg, at, count) =>
      whole(at, count) ? arg : replaced(standIn, named(arg, at, count), (key) => partOf(arg, key)),
  };
}

const positions = int.either(listOf(int)).or(null);

/**
 * jax.jit: the first call with arrays of given shapes and dtypes traces `fun` into a plan; later ones replay it. Arrays,
 * numbers and keys among the arguments (in pytrees) may change from call to call; numbers are traced, so that `fun` may use
 * them in arithmetic by methods, as keys, step counts and in schedules, but not in JavaScript arithmetic. Arguments at
 * `static_argnums`, those named in `static_argnames` (as parameters of `fun`, or in a trailing object of keywords), booleans,
 * strings and functions are part of what a trace is made for. Plain variables of a closure and fields of objects are
 * constants of the trace, as in JAX. Arrays of arguments at `donate_argnums` are freed once the
 * call is over, and results may take their memory; to use them again throws DisposedError. Inside grad and other transforms,
 * and under disable_jit, `fun` just runs.
 *
 * Throws CaptureError when `fun` reads a value, ArgumentError when it returns a promise.
 */
export const jit: <F extends AnyFunction>(fun: F, options?: Keywords<JitOptions>) => F = define(
  "jax.jit",
  {
    fun: func,
    "/": null,
    "*": null,
    in_shardings: only(null),
    out_shardings: only(null),
    static_argnums: positions,
    static_argnames: string.either(listOf(string)).or(null),
    donate_argnums: positions,
    donate_argnames: only(null),
    keep_unused: only(false),
    device: only(null),
    backend: only(null),
    inline: only(false),
    compiler_options: only(null),
  },
  ({ fun, static_argnums, static_argnames, donate_argnums }) => {
    const names = listed(static_argnames);
    const own = names.length > 0 ? parameterNames(fun) : [];
    const atNames = own.flatMap((name, at) => (name !== undefined && names.includes(name) ? [at] : []));
    const statics = staticsOf([...listed(static_argnums), ...atNames], names);
    return jitted(fun, statics, listed(donate_argnums));
  },
) as <F extends AnyFunction>(fun: F) => F;

const listed = <T>(given: T | readonly T[] | null): readonly T[] =>
  given === null ? [] : Array.isArray(given) ? given : [given as T];

function jitted(fun: AnyFunction, statics: Statics, donations: readonly number[]): AnyFunction {
  const captured = new Captured<Rest>({ name: `jit(${fun.name || "anonymous"})` });
  const identities = new Identities();
  return (...args) => {
    if (disabled || isInside()) return inline(fun, args, donations);
    const given = takeApart(args, statics, donations, identities);
    const { tensors, numbers, keys, donated, key } = given;
    const body = (standIns: Tensor[]): CaptureResult<Rest> => {
      const own = { numbers: [...numbers], keys: keys.map((words): [number, number] => [words[0], words[1]]) };
      const stood = standIn(given, standIns, own).map((arg, at) => statics.back(arg, args[at], at, args.length));
      const { result, effects } = collected(() => fun(...stood));
      if (result instanceof Promise) throw synchronous("jit");
      const [leaves, treedef] = flatten(result);
      const outputs = leaves.flatMap((leaf) =>
        leaf instanceof JaxArray && !(leaf instanceof TracedNumber) ? [leaf.core] : [],
      );
      const asked = effects.flatMap(({ tensors }) => tensors);
      return { outputs: [...outputs, ...asked], rest: { ...own, treedef, leaves: leaves.map(resultLeaf), effects } };
    };
    const before = (rest: Rest): void => {
      for (const [i, number] of numbers.entries()) rest.numbers[i] = number;
      for (const [i, words] of keys.entries()) rest.keys[i]?.splice(0, 2, words[0], words[1]);
    };
    const run = captured.run(tensors, body, { key, donated, before });
    const result = putTogether(run);
    performAll(run);
    dispose(args, donations, new Set());
    return result;
  };
}

/** Whether another function is being captured, or a transform is under way. */
const isInside = (): boolean => tracing() !== undefined || isDifferentiating() || isMapping();

/** The function as it is; what it makes on the way is freed. */
function inline(fun: AnyFunction, args: readonly unknown[], donations: readonly number[]): unknown {
  const result = treeScope("jit", () => fun(...args));
  // Inside a transform the caller's arrays are variables that the tape still needs.
  if (!isInside()) dispose(args, donations, new Set(findTensors(leavesOf(result))));
  return result;
}

function dispose(args: readonly unknown[], donations: readonly number[], except: ReadonlySet<Tensor>): void {
  for (const at of donations)
    for (const tensor of findTensors(leavesOf(args.at(at))))
      if (!except.has(tensor)) tensor.dispose("donated to a jitted function (donate_argnums)");
}
