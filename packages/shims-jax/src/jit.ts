// jax.jit: arguments taken apart into arrays, numbers and keys, which the core's capture traces once per combination of shapes.
import {
  ArgumentError,
  Captured,
  type CaptureResult,
  findTensors,
  Identities,
  isDifferentiating,
  type Key,
  type Tensor,
  tracing,
} from "@facet/autograd";
import { JaxArray } from "./array.js";
import { describe, type Keywords, keywords } from "./options.js";
import { PRNGKeyArray } from "./random.js";
import { TracedNumber } from "./traced_number.js";
import { type AnyFunction, synchronous, treeScope } from "./tree_scope.js";
import { type PyTreeDef, tree_flatten, tree_leaves, tree_unflatten } from "./tree_util.js";

interface JitOptions {
  static_argnums: number | readonly number[] | undefined;
  static_argnames: string | readonly string[] | undefined;
  donate_argnums: number | readonly number[] | undefined;
}

let disabled = 0;

/** jax.disable_jit: within `body` jitted functions run op by op, for debugging. `with` becomes a callback. */
export function disable_jit<R>(body: () => R): R {
  disabled += 1;
  try {
    return body();
  } finally {
    disabled -= 1;
  }
}

/** What a trace knows beside its arrays: places for this run's numbers and keys, and the result with arrays left out. */
interface Rest {
  readonly numbers: number[];
  readonly keys: [number, number][];
  readonly treedef: PyTreeDef;
  readonly leaves: readonly ResultLeaf[];
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
  statics: readonly number[],
  donations: readonly number[],
  identities: Identities,
): Arguments {
  const [leaves, treedef] = tree_flatten(args.map((arg, at) => (statics.includes(at) ? null : arg)));
  const [tensors, numbers, keys]: [Tensor[], number[], Key[]] = [[], [], []];
  const donated = new Set<number>();
  let key = `${treedef}`;
  for (const at of statics) key += ` ${at}:${identities.describe(args[at])}`;
  let next = 0;
  for (const [at, { num_leaves }] of treedef.children_.entries()) {
    for (const leaf of leaves.slice(next, next + num_leaves)) {
      if (leaf instanceof JaxArray) {
        if (donations.includes(at)) donated.add(tensors.length);
        tensors.push(leaf.core);
      } else if (typeof leaf === "number") {
        numbers.push(leaf);
        key += Number.isInteger(leaf) ? " int" : " float";
      } else if (leaf instanceof PRNGKeyArray) keys.push(leaf.words);
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
  return tree_unflatten(treedef, leaves.map(stand)) as unknown[];
}

function resultLeaf(leaf: unknown): ResultLeaf {
  if (leaf instanceof TracedNumber) return { number: leaf.now };
  if (leaf instanceof JaxArray) return { array: true };
  return leaf instanceof PRNGKeyArray ? { key: leaf.words } : { value: leaf };
}

function putTogether({ outputs, rest }: CaptureResult<Rest>): unknown {
  let next = 0;
  const leaf = (kind: ResultLeaf): unknown => {
    if ("array" in kind) return new JaxArray(outputs[next++] as Tensor);
    if ("number" in kind) return kind.number();
    return "key" in kind ? new PRNGKeyArray([kind.key[0], kind.key[1]]) : kind.value;
  };
  return tree_unflatten(rest.treedef, rest.leaves.map(leaf));
}

/**
 * jax.jit: the first call with arrays of given shapes and dtypes traces `fun` into a plan; later ones replay it. Arrays,
 * numbers and keys among the arguments (in pytrees) may change from call to call; numbers are traced, so that `fun` may use
 * them in arithmetic by methods, as keys, step counts and in schedules, but not in JavaScript arithmetic. Arguments at
 * `static_argnums`, booleans, strings and functions are part of what a trace is made for. `static_argnames` is checked and
 * makes no difference. Plain variables of a closure and fields of objects are constants of the trace, as in JAX. Arrays of arguments at `donate_argnums` are freed once the call is over, and results may take their
 * memory; to use them again throws DisposedError. Inside grad and other transforms, and under disable_jit, `fun` just runs.
 *
 * Throws CaptureError when `fun` reads a value, ArgumentError when it returns a promise.
 */
export function jit<F extends AnyFunction>(fun: F, options?: Keywords<JitOptions>): F {
  if (typeof fun !== "function")
    throw new ArgumentError({ op: "jit", argument: "fun", expected: "a function", given: describe(fun) });
  const { static_argnums, donate_argnums } = keywords<JitOptions>(
    "jit",
    options,
    { static_argnums: undefined, static_argnames: undefined, donate_argnums: undefined },
    { donate_argnames: undefined, keep_unused: false, inline: false },
  );
  const statics = positionsOf("static_argnums", static_argnums);
  const donations = positionsOf("donate_argnums", donate_argnums);
  const captured = new Captured<Rest>({ name: `jit(${fun.name || "anonymous"})` });
  const identities = new Identities();
  return ((...args: unknown[]) => {
    if (disabled > 0 || tracing() || isDifferentiating()) return inline(fun, args, donations);
    const given = takeApart(args, statics, donations, identities);
    const { tensors, numbers, keys, donated, key } = given;
    const body = (standIns: Tensor[]): CaptureResult<Rest> => {
      const own = { numbers: [...numbers], keys: keys.map((words): [number, number] => [words[0], words[1]]) };
      const stood = standIn(given, standIns, own).map((arg, at) => (statics.includes(at) ? args[at] : arg));
      const result = fun(...stood);
      if (result instanceof Promise) throw synchronous("jit");
      const [leaves, treedef] = tree_flatten(result);
      const outputs = leaves.flatMap((leaf) =>
        leaf instanceof JaxArray && !(leaf instanceof TracedNumber) ? [leaf.core] : [],
      );
      return { outputs, rest: { ...own, treedef, leaves: leaves.map(resultLeaf) } };
    };
    const before = (rest: Rest): void => {
      for (const [i, number] of numbers.entries()) rest.numbers[i] = number;
      for (const [i, words] of keys.entries()) rest.keys[i]?.splice(0, 2, words[0], words[1]);
    };
    const result = putTogether(captured.run(tensors, body, { key, donated, before }));
    dispose(args, donations, new Set());
    return result;
  }) as F;
}

/** The function as it is; what it makes on the way is freed. */
function inline(fun: AnyFunction, args: readonly unknown[], donations: readonly number[]): unknown {
  const result = treeScope("jit", () => fun(...args));
  // Inside a transform the caller's arrays are variables that the tape still needs.
  if (!tracing() && !isDifferentiating()) dispose(args, donations, new Set(findTensors(tree_leaves(result))));
  return result;
}

function dispose(args: readonly unknown[], donations: readonly number[], except: ReadonlySet<Tensor>): void {
  for (const at of donations)
    for (const tensor of findTensors(tree_leaves(args[at])))
      if (!except.has(tensor)) tensor.dispose("donated to a jitted function (donate_argnums)");
}

function positionsOf(argument: string, given: number | readonly number[] | undefined): readonly number[] {
  const positions = given === undefined ? [] : typeof given === "number" ? [given] : given;
  if (Array.isArray(positions) && positions.every(Number.isInteger)) return positions;
  throw new ArgumentError({ op: "jit", argument, expected: "whole numbers", given: describe(given) });
}
