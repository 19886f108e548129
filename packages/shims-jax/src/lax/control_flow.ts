// jax.lax's loops and branches: trees taken apart into arrays for the core.
import { ArgumentError, cond as chosen, foriLoop, scan as scanned, type Tensor, whileLoop } from "@facet/autograd";
import { type Args, bool, define, func, int, type Keywords, Kind, listOf, only, show } from "@facet/dialect";
import { tree } from "../arguments.js";
import { HostNumber, isNumber, JaxArray, numberOf } from "../array.js";
import { filledWith } from "../numpy/creation.js";
import { flatten, type PyTreeDef, unflatten } from "../tree/pytree.js";
import { type AnyFunction, synchronous, treeScope } from "../tree/scope.js";

interface Arrays {
  readonly tensors: Tensor[];
  readonly treedef: PyTreeDef;
}

/** Arrays of a tree; numbers are made arrays. */
function arraysOf(fn: string, argument: string, value: unknown): Arrays {
  if (value instanceof Promise) throw synchronous(fn);
  const [leaves, treedef] = flatten(value);
  const tensors = leaves.map((leaf) => {
    if (leaf instanceof JaxArray) return leaf.core;
    if (typeof leaf === "number" || typeof leaf === "boolean") return filledWith(fn, [], leaf, null).core;
    throw new ArgumentError({ op: fn, argument, expected: "arrays and numbers as leaves", given: show(leaf) });
  });
  return { tensors, treedef };
}

const treeOf = (treedef: PyTreeDef, tensors: readonly Tensor[]): unknown =>
  unflatten(
    treedef,
    tensors.map((tensor) => new JaxArray(tensor)),
  );

/** Arrays of a state, which must be of the structure it had. */
function stateOf(fn: string, value: unknown, before: PyTreeDef): Tensor[] {
  const { tensors, treedef } = arraysOf(fn, "carry", value);
  if (treedef.equals(before)) return tensors;
  throw new ArgumentError({ op: fn, argument: "carry", expected: `${before} in every step`, given: `${treedef}` });
}

interface ScanNamed {
  f: AnyFunction;
  init: unknown;
  xs: unknown;
  length: number | null;
  reverse: boolean;
  unroll: number | boolean;
  _split_transpose: boolean;
}
/**
 * jax.lax.scan: calls `f(carry, x)` for each row of the arrays in `xs`, which returns [carry, y]; gives [the last carry, all y stacked].
 * `unroll` changes nothing here.
 */
export const scan: (
  // biome-ignore lint/suspicious/noExplicitAny: carry and rows are trees of any structure.
  f: (carry: any, x: any) => readonly [unknown, unknown],
  init: unknown,
  ...args: Args<
    [xs: unknown, length: number | null, reverse: boolean, unroll: number | boolean, split: boolean],
    ScanNamed
  >
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => [carry: any, ys: any] = define(
  "jax.lax.scan",
  {
    f: func,
    init: tree,
    xs: tree.or(null),
    length: int.or(null),
    reverse: bool.or(false),
    unroll: int.either(bool).or(1),
    _split_transpose: bool.or(false),
  },
  ({ f, init, xs, length, reverse }) =>
    treeScope("scan", () => {
      const state = arraysOf("scan", "init", init);
      const rows = arraysOf("scan", "xs", xs);
      let results: PyTreeDef | undefined;
      const step = (carry: readonly Tensor[], x: readonly Tensor[]) => {
        const result: unknown = f(treeOf(state.treedef, carry), xs === null ? null : treeOf(rows.treedef, x));
        if (!Array.isArray(result) || result.length !== 2) {
          const expected = "[carry, y] as result";
          throw new ArgumentError({ op: "scan", argument: "f", expected, given: show(result) });
        }
        const y = arraysOf("scan", "f", result[1]);
        results = y.treedef;
        return { carry: stateOf("scan", result[0], state.treedef), rows: y.tensors };
      };
      const options = { reverse, op: "scan", ...(length === null ? {} : { length }) };
      const last = scanned(step, state.tensors, rows.tensors, options);
      return [treeOf(state.treedef, last.carry), treeOf(results as PyTreeDef, last.rows)];
    }),
) as never;

interface MapNamed {
  f: AnyFunction;
  xs: unknown;
  batch_size: null;
}
/** jax.lax.map: f of each row of the arrays in `xs`, stacked. */
export const map: (
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  ...args: [f: (x: any) => unknown, xs: unknown, Keywords<Pick<MapNamed, "batch_size">>?] | [Keywords<MapNamed>]
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => any = define("jax.lax.map", { f: func, xs: tree, "*": null, batch_size: only(null) }, ({ f, xs }) =>
  treeScope("map", () => {
    const rows = arraysOf("map", "xs", xs);
    let results: PyTreeDef | undefined;
    const step = (_: readonly Tensor[], x: readonly Tensor[]) => {
      const y = arraysOf("map", "f", f(treeOf(rows.treedef, x)));
      results = y.treedef;
      return { carry: [], rows: y.tensors };
    };
    const { rows: all } = scanned(step, [], rows.tensors, { op: "map" });
    return treeOf(results as PyTreeDef, all);
  }),
) as never;

const bound = new Kind<number>("an integer", (x) => Number.isInteger(x) || x instanceof HostNumber);
/** The number of this trace: a loop is as long as it is when it is traced. */
const whole = (fn: string, argument: string, given: number): number => {
  const value = (given as unknown) instanceof JaxArray ? undefined : given;
  if (value !== undefined) return value;
  throw new ArgumentError({
    op: fn,
    argument,
    expected: "a number that is the same in every call (static_argnums)",
    given: "an argument of a jitted function",
  });
};

/** jax.lax.fori_loop: `body_fun(i, value)` for i from `lower` to below `upper`. The bounds are numbers of the host. */
export const fori_loop: (
  lower: number,
  upper: number,
  // biome-ignore lint/suspicious/noExplicitAny: a tree of any structure.
  body_fun: (i: number, value: any) => unknown,
  init_val: unknown,
  options?: Keywords<{ unroll: number | boolean | null }>,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => any = define(
  "jax.lax.fori_loop",
  { lower: bound, upper: bound, body_fun: func, init_val: tree, "*": null, unroll: int.either(bool).or(null) },
  ({ lower, upper, body_fun, init_val }) =>
    treeScope("fori_loop", () => {
      const { tensors, treedef } = arraysOf("fori_loop", "init_val", init_val);
      const body = (i: number, carry: readonly Tensor[]) =>
        stateOf("fori_loop", body_fun(i, treeOf(treedef, carry)), treedef);
      const [from, to] = [whole("fori_loop", "lower", lower), whole("fori_loop", "upper", upper)];
      return treeOf(treedef, foriLoop(from, to, body, tensors, "fori_loop"));
    }),
) as never;

/**
 * jax.lax.while_loop: `body_fun(value)` while `cond_fun(value)` holds. The condition is read in every round, so that the result is a promise,
 * and a jitted function cannot hold it: fori_loop or scan there.
 */
export const while_loop: (
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  cond_fun: (value: any) => unknown,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  body_fun: (value: any) => unknown,
  init_val: unknown,
  // biome-ignore lint/suspicious/noExplicitAny: as above.
) => Promise<any> = define(
  "jax.lax.while_loop",
  { cond_fun: func, body_fun: func, init_val: tree },
  ({ cond_fun, body_fun, init_val }) => {
    const { tensors, treedef } = arraysOf("while_loop", "init_val", init_val);
    const holds = (carry: readonly Tensor[]): Tensor =>
      arraysOf("while_loop", "cond_fun", cond_fun(treeOf(treedef, carry))).tensors[0] as Tensor;
    const body = (carry: readonly Tensor[]): Tensor[] =>
      stateOf("while_loop", body_fun(treeOf(treedef, carry)), treedef);
    return whileLoop(holds, body, tensors, "while_loop").then((last) => treeOf(treedef, last));
  },
) as never;

const ABSENT = Symbol("absent");

/** A predicate of the host as it is, one of the device as a bool tensor. */
function predicateOf(fn: string, pred: unknown): boolean | Tensor {
  if (typeof pred === "boolean") return pred;
  if (typeof pred === "number" || (isNumber(pred as JaxArray) && !(pred instanceof JaxArray)))
    return Boolean(numberOf(pred as number));
  const { tensors } = arraysOf(fn, "pred", pred);
  const [only, ...others] = tensors;
  if (only && others.length === 0 && only.rank === 0) return new JaxArray(only).astype("bool").core;
  throw new ArgumentError({ op: fn, argument: "pred", expected: "a scalar", given: show(pred) });
}

/**
 * jax.lax.cond: `true_fun(...operands)` where `pred` holds, else `false_fun(...operands)`. One of them is called when the host knows `pred`; otherwise both
 * are, and the device chooses.
 */
export const cond: (
  pred: unknown,
  true_fun: AnyFunction,
  false_fun: AnyFunction,
  ...operands: unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: whatever the two return.
) => any = define(
  "jax.lax.cond",
  { pred: tree, true_fun: func, false_fun: func, "*operands": tree, operand: only(ABSENT as never) },
  ({ pred, true_fun, false_fun, operands }) =>
    treeScope("cond", () => {
      const given = arraysOf("cond", "operands", operands);
      let result: PyTreeDef | undefined;
      const branch = (f: AnyFunction) => (tensors: readonly Tensor[]) => {
        const { tensors: own, treedef } = arraysOf(
          "cond",
          f === true_fun ? "true_fun" : "false_fun",
          f(...(treeOf(given.treedef, tensors) as unknown[])),
        );
        if (result && !result.equals(treedef))
          throw new ArgumentError({
            op: "cond",
            argument: "false_fun",
            expected: `a result of structure ${result}`,
            given: `${treedef}`,
          });
        result = treedef;
        return own;
      };
      const outputs = chosen(predicateOf("cond", pred), branch(true_fun), branch(false_fun), given.tensors, "cond");
      return treeOf(result as unknown as PyTreeDef, outputs);
    }),
) as never;

const functions = listOf(func);
/** jax.lax.switch: the branch at `index`, clamped to those there are, of the operands. The index is a number of the host, or an int32 scalar. */
export const switch_: (
  index: unknown,
  branches: readonly AnyFunction[],
  ...operands: unknown[]
  // biome-ignore lint/suspicious/noExplicitAny: whatever the branches return.
) => any = define(
  "jax.lax.switch",
  { index: tree, branches: functions, "*operands": tree, operand: only(ABSENT as never) },
  ({ index, branches, operands }) => {
    const all = branches as readonly AnyFunction[];
    if (all.length === 0)
      throw new ArgumentError({ op: "switch", argument: "branches", expected: "one at least", given: "none" });
    const given = operands as readonly unknown[];
    if (typeof index === "number") {
      const at = Math.min(Math.max(Math.trunc(index), 0), all.length - 1);
      return (all[at] as AnyFunction)(...given);
    }
    const from = (at: number): unknown =>
      at === all.length - 1
        ? (all[at] as AnyFunction)(...given)
        : cond((index as JaxArray).less_equal(at), all[at] as AnyFunction, () => from(at + 1), ...given);
    return treeScope("switch", () => from(0));
  },
) as never;
