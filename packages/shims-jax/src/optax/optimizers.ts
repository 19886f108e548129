// Optimizers of optax: transformations with a learning rate in them.
import * as core from "@facet/autograd";
import { bool, define, only, type Parameter } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { hostNumber } from "../traced_number.js";
import { FlatTree } from "../tree/flat_tree.js";
import { type GradientTransformation, increment, stateOf, transformation } from "./base.js";
import { type ScalarOrSchedule, scalar, scalarOrSchedule, valueAt } from "./schedules.js";
import {
  type AdamNamed,
  type AdamRest,
  adamDirection,
  adamTransform,
  chained,
  decayed,
  type Mask,
  maskKind,
  moments,
  mu_dtype,
  nesterov,
  rated,
} from "./transforms.js";

type Rated = { learning_rate: ScalarOrSchedule };

type Adam = (...args: Given<[learning_rate: ScalarOrSchedule], AdamRest, AdamNamed & Rated>) => GradientTransformation;
/** `ahead` is whether it looks ahead, by Nesterov's momentum, and what it does unless it is told. */
const adamAs = (name: "adam" | "nadam", ahead: Parameter<boolean>): Adam =>
  define(
    `optax.${name}`,
    { learning_rate: scalarOrSchedule, ...moments, mu_dtype, "*": null, nesterov: ahead },
    ({ learning_rate, ...options }) => adamTransform(name, learning_rate, options),
  );

type AdamW = (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [...AdamRest, weight_decay: ScalarOrSchedule, mask: Mask],
    AdamNamed & Rated & { weight_decay: ScalarOrSchedule; mask: Mask }
  >
) => GradientTransformation;
const adamwAs = (name: "adamw" | "nadamw", ahead: Parameter<boolean>): AdamW =>
  define(
    `optax.${name}`,
    {
      learning_rate: scalarOrSchedule,
      ...moments,
      mu_dtype,
      weight_decay: scalarOrSchedule.or(1e-4),
      mask: maskKind,
      "*": null,
      nesterov: ahead,
    },
    ({ learning_rate, weight_decay, mask, ...options }) =>
      chained([adamDirection(options), decayed(weight_decay, mask), rated(learning_rate, true)]),
  );

/** Adam: `adam(1e-3)`, `adam(1e-3, 0.9, 0.999, 1e-8)` or `adam(1e-3, { b1: 0.8 })`. eps_root is added under the root. */
export const adam = adamAs("adam", nesterov);
/** Adam with decoupled weight decay (default 1e-4) of the parameters that `mask` marks. `update` needs the parameters. */
export const adamw = adamwAs("adamw", nesterov);

const looksAhead = bool.or(true);
/** Adam with Nesterov's momentum: `adam` with `nesterov`. */
export const nadam = adamAs("nadam", looksAhead);
/** The same with decoupled weight decay: `adamw` with `nesterov`. */
export const nadamw = adamwAs("nadamw", looksAhead);

interface SgdNamed extends Rated {
  momentum: number | null;
  nesterov: boolean;
  accumulator_dtype: null;
}
/** Gradient descent; with `momentum` along trace = g + momentum trace, with `nesterov` along g + momentum trace. */
export const sgd: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [momentum: number | null, nesterov: boolean, accumulator_dtype: null],
    SgdNamed
  >
) => GradientTransformation = define(
  "optax.sgd",
  {
    learning_rate: scalarOrSchedule,
    momentum: scalar.or(null),
    nesterov: bool.or(false),
    accumulator_dtype: only(null, "float32"),
  },
  ({ learning_rate, momentum, nesterov }) => {
    const decay = (): number => hostNumber(momentum ?? 0);
    return transformation(
      (params) => ({ count: 0, trace: FlatTree.from(params, "sgd").zeros() }),
      (updates, given) => {
        const state = stateOf("sgd", given, "trace");
        const g = state.trace.like(updates, "sgd", "updates");
        const moves = core.hostValue(() => decay() !== 0);
        const [u, trace] = [g.zeros(), moves ? state.trace.copy() : state.trace];
        const settings = () => ({
          step: hostNumber(state.count) + 1,
          lr: valueAt("sgd", "learning_rate", learning_rate, state.count),
          momentum: decay(),
          nesterov: decay() !== 0 && nesterov,
        });
        core.optimizerUpdate(core.sgd, u.flat, g.flat, { velocity: trace.flat }, settings);
        return [u.tree(), { count: increment(state.count), trace }];
      },
    );
  },
);
