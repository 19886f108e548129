// What dialects that stand on this one are made of: kinds of arguments, arrays over tensors, trees, numbers of the host.
import "./start.js";

export {
  array,
  arrayLike,
  axes,
  dtype,
  type Given,
  hint,
  ints,
  precision,
  preferred,
  shape,
  tree,
} from "./arguments.js";
export { type ArrayLike, type Axis, computable, detached, inexact, integral, JaxArray, run } from "./array.js";
export type { Initializer } from "./initializers.js";
export { disable_jit, jit } from "./jit.js";
export { type ShapeInput, shapeOf } from "./numpy/creation.js";
export { type GradientTransformation, increment } from "./optax/base.js";
export { PRNGKeyArray } from "./random/index.js";
export { derived, hostNumber, TracedNumber } from "./traced_number.js";
export { grad, stop_gradient, value_and_grad } from "./transforms.js";
export { flatten, leavesOf, map, PyTreeDef, register, structureOf, unflatten } from "./tree/pytree.js";
export { type AnyFunction, treeScope } from "./tree/scope.js";
