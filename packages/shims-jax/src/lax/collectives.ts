// jax.lax's functions over the examples of a vmap whose axis has a name.

import type { Tensor } from "@facet/autograd";
import * as core from "@facet/autograd";
import { bool, define, int, type Keywords, listOf, only, string } from "@facet/dialect";
import { tree } from "../arguments.js";
import { JaxArray, run } from "../array.js";
import { axisOf } from "../numpy/axes.js";
import { moveaxis } from "../numpy/shape.js";
import { map } from "../tree/pytree.js";

type Names = string | readonly string[];
const axis_name = string.either(listOf(string));
const listed = (names: Names): readonly string[] => (typeof names === "string" ? [names] : names);

type Collective = <T>(x: T, axis_name: Names, options?: Keywords<{ axis_index_groups: null }>) => T;

/** Of arrays and numbers of a tree; a number is the same for every example. */
const collective = (
  name: string,
  ofAll: (all: Tensor) => Tensor,
  ofNumber: (x: number, examples: number) => number,
): Collective =>
  define(`jax.lax.${name}`, { x: tree, axis_name, "*": null, axis_index_groups: only(null) }, ({ x, axis_name }) =>
    map((leaf: unknown) => {
      const names = listed(axis_name as Names);
      if (typeof leaf === "number")
        return names.reduce((value, one) => ofNumber(value, core.axisNamed(one, name).size), leaf);
      if (!(leaf instanceof JaxArray))
        throw new core.ArgumentError({ op: name, argument: "x", expected: "arrays and numbers", given: `${leaf}` });
      return names.reduce((value, one) => run(() => ofAll(core.ofAllExamples(value.core, one, name))), leaf);
    }, x),
  ) as Collective;

/** Sum over the examples of the vmaps around whose axes are named: the same for each of them. */
export const psum = collective(
  "psum",
  (all) => core.sum(all, { axes: [0] }),
  (x, n) => x * n,
);
/** Their mean. */
export const pmean = collective(
  "pmean",
  (all) => core.mean(all, { axes: [0] }),
  (x) => x,
);
/** Their maximum. */
export const pmax = collective(
  "pmax",
  (all) => core.max(all, { axes: [0] }),
  (x) => x,
);
/** Their minimum. */
export const pmin = collective(
  "pmin",
  (all) => core.min(all, { axes: [0] }),
  (x) => x,
);

interface GatherNamed {
  axis_index_groups: null;
  axis: number;
  tiled: boolean;
  to: "varying";
}
/** The arrays of all examples along a new axis, by default the first; `tiled`: behind one another along an axis that is there. */
export const all_gather: <T>(x: T, axis_name: string, options?: Keywords<GatherNamed>) => T = define(
  "jax.lax.all_gather",
  {
    x: tree,
    axis_name: string,
    "*": null,
    axis_index_groups: only(null),
    axis: int.or(0),
    tiled: bool.or(false),
    to: only("varying"),
  },
  ({ x, axis_name, axis, tiled }) =>
    map((leaf: unknown) => {
      if (!(leaf instanceof JaxArray))
        throw new core.ArgumentError({ op: "all_gather", argument: "x", expected: "arrays", given: `${leaf}` });
      const all = run(() => core.ofAllExamples(leaf.core, axis_name, "all_gather"));
      const at = axisOf("all_gather", axis, tiled ? leaf.ndim : leaf.ndim + 1);
      const moved = moveaxis(all, 0, at);
      if (!tiled) return moved;
      const [shape, count] = [[...leaf.shape], all.shape[0] as number];
      shape[at] = (shape[at] as number) * count;
      return moved.reshape(shape);
    }, x),
) as never;

/** The number of the example, int32. */
export const axis_index: (axis_name: string) => JaxArray = define(
  "jax.lax.axis_index",
  { axis_name: string },
  ({ axis_name }) => run(() => core.exampleNumber(axis_name, "axis_index")),
);

/** How many examples there are. */
export const axis_size: (axis_name: string) => number = define(
  "jax.lax.axis_size",
  { axis_name: string },
  ({ axis_name }) => core.axisNamed(axis_name, "axis_size").size,
);
