// Axes of examples that have a name, so that a function under vmap may look at all of them.
import { ArgumentError } from "@facet/kernels-wgsl";
import { arange } from "../ops/create.js";
import { sameValue } from "../tape.js";
import type { Tensor } from "../tensor.js";
import { batched } from "./batched_tensor.js";
import { activeLevels, type Level, stripped } from "./levels.js";

/** The innermost vmap under way that was given this name. Throws ArgumentError where there is none. */
export function axisNamed(name: string, op: string): Level {
  const found = activeLevels.findLast((level) => level.name === name);
  if (found) return found;
  const names = activeLevels.flatMap((level) => (level.name === undefined ? [] : [level.name]));
  const expected = names.length > 0 ? `one of ${names.join(", ")}` : "the axis_name of a vmap that the call is in";
  throw new ArgumentError({ op, argument: "axis_name", expected, given: name });
}

/** What x is of every example, along a new first dimension: the same for all. */
export const ofAllExamples = (x: Tensor, name: string, op: string): Tensor =>
  sameValue(stripped(x, axisNamed(name, op)));

/** The number of every example, int32. */
export function exampleNumber(name: string, op: string): Tensor {
  const { level, size } = axisNamed(name, op);
  return batched(arange(0, size, 1, "int32"), level);
}
