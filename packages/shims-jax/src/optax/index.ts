// optax: gradient transformations { init, update } and losses.
import "../start.js";
import { define } from "@facet/dialect";
import { tree as treeKind } from "../arguments.js";
import { type ArrayLike, JaxArray } from "../array.js";
import { plus } from "../numpy/elementwise.js";
import { norm } from "../tree/norm.js";
import { map } from "../tree/pytree.js";
import { treeScope } from "../tree/scope.js";

export type { GradientTransformation } from "./base.js";
export {
  adafactor,
  clip_by_block_rms,
  ema,
  scale_by_param_block_rms,
  scale_by_sign,
  sign_sgd,
  signum,
} from "./factored.js";
export { inject_hyperparams, inject_stateful_hyperparams } from "./inject.js";
export {
  l2_loss,
  sigmoid_binary_cross_entropy,
  smooth_labels,
  softmax_cross_entropy,
  softmax_cross_entropy_with_integer_labels,
  squared_error,
} from "./losses.js";
export {
  convex_kl_divergence,
  cosine_distance,
  cosine_similarity,
  generalized_kl_divergence,
  hinge_loss,
  huber_loss,
  kl_divergence,
  log_cosh,
  ntxent,
  safe_softmax_cross_entropy,
  sigmoid_focal_loss,
} from "./losses_more.js";
export {
  adabelief,
  adan,
  novograd,
  optimistic_adam,
  optimistic_adam_v2,
  optimistic_gradient_descent,
  scale_by_adan,
  scale_by_belief,
  scale_by_novograd,
  scale_by_optimistic_gradient,
  scale_by_sm3,
  scale_by_yogi,
  sm3,
  yogi,
} from "./moments.js";
export { adam, adamw, nadam, nadamw, sgd } from "./optimizers.js";
export { constant_schedule, exponential_decay, type ScalarOrSchedule } from "./schedules.js";
export {
  cosine_decay_schedule,
  cosine_onecycle_schedule,
  join_schedules,
  linear_onecycle_schedule,
  linear_schedule,
  piecewise_constant_schedule,
  piecewise_interpolate_schedule,
  polynomial_schedule,
  sgdr_schedule,
  warmup_constant_schedule,
  warmup_cosine_decay_schedule,
  warmup_exponential_decay_schedule,
} from "./schedules_composed.js";
export {
  adaptive_grad_clip,
  add_noise,
  centralize,
  fromage,
  identity,
  incremental_update,
  keep_params_nonnegative,
  noisy_sgd,
  normalize_by_update_norm,
  periodic_update,
  polyak_sgd,
  scale_by_param_block_norm,
  scale_by_polyak,
  scale_by_schedule,
  set_to_zero,
  stateless_ as stateless,
  stateless_with_tree_map,
  with_extra_args_support,
  zero_nans,
} from "./small.js";
export {
  adadelta,
  adagrad,
  adamax,
  adamaxw,
  amsgrad,
  lamb,
  lars,
  lion,
  radam,
  rmsprop,
  rprop,
  scale_by_adadelta,
  scale_by_adamax,
  scale_by_amsgrad,
  scale_by_lion,
  scale_by_radam,
  scale_by_rms,
  scale_by_rprop,
  scale_by_rss,
  scale_by_stddev,
  scale_by_trust_ratio,
  trace,
} from "./table.js";
export {
  add_decayed_weights,
  chain,
  clip,
  clip_by_global_norm,
  scale,
  scale_by_adam,
  scale_by_learning_rate,
} from "./transforms.js";

export {
  apply_every,
  LookaheadParams,
  lookahead,
  MultiSteps,
  masked,
  multi_transform,
  named_chain,
  partition,
} from "./wrappers.js";

/** Root of the sum of the squares of all elements of a tree. */
export const global_norm: (updates: unknown) => JaxArray = define(
  "optax.global_norm",
  { updates: treeKind },
  ({ updates }) => norm("global_norm", updates),
);

/** params + updates, leaf by leaf. */
export const apply_updates: <T>(params: T, updates: unknown) => T = define(
  "optax.apply_updates",
  { params: treeKind, updates: treeKind },
  ({ params, updates }) =>
    treeScope("apply_updates", () =>
      map(
        (p: ArrayLike, u: ArrayLike) => {
          const sum = plus(p, u);
          return p instanceof JaxArray && sum.dtype !== p.dtype ? sum.astype(p.dtype) : sum;
        },
        params,
        [updates],
      ),
    ),
) as <T>(params: T, updates: unknown) => T;
