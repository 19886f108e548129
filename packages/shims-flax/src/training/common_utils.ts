// flax.training.common_utils, for one device.
import { define, int, listOf, number } from "@facet/dialect";
import { one_hot } from "@facet/shims-jax/nn";
import { stack, where } from "@facet/shims-jax/numpy";
import { type ArrayLike, arrayLike, type JaxArray, map, type PRNGKeyArray, tree } from "@facet/shims-jax/parts";
import { split } from "@facet/shims-jax/random";
import { key } from "../rules.js";

// biome-ignore lint/suspicious/noExplicitAny: trees are of any structure.
type Any = any;

/** on_value (1) at each label along a new last dimension, off_value (0) elsewhere. */
export const onehot: (
  ...args: [labels: ArrayLike, num_classes: number, on_value?: number, off_value?: number]
) => JaxArray = define(
  "flax.training.common_utils.onehot",
  { labels: arrayLike, num_classes: int, on_value: number.or(1), off_value: number.or(0) },
  ({ labels, num_classes, on_value, off_value }) => {
    const marks = one_hot(labels, num_classes);
    return on_value === 1 && off_value === 0
      ? marks
      : where(marks.astype("bool"), on_value, off_value).astype("float32");
  },
);
/** Arrays with a first dimension of 1, for the one device. */
export const shard: (xs: Any) => Any = define("flax.training.common_utils.shard", { xs: tree }, ({ xs }) =>
  map((x: JaxArray) => x.reshape([1, ...x.shape]), xs),
);
/** A key for each device, as a list of one. */
export const shard_prng_key: (prng_key: PRNGKeyArray) => PRNGKeyArray[] = define(
  "flax.training.common_utils.shard_prng_key",
  { prng_key: key },
  ({ prng_key }) => split(prng_key, 1),
);
/** A tree of arrays in the place of a list of trees. */
export const stack_forest: (forest: readonly Any[]) => Any = define(
  "flax.training.common_utils.stack_forest",
  { forest: listOf(tree) },
  ({ forest }) => map((...leaves: ArrayLike[]) => stack(leaves as JaxArray[]), forest[0], forest.slice(1)),
);
