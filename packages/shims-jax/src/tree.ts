// jax.tree: the functions of tree_util under short names.
export {
  tree_all as all,
  tree_flatten as flatten,
  tree_leaves as leaves,
  tree_map as map,
  tree_reduce as reduce,
  tree_structure as structure,
  tree_unflatten as unflatten,
} from "./tree_util.js";
