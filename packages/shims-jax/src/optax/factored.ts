// Adafactor and what it is made of, as optax has it.
import * as core from "@facet/autograd";
import { bool, define, int, number, only } from "@facet/dialect";
import type { Given } from "../arguments.js";
import { inexact, type JaxArray, run } from "../array.js";
import { hostNumber } from "../traced_number.js";
import { flatten, map, unflatten } from "../tree/pytree.js";
import { type GradientTransformation, increment, refusedState, stateless, stateOf, transformation } from "./base.js";
import { type ScalarOrSchedule, scalar, scalarOrSchedule } from "./schedules.js";
import { chained, decayed, type Mask, maskKind, ofParameters, rated, rowTransform, scaled } from "./transforms.js";

const rootMeanSquare = (x: core.Tensor): core.Tensor => core.sqrt(core.mean(core.mul(x, x)));

const amount = number.where("a number of 0 or more", (value) => value >= 0);
const threshold = number.where("a number above 0", (value) => value > 0);

const blockClipped = (most: number): GradientTransformation =>
  stateless((updates) =>
    map(
      (u: JaxArray) =>
        run(() => {
          const x = inexact("clip_by_block_rms", "updates", u);
          return core.div(x, core.maximum(core.div(rootMeanSquare(x), most), 1));
        }),
      updates,
    ),
  );
/** Updates of which the root of the mean square of each array is at most `threshold`. */
export const clip_by_block_rms: (
  ...args: Given<[threshold: number], [], { threshold: number }>
) => GradientTransformation = define("optax.clip_by_block_rms", { threshold }, ({ threshold }) =>
  blockClipped(threshold),
);

const blockScaled = (min_scale: number): GradientTransformation =>
  ofParameters("scale_by_param_block_rms", null, (u, p) => core.mul(u, core.maximum(rootMeanSquare(p), min_scale)));
/** Updates times the root of the mean square of their parameter, at least `min_scale`. `update` needs the parameters. */
export const scale_by_param_block_rms: (
  ...args: Given<[], [min_scale: number], { min_scale: number }>
) => GradientTransformation = define(
  "optax.scale_by_param_block_rms",
  { min_scale: amount.or(1e-3) },
  ({ min_scale }) => blockScaled(min_scale),
);

const averaged = (decay: number, debias: boolean): GradientTransformation =>
  rowTransform("ema", core.muonDirection, { m: "ema" }, 1, () => ({
    momentum: hostNumber(decay),
    nesterov: false,
    average: debias ? "optax" : "torch",
  }));
/** Averages of updates, which weigh 1 - decay; with `debias` corrected for their beginning. */
export const ema: (
  ...args: Given<
    [decay: number],
    [debias: boolean, accumulator_dtype: "float32" | null],
    { decay: number; debias: boolean; accumulator_dtype: "float32" | null }
  >
) => GradientTransformation = define(
  "optax.ema",
  { decay: scalar, debias: bool.or(true), accumulator_dtype: only(null, "float32") },
  ({ decay, debias }) => averaged(decay, debias),
);

const signs = (): GradientTransformation =>
  stateless((updates) => map((u: JaxArray) => run(() => core.sign(inexact("scale_by_sign", "updates", u))), updates));
/** The signs of updates. */
export const scale_by_sign: () => GradientTransformation = define("optax.scale_by_sign", {}, signs);
/** Steps of one size by the signs of gradients. */
export const sign_sgd: (
  ...args: Given<[learning_rate: ScalarOrSchedule], [], { learning_rate: ScalarOrSchedule }>
) => GradientTransformation = define("optax.sign_sgd", { learning_rate: scalarOrSchedule }, ({ learning_rate }) =>
  chained([signs(), rated(learning_rate, true)]),
);
/** Steps of one size by the signs of an average of gradients. */
export const signum: (
  ...args: Given<
    [learning_rate: ScalarOrSchedule],
    [beta: number, accumulator_dtype: "float32" | null],
    { learning_rate: ScalarOrSchedule; beta: number; accumulator_dtype: "float32" | null }
  >
) => GradientTransformation = define(
  "optax.signum",
  { learning_rate: scalarOrSchedule, beta: scalar.or(0.9), accumulator_dtype: only(null, "float32") },
  ({ learning_rate, beta }) => chained([averaged(beta, false), signs(), rated(learning_rate, true)]),
);

interface FactoredOptions {
  readonly factored: boolean;
  readonly decay_rate: number;
  readonly decay_offset: number;
  readonly min_dim_size_to_factor: number;
  readonly eps: number;
}

/** The two largest axes, where both are large enough; of equal ones the last. */
function largestAxes(shape: readonly number[], { factored, min_dim_size_to_factor }: FactoredOptions) {
  if (!factored || shape.length < 2) return undefined;
  const [rows, columns] = [...shape.keys()]
    .sort((i, j) => (shape[i] as number) - (shape[j] as number) || i - j)
    .slice(-2) as [number, number];
  return (shape[rows] as number) < min_dim_size_to_factor ? undefined : { rows, columns };
}

const FACTORS = ["v_row", "v_col", "v"] as const;
type Factors = Readonly<Record<(typeof FACTORS)[number], unknown>>;

/** Updates over the roots of second moments, of which matrices keep the means of rows and columns. */
const factoredScaled = (options: FactoredOptions): GradientTransformation => {
  const fn = "scale_by_factored_rms";
  const without = (shape: readonly number[], axis: number): number[] => shape.toSpliced(axis, 1);
  return transformation(
    (params) => {
      const [leaves, treedef] = flatten(params);
      const zeros = leaves.map((leaf) => {
        const { shape } = inexact(fn, "params", leaf as JaxArray);
        const axes = largestAxes(shape, options);
        const shapes = axes ? [without(shape, axes.columns), without(shape, axes.rows), [1]] : [[1], [1], shape];
        return shapes.map((own) => run(() => core.zeros(own)));
      });
      const trees = FACTORS.map((name, k) => [
        name,
        unflatten(
          treedef,
          zeros.map((own) => own[k]),
        ),
      ]);
      return { count: 0, ...Object.fromEntries(trees) };
    },
    (updates, given) => {
      const state = stateOf(fn, given) as { count: number } & Factors;
      const [leaves, treedef] = flatten(updates);
      const old = FACTORS.map((name) => flatten(state[name])[0] as JaxArray[]);
      if (old.some((each) => each.length !== leaves.length)) throw refusedState(fn, given);
      const weight = core.hostScalar(
        () => (hostNumber(state.count) + 1 - options.decay_offset) ** -hostNumber(options.decay_rate),
      );
      const eps = core.hostScalar(() => hostNumber(options.eps));
      const made = leaves.map((leaf, i) => {
        const g = inexact(fn, "updates", leaf as JaxArray);
        const axes = largestAxes(g.shape, options);
        const [row, column, variance] = old.map((each) => (each[i] as JaxArray).core) as core.Tensor[];
        const kept = (x: core.Tensor, axis: number): core.Tensor => core.reshape(x, g.shape.with(axis, 1));
        const moment = axes
          ? { row: kept(row as core.Tensor, axes.columns), column: kept(column as core.Tensor, axes.rows) }
          : { variance: variance as core.Tensor };
        const { update, next } = core.factoredStep(g, moment, axes, weight, eps, "added");
        if (axes && "row" in next) {
          const dropped = (x: core.Tensor, axis: number) => core.reshape(x, without(g.shape, axis));
          return [update, dropped(next.row, axes.columns), dropped(next.column, axes.rows), variance];
        }
        return [update, row, column, "variance" in next ? next.variance : variance];
      });
      const tree = (k: number): unknown =>
        unflatten(
          treedef,
          made.map((own) => run(() => own[k] as core.Tensor)),
        );
      const factors = Object.fromEntries(FACTORS.map((name, k) => [name, tree(k + 1)]));
      return [tree(0), { count: increment(state.count), ...factors }];
    },
  );
};

interface AdafactorNamed {
  learning_rate: ScalarOrSchedule | null;
  min_dim_size_to_factor: number;
  decay_rate: number;
  decay_offset: number;
  multiply_by_parameter_scale: boolean;
  clipping_threshold: number | null;
  momentum: number | null;
  dtype_momentum: "float32";
  weight_decay_rate: ScalarOrSchedule | null;
  eps: number;
  factored: boolean;
  weight_decay_mask: Mask;
}
/**
 * Adafactor: updates over the roots of second moments, factored for arrays of two axes of `min_dim_size_to_factor` (128) or more;
 * clipped to `clipping_threshold`, times the learning rate and the size of the parameter. `update` needs the parameters.
 */
export const adafactor: (
  ...args: Given<
    [],
    [
      learning_rate: ScalarOrSchedule | null,
      min_dim_size_to_factor: number,
      decay_rate: number,
      decay_offset: number,
      multiply_by_parameter_scale: boolean,
      clipping_threshold: number | null,
      momentum: number | null,
      dtype_momentum: "float32",
      weight_decay_rate: ScalarOrSchedule | null,
      eps: number,
      factored: boolean,
      weight_decay_mask: Mask,
    ],
    AdafactorNamed
  >
) => GradientTransformation = define(
  "optax.adafactor",
  {
    learning_rate: scalarOrSchedule.or(null),
    min_dim_size_to_factor: int.or(128),
    decay_rate: scalar.or(0.8),
    decay_offset: int.or(0),
    multiply_by_parameter_scale: bool.or(true),
    clipping_threshold: threshold.orNone.or(1),
    momentum: scalar.or(null),
    dtype_momentum: only("float32"),
    weight_decay_rate: scalarOrSchedule.or(null),
    eps: scalar.or(1e-30),
    factored: bool.or(true),
    weight_decay_mask: maskKind,
  },
  ({ learning_rate, multiply_by_parameter_scale, clipping_threshold, momentum, weight_decay_rate, ...options }) =>
    chained([
      factoredScaled(options),
      ...(clipping_threshold === null ? [] : [blockClipped(clipping_threshold)]),
      ...(learning_rate === null ? [] : [rated(learning_rate, false)]),
      ...(multiply_by_parameter_scale ? [blockScaled(1e-3)] : []),
      ...(momentum === null ? [] : [averaged(momentum, false)]),
      ...(weight_decay_rate === null ? [] : [decayed(weight_decay_rate, options.weight_decay_mask)]),
      scaled(-1),
    ]),
);
