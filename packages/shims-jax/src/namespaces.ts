// The namespaces of jax, in a module of their own: a page that imports functions by name carries none of them.
import { namespace } from "@facet/dialect";
import * as policies from "./checkpoint_policies.js";
import * as debugMembers from "./debug.js";
import { configMembers } from "./devices.js";
import * as optimizers from "./example_libraries/optimizers.js";
import * as stax from "./example_libraries/stax.js";
import * as imageMembers from "./image.js";
import * as laxMembers from "./lax/index.js";
import * as nnMembers from "./nn.js";
import * as numpyMembers from "./numpy/index.js";
import * as optaxMembers from "./optax/index.js";
import * as lossMembers from "./optax/losses.js";
import * as furtherLosses from "./optax/losses_more.js";
import * as composed from "./optax/schedules_composed.js";
import { long, short as shortTree } from "./optax/tree.js";
import * as randomMembers from "./random/index.js";
import * as specialMembers from "./scipy/special.js";
import { stats } from "./scipy/stats.js";
import { short, treeUtil } from "./tree/util.js";

/** jax.ad_checkpoint: names for what a policy chooses. */
export const ad_checkpoint = namespace("jax.ad_checkpoint", { checkpoint_name: policies.checkpoint_name });
/** jax.checkpoint_policies: what jax.checkpoint keeps. */
export const checkpoint_policies = namespace("jax.checkpoint_policies", {
  everything_saveable: policies.everything_saveable,
  nothing_saveable: policies.nothing_saveable,
});
/** jax.config: settings by name. */
export const config = namespace("jax.config", configMembers);
/** jax.debug: values while a program runs. */
export const debug = namespace("jax.debug", {
  print: debugMembers.print,
  log: debugMembers.log,
  callback: debugMembers.callback,
});
/** jax.image: images in other sizes. */
export const image = namespace("jax.image", { resize: imageMembers.resize });
/** jax.ops: sums of segments. */
export const ops = namespace("jax.ops", {
  segment_max: imageMembers.segment_max,
  segment_min: imageMembers.segment_min,
  segment_prod: imageMembers.segment_prod,
  segment_sum: imageMembers.segment_sum,
});
export const lax = namespace("jax.lax", laxMembers);
export const nn = namespace("jax.nn", nnMembers);
export const numpy = namespace("jax.numpy", numpyMembers);
/** optax.losses. */
const losses: typeof lossMembers & typeof furtherLosses = namespace(
  "optax.losses",
  { ...lossMembers, ...furtherLosses },
  "jax",
);
const { constant_schedule, exponential_decay, inject_hyperparams, inject_stateful_hyperparams } = optaxMembers;
/** optax.schedules. */
const schedules: typeof composed &
  Pick<
    typeof optaxMembers,
    "constant_schedule" | "exponential_decay" | "inject_hyperparams" | "inject_stateful_hyperparams"
  > = namespace(
  "optax.schedules",
  { ...composed, constant_schedule, exponential_decay, inject_hyperparams, inject_stateful_hyperparams },
  "jax",
);
/** optax, a package of its own in Python. */
export const optax: typeof optaxMembers & {
  readonly losses: typeof losses;
  readonly schedules: typeof schedules;
  readonly tree: typeof shortTree;
  readonly tree_utils: typeof long;
} = namespace(
  "optax",
  {
    ...optaxMembers,
    losses,
    schedules,
    tree: namespace("optax.tree", shortTree, "jax"),
    tree_utils: namespace("optax.tree_utils", long, "jax"),
  },
  "jax",
);
export const random = namespace("jax.random", randomMembers);
/** jax.scipy: special functions and distributions. */
export const scipy = namespace("jax.scipy", { special: namespace("jax.scipy.special", specialMembers), stats });
export const tree = namespace("jax.tree", short);
export const tree_util = namespace("jax.tree_util", treeUtil);

/** jax.example_libraries: stax and optimizers. */
export const example_libraries = namespace("jax.example_libraries", {
  stax: namespace("jax.example_libraries.stax", stax),
  optimizers: namespace("jax.example_libraries.optimizers", optimizers),
});
