// What functions of trees share: kinds of arguments, and their two names.
import { define, func, instance, type Rules, type Values } from "@facet/dialect";
import { type IsLeaf, PyTreeDef } from "./pytree.js";

export type Leafy = { is_leaf: IsLeaf | null };
export const is_leaf = func.or(null);
export const treedef = instance(() => PyTreeDef, "a PyTreeDef");
/** The function under both of its names. */
export function named<const R extends Rules, T>(long: string, short: string, rules: R, body: (values: Values<R>) => T) {
  return [define(`jax.tree_util.${long}`, rules, body), define(`jax.tree.${short}`, rules, body)] as const;
}
