// keras.ops: functions of functions: loops, choices, maps and gradients of one's own.
import * as core from "@facet/autograd";
import { type Args, bool, define, func, int, Kind, listOf, only } from "@facet/dialect";
import { array, positive, wholeNumber } from "../kinds.js";
import { leavesOf, packed, rebuilt, type Structure } from "../structure.js";
import { asTensor, Tensor, type TensorLike } from "../tensor.js";
import { axisOf } from "./define.js";

/** Arrays in a structure; a list of numbers is one array. */
export type Tree = Structure<Tensor | number>;
const tree = new Kind<Tree>("arrays, or lists and objects of arrays", (value) => value !== null, true);

const isArrayList = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((part) => typeof part === "number" || typeof part === "boolean");
/** The core's tensors of a structure, and the structure around others of its kind. */
function opened(
  op: string,
  structure: unknown,
): { tensors: core.Tensor[]; close: (tensors: readonly core.Tensor[]) => Tree } {
  const whole = isArrayList(structure) ? asTensor(structure as TensorLike, op) : structure;
  const like = rebuilt(whole, () => 0);
  return {
    tensors: leavesOf(whole).map((leaf) => asTensor(leaf as TensorLike, op).core),
    close: (tensors) =>
      packed(
        op,
        like,
        tensors.map((each) => new Tensor(each)),
      ) as Tree,
  };
}
const coresOf = (op: string, structure: unknown): core.Tensor[] => opened(op, structure).tensors;

type Step = (carry: never, x: never) => readonly [carry: Tree, y: Tree | null];
type ScanArguments = { xs: Tree | null; length: number | null; reverse: boolean; unroll: number | boolean };
/**
 * Calls `f(carry, x)` for each row of `xs`, with the carry that it gave before; it returns the next carry and a row of the result. Gives
 * the last carry and all rows. `unroll` says how the original compiles it, and changes nothing.
 */
export const scan: <C extends Tree, Y extends Tree | null>(
  f: (carry: C, x: never) => readonly [carry: C, y: Y],
  init: C,
  ...rest: Args<[xs: Tree | null, length: number | null, reverse: boolean, unroll: number | boolean], ScanArguments>
) => [carry: C, ys: Y] = define(
  "keras.ops.scan",
  {
    f: func,
    init: tree,
    xs: tree.or(null),
    length: wholeNumber.or(null),
    reverse: bool.or(false),
    unroll: positive.either(bool).or(1),
  },
  ({ f, init, xs, length, reverse }) => {
    if (xs === null && length === null)
      throw new core.ArgumentError({ op: "scan", argument: "length", expected: "a number without xs", given: "null" });
    const first = opened("scan", init);
    const rows = xs === null ? { tensors: [], close: () => null } : opened("scan", xs);
    let shape: ReturnType<typeof opened>["close"] | undefined;
    const result = core.scan(
      (carry, row) => {
        const [next, y] = (f as unknown as Step)(first.close(carry) as never, rows.close(row) as never);
        const given = y === null ? undefined : opened("scan", y);
        shape = given?.close;
        return { carry: coresOf("scan", next), rows: given?.tensors ?? [] };
      },
      first.tensors,
      rows.tensors,
      { op: "scan", reverse, ...(length === null ? {} : { length: length as number }) },
    );
    return [first.close(result.carry), shape ? shape(result.rows) : null];
  },
) as never;

/** `f` of each row of `xs`, stacked. */
export const map: <X extends Tree, Y extends Tree>(f: (x: X) => Y, xs: X) => Y = define(
  "keras.ops.map",
  { f: func, xs: tree },
  ({ f, xs }) => mapped("map", f, xs),
) as never;
function mapped(op: string, f: (x: never) => unknown, xs: unknown): Tree {
  const rows = opened(op, xs);
  let close: ReturnType<typeof opened>["close"] | undefined;
  const result = core.scan(
    (_, row) => {
      const given = opened(op, f(rows.close(row) as never));
      close = given.close;
      return { carry: [], rows: given.tensors };
    },
    [],
    rows.tensors,
    { op },
  );
  if (close) return close(result.rows);
  throw new core.ArgumentError({ op, argument: "xs", expected: "at least one row", given: "none" });
}
/** `function` of each row of `elements`, all at once. */
export const vectorized_map: <X extends Tree, Y extends Tree>(f: (x: X) => Y, elements: X) => Y = define(
  "keras.ops.vectorized_map",
  { function: func, elements: tree },
  ({ function: f, elements }) => {
    const rows = opened("vectorized_map", elements);
    let close: ReturnType<typeof opened>["close"] | undefined;
    const call = (given: readonly core.Tensor[]): core.Tensor[] => {
      const result = opened("vectorized_map", f(rows.close(given) as never));
      close = result.close;
      return result.tensors;
    };
    const made = vmapped(call, rows.tensors);
    return (close as unknown as (tensors: readonly core.Tensor[]) => Tree)(made);
  },
) as never;
type Calls = (given: readonly core.Tensor[]) => core.Tensor[];
/** All rows of the inputs by one call. */
function vmapped(f: Calls, rows: readonly core.Tensor[]): core.Tensor[] {
  const each = rows.map(() => 0);
  return core.vmap(rows, each, (given) => {
    const outputs = f(given);
    return { outputs, axes: outputs.map(() => 0), rest: undefined };
  }).outputs;
}

/** The branch of the number `index`, called with the operands; the nearest one where there is none such. */
const switch_: (
  index: number | Tensor,
  branches: readonly ((...operands: never[]) => Tree)[],
  ...operands: readonly TensorLike[]
) => Tree = define(
  "keras.ops.switch",
  { index: array, branches: listOf(func), "*operands": array },
  ({ index, branches, operands }) => {
    const given = ((operands ?? []) as unknown as readonly TensorLike[]).map((each) => asTensor(each, "switch"));
    if (branches.length === 0)
      throw new core.ArgumentError({ op: "switch", argument: "branches", expected: "at least one", given: "none" });
    const last = branches.length - 1;
    const call = (i: number): Tree => (branches[i] as CallableFunction)(...given) as Tree;
    if (typeof index === "number") return call(Math.min(last, Math.max(0, Math.trunc(index))));
    const at = asTensor(index, "switch").core;
    const chosen = (i: number): Tree =>
      i === last
        ? call(i)
        : chosenBy(
            "switch",
            core.lessEqual(at, i),
            () => call(i),
            () => chosen(i + 1),
          );
    return chosen(0);
  },
) as never;

export { switch_ as switch };

function chosenBy(op: string, holds: core.Tensor | boolean, yes: () => Tree, no: () => Tree): Tree {
  let close: ReturnType<typeof opened>["close"] | undefined;
  const branch = (f: () => Tree) => (): core.Tensor[] => {
    const given = f();
    if (given === null || given === undefined) return [];
    const result = opened(op, given);
    close = result.close;
    return result.tensors;
  };
  const result = core.cond(holds, branch(yes), branch(no), [], op);
  return close ? close(result) : (null as never);
}
const predicate = array;
/** What `true_fn` gives where the predicate holds, else what `false_fn` gives, of the same structure. */
export const cond: <T extends Tree>(pred: boolean | Tensor | number, true_fn: () => T, false_fn: () => T) => T = define(
  "keras.ops.cond",
  { pred: predicate, true_fn: func, false_fn: func },
  ({ pred, true_fn, false_fn }) => {
    if (typeof pred === "boolean" || typeof pred === "number") return (pred ? true_fn : false_fn)();
    return chosenBy("cond", core.cast(asTensor(pred, "cond").core, "bool"), true_fn as never, false_fn as never);
  },
) as never;

type LoopArguments = { maximum_iterations: number | null };
/**
 * Calls `body` with the loop's variables while `cond` of them holds. The condition is read in every round, so that the result is a
 * promise, and no captured function can hold the loop: see fori_loop and scan.
 */
export const while_loop: <T extends Tree>(
  cond: (...loop_vars: never[]) => Tensor | boolean,
  body: (...loop_vars: never[]) => T,
  loop_vars: T,
  ...rest: Args<[maximum_iterations: number | null], LoopArguments>
) => Promise<T> = define(
  "keras.ops.while_loop",
  { cond: func, body: func, loop_vars: tree, maximum_iterations: wholeNumber.or(null) },
  async ({ cond: holds, body, loop_vars, maximum_iterations }) => {
    const several = Array.isArray(loop_vars) && !isArrayList(loop_vars);
    const first = opened("while_loop", loop_vars);
    const spread = (carry: readonly core.Tensor[]): Tree[] => {
      const values = first.close(carry);
      return several ? (values as Tree[]) : [values];
    };
    let rounds = 0;
    const result = await core.whileLoop(
      (carry) => {
        if (maximum_iterations !== null && rounds >= (maximum_iterations as number))
          return core.full([], false, "bool");
        rounds++;
        return asTensor(holds(...(spread(carry) as never[])) as TensorLike, "while_loop").core;
      },
      (carry) => coresOf("while_loop", body(...(spread(carry) as never[]))),
      first.tensors,
      "while_loop",
    );
    return first.close(result);
  },
) as never;
/** Calls `body_fun(i, value)` for each number from lower to below upper. */
export const fori_loop: <T extends Tree>(
  lower: number,
  upper: number,
  body_fun: (i: Tensor, value: T) => T,
  init_val: T,
) => T = define(
  "keras.ops.fori_loop",
  { lower: int, upper: int, body_fun: func, init_val: tree },
  ({ lower, upper, body_fun, init_val }) => {
    const first = opened("fori_loop", init_val);
    const body = (i: number, carry: readonly core.Tensor[]): core.Tensor[] =>
      coresOf("fori_loop", body_fun(asTensor(i), first.close(carry)));
    return first.close(core.foriLoop(lower, upper, body, first.tensors, "fori_loop"));
  },
) as never;

type AssociativeArguments = { reverse: boolean; axis: number };
/** What `f`, an associative function of two structures, makes of all elements so far along `axis`. */
export const associative_scan: <T extends Tree>(
  f: (a: T, b: T) => T,
  elems: T,
  ...rest: Args<[reverse: boolean, axis: number], AssociativeArguments>
) => T = define(
  "keras.ops.associative_scan",
  { f: func, elems: tree, reverse: bool.or(false), axis: int.or(0) },
  ({ f, elems, reverse, axis }) => {
    const op = "associative_scan";
    const first = opened(op, elems);
    const at = first.tensors.map((x) => axisOf(op, axis, x.rank));
    const extents = new Set(first.tensors.map((x, i) => x.shape[at[i] as number]));
    if (extents.size > 1)
      throw new core.ShapeError({
        op,
        argument: "elems",
        expected: "one extent along the axis",
        given: [...extents].join(", "),
      });
    const turned = (xs: readonly core.Tensor[]): core.Tensor[] =>
      reverse ? xs.map((x, i) => core.flip(x, [at[i] as number])) : [...xs];
    const part = (xs: readonly core.Tensor[], from: number, to: number): core.Tensor[] =>
      xs.map((x, i) => core.sliceAlong(x, at[i] as number, from, to));
    let result = turned(first.tensors);
    const extent = [...extents][0] ?? 0;
    // Each round combines what reaches twice as far back.
    for (let reach = 1; reach < extent; reach *= 2) {
      const given = f(
        first.close(part(result, 0, extent - reach)) as never,
        first.close(part(result, reach, extent)) as never,
      );
      const combined = coresOf(op, given);
      result = part(result, 0, reach).map((x, i) => core.concat([x, combined[i] as core.Tensor], at[i] as number));
    }
    return first.close(turned(result));
  },
) as never;

type Gradient = (upstream: Tensor) => Tensor | readonly Tensor[];
/** A function whose gradient is its own: `f` gives a result and a function from the result's gradient to those of its arguments. */
export const custom_gradient: <A extends readonly TensorLike[]>(
  f: (...args: { [K in keyof A]: Tensor }) => readonly [result: Tensor, grad: Gradient],
) => (...args: A) => Tensor = define(
  "keras.ops.custom_gradient",
  { f: func },
  ({ f }) =>
    (...args: readonly TensorLike[]) => {
      const inputs = args.map((each) => asTensor(each, "custom_gradient").core);
      let grad: Gradient | undefined;
      const outputs = core.noGrad(() => {
        const [result, own] = f(...(inputs.map((each) => new Tensor(each)) as never[])) as [Tensor, Gradient];
        grad = own;
        return [result.core];
      });
      const [result] = core.recordCustom("custom_gradient", inputs, outputs, [], ([upstream]) => {
        if (!upstream) return inputs.map(() => undefined);
        const given = (grad as Gradient)(new Tensor(upstream));
        return (Array.isArray(given) ? (given as readonly Tensor[]) : [given as Tensor]).map((each) => each?.core);
      });
      return new Tensor(result as core.Tensor);
    },
) as never;
type Excluded = { excluded: null; signature: null };
/** A function of scalars as one of arrays, element by element. */
export const vectorize: (
  pyfunc: (...args: never[]) => Tensor,
  ...rest: [] | [Partial<Excluded>]
) => (...args: readonly TensorLike[]) => Tensor = define(
  "keras.ops.vectorize",
  { pyfunc: func, "*": null, excluded: only(null), signature: only(null) },
  ({ pyfunc }) =>
    (...args: readonly TensorLike[]) => {
      const given = args.map((each) => asTensor(each, "vectorize").core);
      const shape = given.reduce<readonly number[]>(
        (all, each) => core.add(core.zeros(all), core.zeros(each.shape)).shape,
        [],
      );
      const lines = given.map((each) => core.reshape(core.expand(each, shape), [core.sizeOf(shape)]));
      const [result] = vmapped(
        (rows) => [asTensor(pyfunc(...(rows.map((row) => new Tensor(row)) as never[])) as TensorLike).core],
        lines,
      );
      const made = result as core.Tensor;
      return new Tensor(core.reshape(made, [...shape, ...made.shape.slice(1)]));
    },
) as never;
type JvpArguments = { has_aux: boolean };
/** What `fun` gives of the primals, and the directional derivative along the tangents. */
export const jvp: <T extends Tree>(
  fun: (...primals: never[]) => T,
  primals: readonly Tree[],
  tangents: readonly Tree[],
  ...rest: Args<[has_aux: boolean], JvpArguments>
) => [primals_out: T, tangents_out: T] = define(
  "keras.ops.jvp",
  { fun: func, primals: tree, tangents: tree, has_aux: bool.or(false) },
  ({ fun, primals, tangents, has_aux }) => {
    const first = opened("jvp", primals);
    const along = coresOf("jvp", tangents).map((each, i) => core.cast(each, (first.tensors[i] as core.Tensor).dtype));
    let close: ReturnType<typeof opened>["close"] | undefined;
    let aux: unknown;
    const { result, tangents: outward } = core.jvp(
      first.tensors,
      along,
      (given) => {
        const values = first.close(given);
        const out = fun(...((Array.isArray(values) ? values : [values]) as never[])) as unknown;
        const main = has_aux ? (out as [unknown, unknown])[0] : out;
        if (has_aux) aux = (out as [unknown, unknown])[1];
        const held = opened("jvp", main);
        close = held.close;
        return held.tensors;
      },
      (tensors: readonly core.Tensor[]) => tensors,
    ) as never;
    const shape = close as unknown as (tensors: readonly core.Tensor[]) => Tree;
    return has_aux ? [shape(result), shape(outward), aux] : [shape(result), shape(outward)];
  },
) as never;
