// jax.vmap: trees taken apart into arrays, which the core maps over an axis.
import {
  ArgumentError,
  keysOfExamples,
  type MappedResult,
  vmap as mapOver,
  mappedKey,
  type Tensor,
} from "@facet/autograd";
import { type Args, define, func, int, isKeywords, only, show, string } from "@facet/dialect";
import { tree } from "./arguments.js";
import { JaxArray } from "./array.js";
import { filledWith } from "./numpy/creation.js";
import { PRNGKeyArray } from "./random/index.js";
import { flatten, leavesOf, type PyTreeDef, structureOf, unflatten } from "./tree/pytree.js";
import { type AnyFunction, synchronous, treeScope } from "./tree/scope.js";

/** Where examples stand: an axis for all arrays of a tree, null for none, or a tree of these that is the upper part of it. */
export type MapAxes = number | null | readonly MapAxes[] | { readonly [key: string]: MapAxes };

interface VmapNamed<F> {
  fun: F;
  in_axes: MapAxes;
  out_axes: MapAxes;
  axis_name: string | null;
  axis_size: number | null;
  spmd_axis_name: null;
  sum_match: false;
}
type Vmap = <F extends AnyFunction>(
  fun: F,
  ...args: Args<
    [
      in_axes: MapAxes,
      out_axes: MapAxes,
      axis_name: string | null,
      axis_size: number | null,
      spmd: null,
      sum_match: false,
    ],
    VmapNamed<F>
  >
  // biome-ignore lint/suspicious/noExplicitAny: arguments and results have an axis more than those of fun.
) => (...args: any[]) => any;

/** Axis of every leaf of `whole`, from axes that are its upper part. */
function spreadAxes(argument: string, axes: unknown, whole: unknown): (number | undefined)[] {
  if (axes === null || axes === undefined) return leavesOf(whole).map(() => undefined);
  if (Number.isInteger(axes)) return leavesOf(whole).map(() => axes as number);
  const parts = Array.isArray(axes) && Array.isArray(whole) && axes.length === whole.length;
  if (parts) return axes.flatMap((part, i) => spreadAxes(argument, part, (whole as unknown[])[i]));
  if (isKeywords(axes) && isKeywords(whole)) {
    const keys = Object.keys(whole).sort();
    if (`${Object.keys(axes).sort()}` === `${keys}`)
      return keys.flatMap((key) => spreadAxes(argument, axes[key], (whole as Record<string, unknown>)[key]));
  }
  throw new ArgumentError({
    op: "vmap",
    argument,
    expected: `an integer, null, or the upper part of a tree of structure ${structureOf(whole)}`,
    given: show(axes),
  });
}

/** Axes of the arguments: in_axes has one part for each; those by name have their examples first. */
function axesOfArguments(in_axes: MapAxes, args: readonly unknown[]): (number | undefined)[] {
  if (!Array.isArray(in_axes)) return spreadAxes("in_axes", in_axes, args);
  const byName = args.length === in_axes.length + 1 && isKeywords(args.at(-1));
  return spreadAxes("in_axes", byName ? [...in_axes, 0] : in_axes, args);
}

/** Keys as `random.split` gives them, in lists of lists where they were split again: an array of keys, which stands for one. */
type Keys = PRNGKeyArray | readonly Keys[];

const isKeys = (value: unknown): value is Keys =>
  value instanceof PRNGKeyArray || (Array.isArray(value) && value.length > 0 && value.every(isKeys));

const asTensor = (leaf: unknown): Tensor => {
  if (leaf instanceof JaxArray) return leaf.core;
  if (typeof leaf === "number") return filledWith("vmap", [], leaf, null).core;
  throw new ArgumentError({ op: "vmap", argument: "arguments", expected: "arrays to map over", given: show(leaf) });
};

/** The first dimension of an array of keys. */
function rowsOfKeys(keys: Keys, axis: number): readonly Keys[] {
  if (Array.isArray(keys) && axis === 0) return keys;
  const expected = Array.isArray(keys) ? "axis 0 of a list of keys" : "a list of keys, as random.split gives";
  const given = Array.isArray(keys) ? `axis ${axis}` : "one key";
  throw new ArgumentError({ op: "vmap", argument: "in_axes", expected, given });
}

/** For each example its own of as many keys or lists of them: to the function keys. */
function ofExamples(rows: readonly Keys[]): Keys {
  const [first] = rows;
  if (first instanceof PRNGKeyArray)
    return new PRNGKeyArray(mappedKey((rows as readonly PRNGKeyArray[]).map(({ words }) => words)));
  return (first as readonly Keys[]).map((_, i) => ofExamples(rows.map((row) => (row as readonly Keys[])[i] as Keys)));
}

/** What example e has of keys that a function under vmap returns. */
function ofExample(keys: Keys, e: number, isMapped: boolean): Keys {
  if (!(keys instanceof PRNGKeyArray)) return keys.map((part) => ofExample(part, e, isMapped));
  const own = keysOfExamples(keys.words);
  if (!own) return keys;
  if (isMapped) return new PRNGKeyArray(own[e] as (typeof own)[number]);
  const expected = "keys that are the same for every example, where no axis is given";
  throw new ArgumentError({ op: "vmap", argument: "out_axes", expected, given: "keys that are not" });
}

function called(fun: AnyFunction, args: readonly unknown[]): unknown {
  const result = fun(...args);
  if (result instanceof Promise) throw synchronous("vmap");
  return result;
}

/** A tree with numbers in the place of its leaves, of which arrays of keys are one each. */
const skeleton = (treedef: PyTreeDef, leaves: readonly unknown[]): unknown =>
  unflatten(
    treedef,
    leaves.map(() => 0),
  );

/** Calls `fun` once for all examples. */
function atOnce(
  fun: AnyFunction,
  { in_axes, out_axes, axis_size, axis_name }: VmapNamed<AnyFunction>,
  args: readonly unknown[],
) {
  const [leaves, treedef] = flatten(args, (value) => value !== args && isKeys(value));
  const axes = axesOfArguments(in_axes, skeleton(treedef, leaves) as unknown[]);
  const mapped = leaves.flatMap((leaf, i) => {
    const axis = axes[i];
    return axis === undefined || isKeys(leaf) ? [] : [{ i, axis, x: asTensor(leaf) }];
  });
  const keys = leaves.flatMap((leaf, i) => {
    const axis = axes[i];
    return axis !== undefined && isKeys(leaf) ? [{ i, rows: rowsOfKeys(leaf, axis) }] : [];
  });
  const [first, ...others] = keys;
  const size = axis_size ?? first?.rows.length;
  const differing = others.find(({ rows }) => rows.length !== size);
  if (differing) {
    const [expected, given] = [`${size} keys, as there are of the first`, `${differing.rows.length}`];
    throw new ArgumentError({ op: "vmap", argument: `leaf ${differing.i} of the arguments`, expected, given });
  }
  const body = (examples: Tensor[], count: number): MappedResult<{ structure: PyTreeDef; made: unknown[] }> => {
    const own = [...leaves];
    for (const [k, { i }] of mapped.entries()) own[i] = new JaxArray(examples[k] as Tensor);
    for (const { i, rows } of keys) own[i] = ofExamples(rows);
    const [results, structure] = flatten(called(fun, unflatten(treedef, own) as unknown[]), isKeys);
    const outAxes = spreadAxes("out_axes", out_axes, skeleton(structure, results));
    // Keys stay on the host; what is none becomes an array.
    const made = results.map((leaf, i) => {
      if (!isKeys(leaf)) return undefined;
      const axis = outAxes[i];
      const isMapped = axis !== undefined;
      if (axis) throw new ArgumentError({ op: "vmap", argument: "out_axes", expected: "0 for keys", given: `${axis}` });
      return isMapped ? Array.from({ length: count }, (_, e) => ofExample(leaf, e, true)) : ofExample(leaf, 0, false);
    });
    const arrays = results.flatMap((leaf, i) =>
      made[i] === undefined ? [{ x: asTensor(leaf), axis: outAxes[i] }] : [],
    );
    return { outputs: arrays.map(({ x }) => x), axes: arrays.map(({ axis }) => axis), rest: { structure, made } };
  };
  const { outputs, rest } = mapOver(
    mapped.map(({ x }) => x),
    mapped.map(({ axis }) => axis),
    body,
    size,
    axis_name ?? undefined,
  );
  let next = 0;
  return unflatten(
    rest.structure,
    rest.made.map((keys) => keys ?? new JaxArray(outputs[next++] as Tensor)),
  );
}

/**
 * jax.vmap: a function that maps `fun` over an axis of its arguments. `in_axes` (default 0) is an axis for all arguments, or a list with one part for
 * each: an axis, null for an argument that every example shares, or a tree of these. `out_axes` (default 0) says where the examples
 * stand in the results. A trailing object of keywords is mapped over its first axis. Lists of keys, as `random.split` gives, are mapped
 * over their first axis: each example draws what it would alone.
 * `axis_name` is what lax.psum and its like call the axis.
 */
export const vmap: Vmap = define(
  "jax.vmap",
  {
    fun: func,
    in_axes: tree.or(0),
    out_axes: tree.or(0),
    axis_name: string.or(null),
    axis_size: int.or(null),
    spmd_axis_name: only(null),
    sum_match: only(false),
  },
  (given) => {
    const options = given as VmapNamed<AnyFunction>;
    return (...args: unknown[]) => treeScope("vmap", () => atOnce(options.fun, options, args));
  },
) as Vmap;
