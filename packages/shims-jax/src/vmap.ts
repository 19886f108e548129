// jax.vmap: trees taken apart into arrays, which the core maps over an axis.
import {
  ArgumentError,
  type MappedResult,
  vmap as mapOver,
  reshape,
  sliceAlong,
  stack,
  type Tensor,
} from "@facet/autograd";
import { type Args, define, func, int, isKeywords, only, show } from "@facet/dialect";
import { tree } from "./arguments.js";
import { JaxArray } from "./array.js";
import { filledWith } from "./numpy/creation.js";
import { flatten, leavesOf, structureOf, unflatten } from "./pytree.js";
import { PRNGKeyArray } from "./random.js";
import { type AnyFunction, synchronous, treeScope } from "./tree_scope.js";

/** Where examples stand: an axis for all arrays of a tree, null for none, or a tree of these that is the upper part of it. */
export type MapAxes = number | null | readonly MapAxes[] | { readonly [key: string]: MapAxes };

interface VmapNamed<F> {
  fun: F;
  in_axes: MapAxes;
  out_axes: MapAxes;
  axis_name: null;
  axis_size: number | null;
  spmd_axis_name: null;
  sum_match: false;
}
type Vmap = <F extends AnyFunction>(
  fun: F,
  ...args: Args<
    [in_axes: MapAxes, out_axes: MapAxes, axis_name: null, axis_size: number | null, spmd: null, sum_match: false],
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

const isKeyList = (value: unknown): value is PRNGKeyArray[] =>
  Array.isArray(value) && value.length > 0 && value.every((key) => key instanceof PRNGKeyArray);

const asTensor = (leaf: unknown): Tensor => {
  if (leaf instanceof JaxArray) return leaf.core;
  if (typeof leaf === "number") return filledWith("vmap", [], leaf, null).core;
  throw new ArgumentError({ op: "vmap", argument: "arguments", expected: "arrays to map over", given: show(leaf) });
};

function called(fun: AnyFunction, args: readonly unknown[]): unknown {
  const result = fun(...args);
  if (result instanceof Promise) throw synchronous("vmap");
  return result;
}

/** Calls `fun` once for all examples. */
function atOnce(fun: AnyFunction, { in_axes, out_axes, axis_size }: VmapNamed<AnyFunction>, args: readonly unknown[]) {
  const [leaves, treedef] = flatten(args);
  const axes = axesOfArguments(in_axes, args);
  const mapped = leaves.flatMap((leaf, i) => (axes[i] === undefined ? [] : [{ i, axis: axes[i], x: asTensor(leaf) }]));
  const body = (examples: Tensor[]): MappedResult<ReturnType<typeof structureOf>> => {
    const own = [...leaves];
    for (const [k, { i }] of mapped.entries()) own[i] = new JaxArray(examples[k] as Tensor);
    const result = called(fun, unflatten(treedef, own) as unknown[]);
    const [results, structure] = flatten(result);
    return { outputs: results.map(asTensor), axes: spreadAxes("out_axes", out_axes, result), rest: structure };
  };
  const { outputs, rest } = mapOver(
    mapped.map(({ x }) => x),
    mapped.map(({ axis }) => axis),
    body,
    ...(axis_size === null ? [] : [axis_size]),
  );
  return unflatten(
    rest,
    outputs.map((output) => new JaxArray(output)),
  );
}

/** Calls `fun` for each example: keys live on the host, so that each example's own is another call. */
function oneByOne(fun: AnyFunction, { in_axes, out_axes }: VmapNamed<AnyFunction>, args: readonly unknown[]): unknown {
  const [leaves, treedef] = flatten(args, isKeyList);
  const axes = axesOfArguments(
    in_axes,
    unflatten(
      treedef,
      leaves.map(() => 0),
    ) as unknown[],
  );
  const extents = leaves.map((leaf, i) => {
    const axis = axes[i];
    if (axis === undefined) return undefined;
    return isKeyList(leaf) ? leaf.length : asTensor(leaf).shape.at(axis);
  });
  const size = extents.find((extent) => extent !== undefined) as number;
  const other = extents.findIndex((extent) => extent !== undefined && extent !== size);
  if (other >= 0)
    throw new ArgumentError({
      op: "vmap",
      argument: `leaf ${other} of the arguments`,
      expected: `${size} examples, as there are of the first`,
      given: `${extents[other]}`,
    });
  const example = (leaf: unknown, axis: number | undefined, e: number): unknown => {
    if (axis === undefined) return leaf;
    if (isKeyList(leaf)) return leaf[e];
    const x = asTensor(leaf);
    const at = axis < 0 ? axis + x.rank : axis;
    return new JaxArray(
      reshape(
        sliceAlong(x, at, e, e + 1),
        x.shape.filter((_, i) => i !== at),
      ),
    );
  };
  const results = Array.from({ length: size }, (_, e) =>
    called(
      fun,
      unflatten(
        treedef,
        leaves.map((leaf, i) => example(leaf, axes[i], e)),
      ) as unknown[],
    ),
  );
  const [first] = results;
  const all = results.map((result) => leavesOf(result).map(asTensor));
  const outAxes = spreadAxes("out_axes", out_axes, first);
  const stacked = outAxes.map((axis, k) => {
    const parts = all.map((one) => one[k] as Tensor);
    return new JaxArray(axis === undefined ? (parts[0] as Tensor) : stack(parts, axis));
  });
  return unflatten(structureOf(first), stacked);
}

/**
 * jax.vmap: a function that maps `fun` over an axis of its arguments. `in_axes` (default 0) is an axis for all arguments, or a list with one part for
 * each: an axis, null for an argument that every example shares, or a tree of these. `out_axes` (default 0) says where the examples
 * stand in the results. A trailing object of keywords is mapped over its first axis. A list of keys, as `random.split` gives, is mapped over
 * by calling `fun` for each.
 */
export const vmap: Vmap = define(
  "jax.vmap",
  {
    fun: func,
    in_axes: tree.or(0),
    out_axes: tree.or(0),
    axis_name: only(null),
    axis_size: int.or(null),
    spmd_axis_name: only(null),
    sum_match: only(false),
  },
  (given) => {
    const options = given as VmapNamed<AnyFunction>;
    return (...args: unknown[]) =>
      treeScope("vmap", () => {
        const hasKeys = leavesOf(args, isKeyList).some(isKeyList);
        return hasKeys ? oneByOne(options.fun, options, args) : atOnce(options.fun, options, args);
      });
  },
) as Vmap;
