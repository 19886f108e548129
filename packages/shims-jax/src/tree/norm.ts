import * as core from "@facet/autograd";
import { type ArrayLike, inexact, type JaxArray, run } from "../array.js";
import { leavesOf } from "./pytree.js";

/** Root of the sum of the squares of all elements of a tree. */
export function norm(fn: string, tree: unknown): JaxArray {
  return run(() =>
    core.sqrt(
      leavesOf<ArrayLike>(tree)
        .map((leaf, i) => core.sum(core.square(inexact(fn, `leaf ${i}`, leaf))))
        .reduce((total, part) => core.add(total, part), core.zeros([])),
    ),
  );
}
